"""Instants by the million: UTC to local time and back over numpy arrays, and what to do with missing ones.

Arrays are int64 seconds; a missing instant is `NONE` and stays `NONE` through every function here.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from fahuo.kernel.instant import FIRST, LAST, NONE

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

DAY = 86_400
_STEP = 3 * DAY  # no zone changes its offset and back within three days


def of_optional(values: Iterable[int | None]) -> Ints:
    """An int64 array from Python values, None becoming NONE."""
    return np.fromiter((NONE if v is None else v for v in values), dtype=np.int64)


def to_optional(at: Ints) -> list[int | None]:
    """Python ints, NONE becoming None: what a database row takes."""
    return [None if v == NONE else v for v in at.tolist()]


def missing(at: Ints) -> Bools:
    """True where there is no instant."""
    return np.equal(at, NONE)


def known(at: Ints) -> Bools:
    """True where there is an instant."""
    return np.not_equal(at, NONE)


def plus(at: Ints, seconds: int | Ints) -> Ints:
    """`at + seconds`, a missing one staying missing."""
    with np.errstate(over="ignore"):
        return np.where(at == NONE, NONE, at + seconds)


def first_known(arrays: Sequence[Ints]) -> Ints:
    """For each position the value of the first array that has one."""
    out = arrays[0].copy()
    for other in arrays[1:]:
        np.copyto(out, other, where=out == NONE)
    return out


def earliest(arrays: Sequence[Ints]) -> Ints:
    """For each position the smallest known value; NONE when no array has one."""
    out = arrays[0].copy()
    for other in arrays[1:]:
        np.copyto(out, other, where=(other != NONE) & ((out == NONE) | (other < out)))
    return out


def latest(arrays: Sequence[Ints]) -> Ints:
    """For each position the largest known value; NONE when no array has one."""
    out = arrays[0].copy()
    for other in arrays[1:]:
        np.maximum(out, other, out=out)
    return out


def offsets(tz: ZoneInfo, lo: int, hi: int) -> tuple[Ints, Ints]:
    """The zone's offsets from the instant `lo` to `hi`: (instants from which, seconds east of UTC).

    Entry i holds from transitions[i] until transitions[i + 1]; the first entry also holds for `lo`.
    """
    first = datetime.fromtimestamp(lo, UTC).year
    last = datetime.fromtimestamp(hi, UTC).year
    return _offsets(tz, first, last)


@lru_cache(maxsize=512)
def _offsets(tz: ZoneInfo, first_year: int, last_year: int) -> tuple[Ints, Ints]:
    # A day beyond each end: local times near New Year belong to instants of the neighbouring year.
    lo = max(_new_year(first_year) - DAY, FIRST + DAY)
    hi = min(_new_year(last_year) + 367 * DAY, LAST - DAY)
    instants, seconds = [lo], [_offset(tz, lo)]
    before = lo
    while before < hi:
        after = min(before + _STEP, hi)
        found = _offset(tz, after)
        if found != seconds[-1]:
            instants.append(_change(tz, before, after))
            seconds.append(found)
        before = after
    table = np.array(instants, dtype=np.int64), np.array(seconds, dtype=np.int64)
    for column in table:
        column.setflags(write=False)  # shared by every caller through the cache
    return table


def _new_year(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp())


def _offset(tz: ZoneInfo, at: int) -> int:
    delta = datetime.fromtimestamp(at, tz).utcoffset()
    if delta is None:
        raise ValueError(f"zone without an offset: {tz}")
    return round(delta.total_seconds())


def _change(tz: ZoneInfo, before: int, after: int) -> int:
    """The first instant of the new offset, by bisection."""
    old = _offset(tz, before)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(tz, middle) == old:
            before = middle
        else:
            after = middle
    return after


def to_local(at: Ints, tz: ZoneInfo) -> Ints:
    """Seconds on the local wall clock, counted as if it were UTC: `// DAY` is the local date, `% DAY` the time."""
    present = at != NONE
    if not present.any():
        return at.copy()
    lo, hi = _span(at, present)
    instants, seconds = offsets(tz, lo, hi)
    if len(instants) == 1:
        return plus(at, int(seconds[0]))
    position = np.maximum(np.searchsorted(instants, at, side="right") - 1, 0)
    return plus(at, seconds[position])


def from_local_array(local_seconds: Ints, tz: ZoneInfo) -> Ints:
    """Instants of wall-clock seconds: inside a gap the offset before it, of an ambiguous time the first."""
    present = local_seconds != NONE
    if not present.any():
        return local_seconds.copy()
    lo, hi = _span(local_seconds, present)
    instants, seconds = offsets(tz, lo, hi)
    if len(instants) == 1:
        return plus(local_seconds, -int(seconds[0]))
    # The old offset is used until the wall clock passes the later of the two readings of the change:
    # the end of a gap, or the second coming of an ambiguous hour's end.
    switches = instants[1:] + np.maximum(seconds[:-1], seconds[1:])
    position = np.searchsorted(switches, local_seconds, side="right")
    return plus(local_seconds, -seconds[position])


def _span(at: Ints, present: Bools) -> tuple[int, int]:
    lo = int(np.min(at, where=present, initial=np.iinfo(np.int64).max))
    hi = int(at.max())
    if lo < FIRST or hi > LAST:
        raise ValueError("an instant lies outside the years 1 to 9999")
    return lo, hi
