"""Every SQL statement of the talks that reads."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Select, func, select

from fahuo.store.bulk import any_of, array
from fahuo.store.engine import Tx
from fahuo.talks.model import DRAFT, SENT, Conversation, Draft, Message
from fahuo.talks.tables import conversations, messages

_c, _m = conversations.c, messages.c
_CONVERSATION = tuple(_c[name] for name in Conversation._fields)
_MESSAGE = tuple(_m[name] for name in Message._fields[:-1])


def _conversations(tx: Tx) -> Select[Any]:
    return select(*_CONVERSATION).where(_c.seller_id == tx.seller_id)


def known(tx: Tx, shop_id: int, refs: Iterable[str]) -> dict[str, Conversation]:
    """Conversations of a shop by the platform's id."""
    mine = _conversations(tx).where(_c.shop_id == shop_id, any_of(_c.ref, "refs"))
    return {row[2]: Conversation(*row) for row in tx.rows(mine, refs=array(tx, sorted(set(refs))))}


def latest(tx: Tx, limit: int, shops: Collection[int] | None = None) -> list[Conversation]:
    """The conversations somebody wrote in last, the newest first; of these shops, None for all."""
    mine = _conversations(tx).order_by(_c.latest_at.desc(), _c.id.desc()).limit(limit)
    if shops is not None:
        mine = mine.where(any_of(_c.shop_id, "shops"))
        return [Conversation(*row) for row in tx.rows(mine, shops=array(tx, sorted(shops)))]
    return [Conversation(*row) for row in tx.rows(mine)]


def by_id(tx: Tx, id_: int) -> Conversation | None:
    """One conversation."""
    rows = tx.rows(_conversations(tx).where(_c.id == id_))
    return Conversation(*rows[0]) if rows else None


def messages_of(tx: Tx, conversation_id: int, limit: int = 200) -> list[Message]:
    """The last messages of a conversation, opened, oldest first. Erased ones have no words."""
    mine = select(*_MESSAGE, _m.sealed).where(_m.seller_id == tx.seller_id, _m.conversation_id == conversation_id)
    rows = tx.rows(mine.order_by(_m.at.desc(), _m.id.desc()).limit(limit))
    return [_opened(tx, row) for row in reversed(rows)]


def drafts(tx: Tx, ids: Iterable[int]) -> dict[int, Draft]:
    """Our messages that are on their way, by id."""
    mine = select(*_MESSAGE, _m.sealed).where(_m.seller_id == tx.seller_id, _m.state == DRAFT, any_of(_m.id, "ids"))
    found = [_opened(tx, row) for row in tx.rows(mine, ids=array(tx, list(ids)))]
    gone = select(_m.conversation_id, _m.ref).where(
        _m.seller_id == tx.seller_id, any_of(_m.conversation_id, "places"), _m.state == SENT
    )
    taken: dict[int, set[str]] = {}
    for place, ref in tx.rows(gone, places=array(tx, sorted({one.conversation_id for one in found}))):
        taken.setdefault(place, set()).add(ref)
    return {one.id: Draft(one.words, frozenset(taken.get(one.conversation_id, ()))) for one in found}


def _opened(tx: Tx, row: Any) -> Message:
    *plain, sealed = row
    words = "" if sealed is None else tx.keys.open(bytes(sealed), f"message|{row[0]}").decode()
    return Message._make([*plain, words])


def refs(tx: Tx, conversation_id: int, wanted: Iterable[str]) -> set[str]:
    """Those of the platform's message ids that are kept already."""
    mine = select(_m.ref).where(
        _m.seller_id == tx.seller_id, _m.conversation_id == conversation_id, any_of(_m.ref, "refs")
    )
    return {row[0] for row in tx.rows(mine, refs=array(tx, list(wanted)))}


def order_before(tx: Tx, conversation_id: int) -> int | None:
    """The order that was spoken of last."""
    mine = select(_m.order_id).where(
        _m.seller_id == tx.seller_id, _m.conversation_id == conversation_id, _m.order_id.is_not(None)
    )
    rows = tx.rows(mine.order_by(_m.at.desc(), _m.id.desc()).limit(1))
    return rows[0][0] if rows else None


def waiting(tx: Tx, limit: int, shops: Collection[int] | None = None) -> list[Conversation]:
    """Conversations whose buyer waits for an answer, the longest first; of these shops, None for all."""
    mine = _conversations(tx).where(_c.waits_since.is_not(None)).order_by(_c.waits_since, _c.id).limit(limit)
    if shops is not None:
        mine = mine.where(any_of(_c.shop_id, "shops"))
        return [Conversation(*row) for row in tx.rows(mine, shops=array(tx, sorted(shops)))]
    return [Conversation(*row) for row in tx.rows(mine)]


def waiting_count(tx: Tx, shops: Collection[int] | None = None) -> tuple[int, int | None]:
    """How many buyers wait for an answer, and since when the first does."""
    mine = select(func.count(), func.min(_c.waits_since))
    mine = mine.where(_c.seller_id == tx.seller_id, _c.waits_since.is_not(None))
    if shops is not None:
        mine = mine.where(any_of(_c.shop_id, "shops"))
    rows = tx.rows(mine, **({} if shops is None else {"shops": array(tx, sorted(shops))}))
    return int(rows[0][0]), rows[0][1]


def of_order(tx: Tx, order_id: int, limit: int = 200) -> list[Message]:
    """The last messages about an order, opened, oldest first."""
    mine = select(*_MESSAGE, _m.sealed).where(_m.seller_id == tx.seller_id, _m.order_id == order_id)
    return [_opened(tx, row) for row in reversed(tx.rows(mine.order_by(_m.at.desc(), _m.id.desc()).limit(limit)))]


def place_of(tx: Tx, message_id: int) -> int | None:
    """The conversation a message is in."""
    rows = tx.rows(select(_m.conversation_id).where(_m.seller_id == tx.seller_id, _m.id == message_id))
    return int(rows[0][0]) if rows else None
