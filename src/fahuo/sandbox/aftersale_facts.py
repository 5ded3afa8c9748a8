"""What is true about the after-sale requests of an order: which units are busy, what money is left, who may ask."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from fahuo.orders.model import COMPLETED
from fahuo.sandbox import aftersale_rules as rules
from fahuo.sandbox import markets
from fahuo.sandbox.model import CANCEL_COMPLETE, CANCEL_PENDING, CANCEL_SUCCESS
from fahuo.sandbox.refunds import Refund, calculate

if TYPE_CHECKING:
    from fahuo.sandbox.model import Cancellation, Order, Return
    from fahuo.sandbox.world import World


def requests_of(world: World, order: Order) -> list[Return]:
    """An order's return requests in the order they were made."""
    return [world.returns[name] for name in order.returns]


def is_open(request: Return) -> bool:
    """Whether the request is under way, or the platform decides about its rejection."""
    return request.status in rules.OPEN or request.arbitration == rules.IN_PROGRESS


def open_units(world: World, order: Order, line_ids: Collection[str] = ()) -> set[str]:
    """Units of the order (of those named, if any) with an open after-sale request: cannot be fulfilled (21011007)."""
    busy = {unit for one in requests_of(world, order) if is_open(one) for unit in one.line_ids}
    busy |= {
        unit
        for name in order.cancellations
        if world.cancellations[name].status == CANCEL_PENDING
        for unit in world.cancellations[name].line_ids
    }
    return busy & set(line_ids) if line_ids else busy


def settled_units(world: World, order: Order) -> set[str]:
    """Units whose money went back already or whose replacement was sent: nothing more can be asked for them."""
    done = {rules.COMPLETE, rules.SUCCESS, rules.NEW_REFUNDED, rules.NEW_COMPLETE}
    gone = {unit for one in requests_of(world, order) if one.status in done for unit in one.line_ids}
    return gone | cancelled_units(world, order)


def cancelled_units(world: World, order: Order, besides: Return | Cancellation | None = None) -> set[str]:
    """Units that were cancelled before delivery, by other cancellations than `besides`."""
    done = {CANCEL_SUCCESS, CANCEL_COMPLETE}
    return {
        unit
        for name in order.cancellations
        if world.cancellations[name].status in done and world.cancellations[name] is not besides
        for unit in world.cancellations[name].line_ids
    }


def refund_for(
    world: World, order: Order, line_ids: Collection[str], besides: Return | Cancellation | None = None
) -> Refund:
    """What those units bring back now; `besides`: the request that asks, left out of what is given already."""
    others = [one for one in requests_of(world, order) if one is not besides and one.status in rules.REFUNDING]
    cancelled = cancelled_units(world, order, besides)
    gone = {unit for one in others for unit in one.line_ids} | cancelled
    given = [one.amount for one in others]
    if cancelled:
        given.append(calculate(order.body, cancelled, (), ()).total)
    return calculate(order.body, line_ids, gone, given)


def ineligible(world: World, order: Order, line_ids: Collection[str], kind: str) -> tuple[int, str] | None:
    """Why those units cannot be asked for: code and words; None when they can."""
    if not rules.may_ask(kind, order.status):
        return rules.BAD_REASON, f"{kind} is not possible while the order is {order.status}"
    if order.status == COMPLETED and world.now() > _window_end(world, order):
        return rules.BAD_REASON, "the after-sale window has closed"
    if open_units(world, order, line_ids):
        return rules.IN_PROCESS, "Another reverse order is in process"
    if settled_units(world, order) & set(line_ids):
        return rules.IN_PROCESS, "The items have been refunded, replaced or cancelled already"
    return None


def _window_end(world: World, order: Order) -> int:
    delivered = int(order.body.get("delivery_time") or order.updated)
    return delivered + markets.completes_after(world.shops[order.shop_id].region) - markets.DAY
