"""Use case: plan a batch of orders that have their units, and open their parcels. One transaction a batch.

The planner decides for the whole batch; placement, capacity and number ranges are then taken by conditional updates.
Who loses there stays at the station `plan` and is planned again. An order that cannot be planned gets a hold that
says why, and goes on by itself as soon as the cause is gone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fahuo.carriers.numbers import take_numbers
from fahuo.catalogue.model import SkuIndex
from fahuo.flow.house import Desk
from fahuo.inventory import queries as inventory_queries
from fahuo.inventory import service as inventory
from fahuo.inventory.queries import Reservation
from fahuo.kernel.arrays import Ints
from fahuo.kernel.ids import new_id, new_ids
from fahuo.kernel.instant import NONE
from fahuo.orders import queries as orders_queries
from fahuo.orders import service as orders
from fahuo.orders.model import SHIPPING_SELLER
from fahuo.orders.queries import ToPlan
from fahuo.orders.rules import hold
from fahuo.planning import queries as planning_queries
from fahuo.planning import service as planning
from fahuo.planning.model import Items, Network, Plan, PlanOrders
from fahuo.planning.rules import plan
from fahuo.store import effects, journal
from fahuo.store.engine import Store, Tx
from fahuo.warehouse import queries as warehouse_queries
from fahuo.warehouse import service as warehouse
from fahuo.warehouse.model import ARRANGED, CARRIER, OWN, PLANNED, PLATFORM
from fahuo.warehouse.rules import cut_waves

BATCH = 5_000


def plan_all(store: Store, desk: Desk, now: int, *, seller_id: int = 1, batch: int = BATCH) -> Counter[str]:
    """Plan every order at the station `plan` once, the most urgent first. Counts planned and unplanned orders."""
    done: Counter[str] = Counter()
    after = (-1, 0)
    while True:
        with store.write(seller_id) as tx:
            found = orders_queries.to_plan(tx, batch, after)
            if not found:
                return done
            planned = plan_batch(tx, desk, found, now)
        done["planned"] += planned
        done["unplanned"] += len(found) - planned
        after = orders_queries.urgency(found[-1])


def plan_batch(tx: Tx, desk: Desk, found: Sequence[ToPlan], now: int) -> int:
    """Plan these locked orders inside the caller's transaction; returns how many have a parcel now."""
    held = [row for row in inventory_queries.reserved(tx, [order.id for order in found]) if row.state == "reserved"]
    network = planning_queries.network(tx, desk.warehouses, now)
    decided = plan(_columns(tx, desk.skus, network, found, held), network, now)
    where = {order.id: int(decided.warehouse[i]) for i, order in enumerate(found) if decided.warehouse[i] and not decided.reason[i]}
    lost = inventory.place(tx, where, now, desk.actor)
    full = planning.book(tx, decided, [i for i, order in enumerate(found) if order.id in where and order.id not in lost])
    out = {found[i].id for i in full}
    inventory.unplace(tx, out, now, desk.actor)
    taken = [i for i, order in enumerate(found) if order.id in where and order.id not in lost and order.id not in out]
    _open(tx, desk, found, decided, taken, held, now)
    _explain(tx, desk, found, decided, set(taken), now)
    return len(taken)


def _columns(
    tx: Tx, skus: SkuIndex, network: Network, found: Sequence[ToPlan], held: Sequence[Reservation]
) -> PlanOrders:
    place = {order.id: i for i, order in enumerate(found)}
    index = {sku: i for i, sku in enumerate(sorted({row.sku_id for row in held}))}
    articles = [skus.by_id[sku] for sku in index]
    order_of = np.array([place[row.order_id] for row in held], dtype=np.int64)
    sku_of = np.array([index[row.sku_id] for row in held], dtype=np.int64)
    quantity = np.array([row.quantity for row in held], dtype=np.int64)
    weights = np.array([a.weight_g for a in articles] or [0], dtype=np.int64)
    goods_of = [0] * len(found)
    for row in held:
        goods_of[place[row.order_id]] |= skus.by_id[row.sku_id].goods
    weight = np.zeros(len(found), dtype=np.int64)
    np.add.at(weight, order_of, weights[sku_of] * quantity if len(held) else quantity)
    return PlanOrders(
        ids=_ints(order.id for order in found),
        market=[order.market for order in found],
        shipping_type=[order.shipping_type for order in found],
        country=[order.dest_country or order.market for order in found],
        region=[order.dest_region for order in found],
        postal=[order.dest_postal for order in found],
        weight_g=weight,
        goods=_ints(goods_of),
        due_at=_ints(NONE if order.due_at is None else order.due_at for order in found),
        scan_clock=np.array([order.due_clock == "first_scan" for order in found], dtype=np.bool_),
        penalty=np.full(len(found), NONE, dtype=np.int64),
        pinned=_ints(order.warehouse_id or 0 for order in found),
        items=Items(
            order=order_of,
            sku=sku_of,
            quantity=quantity,
            size_mm=np.array([(a.length_mm, a.width_mm, a.height_mm) for a in articles], dtype=np.int64).reshape(-1, 3),
            stock=_stock(tx, network, index),
        ),
    )


def _ints(values: Any) -> Ints:
    return np.array(list(values), dtype=np.int64)


def _stock(tx: Tx, network: Network, index: Mapping[int, int]) -> Ints:
    row = {warehouse.id: i for i, warehouse in enumerate(network.warehouses)}
    stock = np.zeros((len(row), len(index)), dtype=np.int64)
    for (where, sku), left in inventory_queries.lock_shelves(tx, index).items():
        if where in row:
            stock[row[where], index[sku]] = left
    return stock


def _open(
    tx: Tx, desk: Desk, found: Sequence[ToPlan], decided: Plan, taken: Sequence[int], held: Sequence[Reservation], now: int
) -> None:
    """Waves, parcels, numbers, journal and tasks of the orders that are planned."""
    if not taken:
        return
    numbers, names = _numbers(tx, found, decided, taken)
    wave_of = _waves(tx, decided, taken, now)
    packages = dict(zip(taken, new_ids(len(taken)), strict=True))
    contents: dict[int, list[Reservation]] = {}
    for row in held:
        contents.setdefault(row.order_id, []).append(row)
    rows, items, entries, tasks, moves = [], [], [], [], []
    for i in taken:
        order, package, service = found[i], packages[i], int(decided.service[i])
        ours = order.shipping_type == SHIPPING_SELLER
        number = numbers.get(i, "") or order.tracking_number
        origin = PLATFORM if not ours else OWN if i in numbers else CARRIER
        # A number of our own makes the label at once; the platform's exists only after arranging there.
        arranged = now if i in numbers else order.arranged_at
        carrier = names.get(service, "") or order.carrier_name
        rows.append(
            (
                package, order.shop_id, order.id, "", ARRANGED if arranged is not None else PLANNED, "", wave_of[i],
                int(decided.warehouse[i]), service, int(decided.carton[i]) or None, carrier, number, origin, None,
                int(decided.weight_g[i]), arranged, None, None, None, None, None,
            )
        )  # fmt: skip
        items += [(package, order.id, r.line_no, r.sku_id, r.quantity, 0) for r in contents[order.id]]
        entries.append(journal.Entry(order.id, "planned", now, desk.actor, _planned(decided, i, wave_of[i])))
        if i in numbers:
            data = {"package": str(package), "number": number, "carrier": carrier, "label": origin}
            entries.append(journal.Entry(order.id, "arranged", now, desk.actor, data))
        elif arranged is None:
            tasks.append(_task(order, package, ours, now))
        moves.append((order, arranged, carrier, number, int(decided.warehouse[i])))
    warehouse.open_packages(tx, rows, items)
    heads = journal.append(tx, entries, {found[i].id: (found[i].journal_seq, found[i].journal_head) for i in taken})
    effects.put(tx, tasks)
    orders.move(
        tx,
        ("station", "warehouse_id", "arranged_at", "carrier_name", "tracking_number", "version", "journal_seq", "journal_head"),
        [
            ("pack", where, arranged, carrier, number, order.version + 1, *heads[order.id])
            for order, arranged, carrier, number, where in moves
        ],
    )


def _numbers(
    tx: Tx, found: Sequence[ToPlan], decided: Plan, taken: Sequence[int]
) -> tuple[dict[int, str], dict[int, str]]:
    """Waybill numbers from the carriers' ranges for own parcels, by index; and the carriers' names by service."""
    wanted: dict[int, list[int]] = {}
    for i in taken:
        if found[i].shipping_type == SHIPPING_SELLER and decided.service[i] and not found[i].tracking_number:
            wanted.setdefault(int(decided.service[i]), []).append(i)
    drawn = take_numbers(tx, {service: len(group) for service, group in wanted.items()})
    numbers = {
        i: number for service, group in wanted.items() for i, number in zip(group, drawn.get(service, ()), strict=False)
    }
    names = {service.id: service.carrier_name or service.carrier for service in decided.network.services}
    return numbers, names


def _waves(tx: Tx, decided: Plan, taken: Sequence[int], now: int) -> dict[int, int]:
    """Cut the planner's waves to a picker's size, write them, and say which wave each order is in."""
    groups = [((int(decided.wave[i]), 0, 0), i) for i in taken]
    number = warehouse_queries.last_wave_number(tx)
    wave_of: dict[int, int] = {}
    rows = []
    for members in cut_waves(groups):
        number += 1
        wave_id, first = new_id(), members[0]
        due = [int(decided.due_at[i]) for i in members if decided.due_at[i] != NONE]
        rows.append(
            (
                wave_id, number, int(decided.warehouse[first]), int(decided.service[first]), int(decided.leave_at[first]),
                min(due, default=None), len(members), now,
            )
        )  # fmt: skip
        wave_of.update(dict.fromkeys(members, wave_id))
    warehouse.open_waves(tx, rows)
    return wave_of


def _planned(decided: Plan, i: int, wave: int) -> dict[str, Any]:
    data: dict[str, Any] = {
        "by": decided.chosen_by[i],
        "warehouse": str(int(decided.warehouse[i])),
        "service": str(int(decided.service[i])),
        "wave": str(wave),
        "leave": int(decided.leave_at[i]),
        "cost": int(decided.cost[i]),
        "currency": decided.network.currency,
    }
    if decided.carton[i]:
        data["carton"] = str(int(decided.carton[i]))
    return data


def _task(order: ToPlan, package: int, ours: bool, now: int) -> effects.Effect:
    """What no file and no call of ours can do: a person does it in Seller Center, or asks the carrier for a number."""
    kind = "get_number" if ours else "arrange_shipment"
    return effects.Effect(
        key=f"{kind}:{package}",
        kind=kind,
        lane="person",
        shop_id=order.shop_id,
        order_id=order.id,
        package_id=package,
        due_at=order.due_at or now,
        body={"order": order.platform_order_id},
        waits=True,
    )


def _explain(tx: Tx, desk: Desk, found: Sequence[ToPlan], decided: Plan, taken: set[int], now: int) -> None:
    """Open a hold for each order that could not be planned, close those of orders that now could."""
    ids = [order.id for order in found]
    open_ = {
        (hold_.order_id, hold_.value): hold_
        for holds in orders_queries.open_holds(tx, ids).values()
        for hold_ in holds
        if hold_.code == "cannot_plan"
    }
    fresh, stay, entries = {}, set(), []
    for i, order in enumerate(found):
        if i in taken:
            continue
        reason = decided.reason[i] or "lost_the_race"
        if (order.id, reason) in open_:
            stay.add((order.id, reason))
        else:
            fresh[order.id] = [hold("cannot_plan", "plan", reason)]
            entries.append(journal.Entry(order.id, "not_planned", now, desk.actor, {"why": reason}))
    gone = [(h.order_id, h.code, h.since_at) for key, h in open_.items() if key not in stay]
    orders.release(tx, gone, now, "system", "planned, or for another reason")
    orders.hold(tx, fresh, now)
    if entries:
        heads = {order.id: (order.journal_seq, order.journal_head) for order in found}
        after = journal.append(tx, entries, {entry.order_id: heads[entry.order_id] for entry in entries})
        orders.move(tx, ("journal_seq", "journal_head"), [(id_, *head) for id_, head in after.items()])
