"""What the station of talks writes. Never commits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import delete, update

from fahuo.kernel.ids import new_id, new_ids
from fahuo.store import bulk
from fahuo.store.bulk import any_of, array
from fahuo.store.engine import Tx
from fahuo.talks.model import DECLINED, DRAFT, SENT, TEXT, TOLD, ConversationIn, MessageIn, words_of
from fahuo.talks.tables import conversations, messages

_CONVERSATION = ("seller_id", "id", "shop_id", "ref", "buyer_ref", "unread", "can_send", "latest_at")
_MESSAGE = (
    *("seller_id", "id", "conversation_id", "ref", "role", "type", "state", "at", "order_id", "actor"),
    "sealed",
)
SHOP = "SHOP"


def keep_conversations(
    tx: Tx, shop_id: int, told: Sequence[ConversationIn], known: Mapping[str, int]
) -> dict[str, int]:
    """Write conversations as they are now; platform id → ours."""
    unique = {one.ref: one for one in told}
    fresh = dict(zip(unique, new_ids(len(unique)), strict=True))
    ids = {ref: known.get(ref, fresh[ref]) for ref in unique}
    rows = [
        (tx.seller_id, ids[ref], shop_id, ref, one.buyer_ref, one.unread, one.can_send, one.latest_at)
        for ref, one in unique.items()
    ]
    bulk.upsert(tx, conversations, _CONVERSATION, rows, ("seller_id", "shop_id", "ref"), _CONVERSATION[4:])
    return ids


def keep_messages(tx: Tx, conversation_id: int, told: Sequence[MessageIn], order_id: int | None, at: int) -> int:
    """Write messages the platform told of, each once; how many were new."""
    unique = list({one.ref: one for one in told}.values())
    rows = [
        (
            tx.seller_id, id_, conversation_id, one.ref, one.role, one.type, TOLD, at if one.at is None else one.at,
            order_id, "", tx.keys.seal(words_of(one.type, one.content).encode(), f"message|{id_}"),
        )
        for id_, one in zip(new_ids(len(unique)), unique, strict=True)
    ]  # fmt: skip
    return bulk.insert_new(tx, messages, _MESSAGE, rows, ("seller_id", "conversation_id", "ref"))


def draft(tx: Tx, conversation_id: int, words: str, order_id: int | None, actor: str, at: int) -> int:
    """Write a message of ours that is to be sent; its id."""
    id_ = new_id()
    sealed = tx.keys.seal(words.encode(), f"message|{id_}")
    row = (tx.seller_id, id_, conversation_id, f"out {id_}", SHOP, TEXT, DRAFT, at, order_id, actor, sealed)
    bulk.insert(tx, messages, _MESSAGE, [row])
    return id_


def sent(tx: Tx, id_: int, ref: str, *, told_already: bool) -> None:
    """The platform took our message as `ref`. When it has told of it before, its own telling stays and ours goes."""
    m = messages.c
    mine = (m.seller_id == tx.seller_id) & (m.id == id_)
    if told_already:
        tx.execute(delete(messages).where(mine))
    else:
        tx.execute(update(messages).where(mine).values(state=SENT, ref=ref))


def refused(tx: Tx, id_: int) -> None:
    """The platform did not take our message."""
    m = messages.c
    tx.execute(update(messages).where(m.seller_id == tx.seller_id, m.id == id_).values(state=DECLINED))


def read_to(tx: Tx, conversation_id: int, at: int) -> None:
    """Everything up to then is here, and read."""
    bulk.update(tx, conversations, ("seller_id", "id"), ("read_to", "unread"), [(tx.seller_id, conversation_id, at, 0)])


def forget(tx: Tx, order_ids: Iterable[int]) -> int:
    """Empty the messages of these orders, because their buyers' data are erased."""
    m = messages.c
    gone = update(messages).where(m.seller_id == tx.seller_id, any_of(m.order_id, "orders")).values(sealed=None)
    return int(tx.execute(gone, {"orders": array(tx, list(order_ids))}).rowcount)
