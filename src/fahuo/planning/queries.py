"""Every SQL statement that reads the planning station, and the network it plans over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import select

from fahuo.carriers import queries as carriers
from fahuo.carriers.model import Rate, Service
from fahuo.catalogue.model import Warehouse
from fahuo.catalogue.queries import carton_rows
from fahuo.kernel.money import exponent_of
from fahuo.planning.model import Carton, Network
from fahuo.planning.tables import capacity_used, decisions
from fahuo.store import bulk, settings
from fahuo.store.engine import Tx

CURRENCY: Final = "planning.currency"
"""Setting: the currency plans are reckoned in. Default: the one most rate rows are in."""

PACK_SECONDS: Final = "planning.pack_seconds"
"""Setting: seconds from the decision to a parcel at the door. Default 1800."""

Slot = tuple[int, int, str]
"""A hand-over: service id, warehouse id, local ISO day."""


def network(tx: Tx, warehouses: Sequence[Warehouse]) -> Network:
    """All the seller's services, rates and cartons, with the capacity that is left on every hand-over."""
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
        capacity_left=_capacity_left(tx, services),
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


def _capacity_left(tx: Tx, services: Sequence[Service]) -> dict[Slot, int]:
    limits = {service.id: service.capacity_per_day for service in services}
    c = capacity_used.c
    rows = tx.rows(select(c.service_id, c.warehouse_id, c.day, c.used).where(c.seller_id == tx.seller_id))
    left: dict[Slot, int] = {}
    for service, warehouse, day, taken in rows:
        limit = limits.get(service)
        if limit is not None:
            left[service, warehouse, day] = max(limit - taken, 0)
    return left


def used(tx: Tx, slots: Iterable[Slot]) -> dict[Slot, int]:
    """Parcels taken so far on these hand-overs."""
    wanted = set(slots)
    if not wanted:
        return {}
    c = capacity_used.c
    rows = tx.rows(
        select(c.service_id, c.warehouse_id, c.day, c.used).where(
            c.seller_id == tx.seller_id, bulk.any_of(c.service_id, "services"), bulk.any_of(c.day, "days")
        ),
        services=bulk.array(tx, sorted({slot[0] for slot in wanted})),
        days=bulk.array(tx, sorted({slot[2] for slot in wanted})),
    )
    return {(row[0], row[1], row[2]): row[3] for row in rows if (row[0], row[1], row[2]) in wanted}


def taking(tx: Tx, orders: Iterable[int]) -> list[tuple[int, Slot]]:
    """(order id, hand-over) of those of the orders that take capacity by a decision."""
    d = decisions.c
    rows = tx.rows(
        select(d.order_id, d.service_id, d.warehouse_id, d.leave_day).where(
            d.seller_id == tx.seller_id,
            d.service_id.is_not(None),
            d.leave_day.is_not(None),
            bulk.any_of(d.order_id, "orders"),
        ),
        orders=bulk.array(tx, list(orders)),
    )
    return [(row[0], (row[1], row[2], row[3])) for row in rows]
