"""When the van comes, which hand-over slots there are, and the way a parcel takes: plans, no changes.

All times are invented within the days a service promises; everything is drawn from the seed and the parcel.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from fahuo.kernel.calendar import Calendar, load_calendars
from fahuo.kernel.instant import from_local, local, zone
from fahuo.sandbox import markets, providers
from fahuo.sandbox.model import Order, Package, Shop

HOUR, DAY = 3_600, 86_400
VAN: Final = (18, 30)
"""Local time of the collecting van."""
_WINDOWS: Final = ((9, 12), (13, 17), (17, 20))
_SLOT_DAYS: Final = 5
_SLOT_NOTICE: Final = HOUR
"""A slot can be booked until this long before it starts."""


class Step(NamedTuple):
    """A scan to come."""

    at: int
    kind: str
    text: str
    place: str


class Slot(NamedTuple):
    """A pick-up window; `free`: it can still be booked."""

    start: int
    end: int
    free: bool


@lru_cache(maxsize=1)
def _calendars() -> dict[str, Calendar]:
    return load_calendars(Path(str(files("fahuo.deadlines") / "calendars")))


def home(shop: Shop) -> tuple[ZoneInfo, Calendar | None]:
    """Zone and working days of the place a shop sends from; couriers in China come every day."""
    if shop.warehouse.region == "CN":
        return zone("Asia/Shanghai"), None
    return zone(markets.zone_name(shop.region)), _calendars().get(shop.region.lower())


def _open_days(first: date, calendar: Calendar | None) -> Iterator[date]:
    day = first
    while True:
        if calendar is None or calendar.is_open(day):
            yield day
        day += timedelta(days=1)


def next_van(shop: Shop, at: int) -> int:
    """When the van comes next, at this instant or later: 18:30 on a working day."""
    tz, calendar = home(shop)
    for day in _open_days(local(at, tz).date(), calendar):
        found = from_local(datetime(day.year, day.month, day.day, *VAN), tz)[0]  # noqa: DTZ001 - local time is wanted
        if found >= at:
            return found
    raise AssertionError  # the days never end


def slots(shop: Shop, at: int) -> list[Slot]:
    """Pick-up windows of the coming working days."""
    tz, calendar = home(shop)
    found: list[Slot] = []
    days = _open_days(local(at, tz).date(), calendar)
    for _ in range(_SLOT_DAYS):
        day = next(days)
        for first, last in _WINDOWS:
            start, end = (from_local(datetime(day.year, day.month, day.day, h), tz)[0] for h in (first, last))  # noqa: DTZ001 - local time is wanted
            if end > at:
                found.append(Slot(start, end, start >= at + _SLOT_NOTICE))
    return found


def city_of(order: Order) -> str:
    """Where the parcel goes, as far as a tracking event says it."""
    names = {d.get("address_level"): d.get("address_name") for d in _districts(order)}
    return str(names.get("L2") or names.get("L1") or "")


def regions_of(order: Order) -> frozenset[str]:
    """All place names of the recipient's address."""
    return frozenset(str(d.get("address_name", "")) for d in _districts(order))


def _districts(order: Order) -> list[dict[str, str]]:
    found: list[dict[str, str]] = order.body.get("recipient_address", {}).get("district_info", [])
    return found


def domestic(shop: Shop, package: Package, order: Order, at: int, rng: Random) -> list[Step]:
    """The way inside one market, from the first scan."""
    low, high = providers.transit_days(shop, package.provider_name)
    here, there = str(shop.warehouse.address.get("city", "")), city_of(order)
    left = at + int(rng.uniform(2, 6) * HOUR)
    door = _at_door(shop, at, rng.uniform(low, high), rng)
    arrived = max(left + HOUR, door - int(rng.uniform(6, 14) * HOUR))
    return [
        Step(left, "departed", f"Parcel has left the sorting centre in {here}", here),
        Step(arrived, "arrived", f"Parcel has arrived at the delivery station in {there}", there),
        *_last_mile(door, there),
    ]


def first_mile(at: int, rng: Random) -> list[Step]:
    """From the seller in China to the platform's sorting warehouse; what the warehouse says comes as the last step."""
    arrived = at + int(rng.uniform(20, 44) * HOUR)
    return [
        Step(arrived - 3 * HOUR, "arrived", "Parcel has arrived at the sorting warehouse", "Dongguan"),
        Step(arrived, "sorting", "", "Dongguan"),
    ]


def international(shop: Shop, order: Order, at: int, rng: Random, customs_hold: int = 0) -> list[Step]:
    """From China to the door: export, import customs, last mile. South-East Asia is near."""
    low, high = (4, 8) if shop.region in markets.SEA else (7, 13)
    there = city_of(order)
    left = at + int(rng.uniform(8, 20) * HOUR)
    door = _at_door(shop, left + customs_hold, rng.uniform(low, high), rng)
    flight = (door - customs_hold - left) // 2
    cleared = left + flight + int(rng.uniform(4, 12) * HOUR) + customs_hold
    customs = [Step(left + flight, "customs", "Parcel has reached import customs", shop.region)]
    if customs_hold:
        customs.append(
            Step(left + flight + 2 * HOUR, "customs", "Parcel is held by customs for inspection", shop.region)
        )
    return [
        Step(left, "departed", "Parcel has left the country of origin", "Shenzhen"),
        *customs,
        Step(min(cleared, door - 8 * HOUR), "arrived", f"Parcel has arrived at the delivery station in {there}", there),
        *_last_mile(door, there),
    ]


def _last_mile(door: int, there: str) -> list[Step]:
    return [
        Step(door - 2 * HOUR, "out_for_delivery", "Parcel is out for delivery", there),
        Step(door, "delivered", "Parcel has been delivered", there),
    ]


def _at_door(shop: Shop, at: int, days: float, rng: Random) -> int:
    """An instant of the buyer's day, so many days later: between 10:00 and 19:00."""
    tz = zone(markets.zone_name(shop.region))
    day = local(at, tz).date() + timedelta(days=max(1, round(days)))
    minutes = int(rng.uniform(10 * 60, 19 * 60))
    return from_local(datetime(day.year, day.month, day.day, minutes // 60, minutes % 60), tz)[0]  # noqa: DTZ001 - local time is wanted


def next_attempt(shop: Shop, at: int, rng: Random) -> int:
    """When the carrier rings again: the next day."""
    return _at_door(shop, at, 1, rng)
