"""Classes of alike orders to departures at least cost under capacity: a transportation problem.

Every column (class, departure) has one entry in its class row and at most one in a capacity row, so the matrix is that
of a bipartite graph: totally unimodular, and a vertex of the LP is integral. The dual simplex returns a vertex; it is
checked, and a solution that were fractional is repaired by cheapest insertion. Up to 1,600 classes the LP is solved
as it is; above, at prices from a sample, with a proof of how near the result is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.planning.model import Bools, Floats, Ints

_COLUMNS: Final = 12
_SAMPLE: Final = 800
_GOOD_ENOUGH: Final = 5e-4
_LEFT_OUT: Final = -1
_TOLERANCE: Final = 1e-6


@dataclass(slots=True, frozen=True)
class Assignment:
    """`count` orders of class `row` go to departure `column`; -1: no capacity for them.

    `duals`: what one more parcel of capacity would save, by departure. `classes_solved`: classes the LP saw (0: none
    was needed, everybody fits into the cheapest).
    """

    row: Ints
    column: Ints
    count: Ints
    duals: Floats
    classes_solved: int


def assign(cost: Floats, count: Ints, capacity: Ints, left_out: Floats) -> Assignment:
    """Least-cost departures for every class.

    `cost` is (classes, departures), inf where refused; `count` orders a class; `capacity` parcels a departure, -1: no
    limit; `left_out` what leaving an order of the class out is reckoned at, dearer than any way of planning it.

    Few classes are one LP. For many, the LP of a stratified sample of the orders gives the prices of capacity; most
    classes have one departure that is clearly cheapest at these prices and take it; the least decided ones are settled
    by a second LP over what is left. The result is compared with the Lagrangian bound at the same prices, and a sample
    that does not prove itself good enough is doubled, up to the LP over everything.
    """
    if not cost.size:
        none = np.empty(0, np.int64)
        return Assignment(none, none, none, np.zeros(cost.shape[1]), 0)
    best = cost.argmin(axis=1)
    load = np.bincount(best, weights=count, minlength=cost.shape[1])
    if ((capacity < 0) | (load <= capacity)).all():
        return Assignment(np.arange(len(count)), best, count, np.zeros(cost.shape[1]), 0)
    size, order = _SAMPLE, _alike_together(cost)
    while len(count) > 2 * size:
        found = _sampled(cost, count, capacity, left_out, order, size)
        if _proven(found, cost, count, capacity, left_out):
            return found
        size *= 2
    rows, columns, x, duals = _optimum(cost, count, capacity, left_out)
    return Assignment(*integral(rows, columns, x, cost, count, capacity), duals, len(count))


def _sampled(cost: Floats, count: Ints, capacity: Ints, left_out: Floats, order: Ints, size: int) -> Assignment:
    """The plan at prices from a sample of `size` orders, the `size` least decided classes by a second LP."""
    rows, weight = _sample(order, count, size)
    duals = _optimum(cost[rows], weight, capacity, left_out[rows])[3]
    reduced = cost + duals
    two = np.partition(np.column_stack([reduced, left_out]), 1, axis=1)
    by_lead = np.argsort(two[:, 1] - two[:, 0], kind="stable")
    torn, clear = np.sort(by_lead[:size]), np.sort(by_lead[size:])
    row, column, units = follow(reduced[clear], count[clear], capacity)
    room = np.where(capacity < 0, -1, capacity - _load(column, units, len(capacity)))
    rows, columns, x, _ = _optimum(cost[torn], count[torn], room, left_out[torn], duals)
    torn_row, torn_column, torn_units = integral(rows, columns, x, cost[torn], count[torn], room)
    return Assignment(
        np.concatenate([clear[row], torn[torn_row]]),
        np.concatenate([column, torn_column]),
        np.concatenate([units, torn_units]),
        duals,
        size + len(torn),
    )


def _load(column: Ints, units: Ints, departures: int) -> Ints:
    kept = column >= 0
    return np.bincount(column[kept], weights=units[kept], minlength=departures).astype(np.int64)


def _proven(found: Assignment, cost: Floats, count: Ints, capacity: Ints, left_out: Floats) -> bool:
    """Whether the plan is within `_GOOD_ENOUGH` of the Lagrangian bound at its own prices."""
    paid = np.where(found.column < 0, left_out[found.row], cost[found.row, np.maximum(found.column, 0)])
    bound = np.minimum((cost + found.duals).min(axis=1), left_out) @ count
    bound -= found.duals @ np.maximum(capacity, 0)
    return float(paid @ found.count) <= float(bound) * (1 + _GOOD_ENOUGH)


def _alike_together(cost: Floats) -> Ints:
    """An order of the classes in which neighbours prefer the same departures, by nearly the same margin."""
    ranks = np.argsort(cost, axis=1, kind="stable")[:, :3]
    margin = np.take_along_axis(cost, ranks, axis=1)[:, :2] @ np.array([-1.0, 1.0][: min(2, cost.shape[1])])
    return np.lexsort((margin, *ranks.T[::-1]))


def _sample(order: Ints, count: Ints, size: int) -> tuple[Ints, Floats]:
    """Classes and weights of a systematic sample of `size` orders, spread evenly over alike classes."""
    total = int(count.sum())
    picks = (np.arange(size) * total + total // 2) // size
    rows, times = np.unique(np.searchsorted(np.cumsum(count[order]), picks, side="right"), return_counts=True)
    return order[rows], np.asarray(times * (total / size), dtype=np.float64)


def follow(reduced: Floats, count: Ints, capacity: Ints) -> tuple[Ints, Ints, Ints]:
    """Send every class where it is cheapest at the prices in `reduced`; where a departure overfills, those stay who
    would lose most, and the rest turn to their next best with room.

    Returns (class, departure or -1, orders): every order appears once, no capacity is exceeded.
    """
    reduced, left = reduced.copy(), count.copy()
    room = np.where(capacity < 0, np.iinfo(np.int64).max // 2, capacity)
    reduced[:, room == 0] = np.inf
    parts: list[tuple[Ints, Ints, Ints]] = []
    todo = np.arange(len(count))
    while len(todo):
        two = np.partition(reduced[todo], 1, axis=1)[:, :2] if reduced.shape[1] > 1 else np.repeat(reduced[todo], 2, 1)
        able = np.isfinite(two[:, 0])
        todo, two = todo[able], two[able]
        column = reduced[todo].argmin(axis=1)
        with np.errstate(invalid="ignore"):
            order = np.lexsort((two[:, 0] - two[:, 1], column))  # within a departure, the largest loss first
        row, column = todo[order], column[order]
        starts = np.flatnonzero(np.r_[True, column[1:] != column[:-1]][: len(column)])
        before = np.cumsum(left[row]) - left[row]
        before -= np.repeat(before[starts], np.diff(np.r_[starts, len(row)]))
        taken = np.clip(room[column] - before, 0, left[row])
        parts.append((row[taken > 0], column[taken > 0], taken[taken > 0]))
        np.subtract.at(room, column, taken)
        left[row] -= taken
        reduced[:, room == 0] = np.inf
        todo = row[left[row] > 0]
    missed = np.flatnonzero(left)
    parts.append((missed, np.full(len(missed), _LEFT_OUT), left[missed]))
    rows, columns, units = zip(*parts, strict=True)
    return np.concatenate(rows), np.concatenate(columns), np.concatenate(units)


def _optimum(
    cost: Floats, count: Ints | Floats, capacity: Ints, left_out: Floats, hint: Floats | None = None
) -> tuple[Ints, Ints, Floats, Floats]:
    """The LP by column generation: each class's cheapest departures first, others priced in while they improve.

    `hint`: good prices of capacity; with them fewer departures need to be looked at. Returns the columns (class,
    departure), their values and the duals of capacity.
    """
    chosen = np.zeros(cost.shape, dtype=np.bool_)
    few = _COLUMNS if hint is None else _COLUMNS // 2
    first = np.argsort(cost if hint is None else cost + hint, axis=1, kind="stable")[:, :few]
    np.put_along_axis(chosen, first, values=True, axis=1)
    chosen &= np.isfinite(cost)
    while True:
        rows, columns, x, prices, duals = _solve(cost, count, capacity, left_out, chosen)
        better = (cost + duals < prices[:, None] - _TOLERANCE) & ~chosen
        if not better.any():
            return rows, columns, x, duals
        chosen |= better


def _solve(
    cost: Floats, count: Ints | Floats, capacity: Ints, left_out: Floats, chosen: Bools
) -> tuple[Ints, Ints, Floats, Floats, Floats]:
    """One LP over the chosen columns and one "left out" column a class: rows, columns, x, prices, duals."""
    rows, columns = np.nonzero(chosen)
    n, classes = len(rows), len(count)
    row_of = np.concatenate([rows, np.arange(classes)])
    limited = capacity[columns] >= 0
    full, where = np.unique(columns[limited], return_inverse=True)
    ones = np.ones(n + classes)
    equal = csr_array((ones, (row_of, np.arange(n + classes))), shape=(classes, n + classes))
    below = csr_array((np.ones(limited.sum()), (where, np.flatnonzero(limited))), shape=(len(full), n + classes))
    found = linprog(  # type: ignore[call-overload]  # the stubs do not know sparse matrices
        np.concatenate([cost[rows, columns], left_out]),
        A_ub=below if len(full) else None,
        b_ub=capacity[full] if len(full) else None,
        A_eq=equal,
        b_eq=count,
        method="highs-ds",
    )
    if found.status != 0:  # always feasible (everybody may be left out) and bounded, so this is the solver's failure
        raise Failure(Problem("planner_failed", message=N_("The planner's solver stopped: {why}"),
                              next=N_("Plan a smaller batch, or report the orders it stopped at."),
                              params={"why": str(found.message)}), exit_code=3)  # fmt: skip
    duals = np.zeros(cost.shape[1])
    if len(full):
        duals[full] = np.maximum(-found.ineqlin.marginals, 0.0)
    return rows, columns, found.x[:n], found.eqlin.marginals, duals


def integral(
    rows: Ints, columns: Ints, x: Floats, cost: Floats, count: Ints, capacity: Ints
) -> tuple[Ints, Ints, Ints]:
    """Whole numbers from an LP solution: exact for a vertex; otherwise round down and insert the rest cheapest first.

    Returns (class, departure or -1, orders): every order of every class appears once, no capacity is exceeded.
    """
    units = np.floor(x + _TOLERANCE).astype(np.int64)
    rest = count - np.bincount(rows, weights=units, minlength=len(count)).astype(np.int64)
    out = np.maximum(rest, 0)
    if np.abs(x - np.round(x)).max(initial=0.0) > _TOLERANCE:
        return _insert(rows, columns, units, out, cost, capacity)
    keep, missed = units > 0, np.flatnonzero(out)
    return (
        np.concatenate([rows[keep], missed]),
        np.concatenate([columns[keep], np.full(len(missed), _LEFT_OUT)]),
        np.concatenate([units[keep], out[missed]]),
    )


def _insert(rows: Ints, columns: Ints, units: Ints, out: Ints, cost: Floats, capacity: Ints) -> tuple[Ints, Ints, Ints]:
    grid = np.zeros(cost.shape, dtype=np.int64)
    grid[rows, columns] = units
    free = np.where(capacity < 0, np.iinfo(np.int64).max, capacity - grid.sum(axis=0))
    left = out.copy()
    for row in np.flatnonzero(out).tolist():
        for column in np.argsort(cost[row], kind="stable").tolist():
            take = min(int(left[row]), int(free[column])) if np.isfinite(cost[row, column]) else 0
            grid[row, column] += take
            free[column] -= take
            left[row] -= take
    kept, going = np.nonzero(grid)
    missed = np.flatnonzero(left)
    return (
        np.concatenate([kept, missed]),
        np.concatenate([going, np.full(len(missed), _LEFT_OUT)]),
        np.concatenate([grid[kept, going], left[missed]]),
    )


def lower_bound(
    price: Floats, risk: Floats, left_out: Floats, class_of: Ints, penalty: Floats, duals: Floats, capacity: Ints
) -> float:
    """A proven lower bound on any plan of these very orders: the Lagrangian at the LP's duals.

    `price`, `risk` are (classes, departures); an order's own penalty, not its class's mean, enters. Only departures
    that can be cheapest for some penalty within the class are looked at, so the work stays near one per order.
    """
    high, low = np.zeros(len(price)), np.full(len(price), np.inf)
    np.maximum.at(high, class_of, penalty)
    np.minimum.at(low, class_of, penalty)
    paid = price + duals
    least = np.minimum((paid + risk * high[:, None]).min(axis=1, initial=np.inf), left_out)
    classes, columns = np.nonzero(paid + risk * low[:, None] <= least[:, None])
    first, size = np.searchsorted(classes, np.arange(len(price))), np.bincount(classes, minlength=len(price))
    best = left_out[class_of].astype(np.float64)
    for rank in range(int(size.max(initial=0))):
        mine = np.flatnonzero(size[class_of] > rank)
        row, column = class_of[mine], columns[first[class_of[mine]] + rank]
        best[mine] = np.minimum(best[mine], paid[row, column] + risk[row, column] * penalty[mine])
    return float(best.sum()) - float(duals @ np.where(capacity < 0, 0, capacity))
