"""Requests after the purchase as lists show them, and conversations with their words."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import or_, select

from fahuo.aftersales.queries import TO_ANSWER
from fahuo.aftersales.tables import requests
from fahuo.catalogue.tables import shops
from fahuo.orders.tables import orders
from fahuo.store.bulk import any_of, array
from fahuo.store.engine import Tx
from fahuo.talks import queries as talks
from fahuo.talks.model import Conversation, Message

LIMIT_MAX = 500
_r = requests.c


class RequestView(NamedTuple):
    """A request with the shop it came to and where its order stands here."""

    id: int
    shop_id: int
    order_id: int | None
    order_ref: str
    kind: str
    ref: str
    type: str
    state: str
    role: str
    reason: str
    reason_text: str
    amount: int | None
    currency: str
    exponent: int
    action: str
    answer_by: int | None
    arbitration: str
    tracking_number: str
    asked_at: int | None
    updated_at: int | None
    decided: str
    decided_at: int | None
    decided_by: str
    shop: str
    station: str | None
    packed_at: int | None


def request_list(
    tx: Tx,
    allowed: Collection[int] | None,
    *,
    waiting: bool = False,
    order_id: int | None = None,
    shop_id: int | None = None,
    kind: str = "",
    limit: int = 100,
    before: int | None = None,
) -> list[RequestView]:
    """Requests, those to be answered soonest first (`waiting`), else the newest first and older than `before`.

    `kind`: cancel or return, or one of the platform's types.
    """
    own = [_r[name] for name in RequestView._fields[:-3]]
    mine = (
        select(*own, shops.c.name, orders.c.station, orders.c.packed_at)
        .select_from(requests)
        .join(shops, (shops.c.seller_id == _r.seller_id) & (shops.c.id == _r.shop_id))
        .outerjoin(orders, (orders.c.seller_id == _r.seller_id) & (orders.c.id == _r.order_id))
        .where(_r.seller_id == tx.seller_id)
        .limit(limit)
    )
    params = {}
    if allowed is not None:
        mine = mine.where(any_of(_r.shop_id, "shops"))
        params["shops"] = array(tx, sorted(allowed))
    if order_id is not None:
        mine = mine.where(_r.order_id == order_id)
    if shop_id is not None:
        mine = mine.where(_r.shop_id == shop_id)
    if kind:
        mine = mine.where(or_(_r.kind == kind, _r.type == kind))
    if waiting:
        mine = mine.where(TO_ANSWER).order_by(_r.answer_by.is_(None), _r.answer_by, _r.id)
    else:
        mine = mine.order_by(_r.id.desc())
        if before is not None:
            mine = mine.where(_r.id < before)
    return [RequestView(*row) for row in tx.rows(mine, **params)]


def conversation_list(
    tx: Tx, allowed: Collection[int] | None, limit: int = 100, *, waiting: bool = False
) -> list[Conversation]:
    """Conversations, those somebody wrote in last first; or (`waiting`) those whose buyer waits, the longest first."""
    return talks.waiting(tx, limit, allowed) if waiting else talks.latest(tx, limit, allowed)


def messages_of_order(tx: Tx, order_id: int) -> list[Message]:
    """What was said about an order, oldest first."""
    return talks.of_order(tx, order_id)


def conversation(
    tx: Tx, id_: int, allowed: Collection[int] | None, limit: int = 200
) -> tuple[Conversation, list[Message]] | None:
    """A conversation with its last messages, oldest first; None when there is none in the reader's shops."""
    found = talks.by_id(tx, id_)
    if found is None or (allowed is not None and found.shop_id not in allowed):
        return None
    return found, talks.messages_of(tx, id_, limit)
