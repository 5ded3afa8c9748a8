"""Clients written by others, imitated request by request: how they build addresses, sign and send."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sandbox.callers import START, Client, fetch, sandbox


def hand_signed(secret: str, message: str) -> str:
    return hmac.new(secret.encode(), f"{secret}{message}{secret}".encode(), hashlib.sha256).hexdigest()


def test_php_client() -> None:
    """Query rebuilt by http_build_query, path and body as sent, no body signed on GET, `[]` for an empty array."""
    made = sandbox()
    client = Client(made)
    headers = {"x-tts-access-token": client.token, "content-type": "application/json"}
    path, body = "/echo/202309/things/search", b"[]"
    params = {"page_size": "20", "page_token": "aGVsbG8+/w==", **client.query()}
    message = path + "".join(f"{k}{params[k]}" for k in sorted(params)) + body.decode()
    params["sign"] = hand_signed(client.app.secret, message)
    answer = fetch(made, "POST", f"{path}?{urlencode(params)}", content=body, headers=headers)
    assert answer.json()["data"]["query"] == {"page_size": "20", "page_token": "aGVsbG8+/w=="}
    assert answer.json()["data"]["body"] == {}


@pytest.mark.parametrize("sent", [b"{}", b"[]", b"null", b" {} "])
def test_node_client_signs_an_empty_body_as_nothing(sent: bytes) -> None:
    """The official Node client, and several after it, sign nothing when the body has no keys, but send it."""
    made = sandbox()
    client = Client(made)
    path = "/echo/202309/things/search"
    params = client.query(page_size="10")
    params["sign"] = hand_signed(client.app.secret, path + "".join(f"{k}{params[k]}" for k in sorted(params)))
    headers = {"x-tts-access-token": client.token, "Content-Type": "application/json", "Accept": "application/json"}
    answer = fetch(made, "POST", f"{path}?{urlencode(params)}", content=sent, headers=headers)
    assert answer.json()["code"] == 0
    unsigned = fetch(made, "POST", f"{path}?{urlencode(params)}", content=b'{"a":1}', headers=headers)
    assert unsigned.json()["code"] == 106001


def test_typescript_client() -> None:
    """Lists joined by commas for signing and sending, JSON.stringify without spaces, non-ASCII as it is."""
    made = sandbox()
    client = Client(made)
    path = "/echo/202309/things/search"
    ids = "576461413038785752,576461413038785753"
    body = json.dumps({"note": "Giao hàng 快递", "ids": ids.split(",")}, separators=(",", ":"), ensure_ascii=False)
    params = client.query(ids=ids)
    message = path + "".join(f"{k}{params[k]}" for k in sorted(params)) + body
    params["sign"] = hand_signed(client.app.secret, message)
    url = f"{path}?" + "&".join(f"{k}={quote(v, safe='')}" for k, v in params.items())
    headers = {"x-tts-access-token": client.token, "Content-Type": "application/json"}
    answer = fetch(made, "POST", url, content=body.encode(), headers=headers)
    assert answer.json()["data"]["query"] == {"ids": ids}
    assert answer.json()["data"]["body"]["note"] == "Giao hàng 快递"


def test_multipart_client_leaves_the_body_out_of_the_signature() -> None:
    made = sandbox()
    client = Client(made)
    path = "/echo/202309/upload"
    request = httpx.Request("POST", "http://x", data={"use_case": "MAIN"}, files={"data": ("a.png", b"picture")})
    headers = {"x-tts-access-token": client.token, "content-type": request.headers["content-type"]}
    body = request.read()
    answer = fetch(made, "POST", path, params=client.signed(path), content=body, headers=headers)
    assert answer.json()["data"]["files"] == {"use_case": "MAIN", "data": "picture"}
    headers["content-type"] = "application/json"
    wrong = fetch(made, "POST", path, params=client.signed(path, body), content=body, headers=headers)
    assert wrong.json()["code"] == 36009023


def test_old_parameters_are_signed_but_not_the_token_in_the_query() -> None:
    client = Client(sandbox())
    path = "/echo/202309/things"
    old = {"version": "202309", "shop_id": "7490000000001000001", "access_token": client.token}
    assert client.call("GET", path, **old).json()["code"] == 0
    assert client.call("GET", path, **{**old, "shop_id": ""}).json()["code"] == 0
    assert client.call("GET", path, **{**old, "shop_id": "x"}).json()["code"] == 36009004
    assert client.call("GET", path, **{**old, "version": "v1"}).json()["code"] == 36009004


def test_a_page_token_sent_without_encoding_does_not_fit_its_signature() -> None:
    """`+` in an address is a space: the trap named by the reference."""
    made = sandbox()
    client = Client(made)
    path = "/echo/202309/things"
    query = client.signed(path, page_token="aGVsbG8+/w==")
    url = f"{path}?" + "&".join(f"{k}={v}" for k, v in query.items())
    headers = {"x-tts-access-token": client.token}
    assert fetch(made, "GET", url, headers=headers).json()["code"] == 106001
    assert fetch(made, "GET", url.replace("+", "%2B"), headers=headers).json()["code"] == 0


def test_php_client_writes_empty_objects_as_lists_and_the_label_size_as_nought() -> None:
    """`shipPackage($id)` sends `pickup_slot` and `self_shipment` as `[]`; `document_size` is 0 unless told."""
    made = sandbox()
    client = Client(made)
    order = made.world.place(client.shop.id, START, status="AWAITING_SHIPMENT", shipping_type="TIKTOK", prompt=True)
    path = f"/fulfillment/202309/packages/{order.packages[0]}"
    body: dict[str, Any] = {"handover_method": "PICKUP", "pickup_slot": [], "self_shipment": []}
    assert client.call("POST", f"{path}/ship", body).json()["code"] == 0
    query = {"document_type": "SHIPPING_LABEL", "document_size": "0"}
    answer = client.call("GET", f"{path}/shipping_documents", **query).json()
    assert answer["data"]["doc_url"].startswith("http")


def test_a_client_that_does_not_know_the_cipher_yet_sends_it_empty() -> None:
    client = Client(sandbox())
    path = "/authorization/202309/shops"
    assert len(client.call("GET", path, shop_cipher="").json()["data"]["shops"]) == 2
    assert client.call("GET", path).json()["code"] == 36009004
    assert client.call("GET", "/echo/202309/things", shop_cipher="").json()["code"] == 106013


def test_a_list_may_come_as_one_parameter_for_each_member() -> None:
    """A generated Python client sends ids=1&ids=2 and signs each name with its value."""
    made = sandbox()
    client = Client(made)
    path, ids = "/echo/202309/things", ["576461413038785753", "576461413038785752"]
    common = client.query()
    told = sorted([*common.items(), *(("ids", one) for one in ids)], key=lambda pair: pair[0])
    sign = hand_signed(client.app.secret, path + "".join(name + value for name, value in told))
    url = f"{path}?{urlencode([*told, ('sign', sign)])}"
    answer = fetch(made, "GET", url, headers={"x-tts-access-token": client.token})
    assert answer.json()["data"]["query"] == {"ids": ",".join(ids)}
    turned = url.replace(ids[0], "1")
    assert fetch(made, "GET", turned, headers={"x-tts-access-token": client.token}).json()["code"] == 106001


def test_a_call_without_a_body_needs_no_content_type() -> None:
    made = sandbox()
    client = Client(made)
    path = "/echo/202309/things"
    answer = fetch(made, "POST", path, params=client.signed(path), headers={"x-tts-access-token": client.token})
    assert (answer.json()["code"], answer.json()["data"]["body"]) == (0, {})


@given(
    query=st.dictionaries(
        st.text(min_size=1, max_size=8).filter(lambda k: k not in {"sign", "access_token"}), st.text(max_size=12)
    ),
    body=st.dictionaries(st.text(max_size=5), st.text(max_size=9) | st.integers(-(2**40), 2**40), min_size=1),
)
def test_whatever_is_signed_and_encoded_properly_is_accepted(query: dict[str, str], body: dict[str, Any]) -> None:
    for name in ("app_key", "timestamp", "shop_cipher", "category_asset_cipher", "shop_id", "version"):
        query.pop(name, None)
    try:
        "".join((*query, *query.values(), *body, *map(str, body.values()))).encode()
    except UnicodeEncodeError:
        return
    answer = SHARED.call("POST", "/echo/202309/things", body, **query)
    assert answer.json()["data"]["query"] == query
    assert answer.json()["data"]["body"] == body


SHARED = Client(sandbox())
