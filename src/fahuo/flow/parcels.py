"""What a telling of the platform means for parcels and for effects that wait: arranged, scanned, delivered, cancelled."""

from __future__ import annotations

from collections.abc import Sequence

from fahuo.flow.house import Desk
from fahuo.orders.model import AWAITING_COLLECTION, CANCELLED, FINISHED, OrderIn
from fahuo.orders.queries import Stored
from fahuo.planning import service as planning
from fahuo.store import effects
from fahuo.store.engine import Tx
from fahuo.warehouse import queries as warehouse_queries
from fahuo.warehouse import service as warehouse
from fahuo.warehouse import model
from fahuo.warehouse.model import PLATFORM, Parcel

SHIPPED = "report_shipped"
ARRANGE = "arrange_shipment"
_COLUMNS = ("state", "carrier_name", "tracking_number", "arranged_at", "first_scan_at", "delivered_at")
_MOVED_ON = FINISHED | {AWAITING_COLLECTION}


def follow(
    tx: Tx, desk: Desk, rows: Sequence[Stored], after: Sequence[OrderIn], now: int
) -> list[tuple[bool, bool]]:
    """Carry the platform's word over to parcels and waiting effects; (has a parcel, is packed) of each order."""
    parcels: dict[int, list[Parcel]] = {}
    for parcel in warehouse_queries.parcels_of_orders(tx, [row.id for row in rows]):
        if parcel.state != model.CANCELLED:
            parcels.setdefault(parcel.order_id, []).append(parcel)
    cancelled = [row.id for row, order in zip(rows, after, strict=True) if order.state == CANCELLED]
    warehouse.cancel(tx, [parcel.id for id_ in cancelled for parcel in parcels.get(id_, [])])
    planning.give_back(tx, cancelled)
    moved = []
    for row, order in zip(rows, after, strict=True):
        if order.state != CANCELLED:
            moved += [_moved(parcel, order) for parcel in parcels.get(row.id, [])]
    warehouse.move(tx, _COLUMNS, [values for values in moved if values])
    _settle(tx, rows, after, cancelled)
    return [
        (bool(parcels.get(row.id)) and order.state != CANCELLED, any(p.packed_at for p in parcels.get(row.id, ())))
        for row, order in zip(rows, after, strict=True)
    ]


def _moved(parcel: Parcel, order: OrderIn) -> tuple[object, ...]:
    """The parcel's new values, or () when nothing changes. An own parcel keeps its own number and arranging."""
    own = parcel.label_origin != PLATFORM
    arranged = parcel.arranged_at if own or parcel.arranged_at is not None else order.arranged_at
    scanned = parcel.first_scan_at or order.first_scan_at
    delivered = parcel.delivered_at or order.delivered_at
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
    before = (
        parcel.id,
        parcel.state,
        parcel.carrier_name,
        parcel.tracking_number,
        parcel.arranged_at,
        parcel.first_scan_at,
        parcel.delivered_at,
    )
    return () if values == before else values


def _settle(tx: Tx, rows: Sequence[Stored], after: Sequence[OrderIn], cancelled: Sequence[int]) -> None:
    """The export that shows an order moved on is the proof that what a person or a file was to tell has arrived."""
    moved_on = [row.id for row, order in zip(rows, after, strict=True) if order.state in _MOVED_ON]
    waiting = effects.waiting(tx, moved_on, (SHIPPED, ARRANGE)) if moved_on else []
    off = set(cancelled)
    effects.settle(tx, [id_ for id_, _, order in waiting if order not in off], "done", {"proof": "the platform shows it"})
    effects.settle(tx, [id_ for id_, _, order in waiting if order in off], "declined", {"code": "order_cancelled"})
