"""What differs between the platform's markets, for the sandbox.

Sources are the sections of the platform reference; figures marked [invented] only make the sandbox whole and are
no fact about the platform.
"""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

from fahuo.generate.carriers import FROM_CHINA, LOCAL
from fahuo.generate.markets import MARKETS
from fahuo.kernel.instant import local, zone

HOUR, DAY = 3_600, 86_400
REMORSE: Final = HOUR
"""A paid order rests ON_HOLD for about this long (4.2)."""
SEA: Final = frozenset({"VN", "TH", "PH", "MY", "SG", "ID"})
EU: Final = frozenset({"DE", "FR", "IT", "ES", "IE"})
LATAM: Final = frozenset({"MX", "BR"})
SERVICE: Final = frozenset({"US", "GB", "JP"})
"""Where the seller chooses among the platform's services and creates the package (5.3)."""

_LANGUAGES: Final = {
    "VN": "vi-VN", "TH": "th-TH", "ID": "id-ID", "MY": "ms-MY", "PH": "en-PH", "SG": "en-SG", "US": "en-US",
    "GB": "en-GB", "IE": "en-IE", "JP": "ja-JP", "DE": "de-DE", "FR": "fr-FR", "IT": "it-IT", "ES": "es-ES",
    "MX": "es-MX", "BR": "pt-BR",
}  # fmt: skip
_CHINESE: Final = "zh-CN"
"""The interface of sellers across the border."""


class Provider(NamedTuple):
    """A carrier as the logistics endpoints list it."""

    id: str
    name: str
    prefix: str = ""
    """First characters of its tracking numbers."""
    platform: bool = False
    """Ships the platform's parcels."""


def language_of(market: str, cross_border: bool = False) -> str:
    """The language of a shop's interface."""
    return _CHINESE if cross_border else _LANGUAGES[market]


def flow(market: str, cross_border: bool = False) -> str:
    """`service`: the seller chooses a service and creates the package; `ship`: the platform has, and ships it (5.3).

    What goes through the sorting warehouse is always shipped.
    """
    return "service" if market in SERVICE and not first_mile(market, cross_border) else "ship"


def marks_shipped(market: str) -> bool:
    """Whether own-carrier parcels are marked as shipped (US, EMEA, JP); elsewhere `ship` with `self_shipment` (5.3)."""
    return market in SERVICE or market in EU


def early_package(market: str, own: bool, cross_border: bool = False) -> bool:
    """Whether a package exists from Awaiting Shipment on."""
    return flow(market, cross_border) == "ship" and not (own and marks_shipped(market))


def first_mile(market: str, cross_border: bool) -> bool:
    """Whether parcels go to the platform's sorting warehouse first (5.1: not US, UK; 5.3: SEA, JP, EU)."""
    return cross_border and (market in SEA or market in EU or market == "JP")


def zone_name(market: str) -> str:
    """The zone whose hours and days count."""
    return MARKETS[market].zone


def utc_offset(market: str, at: int) -> int:
    """Seconds that local time is ahead of UTC."""
    offset = local(at, zone(zone_name(market))).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def unpaid_limit(market: str) -> int:
    """Seconds until an unpaid order is cancelled: 48 h (10.6, confidence C), taken for every market."""
    del market
    return 48 * HOUR


def answer_limit(market: str) -> int:
    """Seconds the seller has to answer a cancel request (6.4): US and TH 24 h, ID 2 days, elsewhere 48 h."""
    return {"US": DAY, "TH": DAY, "ID": 2 * DAY}.get(market, 2 * DAY)


def completes_after(market: str) -> int:
    """Seconds from delivery to COMPLETED: the return window and a day (4.8; windows 10.5, 10.6; others 30 days [D])."""
    days = {"VN": 15, "TH": 7, "PH": 7, "MY": 7, "SG": 7, "ID": 6}.get(market, 30)
    return (days + 1) * DAY


@cache
def platform_provider(market: str) -> Provider:
    """The carrier of the platform's own shipping."""
    return Provider(f"68100000000000000{_number(market):02d}", MARKETS[market].carrier, market, platform=True)


@cache
def providers(market: str, cross_border: bool = False) -> tuple[Provider, ...]:
    """Carriers a seller may name for own parcels, by the names of the generated catalogue."""
    services = LOCAL[market] + (FROM_CHINA if cross_border else ())
    names = dict.fromkeys(s.name for s in services)
    first = {s.name: s.prefix for s in reversed(services)}
    return tuple(
        Provider(f"682000000000{_number(market):02d}{at:05d}", name, first[name]) for at, name in enumerate(names)
    )


def provider(market: str, id_: str, cross_border: bool = False) -> Provider | None:
    """A carrier by id, the platform's own among them."""
    known = (platform_provider(market), *providers(market, cross_border))
    return next((one for one in known if one.id == id_), None)


def _number(market: str) -> int:
    return list(MARKETS).index(market) + 10
