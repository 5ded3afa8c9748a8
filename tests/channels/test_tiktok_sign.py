"""Signatures: the reference's vectors byte for byte, and what the order of parameters must not change."""

import json
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fahuo.channels.tiktok_shop.sign import notice_is_true, sign, sign_notice
from fahuo.channels.tiktok_shop.wire import address
from tests.support.tiktok import app, client_for, link, ok

S1, S2 = b"e59af819cc", b"f00dbabe1234567890"
COMMON = {"app_key": "38abcd", "shop_cipher": "ROW_test_cipher==", "timestamp": "1717286400"}
V2_BODY = b'{"order_status":"AWAITING_SHIPMENT","update_time_ge":1717200000,"update_time_lt":1717286400}'
VECTORS = {
    "V1": (
        S1, "/authorization/202309/shops", {"app_key": "29a39d", "timestamp": "1623812664"}, b"", False,
        "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8",
    ),
    "V2": (
        S2, "/order/202309/orders/search",
        COMMON | {"page_size": "50", "page_token": "aGVsbG8+/w==", "sort_field": "update_time", "sort_order": "ASC"},
        V2_BODY, False, "7659a3a40298306ce723be897fb73e721b8ac4b30b686853c5e63097e3c7d68c",
    ),
    "V3": (
        S2, "/order/202309/orders", COMMON | {"ids": "576461413038785752,576461413038785753"}, b"", False,
        "5ba0a6ab7d6b19f3ad86573fba527863b3ea7cb66e8dd005a6c52ce9d6bd32b9",
    ),
    "V4": (
        S2, "/fulfillment/202309/packages/1152321127278713123/ship", COMMON,
        b'{"self_shipment":{"tracking_number":"JX12345","shipping_provider_id":"6617675021119438849"}}', False,
        "0491279749f286d7adc9542a4052337789c30eeb19e516a178d9ef8cbddba3e5",
    ),
    "V5": (
        S2, "/fulfillment/202309/images/upload", COMMON, b"--boundary whatever", True,
        "c8de5227fd2fe9ef03d8442859f620ea31de46d57c346fbae90a84a084aff42c",
    ),
    "V6": (
        S1, "/event/202309/webhooks",
        {"app_key": "68xu9ks5p4i8", "shop_cipher": "ROW_xkMbgAAAeVAQra0eZWebFQq5aIKt", "timestamp": "1696909648"},
        b'{"address":"https://partner.tiktokshop.com","event_type":"PACKAGE_UPDATE"}', False,
        "a75b9c8cd57140cab6dc95bf31c37bd6ffface74210768b6517c0ff81659b0ba",
    ),
}  # fmt: skip
W1 = (
    b'{"type":1,"tts_notification_id":"7380066284010030890","shop_id":"7495540735365777507","timestamp":1718305585,'
    b'"data":{"is_on_hold_order":true,"order_id":"576653688135258178","order_status":"UNPAID",'
    b'"update_time":1718305585}}'
)
W2 = (
    b'{"type":4,"tts_notification_id":"7327112393057371910","shop_id":"7494049642642441621","timestamp":1644412885,'
    b'"data":{"sc_type":"COMBINE","role_type":"ROLE_SELLER","package_list":[{"package_id":"123456",'
    b'"order_id_list":["152523","532123"]}],"update_time":1644412885}}'
)
NOTICES = {
    "W1": (b"123", "abcdef", W1, "5dec0f11ec2f6783b8deee53c9ffbf8d024302f7c7e7fa55a35d17629031ac05"),
    "W2": (S2, "38abcd", W2, "aed965e03dd4e3bf0b5b161ec119691ade441b3e1e476b354041107597193d0a"),
}


@pytest.mark.parametrize("name", VECTORS)
def test_the_vectors_of_calls(name: str) -> None:
    secret, path, query, body, multipart, expected = VECTORS[name]
    assert sign(secret, path, query, body, multipart=multipart) == expected


@pytest.mark.parametrize("name", NOTICES)
def test_the_vectors_of_notices(name: str) -> None:
    secret, key, body, expected = NOTICES[name]
    assert sign_notice(secret, key, body) == expected
    assert notice_is_true(secret, key, body, expected)
    assert not notice_is_true(secret, key, body + b" ", expected)
    assert not notice_is_true(secret, key, body, "")
    assert not notice_is_true(secret, key, body, "é" * 64)


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)


@given(st.dictionaries(texts.filter(lambda k: k not in ("sign", "access_token")), texts, max_size=6), st.randoms())
def test_the_order_of_parameters_and_the_unsigned_ones_change_nothing(query: dict[str, str], random: object) -> None:
    names = list(query)
    random.shuffle(names)  # type: ignore[attr-defined]  # hypothesis' Random
    mixed = {name: query[name] for name in names} | {"sign": "x", "access_token": "y"}
    assert sign(b"s", "/p", mixed, b"{}") == sign(b"s", "/p", query, b"{}")


@given(st.dictionaries(texts.filter(bool), texts, max_size=6))
def test_what_is_signed_raw_arrives_as_it_was_signed(query: dict[str, str]) -> None:
    url = address("https://api.test", "/p", query)
    arrived = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    assert sign(b"s", "/p", arrived) == sign(b"s", "/p", query)


@given(st.dictionaries(texts.filter(bool), texts, max_size=4), st.dictionaries(texts, texts, max_size=4))
def test_a_call_is_signed_as_it_is_sent(query: dict[str, str], body: dict[str, str]) -> None:
    query = {name: value for name, value in query.items() if name not in ("app_key", "timestamp", "shop_cipher")}
    query.pop("sign", None)
    query.pop("access_token", None)
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return ok({})

    client_for(handler).post(link(), "/order/202309/orders/search", query, body)
    (request,) = seen
    given_sign = request.url.params["sign"]
    arrived = dict(parse_qsl(request.url.query.decode(), keep_blank_values=True))
    assert given_sign == sign(app().secret, request.url.path, arrived, request.content)
    assert json.loads(request.content) == body
    assert request.headers["x-tts-access-token"] == "ROW_access_0"
    assert request.headers["content-type"] == "application/json"
