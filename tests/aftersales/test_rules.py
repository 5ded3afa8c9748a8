"""Which telling of a request counts, whatever the order they come in."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fahuo.aftersales.model import CANCEL, Request, RequestIn, waits
from fahuo.aftersales.rules import changed, newest

STATES = ("CANCELLATION_REQUEST_PENDING", "CANCELLATION_REQUEST_SUCCESS", "CANCELLATION_REQUEST_COMPLETE", "NEW_WORD")


def told(ref: str, at: int, state: int) -> RequestIn:
    return RequestIn(kind=CANCEL, ref=ref, order_ref="1", state=STATES[state], updated_at=at)


def kept(one: RequestIn) -> Request:
    values: dict[str, Any] = {name: getattr(one, name, "") for name in Request._fields}
    return Request(**(values | {"id": 1, "shop_id": 1, "order_id": None}))


# The platform moves a request on with each update, so the time says the state.
HISTORY = [told("a", 10 * step, step) for step in range(4)]


@given(st.lists(st.lists(st.sampled_from(HISTORY), min_size=1, max_size=4), min_size=1, max_size=8))
def test_any_order_and_repetition_end_at_the_newest_telling(batches: list[list[RequestIn]]) -> None:
    have: dict[tuple[str, str], Request] = {}
    for batch in batches:
        for one in changed(newest(batch), have):
            have[one.kind, one.ref] = kept(one)
    last = max((one for batch in batches for one in batch), key=lambda one: one.updated_at or 0)
    assert have[CANCEL, "a"].state == last.state


def test_the_same_again_changes_nothing() -> None:
    one = told("a", 10, 0)
    assert changed(newest([one, one]), {(CANCEL, "a"): kept(one)}) == []


def test_at_the_same_time_the_closed_state_counts() -> None:
    open_, closed = told("a", 10, 0), told("a", 10, 2)
    assert newest([closed, open_])[CANCEL, "a"] is closed
    assert changed(newest([open_]), {(CANCEL, "a"): kept(closed)}) == []


def test_the_seller_is_asked_when_the_platform_says_so_or_the_state_asks() -> None:
    assert waits("SELLER_RESPOND_REFUND", "ANYTHING")
    assert waits("", "RETURN_OR_REFUND_REQUEST_PENDING")
    assert not waits("", "BUYER_SHIPPED_ITEM")
    assert not waits("", "A_WORD_OF_TOMORROW")
