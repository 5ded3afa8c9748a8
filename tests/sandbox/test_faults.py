"""Faults: how often they strike, where, and what a client sees."""

from __future__ import annotations

import copy
import time
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fahuo.sandbox.faults import INVENTED, KINDS, STEADY, BadFault, Faults, spoil
from fahuo.sandbox.gateway import Dropped
from fahuo.sandbox.gateway_model import ORDER, Call, Route
from tests.sandbox.callers import Client, sandbox

PATH = "/echo/202309/things"
LIST: dict[str, Any] = {
    "orders": [
        {"id": "1", "status": "UNPAID", "update_time": 5, "note": "x", "payment": {"currency": "VND", "total": "1"}},
        {"id": "2", "status": "UNPAID", "update_time": 6, "shipping_type": "TIKTOK"},
    ],
    "next_page_token": "bbb",
    "total_count": 9,
}


def made_with(*wishes: dict[str, Any]) -> tuple[Client, list[str]]:
    """A client of a sandbox with these faults, and what its handlers did."""
    made = sandbox()
    done: list[str] = []

    def page(call: Call) -> dict[str, Any]:
        done.append(call.shop.id if call.shop else "")
        data = copy.deepcopy(LIST)
        for order in data["orders"]:
            order["shop_id"] = call.shop.id if call.shop else ""
        return data

    made.gateway.add([Route("POST", "/echo/202309/pages/search", ORDER, "required", page)])
    for wish in wishes:
        made.faults.add(wish)
    return Client(made), done


def search(client: Client, **more: str) -> Any:
    """One call of the paged endpoint."""
    return client.call("POST", "/echo/202309/pages/search", {}, page_size="2", **more)


def test_strikes_by_count_and_then_no_more() -> None:
    client, _ = made_with({"kind": "internal", "count": 2})
    codes = [search(client).json()["code"] for _ in range(4)]
    assert codes == [36009003, 36009003, 0, 0]
    assert next(iter(client.sandbox.faults.on.values())).struck == 2


def test_strikes_by_rate_alike_for_the_same_seed() -> None:
    def struck(seed: int) -> list[bool]:
        faults = Faults()
        faults.add({"kind": "internal", "rate": 0.3, "seed": seed})
        return [bool(faults.for_call("GET", PATH, "s", 0)) for _ in range(300)]

    assert struck(7) == struck(7)
    assert struck(7) != struck(8)
    assert 50 < sum(struck(7)) < 130


def test_strikes_only_where_it_should() -> None:
    faults = Faults()
    faults.add({"kind": "internal", "path": "/order/*/search", "shop": "1", "method": "post"})
    assert faults.for_call("POST", "/order/202309/orders/search", "1", 0)
    assert not faults.for_call("POST", "/order/202309/orders/search", "2", 0)
    assert not faults.for_call("GET", "/order/202309/orders/search", "1", 0)
    assert not faults.for_call("POST", "/order/202309/orders", "1", 0)


def test_bursts_of_429() -> None:
    client, done = made_with({"kind": "too_many", "count": 1, "burst": 3, "seconds": 2})
    answers = [search(client) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [429, 429, 429, 200, 200]
    assert answers[0].json()["code"] == 36009002
    assert answers[0].headers["retry-after"] == "2"
    assert len(done) == 2


def test_gateway_errors_without_an_envelope() -> None:
    client, done = made_with({"kind": "bad_gateway", "count": 1})
    answer = search(client)
    assert answer.status_code == 502
    assert "<html>" in answer.text
    assert not done
    assert client.sandbox.gateway.log[-1].http == 502


@pytest.mark.parametrize("kind", ["internal", "timeout"])
@pytest.mark.parametrize("done_before", [True, False])
def test_errors_leave_open_whether_the_work_was_done(kind: str, done_before: bool) -> None:
    client, done = made_with({"kind": kind, "count": 1, "done": done_before, "seconds": 0})
    answer = search(client)
    assert (answer.status_code, answer.json()["code"]) == ((500, 36009003) if kind == "internal" else (408, 36009007))
    assert bool(done) is done_before
    assert client.sandbox.gateway.log[-1].done is done_before


def test_slow_answers_are_right() -> None:
    client, _ = made_with({"kind": "slow", "count": 1, "seconds": 0.05})
    began = time.monotonic()
    assert search(client).json()["code"] == 0
    assert time.monotonic() - began >= 0.05


def test_truncated_answers() -> None:
    client, done = made_with({"kind": "truncated", "count": 1})
    answer = search(client)
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"Expecting|Unterminated|delimiter"):
        answer.json()
    assert done


def test_lost_answers() -> None:
    client, done = made_with({"kind": "dropped", "count": 1})
    with pytest.raises(Dropped):
        search(client)
    assert done
    assert search(client).json()["code"] == 0


def test_a_page_token_that_repeats() -> None:
    client, _ = made_with({"kind": "repeat_page"})
    assert search(client, page_token="aaa").json()["data"]["next_page_token"] == "aaa"
    first = search(client).json()["data"]
    again = search(client, page_token=first["next_page_token"]).json()["data"]
    assert again == first


def test_a_token_that_repeated_leads_on_once_the_fault_is_over() -> None:
    client, _ = made_with({"kind": "repeat_page", "count": 1})
    first = search(client).json()["data"]
    again = search(client, page_token=first["next_page_token"]).json()["data"]
    assert again["orders"] == first["orders"]
    assert again["next_page_token"] == "bbb"


def test_a_fault_does_not_count_calls_it_cannot_harm() -> None:
    faults = Faults()
    made = faults.add({"kind": "repeat_page"})
    assert not faults.for_call("GET", "/order/202309/orders", "1", 0, {"ids"})
    assert made.struck == 0
    assert faults.for_call("POST", "/order/202309/orders/search", "1", 0, {"page_size"})
    assert made.struck == 1


def test_another_shops_object_in_a_page() -> None:
    client, _ = made_with({"kind": "foreign", "count": 1})
    shops = [order["shop_id"] for order in search(client).json()["data"]["orders"]]
    assert len(shops) == 3
    assert shops.count(client.shop.id) == 2


def test_tokens_that_expire_in_the_middle() -> None:
    client, done = made_with({"kind": "expire_token", "count": 1})
    answer = search(client)
    assert (answer.status_code, answer.json()["code"]) == (401, 105002)
    assert search(client).json()["code"] == 105002
    assert not done


def test_a_clock_that_is_off_shows_in_the_date() -> None:
    client, _ = made_with({"kind": "clock_skew", "seconds": 400})
    answer = search(client)
    assert answer.json()["code"] == 36009004
    ahead = parsedate_to_datetime(answer.headers["date"]).timestamp() - time.time()
    assert 395 < ahead < 405
    assert search(client, timestamp=str(int(time.time()) + 400)).json()["code"] == 0
    assert next(iter(client.sandbox.faults.on.values())).struck == 1
    client.sandbox.faults.remove()
    assert search(client).json()["code"] == 0


def test_named_fields_are_lost_or_invented() -> None:
    client, _ = made_with(
        {"kind": "missing_field", "field": "update_time"}, {"kind": "unknown_enum", "field": "status"}
    )
    orders = search(client).json()["data"]["orders"]
    assert sum("update_time" not in order for order in orders) == 1
    assert sum(order["status"] == INVENTED for order in orders) == 1


def test_unknown_fields_come_at_several_depths() -> None:
    client, _ = made_with({"kind": "extra_field"})
    data = search(client).json()["data"]
    assert "sandbox_extra" in data
    assert "sandbox_extra" in data["orders"][0]


@given(seed=st.integers(0, 10_000))
def test_random_faults_leave_alone_what_the_platform_never_loses(seed: int) -> None:
    faults = Faults()
    for kind in ("missing_field", "unknown_enum"):
        faults.add({"kind": kind, "seed": seed})
    data: dict[str, Any] = copy.deepcopy(LIST)
    spoil(data, faults.for_call("GET", PATH, "", 0))
    assert data.keys() == LIST.keys()
    for before, after in zip(LIST["orders"], data["orders"], strict=True):
        assert all(before[name] == after[name] for name in before if name in STEADY)
    assert data != LIST


def test_a_handlers_own_records_are_not_spoilt() -> None:
    made = sandbox()
    kept = copy.deepcopy(LIST)
    made.gateway.add([Route("GET", "/echo/202309/kept", ORDER, "required", lambda _: kept)])
    for kind in ("missing_field", "unknown_enum", "extra_field"):
        made.faults.add({"kind": kind})
    assert Client(made).call("GET", "/echo/202309/kept").json()["data"] != LIST
    assert kept == LIST


def test_every_fault_at_once() -> None:
    faults = Faults()
    made = faults.add_every(0.05, 7, ["clock_skew"])
    assert {fault.kind for fault in made} == set(KINDS) - {"clock_skew"}
    assert faults.skew == 0
    again = Faults()
    again.add_every(0.05, 7)
    assert again.skew != 0
    with pytest.raises(BadFault):
        faults.add_every(0.05, 7, ["nothing"])


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({}, "kind"),
        ({"kind": "nothing"}, "kind"),
        ({"kind": "slow", "rate": 2}, "rate"),
        ({"kind": "slow", "rate": "x"}, "rate"),
        ({"kind": "slow", "count": 0}, "count"),
        ({"kind": "slow", "seconds": -1}, "seconds"),
        ({"kind": "slow", "colour": "red"}, ""),
        ({"kind": "too_many", "burst": 0}, "burst"),
    ],
)
def test_says_what_is_wrong_with_a_wish(wish: dict[str, Any], field: str) -> None:
    with pytest.raises(BadFault) as caught:
        Faults().add(wish)
    assert caught.value.field in (field, "")
    assert caught.value.next


def test_lists_faults_with_how_often_they_struck() -> None:
    client, _ = made_with({"kind": "extra_field", "rate": 1, "path": "/echo/*"})
    search(client)
    (shown,) = client.control("GET", "faults").json()["faults"]
    assert (shown["kind"], shown["struck"], shown["path"]) == ("extra_field", 1, "/echo/*")
