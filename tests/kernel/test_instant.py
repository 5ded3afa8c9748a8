"""Reading, writing and localising instants."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fahuo.kernel.instant import FIRST, LAST, NONE, from_local, iso, local, parse_instant, zone

INSTANTS = st.integers(FIRST, LAST)
ZONES = st.sampled_from(
    ["America/New_York", "Europe/London", "Asia/Ho_Chi_Minh", "Australia/Lord_Howe", "America/Sao_Paulo", "UTC"]
)


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ("2026-01-12T08:00:00Z", 1768204800),
        ("2026-01-12T08:00:00.999Z", 1768204800),
        ("2026-01-12T15:00:00+07:00", 1768204800),
        ("2026-01-12 03:00:00-05:00", 1768204800),
        (" 1768204800 ", 1768204800),
        (1768204800, 1768204800),
        (1768204800.75, 1768204800),
        (1768204800123, 1768204800),
        ("1768204800123", 1768204800),
        (1768204800123.0, 1768204800),
        (0, 0),
        (-1, -1),
        (-0.5, -1),
        ("1969-12-31T23:59:59.5Z", -1),
    ],
)
def test_reads_what_sources_send(value: str | int | float, at: int) -> None:
    assert parse_instant(value) == at


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-12T08:00:00",
        "2026-01-12",
        "",
        "soon",
        "--5",
        "12.5",
        "١٢٣",
        "2026-02-30T00:00:00Z",
        True,
        float("nan"),
        float("inf"),
        10**400,
        "9" * 5000,
        LAST * 1000 + 1000,
        "0001-01-01T00:00:00+01:00",
        NONE,
    ],
)
def test_refuses_the_rest(value: str | int | float) -> None:
    with pytest.raises(ValueError, match="instant"):
        parse_instant(value)


@given(INSTANTS)
def test_iso_reads_back(at: int) -> None:
    text = iso(at)
    assert len(text) == 20
    assert parse_instant(text) == at


@pytest.mark.parametrize("at", [NONE, FIRST - 1, LAST + 1])
def test_iso_refuses_what_has_no_date(at: int) -> None:
    with pytest.raises(ValueError, match="out of range"):
        iso(at)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "a\0b", "Asia"])
def test_unknown_zones(name: str) -> None:
    with pytest.raises(ValueError, match="unknown time zone"):
        zone(name)


def test_a_time_inside_the_gap_is_the_instant_after_it() -> None:
    new_york = zone("America/New_York")
    at, note = from_local(datetime(2026, 3, 8, 2, 30), new_york)  # noqa: DTZ001 - a local time is naive
    assert (iso(at), note) == ("2026-03-08T07:30:00Z", "gap")
    assert local(at, new_york).hour == 3


def test_of_an_ambiguous_time_the_first_is_meant() -> None:
    at, note = from_local(datetime(2026, 11, 1, 1, 30), zone("America/New_York"))  # noqa: DTZ001 - a local time
    assert (iso(at), note) == ("2026-11-01T05:30:00Z", "fold")


def test_a_local_time_has_no_offset() -> None:
    with pytest.raises(ValueError, match="without an offset"):
        from_local(datetime(2026, 1, 1, tzinfo=UTC), zone("UTC"))


@given(st.integers(0, 4_000_000_000), ZONES)
def test_local_time_and_back(at: int, name: str) -> None:
    tz = zone(name)
    shown = local(at, tz)
    back, note = from_local(shown.replace(tzinfo=None), tz)
    if shown.fold:
        assert note == "fold"
        assert timedelta(0) < timedelta(seconds=at - back) <= timedelta(hours=2)
    else:
        assert back == at
        assert note in (None, "fold")


@given(st.datetimes(datetime(1971, 1, 1), datetime(2090, 1, 1)), ZONES)  # noqa: DTZ001 - local times
def test_only_a_gap_moves_the_clock(naive: datetime, name: str) -> None:
    tz = zone(name)
    naive = naive.replace(microsecond=0)
    at, note = from_local(naive, tz)
    assert (local(at, tz).replace(tzinfo=None) == naive) is (note != "gap")
