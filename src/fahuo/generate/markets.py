"""What an order of a market looks like: currency, prices, who ships, payment, and the platform's own clocks.

The clocks follow the platform's published pattern of the market (week, cut-off, working days) *without* public
holidays: they are given to Fahuo as the platform's word, which wins over every pack. The packs are the exact rules.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Final, NamedTuple

from fahuo.kernel.instant import from_local, zone


class Market(NamedTuple):
    """Shares are of 1. Prices: `rate` minor units of the market's currency for one hundredth of a yuan."""

    currency: str
    exponent: int
    rate: float
    step: int
    """Prices end on a multiple of this, in minor units."""
    zone: str
    country: str
    """The word for `Country` and the country's name as the platform shows them."""
    flow: str
    """`sea`, `us`, `eu`, `jp`, `latam`."""
    seller_shipping: float
    cod: float
    tax_percent: float = 0.0
    """Added at check-out (elsewhere prices include tax)."""
    delivery: str = "Standard Shipping"
    carrier: str = ""
    """What the platform writes as shipping provider."""


MARKETS: Final[dict[str, Market]] = {
    "VN": Market("VND", 0, 35.0, 1000, "Asia/Ho_Chi_Minh", "Việt Nam", "sea", 0.10, 0.65,
                 delivery="Giao hàng tiêu chuẩn", carrier="J&T Express"),
    "TH": Market("THB", 2, 4.9, 100, "Asia/Bangkok", "ประเทศไทย", "sea", 0.10, 0.40,
                 delivery="จัดส่งแบบมาตรฐาน", carrier="Flash Express"),
    "US": Market("USD", 2, 0.20, 1, "America/Los_Angeles", "United States", "us", 0.45, 0.0, 8.0, carrier="USPS"),
    "GB": Market("GBP", 2, 0.16, 1, "Europe/London", "United Kingdom", "eu", 0.40, 0.0, carrier="Evri"),
    "PH": Market("PHP", 2, 8.0, 100, "Asia/Manila", "Philippines", "sea", 0.10, 0.55, carrier="J&T Express"),
    "MY": Market("MYR", 2, 0.65, 10, "Asia/Kuala_Lumpur", "Malaysia", "sea", 0.10, 0.15, carrier="Ninja Van"),
    "SG": Market("SGD", 2, 0.19, 10, "Asia/Singapore", "Singapore", "sea", 0.15, 0.02, carrier="Ninja Van"),
    "ID": Market("IDR", 0, 22.0, 500, "Asia/Jakarta", "Indonesia", "sea", 0.10, 0.35,
                 delivery="Pengiriman Standar", carrier="JNE"),
    "JP": Market("JPY", 0, 0.21, 10, "Asia/Tokyo", "日本", "jp", 0.50, 0.0, delivery="通常配送", carrier="ヤマト運輸"),
    "DE": Market("EUR", 2, 0.18, 1, "Europe/Berlin", "Deutschland", "eu", 0.40, 0.0,
                 delivery="Standardversand", carrier="DHL"),
    "FR": Market("EUR", 2, 0.18, 1, "Europe/Paris", "France", "eu", 0.40, 0.0,
                 delivery="Livraison standard", carrier="Colissimo"),
    "IT": Market("EUR", 2, 0.18, 1, "Europe/Rome", "Italia", "eu", 0.40, 0.0,
                 delivery="Spedizione standard", carrier="Poste Italiane"),
    "ES": Market("EUR", 2, 0.18, 1, "Europe/Madrid", "España", "eu", 0.40, 0.0,
                 delivery="Envío estándar", carrier="Correos"),
    "IE": Market("EUR", 2, 0.18, 1, "Europe/Dublin", "Ireland", "eu", 0.40, 0.0, carrier="An Post"),
    "MX": Market("MXN", 2, 2.6, 50, "America/Mexico_City", "México", "latam", 0.15, 0.0,
                 delivery="Envío estándar", carrier="Estafeta"),
    "BR": Market("BRL", 2, 0.78, 10, "America/Sao_Paulo", "Brasil", "latam", 0.10, 0.0,
                 delivery="Envio padrão", carrier="Correios"),
}  # fmt: skip

_DAY = 86_400
_CUT_OFF = 14
"""South-East Asia: orders from 14:00 local time count for the next working day."""


@lru_cache(maxsize=4096)
def local_day(market: str, hour_slot: int) -> tuple[int, bool]:
    """Ordinal day and whether 14:00 has passed, for the half hour that begins at `hour_slot` * 1800 (UTC)."""
    here = datetime.fromtimestamp(hour_slot * 1800, zone(MARKETS[market].zone))
    return here.toordinal(), here.hour >= _CUT_OFF


def _end(market: str, day: int, hour: int = 23, minute: int = 59, second: int = 59) -> int:
    d = date.fromordinal(day)
    wall = datetime(d.year, d.month, d.day, hour, minute, second)  # noqa: DTZ001 - wall time, made an instant here
    return from_local(wall, zone(MARKETS[market].zone))[0]


def _work(day: int, n: int, last_weekday: int) -> int:
    """The n-th working day after `day`; weekdays up to `last_weekday` (Monday = 0) are worked."""
    while n:
        day += 1
        n -= date.fromordinal(day).weekday() <= last_weekday
    return day


@lru_cache(maxsize=16_384)
def clocks(market: str, day: int, afternoon: bool, cross_border: bool, start: int) -> dict[str, int]:
    """The platform's deadline fields of an order that comes on that local day. `start`: only for 48-hour rules."""
    flow = MARKETS[market].flow
    if cross_border and flow == "sea":
        third = _end(market, day + 3)
        return {
            "rts_sla_time": start + 48 * 3600,
            "tts_sla_time": third,
            "shipping_due_time": start + 72 * 3600,
            "collection_due_time": third + _DAY,
            "cancel_order_sla_time": start + 72 * 3600,
        }
    if flow == "sea":
        worked = date.fromordinal(day).weekday() <= 5  # noqa: PLR2004 - Saturday
        go = day if worked and not afternoon else _work(day, 1, 5)
        due, collect = _end(market, _work(day, 2, 5)), _end(market, _work(day, 3, 5))
        rts = _end(market, day) if worked and afternoon else _end(market, go, 16, 0, 0)
        return {
            "rts_sla_time": rts,
            "tts_sla_time": _end(market, go),
            "shipping_due_time": due,
            "collection_due_time": collect,
            "cancel_order_sla_time": due,
        }
    if flow == "us":
        go, cancel = _end(market, _work(day, 2, 4)), _end(market, _work(day, 7, 4))
        return {
            "rts_sla_time": go,
            "tts_sla_time": go,
            "cancel_order_sla_time": cancel,
            "delivery_sla_time": _end(market, _work(day, 6, 4)),
        }
    days = 3 if flow == "jp" else 2
    found = {
        "rts_sla_time": _end(market, _work(day, days, 4)),
        "tts_sla_time": _end(market, _work(day, 3, 4)),
        "cancel_order_sla_time": _end(market, _work(day, 7, 4)),
    }
    if flow == "eu":
        found["delivery_sla_time"] = _end(market, _work(day, 5, 4))
    return found
