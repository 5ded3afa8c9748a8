"""Small networks and batches for the planner's tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np

from fahuo.carriers.model import Rate, Service
from fahuo.catalogue.model import Warehouse
from fahuo.kernel.instant import NONE
from fahuo.planning.model import Carton, Items, Network, PlanOrders

NOW = int(datetime.fromisoformat("2026-01-12T08:00:00+00:00").timestamp())  # a Monday
DAY = 86_400
HOUR = 3600


def warehouse(id_: int = 1, **changes: Any) -> Warehouse:
    given: dict[str, Any] = {
        "id": id_, "code": f"W{id_}", "name": f"Warehouse {id_}", "kind": "own", "country": "US", "zone": "UTC",
        "cutoff": "18:00", "work_days": "12345", "capacity_per_day": None, "platform_ref": "",
    }  # fmt: skip
    return Warehouse(**(given | changes))


def service(id_: int = 1, **changes: Any) -> Service:
    given: dict[str, Any] = {
        "id": id_, "carrier": f"c{id_}", "carrier_name": f"Carrier {id_}", "code": "std", "name": "Std",
        "shipping_type": "SELLER", "goods_allowed": 31, "cutoff": "18:00", "scan_hours": 8,
        "approved_markets": frozenset({"US"}),
    }  # fmt: skip
    return Service(**(given | changes))


def rate(service_id: int = 1, base: int = 500, **changes: Any) -> Rate:
    given: dict[str, Any] = {
        "service_id": service_id, "base": base, "weight_to_g": 30_000, "currency": "USD", "zone_country": "US",
    }  # fmt: skip
    return Rate(**(given | changes))


def carton(id_: int = 1, size: tuple[int, int, int] = (300, 200, 150), **changes: Any) -> Carton:
    given: dict[str, Any] = {
        "id": id_, "code": f"C{id_}", "length_mm": size[0], "width_mm": size[1], "height_mm": size[2],
        "max_weight_g": 20_000, "tare_g": 100, "cost": 30, "currency": "USD",
    }  # fmt: skip
    return Carton(**(given | changes))


def network(services: Sequence[Service] = (), rates: Sequence[Rate] = (), **changes: Any) -> Network:
    offered = services or [service()]
    given: dict[str, Any] = {
        "warehouses": [warehouse()],
        "services": offered,
        "rates": rates or [rate(s.id) for s in offered],
        "cartons": [carton()],
    }
    return Network(**(given | changes))


def orders(count: int = 1, **columns: Any) -> PlanOrders:
    """Orders of one unit of one small SKU each, to the US, due tomorrow night, ten dollars if late."""

    def full(value: int) -> Any:
        return np.full(count, value, dtype=np.int64)

    given: dict[str, Any] = {
        "ids": np.arange(1, count + 1, dtype=np.int64),
        "market": ["US"] * count,
        "shipping_type": ["SELLER"] * count,
        "country": ["US"] * count,
        "region": [""] * count,
        "postal": [""] * count,
        "weight_g": full(400),
        "goods": full(0),
        "due_at": full(NOW + 2 * DAY),
        "scan_clock": np.ones(count, dtype=np.bool_),
        "penalty": full(1000),
        "pinned": full(0),
        "items": Items(
            order=np.arange(count, dtype=np.int64), sku=full(0), quantity=full(1),
            size_mm=np.array([[100, 80, 50]], dtype=np.int64),
        ),
    }  # fmt: skip
    for name, value in columns.items():
        given[name] = np.array(value, dtype=given[name].dtype) if isinstance(given[name], np.ndarray) else value
    return PlanOrders(**given)


__all__ = ["DAY", "HOUR", "NONE", "NOW", "carton", "network", "orders", "rate", "service", "warehouse"]
