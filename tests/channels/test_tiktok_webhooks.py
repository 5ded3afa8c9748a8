"""Notices: true or not, and what is believed of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fahuo.channels.tiktok_shop.webhooks import KINDS, is_true, read
from fahuo.connections.notices import HANDED, KEPT, MALFORMED, ORDER, Notice

OFFICIAL = (
    b'{"type":1,"tts_notification_id":"7380066284010030890","shop_id":"7495540735365777507","timestamp":1718305585,'
    b'"data":{"is_on_hold_order":true,"order_id":"576653688135258178","order_status":"UNPAID",'
    b'"update_time":1718305585}}'
)
OWN = (
    b'{"type":4,"tts_notification_id":"7327112393057371910","shop_id":"7494049642642441621","timestamp":1644412885,'
    b'"data":{"sc_type":"COMBINE","role_type":"ROLE_SELLER","package_list":[{"package_id":"123456",'
    b'"order_id_list":["152523","532123"]}],"update_time":1644412885}}'
)
SHOPS = {"7495540735365777507": (1, 11), "7494049642642441621": (1, 12)}


def told(body: bytes) -> Notice:
    return read(body, "abcdef", 5, SHOPS, 1)


def of(type_: int, **data: Any) -> Notice:
    text = {"type": type_, "tts_notification_id": "9", "shop_id": "7495540735365777507", "timestamp": 1, "data": data}
    return told(json.dumps(text).encode())


@pytest.mark.parametrize(
    ("key", "secret", "body", "signature"),
    [
        ("abcdef", b"123", OFFICIAL, "5dec0f11ec2f6783b8deee53c9ffbf8d024302f7c7e7fa55a35d17629031ac05"),
        ("38abcd", b"f00dbabe1234567890", OWN, "aed965e03dd4e3bf0b5b161ec119691ade441b3e1e476b354041107597193d0a"),
    ],
)
def test_the_vectors(key: str, secret: bytes, body: bytes, signature: str) -> None:
    assert is_true(secret, key, body, signature)
    assert not is_true(secret, key, body + b" ", signature)
    assert not is_true(secret, "other", body, signature)
    assert not is_true(secret + b"x", key, body, signature)
    assert not is_true(secret, key, body, "")
    assert not is_true(secret, key, body, "é" * 64)


def test_an_orders_notice() -> None:
    one = told(OFFICIAL)
    assert (one.kind, one.order_refs, one.state, one.shop_id) == ("order", ("576653688135258178",), ORDER, 11)
    assert one.sent_at == 1718305585


def test_a_parcels_notice_names_all_its_orders() -> None:
    one = told(OWN)
    assert (one.kind, one.ref, one.order_refs) == ("package", "123456", ("152523", "532123"))


def test_requests_are_about_an_order_too() -> None:
    cancel = of(11, order_id="57", cancel_id="88", cancel_status="CANCELLATION_REQUEST_PENDING")
    assert (cancel.kind, cancel.ref, cancel.order_refs, cancel.state) == ("cancel", "88", ("57",), ORDER)
    assert of(12, order_id=57, return_id=99).order_refs == ("57",)


@pytest.mark.parametrize(
    ("type_", "field"), [(t, f) for t, (k, f) in KINDS.items() if k in ("product", "talk", "stock")]
)
def test_what_is_of_no_order_is_handed_on(type_: int, field: str) -> None:
    one = of(type_, **{field: "77"})
    assert (one.state, one.ref, one.order_refs) == (HANDED, "77", ())


def test_unknown_types_and_shops_are_kept() -> None:
    assert (of(64, whatever=1).state, of(64).kind) == (KEPT, "unknown")
    stranger = told(OFFICIAL.replace(b"7495540735365777507", b"1"))
    assert (stranger.state, stranger.shop_id, stranger.platform_shop_id) == (KEPT, 0, "1")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[1]",
        b'{"type":1}',
        b'{"type":"one","tts_notification_id":"1"}',
        b'{"type":1,"tts_notification_id":"1","shop_id":"7495540735365777507","data":{}}',
        b'{"type":1,"tts_notification_id":"","shop_id":"7495540735365777507","data":{"order_id":"5"}}',
        b'{"type":1,"tts_notification_id":"1","shop_id":"7495540735365777507","data":{"order_id":"5 or 1=1"}}',
        b'{"type":1,"tts_notification_id":"1","shop_id":"7495540735365777507","data":{"order_id":"'
        + b"5" * 99
        + b'"}}',
        b'{"type":1000000000000000000000,"tts_notification_id":"1","data":{}}',
        b'{"type":1,"tts_notification_id":"a\\u0000b","shop_id":"7495540735365777507","data":{"order_id":"5"}}',
        OFFICIAL[:-1],
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_what_cannot_be_read_is_malformed_and_known_again(body: bytes) -> None:
    one = told(body)
    assert one.state == MALFORMED
    assert one.body == body
    assert told(body).notification_id == one.notification_id
    assert one.why


@given(st.binary(max_size=200) | st.text().map(lambda text: json.dumps({"type": 1, "data": text}).encode()))
def test_reading_never_raises(body: bytes) -> None:
    assert told(body).state in (MALFORMED, KEPT, ORDER, HANDED)
