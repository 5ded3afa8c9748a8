"""Use cases: what a new rule pack, a changed calendar or an announced extension means for the orders we have.

Every order's clocks are computed again from its facts; only those whose clocks come out otherwise are written, and
their journal says what changed and why. Doing it twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from hashlib import blake2b
from typing import Any, Final, NamedTuple, cast

import msgspec
import numpy as np

from fahuo.catalogue import queries as catalogue
from fahuo.catalogue.model import Shop
from fahuo.deadlines import queries as deadlines_queries
from fahuo.deadlines import service as deadlines
from fahuo.deadlines.model import CLOCKS, Extension
from fahuo.deadlines.queries import ClockRow
from fahuo.flow.checks import WORK_SECONDS, hand_overs
from fahuo.flow.clocks import Timed, Timing, clock_rows, iso_region, time_orders
from fahuo.flow.house import Desk, House, open_desk
from fahuo.kernel.instant import NONE
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.orders import queries as orders_queries
from fahuo.orders import service as orders
from fahuo.orders.model import FINISHED
from fahuo.orders.queries import Stored
from fahuo.orders.rules import Hold, can_leave, hold
from fahuo.store import journal, settings
from fahuo.store.engine import Tx
from fahuo.warehouse import first_mile

BATCH: Final = 2_000
BOOK: Final = "deadlines.book"
"""Setting: digest of the rules that the orders' clocks were last computed by."""
_TIMED: Final = ("no_rule_found", "cannot_leave_in_time")


class Recomputed(msgspec.Struct):
    """How many orders were looked at, and how many had clocks that changed."""

    checked: int = 0
    changed: int = 0


class Retimed(NamedTuple):
    """An order's clocks now, and what moved: {} when nothing did."""

    timing: Timing
    shift: dict[str, Any]


def retime(tx: Tx, desk: Desk, rows: Sequence[Stored]) -> dict[int, Retimed]:
    """Compute the clocks of these orders anew and write those that changed; the order row is the caller's."""
    shops = {shop.id: shop for shop in catalogue.shop_list(tx)}
    places = {place.id: place for place in desk.warehouses}
    old = deadlines_queries.clocks_of(tx, [row.id for row in rows])
    by_shop: dict[int, list[Stored]] = {}
    for row in rows:
        by_shop.setdefault(row.shop_id, []).append(row)
    found: dict[int, Retimed] = {}
    for shop_id, group in by_shop.items():
        regions = [iso_region(places.get(row.warehouse_id or 0)) for row in group]
        facts = cast("list[Timed]", group)  # a row is read-only, and facts are only read
        scans = first_mile_scans(tx, shops[shop_id], [row.id for row in group])
        timings = time_orders(facts, shops[shop_id], regions, desk.book, desk.extensions, scans)
        for row, timing in zip(group, timings, strict=True):
            found[row.id] = Retimed(timing, clock_shift(old.get(row.id, []), timing))
    moved = [
        id_ for id_, one in found.items() if _written(old.get(id_, [])) != {values[0]: values for values in one[0].rows}
    ]
    deadlines.replace(tx, moved, clock_rows(moved, [found[id_].timing for id_ in moved]))
    return found


def first_mile_scans(tx: Tx, shop: Shop, ids: Sequence[int]) -> list[tuple[int | None, int | None]]:
    """What domestic courier and sorting warehouse scanned of these orders; [] where a shop has no first mile."""
    if shop.seller_type != "cross_border":
        return []
    found = first_mile.scans(tx, ids)
    return [found.get(id_, (None, None)) for id_ in ids]


def _written(rows: Sequence[ClockRow]) -> dict[int, tuple[Any, ...]]:
    return {row.clock: tuple(row[1:]) for row in rows}


def clock_shift(old: Sequence[ClockRow], timing: Timing) -> dict[str, Any]:
    """Clocks whose due time moved, before and after, with the pack that says so; {} when none did."""
    was = {row.clock: row.due_at for row in old}
    now = {row[0]: row[3] for row in timing.rows}
    moved = {
        CLOCKS[clock]: [was.get(clock), now.get(clock)]
        for clock in sorted(was.keys() | now.keys())
        if was.get(clock) != now.get(clock)
    }
    return {"pack": timing.pack or "", "due": moved} if moved else {}


def recompute(house: House, why: str, actor: str = "recompute", *, seller_id: int = 1) -> Recomputed:
    """Compute the clocks of every order of the seller anew. `why` stands in the journal of each order that changes."""
    now = house.clock.now()
    with house.store.read(seller_id) as tx:
        desk = open_desk(tx, actor)
        digest = book_digest(tx, desk)
    done = Recomputed()
    after = 0
    while True:
        with house.store.write(seller_id) as tx:
            ids = orders_queries.ids_after(tx, after, BATCH)
            if ids:
                done.changed += _recompute(tx, desk, ids, why, now)
                done.checked += len(ids)
                after = ids[-1]
            else:
                settings.put(tx, BOOK, digest)
                return done


def _recompute(tx: Tx, desk: Desk, ids: Sequence[int], why: str, now: int) -> int:
    rows = orders_queries.stored(tx, ids)
    found = retime(tx, desk, rows)
    changed = [row for row in rows if found[row.id].shift]
    entries = [journal.Entry(r.id, "reclocked", now, desk.actor, {"why": why, **found[r.id].shift}) for r in changed]
    heads = journal.append(tx, entries, {row.id: (row.journal_seq, row.journal_head) for row in changed})
    columns = ("due_at", "due_clock", "pack", "version", "journal_seq", "journal_head")
    moves = []
    for row in changed:
        timing = found[row.id].timing
        moves.append((row.id, timing.due_at, timing.due_clock, timing.pack, row.version + 1, *heads[row.id]))
    orders.move(tx, columns, moves)
    _rehold(tx, desk, [row for row in changed if row.state not in FINISHED and row.station != "history"], found, now)
    return len(changed)


def _rehold(tx: Tx, desk: Desk, rows: Sequence[Stored], found: dict[int, Retimed], now: int) -> None:
    """The two holds that hang on the clocks: no rule found, and no way to leave in time."""
    open_ = orders_queries.open_holds(tx, [row.id for row in rows])
    due = np.array([NONE if (at := found[r.id].timing.due_at) is None else at for r in rows], dtype=np.int64)
    departures = hand_overs(desk.warehouses, now)
    late = can_leave(due, now, departures, work_seconds=WORK_SECONDS) if len(departures) else [None] * len(rows)
    fresh: dict[int, list[Hold]] = {}
    gone: list[tuple[int, str, int]] = []
    for row, tight in zip(rows, late, strict=True):
        want = {} if tight is None or row.packed_at is not None else {tight.code: tight}
        if not found[row.id].timing.rows:
            want["no_rule_found"] = hold("no_rule_found", "market", row.market)
        have = {one.code: one for one in open_.get(row.id, []) if one.code in _TIMED}
        gone += [(row.id, code, one.since_at) for code, one in have.items() if code not in want]
        if new := [one for code, one in want.items() if code not in have]:
            fresh[row.id] = new
    orders.release(tx, gone, now, "system", "the clocks have changed")
    orders.hold(tx, fresh, now)


def if_changed(house: House, actor: str = "run", *, seller_id: int = 1) -> Recomputed | None:
    """Recompute when the rules are others than last time; None when they are not."""
    with house.store.read(seller_id) as tx:
        desk = open_desk(tx, actor)
        digest, known = book_digest(tx, desk), settings.get(tx, BOOK)
    if known == digest:
        return None
    return recompute(house, "the rule packs, a calendar or a shop's rules have changed", actor, seller_id=seller_id)


def book_digest(tx: Tx, desk: Desk) -> str:
    """What the clocks depend on besides the orders: packs, calendars, markets, extensions, the shops' own choice."""
    calendars = [
        (c.id, sorted(c.weekdays), sorted(c.holidays), sorted(c.working), sorted(c.cutoffs.items()))
        for _, c in sorted(desk.book.calendars.items())
    ]
    shops = [(shop.id, shop.market, shop.seller_type, shop.pack) for shop in catalogue.shop_list(tx)]
    whole = (desk.book.packs, calendars, desk.book.markets, desk.book.aliases, desk.extensions, shops)
    return blake2b(msgspec.json.encode(whole, order="deterministic"), digest_size=16).hexdigest()


def announce(house: House, extension: Extension, actor: str, *, seller_id: int = 1) -> Recomputed:
    """Take an announced extension (again: the same id replaces it) and recompute the orders it touches."""
    with house.store.write(seller_id) as tx:
        book = open_desk(tx, actor).book
        if extension.calendar and extension.calendar not in book.calendars:
            raise Failure(_unknown_calendar(extension.calendar, sorted(book.calendars)))
        if extension.market and book.market_of(extension.market) not in book.markets:
            raise Failure(
                Problem(
                    "unknown_market",
                    "market",
                    extension.market[:80],
                    N_("There is no market {market}."),
                    N_("Choose one of: {known}."),
                    {"market": extension.market[:80], "known": ", ".join(sorted(book.markets))},
                )
            )
        deadlines.announce(tx, extension, house.clock.now())
    return recompute(
        house, f"extension {extension.id}: {extension.why or extension.source}", actor, seller_id=seller_id
    )


def change_calendar(
    house: House, calendar: str, days: Sequence[date], is_open: bool, why: str, actor: str, *, seller_id: int = 1
) -> Recomputed:
    """Make days of a calendar working days or not, beside what ships, and recompute the orders that touches."""
    with house.store.write(seller_id) as tx:
        known = open_desk(tx, actor).book.calendars
        if calendar not in known:
            raise Failure(_unknown_calendar(calendar, sorted(known)))
        deadlines.change_calendar(tx, [(calendar, day.isoformat(), is_open, why) for day in days])
    word = "open" if is_open else "closed"
    told = f"{calendar} {word} on {', '.join(day.isoformat() for day in days)}: {why}"
    return recompute(house, told, actor, seller_id=seller_id)


def _unknown_calendar(name: str, known: Sequence[str]) -> Problem:
    return Problem(
        "unknown_calendar",
        "calendar",
        name[:80],
        N_("There is no calendar {calendar}."),
        N_("Choose one of: {known}."),
        {"calendar": name[:80], "known": ", ".join(known)},
    )
