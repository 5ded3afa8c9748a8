"""Carriers, lanes, approvals and rates from tables."""

from __future__ import annotations

from fahuo.carriers import queries
from fahuo.carriers.model import Service
from fahuo.store.engine import Store
from tests.support.shopfloor import TABLES, Floor


def services(store: Store) -> dict[str, Service]:
    with store.read() as tx:
        return {f"{one.carrier}/{one.code}": one for one in queries.service_list(tx)}


def test_a_carrier_table_twice_changes_nothing(floor: Floor) -> None:
    before = services(floor.store)
    assert floor.table("carriers", TABLES["carriers"]).refused == []
    assert services(floor.store) == before


def test_lanes_and_approvals_are_the_rows_own(floor: Floor) -> None:
    header = "carrier,service,origin,destinations,approved_markets,goods_allowed\n"
    floor.table("carriers", header + 'JT,STD,"VN,CN","VN TH",*,battery\nNEW,X,*,*,,\n')
    found = services(floor.store)
    jt, new = found["JT/STD"], found["NEW/X"]
    assert set(jt.lanes) == {("VN", "VN"), ("VN", "TH"), ("CN", "VN"), ("CN", "TH")}
    assert (jt.approved_markets, jt.goods_allowed) == (frozenset("*"), 1)
    assert (new.approved_markets, new.lanes) == (frozenset(), (("*", "*"),))


def test_rates_are_replaced_by_zone_break_and_surcharge(floor: Floor) -> None:
    header = "carrier,service,zone_country,weight_to_g,base,surcharge_name,surcharge,currency\n"
    floor.table("rates", header + "JT,STD,VN,30000,25000,,0,VND\nJT,STD,VN,30000,25000,fuel,500,VND\n")
    with floor.store.read() as tx:
        rates = sorted((r.base, r.surcharge_name, r.surcharge) for r in queries.rate_list(tx))
    assert rates == [(25000, "", 0), (25000, "fuel", 500)]


def test_rates_that_cannot_be_are_refused_by_row(floor: Floor) -> None:
    header = "carrier,service,zone_country,weight_from_g,weight_to_g,base,currency\n"
    rows = "JT,STD,VN,500,500,1,VND\nJT,NONE,VN,0,500,1,VND\nJT,STD,VN,0,500,1.5,VND\n"
    rows += "JT,STD,VN,0,500,1.50,USD\nJT,STD,VN,0,,1,USD\n"
    report = floor.table("rates", header + rows)
    assert (report.read, report.taken) == (5, 1)
    assert sorted((r.row, r.problem.code, r.problem.field) for r in report.refused) == [
        (2, "weight_break", "weight_to_g"),
        (3, "not_known", "service"),
        (4, "cell_wrong", "base"),
        (6, "cell_empty", "weight_to_g"),
    ]
    assert all(r.problem.render("zh").message != r.problem.render("en").message for r in report.refused)
