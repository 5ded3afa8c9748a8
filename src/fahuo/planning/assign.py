"""Classes of alike orders to departures at least cost under capacity: a transportation problem, solved exactly.

Every column (class, departure) has one entry in its class row and at most one in a capacity row, so the matrix is that
of a bipartite graph: totally unimodular, and a vertex of the LP is integral. The dual simplex returns a vertex; it is
checked, and a solution that were fractional is repaired by cheapest insertion.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from fahuo.kernel.problems import Failure, Problem
from fahuo.planning.model import Bools, Floats, Ints

_FIRST_COLUMNS: Final = 4
_ROUNDS: Final = 60
_LEFT_OUT: Final = -1
_TOLERANCE: Final = 1e-6


@dataclass(slots=True, frozen=True)
class Assignment:
    """`count` orders of class `row` go to departure `column`; -1: no capacity for them.

    `duals`: what one more parcel of capacity would save, by departure; `value`: the LP optimum, with those left out
    at their price; `rounds`: LPs solved (0: everybody fits into the cheapest).
    """

    row: Ints
    column: Ints
    count: Ints
    duals: Floats
    value: float
    rounds: int


def assign(cost: Floats, count: Ints, capacity: Ints, left_out: Floats) -> Assignment:
    """Least-cost departures for every class.

    `cost` is (classes, departures), inf where refused; `count` orders a class; `capacity` parcels a departure, -1: no
    limit; `left_out` what leaving an order of the class out is reckoned at, dearer than any way of planning it.
    """
    classes = np.arange(len(count))
    best = cost.argmin(axis=1) if cost.shape[1] else np.zeros(len(count), np.int64)
    least = cost[classes, best] if cost.shape[1] else np.full(len(count), np.inf)
    load = np.bincount(best, weights=np.where(np.isfinite(least), count, 0), minlength=cost.shape[1])
    if np.isfinite(least).all() and ((capacity < 0) | (load <= capacity)).all():
        return Assignment(classes, best, count, np.zeros(cost.shape[1]), float(least @ count), 0)
    return _generate(cost, count, capacity, left_out)


def _generate(cost: Floats, count: Ints, capacity: Ints, left_out: Floats) -> Assignment:
    """Column generation: start from each class's cheapest departures, price the others in while they improve."""
    chosen = np.zeros(cost.shape, dtype=np.bool_)
    first = np.argsort(cost, axis=1, kind="stable")[:, :_FIRST_COLUMNS]
    np.put_along_axis(chosen, first, values=True, axis=1)
    chosen &= np.isfinite(cost)
    rounds, better = 0, chosen
    while rounds < _ROUNDS and better.any():
        rounds += 1
        rows, columns, x, prices, duals, value = _solve(cost, count, capacity, left_out, chosen)
        with np.errstate(invalid="ignore"):
            better = (cost + duals < prices[:, None] - _TOLERANCE) & ~chosen
        chosen |= better
    row, column, units = integral(rows, columns, x, cost, count, capacity)
    return Assignment(row, column, units, duals, value, rounds)


def _solve(
    cost: Floats, count: Ints, capacity: Ints, left_out: Floats, chosen: Bools
) -> tuple[Ints, Ints, Floats, Floats, Floats, float]:
    """One LP over the chosen columns and one "left out" column a class: rows, columns, x, prices, duals, value."""
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
        raise Failure(Problem("planner_failed", message="The planner's solver stopped: {why}",
                              next="Plan a smaller batch, or report the orders it stopped at.",
                              params={"why": str(found.message)}), exit_code=3)  # fmt: skip
    duals = np.zeros(cost.shape[1])
    if len(full):
        duals[full] = np.maximum(-found.ineqlin.marginals, 0.0)
    return rows, columns, found.x[:n], found.eqlin.marginals, duals, float(found.fun)


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
