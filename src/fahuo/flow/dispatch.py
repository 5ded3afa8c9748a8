"""Use cases of reporting: carry effects out, write the shipped-file, book the answers.

An answer is applied once, in the transaction that books it: the parcel is reported, or the order gets a hold and goes
to a person with the receiver's words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.metadata import entry_points
from typing import Final

from msgspec.structs import replace

from fahuo.catalogue import queries as catalogue
from fahuo.channels.callback.send import CallbackChannel
from fahuo.channels.ports import Endpoint, Outbound
from fahuo.channels.shipped_file import Shipped, write
from fahuo.channels.tiktok_shop.outbound import TikTokChannel
from fahuo.connections import queries as connections
from fahuo.connections.model import Link
from fahuo.flow import talks
from fahuo.flow.answers import BOOKS
from fahuo.flow.fulfil import sort_out
from fahuo.flow.grants import client_of
from fahuo.flow.house import House
from fahuo.flow.parcels import FILES_LANE, GONE, SHIPPED
from fahuo.flow.ready import READY, ready_to_ship
from fahuo.kernel.stopwatch import stage
from fahuo.orders import queries as orders_queries
from fahuo.orders import service as orders
from fahuo.orders.model import FINISHED
from fahuo.orders.rules import Hold, hold
from fahuo.store import effects, journal, personal
from fahuo.store.effects import Answer, Claimed
from fahuo.store.engine import Store, Tx
from fahuo.warehouse import queries
from fahuo.warehouse import service as warehouse
from fahuo.warehouse.model import CANCELLED

BATCH: Final = 500
_AGAIN: Final = frozenset({"retry", "unknown"})
NOT_LISTED: Final = "carrier_not_listed"
_DECLINED: Final = frozenset({"report_declined", NOT_LISTED})
SHOWN: Final = 200
"""Characters of the reason that a hold shows."""


def channels(house: House, seller_id: int = 1) -> dict[str, Outbound]:
    """Every channel there is, by lane: the built-in ones and those of the entry point group `fahuo.channels`."""

    def links() -> dict[int, Link]:
        with house.store.read(seller_id) as tx:
            return {link.shop_id: link for link in connections.links(tx)}

    words = partial(talks.words, house, seller_id)
    tiktok = TikTokChannel(client_of(house.store), links, house.clock.now, words)
    found: list[Outbound] = [CallbackChannel(), tiktok]
    found += [point.load()() for point in entry_points(group="fahuo.channels")]
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
        with stage("report"):
            claimed = effects.claim(store, worker, list(outbound), batch, now, seller_id=seller_id)
        if not claimed:
            break
        claimed = sort_out(store, claimed, now, seller_id)
        answers: list[Answer] = []
        for lane, channel in outbound.items():
            mine = [one for one in claimed if one.lane == lane]
            if mine:
                answers += channel.send(mine, endpoints)
        answered = {answer.id for answer in answers}
        with stage("report"), store.write(seller_id) as tx:
            book(tx, claimed, answers, now, worker)
            effects.release(tx, [one for one in claimed if one.id not in answered])
        done.update(answer.state for answer in answers)
    return done


def book(tx: Tx, claimed: Sequence[Claimed], answers: Sequence[Answer], now: int, actor: str) -> None:
    """Write the answers and what follows from those that count: one set of statements a kind."""
    by_id = {one.id: one for one in claimed}
    # Orders first, then their effects, as everywhere: an import may be ending some of them.
    rows = {row.id: row for row in orders_queries.heads_of(tx, {one.order_id for one in claimed if one.order_id})}
    took = effects.finish(tx, [_without_large(answer) for answer in answers])
    counted = [(by_id[a.id], a) for a, ok in zip(answers, took, strict=True) if ok]
    _keep_words(tx, counted, now)
    _drop_cancelled(tx, [one for one, a in counted if a.state in _AGAIN])
    kinds: dict[str, list[tuple[Claimed, Answer]]] = {}
    for one, answer in counted:
        kinds.setdefault(one.kind, []).append((one, answer))
    _book_reports(tx, kinds.get(SHIPPED, ()), rows, now, actor)
    for kind, answered in sorted(kinds.items()):
        if kind in BOOKS:
            BOOKS[kind](tx, answered, now, actor)


def _book_reports(
    tx: Tx,
    counted: Sequence[tuple[Claimed, Answer]],
    rows: Mapping[int, orders_queries.Head],
    now: int,
    actor: str,
) -> None:
    """A parcel's number is known to the receiver, or was declined."""
    reported = [one for one, a in counted if a.state == "done"]
    declined = [(one, a) for one, a in counted if a.state == "declined"]
    warehouse.reported(tx, [one.package_id for one in reported if one.package_id], now)
    entries = [_reported(one, now, actor) for one in reported if one.order_id in rows]
    entries += [_declined(one, answer, now, actor) for one, answer in declined if one.order_id in rows]
    _rehold(tx, reported, [(one, a) for one, a in declined if _open(rows.get(one.order_id or 0))], now)
    touched = {entry.order_id for entry in entries}
    heads = journal.append(tx, entries, {id_: (rows[id_].journal_seq, rows[id_].journal_head) for id_ in touched})
    told = {id_: now for one in reported if (id_ := one.order_id or 0) in rows and _open(rows[id_])}
    ready = ready_to_ship(tx, rows, told)
    orders.move(
        tx,
        (*READY, "version", "journal_seq", "journal_head"),
        [(id_, *ready[id_], rows[id_].version + 1, *head) for id_, head in heads.items()],
    )


def _drop_cancelled(tx: Tx, again: Sequence[Claimed]) -> None:
    """What is to be repeated for a parcel that was cancelled while the call was on its way is not repeated."""
    packages = {one.package_id: one.id for one in again if one.package_id}
    found = queries.parcels(tx, packages) if packages else []
    effects.drop(tx, [packages[parcel.id] for parcel in found if parcel.state == CANCELLED], GONE)


_UNKEPT: Final = frozenset({"answer", "content", "orders", "events"})
"""Parts of an outcome that are booked elsewhere (sealed, or taken in): they may be personal, or large."""


def _without_large(answer: Answer) -> Answer:
    if _UNKEPT.isdisjoint(answer.outcome):
        return answer
    return replace(answer, outcome={name: value for name, value in answer.outcome.items() if name not in _UNKEPT})


def _keep_words(tx: Tx, taken: Sequence[tuple[Claimed, Answer]], now: int) -> None:
    """The receiver's words may name a buyer: they are sealed, and erased with the order's personal data.

    Those of a report that was taken tell nobody anything.
    """
    told = [(one, answer) for one, answer in taken if answer.state != "done" and answer.outcome.get("answer")]
    words = [(one.order_id, one.id, str(answer.outcome["answer"])) for one, answer in told]
    gone = personal.erased(tx, {order_id for order_id, _, _ in words if order_id})
    kept = [
        (order_id, f"{personal.ANSWER}{id_}", now, text.encode())
        for order_id, id_, text in words
        if order_id and order_id not in gone
    ]
    personal.seal_payloads(tx, kept, replace=True)


def _open(row: orders_queries.Head | None) -> bool:
    return row is not None and row.state not in FINISHED


def _reported(one: Claimed, now: int, actor: str) -> journal.Entry:
    data = {"package": str(one.package_id), "number": one.body.get("number", "")}
    return journal.Entry(one.order_id or 0, "reported", now, actor, data)


def _declined(one: Claimed, answer: Answer, now: int, actor: str) -> journal.Entry:
    data = {"code": _code(answer), "package": str(one.package_id)}
    return journal.Entry(one.order_id or 0, "report_declined", now, actor, data)


def _code(answer: Answer) -> str:
    return str(answer.outcome.get("status") or answer.outcome.get("code") or "")


def _rehold(tx: Tx, reported: Sequence[Claimed], declined: Sequence[tuple[Claimed, Answer]], now: int) -> None:
    """A declined report goes to a person; one that was taken at last frees the order."""
    open_ = orders_queries.open_holds(tx, {one.order_id for one in reported if one.order_id})
    gone = [(h.order_id, h.code, h.since_at) for list_ in open_.values() for h in list_ if h.code in _DECLINED]
    orders.release(tx, gone, now, "system", "the report was taken")
    holds: dict[int, list[Hold]] = {}
    for one, answer in declined:
        words = str(answer.outcome.get("message") or "")[:SHOWN]
        if _code(answer) == NOT_LISTED:
            holds[one.order_id or 0] = [hold(NOT_LISTED, "carrier", words)]
        else:
            holds[one.order_id or 0] = [hold("report_declined", "report", f"{_code(answer)} {words}".strip())]
    orders.hold(tx, holds, now)


def endpoints_of(tx: Tx) -> dict[int, Endpoint]:
    """Shop → where its results go, for shops that have an address."""
    return {
        shop_id: Endpoint(shop=name, url=url, secret=tx.keys.open(secret, f"callback|{shop_id}"))
        for shop_id, name, url, secret in catalogue.callbacks(tx)
    }


def export_shipped(
    house: House,
    shop_name: str | None = None,
    deliver: Callable[[bytes], object] | None = None,
    *,
    worker: str = "export",
    seller_id: int = 1,
) -> tuple[bytes, int]:
    """The shipped-file of everything packed and not yet exported: (CSV, parcels).

    The effects then wait for proof: the next export that shows the order moved on closes them. They are booked as
    exported once `deliver` has kept the file; when it fails they are in the next file.
    """
    now = house.clock.now()
    with house.store.read(seller_id) as tx:
        shops = {str(shop.id): shop.name for shop in catalogue.shop_list(tx)}
    mine: list[Claimed] = []
    back: list[Claimed] = []
    while claimed := effects.claim(house.store, worker, [FILES_LANE], BATCH, now, seller_id=seller_id):
        for one in claimed:
            (mine if shop_name is None or shops.get(one.scope) == shop_name else back).append(one)
    with house.store.write(seller_id) as tx:
        effects.release(tx, back)
    content = write(
        Shipped(str(one.body["order"]), str(one.package_id), str(one.body["carrier"]), str(one.body["number"]))
        for one in mine
    )
    try:
        if deliver is not None:
            deliver(content)
    except BaseException:
        with house.store.write(seller_id) as tx:
            effects.release(tx, mine)
        raise
    for start in range(0, len(mine), BATCH):
        with house.store.write(seller_id) as tx:
            effects.finish(tx, [one.answer("waiting", {"exported_at": now}) for one in mine[start : start + BATCH]])
    return content, len(mine)
