"""The clock engine: facts of many orders in, every clock of every order out.

Orders are grouped by their plan (the rules that speak for them); a group's rule is a handful of array operations.
Nothing in here knows the time of day, a database or a language.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

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
from fahuo.deadlines.packs import Plan, RuleBook, Step
from fahuo.kernel.arrays import DAY, Bools, Ints, first_known, from_local_array, to_local
from fahuo.kernel.calendar import Calendar, DayTable, day_number
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
        group = _Group(facts, where, book, book.plans[number], extensions, grid)
        for step in group.plan.steps:
            group.step(step, book.rules[step.rule])
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


@dataclass
class _Moments:
    """Start events of a group that are known: who has them, and their local date and time of day."""

    at: Ints
    rows: Ints | None
    """Positions inside the group; None = all."""
    day: Ints
    second: Ints


class _Group:
    """The orders of one plan. Local dates are worked out once per start event and zone, not once per rule."""

    def __init__(
        self,
        facts: Facts,
        where: Ints | None,
        book: RuleBook,
        plan: Plan,
        extensions: Sequence[Extension],
        grid: _Grid,
    ) -> None:
        self.facts, self.where, self.book, self.plan = facts, where, book, plan
        self.extensions, self.grid = extensions, grid
        self.moments: dict[tuple[tuple[str, ...], str], _Moments] = {}

    def column(self, values: Ints) -> Ints:
        """A column of the facts for this group's orders."""
        return values if self.where is None else values[self.where]

    def step(self, step: Step, rule: Rule) -> None:
        """One rule of the plan, into the grid."""
        moments = self._moments(rule.start, step)
        at, rows = moments.at, moments.rows
        keep: Bools | None = None
        if len(at) and (at.min() < step.since or at.max() >= step.until):
            keep = (at >= step.since) & (at < step.until)
        handling = None
        if rule.handling:
            handling = self._handling(rows)
            given = (handling >= 0) & (handling <= MOST)
            keep = given if keep is None else keep & given
        day, second = moments.day, moments.second
        if keep is not None:
            if not keep.any():
                return
            at, day, second = at[keep], day[keep], second[keep]
            rows = np.flatnonzero(keep) if rows is None else rows[keep]
            handling = handling[keep] if handling is not None else None
        if not len(at):
            return
        due, band = self._due(step, rule, at, day, second, rows, handling)
        self._store(step, rule, rows, at, due, band)

    def _due(
        self,
        step: Step,
        rule: Rule,
        at: Ints,
        day: Ints,
        second: Ints,
        rows: Ints | None,
        handling: Ints | None,
    ) -> tuple[Ints, Ints | None]:
        amount: Ints | int = rule.amount
        if rule.after_ready is not None:
            ready = self.column(self.facts.ready_at) if rows is None else self.column(self.facts.ready_at)[rows]
            amount = np.where(ready != NONE, rule.after_ready, rule.amount)
        calendar_days = self._by_calendar(rows) if handling is not None else None
        spans = _Spans(at, day, second, handling, calendar_days)
        calendar = self.book.calendars[step.calendar]
        due, band = _limits(step, rule, calendar, spans, amount)
        for closures, hit in self._closures(step, rule, at):
            changed = calendar.with_changes(closed=closures)
            some = amount if isinstance(amount, int) else amount[hit]
            later, later_band = _limits(step, rule, changed, spans.pick(hit), some)
            due[hit] = later
            if band is not None and later_band is not None:
                band[hit] = later_band
        return self._more(step, rule, at, due), band

    def _moments(self, events: tuple[str, ...], step: Step) -> _Moments:
        key = events, step.zone.key
        found = self.moments.get(key)
        if found is None:
            columns = [self.column(c) for c in map(self.facts.event, events) if c is not None]
            at = first_known(columns) if len(columns) > 1 else columns[0] if columns else np.empty(0, dtype=np.int64)
            rows = None
            good = (at >= 0) & (at < LIMIT)  # NONE is negative
            if not good.all():
                rows = np.flatnonzero(good)
                at = at[rows]
            local = to_local(at, step.zone)
            day = local // DAY
            found = self.moments[key] = _Moments(at, rows, day, local - day * DAY)
        return found

    def _handling(self, rows: Ints | None) -> Ints:
        days = self.column(self.facts.handling_days)
        return days if rows is None else days[rows]

    def _by_calendar(self, rows: Ints | None) -> Bools:
        kinds = self.facts.handling_type
        at = np.arange(len(self.facts)) if self.where is None else self.where
        at = at if rows is None else at[rows]
        return np.fromiter((kinds[i] == "CALENDAR_DAY" for i in at.tolist()), dtype=np.bool_, count=len(at))

    def _closures(self, step: Step, rule: Rule, at: Ints) -> Iterator[tuple[dict[date, str], Bools]]:
        """(extra closed dates, orders whose start they apply to) for each combination of announced closures."""
        mine = [x for x in self.extensions if x.closed and x.calendar == step.calendar and self._concerns(x, rule)]
        if not mine:
            return
        mask = np.zeros(len(at), dtype=np.int64)
        for bit, x in enumerate(mine):
            mask |= ((at >= x.start_from) & (at < x.start_to)).astype(np.int64) << bit
        for combination in np.unique(mask[mask > 0]).tolist():
            chosen = [x for bit, x in enumerate(mine) if combination >> bit & 1]
            yield {d: x.why or x.id for x in chosen for d in x.closed}, mask == combination

    def _more(self, step: Step, rule: Rule, at: Ints, due: Ints) -> Ints:
        """Announced additional hours and days, one announcement after the other."""
        pack = self.book.packs[rule.pack]
        for x in self.extensions:
            elsewhere = self.book.market_of(x.market) != self.plan.market
            if (
                not x.amount
                or elsewhere
                or not self._concerns(x, rule)
                or x.seller_type not in ("", *pack.seller_types)
            ):
                continue
            hit = (at >= x.start_from) & (at < x.start_to)
            if hit.any():
                due = due.copy()
                due[hit] = _later(due[hit], x, step, self.book.calendars[step.calendar])
        return due

    def _concerns(self, extension: Extension, rule: Rule) -> bool:
        return not extension.clocks or CLOCKS[rule.clock] in extension.clocks

    def _store(self, step: Step, rule: Rule, rows: Ints | None, at: Ints, due: Ints, band: Ints | None) -> None:
        grid, where = self.grid, self.where
        inside = slice(None) if rows is None else rows
        target = inside if where is None else where[inside]
        grid.starts[target, rule.clock] = at
        grid.due[target, rule.clock] = due
        grid.rule[target, rule.clock] = step.rule
        if band is not None:
            if grid.band is None:
                grid.band = np.full(grid.due.shape, NONE, dtype=np.int64)
            grid.band[target, rule.clock] = band


@dataclass
class _Spans:
    """Start moments with their handling times, ready for arithmetic."""

    at: Ints
    day: Ints
    second: Ints
    handling: Ints | None
    calendar_days: Bools | None

    def pick(self, hit: Bools) -> "_Spans":
        return _Spans(
            self.at[hit],
            self.day[hit],
            self.second[hit],
            None if self.handling is None else self.handling[hit],
            None if self.calendar_days is None else self.calendar_days[hit],
        )


def _limits(step: Step, rule: Rule, calendar: Calendar, spans: _Spans, amount: Ints | int) -> tuple[Ints, Ints | None]:
    """Due instants of a rule, and its lower band."""
    table = calendar.table()
    day, late = spans.day, None
    if rule.cutoff is not None:
        late = spans.second >= _cutoffs(rule.cutoff, calendar, day)
    if spans.handling is not None and spans.calendar_days is not None:
        worked = table.add_open_days(day, np.where(spans.calendar_days, 0, spans.handling))
        day = np.where(spans.calendar_days, day + spans.handling, np.where(spans.handling > 0, worked, day))
    due = _due(step, rule, table, _Spans(spans.at, day, spans.second, None, None), amount, late)
    if rule.late_same_day is not None and late is not None:
        special = late & table.is_open[spans.day - table.first]
        own = spans.day[special] * DAY + rule.late_same_day
        due[special] = from_local_array(own, step.zone)
    band = None
    if rule.band is not None:
        band = _due(step, rule, table, _Spans(spans.at, day, spans.second, None, None), rule.band, late)
    return due, band


def _due(step: Step, rule: Rule, table: DayTable, spans: _Spans, amount: Ints | int, late: Bools | None) -> Ints:
    """One limit: amount units after the start, on the rule's calendar, at the rule's time of day."""
    if rule.unit == "hour":
        return _snapped(spans.at + np.asarray(amount) * 3600, rule, step)
    if rule.unit == "business_hour":
        return _snapped(from_local_array(_worked_hours(table, spans, amount), step.zone), rule, step)
    if rule.unit == "calendar_day":
        day = spans.day + amount + (0 if late is None else late)
    elif late is None:
        day = np.where(np.equal(amount, 0), spans.day, table.add_open_days(spans.day, amount))
    else:
        day = _received(table, spans.day, late, amount)
    return from_local_array(day * DAY + (spans.second if rule.snap is None else rule.snap), step.zone)


def _received(table: DayTable, day: Ints, late: Bools, amount: Ints | int) -> Ints:
    """`amount` open days after the day an order counts as received: its own if open and before the cut-off."""
    i = day - table.first
    received: Ints = table.opens[table.before[i] + (late & table.is_open[i]) + amount]
    return received


def _cutoffs(cutoff: int, calendar: Calendar, day: Ints) -> Ints | int:
    if not calendar.cutoffs:
        return cutoff
    week = np.array([calendar.cutoffs.get(w, cutoff) for w in range(7)], dtype=np.int64)
    return week[(day + 3) % 7]


def _worked_hours(table: DayTable, spans: _Spans, amount: Ints | int) -> Ints:
    """Local seconds after `amount` hours that pass only on open days (24 hours each)."""
    i = spans.day - table.first
    passed = table.before[i] * DAY + np.where(table.is_open[i], spans.second, 0) + np.asarray(amount) * 3600
    # due at midnight means the end of the day before, not the start of the next open day
    whole = (passed - 1) // DAY
    end: Ints = table.opens[whole] * DAY + (passed - whole * DAY)
    return end


def _snapped(at: Ints, rule: Rule, step: Step) -> Ints:
    if rule.snap is None:
        return at
    local = to_local(at, step.zone)
    return from_local_array(local // DAY * DAY + rule.snap, step.zone)


def _later(due: Ints, extension: Extension, step: Step, calendar: Calendar) -> Ints:
    if extension.unit == "hour":
        return due + extension.amount * 3600
    local = to_local(due, step.zone)
    day = local // DAY
    if extension.unit == "calendar_day":
        moved = day + extension.amount
    else:
        moved = calendar.table().add_open_days(day, extension.amount)
    return from_local_array(moved * DAY + local % DAY, step.zone)


def _platform(facts: Facts, grid: _Grid) -> None:
    """The platform's own limits, over those of the packs."""
    limits: dict[int, list[Ints]] = {}
    for name, clock_name in PLATFORM_FIELDS.items():
        values = facts.platform.get(name)
        if values is not None:
            limits.setdefault(CLOCK[clock_name], []).append(_seconds(values))
    for clock, columns in limits.items():
        own = columns[0]
        for other in columns[1:]:
            own = np.where(own == NONE, other, np.where(other == NONE, own, np.minimum(own, other)))
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
    """Some live fields come in milliseconds."""
    return np.where(values > _MS_FROM, values // 1000, values) if values.max(initial=0) > _MS_FROM else values


def _collect(facts: Facts, offset: int, book: RuleBook, grid: _Grid, plan_of: Plans) -> Clocks:
    mask = grid.due != NONE
    order, clock = np.nonzero(mask)
    rule = grid.rule[mask]
    known = rule >= 0
    party = np.where(known, book.rule_party[rule], _CLOCK_PARTY[clock])
    pack = np.where(known, book.rule_pack[rule], -1).astype(np.int16)
    stops = np.array([STOPS.index(r.stop) for r in book.rules], dtype=np.int8)
    stop = np.where(known, stops[rule], _CLOCK_STOP[clock])
    source = np.zeros(len(order), dtype=np.int8) if grid.platform is None else grid.platform[mask].astype(np.int8)
    band = np.full(len(order), NONE, dtype=np.int64) if grid.band is None else grid.band[mask]
    idle = np.flatnonzero(~mask.any(axis=1)).tolist()
    plans = book.plans
    unmatched = {offset + i: plans[plan_of[i]].words() for i in idle}
    return Clocks(
        order=order + offset,
        clock=clock.astype(np.int8),
        party=party,
        starts=grid.starts[mask],
        due=grid.due[mask],
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
