"""Who orders when, and what buyers do about their orders until the carrier has them.

Orders come hour by hour: each hour of a shop is drawn when it begins, so a change of `Behaviour` shows within the hour.
What a buyer does by chance is decided when the order reaches the status it depends on; the same functions serve the
control interface, where a person plays the buyer. Returns are `aftersales`, the words of messages are `talks`.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from fahuo.kernel.instant import local, zone
from fahuo.orders.model import (
    AWAITING_COLLECTION,
    AWAITING_SHIPMENT,
    COMPLETED,
    DELIVERED,
    ON_HOLD,
    PARTIALLY_SHIPPING,
    UNPAID,
)
from fahuo.sandbox import cancels, markets, regroup
from fahuo.sandbox.maker import SoldOut
from fahuo.sandbox.model import CANCEL_PENDING, RECIPIENT_ADDRESS_UPDATE, Order, Refuse, Shop

if TYPE_CHECKING:
    from fahuo.sandbox.world import World

MINUTE, HOUR, DAY = 60, 3_600, 86_400
_RHYTHM: Final = (2, 1, 1, 1, 1, 2, 3, 4, 5, 5, 5, 6, 7, 6, 5, 5, 5, 6, 7, 9, 11, 11, 8, 4)
"""Orders by the buyer's local hour: little at night, a hill at noon, a peak in the evening. Invented."""
_WEEK: Final = (0.95, 0.94, 0.95, 0.98, 1.06, 1.10, 1.02)
"""By local weekday from Monday; the mean is 1. Invented."""
_STREAM_HOURS: Final = 2
_BEFORE_SCAN: Final = frozenset({AWAITING_SHIPMENT, PARTIALLY_SHIPPING, AWAITING_COLLECTION})
_WITHOUT_PACKAGE: Final = frozenset({UNPAID, ON_HOLD})


def install(world: World) -> None:
    """Take the events of this module and begin with the first hour."""
    world.on("buyers.hour", _hour)
    world.on("buyers.order", _order)
    world.on("buyers.cancel", _cancel)
    world.on("buyers.withdraw", _withdraw)
    world.on("buyers.address", _address)
    world.on("buyers.urge", _urge)
    world.moved.append(_moved)
    for shop_id in world.shops:
        world.later(world.lived, "buyers.hour", shop_id)


# --- ordering -----------------------------------------------------------------------------------------------------


def expected(world: World, shop: Shop, at: int) -> float:
    """Orders expected in the hour of `at`."""
    b = world.behaviour
    shares = sum(s.share for s in world.shops.values())
    orders = b.orders_per_day * b.peak * shop.share / shares if shares else 0.0
    if not b.rhythm:
        return orders / 24
    here = local(at, zone(markets.zone_name(shop.region)))
    orders *= _RHYTHM[here.hour] / sum(_RHYTHM) * _WEEK[here.weekday()]
    rng = world.chance("stream", shop.id, here.date())
    if rng.random() < b.live_streams and 0 <= here.hour - rng.randint(19, 21) < _STREAM_HOURS:
        orders *= b.live_lift
    return orders


def _hour(world: World, shop_id: str, at: int) -> None:
    """Draw the orders of an hour; of one that has begun already, those still to come."""
    shop, begin = world.shops[shop_id], at // HOUR * HOUR
    world.later(begin + HOUR, "buyers.hour", shop_id)
    wanted = expected(world, shop, at)
    if wanted <= 0:
        return
    rng = np.random.default_rng([world.seed, 3, shop.index, begin // HOUR])
    for second in np.sort(rng.integers(0, HOUR, int(rng.poisson(wanted)))).tolist():
        if begin + second >= at:
            world.later(begin + second, "buyers.order", shop_id)


def _order(world: World, shop_id: str, at: int) -> None:
    b = world.behaviour
    try:
        world.place(shop_id, at, lively=True, prompt=not b.pre_orders, buyer=_regular(world, shop_id, at))
    except SoldOut:
        world.lost_sales[shop_id] = world.lost_sales.get(shop_id, 0) + 1


def _regular(world: World, shop_id: str, at: int) -> int | None:
    """The number of somebody who orders more than once that day; mostly nobody known."""
    share, rng = world.behaviour.repeat_buyers, world.chance("who", shop_id, len(world.orders_by_create(shop_id)))
    if rng.random() >= share:
        return None
    people = 1 + int(world.behaviour.orders_per_day * share / 3)
    return at // DAY * 1_000 + rng.randrange(people)


# --- second thoughts ----------------------------------------------------------------------------------------------


def _moved(world: World, order: Order, old: str, new: str, at: int) -> None:
    """What the buyer will do now that the order is there."""
    del old
    if not order.lively or order.by_platform:
        return
    b = world.behaviour
    if new == ON_HOLD:
        rng = world.chance("regret", order.id)
        if rng.random() < b.cancels_on_hold:
            world.later(at + rng.randint(2, 55) * MINUTE, "buyers.cancel", order.id)
    elif new == AWAITING_SHIPMENT:
        rng = world.chance("mood", order.id)
        asks, moves, urges = rng.random(), rng.random(), rng.random()
        if asks < b.cancel_requests:
            world.later(at + _hours(rng, 0.2, 20), "buyers.cancel", order.id)
        if moves < b.address_changes:
            world.later(at + _hours(rng, 0.1, 12), "buyers.address", order.id)
        if urges < b.urges:
            world.later(at + _hours(rng, 24, 40), "buyers.urge", order.id)


def _hours(rng: Random, low: float, high: float) -> int:
    return int(rng.uniform(low, high) * HOUR)


def _cancel(world: World, id_: str, at: int) -> None:
    order = world.orders[id_]
    if order.status != ON_HOLD and order.status not in _BEFORE_SCAN:
        return
    try:
        made = cancels.request(world, order, at)
    except Refuse:
        return
    rng = world.chance("withdraw", made.order_id)
    if made.status == CANCEL_PENDING and rng.random() < world.behaviour.withdraws:
        world.later(at + _hours(rng, 0.3, 5), "buyers.withdraw", made.id)


def _withdraw(world: World, id_: str, at: int) -> None:
    cancellation = world.cancellations[id_]
    if cancellation.status == CANCEL_PENDING:
        cancels.withdraw(world, cancellation, at)


def _address(world: World, id_: str, at: int) -> None:
    order = world.orders[id_]
    if order.status in _BEFORE_SCAN:
        change_address(world, order, at)


def _urge(world: World, id_: str, at: int) -> None:
    order = world.orders[id_]
    if order.status in _BEFORE_SCAN:
        say(world, order, "urge", at)


# --- what a buyer can do, by chance or by hand ----------------------------------------------------------------------


def change_address(world: World, order: Order, at: int, address: dict[str, Any] | None = None) -> None:
    """The parcel shall go elsewhere, before or after arranging. `address`: keys to set; without, chance finds a place.

    Webhook 3 tells it. Raises Refuse once a carrier has the parcel.
    """
    if order.status not in _BEFORE_SCAN | _WITHOUT_PACKAGE:
        raise Refuse(cancels.INVALID, f"order {order.id} is {order.status}: the address cannot be changed any more")
    before = order.body["recipient_address"]
    new = address
    if new is None:
        elsewhere = world.makers[order.shop_id].address(world.chance("address", order.id, order.updated, at))
        person = ("name", "first_name", "last_name", "phone_number")
        new = {**elsewhere, **{key: before[key] for key in person if key in before}}
    world.touch(order, at, recipient_address={**before, **new}, has_updated_recipient_address=True)
    data = {"order_id": order.id, "update_time": order.updated}
    world.tell(order.shop_id, RECIPIENT_ADDRESS_UPDATE, data, at)
    regroup.address_changed(world, order, at)


def say(world: World, order: Order, kind: str, at: int) -> None:
    """The buyer writes; `kind` is one of `phrases.KINDS`."""
    if world.on_buyer_message is not None:
        world.on_buyer_message(world, order, kind, at)


def confirm(world: World, order: Order, at: int) -> None:
    """The buyer confirms receipt: the order is COMPLETED before its window closes."""
    if order.status != DELIVERED:
        raise Refuse(cancels.INVALID, f"order {order.id} is {order.status}: only what was delivered can be confirmed")
    world.touch(order, at, status=COMPLETED)
