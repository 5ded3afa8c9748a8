"""Business calendars: which days are open, for one date in words and for millions of dates in arrays.

A day is a `date` for people and a day number (days since 1970-01-01, int64) in arrays. Intervals are half-open.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from fahuo.kernel.arrays import Bools, Ints
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_

EPOCH = date(1970, 1, 1)
FIRST, LAST = date(1970, 1, 1), date(2100, 12, 31)
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?", re.ASCII)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def date_of(number: int) -> date:
    """The date of a day number."""
    return EPOCH + timedelta(days=number)


@dataclass(frozen=True, eq=False)
class Calendar:
    """One versioned calendar. `working` (make-up days) beats `holidays`, which beat the week. Compared by identity."""

    id: str
    version: str
    source: str
    weekdays: frozenset[int]
    """Open weekdays, Monday = 0."""
    holidays: Mapping[date, str] = field(default_factory=dict)
    working: Mapping[date, str] = field(default_factory=dict)
    cutoffs: Mapping[int, int] = field(default_factory=dict)
    """Own cut-off of a weekday, in seconds after local midnight; beats the cut-off of a rule."""
    confidence: str = "D"
    known_from: date = FIRST
    known_to: date = LAST
    """Holidays outside known_from..known_to (inclusive) are not recorded: only the week counts there."""
    note: str = ""

    def __post_init__(self) -> None:
        if not self.weekdays or not self.weekdays <= set(range(7)):
            raise ValueError(f"calendar {self.id}: weekdays must name at least one of Monday = 0 to Sunday = 6")

    def is_open(self, day: date) -> bool:
        """Whether work is done on that date."""
        return self.kind(day)[0] in ("working", "make-up")

    def kind(self, day: date) -> tuple[str, str]:
        """('working' | 'make-up' | 'holiday' | 'weekend', name of the holiday or make-up day)."""
        if day in self.working:
            return "make-up", self.working[day]
        if day in self.holidays:
            return "holiday", self.holidays[day]
        return ("working" if day.weekday() in self.weekdays else "weekend"), ""

    def why(self, day: date) -> str:
        """The same in plain English: 'working day', 'weekend', 'holiday: Labor Day', 'make-up working day: …'."""
        kind, name = self.kind(day)
        if kind in ("working", "weekend"):
            return "working day" if kind == "working" else "weekend"
        return f"{'holiday' if kind == 'holiday' else 'make-up working day'}: {name}"

    def with_changes(
        self, closed: Mapping[date, str] | None = None, opened: Mapping[date, str] | None = None, version: str = ""
    ) -> "Calendar":
        """A copy with more closed and more open dates (announced extensions, a seller's own edits)."""
        closed, opened = closed or {}, opened or {}
        return replace(
            self,
            version=version or self.version,
            holidays={d: n for d, n in {**self.holidays, **closed}.items() if d not in opened},
            working={**{d: n for d, n in self.working.items() if d not in closed}, **opened},
        )

    def table(self, first: date = FIRST, last: date = LAST) -> "DayTable":
        """The array form for the days first..last (inclusive); kept for the next caller."""
        return _table(self, first, last)


@dataclass(frozen=True, eq=False)
class DayTable:
    """Prefix sums over the open days of a calendar. All days are day numbers; ValueError outside the table."""

    first: int
    is_open: Bools
    before: Ints
    """before[i]: open days in [first, first + i); one entry more than there are days."""
    opens: Ints
    """The open days themselves, ascending."""

    def add_open_days(self, days: Ints, n: Ints | int) -> Ints:
        """The n-th open day strictly after each day; n = 0: the day itself if open, else the next open one."""
        if np.any(np.less(n, 0)):
            raise ValueError("cannot add a negative number of days")
        i = self._index(days)
        return self._nth(self.before[i] + np.where(np.greater(n, 0), self.is_open[i] + np.asarray(n) - 1, 0))

    def next_open(self, days: Ints, inclusive: bool = True) -> Ints:
        """The next open day: counting the day itself (inclusive) or only later ones."""
        i = self._index(days)
        return self._nth(self.before[i] + (0 if inclusive else self.is_open[i]))

    def count_open(self, start: Ints, end: Ints) -> Ints:
        """Open days in [start, end); negative when end lies before start."""
        return self.before[self._index(end)] - self.before[self._index(start)]

    def _index(self, days: Ints) -> Ints:
        i = np.asarray(days, dtype=np.int64) - self.first
        if i.size and (i.min() < 0 or i.max() >= len(self.is_open)):
            raise ValueError("a day lies outside the calendar's table")
        return i

    def _nth(self, positions: Ints) -> Ints:
        if positions.size and positions.max() >= len(self.opens):
            raise ValueError("a day lies outside the calendar's table")
        return self.opens[positions]


@lru_cache(maxsize=512)
def _table(calendar: Calendar, first: date, last: date) -> DayTable:
    start, end = day_number(first), day_number(last) + 1
    # 1970-01-01 was a Thursday
    is_open = np.isin((np.arange(start, end) + 3) % 7, list(calendar.weekdays))
    for days, value in ((calendar.holidays, False), (calendar.working, True)):
        inside = [day_number(d) - start for d in days if first <= d <= last]
        is_open[inside] = value
    before = np.concatenate(([0], np.cumsum(is_open))).astype(np.int64)
    opens = np.flatnonzero(is_open) + start
    for column in (is_open, before, opens):
        column.setflags(write=False)  # shared by every caller through the cache
    return DayTable(start, is_open, before, opens)


def load_calendars(*folders: Path) -> dict[str, Calendar]:
    """Every `*.toml` of the folders by id; a later folder replaces. Failure (exit 2) names file, field and value."""
    found: dict[str, Calendar] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.toml")):
            calendar = read_calendar(path)
            found[calendar.id] = calendar
    return found


def read_calendar(path: Path) -> Calendar:
    """One calendar file. Failure (exit 2) names the field that is wrong."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _wrong(path, "file", str(error)) from None
    for name in ("id", "version", "source", "confidence", "weekdays"):
        if not raw.get(name):
            raise _wrong(path, name, "missing")
    holidays, working = _dates(path, raw, "holidays"), _dates(path, raw, "working")
    both = sorted(holidays.keys() & working.keys())
    if both:
        raise _wrong(path, "working", f"{both[0].isoformat()} is also a holiday")
    try:
        return Calendar(
            id=str(raw["id"]),
            version=str(raw["version"]),
            source=str(raw["source"]),
            weekdays=frozenset(WEEKDAYS.index(w) for w in raw["weekdays"]),
            holidays=holidays,
            working=working,
            cutoffs={WEEKDAYS.index(w): time_of_day(v) for w, v in raw.get("cutoffs", {}).items()},
            confidence=str(raw["confidence"]),
            known_from=raw.get("known_from", FIRST),
            known_to=raw.get("known_to", LAST),
            note=str(raw.get("note", "")),
        )
    except ValueError as error:
        raise _wrong(path, "weekdays", str(error)) from None


def time_of_day(text: str) -> int:
    """'14:00' or '23:59:59' as seconds after midnight. ValueError otherwise."""
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise ValueError(f"not a time of day (HH:MM or HH:MM:SS): {text!r}")
    hour, minute, second = (int(part or 0) for part in found.groups())
    return hour * 3600 + minute * 60 + second


def _dates(path: Path, raw: dict[str, Any], name: str) -> dict[date, str]:
    try:
        return {date.fromisoformat(d): str(why) for d, why in raw.get(name, {}).items()}
    except ValueError as error:
        raise _wrong(path, name, str(error)) from None


def _wrong(path: Path, name: str, value: str) -> Failure:
    return Failure(
        Problem(
            code="calendar_invalid",
            field=name,
            value=value,
            message=N_("{file}: {field} is wrong: {value}"),
            next=N_("Correct the file; docs/deadlines.md shows the format."),
            params={"file": path.name, "field": name, "value": value},
        )
    )
