"""Use case: take a tracking file (CSV or XLSX): first scans and deliveries of parcels, by waybill number.

For a seller without API this file is how a parcel's way becomes known: it stops the first-scan clock and moves the order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from fahuo.channels.sheets import rows as rows_of
from fahuo.deadlines import service as deadlines
from fahuo.deadlines.model import CLOCK, CLOCK_STOP
from fahuo.flow.house import House
from fahuo.flow.import_data import DataReport, RowRefusal
from fahuo.kernel.columns import Column, match_header, parse_row, text
from fahuo.kernel.instant import parse_instant
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.orders import queries as orders_queries
from fahuo.orders import service as orders
from fahuo.orders.model import DELIVERED, IN_TRANSIT, ORDER
from fahuo.store import journal
from fahuo.store.engine import Tx
from fahuo.tracking import service as tracking
from fahuo.tracking.model import WORDS, EventIn
from fahuo.tracking.rules import Seen, fold
from fahuo.warehouse import model, queries, service
from fahuo.warehouse.model import Parcel

BATCH = 2_000
COLUMNS = (
    Column("number", text(100), "waybill number", required=True, example="FH000100000VN"),
    Column("event", text(100), "first_scan, in_transit, delivered, exception, returned, or the carrier's word", required=True, example="first_scan"),
    Column("at", parse_instant, "when, ISO 8601 with offset", required=True, example="2026-11-21T09:30:00+07:00"),
    Column("text", text(500), "the carrier's words", example="Picked up"),
    Column("place", text(200), "where", example="Ho Chi Minh City"),
)  # fmt: skip
_MOVED = ("state", "station", "first_scan_at", "delivered_at", "due_at", "due_clock", "version", "journal_seq", "journal_head")


def track(house: House, paths: Sequence[Path], actor: str, seller_id: int = 1) -> DataReport:
    """Take tracking files; one report for all. Numbers nobody knows are refused by row, the rest goes on."""
    report = DataReport()
    now = house.clock.now()
    for path in paths:
        rows = _events(path, report)
        while batch := list(islice(rows, BATCH)):
            with house.store.write(seller_id) as tx:
                refused = take_events(tx, batch, path.name, now, actor)
            report.taken += len(batch) - len(refused)
            report.refused += [RowRefusal(str(path), event.row, _unknown(event)) for event in refused]
    return report


def take_events(tx: Tx, batch: Sequence[EventIn], source: str, now: int, actor: str) -> list[EventIn]:
    """Record events and what they prove, inside the caller's transaction; returns events of numbers nobody knows."""
    parcels: dict[str, list[Parcel]] = {}
    for parcel in queries.parcels_numbered(tx, {event.number for event in batch}):
        parcels.setdefault(parcel.tracking_number, []).append(parcel)
    by_parcel: dict[int, list[EventIn]] = {}
    for event in batch:
        for parcel in parcels.get(event.number, ()):
            by_parcel.setdefault(parcel.id, []).append(event)
    tracking.record(tx, [(id_, event) for id_, events in by_parcel.items() for event in events], source, now)
    moved: list[tuple[Parcel, Seen]] = []
    for parcel in (parcel for found in parcels.values() for parcel in found):
        known = Seen(parcel.first_scan_at, parcel.delivered_at)
        seen = fold(by_parcel[parcel.id], known)
        if seen != known:
            moved.append((parcel, seen))
    _follow(tx, moved, now, actor)
    return [event for event in batch if event.number not in parcels]


def _follow(tx: Tx, moved: Sequence[tuple[Parcel, Seen]], now: int, actor: str) -> None:
    if not moved:
        return
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
    seen_of = {parcel.order_id: seen for parcel, seen in moved}
    stored = orders_queries.stored(tx, seen_of)
    entries, changes, stops = [], [], []
    for row in stored:
        seen = seen_of[row.id]
        state = DELIVERED if seen.delivered_at else IN_TRANSIT
        # The platform may know better already: an event never moves an order back.
        state = state if ORDER.reachable(row.state, state) else row.state
        station = {IN_TRANSIT: "transit", DELIVERED: "delivered"}.get(state, row.station)
        data: dict[str, object] = {"state": state}
        if seen.first_scan_at is not None:
            data["first_scan"] = seen.first_scan_at
            stops += [(row.id, CLOCK[name], seen.first_scan_at) for name in _stopped_by("first_scan")]
        if seen.delivered_at is not None:
            data["delivered"] = seen.delivered_at
            stops += [(row.id, CLOCK[name], seen.delivered_at) for name in _stopped_by("delivered")]
        entries.append(journal.Entry(row.id, "tracked", now, actor, data))
        station = row.station if row.station == "history" else station
        changes.append((row.id, state, station, seen.first_scan_at, seen.delivered_at, None, None, row.version + 1))
    heads = journal.append(tx, entries, {row.id: (row.journal_seq, row.journal_head) for row in stored})
    orders.move(tx, _MOVED, [(*change, *heads[change[0]]) for change in changes])
    deadlines.stop(tx, stops)


def _stopped_by(event: str) -> list[str]:
    return [name for name, code in CLOCK.items() if CLOCK_STOP[code] == event]


def _events(path: Path, report: DataReport) -> Iterator[EventIn]:
    lines = iter(rows_of(path))
    header = next(lines, None)
    if header is None:
        raise Failure(Problem("file_empty", "file", path.name, N_("The file is empty."), N_("Give a table with a header row.")))
    places, missing = match_header(header[1], COLUMNS)
    if missing:
        raise Failure(missing[0])
    for row, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        report.read += 1
        values, problems = parse_row(cells, places, COLUMNS)
        if problems:
            report.refused += [RowRefusal(str(path), row, problem) for problem in problems[:3]]
            continue
        kind = WORDS.get(values.pop("event").casefold())
        yield EventIn(kind=kind or cells[places["event"]].strip()[:100], row=row, **values)


def _unknown(event: EventIn) -> Problem:
    return Problem(
        "unknown_number",
        "number",
        event.number[:80],
        N_("No parcel has the number {number}."),
        N_("Check the number, or import the order first."),
        {"number": event.number[:80]},
    )
