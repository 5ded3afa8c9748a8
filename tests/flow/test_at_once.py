"""Orders planned as they are taken end up as those that are taken first and planned by the next run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, func, select

from fahuo.catalogue.model import Shop
from fahuo.deadlines.tables import clocks
from fahuo.inventory.tables import ledger, reservations
from fahuo.orders.model import OrderIn
from fahuo.orders.tables import holds, orders
from fahuo.planning.tables import decisions
from fahuo.store.engine import Store
from fahuo.store.tables import effects, journal
from fahuo.warehouse.tables import package_items, packages
from tests.support.shopfloor import Floor, lines, order, recipient

ALONE = {
    "id", "shop_id", "order_id", "package_id", "wave_id", "tracking_number", "twin", "journal_head", "prev", "hash",
    "data", "key", "body", "actor", "digest",
}  # fmt: skip
"""What no two orders share, what is made of it, and who was at work."""
KINDS: dict[str, dict[str, Any]] = {
    "good": {},
    "two": {"lines": lines(TEE=1, MUG=1)},
    "unknown": {"lines": lines(CAP=1)},
    "short": {"lines": lines(MUG=500)},
    "heavy": {"lines": lines(MUG=2)},
    "platform": {"shipping_type": "TIKTOK"},
    "over": {"state": "DELIVERED"},
}
"""Every kind of order: planned, held, short of units, not plannable, waiting for a person, history."""


def batch(shop: Shop) -> list[OrderIn]:
    """The same for every shop, but for buyers nobody would take for each other."""
    return [
        order(name, **changes | {"recipient": recipient(name=f"{name} {shop.name}")}) for name, changes in KINDS.items()
    ]


@pytest.fixture
def floor(store: Store, tmp_path: Path) -> Floor:
    """The carrier takes 700 g at most."""
    rates = "carrier,service,zone_country,weight_to_g,base,currency\nJT,STD,VN,700,20000,VND\n"
    return Floor(store, tmp_path).stocked(rates=rates)


def rows(floor: Floor, shop: Shop, table: Table) -> list[tuple[str, ...]]:
    """The rows of a shop's orders without what stands in ALONE, as texts, each beside the platform's id."""
    with floor.store.read() as tx:
        refs: dict[Any, str] = {
            row[0]: row[1]
            for row in tx.rows(select(orders.c.id, orders.c.platform_order_id).where(orders.c.shop_id == shop.id))
        }
        key = "id" if table.name == "orders" else "order_id"
        found = [row._mapping for row in tx.execute(select(table))]
    mine = [row for row in found if row[key] in refs]
    return sorted(
        (refs[row[key]], *(f"{name}={value}" for name, value in row.items() if name not in ALONE)) for row in mine
    )


def booked(floor: Floor, shop: Shop) -> dict[tuple[str, int], tuple[int, int, int]]:
    """What the ledger adds up to, by order and SKU: on hand, reserved, placed."""
    of = (ledger.c.seller_id == orders.c.seller_id) & (ledger.c.order_id == orders.c.id) & (orders.c.shop_id == shop.id)
    moved = [func.sum(ledger.c[name]) for name in ("on_hand", "reserved", "placed")]
    key = (orders.c.platform_order_id, ledger.c.sku_id)
    with floor.store.read() as tx:
        found = tx.rows(select(*key, *moved).join_from(ledger, orders, of).group_by(*key))
    return {(ref, sku): (int(on_hand), int(reserved), int(placed)) for ref, sku, on_hand, reserved, placed in found}


def test_planned_at_once_is_planned_alike(floor: Floor) -> None:
    at_once, later = floor.shop("at once"), floor.shop("later")
    floor.take(at_once, *batch(at_once), plan=True)
    floor.take(later, *batch(later))
    floor.run()
    for table in (orders, reservations, decisions, clocks, packages, package_items, holds, journal, effects):
        assert rows(floor, at_once, table) == rows(floor, later, table), table.name
    assert booked(floor, at_once) == booked(floor, later)  # in one row at once, in two one after the other
    stations = {row[0]: next(text for text in row if text.startswith("station=")) for row in rows(floor, later, orders)}
    assert stations == {
        "good": "station=pack", "two": "station=pack", "unknown": "station=check", "short": "station=stock",
        "heavy": "station=plan", "platform": "station=pack", "over": "station=history",
    }  # fmt: skip
    floor.clean()
