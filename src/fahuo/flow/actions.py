"""Use cases of a person at a list: release holds, put a hold, send a message again.

Each is one transaction over all orders named, leaves a journal entry on every order it changes, and may be repeated:
what is so already is left alone. Orders of shops the person may not handle count as unknown.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct, field
from sqlalchemy import select

from fahuo.access.model import Principal
from fahuo.access.rules import may
from fahuo.documents.render import Format
from fahuo.flow.house import House
from fahuo.flow.labels import render_parcels
from fahuo.inventory import queries as inventory
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.orders import queries as orders_queries
from fahuo.orders import service as orders
from fahuo.orders.journey import Standing, station_of
from fahuo.orders.queries import Head, OpenHold
from fahuo.orders.rules import Hold
from fahuo.store import effects, journal
from fahuo.store.bulk import any_of, array
from fahuo.store.engine import Tx
from fahuo.store.tables import effects as effects_table
from fahuo.warehouse import queries as warehouse
from fahuo.warehouse.model import CANCELLED

BY_PERSON: Final = "by_person"
PERSON: Final = "person"
NOTE_MAX: Final = 500
_ENDED: Final = ("transit", "delivered", "closed", "history")


class Outcome(Struct):
    """What became of a batch: changed, left as they were, refused with the reason (by order or message id)."""

    done: list[int] = field(default_factory=list)
    unchanged: list[int] = field(default_factory=list)
    refused: list[tuple[int, Problem]] = field(default_factory=list)


def release(
    house: House,
    principal: Principal,
    ids: Collection[int],
    note: str = "",
    *,
    codes: Collection[str] | None = None,
    expected: Mapping[int, int] | None = None,
) -> Outcome:
    """Release the open holds of these orders (only those of `codes` when given) and let the orders go on.

    `expected`: the version each order must still have, else it is refused.
    """
    with house.store.write(principal.seller_id) as tx:
        now = house.clock.now()
        outcome = Outcome()
        heads = _mine(tx, principal, ids, expected, outcome)
        held = orders_queries.open_holds(tx, [head.id for head in heads])
        gone: dict[int, list[OpenHold]] = {}
        for head in heads:
            chosen = [one for one in held.get(head.id, []) if codes is None or one.code in codes]
            if chosen:
                gone[head.id] = chosen
            else:
                outcome.unchanged.append(head.id)
        closing = [(one.order_id, one.code, one.since_at) for chosen in gone.values() for one in chosen]
        orders.release(tx, closing, now, principal.actor, note.strip()[:NOTE_MAX])
        changed = [head for head in heads if head.id in gone]
        blocked = {head.id: any(one.blocks for one in held[head.id] if one not in gone[head.id]) for head in changed}
        facts = {id_: {"codes": sorted({one.code for one in chosen})} for id_, chosen in gone.items()}
        settle(tx, changed, blocked, "released", facts, now, principal.actor)
        outcome.done = [head.id for head in changed]
    return outcome


def put_hold(
    house: House,
    principal: Principal,
    ids: Collection[int],
    note: str,
    *,
    expected: Mapping[int, int] | None = None,
) -> Outcome:
    """Stop these orders until a person releases them. Orders that have left already are refused."""
    with house.store.write(principal.seller_id) as tx:
        now = house.clock.now()
        outcome = Outcome()
        heads = _mine(tx, principal, ids, expected, outcome)
        held = orders_queries.open_holds(tx, [head.id for head in heads])
        fresh = []
        for head in heads:
            if any(one.code == BY_PERSON for one in held.get(head.id, ())):
                outcome.unchanged.append(head.id)
            elif head.station in _ENDED:
                outcome.refused.append((head.id, _left(head)))
            else:
                fresh.append(head)
        hold = Hold(BY_PERSON, PERSON, True, None, note.strip()[:NOTE_MAX])
        orders.hold(tx, {head.id: [hold] for head in fresh}, now)
        blocked = dict.fromkeys([head.id for head in fresh], True)
        facts: dict[int, dict[str, Any]] = {head.id: {"codes": [BY_PERSON]} for head in fresh}
        settle(tx, fresh, blocked, "held", facts, now, principal.actor)
        outcome.done = [head.id for head in fresh]
    return outcome


def retry(house: House, principal: Principal, ids: Collection[int]) -> Outcome:
    """Send messages again that were declined, given up or whose answer was lost."""
    wanted = list(dict.fromkeys(ids))
    with house.store.write(principal.seller_id) as tx:
        now = house.clock.now()
        outcome = Outcome()
        known = _messages(tx, wanted)
        for id_ in wanted:
            if id_ not in known or not may(principal, "effects.retry", known[id_][0]):
                outcome.refused.append((id_, unknown(id_)))
        allowed = [id_ for id_ in wanted if id_ in known and may(principal, "effects.retry", known[id_][0])]
        # Orders first, then their effects, as everywhere: an import may be ending some of them.
        mine = {order_id for _, order_id, _ in (known[id_] for id_ in allowed) if order_id is not None}
        heads = orders_queries.heads_of(tx, mine)
        outcome.done = effects.requeue(tx, allowed, now)
        outcome.unchanged = [id_ for id_ in allowed if id_ not in set(outcome.done)]
        kinds: dict[int, list[str]] = {}
        for id_ in outcome.done:
            _, order_id, kind = known[id_]
            if order_id is not None:
                kinds.setdefault(order_id, []).append(kind)
        again = [head for head in heads if head.id in kinds]
        facts = {id_: {"kinds": sorted(set(words))} for id_, words in kinds.items()}
        note(tx, again, [journal.Entry(h.id, "sent_again", now, principal.actor, facts[h.id]) for h in again])
    return outcome


def print_labels(house: House, principal: Principal, ids: Collection[int], fmt: Format = "pdf") -> bytes:
    """Labels of these orders' parcels, in the order given. Raises Failure when none of them has a label to print."""
    with house.store.read(principal.seller_id) as tx:
        found = warehouse.parcels_of_orders(tx, ids)
        mine = [p for p in found if p.state != CANCELLED and may(principal, "labels.print", p.shop_id)]
        ready = [parcel for parcel in mine if parcel.arranged_at is not None]
        if not ready:
            raise Failure(
                Problem(
                    "no_label_yet",
                    "ids",
                    None,
                    N_("None of these orders has a label yet."),
                    N_("Arrange shipment first, then print."),
                )
            )
        place = {id_: number for number, id_ in enumerate(ids)}
        ready.sort(key=lambda parcel: (place[parcel.order_id], parcel.id))
        return render_parcels(tx, ready, "labels", fmt, house.lang)


def _messages(tx: Tx, ids: Sequence[int]) -> dict[int, tuple[int | None, int | None, str]]:
    e = effects_table.c
    rows = tx.rows(
        select(e.id, e.shop_id, e.order_id, e.kind).where(e.seller_id == tx.seller_id, any_of(e.id, "ids")),
        ids=array(tx, ids),
    )
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


def _mine(
    tx: Tx,
    principal: Principal,
    ids: Collection[int],
    expected: Mapping[int, int] | None,
    outcome: Outcome,
) -> list[Head]:
    """The orders as they stand, locked; those unknown, not his or changed meanwhile go into the outcome."""
    found = {head.id: head for head in orders_queries.heads_of(tx, ids)}
    heads = []
    for id_ in dict.fromkeys(ids):
        head = found.get(id_)
        if head is None or not may(principal, "orders.handle", head.shop_id):
            outcome.refused.append((id_, unknown(id_)))
        elif expected is not None and expected.get(id_, head.version) != head.version:
            outcome.refused.append((id_, _changed(head, expected[id_])))
        else:
            heads.append(head)
    return sorted(heads, key=lambda head: head.id)


def settle(
    tx: Tx,
    heads: Sequence[Head],
    blocked: Mapping[int, bool],
    kind: str,
    facts: Mapping[int, dict[str, Any]],
    now: int,
    actor: str,
) -> None:
    """Where the orders stand now, written with the journal entry in one move."""
    ids = [head.id for head in heads]
    reserved = {one.order_id for one in inventory.reserved(tx, ids) if one.state != "released"}
    parcels: dict[int, bool] = {}
    for parcel in warehouse.parcels_of_orders(tx, ids):
        if parcel.state != CANCELLED:
            parcels[parcel.order_id] = parcels.get(parcel.order_id, True) and parcel.packed_at is not None
    rows, entries = [], []
    for head in heads:
        standing = Standing(blocked[head.id], head.id in reserved, head.id in parcels, parcels.get(head.id, False))
        station = head.station if head.station == "history" else station_of(head.state, standing)
        entries.append(journal.Entry(head.id, kind, now, actor, {**facts[head.id], "station": station}))
        rows.append((head.id, station, head.version + 1))
    after = journal.append(tx, entries, {head.id: (head.journal_seq, head.journal_head) for head in heads})
    columns = ("station", "version", "journal_seq", "journal_head")
    orders.move(tx, columns, [(*row, *after[row[0]]) for row in rows])


def note(tx: Tx, heads: Sequence[Head], entries: Sequence[journal.Entry]) -> None:
    """Journal entries, at least one for each of these orders, that move nothing but the order's version."""
    after = journal.append(tx, entries, {head.id: (head.journal_seq, head.journal_head) for head in heads})
    columns = ("version", "journal_seq", "journal_head")
    orders.move(tx, columns, [(head.id, head.version + 1, *after[head.id]) for head in heads])


def unknown(id_: int) -> Problem:
    """The answer to a number that is nobody's, or not his who asks."""
    return Problem(
        "not_found",
        "id",
        str(id_),
        N_("There is nothing with the number {id}."),
        N_("Look at the list again."),
        {"id": id_},
    )


def _left(head: Head) -> Problem:
    return Problem(
        "left_already",
        "order",
        head.platform_order_id,
        N_("Order {order} has left or is closed."),
        N_("Ask the carrier to stop the parcel instead."),
        {"order": head.platform_order_id},
    )


def _changed(head: Head, expected: int) -> Problem:
    return Problem(
        "version_changed",
        "version",
        str(expected),
        N_("Order {order} has changed since you read it: it is at version {version} now."),
        N_("Read it again and decide anew."),
        {"order": head.platform_order_id, "version": head.version},
    )
