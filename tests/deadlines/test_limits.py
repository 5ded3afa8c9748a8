"""One rule's arithmetic: units, times of day, nights when the clocks change, cut-offs of a weekday."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fahuo.deadlines.limits import Starts, limits
from fahuo.deadlines.packfile import Rule
from fahuo.deadlines.packs import load_book
from fahuo.kernel.arrays import DAY, to_local
from fahuo.kernel.calendar import Calendar, time_of_day
from fahuo.kernel.instant import local, parse_instant, zone

BOOK = load_book()
US = BOOK.calendars["us"]
PACIFIC = zone("America/Los_Angeles")
BASE = replace(BOOK.rules[0], amount=1, unit="business_day", handling=False, cutoff=None, snap=None, band=None)


def due(rule: Rule, at: str, calendar: Calendar = US, tz: ZoneInfo = PACIFIC) -> str:
    """The limit of one order, as local text with its offset."""
    start = np.array([parse_instant(at)], dtype=np.int64)
    wall = to_local(start, tz)
    found, _ = limits(rule, tz, calendar, Starts(start, None, wall // DAY, wall % DAY, rule.amount))
    return local(int(found[0]), tz).isoformat()


@pytest.mark.parametrize(
    ("fields", "at", "limit"),
    [
        ({}, "2026-02-06T10:00:05-08:00", "2026-02-09T10:00:05-08:00"),
        ({"unit": "calendar_day"}, "2026-02-06T10:00:05-08:00", "2026-02-07T10:00:05-08:00"),
        ({"unit": "calendar_day", "cutoff": "10:00"}, "2026-02-06T10:00:00-08:00", "2026-02-08T10:00:00-08:00"),
        ({"unit": "calendar_day", "cutoff": "10:00"}, "2026-02-06T09:59:59-08:00", "2026-02-07T09:59:59-08:00"),
        ({"amount": 1, "cutoff": "10:00"}, "2026-02-06T09:59:59-08:00", "2026-02-09T09:59:59-08:00"),
        ({"amount": 1, "cutoff": "10:00"}, "2026-02-06T10:00:00-08:00", "2026-02-10T10:00:00-08:00"),
        ({"amount": 1, "cutoff": "10:00"}, "2026-02-07T09:00:00-08:00", "2026-02-10T09:00:00-08:00"),
        # summer time begins on 8 March: 48 hours are 48 hours, days are days of the calendar
        ({"unit": "hour", "amount": 48}, "2026-03-07T10:00:00-08:00", "2026-03-09T11:00:00-07:00"),
        ({"unit": "calendar_day", "amount": 2}, "2026-03-07T10:00:00-08:00", "2026-03-09T10:00:00-07:00"),
        # 02:30 does not exist that night: the offset before the gap gives 03:30
        ({"unit": "calendar_day", "snap": "02:30"}, "2026-03-07T10:00:00-08:00", "2026-03-08T03:30:00-07:00"),
        # 01:30 comes twice on 1 November: the first is meant
        ({"unit": "calendar_day", "snap": "01:30"}, "2026-10-31T10:00:00-07:00", "2026-11-01T01:30:00-07:00"),
        ({"unit": "hour", "amount": 30, "snap": "23:59:59"}, "2026-02-06T10:00:00-08:00", "2026-02-07T23:59:59-08:00"),
        # working hours pass only on open days
        ({"unit": "business_hour", "amount": 24}, "2026-02-06T10:00:00-08:00", "2026-02-09T10:00:00-08:00"),
        ({"unit": "business_hour", "amount": 24}, "2026-02-07T10:00:00-08:00", "2026-02-10T00:00:00-08:00"),
        ({"unit": "business_hour", "amount": 14}, "2026-02-06T10:00:00-08:00", "2026-02-07T00:00:00-08:00"),
        ({"unit": "business_hour", "amount": 15}, "2026-02-06T10:00:00-08:00", "2026-02-09T01:00:00-08:00"),
        ({"amount": 0, "snap": "23:59:59"}, "2026-02-07T10:00:00-08:00", "2026-02-07T23:59:59-08:00"),
    ],
)
def test_limits(fields: dict[str, str | int], at: str, limit: str) -> None:
    times = {k: time_of_day(str(v)) for k, v in fields.items() if k in ("cutoff", "snap")}
    rule = replace(BASE, **{**fields, **times})  # type: ignore[arg-type]  # the fields are those of the case
    assert due(rule, at) == limit


def test_a_weekday_may_have_its_own_cutoff() -> None:
    calendar = replace(BOOK.calendars["vn"], cutoffs={5: time_of_day("12:00")})
    rule = replace(BASE, amount=0, cutoff=time_of_day("14:00"), snap=time_of_day("23:59:59"))
    tz = zone("Asia/Ho_Chi_Minh")
    friday, saturday, late = "2026-03-13T13:00:00+07:00", "2026-03-14T11:59:59+07:00", "2026-03-14T12:00:00+07:00"
    assert [due(rule, at, calendar, tz)[:10] for at in (friday, saturday, late)] == [
        "2026-03-13", "2026-03-14", "2026-03-16",
    ]  # fmt: skip


@settings(max_examples=80)
@given(
    st.sampled_from(("America/Los_Angeles", "Europe/Berlin", "America/Sao_Paulo", "Asia/Tokyo")),
    st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31)),  # noqa: DTZ001 - the zone is drawn beside it
    st.integers(0, 20),
)
def test_a_time_of_day_is_kept_over_any_number_of_days(name: str, wall: datetime, n: int) -> None:
    tz = zone(name)
    at = int(wall.replace(tzinfo=tz).timestamp())
    rule = replace(BASE, unit="calendar_day", amount=n)
    wanted = (local(at, tz).replace(tzinfo=None) + timedelta(n)).replace(tzinfo=tz)
    assert due(rule, str(at), tz=tz) == local(int(wanted.timestamp()), tz).isoformat()
