"""Use case: take a tracking file (CSV or XLSX): first scans and deliveries of parcels, by waybill number.

For a seller without API this file is how a parcel's way becomes known: it stops the first-scan clock, moves the order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

from fahuo.flow import parcels
from fahuo.flow.again import write_again
from fahuo.flow.house import House, open_desk
from fahuo.flow.import_data import DataReport, RowRefusal, read_table
from fahuo.flow.recompute import retime
from fahuo.inventory import service as inventory
from fahuo.kernel.columns import Column, text
from fahuo.kernel.instant import parse_instant
from fahuo.kernel.problems import Problem
from fahuo.kernel.text import N_
from fahuo.orders import queries as orders_queries
from fahuo.orders import service as orders
from fahuo.orders.model import DELIVERED, IN_TRANSIT, ORDER
from fahuo.orders.queries import Stored
from fahuo.store import journal
from fahuo.store.engine import Tx
from fahuo.tracking import service as tracking
from fahuo.tracking.model import WORDS, EventIn
from fahuo.tracking.rules import Seen, fold
from fahuo.warehouse import model, queries, service
from fahuo.warehouse.model import Parcel

BATCH = 2_000
COLUMNS = (
    Column("number", text(100), N_("waybill number"), required=True, example="FH000100000VN"),
    Column(
        "event",
        text(100),
        N_("first_scan, in_transit, delivered, exception, returned, or the carrier's word"),
        required=True,
        example="first_scan",
    ),
    Column("at", parse_instant, N_("when, ISO 8601 with offset"), required=True, example="2026-11-21T09:30:00+07:00"),
    Column("text", text(500), N_("the carrier's words"), example="Picked up"),
    Column("place", text(200), N_("where"), example="Ho Chi Minh City"),
)
_MOVED = (
    "state",
    "station",
    "first_scan_at",
    "delivered_at",
    "due_at",
    "due_clock",
    "version",
    "journal_seq",
    "journal_head",
)


def track(house: House, paths: Sequence[Path], actor: str, seller_id: int = 1) -> DataReport:
    """Take tracking files; one report for all. Numbers nobody knows are refused by row, the rest goes on."""
    report = DataReport()
    now = house.clock.now()
    for path in paths:
        rows = _events(path, report)
        while batch := list(islice(rows, BATCH)):
            once = partial(take_events, batch=batch, source=path.name, now=now, actor=actor)
            refused = write_again(house.store, once, seller_id)
            report.taken += len(batch) - len(refused)
            report.refused += [RowRefusal(str(path), event.row, _unknown(event)) for event in refused]
    return report


def take_events(tx: Tx, batch: Sequence[EventIn], source: str, now: int, actor: str) -> list[EventIn]:
    """Record events and what they prove, inside the caller's transaction; returns events of numbers nobody knows."""
    numbered: dict[str, list[Parcel]] = {}
    for parcel in queries.parcels_numbered(tx, {event.number for event in batch}):
        numbered.setdefault(parcel.tracking_number, []).append(parcel)
    by_parcel: dict[int, list[EventIn]] = {}
    for event in batch:
        for parcel in numbered.get(event.number, ()):
            by_parcel.setdefault(parcel.id, []).append(event)
    tracking.record(tx, [(id_, event) for id_, events in by_parcel.items() for event in events], source, now)
    moved: list[tuple[Parcel, Seen]] = []
    for parcel in (parcel for found in numbered.values() for parcel in found):
        known = Seen(parcel.first_scan_at, parcel.delivered_at)
        seen = fold(by_parcel[parcel.id], known)
        if seen != known:
            moved.append((parcel, seen))
    _follow(tx, moved, now, actor)
    return [event for event in batch if event.number not in numbered]


def _follow(tx: Tx, moved: Sequence[tuple[Parcel, Seen]], now: int, actor: str) -> None:
    if not moved:
        return
    # Orders first, then their parcels, as everywhere: a bench or an import may be at one of them.
    stored = orders_queries.stored(tx, {parcel.order_id for parcel, _ in moved})
    rows = [
        (
            parcel.id,
            model.DELIVERED if seen.delivered_at else model.IN_TRANSIT if seen.first_scan_at else parcel.state,
            seen.first_scan_at,
            seen.delivered_at,
        )
        for parcel, seen in moved
        if parcel.state != model.CANCELLED
    ]
    service.move(tx, ("state", "first_scan_at", "delivered_at"), rows)
    alive = parcels.alive(tx, [row.id for row in stored])
    stray = {parcel.order_id: seen for parcel, seen in moved}
    after = [_after(row, whole(alive.get(row.id, ()), stray[row.id])) for row in stored]
    inventory.depart(tx, {row.id: row.warehouse_id for row in after}, now, actor)
    desk = open_desk(tx, actor)
    found = retime(tx, desk, after)
    entries = []
    for row in after:
        data: dict[str, object] = {"state": row.state}
        if row.first_scan_at is not None:
            data["first_scan"] = row.first_scan_at
        if row.delivered_at is not None:
            data["delivered"] = row.delivered_at
        if shift := found[row.id].shift:
            data["clocks"] = shift
        entries.append(journal.Entry(row.id, "tracked", now, actor, data))
    heads = journal.append(tx, entries, {row.id: (row.journal_seq, row.journal_head) for row in stored})
    orders.move(
        tx,
        _MOVED,
        [
            (
                row.id,
                row.state,
                row.station,
                row.first_scan_at,
                row.delivered_at,
                found[row.id].timing.due_at,
                found[row.id].timing.due_clock,
                row.version + 1,
                *heads[row.id],
            )
            for row in after
        ],
    )


def whole(found: Sequence[Parcel], seen: Seen) -> Seen:
    """An order's scan is its first parcel's, its delivery its last one's; `seen` stands in where there is none."""
    if not found:
        return seen
    scans = [parcel.first_scan_at for parcel in found if parcel.first_scan_at is not None]
    delivered = [parcel.delivered_at for parcel in found if parcel.delivered_at is not None]
    return Seen(min(scans, default=None), max(delivered) if len(delivered) == len(found) else None)


def _after(row: Stored, seen: Seen) -> Stored:
    """The order once this is known. The platform may know better already: an event never moves an order back."""
    state = DELIVERED if seen.delivered_at is not None else IN_TRANSIT
    state = state if ORDER.reachable(row.state, state) else row.state
    station = {IN_TRANSIT: "transit", DELIVERED: "delivered"}.get(state, row.station)
    scanned = [at for at in (row.first_scan_at, seen.first_scan_at) if at is not None]
    delivered = [at for at in (row.delivered_at, seen.delivered_at) if at is not None]
    return row._replace(
        state=state,
        station=row.station if row.station == "history" else station,
        first_scan_at=min(scanned, default=None),
        delivered_at=min(delivered, default=None),
    )


def _events(path: Path, report: DataReport) -> Iterator[EventIn]:
    for row, values in read_table(path, COLUMNS, report):
        word = values.pop("event")
        yield EventIn(kind=WORDS.get(word.casefold(), word), row=row, **values)


def _unknown(event: EventIn) -> Problem:
    return Problem(
        "unknown_number",
        "number",
        event.number[:80],
        N_("No parcel has the number {number}."),
        N_("Check the number, or import the order first."),
        {"number": event.number[:80]},
    )
