"""What the floor can pack by when, against what falls due. Pure; `now` is an argument.

A warehouse packs its day's capacity evenly over its opening hours on working days. That is a plain estimate, and said
to be one; a warehouse whose capacity is not known packs an unknown number, and then no verdict is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final, NamedTuple, Protocol

from fahuo.kernel.instant import from_local, local, zone

HOUR: Final = 3600
OPENS: Final = "09:00"
CLOSES: Final = "18:00"
"""Opening hours of a floor that has told us none (settings `floor.opens`, `floor.closes`)."""


class Place(Protocol):
    """What is asked of a warehouse. `work_days`: digits, Monday = 1."""

    @property
    def zone(self) -> str: ...
    @property
    def work_days(self) -> str: ...
    @property
    def capacity_per_day(self) -> int | None: ...


class Shortfall(NamedTuple):
    """So many orders, not overdue yet, cannot be packed before they fall due at `at` or earlier."""

    at: int
    orders: int


def marks(now: int, hours: int) -> list[int]:
    """The instants of the curve: `now`, then every full clock hour, `hours` of them."""
    first = now - now % HOUR
    return [now, *(first + number * HOUR for number in range(1, hours + 1))]


def packable(places: Iterable[Place], at: Sequence[int], opens: str = OPENS, closes: str = CLOSES) -> list[int] | None:
    """Parcels that can be packed from the first instant to each of the others; None when no capacity is known."""
    known = [place for place in places if place.capacity_per_day]
    if not known:
        return None
    total = [0.0] * len(at)
    for place in known:
        for start, end in _shifts(place, at[0], at[-1], opens, closes):
            pace = (place.capacity_per_day or 0) / (end - start)
            for number, instant in enumerate(at):
                total[number] += pace * max(0, min(instant, end) - max(at[0], start))
    return [int(parcels + 1e-6) for parcels in total]


def _shifts(place: Place, first: int, last: int, opens: str, closes: str) -> list[tuple[int, int]]:
    """(from, to) of every working day of the place that touches first..last."""
    where = zone(place.zone)
    day: date = local(first, where).date()
    found: list[tuple[int, int]] = []
    while True:
        start = _at(day, opens, place.zone)
        if start >= last:
            return found
        end = _at(day, closes, place.zone)
        if str(day.isoweekday()) in place.work_days and end > max(start, first):
            found.append((start, end))
        day += timedelta(days=1)


def _at(day: date, clock: str, name: str) -> int:
    return from_local(datetime.combine(day, time.fromisoformat(clock)), zone(name))[0]


def cumulated(overdue: int, due: Sequence[int]) -> list[int]:
    """Orders due by each mark, those overdue at the first one counted in."""
    total = [overdue]
    for count in due:
        total.append(total[-1] + count)
    return total


def worst(at: Sequence[int], due: Sequence[int], packed: Sequence[int] | None) -> Shortfall | None:
    """The mark by which most orders are still unpacked when they fall due, earliest first; None when all can be done.

    Overdue orders are packed first and have missed their clock already: they are not counted again.
    """
    if packed is None:
        return None
    short = [total - max(due[0], done) for total, done in zip(due, packed, strict=True)]
    most = max(short)
    return Shortfall(at[short.index(most)], most) if most > 0 else None
