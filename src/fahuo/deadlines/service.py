"""What the deadlines station does to a batch: start clocks, replace them, stop them. Never commits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, delete

from fahuo.deadlines.tables import clocks
from fahuo.store import bulk
from fahuo.store.bulk import any_of, array
from fahuo.store.engine import Tx

_COLUMNS = tuple(column.name for column in clocks.columns)
_DELETE = delete(clocks).where(clocks.c.seller_id == bindparam("seller"), any_of(clocks.c.order_id, "orders"))

ClockValues = tuple[int, int, int, int, int, int, int | None, str, str]
"""(order id, clock, party, starts, due, source, met, pack, rule)."""


def start(tx: Tx, rows: Sequence[ClockValues]) -> None:
    """Write the clocks of new orders."""
    seller = tx.seller_id
    bulk.insert(tx, clocks, _COLUMNS, [(seller, *row) for row in rows])


def replace(tx: Tx, orders: Iterable[int], rows: Sequence[ClockValues]) -> None:
    """Write the clocks of known orders anew, after a fact, a pack or an extension has changed."""
    tx.execute(_DELETE, {"seller": tx.seller_id, "orders": array(tx, list(orders))})
    start(tx, rows)


def stop(tx: Tx, rows: Sequence[tuple[int, int, int]]) -> int:
    """Stop clocks: (order, clock, met at). A clock already stopped keeps its first instant. Returns clocks stopped."""
    keyed = [(tx.seller_id, order, clock, at) for order, clock, at in rows]
    return bulk.update(tx, clocks, ("seller_id", "order_id", "clock"), ("met_at",), keyed, "t.met_at IS NULL")
