"""What carriers do by themselves, by chance and when told, and what it does to parcels and orders."""

from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fahuo.kernel.instant import local, zone
from fahuo.sandbox import carriers, journeys, markets, providers
from fahuo.sandbox.carriers import Hindrance
from fahuo.sandbox.model import Behaviour, Order, Package
from fahuo.sandbox.world import World
from tests.sandbox.parcel_calls import DAY, HOUR, a_world, call, order_now, ordered, package_of, ship, shop_at, told

F = "/fulfillment/202309"
ARRIVED = {"DELIVERED", "COMPLETED"}
SURE = Behaviour(not_collected=0, stalled=0, lost=0, damaged=0, second_attempts=0, cod_refusals=0, customs_held=0)


def kinds(package: Package) -> list[str]:
    return [scan.kind for scan in package.scans]


def lively(world: World, **wishes: Any) -> Order:
    order = ordered(world, **wishes)
    order.lively = True
    return order


def arranged(world: World, **wishes: Any) -> tuple[Order, Package]:
    order = ordered(world, **wishes)
    return order, ship(world, order)


def reason(world: World, order: Order) -> str:
    return world.cancellations[order.cancellations[-1]].reason


# --- collecting ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("market", ["VN", "TH", "DE", "ID"])
def test_the_van_comes_at_half_past_six_on_working_days(market: str) -> None:
    world = a_world(market)
    shop_at(world).collect = "auto"
    order, package = arranged(world)
    world.live(world.now() + 4 * DAY)
    at = package.scans[0].at
    there = local(at, zone(markets.zone_name(market)))
    assert (there.hour, there.minute) == (18, 30)
    assert there.weekday() < 6
    assert order.body["collection_time"] == at


def test_the_van_does_not_come_on_sundays_and_holidays() -> None:
    world = a_world("VN")
    shop = shop_at(world)
    tz = zone("Asia/Ho_Chi_Minh")
    sunday = int(datetime(2026, 9, 20, 9, tzinfo=tz).timestamp())
    assert local(journeys.next_van(shop, sunday), tz).weekday() == 0
    national_day = int(datetime(2026, 9, 2, 9, tzinfo=tz).timestamp())
    assert local(journeys.next_van(shop, national_day), tz).date().isoformat() > "2026-09-02"
    evening = int(datetime(2026, 9, 21, 18, 30, 1, tzinfo=tz).timestamp())
    assert local(journeys.next_van(shop, evening), tz).day == 22


def test_with_manual_collection_nothing_moves_until_control_says_so() -> None:
    world = a_world("VN")
    order, package = arranged(world)
    world.live(world.now() + DAY)
    assert package.scans == []
    carriers.collected(world, package, world.now())
    assert order.status == "IN_TRANSIT"
    assert order_now(world, order)["collection_time"] == world.now()
    assert told(world, 1)[-1]["order_status"] == "IN_TRANSIT"


def test_a_forgotten_parcel_is_fetched_another_day() -> None:
    world = a_world("VN", behaviour=Behaviour(not_collected=1.0))
    shop_at(world).collect = "auto"
    order = lively(world)
    package = ship(world, order)
    world.live(world.now() + DAY)
    assert package.scans == []
    world.behaviour.not_collected = 0.0
    world.live(world.now() + DAY)
    assert kinds(package)[0] == "collected"


def test_a_strike_keeps_the_van_away_until_it_is_over() -> None:
    world = a_world("DE", "DE")
    for shop in world.shops.values():
        shop.collect = "auto"
    _, package = arranged(world)
    _, other = arranged(world, shop=1)
    over = world.now() + 3 * DAY
    strike = Hindrance(kind="collect", start=world.now(), end=over, shops=frozenset({shop_at(world).id}))
    carriers.hinder(world, strike)
    world.live(world.now() + 7 * DAY)
    assert package.scans[0].at >= over
    assert other.scans[0].at < over


def test_a_typhoon_stops_deliveries_in_its_regions() -> None:
    world = a_world("VN", behaviour=SURE)
    order, package = arranged(world)
    carriers.collected(world, package, world.now())
    over = world.now() + 6 * DAY
    here = next(iter(journeys.regions_of(order) - {"Việt Nam"}))
    carriers.hinder(world, Hindrance(kind="deliver", start=world.now(), end=over, regions=frozenset({here})))
    world.live(over - 1)
    assert kinds(package) == ["collected"]
    world.live(over + 6 * DAY)
    assert order.status in ARRIVED


# --- the way -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("market", ["VN", "TH", "PH", "MX", "DE"])
def test_a_parcel_arrives_within_the_days_of_its_service(market: str) -> None:
    world = a_world(market)
    order, package = arranged(world)
    carriers.collected(world, package, world.now())
    start = world.now()
    world.live(start + 14 * DAY)
    assert kinds(package) == ["collected", "departed", "arrived", "out_for_delivery", "delivered"]
    assert order_now(world, order)["status"] in ARRIVED
    days = providers.transit_days(shop_at(world), package.provider_name)
    assert order.body["delivery_time"] - start <= (days[1] + 1) * DAY
    times = [scan.at for scan in package.scans]
    assert times == sorted(times)
    assert 10 <= local(order.body["delivery_time"], zone(markets.zone_name(market))).hour < 19


def test_cash_on_delivery_is_paid_at_the_door_and_the_order_completes_later() -> None:
    world = a_world("VN")
    order, package = arranged(world, cod=True)
    assert "paid_time" not in order_now(world, order)
    carriers.collected(world, package, world.now())
    world.live(world.now() + 10 * DAY)
    shown = order_now(world, order)
    assert shown["paid_time"] == shown["delivery_time"]
    world.live(shown["delivery_time"] + 17 * DAY)
    assert order.status == "COMPLETED"


def test_a_refused_parcel_comes_back_and_the_order_is_cancelled() -> None:
    world = a_world("VN", behaviour=Behaviour(cod_refusals=1.0, lost=0, damaged=0, stalled=0))
    order = lively(world, cod=True)
    package = ship(world, order)
    carriers.collected(world, package, world.now())
    world.live(world.now() + 20 * DAY)
    assert kinds(package)[-2:] == ["refused", "returned"]
    assert order.refused_cod is True
    assert order.status == "CANCELLED"
    assert reason(world, order) == "returned_to_shipper_refused"
    assert package.status == "CANCELLED"
    assert "paid_time" not in order_now(world, order)


@pytest.mark.parametrize(
    ("what", "last", "why"), [("lost", "lost", "package_lost"), ("damaged", "exception", "package_damaged")]
)
def test_lost_and_damaged_parcels_cancel_their_order(what: str, last: str, why: str) -> None:
    rates: dict[str, Any] = {"lost": 0.0, "damaged": 0.0, "stalled": 0.0} | {what: 1.0}
    world = a_world("TH", behaviour=Behaviour(**rates))
    order = lively(world)
    package = ship(world, order)
    carriers.collected(world, package, world.now())
    world.live(world.now() + 20 * DAY)
    assert kinds(package)[-1] == last
    assert (order.status, reason(world, order)) == ("CANCELLED", why)
    if what == "lost":
        assert package.scans[-1].at - package.scans[-2].at > 7 * DAY


def test_a_stalled_parcel_arrives_late() -> None:
    world = a_world("TH", behaviour=Behaviour(stalled=1.0, lost=0, damaged=0, cod_refusals=0, second_attempts=0))
    order = lively(world)
    package = ship(world, order)
    carriers.collected(world, package, world.now())
    world.live(world.now() + 20 * DAY)
    gaps = [b.at - a.at for a, b in pairwise(package.scans)]
    assert max(gaps) > 2 * DAY
    assert order.status in ARRIVED


def test_nobody_at_home_means_another_attempt() -> None:
    world = a_world("TH", behaviour=Behaviour(second_attempts=1.0, lost=0, damaged=0, stalled=0, cod_refusals=0))
    order = lively(world)
    package = ship(world, order)
    carriers.collected(world, package, world.now())
    world.live(world.now() + 20 * DAY)
    assert kinds(package)[-4:] == ["out_for_delivery", "exception", "out_for_delivery", "delivered"]


def test_nothing_goes_wrong_by_chance_for_orders_of_control() -> None:
    world = a_world("VN", behaviour=Behaviour(lost=1.0, damaged=1.0, stalled=1.0, cod_refusals=1.0, not_collected=1.0))
    order, package = arranged(world, cod=True)
    carriers.collected(world, package, world.now())
    world.live(world.now() + 14 * DAY)
    assert order.status in ARRIVED


def test_one_lost_parcel_of_two_cancels_its_units_only() -> None:
    world = a_world("US")
    sku = next(iter(world.makers[shop_at(world).id].skus.values())).seller_sku
    order = ordered(world, skus=[sku], quantity=2)
    for line in order.line_ids:
        call(world, "POST", f"{F}/packages", {"order_id": order.id, "order_line_item_ids": [line]})
    lost, fine = (package_of(world, order, n) for n in range(2))
    carriers.collected(world, lost, world.now())
    carriers.collected(world, fine, world.now())
    carriers.scanned(world, lost, "lost", world.now())
    assert order.status == "IN_TRANSIT"
    assert [item["display_status"] for item in order.body["line_items"]] == ["CANCELLED", "IN_TRANSIT"]
    carriers.scanned(world, fine, "delivered", world.now())
    assert order.status in ARRIVED


def test_the_seller_shipping_parcel_is_carried_too() -> None:
    world = a_world("US")
    order = ordered(world, shipping_type="SELLER")
    one = markets.providers("US")[0]
    body = {"tracking_number": providers.number_of(one, 5), "shipping_provider_id": one.id}
    call(world, "POST", f"{F}/orders/{order.id}/packages", body)
    package = package_of(world, order)
    carriers.collected(world, package, world.now())
    world.live(world.now() + 10 * DAY)
    assert order.status in ARRIVED


def test_a_changed_way_overtakes_what_was_planned() -> None:
    world = a_world("VN")
    order, package = arranged(world)
    carriers.collected(world, package, world.now())
    way = carriers.way_of(package)
    carriers.set_way(world, package, [one._replace(at=one.at + 2 * DAY) for one in way])
    world.live(way[-1].at)
    assert kinds(package) == ["collected"] or package.scans[1].at >= way[0].at + 2 * DAY
    carriers.scanned(world, package, "delivered", world.now())
    scans = len(package.scans)
    world.live(world.now() + 10 * DAY)
    assert len(package.scans) == scans
    assert order.status in ARRIVED


def test_a_step_now_brings_the_rest_forward() -> None:
    world = a_world("VN")
    order, package = arranged(world)
    carriers.collected(world, package, world.now())
    before = carriers.way_of(package)
    done = carriers.step(world, package, world.now())
    assert done is not None
    assert done.kind == "departed"
    early = before[0].at - world.now()
    assert [one.at for one in carriers.way_of(package)] == [one.at - early for one in before[1:]]
    while carriers.step(world, package, world.now()):
        pass
    assert order.status in ARRIVED
    assert carriers.step(world, package, world.now()) is None


# --- across the border ---------------------------------------------------------------------------------------------


def bundled(world: World, **wishes: Any) -> tuple[Order, Package]:
    order = ordered(world, **wishes)
    package = ship(world, order)
    call(world, "POST", "/fulfillment/202407/bundles", {"order_ids": [order.id], "handover_method": "PICKUP"})
    return order, package


@pytest.mark.parametrize("market", ["MY-CB", "TH-CB", "VN-CB", "JP-CB"])
def test_two_legs_with_the_sorting_warehouse_between(market: str) -> None:
    world = a_world(market)
    shop_at(world).collect = "auto"
    order, package = bundled(world)
    world.live(world.now() + DAY)
    assert kinds(package) == ["collected"]
    assert order.status == "AWAITING_COLLECTION", "the domestic courier's scan is not the platform's"
    world.live(world.now() + 3 * DAY)
    accepted = next(scan for scan in package.scans if scan.kind == "sorting_accepted")
    assert order_now(world, order)["collection_time"] == accepted.at
    assert world.bundles[package.bundle_id].accepted == [order.id]
    world.live(world.now() + 20 * DAY)
    found = kinds(package)
    assert found == [
        "collected", "arrived", "sorting_accepted", "departed", "customs", "arrived", "out_for_delivery", "delivered",
    ]  # fmt: skip
    assert order.status in ARRIVED
    shown = call(world, "GET", f"{F}/packages/{package.id}")
    assert shown["last_mile_tracking_number"] != shown["tracking_number"]


def test_without_a_bundle_nobody_fetches_a_cross_border_parcel() -> None:
    world = a_world("MY-CB")
    shop_at(world).collect = "auto"
    order = ordered(world)
    package = ship(world, order)
    world.live(world.now() + DAY)
    assert package.scans == []


@pytest.mark.parametrize(("setting", "status"), [("collected", "IN_TRANSIT"), ("departed", "AWAITING_COLLECTION")])
def test_which_scan_counts_is_a_setting_of_the_shop(setting: str, status: str) -> None:
    world = a_world("MY-CB")
    shop_at(world).transit_by = setting
    order, package = bundled(world)
    carriers.collected(world, package, world.now())
    if setting == "departed":
        carriers.sort(world, package, world.now(), "sorting_accepted")
    assert order.status == status
    if setting == "departed":
        carriers.scanned(world, package, "departed", world.now())
        assert order.status == "IN_TRANSIT"


def test_a_typhoon_at_the_buyers_does_not_keep_a_parcel_from_the_sorting_warehouse() -> None:
    world = a_world("MY-CB", behaviour=SURE)
    order, package = bundled(world)
    carriers.collected(world, package, world.now())
    over = world.now() + 5 * DAY
    carriers.hinder(world, Hindrance(kind="deliver", start=world.now(), end=over))
    world.live(over - 1)
    assert kinds(package) == ["collected", "arrived", "sorting_accepted"]
    assert order.status == "IN_TRANSIT"


def test_the_sorting_warehouse_refuses() -> None:
    world = a_world("TH-CB")
    order, package = bundled(world)
    carriers.collected(world, package, world.now())
    carriers.sort(world, package, world.now(), "sorting_refused")
    assert order.status == "CANCELLED"
    assert reason(world, order) == "system_cancel_cross_border_entry_warehouse_failed_reason2"
    assert world.bundles[package.bundle_id].refused == [order.id]
    world.live(world.now() + 20 * DAY)
    assert kinds(package)[-1] == "sorting_refused"


def test_the_sorting_warehouse_relabels_and_sends_on() -> None:
    world = a_world("TH-CB")
    order, package = bundled(world)
    carriers.collected(world, package, world.now())
    carriers.sort(world, package, world.now(), "relabelled")
    assert kinds(package)[-2:] == ["exception", "sorting_accepted"]
    assert "fee" in package.scans[-2].text
    assert order.status == "IN_TRANSIT"


def test_refusals_and_relabelling_come_by_chance_too() -> None:
    world = a_world("MY-CB", behaviour=Behaviour(sorting_refused=0.5, relabelled=0.5, lost=0, damaged=0, stalled=0))
    ends = set()
    for _ in range(12):
        order = lively(world)
        package = ship(world, order)
        carriers.collected(world, package, world.now())
        world.live(world.now() + 3 * DAY)
        ends.add((order.status, package.flags.get("relabelled", False)))
    assert ends == {("CANCELLED", False), ("IN_TRANSIT", True)}


def test_customs_hold_a_parcel() -> None:
    world = a_world("MY-CB", behaviour=Behaviour(customs_held=1.0, lost=0, damaged=0, stalled=0, sorting_refused=0))
    order = lively(world)
    package = ship(world, order)
    carriers.collected(world, package, world.now())
    world.live(world.now() + 30 * DAY)
    assert kinds(package).count("customs") == 2
    assert order.status in ARRIVED


# --- as a whole ----------------------------------------------------------------------------------------------------


def _run(seed: int) -> list[tuple[str, str, int, list[tuple[int, str]]]]:
    world = a_world("VN", "US", "MY-CB", seed=seed)
    for shop in world.shops.values():
        shop.collect = "auto"
    orders = [ordered(world, shop=n % 3, cod=None) for n in range(9)]
    for order in orders:
        order.lively = True
        if world.shops[order.shop_id].region == "US":
            call(world, "POST", f"{F}/packages", {"order_id": order.id}, shop=1)
        else:
            ship(world, order)
    world.live(world.now() + 12 * DAY)
    return [
        (
            order.id,
            order.status,
            order.updated,
            [(s.at, s.kind) for p in order.packages for s in world.packages[p].scans],
        )
        for order in orders
    ]


def test_the_same_seed_and_calls_give_the_same_run() -> None:
    assert _run(5) == _run(5)
    assert _run(5) != _run(6)


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["VN", "MY-CB", "DE", "TH"]),
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0, 1),
    st.integers(1, 10**6),
)
def test_every_parcel_comes_to_an_end(market: str, lost: float, stalled: float, refused: float, seed: int) -> None:
    rates = Behaviour(lost=lost / 2, stalled=stalled / 2, cod_refusals=refused, customs_held=0.5, sorting_refused=0.1)
    world = a_world(market, seed=seed, behaviour=rates)
    orders = [lively(world, cod=None if market in ("VN", "TH") else False) for _ in range(3)]
    for order in orders:
        package = ship(world, order)
        carriers.collected(world, package, world.now())
        world.live(world.now() + HOUR)
    world.live(world.now() + 45 * DAY)
    for order in orders:
        package = package_of(world, order)
        assert (order.status, package.status) in {
            ("DELIVERED", "COMPLETED"), ("COMPLETED", "COMPLETED"), ("CANCELLED", "CANCELLED"),
        }  # fmt: skip
        times = [scan.at for scan in package.scans]
        assert times == sorted(times)
