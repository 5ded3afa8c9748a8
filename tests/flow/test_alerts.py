"""Staff alerts: the right fact, told once, told to whoever should hear it."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from fahuo.flow import alerts
from fahuo.kernel.problems import Failure
from tests.support.shopfloor import DAY, HOUR, Floor, order
from tests.views.test_tower import place


class Heard:
    """A receiver on loopback, as Apprise calls it."""

    def __init__(self) -> None:
        self.bodies: list[str] = []
        self.status = 200
        heard = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                heard.bodies.append(self.rfile.read(int(self.headers["content-length"])).decode())
                self.send_response(heard.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.server.server_port}/a-secret-token"


@pytest.fixture
def heard() -> Iterator[Heard]:
    receiver = Heard()
    yield receiver
    receiver.server.shutdown()
    receiver.thread.join()
    receiver.server.server_close()


def late(floor: Floor, orders: int, first: int = 1) -> None:
    """So many more orders due in two hours. The floor packs nine parcels a day, one an hour; it is 09:00."""
    if first == 1:
        table = "code,name,country,zone,work_days,capacity_per_day\nSG1,One,VN,Asia/Ho_Chi_Minh,123456,9\n"
        floor.table("warehouses", table)
    floor.take(floor.shop(), *[order(n) for n in range(first, first + orders)])
    place(floor, *[floor.clock.at + 2 * HOUR - 1] * orders, first=first)


def test_a_breach_is_told_once_and_again_when_it_has_doubled(floor: Floor, heard: Heard) -> None:
    alerts.set_urls(floor.house, [heard.url])
    late(floor, 6)
    assert alerts.notice(floor.house) == 1
    assert alerts.notice(floor.house) == 0
    assert alerts.send(floor.house) == 1
    assert alerts.send(floor.house) == 0
    assert len(heard.bodies) == 1
    assert "4 orders breach by 11:00" in heard.bodies[0]
    late(floor, 1, first=7)
    assert alerts.notice(floor.house) == 0
    late(floor, 4, first=8)
    assert alerts.notice(floor.house) == 1
    alerts.send(floor.house)
    assert "9 orders breach by 11:00" in heard.bodies[1]


def test_without_capacity_the_next_hours_are_told(floor: Floor, heard: Heard) -> None:
    alerts.set_urls(floor.house, [heard.url])
    floor.take(floor.shop(), order(1), order(2))
    place(floor, floor.clock.at + HOUR, floor.clock.at - 1)
    assert alerts.notice(floor.house) == 2
    with floor.store.read() as tx:
        found = {fact.name: fact.number for fact in alerts.facts(tx, floor.clock.at)}
    assert found == {"due_soon": 1, "overdue": 1}
    floor.clock.at += DAY  # a new day: the same fact is news again
    assert alerts.notice(floor.house) == 1


def test_words_in_both_languages() -> None:
    body = {"fact": "breach", "count": 37, "at": 1_772_442_000}
    assert alerts.words(body, "en", "Asia/Ho_Chi_Minh").startswith("37 orders breach by 16:00")
    assert alerts.words(body, "zh", "Asia/Ho_Chi_Minh").startswith("37 单将在 16:00 前超时")


def test_what_is_not_delivered_is_sent_again(floor: Floor, heard: Heard) -> None:
    heard.status = 500
    alerts.set_urls(floor.house, [heard.url])
    late(floor, 6)
    alerts.notice(floor.house)
    assert alerts.send(floor.house) == 0
    with floor.store.read() as tx:
        rows = tx.rows("SELECT state, attempts, outcome FROM effects WHERE seller_id = 1 AND kind = 'staff_alert'")
    assert [(row[0], row[1]) for row in rows] == [("retry", 1)]
    assert "token" not in rows[0][2]


def test_nothing_is_written_while_nobody_listens(floor: Floor) -> None:
    late(floor, 6)
    assert alerts.notice(floor.house) == 0
    assert floor.effects(alerts.KIND) == []


def test_addresses_are_checked_and_kept_secret(floor: Floor, heard: Heard) -> None:
    with pytest.raises(Failure) as refused:
        alerts.set_urls(floor.house, [heard.url, "this is no address"])
    assert refused.value.problem.value == "2"
    alerts.set_urls(floor.house, [heard.url])
    with floor.store.read() as tx:
        assert alerts.urls(tx) == [heard.url]
        assert "secret" not in repr(tx.rows("SELECT value FROM settings WHERE seller_id = 1"))
    alerts.set_urls(floor.house, [])
    with floor.store.read() as tx:
        assert alerts.urls(tx) == []
