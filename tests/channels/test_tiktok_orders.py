"""The API's pages and orders as ours: the newest shape, its unknown parts, and answers that are no pages."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from fahuo.channels.model import ReadContext
from fahuo.channels.tiktok_shop.client import Lost
from fahuo.channels.tiktok_shop.orders import Page, details, read, search
from fahuo.channels.tiktok_shop.walk import Step, Stuck, walk
from fahuo.orders.model import OrderIn
from tests.support.orders_platform import body
from tests.support.shopfloor import MONDAY
from tests.support.tiktok import client_for, link, ok

CONTEXT = ReadContext(market="VN", zone="Asia/Ho_Chi_Minh", now=MONDAY, currency="VND")


def one(told: dict[str, Any]) -> OrderIn:
    (found,) = read([json.dumps(told).encode()], CONTEXT, "pull")
    assert isinstance(found, OrderIn)
    return found


def test_the_newest_shape_with_fields_nobody_knows_keeps_its_bytes() -> None:
    told = body(1, MONDAY) | {
        "is_subscription_order": True,
        "order_rights": [1, "2"],
        "recommended_shipping_time": MONDAY * 1000,
        "auto_combine_group_id": "7",
        "payment_card_type": "x",
    }
    told["line_items"][0] |= {"sub_item_info": [{"a": 1}], "pfand_fee": "0", "combined_listing_skus": []}
    told["recipient_address"]["district_info"][0]["iso_code"] = "VN-SG"
    raw = json.dumps(told).encode()
    (found,) = read([raw], CONTEXT, "pull")
    assert isinstance(found, OrderIn)
    assert found.raw == raw


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ({"name": "Nguyễn Hoa", "first_name": "Hoa"}, "Nguyễn Hoa"),
        ({"first_name": "Hoa", "last_name": "Nguyễn"}, "Hoa Nguyễn"),
        (
            {"first_name": "Hanako", "last_name_local_script": "山田", "first_name_local_script": "花子"},
            "山田 花子",
        ),
        ({}, ""),
    ],
)
def test_names_in_parts(address: dict[str, str], name: str) -> None:
    assert one(body(1, MONDAY, recipient_address=address | {"region_code": "VN"})).recipient.name == name


def test_on_hold_has_no_address_and_unknown_words_stay() -> None:
    held = one(body(1, MONDAY, "ON_HOLD", recipient_address={}))
    assert (held.state, held.recipient.lines, held.recipient.country) == ("ON_HOLD", (), "VN")
    assert one(body(1, MONDAY, "QUARANTINED")).state == "QUARANTINED"
    assert one(body(1, MONDAY, "CANCEL")).state == "CANCELLED"


def test_what_is_asked_for() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return ok({"orders": [body(1, MONDAY)], "next_page_token": "t+/=", "total_count": 7})

    client = client_for(answer)
    page = search(client, link(), since=5, before=9, token="a+b=", status="ON_HOLD")
    assert (page.token, page.total, page.versions) == ("t+/=", 7, [(body(1, 0)["id"], MONDAY)])
    details(client, link(), ["1", "2"])
    query = asked[0].url.params
    assert (query["page_size"], query["sort_field"], query["sort_order"]) == ("100", "update_time", "ASC")
    assert query["page_token"] == "a+b="
    assert json.loads(asked[0].content) == {"update_time_ge": 5, "update_time_lt": 9, "order_status": "ON_HOLD"}
    assert (asked[1].url.path, asked[1].url.params["ids"]) == ("/order/202507/orders", "1,2")


@pytest.mark.parametrize("data", [{"orders": 5}, {"orders": [1]}, [], {"orders": [], "next_page_token": {}}])
def test_what_is_no_page_is_a_lost_answer_or_an_order_without_id(data: Any) -> None:
    client = client_for(lambda _request: ok(data))
    if data == {"orders": [1]}:
        assert search(client, link(), since=0).versions == [("", 0)]
        return
    with pytest.raises(Lost):
        search(client, link(), since=0)


def test_an_empty_answer_is_an_empty_page() -> None:
    assert search(client_for(lambda _request: ok({})), link(), since=0) == Page([], [], "")


def test_an_empty_page_with_a_token_is_no_endless_walk() -> None:
    with pytest.raises(Stuck):
        list(walk(lambda *_: Page([], [], "more"), 0, 50, 100))


def test_a_page_that_reaches_beyond_now_holds_the_cursor_back() -> None:
    """An order that changed after the walk began stands in an old place with a new time."""
    pages = iter(
        [
            Page([b"", b""], [("1", 10), ("2", 999)], "t"),
            Page([b""], [("3", 20)], ""),
        ]
    )
    asked: list[int] = []

    def fetch(since: int, _before: int | None, _token: str) -> Page:
        asked.append(since)
        return next(pages)

    steps: list[Step] = list(walk(fetch, 5, None, 100))
    assert asked == [5, 10]
    assert [step.cursor for step in steps] == [10, 20]


def test_a_second_with_many_pages_is_read_by_tokens_without_a_stop() -> None:
    """The platform closes thousands of orders at once. Each is read once, but for the page that reaches the second."""
    orders = [(str(n), 10 + n) for n in range(7)] + [(str(100 + n), 50) for n in range(43)] + [("999", 60)]
    given: list[int] = []

    def fetch(since: int, _before: int | None, token: str) -> Page:
        kept = [one for one in orders if one[1] >= since]
        at = int(token or 0)
        given.append(len(kept[at : at + 5]))
        return Page([b""] * given[-1], kept[at : at + 5], str(at + 5) if at + 5 < len(kept) else "")

    steps = list(walk(fetch, 5, None, 100))
    assert not [step.problem for step in steps if step.problem]
    assert {one for step in steps for one in step.page.versions} == set(orders)
    assert sum(given) <= len(orders) + 10
    assert steps[-1].cursor == 60


def test_a_stretch_that_begins_with_a_full_second_makes_no_stop() -> None:
    orders = [(str(n), 50) for n in range(20)]

    def fetch(_since: int, _before: int | None, token: str) -> Page:
        at = int(token or 0)
        return Page([b""] * 5, orders[at : at + 5], str(at + 5) if at + 5 < len(orders) else "")

    steps = list(walk(fetch, 5, None, 100))
    assert [step.problem for step in steps] == [None] * 4
    assert [step.cursor for step in steps] == [50] * 4
