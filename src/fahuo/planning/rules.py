"""The planner: warehouse, service, carton and wave for a whole batch at once. Pure: no clock, no database.

1. The carton, by size. 2. Who decides, by market and shipping type. 3. Where the platform decides: its warehouse and
the next hand-over there. 4. Else: classes of alike orders to (warehouse × service × hand-over) at least price plus
expected lateness under capacity (LP, exact), and within a class the earliest deadline leaves first. 5. Stock is shared
out in the same order; who finds the shelf empty is planned again without it. 6. Waves.
"""

from __future__ import annotations

import numpy as np

from fahuo.carriers.model import ANY, TIKTOK
from fahuo.carriers.rules import approved, carries_type
from fahuo.kernel.instant import NONE
from fahuo.planning.cartons import by_size, choose
from fahuo.planning.choice import who_decides
from fahuo.planning.departures import hand_overs
from fahuo.planning.model import (
    ARRANGING,
    NO_WAREHOUSE,
    PLATFORM,
    SELLER,
    UNKNOWN_WAREHOUSE,
    Ints,
    Network,
    Plan,
    PlanOrders,
    Wave,
)
from fahuo.planning.rounds import MASK_BITS, Rounds, urgency
from fahuo.planning.shelves import Shelves


def plan(orders: PlanOrders, network: Network, now: int) -> Plan:
    """Decide for every order of the batch; whoever cannot be planned keeps a reason. Deterministic."""
    cartons = by_size(network.cartons)
    carton, outer, notes = choose(orders.items, len(orders), orders.weight_g, cartons)
    tare = np.array([c.tare_g for c in cartons] + [0], dtype=np.int64)
    out = _empty(orders, network, now)
    out.weight_g = orders.weight_g + tare[carton]
    out.carton = np.array([c.id for c in cartons] + [0], dtype=np.int64)[carton]
    out.carton_note = notes
    shelves = Shelves(orders.items, len(orders))
    site = _pinned(out, orders, network)
    _platform(out, orders, network, now, shelves, site)
    part = _decided_by(out, SELLER)
    if len(part):
        Rounds(out, orders, outer, site, shelves).run(part)
    out.wave, out.waves = waves(out.warehouse, out.service, out.leave_at, out.due_at)
    return out


def waves(warehouse: Ints, service: Ints, leave_at: Ints, due_at: Ints) -> tuple[Ints, list[Wave]]:
    """Parcels that leave together (warehouse, service, hand-over), across shops; the earliest clock first.

    Ids 0 in `service` mean the platform's carriers. Returns the wave of each order (-1: not planned) and the waves.
    """
    wave = np.full(len(warehouse), -1, dtype=np.int64)
    planned = np.flatnonzero(leave_at != NONE)
    if not len(planned):
        return wave, []
    keys = np.stack([warehouse[planned], service[planned], leave_at[planned]], axis=1)
    order = np.lexsort(keys.T[::-1])
    starts = np.flatnonzero(np.r_[True, (keys[order][1:] != keys[order][:-1]).any(axis=1)])
    due = np.minimum.reduceat(urgency(due_at[planned])[order], starts)
    sizes = np.diff(np.r_[starts, len(order)])
    rank = np.lexsort((keys[order][starts][:, 2], due))
    place = np.empty(len(rank), dtype=np.int64)
    place[rank] = np.arange(len(rank))
    wave[planned[order]] = np.repeat(place, sizes)
    rows = zip(keys[order][starts][rank].tolist(), due[rank].tolist(), sizes[rank].tolist(), strict=True)
    latest = np.iinfo(np.int64).max
    return wave, [Wave(w, s, at, NONE if first == latest else first, n) for (w, s, at), first, n in rows]


def _empty(orders: PlanOrders, network: Network, now: int) -> Plan:
    n = len(orders)
    kinds = list(zip(orders.market, orders.shipping_type, orders.pinned.tolist(), strict=True))
    decides = {kind: _chooser(*kind, network) for kind in set(kinds)}
    chosen_by = [decides[kind] for kind in kinds]
    return Plan(
        ids=orders.ids,
        warehouse=np.zeros(n, np.int64),
        service=np.zeros(n, np.int64),
        carton=np.zeros(n, np.int64),
        leave_at=np.full(n, NONE, np.int64),
        day=[""] * n,
        cost=np.zeros(n, np.int64),
        lateness=np.zeros(n, np.int64),
        chosen_by=chosen_by,
        reason=["" if who in (PLATFORM, ARRANGING, SELLER) else who for who in chosen_by],
        carton_note=[""] * n,
        wave=np.full(n, -1, np.int64),
        waves=[],
        group=np.full(n, -1, np.int64),
        class_of=np.full(n, -1, np.int64),
        choices=[],
        network=network,
        now=now,
        due_at=orders.due_at,
        weight_g=orders.weight_g,
        risk=np.zeros(n),
    )


def _chooser(market: str, shipping_type: str, pinned: int, network: Network) -> str:
    """Who decides; where no service of ours takes the platform's label from there, it is chosen when arranging.

    `pinned`: the warehouse the order names, 0 for none.
    """
    who = who_decides(market, shipping_type)
    if who != SELLER or shipping_type != TIKTOK:
        return who
    origins = {ANY} | {name for w in network.warehouses if pinned in (0, w.id) for name in (w.code, w.country)}
    known = any(
        carries_type(service, TIKTOK)
        and approved(service, market)
        and any(start in origins and end in (ANY, market) for start, end in service.lanes)
        for service in network.services
    )
    return SELLER if known else ARRANGING


def _decided_by(out: Plan, *who: str) -> Ints:
    """The orders this party decides about, as far as nothing speaks against them yet."""
    return np.flatnonzero(
        np.array([by in who and not why for by, why in zip(out.chosen_by, out.reason, strict=True)], dtype=np.bool_)
    )


def _pinned(out: Plan, orders: PlanOrders, network: Network) -> Ints:
    """Index of the warehouse each order is pinned to, -1 without; an unknown one is the order's reason."""
    index = {warehouse.id: w for w, warehouse in enumerate(network.warehouses)}
    site = np.array([index.get(pinned, -1) for pinned in orders.pinned.tolist()], dtype=np.int64)
    for i in np.flatnonzero((site < 0) & (orders.pinned != 0)).tolist():
        out.reason[i] = out.reason[i] or UNKNOWN_WAREHOUSE
    return site


def _platform(out: Plan, orders: PlanOrders, network: Network, now: int, shelves: Shelves, site: Ints) -> None:
    """Orders whose carrier the platform fixes: its warehouse (else the first with the items), the next hand-over."""
    part = _decided_by(out, PLATFORM, ARRANGING)
    if not len(part):
        return
    loose = part[site[part] < 0]
    holding = shelves.holding(loose, range(min(len(network.warehouses), MASK_BITS)))
    site[loose] = [(mask & -mask).bit_length() - 1 for mask in holding.tolist()]
    out.fail(loose[holding == 0], "no_stock_there" if network.warehouses else NO_WAREHOUSE)
    ready = part[site[part] >= 0]
    ready = ready[np.argsort(urgency(orders.due_at[ready]), kind="stable")]
    missed = shelves.take(ready, site[ready])
    out.fail(missed, "no_stock_there")
    ready = ready[~np.isin(ready, missed)]
    for w in np.unique(site[ready]).tolist():
        here = ready[site[ready] == w]
        times = hand_overs(network.warehouses[w], None, network, now)
        if not times:
            out.fail(here, "cutoff_missed")
            continue
        out.warehouse[here], out.leave_at[here] = network.warehouses[w].id, times[0][0]
        for index in here.tolist():
            out.day[index] = times[0][1]
