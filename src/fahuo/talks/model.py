"""Conversations and messages. What people write is personal data: it is kept sealed and erased with its order."""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

BUYER: Final = "BUYER"
OURS: Final = frozenset({"SHOP", "CUSTOMER_SERVICE"})
"""Who answers for the shop: robots and the system do not."""
OTHERS: Final = frozenset({BUYER, "SYSTEM", "ROBOT"})
TEXT: Final = "TEXT"
MOST_CHARACTERS: Final = 2_000
"""Of one text message [A, reference 7]."""

TOLD, DRAFT, SENT, DECLINED = "told", "draft", "sent", "declined"
"""A message came from the platform; is ours and on its way; was taken; was refused."""


class ConversationIn(msgspec.Struct, kw_only=True):
    """A conversation as the platform tells it. Instants in epoch seconds."""

    ref: str
    buyer_ref: str = ""
    unread: int = 0
    can_send: bool = True
    latest_at: int | None = None


class MessageIn(msgspec.Struct, kw_only=True):
    """A message as the platform tells it. `content` is the platform's JSON text for its type, distrusted."""

    ref: str
    role: str = ""
    type: str = ""
    content: str = ""
    at: int | None = None


class Conversation(NamedTuple):
    """A conversation as kept."""

    id: int
    shop_id: int
    ref: str
    buyer_ref: str
    unread: int
    can_send: bool
    latest_at: int | None
    read_to: int | None
    waits_since: int | None


class Message(NamedTuple):
    """A message as kept, its words opened. `ref` is empty while ours has not been taken by the platform."""

    id: int
    conversation_id: int
    ref: str
    role: str
    type: str
    state: str
    at: int
    order_id: int | None
    actor: str
    words: str


class Draft(NamedTuple):
    """A message of ours on its way. `taken`: the platform's ids of those in its conversation that it took before."""

    words: str
    taken: frozenset[str]


def words_of(type_: str, content: str) -> str:
    """What a person wrote, as plain text: never markup. Other types show as they are, cut."""
    try:
        found = msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError):
        return content[:MOST_CHARACTERS]
    if type_ == TEXT and isinstance(found, dict) and isinstance(found.get("content"), str):
        return str(found["content"])[:MOST_CHARACTERS]
    return content[:MOST_CHARACTERS]


_REFERENCES: Final = ("order_id", "product_id", "url")


def plain(type_: str, words: str) -> str:
    """What people see of a kept message: the words, or what a card refers to. Plain text, distrusted."""
    if type_ == TEXT:
        return words
    try:
        found = msgspec.json.decode(words)
    except msgspec.DecodeError:
        return words
    if not isinstance(found, dict):
        return words
    return next((str(found[name]) for name in _REFERENCES if found.get(name)), words)


_NAMES_ORDER: Final = ("ORDER_CARD", "BUYER_ENTER_FROM_ORDER")


def order_of(type_: str, content: str) -> str:
    """The platform order id a message names: an order card, or that the buyer came from an order. Else ''."""
    if type_ not in _NAMES_ORDER:
        return ""
    try:
        found = msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError):
        return ""
    return str(found.get("order_id", "")) if isinstance(found, dict) else ""
