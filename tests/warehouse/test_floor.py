"""What can be packed by when, and where it breaks."""

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from fahuo.kernel.instant import parse_instant
from fahuo.warehouse.floor import HOUR, cumulated, marks, packable, worst

MONDAY = parse_instant("2026-03-02T02:00:00Z")  # 09:00 in Saigon


class Place(NamedTuple):
    zone: str = "Asia/Ho_Chi_Minh"
    work_days: str = "123456"
    capacity_per_day: int | None = 90


def test_marks_are_now_and_then_full_hours() -> None:
    assert marks(MONDAY + 600, 2) == [MONDAY + 600, MONDAY + HOUR, MONDAY + 2 * HOUR]


def test_a_day_is_packed_evenly_between_opening_and_closing() -> None:
    assert packable([Place()], marks(MONDAY, 10)) == [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 90]
    assert packable([Place()], marks(MONDAY + 1800, 2)) == [0, 5, 15]


def test_before_opening_and_on_days_off_nothing_is_packed() -> None:
    sunday = MONDAY - 24 * HOUR
    assert packable([Place()], marks(sunday, 24)) == [0] * 25
    assert packable([Place()], marks(MONDAY - 2 * HOUR, 3)) == [0, 0, 0, 10]


def test_warehouses_of_different_zones_add_up() -> None:
    # Los Angeles is at 18:00 the day before: its next day opens at 17:00 UTC, 15 hours later.
    got = packable([Place(), Place("America/Los_Angeles", "1234567", 18)], marks(MONDAY, 16))
    assert got is not None
    assert got[-1] == 90 + 2


def test_unknown_capacity_gives_no_verdict() -> None:
    assert packable([Place(capacity_per_day=None)], marks(MONDAY, 3)) is None
    assert packable([], marks(MONDAY, 3)) is None
    assert worst(marks(MONDAY, 1), [0, 99], None) is None


def test_the_worst_mark_is_named_and_overdue_is_not_counted_twice() -> None:
    at = marks(MONDAY, 3)
    assert worst(at, [0, 5, 30, 30], [0, 10, 20, 40]) == (at[2], 10)
    assert worst(at, [8, 8, 10, 10], [0, 4, 8, 30]) == (at[2], 2)
    assert worst(at, [8, 8, 8, 8], [0, 0, 0, 0]) is None


@given(st.integers(0, 50), st.lists(st.integers(0, 20), min_size=1, max_size=24), st.integers(1, 500))
def test_what_breaks_is_never_more_than_what_falls_due(overdue: int, due: list[int], capacity: int) -> None:
    at = marks(MONDAY, len(due))
    total = cumulated(overdue, due)
    packed = packable([Place(capacity_per_day=capacity)], at)
    assert packed is not None
    assert packed == sorted(packed)
    short = worst(at, total, packed)
    assert total[-1] == overdue + sum(due)
    if short is not None:
        assert 0 < short.orders <= sum(due)
