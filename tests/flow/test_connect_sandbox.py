"""Connecting to a sandbox that runs as a process of its own: consent, tokens, faults, the end of access, over HTTP."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from fahuo.channels.tiktok_shop.client import Client, Lost, Withdrawn
from fahuo.connections import queries
from fahuo.connections.model import App, Link, Standing
from fahuo.flow import connect, grants, shop_setup
from fahuo.flow.apps import add_app
from fahuo.flow.house import House
from fahuo.flow.setup import add_main
from fahuo.kernel.clock import FixedClock
from fahuo.kernel.problems import Failure
from fahuo.store.engine import Store, open_store
from tests.sandbox.test_serve import serving
from tests.support.stores import MASTER

ACTOR = "user:mei"
BACK = "https://fahuo.example/connect/tiktok/callback"
SEARCH, LABELS = "/order/202309/orders/search", "/logistics/202309/warehouses"


class Both(NamedTuple):
    """Our side and theirs."""

    house: House
    client: Client
    app: App
    http: httpx.Client
    line: dict[str, Any]

    def control(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """A word to the sandbox behind the platform's back."""
        answer = self.http.post(f"/_sandbox/{path}", json=body or {})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def grant(self, action: str, body: dict[str, Any] | None = None) -> None:
        """What a seller does with the consent."""
        (one,) = self.http.get("/_sandbox/grants").json()["grants"]
        self.control(f"grants/{one['id']}/{action}", body)

    def standings(self) -> list[Standing]:
        return connect.standings(self.house)

    def link(self) -> Link:
        with self.house.store.read() as tx:
            return queries.links(tx)[0]


@pytest.fixture
def house(sqlite_url: str) -> Iterator[House]:
    store: Store = open_store(sqlite_url, master=MASTER)
    add_main(store, 1_770_000_000)
    yield House(store, FixedClock(1_770_000_000))
    store.close()


@pytest.fixture
def both(house: House, tmp_path: Path) -> Iterator[Both]:
    options = ("--market", "VN,US,MY:cross_border", "--orders-per-day", "0", "--redirect-url", BACK)
    with serving(tmp_path, *options) as (_process, line):
        base = line["base_url"]
        app = add_app(
            house, line["app_key"], line["app_secret"], service_id=line["service_id"], api_url=base, auth_url=base,
            consent_url=f"{base}/open/authorize", public_url="https://fahuo.example", rates=(200.0, 200.0),
        )  # fmt: skip
        client = grants.make_client(house.store, waits=(0.01, 0.01, 0.01, 0.01, 0.01))
        with httpx.Client(base_url=base, trust_env=False, timeout=30) as http:
            yield Both(house, client, app, http, line)
        client.close()


def test_consent_in_the_browser_and_everything_after_it(both: Both) -> None:
    url = connect.consent_url(both.house, both.app, ACTOR)
    came_back = both.http.get(f"{url}&auto=1").headers["location"]
    assert came_back.startswith(f"{BACK}?code=")
    done = connect.returned(both.house, both.client, came_back, ACTOR)
    theirs = {shop["id"]: shop for shop in both.line["shops"]}
    assert {one.platform_shop_id for one in done.shops} == set(theirs)
    assert {one.region for one in done.shops} == {"VN", "US", "MY"}
    assert {one.seller_type for one in done.shops if theirs[one.platform_shop_id]["seller_type"] == "CROSS_BORDER"} <= {
        "cross_border"
    }
    assert all(one.state == "active" and not one.hooks_problem for one in both.standings())
    assert all(set(one.hooks.values()) == {both.app.webhook_url} for one in both.standings())
    for link in [both.link()]:
        assert both.client.post(link, SEARCH, {"page_size": 10}, {}, read=True).data["total_count"] == 0
    with pytest.raises(Failure):  # the code works once
        connect.connect(both.house, both.client, both.app, came_back.split("code=")[1].split("&")[0])


def test_a_refused_consent(both: Both) -> None:
    came_back = both.http.get(f"{connect.consent_url(both.house, both.app, ACTOR)}&auto=0").headers["location"]
    with pytest.raises(Failure) as refused:
        connect.returned(both.house, both.client, came_back, ACTOR)
    assert refused.value.problem.code == "consent_refused"


def test_a_token_that_expires_is_renewed_in_the_call_and_by_the_clock(both: Both) -> None:
    connect.connect(both.house, both.client, both.app, both.line["auth_code"])
    before = both.link().access_token
    both.grant("expire")
    assert both.client.get(both.link(), LABELS).data["warehouses"]
    assert both.link().access_token != before
    both.control("faults", {"kind": "expire_token", "count": 1})
    assert both.client.get(both.link(), LABELS).data["warehouses"]
    assert grants.renew_now(both.house.store, both.client, [both.link().grant_id]) is None
    assert both.client.get(both.link(), LABELS).data["warehouses"]


def test_a_seller_who_withdraws_and_comes_back(both: Both) -> None:
    connect.connect(both.house, both.client, both.app, both.line["auth_code"])
    both.grant("withdraw")
    with pytest.raises(Withdrawn):
        both.client.get(both.link(), LABELS)
    assert {one.state for one in both.standings()} == {"withdrawn"}
    code = both.control("codes")["auth_code"]
    connect.connect(both.house, both.client, both.app, code)
    assert {one.state for one in both.standings()} == {"active"}
    shop_setup.look_after(both.house, both.client)


def test_an_authorisation_that_ends_says_expired(both: Both) -> None:
    connect.connect(both.house, both.client, both.app, both.line["auth_code"])
    both.grant("expire", {"refresh": True})
    with pytest.raises(Withdrawn):
        both.client.get(both.link(), LABELS)
    assert {one.state for one in both.standings()} == {"expired"}


def test_given_back_from_here_it_is_gone_there(both: Both) -> None:
    connect.connect(both.house, both.client, both.app, both.line["auth_code"])
    connect.disconnect(both.house, both.client, both.standings()[0].shop, at_platform=True)
    assert {one.state for one in both.standings()} == {"withdrawn"}
    assert both.http.get("/_sandbox/grants").json()["grants"][0]["withdrawn"]


def test_faults_of_the_line_do_not_come_through_to_reads(both: Both) -> None:
    connect.connect(both.house, both.client, both.app, both.line["auth_code"])
    link = both.link()
    for fault in (
        {"kind": "too_many", "count": 1, "burst": 2, "seconds": 0}, {"kind": "bad_gateway", "count": 2},
        {"kind": "truncated", "count": 2}, {"kind": "dropped", "count": 1}, {"kind": "internal", "count": 1},
        {"kind": "timeout", "count": 1, "seconds": 0.1},
    ):  # fmt: skip
        both.control("faults", fault)
        assert both.client.get(link, LABELS).data["warehouses"], fault
    assert both.client.health(link).throttled_ms is not None
    both.control("faults", {"kind": "truncated", "count": 1})
    with pytest.raises(Lost):  # a write is never sent twice by itself
        both.client.put(link, "/event/202309/webhooks", body={"address": BACK, "event_type": "NEW_MESSAGE"})


def test_a_clock_five_minutes_off_is_seen_and_corrected(both: Both) -> None:
    both.control("faults", {"kind": "clock_skew", "seconds": 330})
    connect.connect(both.house, both.client, both.app, both.line["auth_code"])
    assert both.client.get(both.link(), LABELS).data["warehouses"]
    assert 325 <= both.client.health(both.link()).skew_s <= 335
