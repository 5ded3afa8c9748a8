"""Use cases of reporting: carry effects out, write the shipped-file, book the answers.

An answer is applied once, in the transaction that books it: the parcel is reported, or the order gets a hold with the
receiver's words and goes to a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points

from fahuo.catalogue import queries as catalogue
from fahuo.channels.callback.send import CallbackChannel
from fahuo.channels.shipped_file import Shipped, write
from fahuo.flow.house import House
from fahuo.flow.parcels import SHIPPED
from fahuo.channels.ports import Endpoint, Outbound
from fahuo.orders import queries as orders_queries
from fahuo.orders import service as orders
from fahuo.orders.rules import Hold, hold
from fahuo.store import effects, journal
from fahuo.store.effects import Answer, Claimed
from fahuo.store.engine import Store, Tx
from fahuo.warehouse import service as warehouse

FILES_LANE = "files"
BATCH = 500


def channels() -> dict[str, Outbound]:
    """Every channel there is, by lane: the built-in ones and those of the entry point group `fahuo.channels`."""
    found: list[Outbound] = [CallbackChannel(), *(point.load()() for point in entry_points(group="fahuo.channels"))]
    return {channel.lane: channel for channel in found}


def work(
    store: Store,
    outbound: Mapping[str, Outbound],
    now: int,
    *,
    worker: str = "worker",
    limit: int | None = None,
    batch: int = BATCH,
    seller_id: int = 1,
) -> Counter[str]:
    """Carry out the effects that are due, batch by batch, until none is left; counts answers by state."""
    done: Counter[str] = Counter()
    with store.read(seller_id) as tx:
        endpoints = endpoints_of(tx)
    while limit is None or sum(done.values()) < limit:
        claimed = effects.claim(store, worker, list(outbound), batch, now, seller_id=seller_id)
        if not claimed:
            break
        answers: list[Answer] = []
        for lane, channel in outbound.items():
            mine = [one for one in claimed if one.lane == lane]
            if mine:
                answers += channel.send(mine, endpoints)
        with store.write(seller_id) as tx:
            book(tx, claimed, answers, now, worker)
        done.update(answer.state for answer in answers)
    return done


def book(tx: Tx, claimed: Sequence[Claimed], answers: Sequence[Answer], now: int, actor: str) -> None:
    """Write the answers and what follows from those that count."""
    by_id = {one.id: one for one in claimed}
    took = effects.finish(tx, answers)
    counted = [(by_id[a.id], a) for a, ok in zip(answers, took, strict=True) if ok and by_id[a.id].kind == SHIPPED]
    _apply(tx, [one for one, a in counted if a.state == "done"], [(one, a) for one, a in counted if a.state == "declined"], now, actor)


def _apply(
    tx: Tx, reported: Sequence[Claimed], declined: Sequence[tuple[Claimed, Answer]], now: int, actor: str
) -> None:
    touched = sorted({one.order_id for one in (*reported, *(one for one, _ in declined)) if one.order_id})
    if not touched:
        return
    rows = {row.id: row for row in orders_queries.heads_of(tx, touched)}
    warehouse.move(tx, ("reported_at",), [(one.package_id, now) for one in reported if one.package_id], "t.reported_at IS NULL")
    entries = [
        journal.Entry(one.order_id, "reported", now, actor, {"package": str(one.package_id), "number": one.body.get("number", "")})
        for one in reported
        if one.order_id
    ]
    holds: dict[int, list[Hold]] = {}
    for one, answer in declined:
        if one.order_id:
            words = str(answer.outcome.get("answer") or answer.outcome.get("message") or "")[:200]
            code = str(answer.outcome.get("status") or answer.outcome.get("code") or "")
            holds[one.order_id] = [hold("report_declined", "report", f"{code} {words}".strip())]
            entries.append(journal.Entry(one.order_id, "report_declined", now, actor, {"code": code, "package": str(one.package_id)}))
    heads = journal.append(tx, entries, {id_: (row.journal_seq, row.journal_head) for id_, row in rows.items()})
    orders.hold(tx, holds, now)
    orders.move(
        tx, ("version", "journal_seq", "journal_head"), [(id_, rows[id_].version + 1, *head) for id_, head in heads.items()]
    )


def endpoints_of(tx: Tx) -> dict[int, Endpoint]:
    """Shop → where its results go, for shops that have an address."""
    return {
        shop_id: Endpoint(shop=name, url=url, secret=tx.keys.open(secret, f"callback|{shop_id}"))
        for shop_id, name, url, secret in catalogue.callbacks(tx)
    }


def export_shipped(house: House, shop_name: str | None = None, *, worker: str = "export", seller_id: int = 1) -> tuple[bytes, int]:
    """The shipped-file of everything packed and not yet exported: (CSV, parcels).

    The effects then wait for proof: the next export that shows the order moved on closes them.
    """
    now = house.clock.now()
    rows: list[Shipped] = []
    with house.store.read(seller_id) as tx:
        shops = {str(shop.id): shop.name for shop in catalogue.shop_list(tx)}
    back: list[Claimed] = []
    while claimed := effects.claim(house.store, worker, [FILES_LANE], BATCH, now, seller_id=seller_id):
        mine = [one for one in claimed if shop_name is None or shops.get(one.scope) == shop_name]
        back += [one for one in claimed if one not in mine]
        rows += [
            Shipped(str(one.body["order"]), str(one.package_id), str(one.body["carrier"]), str(one.body["number"]))
            for one in mine
        ]
        with house.store.write(seller_id) as tx:
            effects.finish(tx, [one.answer("waiting", {"exported_at": now}) for one in mine])
    with house.store.write(seller_id) as tx:
        effects.release(tx, back)
    return write(rows), len(rows)
