"""How many units a shop may offer, and when that is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fahuo.inventory.offering import (
    LOST_S,
    LOW,
    MOST,
    QUIET_S,
    ROUND_S,
    Offer,
    Stock,
    to_resume,
    to_stop,
    units,
    worth_telling,
)

NOW = 1_000_000
COUNT = st.integers(0, 200_000)


def offer(**changes: object) -> Offer:
    good: dict[str, object] = {
        "shop_id": 1, "platform_sku_id": "s", "warehouse_ref": "w", "product_id": "p", "seller_sku": "TEE",
        "state": "ACTIVATE", "sku_id": 5, "shown": 100, "told_at": NOW - 60, "asked": None, "asked_at": None,
        "empty_at": None, "stopped": False, "problem": "",
    }  # fmt: skip
    return Offer(**(good | changes))  # type: ignore[arg-type]  # a test's own mixture


@given(pool=COUNT, shelf=COUNT, buffer=st.integers(0, 50))
def test_never_more_than_is_free_and_never_below_nothing(pool: int, shelf: int, buffer: int) -> None:
    stock = Stock({5: pool}, {(9, 5): shelf}, {5: buffer}, {5: [(5, 1)]})
    found = units(5, 9, stock)
    assert found == max(0, min(MOST, min(pool, shelf) - buffer))
    assert units(5, 8, stock) == 0


@given(one=COUNT, two=COUNT)
def test_a_bundle_is_made_of_its_scarcest_part(one: int, two: int) -> None:
    stock = Stock({1: one, 2: two}, {(9, 1): one, (9, 2): two}, {}, {7: [(1, 2), (2, 1)]})
    assert units(7, 9, stock) == min(one // 2, two, MOST)


@pytest.mark.parametrize(
    ("changes", "wanted", "told"),
    [
        ({}, 100, False),
        ({}, 99, False),
        ({"told_at": NOW - QUIET_S}, 99, True),
        ({"told_at": NOW - QUIET_S, "shown": 1_000}, 901, False),
        ({"told_at": NOW - QUIET_S, "shown": 1_000}, 900, True),
        ({"told_at": NOW - ROUND_S, "shown": 1_000}, 999, True),
        ({"told_at": NOW - QUIET_S, "shown": 1_000}, 1_200, True),
        ({}, 0, True),
        ({}, LOW, True),
        ({"shown": 0}, 3, True),
        ({"shown": None, "told_at": None}, 3, True),
        ({"asked": 0, "asked_at": NOW - 5}, 0, False),
        ({"asked": 0, "asked_at": NOW - LOST_S}, 0, True),
    ],
)
def test_what_is_told_at_once_and_what_waits(changes: dict[str, object], wanted: int, told: bool) -> None:
    assert worth_telling(offer(**changes), wanted, NOW) is told


def test_a_product_is_taken_off_sale_only_when_the_seller_wants_it_and_nothing_is_left() -> None:
    empty = offer(shown=0, empty_at=NOW - 7_200)
    assert not to_stop([empty], None, NOW)
    assert to_stop([empty], 7_200, NOW)
    assert not to_stop([empty], 7_201, NOW)
    assert not to_stop([empty, offer()], 7_200, NOW)
    assert not to_stop([empty._replace(state="SELLER_DEACTIVATED")], 7_200, NOW)


def test_only_what_we_took_off_is_put_back() -> None:
    assert to_resume([offer(stopped=True)])
    assert not to_resume([offer(stopped=True, shown=0)])
    assert not to_resume([offer()])
