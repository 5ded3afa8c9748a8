"""History replayed: what an order was at an earlier time, later facts unseen."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fahuo.channels.as_of import rewind
from fahuo.channels.model import Refused
from fahuo.orders import model as m

FACTS = ("paid_at", "awaiting_at", "arranged_at", "handed_over_at", "first_scan_at", "delivered_at", "cancelled_at")
NAMES = ("created_at", *FACTS, "updated_at")


def order(**changes: Any) -> m.OrderIn:
    """A delivered order with every time, 100 to 700."""
    fields: dict[str, Any] = {
        "platform_order_id": "1",
        "state": m.DELIVERED,
        "market": "VN",
        "shipping_type": "TIKTOK",
        "currency": "VND",
        "exponent": 0,
        "created_at": 100,
        "paid_at": 200,
        "awaiting_at": 250,
        "arranged_at": 300,
        "handed_over_at": 400,
        "first_scan_at": 450,
        "delivered_at": 500,
        "tracking_number": "X1",
        "carrier_name": "C",
        "raw": b"{}",
        "platform_times": {"tts_sla_time": 900, "delivery_sla_time": 950},
        "lines": [m.LineIn(seller_sku="A", state=m.DELIVERED)],
    }
    return m.OrderIn(**fields | changes)


@pytest.mark.parametrize(
    ("at", "state"),
    [
        (150, m.UNPAID),
        (200, m.ON_HOLD),
        (250, m.AWAITING_SHIPMENT),
        (299, m.AWAITING_SHIPMENT),
        (300, m.AWAITING_COLLECTION),
        (400, m.IN_TRANSIT),
        (499, m.IN_TRANSIT),
        (500, m.DELIVERED),
        (10_000, m.DELIVERED),
    ],
)
def test_the_facts_that_remain_say_the_state(at: int, state: str) -> None:
    past = rewind(order(), at)
    assert past is not None
    assert past.state == state
    assert [line.state for line in past.lines] == [state]
    assert all(when is None or when <= at for when in (getattr(past, name) for name in NAMES))


def test_an_order_not_placed_yet_does_not_exist() -> None:
    assert rewind(order(), 99) is None


def test_without_a_creation_time_nothing_can_be_told() -> None:
    with pytest.raises(Refused):
        rewind(order(created_at=None), 300)


def test_later_texts_are_unseen() -> None:
    past = rewind(order(state=m.CANCELLED, cancelled_at=420, cancel_by="BUYER", cancel_reason="late"), 290)
    assert past is not None
    assert (past.state, past.cancel_by, past.cancel_reason, past.raw) == (m.AWAITING_SHIPMENT, "", "", None)
    assert (past.tracking_number, past.carrier_name) == ("", "")


def test_a_cancellation_before_then_stays() -> None:
    cancelled = order(state=m.CANCELLED, cancelled_at=280, delivered_at=None, first_scan_at=None, handed_over_at=None)
    past = rewind(cancelled, 290)
    assert past is not None
    assert past.state == m.CANCELLED


def test_a_cancellation_without_time_counts_once_its_limit_has_passed() -> None:
    silent = order(state=m.CANCELLED, arranged_at=None, handed_over_at=None, first_scan_at=None, delivered_at=None)
    assert (rewind(silent, 899) or silent).state == m.AWAITING_SHIPMENT
    assert (rewind(silent, 900) or silent).state == m.CANCELLED


def test_a_delivery_without_time_counts_once_its_promise_has_passed() -> None:
    silent = order(delivered_at=None)
    assert (rewind(silent, 949) or silent).state == m.IN_TRANSIT
    assert (rewind(silent, 950) or silent).state == m.DELIVERED


def test_limits_are_unknown_before_payment() -> None:
    past = rewind(order(), 150)
    assert past is not None
    assert past.platform_times == {"delivery_sla_time": 950}


def test_the_automatic_cancel_is_as_before_arranging() -> None:
    times = {"cancel_order_sla_time": 800, "shipping_due_time": 700, "collection_due_time": 800}
    past = rewind(order(platform_times=times), 299)
    assert past is not None
    assert past.platform_times["cancel_order_sla_time"] == 700


def test_a_source_that_tells_no_payments() -> None:
    past = rewind(order(paid_at=None, awaiting_at=None), 150)
    assert past is not None
    assert past.state == m.AWAITING_SHIPMENT


def test_cash_on_delivery_is_to_ship_from_the_start() -> None:
    past = rewind(order(is_cod=True, paid_at=500, awaiting_at=None), 150)
    assert past is not None
    assert past.state == m.AWAITING_SHIPMENT


def test_an_update_after_then_takes_back_what_has_no_time() -> None:
    past = rewind(order(state=m.COMPLETED, updated_at=800), 600)
    assert past is not None
    assert (past.state, past.updated_at) == (m.DELIVERED, 500)


def test_an_open_order_does_not_move_forward() -> None:
    unpaid = order(state=m.UNPAID, **dict.fromkeys(FACTS, None), updated_at=800)
    assert (rewind(unpaid, 600) or unpaid).state == m.UNPAID


times = st.one_of(st.none(), st.integers(50, 1000))


@given(
    at=st.integers(50, 1000),
    state=st.sampled_from([*sorted(m.ORDER.states), "TELEPORTING"]),
    facts=st.fixed_dictionaries(dict.fromkeys((*FACTS, "updated_at"), times)),
)
def test_nothing_later_than_then_is_ever_told(at: int, state: str, facts: dict[str, int | None]) -> None:
    source = order(state=state, **facts)
    before = m.OrderIn(**{name: getattr(source, name) for name in source.__struct_fields__})
    past = rewind(source, at)
    assert source == before
    if past is None:
        assert at < 100
        return
    assert all(when is None or when <= at for when in (getattr(past, name) for name in NAMES))
    again = rewind(past, at)
    assert again is not None
    assert again.state == past.state


@given(at=st.integers(100, 1000), later=st.integers(0, 900))
def test_time_only_moves_an_order_forward(at: int, later: int) -> None:
    first, second = rewind(order(), at), rewind(order(), at + later)
    assert first is not None
    assert second is not None
    assert m.ORDER.reachable(first.state, second.state)
