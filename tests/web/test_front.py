"""The server's first ear: what it takes itself, what it hands over, and that the answers are the same either way."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send
from uvicorn import Config
from uvicorn.server import ServerState

from fahuo.bench.intake import KEY, SECRET, SHOP, prepare
from fahuo.channels.tiktok_shop.sign import sign_notice
from fahuo.connections import notices_store
from fahuo.connections.notices import STATES
from fahuo.store.engine import Store
from fahuo.web.front import Front
from fahuo.web.hooks import Hooks
from tests.support.serving import serving

OK = b"HTTP/1.1 200 OK"


class House:
    """A connected shop behind the server; `general`: paths of the requests that reached the general web server."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.general: list[str] = []
        self.hooks = Hooks(self._page, store)
        self.hooks.doors.read()
        self.port = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.general.append(scope["path"])
        await self.hooks(scope, receive, send)

    async def _page(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"page"})

    def say(self, *parts: bytes, answers: int = 1) -> list[bytes]:
        """Status lines that come back to these bytes on one connection, one packet each part."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for part in parts:
                line.sendall(part)
                time.sleep(0.02 if len(parts) > 1 else 0)
            heard = b""
            while heard.count(b"HTTP/1.1 ") < answers or not heard.endswith((b"\r\n\r\n", b"page")):
                more = line.recv(65_536)
                if not more:
                    break
                heard += more
        return [b"HTTP/1.1 " + one.partition(b"\r\n")[0] for one in heard.split(b"HTTP/1.1 ")[1:]]

    def stored(self) -> list[str]:
        with self.store.read() as tx:
            return sorted(one.notification_id for one in notices_store.shown(tx, STATES, 100))


@pytest.fixture
def house(store: Store) -> Iterator[House]:
    prepare(store)
    found = House(store)
    with serving(found, partial(Front, found.hooks)) as address:
        found.port = int(address.rpartition(":")[2])
        yield found
    found.hooks.close()


def body(number: int, **more: str) -> bytes:
    shop = more.get("shop", SHOP)
    return (
        f'{{"type":1,"tts_notification_id":"{number}","shop_id":"{shop}","timestamp":1,'
        f'"data":{{"order_id":"57{number}","update_time":1}}}}'
    ).encode()


def request(
    sent: bytes, *, key: str = KEY, signature: str | None = None, more: str = "", method: str = "POST"
) -> bytes:
    signed = sign_notice(SECRET.encode(), key, sent) if signature is None else signature
    return (
        f"{method} /hooks/tiktok/{key} HTTP/1.1\r\nHost: x\r\nauthorization: {signed}\r\n{more}"
        f"Content-Length: {len(sent)}\r\n\r\n"
    ).encode() + sent


def test_a_plain_notice_does_not_reach_the_general_server(house: House) -> None:
    assert house.say(request(body(1)), request(body(2)), request(body(1)), answers=3) == [OK] * 3
    assert house.stored() == ["1", "2"]
    assert house.general == []


def chunked(sent: bytes) -> bytes:
    head = request(sent).partition(b"Content-Length")[0]
    return head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(sent), sent)


def test_chunks_that_come_together_are_plain(house: House) -> None:
    assert house.say(chunked(body(1))) == [OK]
    assert (house.stored(), house.general) == (["1"], [])


@pytest.mark.parametrize(
    ("sent", "answer", "stored"),
    [
        (request(body(1), signature="0" * 64), b"401 Unauthorized", 0),
        (request(body(1), signature=""), b"401 Unauthorized", 0),
        (request(body(1), key="nobody"), b"401 Unauthorized", 0),
        (request(b"{"), b"400 Bad Request", 1),
        (request(body(1, shop="1")), b"200 OK", 1),
        (request(b" " * 270_000), b"413 ", 0),
        (request(b"", method="GET"), b"405 Method Not Allowed", 0),
        (request(body(1), method="PUT"), b"405 Method Not Allowed", 0),
        (request(body(1), more="Connection: close\r\n"), b"200 OK", 1),
        (request(body(1), more="Connection: upgrade\r\nUpgrade: websocket\r\n"), b"401 ", 0),  # it reads no body then
        (request(body(1), more="Content-Length: 3\r\n"), b"400 Bad Request", 0),
        (request(body(1)).replace(b"HTTP/1.1", b"HTTP/9.9", 1), b"400 Bad Request", 0),
        (request(body(1)).replace(b" /hooks", b" http://x/hooks", 1), b"200 OK", 1),
        (request(body(1)).replace(b"/tiktok/", b"/%74iktok/", 1), b"200 OK", 1),
        (request(body(1)).replace(b" HTTP", b"?a=b HTTP", 1), b"200 OK", 1),
        (request(body(1)).replace(b"authorization", b"x: y\r\nAUTHORIZATION: forged\r\nauthorization", 1), b"401 ", 0),
    ],
)  # fmt: skip
def test_what_is_not_plain_is_answered_by_the_general_server(
    house: House, sent: bytes, answer: bytes, stored: int
) -> None:
    found = house.say(sent)
    assert found[0].startswith(b"HTTP/1.1 " + answer)
    assert len(house.stored()) == stored


def test_a_request_in_pieces(house: House) -> None:
    whole = request(body(1))
    assert house.say(whole[:9], whole[9:40], whole[40:-5], whole[-5:]) == [OK]
    assert house.say(request(body(2))[:-20], request(body(2))[-20:]) == [OK]
    assert house.stored() == ["1", "2"]


def test_requests_before_the_answer_keep_their_order(house: House) -> None:
    page = b"GET /page HTTP/1.1\r\nHost: x\r\n\r\n"
    together = b"".join(request(body(n)) for n in range(1, 4))
    assert house.say(together, answers=3) == [OK] * 3
    forged = request(body(9), signature="no")
    assert house.say(request(body(4)) + forged + page, answers=3) == [OK, b"HTTP/1.1 401 Unauthorized", OK]
    assert house.say(request(body(5)), page, request(body(6)), page, answers=4) == [OK] * 4
    assert house.stored() == ["1", "2", "3", "4", "5", "6"]
    assert house.general.count("/page") == 3


class Wire:
    """A transport that notes what is done to it."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.closed = False
        self.reading = True

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    def close(self) -> None:
        self.closed = True

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


class Slow:
    """An inbox that answers when told."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def put(self, _notice: Any, answer: Any) -> None:
        self.asked.append(answer)


class Bench:
    """A front whose inbox answers by hand."""

    def __init__(self, patience: int = 5) -> None:
        self.state = ServerState()
        self.slow = Slow()
        hooks: Any = type("H", (), {"inbox": self.slow, "in_order": lambda *_: object()})()
        config = Config(lambda: None, timeout_keep_alive=patience)
        self.front = Front(hooks, config, self.state, {})
        self.wire = Wire()
        self.front.connection_made(self.wire)  # type: ignore[arg-type]  # what is used of a transport


def test_the_next_request_waits_for_the_answer_to_the_one_before() -> None:
    async def go() -> None:
        bench = Bench()
        bench.front.data_received(request(body(1)))
        bench.front.data_received(request(body(2)))
        assert (len(bench.slow.asked), bench.wire.reading) == (1, False)
        bench.slow.asked[0](True)
        assert (len(bench.slow.asked), bench.wire.reading) == (2, True)
        bench.slow.asked[1](False)
        assert [one.split(b" ")[1] for one in bench.wire.sent] == [b"200", b"503"]

    asyncio.run(go())


def test_a_server_that_stops_answers_first() -> None:
    async def go() -> None:
        busy, idle = Bench(), Bench()
        busy.front.data_received(request(body(1)))
        busy.front.shutdown()
        idle.front.shutdown()
        assert (busy.wire.closed, idle.wire.closed) == (False, True)
        busy.slow.asked[0](True)
        assert (len(busy.wire.sent), busy.wire.closed) == (1, True)

    asyncio.run(go())


def test_somebody_who_has_gone_is_told_nothing() -> None:
    async def go() -> None:
        bench = Bench()
        bench.front.data_received(request(body(1)))
        bench.front.connection_lost(None)
        bench.slow.asked[0](True)
        assert bench.wire.sent == []
        assert not bench.state.connections

    asyncio.run(go())


def test_an_idle_connection_is_closed_but_never_one_that_waits() -> None:
    async def go() -> None:
        bench = Bench(patience=0)
        bench.front.data_received(request(body(1)))
        bench.slow.asked[0](True)
        bench.front.data_received(request(body(2)))
        await asyncio.sleep(0)
        assert not bench.wire.closed
        bench.slow.asked[1](True)
        while not bench.wire.closed:
            await asyncio.sleep(0.001)

    asyncio.run(go())


def test_a_full_queue_says_come_again(house: House) -> None:
    house.hooks.inbox._most = 0
    assert house.say(request(body(1))) == [b"HTTP/1.1 503 Service Unavailable"]
    assert (house.stored(), house.general) == ([], [])
