from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fahuo.sandbox import buyers, cancels
from fahuo.sandbox.gateway_model import Missing
from fahuo.sandbox.model import Order, Refuse
from fahuo.sandbox.world import World
from tests.sandbox.parcel_calls import DAY, HOUR, START, a_world, call, order_now, ordered, shop_at

SEARCH = "/order/202309/orders/search"


def search(world: World, body: object = None, shop: int = 0, **query: Any) -> Any:
    given = {"page_size": "100", **{key: str(value) for key, value in query.items()}}
    return call(world, "POST", SEARCH, body, given, shop=shop)


def ids(found: Any) -> list[str]:
    return [order["id"] for order in found["orders"]]


def some(world: World, count: int, **wishes: Any) -> list[Order]:
    made = []
    for _ in range(count):
        made.append(ordered(world, **wishes))
        world.live(world.now() + 60)
    return made


def test_the_newest_comes_first_by_default() -> None:
    world = a_world("VN")
    made = [order.id for order in some(world, 3)]
    found = search(world)
    assert ids(found) == made[::-1]
    assert found["total_count"] == 3
    assert found["next_page_token"] == ""
    assert ids(search(world, sort_order="ASC", sort_field="update_time")) == made


def test_page_size_is_1_to_100_and_20_by_default() -> None:
    world = a_world("VN")
    some(world, 22)
    assert len(call(world, "POST", SEARCH)["orders"]) == 20
    for wrong in ("0", "101", "x", "-1"):
        with pytest.raises(Missing, match="page_size"):
            search(world, page_size=wrong)


def test_pages_go_on_until_the_token_is_empty() -> None:
    world = a_world("VN")
    made = {order.id for order in some(world, 7)}
    seen: list[str] = []
    token = ""
    while True:
        found = search(world, page_size=3, page_token=token)
        seen += ids(found)
        ordered(world)
        if not (token := found["next_page_token"]):
            break
    assert len(seen) == 7
    assert set(seen) == made


@pytest.mark.parametrize(
    "other",
    [{"order_status": "ON_HOLD"}, {"shipping_type": "TIKTOK"}, {"create_time_ge": 1}, {"update_time_lt": 2 * START}],
)
def test_a_token_belongs_to_its_filter(other: dict[str, object]) -> None:
    world = a_world("VN", "TH")
    some(world, 3)
    token = search(world, page_size=1)["next_page_token"]
    with pytest.raises(Refuse) as no:
        search(world, other, page_size=1, page_token=token)
    assert no.value.code == 98001004
    with pytest.raises(Refuse):
        search(world, page_size=1, page_token=token, sort_field="update_time")
    with pytest.raises(Refuse):
        search(world, shop=1, page_size=1, page_token=token)


def test_every_filter_lets_through_what_it_names() -> None:
    world = a_world("VN")
    one, two, three = some(world, 3, skus=())
    own = ordered(world, shipping_type="SELLER")
    cancels.request(world, two, world.now())
    paid = world.place(one.shop_id, world.now(), status="ON_HOLD", cod=False)
    assert ids(search(world, {"order_status": "ON_HOLD"})) == [paid.id]
    assert ids(search(world, {"shipping_type": "SELLER"}))[:1] == [own.id]
    assert ids(search(world, {"is_buyer_request_cancel": True})) == [two.id]
    assert two.id not in ids(search(world, {"is_buyer_request_cancel": False}))
    buyer = three.body["user_id"]
    assert three.id in ids(search(world, {"buyer_user_id": buyer}))
    three.close()
    assert three.id in ids(search(world, {"buyer_user_id": buyer}))
    assert search(world, {"warehouse_ids": ["1"]})["orders"] == []
    assert search(world, {"warehouse_ids": ["1", shop_at(world).warehouse.id]})["total_count"] == 5


def test_times_are_inclusive_below_and_exclusive_above() -> None:
    world = a_world("VN")
    one, two, three = some(world, 3)
    assert ids(search(world, {"create_time_ge": two.created})) == [three.id, two.id]
    assert ids(search(world, {"create_time_lt": two.created})) == [one.id]
    assert ids(search(world, {"update_time_ge": two.updated, "update_time_lt": three.updated})) == [two.id]
    world.touch(one, world.now() + 10, seller_note="look")
    assert ids(search(world, {"update_time_ge": three.updated + 1})) == [one.id]
    both = {"update_time_ge": two.updated, "create_time_lt": three.created}
    assert ids(search(world, both, sort_field="update_time", sort_order="ASC")) == [two.id, one.id]


@pytest.mark.parametrize(
    "body",
    [
        {"order_status": "SHIPPED"},
        {"create_time_ge": "1"},
        {"update_time_ge": True},
        {"shipping_type": "PIGEON"},
        {"warehouse_ids": ["1"] * 101},
        {"warehouse_ids": [1]},
        {"is_buyer_request_cancel": "yes"},
    ],
)
def test_wrong_filters_are_missing_parameters(body: dict[str, object]) -> None:
    with pytest.raises(Missing, match="body"):
        search(a_world("VN"), body)


def test_one_shop_never_sees_another_shops_orders() -> None:
    world = a_world("VN", "TH")
    mine, other = ordered(world), ordered(world, shop=1)
    assert ids(search(world)) == [mine.id]
    assert ids(search(world, shop=1)) == [other.id]
    told = call(world, "GET", "/order/202309/orders", query={"ids": f"{mine.id},{other.id},1"})
    assert ids(told) == [mine.id]
    with pytest.raises(Refuse) as no:
        call(world, "GET", "/order/202309/orders", query={"ids": other.id})
    assert no.value.code == 21008111


def test_detail_takes_at_most_50_ids() -> None:
    world = a_world("VN")
    made = [order.id for order in some(world, 2)]
    found = call(world, "GET", "/order/202309/orders", query={"ids": ",".join(made)})
    assert ids(found) == made
    with pytest.raises(Missing, match="at most 50"):
        call(world, "GET", "/order/202309/orders", query={"ids": ",".join(map(str, range(51)))})
    with pytest.raises(Missing, match="missing"):
        call(world, "GET", "/order/202309/orders")


def test_both_versions_of_detail_and_search_show_the_same() -> None:
    world = a_world("VN")
    order = ordered(world)
    older = call(world, "GET", "/order/202309/orders", query={"ids": order.id})["orders"][0]
    assert older == order_now(world, order) == search(world)["orders"][0]


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 6), st.lists(st.sampled_from(["place", "touch", "cancel"]), max_size=25), st.booleans())
def test_a_pull_by_creation_gives_each_order_once_whatever_happens(size: int, events: list[str], asc: bool) -> None:
    world = a_world("VN", seed=3)
    known = some(world, 9)
    seen: list[str] = []
    token, todo = "", iter(events)
    order_of_it: dict[str, Any] = {"sort_order": "ASC" if asc else "DESC"}
    while True:
        found = search(world, {"create_time_ge": 0}, page_size=size, page_token=token, **order_of_it)
        seen += ids(found)
        if not (token := found["next_page_token"]):
            break
        event = next(todo, "")
        world.live(world.now() + 1)
        if event == "place":
            ordered(world)
        elif event == "touch":
            world.touch(known[len(seen) % 9], world.now(), seller_note="again")
        elif event == "cancel" and known[0].status != "CANCELLED":
            cancels.request(world, known[0], world.now())
            world.live(world.now() + 3 * DAY)
    assert len(seen) == len(set(seen))
    assert {order.id for order in known} <= set(seen)


# --- the object ----------------------------------------------------------------------------------------------------


def test_units_are_line_items() -> None:
    world = a_world("VN")
    sku = next(iter(world.makers[shop_at(world).id].skus.values())).seller_sku
    shown = order_now(world, ordered(world, skus=[sku], quantity=3))
    assert len(shown["line_items"]) == 3
    assert len({item["id"] for item in shown["line_items"]}) == 3
    assert {item["seller_sku"] for item in shown["line_items"]} == {sku}
    assert shown["recommended_shipping_time"] == shown["tts_sla_time"] * 1000


def test_no_key_is_null_or_empty() -> None:
    world = a_world("VN", "US", "MY-CB")
    for shop in range(3):
        shown = order_now(world, ordered(world, shop=shop))

        def walk(value: object, where: str) -> None:
            assert value is not None, where
            assert value != "", where
            for key, inner in value.items() if isinstance(value, dict) else ():
                walk(inner, f"{where}.{key}")
            for inner in value if isinstance(value, list) else ():
                walk(inner, where)

        walk(shown, "order")


def test_the_reason_of_a_cancelled_order_is_in_the_language_of_the_shop() -> None:
    world = a_world("VN")
    order = ordered(world)
    cancels.cancel_by_system(world, order, "system_cancel_order_reason_shipping_timeout", world.now())
    shown = order_now(world, order)
    assert shown["status"] == "CANCELLED"
    assert "system_cancel" not in shown["cancel_reason"]
    assert not shown["cancel_reason"].isascii()
    assert {item["package_status"] for item in shown["line_items"]} == {"CANCELLED"}


def test_an_address_change_is_seen_masked() -> None:
    world = a_world("VN")
    order = ordered(world)
    world.live(world.now() + HOUR)
    buyers.change_address(world, order, world.now())
    shown = order_now(world, order)
    assert shown["has_updated_recipient_address"] is True
    assert "***" in shown["recipient_address"]["full_address"]


# --- prices --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("market", ["VN", "US", "JP", "TH"])
def test_price_detail_adds_up_to_the_order(market: str) -> None:
    world = a_world(market)
    for order in some(world, 4, quantity=3):
        found = call(world, "GET", f"/order/202407/orders/{order.id}/price_detail")
        payment = order.body["payment"]
        assert found["total"] == payment["total_amount"]
        assert found["currency"] == payment["currency"]
        whole = sum(float(line["total"]) for line in found["line_items"])
        assert round(whole, 2) == float(payment["total_amount"])
        shipping = sum(float(line["shipping_sale_price"]) for line in found["line_items"])
        assert round(shipping, 2) == float(payment["shipping_fee"])
        assert [line["id"] for line in found["line_items"]] == list(order.line_ids)


# --- external ids --------------------------------------------------------------------------------------------------


def test_external_ids_are_kept_found_and_refused_one_by_one() -> None:
    world = a_world("VN", "TH")
    mine, other = ordered(world), ordered(world, shop=1)
    line = {"id": "X-1", "origin_id": mine.line_ids[0]}
    wanted = [
        {"id": mine.id, "external_order": {"id": "S1", "platform": "SHOPIFY", "line_items": [line]}},
        {"id": other.id, "external_order": {"id": "S2", "platform": "SHOPIFY"}},
        {"id": mine.id, "external_order": {"id": "S3", "platform": "EBAY"}},
    ]
    found = call(world, "POST", "/order/202406/orders/external_orders", {"orders": wanted})
    assert [(one["code"], one["detail"]["external_order"]["id"]) for one in found["errors"]] == [
        ("21008111", "S2"),
        ("98001004", "S3"),
    ]
    kept = call(world, "GET", f"/order/202406/orders/{mine.id}/external_orders", query={"platform": "SHOPIFY"})
    assert kept == {"external_orders": [{"id": "S1", "platform": "SHOPIFY", "line_items": [line]}]}
    none = call(world, "GET", f"/order/202406/orders/{mine.id}/external_orders", query={"platform": "AMAZON"})
    assert none == {"external_orders": []}
    sought = {"platform": "SHOPIFY", "external_order_ids": ["S1", "S9"]}
    hit = call(world, "POST", "/order/202406/orders/external_order_search", sought)
    assert [one["id"] for one in hit["orders"]] == [mine.id]


def test_at_most_100_external_ids_a_call() -> None:
    world = a_world("VN")
    with pytest.raises(Missing, match="at most 100"):
        call(world, "POST", "/order/202406/orders/external_orders", {"orders": [{}] * 101})
