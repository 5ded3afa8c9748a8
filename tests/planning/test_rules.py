"""The planner on small networks: who decides, which service, when, at what price, and why not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from fahuo.catalogue.model import GOODS
from fahuo.kernel.instant import NONE, iso
from fahuo.planning.choice import rules, who_decides
from fahuo.planning.explain import explain, who_chooses
from fahuo.planning.model import Items, Plan
from fahuo.planning.rules import plan
from tests.planning.networks import DAY, HOUR, NOW, carton, network, orders, rate, service, warehouse


def codes(found: Plan, index: int = 0) -> dict[int, str]:
    return {service_id: code for _, service_id, code in found.refusals(index)}


# --- who decides -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("market", ["VN", "TH", "PH", "MY", "SG", "ID", "DE", "FR", "IT", "ES", "IE", "MX", "BR", "XX"])
def test_platform_shipping_is_decided_by_the_platform(market: str) -> None:
    assert who_decides(market, "TIKTOK") == "platform_decides"


@pytest.mark.parametrize("market", ["US", "GB", "JP"])
def test_platform_shipping_leaves_the_service_to_the_seller(market: str) -> None:
    assert who_decides(market, "TIKTOK") == "seller_decides"


@pytest.mark.parametrize("market", ["US", "VN", "BR", "XX"])
def test_own_shipping_is_the_sellers_everywhere(market: str) -> None:
    assert who_decides(market, "SELLER") == "seller_decides"


def test_a_shipping_type_nobody_knows_goes_to_a_person() -> None:
    found = plan(orders(shipping_type=["DRONE"]), network(), NOW)
    assert found.reason == ["unknown_shipping_type"]
    assert found.leave_at[0] == NONE


def test_every_rule_names_its_source() -> None:
    assert all(rule.source and rule.source_date and rule.confidence in "ABCD" for rule in rules())


def test_without_a_service_for_the_platforms_label_the_choice_is_made_when_arranging() -> None:
    net = network(services=[service(1, shipping_type="SELLER")])
    found = plan(orders(2, market=["US"] * 2, shipping_type=["TIKTOK", "SELLER"]), net, NOW)
    assert found.chosen_by == ["chosen_when_arranging", "seller_decides"]
    assert found.service.tolist() == [0, 1]
    assert found.leave_at[0] != NONE
    assert "Seller Center" in explain(found, 0)[0]


def test_a_service_that_does_not_leave_from_the_orders_warehouse_leaves_the_choice_to_the_arranging() -> None:
    net = network(
        [service(1, shipping_type="BOTH", lanes=(("US", "US"),))],
        warehouses=[warehouse(1), warehouse(2, country="CN")],
    )
    found = plan(orders(2, market=["US"] * 2, shipping_type=["TIKTOK"] * 2, pinned=[1, 2]), net, NOW)
    assert found.chosen_by == ["seller_decides", "chosen_when_arranging"]
    assert found.reason == ["", ""]
    assert found.leave_at[1] != NONE


def test_platform_decided_orders_get_carton_and_wave_but_no_service() -> None:
    net = network(warehouses=[warehouse(1), warehouse(2)])
    found = plan(orders(2, market=["VN"] * 2, shipping_type=["TIKTOK"] * 2, pinned=[2, 2]), net, NOW)
    assert found.reason == ["", ""]
    assert found.warehouse.tolist() == [2, 2]
    assert found.service.tolist() == [0, 0]
    assert found.carton.tolist() == [1, 1]
    assert iso(int(found.leave_at[0])) == "2026-01-12T18:00:00Z"
    assert [wave.parcels for wave in found.waves] == [2]
    assert found.objective is None


def test_a_platform_warehouse_we_do_not_know_is_a_reason() -> None:
    found = plan(orders(market=["VN"], shipping_type=["TIKTOK"], pinned=[77]), network(), NOW)
    assert found.reason == ["unknown_warehouse"]


def test_platform_label_in_the_us_takes_only_platform_services() -> None:
    net = network([service(1), service(2, shipping_type="TIKTOK"), service(3, shipping_type="BOTH")])
    found = plan(orders(shipping_type=["TIKTOK"]), net, NOW)
    assert found.service[0] in (2, 3)
    assert codes(found) == {1: "wrong_shipping_type"}


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "column", "code"),
    [
        ({"approved_markets": frozenset({"GB"})}, {}, "lane_not_approved"),
        ({"approved_markets": frozenset()}, {}, "lane_not_approved"),
        ({"lanes": (("*", "GB"),)}, {}, "not_on_lane"),
        ({"lanes": (("W9", "*"),)}, {}, "not_on_lane"),
        ({"goods_allowed": 0}, {"goods": [GOODS["battery"]]}, "goods_not_allowed"),
        ({"goods_allowed": GOODS["battery"]}, {"goods": [GOODS["battery"] | GOODS["liquid"]]}, "goods_not_allowed"),
        ({"max_weight_g": 499}, {}, "too_heavy"),
        ({"max_length_mm": 299}, {}, "too_long"),
        ({"max_girth_mm": 300 + 2 * 350 - 1}, {}, "too_big"),
        ({"collect_days": "67"}, {}, "cutoff_missed"),
        ({"capacity_per_day": 0}, {}, "no_capacity"),
    ],
)
def test_a_service_is_refused_with_its_reason(change: dict, column: dict, code: str) -> None:  # type: ignore[type-arg]  # test data
    found = plan(orders(**column), network([service(1, **change)]), NOW)
    assert found.reason == [code]
    assert codes(found) == {1: code}
    assert found.service[0] == 0


@pytest.mark.parametrize(
    "change",
    [
        {"max_weight_g": 500},
        {"max_length_mm": 300},
        {"max_girth_mm": 1000},
        {"lanes": (("W1", "US"),)},
        {"lanes": (("US", "*"),)},
    ],
)
def test_a_limit_just_met_is_met(change: dict) -> None:  # type: ignore[type-arg]  # test data
    assert plan(orders(), network([service(1, **change)]), NOW).reason == [""]


def test_no_rate_for_the_weight_or_the_destination() -> None:
    found = plan(orders(2, country=["US", "CA"]), network(rates=[rate(weight_to_g=499)]), NOW)
    assert found.reason == ["no_rate", "no_rate"]


def test_different_currencies_are_never_added() -> None:
    net = network([service(1), service(2)], [rate(1, 100, currency="CNY"), rate(2, 900)])
    found = plan(orders(), net, NOW)
    assert found.service[0] == 2
    assert codes(found) == {1: "no_exchange_rate"}
    net.exchange = {"CNY": 140_000}
    found = plan(orders(), net, NOW)
    assert (found.service[0], found.cost[0]) == (1, 14)


def test_a_surcharge_in_another_currency_refuses_the_rate() -> None:
    cards = [rate(1, 100), rate(1, 100, surcharge_name="fuel", surcharge=10, currency="EUR")]
    found = plan(orders(), network(rates=cards), NOW)
    assert found.reason == ["no_exchange_rate"]


# --- cost, deadline, capacity ----------------------------------------------------------------------------------------


def test_the_cheaper_service_wins_while_it_is_in_time() -> None:
    net = network([service(1), service(2)], [rate(1, 500), rate(2, 400)])
    assert plan(orders(), net, NOW).service[0] == 2


def test_the_dearer_service_wins_when_the_cheaper_one_would_be_late() -> None:
    net = network([service(1, scan_hours=2), service(2, scan_hours=40)], [rate(1, 500), rate(2, 400)])
    found = plan(orders(due_at=[NOW + 16 * HOUR]), net, NOW)
    assert found.service[0] == 1
    assert found.lateness[0] == 20  # one parcel in fifty, ten dollars
    cheap = plan(orders(due_at=[NOW + 16 * HOUR], penalty=[50]), net, NOW)
    assert cheap.service[0] == 2  # a penalty smaller than the difference


def test_a_penalty_that_is_not_known_puts_the_deadline_first() -> None:
    net = network([service(1, scan_hours=2), service(2, scan_hours=40)], [rate(1, 5000), rate(2, 400)])
    found = plan(orders(due_at=[NOW + 16 * HOUR], penalty=[NONE]), net, NOW)
    assert found.service[0] == 1
    assert found.lateness[0] == NONE


def test_a_hand_over_clock_does_not_wait_for_the_scan() -> None:
    found = plan(orders(due_at=[NOW + 11 * HOUR], scan_clock=[False]), network(), NOW)
    assert found.risk[0] == 0
    assert plan(orders(due_at=[NOW + 11 * HOUR]), network(), NOW).risk[0] > 0


def test_what_cannot_be_packed_before_the_cut_off_leaves_the_next_working_day() -> None:
    friday_evening = NOW + 4 * DAY + 9 * HOUR + 1800 + 1
    found = plan(orders(), network(), friday_evening)
    assert iso(int(found.leave_at[0])) == "2026-01-19T18:00:00Z"
    assert found.day == ["2026-01-19"]


def test_a_closed_day_has_no_hand_over() -> None:
    net = network(closed_days={1: frozenset({"2026-01-12"})})
    assert plan(orders(), net, NOW).day == ["2026-01-13"]


def test_capacity_is_kept_and_the_earliest_deadline_leaves_first() -> None:
    net = network([service(1, capacity_per_day=2)])
    due = [NOW + k * DAY for k in (9, 6, 8, 7, 5)]
    found = plan(orders(5, due_at=due), net, NOW)
    assert found.day == ["2026-01-14", "2026-01-12", "2026-01-13", "2026-01-13", "2026-01-12"]


def test_capacity_others_have_taken_is_not_there() -> None:
    net = network([service(1, capacity_per_day=5)], capacity_left={(1, 1, "2026-01-12"): 1})
    found = plan(orders(3), net, NOW)
    assert sorted(found.day) == ["2026-01-12", "2026-01-13", "2026-01-13"]


def test_who_finds_no_room_within_reach_is_told_so() -> None:
    found = plan(orders(3), network([service(1, capacity_per_day=1)], departures=2), NOW)
    assert sorted(found.reason) == ["", "", "no_capacity"]


def test_together_is_cheaper_than_first_come_first_served() -> None:
    net = network(
        [service(1, capacity_per_day=1), service(2, goods_allowed=0)],
        [rate(1, 100), rate(2, 110)], departures=1,
    )  # fmt: skip
    found = plan(orders(2, goods=[0, GOODS["battery"]]), net, NOW)
    assert found.service.tolist() == [2, 1]  # the first to come would take the only place for batteries
    assert found.gap == pytest.approx(0)


@st.composite
def small(draw: st.DrawFn) -> tuple[list[list[int]], list[int], list[int], list[int]]:
    services, regions = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    table = [[draw(st.integers(100, 400)) for _ in range(regions)] for _ in range(services)]
    capacity = [draw(st.integers(0, 4)) for _ in range(services)]
    where = draw(st.lists(st.integers(0, regions - 1), min_size=1, max_size=8))
    due = [draw(st.integers(6, 60)) for _ in where]
    return table, capacity, where, due


@given(small())
@settings(max_examples=80, deadline=None)
def test_a_plan_is_as_cheap_as_brute_force(case: tuple[list[list[int]], list[int], list[int], list[int]]) -> None:
    table, capacity, where, due = case
    offered = [service(s + 1, capacity_per_day=capacity[s], scan_hours=4 + 6 * s) for s in range(len(table))]
    cards = [
        rate(s + 1, price, zone_region=f"r{region}") for s, row in enumerate(table) for region, price in enumerate(row)
    ]
    net = network(offered, cards, departures=2)
    batch = orders(len(where), region=[f"r{r}" for r in where], due_at=[NOW + h * HOUR for h in due])
    found = plan(batch, net, NOW)
    choices = found.choices[0]
    slots = [k for k, d in enumerate(choices.departures) for _ in range(d.capacity or 0)]
    out = 1e6
    costs = np.full((len(where), len(slots) + len(where)), out)
    for i, (r, _) in enumerate(zip(where, due, strict=True)):
        for column, k in enumerate(slots):
            pair = choices.departures[k].pair
            late = choices.risk[choices.cell[found.class_of[i]], k]
            costs[i, column] = table[choices.pairs[pair][1]][r] + late * 1000
    rows, columns = linear_sum_assignment(costs)
    served = int((columns < len(slots)).sum())
    assert sum(not reason for reason in found.reason) == served
    best = costs[rows, columns].sum() - out * (len(where) - served)
    assert found.objective == pytest.approx(best, abs=0.1)
    assert found.bound is not None
    assert found.objective is not None
    assert found.bound <= found.objective + 1e-6
    assert found.gap < 0.001
    taken = {(s, d): 0 for s in found.service.tolist() for d in found.day}
    for s, d in zip(found.service.tolist(), found.day, strict=True):
        taken[s, d] += 1
    assert all(count <= capacity[s - 1] for (s, _), count in taken.items() if s)


# --- warehouses and stock --------------------------------------------------------------------------------------------


def items(stock: list[list[int]], lines: list[tuple[int, int, int]]) -> Items:
    table = np.array(lines, dtype=np.int64)
    size = np.full((len(stock[0]), 3), 50, dtype=np.int64)
    return Items(table[:, 0], table[:, 1], table[:, 2], size, np.array(stock, dtype=np.int64))


def test_only_a_warehouse_that_holds_everything_can_serve() -> None:
    net = network(warehouses=[warehouse(1), warehouse(2)])
    batch = orders(items=items([[5, 0], [5, 5]], [(0, 0, 1), (0, 1, 1)]))
    found = plan(batch, net, NOW)
    assert found.warehouse[0] == 2
    assert found.refusals(0) == [(1, 1, "no_stock_there")]


def test_a_plan_does_not_promise_one_unit_twice() -> None:
    net = network(
        [service(1)],
        [rate(1, 100, warehouse="W1"), rate(1, 300, warehouse="W2")],
        warehouses=[warehouse(1), warehouse(2)],
    )
    due = [NOW + k * DAY for k in (5, 3, 4)]
    found = plan(orders(3, due_at=due, items=items([[1], [1]], [(0, 0, 1), (1, 0, 1), (2, 0, 1)])), net, NOW)
    assert found.warehouse.tolist() == [0, 1, 2]  # the most urgent gets the near one, the next the far one
    assert found.reason == ["no_stock_there", "", ""]
    assert found.cost.tolist() == [0, 100, 300]


def test_an_order_pinned_by_the_platform_stays_there() -> None:
    net = network(
        [service(1)],
        [rate(1, 100, warehouse="W1"), rate(1, 300, warehouse="W2")],
        warehouses=[warehouse(1), warehouse(2)],
    )
    assert plan(orders(2, pinned=[2, 0]), net, NOW).warehouse.tolist() == [2, 1]


def test_more_warehouses_than_a_plan_can_choose_between() -> None:
    net = network(warehouses=[warehouse(i) for i in range(1, 101)])
    found = plan(orders(3, pinned=[100, 0, 70]), net, NOW)
    assert found.reason == [""] * 3
    assert found.warehouse.tolist()[::2] == [100, 70]
    assert found.gap == 0
    assert explain(found, 2)[0].startswith("Carrier 1 Std from W70")


@pytest.mark.parametrize(("net", "reason"), [({"warehouses": []}, "no_warehouse"), ({"services": []}, "no_service")])
def test_without_a_network_the_reason_says_what_to_import(net: dict, reason: str) -> None:  # type: ignore[type-arg]  # test data
    found = network()
    for name, value in net.items():
        setattr(found, name, value)
    assert plan(orders(), found, NOW).reason == [reason]


def test_an_empty_batch_is_an_empty_plan() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    batch = orders(0, items=Items(nothing, nothing, nothing, np.zeros((0, 3), dtype=np.int64)))
    found = plan(batch, network(), NOW)
    assert (len(found), found.waves, found.gap) == (0, [], 0)


# --- waves and words -------------------------------------------------------------------------------------------------


def test_waves_gather_shops_and_start_with_the_earliest_clock() -> None:
    net = network([service(1, goods_allowed=0), service(2)], [rate(1, 100), rate(2, 200)])
    batch = orders(3, goods=[0, 1, 0], due_at=[NOW + 4 * DAY, NOW + 2 * DAY, NONE])
    found = plan(batch, net, NOW)
    assert found.wave.tolist() == [1, 0, 1]
    assert [(w.service_id, w.parcels, w.first_due_at) for w in found.waves] == [
        (2, 1, NOW + 2 * DAY),
        (1, 2, NOW + 4 * DAY),
    ]


def test_every_choice_is_explained_in_both_languages() -> None:
    net = network(
        [
            service(1, scan_hours=2),
            service(2, scan_hours=40),
            service(3, approved_markets=frozenset({"GB"})),
            service(4),
        ],
        [rate(1, 500), rate(2, 400), rate(3, 10), rate(4, 700)],
        cartons=[carton(packing="tape")],
    )
    found = plan(orders(due_at=[NOW + 16 * HOUR]), net, NOW)
    assert explain(found, 0) == [
        "Carrier 1 Std from W1, hand-over by 2026-01-12 18:00 (UTC).",
        "Costs 5.00 USD; 2 % risk to miss the clock, reckoned at 0.20 USD.",
        "Carton C1, with tape.",
        "Carrier 2 Std from W1 costs 1.00 USD less, but is later: 100 % risk.",
        "Carrier 4 Std from W1 costs 2.00 USD more.",
        "Carrier 3 Std refused: lane not approved by the platform for this market.",
    ]
    chinese = explain(found, 0, "zh")
    assert chinese[-1] == "Carrier 3 Std 不可用：平台未批准该市场的线路。"
    assert all(any("\u4e00" <= letter <= "\u9fff" for letter in line) for line in chinese)


def test_a_full_service_and_a_failed_order_are_explained() -> None:
    net = network([service(1, capacity_per_day=1), service(2)], [rate(1, 100), rate(2, 300)], departures=1)
    found = plan(orders(2), net, NOW)
    dear = found.service.tolist().index(2)
    full = "Carrier 1 Std from W1 costs 2.00 USD less, but is full or kept for orders that gain more."
    assert full in explain(found, dear)
    failed = plan(orders(), network([service(1, max_weight_g=10)]), NOW)
    assert explain(failed, 0)[0] == "Cannot be planned: the parcel is too heavy."


def test_the_platforms_choice_is_explained() -> None:
    found = plan(orders(market=["VN"], shipping_type=["TIKTOK"], pinned=[1]), network(), NOW)
    text = explain(found, 0)[0]
    assert text == "The platform decides warehouse and carrier. Leaves W1 by 2026-01-12 18:00 (UTC)."
    assert "2026-05-20" in who_chooses("VN", "TIKTOK")
    assert who_chooses("VN", "DRONE") == "the shipping type is not known: a person must look"
