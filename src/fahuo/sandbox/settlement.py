"""The seller's money: orders settle some days after delivery, refunds after that are taken off.

Invented as far as the reference is silent: one commission on the goods instead of the platform's many fees, and that
what the platform paid of a discount is the seller's. Settlement 8 days after delivery is confidence B to C (10.4).
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from fahuo.kernel.money import exponent_of, parse_minor
from fahuo.orders.model import DELIVERED
from fahuo.sandbox import aftersale_rules as rules
from fahuo.sandbox.aftersale_facts import cancelled_units
from fahuo.sandbox.markets import DAY, HOUR
from fahuo.sandbox.refunds import calculate

if TYPE_CHECKING:
    from fahuo.sandbox.model import Order, Return, Shop
    from fahuo.sandbox.world import World

SETTLES_AFTER: Final = 8 * DAY
PAID_AFTER: Final = 36 * HOUR
"""From the statement to the money in the bank."""
_COMMISSION_PERCENT: Final = 5
_BACK: Final = frozenset({rules.COMPLETE, rules.NEW_REFUNDED})


class Entry(Struct, frozen=True, kw_only=True):
    """A line of the seller's account, in minor units: an order settled, or a refund after that."""

    id: str
    order_id: str
    at: int
    currency: str
    revenue: int = 0
    fee: int = 0
    adjustment: int = 0

    @property
    def settlement(self) -> int:
        """What it comes to."""
        return self.revenue + self.fee + self.adjustment


class Statement(Struct, frozen=True, kw_only=True):
    """The entries of the day (UTC) before `at`, which is 00:00 UTC."""

    id: str
    at: int
    entries: tuple[Entry, ...]
    paid: bool
    """Whether the money has reached the bank."""

    def total(self, part: str) -> int:
        """The sum of a part over the entries, minor units."""
        return sum(int(getattr(entry, part)) for entry in self.entries)

    @property
    def paid_at(self) -> int:
        """When its payment is or will be made."""
        return self.at + PAID_AFTER

    @property
    def payment_id(self) -> str:
        """Id of the payment."""
        return f"34{self.id[2:]}"


def install(world: World) -> None:
    """Let orders settle in a world."""
    world.on("settle", _settle)
    world.moved.append(_moved)


def _moved(world: World, order: Order, old: str, new: str, at: int) -> None:
    del old
    if new == DELIVERED:
        world.later(at + SETTLES_AFTER, "settle", order.id)


def _settle(world: World, id_: str, at: int) -> None:
    order = world.orders[id_]
    payment = order.body["payment"]
    exponent = exponent_of(payment["currency"])
    goods = parse_minor(payment["sub_total"], exponent) + parse_minor(payment.get("platform_discount", "0"), exponent)
    back = [world.returns[name] for name in order.returns if world.returns[name].status in _BACK]
    unsent = calculate(order.body, cancelled_units(world, order), (), ()).subtotal
    revenue = max(0, goods - unsent - sum(goods_of(world, request) for request in back))
    order.flags["settled"] = at
    fee = -((revenue * _COMMISSION_PERCENT + 50) // 100)
    _enter(world, order, Entry(id=world.new_id(), order_id=id_, at=at, currency=payment["currency"],
                               revenue=revenue, fee=fee))  # fmt: skip


def refunded(world: World, request: Return, at: int) -> None:
    """Money went back to a buyer; what was settled before is taken off."""
    order = world.orders[request.order_id]
    if "settled" in order.flags:
        entry = Entry(
            id=world.new_id(), order_id=order.id, at=at, currency=request.currency,
            adjustment=-goods_of(world, request),
        )  # fmt: skip
        _enter(world, order, entry)


def goods_of(world: World, request: Return) -> int:
    """The part of a refund that the seller bears: that for the goods, in minor units."""
    body = world.orders[request.order_id].body
    return min(request.amount, calculate(body, request.line_ids, (), ()).subtotal)


def _enter(world: World, order: Order, entry: Entry) -> None:
    world.ledger.setdefault(order.shop_id, []).append(entry)


def statements(world: World, shop: Shop, now: int) -> list[Statement]:
    """A shop's statements up to now, the oldest first."""
    entries: Iterable[Entry] = world.ledger.get(shop.id, ())
    made = []
    for day, group in groupby(entries, key=lambda entry: entry.at // DAY):
        at = (day + 1) * DAY
        if at <= now:
            id_ = f"33{shop.id[-8:]}{day:09d}"
            made.append(Statement(id=id_, at=at, entries=tuple(group), paid=now >= at + PAID_AFTER))
    return made
