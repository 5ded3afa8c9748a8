"""Scenario files are read strictly, and what they say happens in its hours and leaves nothing behind."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fahuo.kernel.instant import local, parse_instant, zone
from fahuo.kernel.problems import Failure
from fahuo.sandbox import scenario, stock
from fahuo.sandbox.faults import KINDS, Faults
from fahuo.sandbox.model import Behaviour
from fahuo.sandbox.scenariofile import instant, parse
from fahuo.sandbox.world import World
from tests.sandbox.aftersale_worlds import DAY, HOUR, a_world, told

START = parse_instant("2026-11-10T09:30:00+08:00")
SHANGHAI = "Asia/Shanghai"


def _world(*shops: str) -> World:
    world = a_world(*(shops or ("VN", "TH")))
    world.live(START)
    world.behaviour.orders_per_day = 0.0
    return world


def _read(text: str) -> scenario.Scenario:
    return parse(f'name = "Test"\n{text}'.encode(), "test.toml")


@pytest.mark.parametrize("name", scenario.names())
def test_every_shipped_scenario_applies_and_lives(name: str) -> None:
    world, faults = _world("VN", "US", "MY:cross_border"), Faults()
    revoked: list[list[str]] = []
    running = scenario.apply(world, faults, scenario.load(name), lambda shops: revoked.append(list(shops)))
    assert running.scenario.about
    world.behaviour.orders_per_day = 0.0  # only the days are lived here, not the orders
    world.live(START + 8 * DAY)
    assert faults.on == {}
    assert revoked == ([list(world.shops)] if name == "token_revoked" else [])
    assert {"quiet_day", "peak_11_11", "carrier_strike", "typhoon", "stock_out", "webhook_storm"} <= set(
        scenario.names()
    )


@pytest.mark.parametrize(
    ("text", "field", "says"),
    [
        ("order_rate = 3", "order_rate", "live_stream, name, orders"),
        ('[[orders]]\nfrom = "day 1 00:00"\nfaktor = 2.0', "orders[0].faktor", "factor, from, per_day, shops, to"),
        ('[[orders]]\nfrom = "day 1 00:00"\nstart = 1', "orders[0].start", "from"),
        ('[[orders]]\nfrom = "tomorrow"', "orders[0].from", "day 2 18:00"),
        ('[[orders]]\nfrom = "2026-11-11T20:00"', "orders[0].from", "no offset"),
        ("[[orders]]\nfrom = 2026-11-11T20:00:00", "orders[0].from", "no offset"),
        ('[[orders]]\nfrom = "day 2 00:00"\nto = "day 1 00:00"', "orders[0]", "ends before it begins"),
        ('[[orders]]\nfrom = "day 1 00:00"\nfactor = -1', "orders[0].factor", ">= 0"),
        ('[orders]\nfrom = "day 1 00:00"', "orders", "[[orders]]"),
        ('[[webhook_storm]]\nfrom = "day 1 00:00"\nlost = 1.5', "webhook_storm[0].lost", "<= 1"),
        ('[[behaviour]]\nfrom = "day 1 00:00"\nset = { returns = 7.0 }', "behaviour[0].set.returns", "0 to 1"),
        ('[[behaviour]]\nfrom = "day 1 00:00"\nset = { lost = nan }', "behaviour[0].set.lost", "0 to 1"),
        ('[[behaviour]]\nfrom = "day 1 00:00"\nset = { peak = 5.0 }', "behaviour[0].set.peak", "returns"),
        ('[[behaviour]]\nfrom = "day 1 00:00"\nset = { retuns = 1 }', "behaviour[0].set.retuns", "returns"),
        ('[[behaviour]]\nfrom = "day 1 00:00"\nset = { returns = true }', "behaviour[0].set.returns", "True"),
        ('[[fault]]\nfrom = "day 1 00:00"\nkind = "gremlin"', "fault[0]: gremlin", "too_many"),
        ('[[every_fault]]\nfrom = "day 1 00:00"\nwithout = ["gremlin"]', "every_fault[0]: gremlin", "too_many"),
        ('[[stock_out]]\nat = "day 1 00:00"', "stock_out[0]", "skus"),
        ('zone = "Moon/Base"', "zone", "Moon/Base"),
        ("name = ", "file", ""),
    ],
)
def test_what_is_wrong_in_a_file_is_named_with_what_would_be_right(text: str, field: str, says: str) -> None:
    with pytest.raises(Failure) as failed:
        _read(text)
    assert failed.value.exit_code == 2
    assert failed.value.problem.field == field
    assert says in failed.value.problem.render().message


def test_an_unknown_scenario_is_answered_with_those_there_are() -> None:
    with pytest.raises(Failure) as failed:
        scenario.load("quit_day")
    assert "quiet_day" in str(failed.value)


def test_a_file_of_ones_own_is_read(tmp_path: object) -> None:
    path = tmp_path / "mine.toml"  # type: ignore[operator]  # pytest's own path
    path.write_text('name = "Mine"\n[[token_revoked]]\nat = "2026-11-11T20:00+07:00"\n')
    assert scenario.load(path).token_revoked[0].at == "2026-11-11T20:00+07:00"


def test_hours_are_read_absolute_and_by_day() -> None:
    assert instant("2026-11-11T20:00+07:00", 0, SHANGHAI) == parse_instant("2026-11-11T13:00:00Z")
    read = _read("[[token_revoked]]\nat = 2026-11-11T20:00:00+07:00").token_revoked[0].at
    assert instant(read, 0, SHANGHAI) == parse_instant("2026-11-11T13:00:00Z")
    assert instant("day 1 00:00", START, SHANGHAI) == parse_instant("2026-11-10T00:00:00+08:00")
    assert instant("day 2 18:00", START, "Asia/Bangkok") == parse_instant("2026-11-11T18:00:00+07:00")


@given(began=st.integers(1_700_000_000, 1_900_000_000), day=st.integers(1, 400), minute=st.integers(0, 1439))
@settings(max_examples=200)
def test_day_and_hour_are_those_of_the_wall(began: int, day: int, minute: int) -> None:
    at = instant(f"day {day} {minute // 60:02d}:{minute % 60:02d}", began, SHANGHAI)
    here = local(at, zone(SHANGHAI))
    assert (here.hour, here.minute) == divmod(minute, 60)
    assert (here.date() - local(began, zone(SHANGHAI)).date()).days == day - 1


def test_orders_per_day_and_factors_hold_for_their_hours_and_shops() -> None:
    world = _world()
    world.behaviour.orders_per_day = 100.0
    thai, viet = (next(s for s in world.shops.values() if s.region == m) for m in ("TH", "VN"))
    text = """
[[orders]]
from = "day 1 12:00"
per_day = 40
shops = ["TH"]
[[orders]]
from = "day 2 00:00"
to = "day 3 00:00"
factor = 3.0
[[live_stream]]
at = "day 2 20:00"
minutes = 60
factor = 2.0
shops = ["TH:local"]
"""
    scenario.apply(world, Faults(), _read(text))
    seen = {}
    for hours in (0, 3, 15, 35, 36, 72):
        world.live(START // HOUR * HOUR + hours * HOUR)
        total, shares = world.behaviour.orders_per_day, thai.share + viet.share
        seen[hours] = tuple(round(total * shop.share / shares) for shop in (thai, viet))
    # 09:00; 12:00; day 2 00:00; 20:00; 21:00; day 4
    assert seen == {0: (50, 50), 3: (40, 50), 15: (120, 150), 35: (240, 150), 36: (120, 150), 72: (40, 50)}


def test_people_behave_otherwise_for_a_while_and_then_as_before() -> None:
    world = _world()
    text = """
[[behaviour]]
from = "day 1 12:00"
to = "day 2 12:00"
set = { returns = 0.5, not_collected = 1, pre_orders = true }
[[sorting_warehouse]]
from = "day 2 00:00"
to = "day 2 06:00"
refuse = 0.25
"""
    before = (world.behaviour.returns, world.behaviour.not_collected, world.behaviour.sorting_refused)
    scenario.apply(world, Faults(), _read(text))
    world.live(START + 20 * HOUR)
    now: Behaviour = world.behaviour
    assert (now.returns, now.not_collected, now.sorting_refused, now.pre_orders) == (0.5, 1, 0.25, True)
    world.live(START + 2 * DAY)
    assert (now.returns, now.not_collected, now.sorting_refused) == before


def test_stock_runs_out_is_told_and_comes_back() -> None:
    world = _world()
    text = '[[stock_out]]\nat = "day 1 12:00"\nskus = ["TEE-BLACKM"]\nback_at = "day 2 12:00"\nshops = ["VN"]'
    scenario.apply(world, Faults(), _read(text))
    skus = {shop.region: stock.named(world, shop, ["TEE-BLACKM"])[0][1] for shop in world.shops.values()}
    full = stock.available(skus["VN"])
    world.live(START + 5 * HOUR)
    assert (stock.available(skus["VN"]), stock.available(skus["TH"])) == (0, full)
    assert [data["inventory_status"] for data in told(world, 27)] == ["OUT_OF_STOCK"]
    world.live(START + 2 * DAY)
    assert stock.available(skus["VN"]) == full


def test_strike_and_typhoon_hinder_the_carriers() -> None:
    world = _world()
    text = """
[[carrier_strike]]
from = "day 1 12:00"
to = "day 2 12:00"
shops = ["VN"]
[[typhoon]]
from = "day 1 12:00"
regions = ["Hà Nội"]
"""
    scenario.apply(world, Faults(), _read(text))
    strike, typhoon = world.hindrances
    viet = next(shop.id for shop in world.shops.values() if shop.region == "VN")
    assert (strike.kind, strike.shops) == ("collect", {viet})
    assert strike.end - strike.start == DAY
    assert (typhoon.kind, typhoon.regions, typhoon.shops) == ("deliver", {"Hà Nội"}, frozenset())
    assert typhoon.end > START + 100 * 365 * DAY


def test_faults_are_on_in_their_hours_only() -> None:
    world, faults = _world(), Faults()
    text = """
[[fault]]
from = "day 1 12:00"
to = "day 1 14:00"
kind = "too_many"
rate = 0.25
shops = ["VN", "TH"]
[[webhook_storm]]
from = "day 1 13:00"
to = "day 1 15:00"
lost = 0.1
late_minutes = 5
"""
    scenario.apply(world, faults, _read(text))
    mine = faults.add({"kind": "slow"})
    seen = []
    for hours in (0, 3, 4, 5, 6):
        world.live(START // HOUR * HOUR + hours * HOUR)
        seen.append(sorted(f.kind for f in faults.on.values() if f.id != mine.id))
    storm = ["hook_disorder", "hook_late", "hook_lost", "hook_twice"]
    assert seen == [[], ["too_many"] * 2, [*storm, "too_many", "too_many"], storm, []]
    assert mine.id in faults.on


def test_every_fault_is_every_fault() -> None:
    world, faults = _world(), Faults()
    scenario.apply(world, faults, _read('[[every_fault]]\nfrom = "day 1 00:00"\nrate = 0.5\nwithout = ["slow"]'))
    assert {fault.kind for fault in faults.on.values()} == set(KINDS) - {"slow"}


def test_access_is_taken_at_the_hour() -> None:
    world = _world()
    gone: list[str] = []
    text = '[[token_revoked]]\nat = "day 1 15:00"\nshops = ["TH"]'
    scenario.apply(world, Faults(), _read(text), gone.extend)
    world.live(START + 5 * HOUR)
    assert gone == []
    world.live(START + 6 * HOUR)
    assert gone == [shop.id for shop in world.shops.values() if shop.region == "TH"]


@pytest.mark.parametrize(
    "text",
    [
        '[[orders]]\nfrom = "day 1 00:00"\nshops = ["JP"]',
        '[[stock_out]]\nat = "day 1 12:00"\nskus = ["TEE-PURPLE"]',
        '[[carrier_strike]]\nfrom = "day 1 12:00"\ncarriers = ["Pony Express"]',
    ],
)
def test_names_this_world_does_not_have_are_refused_with_those_it_has(text: str) -> None:
    with pytest.raises(Failure) as failed:
        scenario.apply(_world(), Faults(), _read(text))
    assert failed.value.problem.code == "scenario_unknown_name"
    assert failed.value.problem.render().next.startswith("There are: ")
