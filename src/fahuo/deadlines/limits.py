"""The arithmetic of one rule over many start moments: cut-off, handling time, counting, time of day, more time."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from fahuo.deadlines.model import Extension
from fahuo.deadlines.packfile import Rule
from fahuo.kernel.arrays import DAY, Bools, Ints, from_local_array, to_local
from fahuo.kernel.calendar import Calendar, DayTable

HOUR = 3_600


@dataclass
class Starts:
    """Start moments of a group of orders: the instant, its local date and time of day, and what counts with it."""

    at: Ints
    rows: Ints | None
    """Positions in the group; None = all of it."""
    day: Ints
    second: Ints
    amount: Ints | int = 0
    handling: Ints | None = None
    by_calendar: Bools | None = None
    """True where the handling time is in calendar days."""

    def pick(self, mask: Bools) -> "Starts":
        """Only the moments of the mask."""
        return Starts(
            self.at[mask],
            np.flatnonzero(mask) if self.rows is None else self.rows[mask],
            self.day[mask],
            self.second[mask],
            self.amount if isinstance(self.amount, int) else self.amount[mask],
            None if self.handling is None else self.handling[mask],
            None if self.by_calendar is None else self.by_calendar[mask],
        )


def limits(rule: Rule, tz: ZoneInfo, calendar: Calendar, starts: Starts) -> tuple[Ints, Ints | None]:
    """The due instants of a rule, and those of its lower band if it has one."""
    table = calendar.table()
    late = None
    if rule.cutoff is not None:
        late = starts.second >= _cutoffs(rule.cutoff, calendar, starts.day)
    day = _handled(table, starts)
    due = _limit(rule, tz, table, starts, day, late, starts.amount)
    if rule.late_same_day is not None and late is not None:
        special = late & table.is_open[starts.day - table.first]
        due[special] = from_local_array(starts.day[special] * DAY + rule.late_same_day, tz)
    if rule.band is None:
        return due, None
    return due, _limit(rule, tz, table, starts, day, late, rule.band)


def later(due: Ints, extension: Extension, tz: ZoneInfo, calendar: Calendar) -> Ints:
    """Due instants moved by an announced number of hours or days, at the same local time of day."""
    if extension.unit == "hour":
        return due + extension.amount * HOUR
    local = to_local(due, tz)
    day = local // DAY
    if extension.unit == "calendar_day":
        moved = day + extension.amount
    else:
        moved = calendar.table().add_open_days(day, extension.amount)
    return from_local_array(moved * DAY + local % DAY, tz)


def _limit(
    rule: Rule, tz: ZoneInfo, table: DayTable, starts: Starts, day: Ints, late: Bools | None, amount: Ints | int
) -> Ints:
    """`amount` units after the start, at the rule's time of day."""
    if rule.unit in ("hour", "business_hour"):
        span = np.multiply(amount, HOUR)
        at = starts.at + span if rule.unit == "hour" else from_local_array(_worked(table, starts, day, span), tz)
        return at if rule.snap is None else from_local_array(to_local(at, tz) // DAY * DAY + rule.snap, tz)
    if rule.unit == "calendar_day":
        end = day + amount + (0 if late is None else late)
    elif late is None:
        end = np.where(np.equal(amount, 0), day, table.add_open_days(day, amount))
    else:
        end = _received(table, day, late, amount)
    return from_local_array(end * DAY + (starts.second if rule.snap is None else rule.snap), tz)


def _handled(table: DayTable, starts: Starts) -> Ints:
    """The day on which the handling time ends; the day of the start where there is none."""
    if starts.handling is None or starts.by_calendar is None:
        return starts.day
    worked = table.add_open_days(starts.day, np.where(starts.by_calendar, 0, starts.handling))
    days = np.where(starts.by_calendar, starts.day + starts.handling, worked)
    return np.where(starts.handling > 0, days, starts.day)


def _received(table: DayTable, day: Ints, late: Bools, amount: Ints | int) -> Ints:
    """`amount` open days after the day an order counts as received: its own if open and before the cut-off."""
    i = day - table.first
    received: Ints = table.opens[table.before[i] + (late & table.is_open[i]) + amount]
    return received


def _cutoffs(cutoff: int, calendar: Calendar, day: Ints) -> Ints | int:
    if not calendar.cutoffs:
        return cutoff
    week = np.array([calendar.cutoffs.get(w, cutoff) for w in range(7)], dtype=np.int64)
    by_day: Ints = week[(day + 3) % 7]  # day 0 was a Thursday
    return by_day


def _worked(table: DayTable, starts: Starts, day: Ints, span: Ints) -> Ints:
    """Local seconds after `span` seconds that pass only on open days, 24 hours each."""
    i = day - table.first
    passed = table.before[i] * DAY + np.where(table.is_open[i], starts.second, 0) + span
    # due at midnight is the end of the day before, not the start of the next open day
    whole = (passed - 1) // DAY
    end: Ints = table.opens[whole] * DAY + (passed - whole * DAY)
    return end
