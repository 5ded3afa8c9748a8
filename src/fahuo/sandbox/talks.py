"""Conversations between buyers and shops: what buyers write by themselves, and that they answer now and then."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

import msgspec

from fahuo.generate.people import PEOPLE
from fahuo.orders.model import CANCELLED, DELIVERED
from fahuo.sandbox.markets import DAY, HOUR, language_of
from fahuo.sandbox.model import NEW_CONVERSATION, NEW_MESSAGE, Conversation, Message
from fahuo.sandbox.phrases import KINDS, ODD, phrase

if TYPE_CHECKING:
    from fahuo.sandbox.model import Order, Shop
    from fahuo.sandbox.world import World

BUYER, SHOP, CUSTOMER_SERVICE, SYSTEM, ROBOT = "BUYER", "SHOP", "CUSTOMER_SERVICE", "SYSTEM", "ROBOT"
LONGEST: Final = 2_000
"""Characters of a text message."""

_THANKS: Final = 0.03
_ASKS: Final = 0.01
_ANSWERS: Final = 0.5
_ODD: Final = 0.08
"""Shares of 1, invented: of delivered and of placed orders, of the shop's messages, of all texts."""
_PATIENCE: Final = DAY
"""After this long without an answer a buyer who urged writes again."""


def install(world: World) -> None:
    """Let buyers write in a world."""
    world.on_buyer_message = _asked_to_write
    world.on("talk.writes", _writes)
    world.on("talk.answers", _answers)
    world.on("talk.impatient", _impatient)
    world.moved.append(_moved)
    world.placed.append(_placed)


def conversation_of(world: World, shop: Shop, buyer_id: str, at: int, order_id: str = "") -> Conversation:
    """The chat of that buyer with the shop, opened now if there was none (webhook 13)."""
    digest = blake2b(f"{shop.id}|{buyer_id}".encode(), digest_size=8).digest()
    id_ = str(7_300_000_000_000_000_000 + int.from_bytes(digest) % 10**17)
    found = world.conversations.get(id_)
    if found is None:
        found = world.conversations[id_] = Conversation(
            id=id_, shop_id=shop.id, buyer_id=buyer_id, created=at, order_id=order_id
        )
        world.tell(shop.id, NEW_CONVERSATION, {"conversation_id": id_, "create_time": at}, at)
    if order_id:
        found.order_id = order_id
    return found


def say(world: World, talk: Conversation, role: str, kind: str, content: dict[str, Any], at: int) -> Message:
    """A message of that role; `content` as the API has it for the kind. Webhook 14 tells it."""
    message = Message(
        id=world.new_id(),
        index=len(talk.messages) + 1,
        type=kind,
        content=msgspec.json.encode(content).decode(),
        at=max(at, talk.messages[-1].at if talk.messages else 0),
        role=role,
        user_id=im_user(talk, role),
    )
    talk.messages.append(message)
    if role != BUYER:
        talk.read = max(talk.read, len(talk.messages))
    data = {
        "message_id": message.id,
        "index": str(message.index),
        "conversation_id": talk.id,
        "type": kind,
        "content": message.content,
        "create_time": message.at,
        "is_visible": True,
        "sender": {"im_user_id": message.user_id, "role": role},
    }
    world.tell(talk.shop_id, NEW_MESSAGE, data, at)
    return message


def im_user(talk: Conversation, role: str) -> str:
    """The chat's own id of a participant."""
    whose = talk.buyer_id if role == BUYER else talk.shop_id
    digest = blake2b(f"im|{role == BUYER}|{whose}".encode(), digest_size=8).digest()
    return str(7_200_000_000_000_000_000 + int.from_bytes(digest) % 10**17)


def nickname(world: World, talk: Conversation) -> str:
    """How the buyer calls himself: a given name of the market and digits."""
    given = PEOPLE[world.shops[talk.shop_id].region].given
    return f"{given[int(talk.buyer_id[-6:] or 0) % len(given)]}{talk.buyer_id[-4:]}"


def unread(talk: Conversation) -> int:
    """The buyer's messages the shop has not read."""
    return sum(message.role == BUYER for message in talk.messages[talk.read :])


def buyer_writes(world: World, order: Order, kind: str, at: int, text: str = "") -> Message:
    """A buyer writes about an order: a phrase of that kind (`phrases.KINDS`) in the market's language, or `text`."""
    shop = world.shops[order.shop_id]
    talk = conversation_of(world, shop, str(order.body["user_id"]), at, order.id)
    if not talk.messages:
        say(world, talk, SYSTEM, "BUYER_ENTER_FROM_ORDER", {"order_id": order.id}, at)
        talk.read = 0
    chance = world.chance("writes", order.id, kind, len(talk.messages))
    if not text:
        odd = chance.randrange(len(ODD)) if chance.random() < _ODD else None
        known = kind if kind in KINDS else "ask"
        text = phrase(language_of(shop.region), known, chance.randrange(100), odd, order.id)
    message = say(world, talk, BUYER, "TEXT", {"content": text[:LONGEST]}, at)
    if kind == "urge":
        world.later(at + _PATIENCE, "talk.impatient", talk.id, order=order.id, after=message.index)
    return message


def shop_says(world: World, talk: Conversation, kind: str, content: dict[str, Any], at: int) -> Message:
    """The shop's customer service writes; now and then the buyer answers."""
    message = say(world, talk, CUSTOMER_SERVICE, kind, content, at)
    chance = world.chance("answers", message.id)
    if chance.random() < _ANSWERS:
        world.later(at + int(chance.uniform(0.02, 6) * HOUR), "talk.answers", talk.id, after=message.index)
    return message


def _asked_to_write(world: World, order: Order, kind: str, at: int) -> None:
    buyer_writes(world, order, kind, at)


def _writes(world: World, id_: str, at: int, kind: str) -> None:
    order = world.orders[id_]
    if order.status != CANCELLED:
        buyer_writes(world, order, kind, at)


def _answers(world: World, id_: str, at: int, after: int) -> None:
    talk = world.conversations[id_]
    if talk.messages[-1].index != after:
        return
    chance = world.chance("answer", id_, after)
    text = phrase(language_of(world.shops[talk.shop_id].region), "answer", chance.randrange(100))
    say(world, talk, BUYER, "TEXT", {"content": text}, at)


def _impatient(world: World, id_: str, at: int, order: str, after: int) -> None:
    """Nobody answered: the buyer gets angry, once."""
    talk, one = world.conversations[id_], world.orders[order]
    answered = any(message.role == CUSTOMER_SERVICE for message in talk.messages[after:])
    if not answered and one.status not in (CANCELLED, DELIVERED):
        buyer_writes(world, one, "angry", at)


def _moved(world: World, order: Order, old: str, new: str, at: int) -> None:
    del old
    if new == DELIVERED and order.lively:
        chance = world.chance("thanks", order.id)
        if chance.random() < _THANKS:
            world.later(at + int(chance.uniform(0.5, 30) * HOUR), "talk.writes", order.id, kind="thank")


def _placed(world: World, order: Order, at: int) -> None:
    world.buyers[f"{order.shop_id}:{order.buyer_id}"] = order.id
    if not order.lively:
        return
    chance = world.chance("asks", order.id)
    if chance.random() < _ASKS:
        world.later(at + int(chance.uniform(1, 90) * 60), "talk.writes", order.id, kind="ask")
