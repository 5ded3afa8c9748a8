"""Points in time: whole seconds since 1970-01-01T00:00:00Z, always UTC, always `int`."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from math import floor, isfinite
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Instant = int
NONE: int = -(2**63)
"""A missing instant inside an int64 array; outside arrays use `None`."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE = _EPOCH.replace(tzinfo=None)  # writes no offset
_SECOND = timedelta(seconds=1)
FIRST: int = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _SECOND
LAST: int = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _SECOND
"""FIRST and LAST bound what counts as an instant: the years 1 to 9999."""

_LONGEST = 20  # digits; checked before int() sees a text of any length
_MILLISECONDS_FROM = 100_000_000_000  # as seconds this is the year 5138, as milliseconds March 1973


def parse_instant(value: str | int | float) -> Instant:
    """Read ISO 8601 with an offset or `Z`, or epoch seconds (beyond 1e11: milliseconds). Fractions are cut.

    Raises ValueError for text without an offset, junk, and anything outside the years 1 to 9999.
    """
    if isinstance(value, str):
        text = value.strip()
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit()):
            return _parse_iso(text)
        if len(digits) > _LONGEST:
            raise ValueError(f"instant out of range: {value!r}")
        value = int(text)
    if isinstance(value, bool) or (isinstance(value, float) and not isfinite(value)):
        raise ValueError(f"not an instant: {value!r}")
    if isinstance(value, float):
        at = floor(value / 1000 if abs(value) > _MILLISECONDS_FROM else value)
    else:
        at = value // 1000 if abs(value) > _MILLISECONDS_FROM else value
    if not FIRST <= at <= LAST:
        raise ValueError(f"instant out of range: {value!r}")
    return at


def _parse_iso(text: str) -> Instant:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"not an ISO 8601 instant: {text!r}") from None
    if moment.tzinfo is None:
        raise ValueError(f"instant without an offset: {text!r}")
    at = (moment - _EPOCH) // _SECOND
    if not FIRST <= at <= LAST:
        raise ValueError(f"instant out of range: {text!r}")
    return at


def iso(at: Instant) -> str:
    """`2026-01-12T08:00:00Z`. Raises ValueError outside the years 1 to 9999, so also for NONE."""
    if not FIRST <= at <= LAST:
        raise ValueError(f"instant out of range: {at}")
    return (_NAIVE + timedelta(seconds=at)).isoformat() + "Z"


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The IANA zone of that name. Raises ValueError when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"unknown time zone: {name!r}") from None


def from_local(naive: datetime, tz: ZoneInfo) -> tuple[Instant, str | None]:
    """The instant at which clocks in `tz` show `naive`, and a note when that needed a rule.

    'gap': no clock showed that time; the offset before the gap is used, which gives an instant after the gap.
    'fold': the time came twice; the first is meant. Raises ValueError for an aware datetime.
    """
    if naive.tzinfo is not None:
        raise ValueError(f"expected a local time without an offset: {naive.isoformat()}")
    first = naive.replace(tzinfo=tz, fold=0).utcoffset()
    second = naive.replace(tzinfo=tz, fold=1).utcoffset()
    if first is None or second is None:
        raise ValueError(f"zone without an offset: {tz}")
    at = (naive.replace(tzinfo=UTC) - _EPOCH - first) // _SECOND
    if first == second:
        return at, None
    return at, "gap" if first < second else "fold"


def local(at: Instant, tz: ZoneInfo) -> datetime:
    """The aware local datetime at that instant."""
    return datetime.fromtimestamp(at, tz)
