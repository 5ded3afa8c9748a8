"""Every SQL statement of the warehouse station that reads."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, bindparam, func, select

from fahuo.store.bulk import any_of, array
from fahuo.store.engine import Tx
from fahuo.warehouse.model import Item, Parcel
from fahuo.warehouse.tables import package_items, packages, waves

_SELLER = bindparam("seller")
_PARCEL = tuple(packages.c[name] for name in Parcel._fields)


def _parcels(where: ColumnElement[bool]):  # type: ignore[no-untyped-def]  # a SQLAlchemy Select of _PARCEL's columns
    return select(*_PARCEL).where(packages.c.seller_id == _SELLER, where).order_by(packages.c.id)


BY_ID = _parcels(any_of(packages.c.id, "ids"))
BY_ORDER = _parcels(any_of(packages.c.order_id, "ids"))
BY_NUMBER = _parcels(any_of(packages.c.tracking_number, "numbers"))
BY_WAVE = _parcels(packages.c.wave_id == bindparam("wave"))
ITEMS = (
    select(*(package_items.c[name] for name in Item._fields))
    .where(package_items.c.seller_id == _SELLER, any_of(package_items.c.package_id, "ids"))
    .order_by(package_items.c.package_id, package_items.c.line_no, package_items.c.sku_id)
)


def parcels(tx: Tx, ids: Iterable[int]) -> list[Parcel]:
    """Parcels by id."""
    return [Parcel(*row) for row in tx.rows(BY_ID, seller=tx.seller_id, ids=array(tx, list(ids)))]


def parcels_of_orders(tx: Tx, ids: Iterable[int]) -> list[Parcel]:
    """Parcels that these orders lead, cancelled ones too."""
    return [Parcel(*row) for row in tx.rows(BY_ORDER, seller=tx.seller_id, ids=array(tx, list(ids)))]


def parcels_numbered(tx: Tx, numbers: Iterable[str]) -> list[Parcel]:
    """Parcels by waybill number."""
    wanted = [number for number in numbers if number]
    return [Parcel(*row) for row in tx.rows(BY_NUMBER, seller=tx.seller_id, numbers=array(tx, wanted))]


def parcels_of_wave(tx: Tx, wave_id: int) -> list[Parcel]:
    """Parcels of a wave in pick order."""
    return [Parcel(*row) for row in tx.rows(BY_WAVE, seller=tx.seller_id, wave=wave_id)]


def items(tx: Tx, ids: Iterable[int]) -> dict[int, list[Item]]:
    """What each package holds, by package."""
    found: dict[int, list[Item]] = {}
    for row in tx.rows(ITEMS, seller=tx.seller_id, ids=array(tx, list(ids))):
        found.setdefault(row[0], []).append(Item(*row))
    return found


def wave_numbered(tx: Tx, number: int) -> int | None:
    """Id of the wave with that number."""
    rows = tx.rows(select(waves.c.id).where(waves.c.seller_id == tx.seller_id, waves.c.number == number))
    return rows[0][0] if rows else None


def last_wave_number(tx: Tx) -> int:
    """The highest wave number given out so far, 0 when none."""
    rows = tx.rows(select(func.max(waves.c.number)).where(waves.c.seller_id == tx.seller_id))
    return rows[0][0] or 0


def to_pack(tx: Tx, limit: int, after: int = 0) -> list[int]:
    """Ids of parcels that are arranged and wait for the bench, in pick order, above `after`."""
    return [
        row[0]
        for row in tx.rows(
            select(packages.c.id)
            .where(packages.c.seller_id == tx.seller_id, packages.c.state == "arranged", packages.c.id > after)
            .order_by(packages.c.id)
            .limit(limit)
        )
    ]
