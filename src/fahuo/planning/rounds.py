"""The seller's choice for a group of orders: LP rounds until everybody has a service, or no shelf is left to try."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from fahuo.carriers.model import REFUSALS
from fahuo.kernel.instant import NONE
from fahuo.planning.assign import Assignment, assign, lower_bound
from fahuo.planning.classes import Classes, classify
from fahuo.planning.departures import capacity_on
from fahuo.planning.model import NO_SERVICE, NO_WAREHOUSE, Choices, Departure, Floats, Ints, Network, Plan, PlanOrders
from fahuo.planning.shelves import Shelves

MASK_BITS: Final = 62
"""Warehouses one plan can choose between. Orders pinned to one are not bound by it."""

_EARLIER_FIRST: Final = 0.001
"""Minor units by which a later hand-over counts as dearer, up to double that for the class due first: nothing waits
without a reason, and where many may wait as well, the latest due waits. In the choice only, never in a price."""

_LEFT_OUT: Final = 20
"""Leaving an order unplanned is reckoned at this many times the dearest way of planning one."""

_LATEST: Final = np.iinfo(np.int64).max


def urgency(due_at: Ints) -> Ints:
    """A key to sort by: the due time, orders without a clock last."""
    return np.where(due_at == NONE, _LATEST, due_at)


@dataclass(slots=True)
class Rounds:
    """Plans groups of orders that share warehouses, and keeps what the plan has used up so far.

    `outer` is the parcels' size (n, 3), `site` the warehouse index an order is pinned to or -1; both for all orders.
    """

    out: Plan
    orders: PlanOrders
    outer: Ints
    site: Ints
    shelves: Shelves
    used: dict[tuple[int, int, str], int] = field(default_factory=dict)
    objective: float = 0.0
    bound: float = 0.0

    def run(self, part: Ints) -> None:
        """Decide for the orders `part`: one group, unless there are more warehouses than a plan can choose between."""
        network = self.out.network
        if not network.warehouses or not network.services:
            self.out.fail(part, NO_SERVICE if network.warehouses else NO_WAREHOUSE)
            return
        everywhere = list(range(len(network.warehouses)))
        if len(everywhere) <= MASK_BITS:
            self._group(part, everywhere)
        else:
            pinned = self.site[part]
            for w in np.unique(pinned[pinned >= 0]).tolist():
                self._group(part[pinned == w], [w])
            self._group(part[pinned < 0], everywhere[:MASK_BITS])
        self.out.objective, self.out.bound = self.objective, self.bound

    def _group(self, part: Ints, sites: list[int]) -> None:
        """The first round decides and proves; the later ones serve those who found a shelf empty."""
        everyone, out_price, bound = part, np.zeros(len(part)), 0.0
        first = True
        while len(part):
            classes = classify(self.orders, part, self.outer, self.out.weight_g, self._allowed(part, sites), sites,
                               self._view(), self.out.now)  # fmt: skip
            price, left_out = _reckon(classes)
            departure, found = _distribute(classes, price, left_out, urgency(self.orders.due_at[part]))
            if first:
                bound = self._bound(classes, price, left_out, found)
                out_price = left_out[classes.of]
                self._remember(part, classes)
                first = False
            part = self._keep(part, classes, price, departure)
        failed = np.array([bool(self.out.reason[i]) for i in everyone.tolist()], dtype=np.bool_)
        self.bound += bound - float(out_price[failed].sum())

    def _allowed(self, part: Ints, sites: list[int]) -> Ints:
        """Bit mask over `sites` for each order: where its items are, and only there where it is pinned to."""
        bit_of = np.zeros(len(self.out.network.warehouses), dtype=np.int64)
        bit_of[sites] = np.arange(len(sites))
        allowed = self.shelves.holding(part, sites)
        held = self.site[part] >= 0
        allowed[held] &= np.int64(1) << bit_of[self.site[part[held]]]
        return allowed

    def _view(self) -> Network:
        """The network with the capacity that this plan has left."""
        network = self.out.network
        if not self.used:
            return network
        limits = {service.id: service.capacity_per_day for service in network.services}
        left = dict(network.capacity_left)
        for key, taken in self.used.items():
            limit = left.get(key, limits[key[0]])
            if limit is not None:
                left[key] = limit - taken
        return replace(network, capacity_left=left)

    def _remember(self, part: Ints, classes: Classes) -> None:
        self.out.group[part] = len(self.out.choices)
        self.out.class_of[part] = classes.of
        self.out.choices.append(classes.choices)

    def _bound(self, classes: Classes, price: Floats, left_out: Floats, found: Assignment) -> float:
        """Against the capacity before this plan took any, so that the bounds of several groups may be added."""
        choices = classes.choices
        full = self._capacity(choices) if self.used else choices.capacity
        risk = choices.risk[choices.cell]
        return lower_bound(price, risk, left_out, classes.of, classes.order_penalty, found.duals, full)

    def _capacity(self, choices: Choices) -> Ints:
        network = self.out.network
        left = []
        for departure in choices.departures:
            w, s = choices.pairs[departure.pair]
            left.append(capacity_on(network.warehouses[w], network.services[s], departure.day, network))
        return np.array([-1 if room is None else room for room in left], dtype=np.int64)

    def _keep(self, part: Ints, classes: Classes, price: Floats, departure: Ints) -> Ints:
        """Write down what was decided for `part`; returns the orders to be planned again."""
        out, choices = self.out, classes.choices
        nowhere = departure < 0
        self._explain_nowhere(part[nowhere], classes.of[nowhere], classes)
        mine, of, column = part[~nowhere], classes.of[~nowhere], departure[~nowhere]
        penalty = classes.order_penalty[~nowhere]
        pair_of = choices.pair_of
        w_of, s_of = np.array(choices.pairs, dtype=np.int64).reshape(-1, 2).T
        order = np.argsort(urgency(self.orders.due_at[mine]), kind="stable")
        lost = self.shelves.take(mine[order], w_of[pair_of[column[order]]])
        kept = ~np.isin(mine, lost)
        mine, of, column, penalty = mine[kept], of[kept], column[kept], penalty[kept]
        risk = choices.risk[choices.cell[of], column]
        network = out.network
        out.warehouse[mine] = np.array([w.id for w in network.warehouses], np.int64)[w_of[pair_of[column]]]
        out.service[mine] = np.array([s.id for s in network.services], np.int64)[s_of[pair_of[column]]]
        out.leave_at[mine] = choices.leave[column]
        out.cost[mine] = choices.price[of, pair_of[column]]
        known = self.orders.penalty[mine] != NONE
        out.lateness[mine] = np.where(known, np.floor(risk * penalty + 0.5), np.where(risk > 0, NONE, 0))
        out.risk[mine] = risk
        self.objective += float((price[of, column] + risk * penalty).sum())
        days = [departure.day for departure in choices.departures]
        for index, k in zip(mine.tolist(), column.tolist(), strict=True):
            out.day[index] = days[k]
        self._use(np.bincount(column, minlength=len(choices.departures)), choices.departures, choices.pairs)
        return lost

    def _use(self, taken: Ints, leaving: list[Departure], pairs: list[tuple[int, int]]) -> None:
        network = self.out.network
        for departure, count in zip(leaving, taken.tolist(), strict=True):
            if count:
                w, s = pairs[departure.pair]
                key = (network.services[s].id, network.warehouses[w].id, departure.day)
                self.used[key] = self.used.get(key, 0) + count

    def _explain_nowhere(self, orders: Ints, of: Ints, classes: Classes) -> None:
        """Why an order got no service: that of the option which came nearest to carrying it."""
        refused = classes.choices.refused
        for index, row in zip(orders.tolist(), of.tolist(), strict=True):
            codes = refused[row]
            nearest = "no_capacity" if (codes == 0).any() else REFUSALS[codes.max()] if len(codes) else "no_stock_there"
            self.out.reason[index] = nearest


def _reckon(classes: Classes) -> tuple[Floats, Floats]:
    """Price by class and departure (inf where refused), and what leaving an order of each class out is reckoned at."""
    choices = classes.choices
    price = np.where(choices.refused == 0, choices.price.astype(np.float64), np.inf)[:, choices.pair_of]
    dearest = float(np.where(np.isfinite(price), price, 0).max(initial=0)) + float(classes.order_penalty.max()) + 1
    return price, _LEFT_OUT * dearest + classes.penalty


def _distribute(classes: Classes, price: Floats, left_out: Floats, urgent: Ints) -> tuple[Ints, Assignment]:
    """Departure of each order (-1: none): the LP's numbers per class, handed out earliest deadline first."""
    choices = classes.choices
    leave = choices.leave
    cost = price + choices.risk[choices.cell] * classes.penalty[:, None]
    first = np.full(len(classes.count), _LATEST)
    np.minimum.at(first, classes.of, urgent)
    wait = _EARLIER_FIRST * (2 - np.argsort(np.argsort(first, kind="stable")) / len(first))
    cost += wait[:, None] * (np.unique(leave, return_inverse=True)[1] if len(leave) else 0.0)
    usable = np.flatnonzero(np.isfinite(cost).any(axis=1)) if len(leave) else np.empty(0, np.int64)
    found = assign(cost[usable], classes.count[usable], choices.capacity, left_out[usable])
    row, column = usable[found.row], found.column
    # Within a class the orders by due time meet the departures by leaving time; those left out are the last.
    sequence = np.lexsort((np.where(column < 0, _LATEST, leave[column] if len(leave) else 0), row))
    departure = np.full(len(classes.of), -1, dtype=np.int64)
    able = np.flatnonzero(np.isin(classes.of, usable))
    by_class = able[np.lexsort((urgent[able], classes.of[able]))]
    departure[by_class] = np.repeat(column[sequence], found.count[sequence])
    return departure, found
