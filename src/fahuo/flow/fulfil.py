"""What the platform's answers about a parcel mean here: arranged, scheduled, its number corrected, or declined.

A parcel is arranged by the platform's word and nothing else: its answer, or what was read back. Then its label is
fetched, and the order's clock to arrange stops once all its parcels are arranged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from fahuo.connections import queries as connections
from fahuo.flow import parcels as parcels_flow
from fahuo.flow import wanted
from fahuo.flow.parcels import GONE, OF_PARCEL, TIKTOK_LANE
from fahuo.flow.ready import READY, ready_to_ship
from fahuo.orders import queries as orders_queries
from fahuo.orders import service as orders
from fahuo.orders.model import FINISHED
from fahuo.orders.queries import Head
from fahuo.orders.rules import Hold, hold
from fahuo.store import effects, journal
from fahuo.store.effects import Answer, Claimed
from fahuo.store.engine import Store, Tx
from fahuo.warehouse import model, queries
from fahuo.warehouse import service as warehouse
from fahuo.warehouse.model import Parcel

Answered = Sequence[tuple[Claimed, Answer]]
AFTER_SALE: Final = "21011007"
NOT_CONNECTED, NOT_PERMITTED = "not_connected", "not_permitted"
HELD_S: Final = 600
"""How long an arrangement of a held order is put off; it is looked at again then."""
_UNDER_WAY: Final = frozenset({"due", "claimed", "retry"})
WAITS_FOR_RELEASE: Final = frozenset({parcels_flow.ARRANGE, parcels_flow.SCHEDULE})
OURS: Final = frozenset({"arrange_declined", "after_sale_open", "label_declined", "change_declined"})
"""Holds that fulfilling puts: they do not keep a person from sending the same wish again."""
SHOWN: Final = 200
_ARRANGED: Final = ("platform_ref", "state", "arranged_at", "tracking_number", "carrier_name")


class Change(NamedTuple):
    """What is to be written of an order: journal entries, whether it is ready to ship, number and carrier to show."""

    entries: list[journal.Entry]
    ready_at: int | None = None
    shown: tuple[str, str] | None = None
    """(carrier, tracking number), '' where it stays as it is."""


def sort_out(store: Store, claimed: Sequence[Claimed], now: int, seller_id: int) -> list[Claimed]:
    """Those that may be carried out; what waits for its order's release, or for its parcels to be cut, is put off."""
    asking = [one for one in claimed if one.lane == TIKTOK_LANE and one.kind in WAITS_FOR_RELEASE and one.order_id]
    if not asking:
        return list(claimed)
    ids = {one.order_id for one in asking if one.order_id}
    with store.read(seller_id) as tx:
        held = orders_queries.open_holds(tx, ids)
        cuts = effects.of_orders(tx, ids, parcels_flow.CUTS)
    stopped = {id_ for id_, list_ in held.items() if any(one.blocks and one.code not in OURS for one in list_)}
    stopped |= {one.order_id for one in cuts if one.order_id and one.state in _UNDER_WAY}
    later = [one for one in asking if one.order_id in stopped]
    if later:
        with store.write(seller_id) as tx:
            effects.postpone(tx, later, now + HELD_S)
    put_off = {one.id for one in later}
    return [one for one in claimed if one.id not in put_off]


def resume(tx: Tx, now: int) -> int:
    """What waited for its shop to be connected again, or for a permission it may have by now, is due; how many."""
    known = wanted.ways(tx)
    if not known:
        return 0
    waiting = [id_ for id_, shop in effects.waiting_for(tx, TIKTOK_LANE, NOT_CONNECTED) if shop in known]
    barred = [(id_, shop) for id_, shop in effects.waiting_for(tx, TIKTOK_LANE, NOT_PERMITTED) if shop in known]
    limited = connections.lacking(tx) if barred else {}
    waiting += [id_ for id_, shop in barred if shop not in limited]
    return len(effects.requeue(tx, waiting, now))


def book_arranged(tx: Tx, answered: Answered, now: int, actor: str) -> None:
    """Parcels are arranged, or the platform said no."""
    done = {one.package_id or 0: answer.outcome for one, answer in answered if answer.state == "done"}
    found = [parcel for parcel in queries.parcels(tx, done) if _still(parcel, done[parcel.id])]
    rows = {row.id: row for row in orders_queries.heads_of(tx, _orders(answered))}
    after: list[Parcel] = []
    for parcel in found:
        told = done[parcel.id]
        after.append(
            parcel._replace(
                platform_ref=parcel.platform_ref or str(told.get("package") or ""),
                state=model.ARRANGED if parcel.state == model.PLANNED else parcel.state,
                arranged_at=parcel.arranged_at or now,
                tracking_number=str(told.get("number") or parcel.tracking_number),
                carrier_name=str(told.get("carrier") or parcel.carrier_name),
            )
        )
    warehouse.move(tx, _ARRANGED, [(p.id, *(getattr(p, name) for name in _ARRANGED)) for p in after])
    keep_slots(tx, {p.id: done[p.id] for p in after}, now)
    effects.put(tx, [wanted.label(p, rows[p.order_id].platform_order_id, now) for p in after if _wants_label(p, rows)])
    entries = [journal.Entry(p.order_id, "arranged", now, actor, _arranged(p, done[p.id])) for p in after]
    open_ = unarranged(tx, {p.order_id for p in after})
    changes: dict[int, Change] = {}
    for entry, parcel in zip(entries, after, strict=True):
        change = changes.setdefault(entry.order_id, Change([]))
        change.entries.append(entry)
        at = None if entry.order_id in open_ or rows[entry.order_id].state in FINISHED else now
        changes[entry.order_id] = change._replace(ready_at=at, shown=(parcel.carrier_name, parcel.tracking_number))
    note_declined(tx, answered, rows, changes, "arrange_declined", now, actor)
    release(tx, {p.order_id for p in after}, ("arrange_declined", "after_sale_open"), "it was arranged", now)
    write(tx, rows, changes)


def _still(parcel: Parcel, told: Mapping[str, Any]) -> bool:
    """Whether the answer is about the parcel as it is now: not cancelled, not cut anew meanwhile."""
    ref = str(told.get("package") or "")
    return parcel.state != model.CANCELLED and (not parcel.platform_ref or not ref or parcel.platform_ref == ref)


def _wants_label(parcel: Parcel, rows: Mapping[int, Head]) -> bool:
    platform = parcel.label_origin == model.PLATFORM and parcel.label_id is None and bool(parcel.platform_ref)
    return platform and rows[parcel.order_id].state not in FINISHED


def _arranged(parcel: Parcel, told: Mapping[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = {"package": str(parcel.id), "number": parcel.tracking_number, "label": parcel.label_origin}
    if parcel.platform_ref:
        data["ref"] = parcel.platform_ref
    if parcel.carrier_name:
        data["carrier"] = parcel.carrier_name
    for name in ("service", "method", "slot", "proof", "request_id"):
        if told.get(name):
            data[name] = told[name]
    return data


def unarranged(tx: Tx, order_ids: Iterable[int]) -> set[int]:
    """Orders that still have a parcel without number and label."""
    alive = parcels_flow.alive(tx, sorted(order_ids))
    return {id_ for id_, list_ in alive.items() if any(parcel.arranged_at is None for parcel in list_)}


def keep_slots(tx: Tx, told: Mapping[int, Mapping[str, Any]], now: int) -> None:
    """Keep how and when parcels are handed over, where the platform's answer says so."""
    rows = []
    for package, outcome in told.items():
        slot = outcome.get("slot") or {}
        if outcome.get("method"):
            rows.append((package, str(outcome["method"]), slot.get("start_time"), slot.get("end_time"), now))
    warehouse.keep_slots(tx, rows)


def book_scheduled(tx: Tx, answered: Answered, now: int, actor: str) -> None:
    """The pick-up is booked, or was declined."""
    rows = {row.id: row for row in orders_queries.heads_of(tx, _orders(answered))}
    done = [(one, answer) for one, answer in answered if answer.state == "done" and one.package_id]
    keep_slots(tx, {one.package_id or 0: answer.outcome for one, answer in done}, now)
    changes: dict[int, Change] = {}
    for one, answer in done:
        data = {"package": str(one.package_id)}
        data |= {name: answer.outcome[name] for name in ("method", "slot", "proof") if answer.outcome.get(name)}
        entry = journal.Entry(one.order_id or 0, "scheduled", now, actor, data)
        changes.setdefault(entry.order_id, Change([])).entries.append(entry)
    note_declined(tx, answered, rows, changes, "change_declined", now, actor)
    write(tx, rows, changes)


def book_corrected(tx: Tx, answered: Answered, now: int, actor: str) -> None:
    """The platform has taken the corrected number: now it is the parcel's."""
    rows = {row.id: row for row in orders_queries.heads_of(tx, _orders(answered))}
    done = {one.package_id or 0: one for one, answer in answered if answer.state == "done"}
    found = [parcel for parcel in queries.parcels(tx, done) if parcel.state != model.CANCELLED]
    moved = [(p, str(done[p.id].body["number"]), str(done[p.id].body["carrier"])) for p in found]
    warehouse.move(tx, ("tracking_number", "carrier_name"), [(p.id, number, carrier) for p, number, carrier in moved])
    changes: dict[int, Change] = {}
    for parcel, number, carrier in moved:
        data = {"package": str(parcel.id), "was": parcel.tracking_number, "number": number, "carrier": carrier}
        entry = journal.Entry(parcel.order_id, "number_corrected", now, actor, data)
        change = changes.setdefault(parcel.order_id, Change([]))
        change.entries.append(entry)
        changes[parcel.order_id] = change._replace(shown=(carrier, number))
    note_declined(tx, answered, rows, changes, "change_declined", now, actor)
    write(tx, rows, changes)


def book_reported(tx: Tx, answered: Answered, _now: int, _actor: str) -> None:
    """Keep the package that the platform has made of a reported parcel; the rest is booked for every channel alike."""
    told = {one.package_id or 0: str(a.outcome.get("package") or "") for one, a in answered if a.state == "done"}
    rows = [(id_, ref) for id_, ref in told.items() if id_ and ref]
    warehouse.move(tx, ("platform_ref",), rows, "t.platform_ref = ''")


def note_declined(
    tx: Tx,
    answered: Answered,
    rows: Mapping[int, Head],
    changes: dict[int, Change],
    code: str,
    now: int,
    actor: str,
) -> None:
    """A wish the platform declined: journal, and a hold that says its words; nothing where the parcel is gone."""
    no = [(one, answer) for one, answer in answered if answer.state == "declined" and one.order_id in rows]
    gone = {p.id for p in queries.parcels(tx, [one.package_id for one, _ in no if one.package_id])
            if p.state == model.CANCELLED}  # fmt: skip
    holds: dict[int, list[Hold]] = {}
    for one, answer in no:
        if one.package_id in gone or rows[one.order_id or 0].state in FINISHED:
            continue
        said = str(answer.outcome.get("code") or "")
        words = f"{said} {str(answer.outcome.get('message') or '')[:SHOWN]}".strip()
        id_ = one.order_id or 0
        holds[id_] = [hold("after_sale_open" if said == AFTER_SALE else code, "fulfil", words)]
        data = {"kind": one.kind, "code": said, "request_id": str(answer.outcome.get("request_id") or "")}
        changes.setdefault(id_, Change([])).entries.append(journal.Entry(id_, code, now, actor, data))
    orders.hold(tx, holds, now)
    effects.drop(tx, [one.id for one, _ in no if one.package_id in gone], GONE)


def decline(tx: Tx, answered: Answered, code: str, now: int, actor: str) -> None:
    """The same for wishes whose only consequence here is that they were declined."""
    if any(answer.state == "declined" for _, answer in answered):
        rows = {row.id: row for row in orders_queries.heads_of(tx, _orders(answered))}
        changes: dict[int, Change] = {}
        note_declined(tx, answered, rows, changes, code, now, actor)
        write(tx, rows, changes)


def release(tx: Tx, order_ids: Iterable[int], codes: Sequence[str], why: str, now: int) -> None:
    """Close holds whose cause is gone."""
    open_ = orders_queries.open_holds(tx, order_ids)
    gone = [(one.order_id, one.code, one.since_at) for list_ in open_.values() for one in list_ if one.code in codes]
    orders.release(tx, gone, now, "system", why)


def write(tx: Tx, rows: Mapping[int, Head], changes: Mapping[int, Change]) -> None:
    """Journal entries and what the order rows show, in one set of statements."""
    touched = {id_: change for id_, change in changes.items() if change.entries and id_ in rows}
    if not touched:
        return
    mine = {id_: rows[id_] for id_ in touched}
    entries = [entry for change in touched.values() for entry in change.entries]
    heads = journal.append(tx, entries, {id_: (row.journal_seq, row.journal_head) for id_, row in mine.items()})
    when = {id_: change.ready_at for id_, change in touched.items() if change.ready_at is not None}
    ready = ready_to_ship(tx, mine, when)
    columns = (*READY, "version", "journal_seq", "journal_head")
    orders.move(tx, columns, [(id_, *ready[id_], row.version + 1, *heads[id_]) for id_, row in mine.items()])
    shown = {id_: change.shown for id_, change in touched.items() if change.shown}
    orders.move(tx, ("carrier_name",), [(id_, pair[0]) for id_, pair in shown.items() if pair and pair[0]])
    orders.move(tx, ("tracking_number",), [(id_, pair[1]) for id_, pair in shown.items() if pair and pair[1]])


def _orders(answered: Answered) -> set[int]:
    return {one.order_id for one, _ in answered if one.order_id}


def forget(tx: Tx, order_ids: Iterable[int]) -> None:
    """What was asked for parcels of these orders is asked no more."""
    effects.close(tx, order_ids, OF_PARCEL, "dropped", GONE, lanes=(TIKTOK_LANE,))
