"""Fulfilment by market: which way is open, what it does to the order, what is refused and how."""

from itertools import pairwise

import pytest

from fahuo.sandbox import cancels
from fahuo.sandbox.gateway_model import Missing
from fahuo.sandbox.model import CANCEL_WITHDRAWN, Order, Refuse
from fahuo.sandbox.world import World
from tests.sandbox.parcel_calls import (
    HOUR,
    a_world,
    call,
    code_of,
    order_now,
    ordered,
    own_carrier,
    package_of,
    ship,
    shop_at,
    told,
)

F = "/fulfillment/202309"
SHIP_MARKETS = ("VN", "TH", "ID", "MY", "PH", "SG", "DE", "FR", "IT", "ES", "MX", "MY-CB", "JP-CB")
SERVICE_MARKETS = ("US", "GB", "JP")
WEIGHT = {"value": "500", "unit": "GRAM"}
SIZE = {"length": "10", "width": "8.5", "height": "4", "unit": "CM"}


# --- the way by market ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("market", SHIP_MARKETS)
def test_ship_package_arranges_where_the_platform_has_chosen(market: str) -> None:
    world = a_world(market)
    order = ordered(world)
    limit = order.body.get("collection_due_time")
    world.live(world.now() + HOUR)
    assert [one["id"] for one in order_now(world, order)["packages"]] == order.packages
    package = ship(world, order, handover_method="PICKUP")
    shown = order_now(world, order)
    assert shown["status"] == "AWAITING_COLLECTION"
    assert shown["rts_time"] == world.now()
    assert shown["tracking_number"] == package.tracking_number
    for item in shown["line_items"]:
        assert item["rts_time"] == world.now()
        assert item["tracking_number"] == package.tracking_number
        assert item["package_status"] == "PROCESSING"
    if limit is not None:
        assert shown["cancel_order_sla_time"] == limit
    assert told(world, 1)[-1]["order_status"] == "AWAITING_COLLECTION"
    again = code_of(world, "POST", f"{F}/packages/{package.id}/ship", {})
    assert again == 98001004


@pytest.mark.parametrize("market", SERVICE_MARKETS)
def test_create_package_where_the_seller_chooses_the_service(market: str) -> None:
    world = a_world(market)
    order = ordered(world)
    assert "packages" not in order_now(world, order)
    offers = call(
        world,
        "POST",
        f"{F}/orders/{order.id}/shipping_services/query",
        {"weight": WEIGHT, "dimension": SIZE},
    )
    assert offers["order_line_id"] == list(order.line_ids)
    services = offers["shipping_services"]
    assert [one["is_default"] for one in services] == [True] + [False] * (len(services) - 1)
    chosen = services[-1]
    made = call(
        world,
        "POST",
        f"{F}/packages",
        {"order_id": order.id, "shipping_service_id": chosen["id"], "weight": WEIGHT, "dimension": SIZE},
    )
    assert made["shipping_service_info"]["id"] == chosen["id"]
    assert made["order_line_item_ids"] == list(order.line_ids)
    shown = order_now(world, order)
    assert shown["status"] == "AWAITING_COLLECTION"
    assert shown["packages"] == [{"id": made["package_id"]}]
    detail = call(world, "GET", f"{F}/packages/{made['package_id']}")
    assert detail["shipping_provider_name"] == chosen["shipping_provider_name"]
    assert (detail["weight"], detail["dimension"]) == (WEIGHT, SIZE)


def test_without_a_service_the_default_one_is_taken() -> None:
    world = a_world("US")
    order = ordered(world)
    offers = call(world, "POST", f"{F}/orders/{order.id}/shipping_services/query", {})["shipping_services"]
    made = call(world, "POST", f"{F}/packages", {"order_id": order.id})
    assert made["shipping_service_info"]["id"] == offers[0]["id"]


def test_packages_of_parts_make_an_order_partly_shipped() -> None:
    world = a_world("US")
    order = ordered(world, quantity=2, skus=_skus(world, 1))
    first, second = order.line_ids
    call(world, "POST", f"{F}/packages", {"order_id": order.id, "order_line_item_ids": [first]})
    shown = order_now(world, order)
    assert shown["status"] == "PARTIALLY_SHIPPING"
    assert [item["display_status"] for item in shown["line_items"]] == ["AWAITING_COLLECTION", "AWAITING_SHIPMENT"]
    taken = {"order_id": order.id, "order_line_item_ids": [first]}
    assert code_of(world, "POST", f"{F}/packages", taken) == 98001004
    call(world, "POST", f"{F}/packages", {"order_id": order.id, "order_line_item_ids": [second]})
    assert order_now(world, order)["status"] == "AWAITING_COLLECTION"
    assert len(order.packages) == 2


def _skus(world: World, count: int, shop: int = 0) -> list[str]:
    return [sku.seller_sku for sku in list(world.makers[shop_at(world, shop).id].skus.values())[:count]]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"weight": {"unit": "GRAM"}}, "body.weight.value is missing"),
        ({"weight": {"value": "x", "unit": "GRAM"}}, "body.weight.value is invalid"),
        ({"weight": {"value": "-1", "unit": "GRAM"}}, "body.weight.value is invalid"),
        ({"weight": {"value": "1", "unit": "STONE"}}, "body.weight.unit is invalid"),
        ({"dimension": {"length": "1", "width": "1", "unit": "CM"}}, "body.dimension.height is missing"),
    ],
)
def test_wrong_measures_are_named(body: dict[str, object], words: str) -> None:
    world = a_world("US")
    order = ordered(world)
    with pytest.raises(Missing, match=words.replace(".", r"\.")):
        call(world, "POST", f"{F}/packages", {"order_id": order.id, **body})
    assert order.status == "AWAITING_SHIPMENT"


@pytest.mark.parametrize("market", ["US", "GB", "JP", "DE", "FR"])
def test_mark_as_shipped_reports_the_own_carrier(market: str) -> None:
    world = a_world(market)
    order = ordered(world, shipping_type="SELLER")
    provider, number = own_carrier(world)
    body = {"tracking_number": number, "shipping_provider_id": provider}
    made = call(world, "POST", f"{F}/orders/{order.id}/packages", body)
    assert "warning" not in made
    shown = order_now(world, order)
    assert shown["status"] == "AWAITING_COLLECTION"
    assert {item["package_id"] for item in shown["line_items"]} == {made["package_id"]}
    assert {item["tracking_number"] for item in shown["line_items"]} == {number}


@pytest.mark.parametrize("market", ["VN", "TH", "MX"])
def test_ship_with_self_shipment_reports_the_own_carrier(market: str) -> None:
    world = a_world(market)
    order = ordered(world, shipping_type="SELLER")
    provider, number = own_carrier(world)
    assert code_of(world, "POST", f"{F}/packages/{order.packages[0]}/ship", {}) == 98001004
    package = ship(world, order, self_shipment={"tracking_number": number, "shipping_provider_id": provider})
    assert package.tracking_number == number
    assert order_now(world, order)["status"] == "AWAITING_COLLECTION"


def test_a_number_is_checked_and_a_strange_one_is_taken_with_a_warning() -> None:
    world = a_world("US")
    order = ordered(world, shipping_type="SELLER", quantity=2, skus=_skus(world, 1))
    provider, _ = own_carrier(world)
    path = f"{F}/orders/{order.id}/packages"
    for wrong in ("x", "with blank 123", "ü" * 12, "1" * 60):
        assert code_of(world, "POST", path, {"tracking_number": wrong, "shipping_provider_id": provider}) == 98001004
    assert code_of(world, "POST", path, {"tracking_number": "AB12345678", "shipping_provider_id": "1"}) == 98001004
    assert order.status == "AWAITING_SHIPMENT"
    made = call(world, "POST", path, {"tracking_number": "AB12345678", "shipping_provider_id": provider})
    assert "AB12345678" in made["warning"]["message"]


def _wrong_ways() -> list[tuple[str, str, str, str]]:
    ways = [(market, "TIKTOK", f"{F}/packages", "create") for market in ("VN", "DE", "MX", "MY-CB")]
    ways += [(market, "TIKTOK", f"{F}/orders/{{order}}/packages", "mark") for market in ("VN", "US", "BR")]
    ways += [(market, "SELLER", f"{F}/orders/{{order}}/packages", "mark") for market in ("VN", "TH", "MX")]
    ways += [(market, "SELLER", f"{F}/packages", "create") for market in ("US", "GB")]
    ways += [("VN", "TIKTOK", f"{F}/orders/{{order}}/shipping_services/query", "query")]
    ways += [(market, "TIKTOK", "/fulfillment/202407/bundles", "bundle") for market in ("VN", "US", "GB-CB")]
    return ways


@pytest.mark.parametrize(("market", "kind", "path", "what"), _wrong_ways())
def test_the_wrong_way_is_21008106(market: str, kind: str, path: str, what: str) -> None:
    world = a_world(market)
    order = ordered(world, shipping_type=kind)
    provider, number = own_carrier(world)
    body = {
        "create": {"order_id": order.id},
        "mark": {"tracking_number": number, "shipping_provider_id": provider},
        "query": {},
        "bundle": {"order_ids": [order.id], "handover_method": "PICKUP"},
    }[what]
    assert code_of(world, "POST", path.format(order=order.id), body) == 21008106
    assert order.status == "AWAITING_SHIPMENT"


def test_ship_package_is_the_wrong_way_in_the_us() -> None:
    world = a_world("US")
    order = ordered(world, quantity=2, skus=_skus(world, 2))
    call(world, "POST", f"{F}/orders/{order.id}/split", {"splittable_groups": _groups(order, 1)})
    assert code_of(world, "POST", f"{F}/packages/{order.packages[0]}/ship", {}) == 21008106


def _groups(order: Order, *cuts: int) -> list[dict[str, object]]:
    edges = [0, *cuts, len(order.line_ids)]
    return [
        {"id": str(n), "order_line_item_ids": list(order.line_ids[a:b])} for n, (a, b) in enumerate(pairwise(edges))
    ]


def test_what_the_platform_fulfils_is_not_shipped_by_the_seller() -> None:
    world = a_world("US")
    order = ordered(world, fbt=True)
    assert code_of(world, "POST", f"{F}/packages", {"order_id": order.id}) == 21008106


@pytest.mark.parametrize("market", ["US", "GB", "JP"])
def test_an_order_on_hold_cannot_be_shipped(market: str) -> None:
    world = a_world(market)
    order = world.place(shop_at(world).id, world.now(), status="ON_HOLD", shipping_type="TIKTOK", fbt=False)
    assert code_of(world, "POST", f"{F}/packages", {"order_id": order.id}) == 21011044
    own = world.place(shop_at(world).id, world.now(), status="ON_HOLD", shipping_type="SELLER", fbt=False)
    provider, number = own_carrier(world)
    body = {"tracking_number": number, "shipping_provider_id": provider}
    assert code_of(world, "POST", f"{F}/orders/{own.id}/packages", body) == 21011044


def test_an_open_cancel_request_stops_shipping_but_in_the_us() -> None:
    world = a_world("VN", "US")
    asked, us = ordered(world), ordered(world, shop=1)
    request = cancels.request(world, asked, world.now())
    with pytest.raises(Refuse) as no:
        ship(world, asked)
    assert no.value.code == 21011007
    assert no.value.data
    assert no.value.data["fail_code"] == 21011007
    cancels.reject(world, request, world.now(), by="SYSTEM")
    ship(world, asked)
    turned_down = cancels.request(world, us, world.now())
    call(world, "POST", f"{F}/packages", {"order_id": us.id}, shop=1)
    assert turned_down.status == CANCEL_WITHDRAWN
    assert order_now(world, us)["is_buyer_request_cancel"] is False


def test_foreign_and_unknown_ids_are_21008111() -> None:
    world = a_world("VN", "TH", "US")
    other, us = ordered(world, shop=1), ordered(world, shop=2)
    foreign = other.packages[0]
    body = {"tracking_number": "GHN0000001234", "shipping_provider_id": "1"}
    for one in (foreign, "1"):
        assert code_of(world, "GET", f"{F}/packages/{one}") == 21008111
        assert code_of(world, "POST", f"{F}/packages/{one}/ship", {}) == 21008111
        assert code_of(world, "POST", f"{F}/packages/{one}/uncombine", {}) == 21008111
        assert code_of(world, "GET", f"{F}/packages/{one}/handover_time_slots") == 21008111
        query = {"document_type": "SHIPPING_LABEL"}
        assert code_of(world, "GET", f"{F}/packages/{one}/shipping_documents", query=query) == 21008111
    for one in (other.id, "1"):
        assert code_of(world, "POST", f"{F}/orders/{one}/packages", body, shop=2) == 21008111
        assert code_of(world, "GET", f"{F}/orders/{one}/tracking") == 21008111
        assert code_of(world, "GET", f"{F}/orders/split_attributes", query={"order_ids": one}) == 21008111
        assert code_of(world, "POST", f"{F}/packages", {"order_id": one}, shop=2) == 21008111
    lines = {"order_id": us.id, "order_line_item_ids": [other.line_ids[0]]}
    assert code_of(world, "POST", f"{F}/packages", lines, shop=2) == 21008111


def test_a_batch_tells_each_failure_and_ships_the_rest() -> None:
    world = a_world("VN", "TH")
    good, bad, foreign = ordered(world), ordered(world), ordered(world, shop=1)
    cancels.request(world, bad, world.now())
    wanted = [{"id": order.packages[0], "handover_method": "DROP_OFF"} for order in (bad, good, foreign)]
    found = call(world, "POST", f"{F}/packages/ship", {"packages": wanted})
    assert [(one["code"], one["detail"]["package_id"]) for one in found["errors"]] == [
        (21011007, bad.packages[0]),
        (21008111, foreign.packages[0]),
    ]
    assert (good.status, bad.status) == ("AWAITING_COLLECTION", "AWAITING_SHIPMENT")
    assert call(world, "POST", f"{F}/packages/ship", {"packages": [{"id": ordered(world).packages[0]}]}) == {}
    with pytest.raises(Missing, match="packages"):
        call(world, "POST", f"{F}/packages/ship", {})


def test_a_batch_that_cannot_be_read_ships_nothing() -> None:
    world = a_world("VN")
    good = ordered(world)
    for bad in ({"id": "2", "self_shipment": {"tracking_number": "X"}}, {"handover_method": "PICKUP"}, "x"):
        with pytest.raises(Missing):
            call(world, "POST", f"{F}/packages/ship", {"packages": [{"id": good.packages[0]}, bad]})
    assert package_of(world, good).status == "TO_FULFILL"


# --- corrections ---------------------------------------------------------------------------------------------------


def _marked(world: World) -> tuple[Order, str, dict[str, str]]:
    order = ordered(world, shipping_type="SELLER")
    provider, number = own_carrier(world)
    body = {"tracking_number": number, "shipping_provider_id": provider}
    made = call(world, "POST", f"{F}/orders/{order.id}/packages", body)
    return order, made["package_id"], body | {"tracking_number": number[:-1] + "9"}


@pytest.mark.parametrize("by", ["packages/{package}", "orders/{order}"])
def test_the_us_allows_one_correction_within_72_hours(by: str) -> None:
    world = a_world("US")
    order, package, body = _marked(world)
    path = f"{F}/{by.format(package=package, order=order.id)}/shipping_info/update"
    call(world, "POST", path, body)
    assert order_now(world, order)["line_items"][0]["tracking_number"] == body["tracking_number"]
    assert code_of(world, "POST", path, body) == 98001004
    late, package, body = _marked(world)
    world.live(world.now() + 72 * HOUR + 1)
    path = f"{F}/{by.format(package=package, order=late.id)}/shipping_info/update"
    assert code_of(world, "POST", path, body) == 98001004


def test_elsewhere_it_may_be_corrected_again() -> None:
    world = a_world("GB")
    _, package, body = _marked(world)
    for _ in range(3):
        call(world, "POST", f"{F}/packages/{package}/shipping_info/update", body)


def test_the_platforms_own_number_cannot_be_corrected() -> None:
    world = a_world("VN")
    order = ordered(world)
    package = ship(world, order)
    provider, number = own_carrier(world)
    body = {"tracking_number": number, "shipping_provider_id": provider}
    assert code_of(world, "POST", f"{F}/packages/{package.id}/shipping_info/update", body) == 21008106


# --- slots ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("market", ["VN", "US", "GB", "JP"])
def test_slots_are_spelt_as_the_platform_spells_them(market: str) -> None:
    world = a_world(market)
    order = ordered(world)
    found = call(world, "GET", f"{F}/orders/{order.id}/handover_time_slots")
    assert found["can_pickup"] is True
    assert found["can_van_collection"] is (market == "GB")
    assert all(set(slot) == {"start_time", "end_time", "avaliable"} for slot in found["pickup_slots"])
    assert all(slot["start_time"] < slot["end_time"] for slot in found["pickup_slots"])
    assert any(slot["avaliable"] for slot in found["pickup_slots"])


def test_only_an_offered_slot_can_be_booked_and_the_van_comes_in_it() -> None:
    world = a_world("VN")
    shop_at(world).collect = "auto"
    order = ordered(world)
    path = f"{F}/packages/{order.packages[0]}"
    slots = call(world, "GET", f"{path}/handover_time_slots")["pickup_slots"]
    free = next(slot for slot in slots if slot["avaliable"])
    times = {"start_time": free["start_time"], "end_time": free["end_time"]}
    wrong = times | {"end_time": times["end_time"] + 60}
    assert code_of(world, "POST", f"{path}/ship", {"handover_method": "PICKUP", "pickup_slot": wrong}) == 98001004
    dropped = {"handover_method": "DROP_OFF", "pickup_slot": times}
    assert code_of(world, "POST", f"{path}/ship", dropped) == 98001004
    call(world, "POST", f"{path}/ship", {"handover_method": "PICKUP", "pickup_slot": times})
    assert call(world, "GET", path)["pickup_slot"] == times
    world.live(times["end_time"])
    assert times["start_time"] <= order.body["collection_time"] <= times["end_time"]


def test_schedule_moves_the_collection() -> None:
    world = a_world("US")
    shop_at(world).collect = "auto"
    order = ordered(world)
    made = call(world, "POST", f"{F}/packages", {"order_id": order.id})
    slots = call(world, "GET", f"{F}/packages/{made['package_id']}/handover_time_slots")["pickup_slots"]
    times = {key: slots[-1][key] for key in ("start_time", "end_time")}
    body = {"order_id": order.id, "handover_method": "PICKUP", "pickup_slot": times}
    found = call(world, "POST", f"{F}/packages/schedule", body)
    assert found["package_id"] == made["package_id"]
    assert found["tracking_number"]
    world.live(times["start_time"] - 1)
    assert order.status == "AWAITING_COLLECTION"
    world.live(times["end_time"])
    assert order.status == "IN_TRANSIT"
