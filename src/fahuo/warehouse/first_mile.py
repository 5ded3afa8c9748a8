"""First-mile bundles and the two legs of their parcels: records, statements, and what is done to a batch."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import func, select, update

from fahuo.orders.model import CANCELLED
from fahuo.orders.tables import orders
from fahuo.store import bulk
from fahuo.store.bulk import any_of, array
from fahuo.store.engine import Tx
from fahuo.warehouse.tables import first_mile_bundles as bundles_table
from fahuo.warehouse.tables import first_mile_parcels as legs_table
from fahuo.warehouse.tables import packages

ASKED, BUNDLED, DECLINED = "asked", "bundled", "declined"
_b, _l, _p = bundles_table.c, legs_table.c, packages.c


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle. `tracking_number`: the domestic waybill; `platform_ref`: the platform's number of it."""

    id: int
    shop_id: int
    warehouse_id: int
    state: str
    method: str
    carrier_name: str = ""
    tracking_number: str = ""
    phone_tail: str = ""
    platform_ref: str = ""
    sheet_url: str = ""
    sheet_file_id: int | None = None
    made_at: int
    bundled_at: int | None = None
    parcels: int = 0


class Waiting(NamedTuple):
    """A packed parcel that is in no bundle yet."""

    package_id: int
    order_id: int
    shop_id: int
    warehouse_id: int
    tracking_number: str
    packed_at: int


class Leg(NamedTuple):
    """What is known of a parcel's first mile."""

    package_id: int
    order_id: int
    bundle_id: int | None
    last_mile_number: str
    domestic_scan_at: int | None
    sorting_in_at: int | None
    refused_at: int | None
    refused_why: str


_FIELDS: Final = tuple(name for name in Bundle.__struct_fields__ if name != "parcels")


def waiting(tx: Tx, shops: Collection[int]) -> list[Waiting]:
    """Packed parcels of these shops that are in no bundle, in the order they were packed."""
    if not shops:
        return []
    inside = select(_l.package_id).where(_l.seller_id == tx.seller_id, _l.bundle_id.is_not(None))
    rows = tx.rows(
        select(_p.id, _p.order_id, _p.shop_id, _p.warehouse_id, _p.tracking_number, _p.packed_at)
        .join(orders, (orders.c.seller_id == _p.seller_id) & (orders.c.id == _p.order_id))
        .where(
            _p.seller_id == tx.seller_id,
            orders.c.station == "handover",
            _p.state == "packed",
            _p.label_origin == "platform",
            any_of(_p.shop_id, "shops"),
            _p.id.not_in(inside),
        )
        .order_by(_p.packed_at, _p.id),
        shops=array(tx, sorted(shops)),
    )
    return [Waiting(*row) for row in rows]


def bundles(tx: Tx, limit: int) -> list[Bundle]:
    """The newest bundles."""
    return _bundles(tx, select(_b.id).where(_b.seller_id == tx.seller_id).order_by(_b.id.desc()).limit(limit))


def bundles_of(tx: Tx, ids: Iterable[int]) -> list[Bundle]:
    """Bundles by id."""
    return _bundles(
        tx, select(_b.id).where(_b.seller_id == tx.seller_id, any_of(_b.id, "ids")), ids=array(tx, sorted(ids))
    )


def _bundles(tx: Tx, which, **params) -> list[Bundle]:  # type: ignore[no-untyped-def]  # a SQLAlchemy Select of ids
    count = (
        select(func.count())
        .where(_l.seller_id == _b.seller_id, _l.bundle_id == _b.id)
        .correlate(bundles_table)
        .scalar_subquery()
    )
    rows = tx.rows(
        select(*(_b[name] for name in _FIELDS), count)
        .where(_b.seller_id == tx.seller_id, _b.id.in_(which))
        .order_by(_b.id.desc()),
        **params,
    )
    return [Bundle(**dict(zip((*_FIELDS, "parcels"), row, strict=True))) for row in rows]


def members(tx: Tx, bundle_ids: Iterable[int]) -> dict[int, list[tuple[int, int]]]:
    """Bundle → (package, order) of what is in it."""
    found: dict[int, list[tuple[int, int]]] = {id_: [] for id_ in bundle_ids}
    mine = select(_l.bundle_id, _l.package_id, _l.order_id).where(
        _l.seller_id == tx.seller_id, any_of(_l.bundle_id, "ids")
    )
    for bundle, package, order in tx.rows(mine.order_by(_l.package_id), ids=array(tx, sorted(found))):
        found[bundle].append((package, order))
    return found


def legs(tx: Tx, package_ids: Iterable[int]) -> list[Leg]:
    """What is known of these parcels' first miles."""
    mine = select(*(_l[name] for name in Leg._fields)).where(_l.seller_id == tx.seller_id, any_of(_l.package_id, "ids"))
    return [Leg(*row) for row in tx.rows(mine.order_by(_l.package_id), ids=array(tx, sorted(package_ids)))]


def unjudged(tx: Tx, shops: Collection[int], since: int) -> list[int]:
    """Parcels of these shops whose order was cancelled since then, with the sorting warehouse's word still to come.

    It refuses a parcel and the platform cancels the order at once: only tracking says why, and that it comes back.
    """
    o = orders.c
    rows = tx.rows(
        select(_l.package_id)
        .join(orders, (o.seller_id == _l.seller_id) & (o.id == _l.order_id))
        .join(packages, (_p.seller_id == _l.seller_id) & (_p.id == _l.package_id))
        .where(
            _l.seller_id == tx.seller_id,
            _l.sorting_in_at.is_(None),
            _l.refused_at.is_(None),
            o.state == CANCELLED,
            o.cancelled_at >= since,
            _p.handed_over_at.is_not(None),
            any_of(_p.shop_id, "shops"),
        )
        .order_by(_l.package_id),
        shops=array(tx, sorted(shops)),
    )
    return [row[0] for row in rows]


def scans(tx: Tx, order_ids: Iterable[int]) -> dict[int, tuple[int | None, int | None]]:
    """Order → (domestic scan, taken in at the sorting warehouse): the last of its parcels, once all have it."""
    mine = select(_l.order_id, _l.domestic_scan_at, _l.sorting_in_at).where(
        _l.seller_id == tx.seller_id, any_of(_l.order_id, "orders")
    )
    parcels: dict[int, list[tuple[int | None, int | None]]] = {}
    for order, domestic, sorting in tx.rows(mine, orders=array(tx, list(order_ids))):
        parcels.setdefault(order, []).append((domestic, sorting))
    return {order: (_last([a for a, _ in list_]), _last([b for _, b in list_])) for order, list_ in parcels.items()}


def _last(times: Sequence[int | None]) -> int | None:
    known = [at for at in times if at is not None]
    return max(known) if known and len(known) == len(times) else None


def open_bundle(tx: Tx, bundle: Bundle, parcels: Sequence[tuple[int, int]]) -> None:
    """Write a bundle and put parcels (package, order) into it."""
    values = {name: getattr(bundle, name) for name in _FIELDS} | {"provider_ref": ""}
    bulk.insert(tx, bundles_table, ("seller_id", *values), [(tx.seller_id, *values.values())])
    columns = ("seller_id", *Leg._fields)
    rows = [(tx.seller_id, package, order, bundle.id, "", None, None, None, "") for package, order in parcels]
    bulk.upsert(tx, legs_table, columns, rows, columns[:2], ("bundle_id",))


def settle_bundle(
    tx: Tx, bundle_id: int, state: str, ref: str, url: str, file_id: int | None, bundled_at: int | None
) -> None:
    """What has become of a bundle that was asked for."""
    columns = ("state", "platform_ref", "sheet_url", "sheet_file_id", "bundled_at")
    rows = [(tx.seller_id, bundle_id, state, ref, url, file_id, bundled_at)]
    bulk.update(tx, bundles_table, ("seller_id", "id"), columns, rows)


def keep_sheet(tx: Tx, bundle_id: int, file_id: int) -> None:
    """The sheet of a bundle is here."""
    bulk.update(tx, bundles_table, ("seller_id", "id"), ("sheet_file_id",), [(tx.seller_id, bundle_id, file_id)])


def take_out(tx: Tx, bundle_id: int, order_ids: Sequence[int]) -> None:
    """These orders' parcels are not in the bundle: they may go into another one."""
    if order_ids:
        out = update(legs_table).where(
            _l.seller_id == tx.seller_id, _l.bundle_id == bundle_id, any_of(_l.order_id, "orders")
        )
        tx.execute(out.values(bundle_id=None), {"orders": array(tx, list(order_ids))})


def move_legs(tx: Tx, legs_: Sequence[Leg]) -> None:
    """Store what is known of first miles; which bundle a parcel is in stays as it is."""
    columns = ("seller_id", *Leg._fields)
    rows = [(tx.seller_id, *leg) for leg in legs_]
    bulk.upsert(tx, legs_table, columns, rows, columns[:2], columns[4:])
