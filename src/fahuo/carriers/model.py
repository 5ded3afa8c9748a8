"""Carriers, their services, and what limits where and for how much a service carries a parcel."""

from __future__ import annotations

from typing import Final

import msgspec

ANY: Final = "*"
"""Any warehouse, country or market in a lane, an approval or a rate."""

TIKTOK: Final = "TIKTOK"
"""Shipping under the platform's label."""

SHIPPING_TYPES: Final = ("TIKTOK", "SELLER", "BOTH")
"""Whose label a service travels under: the platform's, the seller's own, or either."""

REFUSALS: Final = (
    "",
    "wrong_shipping_type",
    "no_stock_there",
    "not_on_lane",
    "lane_not_approved",
    "goods_not_allowed",
    "too_heavy",
    "too_long",
    "too_big",
    "no_rate",
    "no_exchange_rate",
    "cutoff_missed",
    "no_capacity",
)
"""Why a service cannot carry a parcel, in the order of the checks; the index is the code, 0 means it can."""

REFUSAL_CODE: Final = {name: code for code, name in enumerate(REFUSALS)}


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """One service of a carrier, with its lanes and approvals.

    `goods_allowed` is the bit mask of `catalogue.model.GOODS`. `max_girth_mm` limits the longest side plus twice the
    sum of the other two. `volumetric_divisor` is cubic centimetres per kilogram. `cutoff` is HH:MM at the warehouse,
    `collect_days` are digits, Monday = 1. `capacity_per_day` counts parcels per pick-up place (warehouse) and day.
    `scan_hours`: nine in ten parcels have their first scan within that time of the hand-over. None: no limit.
    """

    id: int
    carrier: str
    carrier_name: str
    code: str
    name: str
    shipping_type: str
    goods_allowed: int = 0
    max_weight_g: int | None = None
    max_length_mm: int | None = None
    max_girth_mm: int | None = None
    volumetric_divisor: int | None = None
    capacity_per_day: int | None = None
    cutoff: str = "18:00"
    collect_days: str = "12345"
    transit_days_min: int = 0
    transit_days_max: int = 0
    scan_hours: int = 12
    lanes: tuple[tuple[str, str], ...] = ((ANY, ANY),)
    """(origin, destination): origin a warehouse code or country, destination a country; `*` for any."""
    approved_markets: frozenset[str] = frozenset()
    """Markets whose platform accepts the service; `*` for all. Empty: approved nowhere."""

    @property
    def label(self) -> str:
        """What people call it: carrier and service."""
        return f"{self.carrier_name or self.carrier} {self.name or self.code}".strip()


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """One weight break of a rate card: `currency` minor units for a parcel above `weight_from_g` up to `weight_to_g`.

    Price = `base` + `per_kg` for each started kilogram above `weight_from_g` + `surcharge`. Rows that differ only in
    their surcharge belong to one break: the surcharges add up, base and per_kg count once. The zone is the country, or
    a region in it, or the postal codes with that prefix; the longest prefix wins, then the region, then the warehouse.
    """

    service_id: int
    warehouse: str = ANY
    zone_country: str = ANY
    zone_region: str = ""
    zone_postal_prefix: str = ""
    weight_from_g: int = 0
    weight_to_g: int
    base: int
    per_kg: int = 0
    surcharge_name: str = ""
    surcharge: int = 0
    currency: str
