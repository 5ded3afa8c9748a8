"""Rate cards over arrays against a plain reading of the same rows."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fahuo.carriers.model import REFUSAL_CODE, REFUSALS, Rate
from fahuo.carriers.rules import Tariff, approved, factorise, parcel_refusal, travels, volumetric_g
from tests.planning.networks import rate, service


def price(
    cards: list[Rate], weight: int, place: tuple[str, str, str] = ("US", "", ""), warehouse: str = "W1"
) -> tuple[int, str]:
    tariff = Tariff([(warehouse, 1)], cards, "USD", {"EUR": 1_100_000})
    where, places = tariff.places([place[0]], [place[1]], [place[2]])
    amount, code = tariff.quote(tariff.zones(places)[where, 0], np.array([weight]))
    return int(amount[0]), REFUSALS[code[0]]


def test_a_break_ends_with_its_last_gram() -> None:
    cards = [rate(1, 300, weight_to_g=500), rate(1, 400, weight_from_g=500, weight_to_g=1000)]
    assert [price(cards, grams) for grams in (1, 500, 501, 1000)] == [(300, ""), (300, ""), (400, ""), (400, "")]
    assert price(cards, 1001) == (0, "no_rate")


def test_each_started_kilogram_above_the_break_counts() -> None:
    cards = [rate(1, 300, weight_from_g=500, per_kg=90)]
    assert [price(cards, grams)[0] for grams in (501, 1500, 1501, 2501)] == [390, 390, 480, 570]


def test_surcharges_of_a_break_add_up_once() -> None:
    cards = [rate(1, 300, surcharge_name="fuel", surcharge=25), rate(1, 300, surcharge_name="peak", surcharge=40)]
    assert price(cards, 100) == (365, "")


def test_other_currencies_are_converted_and_rounded_half_up() -> None:
    assert price([rate(1, 305, currency="EUR")], 100) == (336, "")  # 335.5
    assert price([rate(1, 305, currency="JPY")], 100) == (0, "no_exchange_rate")


def test_the_longest_prefix_wins_then_the_region_then_the_warehouse() -> None:
    cards = [
        rate(1, 1, zone_country="*"),
        rate(1, 2),
        rate(1, 3, warehouse="W1"),
        rate(1, 4, zone_region="Texas"),
        rate(1, 5, zone_postal_prefix="77"),
        rate(1, 6, zone_postal_prefix="770"),
        rate(1, 7, zone_postal_prefix="SW1 A"),
    ]
    for place, expected in [
        (("CA", "", "770"), 1),
        (("US", "", "100"), 3),
        (("US", " texas ", "100"), 4),
        (("US", "TEXAS", "778"), 5),
        (("US", "", "77099"), 6),
        (("US", "", "sw1-a2"), 7),
    ]:
        assert price(cards, 100, place)[0] == expected, place
    assert price(cards, 100, ("US", "", "100"), "W2")[0] == 2


@given(
    st.lists(st.tuples(st.text("0123", max_size=4), st.integers(0, 3)), min_size=1, max_size=8),
    st.lists(st.text("0123", max_size=6), min_size=1, max_size=8),
)
def test_places_find_what_a_plain_search_finds(zones: list[tuple[str, int]], postal: list[str]) -> None:
    cards = list(
        {p: rate(1, 100 + k, zone_postal_prefix=p, weight_from_g=0) for k, (p, _) in enumerate(zones)}.values()
    )
    tariff = Tariff([("W1", 1)], cards, "USD", {})
    where, places = tariff.places(["US"] * len(postal), [""] * len(postal), postal)
    amount, _ = tariff.quote(tariff.zones(places)[where, 0], np.full(len(postal), 10))
    for code, got in zip(postal, amount.tolist(), strict=True):
        fitting = [c for c in cards if code.startswith(c.zone_postal_prefix)]
        assert got == (max(fitting, key=lambda c: len(c.zone_postal_prefix)).base if fitting else 0)


@given(
    st.lists(st.integers(1, 6000), min_size=1, max_size=4, unique=True),
    st.lists(st.integers(1, 7000), min_size=2, max_size=20),
    st.integers(0, 90),
)
def test_prices_change_only_at_the_edges(ends: list[int], weights: list[int], per_kg: int) -> None:
    starts = [0, *sorted(ends)[:-1]]
    cards = [
        rate(1, 100 * k, weight_from_g=low, weight_to_g=high, per_kg=per_kg)
        for k, (low, high) in enumerate(zip(starts, sorted(ends), strict=True))
    ]
    tariff = Tariff([("W1", 1)], cards, "USD", {})
    grams = np.array(weights)
    cell = np.searchsorted(tariff.edges(int(grams.max())), grams, side="left")
    amount, code = tariff.quote(np.zeros(len(grams), np.int64), grams)
    for one in np.unique(cell):
        assert len(set(zip(amount[cell == one].tolist(), code[cell == one].tolist(), strict=True))) == 1


def test_no_cards_no_rate() -> None:
    assert price([], 100) == (0, "no_rate")


def test_volumetric_weight_is_rounded_up() -> None:
    volume = np.array([0, 5000, 5001])
    dense, any_size = service(volumetric_divisor=5000), service()
    assert volumetric_g([dense, any_size], volume).tolist() == [[0, 0], [1, 0], [2, 0]]
    assert volumetric_g([dense], np.array([400 * 300 * 250])).tolist() == [[6000]]


def test_the_first_reason_is_given() -> None:
    strict = service(goods_allowed=1, max_weight_g=10, max_length_mm=10, max_girth_mm=10)
    goods, weight = np.array([2, 1, 1, 1]), np.array([99, 99, 9, 9])
    sides = np.array([[99, 99, 99], [99, 99, 99], [99, 1, 1], [9, 9, 9]])
    expected = ["goods_not_allowed", "too_heavy", "too_long", "too_big"]
    codes = parcel_refusal([strict, service()], goods, weight, sides)
    assert [REFUSALS[c] for c in codes[:, 0]] == expected
    assert not codes[:, 1].any()  # no limit but that of the goods


def test_lanes_and_approvals() -> None:
    lane = service(lanes=(("CN", "US"), ("W7", "*")), approved_markets=frozenset({"US"}))
    assert travels(lane, "W1", "CN", "US")
    assert travels(lane, "W7", "DE", "FR")
    assert not travels(lane, "W1", "CN", "GB")
    assert approved(lane, "US")
    assert not approved(lane, "GB")
    assert approved(service(approved_markets=frozenset({"*"})), "GB")


def test_codes_of_a_column() -> None:
    codes, distinct = factorise(["b", "a", "b"])
    assert (codes.tolist(), distinct) == ([0, 1, 0], ["b", "a"])


def test_refusal_codes_are_stable() -> None:
    assert REFUSAL_CODE["lane_not_approved"] == 4
