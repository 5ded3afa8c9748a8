from bisect import insort
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fahuo.sandbox.gateway_model import Missing
from fahuo.sandbox.model import Refuse
from fahuo.sandbox.paging import Row, Window, choice, page


def rows_of(times: list[int]) -> list[Row]:
    return sorted((at, f"{n:018d}") for n, at in enumerate(times))


def walk(rows: list[Row], **more: Any) -> list[str]:
    found: list[str] = []
    token = ""
    while True:
        one = page(Window(rows, token=token, **more), "x")
        found += one.ids
        token = one.next_token
        if not token:
            return found


@pytest.mark.parametrize("descending", [True, False])
def test_pages_give_every_row_once_in_order(descending: bool) -> None:
    rows = rows_of([5, 5, 5, 9, 1, 7, 7])
    found = walk(rows, size=2, descending=descending)
    expected = [name for _, name in rows]
    assert found == (expected[::-1] if descending else expected)


def test_limits_are_inclusive_below_and_exclusive_above() -> None:
    rows = rows_of([1, 2, 3, 4])
    found = page(Window(rows, 2, 4), "x")
    assert [int(one) for one in found.ids] == [1, 2]
    assert found.total == 2
    assert found.next_token == ""


def test_an_empty_index_gives_an_empty_page() -> None:
    assert page(Window([]), "x") == ([], "", 0)


def test_the_last_page_has_no_token_even_when_it_is_full() -> None:
    rows = rows_of([1, 2, 3, 4])
    first = page(Window(rows, size=2), "x")
    assert page(Window(rows, size=2, token=first.next_token), "x").next_token == ""


@pytest.mark.parametrize("other", ["y", ["x"], {"x": 1}])
def test_a_token_is_refused_with_another_filter(other: object) -> None:
    rows = rows_of([1, 2, 3])
    token = page(Window(rows, size=1), "x").next_token
    with pytest.raises(Refuse) as no:
        page(Window(rows, size=1, token=token), other)
    assert no.value.code == 98001004
    with pytest.raises(Refuse):
        page(Window(rows, low=0, size=1, token=token), "x")
    with pytest.raises(Refuse):
        page(Window(rows, descending=True, size=1, token=token), "x")


def test_the_page_size_may_change_between_pages() -> None:
    rows = rows_of([1, 2, 3, 4])
    first = page(Window(rows, size=1), "x")
    assert len(page(Window(rows, size=3, token=first.next_token), "x").ids) == 3


@given(st.text(max_size=40) | st.binary(max_size=40).map(lambda b: b.decode("latin-1")))
def test_no_token_but_ours_is_taken(token: str) -> None:
    if token:
        with pytest.raises(Refuse):
            page(Window(rows_of([1, 2, 3]), size=1, token=token), "x")


def test_tokens_hold_what_an_address_must_encode() -> None:
    """A client that sends them as they are finds out here, not on the platform."""
    tokens = [
        page(Window(rows_of(list(range(9))), size=size), bound).next_token for size in (1, 2, 5) for bound in range(9)
    ]
    assert set("+/=") <= set("".join(tokens))


def test_a_changed_token_is_refused() -> None:
    rows = rows_of([1, 2, 3])
    token = page(Window(rows, size=1), "x").next_token
    for at in range(0, len(token) - 1, 5):
        other = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        with pytest.raises(Refuse):
            page(Window(rows, size=1, token=other), "x")


@given(
    st.lists(st.integers(0, 30), max_size=25),
    st.lists(st.lists(st.integers(0, 5), max_size=4), min_size=1, max_size=20),
    st.integers(1, 5),
    st.booleans(),
)
def test_orders_that_arrive_meanwhile_change_nothing(
    before: list[int], arrivals: list[list[int]], size: int, descending: bool
) -> None:
    """New rows are created at or after the latest there is, as orders are."""
    rows = rows_of(before)
    expected = [name for _, name in rows][:: -1 if descending else 1]
    total, seen, token = len(rows), [], ""
    waves = iter(arrivals)
    number = len(rows)
    while True:
        one = page(Window(rows, size=size, descending=descending, token=token), "x")
        assert one.total == total
        seen += one.ids
        token = one.next_token
        if not token:
            break
        for step in next(waves, []):
            insort(rows, ((rows[-1][0] if rows else 0) + step, f"{number:018d}"))
            number += 1
    assert seen == expected, "also when some arrive in the second of the latest"


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=25),
    st.lists(st.integers(0, 24), max_size=30),
    st.integers(1, 4),
)
def test_updates_meanwhile_never_repeat_a_row_and_hide_none_that_stays(
    before: list[int], touched: list[int], size: int
) -> None:
    """By update time, ascending, as a pull does it: what is touched meanwhile leaves the window of this pull."""
    rows = rows_of(before)
    names = [name for _, name in rows]
    later, seen, token, moved = 100, [], "", set()
    changes = iter(touched)
    while True:
        one = page(Window(rows, low=0, size=size, token=token), "x")
        seen += one.ids
        token = one.next_token
        if not token:
            break
        change = next(changes, None)
        if change is not None and change < len(names):
            name = names[change]
            rows.remove(next(row for row in rows if row[1] == name))
            insort(rows, (later, name))
            moved.add(name)
            later += 1
    assert len(seen) == len(set(seen))
    assert set(names) - moved <= set(seen)


def test_a_filter_is_counted_on_the_first_page_and_kept() -> None:
    rows = rows_of(list(range(10)))
    even = lambda one: int(one) % 2 == 0  # noqa: E731 - short
    first = page(Window(rows, size=2), "x", even)
    assert (first.total, first.ids) == (5, [f"{0:018d}", f"{2:018d}"])
    rows.append((99, f"{98:018d}"))
    second = page(Window(rows, size=20, token=first.next_token), "x", even)
    assert second.total == 5
    assert [int(one) for one in second.ids] == [4, 6, 8]


def test_words_outside_the_allowed_are_missing_parameters() -> None:
    assert choice({}, "sort_order", ("DESC", "ASC")) == "DESC"
    with pytest.raises(Missing, match=r"query\.sort_order is invalid"):
        choice({"sort_order": "UP"}, "sort_order", ("DESC", "ASC"))
