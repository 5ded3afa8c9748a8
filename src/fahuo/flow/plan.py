"""Use case: plan a batch of orders that have their units. One transaction a batch.

The planner decides for the whole batch; placement, capacity and number ranges are then taken by conditional updates.
Who loses there stays at the station `plan` and is planned again. An order that cannot be planned gets a hold that
says why, and goes on by itself as soon as the cause is gone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from fahuo.catalogue.model import SkuIndex
from fahuo.flow import parcelling
from fahuo.flow.again import write_again
from fahuo.flow.house import Desk
from fahuo.flow.parcelling import Chosen, Parcels
from fahuo.inventory import queries as inventory_queries
from fahuo.inventory import service as inventory
from fahuo.inventory.queries import Reservation
from fahuo.kernel.arrays import Ints
from fahuo.kernel.instant import NONE
from fahuo.kernel.stopwatch import stage
from fahuo.orders import queries as orders_queries
from fahuo.orders import service as orders
from fahuo.orders.queries import ToPlan
from fahuo.orders.rules import Hold, hold
from fahuo.planning import queries as planning_queries
from fahuo.planning import service as planning
from fahuo.planning.model import Items, Network, Plan, PlanOrders
from fahuo.planning.rules import plan
from fahuo.store import journal
from fahuo.store.engine import Store, Tx

BATCH = 5_000

_MOVED = ("station", "warehouse_id", "carrier_name", "tracking_number", "version", "journal_seq", "journal_head")

Shelves = dict[tuple[int, int], int]
"""(warehouse, SKU) → units on that shelf that no placed order needs."""


def plan_all(store: Store, desk: Desk, now: int, *, seller_id: int = 1, batch: int = BATCH) -> Counter[str]:
    """Plan every order at the station `plan` once, the most urgent first. Counts planned and unplanned orders."""
    done: Counter[str] = Counter()
    after = (-1, 0)

    def once(tx: Tx) -> tuple[Sequence[ToPlan], int]:
        found = orders_queries.to_plan(tx, batch, after)
        return found, plan_batch(tx, desk, found, now) if found else 0

    while True:
        with stage("plan"):  # orders that arrive are planned beside this: both may open a wave of the same number
            found, planned = write_again(store, once, seller_id)
        done["planned"] += planned
        done["unplanned"] += len(found) - planned
        if len(found) < batch:
            return done
        after = orders_queries.urgency(found[-1])


class Planned(NamedTuple):
    """What the planning of a batch came to. Counters, ranges and waves have moved; no row of an order is written."""

    plans: list[tuple[Sequence[ToPlan], Plan]]
    where: dict[int, int]
    """Order → warehouse, of those that go on."""
    parcels: Parcels
    failed: dict[int, str]
    """Order → why not, of the others."""


NOTHING: Planned = Planned([], {}, Parcels([], [], [], {}, {}), {})


def plan_batch(tx: Tx, desk: Desk, found: Sequence[ToPlan], now: int) -> int:
    """Plan these locked orders inside the caller's transaction; returns how many have a parcel now."""
    ids = [order.id for order in found]
    held: dict[int, list[Reservation]] = {}
    for row in inventory_queries.reserved(tx, ids):
        if row.state == "reserved":
            held.setdefault(row.order_id, []).append(row)
    planning.give_back(tx, ids)
    done = decide(tx, desk, found, held, now)
    inventory.put(tx, done.where, held, now, desk.actor)
    planning.record(tx, [decided for _, decided in done.plans], done.where)
    parcelling.write(tx, done.parcels, now)
    untold = _explain(tx, ids, done.failed, now)
    entries = [*done.parcels.entries.values(), *(not_planned(id_, done.failed[id_], now, desk) for id_ in untold)]
    before = {order.id: order for order in found}
    heads = journal.append(
        tx, entries, {e.order_id: (before[e.order_id].journal_seq, before[e.order_id].journal_head) for e in entries}
    )
    moves = [(id_, "pack", *to, before[id_].version + 1, *heads[id_]) for id_, to in done.parcels.orders.items()]
    orders.move(tx, _MOVED, moves)
    orders.move(tx, _MOVED[-2:], [(id_, *heads[id_]) for id_ in untold])
    return len(done.where)


def decide(tx: Tx, desk: Desk, found: Sequence[ToPlan], held: Mapping[int, Sequence[Reservation]], now: int) -> Planned:
    """Choose for these orders and take shelves, capacity, numbers and waves for them. `held`: what they have reserved.

    Orders of one currency are planned together: money of different currencies is never compared without a rate. What
    one group takes of shelves and capacity is gone for the next.
    """
    shelves = inventory_queries.lock_shelves(tx, {row.sku_id for rows in held.values() for row in rows})
    network = planning_queries.network(tx, desk.warehouses, now)
    groups: dict[str, list[ToPlan]] = {}
    for order in found:
        groups.setdefault(order.currency, []).append(order)
    plans: list[tuple[Sequence[ToPlan], Plan]] = []
    for currency, group in sorted(groups.items()):
        if plans:
            network = _take(network, shelves, *plans[-1], held)
        # A currency the seller has set for all plans stands above the orders' own.
        own = network if network.fixed_currency else planning_queries.in_currency(tx, network, currency)
        plans.append((group, plan(_columns(desk.skus, own, shelves, group, held), own, now)))
    return _secure(tx, desk, plans, held, now)


def _take(
    network: Network,
    shelves: Shelves,
    group: Sequence[ToPlan],
    decided: Plan,
    held: Mapping[int, Sequence[Reservation]],
) -> Network:
    """Subtract what the plan takes from the shelves (in place) and from the capacity left (in the network returned)."""
    limits = {service.id: service.capacity_per_day for service in network.services}
    left = dict(network.capacity_left)
    for order, warehouse, service, day, reason in zip(
        group, decided.warehouse.tolist(), decided.service.tolist(), decided.day, decided.reason, strict=True
    ):
        if not warehouse or reason:
            continue
        for row in held.get(order.id, ()):
            shelves[warehouse, row.sku_id] = shelves.get((warehouse, row.sku_id), 0) - row.quantity
        if limits.get(service) is not None:
            slot = (service, warehouse, day)
            left[slot] = left.get(slot, limits[service] or 0) - 1
    return replace(network, capacity_left=left)


def _secure(
    tx: Tx,
    desk: Desk,
    plans: list[tuple[Sequence[ToPlan], Plan]],
    held: Mapping[int, Sequence[Reservation]],
    now: int,
) -> Planned:
    """Take shelf and capacity, prepare the parcels of those that got both, know why of the others."""
    where = {
        order.id: warehouse
        for group, decided in plans
        for order, warehouse, reason in zip(group, decided.warehouse.tolist(), decided.reason, strict=True)
        if warehouse and not reason
    }
    for order in inventory.shelve(tx, where, held):
        del where[order]
    for group, decided in plans:
        lost = planning.take(tx, decided, [i for i, order in enumerate(group) if order.id in where])
        inventory.unshelve(tx, {group[i].id: where.pop(group[i].id) for i in lost}, held)
    with stage("parcel"):
        parcels = parcelling.prepare(tx, desk, _chosen(plans, where), held, now)
    failed = {
        order.id: why or "lost_the_race"
        for group, decided in plans
        for order, why in zip(group, decided.reason, strict=True)
        if order.id not in where
    }
    return Planned(plans, where, parcels, failed)


def _chosen(plans: Sequence[tuple[Sequence[ToPlan], Plan]], taken: Container[int]) -> list[Chosen]:
    found: list[Chosen] = []
    for number, (group, decided) in enumerate(plans):
        names = {service.id: service.carrier_name or service.carrier for service in decided.network.services}
        columns = zip(
            group,
            decided.chosen_by,
            decided.warehouse.tolist(),
            decided.service.tolist(),
            decided.carton.tolist(),
            decided.leave_at.tolist(),
            decided.cost.tolist(),
            decided.weight_g.tolist(),
            decided.wave.tolist(),
            strict=True,
        )
        found += [
            Chosen(
                order,
                by,
                warehouse,
                service,
                names.get(service, ""),
                carton,
                leave,
                cost,
                decided.network.currency,
                weight,
                (number, wave),
            )
            for order, by, warehouse, service, carton, leave, cost, weight, wave in columns
            if order.id in taken
        ]
    return found


def _columns(
    skus: SkuIndex,
    network: Network,
    shelves: Shelves,
    found: Sequence[ToPlan],
    by_order: Mapping[int, Sequence[Reservation]],
) -> PlanOrders:
    held = [(i, row.sku_id, row.quantity) for i, order in enumerate(found) for row in by_order.get(order.id, ())]
    order_of, sku_ids, quantity = np.array(held, dtype=np.int64).reshape(-1, 3).T
    distinct, sku_of = np.unique(sku_ids, return_inverse=True)
    index = {sku: i for i, sku in enumerate(distinct.tolist())}
    articles = [skus.by_id[sku] for sku in index]
    weight, goods = np.zeros(len(found), dtype=np.int64), np.zeros(len(found), dtype=np.int64)
    np.add.at(weight, order_of, _ints(a.weight_g for a in articles)[sku_of] * quantity)
    np.bitwise_or.at(goods, order_of, _ints(a.goods for a in articles)[sku_of])
    return PlanOrders(
        ids=_ints(order.id for order in found),
        market=[order.market for order in found],
        shipping_type=[order.shipping_type for order in found],
        country=[order.dest_country or order.market for order in found],
        region=[order.dest_region for order in found],
        postal=[order.dest_postal for order in found],
        weight_g=weight,
        goods=goods,
        due_at=_ints(NONE if order.due_at is None else order.due_at for order in found),
        scan_clock=np.array([order.due_clock == "first_scan" for order in found], dtype=np.bool_),
        penalty=np.full(len(found), NONE, dtype=np.int64),
        pinned=_ints(order.warehouse_id or 0 for order in found),
        items=Items(
            order=order_of,
            sku=sku_of,
            quantity=quantity,
            size_mm=np.array([(a.length_mm, a.width_mm, a.height_mm) for a in articles], dtype=np.int64).reshape(-1, 3),
            stock=_stock(network, shelves, index),
        ),
    )


def _ints(values: Any) -> Ints:
    return np.array(list(values), dtype=np.int64)


def _stock(network: Network, shelves: Shelves, index: Mapping[int, int]) -> Ints:
    row = {warehouse.id: i for i, warehouse in enumerate(network.warehouses)}
    stock = np.zeros((len(row), len(index)), dtype=np.int64)
    for (where, sku), left in shelves.items():
        if where in row and sku in index:
            stock[row[where], index[sku]] = left
    return stock


def not_planned(order: int, why: str, now: int, desk: Desk) -> journal.Entry:
    """What the journal keeps of an order that could not be planned."""
    return journal.Entry(order, "not_planned", now, desk.actor, {"why": why})


def cannot_plan(why: str) -> Hold:
    """The hold that says why; it does not block, the order is planned again by itself."""
    return hold("cannot_plan", "plan", why)


def _explain(tx: Tx, ids: Sequence[int], failed: Mapping[int, str], now: int) -> list[int]:
    """Open a hold for each order that could not be planned, close those of orders that now could.

    Returns the orders that did not have this hold before.
    """
    open_ = {
        (hold_.order_id, hold_.value): hold_
        for holds in orders_queries.open_holds(tx, ids).values()
        for hold_ in holds
        if hold_.code == "cannot_plan"
    }
    gone = [(h.order_id, h.code, h.since_at) for (order, why), h in open_.items() if failed.get(order) != why]
    orders.release(tx, gone, now, "system", "planned, or for another reason")
    untold = [order for order, why in failed.items() if (order, why) not in open_]
    orders.hold(tx, {order: [cannot_plan(failed[order])] for order in untold}, now)
    return untold
