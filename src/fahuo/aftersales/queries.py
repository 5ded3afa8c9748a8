"""Every SQL statement of the after-sale station that reads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import ColumnElement, Select, and_, literal_column, select

from fahuo.aftersales.model import Request
from fahuo.aftersales.rules import Key
from fahuo.aftersales.tables import requests
from fahuo.orders.rules import CANCEL_REQUESTED
from fahuo.orders.tables import holds, orders
from fahuo.store.bulk import any_of, array
from fahuo.store.engine import Tx

_r = requests.c
_COLUMNS = tuple(_r[name] for name in Request._fields)
MOST: Final = 500
# Written out as the partial index has it: only then do both databases see that it applies.
TO_ANSWER: Final[ColumnElement[bool]] = and_(_r.action != literal_column("''"), _r.decided == literal_column("''"))


def _requests(tx: Tx, *where: ColumnElement[bool]) -> Select[tuple[object, ...]]:
    return select(*_COLUMNS).where(_r.seller_id == tx.seller_id, *where)


def known(tx: Tx, shop_id: int, refs: Iterable[str]) -> dict[Key, Request]:
    """The requests of a shop that are kept already, of both kinds, by kind and platform id."""
    mine = _requests(tx, _r.shop_id == shop_id, any_of(_r.ref, "refs"))
    found = [Request(*row) for row in tx.rows(mine, refs=array(tx, sorted(set(refs))))]
    return {(one.kind, one.ref): one for one in found}


def of_order(tx: Tx, order_id: int) -> list[Request]:
    """All requests about an order, the newest first."""
    mine = _requests(tx, _r.order_id == order_id).order_by(_r.asked_at.desc(), _r.id.desc())
    return [Request(*row) for row in tx.rows(mine)]


def by_id(tx: Tx, ids: Iterable[int]) -> dict[int, Request]:
    """Requests by our id."""
    mine = _requests(tx, any_of(_r.id, "ids"))
    return {row[0]: Request(*row) for row in tx.rows(mine, ids=array(tx, list(ids)))}


def to_answer(tx: Tx, limit: int = MOST) -> list[Request]:
    """Requests the seller is asked to answer and has not, the most urgent first."""
    mine = _requests(tx, TO_ANSWER).order_by(_r.answer_by.is_(None), _r.answer_by, _r.id)
    return [Request(*row) for row in tx.rows(mine.limit(limit))]


def untold(tx: Tx, since: int) -> set[int]:
    """Shops with an order whose buyer has asked to cancel since then, as the order tells, and no request to answer."""
    h = holds.c
    told = select(_r.id).where(_r.seller_id == h.seller_id, _r.order_id == h.order_id, _r.action != "")
    rows = tx.rows(
        select(orders.c.shop_id)
        .distinct()
        .join(holds, (h.seller_id == orders.c.seller_id) & (h.order_id == orders.c.id))
        .where(
            h.seller_id == tx.seller_id,
            h.released_at.is_(None),
            h.code == CANCEL_REQUESTED,
            h.since_at >= since,
            ~told.exists(),
        )
    )
    return {row[0] for row in rows}


def without_order(tx: Tx, shop_id: int) -> list[Request]:
    """Requests about orders that were not known here when they were told."""
    return [Request(*row) for row in tx.rows(_requests(tx, _r.shop_id == shop_id, _r.order_id.is_(None)).limit(MOST))]
