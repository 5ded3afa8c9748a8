"""Conversations as a client sees them."""

import json
import struct
import zlib
from typing import Any

import pytest

from fahuo.sandbox import talks
from fahuo.sandbox.gateway_model import Missing, Upload
from fahuo.sandbox.model import Conversation, Refuse
from fahuo.sandbox.world import World
from tests.sandbox.aftersale_worlds import DAY, a_world, ordered
from tests.sandbox.calls import call, pages, served

BASE = "/customer_service/202309"
# The frame of a JPEG of 300 x 200, without picture data.
JPEG = (
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(9) + b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", 200, 300) + bytes(9)
)


def _png(width: int, height: int) -> bytes:
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))


def _talk(world: World) -> Conversation:
    order = ordered(world)
    talks.buyer_writes(world, order, "ask", world.now(), 'Hi <there> & "you" 👋')
    return next(t for t in world.conversations.values() if t.order_id == order.id)


def _send(world: World, talk: Conversation, kind: str, content: object) -> str:
    text = content if isinstance(content, str) else json.dumps(content)
    data = call(world, "POST", f"{BASE}/conversations/{talk.id}/messages", {"type": kind, "content": text})
    return str(data["message_id"])


def test_conversations_are_listed_newest_first_with_what_is_unread() -> None:
    world = a_world("US")
    made = [_talk(world) for _ in range(45)]
    shown = pages(world, "GET", f"{BASE}/conversations", "conversations", page_size=20)
    assert [c["id"] for c in shown] == [t.id for t in reversed(made)]
    one = shown[0]
    assert one["unread_count"] == 1
    assert one["latest_message"]["content"] == made[-1].messages[-1].content
    assert {p["role"] for p in one["participants"]} == {"BUYER", "SHOP"}
    buyer = next(p for p in one["participants"] if p["role"] == "BUYER")
    assert buyer["user_id"] == made[-1].buyer_id
    call(world, "POST", f"{BASE}/conversations/{one['id']}/messages/read")
    assert call(world, "GET", f"{BASE}/conversations", page_size=1)["conversations"][0]["unread_count"] == 0
    queries: tuple[dict[str, Any], ...] = ({}, {"page_size": 21}, {"page_size": 0})
    for query in queries:
        with pytest.raises(Missing):
            call(world, "GET", f"{BASE}/conversations", **query)


def test_messages_are_read_in_pages_of_ten() -> None:
    world = a_world("VN")
    talk = _talk(world)
    for number in range(25):
        _send(world, talk, "TEXT", {"content": str(number)})
    path = f"{BASE}/conversations/{talk.id}/messages"
    found = pages(world, "GET", path, "messages", page_size=10)
    assert [m["id"] for m in found] == [m.id for m in reversed(talk.messages)]
    assert found[0]["sender"]["role"] == "CUSTOMER_SERVICE"
    assert json.loads(found[-2]["content"]) == {"content": 'Hi <there> & "you" 👋'}
    oldest = pages(world, "GET", path, "messages", page_size=7, sort_order="ASC", sort_field="create_time")
    assert [m["id"] for m in oldest] == [m.id for m in talk.messages]
    with pytest.raises(Missing):
        call(world, "GET", path, page_size=11)


def test_what_may_be_sent() -> None:
    world = a_world("US", "GB")
    talk = _talk(world)
    order, product = talk.order_id, world.products_of(talk.shop_id)[0].id
    other = ordered(world, shop=1)
    _send(world, talk, "TEXT", {"content": "x" * 2000})
    _send(world, talk, "IMAGE", {"url": "http://127.0.0.1/1", "width": 1, "height": 1})
    _send(world, talk, "PRODUCT_CARD", {"product_id": product})
    _send(world, talk, "ORDER_CARD", {"order_id": order})
    for kind, content in (
        ("TEXT", {"content": "x" * 2001}),
        ("TEXT", {"content": ""}),
        ("TEXT", "hello"),
        ("TEXT", ["hello"]),
        ("IMAGE", {"url": "x"}),
        ("PRODUCT_CARD", {"product_id": "1"}),
        ("ORDER_CARD", {"order_id": other.id}),
    ):
        with pytest.raises(Refuse) as refused:
            _send(world, talk, kind, content)
        assert refused.value.code == 98001004
    for body in ({"type": "VIDEO", "content": "{}"}, {"type": "TEXT"}, {"content": "{}"}):
        with pytest.raises(Missing):
            call(world, "POST", f"{BASE}/conversations/{talk.id}/messages", body)
    with pytest.raises(Refuse):
        call(world, "POST", f"{BASE}/conversations/1/messages", {"type": "TEXT", "content": "{}"})
    gb = list(world.shops.values())[1]
    with pytest.raises(Refuse):
        call(world, "GET", f"{BASE}/conversations/{talk.id}/messages", shop=gb, page_size=1)


def test_the_shop_may_write_first_but_only_to_its_buyers() -> None:
    world = a_world("US", "GB")
    order = ordered(world)
    made = call(world, "POST", f"{BASE}/conversations", {"buyer_user_id": order.body["user_id"]})
    again = call(world, "POST", f"{BASE}/conversations", {"buyer_user_id": order.body["user_id"]})
    assert made == again
    assert (
        call(world, "GET", f"{BASE}/conversations/{made['conversation_id']}/messages", page_size=10)["messages"] == []
    )
    assert "latest_message" not in call(world, "GET", f"{BASE}/conversations", page_size=1)["conversations"][0]
    gb = list(world.shops.values())[1]
    for shop, buyer in ((None, "123"), (gb, order.body["user_id"])):
        with pytest.raises(Refuse):
            call(world, "POST", f"{BASE}/conversations", {"buyer_user_id": buyer}, shop=shop)


@pytest.mark.parametrize(("picture", "size"), [(_png(64, 48), (64, 48)), (JPEG, (300, 200))])
def test_a_picture_is_uploaded_and_served(picture: bytes, size: tuple[int, int]) -> None:
    world = a_world("US")
    data = call(world, "POST", f"{BASE}/images/upload", files={"data": Upload("a.png", picture)})
    assert (data["width"], data["height"]) == size
    path = data["url"].removeprefix("http://127.0.0.1:1")
    assert served(world, path)[:2] == (200, picture)
    world.live(world.now() + 400 * DAY)
    assert served(world, path)[0] == 404


@pytest.mark.parametrize(
    "picture", [b"<svg/>", b"\xff\xd8\xff", b"\xff\xd8" + b"\xff\xfe\x00\x00" * 9, _png(0, 5), b"%PDF-1.7"]
)
def test_what_is_no_picture_is_refused(picture: bytes) -> None:
    world = a_world("US")
    with pytest.raises(Refuse):
        call(world, "POST", f"{BASE}/images/upload", files={"data": Upload("a.png", picture)})


def test_uploads_have_a_file_of_a_bearable_size() -> None:
    world = a_world("US")
    with pytest.raises(Missing):
        call(world, "POST", f"{BASE}/images/upload")
    with pytest.raises(Refuse) as refused:
        call(world, "POST", f"{BASE}/images/upload", files={"data": Upload("a.png", _png(1, 1) + bytes(6 << 20))})
    assert refused.value.code == 36009021


def test_chats_are_switched_by_shop() -> None:
    world = a_world("US", "GB")
    gb = list(world.shops.values())[1]
    call(world, "PUT", f"{BASE}/agents/settings", {"can_accept_chat": False})
    assert call(world, "GET", f"{BASE}/agents/settings") == {"can_accept_chat": False}
    assert call(world, "GET", f"{BASE}/agents/settings", shop=gb) == {"can_accept_chat": True}
    with pytest.raises(Missing):
        call(world, "PUT", f"{BASE}/agents/settings", {"can_accept_chat": "no"})
