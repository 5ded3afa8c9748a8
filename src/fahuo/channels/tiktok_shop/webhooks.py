"""Notices as TikTok Shop sends them: whether one is true, and what it is about. Bytes in, values out.

Nothing of a notice is believed beyond ids and times: what they name is read again through the API.
"""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

from fahuo.channels.tiktok_shop.sign import notice_is_true
from fahuo.connections.notices import HANDED, KEPT, MALFORMED, ORDER, Notice

MAX_BODY: Final = 256 * 1024
"""Bytes of a body. The platform's own are below 2 kB, but for what buyers write."""

_Id = str | int


class _Package(msgspec.Struct, gc=False):
    package_id: _Id = ""
    order_id_list: list[_Id] | None = None


class _Data(msgspec.Struct, gc=False):
    """The ids any kind of notice has; types 1 to 42 differ in which."""

    order_id: _Id | None = None
    package_list: list[_Package] | None = None
    cancel_id: _Id | None = None
    return_id: _Id | None = None
    product_id: _Id | None = None
    conversation_id: _Id | None = None
    message_id: _Id | None = None
    package_id: _Id | None = None
    update_time: int | None = None


class _Body(msgspec.Struct, gc=False):
    type: int
    tts_notification_id: _Id
    shop_id: _Id = ""
    timestamp: int = 0
    data: _Data | None = None


_decode: Final = msgspec.json.Decoder(_Body, strict=False).decode
_NO_DATA: Final = _Data()

KINDS: Final[dict[int, tuple[str, str]]] = {
    1: ("order", "order_id"),
    3: ("address", "order_id"),
    4: ("package", ""),
    5: ("product", "product_id"),
    6: ("withdrawn", ""),
    7: ("expiring", ""),
    11: ("cancel", "cancel_id"),
    12: ("return", "return_id"),
    13: ("talk", "conversation_id"),
    14: ("talk", "conversation_id"),
    15: ("product", "product_id"),
    27: ("stock", "product_id"),
    33: ("talk", "conversation_id"),
    37: ("product", "product_id"),
}
"""Type → what it is about here, and the field of its id. Other types are kept and shown."""
_OF_ORDERS: Final = frozenset({"order", "address", "package", "cancel", "return"})
_MOST_ORDERS: Final = 200
"""Orders one notice may name; a combined parcel has at most 20 of them."""
_ID_LENGTH: Final = 64
_TYPES: Final = 10_000


def is_true(secret: bytes, app_key: str, body: bytes, given: str) -> bool:
    """Whether the platform sent exactly this body to this app; compared in constant time."""
    return notice_is_true(secret, app_key, body, given)


def read(body: bytes, app_key: str, now_ms: int, shops: dict[str, tuple[int, int]], seller_id: int) -> Notice:
    """A true body as a notice to be stored. `shops`: platform shop id → (seller, our shop). Never raises.

    What cannot be read, or lacks the ids its type must have, is `malformed`: stored under a hash of its bytes.
    """
    try:
        told = _decode(body)
        return _notice(told, body, app_key, now_ms, shops, seller_id)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as error:
        # The decoder's words name fields and kinds, never values.
        return Notice(
            seller_id=seller_id,
            notification_id="unread-" + hashlib.sha256(body).hexdigest()[:32],
            app_key=app_key,
            type=-1,
            kind="unknown",
            state=MALFORMED,
            received_ms=now_ms,
            why=str(error)[:200],
            body=body,
        )


def _notice(
    told: _Body, body: bytes, app_key: str, now_ms: int, shops: dict[str, tuple[int, int]], seller_id: int
) -> Notice:
    data = told.data or _NO_DATA
    kind, field = KINDS.get(told.type, ("unknown", ""))
    number, place = _word(told.tts_notification_id), _word(told.shop_id)
    if not number:
        raise ValueError("tts_notification_id is empty")
    if not 0 < told.type < _TYPES:
        raise ValueError("type is out of range")
    refs = _orders(data) if kind in _OF_ORDERS else ()
    if kind in _OF_ORDERS and not refs:
        raise ValueError("order_id is missing")
    owner = shops.get(place)
    why = "of a shop that is not connected" if owner is None else "nobody takes this kind" if kind == "unknown" else ""
    state = KEPT if why else ORDER if refs else HANDED
    return Notice(
        seller_id=seller_id if owner is None else owner[0],
        notification_id=number,
        app_key=app_key,
        platform_shop_id=place,
        shop_id=0 if owner is None else owner[1],
        type=told.type,
        kind=kind,
        ref=_word(getattr(data, field)) if field else _package(data),
        order_refs=refs,
        state=state,
        sent_at=_seconds(data.update_time or 0),
        received_ms=now_ms,
        why=why,
        body=body,
    )


def _package(data: _Data) -> str:
    return _word(data.package_list[0].package_id) if data.package_list else ""


def _orders(data: _Data) -> tuple[str, ...]:
    named = [data.order_id] if data.order_id else []
    for package in data.package_list or ():
        named += package.order_id_list or ()
    refs = tuple(dict.fromkeys(word for one in named if (word := _word(one))))
    if len(refs) > _MOST_ORDERS:
        raise ValueError("package_list names too many orders")
    if not all(ref.isascii() and ref.isdigit() for ref in refs):
        raise ValueError("order_id is no number")
    return refs


def _word(value: _Id | None) -> str:
    word = "" if value is None else str(value)
    if len(word) > _ID_LENGTH or "\0" in word:
        raise ValueError("an id is too long")
    return word


def _seconds(at: int) -> int:
    at = at if at < 100_000_000_000 else at // 1000  # noqa: PLR2004 - milliseconds, as the platform writes now and then
    return at if 0 <= at < 1 << 40 else 0
