"""Several tellings of one order."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fahuo.orders.merge import Decision, Known, digest, take
from fahuo.orders.model import ORDER, LineIn, OrderIn
from tests.orders.build import order, recipient

NOW = 1_768_100_000


def told(known: Known | None, incoming: OrderIn, now: int = NOW) -> Decision:
    return take(known, incoming, digest(incoming), now)


def after(*tellings: OrderIn) -> Decision:
    decision = told(None, tellings[0])
    for telling in tellings[1:]:
        decision = told(decision.known, telling)
    return decision


def file(**changes: Any) -> OrderIn:
    return order(**({"updated_at": None} | changes))


def api(at: int, **changes: Any) -> OrderIn:
    return order(**({"updated_at": at} | changes))


@pytest.mark.parametrize(
    ("first", "second", "kind", "state"),
    [
        (api(10), api(10), "unchanged", "AWAITING_SHIPMENT"),
        (api(10), api(11), "touch", "AWAITING_SHIPMENT"),
        (api(10), api(11, state="IN_TRANSIT"), "update", "IN_TRANSIT"),
        (api(10), api(9, state="IN_TRANSIT"), "stale", "AWAITING_SHIPMENT"),
        (api(10, state="IN_TRANSIT"), api(11), "update", "AWAITING_SHIPMENT"),  # the newer wins, also backwards
        (api(10), api(10, state="IN_TRANSIT"), "update", "IN_TRANSIT"),
        (api(10, state="IN_TRANSIT"), api(10), "stale", "IN_TRANSIT"),
        (api(10), api(11, state="PARKED"), "update", "PARKED"),
        (api(10), file(), "unchanged", "AWAITING_SHIPMENT"),
        (api(10), file(state="IN_TRANSIT"), "forward", "IN_TRANSIT"),
        (api(10, state="IN_TRANSIT"), file(), "stale", "IN_TRANSIT"),
        (api(10, state="DELIVERED"), file(state="CANCELLED"), "stale", "DELIVERED"),
        (file(), file(), "unchanged", "AWAITING_SHIPMENT"),
        (file(), file(state="AWAITING_COLLECTION"), "forward", "AWAITING_COLLECTION"),
        (file(state="AWAITING_COLLECTION"), file(), "stale", "AWAITING_COLLECTION"),
        (file(), file(state="PARKED"), "stale", "AWAITING_SHIPMENT"),
        (file(paid_at=None), file(), "fill", "AWAITING_SHIPMENT"),
        (file(), file(paid_at=None), "unchanged", "AWAITING_SHIPMENT"),
        (file(), api(10), "touch", "AWAITING_SHIPMENT"),
        (file(), api(10, state="IN_TRANSIT"), "update", "IN_TRANSIT"),
        (file(), api(10, state="ON_HOLD"), "update", "AWAITING_SHIPMENT"),  # older than the file's import
        (file(), api(NOW + 1, state="ON_HOLD"), "update", "ON_HOLD"),
    ],
)
def test_table(first: OrderIn, second: OrderIn, kind: str, state: str) -> None:
    decision = after(first, second)
    assert decision.kind == kind
    assert decision.known.order.state == state
    assert decision.changes == (kind in ("create", "update", "forward", "fill"))


def test_same_file_twice_changes_nothing_even_after_a_move_forward() -> None:
    moved = file(state="AWAITING_COLLECTION", arranged_at=5)
    assert after(api(10), moved, moved).kind == "unchanged"
    assert after(file(paid_at=None), file(), file()).kind == "unchanged"


def test_file_moving_forward_brings_times_and_keeps_the_rest() -> None:
    moved = after(api(10), file(state="IN_TRANSIT", first_scan_at=7, total=1, carrier_name="J&T")).known.order
    assert (moved.state, moved.first_scan_at, moved.carrier_name, moved.total) == ("IN_TRANSIT", 7, "J&T", 4280)


def test_contradictions_are_told_and_not_taken() -> None:
    other = [LineIn(seller_sku="MUG-RED", quantity=2, unit_price=1750, subtotal=3500)]
    decision = after(file(), file(total=1, lines=other))
    assert [p.field for p in decision.problems] == ["total", "lines"]
    assert decision.kind == "unchanged"
    assert [p.field for p in after(api(10, state="IN_TRANSIT"), file()).problems] == ["state"]
    assert [p.field for p in after(file(), api(10, state="ON_HOLD")).problems] == ["state"]


def test_what_a_file_saw_happen_outlives_the_api() -> None:
    kept = after(file(arranged_at=50), api(NOW + 1, paid_at=None)).known.order
    assert (kept.arranged_at, kept.paid_at) == (50, 1_768_000_060)


def test_a_file_with_fewer_columns_contradicts_nothing() -> None:
    whole = [LineIn(platform_sku_id="17291", seller_sku="MUG-BLUE", quantity=2, unit_price=1750, subtotal=3500)]
    short = [LineIn(platform_sku_id="17291", quantity=2)]
    for first, second in ((whole, short), (short, whole)):
        decision = after(file(lines=first), file(lines=second, total=None))
        assert (decision.kind, decision.problems) == ("unchanged", ())
    more = after(file(lines=whole), file(lines=[LineIn(platform_sku_id="17291", quantity=3)]))
    assert [p.field for p in more.problems] == ["lines"]
    assert "3 × 17291" in more.problems[0].render().message


def test_what_is_not_kept_is_not_filled_again_and_again() -> None:
    """Of status and substatus only the state is kept, so another substatus is no news."""
    assert after(file(), file(substate="Awaiting shipment")).kind == "unchanged"


def test_a_file_with_another_address_is_reported_without_showing_it() -> None:
    moved = file(recipient=recipient(lines=("9 Side Street",)))
    decision = after(file(), moved)
    assert [(p.field, p.value) for p in decision.problems] == [("recipient", None)]
    assert "Street" not in decision.problems[0].render().message
    assert decision.known.order.recipient.lines == ("1 Main Street",)
    assert not after(file(), file(recipient=recipient(name="ada  byron", lines=("1 main street",)))).problems
    assert not after(file(), file(recipient=recipient(lines=("1 M***",), masked=True))).problems
    assert [p.field for p in after(file(tracking_number="A1"), file(tracking_number="B2")).problems] == [
        "tracking_number"
    ]


def test_a_clear_address_fills_a_masked_one_and_a_wish_to_cancel_is_heard() -> None:
    masked = file(recipient=recipient(lines=("1 M***",), masked=True))
    decision = after(masked, file())
    assert (decision.kind, decision.known.order.recipient.lines) == ("fill", ("1 Main Street",))
    wish = after(file(), file(buyer_cancel=True))
    assert (wish.kind, wish.known.order.buyer_cancel) == ("fill", True)
    assert after(file(buyer_cancel=True), file()).known.order.buyer_cancel


def test_digest_is_of_content_only() -> None:
    one, two = order(), order(updated_at=5, raw=b"x", row=7)
    two.lines[0].row = 9
    assert digest(one) == digest(two)
    assert digest(one) != digest(one, b"key")


CHANGES: list[dict[str, Any]] = [
    {"state": "ON_HOLD"}, {"total": 1}, {"is_cod": True}, {"buyer_cancel": True}, {"tracking_number": "1Z"},
    {"package_ids": ("1",)}, {"platform_times": {"rts_sla_time": 1}}, {"delivered_at": 1}, {"currency": "EUR"},
    {"recipient": recipient(lines=("2 Main Street",))}, {"recipient": recipient(masked=True)}, {"lines": []},
    {"lines": [LineIn(seller_sku="MUG-BLUE", quantity=3, unit_price=1750, subtotal=3500)]}, {"buyer_message": "hi"},
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_digest_sees_every_change(change: dict[str, Any]) -> None:
    assert digest(order()) != digest(order(**change))


tellings = st.builds(
    lambda at, state, total: api(at, state=state, total=total),
    st.integers(1, 4),
    st.sampled_from([*sorted(ORDER.states), "PARKED"]),
    st.integers(1, 3),
)


@given(st.lists(tellings, min_size=1, max_size=6), st.data())
def test_tellings_with_update_times_end_the_same_in_any_order(some: list[OrderIn], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(some), max_size=4))
    mixed = data.draw(st.permutations([*some, *again]))
    straight, shuffled = after(*some).known, after(*mixed).known
    assert (straight.digest, straight.updated_at) == (shuffled.digest, shuffled.updated_at)
    assert straight.order.state == shuffled.order.state


@given(st.lists(tellings.map(lambda o: file(state=o.state, total=o.total)), min_size=2, max_size=6))
def test_files_never_move_a_state_back(files: list[OrderIn]) -> None:
    known = told(None, files[0]).known
    for one in files[1:]:
        before = known.order.state
        known = told(known, one).known
        assert ORDER.reachable(before, known.order.state)
