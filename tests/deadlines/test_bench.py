"""The measuring command measures the real engine over orders that really have clocks."""

from fahuo.bench.deadlines import orders, run
from fahuo.deadlines.packs import load_book
from fahuo.deadlines.rules import compute


def test_figures() -> None:
    found = run(500)
    assert found["rows"] == 500
    assert found["clocks"] == len(compute(orders(500), load_book())) > 1000
    for name in ("rows_per_second", "busday_offset_rows_per_second"):
        low, high = found[f"{name}_spread"]
        assert 0 < low <= found[name] <= high


def test_the_orders_are_the_same_every_time_and_all_have_a_clock() -> None:
    assert orders(300).created_at.tolist() == orders(300).created_at.tolist()
    made = orders(1000)
    clocks = compute(made, load_book())
    assert clocks.unmatched == {}
    assert set(clocks.order.tolist()) == set(range(1000))
    assert set(made.order_type) == {"NORMAL", "MADE_TO_ORDER", "PRE_ORDER"}
