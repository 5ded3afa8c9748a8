"""What the planning station writes: decisions, and the capacity they take by conditional update. Never commits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import msgspec

from fahuo.kernel.instant import NONE
from fahuo.planning import queries
from fahuo.planning.model import Plan
from fahuo.planning.queries import Slot
from fahuo.planning.tables import capacity_used, decisions, refusals
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
    shared: dict[int, str] = {}
    rows = [row for plan in plans for row in _rows(tx, plan, kept, shared)]
    # In order of their keys, so that two workers who write the same texts never wait for each other.
    texts = [(tx.seller_id, id_, text) for id_, text in sorted(shared.items())]
    bulk.insert_new(tx, refusals, ("seller_id", "id", "refused"), texts, ("seller_id", "id"))
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


def _rows(tx: Tx, plan: Plan, kept: Container[int], shared: dict[int, str]) -> Iterator[tuple[Any, ...]]:
    """Rows of `decisions`; the texts of refusals they name are put into `shared`."""
    seller, at, currency = tx.seller_id, plan.now, plan.network.currency
    numbers = (plan.ids, plan.warehouse, plan.service, plan.carton, plan.leave_at, plan.cost, plan.lateness)
    words = zip(plan.chosen_by, plan.carton_note, plan.risk.tolist(), strict=True)
    columns = zip(*[column.tolist() for column in numbers], plan.day, words, _refusals(plan, shared), strict=True)
    chosen: tuple[Any, ...]
    for i, (id_, warehouse, service, carton, leave_at, cost, lateness, day, word, refused) in enumerate(columns):
        if id_ not in kept:  # without a decision: only why
            told = _why(*word, plan.reason[i] or "lost_the_race")
            yield (seller, id_, at, None, None, carton or None, None, None, None, None, None, told, refused)
        elif service:
            penalty = None if lateness == NONE else lateness
            chosen = (warehouse, service, carton or None, leave_at, day, cost, penalty, currency)
            yield (seller, id_, at, *chosen, _why(*word), refused)
        else:  # the platform chose, and what it costs is not ours to reckon
            chosen = (warehouse, None, carton or None, leave_at, day, None, None, None)
            yield (seller, id_, at, *chosen, _why(*word), refused)


def _refusals(plan: Plan, shared: dict[int, str]) -> list[int | None]:
    """The id of what was refused each order. Alike orders are refused alike, and so are those of later plans."""
    ids: dict[tuple[int, bytes], int | None] = {}
    by_class: list[list[int | None]] = []
    for group, choices in enumerate(plan.choices):
        found = []
        for class_, row in enumerate(choices.refused):
            alike = (group, row.tobytes())
            if alike not in ids:
                ids[alike] = _shared(plan.refused(group, class_), shared)
            found.append(ids[alike])
        by_class.append(found)
    places = zip(plan.group.tolist(), plan.class_of.tolist(), strict=True)
    return [None if group < 0 else by_class[group][class_] for group, class_ in places]


def _shared(refused: Sequence[tuple[int, int, str]], shared: dict[int, str]) -> int | None:
    """The id of the text of these refusals, which is put into `shared`; None where nothing was refused."""
    if not refused:
        return None
    text = msgspec.json.encode([[str(w), str(s), code] for w, s, code in refused])
    id_ = int.from_bytes(blake2b(text, digest_size=8).digest()) >> 1
    shared[id_] = text.decode()
    return id_


@lru_cache(maxsize=4096)
def _why(by: str, carton_note: str, risk: float, reason: str = "") -> str:
    """Chosen by whom, a word on the carton, the risk in parts per million, why there is no decision: as JSON."""
    data: dict[str, Any] = {"by": by}
    if carton_note:
        data["carton"] = carton_note
    if risk:
        data["late_ppm"] = round(risk * _MILLION)
    if reason:
        data["reason"] = reason
    return msgspec.json.encode(data).decode()
