"""Every SQL statement of the carriers station that reads."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, BindParameter, bindparam, select

from fahuo.carriers.model import Rate, Service
from fahuo.carriers.tables import approvals, carriers, exchange_rates, lanes, rates, services
from fahuo.store.bulk import fetch
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
_NAMES: Final = ("id", "carrier", "carrier_name", "code", "name", *_LIMITS)
_SELLER: Final[BindParameter[int]] = bindparam("seller", type_=BigInteger)
_LANES: Final = (
    select(lanes.c.service_id, lanes.c.origin, lanes.c.destination)
    .where(lanes.c.seller_id == _SELLER)
    .order_by(lanes.c.origin, lanes.c.destination)
)
_APPROVALS: Final = select(approvals.c.service_id, approvals.c.market).where(approvals.c.seller_id == _SELLER)
_SERVICES: Final = (
    select(services.c.id, carriers.c.code, carriers.c.name, services.c.code, services.c.name,
           *(services.c[name] for name in _LIMITS))
    .join(carriers, (carriers.c.seller_id == services.c.seller_id) & (carriers.c.id == services.c.carrier_id))
    .where(services.c.seller_id == _SELLER)
    .order_by(carriers.c.code, services.c.code)
)  # fmt: skip
_RATES: Final = (
    select(*(rates.c[name] for name in Rate.__struct_fields__)).where(rates.c.seller_id == _SELLER).order_by(rates.c.id)
)
_EXCHANGE: Final = select(exchange_rates.c.currency, exchange_rates.c.parts_per_million).where(
    exchange_rates.c.seller_id == _SELLER, exchange_rates.c.base == bindparam("base")
)


def service_list(tx: Tx) -> list[Service]:
    """Every service with its lanes and approvals, by carrier and code."""
    seller = tx.seller_id
    ways: dict[int, list[tuple[str, str]]] = {}
    for service, origin, destination in fetch(tx, _LANES, seller=seller):
        ways.setdefault(service, []).append((origin, destination))
    markets: dict[int, set[str]] = {}
    for service, market in fetch(tx, _APPROVALS, seller=seller):
        markets.setdefault(service, set()).add(market)
    return [
        Service(
            **dict(zip(_NAMES, row, strict=True)),
            lanes=tuple(ways.get(row[0], ())),
            approved_markets=frozenset(markets.get(row[0], ())),
        )
        for row in fetch(tx, _SERVICES, seller=seller)
    ]


def rate_list(tx: Tx) -> list[Rate]:
    """Every row of the rate cards."""
    names = Rate.__struct_fields__
    return [Rate(**dict(zip(names, row, strict=True))) for row in fetch(tx, _RATES, seller=tx.seller_id)]


def exchange_to(tx: Tx, base: str) -> dict[str, int]:
    """currency → minor units of `base` per million minor units, as far as the seller has given rates."""
    return dict(fetch(tx, _EXCHANGE, seller=tx.seller_id, base=base))
