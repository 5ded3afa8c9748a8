"""Every SQL statement of the warehouse station that reads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from sqlalchemy import BigInteger, BindParameter, ColumnElement, bindparam, func, select

from fahuo.carriers.tables import services
from fahuo.inventory.tables import stock
from fahuo.orders.tables import orders
from fahuo.store.bulk import any_of, array, fetch, records
from fahuo.store.engine import Tx
from fahuo.warehouse.model import ARRANGED, CANCELLED, CARRIER, PLANNED, Item, Parcel
from fahuo.warehouse.tables import label_files, labels, package_items, packages, prints, waves

_JOINED = 500
"""Waves looked at: more different departures than that are not open at once."""
_SELLER: Final[BindParameter[int]] = bindparam("seller", type_=BigInteger)
_PARCEL = tuple(packages.c[name] for name in Parcel._fields)


def _parcels(where: ColumnElement[bool]):  # type: ignore[no-untyped-def]  # a SQLAlchemy Select of _PARCEL's columns
    return select(*_PARCEL).where(packages.c.seller_id == _SELLER, where).order_by(packages.c.id)


BY_ID = _parcels(any_of(packages.c.id, "ids"))
BY_ORDER = _parcels(any_of(packages.c.order_id, "ids"))
BY_NUMBER = _parcels(any_of(packages.c.tracking_number, "numbers"))
BY_REF = _parcels(any_of(packages.c.platform_ref, "refs") & (packages.c.platform_ref != ""))
BY_WAVE = _parcels(packages.c.wave_id == bindparam("wave"))
ITEMS = (
    select(*(package_items.c[name] for name in Item._fields))
    .where(package_items.c.seller_id == _SELLER, any_of(package_items.c.package_id, "ids"))
    .order_by(package_items.c.package_id, package_items.c.line_no, package_items.c.sku_id)
)


def parcels(tx: Tx, ids: Iterable[int]) -> list[Parcel]:
    """Parcels by id."""
    return records(Parcel, fetch(tx, BY_ID, seller=tx.seller_id, ids=array(tx, list(ids))))


def parcels_of_orders(tx: Tx, ids: Iterable[int]) -> list[Parcel]:
    """Parcels that these orders lead, cancelled ones too."""
    return records(Parcel, fetch(tx, BY_ORDER, seller=tx.seller_id, ids=array(tx, list(ids))))


UNPACKED = select(packages.c.order_id).where(
    packages.c.seller_id == _SELLER,
    any_of(packages.c.order_id, "ids"),
    packages.c.packed_at.is_(None),
    packages.c.state != CANCELLED,
)


def unpacked(tx: Tx, ids: Iterable[int]) -> set[int]:
    """Those of these orders that lead a parcel which is still to be packed."""
    return {row[0] for row in fetch(tx, UNPACKED, seller=tx.seller_id, ids=array(tx, list(ids)))}


def parcels_numbered(tx: Tx, numbers: Iterable[str]) -> list[Parcel]:
    """Parcels by waybill number."""
    wanted = [number for number in numbers if number]
    return records(Parcel, fetch(tx, BY_NUMBER, seller=tx.seller_id, numbers=array(tx, wanted)))


def parcels_with_ref(tx: Tx, refs: Iterable[str]) -> list[Parcel]:
    """Parcels by the platform's package, cancelled ones too. Combined orders have a row each."""
    wanted = sorted({ref for ref in refs if ref})
    return records(Parcel, fetch(tx, BY_REF, seller=tx.seller_id, refs=array(tx, wanted))) if wanted else []


def parcels_of_wave(tx: Tx, wave_id: int) -> list[Parcel]:
    """Parcels of a wave in pick order."""
    return records(Parcel, fetch(tx, BY_WAVE, seller=tx.seller_id, wave=wave_id))


def items(tx: Tx, ids: Iterable[int]) -> dict[int, list[Item]]:
    """What each package holds, by package."""
    found: dict[int, list[Item]] = {}
    for row in fetch(tx, ITEMS, seller=tx.seller_id, ids=array(tx, list(ids))):
        found.setdefault(row[0], []).append(Item(*row))
    return found


def last_wave_number(tx: Tx) -> int:
    """The highest wave number given out so far, 0 when none."""
    rows = tx.rows(select(func.max(waves.c.number)).where(waves.c.seller_id == tx.seller_id))
    return rows[0][0] or 0


TO_PACK = _parcels((packages.c.state == ARRANGED) & (packages.c.id > bindparam("after"))).limit(bindparam("most"))


def to_pack(tx: Tx, limit: int, after: int = 0) -> list[Parcel]:
    """Parcels that are arranged and wait for the bench, in pick order, behind the one with the id `after`."""
    return records(Parcel, fetch(tx, TO_PACK, seller=tx.seller_id, after=after, most=limit))


def without_number(tx: Tx, limit: int, after: int = 0) -> list[int]:
    """Ids of planned parcels of own carriers that have no waybill number yet, above `after`."""
    p = packages.c
    mine = select(p.id).where(
        p.seller_id == tx.seller_id,
        p.state == PLANNED,
        p.label_origin == CARRIER,
        p.tracking_number == "",
        p.id > after,
    )
    return [row[0] for row in tx.rows(mine.order_by(p.id).limit(limit))]


class Wave(NamedTuple):
    """A wave as stored."""

    id: int
    number: int
    warehouse_id: int
    service_id: int
    leave_at: int | None
    parcels: int
    created_at: int


_WAVE = tuple(waves.c[name] for name in Wave._fields)


def wave_numbered(tx: Tx, number: int) -> Wave | None:
    """The wave with that number."""
    rows = tx.rows(select(*_WAVE).where(waves.c.seller_id == tx.seller_id, waves.c.number == number))
    return Wave(*rows[0]) if rows else None


def waves_to_join(tx: Tx, now: int, size: int) -> dict[tuple[int, int, int], tuple[int, int]]:
    """(warehouse, service, leave_at) → (wave, room in it), of the newest waves nobody has printed or begun to pack."""
    printed = select(prints.c.wave_id).where(prints.c.seller_id == tx.seller_id)
    begun = select(packages.c.id).where(
        packages.c.seller_id == tx.seller_id, packages.c.wave_id == waves.c.id, packages.c.packed_at.is_not(None)
    )
    rows = tx.rows(
        select(waves.c.warehouse_id, waves.c.service_id, waves.c.leave_at, waves.c.id, waves.c.parcels)
        .where(
            waves.c.seller_id == tx.seller_id,
            waves.c.leave_at > now,
            waves.c.parcels < size,
            waves.c.id.not_in(printed),
            ~begun.exists(),
        )
        .order_by(waves.c.number.desc())
        .limit(_JOINED)
    )
    found: dict[tuple[int, int, int], tuple[int, int]] = {}
    for warehouse, service, leave_at, wave, parcels_ in rows:
        found.setdefault((warehouse, service, leave_at), (wave, size - parcels_))
    return found


def leaving(tx: Tx, wave_ids: Iterable[int]) -> dict[int, int]:
    """Wave → when it leaves, where that is known."""
    found = select(waves.c.id, waves.c.leave_at).where(
        waves.c.seller_id == tx.seller_id, waves.c.leave_at.is_not(None), any_of(waves.c.id, "ids")
    )
    return {row[0]: row[1] for row in tx.rows(found, ids=array(tx, sorted(wave_ids)))}


def bins(tx: Tx, skus: Iterable[int]) -> dict[tuple[int, int], str]:
    """(warehouse, SKU) → bin on the shelf."""
    found = select(stock.c.warehouse_id, stock.c.sku_id, stock.c.bin).where(
        stock.c.seller_id == tx.seller_id, any_of(stock.c.sku_id, "skus")
    )
    return {(row[0], row[1]): row[2] for row in tx.rows(found, skus=array(tx, sorted(set(skus))))}


def service_names(tx: Tx) -> dict[int, str]:
    """Service id → name, as the label shows it."""
    rows = tx.rows(select(services.c.id, services.c.name).where(services.c.seller_id == tx.seller_id))
    return {row[0]: row[1] for row in rows}


def without_label(tx: Tx) -> list[Parcel]:
    """Platform-shipped parcels that are not packed and have no label file yet."""
    where = (packages.c.label_origin == "platform") & packages.c.label_id.is_(None) & packages.c.packed_at.is_(None)
    alive = packages.c.state.in_(("planned", "arranged"))
    return [Parcel(*row) for row in tx.rows(_parcels(where & alive), seller=tx.seller_id)]


def label_pages(tx: Tx, ids: Iterable[int]) -> dict[int, tuple[int, int, int]]:
    """Label id → (label id, file, page from 1; 0: the whole file)."""
    found = select(labels.c.id, labels.c.file_id, labels.c.page).where(
        labels.c.seller_id == tx.seller_id, any_of(labels.c.id, "ids")
    )
    return {row[0]: (row[0], row[1], row[2]) for row in tx.rows(found, ids=array(tx, list(ids)))}


def labels_made(tx: Tx, ids: Iterable[int]) -> dict[int, int]:
    """Label → when it was taken."""
    found = select(labels.c.id, labels.c.at).where(labels.c.seller_id == tx.seller_id, any_of(labels.c.id, "ids"))
    return {row[0]: row[1] for row in tx.rows(found, ids=array(tx, list(ids)))}


def sealed_files(tx: Tx, ids: Iterable[int]) -> dict[int, bytes]:
    """File id → sealed label file; erased ones are left out."""
    found = select(label_files.c.id, label_files.c.sealed).where(
        label_files.c.seller_id == tx.seller_id, label_files.c.sealed.is_not(None), any_of(label_files.c.id, "ids")
    )
    return {row[0]: bytes(row[1]) for row in tx.rows(found, ids=array(tx, list(ids)))}


def file_with(tx: Tx, digest: str) -> int | None:
    """The label file with that SHA-256, if it was taken before."""
    rows = tx.rows(
        select(label_files.c.id).where(label_files.c.seller_id == tx.seller_id, label_files.c.digest == digest)
    )
    return rows[0][0] if rows else None


def files_with(tx: Tx, digests: Iterable[str]) -> dict[str, int]:
    """SHA-256 → label file, of those taken before."""
    found = select(label_files.c.digest, label_files.c.id).where(
        label_files.c.seller_id == tx.seller_id, any_of(label_files.c.digest, "digests")
    )
    return {row[0]: row[1] for row in tx.rows(found, digests=array(tx, sorted(set(digests))))}


def under_way(tx: Tx, shops: Iterable[int]) -> list[Parcel]:
    """Parcels of these shops that have left, or are packed and may have: neither delivered nor cancelled."""
    ours = orders.join(packages, (packages.c.seller_id == orders.c.seller_id) & (packages.c.order_id == orders.c.id))
    mine = select(*_PARCEL).select_from(ours).where(
        orders.c.seller_id == tx.seller_id,
        orders.c.station.in_(("handover", "transit")),
        any_of(packages.c.shop_id, "shops"),
        packages.c.state.in_(("packed", "handed_over", "in_transit")),
    )  # fmt: skip
    return [Parcel(*row) for row in tx.rows(mine.order_by(packages.c.id), shops=array(tx, sorted(shops)))]
