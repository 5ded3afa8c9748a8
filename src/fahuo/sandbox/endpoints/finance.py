"""Statements, their transactions, payments and withdrawals (reference 7, A.8).

The fields of a transaction are not in the reference: those of the statement, by order.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from fahuo.kernel.money import exponent_of
from fahuo.sandbox.endpoints.asked import Search, found, shop_of, span, within
from fahuo.sandbox.endpoints.lines import order_of
from fahuo.sandbox.gateway_model import FINANCE, Call, Data, Missing, Route
from fahuo.sandbox.paging import choice, invalid
from fahuo.sandbox.refunds import text
from fahuo.sandbox.settlement import Entry, Statement, statements

_SIZES: Final = (20, 100)
_BY_STATEMENT: Final = Search({"statement_time": lambda one: one.at}, "ASC", *_SIZES)
_BY_CREATION: Final = Search({"create_time": lambda one: one.at}, "ASC", *_SIZES)
_BY_ORDER: Final = Search({"order_create_time": lambda one: one.at}, "ASC", *_SIZES)
_STATUSES: Final = ("", "PAID", "FAILED", "PROCESSING")
_TYPES: Final = ("WITHDRAW", "SETTLE", "TRANSFER", "REVERSE")


def _need_sort(call: Call) -> None:
    if not call.query.get("sort_field"):
        raise Missing("query.sort_field is missing")


def _status(one: Statement) -> str:
    return "PAID" if one.paid else "PROCESSING"


def list_statements(call: Call) -> Data:
    """GET statements."""
    _need_sort(call)
    shop, bounds = shop_of(call), span(call.query, "statement_time", where="query")
    status = choice(call.query, "payment_status", _STATUSES)
    hits = {
        one.id: one
        for one in statements(call.world, shop, call.now)
        if within(one.at, bounds) and status in ("", _status(one))
    }
    names, page = found(call, hits.values(), _BY_STATEMENT, ["statements", bounds, status])
    return {"statements": [_statement(hits[name]) for name in names], "next_page_token": page.next_token}


def _statement(one: Statement) -> Data:
    currency = one.entries[0].currency
    exponent = exponent_of(currency)
    return {
        "id": one.id,
        "statement_time": one.at,
        "currency": currency,
        "revenue_amount": text(one.total("revenue"), exponent),
        "net_sales_amount": text(one.total("revenue"), exponent),
        "fee_amount": text(one.total("fee"), exponent),
        "adjustment_amount": text(one.total("adjustment"), exponent),
        "shipping_cost_amount": text(0, exponent),
        "settlement_amount": text(one.total("settlement"), exponent),
        "payment_id": one.payment_id,
        "payment_status": _status(one),
    }


def transactions(call: Call) -> Data:
    """GET statements/{statement_id}/statement_transactions."""
    wanted = call.params["statement_id"]
    one = next((s for s in statements(call.world, shop_of(call), call.now) if s.id == wanted), None)
    if one is None:
        raise invalid("statement_id")
    names, page = found(call, one.entries, _BY_ORDER, ["transactions", one.id])
    by_id = {entry.id: entry for entry in one.entries}
    shown = [_transaction(call, by_id[name]) for name in names]
    return {"statement_transactions": shown, "next_page_token": page.next_token, "total_count": page.total}


def order_transactions(call: Call) -> Data:
    """GET orders/{order_id}/statement_transactions."""
    order = order_of(call, call.params["order_id"])
    entries = [
        (one, entry)
        for one in statements(call.world, shop_of(call), call.now)
        for entry in one.entries
        if entry.order_id == order.id
    ]
    shown = [{**_transaction(call, entry), "statement_id": one.id, "statement_time": one.at} for one, entry in entries]
    return {"order_id": order.id, "order_create_time": order.created, "statement_transactions": shown}


def _transaction(call: Call, entry: Entry) -> Data:
    exponent = exponent_of(entry.currency)
    return {
        "id": entry.id,
        "type": "ORDER" if entry.adjustment == 0 else "REFUND_AFTER_SETTLEMENT",
        "order_id": entry.order_id,
        "order_create_time": call.world.orders[entry.order_id].created,
        "currency": entry.currency,
        "revenue_amount": text(entry.revenue, exponent),
        "fee_amount": text(entry.fee, exponent),
        "adjustment_amount": text(entry.adjustment, exponent),
        "settlement_amount": text(entry.settlement, exponent),
    }


def payments(call: Call) -> Data:
    """GET payments: one for each statement that comes to something."""
    _need_sort(call)
    shop, bounds = shop_of(call), span(call.query, "create_time", where="query")
    hits = {
        one.id: one
        for one in statements(call.world, shop, call.now)
        if within(one.at, bounds) and one.total("settlement") > 0
    }
    names, page = found(call, hits.values(), _BY_CREATION, ["payments", bounds])
    return {"payments": [_payment(hits[name]) for name in names], "next_page_token": page.next_token}


def _payment(one: Statement) -> Data:
    currency = one.entries[0].currency
    exponent = exponent_of(currency)
    amount = {"value": text(one.total("settlement"), exponent), "currency": currency}
    nothing = {"value": text(0, exponent), "currency": currency}
    told: Data = {
        "id": one.payment_id,
        "create_time": one.at,
        "status": _status(one),
        "amount": amount,
        "settlement_amount": amount,
        "reserve_amount": nothing,
        "payment_amount_before_exchange": amount,
        "exchange_rate": "1",
        "bank_account": "****1234",
    }
    if one.paid:
        told["paid_time"] = one.paid_at
    return told


class _Movement(NamedTuple):
    """Money into the balance, or out of it to the bank."""

    id: str
    at: int
    type: str
    minor: int
    currency: str


def withdrawals(call: Call) -> Data:
    """GET withdrawals: what was settled into the balance, and what went to the bank."""
    asked = call.query.get("types", "")
    if not asked:
        raise Missing("query.types is missing")
    types = asked.split(",")
    if unknown := [one for one in types if one not in _TYPES]:
        raise Missing(f"query.types is invalid: {unknown[0]}")
    shop, bounds = shop_of(call), span(call.query, "create_time", where="query")
    hits = {
        one.id: one
        for one in _movements(statements(call.world, shop, call.now))
        if one.type in types and within(one.at, bounds)
    }
    names, page = found(call, hits.values(), _BY_CREATION, ["withdrawals", bounds, sorted(types)])
    shown = [_moved(hits[name]) for name in names]
    return {"withdrawals": shown, "next_page_token": page.next_token, "total_count": page.total}


def _movements(told: list[Statement]) -> list[_Movement]:
    made = []
    for one in told:
        total, currency = one.total("settlement"), one.entries[0].currency
        made.append(_Movement(f"35{one.id[2:]}", one.at, "SETTLE", total, currency))
        if one.paid and total > 0:
            made.append(_Movement(f"36{one.id[2:]}", one.paid_at, "WITHDRAW", total, currency))
    return made


def _moved(one: _Movement) -> Data:
    return {
        "id": one.id,
        "type": one.type,
        "amount": text(one.minor, exponent_of(one.currency)),
        "currency": one.currency,
        "status": "SUCCESS",
        "create_time": one.at,
    }


_BASE: Final = "/finance/202309"
_OF_STATEMENT: Final = "statements/{statement_id}/statement_transactions"
_OF_ORDER: Final = "orders/{order_id}/statement_transactions"
ROUTES: Final = [
    Route("GET", f"{_BASE}/statements", FINANCE, "required", list_statements),
    Route("GET", f"{_BASE}/{_OF_STATEMENT}", FINANCE, "required", transactions),
    Route("GET", f"/finance/202501/{_OF_STATEMENT}", FINANCE, "required", transactions),
    Route("GET", f"{_BASE}/{_OF_ORDER}", FINANCE, "required", order_transactions),
    Route("GET", f"/finance/202501/{_OF_ORDER}", FINANCE, "required", order_transactions),
    Route("GET", f"{_BASE}/payments", FINANCE, "required", payments),
    Route("GET", "/finance/202605/payments", FINANCE, "required", payments),
    Route("GET", f"{_BASE}/withdrawals", FINANCE, "required", withdrawals),
]
