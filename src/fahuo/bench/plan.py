"""`fahuo bench plan`: a day's open orders to services with capacity, beside first come, first served."""

from __future__ import annotations

import statistics
import time
from typing import Any, Final

import numpy as np

from fahuo.carriers.model import Rate, Service
from fahuo.catalogue.model import Warehouse
from fahuo.planning.model import Carton, Ints, Items, Network, Plan, PlanOrders
from fahuo.planning.rules import plan

REPEATS: Final = 5
NOW: Final = 1_768_204_800  # 2026-01-12T08:00:00Z, a Monday
_SKUS: Final = 300
_REGIONS: Final = 20
_DAY: Final = 86_400


def run(orders: int, services: int, seed: int = 3) -> dict[str, Any]:
    """Seconds to plan (cartons, classes, LP, waves, proof), cost, proven lower bound and gap; median of five repeats.

    The raw figure beside it, interleaved, is the greedy plan: orders as they came, each to the cheapest service that
    has a parcel left, from prices already known. It costs `greedy_over_bound` more than the bound.
    """
    network = network_of(services, int(orders * 1.25 / services) + 1)
    batch = orders_of(orders, seed)
    times: list[float] = []
    greedy_times: list[float] = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        found = plan(batch, network, NOW)
        times.append(time.perf_counter() - start)
        start = time.perf_counter()
        greedy_cost = greedy(found, batch)
        greedy_times.append(time.perf_counter() - start)
    objective, bound = found.objective or 0.0, found.bound or 0.0
    return {
        "schema": "fahuo.bench_plan/1",
        "orders": orders,
        "services": services,
        "classes": int(found.class_of.max()) + 1,
        "planned": int((found.service > 0).sum()),
        "seconds": round(statistics.median(times), 4),
        "seconds_spread": [round(min(times), 4), round(max(times), 4)],
        "cost": round(objective),
        "lower_bound": round(bound),
        "gap": round(found.gap, 8),
        "greedy_seconds": round(statistics.median(greedy_times), 4),
        "greedy_cost": round(greedy_cost),
        "greedy_over_bound": round(greedy_cost / bound - 1, 5) if bound else None,
    }


def greedy(found: Plan, batch: PlanOrders) -> float:
    """Cost of serving the orders as they came, each with the cheapest hand-over that still has room."""
    choices = found.choices[0]
    pair_of = np.array([d.pair for d in choices.departures], dtype=np.int64)
    price = np.where(choices.refused == 0, choices.price.astype(np.float64), np.inf)[:, pair_of]
    penalty = np.bincount(found.class_of, weights=batch.penalty) / np.bincount(found.class_of)
    cost = price + choices.risk[choices.cell] * penalty[:, None]
    ranking = np.argsort(cost, axis=1, kind="stable").tolist()
    left = [np.inf if d.capacity is None else d.capacity for d in choices.departures]
    total = 0.0
    for row in found.class_of.tolist():
        for column in ranking[row]:
            if left[column] > 0 and np.isfinite(cost[row, column]):
                left[column] -= 1
                total += float(cost[row, column])
                break
    return total


def network_of(services: int, capacity: int) -> Network:
    """Two warehouses, `services` services with `capacity` parcels a day at each, prices by region and weight."""
    rng = np.random.default_rng(services)
    warehouses = [
        Warehouse(id=i + 1, code=f"W{i + 1}", name=f"Warehouse {i + 1}", kind="own", country="US", zone=zone,
                  cutoff="18:00", work_days="12345", capacity_per_day=None, platform_ref="")
        for i, zone in enumerate(("America/Los_Angeles", "America/New_York"))
    ]  # fmt: skip
    offered = [
        Service(id=i + 1, carrier=f"c{i + 1}", carrier_name=f"Carrier {i + 1}", code="std", name="Standard",
                shipping_type="SELLER", goods_allowed=0 if i % 3 == 0 else 31, max_weight_g=None if i % 4 else 5000,
                volumetric_divisor=(None, 5000, 6000)[i % 3], capacity_per_day=capacity // 2,
                cutoff=f"{14 + i % 5}:00", scan_hours=(8, 16, 30)[i % 3], approved_markets=frozenset({"US"}))
        for i in range(services)
    ]  # fmt: skip
    rates = []
    for service in offered:
        base, per_kg, step = int(rng.integers(180, 420)), int(rng.integers(10, 60)), int(rng.integers(3, 25))
        for region in range(_REGIONS):
            for low, high in ((0, 500), (500, 2000), (2000, 30000)):
                rates.append(
                    Rate(service_id=service.id, zone_country="US", zone_region=f"R{region}", weight_from_g=low,
                         weight_to_g=high, base=base + step * region + low // 20 + int(rng.integers(0, 30)),
                         per_kg=per_kg, currency="USD")
                )  # fmt: skip
    cartons = [
        Carton(id=i + 1, code=f"C{i + 1}", length_mm=150 * (i + 2), width_mm=100 * (i + 2), height_mm=80 * (i + 2),
               max_weight_g=30_000, tare_g=60 * (i + 1), cost=20 * (i + 1), currency="USD")
        for i in range(6)
    ]  # fmt: skip
    return Network(warehouses=warehouses, services=offered, rates=rates, cartons=cartons)


def orders_of(count: int, seed: int) -> PlanOrders:
    """Orders of two lines over 300 SKUs to 20 regions, due within one to four days, five dollars each if late."""
    rng = np.random.default_rng(seed)
    size = np.sort(rng.integers(20, 260, (_SKUS, 3)), axis=1)
    weight = rng.integers(50, 2500, _SKUS)
    goods = rng.choice([0, 0, 0, 1, 2, 16], _SKUS)
    sku = rng.integers(0, _SKUS, (count, 2))
    quantity = rng.choice([1, 1, 1, 2, 3], (count, 2))
    region = (rng.pareto(1.2, count) * 3).astype(np.int64) % _REGIONS
    items = Items(
        order=np.repeat(np.arange(count, dtype=np.int64), 2),
        sku=sku.reshape(-1),
        quantity=quantity.reshape(-1).astype(np.int64),
        size_mm=size,
        stock=np.full((2, _SKUS), count * 3, dtype=np.int64),
    )
    due = NOW + rng.integers(1, 5, count) * _DAY + 15 * 3600
    every: Ints = np.zeros(count, dtype=np.int64)
    return PlanOrders(
        ids=np.arange(count, dtype=np.int64),
        market=["US"] * count,
        shipping_type=["SELLER"] * count,
        country=["US"] * count,
        region=[f"R{r}" for r in region.tolist()],
        postal=[f"{p:03d}" for p in rng.integers(0, 1000, count).tolist()],
        weight_g=(weight[sku] * quantity).sum(axis=1).astype(np.int64),
        goods=np.bitwise_or.reduce(goods[sku], axis=1).astype(np.int64),
        due_at=due.astype(np.int64),
        scan_clock=np.ones(count, dtype=np.bool_),
        penalty=every + 500,
        pinned=every,
        items=items,
    )
