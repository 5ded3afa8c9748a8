"""Pulling: nothing missed, nothing twice, whatever the platform does and wherever the pull is cut off."""

from __future__ import annotations

import json
import threading
from typing import Any

import httpx
import pytest

from fahuo.connections import notices_store, pulls
from fahuo.connections.model import Link
from fahuo.flow import pull as pulling
from fahuo.flow.pull import Policy, Pulled, pull, pull_due, set_policy, shown_problem
from fahuo.flow.taking import Taker
from fahuo.kernel.problems import Failure, Problem
from fahuo.store import personal
from fahuo.store.engine import Store, Tx
from tests.support.orders_platform import Shopfront, body, connect, number
from tests.support.shopfloor import DAY, HOUR, MONDAY, Floor
from tests.support.tiktok import no


class Shopkeeper:
    """A connected shop and its platform."""

    def __init__(self, floor: Floor, **more: Any) -> None:
        self.floor, self.front = floor, Shopfront(**more)
        self.link: Link = connect(floor.store, floor.shop(), self.front.platform_shop_id)
        self.client = self.front.client()

    def pull(self, **more: Any) -> Pulled:
        return pull(self.floor.house, self.client, self.link, **more)

    def cursor(self) -> int | None:
        with self.floor.store.read() as tx:
            return pulls.cursor(tx, self.link.shop_id)

    def states(self) -> dict[str, str]:
        return states(self.floor.store, self.link.shop_id)


def states(store: Store, shop_id: int) -> dict[str, str]:
    with store.read() as tx:
        rows = tx.rows(
            "SELECT platform_order_id, state FROM orders WHERE seller_id = 1 AND shop_id = :shop", shop=shop_id
        )
    return {row[0]: row[1] for row in rows}


@pytest.fixture
def keeper(floor: Floor) -> Shopkeeper:
    return Shopkeeper(floor, page=5)


def spread(keeper: Shopkeeper, count: int, first: int = MONDAY - 20 * DAY, step: int = 3_600) -> None:
    keeper.front.put(*[body(n, first + n * step) for n in range(count)])


def test_the_first_pull_takes_all_and_the_next_nothing_new(keeper: Shopkeeper) -> None:
    spread(keeper, 23)
    first = keeper.pull()
    assert (first.created, first.refused, first.complete, first.problem) == (23, [], True, None)
    assert keeper.cursor() == MONDAY - 20 * DAY + 22 * 3_600
    again = keeper.pull()
    assert (again.created, again.updated, again.complete) == (0, 0, True)
    assert again.pages <= 2
    keeper.floor.clean()


def test_orders_keep_the_bytes_they_came_in_and_are_planned_at_once(keeper: Shopkeeper) -> None:
    raw = json.dumps(body(1, MONDAY - 60) | {"a_field_of_tomorrow": {"x": "é"}}).encode()
    keeper.front.put(body(1, MONDAY - 60))
    keeper.front.raw[number(1)] = raw
    assert keeper.pull().created == 1
    with keeper.floor.store.read() as tx:
        assert personal.open_payloads(tx, keeper.floor.id(1)) == [("api", MONDAY, raw)]
    assert keeper.floor.station(1) == "pack"


def test_what_changed_since_is_taken_and_an_open_order_of_long_ago_too(keeper: Shopkeeper) -> None:
    keeper.front.put(body(1, MONDAY - 90 * DAY), body(2, MONDAY - 90 * DAY, "COMPLETED"), body(3, MONDAY - HOUR))
    assert keeper.pull().created == 2
    assert set(keeper.states()) == {number(1), number(3)}
    keeper.front.put(body(3, MONDAY, "CANCELLED"))
    assert keeper.pull().updated == 1
    assert keeper.states()[number(3)] == "CANCELLED"


def test_without_history_the_first_pull_takes_what_is_open(keeper: Shopkeeper) -> None:
    with keeper.floor.store.write() as tx:
        set_policy(tx, Policy(history_days=0))
    keeper.front.put(body(1, MONDAY - DAY, "COMPLETED"), body(2, MONDAY - DAY))
    assert keeper.pull().created == 1
    keeper.front.put(body(3, MONDAY - 60, "DELIVERED"))
    assert keeper.pull().created == 1


@pytest.mark.parametrize("by_place", [False, True])
def test_orders_that_move_while_one_pages_are_not_missed(keeper: Shopkeeper, by_place: bool) -> None:
    """Places shift by one with every order that moves to the end; tokens that count places would skip one each time."""
    front = keeper.front
    front.by_place = by_place
    spread(keeper, 40, first=MONDAY - 5 * HOUR, step=60)
    moved = iter(range(40))

    def move(_: int) -> None:
        if (n := next(moved, None)) is not None:
            front.put(body(n, MONDAY + n, "CANCELLED"))

    front.after = move
    keeper.floor.clock.at = MONDAY + HOUR
    assert keeper.pull().complete
    front.after = lambda _: None
    keeper.pull()
    assert keeper.states() == {id_: one["status"] for id_, one in front.orders.items()}


def test_more_orders_in_one_second_than_a_page_holds(keeper: Shopkeeper) -> None:
    keeper.front.put(*[body(n, MONDAY - 60) for n in range(17)], *[body(n, MONDAY - 30) for n in range(17, 30)])
    assert keeper.pull().created == 30


def test_an_outage_of_any_length_misses_nothing(keeper: Shopkeeper) -> None:
    spread(keeper, 10)
    keeper.pull()
    keeper.floor.clock.at = MONDAY + 200 * DAY
    keeper.front.put(*[body(100 + n, MONDAY + n * 5 * DAY, create_time=MONDAY) for n in range(38)])
    found = keeper.pull()
    assert (found.created, found.complete) == (38, True)


def test_a_pull_goes_on_where_it_was_cut_off(keeper: Shopkeeper, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut off after each commit in turn: the cursor never runs ahead of what is stored."""
    monkeypatch.setattr(pulling, "AHEAD", 1)
    spread(keeper, 23, first=MONDAY - 4 * HOUR, step=60)
    for _ in range(30):
        found = keeper.pull(seconds=0)
        cursor = keeper.cursor()
        assert cursor is not None
        behind = {id_ for id_, one in keeper.front.orders.items() if one["update_time"] < cursor}
        assert behind <= set(keeper.states())
        if found.complete:
            break
    assert len(keeper.states()) == 23
    keeper.floor.clean()


class Gathering:
    """The first page comes alone; it is held back until `pages` have come. Counts the orders of each taking."""

    def __init__(self, keeper: Shopkeeper, monkeypatch: pytest.MonkeyPatch, pages: int) -> None:
        self.sizes: list[int] = []
        first, come = threading.Event(), threading.Event()
        real = Taker.read
        begin = len(keeper.front.searches)

        def read(taker: Taker, raws: list[bytes]) -> Any:
            if raws:
                self.sizes.append(len(raws))
                first.set()
                assert come.wait(60)
            return real(taker, raws)

        def after(searches: int) -> None:
            if searches - begin == 2:
                assert first.wait(60)
            if searches - begin >= pages:
                come.set()

        monkeypatch.setattr(Taker, "read", read)
        keeper.front.after = after


@pytest.mark.parametrize("late", [False, True], ids=["before the cursor", "before the commit"])
def test_pages_taken_together_move_the_cursor_with_their_orders_or_not_at_all(
    keeper: Shopkeeper, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    keeper.front.put(body(100, MONDAY - HOUR))
    keeper.pull()
    spread(keeper, 23, first=MONDAY - 30 * 60, step=60)
    real = pulls.advance
    calls = iter(range(100))

    def cut(tx: Tx, shop_id: int, cursor: int | None, lease_until_ms: int) -> None:
        group = next(calls)
        if group == 1 and not late:
            raise Failure(Problem("cut"), 3)
        real(tx, shop_id, cursor, lease_until_ms)
        if group == 1:
            raise Failure(Problem("cut"), 3)

    monkeypatch.setattr(pulls, "advance", cut)
    gathering = Gathering(keeper, monkeypatch, 6)
    found = keeper.pull()
    assert found.problem is not None
    assert found.problem.code == "cut"
    assert gathering.sizes[0] == 5  # at once, though it was alone
    assert gathering.sizes[1] > 15  # the rest together
    assert len(keeper.states()) == 5
    assert keeper.cursor() == MONDAY - 30 * 60 + 3 * 60  # of the first page's last order
    monkeypatch.setattr(pulls, "advance", real)
    again = keeper.pull()
    assert (again.created, again.complete) == (19, True)
    assert keeper.cursor() == MONDAY - 30 * 60 + 22 * 60
    assert len(keeper.states()) == 24
    keeper.floor.clean()


def test_a_pull_keeps_no_more_pages_than_it_may(keeper: Shopkeeper, monkeypatch: pytest.MonkeyPatch) -> None:
    keeper.front.put(body(100, MONDAY - HOUR))
    keeper.pull()
    monkeypatch.setattr(pulling, "AHEAD", 2)
    spread(keeper, 40, first=MONDAY - 50 * 60, step=60)
    gathering = Gathering(keeper, monkeypatch, 3)
    assert keeper.pull().created == 40
    assert gathering.sizes[:2] == [5, 10]
    assert max(gathering.sizes) == 10


def test_a_bad_order_is_refused_alone_and_settled_when_it_is_well(keeper: Shopkeeper) -> None:
    spread(keeper, 7)
    keeper.front.raw[number(3)] = json.dumps(body(3, MONDAY - 20 * DAY + 3 * 3_600, create_time="soon")).encode()
    found = keeper.pull()
    assert (found.created, [(r.order, r.code) for r in found.refused]) == (6, [(number(3), "wrong_type")])
    assert found.complete
    assert [(note.ref, note.state) for note in parked(keeper.floor.store)] == [(number(3), "parked")]
    keeper.front.raw.clear()
    keeper.front.put(body(3, MONDAY))
    assert keeper.pull().created == 1
    assert parked(keeper.floor.store) == []


def parked(store: Store) -> list[Any]:
    with store.read() as tx:
        return notices_store.shown(tx, ["parked"], 10)


def test_another_shops_order_is_refused_where_it_can_be_known(floor: Floor) -> None:
    one = Shopkeeper(floor)
    other_front = Shopfront("7494000000000000002")
    other = connect(floor.store, floor.shop("other"), "7494000000000000002", "other-key")
    one.front.put(body(1, MONDAY - 60))
    one.pull()
    dollars = body(3, MONDAY - 50)
    dollars["payment"] = {"currency": "USD", "total_amount": "15.00"}
    dollars["line_items"][0] |= {"currency": "USD", "sale_price": "15.00"}
    other_front.put(body(1, MONDAY - 60), body(2, MONDAY - 60), dollars)
    found = pull(floor.house, other_front.client(), other)
    assert found.created == 1
    assert {(r.order, r.code) for r in found.refused} == {(number(1), "other_shop"), (number(3), "other_shop")}
    assert set(states(floor.store, other.shop_id)) == {number(2)}
    assert {note.ref for note in parked(floor.store)} == {number(1), number(3)}


def test_a_page_token_that_repeats_is_seen_and_shorter_stretches_are_asked_for(keeper: Shopkeeper) -> None:
    """A platform that gives the same page for every token: only stretches with one page can be read."""
    front = keeper.front
    real = front._search

    def broken(asked: dict[str, Any], query: dict[str, str]) -> httpx.Response:
        return real(asked, {k: v for k, v in query.items() if k != "page_token"})

    front._search = broken  # type: ignore[method-assign]  # as a platform that fails
    front.put(*[body(n, MONDAY - 300 + n // 4) for n in range(16)])
    found = keeper.pull()
    assert (found.created, found.complete, found.problem) == (16, True, None)
    front.put(*[body(100 + n, MONDAY - 100) for n in range(12)])  # one second with more than a page: no way through
    stuck = keeper.pull()
    assert stuck.problem is not None
    assert stuck.problem.code in ("page_repeats", "page_stands_still")
    assert not stuck.complete
    with keeper.floor.store.read() as tx:
        (text,) = tx.rows("SELECT pull_problem FROM links WHERE seller_id = 1")[0]
    shown = shown_problem(text)
    assert shown is not None
    assert shown.code == stuck.problem.code
    front._search = real  # type: ignore[method-assign]  # and recovers
    healed = keeper.pull()
    assert (healed.complete, healed.problem, len(keeper.states())) == (True, None, 28)


def test_pages_in_the_wrong_order_move_the_cursor_only_at_the_end(keeper: Shopkeeper) -> None:
    front = keeper.front
    spread(keeper, 12, first=MONDAY - 50 * 60, step=60)
    real = front._answer
    front._answer = lambda orders, token: real(orders[::-1], token)  # type: ignore[method-assign]  # in another order
    cursors: list[int | None] = []
    front.after = lambda _: cursors.append(keeper.cursor())
    assert keeper.pull().complete
    end = MONDAY - 50 * 60 + 11 * 60
    assert keeper.cursor() == end
    assert set(cursors) == {None, end}
    assert cursors[:8] == [None] * 8  # five sweeps, three pages of the stretch
    assert len(keeper.states()) == 12


def test_one_shops_failure_stops_no_other(floor: Floor) -> None:
    good, bad = Shopkeeper(floor), Shopfront("7494000000000000002")
    ill = connect(floor.store, floor.shop("ill"), "7494000000000000002", "other-key")
    bad.fail = lambda _request: no(105005, "no scope")
    spread(good, 3)

    def both(request: httpx.Request) -> httpx.Response:
        return (bad if request.url.params["app_key"] == "other-key" else good.front)(request)

    front = Shopfront()
    front.fail = both
    found = {one.shop: one for one in pull_due(floor.house, front.client())}
    assert found["shop"].created == 3
    problem = found["ill"].problem
    assert problem is not None
    assert problem.code == "tiktok_105005"
    assert problem.value is not None
    assert problem.value.startswith("no scope (")  # and the platform's id of the request
    with floor.store.read() as tx:
        rows = dict(tx.rows("SELECT shop_id, pull_problem FROM links WHERE seller_id = 1"))
    assert rows[good.link.shop_id] == ""
    assert "tiktok_105005" in rows[ill.shop_id]


def test_a_broken_answer_is_a_problem_and_what_came_before_is_kept(keeper: Shopkeeper) -> None:
    spread(keeper, 12, first=MONDAY - 50 * 60, step=60)
    calls = iter(range(100))

    def cut(request: httpx.Request) -> httpx.Response | None:
        if next(calls) == 7:  # five sweeps and one page before
            return httpx.Response(200, content=b'{"code":0,"data":{"orders":[{"id":"57')
        return None

    keeper.front.fail = cut
    keeper.client = keeper.front.client(waits=())
    found = keeper.pull()
    assert found.problem is not None
    assert found.created > 0
    keeper.front.fail = lambda _request: None
    assert keeper.pull().complete
    assert len(keeper.states()) == 12


def test_since_fetches_again_and_moves_the_cursor_only_without_a_gap(keeper: Shopkeeper) -> None:
    spread(keeper, 10)
    keeper.pull()
    before = keeper.cursor()
    assert before is not None
    keeper.front.put(body(50, before + HOUR), body(51, before + 3 * HOUR))
    found = keeper.pull(since=before + 2 * HOUR)
    assert found.created == 1
    assert keeper.cursor() == before
    keeper.pull(since=before - DAY)
    assert keeper.cursor() == before + 3 * HOUR
    assert len(keeper.states()) == 12


def test_two_do_not_pull_one_shop_at_once(keeper: Shopkeeper) -> None:
    spread(keeper, 3)
    inner: list[Pulled] = []
    keeper.front.after = lambda _: inner.append(keeper.pull()) if not inner else None
    assert keeper.pull().created == 3
    assert (inner[0].pages, inner[0].complete) == (0, False)


def test_a_clock_behind_the_platforms_only_delays_nothing(keeper: Shopkeeper) -> None:
    """The platform's time runs ahead of ours by days: its orders are taken all the same."""
    spread(keeper, 4, first=MONDAY + 3 * DAY)
    assert keeper.pull().created == 4
    keeper.front.put(*[body(20 + n, MONDAY + 4 * DAY + n) for n in range(12)])
    assert keeper.pull().created == 12


def test_the_same_second_with_other_content_is_taken(keeper: Shopkeeper) -> None:
    keeper.front.put(body(1, MONDAY - 60))
    keeper.pull()
    keeper.front.put(body(1, MONDAY - 60, "CANCELLED"))
    assert keeper.pull().updated == 1
    assert keeper.states() == {number(1): "CANCELLED"}


CHECK = (
    "PREPARE check_of_parent(bigint, bigint) AS SELECT 1 FROM orders WHERE seller_id = $1 AND id = $2 FOR KEY SHARE",
    "SET LOCAL plan_cache_mode = force_generic_plan",
    "EXPLAIN EXECUTE check_of_parent(1, 1)",
)
"""What PostgreSQL asks for every row that names an order, planned as it plans it there."""


def test_after_a_small_first_pull_parents_are_found_by_their_key(keeper: Shopkeeper) -> None:
    """Found by a bench: 322 orders a second instead of thousands, as each check read all of the seller's orders."""
    store = keeper.floor.store
    for first, count in ((0, 3), (3, 500)):  # too few for an index, then ten times as many pages
        store._learn_at = 0.0
        keeper.front.put(*[body(n, MONDAY - 9 * DAY + n) for n in range(first, first + count)])
        keeper.pull()
    if store.dialect != "postgresql":
        return  # nothing to learn there
    store._learn_at = 0.0
    store.learn()
    with store.write() as tx:
        *_, plan = [tx.conn.exec_driver_sql(statement) for statement in CHECK]
        told = "\n".join(row[0] for row in plan)
        ((figures,),) = tx.rows("SELECT reltuples FROM pg_class WHERE relname = 'orders'")
    assert "orders_pkey" in told, told
    assert figures > 3
