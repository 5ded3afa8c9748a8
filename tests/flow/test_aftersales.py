"""What buyers ask for afterwards: mirrored, answered once, and open again when the platform declines the answer."""

from __future__ import annotations

import msgspec
import pytest

from fahuo.access.model import PACKER, Principal
from fahuo.access.rules import PERMISSIONS
from fahuo.aftersales import queries
from fahuo.aftersales.model import APPROVE, REJECT, Request
from fahuo.channels.tiktok_shop.aftersale import read
from fahuo.flow import aftersales
from fahuo.kernel.problems import Failure
from fahuo.store import effects, personal
from tests.support.shopfloor import HOUR, MONDAY, OWNER_HERE, Floor, order

ORDER = "5760" + "1".rjust(14, "0")


def cancellation(state: str = "CANCELLATION_REQUEST_PENDING", at: int = MONDAY, **changes: object) -> bytes:
    asked = [{"action": "SELLER_RESPOND_CANCEL", "deadline": MONDAY + 24 * HOUR}] if "PENDING" in state else []
    body: dict[str, object] = {
        "cancel_id": "577", "order_id": ORDER, "cancel_type": "BUYER_CANCEL", "cancel_status": state, "role": "BUYER",
        "cancel_reason": "ecom_order_to_ship_canceled_reason_no_longer_needed", "cancel_reason_text": "Không cần nữa",
        "refund_amount": {"currency": "VND", "refund_total": "150000"}, "seller_next_action_response": asked,
        "cancel_line_items": [{"order_line_item_id": "9001"}], "create_time": MONDAY, "update_time": at,
        "a_field_of_tomorrow": {"x": 1},
    }  # fmt: skip
    return msgspec.json.encode(body | changes)


def told(floor: Floor, shop_id: int, *bodies: bytes) -> int:
    found = [one for body in bodies if (one := read("cancel", body)) is not None]
    with floor.store.write() as tx:
        return aftersales.take(tx, shop_id, found, floor.clock.at, "api")


def only(floor: Floor) -> Request:
    with floor.store.read() as tx:
        (found,) = queries.of_order(tx, floor.id())
    return found


def test_a_request_is_mirrored_once_with_its_limit(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, order())
    assert told(floor, shop.id, cancellation(), cancellation()) == 1
    assert told(floor, shop.id, cancellation()) == 0
    found = only(floor)
    assert (found.action, found.answer_by, found.amount, found.currency, found.exponent) == (
        "SELLER_RESPOND_CANCEL", MONDAY + 24 * HOUR, 150_000, "VND", 0,
    )  # fmt: skip
    assert aftersales.units_of(found) == ["9001"]
    assert floor.kinds().count("aftersale") == 1
    with floor.store.read() as tx:
        assert [one.ref for one in queries.to_answer(tx)] == ["577"]
        payloads = {source: raw for source, _, raw in personal.open_payloads(tx, floor.id())}
    assert b"a_field_of_tomorrow" in payloads["aftersale 577"]
    floor.clean()


def test_an_older_telling_does_not_bring_a_request_back(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, order())
    told(floor, shop.id, cancellation("CANCELLATION_REQUEST_COMPLETE", MONDAY + 60))
    assert told(floor, shop.id, cancellation(at=MONDAY)) == 0
    assert only(floor).state == "CANCELLATION_REQUEST_COMPLETE"


def test_a_request_that_comes_before_its_order_finds_it_later(floor: Floor) -> None:
    shop = floor.shop()
    told(floor, shop.id, cancellation())
    floor.take(shop, order())
    with floor.store.write() as tx:
        assert aftersales.adopt(tx, shop.id) == 1
        assert aftersales.adopt(tx, shop.id) == 0
    assert only(floor).order_ref == ORDER


def test_an_answer_is_one_effect_however_often_it_is_given(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, order())
    told(floor, shop.id, cancellation())
    request = only(floor)
    aftersales.answer(floor.house, OWNER_HERE, request.id, APPROVE)
    with pytest.raises(Failure) as again:
        aftersales.answer(floor.house, OWNER_HERE, request.id, REJECT, reason="x")
    assert again.value.problem.code == "answered_already"
    assert [state for _, state in floor.effects("answer_cancel")] == ["due"]
    with floor.store.read() as tx:
        assert queries.to_answer(tx) == []


def test_a_declined_answer_opens_the_question_again(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, order())
    told(floor, shop.id, cancellation())
    request = only(floor)
    aftersales.answer(floor.house, OWNER_HERE, request.id, REJECT, reason="seller_reject_apply_product_has_been_packed")
    (one,) = effects.claim(floor.store, "w", ["tiktok"], 10, floor.clock.at)
    with floor.store.write() as tx:
        said = one.answer("declined", {"code": 25001021})
        assert effects.finish(tx, [said]) == [True]
        aftersales.book(tx, [(one, said)], floor.clock.at, "w")
    assert only(floor).decided == ""
    assert floor.kinds()[-1] == "aftersale_declined"
    aftersales.answer(floor.house, OWNER_HERE, request.id, APPROVE)
    assert len(floor.effects("answer_cancel")) == 2
    floor.clean()


def test_a_new_limit_is_a_new_question(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, order())
    told(floor, shop.id, cancellation())
    aftersales.answer(floor.house, OWNER_HERE, only(floor).id, APPROVE)
    later = [{"action": "SELLER_RESPOND_CANCEL", "deadline": MONDAY + 48 * HOUR}]
    told(floor, shop.id, cancellation(at=MONDAY + 60, seller_next_action_response=later))
    assert (only(floor).decided, only(floor).answer_by) == ("", MONDAY + 48 * HOUR)


@pytest.mark.parametrize(
    ("decision", "reason", "code"), [(REJECT, "", "reason_missing"), ("perhaps", "", "not_one_of")]
)
def test_a_wrong_answer_says_what_is_wrong(floor: Floor, decision: str, reason: str, code: str) -> None:
    shop = floor.shop()
    floor.take(shop, order())
    told(floor, shop.id, cancellation())
    with pytest.raises(Failure) as caught:
        aftersales.answer(floor.house, OWNER_HERE, only(floor).id, decision, reason=reason)
    assert caught.value.problem.code == code


def test_nobody_answers_what_is_not_asked_or_not_his(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, order())
    told(floor, shop.id, cancellation("CANCELLATION_REQUEST_COMPLETE"))
    with pytest.raises(Failure) as caught:
        aftersales.answer(floor.house, OWNER_HERE, only(floor).id, APPROVE)
    assert caught.value.problem.code == "nothing_asked"
    packer = Principal("user", 2, 1, "liu", PERMISSIONS[PACKER], None, PACKER)
    with pytest.raises(Failure) as caught:
        aftersales.answer(floor.house, packer, only(floor).id, APPROVE)
    assert caught.value.problem.code == "not_found"


def test_the_seller_asks_to_cancel_once(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, order())
    for _ in range(2):
        aftersales.cancel_for_seller(floor.house, OWNER_HERE, floor.id(), "seller_cancel_reason_out_of_stock")
    assert len(floor.effects("seller_cancel")) == 1
    assert floor.kinds().count("seller_cancels") == 1
    floor.clean()


def test_rubbish_is_left_out() -> None:
    assert read("cancel", b"[]") is None
    assert read("cancel", b'{"order_id":"1"}') is None
    assert (
        read("return", b'{"return_id":"1","order_id":"2","refund_amount":{"currency":"XXQ","refund_total":"1"}}')
        is None
    )
    found = read("return", b'{"return_id":"1","order_id":"2","return_status":"SOMETHING_NEW"}')
    assert found is not None
    assert (found.state, found.action, found.amount) == ("SOMETHING_NEW", "", None)
