"""Customer service: conversations, messages, images, whether chats are taken (reference 7, A.9)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from fahuo.sandbox import talks
from fahuo.sandbox.endpoints.asked import Search, found, shop_of
from fahuo.sandbox.gateway_model import SERVICE, TOO_LARGE, Call, Data, Missing, OpenRoute, Route, Served, need
from fahuo.sandbox.markets import DAY
from fahuo.sandbox.model import Conversation, Document, Message, Refuse
from fahuo.sandbox.paging import invalid
from fahuo.sandbox.world import World

CONVERSATIONS_MOST, MESSAGES_MOST = 20, 10
IMAGE_MOST: Final = 5 << 20
_IMAGE_LIVES: Final = 365 * DAY
_PNG: Final = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_JPEG: Final = b"\xff\xd8"
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""JPEG markers that begin a frame."""
IMAGES: Final = "/chat_images/"
_MESSAGES: Final = Search({"create_time": lambda one: one.at}, "DESC", MESSAGES_MOST, MESSAGES_MOST)


def _latest_at(talk: Conversation) -> int:
    return talk.messages[-1].at if talk.messages else talk.created


_CONVERSATIONS: Final = Search({"": _latest_at}, "DESC", CONVERSATIONS_MOST, CONVERSATIONS_MOST)


def _talk(call: Call) -> Conversation:
    talk = call.world.conversations.get(call.params["conversation_id"])
    if talk is None or talk.shop_id != shop_of(call).id:
        raise invalid("conversation_id")
    return talk


# --- reading ------------------------------------------------------------------------------------------------------


def conversations(call: Call) -> Data:
    """GET conversations, the one with the newest message first."""
    shop = shop_of(call)
    _need_size(call)
    hits = [talk for talk in call.world.conversations.values() if talk.shop_id == shop.id]
    names, page = found(call, hits, _CONVERSATIONS, "conversations")
    shown = [_shown(call.world, call.world.conversations[name]) for name in names]
    return {"conversations": shown, "next_page_token": page.next_token}


def _need_size(call: Call) -> None:
    if "page_size" not in call.query:
        raise Missing("query.page_size is missing")


def _shown(world: World, talk: Conversation) -> Data:
    told: Data = {
        "id": talk.id,
        "participant_count": 2,
        "can_send_message": True,
        "unread_count": talks.unread(talk),
        "create_time": talk.created,
        "participants": [
            {**_person(world, talk, talks.BUYER), "user_id": talk.buyer_id},
            _person(world, talk, talks.SHOP),
        ],
    }
    if talk.messages:
        told["latest_message"] = _message(world, talk, talk.messages[-1])
    return told


def _person(world: World, talk: Conversation, role: str) -> Data:
    name = talks.nickname(world, talk) if role == talks.BUYER else world.shops[talk.shop_id].name
    user = talks.im_user(talk, role)
    return {"im_user_id": user, "role": role, "nickname": name, "avatar": f"https://images.example.com/{user}.webp"}


def _message(world: World, talk: Conversation, one: Message) -> Data:
    return {
        "id": one.id,
        "type": one.type,
        "content": one.content,
        "create_time": one.at,
        "is_visible": True,
        "sender": _person(world, talk, one.role),
    }


def messages(call: Call) -> Data:
    """GET conversations/{conversation_id}/messages, the newest first."""
    talk = _talk(call)
    _need_size(call)
    names, page = found(call, talk.messages, _MESSAGES, ["messages", talk.id])
    by_id = {one.id: one for one in talk.messages}
    shown = [_message(call.world, talk, by_id[name]) for name in names]
    return {"messages": shown, "next_page_token": page.next_token}


def read(call: Call) -> Data:
    """POST conversations/{conversation_id}/messages/read."""
    talk = _talk(call)
    talk.read = len(talk.messages)
    return {}


# --- writing ------------------------------------------------------------------------------------------------------


def create(call: Call) -> Data:
    """POST conversations: with a buyer of this shop."""
    shop, buyer = shop_of(call), need(call.body, "buyer_user_id")
    if f"{shop.id}:{buyer}" not in call.world.buyers:
        raise invalid("buyer_user_id")
    return {"conversation_id": talks.conversation_of(call.world, shop, buyer, call.now).id}


def send(call: Call) -> Data:
    """POST conversations/{conversation_id}/messages."""
    talk = _talk(call)
    kind, raw = need(call.body, "type"), need(call.body, "content")
    check = _CONTENTS.get(kind)
    if check is None:
        raise Missing(f"body.type is invalid: expected one of {', '.join(_CONTENTS)}")
    try:
        content = msgspec.json.decode(raw.encode())
    except (msgspec.DecodeError, RecursionError):
        raise invalid("content") from None
    if not isinstance(content, dict) or not check(call, content):
        raise invalid("content")
    return {"message_id": talks.shop_says(call.world, talk, kind, content, call.now).id}


def _is_text(call: Call, content: Data) -> bool:
    del call
    said = content.get("content")
    return isinstance(said, str) and 0 < len(said) <= talks.LONGEST


def _is_image(call: Call, content: Data) -> bool:
    del call
    sides = [content.get("width"), content.get("height")]
    return isinstance(content.get("url"), str) and all(isinstance(side, int) and side > 0 for side in sides)


def _is_product(call: Call, content: Data) -> bool:
    name = content.get("product_id")
    return isinstance(name, str) and call.world.product(shop_of(call).id, name) is not None


def _is_order(call: Call, content: Data) -> bool:
    order = call.world.orders.get(str(content.get("order_id")))
    return order is not None and order.shop_id == shop_of(call).id


_CONTENTS: Final[dict[str, Callable[[Call, Any], bool]]] = {
    "TEXT": _is_text,
    "IMAGE": _is_image,
    "PRODUCT_CARD": _is_product,
    "ORDER_CARD": _is_order,
}


def upload(call: Call) -> Data:
    """POST images/upload: the picture by URL, with its size."""
    part = call.files.get("data")
    if part is None or not part.content:
        raise Missing("body.data is missing")
    if len(part.content) > IMAGE_MOST:
        raise Refuse(TOO_LARGE, "The file is too large")
    size = _size(part.content)
    if size is None or 0 in size:
        raise invalid("data")
    media = "image/png" if part.content.startswith(_PNG) else "image/jpeg"
    name = call.world.new_id()
    until = call.now + _IMAGE_LIVES
    call.world.documents[name] = Document(id=name, data=part.content, media=media, at=call.now, until=until)
    return {"url": f"{call.base_url}{IMAGES}{name}", "width": size[0], "height": size[1]}


def _size(picture: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG or JPEG by its head; None for anything else."""
    if picture.startswith(_PNG):
        return int.from_bytes(picture[16:20]), int.from_bytes(picture[20:24])
    at = len(_JPEG)
    while picture.startswith(_JPEG) and picture[at : at + 1] == b"\xff" and at + 9 <= len(picture):
        marker = picture[at + 1]
        if marker in _FRAMES:
            return int.from_bytes(picture[at + 7 : at + 9]), int.from_bytes(picture[at + 5 : at + 7])
        at += 2 + int.from_bytes(picture[at + 2 : at + 4])
    return None


def image(world: World, params: dict[str, str], query: dict[str, str], now: int) -> Served:
    """A picture somebody uploaded."""
    del query
    kept = world.documents.get(params["image_id"])
    if kept is None or not kept.media.startswith("image/") or now >= kept.until:
        return Served(b"", "text/plain", 404)
    return Served(kept.data, kept.media)


# --- settings -----------------------------------------------------------------------------------------------------


def settings(call: Call) -> Data:
    """GET agents/settings."""
    return {"can_accept_chat": shop_of(call).accepts_chat}


def set_settings(call: Call) -> Data:
    """PUT agents/settings."""
    shop_of(call).accepts_chat = need(call.body, "can_accept_chat", bool)
    return {}


_BASE: Final = "/customer_service/202309"
_ONE: Final = f"{_BASE}/conversations/{{conversation_id}}/messages"
ROUTES: Final = [
    Route("GET", f"{_BASE}/conversations", SERVICE, "required", conversations),
    Route("POST", f"{_BASE}/conversations", SERVICE, "required", create),
    Route("GET", _ONE, SERVICE, "required", messages),
    Route("POST", _ONE, SERVICE, "required", send),
    Route("POST", f"{_ONE}/read", SERVICE, "required", read),
    Route("POST", f"{_BASE}/images/upload", SERVICE, "required", upload, upload=True),
    Route("GET", f"{_BASE}/agents/settings", SERVICE, "required", settings),
    Route("PUT", f"{_BASE}/agents/settings", SERVICE, "required", set_settings),
]
OPEN: Final = [OpenRoute("GET", f"{IMAGES}{{image_id}}", image)]
