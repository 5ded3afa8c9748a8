"""Returns, refunds, replacements: every answer, every clock, the money."""

from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fahuo.kernel.money import exponent_of, parse_minor
from fahuo.sandbox import aftersale_buyers as buyers
from fahuo.sandbox import aftersale_rules as rules
from fahuo.sandbox.aftersale_facts import open_units, refund_for
from fahuo.sandbox.aftersales import Asked, approve, ask, reject
from fahuo.sandbox.model import Refuse, Return
from fahuo.sandbox.refunds import calculate, paid
from fahuo.sandbox.world import World
from tests.sandbox.aftersale_worlds import DAY, HOUR, a_world, ordered, sent, statuses, told

REJECT = rules.REJECT_REASONS[0]


def _asked(world: World, kind: str = "REFUND", **more: Any) -> Return:
    order = sent(world)
    return ask(world, order, Asked(kind, **more), world.now())


def _paid_total(world: World, request: Return) -> int:
    return paid(world.orders[request.order_id].body)


def test_refund_of_everything_is_what_was_paid_to_the_unit_and_completes_the_order() -> None:
    world = a_world("US")
    request = _asked(world)
    assert request.amount == _paid_total(world, request) > 0
    approve(world, request, "APPROVE_REFUND", world.now())
    world.live(world.now() + DAY)
    assert request.status == rules.COMPLETE
    assert world.orders[request.order_id].status == "COMPLETED"
    assert statuses(world, request) == [rules.PENDING, rules.SUCCESS, rules.COMPLETE]
    assert told(world, 12)[-1] == {
        "order_id": request.order_id,
        "return_id": request.id,
        "return_role": "BUYER",
        "return_type": "REFUND",
        "return_status": rules.COMPLETE,
        "create_time": request.created,
        "update_time": request.updated,
    }


def test_goods_come_back_before_the_money_does() -> None:
    world = a_world("TH")
    request = _asked(world, "RETURN_AND_REFUND")
    approve(world, request, "APPROVE_RETURN", world.now())
    assert request.status == rules.AWAITING_SHIP
    assert request.answer_by is None
    buyers.ship_back(world, request, world.now() + HOUR)
    assert request.action == "SELLER_RESPOND_RECEIVE_PACKAGE"
    assert request.answer_by == world.now() + HOUR + 8 * DAY
    assert request.tracking_number
    approve(world, request, "APPROVE_RECEIVED_PACKAGE", world.now() + 3 * DAY)
    world.live(world.now() + 4 * DAY)
    assert request.status == rules.COMPLETE
    assert not request.buyer_keeps


def test_buyer_may_keep_the_goods() -> None:
    world = a_world("GB")
    request = _asked(world, "RETURN_AND_REFUND")
    approve(world, request, "APPROVE_RETURN", world.now(), keep_item=True)
    assert request.status == rules.SUCCESS
    assert request.buyer_keeps


@pytest.mark.parametrize(("market", "hours"), [("ID", 48), ("GB", 48), ("PH", 48)])
def test_unanswered_request_is_approved_by_the_platform(market: str, hours: int) -> None:
    world = a_world(market)
    request = _asked(world)
    assert request.answer_by == request.created + hours * HOUR
    world.live(request.answer_by - 1)
    assert request.status == rules.PENDING
    world.live(request.answer_by + 1)
    assert request.status == rules.SUCCESS
    assert request.records[-1]["role"] == "SYSTEM"


def test_one_working_day_skips_the_day_off() -> None:
    world = a_world("VN")
    friday_evening = 1_790_343_000  # Friday 2026-09-25 20:30 in Vietnam, which works on Saturdays
    world.live(friday_evening)
    order = sent(world)
    saturday = friday_evening + DAY
    world.live(saturday)
    request = ask(world, order, Asked("REFUND"), saturday)
    assert request.answer_by == saturday + 2 * DAY


def test_a_stale_clock_does_not_overrule_the_seller() -> None:
    world = a_world("GB")
    request = _asked(world)
    reject(world, request, "REJECT_REFUND", REJECT, world.now())
    due = request.created + 49 * HOUR
    world.live(due)
    assert request.status == rules.REJECTED


@pytest.mark.parametrize(("for_buyer", "ends"), [(True, rules.COMPLETE), (False, rules.REJECTED)])
def test_a_rejection_may_be_appealed_and_the_platform_decides(for_buyer: bool, ends: str) -> None:
    world = a_world("GB")
    request = _asked(world)
    reject(world, request, "REJECT_REFUND", REJECT, world.now())
    buyers.dispute(world, request, world.now() + HOUR)
    assert request.arbitration == rules.IN_PROGRESS
    with pytest.raises(Refuse) as refused:
        ask(world, world.orders[request.order_id], Asked("REFUND"), world.now())
    assert refused.value.code == 25001011
    buyers.rule(world, request, for_buyer, world.now() + DAY)
    assert request.arbitration == (rules.SUPPORT_BUYER if for_buyer else rules.SUPPORT_SELLER)
    world.live(world.now() + 10 * DAY)
    assert request.status == ends
    assert request.arbitration == (rules.SUPPORT_BUYER if for_buyer else rules.CLOSED)


def test_rejecting_a_received_parcel_goes_to_the_platform_at_once() -> None:
    world = a_world("PH")
    request = _asked(world, "RETURN_AND_REFUND")
    with pytest.raises(Refuse) as refused:
        reject(world, request, "REJECT_RECEIVED_PACKAGE", REJECT, world.now())
    assert refused.value.code == 25011014
    approve(world, request, "APPROVE_RETURN", world.now())
    buyers.ship_back(world, request, world.now())
    reject(world, request, "REJECT_RECEIVED_PACKAGE", REJECT, world.now())
    assert request.status == rules.RECEIVED_REJECTED
    assert request.arbitration == rules.IN_PROGRESS
    world.live(world.now() + 9 * DAY)
    assert request.arbitration in (rules.SUPPORT_BUYER, rules.CLOSED)


def test_a_partial_refund_is_offered_taken_or_refused() -> None:
    world = a_world("GB")
    for takes in (True, False):
        request = _asked(world)
        most = request.amount
        approve(world, request, "OFFER_PARTIAL_REFUND", world.now(), partial=("1.00", "GBP"))
        assert request.status == rules.OFFERED
        buyers.answer_offer(world, request, takes, world.now())
        assert (request.amount, request.status) == ((100, rules.SUCCESS) if takes else (most, rules.PENDING))
        if takes:
            world.live(world.now() + DAY)
            assert world.orders[request.order_id].status == "DELIVERED"
    with pytest.raises(Refuse):
        approve(world, request, "OFFER_PARTIAL_REFUND", world.now(), partial=("1.00", "GBP"))
    for amount, currency in (("0", "GBP"), ("1.005", "GBP"), ("1.00", "USD"), ("9999999", "GBP")):
        fresh = _asked(world)
        with pytest.raises(Refuse):
            approve(world, fresh, "OFFER_PARTIAL_REFUND", world.now(), partial=(amount, currency))


def test_a_replacement_is_a_new_order_that_costs_nothing() -> None:
    world = a_world("US")
    request = _asked(world, "REPLACEMENT")
    assert request.answer_by == request.created + DAY
    approve(world, request, "APPROVE_REPLACEMENT", world.now())
    assert request.status == rules.NEW_COMPLETE
    fresh, old = world.orders[request.replacement_order_id], world.orders[request.order_id]
    assert fresh.body["is_replacement_order"] is True
    assert fresh.body["replaced_order_id"] == old.id
    assert fresh.body["payment"]["total_amount"] == "0.00"
    assert fresh.body["recipient_address"] == old.body["recipient_address"]
    assert [i["sku_id"] for i in fresh.body["line_items"]] == [i["sku_id"] for i in old.body["line_items"]]
    world.live(world.now() + 2 * HOUR)
    assert fresh.status == "AWAITING_SHIPMENT"


def test_nothing_left_to_replace_with_gives_the_money_back() -> None:
    world = a_world("US")
    request = _asked(world, "REPLACEMENT")
    for product in world.products_of(request.shop_id):
        for sku in product.skus:
            sku.stock = dict.fromkeys(sku.stock, 0)
    world.live(request.created + DAY + 1)
    assert request.status == rules.NEW_REFUNDED
    assert world.orders[request.order_id].status == "COMPLETED"


def test_a_buyer_who_does_not_ship_gets_nothing() -> None:
    world = a_world("ID")
    found = set()
    for _ in range(30):
        request = _asked(world, "RETURN_AND_REFUND")
        approve(world, request, "APPROVE_RETURN", world.now())
        world.live(world.now() + 30 * DAY)
        found.add(request.status)
    assert found == {rules.CANCELLED, rules.COMPLETE}


def test_the_seller_refunds_on_its_own() -> None:
    world = a_world("US")
    order = sent(world)
    reason = "ecom_order_delivered_refund_reason_missing_product_seller"
    request = ask(world, order, Asked("REFUND", reason, role="SELLER", amount=100), world.now())
    assert (request.status, request.amount, request.role) == (rules.SUCCESS, 100, "SELLER")
    world.live(world.now() + DAY)
    assert order.status == "DELIVERED"


@pytest.mark.parametrize(
    ("kind", "to", "code"),
    [
        ("REFUND", "AWAITING_COLLECTION", None),
        ("REFUND", "IN_TRANSIT", None),
        ("RETURN_AND_REFUND", "IN_TRANSIT", 25001021),
        ("REPLACEMENT", "IN_TRANSIT", 25001021),
        ("RETURN_AND_REFUND", "DELIVERED", None),
    ],
)
def test_who_may_ask_by_order_status(kind: str, to: str, code: int | None) -> None:
    world = a_world("VN")
    order = sent(world, to=to)
    if code is None:
        assert ask(world, order, Asked(kind), world.now()).status == rules.PENDING
        assert open_units(world, order) == set(order.line_ids)
        return
    with pytest.raises(Refuse) as refused:
        ask(world, order, Asked(kind), world.now())
    assert refused.value.code == code


def test_not_before_it_was_arranged_nor_after_the_window_nor_for_a_reason_of_another_status() -> None:
    world = a_world("VN")
    for order, reason in (
        (ordered(world), ""),
        (sent(world), "ecom_order_shipped_refund_reason_not_arrive_on_time"),
    ):
        with pytest.raises(Refuse) as refused:
            ask(world, order, Asked("REFUND", reason), world.now())
        assert refused.value.code == 25001021
    late = sent(world)
    world.live(world.now() + 20 * DAY)
    assert late.status == "COMPLETED"
    with pytest.raises(Refuse) as refused:
        ask(world, late, Asked("REFUND"), world.now())
    assert refused.value.code == 25001021


def test_a_second_request_for_the_same_units_is_refused_and_the_last_units_bring_the_fees() -> None:
    world = a_world("US")
    order = sent(world, skus=["MUG-BLUE", "TEE-BLACKM"], quantity=[2, 1])
    total, units = paid(order.body), list(order.line_ids)
    first = ask(world, order, Asked("REFUND", line_ids=units[:1]), world.now())
    with pytest.raises(Refuse) as refused:
        ask(world, order, Asked("REFUND", line_ids=units[:2]), world.now())
    assert refused.value.code == 25001011
    rest = ask(world, order, Asked("REFUND", line_ids=units[1:]), world.now())
    assert first.amount + rest.amount == total
    buyers.withdraw(world, first, world.now())
    approve(world, rest, "APPROVE_REFUND", world.now())
    again = ask(world, order, Asked("REFUND"), world.now())
    assert again.line_ids == units[:1]
    assert again.amount + rest.amount == total


def test_cancelled_order_lets_its_requests_go() -> None:
    world = a_world("VN")
    order = sent(world, to="IN_TRANSIT")
    request = ask(world, order, Asked("REFUND"), world.now())
    world.touch(order, world.now(), status="CANCELLED")
    assert request.status == rules.CANCELLED


def test_refund_in_transit_completes_the_order() -> None:
    world = a_world("VN")
    order = sent(world, to="IN_TRANSIT")
    approve(world, ask(world, order, Asked("REFUND"), world.now()), "APPROVE_REFUND", world.now())
    world.live(world.now() + DAY)
    assert order.status == "COMPLETED"


def test_lively_buyers_return_some_of_what_they_got_and_all_of_it_ends() -> None:
    world = a_world("TH", "US")
    world.behaviour.returns = 0.5
    for number in range(60):
        sent(world, shop=number % 2, lively=True)
    world.live(world.now() + 90 * DAY)
    asked = list(world.returns.values())
    assert 15 < len(asked) < 45
    assert {one.type for one in asked} == set(rules.TYPES)
    ended = rules.MOVES.final | {rules.REJECTED, rules.NEW_REJECTED, rules.RECEIVED_REJECTED}
    assert {one.status for one in asked} <= ended
    quiet = sent(world)
    world.live(world.now() + 30 * DAY)
    assert quiet.returns == []


_MOVES = st.lists(
    st.tuples(
        st.sampled_from(["ask", "approve", "reject", "withdraw", "ship", "dispute", "rule", "offer", "wait"]),
        st.integers(0, 10_000),
        st.integers(0, 3 * DAY),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(market=st.sampled_from(["US", "VN", "GB", "JP"]), seed=st.integers(0, 50), moves=_MOVES)
def test_whatever_anybody_does_no_more_than_paid_goes_back_and_every_request_ends(
    market: str, seed: int, moves: list[tuple[str, int, int]]
) -> None:
    world = a_world(market, seed=seed)
    order = sent(world, quantity=2)
    total = paid(order.body)
    for what, pick, wait in moves:
        world.live(world.now() + wait // 20)
        with suppress(Refuse):
            _step(world, order.id, what, pick)
        _no_more_than(world, order.id, total)
    world.live(world.now() + 60 * DAY)
    _no_more_than(world, order.id, total)
    for request in world.returns.values():
        ended = rules.MOVES.final | {rules.REJECTED, rules.NEW_REJECTED, rules.RECEIVED_REJECTED}
        assert request.status in ended
        assert request.arbitration != rules.IN_PROGRESS
        assert request.answer_by is None
        seen = statuses(world, request)
        assert seen[0] in rules.MOVES.initial
        assert all(rules.MOVES.may(a, b) for a, b in pairwise(seen))


def _no_more_than(world: World, order_id: str, total: int) -> None:
    back = [r.amount for r in world.returns.values() if r.order_id == order_id and r.status in rules.REFUNDING]
    assert sum(back) <= total


def _step(world: World, order_id: str, what: str, pick: int) -> None:
    order, at = world.orders[order_id], world.now()
    if what == "wait":
        return
    if what == "ask":
        units = [unit for n, unit in enumerate(order.line_ids) if pick >> n & 1]
        ask(world, order, Asked(rules.TYPES[pick % 3], line_ids=units), at)
        return
    if not order.returns:
        return
    request = world.returns[order.returns[pick % len(order.returns)]]
    currency = request.currency
    if what == "approve":
        approve(world, request, rules.ALL_APPROVALS[pick % 5], at, keep_item=pick % 2 == 0)
    elif what == "offer":
        approve(world, request, "OFFER_PARTIAL_REFUND", at, partial=(str(pick % 40), currency))
    elif what == "reject":
        reject(world, request, rules.ALL_REJECTIONS[pick % 4], REJECT, at)
    elif what == "withdraw":
        buyers.withdraw(world, request, at)
    elif what == "ship":
        buyers.ship_back(world, request, at)
    elif what == "dispute":
        buyers.dispute(world, request, at)
    else:
        buyers.rule(world, request, pick % 2 == 0, at)


@given(seed=st.integers(0, 200), units=st.integers(1, 3))
@settings(max_examples=40, deadline=None)
def test_parts_of_an_order_bring_back_exactly_the_whole(seed: int, units: int) -> None:
    world = a_world("US", seed=seed)
    order = ordered(world, quantity=units)
    total = paid(order.body)
    gone: list[str] = []
    given_back: list[int] = []
    for unit in order.line_ids:
        given_back.append(calculate(order.body, [unit], gone, given_back).total)
        gone.append(unit)
    assert sum(given_back) == total
    assert refund_for(world, order, order.line_ids).total == total
    told_total = refund_for(world, order, order.line_ids).as_json()["refund_total"]
    assert parse_minor(told_total, exponent_of("USD")) == total
