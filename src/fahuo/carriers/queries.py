"""Every SQL statement of the carriers station that reads."""

from __future__ import annotations

from sqlalchemy import select

from fahuo.carriers.model import Rate, Service
from fahuo.carriers.tables import approvals, carriers, exchange_rates, lanes, rates, services
from fahuo.store.engine import Tx

_LIMITS = (
    "shipping_type",
    "goods_allowed",
    "max_weight_g",
    "max_length_mm",
    "max_girth_mm",
    "volumetric_divisor",
    "capacity_per_day",
    "cutoff",
    "collect_days",
    "transit_days_min",
    "transit_days_max",
    "scan_hours",
)


def service_list(tx: Tx) -> list[Service]:
    """Every service with its lanes and approvals, by carrier and code."""
    seller = tx.seller_id
    ways: dict[int, list[tuple[str, str]]] = {}
    for service, origin, destination in tx.rows(
        select(lanes.c.service_id, lanes.c.origin, lanes.c.destination)
        .where(lanes.c.seller_id == seller)
        .order_by(lanes.c.origin, lanes.c.destination)
    ):
        ways.setdefault(service, []).append((origin, destination))
    markets: dict[int, set[str]] = {}
    for service, market in tx.rows(
        select(approvals.c.service_id, approvals.c.market).where(approvals.c.seller_id == seller)
    ):
        markets.setdefault(service, set()).add(market)
    joined = services.join(
        carriers, (carriers.c.seller_id == services.c.seller_id) & (carriers.c.id == services.c.carrier_id)
    )
    rows = tx.rows(
        select(
            services.c.id,
            carriers.c.code,
            carriers.c.name,
            services.c.code,
            services.c.name,
            *(services.c[n] for n in _LIMITS),
        )
        .select_from(joined)
        .where(services.c.seller_id == seller)
        .order_by(carriers.c.code, services.c.code)
    )
    names = ("id", "carrier", "carrier_name", "code", "name", *_LIMITS)
    return [
        Service(
            **dict(zip(names, row, strict=True)),
            lanes=tuple(ways.get(row[0], ())),
            approved_markets=frozenset(markets.get(row[0], ())),
        )
        for row in rows
    ]


def rate_list(tx: Tx) -> list[Rate]:
    """Every row of the rate cards."""
    names = Rate.__struct_fields__
    rows = tx.rows(
        select(*(rates.c[name] for name in names)).where(rates.c.seller_id == tx.seller_id).order_by(rates.c.id)
    )
    return [Rate(**dict(zip(names, row, strict=True))) for row in rows]


def exchange_to(tx: Tx, base: str) -> dict[str, int]:
    """currency → minor units of `base` per million minor units, as far as the seller has given rates."""
    e = exchange_rates.c
    rows = tx.rows(select(e.currency, e.parts_per_million).where(e.seller_id == tx.seller_id, e.base == base))
    return {row[0]: row[1] for row in rows}
