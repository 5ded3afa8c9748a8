"""Booking a plan on both databases: decisions with reasons, capacity never exceeded, given back when it is free."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import LargeBinary, select

from fahuo.carriers.model import Rate
from fahuo.carriers.queries import exchange_to, rate_list, service_list
from fahuo.carriers.tables import approvals, carriers, exchange_rates, lanes, rates, services
from fahuo.catalogue.tables import cartons
from fahuo.kernel.instant import NONE
from fahuo.orders.tables import orders as order_table
from fahuo.planning import queries
from fahuo.planning.model import Network, Plan
from fahuo.planning.rules import plan
from fahuo.planning.service import give_back, record, take
from fahuo.planning.tables import capacity_used, decisions, refusals
from fahuo.store import bulk, settings
from fahuo.store.engine import Tx
from tests.planning.networks import DAY, NOW, network, orders, rate, service, warehouse

TODAY = "2026-01-12"


def write_orders(tx: Tx, count: int) -> None:
    """Orders 1 to count, every column filled with something."""
    columns = list(order_table.columns)
    blank = [None if c.nullable else b"" if isinstance(c.type, LargeBinary) else c.type.python_type() for c in columns]
    place = {column.name: k for k, column in enumerate(columns)}
    rows = []
    for number in range(1, count + 1):
        row = list(blank)
        row[place["seller_id"]], row[place["id"]] = tx.seller_id, number
        row[place["platform_order_id"]] = str(number)
        rows.append(tuple(row))
    bulk.insert(tx, order_table, [column.name for column in columns], rows)


def used(tx: Tx) -> dict[tuple[int, str], int]:
    c = capacity_used.c
    return {(row[0], row[1]): row[2] for row in tx.rows(select(c.service_id, c.day, c.used))}


def stored(tx: Tx) -> dict[int, dict[str, Any]]:
    names = [column.name for column in decisions.columns]
    rows = [dict(zip(names, row, strict=True)) for row in tx.rows(select(decisions))]
    texts = {row[0]: msgspec.json.decode(row[1]) for row in tx.rows(select(refusals.c.id, refusals.c.refused))}
    found = {}
    for row in rows:
        refused = texts.get(row.pop("refused_id"))
        why = msgspec.json.decode(row["why"]) | ({"refused": refused} if refused else {})
        found[row["order_id"]] = row | {"why": why}
    return found


def decided(count: int, net: Network, **columns: Any) -> Plan:
    return plan(orders(count, **columns), net, NOW)


def book(tx: Tx, plan: Plan, chosen: list[int]) -> list[int]:
    """Everything that becomes of a plan, as an order that may have one already meets it."""
    give_back(tx, plan.ids.tolist())
    lost = take(tx, plan, chosen)
    record(tx, [plan], {int(plan.ids[i]) for i in chosen if i not in lost})
    return lost


def test_a_decision_is_written_with_its_reasons(tx: Tx) -> None:
    write_orders(tx, 2)
    net = network([service(1, capacity_per_day=5), service(2, max_weight_g=1)], [rate(1, 430), rate(2, 1)])
    found = decided(2, net, country=["US", "CA"])
    assert book(tx, found, [0]) == []
    rows = stored(tx)
    assert rows[1] == {
        "seller_id": 1, "order_id": 1, "at": NOW, "warehouse_id": 1, "service_id": 1, "carton_id": 1,
        "leave_at": int(found.leave_at[0]), "leave_day": TODAY, "cost": 430, "penalty": 0, "currency": "USD",
        "why": {"by": "seller_decides", "refused": [["1", "2", "too_heavy"]]},
    }  # fmt: skip
    assert rows[2]["warehouse_id"] is None
    assert rows[2]["why"]["reason"] == "no_rate"
    assert used(tx) == {(1, TODAY): 1}


def test_alike_refusals_are_kept_once(tx: Tx) -> None:
    write_orders(tx, 4)
    net = network([service(1), service(2, max_weight_g=1)], [rate(1, 430), rate(2, 1)])
    for ids in ([1, 2], [3, 4]):
        book(tx, decided(2, net, ids=ids), [0, 1])
    assert len(tx.rows(select(refusals.c.id))) == 1
    assert all(row["why"]["refused"] == [["1", "2", "too_heavy"]] for row in stored(tx).values())


def test_a_penalty_that_is_not_known_is_not_stored_as_a_number(tx: Tx) -> None:
    write_orders(tx, 1)
    found = decided(1, network([service(1, scan_hours=30)]), penalty=[NONE], due_at=[NOW + DAY])
    book(tx, found, [0])
    assert stored(tx)[1]["penalty"] is None
    assert stored(tx)[1]["why"]["late_ppm"] > 0


def test_the_platforms_choice_takes_no_capacity(tx: Tx) -> None:
    write_orders(tx, 1)
    found = decided(1, network([service(1, capacity_per_day=0)]), market=["VN"], shipping_type=["TIKTOK"], pinned=[1])
    assert book(tx, found, [0]) == []
    row = stored(tx)[1]
    assert (row["warehouse_id"], row["service_id"], row["cost"], row["currency"]) == (1, None, None, None)
    assert used(tx) == {}


def test_two_plans_of_the_same_capacity_do_not_exceed_it(tx: Tx) -> None:
    write_orders(tx, 6)
    net = network([service(1, capacity_per_day=4)])
    due = [NOW + k * DAY for k in (5, 3, 4)]
    first, second = decided(3, net), decided(3, net, ids=[4, 5, 6], due_at=due)
    assert book(tx, first, [0, 1, 2]) == []
    assert book(tx, second, [0, 1, 2]) == [0, 2]  # one still fits: the most urgent
    assert used(tx) == {(1, TODAY): 4}
    assert stored(tx)[5]["leave_day"] == TODAY
    assert stored(tx)[4]["why"]["reason"] == "lost_the_race"
    net.capacity_left = {(1, 1, TODAY): 0}
    again = decided(2, net, ids=[4, 6])
    assert again.day == ["2026-01-13", "2026-01-13"]
    assert book(tx, again, [0, 1]) == []


def test_no_room_at_all(tx: Tx) -> None:
    write_orders(tx, 2)
    net = network([service(1, capacity_per_day=1)], departures=1)
    assert book(tx, decided(1, net), [0]) == []
    assert book(tx, decided(1, net, ids=[2]), [0]) == [0]
    assert used(tx) == {(1, TODAY): 1}


def test_capacity_comes_back_once(tx: Tx) -> None:
    write_orders(tx, 3)
    book(tx, decided(3, network([service(1, capacity_per_day=9)])), [0, 1, 2])
    give_back(tx, [1, 3, 77])
    give_back(tx, [1])
    give_back(tx, [])
    assert used(tx) == {(1, TODAY): 1}
    assert stored(tx)[1]["service_id"] == 1


def test_an_order_planned_anew_does_not_count_twice(tx: Tx) -> None:
    write_orders(tx, 1)
    net = network([service(1, capacity_per_day=1)], departures=1)
    assert book(tx, decided(1, net), [0]) == []
    assert book(tx, decided(1, net), [0]) == []
    assert used(tx) == {(1, TODAY): 1}


def test_a_limit_changed_since_is_the_limit(tx: Tx) -> None:
    write_orders(tx, 4)
    book(tx, decided(2, network([service(1, capacity_per_day=2)])), [0, 1])
    more = decided(1, network([service(1, capacity_per_day=3)]), ids=[3])
    assert book(tx, more, [0]) == []
    fewer = decided(1, network([service(1, capacity_per_day=1)]), ids=[4])
    assert book(tx, fewer, [0]) == [0]
    assert used(tx) == {(1, TODAY): 3}


def test_the_network_is_read_as_it_was_written(tx: Tx) -> None:
    one = service(1, capacity_per_day=7, lanes=(("*", "GB"), ("W1", "US")), volumetric_divisor=5000)
    bulk.insert(tx, carriers, ("seller_id", "id", "code", "name", "tracking_url"), [(1, 9, "c1", "Carrier 1", "")])
    names = [c.name for c in services.columns if c.name not in ("seller_id", "carrier_id")]
    bulk.insert(tx, services, ["seller_id", "carrier_id", *names], [(1, 9, *(getattr(one, n) for n in names))])
    bulk.insert(tx, lanes, ("seller_id", "service_id", "origin", "destination"), [(1, 1, *lane) for lane in one.lanes])
    bulk.insert(tx, approvals, ("seller_id", "service_id", "market"), [(1, 1, "US")])
    cards = [rate(1, 5, currency="CNY"), rate(1, 6, weight_from_g=10, currency="CNY"), rate(1, 7, zone_country="GB")]
    fields = Rate.__struct_fields__
    bulk.insert(
        tx, rates, ("seller_id", "id", *fields), [(1, k, *(getattr(r, f) for f in fields)) for k, r in enumerate(cards)]
    )
    bulk.insert(
        tx,
        exchange_rates,
        ("seller_id", "currency", "base", "parts_per_million", "since_at"),
        [(1, "USD", "CNY", 7, 0)],
    )
    row = (1, 4, "C4", "Box", 30, 20, 10, 5000, 80, 12, "CNY", "tape")
    bulk.insert(tx, cartons, [c.name for c in cartons.columns], [row])
    write_orders(tx, 1)
    book(tx, decided(1, network([one])), [0])
    assert service_list(tx) == [one]
    assert rate_list(tx) == cards
    assert exchange_to(tx, "USD") == {}
    found = queries.network(tx, [warehouse(1)], NOW)
    assert (found.currency, found.exponent, found.exchange) == ("CNY", 2, {"USD": 7})
    assert found.capacity_left == {(1, 1, TODAY): 6}
    assert queries.network(tx, [], NOW + 2 * DAY).capacity_left == {}  # a day that is over is not read
    assert (found.cartons[0].id, found.cartons[0].tare_g, found.cartons[0].packing) == (4, 80, "tape")
    settings.put(tx, queries.CURRENCY, "JPY")
    settings.put(tx, queries.PACK_SECONDS, 60)
    found = queries.network(tx, [], NOW)
    assert (found.currency, found.exponent, found.pack_seconds) == ("JPY", 0, 60)
