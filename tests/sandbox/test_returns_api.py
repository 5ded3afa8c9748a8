"""Returns, refunds and cancellations as a client sees them."""

from typing import Any

import pytest

from fahuo.sandbox import aftersale_buyers as buyers
from fahuo.sandbox import cancels
from fahuo.sandbox.aftersales import Asked, ask
from fahuo.sandbox.gateway_model import Missing
from fahuo.sandbox.model import Order, Refuse, Return
from fahuo.sandbox.world import World
from tests.sandbox.aftersale_worlds import DAY, HOUR, a_world, ordered, sent
from tests.sandbox.calls import call, pages

BASE = "/return_refund/202309"


def _requested(world: World, kind: str = "REFUND", **wishes: Any) -> tuple[Order, Return]:
    order = sent(world, **wishes)
    return order, ask(world, order, Asked(kind), world.now())


def _one(world: World, request: Return, **body: Any) -> dict[str, Any]:
    found = call(world, "POST", f"{BASE}/returns/search", {"return_ids": [request.id], **body})
    assert found["total_count"] == 1
    assert found["next_page_token"] == ""
    only: dict[str, Any] = found["return_orders"][0]
    return only


def test_a_return_is_shown_with_money_lines_and_what_the_seller_must_do() -> None:
    world = a_world("US")
    order, request = _requested(world, skus=["MUG-BLUE"], quantity=2)
    shown = _one(world, request)
    payment = order.body["payment"]
    assert shown["refund_amount"] == {
        "currency": "USD",
        "refund_total": payment["total_amount"],
        "refund_subtotal": payment["sub_total"],
        "refund_shipping_fee": payment["shipping_fee"],
        "refund_tax": payment["tax"],
    }
    assert shown["seller_next_action_response"] == [{"action": "SELLER_RESPOND_REFUND", "deadline": request.answer_by}]
    assert [line["order_line_item_id"] for line in shown["return_line_items"]] == list(order.line_ids)
    assert shown["return_line_items"][0]["refund_amount"]["refund_total"]
    assert shown["return_status"] == "RETURN_OR_REFUND_REQUEST_PENDING"
    assert None not in shown.values()
    for absent in ("arbitration_status", "partial_refund", "return_tracking_number", "should_replenish_stock"):
        assert absent not in shown
    newer = call(world, "POST", "/return_refund/202602/returns/search", {"return_ids": [request.id]})
    assert newer["return_orders"][0]["should_replenish_stock"] is False


def test_search_filters_sorts_and_pages_without_loss() -> None:
    world = a_world("GB", "TH")
    made = [_requested(world)[1] for _ in range(12)]
    other, thai = list(world.shops.values())
    ask(world, sent(world, shop=1), Asked("REFUND"), world.now())
    path = f"{BASE}/returns/search"
    assert [r["return_id"] for r in pages(world, "POST", path, "return_orders", page_size=5)] == [r.id for r in made]
    newest = pages(world, "POST", path, "return_orders", page_size=7, sort_field="create_time", sort_order="DESC")
    assert [r["return_id"] for r in newest] == [r.id for r in reversed(made)]
    span = {"create_time_ge": made[3].created, "create_time_lt": made[5].created}
    assert call(world, "POST", path, span)["total_count"] == 2
    assert call(world, "POST", path, {"order_ids": [made[0].order_id]})["total_count"] == 1
    assert call(world, "POST", path, {"return_types": ["REPLACEMENT"]})["total_count"] == 0
    buyer = world.orders[made[0].order_id].body["user_id"]
    assert call(world, "POST", path, {"buyer_user_ids": [buyer]})["total_count"] >= 1
    assert call(world, "POST", path, {}, shop=thai)["total_count"] == 1
    first = call(world, "POST", path, {}, page_size=5)["next_page_token"]
    with pytest.raises(Refuse):  # a token is bound to its filter and shop
        call(world, "POST", path, {"return_types": ["REFUND"]}, page_size=5, page_token=first)
    with pytest.raises(Refuse):
        call(world, "POST", path, {}, shop=thai, page_size=5, page_token=first)
    assert other.region == "GB"
    for wrong in (
        {"return_types": ["EXCHANGE"]},
        {"return_status": ["OPEN"]},
        {"seller_proposed_return_type": ["ALL"]},
        {"return_ids": "1"},
        {"create_time_ge": "soon"},
        {"create_time_ge": "1800000000"},
    ):
        with pytest.raises(Missing):
            call(world, "POST", path, wrong)
    with pytest.raises(Missing):
        call(world, "POST", path, {}, page_size=51)


def test_answers_are_taken_once_per_key() -> None:
    world = a_world("GB")
    _, request = _requested(world, "RETURN_AND_REFUND")
    path = f"{BASE}/returns/{request.id}"
    body = {"decision": "APPROVE_RETURN"}
    assert call(world, "POST", f"{path}/approve", body, idempotency_key="k1") == {}
    assert call(world, "POST", f"{path}/approve", body, idempotency_key="k1") == {}
    assert request.status == "AWAITING_BUYER_SHIP"
    with pytest.raises(Refuse) as refused:
        call(world, "POST", f"{path}/approve", body, idempotency_key="k2")
    assert refused.value.code == 98001004
    reject = {"decision": "REJECT_RECEIVED_PACKAGE", "reject_reason": "reverse_reject_request_reason_3"}
    with pytest.raises(Refuse) as refused:
        call(world, "POST", f"{path}/reject", reject)
    assert refused.value.code == 25011014
    buyers.ship_back(world, request, world.now())
    shown = _one(world, request)
    assert shown["return_method"] == "PLATFORM_SHIPPED"
    assert shown["return_tracking_number"] == request.tracking_number
    images = [{"image_id": "tos-1", "width": 10, "height": 20, "mime_type": "image/png"}]
    call(world, "POST", f"{path}/reject", {**reject, "comment": "empty box", "images": images}, idempotency_key="k3")
    call(world, "POST", f"{path}/reject", reject, idempotency_key="k3")
    assert _one(world, request)["arbitration_status"] == "IN_PROGRESS"
    records = call(world, "GET", f"{path}/records", locale="zh-CN")["records"]
    assert [r["event"] for r in records] == [
        "APPEALED", "REJECT_RECEIVED_PACKAGE", "SHIPPED", "APPROVE_RETURN", "REQUESTED",
    ]  # fmt: skip
    rejected = records[1]
    assert rejected["note"] == "empty box"
    assert rejected["reason_text"] == "已与买家协商一致"
    assert rejected["images"] == [{"url": "https://images.example.com/tos-1", "width": 10, "height": 20}]
    with pytest.raises(Refuse):
        call(world, "POST", f"{path}/reject", {**reject, "comment": "x" * 2001})
    for wrong in ({"decision": "NO"}, {}, {**reject, "images": [{}]}):
        with pytest.raises(Missing):
            call(world, "POST", f"{path}/reject", wrong)


def test_a_partial_refund_is_offered_by_the_api() -> None:
    world = a_world("JP")
    _, request = _requested(world)
    path = f"{BASE}/returns/{request.id}/approve"
    with pytest.raises(Missing):
        call(world, "POST", path, {"decision": "OFFER_PARTIAL_REFUND"})
    partial = {"amount": "1.50", "currency": "JPY"}
    with pytest.raises(Refuse):  # yen have no hundredths
        call(world, "POST", path, {"decision": "OFFER_PARTIAL_REFUND", "partial_refund": partial})
    partial = {"amount": "100", "currency": "JPY"}
    call(world, "POST", path, {"decision": "OFFER_PARTIAL_REFUND", "partial_refund": partial})
    shown = _one(world, request)
    assert shown["partial_refund"] == partial
    assert shown["seller_proposed_return_type"] == "PARTIAL_REFUND"
    found = call(world, "POST", f"{BASE}/returns/search", {"seller_proposed_return_type": ["PARTIAL_REFUND"]})
    assert found["total_count"] == 1
    buyers.answer_offer(world, request, True, world.now())
    amount = _one(world, request)["refund_amount"]
    assert amount["refund_total"] == "100"


def test_the_seller_makes_a_return_by_sku_or_line_and_amount() -> None:
    world = a_world("US")
    order = sent(world, skus=["MUG-BLUE", "TEE-BLACKM"], quantity=[2, 1])
    mug = order.body["line_items"][0]["sku_id"]
    reason = "ecom_order_delivered_refund_reason_damaged_seller"
    body = {
        "order_id": order.id,
        "return_type": "REFUND",
        "return_reason": reason,
        "skus": [{"sku_id": mug, "quantity": 1}],
    }
    made = call(world, "POST", f"{BASE}/returns", body, idempotency_key="k")
    assert made["return_status"] == "RETURN_OR_REFUND_REQUEST_SUCCESS"
    assert call(world, "POST", f"{BASE}/returns", body, idempotency_key="k")["return_id"] == made["return_id"]
    request = world.returns[made["return_id"]]
    assert request.line_ids == [order.line_ids[0]]
    second = call(world, "POST", f"{BASE}/returns", body)
    assert world.returns[second["return_id"]].line_ids == [order.line_ids[1]]
    with pytest.raises(Refuse) as refused:
        call(world, "POST", f"{BASE}/returns", body)
    assert refused.value.code == 25001011
    tee = {**body, "skus": [], "order_line_item_ids": [order.line_ids[2]], "refund_total": "0.50", "currency": "USD"}
    third = call(world, "POST", f"{BASE}/returns", tee)
    assert world.returns[third["return_id"]].amount == 50
    for wrong in (
        {**body, "order_id": "1"},
        {**tee, "order_line_item_ids": ["1"]},
        {**tee, "refund_total": "1e3"},
        {**tee, "currency": "EUR"},
        {**body, "skus": [{"sku_id": mug, "quantity": 9}]},
    ):
        with pytest.raises(Refuse) as refused:
            call(world, "POST", f"{BASE}/returns", wrong)
        assert refused.value.code == 98001004
    with pytest.raises(Missing):
        call(world, "POST", f"{BASE}/returns", {**body, "return_type": "REPLACEMENT"})


def test_refunds_are_calculated_without_anything_happening() -> None:
    world = a_world("US")
    order = sent(world, skus=["MUG-BLUE"], quantity=2)
    reason = "ecom_order_delivered_refund_reason_damaged"
    body = {"order_id": order.id, "request_type": "REFUND", "reason_name": reason}
    whole = call(world, "POST", f"{BASE}/refunds/calculate", body)["order_refund_amount"]
    assert whole["refund_total"] == order.body["payment"]["total_amount"]
    one = {**body, "order_line_item_ids": [order.line_ids[0]]}
    part = call(world, "POST", "/return_refund/202602/refunds/calculate", one)["order_refund_amount"]
    assert part["refund_subtotal"] == order.body["line_items"][0]["sale_price"]
    assert part["refund_shipping_fee"] == "0.00"
    assert world.returns == {}
    with pytest.raises(Refuse) as refused:
        call(world, "POST", f"{BASE}/refunds/calculate", {**body, "reason_name": "because"})
    assert refused.value.code == 25001021


def test_eligibility_says_for_each_sku_what_may_be_asked() -> None:
    world = a_world("VN")
    waiting, done = ordered(world), sent(world, skus=["MUG-BLUE"], quantity=2)
    path = f"{BASE}/orders/{{}}/aftersale_eligibility"

    def eligible(order: Order, role: str = "SELLER") -> dict[str, bool]:
        data = call(world, "GET", path.format(order.id), initiate_aftersale_user=role)
        entries = data["sku_eligibility"][0]["line_item_eligibility"]
        assert all(("ineligible_code" in e) == (not e["eligible"]) for e in entries)
        return {e["request_type"]: e["eligible"] for e in entries}

    assert eligible(waiting) == {"CANCEL": True, "REFUND": False, "RETURN_AND_REFUND": False}
    assert eligible(waiting, "BUYER")["CANCEL"] is True
    assert eligible(done) == {"CANCEL": False, "REFUND": True, "RETURN_AND_REFUND": True}
    ask(world, done, Asked("REFUND", line_ids=done.line_ids[:1]), world.now())
    data = call(world, "GET", path.format(done.id))["sku_eligibility"][0]["line_item_eligibility"]
    refund = [e for e in data if e["request_type"] == "REFUND"]
    assert [(e["order_line_items_ids"], e["eligible"], e.get("ineligible_code")) for e in refund] == [
        ([done.line_ids[0]], False, 25001011),
        ([done.line_ids[1]], True, None),
    ]


def test_reject_reasons_are_those_of_the_object_and_market() -> None:
    world = a_world("US", "GB")
    _, request = _requested(world)
    cancel = cancels.request(world, ordered(world), world.now())
    path = f"{BASE}/reject_reasons"
    names = {r["name"] for r in call(world, "GET", path, return_or_cancel_id=request.id)["reasons"]}
    assert "reverse_reject_refund_request_unclear_evidence" in names
    of_cancel = call(world, "GET", path, return_or_cancel_id=cancel.id, locale="zh-CN")["reasons"]
    assert "ecom_reverse_reject_cancel_reason_product_packed" in {r["name"] for r in of_cancel}
    assert all(not r["text"].isascii() for r in of_cancel)
    uk = cancels.request(world, ordered(world, shop=1), world.now())
    gb = list(world.shops.values())[1]
    assert any(
        r["name"].endswith("buyer_agree_uk")
        for r in call(world, "GET", path, shop=gb, return_or_cancel_id=uk.id)["reasons"]
    )
    with pytest.raises(Refuse):
        call(world, "GET", path, return_or_cancel_id=uk.id)
    with pytest.raises(Missing):
        call(world, "GET", path)


def test_a_buyers_cancel_request_is_answered_once() -> None:
    world = a_world("VN")
    order = ordered(world)
    cancel = cancels.request(world, order, world.now())
    found = call(world, "POST", f"{BASE}/cancellations/search", {"cancel_status": ["CANCELLATION_REQUEST_PENDING"]})
    shown = found["cancellations"][0]
    assert shown["seller_next_action_response"] == [{"action": "SELLER_RESPOND_CANCEL", "deadline": cancel.answer_by}]
    assert shown["role"] == "BUYER"
    assert shown["refund_amount"]["refund_total"] == order.body["payment"]["total_amount"]
    path = f"{BASE}/cancellations/{cancel.id}"
    reasons = call(world, "GET", f"{BASE}/reject_reasons", return_or_cancel_id=cancel.id)["reasons"]
    with pytest.raises(Refuse):
        call(world, "POST", f"{path}/reject", {"reject_reason": "no"})
    call(world, "POST", f"{path}/reject", {"reject_reason": reasons[0]["name"]}, idempotency_key="a")
    call(world, "POST", f"{path}/reject", {"reject_reason": reasons[0]["name"]}, idempotency_key="a")
    again = call(world, "POST", f"{BASE}/cancellations/search", {"cancel_ids": [cancel.id]})["cancellations"][0]
    assert again["cancel_status"] == "CANCELLATION_REQUEST_CANCELLED"
    assert "seller_next_action_response" not in again
    for word in ("CANCELLATION_REQUEST_CANCEL", "CANCELLATION_REQUEST_CANCELLED"):
        assert call(world, "POST", f"{BASE}/cancellations/search", {"cancel_status": [word]})["total_count"] == 1
    with pytest.raises(Missing):
        call(world, "POST", f"{BASE}/cancellations/search", {"cancel_status": ["OPEN"]})
    second = cancels.request(world, order, world.now() + HOUR)
    call(world, "POST", f"{BASE}/cancellations/{second.id}/approve", idempotency_key="b")
    call(world, "POST", f"{BASE}/cancellations/{second.id}/approve", idempotency_key="b")
    assert order.status == "CANCELLED"
    newer = call(world, "POST", "/return_refund/202602/cancellations/search", {"cancel_ids": [second.id]})
    assert newer["cancellations"][0]["should_replenish_stock"] is True


def test_the_seller_cancels_some_units_and_the_rest_gets_its_fees_back_with_the_last() -> None:
    world = a_world("US")
    order = ordered(world, skus=["MUG-BLUE"], quantity=2)
    mug = order.body["line_items"][0]["sku_id"]
    body = {
        "order_id": order.id,
        "cancel_reason": "seller_cancel_reason_out_of_stock",
        "skus": [{"sku_id": mug, "quantity": 1}],
    }
    made = call(world, "POST", f"{BASE}/cancellations", body)
    assert order.status == "AWAITING_SHIPMENT"
    second = call(world, "POST", f"{BASE}/cancellations", {**body, "skus": []})
    assert order.status == "CANCELLED"
    world.live(world.now() + DAY)
    found = call(world, "POST", f"{BASE}/cancellations/search", {"order_ids": [order.id]})["cancellations"]
    assert [c["cancel_id"] for c in found] == [made["cancel_id"], second["cancel_id"]]
    cents = [round(float(c["refund_amount"]["refund_total"]) * 100) for c in found]
    assert sum(cents) == round(float(order.body["payment"]["total_amount"]) * 100)
    with pytest.raises(Refuse) as refused:
        call(world, "POST", f"{BASE}/cancellations", {**body, "cancel_reason": "nonsense"})
    assert refused.value.code == 25001021
