"""Every statement about notices, and what is done to a batch of them inside a transaction the caller holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Select, and_, bindparam, case, delete, func, or_, select, update

from fahuo.connections.notices import (
    ALSO_HANDED,
    DONE,
    HANDED,
    KEPT,
    MALFORMED,
    ORDER,
    OWN_NOTE,
    PARKED,
    Count,
    Notice,
    Shown,
    Waiting,
)
from fahuo.connections.notices_tables import notice_counts, notices
from fahuo.kernel.ids import new_ids
from fahuo.store import bulk
from fahuo.store.engine import Tx

COLUMNS: Final = (
    *("seller_id", "id", "notification_id", "app_key", "platform_shop_id", "shop_id", "type", "kind", "ref"),
    *("order_refs", "state", "sent_at", "received_ms", "due_ms", "attempts", "why", "body"),
)
TOGETHER: Final = bulk.rows_at_once(len(COLUMNS))
"""Notices that are added in one statement, at most."""
_n = notices.c
_OWN = _n.seller_id == bindparam("seller")
_IDS = bulk.any_of(_n.id, "ids")
_WAITING = (
    *(_n.id, _n.shop_id, _n.type, _n.kind, _n.ref, _n.order_refs, _n.sent_at, _n.received_ms, _n.attempts),
    *(_n.notification_id, _n.platform_shop_id, _n.app_key),
)
_SHOWN = tuple(_n[name] for name in Shown.__struct_fields__)
_COUNT: Final = (
    "INSERT INTO notice_counts (seller_id, app_key, what, count, last_ms)"
    " VALUES (:seller_id, :app_key, :what, :count, :last_ms) ON CONFLICT (seller_id, app_key, what)"
    " DO UPDATE SET count = notice_counts.count + excluded.count, last_ms = excluded.last_ms"
)


def add(tx: Tx, batch: Sequence[Notice]) -> int:
    """Store notices of the transaction's seller, bodies sealed; how many were new. The same twice is stored once."""
    seller = tx.seller_id
    bodies = iter(tx.keys.seal_all((one.body, owner(one.notification_id)) for one in batch if one.body is not None))
    rows = [
        (
            seller, id_, one.notification_id, one.app_key, one.platform_shop_id, one.shop_id, one.type, one.kind,
            one.ref, " ".join(one.order_refs), one.state, one.sent_at, one.received_ms, one.received_ms, 0, one.why,
            None if one.body is None else next(bodies),
        )
        for id_, one in zip(new_ids(len(batch)), batch, strict=True)
    ]  # fmt: skip
    return bulk.insert_new(tx, notices, COLUMNS, rows, ("seller_id", "notification_id"))


def owner(notification_id: str) -> str:
    """Whose row a sealed body belongs to."""
    return f"notice {notification_id}"


def body_of(tx: Tx, id_: int) -> bytes | None:
    """The body as it came."""
    found = tx.rows(
        select(_n.notification_id, _n.body).where(_OWN, _n.id == bindparam("id")), seller=tx.seller_id, id=id_
    )
    if not found or found[0][1] is None:
        return None
    return tx.keys.open(bytes(found[0][1]), owner(found[0][0]))


def count(tx: Tx, counted: Mapping[tuple[str, str], int], now_ms: int) -> None:
    """Add to the counts of (app key, what)."""
    rows = [
        {"seller_id": tx.seller_id, "app_key": app, "what": what, "count": number, "last_ms": now_ms}
        for (app, what), number in sorted(counted.items())
        if number
    ]
    if rows:
        tx.execute(_COUNT, rows)


def claim(tx: Tx, limit: int, now_ms: int, lease_ms: int) -> list[Waiting]:
    """Notices whose orders are to be read now, oldest first, leased to the caller for so long."""
    picked = (
        select(_n.id)
        .where(_OWN, _n.state == ORDER, _n.due_ms <= bindparam("now"))
        .order_by(_n.due_ms, _n.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = [row[0] for row in tx.rows(picked, seller=tx.seller_id, now=now_ms)]
    if not ids:
        return []
    taken = update(notices).where(_OWN, _IDS).values(attempts=_n.attempts + 1, due_ms=bindparam("until"))
    rows = tx.execute(
        taken.returning(*_WAITING),
        {"seller": tx.seller_id, "ids": bulk.array(tx, ids), "until": now_ms + lease_ms},
    ).all()
    return sorted((_waiting(tuple(row)) for row in rows), key=lambda one: one.id)


def notices_of(
    tx: Tx, kinds: Iterable[str], limit: int, now_ms: int, *, shops: Iterable[int] | None = None
) -> list[Waiting]:
    """Notices handed to the part that takes these kinds, oldest first: cancel, return, talk, product, stock, …

    `shops`: of these only, so that what waits for a lost connection does not stand before them.
    """
    mine = (
        select(*_WAITING)
        .where(_OWN, _n.state == HANDED, bulk.any_of(_n.kind, "kinds"), _n.due_ms <= bindparam("now"))
        .order_by(_n.id)
        .limit(limit)
    )
    values: dict[str, Any] = {"seller": tx.seller_id, "kinds": bulk.array(tx, kinds), "now": now_ms}
    if shops is not None:
        mine = mine.where(bulk.any_of(_n.shop_id, "shops"))
        values["shops"] = bulk.array(tx, shops)
    return [_waiting(row) for row in tx.rows(mine, **values)]


def _waiting(row: Sequence[Any]) -> Waiting:
    names = ("id", "shop_id", "type", "kind", "ref", "order_refs", "sent_at", "received_ms", "attempt")
    values = dict(zip((*names, "notification_id", "platform_shop_id", "app_key"), row, strict=True))
    return Waiting(**(values | {"order_refs": tuple(values["order_refs"].split())}))


def orders_read(tx: Tx, ids: Iterable[int], now_ms: int) -> None:
    """The orders of these notices have been read: done, or on to the part that takes their kind."""
    then = case((_n.kind.in_(sorted(ALSO_HANDED)), HANDED), else_=DONE)
    _set(tx, ids, ORDER, state=then, due_ms=now_ms, attempts=0, why="")


def worked(tx: Tx, ids: Iterable[int]) -> None:
    """The part these notices were handed to has done its work."""
    _set(tx, ids, HANDED, state=DONE, why="")


def _set(tx: Tx, ids: Iterable[int], was: str, **values: Any) -> None:
    if found := sorted(set(ids)):
        tx.execute(
            update(notices).where(_OWN, _IDS, _n.state == bindparam("was")).values(**values),
            {"seller": tx.seller_id, "ids": bulk.array(tx, found), "was": was},
        )


def later(tx: Tx, waits: Sequence[tuple[int, int, str]]) -> None:
    """Try these again later: (id, not before in technical ms, what went wrong)."""
    rows = [(tx.seller_id, id_, due_ms, why[:300]) for id_, due_ms, why in waits]
    bulk.update(tx, notices, ("seller_id", "id"), ("due_ms", "why"), rows)


def park(tx: Tx, given_up: Sequence[tuple[int, str]]) -> None:
    """Leave these to a person: (id, what is wrong)."""
    rows = [(tx.seller_id, id_, PARKED, why[:300]) for id_, why in given_up]
    bulk.update(tx, notices, ("seller_id", "id"), ("state", "why"), rows)


def note(tx: Tx, wanted: Sequence[Notice]) -> None:
    """Our own notes about orders; one that is there already gets the new state, time and reason."""
    rows = [
        (
            tx.seller_id, id_, one.notification_id, "", one.platform_shop_id, one.shop_id, OWN_NOTE, "order", one.ref,
            " ".join(one.order_refs), one.state, one.sent_at, one.received_ms, one.received_ms, 0, one.why[:300], None,
        )
        for id_, one in zip(new_ids(len(wanted)), wanted, strict=True)
    ]  # fmt: skip
    renewed = ("state", "sent_at", "received_ms", "due_ms", "attempts", "why")
    bulk.upsert(tx, notices, COLUMNS, rows, ("seller_id", "notification_id"), renewed)


def notes_settled(tx: Tx, notification_ids: Iterable[str]) -> None:
    """Orders of these notes of ours have been taken after all."""
    tx.execute(
        update(notices)
        .where(_OWN, bulk.any_of(_n.notification_id, "refs"), _n.state == PARKED)
        .values(state=DONE, why=""),
        {"seller": tx.seller_id, "refs": bulk.array(tx, notification_ids)},
    )


def again(tx: Tx, ids: Iterable[int] | None, now_ms: int) -> int:
    """Parked notices are worked once more, all or these; how many."""
    chosen = update(notices).where(_OWN, _n.state == PARKED, _n.order_refs != "")
    values: dict[str, Any] = {"seller": tx.seller_id}
    if ids is not None:
        chosen = chosen.where(_IDS)
        values["ids"] = bulk.array(tx, ids)
    return int(tx.execute(chosen.values(state=ORDER, attempts=0, due_ms=now_ms), values).rowcount)


def set_aside(tx: Tx, ids: Iterable[int]) -> int:
    """A person has seen to these parked notices otherwise; how many. What was wrong stays with them."""
    chosen = update(notices).where(_OWN, _n.state == PARKED, _IDS).values(state=DONE)
    return int(tx.execute(chosen, {"seller": tx.seller_id, "ids": bulk.array(tx, ids)}).rowcount)


def shown(tx: Tx, states: Iterable[str], limit: int, shop_id: int | None = None) -> list[Shown]:
    """Notices in these states, newest first."""
    mine: Select[Any] = select(*_SHOWN).where(_OWN, bulk.any_of(_n.state, "states"))
    values: dict[str, Any] = {"seller": tx.seller_id, "states": bulk.array(tx, states)}
    if shop_id is not None:
        mine = mine.where(_n.shop_id == bindparam("shop"))
        values["shop"] = shop_id
    rows = tx.rows(mine.order_by(_n.id.desc()).limit(limit), **values)
    return [Shown(**dict(zip(Shown.__struct_fields__, row, strict=True))) for row in rows]


def standing(tx: Tx) -> list[tuple[int, str, int, int]]:
    """(our shop, state, how many, received last in technical ms), for the page of a shop."""
    mine = select(_n.shop_id, _n.state, func.count(), func.max(_n.received_ms)).where(_OWN)
    rows = tx.rows(mine.group_by(_n.shop_id, _n.state).order_by(_n.shop_id, _n.state), seller=tx.seller_id)
    return [(int(shop), str(state), int(number), int(last)) for shop, state, number, last in rows]


def counts(tx: Tx) -> list[Count]:
    """What came to the receiving address, forged and repeated included."""
    c = notice_counts.c
    mine = select(c.app_key, c.what, c.count, c.last_ms).where(c.seller_id == tx.seller_id)
    return [Count(app_key=a, what=w, count=n, last_ms=t) for a, w, n, t in tx.rows(mine.order_by(c.app_key, c.what))]


def due(tx: Tx, now_ms: int) -> bool:
    """Whether any order is to be read."""
    mine = select(_n.id).where(_OWN, _n.state == ORDER, _n.due_ms <= bindparam("now")).limit(1)
    return bool(tx.rows(mine, seller=tx.seller_id, now=now_ms))


def forget(tx: Tx, before_ms: int) -> int:
    """Delete what is done or of no use and was received before then; how many. Others stay until somebody acts.

    What has been handed on for so long waits for a shop that nobody connected again.
    """
    over = or_(_n.state == DONE, _n.state == KEPT, _n.state == MALFORMED, _n.state == HANDED)
    old = and_(_n.received_ms < bindparam("before"), over)
    gone = tx.execute(delete(notices).where(_OWN, old), {"seller": tx.seller_id, "before": before_ms})
    return int(gone.rowcount)
