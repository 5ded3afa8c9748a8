"""Conversations on the platform: read, marked as read, answered (reference 7 and A.9, A)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

import msgspec

from fahuo.channels.tiktok_shop.carry import Troubles, Visit, declined, done, handles, no
from fahuo.channels.tiktok_shop.client import Client, Lost
from fahuo.channels.tiktok_shop.pages import pages
from fahuo.connections.model import Link
from fahuo.store.effects import Answer, Claimed
from fahuo.talks.model import BUYER, OTHERS, OURS, TEXT, ConversationIn, Draft, MessageIn, words_of

_BASE: Final = "/customer_service/202309/conversations"
PAGE: Final = 20
MESSAGES: Final = 10
"""The platform gives at most so many at once."""
MOST_PAGES: Final = 50


class _Latest(msgspec.Struct):
    create_time: int | None = None


class _Participant(msgspec.Struct):
    user_id: str = ""
    role: str = ""


class _Conversation(msgspec.Struct):
    id: str
    unread_count: int = 0
    can_send_message: bool = True
    latest_message: _Latest | None = None
    participants: list[_Participant] | None = None


class _Sender(msgspec.Struct):
    role: str = ""


class _Message(msgspec.Struct):
    id: str
    type: str = ""
    content: str = ""
    create_time: int | None = None
    sender: _Sender | None = None


class _Page(msgspec.Struct):
    conversations: list[_Conversation] | None = None
    messages: list[_Message] | None = None
    next_page_token: str = ""


_page = msgspec.json.Decoder(_Page, strict=False).decode


def conversations(client: Client, link: Link) -> Iterator[list[ConversationIn]]:
    """The shop's conversations, page by page as the platform orders them."""
    for page in _pages(client, link, _BASE, PAGE):
        yield [
            ConversationIn(
                ref=one.id,
                buyer_ref=next((p.user_id for p in one.participants or () if p.role == BUYER), ""),
                unread=one.unread_count,
                can_send=one.can_send_message,
                latest_at=one.latest_message.create_time if one.latest_message else None,
            )
            for one in page.conversations or ()
        ]


def messages(client: Client, link: Link, ref: str) -> Iterator[list[MessageIn]]:
    """A conversation's messages, the newest first, page by page."""
    for page in _pages(client, link, f"{_BASE}/{ref}/messages", MESSAGES):
        yield [
            MessageIn(
                ref=one.id,
                role=one.sender.role if one.sender else "",
                type=one.type,
                content=one.content,
                at=one.create_time,
            )
            for one in page.messages or ()
        ]


def _pages(client: Client, link: Link, path: str, size: int) -> Iterator[_Page]:
    def fetch(query: dict[str, str]) -> _Page:
        return _page(client.get(link, path, query=query).raw)

    return islice(pages(fetch, {"page_size": str(size)}), MOST_PAGES)


def mark_read(client: Client, link: Link, ref: str) -> None:
    """Tell the platform that the shop has read the conversation; doing it twice changes nothing."""
    client.post(link, f"{_BASE}/{ref}/messages/read", body={}, read=True)


@handles("send_message")
def send(visit: Visit, batch: Sequence[Claimed]) -> Iterator[list[Answer]]:
    """Send our messages. After a lost answer the conversation itself tells whether the message is in it."""
    words = visit.words([int(one.body["message"]) for one in batch])
    for one in batch:
        draft = words.get(int(one.body["message"]))
        if draft is None:
            yield [declined(one, "erased", "the words are erased")]
            continue
        ref = str(one.body["conversation"])
        try:
            if one.read_first and (found := _sent_already(visit, ref, draft, int(one.body["after"]))):
                yield [done(one, "", message_id=found, proof="the platform shows it")]
                continue
        except Troubles as error:
            yield no(visit, [one], error, wrote=False)
            continue
        content = msgspec.json.encode({"content": draft.words}).decode()
        body: dict[str, Any] = {"type": TEXT, "content": content}
        try:
            reply = visit.client.post(visit.link, f"{_BASE}/{ref}/messages", body=body)
        except Troubles as error:
            yield no(visit, [one], error, wrote=True)
            continue
        yield [done(one, reply.request_id, message_id=str(reply.data.get("message_id", "")))]


def _sent_already(visit: Visit, ref: str, draft: Draft, after: int) -> str:
    """The id of our message in the conversation; empty when it is not there. `after`: the platform's time before it.

    Raises Lost when what the platform tells leaves it open: a message sent twice cannot be taken back.
    """
    for page in messages(visit.client, visit.link, ref):
        for one in page:
            if one.at is not None and one.at < after:
                continue
            if one.ref not in draft.taken and _may_be_ours(one, draft.words):
                if one.role not in OURS or one.at is None or not one.content:
                    raise Lost("a message of the conversation lacks what shows whether it is ours")
                return one.ref
        if any(one.at is not None and one.at < after for one in page):
            break  # the newest stand first
    return ""


def _may_be_ours(one: MessageIn, text: str) -> bool:
    """Whether this can be our message, for all that is told of it: fields may lack, roles be new."""
    return one.role not in OTHERS and (not one.content or words_of(TEXT, one.content) == text)
