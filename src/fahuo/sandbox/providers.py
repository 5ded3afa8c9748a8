"""The carriers of the sandbox: which may be named where, the services the platform sells, and what numbers look like.

Real companies on real lanes, out of `fahuo.generate.carriers`; ids, prices and number ranges are invented.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from fahuo.generate.carriers import FROM_CHINA, LOCAL, Service
from fahuo.generate.markets import MARKETS
from fahuo.generate.press import money_text
from fahuo.sandbox.markets import Provider, providers
from fahuo.sandbox.model import Shop

_S10_WEIGHTS: Final = (8, 6, 4, 2, 3, 5, 9, 7)
_NINE: Final = 9
_FIRST_MILE: Final = (
    ("顺丰速运 SF Express", r"SF\d{12,13}"),
    ("圆通速递 YTO Express", r"YT\d{13}"),
    ("中通快递 ZTO Express", r"7\d{13}"),
    ("申通快递 STO Express", r"77\d{13}"),
    ("韵达快递 Yunda Express", r"(31|43)\d{11,13}"),
    ("极兔速递 J&T Express", r"JT\d{13}"),
)
"""Domestic couriers to the sorting warehouse in China. Number formats: common knowledge, unconfirmed [D]."""

_SERVICES: Final = (*FROM_CHINA, *(service for services in LOCAL.values() for service in services))

SANE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{4,38}[A-Za-z0-9]")
"""What any tracking number looks like; anything else is refused."""


class Offer(NamedTuple):
    """A service the platform sells for a parcel: price in minor units of the market's currency."""

    id: str
    provider: Provider
    name: str
    price: int
    days: tuple[int, int]


@lru_cache(maxsize=1)
def first_mile_providers() -> tuple[Provider, ...]:
    """Domestic couriers in China."""
    return tuple(Provider(f"683000000000000{n:02d}00", name) for n, (name, _) in enumerate(_FIRST_MILE))


def own_provider(shop: Shop, id_: str) -> Provider | None:
    """A carrier the seller may name for a parcel it sends itself."""
    return next((one for one in providers(shop.region, shop.cross_border) if one.id == id_), None)


def offers(shop: Shop, grams: int) -> list[Offer]:
    """Services the platform sells for a parcel of that weight; the first is the default. Prices are invented."""
    m = MARKETS[shop.region]
    steps = max(0, -(-grams // 500) - 1)
    found = []
    for p in providers(shop.region):
        s = _service(p)
        if s is None or grams > s.max_weight_g:
            continue
        price = max(1, round(s.price * m.rate * (1 + 0.2 * steps)))
        found.append(Offer(f"79{p.id[2:]}", p, f"{s.name} {s.service_name}", price, s.days))
    return sorted(found, key=lambda offer: offer.provider.name != m.carrier)


def transit_days(shop: Shop, provider_name: str) -> tuple[int, int]:
    """Fewest and most days from the first scan to the door."""
    s = next((s for s in (*LOCAL[shop.region], *FROM_CHINA) if s.name == provider_name), None)
    return s.days if s else (2, 5)


def price_text(shop: Shop, minor: int) -> str:
    """A decimal string of the market's currency."""
    return money_text(minor, MARKETS[shop.region].exponent)


def number_of(provider: Provider, serial: int) -> str:
    """A tracking number as this carrier writes them; another for each serial."""
    s = None if provider.platform else _service(provider)
    if s is None:
        return f"{provider.prefix}{serial % 10**12:012d}"
    digits = f"{serial % 10**s.width:0{s.width}d}"
    return s.prefix + digits + _check_digit(digits, s.check) + s.suffix


def fits(provider: Provider, number: str) -> bool:
    """Whether a number looks like one of this carrier's."""
    looks = next((looks for name, looks in _FIRST_MILE if name == provider.name), None)
    s = _service(provider)
    if looks is None and s is not None:
        digits = s.width + (s.check != "none")
        looks = rf"{re.escape(s.prefix)}\d{{{max(4, digits - 3)},{digits + 3}}}{re.escape(s.suffix)}"
    return looks is None or re.fullmatch(looks, number, re.I) is not None


def _service(provider: Provider) -> Service | None:
    return next((s for s in _SERVICES if s.name == provider.name and s.prefix == provider.prefix), None)


def _check_digit(digits: str, rule: str) -> str:
    """Luhn, or UPU S10 over the last eight digits."""
    if rule == "none":
        return ""
    if rule == "mod10":
        total = 0
        for place, digit in enumerate(reversed(digits)):
            value = int(digit) * (2 if place % 2 == 0 else 1)
            total += value - _NINE if value > _NINE else value
        return str(-total % 10)
    rest = 11 - sum(int(d) * w for d, w in zip(digits[-8:], _S10_WEIGHTS, strict=True)) % 11
    return {10: "0", 11: "5"}.get(rest, str(rest))
