"""Calls to the seller's own system: signed, under one key, and every kind of answer told apart."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from fahuo.channels.callback.send import CallbackChannel
from fahuo.channels.callback.sign import TOLERANCE_S, check, sign
from fahuo.channels.ports import Endpoint
from fahuo.channels.shipped_file import Shipped, write
from fahuo.store.effects import Claimed
from tests.support.receiver import CUT, SECRET, Receiver


def claimed(number: int = 1, shop: int | None = 7) -> Claimed:
    body = {"order": f"O{number}", "carrier": "J&T", "number": f"N{number}"}
    key = f"report_shipped:{number}"
    return Claimed(
        number, key, "report_shipped", "callback", "7", shop, number, number, 0, "idempotent", 1, False, body
    )


def send(url: str, *batch: Claimed, secret: str = SECRET, channel: CallbackChannel | None = None) -> list[Any]:
    channel = channel or CallbackChannel()
    try:
        return channel.send(batch, {7: Endpoint(shop="shop", url=url, secret=secret.encode())})
    finally:
        channel.close()


@pytest.mark.parametrize(
    ("status", "state"),
    [(200, "done"), (201, "done"), (204, "done"), (409, "declined"), (422, "declined"), (404, "declined"),
     (301, "declined"), (500, "retry"), (503, "retry"), (429, "retry"), (408, "retry"), (CUT, "unknown")],
)  # fmt: skip
def test_each_answer_has_its_meaning(status: int, state: str) -> None:
    with Receiver(lambda _key, _times: status) as receiver:
        (answer,) = send(receiver.url, claimed())
        assert answer.state == state
        assert len(receiver.calls) == 1
        assert receiver.calls[0]["number"] == "N1"
        if state == "declined":
            assert "locked" in answer.outcome["answer"]


def test_a_whole_batch_gets_an_answer_each_in_order() -> None:
    with Receiver(lambda key, _times: 200 if key.endswith(("2", "4")) else 409) as receiver:
        answers = send(receiver.url, *[claimed(n) for n in range(1, 10)])
    assert [a.id for a in answers] == list(range(1, 10))
    assert [a.state for a in answers] == ["done" if n in (2, 4) else "declined" for n in range(1, 10)]


def test_a_call_with_another_key_is_refused_by_the_receiver() -> None:
    with Receiver() as receiver:
        (answer,) = send(receiver.url, claimed(), secret="another")
        assert (answer.state, answer.outcome["status"], receiver.forged) == ("declined", 401, 1)


def test_nobody_there_is_no_lost_answer() -> None:
    (answer,) = send("http://127.0.0.1:9/none", claimed())
    assert (answer.state, answer.outcome["code"]) == ("retry", "not_reached")


def test_a_shop_without_an_address_is_declined() -> None:
    (answer,) = send("http://127.0.0.1:9/none", claimed(shop=8))
    assert (answer.state, answer.outcome["code"]) == ("declined", "no_endpoint")


def test_a_slow_receiver_is_an_unknown_answer() -> None:
    def slow(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow", request=request)

    (answer,) = send("http://127.0.0.1/x", claimed(), channel=CallbackChannel(httpx.MockTransport(slow)))
    assert answer.state == "unknown"


def test_a_redirect_is_not_followed() -> None:
    asked: list[str] = []

    def redirect(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(307, headers={"Location": "http://127.0.0.1/elsewhere"}, stream=httpx.ByteStream(b""))

    (answer,) = send("http://127.0.0.1/x", claimed(), channel=CallbackChannel(httpx.MockTransport(redirect)))
    assert (answer.state, len(asked)) == ("declined", 1)


def test_a_long_answer_is_cut() -> None:
    def long(request: httpx.Request) -> httpx.Response:
        return httpx.Response(409, stream=httpx.ByteStream(b"x" * 100_000))

    (answer,) = send("http://127.0.0.1/x", claimed(), channel=CallbackChannel(httpx.MockTransport(long)))
    assert len(answer.outcome["answer"]) < 10_000


def test_the_signature_binds_time_and_body() -> None:
    good = sign(b"key", 1000, b"body")
    assert check(b"key", "1000", good, b"body", 1000)
    assert check(b"key", "1000", good, b"body", 1000 + TOLERANCE_S)
    assert not check(b"key", "1000", good, b"body", 1001 + TOLERANCE_S)
    assert not check(b"key", "1001", good, b"body", 1000)
    assert not check(b"key", "1000", good, b"bodY", 1000)
    assert not check(b"kez", "1000", good, b"body", 1000)
    assert not check(b"key", "²", good, b"body", 1000)
    assert not check(b"key", "", good, b"body", 1000)


def test_a_secret_is_not_shown() -> None:
    assert "hidden" not in repr(Endpoint(shop="shop", url="https://x", secret=b"hidden"))


def test_the_shipped_file_is_what_a_spreadsheet_may_open() -> None:
    content = write([Shipped("576", "1", "=cmd()", "+1"), Shipped("577", "2", "J&T, Express", "N2")])
    assert content.startswith(b"\xef\xbb\xbfOrder ID,")
    assert content.decode("utf-8-sig").split("\r\n")[1:] == ["576,1,'=cmd(),'+1", '577,2,"J&T, Express",N2', ""]
