"""Whatever way the platform's word comes, or does not come for a while: in the end both sides agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import update

from fahuo.connections import notices_store
from fahuo.connections.notices_tables import notices
from fahuo.flow.arrive import arrive
from fahuo.flow.notices import work_off
from fahuo.sandbox import buyers, cancels
from fahuo.store.engine import Store
from fahuo.web.hooks import Hooks as Door
from tests.support.sandboxed import Town

HOUR = 3_600


class Line(httpx.AsyncBaseTransport):
    """The way of the sandbox's webhooks to Fahuo's receiving address, without a socket. `cut`: nobody answers."""

    def __init__(self, town: Town) -> None:
        async def nothing(*_: object) -> None:
            raise AssertionError("only notices come this way")

        self.cut = False
        self.answers: list[int] = []
        self._town = town
        self._door = Door(nothing, town.house.store)
        self._inner = httpx.ASGITransport(self._door)
        town.sandbox.hooks._client = httpx.AsyncClient(transport=self)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.cut:
            raise httpx.ConnectError("nobody there", request=request)
        answer = await self._inner.handle_async_request(request)
        self.answers.append(answer.status_code)
        return answer

    def deliver(self) -> None:
        """Every webhook that is due."""
        hooks = self._town.sandbox.hooks
        hooks.gather()
        self._town.wire._loop.run_until_complete(hooks._drain())

    def close(self) -> None:
        self._door.close()

    def counts(self) -> dict[str, int]:
        """What the door counted."""
        self._door.close()
        with self._town.house.store.read() as tx:
            return {one.what: one.count for one in notices_store.counts(tx)}


@pytest.fixture
def vn(store: Store, tmp_path: Path) -> Iterator[Town]:
    town = Town(store, tmp_path, "VN")
    yield town
    town.close()


@pytest.fixture
def line(vn: Town) -> Iterator[Line]:
    found = Line(vn)
    yield found
    found.close()


def morning(town: Town, hourly: Callable[[], None]) -> None:
    """Six hours of a shop: orders in every early state, buyers with second thoughts; `hourly` after each."""
    world = town.sandbox.world
    shop = next(iter(world.shops))
    for hour in range(6):
        made = [
            world.place(shop, town.clock.at, prompt=True, fbt=False, sample=False, status=status)
            for status in ("UNPAID", "ON_HOLD", "AWAITING_SHIPMENT")
        ]
        town.go(HOUR // 2)
        if hour % 2:
            cancels.request(world, made[1], town.clock.at)  # within the hour: cancelled at once
            cancels.request(world, made[2], town.clock.at)  # the seller is asked
        else:
            buyers.change_address(world, made[2], town.clock.at)
        town.go(HOUR // 2)
        hourly()


def apart(town: Town) -> dict[str, tuple[str, str]]:
    """Orders whose state the two sides see differently."""
    theirs = {one.id: one.status for one in town.sandbox.world.orders.values()}
    with town.house.store.read() as tx:
        rows = tx.rows("SELECT platform_order_id, state FROM orders WHERE seller_id = 1")
    ours = {str(ref): str(state) for ref, state in rows}
    assert len(rows) == len(ours)
    every = theirs.keys() | ours.keys()
    return {ref: (theirs.get(ref, ""), ours.get(ref, "")) for ref in every if theirs.get(ref) != ours.get(ref)}


def work(town: Town) -> None:
    """Work off what notices tell, and nothing else; what waits for the platform to catch up is tried again at once."""
    for _ in range(4):
        work_off(town.house, town.client)
        with town.house.store.write() as tx:
            tx.execute(update(notices).where(notices.c.seller_id == 1, notices.c.state == "order").values(due_ms=0))


def test_by_webhooks_alone(vn: Town, line: Line) -> None:
    morning(vn, line.deliver)
    work(vn)
    assert apart(vn) == {}
    assert set(line.answers) == {200}
    assert not any("/orders/search" in path for _, path, _ in vn.wire.seen)


def test_by_pulls_alone(vn: Town) -> None:
    morning(vn, vn.arrive)
    assert apart(vn) == {}


def test_nothing_for_six_hours_then_everything(vn: Town, line: Line) -> None:
    """Neither webhooks nor calls get through; then the platform repeats its webhooks and the pull goes on."""
    vn.arrive()
    line.cut = True
    vn.sandbox.faults.add({"kind": "bad_gateway"})

    def nothing() -> None:
        line.deliver()
        assert arrive(vn.house, vn.client, at_once=True).failed

    morning(vn, nothing)
    assert len(apart(vn)) == 18
    line.cut = False
    vn.sandbox.faults.remove()
    vn.arrive()
    assert apart(vn) == {}
    vn.go(12 * HOUR)  # the last repetition of the platform
    line.deliver()
    work(vn)
    vn.arrive()
    assert apart(vn) == {}
    assert vn.clean()


@pytest.mark.parametrize("days", [1, 40])
def test_webhooks_that_were_dropped_for_good_cost_nothing(vn: Town, line: Line, days: int) -> None:
    vn.arrive()
    line.cut = True
    morning(vn, line.deliver)
    for _ in range(days):
        vn.go(24 * HOUR)
        line.deliver()
    assert {one.state for one in vn.sandbox.hooks.log} == {"dropped"}
    line.cut = False
    vn.arrive()
    assert apart(vn) == {}


BAD_HOOKS = {
    "hook_twice": "repeated",
    "hook_replayed": "repeated",
    "hook_wrong_sign": "forged",
    "hook_malformed": "malformed",
    "hook_oversized": "oversized",
    "hook_late": "taken",
    "hook_disorder": "taken",
}


@pytest.mark.parametrize("kind", BAD_HOOKS)
def test_webhooks_that_come_wrong_are_counted_and_cost_nothing(vn: Town, line: Line, kind: str) -> None:
    vn.sandbox.faults.add({"kind": kind, "rate": 0.7})
    morning(vn, line.deliver)
    vn.sandbox.faults.remove()
    vn.go(13 * HOUR)
    line.deliver()
    work(vn)
    assert apart(vn) == {}
    with vn.house.store.read() as tx:
        left = tx.rows("SELECT state, COUNT(*) FROM notices WHERE seller_id = 1 GROUP BY state")
    assert {state for state, _ in left} <= {"done", "handed", "malformed"}
    assert line.counts()[BAD_HOOKS[kind]] > 0
    assert {one.state for one in vn.sandbox.hooks.log} <= {"done"}


@pytest.mark.parametrize("kind", ["repeat_page", "foreign", "extra_field", "truncated", "too_many"])
def test_pages_that_come_wrong_cost_nothing(store: Store, tmp_path: Path, kind: str) -> None:
    town = Town(store, tmp_path, "VN", "TH")
    try:
        for shop in town.sandbox.world.shops:
            for _ in range(120):
                town.sandbox.world.place(shop, town.clock.at, prompt=True, fbt=False, sample=False)
            town.go(60)
        town.sandbox.faults.add({"kind": kind, "rate": 0.4, "path": "*/orders/search"})
        for _ in range(6):
            town.go(HOUR)
            arrive(town.house, town.client, at_once=True)
        town.sandbox.faults.remove()
        town.arrive()
        assert apart(town) == {}
        assert town.clean()
        with town.house.store.read() as tx:
            rows = tx.rows("SELECT platform_order_id, COUNT(*) FROM orders WHERE seller_id = 1 GROUP BY 1")
        assert {number for _, number in rows} == {1}
    finally:
        town.close()
