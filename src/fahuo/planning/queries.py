"""Every SQL statement that reads the planning station, and the network it plans over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import select

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


def network(tx: Tx, warehouses: Sequence[Warehouse], now: int) -> Network:
    """All the seller's services, rates and cartons, with the capacity that is left from today on."""
    services, rates = carriers.service_list(tx), carriers.rate_list(tx)
    currency = settings.get(tx, CURRENCY) or _usual_currency(rates)
    return Network(
        warehouses=warehouses,
        services=services,
        rates=rates,
        cartons=[Carton(**dict(zip(Carton.__struct_fields__, row, strict=True))) for row in carton_rows(tx)],
        currency=currency,
        exponent=exponent_of(currency),
        exchange=carriers.exchange(tx, currency),
        capacity_left=_capacity_left(tx, services, now),
        pack_seconds=int(settings.get(tx, PACK_SECONDS, 1800)),
    )


def _usual_currency(rates: Sequence[Rate]) -> str:
    counted = Counter(rate.currency for rate in rates)
    return min(counted, key=lambda currency: (-counted[currency], currency), default="USD")


def _capacity_left(tx: Tx, services: Sequence[Service], now: int) -> dict[tuple[int, int, str], int]:
    limits = {service.id: service.capacity_per_day for service in services}
    c = capacity_used.c
    rows = tx.rows(
        select(c.service_id, c.warehouse_id, c.day, c.used).where(
            c.seller_id == tx.seller_id, c.day >= iso(now - _DAY)[:10]
        )
    )
    left: dict[tuple[int, int, str], int] = {}
    for service, warehouse, day, used in rows:
        limit = limits.get(service)
        if limit is not None:
            left[service, warehouse, day] = max(limit - used, 0)
    return left


def room(tx: Tx, keys: Iterable[tuple[int, int, str]]) -> dict[tuple[int, int, str], int]:
    """Parcels taken so far on hand-overs (service id, warehouse id, day)."""
    wanted = set(keys)
    c = capacity_used.c
    rows = tx.rows(
        select(c.service_id, c.warehouse_id, c.day, c.used).where(
            c.seller_id == tx.seller_id, bulk.any_of(c.service_id, "services")
        ),
        services=bulk.array(tx, sorted({key[0] for key in wanted})),
    )
    return {(row[0], row[1], row[2]): row[3] for row in rows if (row[0], row[1], row[2]) in wanted}


def booked(tx: Tx, order_ids: Iterable[int]) -> list[tuple[int, tuple[int, int, str] | None]]:
    """(order id, hand-over it counts on or None) of those of the orders that have a decision."""
    d = decisions.c
    rows = tx.rows(
        select(d.order_id, d.service_id, d.warehouse_id, d.why).where(
            d.seller_id == tx.seller_id, bulk.any_of(d.order_id, "orders")
        ),
        orders=bulk.array(tx, list(order_ids)),
    )
    found: list[tuple[int, tuple[int, int, str] | None]] = []
    for order, service, warehouse, why in rows:
        reasons: dict[str, Any] = msgspec.json.decode(why)
        counted = service and warehouse and reasons.get("counted")
        found.append((order, (service, warehouse, reasons["day"]) if counted else None))
    return found
