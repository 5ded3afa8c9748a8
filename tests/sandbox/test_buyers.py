"""Buyers: when they order, and what they do until the carrier has the parcel."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from fahuo.kernel.instant import local, zone
from fahuo.sandbox import buyers
from fahuo.sandbox.markets import zone_name
from fahuo.sandbox.model import Behaviour, Order, Refuse
from fahuo.sandbox.shops import Branch
from fahuo.sandbox.world import World

START = 1_791_763_200  # Monday 12 October 2026, 00:00 UTC
HOUR, DAY = 3_600, 86_400


def shop(world: World) -> str:
    return next(iter(world.shops))


def hours(world: World, market: str) -> Counter[int]:
    tz = zone(zone_name(market))
    return Counter(local(order.created, tz).hour for order in world.orders.values())


# --- ordering ---


@pytest.mark.parametrize("market", ["VN", "US", "GB"])
def test_orders_follow_the_hours_of_the_market(market: str) -> None:
    world = World(3, [market], START, Behaviour(orders_per_day=400, live_streams=0))
    world.live(START + 3 * DAY)
    counted = hours(world, market)
    night, evening = sum(counted[h] for h in range(1, 5)), sum(counted[h] for h in range(19, 23))
    assert evening > 4 * night


def test_the_orders_of_a_day_are_about_as_many_as_asked_for() -> None:
    world = World(3, ["VN", "TH"], START, Behaviour(orders_per_day=200, live_streams=0))
    world.live(START + 7 * DAY)
    assert 1_250 < len(world.orders) < 1_550
    peak = World(3, ["VN"], START, Behaviour(orders_per_day=100, live_streams=0, rhythm=False, peak=5))
    peak.live(START + DAY)
    assert 430 < len(peak.orders) < 570


def test_shops_get_their_share() -> None:
    world = World(3, [Branch("VN", share=3), Branch("TH", share=1)], START, Behaviour(orders_per_day=400))
    world.live(START + 4 * DAY)
    counted = Counter(order.shop_id for order in world.orders.values())
    many, few = (counted[s] for s in world.shops)
    assert 2.3 < many / few < 4


def test_a_live_stream_lifts_the_evening() -> None:
    quiet = World(3, ["VN"], START, Behaviour(orders_per_day=500, live_streams=0))
    loud = World(3, ["VN"], START, Behaviour(orders_per_day=500, live_streams=1, live_lift=4))
    for world in (quiet, loud):
        world.live(START + 2 * DAY)
    evenings = [sum(hours(world, "VN")[h] for h in range(19, 23)) for world in (quiet, loud)]
    assert evenings[1] > 2 * evenings[0]


def test_nobody_orders_in_a_quiet_world_and_a_change_shows_within_the_hour() -> None:
    world = World(3, ["VN"], START)
    world.live(START + DAY)
    assert not world.orders
    world.behaviour.orders_per_day = 1_000
    world.live(START + DAY + 2 * HOUR)
    assert world.orders


def test_some_buyers_order_again_on_the_same_day_to_the_same_address() -> None:
    world = World(3, ["VN"], START, Behaviour(orders_per_day=300, repeat_buyers=0.1, address_changes=0))
    world.live(START + DAY)
    again = {buyer for buyer, n in Counter(o.buyer_id for o in world.orders.values()).items() if n > 1}
    assert 3 <= len(again) <= 12
    for buyer in again:
        homes = [o.body["recipient_address"] for o in world.orders.values() if o.buyer_id == buyer]
        assert all(home == homes[0] for home in homes)
    nobody = World(3, ["VN"], START, Behaviour(orders_per_day=300, repeat_buyers=0))
    nobody.live(START + DAY)
    assert len({o.buyer_id for o in nobody.orders.values()}) == len(nobody.orders)


def test_an_empty_shop_loses_its_buyers() -> None:
    world = World(3, ["VN"], START, Behaviour(orders_per_day=200))
    for product in world.products_of(shop(world)):
        for sku in product.skus:
            sku.stock = dict.fromkeys(sku.stock, 0)
    world.live(START + DAY)
    assert not world.orders
    assert world.lost_sales[shop(world)] > 100


def test_late_payers_pay_after_hours_or_never() -> None:
    world = World(3, ["US"], START, Behaviour(orders_per_day=400, late_payers=0.3, never_pay=0.2))
    world.live(START + DAY)
    world.behaviour.orders_per_day = 0
    world.live(START + 4 * DAY)
    waits = [o.body["paid_time"] - o.created for o in world.orders.values() if "paid_time" in o.body]
    unpaid = [o for o in world.orders.values() if "paid_time" not in o.body]
    assert {o.status for o in unpaid} == {"CANCELLED"}
    assert 0.12 < len(unpaid) / len(world.orders) < 0.28
    assert sum(w > HOUR / 4 for w in waits) > 0.15 * len(waits)
    assert min(waits) < 60


# --- addresses ---


def ordered(status: str = "AWAITING_SHIPMENT") -> tuple[World, Order]:
    world = World(1, ["TH"], START)
    return world, world.place(shop(world), START, cod=False, prompt=True, fbt=False, status=status)


@pytest.mark.parametrize("status", ["ON_HOLD", "AWAITING_SHIPMENT", "AWAITING_COLLECTION"])
def test_an_address_changes_before_and_after_arranging(status: str) -> None:
    world, order = ordered("ON_HOLD" if status == "ON_HOLD" else "AWAITING_SHIPMENT")
    if status == "AWAITING_COLLECTION":
        world.arrange(order, START)
    before = dict(order.body["recipient_address"])
    assert order.body["has_updated_recipient_address"] is False
    world.notices.clear()
    buyers.change_address(world, order, START + 60)
    after = order.body["recipient_address"]
    assert order.body["has_updated_recipient_address"] is True
    assert (after["name"], after["phone_number"]) == (before["name"], before["phone_number"])
    assert after["full_address"] != before["full_address"]
    assert "*" not in after["full_address"]
    told = [(n.type, n.data) for n in world.notices]
    assert told == [(3, {"order_id": order.id, "update_time": START + 60})]
    assert order.status == status


def test_an_address_may_be_given() -> None:
    world, order = ordered()
    buyers.change_address(world, order, START + 60, {"postal_code": "10500"})
    assert order.body["recipient_address"]["postal_code"] == "10500"
    assert order.body["recipient_address"]["name"]


def test_on_the_way_the_address_is_fixed() -> None:
    world, order = ordered()
    world.arrange(order, START)
    world.touch(order, START, status="IN_TRANSIT")
    with pytest.raises(Refuse):
        buyers.change_address(world, order, START + 60)
    assert order.body["has_updated_recipient_address"] is False


# --- moods ---


def test_lively_buyers_ask_move_and_urge_and_the_others_do_not() -> None:
    behaviour = Behaviour(cancel_requests=0.3, withdraws=0.5, address_changes=0.3, urges=0.3)
    counts = []
    for lively in (True, False):
        world = World(2, ["GB"], START, behaviour)
        urged: list[tuple[str, str, int]] = []
        world.on_buyer_message = lambda _, order, kind, at, urged=urged: urged.append((order.id, kind, at))
        for _ in range(100):
            world.place(shop(world), START, status="AWAITING_SHIPMENT", lively=lively, fbt=False)
        world.live(START + 2 * DAY)
        moved = sum(n.type == 3 for n in world.notices)
        withdrawn = sum(c.status.endswith("CANCELLED") for c in world.cancellations.values())
        counts.append((len(world.cancellations), moved, len(urged), withdrawn))
        assert {kind for _, kind, _ in urged} <= {"urge"}
    asked, moved, urged_by, withdrawn = counts[0]
    assert 15 < asked < 50
    assert 10 < moved < 50
    assert 10 < urged_by < 50
    assert 0 < withdrawn < asked
    assert counts[1] == (0, 0, 0, 0)


def test_second_thoughts_within_the_hour_cancel_at_once() -> None:
    world = World(2, ["US"], START, Behaviour(cancels_on_hold=1.0, never_pay=0, late_payers=0))
    orders = [world.place(shop(world), START, lively=True, fbt=False) for _ in range(10)]
    world.live(START + HOUR)
    assert {order.status for order in orders} == {"CANCELLED"}


def test_a_buyer_confirms_what_has_come() -> None:
    world, order = ordered()
    with pytest.raises(Refuse):
        buyers.confirm(world, order, START)
    world.arrange(order, START)
    world.touch(order, START, status="IN_TRANSIT")
    world.touch(order, START + DAY, status="DELIVERED", delivery_time=START + DAY)
    buyers.confirm(world, order, START + DAY)
    assert order.status == "COMPLETED"


def test_the_week_begins_where_the_market_is() -> None:
    world = World(1, ["US"], START, Behaviour(orders_per_day=100, live_streams=0))
    us = world.shops[shop(world)]
    at = int(datetime(2026, 10, 16, 3, tzinfo=UTC).timestamp())  # Friday in London, still Thursday 20:00 in Los Angeles
    thursday = buyers.expected(world, us, at)
    friday = buyers.expected(world, us, at + DAY)
    assert friday / thursday == pytest.approx(1.06 / 0.98)
