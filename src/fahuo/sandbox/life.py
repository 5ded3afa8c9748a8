"""What the platform does with an order by itself: payment, the hour on hold, release, time-out, completion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fahuo.orders.model import (
    AWAITING_SHIPMENT,
    COMPLETED,
    DELIVERED,
    IN_TRANSIT,
    ON_HOLD,
    UNPAID,
)
from fahuo.sandbox import markets
from fahuo.sandbox.aftersale_facts import is_open
from fahuo.sandbox.cancels import cancel_by_system
from fahuo.sandbox.maker import Wishes
from fahuo.sandbox.model import Order

if TYPE_CHECKING:
    from fahuo.sandbox.world import World

MINUTE, HOUR, DAY = 60, 3_600, 86_400
_COD_WAIT: Final = 2 * MINUTE
"""Cash on delivery skips the hold (4.8)."""
_PAY_WAIT: Final = 40


def install(world: World) -> None:
    """Take the events of this module."""
    world.on("pay", _pay)
    world.on("release", _release)
    world.on("unpaid", _unpaid)
    world.on("fbt", _fulfil_by_platform)
    world.on("fbt_delivered", _fbt_delivered)
    world.on("complete", _complete)
    world.moved.append(_moved)


def created_for(at: int, status: str | None) -> int:
    """When an order was placed that has this status at `at`."""
    if status == AWAITING_SHIPMENT:
        return at - markets.REMORSE - 2 * MINUTE
    return at - 2 * MINUTE if status == ON_HOLD else at


def begin(world: World, order: Order, at: int, wishes: Wishes) -> None:
    """Plan what follows the placing of an order, or let it have happened where a status is wished for."""
    if wishes.status == AWAITING_SHIPMENT:
        if not order.cod:
            _pay(world, order.id, order.created + _PAY_WAIT, release=False)
        world.await_shipment(order, at)
    elif wishes.status == ON_HOLD and not order.cod:
        _pay(world, order.id, order.created + _PAY_WAIT)
    elif order.cod:
        world.later(at + _COD_WAIT, "release", order.id)
    else:
        by_chance = wishes.lively and wishes.paid is None
        wait = _payment_wait(world, order) if by_chance else _PAY_WAIT
        if wishes.paid is not False and wait is not None:
            world.later(at + wait, "pay", order.id)
        else:
            world.later(at + markets.unpaid_limit(world.shops[order.shop_id].region), "unpaid", order.id)


def _payment_wait(world: World, order: Order) -> int | None:
    """Seconds until the buyer pays; None: never."""
    b, rng = world.behaviour, world.chance("pay", order.id)
    fate = rng.random()
    if fate < b.never_pay:
        return None
    if fate < b.never_pay + (1 - b.never_pay) * b.late_payers:
        return int((0.3 + 20 * rng.random() ** 2) * HOUR)
    return 15 + int(75 * rng.random())


def _pay(world: World, id_: str, at: int, release: bool = True) -> None:
    order = world.orders[id_]
    if order.status != UNPAID:
        return
    world.touch(order, at, status=ON_HOLD, paid_time=at)
    if release:
        world.later(at + markets.REMORSE, "release", id_)


def _release(world: World, id_: str, at: int) -> None:
    order = world.orders[id_]
    if order.status in (UNPAID, ON_HOLD):
        world.await_shipment(order, at)


def _unpaid(world: World, id_: str, at: int) -> None:
    order = world.orders[id_]
    if order.status == UNPAID and not order.cod:
        cancel_by_system(world, order, "system_cancel_unpaid_time_out", at)


def _moved(world: World, order: Order, old: str, new: str, at: int) -> None:
    del old
    if new == AWAITING_SHIPMENT and order.by_platform:
        world.later(at + int((8 + 12 * world.chance("fbt", order.id).random()) * HOUR), "fbt", order.id)
    if new == DELIVERED:
        if order.cod:
            world.touch(order, at, paid_time=at)
        world.later(at + markets.completes_after(world.shops[order.shop_id].region), "complete", order.id)


def _fulfil_by_platform(world: World, id_: str, at: int) -> None:
    """The platform's own warehouse ships its orders without the seller."""
    order = world.orders[id_]
    if order.status != AWAITING_SHIPMENT:
        return
    carrier = markets.platform_provider(world.shops[order.shop_id].region)
    number = f"{carrier.prefix}{order.number:012d}"
    package = world.new_package(order, at, status="FULFILLING", provider_id=carrier.id, provider_name=carrier.name)
    package.tracking_number = number
    lines = {"package_id": package.id, "package_status": "PROCESSING", "tracking_number": number}
    header = {"shipping_provider": carrier.name, "shipping_provider_id": carrier.id, "tracking_number": number}
    world.arrange(order, at, lines=lines, packages=[{"id": package.id}], **header)
    world.touch(order, at, status=IN_TRANSIT, collection_time=at, lines={"package_status": "FULFILLING"})
    days = 1 + 2 * world.chance("fbt_delivered", order.id).random()
    world.later(at + int(days * DAY), "fbt_delivered", id_)


def _fbt_delivered(world: World, id_: str, at: int) -> None:
    order = world.orders[id_]
    if order.status == IN_TRANSIT:
        for package in order.packages:
            world.packages[package].status = "COMPLETED"
            world.packages[package].updated = at
        world.touch(order, at, status=DELIVERED, delivery_time=at, lines={"package_status": "COMPLETED"})


def _complete(world: World, id_: str, at: int) -> None:
    """The after-sale window closes; an open return keeps the order from completing."""
    order = world.orders[id_]
    if order.status != DELIVERED:
        return
    if any(is_open(world.returns[one]) for one in order.returns):
        world.later(at + DAY, "complete", id_)
        return
    world.touch(order, at, status=COMPLETED)
