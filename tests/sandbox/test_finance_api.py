"""The seller's money: exact, and every day the same."""

from decimal import Decimal
from typing import Any

import pytest

from fahuo.sandbox.aftersales import Asked, approve, ask
from fahuo.sandbox.gateway_model import Missing
from fahuo.sandbox.model import Refuse
from fahuo.sandbox.world import World
from tests.sandbox.aftersale_worlds import DAY, a_world, sent
from tests.sandbox.calls import call, pages

BASE = "/finance/202309"


def _statements(world: World, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pages(
        world, "GET", f"{BASE}/statements", "statements", sort_field="statement_time", **query
    )
    return found


def test_delivered_orders_are_settled_to_the_unit() -> None:
    world = a_world("US")
    orders = [sent(world, sample=False) for _ in range(12)]
    assert _statements(world) == []
    world.live(world.now() + 12 * DAY)
    told = _statements(world, page_size=2)
    assert len(told) > 2
    for one in told:
        parts = [Decimal(one[f"{name}_amount"]) for name in ("revenue", "fee", "adjustment")]
        assert Decimal(one["settlement_amount"]) == sum(parts)
        assert int(one["statement_time"]) % DAY == 0
    wanted = sum(
        Decimal(o.body["payment"]["sub_total"]) + Decimal(o.body["payment"]["platform_discount"]) for o in orders
    )
    assert sum(Decimal(one["revenue_amount"]) for one in told) == wanted
    seen = []
    for one in told:
        path = f"{BASE}/statements/{one['id']}/statement_transactions"
        inside = pages(world, "GET", path, "statement_transactions", sort_field="order_create_time", page_size=3)
        assert sum(Decimal(t["settlement_amount"]) for t in inside) == Decimal(one["settlement_amount"])
        seen += [t["order_id"] for t in inside]
    assert sorted(seen) == sorted(o.id for o in orders)
    span = {"statement_time_ge": told[1]["statement_time"], "statement_time_lt": told[2]["statement_time"]}
    assert [s["id"] for s in _statements(world, **span)] == [told[1]["id"]]


def test_a_refund_after_settlement_is_taken_off_and_one_before_is_not_settled() -> None:
    world = a_world("GB")
    before, after = sent(world), sent(world)
    approve(world, ask(world, before, Asked("REFUND"), world.now()), "APPROVE_REFUND", world.now())
    world.live(world.now() + 10 * DAY)
    approve(world, ask(world, after, Asked("REFUND"), world.now()), "APPROVE_REFUND", world.now())
    world.live(world.now() + 3 * DAY)
    mine = call(world, "GET", f"{BASE}/orders/{before.id}/statement_transactions")["statement_transactions"]
    goods = Decimal(before.body["payment"]["sub_total"])
    platform = Decimal(before.body["payment"]["platform_discount"])
    assert [Decimal(t["revenue_amount"]) for t in mine] == [platform]
    assert goods > 0
    theirs = call(world, "GET", f"/finance/202501/orders/{after.id}/statement_transactions")["statement_transactions"]
    assert [t["type"] for t in theirs] == ["ORDER", "REFUND_AFTER_SETTLEMENT"]
    assert Decimal(theirs[1]["adjustment_amount"]) == -Decimal(after.body["payment"]["sub_total"])


def test_money_is_paid_after_the_statement_and_moves_through_the_balance() -> None:
    world = a_world("TH")
    sent(world)
    world.live(world.now() + 9 * DAY + DAY // 2)
    one = _statements(world)[0]
    assert one["payment_status"] == "PROCESSING"
    assert _statements(world, payment_status="PAID") == []
    world.live(world.now() + 3 * DAY)
    paid = _statements(world, payment_status="PAID")
    assert [p["id"] for p in paid] == [one["id"]]
    payments = call(world, "GET", f"{BASE}/payments", sort_field="create_time")["payments"]
    assert payments[0]["id"] == one["payment_id"]
    assert payments[0]["amount"] == {"value": one["settlement_amount"], "currency": "THB"}
    assert payments[0]["status"] == "PAID"
    moved = call(world, "GET", f"{BASE}/withdrawals", types="SETTLE,WITHDRAW")
    assert moved["total_count"] == 2
    assert {m["amount"] for m in moved["withdrawals"]} == {one["settlement_amount"]}
    assert call(world, "GET", f"{BASE}/withdrawals", types="REVERSE")["withdrawals"] == []


def test_what_has_to_be_said() -> None:
    world = a_world("TH")
    wrong: tuple[tuple[str, dict[str, Any]], ...] = (
        ("statements", {}),
        ("payments", {}),
        ("withdrawals", {}),
        ("withdrawals", {"types": "GIFT"}),
    )
    for path, query in wrong:
        with pytest.raises(Missing):
            call(world, "GET", f"{BASE}/{path}", **query)
    with pytest.raises(Missing):
        call(world, "GET", f"{BASE}/statements", sort_field="id")
    with pytest.raises(Refuse):
        call(world, "GET", f"{BASE}/statements/1/statement_transactions")
    with pytest.raises(Refuse):
        call(world, "GET", f"{BASE}/orders/1/statement_transactions")
