"""Every SQL statement that reads the planning station, and the network it plans over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import BigInteger, BindParameter, bindparam, select

from fahuo.carriers import queries as carriers
from fahuo.carriers.model import Rate, Service
from fahuo.catalogue.model import Warehouse
from fahuo.catalogue.queries import carton_rows
from fahuo.kernel.instant import iso
from fahuo.kernel.money import exponent_of
from fahuo.planning.model import Carton, Network
from fahuo.planning.tables import capacity_used, decisions
from fahuo.store import bulk, settings
from fahuo.store.engine import Tx

CURRENCY: Final = "planning.currency"
"""Setting: the currency plans are reckoned in. Default: the one most rate rows are in."""

PACK_SECONDS: Final = "planning.pack_seconds"
"""Setting: seconds from the decision to a parcel at the door. Default 1800."""

_DAY: Final = 86_400
Slot = tuple[int, int, str]
"""A hand-over: service id, warehouse id, local ISO day."""

_c, _d = capacity_used.c, decisions.c
_SELLER: Final[BindParameter[int]] = bindparam("seller", type_=BigInteger)
_CAPACITY: Final = select(_c.service_id, _c.warehouse_id, _c.day, _c.used).where(_c.seller_id == _SELLER)
_COMING: Final = _CAPACITY.where(_c.day >= bindparam("first_day"))
_USED: Final = _CAPACITY.where(bulk.any_of(_c.service_id, "services"), bulk.any_of(_c.day, "days"))
_TAKING: Final = select(_d.order_id, _d.service_id, _d.warehouse_id, _d.leave_day).where(
    _d.seller_id == _SELLER,
    _d.service_id.is_not(None),
    _d.leave_day.is_not(None),
    bulk.any_of(_d.order_id, "orders"),
)


def network(tx: Tx, warehouses: Sequence[Warehouse], now: int) -> Network:
    """All the seller's services, rates and cartons, with the capacity that is left on every hand-over to come."""
    services, rates = carriers.service_list(tx), carriers.rate_list(tx)
    fixed = settings.get(tx, CURRENCY)
    currency = fixed or _usual_currency(rates)
    return Network(
        warehouses=warehouses,
        services=services,
        rates=rates,
        cartons=[Carton(**dict(zip(Carton.__struct_fields__, row, strict=True))) for row in carton_rows(tx)],
        currency=currency,
        exponent=exponent_of(currency),
        exchange=carriers.exchange_to(tx, currency),
        capacity_left=_capacity_left(tx, services, now),
        pack_seconds=int(settings.get(tx, PACK_SECONDS, 1800)),
        fixed_currency=bool(fixed),
    )


def in_currency(tx: Tx, network: Network, currency: str) -> Network:
    """The same network reckoned in another currency."""
    if currency == network.currency:
        return network
    exchange = carriers.exchange_to(tx, currency)
    return replace(network, currency=currency, exponent=exponent_of(currency), exchange=exchange)


def _usual_currency(rates: Sequence[Rate]) -> str:
    counted = Counter(rate.currency for rate in rates)
    return min(counted, key=lambda currency: (-counted[currency], currency), default="USD")


def _capacity_left(tx: Tx, services: Sequence[Service], now: int) -> dict[Slot, int]:
    limits = {service.id: service.capacity_per_day for service in services}
    left: dict[Slot, int] = {}
    yesterday = iso(now - _DAY)[:10]  # no warehouse's own day is further behind
    for service, warehouse, day, taken in bulk.fetch(tx, _COMING, seller=tx.seller_id, first_day=yesterday):
        limit = limits.get(service)
        if limit is not None:
            left[service, warehouse, day] = max(limit - taken, 0)
    return left


def used(tx: Tx, slots: Iterable[Slot]) -> dict[Slot, int]:
    """Parcels taken so far on these hand-overs."""
    wanted = set(slots)
    if not wanted:
        return {}
    rows = bulk.fetch(
        tx,
        _USED,
        seller=tx.seller_id,
        services=bulk.array(tx, sorted({slot[0] for slot in wanted})),
        days=bulk.array(tx, sorted({slot[2] for slot in wanted})),
    )
    return {row[:3]: row[3] for row in rows if row[:3] in wanted}


def taking(tx: Tx, orders: Iterable[int]) -> list[tuple[int, Slot]]:
    """(order id, hand-over) of those of the orders that take capacity by a decision."""
    rows = bulk.fetch(tx, _TAKING, seller=tx.seller_id, orders=bulk.array(tx, list(orders)))
    return [(order, (service, warehouse, day)) for order, service, warehouse, day in rows]
