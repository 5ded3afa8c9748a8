"""Cancellations: who may, how long the seller has, what the platform does by itself."""

import pytest

from fahuo.sandbox import cancels, reasons
from fahuo.sandbox.model import (
    CANCEL_COMPLETE,
    CANCEL_PENDING,
    CANCEL_SUCCESS,
    CANCEL_WITHDRAWN,
    Cancellation,
    Order,
    Refuse,
)
from fahuo.sandbox.world import World

START = 1_791_763_200  # Monday 12 October 2026, 00:00 UTC
MINUTE, HOUR, DAY = 60, 3_600, 86_400


def awaiting(market: str = "VN", **wishes: object) -> tuple[World, Order]:
    world = World(1, [market], START)
    given = {"prompt": True, "fbt": False, "cod": False, "status": "AWAITING_SHIPMENT", **wishes}
    return world, world.place(next(iter(world.shops)), START, **given)


def at_hour(world: World, hours: float) -> int:
    world.live(START + int(hours * HOUR))
    return world.now()


def told(world: World, kind: int) -> list[str]:
    word = {1: "order_status", 11: "cancel_status"}[kind]
    return [str(notice.data[word]) for notice in world.notices if notice.type == kind]


def code_of(call: object, *args: object, **more: object) -> int:
    with pytest.raises(Refuse) as no:
        call(*args, **more)  # type: ignore[operator]  # whatever is tried
    return no.value.code


# --- the platform ---


@pytest.mark.parametrize("seed", range(8))
def test_the_platform_cancels_eight_to_fiftysix_minutes_after_the_limit(seed: int) -> None:
    world = World(seed, ["VN"], START)
    order = world.place(next(iter(world.shops)), START, cod=False, prompt=True, fbt=False)
    world.live(START + 9 * DAY)
    body = order.body
    assert order.status == "CANCELLED"
    assert 8 * MINUTE <= body["cancel_time"] - body["shipping_due_time"] <= 56 * MINUTE
    assert body["cancellation_initiator"] == "SYSTEM"
    assert body["cancel_reason"] == "Đơn hàng không được gửi đúng hạn"
    lines = {(i["display_status"], i["cancel_user"], i["cancel_reason"]) for i in body["line_items"]}
    assert lines == {("CANCELLED", "SYSTEM", body["cancel_reason"])}
    assert {i["package_status"] for i in body["line_items"]} == {"CANCELLED"}
    assert told(world, 1) == ["UNPAID", "ON_HOLD", "AWAITING_SHIPMENT", "CANCEL"]
    assert told(world, 11) == [CANCEL_SUCCESS, CANCEL_COMPLETE]
    made = world.cancellations[order.cancellations[0]]
    assert (made.type, made.role, made.reason) == ("CANCEL", "SYSTEM", reasons.TIMEOUT)


def test_after_arranging_the_automatic_cancel_waits_for_collection() -> None:
    world, order = awaiting()
    world.arrange(order, at_hour(world, 5))
    shipping, collection = order.body["shipping_due_time"], order.body["collection_due_time"]
    assert order.cancel_at == collection > shipping
    world.live(collection + 7 * MINUTE)
    assert order.status == "AWAITING_COLLECTION"
    world.live(collection + 56 * MINUTE)
    assert order.status == "CANCELLED"


def test_what_a_carrier_has_is_not_cancelled() -> None:
    world, order = awaiting()
    world.arrange(order, START + HOUR)
    world.touch(order, START + 2 * HOUR, status="IN_TRANSIT")
    world.live(START + 9 * DAY)
    assert order.status == "IN_TRANSIT"


def test_arranged_parcels_of_us_orders_are_not_cancelled_for_want_of_a_scan() -> None:
    world, order = awaiting("US")
    assert "cancel_order_sla_time" in order.body
    world.arrange(order, START + HOUR)
    assert "cancel_order_sla_time" not in order.body
    world.live(START + 20 * DAY)
    assert order.status == "AWAITING_COLLECTION"


def test_a_half_shipped_order_loses_only_what_was_not_arranged() -> None:
    world, order = awaiting(skus=["TEE-BLACKM", "MUG-BLUE"], quantity=1)
    first = order.body["line_items"][0]
    world.touch(order, START + HOUR, status="PARTIALLY_SHIPPING")
    first["display_status"] = "AWAITING_COLLECTION"
    world.live(order.body["shipping_due_time"] + 56 * MINUTE)
    assert [item["display_status"] for item in order.body["line_items"]] == ["AWAITING_COLLECTION", "CANCELLED"]
    assert order.status == "PARTIALLY_SHIPPING"


@pytest.mark.parametrize(("shop", "words"), [
    ("TH", "ไม่ได้จัดส่งคำสั่งซื้อภายในเวลาที่กำหนด"), ("US", "Order was not shipped in time"), ("MY-CB", "订单未按时发货"),
    ("DE", "Bestellung wurde nicht rechtzeitig versandt"),
])  # fmt: skip
def test_the_reason_is_in_the_language_of_the_shop(shop: str, words: str) -> None:
    world, order = awaiting(shop)
    made = cancels.cancel_by_system(world, order, reasons.TIMEOUT, START)
    assert made is not None
    assert order.body["cancel_reason"] == made.reason_text == words
    assert cancels.cancel_by_system(world, order, reasons.TIMEOUT, START) is None


# --- buyers ---


@pytest.mark.parametrize("status", ["UNPAID", "ON_HOLD"])
def test_before_release_a_buyer_cancels_at_once(status: str) -> None:
    world, order = awaiting(status=status if status == "ON_HOLD" else None)
    made = cancels.request(world, order, START)
    assert order.status == "CANCELLED"
    assert made.status == (CANCEL_SUCCESS if status == "ON_HOLD" else CANCEL_COMPLETE)
    assert order.body["cancellation_initiator"] == "BUYER"
    assert made.reason in reasons.buyer_reasons(status)
    world.live(START + 3 * DAY)
    assert made.status == CANCEL_COMPLETE
    assert "AWAITING_SHIPMENT" not in told(world, 1)


@pytest.mark.parametrize(("market", "hours"), [("US", 24), ("TH", 24), ("ID", 48), ("VN", 48), ("GB", 48)])
def test_the_sellers_time_to_answer_by_market(market: str, hours: int) -> None:
    world, order = awaiting(market, pre_order=True, prompt=False)  # nothing else cancels it meanwhile
    made = cancels.request(world, order, START)
    assert (made.status, made.answer_by) == (CANCEL_PENDING, START + hours * HOUR)
    assert order.body["is_buyer_request_cancel"] is True
    assert order.body["request_cancel_time"] == START
    world.live(START + hours * HOUR - 1)
    assert made.status == CANCEL_PENDING
    world.live(START + hours * HOUR)
    assert (order.status, order.body["is_buyer_request_cancel"]) == ("CANCELLED", False)
    assert order.body["cancellation_initiator"] == "BUYER"


def test_after_the_us_limit_a_buyer_cancels_at_once() -> None:
    world, order = awaiting("US")
    late = order.body["tts_sla_time"] + 1
    world.live(late)
    assert cancels.request(world, order, late).status == CANCEL_SUCCESS
    assert order.status == "CANCELLED"


def test_after_arranging_a_us_request_is_turned_down_by_the_platform() -> None:
    world, order = awaiting("US")
    world.arrange(order, START)
    assert cancels.request(world, order, START + HOUR).status == CANCEL_WITHDRAWN
    assert order.body["is_buyer_request_cancel"] is False
    assert told(world, 11) == [CANCEL_PENDING, CANCEL_WITHDRAWN]
    assert awaiting_request_after_arranging("VN").status == CANCEL_PENDING


def awaiting_request_after_arranging(market: str) -> Cancellation:
    world, order = awaiting(market)
    world.arrange(order, START)
    return cancels.request(world, order, START + HOUR)


def test_the_carriers_scan_ends_a_request() -> None:
    world, order = awaiting()
    made = cancels.request(world, order, START)
    world.arrange(order, START)
    world.touch(order, START + HOUR, status="IN_TRANSIT")
    assert (made.status, made.answer_by) == (CANCEL_WITHDRAWN, None)
    assert code_of(cancels.request, world, order, START + HOUR) == cancels.WRONG_REASON


def test_a_buyer_may_take_the_request_back() -> None:
    world, order = awaiting()
    made = cancels.request(world, order, START)
    cancels.withdraw(world, made, START + HOUR)
    assert (made.status, order.body["is_buyer_request_cancel"]) == (CANCEL_WITHDRAWN, False)
    assert code_of(cancels.approve, world, made, START + HOUR) == cancels.WRONG_REASON
    world.live(START + 2 * DAY)
    assert order.status == "AWAITING_SHIPMENT"


# --- sellers ---


def test_approved_the_order_is_cancelled_and_the_refund_takes_its_time() -> None:
    world, order = awaiting()
    made = cancels.request(world, order, START)
    cancels.approve(world, made, START + HOUR, key="k")
    cancels.approve(world, made, START + HOUR, key="k")
    assert (order.status, made.status) == ("CANCELLED", CANCEL_SUCCESS)
    world.live(START + 4 * HOUR)
    assert made.status == CANCEL_COMPLETE
    assert told(world, 11) == [CANCEL_PENDING, CANCEL_SUCCESS, CANCEL_COMPLETE]
    assert told(world, 1)[-1] == "CANCEL"


def test_cash_on_delivery_has_nothing_to_refund() -> None:
    world, order = awaiting(cod=True)
    made = cancels.request(world, order, START)
    cancels.approve(world, made, START + HOUR)
    assert made.status == CANCEL_COMPLETE


@pytest.mark.parametrize("market", ["US", "GB", "ID", "VN", "DE"])
def test_a_rejection_needs_a_reason_of_the_market(market: str) -> None:
    world, order = awaiting(market)
    made = cancels.request(world, order, START)
    assert code_of(cancels.reject, world, made, START, reason="because") == cancels.INVALID
    chosen = reasons.reject_reasons(market)[-1]
    cancels.reject(world, made, START, reason=chosen, comment="packed", key="r")
    cancels.reject(world, made, START, reason=chosen, key="r")
    assert (made.status, made.reject_reason, made.comment) == (CANCEL_WITHDRAWN, chosen, "packed")
    assert order.status == "AWAITING_SHIPMENT"
    assert made.answer_by is None


@pytest.mark.parametrize(("market", "reason"), [
    ("US", "seller_cancel_paid_reason_buyer_requested_cancellation"),
    ("US", "seller_cancel_reason_out_of_stock"),
    ("GB", "seller_cancel_reason_wrong_price_uk"),
    ("MY", "seller_cancel_paid_reason_address_not_deliver"),
    ("VN", "seller_cancel_reason_logistics_issue"),
])  # fmt: skip
def test_a_seller_cancels_with_a_reason_of_market_and_status(market: str, reason: str) -> None:
    world, order = awaiting(market)
    made = cancels.seller_cancel(world, order, reason, START, key="once")
    assert cancels.seller_cancel(world, order, reason, START, key="once") is made
    assert (made.type, made.role, made.status) == ("CANCEL", "SELLER", CANCEL_SUCCESS)
    assert (order.status, order.body["cancellation_initiator"]) == ("CANCELLED", "SELLER")
    assert {item["cancel_user"] for item in order.body["line_items"]} == {"SELLER"}


@pytest.mark.parametrize(("market", "reason"), [
    ("GB", "seller_cancel_reason_out_of_stock"),
    ("GB", "seller_cancel_paid_reason_buyer_requested_cancellation_uk"),
    ("US", "seller_cancel_unpaid_reason_out_of_stock"),
    ("ID", "seller_cancel_paid_reason_buyer_requested_cancellation"),
    ("US", "seller_cancel_reason_logistics_issue"),
])  # fmt: skip
def test_other_reasons_do_not_fit(market: str, reason: str) -> None:
    world, order = awaiting(market)
    assert code_of(cancels.seller_cancel, world, order, reason, START) == 25_001_021
    assert order.status == "AWAITING_SHIPMENT"
    assert world.cancellations == {}


def test_after_arranging_only_us_sellers_may_cancel() -> None:
    for market, fits in (("US", True), ("VN", False), ("GB", False)):
        world, order = awaiting(market)
        reason = reasons.seller_reasons(market, order.status)[0]
        world.arrange(order, START)
        if fits:
            cancels.seller_cancel(world, order, reason, START)
            assert order.status == "CANCELLED"
        else:
            assert code_of(cancels.seller_cancel, world, order, reason, START) == 25_001_021


def test_a_part_cancel_changes_line_items_only_until_the_last_unit() -> None:
    world, order = awaiting("VN", skus=["TEE-BLACKM", "MUG-BLUE"], quantity=[2, 1])
    one, two, three = order.line_ids
    reason = "seller_cancel_reason_out_of_stock"
    seen: list[tuple[list[str], str]] = []
    world.units_cancelled.append(lambda _, o, units, __: seen.append((units, o.status)))
    cancels.seller_cancel(world, order, reason, START + 5, line_ids=[two])
    assert order.status == "AWAITING_SHIPMENT"
    assert order.updated == START + 5
    assert [i["display_status"] for i in order.body["line_items"]] == [
        "AWAITING_SHIPMENT",
        "CANCELLED",
        "AWAITING_SHIPMENT",
    ]
    assert cancels.living(order) == [one, three]
    assert "cancel_time" not in order.body
    assert code_of(cancels.seller_cancel, world, order, reason, START, line_ids=[two]) == 25_001_021
    assert code_of(cancels.seller_cancel, world, order, reason, START, line_ids=["1"]) == 98_001_004
    world.touch(order, START + 6, lines={"package_status": "TO_FULFILL"})
    assert [i["package_status"] for i in order.body["line_items"]] == ["TO_FULFILL", "CANCELLED", "TO_FULFILL"]
    cancels.seller_cancel(world, order, reason, START + 9)
    assert order.status == "CANCELLED"
    assert seen == [([two], "AWAITING_SHIPMENT"), (sorted([one, three]), "CANCELLED")]
    assert told(world, 1).count("CANCEL") == 1


def test_one_request_at_a_time_about_the_same_units() -> None:
    world, order = awaiting("US", skus=["TEE-BLACKM"], quantity=2)
    one, two = order.line_ids
    made = cancels.request(world, order, START, line_ids=[one])
    reason = "seller_cancel_reason_out_of_stock"
    assert code_of(cancels.seller_cancel, world, order, reason, START) == 25_001_011
    assert code_of(cancels.request, world, order, START, line_ids=[one]) == 25_001_011
    cancels.seller_cancel(world, order, reason, START, line_ids=[two])
    assert order.body["is_buyer_request_cancel"] is True
    cancels.approve(world, made, START)
    assert order.status == "CANCELLED"


def test_the_platforms_cancel_ends_open_requests() -> None:
    world, order = awaiting()
    made = cancels.request(world, order, START)
    cancels.cancel_by_system(world, order, "platform_cancel", START + 5)
    assert made.status == CANCEL_WITHDRAWN
    assert order.body["is_buyer_request_cancel"] is False
    assert order.body["cancellation_initiator"] == "SYSTEM"


def test_every_reason_has_words() -> None:
    statuses = ("UNPAID", "AWAITING_SHIPMENT")
    names = {r for m in ("US", "GB", "ID", "VN") for s in statuses for r in reasons.seller_reasons(m, s)}
    for name in names | {r for s in statuses for r in reasons.buyer_reasons(s)}:
        assert reasons.text(name, "en-US")[0].isupper()
        assert "_" not in reasons.text(name, "vi-VN")
        assert reasons.text(name, "zh-CN").isascii() is False
