"""Calendars: arithmetic by properties, against one-day-at-a-time counting; and the files that ship."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fahuo.deadlines
from fahuo.kernel.calendar import Calendar, date_of, day_number, load_calendars, read_calendar, time_of_day
from fahuo.kernel.problems import Failure

SHIPPED = load_calendars(Path(fahuo.deadlines.__file__).parent / "calendars")
DAYS = st.dates(date(2024, 1, 1), date(2027, 12, 31))
WEEKS = st.frozensets(st.integers(0, 6), min_size=1)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    holidays = draw(st.dictionaries(DAYS, st.just("holiday"), max_size=30))
    working = draw(st.dictionaries(DAYS, st.just("make-up"), max_size=10))
    return Calendar("x", "1", "test", draw(WEEKS), {d: n for d, n in holidays.items() if d not in working}, working)


def after(calendar: Calendar, day: date, n: int) -> date:
    """The n-th open day after `day`, one day at a time."""
    while n:
        day += timedelta(1)
        n -= calendar.is_open(day)
    return day


@settings(max_examples=100)
@given(calendars(), st.lists(st.tuples(DAYS, st.integers(0, 40)), min_size=1, max_size=20))
def test_adding_open_days_is_counting_them_one_by_one(calendar: Calendar, cases: list[tuple[date, int]]) -> None:
    days = np.array([day_number(d) for d, _ in cases])
    n = np.array([k for _, k in cases])
    found = calendar.table().add_open_days(days, n)
    for (day, k), number in zip(cases, found.tolist(), strict=True):
        expected = after(calendar, day, k) if k or calendar.is_open(day) else after(calendar, day, 1)
        assert date_of(number) == expected


@settings(max_examples=100)
@given(calendars(), DAYS, st.integers(1, 60))
def test_adding_n_days_passes_n_open_days(calendar: Calendar, day: date, n: int) -> None:
    table, start = calendar.table(), np.array([day_number(day)])
    end = table.add_open_days(start, n)
    assert table.count_open(start + 1, end + 1).tolist() == [n]
    assert calendar.is_open(date_of(int(end[0])))


@settings(max_examples=100)
@given(calendars(), DAYS, DAYS, st.integers(0, 30), st.integers(0, 30))
def test_later_days_and_more_days_never_come_earlier(calendar: Calendar, a: date, b: date, m: int, n: int) -> None:
    table = calendar.table()
    days, counts = np.array(sorted((day_number(a), day_number(b)))), sorted((m, n))
    ends = [table.add_open_days(days, k) for k in counts]
    assert (np.diff(ends[0]) >= 0).all()
    assert (ends[0] <= ends[1]).all()


@settings(max_examples=60)
@given(calendars(), DAYS, st.integers(1, 30), st.lists(DAYS, max_size=5))
def test_closing_days_only_moves_later(calendar: Calendar, day: date, n: int, closed: list[date]) -> None:
    changed = calendar.with_changes(closed=dict.fromkeys(closed, "announced"))
    start = np.array([day_number(day)])
    assert changed.table().add_open_days(start, n) >= calendar.table().add_open_days(start, n)
    assert all(changed.why(d) == "holiday: announced" for d in closed)


@given(calendars(), DAYS, DAYS, DAYS)
def test_counting_is_half_open_and_additive(calendar: Calendar, a: date, b: date, c: date) -> None:
    table = calendar.table()
    one, two, three = (np.array([day_number(d)]) for d in (a, b, c))
    assert table.count_open(one, two) + table.count_open(two, three) == table.count_open(one, three)
    assert table.count_open(one, one + 1).tolist() == [int(calendar.is_open(a))]
    assert table.count_open(two, one) == -table.count_open(one, two)


@given(calendars(), DAYS)
def test_next_open(calendar: Calendar, day: date) -> None:
    table, start = calendar.table(), np.array([day_number(day)])
    assert date_of(int(table.next_open(start)[0])) == (day if calendar.is_open(day) else after(calendar, day, 1))
    assert date_of(int(table.next_open(start, inclusive=False)[0])) == after(calendar, day, 1)


def test_outside_the_table() -> None:
    table = SHIPPED["us"].table(date(2026, 1, 1), date(2026, 1, 31))
    with pytest.raises(ValueError, match="outside"):
        table.next_open(np.array([day_number(date(2026, 2, 1))]))
    with pytest.raises(ValueError, match="outside"):
        table.add_open_days(np.array([day_number(date(2026, 1, 30))]), 2)
    with pytest.raises(ValueError, match="negative"):
        table.add_open_days(np.array([day_number(date(2026, 1, 30))]), -1)


@pytest.mark.parametrize(
    ("day", "is_open"),
    [
        ("2025-01-26", True), ("2025-01-28", False), ("2025-02-08", True), ("2025-02-04", False),
        ("2025-04-27", True), ("2025-05-05", False), ("2025-09-28", True), ("2025-10-08", False), ("2025-10-11", True),
        ("2026-01-02", False), ("2026-01-04", True), ("2026-02-14", True), ("2026-02-16", False), ("2026-02-23", False),
        ("2026-02-28", True), ("2026-05-09", True), ("2026-09-20", True), ("2026-10-07", False), ("2026-10-10", True),
        ("2026-10-11", False), ("2026-10-12", True),
    ],
)  # fmt: skip
def test_chinas_working_weekends(day: str, is_open: bool) -> None:
    assert SHIPPED["cn"].is_open(date.fromisoformat(day)) is is_open
    assert SHIPPED["cn"].known_to == date(2026, 12, 31), "2027 has not been published"


@pytest.mark.parametrize(
    ("calendar", "week"),
    [
        ("us", "01234"), ("gb", "01234"), ("ie", "01234"), ("de", "01234"), ("fr", "01234"), ("it", "01234"),
        ("es", "01234"), ("id", "01234"), ("br", "01234"), ("cn", "01234"), ("vn", "012345"), ("th", "012345"),
        ("ph", "012345"), ("my", "012345"), ("sg", "012345"), ("jp", "012345"),
        ("my-02", "01236"), ("my-03", "01236"), ("my-11", "01236"),
    ],
)  # fmt: skip
def test_working_weeks(calendar: str, week: str) -> None:
    assert "".join(map(str, sorted(SHIPPED[calendar].weekdays))) == week


@pytest.mark.parametrize("calendar", SHIPPED.values(), ids=SHIPPED.keys())
def test_shipped_calendars_say_where_they_come_from(calendar: Calendar) -> None:
    assert calendar.version
    assert calendar.source
    assert calendar.confidence in "ABCD"
    for year in range(calendar.known_from.year, calendar.known_to.year + 1):
        assert any(d.year == year for d in calendar.holidays)
    if "stricter" in calendar.source:
        assert calendar.confidence == "D"


def test_why() -> None:
    us = SHIPPED["us"]
    assert us.why(date(2026, 7, 4)) == "holiday: Independence Day"
    assert us.why(date(2026, 7, 5)) == "weekend"
    assert us.why(date(2026, 7, 6)) == "working day"
    assert SHIPPED["cn"].why(date(2026, 1, 4)) == "make-up working day: working weekend"


def test_changes_replace_what_was_there() -> None:
    day = date(2026, 7, 3)
    opened = SHIPPED["us"].with_changes(opened={day: "we work"})
    assert opened.is_open(day)
    assert not opened.with_changes(closed={day: "after all not"}).is_open(day)
    assert not SHIPPED["us"].is_open(day), "the original is untouched"


def test_times_of_day() -> None:
    assert time_of_day("14:00") == 50_400
    assert time_of_day("23:59:59") == 86_399
    for bad in ("24:00", "14", "14:60", "2pm", "", "14:00:60", "\uff11\uff14:00"):
        with pytest.raises(ValueError, match="time of day"):
            time_of_day(bad)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("id = 1 2", "file"),
        ('id = "x"', "version"),
        ('id="x"\nversion="1"\nsource="s"\nconfidence="D"\nweekdays=["mon"]\n[holidays]\n2026-02-30="x"', "holidays"),
        ('id="x"\nversion="1"\nsource="s"\nconfidence="D"\nweekdays=["monday"]', "weekdays"),
        (
            'id="x"\nversion="1"\nsource="s"\nconfidence="D"\nweekdays=["mon"]\n'
            '[holidays]\n2026-02-03="x"\n[working]\n2026-02-03="y"',
            "working",
        ),
    ],
)
def test_a_wrong_file_names_its_field(tmp_path: Path, text: str, field: str) -> None:
    path = tmp_path / "x.toml"
    path.write_text(text)
    with pytest.raises(Failure) as caught:
        read_calendar(path)
    assert (caught.value.exit_code, caught.value.problem.field) == (2, field)
    assert "x.toml" in str(caught.value)


def test_cutoffs_of_a_weekday(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text('id="x"\nversion="1"\nsource="s"\nconfidence="D"\nweekdays=["mon","sat"]\n[cutoffs]\nsat="12:00"')
    assert read_calendar(path).cutoffs == {5: 43_200}
