"""The clock engine: facts of many orders in, every clock of every order out.

Orders are grouped by their plan (the rules that speak for them); a group's rule is a handful of array operations.
Nothing in here knows the time of day, a database or a language.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from fahuo.deadlines.limits import Starts, later, limits
from fahuo.deadlines.model import (
    CLOCK,
    CLOCK_PARTY,
    CLOCK_STOP,
    CLOCKS,
    EXTRA_EVENTS,
    PARTY,
    PLATFORM_FIELDS,
    Clocks,
    Extension,
    Facts,
    Indexes,
)
from fahuo.deadlines.packfile import MOST, STOPS, Rule
from fahuo.deadlines.packs import Closed, Plan, RuleBook, Step
from fahuo.kernel.arrays import DAY, Bools, Ints, earliest, first_known, to_local
from fahuo.kernel.calendar import day_number
from fahuo.kernel.instant import NONE

Plans = NDArray[np.int32]

CHUNK = 32_768
"""Orders computed at once: their columns stay in the processor's cache."""
_MS_FROM = 100_000_000_000
LIMIT = day_number(date(2080, 1, 1)) * DAY
"""Start events from 1970 up to here are computed; others are not believed."""
_CLOCK_PARTY = np.array([PARTY[p] for p in CLOCK_PARTY], dtype=np.int8)
_CLOCK_STOP = np.array([STOPS.index(s) for s in CLOCK_STOP], dtype=np.int8)


@dataclass
class _Grid:
    """Orders × clocks of one chunk; due = NONE where there is no clock."""

    starts: Ints
    due: Ints
    band: Ints | None
    rule: Indexes
    platform: Bools | None

    @classmethod
    def blank(cls, n: int) -> "_Grid":
        shape = (n, len(CLOCKS))
        none = np.full(shape, NONE, dtype=np.int64)
        return cls(np.empty(shape, dtype=np.int64), none, None, np.full(shape, -1, dtype=np.int16), None)


def compute(facts: Facts, book: RuleBook, extensions: Sequence[Extension] = ()) -> Clocks:
    """Every clock of every order.

    The platform's own fields win over a pack's due time. A clock whose start event has not happened has no row.
    An event that is not recorded counts as having happened at the next later one that is (a delivered parcel was
    scanned), so a stop time is never too early.
    """
    parts = [_chunk(facts.part(lo, lo + CHUNK), lo, book, extensions) for lo in range(0, len(facts), CHUNK)]
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return _chunk(facts, 0, book, extensions)
    columns = ("order", "clock", "party", "starts", "due", "met", "ended", "band", "source", "pack", "rule")
    joined = {name: np.concatenate([getattr(p, name) for p in parts]) for name in columns}
    unmatched = {order: why for p in parts for order, why in p.unmatched.items()}
    return Clocks(**joined, unmatched=unmatched, pack_ids=book.pack_ids, rule_ids=book.rule_ids)


def _chunk(facts: Facts, offset: int, book: RuleBook, extensions: Sequence[Extension]) -> Clocks:
    book.forget()
    n = len(facts)
    grid = _Grid.blank(n)
    keys = zip(
        facts.market,
        facts.seller_type,
        facts.shipping_type,
        facts.order_type,
        facts.origin_region,
        facts.pack,
        strict=True,
    )
    plan_of = np.fromiter(map(book.keys.__getitem__, keys), dtype=np.int32, count=n)
    for number, where in _groups(plan_of):
        group = _Group(facts, where, book, book.plans[number], grid)
        for step in group.plan.steps:
            group.step(step, extensions)
    _platform(facts, grid)
    return _collect(facts, offset, book, grid, plan_of)


def _groups(codes: Plans) -> Iterator[tuple[int, Ints | None]]:
    """(code, positions) of each code; None stands for all positions."""
    if not len(codes):
        return
    if codes[0] == codes[-1] and (codes == codes[0]).all():
        yield int(codes[0]), None
        return
    # 16 bits are sorted by radix
    order = np.argsort(codes.astype(np.int16) if codes.max() < 2**15 else codes, kind="stable")
    ranked = codes[order]
    cuts = np.flatnonzero(ranked[1:] != ranked[:-1]) + 1
    for where in np.split(order, cuts):
        yield int(codes[where[0]]), where


class _Group:
    """The orders of one plan. Local dates are worked out once per start event and zone, not once per rule."""

    def __init__(self, facts: Facts, where: Ints | None, book: RuleBook, plan: Plan, grid: _Grid) -> None:
        self.facts, self.where, self.book, self.plan, self.grid = facts, where, book, plan, grid
        self.moments: dict[tuple[tuple[str, ...], str], Starts] = {}

    def column(self, values: Ints, rows: Ints | None = None) -> Ints:
        """A column of the facts for this group's orders, or for some of them."""
        mine = values if self.where is None else values[self.where]
        return mine if rows is None else mine[rows]

    def step(self, step: Step, extensions: Sequence[Extension]) -> None:
        """One rule of the plan, into the grid."""
        rule = self.book.rules[step.rule]
        starts = self._starts(step, rule)
        if not len(starts.at):
            return
        calendar = self.book.calendars[step.calendar]
        due, band = limits(rule, step.zone, calendar, starts)
        mine = [x for x in extensions if self.book.concerns(x, self.plan, step)]
        for closed, hit in _closures(mine, starts.at):
            changed = self.book.closed_also(step.calendar, closed)
            due[hit], other = limits(rule, step.zone, changed, starts.pick(hit))
            if band is not None and other is not None:
                band[hit] = other
        for x in mine:
            hit = (starts.at >= x.start_from) & (starts.at < x.start_to)
            if x.amount and hit.any():
                due[hit] = later(due[hit], x, step.zone, calendar)
        self._store(step, rule, starts, due, band)

    def _starts(self, step: Step, rule: Rule) -> Starts:
        """The moments the rule counts from: those in force, with their amount and handling time."""
        found = self._moments(rule.start, step.zone)
        starts = Starts(found.at, found.rows, found.day, found.second, rule.amount)
        if len(found.at) and (found.at.min() < step.since or found.at.max() >= step.until):
            starts = starts.pick((found.at >= step.since) & (found.at < step.until))
        if rule.after_ready is not None:
            ready = self.column(self.facts.ready_at, starts.rows)
            starts.amount = np.where(ready != NONE, rule.after_ready, rule.amount)
        if rule.handling:
            starts.handling = self.column(self.facts.handling_days, starts.rows)
            starts.by_calendar = self._by_calendar(starts.rows)
            given = (starts.handling >= 0) & (starts.handling <= MOST)
            starts = starts if given.all() else starts.pick(given)
        return starts

    def _moments(self, events: tuple[str, ...], tz: ZoneInfo) -> Starts:
        found = self.moments.get((events, tz.key))
        if found is None:
            columns = [self.column(c) for c in map(self.facts.event, events) if c is not None]
            at = first_known(columns) if columns else np.empty(0, dtype=np.int64)
            rows = None
            good = (at >= 0) & (at < LIMIT)  # NONE is negative
            if not good.all():
                rows = np.flatnonzero(good)
                at = at[rows]
            local = to_local(at, tz)
            day = local // DAY
            found = self.moments[events, tz.key] = Starts(at, rows, day, local - day * DAY)
        return found

    def _by_calendar(self, rows: Ints | None) -> Bools:
        kinds = self.facts.handling_type
        at = self.column(np.arange(len(self.facts)), rows)
        return np.fromiter((kinds[i] == "CALENDAR_DAY" for i in at.tolist()), dtype=np.bool_, count=len(at))

    def _store(self, step: Step, rule: Rule, starts: Starts, due: Ints, band: Ints | None) -> None:
        grid = self.grid
        inside = slice(None) if starts.rows is None else starts.rows
        target = inside if self.where is None else self.where[inside]
        grid.starts[target, rule.clock] = starts.at
        grid.due[target, rule.clock] = due
        grid.rule[target, rule.clock] = step.rule
        if band is not None:
            if grid.band is None:
                grid.band = np.full(grid.due.shape, NONE, dtype=np.int64)
            grid.band[target, rule.clock] = band


def _closures(extensions: Sequence[Extension], at: Ints) -> Iterator[tuple[Closed, Bools]]:
    """(extra closed dates, moments they apply to) for each combination of announced closures that occurs."""
    closing = [x for x in extensions if x.closed and len(at) and at.max() >= x.start_from and at.min() < x.start_to]
    if not closing:
        return
    applies = np.stack([(at >= x.start_from) & (at < x.start_to) for x in closing])
    for combination in np.unique(applies, axis=1).T:
        if combination.any():
            chosen = [x for x, used in zip(closing, combination.tolist(), strict=True) if used]
            closed = {d: x.why or x.id for x in chosen for d in x.closed}
            yield tuple(sorted(closed.items())), (applies == combination[:, None]).all(axis=0)


def _platform(facts: Facts, grid: _Grid) -> None:
    """The platform's own limits, over those of the packs."""
    found: dict[int, list[Ints]] = {}
    for name, clock_name in PLATFORM_FIELDS.items():
        values = facts.platform.get(name)
        if values is not None:
            found.setdefault(CLOCK[clock_name], []).append(_seconds(values))
    for clock, columns in found.items():
        own = earliest(columns)
        given = own != NONE
        if not given.any():
            continue
        if grid.platform is None:
            grid.platform = np.zeros(grid.due.shape, dtype=np.bool_)
        alone = given & (grid.due[:, clock] == NONE)
        begun = first_known([facts.created_at, facts.paid_at, facts.awaiting_at, own])
        grid.starts[alone, clock] = begun[alone]
        grid.due[given, clock] = own[given]
        grid.platform[given, clock] = True
        if grid.band is not None:
            grid.band[given, clock] = NONE


def _seconds(values: Ints) -> Ints:
    """Some live fields come in milliseconds; nought means there is none."""
    known = np.where(values > 0, values, NONE)
    return np.where(known > _MS_FROM, known // 1000, known)


def _collect(facts: Facts, offset: int, book: RuleBook, grid: _Grid, plan_of: Plans) -> Clocks:
    mask = grid.due != NONE
    at = np.flatnonzero(mask)  # one search instead of one per column
    order = at // len(CLOCKS)
    clock = at - order * len(CLOCKS)
    rule = grid.rule.ravel()[at]
    known = rule >= 0
    party = np.where(known, book.rule_party[rule], _CLOCK_PARTY[clock])
    pack = np.where(known, book.rule_pack[rule], -1).astype(np.int16)
    stops = np.array([STOPS.index(r.stop) for r in book.rules], dtype=np.int8)
    stop = np.where(known, stops[rule], _CLOCK_STOP[clock])
    source = np.zeros(len(order), dtype=np.int8) if grid.platform is None else grid.platform.ravel()[at].astype(np.int8)
    band = np.full(len(order), NONE, dtype=np.int64) if grid.band is None else grid.band.ravel()[at]
    idle = np.flatnonzero(~mask.any(axis=1)).tolist()
    plans = book.plans
    unmatched = {offset + i: plans[plan_of[i]].words() for i in idle}
    return Clocks(
        order=order + offset,
        clock=clock.astype(np.int8),
        party=party,
        starts=grid.starts.ravel()[at],
        due=grid.due.ravel()[at],
        met=_stops(facts)[stop, order],
        ended=facts.cancelled_at[order],
        band=band,
        source=source,
        pack=pack,
        rule=rule,
        unmatched=unmatched,
        pack_ids=book.pack_ids,
        rule_ids=book.rule_ids,
    )


def _stops(facts: Facts) -> Ints:
    """Stop events × orders, in the order of STOPS."""
    delivered = facts.delivered_at
    scanned = first_known([facts.first_scan_at, delivered])
    ready = first_known([facts.ready_at, scanned])
    none = np.full(len(facts), NONE, dtype=np.int64)
    extra = [first_known([facts.events.get(name, none), delivered]) for name in EXTRA_EVENTS]
    return np.stack([ready, scanned, delivered, *extra])
