"""A due time in words: the rule, its source, and each day counted or skipped and why. Built only where it is shown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from fahuo.deadlines.model import (
    CLOCK,
    CLOCKS,
    FIELDS,
    OUTCOMES,
    PARTIES,
    PLATFORM_FIELDS,
    SOURCES,
    Clocks,
    Extension,
    Facts,
)
from fahuo.deadlines.packfile import Rule
from fahuo.deadlines.packs import Key, Plan, RuleBook, Step
from fahuo.kernel.calendar import Calendar
from fahuo.kernel.instant import NONE, Instant, local
from fahuo.kernel.text import DEFAULT, N_, t

WEEKDAYS = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))
CLOCK_WORDS = {
    "ready_to_ship": N_("ready to ship"),
    "first_scan": N_("first scan"),
    "carrier_pickup": N_("carrier pick-up"),
    "auto_cancel_not_ready": N_("automatic cancel if not ready to ship"),
    "auto_cancel_not_collected": N_("automatic cancel if not collected"),
    "auto_cancel": N_("automatic cancel"),
    "deliver_by": N_("deliver by"),
}
PARTY_WORDS = {
    "seller": N_("seller"),
    "carrier": N_("carrier"),
    "platform": N_("platform"),
    "buyer": N_("buyer"),
}
OUTCOME_WORDS = {
    "running": N_("running"),
    "met": N_("met"),
    "missed": N_("missed"),
    "cancelled": N_("order cancelled before the limit"),
}
_UNITS = {
    "business_day": N_("{n} working days after {event}"),
    "calendar_day": N_("{n} calendar days after {event}"),
    "business_hour": N_("{n} working hours after {event}"),
    "hour": N_("{n} hours after {event}"),
}
_WHEN = "\0"
"""Where the local time of the start goes in a sentence."""
_MANY = 60
"""Longest walk that is written out day by day."""


@dataclass(frozen=True)
class Day:
    """One day between start and due: `number` 1, 2, … when it was counted, 0 when not; `why` says the rest."""

    day: date
    number: int
    why: str


@dataclass(frozen=True)
class Explanation:
    """One clock in words and figures."""

    clock: str
    party: str
    starts_at: Instant
    due_at: Instant
    band_at: Instant | None
    met_at: Instant | None
    source: str
    outcome: str
    pack: str | None
    rule: str | None
    why: str
    days: tuple[Day, ...]
    rule_source: str
    rule_source_date: str
    confidence: str
    notes: tuple[str, ...]


def key_of(facts: Facts, i: int) -> Key:
    """What chooses the rules of order i."""
    return (
        facts.market[i],
        facts.seller_type[i],
        facts.shipping_type[i],
        facts.order_type[i],
        facts.origin_region[i],
        facts.pack[i],
    )


@dataclass(frozen=True, slots=True)
class Row:
    """One clock as plain values: order i, clock code, source code, start, limit, index of its rule (-1: none)."""

    i: int
    clock: int
    source: int
    starts: Instant
    due: Instant
    rule: int


def why(row: Row, facts: Facts, book: RuleBook, lang: str = DEFAULT, calendar: Calendar | None = None) -> str:
    """One sentence for one clock: what was counted from where, what was skipped, and which rule says so.

    `calendar` is the one with announced closures where there are any; otherwise the book's.
    """
    i = row.i
    if row.source:
        mine = [f for f, c in PLATFORM_FIELDS.items() if CLOCK[c] == row.clock and f in facts.platform]
        given = [f for f in mine if facts.platform[f][i] != NONE]
        return t("the platform's own limit for this order: {fields}", lang, fields=", ".join(given))
    rule = book.rules[row.rule]
    step = _step(book.plan(key_of(facts, i)), row.rule)
    begun, when = _moment(row.starts, step.zone, lang)
    handling = (int(facts.handling_days[i]), facts.handling_type[i] == "CALENDAR_DAY") if rule.handling else None
    ready = rule.after_ready is not None and bool(facts.ready_at[i] != NONE)
    calendar = calendar or book.calendars[step.calendar]
    late = rule.cutoff is not None and _seconds(begun) >= calendar.cutoffs.get(begun.weekday(), rule.cutoff)
    event = _event(rule, facts, i, row.starts)
    said = _Said(row.rule, step.zone, begun.date(), late, row.due, event, handling, ready, lang)
    return _sentence(book, calendar, said).replace(_WHEN, when)


class _Said(NamedTuple):
    """All that a sentence depends on, but for the time of day of the start."""

    rule: int
    zone: ZoneInfo
    first: date
    late: bool
    due: Instant
    event: str
    handling: tuple[int, bool] | None
    ready: bool
    lang: str


@lru_cache(maxsize=16_384)
def _sentence(book: RuleBook, calendar: Calendar, said: _Said) -> str:
    rule, lang = book.rules[said.rule], said.lang
    limit, limit_text = _moment(said.due, said.zone, lang)
    parts = [_counted(rule, said)]
    if rule.cutoff is not None:
        parts.append(_cutoff_words(rule, calendar, said))
    parts.append(t("limit {when} ({zone})", lang, when=limit_text, zone=said.zone.key))
    if rule.unit.startswith("business"):
        days, by_calendar = said.handling or (0, False)
        skipped = _skipped(calendar, said.first + timedelta(days if by_calendar else 0), limit.date(), lang)
        if skipped:
            parts.append(t("not counted: {days}", lang, days=skipped))
    return "; ".join((", ".join(parts), _rule_words(rule, calendar, limit.date(), lang)))


def absent(facts: Facts, i: int, book: RuleBook, present: set[int], lang: str = DEFAULT) -> list[str]:
    """Why clocks that rules know for order i do not run; `present` are the clocks that do."""
    plan = book.plan(key_of(facts, i))
    if not plan.steps:
        return [plan.words(lang)]
    found: dict[int, str] = {}
    for step in plan.steps:
        rule = book.rules[step.rule]
        # of rules that follow each other in time, the one in force when the order was placed
        if rule.clock not in present and step.since <= facts.created_at[i] < step.until:
            said = _absence(facts, i, step, rule, lang)
            if said and (rule.clock not in found or rule.late_rate):
                found[rule.clock] = said
    return list(found.values()) if found or present else [plan.words(lang)]


def _absence(facts: Facts, i: int, step: Step, rule: Rule, lang: str) -> str:
    name = t(CLOCK_WORDS[CLOCKS[rule.clock]], lang)
    columns = [facts.event(e) for e in rule.start]
    at = next((int(c[i]) for c in columns if c is not None and c[i] != NONE), None)
    if at is None:
        waits = " / ".join(FIELDS[e] for e in rule.start)
        return t("{clock} has not started: it waits for {fields}", lang, clock=name, fields=waits)
    if not step.since <= at < step.until:
        _, when = _moment(at, step.zone, lang)
        return t("{clock}: rule {rule} was not in force on {when}", lang, clock=name, rule=rule.id, when=when)
    if rule.handling and facts.handling_days[i] < 0:
        return t("{clock} needs handling_days", lang, clock=name)
    return t("{clock}: the start lies outside the years 1970 to 2079", lang, clock=name)


def explain(
    facts: Facts,
    clocks: Clocks,
    book: RuleBook,
    now: Instant,
    lang: str = DEFAULT,
    extensions: Sequence[Extension] = (),
) -> Iterator[tuple[int, list[Explanation], list[str]]]:
    """(order, its clocks, why others do not run) for each order of the facts."""
    outcomes = clocks.outcome(now)
    rows: dict[int, list[int]] = {}
    for row, order in enumerate(clocks.order.tolist()):
        rows.setdefault(order, []).append(row)
    for i in range(len(facts)):
        mine = rows.get(i, [])
        said = [_explanation(clocks, r, facts, book, OUTCOMES[outcomes[r]], lang, extensions) for r in mine]
        yield i, said, absent(facts, i, book, {int(clocks.clock[r]) for r in mine}, lang)


def _explanation(
    clocks: Clocks,
    row: int,
    facts: Facts,
    book: RuleBook,
    outcome: str,
    lang: str,
    extensions: Sequence[Extension],
) -> Explanation:
    columns = (clocks.order, clocks.clock, clocks.source, clocks.starts, clocks.due, clocks.rule)
    one = Row(*(int(column[row]) for column in columns))
    index, i = one.rule, one.i
    rule = book.rules[index] if index >= 0 else None
    days: tuple[Day, ...] = ()
    notes: tuple[str, ...] = ()
    calendar: Calendar | None = None
    if rule is not None and not clocks.source[row]:
        plan, at = book.plan(key_of(facts, i)), int(clocks.starts[row])
        step = _step(plan, index)
        calendar, notes = _extended(book, plan, step, at, extensions, lang)
        days = tuple(
            _days(rule, calendar, facts, i, local(at, step.zone), local(int(clocks.due[row]), step.zone), lang)
        )
    band, met = int(clocks.band[row]), int(clocks.met[row])
    pack = book.packs[rule.pack] if rule else None
    return Explanation(
        clock=CLOCKS[clocks.clock[row]],
        party=PARTIES[clocks.party[row]],
        starts_at=one.starts,
        due_at=one.due,
        band_at=None if band == NONE else band,
        met_at=None if met == NONE else met,
        source=SOURCES[clocks.source[row]],
        outcome=outcome,
        pack=pack.id if pack else None,
        rule=rule.id if rule else None,
        why=why(one, facts, book, lang, calendar),
        days=days,
        rule_source=rule.source if rule else "",
        rule_source_date=rule.source_date if rule else "",
        confidence=rule.confidence if rule else "",
        notes=(*((rule.note,) if rule and rule.note else ()), *notes),
    )


def _extended(
    book: RuleBook, plan: Plan, step: Step, at: Instant, extensions: Sequence[Extension], lang: str
) -> tuple[Calendar, tuple[str, ...]]:
    """The calendar with announced closures, and a note for each announcement that covers this start."""
    calendar, notes = book.calendars[step.calendar], []
    for x in extensions:
        if book.concerns(x, plan, step) and x.start_from <= at < x.start_to:
            calendar = calendar.with_changes(closed=dict.fromkeys(x.closed, x.why or x.id))
            said = N_("extension {id}: {why} ({source}, {date})")
            notes.append(t(said, lang, id=x.id, why=x.why, source=x.source, date=x.source_date))
    return calendar, tuple(notes)


def _days(
    rule: Rule, calendar: Calendar, facts: Facts, i: int, begun: datetime, limit: datetime, lang: str
) -> Iterator[Day]:
    """Each day from the start to the limit."""
    first, last = begun.date(), limit.date()
    if rule.unit == "hour" or (last - first).days > _MANY:
        return
    handled = first + timedelta(_calendar_days(rule, facts, i))
    late = rule.cutoff is not None and _seconds(begun) >= calendar.cutoffs.get(first.weekday(), rule.cutoff)
    received = rule.cutoff is None
    number = 0
    for n in range((last - first).days + 1):
        day = first + timedelta(n)
        counts = calendar.is_open(day) or rule.unit == "calendar_day" or (n > 0 and day <= handled)
        if not counts:
            yield Day(day, 0, _closed(calendar, day, lang))
        elif n == 0 and late and rule.late_same_day is not None:
            yield Day(day, 0, t("after the cut-off: due at the end of the same day", lang))
        elif n == 0 and late:
            yield Day(day, 0, t("after the cut-off: counts as the next working day", lang))
        elif n == 0 and rule.cutoff is None:
            yield Day(day, 0, t("day of the start event, not counted", lang))
        elif not received:
            received = True
            yield Day(day, 0, t("the order counts as received", lang))
        else:
            number += 1
            yield Day(day, number, t("counted", lang))


def _counted(rule: Rule, said: _Said) -> str:
    lang, event = said.lang, f"{FIELDS[said.event]} {_WHEN}"
    amount = rule.after_ready if said.ready and rule.after_ready is not None else rule.amount
    if said.handling:
        days, by_calendar = said.handling
        unit = N_("handling time of {n} calendar days") if by_calendar else N_("handling time of {n} working days")
        handled = t(unit, lang, n=days)
        if not amount:
            return t("{handled} after {event}", lang, handled=handled, event=event)
        return t("{handled}, then {n} working days, after {event}", lang, handled=handled, n=amount, event=event)
    if rule.cutoff is not None and not amount:
        return t("on the working day the order counts as received, by {event}", lang, event=event)
    return t(_UNITS[rule.unit], lang, n=amount, event=event)


def _event(rule: Rule, facts: Facts, i: int, at: Instant) -> str:
    if len(rule.start) == 1:
        return rule.start[0]
    for event in rule.start:
        column = facts.event(event)
        if column is not None and column[i] == at:
            return event
    return rule.start[0]


def _cutoff_words(rule: Rule, calendar: Calendar, said: _Said) -> str:
    cutoff, lang = calendar.cutoffs.get(said.first.weekday(), rule.cutoff or 0), said.lang
    clock = f"{cutoff // 3600:02}:{cutoff // 60 % 60:02}"
    if rule.unit == "business_day" and not calendar.is_open(said.first):
        return t("no working day, so the next one", lang)
    if not said.late:
        return t("before the cut-off {time}", lang, time=clock)
    if rule.late_same_day is not None:
        return t("not before the cut-off {time}, so at the end of that day", lang, time=clock)
    return t("not before the cut-off {time}, so the next working day", lang, time=clock)


def _rule_words(rule: Rule, calendar: Calendar, last: date, lang: str) -> str:
    said = t(
        "rule {rule} ({source}, {date}, confidence {confidence})",
        lang,
        rule=rule.id,
        source=rule.source,
        date=rule.source_date,
        confidence=rule.confidence,
    )
    if rule.unit.startswith("business") and not calendar.known_from <= last <= calendar.known_to:
        said += ", " + t("holidays of {year} are not recorded", lang, year=last.year)
    return said


def _skipped(calendar: Calendar, first: date, last: date, lang: str) -> str:
    """The closed days after `first`, in words; `first` too when it is closed."""
    days = [first + timedelta(n) for n in range(min((last - first).days, _MANY) + 1)]
    return ", ".join(f"{_date(d, lang)} {_closed(calendar, d, lang)}" for d in days if not calendar.is_open(d))


def _closed(calendar: Calendar, day: date, lang: str) -> str:
    kind, name = calendar.kind(day)
    return t("weekend", lang) if kind == "weekend" else t("holiday: {name}", lang, name=name)


def _date(day: date, lang: str) -> str:
    return f"{t(WEEKDAYS[day.weekday()], lang)} {day.isoformat()}"


@lru_cache(maxsize=4096)
def _moment(at: Instant, tz: ZoneInfo, lang: str) -> tuple[datetime, str]:
    """The local time, and the same as text."""
    when = local(at, tz)
    return when, f"{_date(when.date(), lang)} {when:%H:%M:%S}"


def _calendar_days(rule: Rule, facts: Facts, i: int) -> int:
    """Days after the start in which every day counts."""
    return int(facts.handling_days[i]) if rule.handling and facts.handling_type[i] == "CALENDAR_DAY" else 0


def _seconds(at: datetime) -> int:
    return at.hour * 3600 + at.minute * 60 + at.second


def _step(plan: Plan, rule: int) -> Step:
    return next(s for s in plan.steps if s.rule == rule)
