"""The LP on classes: optimal, integral, within capacity, proven."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from fahuo.planning import assign as module
from fahuo.planning.assign import Assignment, assign, follow, integral, lower_bound
from fahuo.planning.model import Floats

OUT = 1e6


@st.composite
def problems(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    classes, departures = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    cells = st.one_of(st.integers(1, 30), st.none())
    rows = draw(st.lists(st.lists(cells, min_size=departures, max_size=departures), min_size=classes, max_size=classes))
    cost = np.array([[np.inf if c is None else float(c) for c in row] for row in rows])
    count = np.array(draw(st.lists(st.integers(1, 4), min_size=classes, max_size=classes)))
    capacity = np.array(draw(st.lists(st.integers(-1, 6), min_size=departures, max_size=departures)))
    return cost, count, capacity


def optimum(cost: np.ndarray, count: np.ndarray, capacity: np.ndarray) -> float:
    """By another way: one row an order, one column a parcel of capacity, one for being left out; Hungarian method."""
    total = int(count.sum())
    rows = np.repeat(cost, count, axis=0)
    places = np.repeat(np.arange(cost.shape[1]), np.where(capacity < 0, total, capacity))
    table = np.column_stack([rows[:, places], np.full((total, total), OUT)])
    table = np.where(np.isfinite(table), table, 10 * OUT)
    return float(table[linear_sum_assignment(table)].sum())


def paid(found: Assignment, cost: np.ndarray) -> float:
    prices = np.where(found.column < 0, OUT, cost[found.row, np.maximum(found.column, 0)])
    return float(prices @ found.count)


def check(found: Assignment, cost: np.ndarray, count: np.ndarray, capacity: np.ndarray) -> None:
    """Every order once, nobody where he is refused, no capacity exceeded."""
    assert (np.bincount(found.row, weights=found.count, minlength=len(count)) == count).all()
    kept = found.column >= 0
    load = np.bincount(found.column[kept], weights=found.count[kept], minlength=len(capacity))
    assert ((capacity < 0) | (load <= capacity)).all()
    assert np.isfinite(cost[found.row[kept], found.column[kept]]).all()
    assert (found.count > 0).all()


@given(problems())
@settings(max_examples=150, deadline=None)
def test_the_plan_is_the_optimum_and_whole(problem: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    cost, count, capacity = problem
    usable = np.isfinite(cost).any(axis=1)
    cost, count = cost[usable], count[usable]
    if not len(count):
        return
    found = assign(cost, count, capacity, np.full(len(count), OUT))
    check(found, cost, count, capacity)
    assert paid(found, cost) == pytest.approx(optimum(cost, count, capacity))


@given(problems())
@settings(max_examples=100, deadline=None)
def test_the_bound_is_below_every_plan_and_reached_by_the_optimum(
    problem: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    cost, count, capacity = problem
    usable = np.isfinite(cost).any(axis=1)
    cost, count = cost[usable], count[usable]
    if not len(count):
        return
    out = np.full(len(count), OUT)
    found = assign(cost, count, capacity, out)
    of = np.repeat(np.arange(len(count)), count)
    bound = lower_bound(cost, np.zeros_like(cost), out, of, np.zeros(len(of)), found.duals, capacity)
    assert bound == pytest.approx(optimum(cost, count, capacity))


def test_the_bound_reckons_with_each_orders_own_penalty() -> None:
    price, risk = np.array([[10.0, 20.0]]), np.array([[1.0, 0.0]])
    of, penalty = np.array([0, 0, 0]), np.array([0.0, 5.0, 100.0])
    bound = lower_bound(price, risk, np.array([OUT]), of, penalty, np.zeros(2), np.array([-1, -1]))
    assert bound == 10 + 15 + 20


@pytest.mark.parametrize("seed", range(5))
def test_a_large_plan_at_sampled_prices_is_proven(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SAMPLE", 60)
    rng = np.random.default_rng(seed)
    cost: Floats = rng.integers(300, 400, (600, 6)).astype(np.float64) + np.arange(6) * 8
    cost[rng.random(cost.shape) < 0.2] = np.inf
    cost[:, 5] = 500.0
    count = rng.integers(1, 30, 600).astype(np.int64)
    capacity = np.array([int(count.sum()) // 7] * 5 + [-1])
    out = np.full(600, OUT)
    found = assign(cost, count, capacity, out)
    check(found, cost, count, capacity)
    best = optimum_by_lp(cost, count, capacity)
    assert best * (1 - 1e-9) <= paid(found, cost) <= best * 1.001
    assert found.classes_solved > 0


def optimum_by_lp(cost: np.ndarray, count: np.ndarray, capacity: np.ndarray) -> float:
    rows, columns, x, _ = module._optimum(cost, count, capacity, np.full(len(count), OUT))
    return float(cost[rows, columns] @ x) + OUT * float(count.sum() - x.sum())


def test_no_lp_is_needed_while_everybody_fits() -> None:
    found = assign(np.array([[3.0, 5.0], [4.0, 2.0]]), np.array([7, 9]), np.array([7, 9]), np.full(2, OUT))
    assert found.classes_solved == 0
    assert found.column.tolist() == [0, 1]


def test_a_fractional_solution_is_repaired_within_capacity() -> None:
    rows, columns = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    x = np.array([1.5, 1.5, 0.5, 0.5])
    cost = np.array([[1.0, 2.0], [1.0, 5.0]])
    row, column, units = integral(rows, columns, x, cost, np.array([3, 1]), np.array([2, 2]))
    found = Assignment(row, column, units, np.zeros(2), 0)
    check(found, cost, np.array([3, 1]), np.array([2, 2]))
    assert (column >= 0).all()


def test_following_prices_those_stay_who_would_lose_most() -> None:
    reduced = np.array([[1.0, 2.0], [1.0, 50.0], [1.0, 3.0]])
    row, column, units = follow(reduced, np.array([1, 1, 1]), np.array([1, 2]))
    assert dict(zip(row.tolist(), column.tolist(), strict=True)) == {0: 1, 1: 0, 2: 1}
    assert units.tolist() == [1, 1, 1]


def test_following_prices_without_room_leaves_out() -> None:
    row, column, units = follow(np.array([[1.0, np.inf]]), np.array([5]), np.array([2, 9]))
    assert sorted(zip(row.tolist(), column.tolist(), units.tolist(), strict=True)) == [(0, -1, 3), (0, 0, 2)]
