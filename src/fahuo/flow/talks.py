"""Use cases of conversations: mirror what buyers write, answer it. The desk for people comes on top of this.

A message told of is kept once, whoever tells of it first: a notice, a reading, or the answer to our own sending.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fahuo.access.model import Principal
from fahuo.access.rules import may
from fahuo.channels.tiktok_shop import talks as platform
from fahuo.channels.tiktok_shop.client import Client
from fahuo.connections.model import Link
from fahuo.flow.actions import unknown
from fahuo.flow.aftersales import LANE
from fahuo.flow.house import House
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.orders import queries as orders_queries
from fahuo.store import effects, personal
from fahuo.store.effects import Answer, Claimed
from fahuo.store.engine import Tx
from fahuo.talks import queries, service
from fahuo.talks.model import MOST_CHARACTERS, Conversation, ConversationIn, Draft, MessageIn, order_of

SEND: Final = "send_message"
DAY_S: Final = 86_400
"""Where a conversation has told no time, our message is looked for so far back."""


def mirror(house: House, client: Client, link: Link) -> int:
    """Copy what is new in the shop's conversations; how many messages that were. May be stopped at any point."""
    count = 0
    for page in platform.conversations(client, link):
        with house.store.write(link.seller_id) as tx:
            before = queries.known(tx, link.shop_id, [one.ref for one in page])
            ids = service.keep_conversations(tx, link.shop_id, page, {ref: one.id for ref, one in before.items()})
        fresh = [one for one in page if _has_news(one, before.get(one.ref))]
        for one in fresh:
            count += _mirror_one(house, client, link, ids[one.ref], one.ref)
        if page and not fresh:
            break  # the newest stand first: what follows was here before
    return count


def mirror_one(house: House, client: Client, link: Link, ref: str) -> int:
    """The same for one conversation, which a notice has told of."""
    with house.store.write(link.seller_id) as tx:
        known = queries.known(tx, link.shop_id, [ref])
        ids = {name: one.id for name, one in known.items()}
        if ref not in ids:
            ids = service.keep_conversations(tx, link.shop_id, [ConversationIn(ref=ref)], {})
    return _mirror_one(house, client, link, ids[ref], ref)


def _has_news(told: ConversationIn, known: Conversation | None) -> bool:
    return known is None or known.read_to is None or (told.latest_at or 0) > known.read_to


def _mirror_one(house: House, client: Client, link: Link, id_: int, ref: str) -> int:
    """Read back from the newest until what is known; then oldest first into the database, in one transaction."""
    now = house.clock.now()
    told: list[MessageIn] = []
    for page in platform.messages(client, link, ref):
        with house.store.read(link.seller_id) as tx:
            there = queries.refs(tx, id_, [one.ref for one in page])
        told += [one for one in page if one.ref not in there]
        if there:
            break
    if not told:
        return 0
    told.reverse()
    with house.store.write(link.seller_id) as tx:
        parts = _by_order(tx, link, told, queries.order_before(tx, id_))
        count = sum(service.keep_messages(tx, id_, part, order, now) for part, order in parts)
        service.read_to(tx, id_, max(one.at or 0 for one in told))
    return count


def _by_order(
    tx: Tx, link: Link, told: Sequence[MessageIn], about: int | None
) -> list[tuple[list[MessageIn], int | None]]:
    """Messages with the order they are about: the last one named, `about` before that. Nothing of erased buyers."""
    cards = {ref for one in told if (ref := order_of(one.type, one.content))}
    orders = {ref: row.id for ref, row in orders_queries.known(tx, link.shop_id, cards).items()} if cards else {}
    subjects = {*orders.values(), *([] if about is None else [about])}
    gone = personal.erased(tx, subjects) if subjects else set()
    parts: list[tuple[list[MessageIn], int | None]] = []
    for one in told:
        if ref := order_of(one.type, one.content):
            about = orders.get(ref)
        if about in gone:
            continue
        if not parts or parts[-1][1] != about:
            parts.append(([], about))
        parts[-1][0].append(one)
    return parts


def say(house: House, principal: Principal, conversation_id: int, words: str, order_id: int | None = None) -> int:
    """Answer in a conversation; the message's id. Raises Failure when it cannot be sent as it is."""
    text = words.strip()
    now = house.clock.now()
    with house.store.write(principal.seller_id) as tx:
        found = _mine(tx, principal, conversation_id)
        if not text or len(text) > MOST_CHARACTERS or not found.can_send:
            raise Failure(_cannot_say(text, found))
        # By the platform's clock the answer stands after what it answers, however ours goes.
        message = service.draft(tx, found.id, text, order_id, principal.actor, max(now, found.latest_at or 0))
        effect = effects.Effect(
            key=f"{SEND}:{message}",
            kind=SEND,
            lane=LANE,
            scope=str(found.shop_id),
            shop_id=found.shop_id,
            order_id=order_id,
            package_id=None,
            due_at=now,
            body={"message": str(message), "conversation": found.ref, "after": found.latest_at or now - DAY_S},
            safety="readable",
        )
        effects.put(tx, [effect])
    return message


def seen(house: House, principal: Principal, conversation_id: int, up_to: int) -> None:
    """What the buyer wrote up to then (the platform's time) needs no answer. Raises Failure when it is not his."""
    with house.store.write(principal.seller_id) as tx:
        service.seen(tx, _mine(tx, principal, conversation_id).id, up_to)


def _mine(tx: Tx, principal: Principal, conversation_id: int) -> Conversation:
    found = queries.by_id(tx, conversation_id)
    if found is None or not may(principal, "orders.handle", found.shop_id):
        raise Failure(unknown(conversation_id))
    return found


def _cannot_say(text: str, found: Conversation) -> Problem:
    if not found.can_send:
        return Problem(
            "conversation_closed",
            "conversation",
            found.ref,
            N_("The platform takes no more messages in this conversation."),
            N_("Wait until the buyer writes again."),
        )
    return Problem(
        "bad_message",
        "words",
        str(len(text)),
        N_("A message has 1 to {most} characters."),
        N_("Shorten it, or send it in parts."),
        {"most": MOST_CHARACTERS},
    )


def words(house: House, seller_id: int, ids: Sequence[int]) -> dict[int, Draft]:
    """Our messages on their way: effects carry references only."""
    with house.store.read(seller_id) as tx:
        return queries.drafts(tx, ids)


def book(tx: Tx, answered: Sequence[tuple[Claimed, Answer]], now: int, actor: str) -> None:  # noqa: ARG001 - as every booking
    """What the platform said to our messages."""
    for one, said in answered:
        message = int(one.body["message"])
        if said.state == "done":
            ref = str(said.outcome.get("message_id") or f"out {message}")
            kept = queries.place_of(tx, message)
            there = kept is not None and bool(queries.refs(tx, kept, [ref])) and not ref.startswith("out ")
            service.sent(tx, message, ref, told_already=there)
        elif said.state == "declined":
            service.refused(tx, message)
