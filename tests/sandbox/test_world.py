"""The world: how orders come into being and move on, and that the seed decides everything."""

import json
from collections import defaultdict
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fahuo.generate.articles import articles
from fahuo.generate.press import warehouse_ref
from fahuo.orders.model import ORDER
from fahuo.sandbox import buyers, cancels, reasons
from fahuo.sandbox.clock import SandboxClock
from fahuo.sandbox.maker import SoldOut
from fahuo.sandbox.model import CANCEL_PENDING, Behaviour, Order, Refuse
from fahuo.sandbox.shops import Branch, branch_of
from fahuo.sandbox.world import World, WrongMove

START = 1_791_763_200  # Monday 12 October 2026, 00:00 UTC
HOUR, DAY = 3_600, 86_400
LIVELY = Behaviour(
    orders_per_day=150, cancels_on_hold=0.1, cancel_requests=0.2, withdraws=0.3, address_changes=0.2, urges=0.2,
    never_pay=0.1, late_payers=0.2,
)  # fmt: skip


def lively(seed: int = 5, shops: tuple[str, ...] = ("VN", "US", "MY-CB")) -> World:
    return World(seed, shops, START, Behaviour(**{name: getattr(LIVELY, name) for name in LIVELY.__struct_fields__}))


def only(world: World) -> str:
    return next(iter(world.shops))


def placed(market: str = "VN", **wishes: object) -> tuple[World, Order]:
    world = World(1, [market], START)
    return world, world.place(only(world), START, **{"prompt": True, "fbt": False, **wishes})


# --- shops and products ---


def test_shops_are_named_by_market_with_a_suffix_across_the_border() -> None:
    world = World(1, ["VN", "MY:cross_border", "UK", "my-cb"], START)
    kinds = [(s.region, s.seller_type, s.language) for s in world.shops.values()]
    assert kinds == [
        ("VN", "LOCAL", "vi-VN"),
        ("MY", "CROSS_BORDER", "zh-CN"),
        ("GB", "LOCAL", "en-GB"),
        ("MY", "CROSS_BORDER", "zh-CN"),
    ]
    assert len({s.seller for s in world.shops.values()}) == 1
    assert len({s.cipher for s in world.shops.values()}) == len({s.name for s in world.shops.values()}) == 4


def test_sellers_differ_when_the_branches_say_so() -> None:
    world = World(1, [Branch("VN", seller="a"), Branch("VN", seller="b")], START)
    assert len({s.seller for s in world.shops.values()}) == 2


@pytest.mark.parametrize("text", ["XX", "VN-overseas", ""])
def test_an_unknown_market_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"market|local"):
        branch_of(text)


def test_products_and_warehouses_are_those_of_the_generated_catalogue() -> None:
    world = World(1, ["TH", "MY-CB"], START)
    local, across = world.shops.values()
    assert local.warehouse.id == warehouse_ref("TH")
    assert (across.warehouse.id, across.warehouse.sub_type) == (warehouse_ref("CN"), "CB_DIRECT_SHIPPING_WAREHOUSE")
    skus = {sku.seller_sku: sku.id for product in world.products_of(local.id) for sku in product.skus}
    assert skus == {a.sku: a.platform_sku_id for a in articles()}
    order = world.place(local.id, START, fbt=False)
    assert order.body["warehouse_id"] == local.warehouse.id
    for item in order.body["line_items"]:
        sku = world.sku(local.id, item["sku_id"])
        assert sku is not None
        assert sku.seller_sku == item["seller_sku"]


# --- an order's first hours ---


def test_a_paid_order_rests_on_hold_for_an_hour() -> None:
    world, order = placed(cod=False)
    assert (order.status, "paid_time" in order.body) == ("UNPAID", False)
    world.live(START + 5 * 60)
    assert (order.status, order.body["is_on_hold_order"]) == ("ON_HOLD", True)
    paid = order.body["paid_time"]
    assert "tts_sla_time" not in order.body
    world.live(paid + HOUR - 1)
    assert order.status == "ON_HOLD"
    world.live(paid + HOUR)
    assert order.status == "AWAITING_SHIPMENT"
    assert order.awaiting_at == order.updated == order.body["update_time"] == paid + HOUR


def test_cash_on_delivery_skips_the_hold_and_is_paid_at_the_door() -> None:
    world, order = placed(cod=True)
    world.live(START + 3 * 60)
    assert (order.status, order.body["is_on_hold_order"]) == ("AWAITING_SHIPMENT", False)
    for status in ("AWAITING_COLLECTION", "IN_TRANSIT"):
        world.touch(order, START + HOUR, status=status)
        assert "paid_time" not in order.body
    world.touch(order, START + DAY, status="DELIVERED", delivery_time=START + DAY)
    assert order.body["paid_time"] == order.body["delivery_time"] == START + DAY
    world.live(START + 18 * DAY)
    assert order.status == "COMPLETED"


def test_cash_on_delivery_may_be_wished_for_where_it_is_not_usual() -> None:
    _, order = placed("US", cod=True)
    assert order.cod
    assert (order.body["is_cod"], order.body["payment_method_name"]) == (True, "Cash on delivery")


def test_who_never_pays_is_cancelled_by_the_system() -> None:
    world, order = placed(cod=False, paid=False)
    world.live(START + 48 * HOUR - 1)
    assert order.status == "UNPAID"
    world.live(START + 48 * HOUR)
    assert (order.status, order.body["cancellation_initiator"]) == ("CANCELLED", "SYSTEM")
    assert order.body["cancel_reason"] == "Chưa thanh toán đúng hạn"


@pytest.mark.parametrize(("market", "own", "early"), [
    ("VN", False, True), ("VN", True, True), ("BR", False, True), ("DE", False, True), ("DE", True, False),
    ("US", False, False), ("GB", True, False), ("JP", False, False),
])  # fmt: skip
def test_a_package_exists_before_shipping_only_where_the_platform_makes_it(market: str, own: bool, early: bool) -> None:
    world, order = placed(market, cod=False, shipping_type="SELLER" if own else "TIKTOK")
    assert "packages" not in order.body
    world.live(START + 2 * HOUR)
    assert order.status == "AWAITING_SHIPMENT"
    assert bool(order.packages) == early
    if early:
        package = world.packages[order.packages[0]]
        assert order.body["packages"] == [{"id": package.id}]
        assert {(i["package_id"], i["package_status"]) for i in order.body["line_items"]} == {
            (package.id, "TO_FULFILL")
        }
        assert package.line_ids == [i["id"] for i in order.body["line_items"]]
    else:
        assert "packages" not in order.body
        assert all("package_id" not in item for item in order.body["line_items"])


def test_one_line_item_a_unit_for_what_was_wished_for() -> None:
    _, order = placed(skus=["TEE-BLACKM", articles()[9].platform_sku_id], quantity=[2, 1])
    wanted = ["TEE-BLACKM", "TEE-BLACKM", articles()[9].sku]
    assert [item["seller_sku"] for item in order.body["line_items"]] == wanted
    assert [item["id"] for item in order.body["line_items"]] == list(order.line_ids)


def test_wishes_for_kinds_of_orders() -> None:
    assert placed("US", made_to_order=True, prompt=False)[1].kind == "MADE_TO_ORDER"
    assert placed("US", pre_order=True, prompt=False)[1].body["release_date"] > START
    assert placed(sample=True)[1].body["is_sample_order"] is True
    assert placed(fbt=True)[1].body["fulfillment_type"] == "FULFILLMENT_BY_TIKTOK"
    assert placed(message="Please wrap it")[1].body["buyer_message"] == "Please wrap it"
    with pytest.raises(ValueError, match="NOPE"):
        placed(skus=["NOPE"])


def test_one_buyer_lives_at_one_address() -> None:
    world, order = placed(buyer=3)
    again = world.place(only(world), START + 60, buyer=3)
    assert again.body["recipient_address"] == order.body["recipient_address"]
    assert again.body["user_id"] == order.body["user_id"]


def test_an_order_may_be_there_already() -> None:
    world, order = placed(cod=False, status="AWAITING_SHIPMENT")
    assert (order.status, order.updated) == ("AWAITING_SHIPMENT", START)
    assert order.created < order.body["paid_time"] < START
    assert placed(cod=False, status="ON_HOLD")[1].status == "ON_HOLD"
    assert world.orders_by_update(only(world)) == [(START, order.id)]


def test_the_platform_ships_its_own_orders() -> None:
    world, order = placed(fbt=True, cod=False)
    world.live(START + 6 * DAY)
    assert order.status == "DELIVERED"
    assert [n.data["order_status"] for n in world.notices if n.type == 1] == [
        "UNPAID",
        "ON_HOLD",
        "AWAITING_SHIPMENT",
        "AWAITING_COLLECTION",
        "IN_TRANSIT",
        "DELIVERED",
    ]


def test_buyers_leave_what_is_not_on_sale() -> None:
    world = World(1, ["VN"], START)
    for product in world.products_of(only(world)):
        product.status = "SELLER_DEACTIVATED"
    with pytest.raises(SoldOut):
        world.place(only(world), START)
    kept = world.products_of(only(world))[0]
    kept.status = "ACTIVATE"
    for _ in range(20):
        order = world.place(only(world), START)
        assert {item["product_id"] for item in order.body["line_items"]} == {kept.id}


# --- touching ---


def test_a_wrong_move_is_a_fault_of_the_sandbox() -> None:
    world, order = placed()
    with pytest.raises(WrongMove):
        world.touch(order, START, status="DELIVERED")


def test_update_time_never_goes_back() -> None:
    world, order = placed()
    world.touch(order, START + 50, seller_note="x")
    world.touch(order, START + 10, seller_note=None)
    assert order.updated == order.body["update_time"] == START + 50
    assert "seller_note" not in order.body
    assert world.orders_by_update(only(world)) == [(START + 50, order.id)]
    assert world.orders_by_create(only(world)) == [(START, order.id)]


@pytest.mark.parametrize("opened", [False, True])
def test_changes_reach_the_body_whether_it_is_open_or_not(opened: bool) -> None:
    world, order = placed(skus=["TEE-BLACKM"], quantity=3)
    if opened:
        assert order.body
    world.touch(order, START + 9, lines={"package_id": "p", "sku_image": None}, status="ON_HOLD", paid_time=START + 9)
    assert (order.opened is not None) == opened
    assert order.body["paid_time"] == START + 9
    assert all(
        (i["display_status"], i["package_id"], "sku_image" in i) == ("ON_HOLD", "p", False)
        for i in order.body["line_items"]
    )
    before = json.loads(json.dumps(order.body))
    order.close()
    assert order.opened is None
    assert order.body == before


def test_bodies_are_put_away_and_found_again() -> None:
    world = World(1, ["VN"], START)
    orders = [world.place(only(world), START) for _ in range(3_050)]
    words = [order.body["buyer_email"] for order in orders]
    world.live(START)
    assert sum(order.opened is not None for order in orders) <= 3_000
    assert [order.body["buyer_email"] for order in orders] == words


# --- time ---


def test_the_clock_stands_runs_and_jumps() -> None:
    machine = [100.0]
    clock = SandboxClock(START, machine=lambda: machine[0])
    machine[0] += 50
    assert clock.now() == START
    clock.speed = 60
    machine[0] += 2
    assert clock.now() == START + 120
    clock.speed = 0
    assert clock.jump(30) == START + 150
    clock.reach(START)
    assert clock.now() == START + 150
    clock.reach(START + 500)
    assert clock.now() == START + 500
    with pytest.raises(ValueError, match="back"):
        clock.jump(-1)


def test_events_of_one_second_keep_their_order() -> None:
    world = World(1, ["VN"], START)
    seen: list[tuple[int, str]] = []
    world.on("note", lambda _, id_, at: seen.append((at, id_)))
    for at, name in ((START + 9, "c"), (START + 5, "a"), (START + 9, "d"), (START - 50, "past")):
        world.later(at, "note", name)
    world.live(START + 9)
    assert seen == [(START, "past"), (START + 5, "a"), (START + 9, "c"), (START + 9, "d")]
    assert world.now() == START + 9
    with pytest.raises(ValueError, match="note"):
        world.on("note", lambda *_: None)


def picture(world: World) -> list[object]:
    return [
        [order.body for order in world.orders.values()],
        [(n.id, n.shop_id, n.type, n.at, n.data) for n in world.notices],
        [(c.id, c.status, c.reason) for c in world.cancellations.values()],
        sorted(world.packages),
    ]


def test_the_same_seed_makes_the_same_world_in_one_go_or_in_steps() -> None:
    one, two, other = lively(), lively(), lively(6)
    one.live(START + 3 * DAY)
    other.live(START + 3 * DAY)
    for step in range(1, 3 * 24 * 4 + 1):
        two.live(START + step * 900)
    assert len(one.orders) > 200
    assert picture(one) == picture(two)
    assert picture(one) != picture(other)


# --- properties ---


def paths(world: World) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for notice in world.notices:
        if notice.type == 1:
            word = str(notice.data["order_status"])
            found[notice.data["order_id"]].append("CANCELLED" if word == "CANCEL" else word)
    assert {path[0] for path in found.values()} <= {"UNPAID"}
    return found


def check(world: World) -> None:
    """What holds of every world."""
    for path in paths(world).values():
        assert all(ORDER.may(a, b) and a != b for a, b in pairwise(path)), path
    for shop_id in world.shops:
        mine = [order for order in world.orders.values() if order.shop_id == shop_id]
        assert world.orders_by_update(shop_id) == sorted((o.body["update_time"], o.id) for o in mine)
        assert world.orders_by_create(shop_id) == sorted((o.body["create_time"], o.id) for o in mine)
    for order in world.orders.values():
        body, pay = order.body, {k: v for k, v in order.body["payment"].items() if k != "currency"}
        money = {name: Decimal(text) for name, text in pay.items()}
        goods = money["original_total_product_price"] - money["seller_discount"] - money["platform_discount"]
        assert money["sub_total"] == goods == sum(Decimal(i["sale_price"]) for i in body["line_items"])
        freight = money["original_shipping_fee"] - money["shipping_fee_seller_discount"]
        assert money["shipping_fee"] == freight - money["shipping_fee_platform_discount"]
        assert money["total_amount"] == money["sub_total"] + money["shipping_fee"] + money["tax"]
        assert (order.status, order.updated) == (body["status"], body["update_time"])
        assert body["create_time"] <= body["update_time"] <= world.now()
        assert None not in body.values()
        states = {item["display_status"] for item in body["line_items"]}
        assert (order.status == "CANCELLED") == (states == {"CANCELLED"})
        pending = any(world.cancellations[c].status == CANCEL_PENDING for c in order.cancellations)
        assert bool(body["is_buyer_request_cancel"]) == pending


def act(world: World, order: Order, what: str, at: int) -> None:
    """Something a seller, a buyer or a carrier may try."""
    if what == "arrange" and order.status == "AWAITING_SHIPMENT" and not order.by_platform:
        world.arrange(order, at)
    elif what == "collect" and order.status == "AWAITING_COLLECTION":
        world.touch(order, at, status="IN_TRANSIT", collection_time=at)
    elif what == "deliver" and order.status == "IN_TRANSIT":
        world.touch(order, at, status="DELIVERED", delivery_time=at)
    elif what == "ask":
        cancels.request(world, order, at, line_ids=order.line_ids[:1])
    elif what == "cancel":
        names = reasons.seller_reasons(world.shops[order.shop_id].region, order.status)
        cancels.seller_cancel(world, order, names[0] if names else "x", at, line_ids=order.line_ids[-1:])
    elif what == "move":
        buyers.change_address(world, order, at)
    elif what == "approve" and order.cancellations:
        cancels.approve(world, world.cancellations[order.cancellations[-1]], at)
    elif what == "reject" and order.cancellations:
        chosen = reasons.reject_reasons(world.shops[order.shop_id].region)[0]
        cancels.reject(world, world.cancellations[order.cancellations[-1]], at, reason=chosen)


DEEDS = st.tuples(
    st.integers(0, 11),
    st.sampled_from(["arrange", "arrange", "collect", "deliver", "ask", "cancel", "move", "approve", "reject"]),
    st.integers(0, 20 * HOUR),
)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 99), deeds=st.lists(DEEDS, max_size=25))
def test_whatever_is_done_every_order_keeps_to_the_table_and_its_sums(
    seed: int, deeds: list[tuple[int, str, int]]
) -> None:
    world = World(seed, ["VN", "US", "MY-CB"], START, Behaviour())
    for shop_id in world.shops:
        for _ in range(4):
            world.place(shop_id, START, lively=True)
    orders = list(world.orders.values())
    for which, what, wait in deeds:
        world.live(world.now() + wait)
        try:
            act(world, orders[which], what, world.now())
        except Refuse as no:
            if no.code not in {cancels.WRONG_REASON, cancels.OTHER_RUNS, cancels.INVALID}:
                raise
    world.live(world.now() + 12 * DAY)
    check(world)


def test_a_lively_week_keeps_to_the_table_and_its_sums() -> None:
    world = lively()
    world.live(START + 7 * DAY)
    check(world)
    ends = {order.status for order in world.orders.values()}
    assert {"CANCELLED", "AWAITING_SHIPMENT", "UNPAID", "ON_HOLD"} <= ends
