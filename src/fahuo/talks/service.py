"""What the station of talks writes. Never commits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import bindparam, delete, func, select, update

from fahuo.kernel.ids import new_id, new_ids
from fahuo.store import bulk
from fahuo.store.bulk import any_of, array
from fahuo.store.engine import Tx
from fahuo.talks.model import BUYER, DECLINED, DRAFT, OURS, SENT, TEXT, TOLD, ConversationIn, MessageIn, words_of
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
    _count_waiting(tx, conversation_id)
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
    """The platform did not take our message: the buyer waits as before."""
    m = messages.c
    tx.execute(update(messages).where(m.seller_id == tx.seller_id, m.id == id_).values(state=DECLINED))
    for (place,) in tx.rows(select(m.conversation_id).where(m.seller_id == tx.seller_id, m.id == id_)):
        _count_waiting(tx, place)


def read_to(tx: Tx, conversation_id: int, at: int) -> None:
    """Everything up to then is here."""
    bulk.update(tx, conversations, ("seller_id", "id"), ("read_to",), [(tx.seller_id, conversation_id, at)])
    _count_waiting(tx, conversation_id)


def seen(tx: Tx, conversation_id: int, at: int) -> None:
    """A person says that nothing written up to then needs an answer."""
    bulk.update(tx, conversations, ("seller_id", "id"), ("seen_at",), [(tx.seller_id, conversation_id, at)])
    _count_waiting(tx, conversation_id)


def _count_waiting(tx: Tx, conversation_id: int) -> None:
    """Since when the buyer waits: the oldest word of his after the last of ours, or after a person saw to it."""
    c, m = conversations.c, messages.c
    of = (m.seller_id == tx.seller_id) & (m.conversation_id == conversation_id)
    ours = select(func.max(m.at)).where(of, m.role.in_(sorted(OURS)), m.state != DECLINED).scalar_subquery()
    mine = (c.seller_id == tx.seller_id) & (c.id == conversation_id)
    seen_at = select(c.seen_at).where(mine).scalar_subquery()
    after = func.coalesce(ours, -1), func.coalesce(seen_at, -1)
    oldest = select(func.min(m.at)).where(of, m.role == BUYER, m.at > after[0], m.at > after[1])
    at = tx.rows(oldest)[0][0]
    tx.execute(update(conversations).where(mine).values(waits_since=bindparam("since")), {"since": at})


def forget(tx: Tx, order_ids: Iterable[int]) -> int:
    """Empty the messages of these orders, because their buyers' data are erased."""
    m = messages.c
    gone = update(messages).where(m.seller_id == tx.seller_id, any_of(m.order_id, "orders")).values(sealed=None)
    return int(tx.execute(gone, {"orders": array(tx, list(order_ids))}).rowcount)
