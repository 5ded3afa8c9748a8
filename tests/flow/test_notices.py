"""Notices: stored before they are answered, worked off once, and nothing of them believed but the ids."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest

from fahuo.channels.tiktok_shop.sign import sign_notice
from fahuo.connections import notices_store, service
from fahuo.connections.notices import Count, Notice, Shown
from fahuo.flow import notices as working
from fahuo.flow.inbox import Inbox
from fahuo.flow.notices import overview, read_again, try_again, work_off
from fahuo.flow.pull import pull
from fahuo.kernel.clock import technical_ms
from fahuo.kernel.problems import Failure, Problem
from fahuo.store.engine import Line, Store, Tx
from fahuo.web.app import create_app
from fahuo.web.hooks import Hooks
from tests.flow.test_pull import Shopkeeper, states
from tests.support.orders_platform import KEY, SECRET, Shopfront, body, number
from tests.support.shopfloor import HOUR, MONDAY, Floor
from tests.support.tiktok import no

SHOP = "7494000000000000001"
_serial = iter(range(1, 10**9))


def told(type_: int = 1, *, shop: str = SHOP, id_: str = "", **data: Any) -> bytes:
    """A notice's body, with an id of its own."""
    one = {"type": type_, "tts_notification_id": id_ or f"73{next(_serial):017d}", "shop_id": shop, "timestamp": MONDAY}
    return json.dumps(one | {"data": data}).encode()


def of_order(n: int, at: int = MONDAY - 60, **more: Any) -> bytes:
    return told(order_id=number(n), order_status="AWAITING_SHIPMENT", update_time=at, **more)


class Door:
    """The receiving address of a house, without a server."""

    def __init__(self, floor: Floor) -> None:
        self.app = create_app(floor.house)

    def post(self, *bodies: bytes, key: str = KEY, signature: str | None = None, method: str = "POST") -> list[int]:
        """The statuses, all sent side by side."""

        async def go() -> list[int]:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                calls = [
                    client.request(
                        method,
                        f"/hooks/tiktok/{key}",
                        content=one,
                        headers={"Authorization": sign_notice(SECRET, key, one) if signature is None else signature},
                    )
                    for one in bodies
                ]
                answers = await asyncio.gather(*calls)
                assert all(answer.content == b"" for answer in answers)
                return [answer.status_code for answer in answers]

        return asyncio.run(go())

    def close(self) -> None:
        self.app.state.hooks.close()
        self.app.state.watch.close()


class House(Shopkeeper):
    """A connected shop with its receiving address."""

    def __init__(self, floor: Floor) -> None:
        super().__init__(floor)
        self.door = Door(floor)

    def work(self) -> working.Worked:
        return work_off(self.floor.house, self.client)

    def all(self) -> list[Shown]:
        with self.floor.store.read() as tx:
            return notices_store.shown(tx, ["order", "handed", "done", "kept", "parked", "malformed"], 100)

    def counts(self) -> dict[str, int]:
        self.door.close()
        with self.floor.store.read() as tx:
            return {one.what: one.count for one in notices_store.counts(tx) if one.what != "commits"}

    def hurry(self) -> None:
        """Nothing waits any longer."""
        with self.floor.store.write() as tx:
            tx.execute("UPDATE notices SET due_ms = 0 WHERE seller_id = 1")


@pytest.fixture
def home(floor: Floor) -> Iterator[House]:
    opened = House(floor)
    yield opened
    opened.door.close()


def test_a_true_notice_is_stored_sealed_and_worked_off(home: House) -> None:
    home.front.put(body(1, MONDAY - 60))
    sent = of_order(1)
    assert home.door.post(sent) == [200]
    (kept,) = home.all()
    assert (kept.state, kept.order_refs, kept.shop_id) == ("order", number(1), home.link.shop_id)
    with home.floor.store.read() as tx:
        assert notices_store.body_of(tx, kept.id) == sent
        (stored,) = tx.rows("SELECT body FROM notices WHERE seller_id = 1")[0]
    assert number(1).encode() not in bytes(stored)
    done = home.work()
    assert (done.notices, done.created, done.later, done.parked) == (1, 1, 0, 0)
    assert home.all()[0].state == "done"
    assert home.floor.station(1) == "pack"
    assert home.work().notices == 0


def test_replays_are_answered_and_counted_and_change_nothing(home: House) -> None:
    home.front.put(body(1, MONDAY - 60))
    sent = of_order(1)
    assert home.door.post(sent, sent, sent) == [200, 200, 200]
    home.work()
    assert home.door.post(sent) == [200]
    assert home.work().notices == 0
    assert len(home.all()) == 1
    assert home.counts() == {"taken": 1, "repeated": 3}


def test_forged_ones_leave_a_count_and_nothing_else(home: House) -> None:
    sent = of_order(1)
    assert home.door.post(sent, signature="0" * 64) == [401]
    assert home.door.post(sent, signature="") == [401]
    assert home.door.post(sent, key="nobody") == [401]
    assert home.all() == []
    home.door.close()
    with home.floor.store.read() as tx:
        found = notices_store.counts(tx)
    assert [(one.app_key, one.what, one.count) for one in found] == [("", "forged", 1), (KEY, "forged", 2)]


def test_too_large_too_odd_and_unknown(home: House) -> None:
    assert home.door.post(b"x" * (256 * 1024 + 1)) == [413]
    assert home.door.post(b'{"type":1') == [400]
    assert home.door.post(told(64, anything=1), of_order(1, shop="1")) == [200, 200]
    assert home.door.post(b"", method="GET") == [405]
    assert sorted((one.state, one.kind, one.shop_id > 0) for one in home.all()) == [
        ("kept", "order", False),
        ("kept", "unknown", True),
        ("malformed", "unknown", False),
    ]
    assert home.work().notices == 0
    shown = overview(home.floor.store)
    assert {one.state for one in shown.troubled} == {"kept", "malformed"}
    assert home.counts() == {"oversized": 1, "malformed": 1, "unknown_shop": 1, "taken": 3}


def test_a_shop_connected_just_now_is_known(floor: Floor) -> None:
    home = House(floor)
    assert home.door.post(of_order(1)) == [200]
    home.door.app.state.hooks.doors._read_ms = 0
    second = Shopkeeper.__new__(Shopkeeper)
    second.floor, second.front = floor, Shopfront("7494000000000000002")
    from tests.support.orders_platform import connect  # noqa: PLC0415 - only here

    link = connect(floor.store, floor.shop("second"), "7494000000000000002")
    assert home.door.post(of_order(2, shop="7494000000000000002")) == [200]
    assert {one.shop_id for one in home.all()} == {home.link.shop_id, link.shop_id}
    home.door.close()


def test_an_app_with_a_new_secret_is_heard_without_a_restart(home: House) -> None:
    old, new = of_order(1), of_order(2)
    assert home.door.post(old) == [200]
    with home.floor.store.write() as tx:
        service.put_app(tx, msgspec.structs.replace(home.link.app, secret=b"rotated"), technical_ms())
    home.door.app.state.hooks.doors._read_ms = 0
    assert home.door.post(new, signature=sign_notice(b"rotated", KEY, new)) == [200]
    assert home.door.post(of_order(3)) == [401]  # and who knows the old one is nobody now


def test_a_full_queue_says_come_again(home: House) -> None:
    async def go() -> list[bool]:
        inbox = Inbox(home.floor.store, queue=2)
        inbox._thread = object()  # type: ignore[assignment]  # nobody writes
        waiting = [asyncio.ensure_future(inbox.keep(notice(n))) for n in range(2)]
        await asyncio.sleep(0)
        full = await inbox.keep(notice(3))
        inbox._thread = None
        inbox._rouse()
        found = [*await asyncio.gather(*waiting), full]
        await asyncio.to_thread(inbox.close)
        return found

    assert asyncio.run(go()) == [True, True, False]


def notice(n: int, **changes: Any) -> Notice:
    values: dict[str, Any] = {"notification_id": str(n), "type": 1, "kind": "order", "state": "order", "app_key": KEY}
    return Notice(**(values | changes))


def test_a_database_that_is_away_for_a_moment_loses_nothing(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    store = home.floor.store

    def away() -> Line:
        raise Failure(Problem("database_unavailable"), 3)

    async def go() -> list[bool]:
        inbox = Inbox(store)
        with monkeypatch.context() as patch:
            patch.setattr(store, "line", away)
            first = await asyncio.gather(*(inbox.keep(notice(n)) for n in range(3)))
        again = await asyncio.gather(*(inbox.keep(notice(n)) for n in range(3)))
        await asyncio.to_thread(inbox.close)
        return [*first, *again]

    assert asyncio.run(go()) == [False] * 3 + [True] * 3


def test_counts_wait_for_a_database_that_is_away(
    home: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store = home.floor.store

    def away(*_: object) -> Any:
        raise Failure(Problem("database_unavailable", message="It is away."), 3)

    async def go() -> None:
        inbox = Inbox(store)
        with monkeypatch.context() as patch:
            patch.setattr(store, "write", away)
            inbox.count(1, KEY, "forged")
            while not caplog.records:
                await asyncio.sleep(0.01)
        inbox.count(1, KEY, "forged")
        await asyncio.to_thread(inbox.close)

    asyncio.run(go())
    assert "database_unavailable: It is away." in caplog.text
    assert home.counts() == {"forged": 2}


def test_one_that_cannot_be_stored_costs_the_others_nothing(home: House) -> None:
    async def go() -> list[bool]:
        inbox = Inbox(home.floor.store)
        found = await asyncio.gather(*(inbox.keep(notice(n, type=1 << 80 if n == 2 else 1)) for n in range(4)))
        await asyncio.to_thread(inbox.close)
        return list(found)

    assert asyncio.run(go()) == [True, True, False, True]


def test_a_database_that_fails_is_answered_503(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise OverflowError

    monkeypatch.setattr(notices_store, "add", fail)
    assert home.door.post(of_order(1)) == [503]


def test_many_notices_of_one_order_are_one_reading(home: House) -> None:
    home.front.put(*[body(n, MONDAY - 60) for n in range(60)])
    assert set(home.door.post(*[of_order(n % 60) for n in range(180)])) == {200}
    done = home.work()
    assert (done.notices, done.created) == (180, 60)
    assert [len(ids) for ids in home.front.reads] == [50, 10]


def test_what_a_notice_claims_is_not_believed(home: House) -> None:
    home.front.put(body(1, MONDAY - 60))
    home.door.post(told(1, order_id=number(1), order_status="CANCEL", update_time=MONDAY - 60))
    home.work()
    assert home.states() == {number(1): "AWAITING_SHIPMENT"}


def test_a_change_the_platform_does_not_show_yet_is_waited_for(home: House) -> None:
    home.front.put(body(1, MONDAY - HOUR))
    home.door.post(of_order(1, at=MONDAY))
    assert (home.work().later, home.states()) == (1, {number(1): "AWAITING_SHIPMENT"})
    home.front.put(body(1, MONDAY, "CANCELLED"))
    assert home.work().notices == 0
    home.hurry()
    assert home.work().updated == 1
    assert home.all()[0].state == "done"


def test_what_never_comes_is_parked_and_tried_again_by_a_person(home: House) -> None:
    home.door.post(of_order(1))
    parked = 0
    for _ in range(20):
        parked += home.work().parked
        home.hurry()
    assert parked == 1
    assert [(one.state, one.why) for one in home.all()] == [("parked", "the platform does not know the order")]
    home.front.put(body(1, MONDAY - 60))
    assert try_again(home.floor.house) == 1
    assert home.work().created == 1


def test_one_order_the_platform_will_not_tell_costs_its_neighbours_nothing(home: House) -> None:
    home.front.put(*[body(n, MONDAY - 60) for n in range(20)])
    home.front.fail = lambda request: (
        no(21008111, "not yours") if number(7) in request.url.params.get("ids", "") else None
    )
    home.door.post(*[of_order(n) for n in range(20)])
    done = home.work()
    assert (done.created, done.later) == (19, 1)
    for _ in range(5):
        home.hurry()
        home.work()
    assert [(one.order_refs, one.state) for one in home.all() if one.state != "done"] == [(number(7), "parked")]


def test_an_unreachable_platform_loses_no_notice(home: House) -> None:
    home.front.put(body(1, MONDAY - 60))
    home.client = home.front.client(waits=())
    home.front.fail = lambda _request: no(36009003, "internal", 500)
    home.door.post(of_order(1))
    assert home.work().later == 1
    home.front.fail = lambda _request: None
    home.hurry()
    assert home.work().created == 1


@pytest.mark.parametrize("answer", [(36009003, 500), (105005, 403), (36009002, 429)])
def test_a_platform_that_is_away_for_long_leaves_nothing_to_people(home: House, answer: tuple[int, int]) -> None:
    home.front.put(body(1, MONDAY - 60))
    home.client = home.front.client(waits=())
    home.front.fail = lambda _request: no(answer[0], "no", answer[1])
    home.door.post(of_order(1))
    for _ in range(2 * working.ATTEMPTS):
        assert home.work().parked == 0
        home.hurry()
    home.front.fail = lambda _request: None
    home.client = home.front.client(waits=())
    assert home.work().created == 1
    assert [one.state for one in home.all()] == ["done"]


def test_a_notice_may_wait_for_weeks() -> None:
    assert working._wait_ms(5_000) == working.LONGEST_MS


def test_what_a_shop_without_connection_is_told_leaves_nothing_to_people(home: House) -> None:
    home.front.put(body(1, MONDAY - 60), body(2, MONDAY - 60))
    with home.floor.store.write() as tx:
        service.end_link(tx, home.link.shop_id, "withdrawn", "36004004")
    moved = told(3, order_id=number(1), update_time=MONDAY)
    home.door.post(of_order(1), moved, told(14, conversation_id="5", message_id="6"))
    with home.floor.store.write() as tx:
        read_again(tx, home.link, [number(2)])
    for _ in range(2 * working.ATTEMPTS):
        assert home.work().parked == 0
        home.hurry()
    assert sorted((one.type, one.state) for one in home.all()) == [
        (0, "order"), (1, "done"), (3, "handed"), (14, "handed"),
    ]  # fmt: skip
    with home.floor.store.read() as tx:  # they do not stand before those of shops that are connected
        assert notices_store.notices_of(tx, ["address", "talk"], 10, technical_ms(), shops=[]) == []
        assert len(notices_store.notices_of(tx, ["address", "talk"], 10, technical_ms())) == 2
    with home.floor.store.write() as tx:
        service.put_link(tx, home.link, "again", technical_ms())
    assert home.work().created == 1
    assert pull(home.floor.house, home.client, home.link).created == 1


def test_a_fault_of_ours_puts_off_and_shows(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    home.door.post(of_order(1))
    monkeypatch.setattr(working, "_work_shop", fail)
    assert home.work().later == 1
    assert home.all()[0].why == "bug: ZeroDivisionError"


def test_requests_are_read_then_handed_on(home: House) -> None:
    home.front.put(body(1, MONDAY - 60, is_buyer_request_cancel=True))
    home.door.post(told(11, order_id=number(1), cancel_id="88", cancel_status="CANCELLATION_REQUEST_PENDING"))
    home.door.post(told(14, conversation_id="5", message_id="6"))
    home.work()
    assert home.floor.view(1).row["buyer_cancel"]
    with home.floor.store.write() as tx:
        found = notices_store.notices_of(tx, ["cancel", "talk"], 10, technical_ms())
        assert [(one.kind, one.ref) for one in found] == [("cancel", "88"), ("talk", "5")]
        notices_store.worked(tx, [one.id for one in found])
        assert notices_store.notices_of(tx, ["cancel", "talk"], 10, technical_ms()) == []


def test_a_bad_order_is_parked_as_a_note_of_its_own(home: House) -> None:
    home.front.put(body(1, MONDAY - 60))
    home.front.raw[number(1)] = json.dumps(body(1, MONDAY - 60, status="")).encode()
    home.door.post(of_order(1))
    home.work()
    assert sorted((one.type, one.state) for one in home.all()) == [(0, "parked"), (1, "done")]
    home.front.raw.clear()
    assert try_again(home.floor.house) == 1
    assert home.work().created == 1
    assert {one.state for one in home.all()} == {"done"}


def test_our_own_note_has_an_order_read_again(home: House) -> None:
    home.front.put(body(1, MONDAY - 60))
    home.pull()
    home.front.put(body(1, MONDAY, "CANCELLED"))
    for _ in range(2):
        with home.floor.store.write() as tx:
            read_again(tx, home.link, [number(1)])
    done = home.work()
    assert (done.notices, done.updated) == (1, 1)


def test_done_ones_are_forgotten_in_time(home: House) -> None:
    home.front.put(body(1, MONDAY - 60))
    home.door.post(of_order(1), of_order(2))
    home.work()
    with home.floor.store.write() as tx:
        assert notices_store.forget(tx, technical_ms() + 1) == 1
    assert [one.state for one in home.all()] == ["order"]


def test_counts_are_of_the_seller(tx: Tx) -> None:
    notices_store.count(tx, {("k", "forged"): 2, ("k", "taken"): 1}, 5)
    notices_store.count(tx, {("k", "forged"): 3}, 7)
    assert notices_store.counts(tx) == [
        Count(app_key="k", what="forged", count=5, last_ms=7),
        Count(app_key="k", what="taken", count=1, last_ms=5),
    ]


def test_the_door_lets_everything_else_through(store: Store) -> None:
    passed: list[str] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        passed.append(scope["path"])

    asyncio.run(Hooks(app, store)({"type": "http", "path": "/tower"}, None, None))  # type: ignore[arg-type]  # never called
    assert passed == ["/tower"]


def test_pull_and_notice_meet_on_the_same_order(home: House) -> None:
    home.front.put(body(1, MONDAY - 60))
    home.door.post(of_order(1))
    assert pull(home.floor.house, home.client, home.link).created == 1
    done = home.work()
    assert (done.created, done.updated) == (0, 0)
    assert len(states(home.floor.store, home.link.shop_id)) == 1
    home.floor.clean()
