"""What the planning station writes: decisions, and the capacity they take by conditional update. Never commits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from typing import Any

import msgspec

from fahuo.kernel.instant import NONE
from fahuo.planning import queries
from fahuo.planning.model import Plan
from fahuo.planning.queries import Slot
from fahuo.planning.tables import capacity_used, decisions
from fahuo.store import bulk
from fahuo.store.engine import Tx

_COLUMNS = tuple(column.name for column in decisions.columns)
_SLOT = ("seller_id", "service_id", "warehouse_id", "day")
_MILLION = 1_000_000


def take(tx: Tx, plan: Plan, chosen: Sequence[int]) -> list[int]:
    """Take the capacity of the chosen orders (indices into the plan); decisions are written by `record`.

    Returns the indices that another worker's parcels have pushed out: their hand-over is full by now, they are to be
    planned again. Where only some still fit, the most urgent do. An order planned anew has to `give_back` before.
    """
    limits = {s.id: s.capacity_per_day for s in plan.network.services if s.capacity_per_day is not None}
    groups: dict[Slot, list[int]] = {}
    for i in chosen:
        if int(plan.service[i]) in limits:
            groups.setdefault(_slot(plan, i), []).append(i)
    return sorted(_take(tx, plan, groups, limits))


def record(tx: Tx, plans: Iterable[Plan], kept: Container[int], *, fresh: bool = False) -> None:
    """Write every order's decision: what was chosen for those in `kept` (order ids), why not for the others.

    `fresh`: the orders are new and have no decision yet.
    """
    rows = []
    for plan in plans:
        texts = _Texts(plan)
        ids = plan.ids.tolist()
        rows += [_row(tx, plan, i, texts) if id_ in kept else _open_row(tx, plan, i) for i, id_ in enumerate(ids)]
    if fresh:
        bulk.insert(tx, decisions, _COLUMNS, rows)
    else:
        bulk.upsert(tx, decisions, _COLUMNS, rows, _COLUMNS[:2], _COLUMNS[2:])


def give_back(tx: Tx, orders: Iterable[int]) -> None:
    """Free the capacity that these orders take. Their decisions stay: they are history."""
    rows = queries.taking(tx, orders)
    if not rows:
        return
    freed = Counter(slot for _, slot in rows)
    keyed = [(tx.seller_id, *slot, -count) for slot, count in sorted(freed.items())]
    bulk.update_each(tx, capacity_used, _SLOT, ("used",), keyed, "t.used + v.used >= 0")
    key = ("seller_id", "order_id")
    bulk.update(tx, decisions, key, ("leave_day",), [(tx.seller_id, order, None) for order, _ in rows])


def _slot(plan: Plan, i: int) -> Slot:
    return int(plan.service[i]), int(plan.warehouse[i]), plan.day[i]


def _take(tx: Tx, plan: Plan, groups: dict[Slot, list[int]], limits: dict[int, int]) -> set[int]:
    """Count the orders on their hand-overs; those for which there is no room any more."""
    fresh = [(tx.seller_id, *slot, 0, limits[slot[0]]) for slot in sorted(groups)]
    bulk.insert_new(tx, capacity_used, (*_SLOT, "used", "allowed"), fresh, _SLOT)
    full = _count(tx, {slot: len(members) for slot, members in groups.items()}, limits)
    used = queries.used(tx, full)
    lost: set[int] = set()
    fits: dict[Slot, int] = {}
    for slot in full:
        room = max(limits[slot[0]] - used.get(slot, 0), 0)
        urgent = sorted(groups[slot], key=lambda i: (plan.due_at[i] == NONE, int(plan.due_at[i]), i))
        lost.update(urgent[room:])
        if room:
            fits[slot] = room
    for slot in _count(tx, fits, limits):  # somebody was quicker once more
        lost.update(groups[slot])
    return lost


def _count(tx: Tx, parcels: dict[Slot, int], limits: dict[int, int]) -> list[Slot]:
    """Add parcels to the counters where all of them fit under today's limit; the slots where they do not."""
    slots = sorted(parcels)
    rows = [(tx.seller_id, *slot, parcels[slot], limits[slot[0]]) for slot in slots]
    took = bulk.update_each(
        tx, capacity_used, _SLOT, ("used",), rows, "t.used + v.used <= v.allowed", set_=("allowed",)
    )
    return [slot for slot, ok in zip(slots, took, strict=True) if not ok]


def _row(tx: Tx, plan: Plan, i: int, texts: _Texts) -> tuple[Any, ...]:
    ours = bool(plan.service[i])  # else the platform chose, and what it costs is not ours to reckon
    lateness = int(plan.lateness[i])
    return (
        tx.seller_id,
        int(plan.ids[i]),
        plan.now,
        int(plan.warehouse[i]),
        int(plan.service[i]) or None,
        int(plan.carton[i]) or None,
        int(plan.leave_at[i]),
        plan.day[i],
        int(plan.cost[i]) if ours else None,
        lateness if ours and lateness != NONE else None,
        plan.network.currency if ours else None,
        texts[_key(plan, i)],
    )


def _open_row(tx: Tx, plan: Plan, i: int) -> tuple[Any, ...]:
    """An order without a decision: only why."""
    text = msgspec.json.encode(_why(plan, i) | {"reason": plan.reason[i] or "lost_the_race"}).decode()
    carton = int(plan.carton[i]) or None
    return (tx.seller_id, int(plan.ids[i]), plan.now, None, None, carton, None, None, None, None, None, text)


def _key(plan: Plan, i: int) -> tuple[str, int, int, str, float]:
    return plan.chosen_by[i], int(plan.group[i]), int(plan.class_of[i]), plan.carton_note[i], float(plan.risk[i])


class _Texts(dict[tuple[str, int, int, str, float], str]):
    """The reasons of alike orders are written once a plan, not once an order."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self._plan = plan
        self._first = {_key(plan, i): i for i in range(len(plan) - 1, -1, -1)}

    def __missing__(self, key: tuple[str, int, int, str, float]) -> str:
        self[key] = msgspec.json.encode(_why(self._plan, self._first[key])).decode()
        return self[key]


def _why(plan: Plan, i: int) -> dict[str, Any]:
    """Chosen by whom, the options refused with their code, a word on the carton, the risk in parts per million."""
    data: dict[str, Any] = {"by": plan.chosen_by[i]}
    if plan.carton_note[i]:
        data["carton"] = plan.carton_note[i]
    if plan.risk[i]:
        data["late_ppm"] = round(float(plan.risk[i]) * _MILLION)
    refused = [[str(w), str(s), code] for w, s, code in plan.refusals(i)]
    if refused:
        data["refused"] = refused
    return data
