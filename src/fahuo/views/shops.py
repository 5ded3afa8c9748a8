"""Shops with what is open in each, the latest imports, waves, stock and messages: lists for pages and programs."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import case, func, select

from fahuo.carriers.tables import carriers, services
from fahuo.catalogue import queries as catalogue
from fahuo.catalogue.model import Shop
from fahuo.catalogue.tables import skus, warehouses
from fahuo.connections import queries as connections
from fahuo.inventory.tables import pool
from fahuo.orders import due
from fahuo.orders.tables import imports, orders
from fahuo.store.bulk import any_of, array
from fahuo.store.engine import Tx
from fahuo.store.tables import effects
from fahuo.views.tower import WORKING
from fahuo.warehouse.model import ARRANGED, CANCELLED, PLANNED
from fahuo.warehouse.tables import packages, waves

LIMIT_MAX: Final = 500


class ShopView(NamedTuple):
    """A shop with its open and overdue orders. `channel`: how results go back, `tiktok` while it is connected."""

    shop: Shop
    open: int
    overdue: int
    channel: str


class ImportView(NamedTuple):
    """One import of a file: its counts, and whether it has finished."""

    id: int
    shop_id: int
    file: str
    at: int
    actor: str
    counts: dict[str, int]
    finished_at: int | None


class WaveView(NamedTuple):
    """A wave and how far the floor is with it. `parcels`: what was put into it and was not cancelled since.

    `first_due_at`: the earliest limit of what has not left yet, as it stands now; None when all of it has.
    """

    id: int
    number: int
    warehouse: str
    carrier: str
    leave_at: int | None
    first_due_at: int | None
    parcels: int
    created_at: int
    planned: int
    arranged: int
    packed: int
    zone: str


class StockView(NamedTuple):
    """Units of a SKU over all warehouses; `free` can still be promised."""

    sku_id: int
    sku: str
    name: str
    on_hand: int
    reserved: int
    safety_buffer: int

    @property
    def free(self) -> int:
        """Units nobody has reserved."""
        return self.on_hand - self.reserved


class EffectRow(NamedTuple):
    """A message to the outside in a list."""

    id: int
    key: str
    kind: str
    lane: str
    state: str
    shop_id: int | None
    order_id: int | None
    package_id: int | None
    due_at: int
    attempts: int
    outcome: dict[str, Any]


def shop_views(tx: Tx, now: int, allowed: Collection[int] | None = None) -> list[ShopView]:
    """All shops the reader may see, by name. Overdue as on the tower: without what the platform holds back."""
    late = (orders.c.due_at < now) & (orders.c.station != "intake")
    rows = tx.rows(
        select(orders.c.shop_id, func.count(), func.sum(case((late, 1), else_=0)))
        .where(orders.c.seller_id == tx.seller_id, any_of(orders.c.station, "stations"), due.of_shops(allowed))
        .group_by(orders.c.shop_id),
        stations=array(tx, ("intake", *WORKING)),
        **({} if allowed is None else {"shops": array(tx, allowed)}),
    )
    counted = {row[0]: (int(row[1]), int(row[2] or 0)) for row in rows}
    connected = connections.connected(tx)
    return [
        ShopView(shop, *counted.get(shop.id, (0, 0)), "tiktok" if shop.id in connected else shop.channel)
        for shop in catalogue.shop_list(tx)
        if allowed is None or shop.id in allowed
    ]


def last_imports(tx: Tx, limit: int = 10) -> list[ImportView]:
    """The latest imports, newest first."""
    rows = tx.rows(
        select(*(imports.c[name] for name in ImportView._fields))
        .where(imports.c.seller_id == tx.seller_id)
        .order_by(imports.c.id.desc())
        .limit(limit)
    )
    return [ImportView._make([*row[:5], msgspec.json.decode(row[5]), row[6]]) for row in rows]


def wave_list(tx: Tx, limit: int = 50, before: int | None = None, number: int | None = None) -> list[WaveView]:
    """Waves, newest first, below the number `before`; or the one of that number."""
    wanted = (
        select(
            waves.c.id,
            waves.c.number,
            warehouses.c.name,
            func.coalesce(carriers.c.name, ""),
            waves.c.leave_at,
            waves.c.created_at,
            warehouses.c.zone,
        )
        .select_from(waves)
        .join(warehouses, (warehouses.c.seller_id == waves.c.seller_id) & (warehouses.c.id == waves.c.warehouse_id))
        .outerjoin(services, (services.c.seller_id == waves.c.seller_id) & (services.c.id == waves.c.service_id))
        .outerjoin(carriers, (carriers.c.seller_id == waves.c.seller_id) & (carriers.c.id == services.c.carrier_id))
        .where(waves.c.seller_id == tx.seller_id)
    )
    if before is not None:
        wanted = wanted.where(waves.c.number < before)
    if number is not None:
        wanted = wanted.where(waves.c.number == number)
    rows = tx.rows(wanted.order_by(waves.c.number.desc()).limit(min(limit, LIMIT_MAX)))
    done = _progress(tx, [row[0] for row in rows])
    none: tuple[int, int, int, int, int | None] = (0, 0, 0, 0, None)
    found = []
    for id_, its, warehouse, carrier, leave_at, created_at, zone in rows:
        parcels, planned, arranged, packed, due_at = done.get(id_, none)
        found.append(
            WaveView(
                id_, its, warehouse, carrier, leave_at, due_at, parcels, created_at, planned, arranged, packed, zone
            )
        )
    return found


def _progress(tx: Tx, ids: Collection[int]) -> dict[int, tuple[int, int, int, int, int | None]]:
    """Wave id → parcels (all, without label yet, to pack, packed), first limit of those that have not left."""
    p = packages.c
    counts = [
        func.sum(case((condition, 1), else_=0))
        for condition in (p.state == PLANNED, p.state == ARRANGED, p.packed_at.is_not(None))
    ]
    rows = tx.rows(
        select(p.wave_id, func.count(), *counts, func.min(case((p.handed_over_at.is_(None), orders.c.due_at))))
        .join(orders, (orders.c.seller_id == p.seller_id) & (orders.c.id == p.order_id))
        .where(p.seller_id == tx.seller_id, any_of(p.wave_id, "ids"), p.state != CANCELLED)
        .group_by(p.wave_id),
        ids=array(tx, ids),
    )
    return {row[0]: (int(row[1]), int(row[2]), int(row[3]), int(row[4]), row[5]) for row in rows}


def stock_list(tx: Tx, limit: int = 100, after: str = "") -> list[StockView]:
    """Stock by SKU code, after the code `after`."""
    rows = tx.rows(
        select(skus.c.id, skus.c.sku, skus.c.name, pool.c.on_hand, pool.c.reserved, skus.c.safety_buffer)
        .select_from(skus)
        .join(pool, (pool.c.seller_id == skus.c.seller_id) & (pool.c.sku_id == skus.c.id))
        .where(skus.c.seller_id == tx.seller_id, skus.c.sku > after)
        .order_by(skus.c.sku)
        .limit(min(limit, LIMIT_MAX))
    )
    return [StockView(*row) for row in rows]


def effect_list(
    tx: Tx, state: str = "", limit: int = 100, after: int = 0, allowed: Collection[int] | None = None
) -> list[EffectRow]:
    """Messages to platforms and carriers by id, after the id `after`; `state` '' for all of them."""
    wanted = select(*(effects.c[name] for name in EffectRow._fields)).where(
        effects.c.seller_id == tx.seller_id, effects.c.id > after
    )
    if state:
        wanted = wanted.where(effects.c.state == state)
    if allowed is not None:
        wanted = wanted.where(any_of(effects.c.shop_id, "shops"))
    rows = tx.rows(
        wanted.order_by(effects.c.id).limit(min(limit, LIMIT_MAX)),
        **({} if allowed is None else {"shops": array(tx, allowed)}),
    )
    return [EffectRow._make([*row[:-1], msgspec.json.decode(row[-1])]) for row in rows]


def home_zone(tx: Tx) -> str:
    """Where the seller works: the zone of the first warehouse of its own, else of the first shop, else UTC."""
    places = catalogue.warehouse_list(tx)
    own = [place.zone for place in places if place.kind == "own"] + [place.zone for place in places]
    return next(iter(own + [shop.zone for shop in catalogue.shop_list(tx)]), "UTC")


def shop_names(tx: Tx, allowed: Collection[int] | None = None) -> dict[int, str]:
    """Shop id → name, by name."""
    return {shop.id: shop.name for shop in catalogue.shop_list(tx) if allowed is None or shop.id in allowed}


def parcel_shop(tx: Tx, package_id: int) -> int | None:
    """The shop a parcel belongs to."""
    rows = tx.rows(select(packages.c.shop_id).where(packages.c.seller_id == tx.seller_id, packages.c.id == package_id))
    return int(rows[0][0]) if rows else None
