"""The array functions agree with the one-at-a-time functions, transition by transition."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fahuo.kernel import arrays
from fahuo.kernel.instant import FIRST, LAST, NONE, from_local, local, zone

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the origin of wall-clock seconds
NAMES = [
    "America/New_York", "Europe/London", "Asia/Ho_Chi_Minh", "Asia/Kuala_Lumpur", "Asia/Tokyo", "Asia/Shanghai",
    "Australia/Lord_Howe", "America/Sao_Paulo", "America/Mexico_City", "Africa/Casablanca", "Pacific/Apia", "UTC",
]  # fmt: skip
SECONDS = st.one_of(st.just(NONE), st.integers(0, 4_102_444_800))


def _wall(at: int, name: str) -> int:
    return (local(at, zone(name)).replace(tzinfo=None) - EPOCH) // timedelta(seconds=1)


@settings(max_examples=60)
@given(st.lists(SECONDS, max_size=20), st.sampled_from(NAMES))
def test_to_local_is_local(values: list[int], name: str) -> None:
    at = np.array(values, dtype=np.int64)
    expected = [NONE if v == NONE else _wall(v, name) for v in values]
    assert arrays.to_local(at, zone(name)).tolist() == expected


@settings(max_examples=60)
@given(st.lists(SECONDS, max_size=20), st.sampled_from(NAMES))
def test_from_local_array_is_from_local(values: list[int], name: str) -> None:
    seconds = np.array(values, dtype=np.int64)
    expected = [NONE if v == NONE else from_local(EPOCH + timedelta(seconds=v), zone(name))[0] for v in values]
    assert arrays.from_local_array(seconds, zone(name)).tolist() == expected


@pytest.mark.parametrize("name", NAMES)
def test_around_every_change_of_offset(name: str) -> None:
    tz = zone(name)
    instants, _ = arrays.offsets(tz, 0, 2_208_988_800)
    steps = np.array([-7200, -3601, -3600, -1800, -1, 0, 1, 1799, 1800, 3599, 3600, 7200])
    at = (instants[1:, None] + steps).ravel()
    wall = arrays.to_local(at, tz)
    assert wall.tolist() == [_wall(v, name) for v in at.tolist()]
    shifted = np.concatenate([wall, wall + 1800, wall - 1800])
    assert arrays.from_local_array(shifted, tz).tolist() == [
        from_local(EPOCH + timedelta(seconds=v), tz)[0] for v in shifted.tolist()
    ]


def test_offsets_are_the_zone_s() -> None:
    instants, seconds = arrays.offsets(zone("America/New_York"), 1_767_225_600, 1_790_000_000)
    shown = [datetime.fromtimestamp(v, UTC).isoformat()[:16] for v in instants.tolist()[1:]]
    assert shown == ["2026-03-08T07:00", "2026-11-01T06:00"]
    assert seconds.tolist() == [-18000, -14400, -18000]


@pytest.mark.parametrize("edge", [FIRST, LAST])
def test_the_ends_of_time_do_not_break(edge: int) -> None:
    at = np.array([edge], dtype=np.int64)
    assert arrays.to_local(at, zone("UTC")).tolist() == [edge]
    assert arrays.from_local_array(at, zone("UTC")).tolist() == [edge]


def test_beyond_them_is_refused() -> None:
    with pytest.raises(ValueError, match="years 1 to 9999"):
        arrays.to_local(np.array([LAST + 1, NONE]), zone("Asia/Tokyo"))


def test_missing_stays_missing() -> None:
    a, b = arrays.of_optional([5, None, None, 9]), arrays.of_optional([3, 7, None, None])
    assert arrays.to_optional(arrays.plus(a, -1)) == [4, None, None, 8]
    assert arrays.to_optional(arrays.plus(a, np.array([1, 2, 3, 4]))) == [6, None, None, 13]
    assert arrays.to_optional(arrays.earliest([a, b])) == [3, 7, None, 9]
    assert arrays.to_optional(arrays.latest([a, b])) == [5, 7, None, 9]
    assert arrays.to_optional(arrays.first_known([a, b])) == [5, 7, None, 9]
    assert arrays.known(a).tolist() == (~arrays.missing(a)).tolist() == [True, False, False, True]
    empty = arrays.of_optional([])
    assert arrays.to_local(empty, zone("UTC")).size == arrays.from_local_array(empty, zone("UTC")).size == 0
    assert arrays.to_optional(a) == [5, None, None, 9], "the functions leave their arguments alone"
