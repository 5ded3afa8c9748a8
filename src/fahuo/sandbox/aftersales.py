"""A request for refund, return or replacement and the seller's answers to it, with the clocks and the money.

Every change goes through `move`, so that no request leaves the table of section 6.5 and webhook 12 tells each. What
buyers and the platform do, and clocks that run out, is in `aftersale_buyers`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fahuo.deadlines.packs import load_book
from fahuo.kernel.calendar import Calendar
from fahuo.kernel.money import exponent_of, parse_minor
from fahuo.orders.model import COMPLETED, DELIVERED, IN_TRANSIT
from fahuo.sandbox import aftersale_rules as rules
from fahuo.sandbox import settlement
from fahuo.sandbox.aftersale_facts import cancelled_units, ineligible, refund_for, requests_of, settled_units
from fahuo.sandbox.markets import DAY, HOUR, zone_name
from fahuo.sandbox.model import RETURN_STATUS_CHANGE, Refuse, Return
from fahuo.sandbox.refunds import calculate
from fahuo.sandbox.replacement import place_replacement

if TYPE_CHECKING:
    from fahuo.sandbox.model import Order
    from fahuo.sandbox.world import World

REFUND_TAKES: Final = 3 * HOUR
"""From the approval until the money is on its way and the request COMPLETE."""
_ARBITRATION: Final = 3 * DAY
_SHIPS_BACK: Final = 0.85
_APPEALS: Final = 0.4
"""Shares of 1, invented like those of `Behaviour`."""


class Asked(NamedTuple):
    """What is asked for. What is left out is chosen: all units that are left, a reason that fits, all the money."""

    kind: str
    reason: str = ""
    line_ids: Collection[str] = ()
    role: str = "BUYER"
    amount: int | None = None
    """Minor units, less than all."""
    note: str = ""
    shipment_type: str = "PLATFORM"
    handover_method: str = "DROP_OFF"


# --- a request comes ----------------------------------------------------------------------------------------------


def ask(world: World, order: Order, asked: Asked, at: int) -> Return:
    """A new request. Raises Refuse 25001021, 25001011 or 98001004 as the platform would."""
    kind, role = asked.kind, asked.role
    if kind not in rules.TYPES:
        raise Refuse(rules.INVALID, "parameter return_type invalid")
    units = _units(world, order, asked.line_ids)
    if why := ineligible(world, order, units, kind):
        raise Refuse(*why)
    fitting = rules.reasons(kind, order.status, role)
    chosen = asked.reason or world.chance("reason", order.id, at).choice(fitting)
    if chosen not in fitting:
        raise Refuse(rules.BAD_REASON, "The reason does not fit the order status")
    most = refund_for(world, order, units)
    if asked.amount is not None and not 0 < asked.amount <= most.total:
        raise Refuse(rules.INVALID, "parameter refund_total invalid")
    request = Return(
        id=world.new_id(),
        shop_id=order.shop_id,
        order_id=order.id,
        line_ids=units,
        type=kind,
        status=rules.NEW_PENDING if kind == rules.REPLACEMENT else rules.PENDING,
        role=role,
        reason=chosen,
        amount=most.total if asked.amount is None else asked.amount,
        currency=most.currency,
        created=at,
        updated=at,
        flags={"shipment_type": asked.shipment_type, "handover_method": asked.handover_method},
    )
    world.returns[request.id] = request
    order.returns.append(request.id)
    _record(request, at, role, "REQUESTED", asked.note)
    world.touch(order, at)
    _tell(world, request, at)
    if role == "SELLER":
        approve(world, request, "APPROVE_REFUND" if kind == rules.REFUND else "APPROVE_RETURN", at)
    else:
        await_answer(world, request, rules.RESPOND[kind], at)
    return request


def _units(world: World, order: Order, line_ids: Collection[str]) -> list[str]:
    if set(line_ids) - set(order.line_ids):
        raise Refuse(rules.INVALID, "parameter order_line_item_ids invalid")
    if line_ids:
        return list(dict.fromkeys(line_ids))
    gone = settled_units(world, order)
    return [unit for unit in order.line_ids if unit not in gone] or list(order.line_ids)


def await_answer(world: World, request: Return, action: str, at: int) -> None:
    """The seller's clock for that action starts; what happens when it runs out is event `return.due`."""
    region = world.shops[request.shop_id].region
    request.action = action
    request.answer_by = rules.answer_by(region, action, at, _calendar(region), zone_name(region))
    world.later(request.answer_by, "return.due", request.id, due=request.answer_by)


@cache
def _calendar(region: str) -> Calendar:
    book = load_book()
    return book.calendars[book.markets[region].calendar]


# --- the seller answers -------------------------------------------------------------------------------------------


def approve(
    world: World,
    request: Return,
    decision: str,
    at: int,
    *,
    keep_item: bool = False,
    partial: tuple[str, str] | None = None,
    role: str = "SELLER",
) -> None:
    """An approval. `partial`: amount and currency of an offer. Raises Refuse where the decision does not fit."""
    if decision not in rules.APPROVALS.get((request.type, request.status), ()):
        raise Refuse(rules.INVALID, f"parameter decision invalid: {decision} in {request.status}")
    if decision == "OFFER_PARTIAL_REFUND":
        _offer(world, request, partial, at, role)
    elif decision == "APPROVE_RETURN" and not keep_item:
        move(world, request, rules.AWAITING_SHIP, at, role, decision)
        _expect_parcel(world, request, at)
    elif decision == "APPROVE_REPLACEMENT":
        _replace(world, request, at, role)
    elif decision == "ISSUE_REPLACEMENT_REFUND":
        refund(world, request, at, role, decision)
    else:
        request.buyer_keeps = request.type == rules.REFUND or decision != "APPROVE_RECEIVED_PACKAGE"
        refund(world, request, at, role, decision)


def reject(
    world: World,
    request: Return,
    decision: str,
    reason: str,
    at: int,
    *,
    comment: str = "",
    images: Collection[Mapping[str, Any]] = (),
) -> None:
    """A rejection. Raises Refuse 25011014 where the status does not allow it, 98001004 for an unknown reason."""
    fits = rules.REJECTIONS.get((request.type, request.status))
    if fits is None or fits[0] != decision:
        raise Refuse(rules.CANNOT_REJECT, "The current status cannot reject the received package")
    if reason not in rules.REJECT_REASONS:
        raise Refuse(rules.INVALID, "parameter reject_reason invalid")
    move(world, request, fits[1], at, "SELLER", decision, note=comment, reason=reason, images=images)
    chance = world.chance("appeal", request.id)
    if fits[1] == rules.RECEIVED_REJECTED:
        arbitrate(world, request, at)
    elif chance.random() < _APPEALS:
        world.later(at + int(chance.uniform(1, 36) * HOUR), "return.appeals", request.id)


def _offer(world: World, request: Return, partial: tuple[str, str] | None, at: int, role: str) -> None:
    if partial is None:
        raise Refuse(rules.INVALID, "parameter partial_refund invalid")
    try:
        amount = parse_minor(partial[0], exponent_of(request.currency))
    except ValueError:
        raise Refuse(rules.INVALID, "parameter partial_refund.amount invalid") from None
    if partial[1] != request.currency:
        raise Refuse(rules.INVALID, "parameter partial_refund.currency invalid")
    if not 0 < amount < request.amount:
        raise Refuse(rules.INVALID, "parameter partial_refund.amount invalid")
    if request.flags.get("refused_offer"):
        raise Refuse(rules.INVALID, "parameter decision invalid: the buyer has rejected a partial refund")
    request.flags["offer"] = amount
    move(world, request, rules.OFFERED, at, role, "OFFER_PARTIAL_REFUND")
    chance = world.chance("offer", request.id)
    world.later(at + int(chance.uniform(0.5, 30) * HOUR), "return.offer_answered", request.id)


def _expect_parcel(world: World, request: Return, at: int) -> None:
    limit = rules.SHIP_BACK[request.flags["shipment_type"]]
    world.later(at + limit, "return.not_shipped", request.id)
    chance = world.chance("ships", request.id)
    if chance.random() < _SHIPS_BACK:
        world.later(at + int(chance.uniform(0.1, 0.9) * limit), "return.ships", request.id)


def _replace(world: World, request: Return, at: int, role: str) -> None:
    """A new order that costs nothing goes to the same person; out of stock, the money goes back instead."""
    fresh = place_replacement(world, world.orders[request.order_id], request.line_ids, at)
    if fresh is None:
        refund(world, request, at, "SYSTEM", "ISSUE_REPLACEMENT_REFUND")
        return
    request.replacement_order_id = fresh.id
    request.amount = 0
    move(world, request, rules.NEW_COMPLETE, at, role, "APPROVE_REPLACEMENT")


# --- money and moves ----------------------------------------------------------------------------------------------


def refund(world: World, request: Return, at: int, role: str, event: str) -> None:
    """The money goes back: never more than the units still bring."""
    order = world.orders[request.order_id]
    request.amount = min(request.amount, refund_for(world, order, request.line_ids, request).total)
    if request.type == rules.REPLACEMENT:
        move(world, request, rules.NEW_REFUNDED, at, role, event)
        settlement.refunded(world, request, at)
        complete_order(world, order, at)
        return
    move(world, request, rules.SUCCESS, at, role, event)
    world.later(at + REFUND_TAKES, "return.refunded", request.id)


def complete_order(world: World, order: Order, at: int) -> None:
    """Fully refunded after it was shipped: COMPLETED (section 4.2)."""
    if order.status not in (IN_TRANSIT, DELIVERED):
        return
    back = {rules.COMPLETE, rules.NEW_REFUNDED}
    gone = {unit for one in requests_of(world, order) if one.status in back for unit in one.line_ids}
    if gone and not set(order.line_ids) - gone - cancelled_units(world, order) and _all_money(world, order):
        world.touch(order, at, status=COMPLETED)


def _all_money(world: World, order: Order) -> bool:
    """Whether no part of the goods' price stayed with the seller (a partial refund is not a full one)."""
    return all(
        one.amount >= calculate(order.body, one.line_ids, (), ()).subtotal
        for one in requests_of(world, order)
        if one.status in (rules.COMPLETE, rules.NEW_REFUNDED)
    )


def move(
    world: World,
    request: Return,
    status: str,
    at: int,
    role: str,
    event: str,
    **more: Any,
) -> None:
    """To that status, the seller's clock stopped. AssertionError off the table: a fault of the sandbox itself."""
    if not rules.MOVES.may(request.status, status):
        raise AssertionError(f"return {request.id} cannot go from {request.status} to {status}")
    request.status = status
    request.answer_by, request.action = None, ""
    note(world, request, at, role, event, **more)


def note(world: World, request: Return, at: int, role: str, event: str, **more: Any) -> None:
    """A line of the request's history, told by webhook."""
    request.updated = max(at, request.updated)
    _record(request, at, role, event, **more)
    _tell(world, request, at)


def arbitrate(world: World, request: Return, at: int) -> None:
    """The platform takes the case and decides in some days (event `return.ruling`)."""
    request.arbitration = rules.IN_PROGRESS
    note(world, request, at, "BUYER", "APPEALED")
    world.later(at + _ARBITRATION, "return.ruling", request.id)


def _record(
    request: Return,
    at: int,
    role: str,
    event: str,
    note: str = "",
    reason: str = "",
    images: Collection[Mapping[str, Any]] = (),
) -> None:
    told = {"role": role, "event": event, "create_time": at, "note": note, "reason": reason, "images": list(images)}
    request.records.append({key: value for key, value in told.items() if value not in ("", [])})


def _tell(world: World, request: Return, at: int) -> None:
    world.tell(
        request.shop_id,
        RETURN_STATUS_CHANGE,
        {
            "order_id": request.order_id,
            "return_id": request.id,
            "return_role": request.role,
            "return_type": request.type,
            "return_status": request.status,
            "create_time": request.created,
            "update_time": request.updated,
        },
        at,
    )
