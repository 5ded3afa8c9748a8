"""Parcels of connected shops are followed until they are delivered: what carriers tell is asked for now and then.

The order's own state comes with the order; from here come the events in between - stalls, customs, the sorting
warehouse - that the order does not tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fahuo.connections import queries as connections
from fahuo.flow import first_mile
from fahuo.flow.fulfil import Answered
from fahuo.flow.parcels import TIKTOK_LANE
from fahuo.orders import queries as orders_queries
from fahuo.store import effects, settings
from fahuo.store.effects import Effect
from fahuo.store.engine import Tx
from fahuo.store.settings import job_due
from fahuo.tracking import service as tracking
from fahuo.tracking.model import EventIn
from fahuo.tracking.rules import Seen, fold
from fahuo.tracking.texts import kind_of
from fahuo.warehouse import first_mile as station
from fahuo.warehouse import model, queries
from fahuo.warehouse import service as warehouse
from fahuo.warehouse.model import Parcel

FOLLOW: Final = "follow_parcels"
HOURS: Final = "tiktok.follow_hours"
"""Setting: business hours from one look at a parcel on its way to the next."""
USUAL_HOURS: Final = 4
BACK_S: Final = 14 * 86_400
"""How long after its order was cancelled a parcel is followed that the sorting warehouse may have refused."""
AT_ONCE: Final = 20
"""Parcels asked about in one effect: it ends well within its lease."""


def ask(tx: Tx, now: int, worker: str) -> int:
    """Ask about every parcel on its way, when it is time again; how many parcels that are."""
    shops = connections.connected(tx)
    if not shops:
        return 0
    every = int(settings.get(tx, HOURS, USUAL_HOURS)) * 3_600
    if not job_due(tx, "follow parcels", every, now, worker):
        return 0
    two_legs = set(first_mile.shops(tx))
    by_shop: dict[int, list[Parcel]] = {}
    back = station.unjudged(tx, two_legs, now - BACK_S) if two_legs else []
    for parcel in (*queries.under_way(tx, shops), *queries.parcels(tx, back)):
        by_shop.setdefault(parcel.shop_id, []).append(parcel)
    found = [parcel for list_ in by_shop.values() for parcel in list_]
    refs = {row.id: row.platform_order_id for row in orders_queries.stored(tx, {p.order_id for p in found})}
    for shop, list_ in by_shop.items():
        parts = [list_[start : start + AT_ONCE] for start in range(0, len(list_), AT_ONCE)]
        effects.put(
            tx,
            [
                _effect(shop, f"{FOLLOW}:{shop}:{now // every}:{n}", part, refs, shop in two_legs, now)
                for n, part in enumerate(parts)
            ],
        )
    return len(found)


def _effect(shop: int, key: str, parcels: Sequence[Parcel], refs: dict[int, str], two_legs: bool, now: int) -> Effect:
    told = [[str(p.id), refs[p.order_id], p.platform_ref] for p in parcels]
    return Effect(
        key=key,
        kind=FOLLOW,
        lane=TIKTOK_LANE,
        scope=str(shop),
        shop_id=shop,
        order_id=None,
        package_id=None,
        due_at=now,
        body={"parcels": told, "two_legs": two_legs},
        safety="idempotent",
        attempts_max=4,
    )


def book(tx: Tx, answered: Answered, now: int, actor: str) -> None:
    """Keep what was told; parcels move by it, orders by their own telling only."""
    events: dict[int, list[EventIn]] = {}
    legs: dict[int, dict[str, str]] = {}
    crossing: set[int] = set()
    for one, answer in answered:
        if answer.state != "done":
            continue
        for parcel, at, text in answer.outcome.get("events") or ():
            event = EventIn(number="", kind=kind_of(text), at=int(at), text=text[:500])
            events.setdefault(int(parcel), []).append(event)
        legs |= {int(parcel): leg for parcel, leg in (answer.outcome.get("legs") or {}).items()}
        if one.body.get("two_legs"):
            crossing |= {int(parcel) for parcel, _, _ in one.body["parcels"]}
    found = queries.parcels(tx, events)
    orders_queries.heads_of(tx, {parcel.order_id for parcel in found})
    tracking.record(tx, [(p.id, event) for p in found for event in events[p.id]], "tiktok", now)
    warehouse.move(
        tx, ("state", "first_scan_at", "delivered_at"), [row for p in found if (row := _moved(p, events[p.id]))]
    )
    if crossing:
        mine = {id_: events.get(id_, []) for id_ in crossing}
        first_mile.told(tx, mine, {id_: legs[id_] for id_ in crossing if id_ in legs}, now, actor)


def _moved(parcel: Parcel, events: Sequence[EventIn]) -> tuple[object, ...]:
    known = Seen(parcel.first_scan_at, parcel.delivered_at)
    seen = fold(events, known)
    if seen == known or parcel.state == model.CANCELLED:
        return ()
    state = model.DELIVERED if seen.delivered_at else model.IN_TRANSIT if seen.first_scan_at else parcel.state
    return (parcel.id, state, seen.first_scan_at, seen.delivered_at)
