"""Who gets the units: the first in line, whole or not at all."""

from hypothesis import given
from hypothesis import strategies as st

from fahuo.inventory.model import Want
from fahuo.inventory.rules import allot


def test_the_first_in_line_gets_them() -> None:
    wants = [[Want(1, 1, 7, 2)], [Want(2, 1, 7, 2)], [Want(3, 1, 7, 1)]]
    assert allot(wants, {7: 3}) == ([True, False, True], {7: 3})


def test_an_order_is_served_whole_or_not_at_all() -> None:
    wants = [[Want(1, 1, 7, 1), Want(1, 2, 8, 1)], [Want(2, 1, 7, 1)]]
    assert allot(wants, {7: 1, 8: 0}) == ([False, True], {7: 1})


def test_two_lines_of_one_article_count_together() -> None:
    assert allot([[Want(1, 1, 7, 2), Want(1, 2, 7, 2)]], {7: 3}) == ([False], {})


def test_an_order_that_wants_nothing_gets_nothing() -> None:
    assert allot([[]], {7: 3}) == ([False], {})


_ORDER = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 5)), max_size=4)


@given(st.lists(_ORDER, max_size=12), st.dictionaries(st.integers(1, 3), st.integers(0, 12)))
def test_nothing_is_given_that_is_not_there(orders: list[list[tuple[int, int]]], stock: dict[int, int]) -> None:
    wants = [[Want(n, line, sku, units) for line, (sku, units) in enumerate(one)] for n, one in enumerate(orders)]
    verdicts, taken = allot(wants, stock)
    given_ = {
        sku: sum(w.quantity for one, ok in zip(wants, verdicts, strict=True) if ok for w in one if w.sku_id == sku)
        for sku in (1, 2, 3)
    }
    assert {sku: units for sku, units in given_.items() if units} == taken
    assert all(units <= stock.get(sku, 0) for sku, units in taken.items())
    # Nobody is refused who could have been served with what is left at the end.
    left = {sku: units - taken.get(sku, 0) for sku, units in stock.items()}
    for one, ok in zip(wants, verdicts, strict=True):
        if one and not ok:
            need: dict[int, int] = {}
            for want in one:
                need[want.sku_id] = need.get(want.sku_id, 0) + want.quantity
            assert any(left.get(sku, 0) < units for sku, units in need.items())
