"""Signatures, the order of the checks, the envelope on every path, limits, and what other people's clients send."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import msgspec
import pytest

from fahuo.sandbox.auth import App, sign, sign_webhook
from fahuo.sandbox.gateway_model import Barred, Missing, OpenRoute, Served, may, need, number
from fahuo.sandbox.model import Refuse
from fahuo.sandbox.rates import Rates
from fahuo.sandbox.world import World
from tests.sandbox.callers import ECHO, START, Client, fetch, sandbox

SECRET, KEY, AT = "f00dbabe1234567890", "38abcd", "1717286400"
CIPHER = "ROW_test_cipher=="
SEARCH_BODY = b'{"order_status":"AWAITING_SHIPMENT","update_time_ge":1717200000,"update_time_lt":1717286400}'
SHIP_BODY = b'{"self_shipment":{"tracking_number":"JX12345","shipping_provider_id":"6617675021119438849"}}'
HOOK_BODY = b'{"address":"https://partner.tiktokshop.com","event_type":"PACKAGE_UPDATE"}'
COMMON = {"app_key": KEY, "shop_cipher": CIPHER, "timestamp": AT}
VECTORS: list[tuple[str, str, str, str, dict[str, str], bytes, str]] = [
    (
        "V1",
        "e59af819cc",
        "GET",
        "/authorization/202309/shops",
        {"app_key": "29a39d", "timestamp": "1623812664"},
        b"",
        "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8",
    ),
    (
        "V2",
        SECRET,
        "POST",
        "/order/202309/orders/search",
        {
            **COMMON,
            "page_size": "50",
            "page_token": "aGVsbG8+/w==",
            "sort_field": "update_time",
            "sort_order": "ASC",
        },
        SEARCH_BODY,
        "7659a3a40298306ce723be897fb73e721b8ac4b30b686853c5e63097e3c7d68c",
    ),
    (
        "V3",
        SECRET,
        "GET",
        "/order/202309/orders",
        {**COMMON, "ids": "576461413038785752,576461413038785753"},
        b"",
        "5ba0a6ab7d6b19f3ad86573fba527863b3ea7cb66e8dd005a6c52ce9d6bd32b9",
    ),
    (
        "V4",
        SECRET,
        "POST",
        "/fulfillment/202309/packages/1152321127278713123/ship",
        COMMON,
        SHIP_BODY,
        "0491279749f286d7adc9542a4052337789c30eeb19e516a178d9ef8cbddba3e5",
    ),
    (
        "V5",
        SECRET,
        "POST",
        "/fulfillment/202309/images/upload",
        COMMON,
        b"",
        "c8de5227fd2fe9ef03d8442859f620ea31de46d57c346fbae90a84a084aff42c",
    ),
    (
        "V6",
        "e59af819cc",
        "PUT",
        "/event/202309/webhooks",
        {"app_key": "68xu9ks5p4i8", "shop_cipher": "ROW_xkMbgAAAeVAQra0eZWebFQq5aIKt", "timestamp": "1696909648"},
        HOOK_BODY,
        "a75b9c8cd57140cab6dc95bf31c37bd6ffface74210768b6517c0ff81659b0ba",
    ),
]
ALLOWED_LATE, ALLOWED_EARLY = 300, 30


@pytest.mark.parametrize("vector", VECTORS, ids=[one[0] for one in VECTORS])
def test_signs_as_the_platform_does(vector: Any) -> None:
    _, secret, _, path, query, body, expected = vector
    assert sign(secret, path, query, body) == expected
    noise = {"sign": "anything", "access_token": "ROW_x"}
    assert sign(secret, path, {**noise, **query}, body) == expected


@pytest.mark.parametrize("vector", VECTORS, ids=[one[0] for one in VECTORS])
def test_accepts_the_signed_request_of_a_vector(vector: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _, secret, method, path, query, body, signature = vector
    made = sandbox()
    route = ECHO[0]._replace(method=method, path=path, cipher="required" if "shop_cipher" in query else "forbidden")
    with suppress(ValueError):  # the sandbox has the endpoint itself
        made.gateway.add([route._replace(upload=path.endswith("upload"))])
    app = App(key=query["app_key"], secret=secret, service_id="1", name="Vector")
    made.auth.apps[app.key] = app
    client = Client(made, app)
    if "shop_cipher" in query:
        made.gateway._ciphers[query["shop_cipher"]] = client.shop
    monkeypatch.setattr(made.gateway, "clock", lambda: float(query["timestamp"]))
    client = Client(made, app)
    headers = {"x-tts-access-token": client.token, "content-type": "application/json"}
    if path.endswith("upload"):
        request = httpx.Request("POST", "http://x", files={"data": ("a.png", b"picture")})
        body, headers["content-type"] = request.read(), request.headers["content-type"]
    url = f"{path}?{urlencode({**query, 'sign': signature})}"
    answer = fetch(made, method, url, content=body, headers=headers)
    assert made.gateway.log[-1].sign_ok is True
    assert answer.json()["code"] not in (106001, 105002, 36009009)
    changed = fetch(made, method, url.replace(signature, signature[::-1]), content=body, headers=headers)
    assert changed.json()["code"] == 106001
    assert made.gateway.log[-1].sign_ok is False


@pytest.mark.parametrize(
    ("key", "secret", "body", "expected"),
    [
        (
            "abcdef",
            "123",
            '{"type":1,"tts_notification_id":"7380066284010030890","shop_id":"7495540735365777507",'
            '"timestamp":1718305585,"data":{"is_on_hold_order":true,"order_id":"576653688135258178",'
            '"order_status":"UNPAID","update_time":1718305585}}',
            "5dec0f11ec2f6783b8deee53c9ffbf8d024302f7c7e7fa55a35d17629031ac05",
        ),
        (
            KEY,
            SECRET,
            '{"type":4,"tts_notification_id":"7327112393057371910","shop_id":"7494049642642441621",'
            '"timestamp":1644412885,"data":{"sc_type":"COMBINE","role_type":"ROLE_SELLER","package_list":'
            '[{"package_id":"123456","order_id_list":["152523","532123"]}],"update_time":1644412885}}',
            "aed965e03dd4e3bf0b5b161ec119691ade441b3e1e476b354041107597193d0a",
        ),
    ],
)
def test_signs_webhooks_as_the_platform_does(key: str, secret: str, body: str, expected: str) -> None:
    assert sign_webhook(key, secret, body.encode()) == expected


# --- the order of the checks --------------------------------------------------------------------------------------


def test_every_check_comes_before_the_next() -> None:
    """A request with everything wrong is mended one thing at a time; each answer is that of the next check."""
    made = sandbox()
    client = Client(made)
    narrow = made.auth.add_app("Narrow", scopes=["seller.finance.info"])
    poor = Client(made, narrow)
    path, good = "/echo/202309/things", {"x-tts-access-token": client.token, "content-type": "application/json"}

    def code(query: dict[str, str], headers: dict[str, str], at: str = path, body: bytes = b"{") -> tuple[int, int]:
        answer = fetch(made, "POST", at, params=query, headers=headers, content=body)
        assert answer.json()["request_id"]
        assert answer.json()["data"] is None
        return answer.status_code, answer.json()["code"]

    assert code({}, {}, at="/echo/202309/nothing") == (404, 36009009)
    assert code({}, {}) == (400, 36009004)
    assert code({"app_key": "nobody", "timestamp": "1"}, {}) == (400, 36009004)
    assert code({"app_key": client.app.key}, {}) == (400, 36009004)
    assert code({"app_key": client.app.key, "timestamp": "1"}, {}) == (400, 36009004)
    now = str(int(time.time()))
    assert code({"app_key": client.app.key, "timestamp": now}, {}) == (400, 36009004)
    assert code({"app_key": client.app.key, "timestamp": now, "sign": "0" * 64}, {}) == (400, 106001)
    bare = client.signed(path, b"{", shop_cipher=None)
    assert code(bare, {}) == (400, 36009004)
    assert code(bare, {"x-tts-access-token": "nonsense"}) == (400, 36009004)
    assert code(bare, {"x-tts-access-token": "ROW_nobody"}) == (401, 105002)
    assert code(poor.signed(path, b"{"), {"x-tts-access-token": poor.token}) == (403, 105005)
    token = {"x-tts-access-token": client.token}
    assert code(bare, token) == (400, 106013)
    assert code(client.signed(path, b"{", shop_cipher="ROW_other"), token) == (400, 101000)
    assert code(client.signed(path, b"{"), token) == (400, 36009022)
    assert code(client.signed(path, b"{"), {**token, "content-type": "text/plain"}) == (400, 36009023)
    assert code(client.signed(path, b"{"), good) == (400, 36009004)
    deep = b"[" * 20_000
    for bad in (b"[1]", deep, b'{"a":' * 5_000, b"\xff", b'{"a":NaN}'):
        assert code(client.signed(path, bad), good, body=bad) == (400, 36009004)
    assert client.call("POST", path, {"a": 1}).json()["data"]["body"] == {"a": 1}


@pytest.mark.parametrize(
    ("offset", "code"),
    [
        (0, 0),
        (-ALLOWED_LATE + 5, 0),
        (-ALLOWED_LATE - 5, 36009004),
        (ALLOWED_EARLY - 5, 0),
        (ALLOWED_EARLY + 5, 36009004),
    ],
)
def test_takes_timestamps_within_the_window(offset: int, code: int) -> None:
    client = Client(sandbox())
    answer = client.call("GET", "/echo/202309/things", timestamp=str(int(time.time()) + offset))
    assert answer.json()["code"] == code


@pytest.mark.parametrize("text", ["", "-5", "abc", "1e9", "\uff11\uff17", "9" * 400])
def test_refuses_timestamps_that_are_none(text: str) -> None:
    answer = Client(sandbox()).call("GET", "/echo/202309/things", timestamp=text)
    assert (answer.status_code, answer.json()["code"]) == (400, 36009004)


def test_rejects_a_cipher_where_it_is_unexpected() -> None:
    client = Client(sandbox())
    assert client.call("GET", "/echo/202309/global").json()["code"] == 36009004
    assert "unexpected identifier" in client.call("GET", "/echo/202309/global").json()["message"]
    assert client.call("GET", "/echo/202309/global", shop_cipher=None).json()["code"] == 0
    assert client.call("GET", "/authorization/202309/shops").json()["code"] == 36009004
    assert client.call("GET", "/echo/202309/things", category_asset_cipher="GCP_x").json()["code"] == 36009004


def test_a_cipher_is_signed_as_it_is_and_sent_percent_encoded() -> None:
    client = Client(sandbox())
    assert quote(client.shop.cipher, safe="") != client.shop.cipher
    assert client.call("GET", "/echo/202309/things").json()["code"] == 0


# --- the envelope -------------------------------------------------------------------------------------------------


def test_puts_everything_into_the_envelope() -> None:
    client = Client(sandbox())
    ids = set()
    for method, path, http, code in (
        ("GET", "/echo/202309/things", 200, 0),
        ("PATCH", "/echo/202309/things", 400, 36009010),
        ("GET", "/echo/209901/things", 400, 36009014),
        ("GET", "/echo/v2/things", 404, 36009009),
        ("GET", "/echo/202309/things/", 404, 36009009),
        ("GET", "/favicon.ico", 404, 36009009),
        ("GET", "/echo//things", 404, 36009009),
        ("POST", "/echo/202309/refuses", 200, 21011044),
        ("POST", "/echo/202309/breaks", 500, 36009003),
    ):
        answer = client.call(method, path)
        body = answer.json()
        assert (answer.status_code, body["code"]) == (http, code), path
        assert set(body) == {"code", "message", "request_id", "data"}
        assert answer.headers["content-type"].startswith("application/json")
        assert "date" in answer.headers
        ids.add(body["request_id"])
    assert len(ids) == 9
    assert client.call("POST", "/echo/202309/refuses").json()["data"] == {"fail_code": 7}


def test_parts_of_the_path_are_decoded_but_signed_as_sent() -> None:
    client = Client(sandbox())
    answer = client.call("POST", "/echo/202309/things/a%20b%2Fc/split", {})
    assert answer.json()["data"]["params"] == {"thing_id": "a b/c"}
    assert client.call("POST", "/echo/202309/things/search", {}).json()["data"]["params"] == {}


def test_limits_the_size_of_bodies() -> None:
    client = Client(sandbox())
    answer = client.call("POST", "/echo/202309/things", {"x": "y" * (5 << 20)})
    assert (answer.status_code, answer.json()["code"]) == (400, 36009021)


def test_limits_calls_per_app_and_shop() -> None:
    made = sandbox(rate=1.0)
    client = Client(made)
    codes = [client.call("GET", "/echo/202309/things").json()["code"] for _ in range(4)]
    assert codes[:2] == [0, 0]
    assert 36009002 in codes[2:]
    answer = client.call("GET", "/echo/202309/things")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    client.shop = list(made.world.shops.values())[1]
    assert client.call("GET", "/echo/202309/things").json()["code"] == 0
    other = Client(made, made.auth.add_app("Other"))
    assert other.call("GET", "/echo/202309/things").json()["code"] == 0


def test_tokens_come_back_with_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("fahuo.sandbox.rates.time.monotonic", lambda: now)
    rates = Rates(10)
    for _ in range(20):
        rates.take(("a", "s"))
    with pytest.raises(Barred):
        rates.take(("a", "s"))
    now = 100.1001
    rates.take(("a", "s"))
    with pytest.raises(Barred):
        rates.take(("a", "s"))


def test_unlimited_is_unlimited() -> None:
    rates = Rates(0)
    for _ in range(10_000):
        rates.take(("a", "s"))


def test_keeps_a_log_without_secrets() -> None:
    made = sandbox()
    client = Client(made)
    client.call("POST", "/echo/202309/things", {"a": 1}, version="202309", access_token="ROW_secret")
    entry = made.gateway.log[-1]
    assert (entry.method, entry.path, entry.code, entry.http, entry.sign_ok) == (
        "POST",
        "/echo/202309/things",
        0,
        200,
        True,
    )
    assert entry.shop == client.shop.id
    assert entry.body == b'{"a":1}'
    assert "sign" not in entry.query
    assert "access_token" not in entry.query
    assert made.gateway.counts == {0: 1}


def test_business_time_is_the_sandboxs_own() -> None:
    made = sandbox()
    seen: list[int] = []
    route = ECHO[0]._replace(path="/echo/202309/when", handler=lambda call: seen.append(call.now))
    made.gateway.add([route])
    Client(made).call("GET", "/echo/202309/when")
    assert seen == [START]


# --- reading what was sent ----------------------------------------------------------------------------------------


def test_says_which_field_is_missing() -> None:
    body = {"weight": {"value": "", "unit": "GRAM", "count": 3, "on": True}}
    assert need(body, "weight.unit") == "GRAM"
    with pytest.raises(Missing, match=r"^body\.weight\.value is missing$"):
        need(body, "weight.value")
    with pytest.raises(Missing, match=r"^body\.size\.height is missing$"):
        need(body, "size.height")
    with pytest.raises(Missing, match="expected integer"):
        need(body, "weight.on", int)
    assert may(body, "weight.depth", int, 7) == 7
    with pytest.raises(Missing, match="expected string"):
        may(body, "weight.count")


@pytest.mark.parametrize(("text", "good"), [("", 20), ("1", 1), ("100", 100), ("0", None), ("101", None), ("x", None)])
def test_reads_page_sizes(text: str, good: int | None) -> None:
    if good is None:
        with pytest.raises(Missing, match="from 1 to 100"):
            number({"page_size": text}, "page_size", 20, 1, 100)
    else:
        assert number({"page_size": text}, "page_size", 20, 1, 100) == good


def test_missing_fields_are_answered_with_the_platforms_code() -> None:
    made = sandbox()
    route = ECHO[1]._replace(path="/echo/202309/needs", handler=lambda call: {"v": need(call.body, "weight.value")})
    made.gateway.add([route])
    answer = Client(made).call("POST", "/echo/202309/needs", {})
    assert (answer.status_code, answer.json()["code"]) == (400, 36009004)
    assert answer.json()["message"].endswith("body.weight.value is missing")
    assert msgspec.json.decode(answer.content)["data"] is None


def test_files_are_served_without_signature_and_failures_still_in_the_envelope() -> None:
    made = sandbox()

    def file(world: World, params: dict[str, str], query: dict[str, str], now: int) -> Served:
        if params["name"] == "gone":
            raise Refuse(98001004, "the address has expired", 403)
        if params["name"] == "broken":
            raise RuntimeError("a bug")
        return Served(f"{params['name']} {query.get('v')} {now}".encode())

    made.gateway.add([OpenRoute("GET", "/files/{name}", file)])
    good = fetch(made, "GET", "/files/label?v=2")
    assert (good.text, good.headers["content-type"]) == (f"label 2 {START}", "application/pdf")
    assert fetch(made, "GET", "/files/gone").json()["code"] == 98001004
    assert fetch(made, "GET", "/files/gone").status_code == 403
    assert fetch(made, "GET", "/files/broken").json()["code"] == 36009003
