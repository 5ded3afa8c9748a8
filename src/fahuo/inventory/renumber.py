"""Reservations follow their order's lines when these are numbered anew: the same units, so no counter moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import bindparam, delete

from fahuo.inventory import queries
from fahuo.inventory.model import Want
from fahuo.inventory.tables import reservations
from fahuo.store import bulk
from fahuo.store.engine import Tx

_COLUMNS: Final = ("seller_id", "order_id", "line_no", "sku_id", "quantity", "warehouse_id", "state")
_OLD = delete(reservations).where(
    reservations.c.seller_id == bindparam("seller"), bulk.any_of(reservations.c.order_id, "orders")
)


def renumber(tx: Tx, wanted: Mapping[int, Sequence[Want]]) -> None:
    """Write what these orders hold under the lines of `wanted`. An order's units are all in one state and place."""
    if not wanted:
        return
    held = {(r.order_id, r.sku_id): r for r in queries.reserved(tx, wanted) if r.state != "released"}
    tx.execute(_OLD, {"seller": tx.seller_id, "orders": bulk.array(tx, list(wanted))})
    rows = [
        (tx.seller_id, order, line, sku, quantity, held[order, sku].warehouse_id, held[order, sku].state)
        for wants in wanted.values()
        for order, line, sku, quantity in wants
    ]
    bulk.insert(tx, reservations, _COLUMNS, rows)
