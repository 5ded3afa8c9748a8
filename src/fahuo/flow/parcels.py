"""What a telling of the platform means for parcels and effects that wait: arranged, scanned, delivered, cancelled."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from fahuo.orders.model import AWAITING_COLLECTION, CANCELLED, FINISHED, OrderIn
from fahuo.orders.queries import Stored
from fahuo.planning import service as planning
from fahuo.store import effects
from fahuo.store.engine import Tx
from fahuo.warehouse import model
from fahuo.warehouse import queries as warehouse_queries
from fahuo.warehouse import service as warehouse
from fahuo.warehouse.model import PLATFORM, Parcel

SHIPPED: Final = "report_shipped"
ARRANGE: Final = "arrange_shipment"
GET_NUMBER: Final = "get_number"
FETCH_LABEL: Final = "fetch_label"
SCHEDULE: Final = "schedule_handover"
CORRECT: Final = "update_tracking"
SPLIT_ORDER: Final = "split_order"
COMBINE_ORDERS: Final = "combine_packages"
UNCOMBINE: Final = "uncombine_package"
CUTS: Final = (SPLIT_ORDER, COMBINE_ORDERS, UNCOMBINE)
"""Kinds that change which units lie in which parcel: nothing is arranged while one is under way."""
FILES_LANE: Final = "files"
TIKTOK_LANE: Final = "tiktok"
OF_PARCEL: Final = (SHIPPED, ARRANGE, GET_NUMBER, FETCH_LABEL, SCHEDULE, CORRECT)
"""Kinds of effects that end with their parcel."""
GONE: Final = {"code": "parcel_cancelled"}
"""Outcome of what was to be told or done for a parcel that is cancelled."""
MOVED_ON: Final = FINISHED | {AWAITING_COLLECTION}
"""States in which the platform shows that it has the parcel's number."""
_COLUMNS = ("state", "carrier_name", "tracking_number", "arranged_at", "first_scan_at", "delivered_at")

Alive = Mapping[int, Sequence[Parcel]]
"""Order → its parcels that are not cancelled."""


class Followed(NamedTuple):
    """What an order's parcels are after the platform's word: there are some, packed, their number known there."""

    packaged: bool
    packed: bool
    reported: bool


def alive(tx: Tx, ids: Sequence[int]) -> dict[int, list[Parcel]]:
    """The parcels of these orders that are not cancelled."""
    found: dict[int, list[Parcel]] = {}
    for parcel in warehouse_queries.parcels_of_orders(tx, ids):
        if parcel.state != model.CANCELLED:
            found.setdefault(parcel.order_id, []).append(parcel)
    return found


def keep_own(order: OrderIn, parcels: Sequence[Parcel]) -> None:
    """Facts of our own house and of the carrier stay with the order where the source is silent about them."""
    for parcel in parcels:
        if parcel.label_origin != PLATFORM:
            order.carrier_name = order.carrier_name or parcel.carrier_name
            order.tracking_number = order.tracking_number or parcel.tracking_number
            order.arranged_at = parcel.reported_at if order.arranged_at is None else order.arranged_at
        for name in ("handed_over_at", "first_scan_at", "delivered_at"):
            if getattr(order, name) is None:
                setattr(order, name, getattr(parcel, name))


def forget_own(order: OrderIn, parcels: Sequence[Parcel]) -> None:
    """A parcel that is planned anew takes its number with it: the order must not be dispatched under the old one."""
    if order.tracking_number in {parcel.tracking_number for parcel in parcels if parcel.label_origin != PLATFORM}:
        order.tracking_number, order.carrier_name, order.arranged_at = "", "", None


def follow(
    tx: Tx,
    rows: Sequence[Stored],
    after: Sequence[OrderIn],
    parcels: Alive,
    anew: Collection[int],
    now: int,
) -> list[Followed]:
    """Carry the platform's word over to parcels and waiting effects. `anew`: orders their parcel no longer fits."""
    cancelled = {row.id for row, order in zip(rows, after, strict=True) if order.state == CANCELLED}
    drop(tx, [row.id for row in rows if row.id in cancelled or row.id in anew], parcels)
    moved = []
    for row, order in zip(rows, after, strict=True):
        if row.id not in cancelled and row.id not in anew:
            moved += [_moved(parcel, order) for parcel in parcels.get(row.id, [])]
    warehouse.move(tx, _COLUMNS, [values for values in moved if values])
    reported = _settle(tx, rows, after, cancelled, now)
    left = {row.id: () if row.id in anew else parcels.get(row.id, ()) for row in rows}
    return [
        Followed(
            bool(left[row.id]) and row.id not in cancelled,
            bool(left[row.id]) and all(parcel.packed_at for parcel in left[row.id]),
            any(parcel.id in reported for parcel in left[row.id]),
        )
        for row in rows
    ]


def drop(tx: Tx, ids: Collection[int], parcels: Alive) -> None:
    """Cancel these orders' parcels: the carrier's capacity is free again, and what waited for them has ended."""
    if ids:
        warehouse.cancel(tx, [parcel.id for id_ in ids for parcel in parcels.get(id_, ())])
        planning.give_back(tx, ids)
        effects.close(tx, ids, OF_PARCEL, "dropped", GONE)


def _moved(parcel: Parcel, order: OrderIn) -> tuple[object, ...]:
    """The parcel's new values, or () when nothing changes. What a parcel knows already stays as it is."""
    arranged = order.arranged_at if parcel.arranged_at is None else parcel.arranged_at
    scanned = order.first_scan_at if parcel.first_scan_at is None else parcel.first_scan_at
    delivered = order.delivered_at if parcel.delivered_at is None else parcel.delivered_at
    state = parcel.state
    if delivered is not None:
        state = model.DELIVERED
    elif scanned is not None:
        state = model.IN_TRANSIT
    elif arranged is not None and state == model.PLANNED:
        state = model.ARRANGED
    values = (
        parcel.id,
        state,
        parcel.carrier_name or order.carrier_name,
        parcel.tracking_number or order.tracking_number,
        arranged,
        scanned,
        delivered,
    )
    before = (parcel.id, *(getattr(parcel, name) for name in _COLUMNS))
    return () if values == before else values


def _settle(
    tx: Tx,
    rows: Sequence[Stored],
    after: Sequence[OrderIn],
    cancelled: Collection[int],
    now: int,
) -> set[int]:
    """End what the platform's word has overtaken; returns the packages it proves reported.

    The export that shows an order moved on is the proof that what a person or a file was to tell has arrived.
    """
    pairs = zip(rows, after, strict=True)
    moved_on = [row.id for row, order in pairs if order.state in MOVED_ON and row.id not in cancelled]
    if not moved_on:
        return set()
    proof = {"proof": "the platform shows it"}
    ended = effects.close(tx, moved_on, (SHIPPED, ARRANGE, GET_NUMBER), "done", proof, lanes=(FILES_LANE, TIKTOK_LANE))
    proven = [package for _, kind, package in ended if kind == SHIPPED and package is not None]
    warehouse.reported(tx, proven, now)
    return set(proven)
