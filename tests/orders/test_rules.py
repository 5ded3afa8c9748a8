"""Verification: what holds an order, and what must not."""

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fahuo.kernel.instant import NONE, parse_instant
from fahuo.kernel.text import t
from fahuo.orders.model import FINISHED, ORDER, LineIn, OrderIn, RecipientIn
from fahuo.orders.rules import _HOLDS, Hold, VerifyFacts, can_leave, fingerprint, verify
from tests.orders.build import order, recipient

FACTS = VerifyFacts(skus={"MUG-BLUE"}, secret=b"k")


def held(facts: VerifyFacts = FACTS, **changes: Any) -> list[tuple[str, bool]]:
    return [(h.code, h.blocks) for h in verify([order(**changes)], facts)[0]]


def test_good_order_goes_on() -> None:
    assert held() == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"state": "TO_BE_TELEPORTED"}, ("unknown_state", True)),
        ({"shipping_type": "PIGEON"}, ("unknown_shipping_type", True)),
        ({"buyer_cancel": True}, ("cancel_requested", True)),
        ({"lines": [], "subtotal": None}, ("no_items", True)),
        ({"lines": [LineIn(seller_sku="NEW", quantity=2, subtotal=3500)]}, ("unknown_sku", True)),
        ({"total": 4281}, ("amounts_differ", True) ),
        ({"subtotal": 3501, "total": 4281}, ("amounts_differ", True)),
        ({"tax": -280, "total": 3720}, ("amount_negative", True)),
        ({"paid_at": None}, ("payment_missing", True)),
        ({"is_cod": True, "paid_at": None, "market": "DE"}, ("cod_unusual", False)),
        ({"recipient": recipient(lines=("***",))}, ("recipient_masked", True)),
        ({"recipient": recipient(name=" ")}, ("name_missing", True)),
        ({"recipient": recipient(phone="")}, ("phone_missing", True)),
        ({"recipient": recipient(phone="(+1)123")}, ("phone_invalid", True)),
        ({"recipient": recipient(region="CA")}, ("postal_code_region", True)),
        ({"recipient": recipient(postal_code="")}, ("postal_code_missing", True)),
    ],
)  # fmt: skip
def test_each_fault_holds_the_order(changes: dict[str, Any], expected: tuple[str, bool]) -> None:
    assert held(**({"market": "GB"} | changes)) == [expected]


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "COMPLETED", "paid_at": None, "buyer_cancel": True},
        {"state": "CANCELLED", "lines": []},
        {"fulfillment_type": "FULFILLMENT_BY_TIKTOK", "recipient": RecipientIn()},
        {"shipping_type": "TIKTOK_DIGITAL", "recipient": RecipientIn()},
        {"shipping_type": "TIKTOK", "recipient": recipient(name="A**", phone="(+1)***", lines=("***",))},
        {"shipping_type": "TIKTOK", "recipient": RecipientIn(country="US")},
        {"state": "ON_HOLD", "recipient": RecipientIn(), "paid_at": None},
        {"state": "UNPAID", "recipient": RecipientIn(), "paid_at": None},
        {"is_cod": True, "paid_at": None, "market": "VN"},
        {"is_sample": True, "paid_at": None},
        {"updated_at": None, "paid_at": None},
        {"tax": None, "total": 9999},
        {"subtotal": None, "total": 9999},
        {"lines": [LineIn(seller_sku="MUG-BLUE", subtotal=None)]},
        {"market": "TH", "total": 4290},
    ],
)
def test_what_is_no_fault_holds_nothing(changes: dict[str, Any]) -> None:
    assert held(**changes) == []


def test_fee_market_excuses_a_fee_but_no_lack() -> None:
    assert held(market="TH", total=4270) == [("amounts_differ", True)]


def test_amounts_are_told_in_the_orders_own_digits() -> None:
    yen = order(currency="JPY", exponent=0, market="JP", total=4281)
    assert verify([yen], FACTS)[0][0].value == "1 JPY"
    assert verify([order(market="GB", total=4279)], FACTS)[0][0].value == "-0.01 USD"


def test_address_fault_under_the_platforms_label_is_only_a_note() -> None:
    assert held(shipping_type="TIKTOK", recipient=recipient(region="CA")) == [("postal_code_region", False)]


def test_known_by_platform_sku_or_sellers_sku() -> None:
    line = LineIn(platform_sku_id="1729", seller_sku="", quantity=2, subtotal=3500)
    assert held(VerifyFacts(skus={"1729"}), lines=[line]) == []
    assert held(VerifyFacts(skus=None), lines=[line]) == []
    two = [line, LineIn(platform_sku_id="1729", seller_sku="", quantity=2, subtotal=0)]
    assert held(VerifyFacts(skus=set()), lines=two) == [("unknown_sku", True)]


def test_changed_address() -> None:
    facts = VerifyFacts(address_changed={"576000000000000001"})
    assert held(facts) == [("address_changed", True)]


def test_twin_in_the_batch_and_among_the_recent_is_noted_not_stopped() -> None:
    first = order()
    second = order(platform_order_id="2", created_at=1_768_000_000 + 3600)
    later = order(platform_order_id="3", created_at=1_768_000_000 + 30 * 3600)
    other = order(platform_order_id="4", lines=[LineIn(seller_sku="MUG-BLUE", quantity=1, subtotal=3500)])
    found = verify([first, second, later, other], FACTS)
    assert [[h.code for h in holds] for holds in found] == [[], ["duplicate_suspected"], [], []]
    assert found[1][0].value == "576000000000000001"
    assert not found[1][0].blocks
    key = fingerprint(first, b"k")
    assert key is not None
    recent = VerifyFacts(skus={"MUG-BLUE"}, secret=b"k", recent={key: [(1_768_000_100, "99")]})
    assert [h.value for h in verify([first], recent)[0]] == ["99"]
    same = VerifyFacts(skus={"MUG-BLUE"}, secret=b"k", recent={key: [(1_768_000_100, "576000000000000001")]})
    assert verify([first], same)[0] == []


def test_fingerprint_needs_clear_data_and_depends_on_the_secret() -> None:
    assert fingerprint(order(), b"a") != fingerprint(order(), b"b")
    assert fingerprint(order(recipient=recipient(lines=("***",))), b"a") is None
    assert fingerprint(order(is_sample=True), b"a") is None


def test_holds_carry_no_personal_data() -> None:
    bad = order(recipient=recipient(name="Ada Byron", phone="(+1)123", region="CA", lines=()), buyer_cancel=True)
    text = " ".join(str(h.problem().as_dict()) for h in verify([bad], FACTS)[0])
    assert not re.search("Ada|123|10001|New York", text)


def test_every_hold_has_texts_in_both_languages() -> None:
    for code, (_, _, message, then) in _HOLDS.items():
        for text in (message, then):
            assert re.search("[\u4e00-\u9fff]", t(text, "zh")), code


words = st.text(max_size=6) | st.just("***")
amounts = st.none() | st.integers(-5, 5_000)
people = st.builds(
    RecipientIn, name=words, phone=words, country=st.sampled_from(["US", "VN", "", "XX"]), region=words, city=words,
    postal_code=words, lines=st.lists(words, max_size=2).map(tuple), masked=st.booleans(),
)  # fmt: skip
articles = st.builds(
    LineIn, platform_sku_id=words, seller_sku=st.sampled_from(["MUG-BLUE", ""]), quantity=st.integers(-1, 3),
    subtotal=amounts,
)  # fmt: skip
anything = st.builds(
    order, platform_order_id=words, state=st.sampled_from([*sorted(ORDER.states), "PARKED", ""]),
    shipping_type=st.sampled_from(["SELLER", "TIKTOK", "PIGEON"]), exponent=st.sampled_from([0, 2, 3]),
    subtotal=amounts, shipping_fee=amounts, tax=amounts, total=amounts, is_cod=st.booleans(),
    paid_at=st.none() | st.just(5), created_at=st.none() | st.integers(0, 9), updated_at=st.none() | st.just(9),
    recipient=people, lines=st.lists(articles, max_size=3),
)  # fmt: skip


@given(st.lists(anything, max_size=4))
def test_any_batch_gets_an_answer_each_that_can_be_told(batch: list[OrderIn]) -> None:
    found = verify(batch, FACTS)
    assert len(found) == len(batch)
    for one, holds in zip(batch, found, strict=True):
        assert not (holds and one.state in FINISHED)
        for held_by in holds:
            assert held_by.owner in {"ops", "cs", "warehouse", "catalogue"}
            shown = held_by.problem().render("zh").message
            assert "{" not in shown.replace(held_by.value or "", "")


def late(due: list[int], now: int, departures: list[int], **more: Any) -> list[int | None]:
    """When the clock ends of those that cannot leave before."""
    holds = can_leave(np.array(due), now, np.array(departures, dtype=np.int64), **more)
    return [parse_instant(h.value or "") if h else None for h in holds]


def test_can_leave_with_the_next_departure() -> None:
    hour = 3600
    assert late([10 * hour, 5 * hour, NONE], 0, [6 * hour, 30 * hour]) == [None, 5 * hour, None]


def test_departure_at_the_very_end_is_in_time() -> None:
    assert late([3600], 0, [3600]) == [None]
    assert late([3599], 0, [3600]) == [3599]


def test_work_and_awaited_goods_move_the_departure() -> None:
    hour = 3600
    assert late([7 * hour], 0, [6 * hour, 30 * hour], work_seconds=6 * hour) == [None]
    assert late([7 * hour], 0, [6 * hour, 30 * hour], work_seconds=6 * hour + 1) == [7 * hour]
    ready = np.array([8 * hour, NONE])
    assert late([9 * hour] * 2, 0, [6 * hour, 30 * hour], ready_at=ready) == [9 * hour, None]


def test_no_departure_at_all_and_overdue() -> None:
    assert late([10_800, 3600], 7200, []) == [10_800, 3600]


def test_it_never_blocks() -> None:
    held_up: list[Hold | None] = can_leave(np.array([1]), 5, np.array([9]))
    assert held_up[0] is not None
    assert not held_up[0].blocks
