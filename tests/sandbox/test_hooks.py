"""Webhooks: registration, signature, retries in sandbox time, jumps, faults."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple

import msgspec
import pytest

from fahuo.sandbox.auth import sign_webhook
from fahuo.sandbox.hooks import RETRIES, Delivery
from fahuo.sandbox.serve import Sandbox
from fahuo.sandbox.world import World
from tests.sandbox.callers import START, Client, run, sandbox, until

PATH = "/event/202309/webhooks"
HOUR = 3600


class Got(NamedTuple):
    """A webhook as it arrived, in the sandbox's time."""

    at: int
    sign: str
    body: bytes

    @property
    def notice(self) -> str:
        """Its id."""
        return str(json.loads(self.body)["tts_notification_id"])


class Receiver:
    """A server on loopback that answers as told."""

    def __init__(self, made: Sandbox) -> None:
        self.made, self.got, self.address = made, list[Got](), ""
        self.serving: set[asyncio.Task[None]] = set()
        self.answer: Callable[[int], int | None] = lambda _: 200
        """From the number of the request to a status, or None to hang up."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, as many requests as come."""
        task = asyncio.current_task()
        assert task
        self.serving.add(task)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
                body = await reader.readexactly(int(fields["content-length"]))
                self.got.append(Got(self.made.world.lived, fields["authorization"], body))
                status = self.answer(len(self.got))
                if status is None:
                    break
                writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


@asynccontextmanager
async def receiving(made: Sandbox, *events: str) -> Any:
    """A receiver that is registered for these events of the first shop."""
    receiver = Receiver(made)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    client = Client(made)
    for event in events or ("ORDER_STATUS_CHANGE",):
        made.hooks.register(made.app, client.shop.id, event, receiver.address, made.world.now())
    try:
        yield receiver
    finally:
        await made.close()
        server.close()
        await asyncio.gather(*receiver.serving)


def tell(made: Sandbox, at: int | None = None, number: int = 1) -> str:
    """An order's status has changed; the id of the notice."""
    shop = next(iter(made.world.shops))
    return made.world.tell(shop, 1, {"order_id": str(number)}, made.world.now() if at is None else at).id


def states(made: Sandbox) -> list[str]:
    """What became of each delivery."""
    return [one.state for one in made.hooks.log]


# --- registration -------------------------------------------------------------------------------------------------


def test_registers_lists_changes_and_removes() -> None:
    made = sandbox()
    client = Client(made)
    body = {"event_type": "ORDER_STATUS_CHANGE", "address": "http://127.0.0.1:8000/hook"}
    assert client.call("PUT", PATH, body).json()["code"] == 0
    assert client.call("PUT", PATH, {**body, "event_type": "PACKAGE_UPDATE"}).json()["code"] == 0
    assert client.call("PUT", PATH, {**body, "address": "https://shop.example/other"}).json()["code"] == 0
    data = client.call("GET", PATH).json()["data"]
    assert data["total_count"] == 2
    assert data["webhooks"][0] == {
        "event_type": "ORDER_STATUS_CHANGE",
        "address": "https://shop.example/other",
        "create_time": START,
        "update_time": START,
    }
    client.shop = list(made.world.shops.values())[1]
    assert client.call("GET", PATH).json()["data"] == {"webhooks": [], "total_count": 0}
    client.shop = next(iter(made.world.shops.values()))
    assert client.call("DELETE", PATH, {"event_type": "PACKAGE_UPDATE"}).json()["code"] == 0
    assert client.call("GET", PATH).json()["data"]["total_count"] == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"address": "http://x/"}, 36009004),
        ({"event_type": "NOTHING", "address": "http://x/"}, 36009004),
        ({"event_type": "PACKAGE_UPDATE"}, 36009004),
        ({"event_type": "PACKAGE_UPDATE", "address": "ftp://x/"}, 98001004),
        ({"event_type": "PACKAGE_UPDATE", "address": "nonsense"}, 98001004),
        ({"event_type": "PACKAGE_UPDATE", "address": "http://x:99999/"}, 98001004),
        ({"event_type": "PACKAGE_UPDATE", "address": "http://x/" + "y" * 255}, 98001004),
    ],
)
def test_refuses_bad_registrations(body: dict[str, str], code: int) -> None:
    assert Client(sandbox()).call("PUT", PATH, body).json()["code"] == code


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("https://shop.example/hook", True),
        ("http://shop.example/hook", False),
        ("https://shop.example:8443/hook", False),
        ("https://192.0.2.1/hook", False),
        ("https://[2001:db8::1]/hook", False),
        ("https://localhost/hook", False),
    ],
)
def test_the_platforms_own_rule_for_addresses(address: str, good: bool) -> None:
    assert (sandbox(strict_webhooks=True).hooks.wrong_address(address) == "") is good
    assert sandbox().hooks.wrong_address(address) == ""


# --- sending ------------------------------------------------------------------------------------------------------


def test_sends_a_signed_webhook_of_the_platforms_form() -> None:
    async def work() -> None:
        made = sandbox()
        async with receiving(made) as receiver:
            notice = tell(made)
            assert await made.hooks.settled(5)
            (got,) = receiver.got
            assert got.sign == sign_webhook(made.app.key, made.app.secret, got.body)
            assert json.loads(got.body) == {
                "type": 1,
                "tts_notification_id": notice,
                "shop_id": next(iter(made.world.shops)),
                "timestamp": START,
                "data": {"order_id": "1"},
            }
            assert states(made) == ["done"]

    run(work())


def test_only_those_who_registered_and_may_see_the_shop_hear() -> None:
    async def work() -> None:
        made = sandbox()
        other = made.auth.add_app("No grant")
        async with receiving(made) as receiver:
            first, second = made.world.shops
            made.hooks.register(other, first, "ORDER_STATUS_CHANGE", receiver.address, START)
            made.world.tell(second, 1, {}, START)
            made.world.tell(first, 4, {}, START)
            tell(made)
            await made.hooks.settled(5)
            assert len(receiver.got) == 1
            assert made.hooks.unheard == 2

    run(work())


def test_tries_again_after_2_minutes_30_minutes_3_hours_12_hours_and_gives_up() -> None:
    async def work() -> None:
        made = sandbox()
        async with receiving(made) as receiver:
            receiver.answer = lambda _: 500
            tell(made)
            await made.hooks.settled(5)
            await made.jump(START + 119)
            assert len(receiver.got) == 1
            await made.jump(START + 120)
            assert len(receiver.got) == 2
            await made.jump(START + 48 * HOUR)
            waits = [0]
            for wait in RETRIES:
                waits.append(waits[-1] + wait)
            assert [got.at - START for got in receiver.got] == waits
            assert [attempt.at - START for attempt in made.hooks.log[0].attempts] == waits
            assert {attempt.status for attempt in made.hooks.log[0].attempts} == {500}
            assert states(made) == ["dropped"]

    run(work())


def test_a_retry_that_is_heard_is_the_last() -> None:
    async def work() -> None:
        made = sandbox()
        async with receiving(made) as receiver:
            receiver.answer = lambda number: 200 if number == 3 else 204
            tell(made)
            await made.jump(START + 48 * HOUR)
            assert len(receiver.got) == 3
            assert states(made) == ["done"]
            assert len({got.body for got in receiver.got}) == 1

    run(work())


def test_a_jump_makes_retries_and_new_webhooks_in_the_order_of_time() -> None:
    async def work() -> None:
        made = sandbox()
        async with receiving(made) as receiver:
            receiver.answer = lambda number: 500 if number == 1 else 200

            def happens(_: World, id_: str, at: int) -> None:
                tell(made, at, int(id_))

            made.world.on("test.tell", happens)
            for number, later in enumerate((0, 60, 119, 150, 2000), 1):
                made.world.later(START + later, "test.tell", str(number))
            await made.jump(START + HOUR)
            came = [json.loads(got.body)["data"]["order_id"] for got in receiver.got]
            assert came[:1] == ["1"]
            assert came[1:].index("1") < came.index("4") < came.index("5")
            assert sorted(came) == ["1", "1", "2", "3", "4", "5"]
            assert made.world.lived == START + HOUR

    run(work())


def test_unreachable_and_silent_receivers_are_tried_again() -> None:
    async def work() -> None:
        made = sandbox()
        async with receiving(made) as receiver:
            receiver.answer = lambda number: None if number < 3 else 200
            tell(made)
            shop = next(iter(made.world.shops))
            made.hooks.register(made.app, shop, "PACKAGE_UPDATE", "http://127.0.0.1:9/", START)
            made.world.tell(shop, 4, {}, START)
            await made.hooks.settled(5)
            first, second = made.hooks.log
            assert first.attempts[0].status is None
            assert second.attempts[0].status is None
            assert second.attempts[0].error
            assert (first.due, second.due) == (START + 120, START + 120)

    run(work())


def test_gives_up_waiting_after_three_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fahuo.sandbox.hooks.TIMEOUT", 0.05)

    async def work() -> None:
        made = sandbox()

        async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()
            ended.set()

        ended = asyncio.Event()
        silent = await asyncio.start_server(nothing, "127.0.0.1", 0)
        address = f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}/"
        client = Client(made)
        made.hooks.register(made.app, client.shop.id, "ORDER_STATUS_CHANGE", address, START)
        tell(made)
        assert await made.hooks.settled(5)
        assert "no answer within" in made.hooks.log[0].attempts[0].error
        await made.close()
        silent.close()
        await ended.wait()

    run(work())


def test_withdrawing_access_tells_the_app_and_ends_the_rest() -> None:
    async def work() -> None:
        made = sandbox()
        async with receiving(made, "SELLER_DEAUTHORIZATION", "ORDER_STATUS_CHANGE") as receiver:
            made.revoke()
            tell(made)
            await made.hooks.settled(5)
            (got,) = receiver.got
            assert json.loads(got.body)["type"] == 6
            assert json.loads(got.body)["data"]["message"]

    run(work())


def test_warns_of_the_end_of_an_authorisation_once_a_day() -> None:
    async def work() -> None:
        made = sandbox()
        async with receiving(made, "UPCOMING_AUTHORIZATION_EXPIRATION") as receiver:
            (grant,) = made.grants()
            now = int(made.gateway.clock())
            made._warn_expiring()
            grant.refresh_until = now + 20 * 86400
            made._warn_expiring()
            made._warn_expiring()
            await made.hooks.settled(5)
            (got,) = receiver.got
            assert json.loads(got.body)["type"] == 7
            assert json.loads(got.body)["data"]["expiration_time"] == grant.refresh_until

    run(work())


# --- faults -------------------------------------------------------------------------------------------------------


def struck(kind: str, notices: int = 1, **wish: Any) -> tuple[list[Got], list[Delivery], Sandbox]:
    """What a receiver gets while a fault strikes the first notice, and after a day."""

    async def work() -> tuple[list[Got], list[Delivery], Sandbox]:
        made = sandbox()
        async with receiving(made) as receiver:

            def judge(number: int) -> int:
                got = receiver.got[number - 1]
                if got.sign != sign_webhook(made.app.key, made.app.secret, got.body):
                    return 401
                try:
                    msgspec.json.decode(got.body)
                except msgspec.DecodeError:
                    return 400
                return 413 if len(got.body) > 1 << 20 else 200

            receiver.answer = judge
            if wish.get("before"):
                tell(made, number=0)
                await made.hooks.settled(5)
            made.faults.add({"kind": kind, "count": 1, **{k: v for k, v in wish.items() if k != "before"}})
            for number in range(1, notices + 1):
                tell(made, number=number)
                await made.hooks.settled(5)
            await made.jump(START + 24 * HOUR)
            return receiver.got, list(made.hooks.log), made

    return run(work())


def numbers(got: list[Got]) -> list[str]:
    """The orders of what arrived."""
    return [json.loads(one.body)["data"]["order_id"] for one in got]


def test_twice() -> None:
    got, _, _ = struck("hook_twice")
    assert len(got) == 2
    assert got[0].notice == got[1].notice


def test_lost() -> None:
    got, log, _ = struck("hook_lost", 2)
    assert numbers(got) == ["2"]
    assert [one.state for one in log] == ["lost", "done"]


def test_late() -> None:
    got, _, _ = struck("hook_late", 2, seconds=700)
    assert numbers(got) == ["2", "1"]
    assert got[1].at == START + 700


def test_out_of_order() -> None:
    assert numbers(struck("hook_disorder", 3)[0]) == ["2", "1", "3"]
    assert numbers(struck("hook_disorder", 1)[0]) == ["1"]


@pytest.mark.parametrize("kind", ["hook_wrong_sign", "hook_malformed", "hook_oversized"])
def test_a_spoilt_attempt_is_followed_by_a_right_one(kind: str) -> None:
    got, log, made = struck(kind)
    assert len(got) == 2
    assert log[0].state == "done"
    assert log[0].attempts[0].status in (400, 401, 413)
    assert got[1].sign == sign_webhook(made.app.key, made.app.secret, got[1].body)
    assert got[0].body != got[1].body or got[0].sign != got[1].sign


def test_replayed() -> None:
    got, _, _ = struck("hook_replayed", 1, before=True)
    assert sorted(numbers(got)) == ["0", "0", "1"]
    old = [one for one in got if json.loads(one.body)["data"]["order_id"] == "0"]
    assert old[0].body == old[1].body
    assert old[0].sign == old[1].sign


def test_a_dead_receiver_does_not_stop_the_api() -> None:
    async def work() -> None:
        made = sandbox()
        async with receiving(made) as receiver:
            gate = asyncio.Event()
            receiver.answer = lambda _: None
            for number in range(50):
                tell(made, number=number)
            made.hooks.wake()
            answer = await Client(made).acall("GET", "/echo/202309/things")
            assert answer.json()["code"] == 0
            gate.set()
            await until(lambda: len(receiver.got) == 50)

    run(work())
