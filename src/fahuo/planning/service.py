"""What the planning station writes: decisions, and the capacity they take by conditional update. Never commits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import select

from fahuo.carriers.model import REFUSALS
from fahuo.kernel.instant import NONE
from fahuo.planning.model import Plan
from fahuo.planning.tables import capacity_used, decisions
from fahuo.store import bulk
from fahuo.store.engine import Tx

_COLUMNS = tuple(column.name for column in decisions.columns)
_CAPACITY = ("seller_id", "service_id", "warehouse_id", "day")


def book(tx: Tx, plan: Plan, chosen: Sequence[int]) -> list[int]:
    """Take the capacity of the chosen orders (indices into the plan) and write every order's decision.

    Returns the indices that another worker's parcels have pushed out: their hand-over is full by now.
    """
    wanted = Counter(_slot(plan, i) for i in chosen if plan.service[i])
    limits = {service.id: service.capacity_per_day for service in plan.network.services}
    limited = {slot: count for slot, count in wanted.items() if limits.get(slot[0]) is not None}
    full = _take(tx, limited, limits)
    out = [i for i in chosen if plan.service[i] and _slot(plan, i) in full]
    lost = set(out)
    kept = set(chosen) - lost
    texts = _Texts(plan)
    rows = [_row(tx, plan, i, i in kept, texts) for i in range(len(plan))]
    bulk.upsert(tx, decisions, _COLUMNS, rows, _COLUMNS[:2], _COLUMNS[2:])
    return out


def give_back(tx: Tx, orders: Sequence[int]) -> None:
    """Free the capacity of orders that are cancelled. Their decisions stay: they are history."""
    if not orders:
        return
    d = decisions.c
    rows = tx.rows(
        select(d.order_id, d.service_id, d.warehouse_id, d.leave_day).where(
            d.seller_id == tx.seller_id,
            d.service_id.is_not(None),
            d.leave_day.is_not(None),
            bulk.any_of(d.order_id, "orders"),
        ),
        orders=bulk.array(tx, list(orders)),
    )
    freed = Counter((row[1], row[2], row[3]) for row in rows)
    keyed = [(tx.seller_id, *slot, -count) for slot, count in sorted(freed.items())]
    bulk.update_each(tx, capacity_used, _CAPACITY, ("used",), keyed, "t.used + v.used >= 0")
    bulk.update(
        tx, decisions, ("seller_id", "order_id"), ("leave_day",), [(tx.seller_id, row[0], None) for row in rows]
    )


def _slot(plan: Plan, i: int) -> tuple[int, int, str]:
    return int(plan.service[i]), int(plan.warehouse[i]), plan.day[i]


def _take(tx: Tx, wanted: dict[tuple[int, int, str], int], limits: dict[int, int | None]) -> set[tuple[int, int, str]]:
    """Add to the counters; the slots that have not that much left."""
    slots = sorted(wanted)
    fresh = [(tx.seller_id, *slot, 0, limits[slot[0]]) for slot in slots]
    bulk.insert_new(tx, capacity_used, (*_CAPACITY, "used", "allowed"), fresh, _CAPACITY)
    keyed = [(tx.seller_id, *slot, wanted[slot]) for slot in slots]
    took = bulk.update_each(tx, capacity_used, _CAPACITY, ("used",), keyed, "t.used + v.used <= t.allowed")
    return {slot for slot, ok in zip(slots, took, strict=True) if not ok}


def _row(tx: Tx, plan: Plan, i: int, kept: bool, texts: _Texts) -> tuple[Any, ...]:
    leave = int(plan.leave_at[i])
    return (
        tx.seller_id,
        int(plan.ids[i]),
        plan.now,
        int(plan.warehouse[i]) or None if kept else None,
        int(plan.service[i]) or None if kept else None,
        int(plan.carton[i]) or None,
        leave if kept and leave != NONE else None,
        plan.day[i] or None if kept else None,
        int(plan.cost[i]) if kept else None,
        int(plan.lateness[i]) if kept else None,
        plan.network.currency if kept else None,
        texts[_key(plan, i)] if kept else _reason(plan, i),
    )


def _key(plan: Plan, i: int) -> tuple[str, int, int, str]:
    return plan.chosen_by[i], int(plan.group[i]), int(plan.class_of[i]), plan.carton_note[i]


def _reason(plan: Plan, i: int) -> str:
    data = _refused(plan, i) | {"reason": plan.reason[i] or "lost_the_race"}
    return msgspec.json.encode(data).decode()


class _Texts(dict[tuple[str, int, int, str], str]):
    """The reasons of alike orders are written once a plan, not once an order."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self._plan = plan
        self._first: dict[tuple[str, int, int, str], int] = {}
        for i in range(len(plan) - 1, -1, -1):
            self._first[_key(plan, i)] = i

    def __missing__(self, key: tuple[str, int, int, str]) -> str:
        self[key] = msgspec.json.encode(_refused(self._plan, self._first[key])).decode()
        return self[key]


def _refused(plan: Plan, i: int) -> dict[str, Any]:
    """Chosen by whom, what was refused with its code, and a word on the carton."""
    data: dict[str, Any] = {"by": plan.chosen_by[i]}
    if plan.carton_note[i]:
        data["carton"] = plan.carton_note[i]
    refused = [[str(w), str(s), code] for w, s, code in plan.refusals(i) if code in REFUSALS]
    if refused:
        data["refused"] = refused
    return data
