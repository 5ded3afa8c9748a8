"""Split, combine, uncombine, part cancels: every living unit lies in exactly one living parcel."""

import random
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fahuo.channels.tiktok_shop import fulfilment
from fahuo.connections.model import Link
from fahuo.generate.markets import MARKETS
from fahuo.sandbox import buyers, cancels, carriers, markets
from fahuo.sandbox.gateway_model import Missing
from fahuo.sandbox.model import GONE, Order, Refuse
from fahuo.sandbox.render import is_live
from fahuo.sandbox.world import World
from tests.sandbox.parcel_calls import a_world, call, order_now, ordered, package_of, ship, shop_at, told

F = "/fulfillment/202309"


def skus(world: World, count: int) -> list[str]:
    return [sku.seller_sku for sku in list(world.makers[shop_at(world).id].skus.values())[:count]]


def groups(order: Order, *sizes: int) -> list[dict[str, object]]:
    lines = iter(order.line_ids)
    return [{"id": f"g{n}", "order_line_item_ids": [next(lines) for _ in range(size)]} for n, size in enumerate(sizes)]


def check_whole(world: World, *orders: Order, every_unit: bool = True) -> None:
    """Parcels and orders agree, and no living unit is lost or in two parcels."""
    for order in orders:
        alive = {item["id"] for item in order.body["line_items"] if is_live(item)}
        holders: dict[str, list[str]] = {}
        for package in world.packages.values():
            if package.status != GONE:
                for line in package.line_ids:
                    holders.setdefault(line, []).append(package.id)
        for line in order.line_ids:
            held = holders.get(line, [])
            assert len(held) == 1 if line in alive and every_unit else len(held) <= 1, (line, held)
            assert line in alive or not held
        for item in order.body["line_items"]:
            if item["id"] in alive and item["id"] in holders:
                (package_id,) = holders[item["id"]]
                assert item["package_id"] == package_id
                assert item["package_status"] == world.packages[package_id].status
                assert package_id in order.packages
                assert order.id in world.packages[package_id].order_ids
        live = [one for one in order.packages if world.packages[one].status != GONE]
        assert [one["id"] for one in order.body.get("packages", [])] == live or order.status == "CANCELLED"


def test_a_split_makes_a_parcel_a_group_and_one_of_the_rest() -> None:
    world = a_world("VN")
    order = ordered(world, skus=skus(world, 3), quantity=2)
    before = order.packages[0]
    asked = call(world, "GET", f"{F}/orders/split_attributes", query={"order_ids": order.id})
    assert asked == {"split_attributes": [{"order_id": order.id, "can_split": True}]}
    made = call(world, "POST", f"{F}/orders/{order.id}/split", {"splittable_groups": groups(order, 2, 2)})
    assert [one["splittable_group_id"] for one in made["packages"]] == ["g0", "g1"]
    assert len(order.packages) == 3
    assert world.packages[before].status == GONE
    assert order_now(world, order)["split_or_combine_tag"] == "SPLIT"
    check_whole(world, order)
    (notice,) = told(world, 4)
    assert (notice["sc_type"], notice["role_type"]) == ("SPLIT", "ROLE_SELLER")
    assert {one["package_id"] for one in notice["package_list"]} == set(order.packages)
    assert all(one["order_id_list"] == [order.id] for one in notice["package_list"])


def test_split_parcels_are_shipped_one_by_one() -> None:
    world = a_world("VN")
    order = ordered(world, skus=skus(world, 2))
    call(world, "POST", f"{F}/orders/{order.id}/split", {"splittable_groups": groups(order, 1)})
    first, second = (package_of(world, order, n) for n in range(2))
    call(world, "POST", f"{F}/packages/{first.id}/ship", {})
    assert order_now(world, order)["status"] == "PARTIALLY_SHIPPING"
    carriers.collected(world, first, world.now())
    assert order.status == "PARTIALLY_SHIPPING"
    call(world, "POST", f"{F}/packages/{second.id}/ship", {})
    shown = order_now(world, order)
    assert shown["status"] == "AWAITING_COLLECTION"
    assert [item["display_status"] for item in shown["line_items"]] == ["IN_TRANSIT", "AWAITING_COLLECTION"]
    carriers.collected(world, second, world.now())
    assert order.status == "IN_TRANSIT"
    carriers.scanned(world, first, "delivered", world.now())
    assert order.status == "IN_TRANSIT"
    assert [item["display_status"] for item in order.body["line_items"]] == ["DELIVERED", "IN_TRANSIT"]
    carriers.scanned(world, second, "delivered", world.now())
    assert order.status == "DELIVERED"
    check_whole(world, order)


@pytest.mark.parametrize(
    ("market", "allowed"), [("VN", False), ("TH", False), ("US", True), ("DE", True), ("MX", True)]
)
def test_below_the_sku_only_outside_south_east_asia(market: str, allowed: bool) -> None:
    world = a_world(market)
    order = ordered(world, skus=skus(world, 1), quantity=3)
    asked = call(world, "GET", f"{F}/orders/split_attributes", query={"order_ids": order.id})["split_attributes"][0]
    assert asked["can_split"] is allowed
    wanted = {"splittable_groups": groups(order, 1, 2)}
    if allowed:
        call(world, "POST", f"{F}/orders/{order.id}/split", wanted)
        check_whole(world, order)
    else:
        assert asked["reason"]
        with pytest.raises(Refuse):
            call(world, "POST", f"{F}/orders/{order.id}/split", wanted)


def test_wrong_groups_change_nothing() -> None:
    world = a_world("DE")
    order, other = (ordered(world, skus=skus(world, 2), quantity=2) for _ in range(2))
    lines = list(order.line_ids)
    wrong: list[tuple[list[dict[str, object]], int]] = [
        ([{"id": "1", "order_line_item_ids": lines}], 98001004),
        ([{"id": "1", "order_line_item_ids": lines[:1]}, {"id": "1", "order_line_item_ids": lines[1:]}], 98001004),
        ([{"id": "1", "order_line_item_ids": lines[:2]}, {"id": "2", "order_line_item_ids": lines[1:]}], 98001004),
        ([{"id": "1", "order_line_item_ids": [other.line_ids[0]]}], 21008111),
    ]
    for one, code in wrong:
        with pytest.raises(Refuse) as no:
            call(world, "POST", f"{F}/orders/{order.id}/split", {"splittable_groups": one})
        assert no.value.code == code
    with pytest.raises(Missing, match="order_line_item_ids"):
        call(world, "POST", f"{F}/orders/{order.id}/split", {"splittable_groups": [{"id": "1"}]})
    assert len(order.packages) == 1
    check_whole(world, order, other)


def test_orders_of_one_recipient_are_combined_shipped_and_arrive_as_one() -> None:
    world = a_world("TH")
    mine = [ordered(world, buyer=5) for _ in range(3)]
    stranger = ordered(world, buyer=6)
    (found,) = call(world, "GET", f"{F}/combinable_packages/search", query={"page_size": "50"})["combinable_packages"]
    assert set(found["order_ids"]) == {order.id for order in mine}
    body = {"combinable_packages": [found, {"id": "x", "order_ids": [mine[0].id, stranger.id]}]}
    made = call(world, "POST", f"{F}/packages/combine", body)
    assert [one["detail"]["package_id"] for one in made["errors"]] == ["x"]
    (one,) = made["packages"]
    package = world.packages[one["id"]]
    assert package.tag == "COMBINE"
    assert told(world, 4)[-1]["sc_type"] == "COMBINE"
    check_whole(world, *mine, stranger)
    call(world, "POST", f"{F}/packages/{package.id}/ship", {})
    assert {order.status for order in mine} == {"AWAITING_COLLECTION"}
    assert {order_now(world, order)["tracking_number"] for order in mine} == {package.tracking_number}
    assert order_now(world, mine[1])["split_or_combine_tag"] == "COMBINED"
    assert stranger.status == "AWAITING_SHIPMENT"
    carriers.collected(world, package, world.now())
    carriers.scanned(world, package, "delivered", world.now())
    assert {order.status for order in mine} == {"DELIVERED"}
    check_whole(world, *mine)


def test_at_most_20_orders_are_combined() -> None:
    world = a_world("VN")
    mine = [ordered(world, buyer=5).id for _ in range(21)]
    one = {"id": "1", "order_ids": mine}
    made = call(world, "POST", f"{F}/packages/combine", {"combinable_packages": [one]})
    assert made["errors"][0]["code"] == 98001004
    found = call(world, "GET", f"{F}/combinable_packages/search", query={"page_size": "50"})["combinable_packages"]
    assert [len(one["order_ids"]) for one in found] == [20]


def test_a_combination_that_cannot_be_read_combines_nothing() -> None:
    world = a_world("VN")
    mine = [ordered(world, buyer=5) for _ in range(2)]
    good = {"id": "1", "order_ids": [order.id for order in mine]}
    unread: list[Any] = [{"order_ids": []}, {"id": "2", "order_ids": "x"}, "x"]
    for bad in unread:
        with pytest.raises(Missing):
            call(world, "POST", f"{F}/packages/combine", {"combinable_packages": [good, bad]})
    assert not told(world, 4)
    assert "split_or_combine_tag" not in order_now(world, mine[0])


def test_uncombine_takes_out_some_or_all() -> None:
    world = a_world("VN")
    mine = [ordered(world, buyer=5) for _ in range(4)]
    wanted = {"id": "1", "order_ids": [order.id for order in mine]}
    package = call(world, "POST", f"{F}/packages/combine", {"combinable_packages": [wanted]})["packages"][0]["id"]
    found = call(world, "POST", f"{F}/packages/{package}/uncombine", {"order_ids": [mine[0].id]})
    assert {len(one["order_ids"]) for one in found["packages"]} == {1, 3}
    check_whole(world, *mine)
    assert told(world, 4)[-1]["sc_type"] == "CANCEL_COMBINE"
    found = call(world, "POST", f"{F}/packages/{package}/uncombine", {"order_ids": []})
    assert {len(one["order_ids"]) for one in found["packages"]} == {1}
    assert "split_or_combine_tag" not in order_now(world, mine[2])
    check_whole(world, *mine)
    with pytest.raises(Refuse):
        call(world, "POST", f"{F}/packages/{package}/uncombine", {})


def test_an_order_that_goes_elsewhere_leaves_the_combined_parcel() -> None:
    world = a_world("VN")
    mine = [ordered(world, buyer=5) for _ in range(3)]
    wanted = {"id": "1", "order_ids": [order.id for order in mine]}
    package = call(world, "POST", f"{F}/packages/combine", {"combinable_packages": [wanted]})["packages"][0]["id"]
    buyers.change_address(world, mine[1], world.now())
    assert world.packages[package].order_ids == [mine[0].id, mine[2].id]
    check_whole(world, *mine)
    notice = told(world, 4)[-1]
    assert (notice["sc_type"], notice["role_type"]) == ("ADDRESS_UPDATE_SPLIT", "ROLE_USER")
    buyers.change_address(world, mine[0], world.now())
    assert [len(order.packages) for order in mine] == [1, 1, 1]
    assert len({order.packages[0] for order in mine}) == 3
    check_whole(world, *mine)


def test_a_cancelled_order_leaves_the_combined_parcel() -> None:
    world = a_world("VN")
    mine = [ordered(world, buyer=5) for _ in range(3)]
    wanted = {"id": "1", "order_ids": [order.id for order in mine]}
    package = call(world, "POST", f"{F}/packages/combine", {"combinable_packages": [wanted]})["packages"][0]["id"]
    cancels.cancel_by_system(world, mine[1], "platform_cancel", world.now())
    assert world.packages[package].order_ids == [mine[0].id, mine[2].id]
    check_whole(world, *mine)
    ship_all = call(world, "POST", f"{F}/packages/ship", {"packages": [{"id": package}]})
    assert ship_all == {}
    assert [order.status for order in mine] == ["AWAITING_COLLECTION", "CANCELLED", "AWAITING_COLLECTION"]


def test_a_cancelled_unit_leaves_its_parcel_and_the_order_goes_on_without_it() -> None:
    world = a_world("VN")
    order = ordered(world, skus=skus(world, 2))
    call(world, "POST", f"{F}/orders/{order.id}/split", {"splittable_groups": groups(order, 1)})
    call(world, "POST", f"{F}/packages/{order.packages[0]}/ship", {})
    assert order.status == "PARTIALLY_SHIPPING"
    cancels.cancel_by_system(world, order, "platform_cancel", world.now(), line_ids=[order.line_ids[1]])
    assert order.status == "AWAITING_COLLECTION"
    check_whole(world, order)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["VN", "DE", "US", "MX"]))
def test_whatever_the_seller_does_no_unit_is_lost_or_doubled(seed: int, market: str) -> None:
    rng = random.Random(seed)  # noqa: S311 - a test
    world = a_world(market, seed=3)
    orders = [
        ordered(world, buyer=rng.randint(1, 2), skus=skus(world, 3), quantity=rng.randint(1, 2)) for _ in range(4)
    ]
    for _ in range(12):
        order = rng.choice(orders)
        with suppress(Refuse, Missing):
            _act(world, rng, order, orders)
        check_whole(world, *orders, every_unit=market != "US")


def _act(world: World, rng: random.Random, order: Order, orders: list[Order]) -> None:
    body: dict[str, Any]
    act = rng.choice(["split", "split", "combine", "uncombine", "ship", "cancel", "scan", "create", "deliver"])
    alive = [item["id"] for item in order.body["line_items"] if is_live(item)]
    packages = [package for one in order.packages if (package := world.packages[one]).status != GONE]
    if act == "split":
        rng.shuffle(alive)
        cut = rng.randint(1, 3)
        body = {"splittable_groups": [{"id": "a", "order_line_item_ids": alive[:cut]}]}
        call(world, "POST", f"{F}/orders/{order.id}/split", body)
    elif act == "combine":
        wanted = [one.id for one in rng.sample(orders, rng.randint(2, 3))]
        body = {"combinable_packages": [{"id": "a", "order_ids": wanted}]}
        call(world, "POST", f"{F}/packages/combine", body)
    elif act == "uncombine" and packages:
        chosen = rng.sample(packages[0].order_ids, rng.randint(0, len(packages[0].order_ids)))
        call(world, "POST", f"{F}/packages/{packages[0].id}/uncombine", {"order_ids": chosen})
    elif act == "ship" and packages:
        call(world, "POST", f"{F}/packages/{rng.choice(packages).id}/ship", {})
    elif act == "create":
        body = {"order_id": order.id, "order_line_item_ids": rng.sample(alive, min(2, len(alive)))}
        call(world, "POST", f"{F}/packages", body)
    elif act == "cancel" and alive:
        cancels.cancel_by_system(world, order, "platform_cancel", world.now(), line_ids=rng.sample(alive, 1))
    elif act in ("scan", "deliver"):
        for package in packages:
            if package.status == "PROCESSING" and not package.scans:
                carriers.collected(world, package, world.now())
            elif package.status == "FULFILLING" and act == "deliver":
                carriers.scanned(world, package, "delivered", world.now())


def test_an_arranged_order_is_not_split_or_combined() -> None:
    world = a_world("VN")
    order, other = ordered(world, buyer=5, skus=skus(world, 2)), ordered(world, buyer=5)
    ship(world, order)
    with pytest.raises(Refuse):
        call(world, "POST", f"{F}/orders/{order.id}/split", {"splittable_groups": groups(order, 1)})
    body = {"combinable_packages": [{"id": "a", "order_ids": [order.id, other.id]}]}
    assert call(world, "POST", f"{F}/packages/combine", body)["errors"]


def test_both_sides_agree_on_the_way_of_every_market() -> None:
    for market in MARKETS:
        for cross_border in (False, True):
            kind = "cross_border" if cross_border else "local"
            link = cast(Link, SimpleNamespace(region=market, seller_type=kind))
            assert fulfilment.flow_of(link.region, link.seller_type) == markets.flow(market, cross_border), (
                market,
                kind,
            )
            assert fulfilment.ships_itself(link) is not markets.marks_shipped(market)
