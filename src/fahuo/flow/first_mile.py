"""The first mile across the border: packed parcels of a warehouse and day go to the platform's sorting warehouse.

A bundle has a domestic waybill (a courier's, or none when the platform picks up); its parcels keep their own,
international one. What is told of them on the way says when the courier scanned them, and whether the sorting
warehouse took them in; which of these stops the shop's clock is the rule pack's `scan` setting. A bundle cannot be
read back: when its answer is lost a person looks, or the parcels' own events prove it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import msgspec

from fahuo.connections import queries as connections
from fahuo.flow import fulfil
from fahuo.flow.fulfil import Answered, Change
from fahuo.flow.house import House, open_desk
from fahuo.flow.parcels import TIKTOK_LANE
from fahuo.flow.recompute import retime
from fahuo.kernel.ids import new_id
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.orders import queries as orders_queries
from fahuo.orders import service as orders
from fahuo.orders.model import FINISHED
from fahuo.orders.rules import Hold, hold
from fahuo.store import effects, journal
from fahuo.store.effects import Effect
from fahuo.store.engine import Tx
from fahuo.tracking.model import SORTING_IN, SORTING_REFUSED, EventIn
from fahuo.warehouse import first_mile as station
from fahuo.warehouse import queries
from fahuo.warehouse import service as warehouse
from fahuo.warehouse.first_mile import ASKED, BUNDLED, DECLINED, Bundle, Leg, Waiting

BUNDLE: Final = "bundle_first_mile"
SHEET: Final = "fetch_sheet"
DROP_OFF, PICKUP = "DROP_OFF", "PICKUP"
MARKETS: Final = frozenset({"PH", "SG", "MY", "VN", "TH", "JP", "DE", "FR", "IT", "ES"})
"""Where there are first-mile bundles [A]: not in the US, not in the UK."""
MOST: Final = 200
"""Orders in one bundle. The reference names no limit [D]: a sheet that a person can check."""
_TAIL: Final = 4


def shops(tx: Tx) -> list[int]:
    """Connected shops whose parcels go through the platform's sorting warehouse."""
    found = connections.regions(tx)
    return sorted(id_ for id_, (region, kind) in found.items() if kind == "cross_border" and region in MARKETS)


def waiting(house: House, seller_id: int = 1) -> list[Waiting]:
    """Packed parcels that are in no bundle, by shop and warehouse."""
    with house.store.read(seller_id) as tx:
        return station.waiting(tx, shops(tx))


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """The bundle a person wants: from which shop and warehouse, and how it goes to the sorting warehouse."""

    shop_id: int
    warehouse_id: int
    method: str = DROP_OFF
    carrier: str = ""
    """The domestic courier, as the platform calls it; only for a drop-off, like its number."""
    number: str = ""
    phone_tail: str = ""


def make(house: House, wish: Wish, actor: str, seller_id: int = 1) -> Bundle:
    """Gather what is packed there in one bundle and ask the platform for it. Raises Failure naming what is wrong."""
    carrier, number, tail = wish.carrier.strip(), wish.number.strip(), wish.phone_tail.strip()
    _check(wish.method, carrier, number, tail)
    now = house.clock.now()
    with house.store.write(seller_id) as tx:
        place = (wish.shop_id, wish.warehouse_id)
        found = [one for one in station.waiting(tx, shops(tx)) if (one.shop_id, one.warehouse_id) == place]
        rows = {row.id: row for row in orders_queries.heads_of(tx, {one.order_id for one in found})}
        held = orders_queries.open_holds(tx, rows)
        stopped = {id_ for id_, list_ in held.items() if any(one.blocks for one in list_)}
        mine = [one for one in found if one.order_id not in stopped][:MOST]
        if not mine:
            raise Failure(_nothing(), 1)
        bundle = Bundle(
            id=new_id(), shop_id=wish.shop_id, warehouse_id=wish.warehouse_id, state=ASKED, method=wish.method,
            carrier_name=carrier, tracking_number=number, phone_tail=tail, made_at=now, parcels=len(mine),
        )  # fmt: skip
        station.open_bundle(tx, bundle, [(one.package_id, one.order_id) for one in mine])
        refs = sorted({rows[one.order_id].platform_order_id for one in mine})
        effects.put(tx, [_effect(bundle, refs, actor, now)])
    return bundle


def _check(method: str, carrier: str, number: str, tail: str) -> None:
    wrong = ""
    if method not in (DROP_OFF, PICKUP):
        wrong = "method"
    elif method == DROP_OFF and not (carrier and number):
        wrong = "carrier" if not carrier else "number"
    elif tail and not (len(tail) == _TAIL and tail.isascii() and tail.isdigit()):
        wrong = "phone_tail"
    if wrong:
        raise Failure(
            Problem(
                "bundle_incomplete",
                wrong,
                None,
                N_("The bundle's {field} is missing or wrong."),
                N_("A drop-off needs the courier and its waybill number; the phone's last 4 digits may be given."),
                {"field": wrong},
            )
        )


def _nothing() -> Problem:
    return Problem(
        "nothing_to_bundle",
        "packages",
        None,
        N_("No packed parcel waits for a bundle there."),
        N_("Pack first; parcels whose order is held stay out."),
    )


def _effect(bundle: Bundle, refs: Sequence[str], actor: str, now: int) -> Effect:
    body: dict[str, Any] = {"bundle": str(bundle.id), "orders": list(refs), "handover_method": bundle.method}
    body["by"] = actor
    if bundle.carrier_name:
        body |= {"carrier": bundle.carrier_name, "tracking_number": bundle.tracking_number}
    if bundle.phone_tail:
        body["phone_tail_number"] = bundle.phone_tail
    return Effect(
        key=f"{BUNDLE}:{bundle.id}",
        kind=BUNDLE,
        lane=TIKTOK_LANE,
        scope=str(bundle.shop_id),
        shop_id=bundle.shop_id,
        order_id=None,
        package_id=None,
        due_at=now,
        body=body,
        safety="ask",
    )


def book(tx: Tx, answered: Answered, now: int, actor: str) -> None:
    """Bundles are made, or were declined; orders the platform left out wait for the next one."""
    known = {one.id: one for one in station.bundles_of(tx, [int(one.body["bundle"]) for one, _ in answered])}
    members = station.members(tx, known)
    rows = {row.id: row for row in orders_queries.heads_of(tx, {o for list_ in members.values() for _, o in list_})}
    ref_of = {row.platform_order_id: id_ for id_, row in rows.items()}
    changes: dict[int, Change] = {}
    holds: dict[int, list[Hold]] = {}
    for one, answer in answered:
        bundle = known.get(int(one.body["bundle"]))
        if bundle is None or answer.state not in ("done", "declined"):
            continue
        told = answer.outcome
        out = {ref_of[ref]: why for ref, why in (told.get("out") or {}).items() if ref in ref_of}
        if answer.state == "declined":
            why = {"code": told.get("code"), "message": told.get("message")}
            out = {order: out.get(order, why) for _, order in members[bundle.id]}
        _settle(tx, bundle, told, answer.state, now)
        station.take_out(tx, bundle.id, list(out))
        for order, why in out.items():
            words = f"{why.get('code') or ''} {str(why.get('message') or '')[:200]}".strip()
            if rows[order].state not in FINISHED:
                holds[order] = [hold("bundle_declined", "bundle", words)]
            data = {"bundle": str(bundle.id), "code": str(why.get("code") or "")}
            changes[order] = Change([journal.Entry(order, "bundle_declined", now, actor, data)])
        for order in {order for _, order in members[bundle.id]} - out.keys():
            data = {"bundle": str(bundle.id), "ref": str(told.get("bundle") or ""), "method": bundle.method}
            if bundle.tracking_number:
                data |= {"carrier": bundle.carrier_name, "number": bundle.tracking_number}
            changes[order] = Change([journal.Entry(order, "bundled", now, actor, data)])
    in_ = [order for order, change in changes.items() if change.entries[0].kind == "bundled"]
    fulfil.release(tx, in_, ("bundle_declined",), "it is in a bundle", now)
    orders.hold(tx, holds, now)
    fulfil.write(tx, rows, changes)


def _settle(tx: Tx, bundle: Bundle, told: Mapping[str, Any], state: str, now: int) -> None:
    if state == "declined":
        station.settle_bundle(tx, bundle.id, DECLINED, "", "", None, None)
        return
    file_id = _keep(tx, f"bundle-{bundle.id}.pdf", told["content"], now) if told.get("content") else None
    url = str(told.get("url") or "")
    station.settle_bundle(tx, bundle.id, BUNDLED, str(told.get("bundle") or ""), url, file_id, now)
    if url and file_id is None:
        effects.put(
            tx,
            [
                Effect(
                    key=f"{SHEET}:{bundle.id}",
                    kind=SHEET,
                    lane=TIKTOK_LANE,
                    scope=str(bundle.shop_id),
                    shop_id=bundle.shop_id,
                    order_id=None,
                    package_id=None,
                    due_at=now,
                    body={"bundle": str(bundle.id), "url": url},
                    safety="idempotent",
                )
            ],
        )


def book_sheet(tx: Tx, answered: Answered, now: int, _actor: str) -> None:
    """The sheet came after all."""
    for one, answer in answered:
        if answer.state == "done" and answer.outcome.get("content"):
            bundle = int(one.body["bundle"])
            station.keep_sheet(tx, bundle, _keep(tx, f"bundle-{bundle}.pdf", answer.outcome["content"], now))


def _keep(tx: Tx, name: str, content: bytes, now: int) -> int:
    digest = hashlib.sha256(content).hexdigest()
    known = queries.file_with(tx, digest)
    if known is not None:
        return known
    file_id = new_id()
    warehouse.keep_files(tx, [(file_id, name, digest, tx.keys.seal(content, f"label|{file_id}"), now)])
    return file_id


def sheet(house: House, bundle_id: int, seller_id: int = 1) -> bytes:
    """The sheet of a bundle, from what is kept. Raises Failure when there is none."""
    with house.store.read(seller_id) as tx:
        found = station.bundles_of(tx, [bundle_id])
        file_id = found[0].sheet_file_id if found else None
        sealed = queries.sealed_files(tx, [file_id]) if file_id is not None else {}
        if file_id is None or file_id not in sealed:
            raise Failure(
                Problem(
                    "no_sheet",
                    "bundle",
                    str(bundle_id),
                    N_("The bundle {bundle} has no sheet here."),
                    N_("Wait until the platform has made it, or print it in Seller Center."),
                    {"bundle": bundle_id},
                ),
                1,
            )
        return tx.keys.open(sealed[file_id], f"label|{file_id}")


def numbers(house: House, bundle_id: int, seller_id: int = 1) -> list[str]:
    """Waybill numbers of a bundle's parcels, as the hand-over takes them. Raises Failure for one there is not."""
    with house.store.read(seller_id) as tx:
        if not station.bundles_of(tx, [bundle_id]):
            wrong, then = N_("There is no bundle {bundle}."), N_("Look at the list of bundles.")
            raise Failure(Problem("unknown_bundle", "bundle", str(bundle_id), wrong, then, {"bundle": bundle_id}))
        packages = [package for list_ in station.members(tx, [bundle_id]).values() for package, _ in list_]
        return sorted(p.tracking_number for p in queries.parcels(tx, packages) if p.tracking_number)


def told(
    tx: Tx, events: Mapping[int, Sequence[EventIn]], legs: Mapping[int, Mapping[str, str]], now: int, actor: str
) -> None:
    """What carriers and sorting warehouse have told of parcels on their first mile: times, verdicts, clocks."""
    known = {leg.package_id: leg for leg in station.legs(tx, {*events, *legs})}
    for parcel in queries.parcels(tx, {*events, *legs} - known.keys()):  # it went without a bundle of ours
        known[parcel.id] = Leg(parcel.id, parcel.order_id, None, "", None, None, None, "")
    after = [(leg, _leg(leg, events.get(id_, ()), legs.get(id_, {}))) for id_, leg in known.items()]
    changed = [(old, new) for old, new in after if old != new]
    if not changed:
        return
    station.move_legs(tx, [new for _, new in changed])
    proven = {new.bundle_id for old, new in changed if new.bundle_id and _moved(new) and not _moved(old)}
    _prove(tx, {id_ for id_ in proven if id_ is not None}, now)
    _judge(tx, changed, now, actor)


def _leg(leg: Leg, events: Sequence[EventIn], detail: Mapping[str, str]) -> Leg:
    """What is known of a first mile with these events. Order and repetition do not matter: the earliest counts."""
    taken = [event.at for event in events if event.kind == SORTING_IN]
    refused = [event for event in events if event.kind == SORTING_REFUSED]
    moved = [event.at for event in events if event.kind not in ("note",)]
    first = min(moved, default=None)
    return leg._replace(
        last_mile_number=detail.get("last_mile") or leg.last_mile_number,
        domestic_scan_at=_earlier(leg.domestic_scan_at, first),
        sorting_in_at=_earlier(leg.sorting_in_at, min(taken, default=None)),
        refused_at=_earlier(leg.refused_at, min((event.at for event in refused), default=None)),
        refused_why=leg.refused_why or next((event.text for event in refused), ""),
    )


def _earlier(known: int | None, new: int | None) -> int | None:
    return min((at for at in (known, new) if at is not None), default=None)


def _moved(leg: Leg) -> bool:
    return leg.domestic_scan_at is not None


def _prove(tx: Tx, bundle_ids: Collection[int], now: int) -> None:
    """Parcels that move prove that their bundle was made, whatever became of the answer."""
    asked = [one for one in station.bundles_of(tx, bundle_ids) if one.state == ASKED]
    for one in asked:
        station.settle_bundle(tx, one.id, BUNDLED, one.platform_ref, one.sheet_url, one.sheet_file_id, now)
    ids = effects.keyed(tx, [f"{BUNDLE}:{one.id}" for one in asked])
    effects.settle(tx, ids, "done", {"proof": "its parcels are on their way"})


def _judge(tx: Tx, changed: Sequence[tuple[Leg, Leg]], now: int, actor: str) -> None:
    """Clocks, journal and holds of orders whose parcels were scanned, taken in or refused."""
    ids = sorted({new.order_id for _, new in changed})
    rows = orders_queries.stored(tx, ids)
    found = retime(tx, open_desk(tx, actor), rows)
    entries: list[journal.Entry] = []
    holds: dict[int, list[Hold]] = {}
    state = {row.id: row.state for row in rows}
    shown: set[int] = set()
    for old, new in changed:
        data: dict[str, Any] = {"package": str(new.package_id)}
        if new.domestic_scan_at != old.domestic_scan_at:
            data["domestic_scan"] = new.domestic_scan_at
        if new.sorting_in_at != old.sorting_in_at:
            data["sorting_in"] = new.sorting_in_at
        if new.last_mile_number != old.last_mile_number:
            data["last_mile"] = new.last_mile_number
        kind = "first_mile"
        if new.refused_at is not None and old.refused_at is None:
            kind, data = "first_mile_refused", data | {"refused": new.refused_at, "why": new.refused_why[:200]}
            if state[new.order_id] not in FINISHED:
                holds[new.order_id] = [hold("first_mile_refused", "parcel", new.refused_why[:200])]
        if (shift := found[new.order_id].shift) and new.order_id not in shown:
            data["clocks"] = shift
            shown.add(new.order_id)
        entries.append(journal.Entry(new.order_id, kind, now, actor, data))
    heads = journal.append(tx, entries, {row.id: (row.journal_seq, row.journal_head) for row in rows})
    columns = ("due_at", "due_clock", "version", "journal_seq", "journal_head")
    moves = [
        (row.id, found[row.id].timing.due_at, found[row.id].timing.due_clock, row.version + 1, *heads[row.id])
        for row in rows
    ]
    orders.move(tx, columns, moves)
    orders.hold(tx, holds, now)
    refused = [new for old, new in changed if new.refused_at is not None and old.refused_at is None]
    effects.put(tx, [_task(leg.order_id, leg, now) for leg in refused])


def _task(order: int, leg: Leg, now: int) -> Effect:
    return Effect(
        key=f"first_mile_refused:{leg.package_id}",
        kind="first_mile_refused",
        lane="person",
        shop_id=None,
        order_id=order,
        package_id=leg.package_id,
        due_at=now,
        body={"package": str(leg.package_id)},
        waits=True,
    )


class Decision(msgspec.Struct):
    """What a person found out about a bundle whose answer was lost."""

    made: bool
    ref: str = ""


def decide(house: House, bundle_id: int, decision: Decision, seller_id: int = 1) -> None:
    """A person has looked: the bundle is there (with the platform's number), or it is asked for again.

    Raises Failure when nothing about this bundle waits for a person: a second one must not come of it.
    """
    now = house.clock.now()
    with house.store.write(seller_id) as tx:
        ids = effects.keyed(tx, [f"{BUNDLE}:{bundle_id}"])
        if decision.made:
            moved = effects.settle(tx, ids, "done", {"proof": "a person saw it", "bundle": decision.ref})
            if moved:
                station.settle_bundle(tx, bundle_id, BUNDLED, decision.ref, "", None, now)
        else:
            moved = effects.requeue(tx, ids, now)
        if not moved:
            raise Failure(
                Problem(
                    "nothing_to_decide",
                    "bundle",
                    str(bundle_id),
                    N_("Nothing about bundle {bundle} waits for a person."),
                    N_("Look at the list of bundles."),
                    {"bundle": bundle_id},
                ),
                1,
            )
