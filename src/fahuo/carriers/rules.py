"""What a service accepts and what it charges. Pure, over arrays: rate cards are compiled once for a batch.

Only what a rate card mentions can change a price. So the destinations of a batch collapse into few *places* (country,
region if some card names it, the longest postal prefix that some card names), and the weights into few *cells* (the
weights at which some price steps). Price and refusal are constant on place × cell × size, which is what makes planning
a hundred thousand orders as cheap as planning a thousand.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from fahuo.carriers.model import ANY, REFUSAL_CODE, Rate, Service

Ints = NDArray[np.int64]
Codes = NDArray[np.int8]
Place = tuple[str, str, str]
_Value = TypeVar("_Value", bound=Hashable)

MILLION: Final = 1_000_000
KILOGRAM: Final = 1000
_ZONE_SHIFT: Final = 32
_NEVER: Final = np.iinfo(np.int64).max
"""The limit of a service that has none: no parcel exceeds it."""


def factorise(column: Sequence[_Value]) -> tuple[Ints, list[_Value]]:
    """Codes and distinct values of a column, in order of first appearance."""
    distinct = list(dict.fromkeys(column))
    code = {value: index for index, value in enumerate(distinct)}
    return np.fromiter(map(code.__getitem__, column), dtype=np.int64, count=len(column)), distinct


def postal_key(text: str) -> str:
    """A postal code as rate cards compare it: upper case, without spaces and hyphens."""
    return text.replace(" ", "").replace("-", "").upper()


def region_key(text: str) -> str:
    """A region as rate cards compare it."""
    return text.strip().casefold()


def travels(service: Service, origin_code: str, origin_country: str, destination: str) -> bool:
    """Whether one of the service's lanes leads from that warehouse to that country."""
    return any(
        origin in (ANY, origin_code, origin_country) and to in (ANY, destination) for origin, to in service.lanes
    )


def approved(service: Service, market: str) -> bool:
    """Whether the platform of that market accepts the service."""
    return market in service.approved_markets or ANY in service.approved_markets


def carries_type(service: Service, shipping_type: str) -> bool:
    """Whether the service goes with the order's shipping type."""
    return service.shipping_type in ("BOTH", shipping_type)


def volumetric_g(services: Sequence[Service], volume_mm3: Ints) -> Ints:
    """Volumetric weight in grams by parcel and service, rounded up; 0 when the service does not charge by volume."""
    divisor = np.array([service.volumetric_divisor or _NEVER for service in services], dtype=np.int64)
    by_volume = -(-volume_mm3[:, None] // divisor)  # mm³ / 1000 = cm³; / divisor = kg; × 1000 = g
    return np.where(divisor == _NEVER, 0, by_volume)


def parcel_refusal(services: Sequence[Service], goods: Ints, weight_g: Ints, sides_mm: Ints) -> Codes:
    """Refusal codes by parcel and service, for goods, actual weight and size; `sides_mm` is (parcels, 3), zeros where
    unknown."""
    code = np.zeros((len(goods), len(services)), dtype=np.int8)
    sides = np.sort(sides_mm, axis=1)
    girth = sides[:, 2] + 2 * (sides[:, 0] + sides[:, 1])
    allowed = np.array([service.goods_allowed for service in services], dtype=np.int64)
    for name, bad in (  # the first check of REFUSALS is written last and stays
        ("too_big", girth[:, None] > _limits([service.max_girth_mm for service in services])),
        ("too_long", sides[:, 2:] > _limits([service.max_length_mm for service in services])),
        ("too_heavy", weight_g[:, None] > _limits([service.max_weight_g for service in services])),
        ("goods_not_allowed", goods[:, None] & ~allowed != 0),
    ):
        code[bad] = REFUSAL_CODE[name]
    return code


def _limits(limits: Sequence[int | None]) -> Ints:
    return np.array([_NEVER if limit is None else limit for limit in limits], dtype=np.int64)


class Tariff:
    """Rate cards of some options (warehouse code, service id), compiled for one currency.

    `exchange`: minor units of `currency` per million minor units of another one. Amounts are rounded half up, once.
    """

    def __init__(
        self,
        options: Sequence[tuple[str, int]],
        rates: Sequence[Rate],
        currency: str,
        exchange: Mapping[str, int],
    ) -> None:
        self._options = options
        self._zone_of: dict[tuple[int, str, str, str, str], int] = {}
        breaks: dict[tuple[int, int, int], list[Rate]] = {}
        wanted = {(service, code) for code, service in options}
        wanted |= {(service, ANY) for _, service in options}
        for rate in rates:
            if (rate.service_id, rate.warehouse) in wanted:
                zone = self._zone_of.setdefault(_zone_key(rate), len(self._zone_of))
                breaks.setdefault((zone, rate.weight_from_g, rate.weight_to_g), []).append(rate)
        self._compile(breaks, currency, exchange)
        self._regions = {(key[2], key[3]) for key in self._zone_of if key[3]}
        self._prefixes: dict[str, list[str]] = {}
        for _, _, country, _, prefix in self._zone_of:
            if prefix:
                self._prefixes.setdefault(country, []).append(prefix)

    def _compile(
        self, breaks: Mapping[tuple[int, int, int], list[Rate]], currency: str, exchange: Mapping[str, int]
    ) -> None:
        rows = sorted(breaks.items())
        table = np.array(
            [
                (
                    *key,
                    rates[0].base + sum(rate.surcharge for rate in rates),
                    rates[0].per_kg,
                    MILLION if rates[0].currency == currency else exchange.get(rates[0].currency, 0),
                )
                for key, rates in rows
            ],
            dtype=np.int64,
        ).reshape(-1, 6)
        self._zone, self._from, self._to, self._flat, self._per_kg, self._ppm = table.T
        for position, (_, rates) in enumerate(rows):
            if any(rate.currency != rates[0].currency for rate in rates):
                self._ppm[position] = 0  # surcharges in another currency: never added
        self._key = (self._zone << _ZONE_SHIFT) + self._from

    def edges(self, upto_g: int) -> Ints:
        """The weights (each the last of its cell) at which some price steps, up to `upto_g`."""
        points = [self._from, self._to]
        steps = zip(self._from.tolist(), self._to.tolist(), self._per_kg.tolist(), strict=True)
        for low, high in {(low, high) for low, high, per_kg in steps if per_kg}:
            points.append(np.arange(low, min(high, upto_g), KILOGRAM, dtype=np.int64))
        edges = np.unique(np.concatenate(points))
        return edges[(edges > 0) & (edges < upto_g)]

    def places(self, country: Sequence[str], region: Sequence[str], postal: Sequence[str]) -> tuple[Ints, list[Place]]:
        """The place of each destination, and the distinct places."""
        c, countries = factorise(country)
        r, regions = factorise(region)
        p, codes = factorise(postal)
        known_regions = {name for _, name in self._regions}
        region_names = [region_key(name) for name in regions]
        region_names = [name if name in known_regions else "" for name in region_names]
        postal_names = np.array([postal_key(code) for code in codes], dtype=np.str_)
        found, inverse = np.unique((c * len(regions) + r) * len(codes) + p, return_inverse=True)
        of_country, rest = np.divmod(found, len(regions) * len(codes))
        of_region, of_postal = np.divmod(rest, len(codes))
        prefix = self._longest(of_country, countries, postal_names[of_postal])
        names = [
            (countries[i], region_names[j], k)
            for i, j, k in zip(of_country.tolist(), of_region.tolist(), prefix, strict=True)
        ]
        code, distinct = factorise(names)
        return code[inverse], distinct

    def _longest(self, of_country: Ints, countries: list[str], postal: NDArray[np.str_]) -> list[str]:
        """The longest prefix that a card names for the country, of each postal code."""
        out = np.full(len(postal), "", dtype=object)
        for index, country in enumerate(countries):
            prefixes = sorted(set(self._prefixes.get(country, ())))
            rows = np.flatnonzero(of_country == index) if prefixes else np.empty(0, np.int64)
            for length in sorted({len(prefix) for prefix in prefixes}):
                known = np.array([prefix for prefix in prefixes if len(prefix) == length], dtype=np.str_)
                cut = postal[rows].astype(f"U{length}")
                at = np.minimum(np.searchsorted(known, cut), len(known) - 1)
                hit = known[at] == cut
                out[rows[hit]] = cut[hit]  # lengths ascend, so the longest is written last
        return [str(prefix) for prefix in out]

    def zones(self, places: Sequence[Place]) -> Ints:
        """Zone ids (places, options); -1 where no card of the option names the place."""
        out = np.full((len(places), len(self._options)), -1, dtype=np.int64)
        for column, (code, service) in enumerate(self._options):
            for row, place in enumerate(places):
                out[row, column] = self._zone_at(service, code, place)
        return out

    def _zone_at(self, service: int, warehouse: str, place: Place) -> int:
        country, region, prefix = place
        find = self._zone_of.get
        for length in range(len(prefix), -1, -1):
            for area in (region, "") if region else ("",):
                for land in (country, ANY):
                    for origin in (warehouse, ANY):
                        zone = find((service, origin, land, area, prefix[:length]))
                        if zone is not None:
                            return zone
        return -1

    def quote(self, zone: Ints, weight_g: Ints) -> tuple[Ints, Codes]:
        """Price in minor units of the tariff's currency and refusal code, for chargeable weights in zones."""
        price, code = np.zeros(zone.shape, np.int64), np.full(zone.shape, REFUSAL_CODE["no_rate"], np.int8)
        if not len(self._key):
            return price, code
        some = np.nonzero(zone >= 0)
        where, weight = zone[some], np.maximum(weight_g[some], 1)
        at = np.maximum(np.searchsorted(self._key, (where << _ZONE_SHIFT) + weight, side="left") - 1, 0)
        covered = (self._zone[at] == where) & (weight > self._from[at]) & (weight <= self._to[at])
        started = -(-(weight - self._from[at]) // KILOGRAM)
        amount = self._flat[at] + self._per_kg[at] * started
        ppm = self._ppm[at]
        converted = np.where(ppm == MILLION, amount, (amount * ppm + MILLION // 2) // MILLION)
        price[some] = np.where(covered & (ppm > 0), converted, 0)
        code[some] = np.where(covered, np.where(ppm > 0, 0, REFUSAL_CODE["no_exchange_rate"]), REFUSAL_CODE["no_rate"])
        return price, code


def _zone_key(rate: Rate) -> tuple[int, str, str, str, str]:
    return (
        rate.service_id,
        rate.warehouse or ANY,
        rate.zone_country or ANY,
        region_key(rate.zone_region),
        postal_key(rate.zone_postal_prefix),
    )
