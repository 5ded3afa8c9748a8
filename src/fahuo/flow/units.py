"""What an order needs from the shelf, and whether what it holds still fits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from fahuo.catalogue.model import Shop
from fahuo.flow.house import Desk
from fahuo.inventory import queries as inventory
from fahuo.inventory.model import Want
from fahuo.inventory.queries import Reservation
from fahuo.orders.journey import ours, wants_stock
from fahuo.orders.model import CANCELLED, LineIn, OrderIn
from fahuo.orders.queries import Line
from fahuo.orders.rules import Hold, hold
from fahuo.store.engine import Tx

Held = Mapping[tuple[int, int], Reservation]
"""(line, SKU) → what an order holds of the stock, packed units too."""


def find_articles(desk: Desk, shop: Shop, order: OrderIn) -> list[int | None]:
    """The seller's SKU behind each line, None where the shop's article is not mapped."""
    find, shop_id = desk.skus.find, shop.id
    return [find(shop_id, line.platform_sku_id, line.seller_sku) for line in order.lines]


def wants_of(desk: Desk, order_id: int, order: OrderIn, skus: Sequence[int | None]) -> list[Want]:
    """Units an order needs from the shelf; none while it keeps no stock or an article is not known."""
    if not (wants_stock(order.state) and ours(order.fulfillment_type, order.shipping_type)):
        return []
    return needed(desk, order_id, order.lines, skus)


def needed(desk: Desk, order_id: int, lines: Sequence[LineIn | Line], skus: Sequence[int | None]) -> list[Want]:
    """The same from its lines, numbered from 1. A line the platform cancelled needs nothing."""
    units_of = desk.skus.units
    wants: list[Want] = []
    for number, (line, sku) in enumerate(zip(lines, skus, strict=True), 1):
        if line.state == CANCELLED:
            continue
        if sku is None:
            return []
        for part, units in units_of(sku, line.quantity):
            wants.append(Want(order_id, number, part, units))
    return wants


def holding(tx: Tx, ids: Sequence[int]) -> dict[int, dict[tuple[int, int], Reservation]]:
    """What these orders hold, by order; orders that hold nothing are left out."""
    have: dict[int, dict[tuple[int, int], Reservation]] = {}
    for row in inventory.reserved(tx, ids):
        if row.state != "released":
            have.setdefault(row.order_id, {})[row.line_no, row.sku_id] = row
    return have


def differs(want: Sequence[Want], have: Held | None) -> bool:
    """Whether the order needs other units than it holds; an order that needs none, or holds none, does not."""
    return bool(want and have) and _by_sku(want) != _by_sku((have or {}).values())


def renumbered(want: Sequence[Want], have: Held | None) -> bool:
    """Whether it needs the same units under other lines: the platform has put them into other packages."""
    if not want or not have or differs(want, have):
        return False
    return {(one.line_no, one.sku_id): one.quantity for one in want} != {k: r.quantity for k, r in have.items()}


def _by_sku(units: Iterable[Want] | Iterable[Reservation]) -> dict[int, int]:
    found: dict[int, int] = {}
    for one in units:
        found[one.sku_id] = found.get(one.sku_id, 0) + one.quantity
    return found


def no_stock() -> Hold:
    """The hold of an order whose units are not there. It does not block by itself: the order waits at `stock`."""
    return hold("no_stock", "lines")
