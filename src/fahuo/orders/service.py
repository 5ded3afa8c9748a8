"""What the orders station does to a batch inside a transaction: write new orders, move known ones, hold, release."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import bindparam, delete

from fahuo.orders.model import OrderIn
from fahuo.orders.rules import Hold
from fahuo.orders.tables import holds, order_lines, orders
from fahuo.store import bulk
from fahuo.store.engine import Tx

ORDER_COLUMNS = tuple(column.name for column in orders.columns)
LINE_COLUMNS = tuple(column.name for column in order_lines.columns)
_HOLD_COLUMNS = tuple(column.name for column in holds.columns)
_encode = msgspec.json.Encoder().encode


class Taken(NamedTuple):
    """A new order with everything the stations found out about it before the first row is written."""

    order: OrderIn
    id: int
    station: str
    sku_ids: Sequence[int | None]
    warehouse_id: int | None
    carrier_name: str
    tracking_number: str
    state_at: int | None
    twin: str
    digest: bytes
    due_at: int | None
    due_clock: str | None
    pack: str | None
    version: int
    journal_seq: int
    journal_head: bytes


def insert(tx: Tx, shop_id: int, taken: Sequence[Taken], source: str, at: int) -> None:
    """Write new orders and their lines, each once, in the state and station they are in."""
    seller = tx.seller_id
    bulk.insert(tx, orders, ORDER_COLUMNS, [_order_row(seller, shop_id, one, source, at) for one in taken])
    lines = [row for one in taken for row in line_rows(seller, one.id, one.order, one.sku_ids)]
    bulk.insert(tx, order_lines, LINE_COLUMNS, lines)


def _order_row(seller: int, shop: int, one: Taken, source: str, at: int) -> tuple[object, ...]:
    o = one.order
    to = o.recipient
    return (
        seller,
        one.id,
        shop,
        o.platform_order_id,
        o.market,
        o.state,
        one.station,
        o.order_type,
        o.shipping_type,
        o.fulfillment_type,
        o.handling_days,
        o.handling_type,
        o.priority_level,
        o.is_cod,
        o.is_sample,
        o.buyer_cancel,
        o.readdressed,
        to.masked,
        o.warehouse_ref,
        one.warehouse_id,
        one.carrier_name,
        one.tracking_number,
        to.country,
        to.region,
        to.postal_code[:3],
        o.currency,
        o.exponent,
        o.subtotal,
        o.shipping_fee,
        o.tax,
        o.total,
        sum([line.quantity for line in o.lines]),
        o.created_at,
        o.paid_at,
        o.awaiting_at,
        o.arranged_at,
        None,
        o.handed_over_at,
        o.first_scan_at,
        o.delivered_at,
        o.completed_at,
        o.cancelled_at,
        o.release_at,
        _encode(o.platform_times).decode() if o.platform_times else "{}",
        o.cancel_by,
        o.cancel_reason,
        source,
        o.updated_at,
        one.state_at,
        one.twin,
        one.digest,
        at,
        one.due_at,
        one.due_clock,
        one.pack,
        one.version,
        one.journal_seq,
        one.journal_head,
    )


def line_rows(seller: int, order_id: int, order: OrderIn, sku_ids: Sequence[int | None]) -> list[tuple[object, ...]]:
    """Rows of order_lines for an order, numbered from 1 in the order given."""
    return [
        (
            seller,
            order_id,
            number,
            line.platform_sku_id,
            line.seller_sku,
            sku,
            line.product_name,
            line.variation,
            line.quantity,
            line.unit_price,
            line.subtotal,
            _encode(line.unit_ids).decode() if line.unit_ids else "[]",
            line.state,
            line.is_gift,
            line.package_id,
        )
        for number, (line, sku) in enumerate(zip(order.lines, sku_ids, strict=True), 1)
    ]


def hold(tx: Tx, found: Mapping[int, Sequence[Hold]], at: int) -> None:
    """Put holds on orders. The same hold at the same instant is written once."""
    rows = [
        (tx.seller_id, order, h.code, at, h.blocks, h.owner, h.field or "", h.value or "", None, "", "")
        for order, list_ in found.items()
        for h in {h.code: h for h in list_}.values()
    ]
    bulk.insert_new(tx, holds, _HOLD_COLUMNS, rows, _HOLD_COLUMNS[:4])


def release(tx: Tx, found: Iterable[tuple[int, str, int]], at: int, by: str, note: str = "") -> int:
    """Close holds given as (order, code, since); the release log is the row itself. Returns how many were open."""
    rows = [(tx.seller_id, order, code, since, at, by, note) for order, code, since in found]
    return bulk.update(
        tx,
        holds,
        ("seller_id", "order_id", "code", "since_at"),
        ("released_at", "released_by", "note"),
        rows,
        "t.released_at IS NULL",
    )


def move(tx: Tx, columns: Sequence[str], rows: Sequence[tuple[object, ...]], guard: str | None = None) -> int:
    """Set columns of orders; a row is (order id, values in the order of `columns`). Returns rows changed."""
    return bulk.update(tx, orders, ("seller_id", "id"), columns, [(tx.seller_id, *row) for row in rows], guard)


_DROP_LINES = delete(order_lines).where(
    order_lines.c.seller_id == bindparam("seller"), bulk.any_of(order_lines.c.order_id, "orders")
)


def replace_lines(tx: Tx, told: Sequence[tuple[int, OrderIn, Sequence[int | None]]]) -> None:
    """Write the lines of known orders anew: (order id, order, SKUs of its lines)."""
    tx.execute(_DROP_LINES, {"seller": tx.seller_id, "orders": bulk.array(tx, [id_ for id_, _, _ in told])})
    rows = [row for id_, order, skus in told for row in line_rows(tx.seller_id, id_, order, skus)]
    bulk.insert(tx, order_lines, LINE_COLUMNS, rows)


def map_lines(tx: Tx, rows: Sequence[tuple[int, int, int | None]]) -> int:
    """Set the seller's SKU of lines: (order, line, SKU)."""
    keyed = [(tx.seller_id, *row) for row in rows]
    return bulk.update(tx, order_lines, ("seller_id", "order_id", "line_no"), ("sku_id",), keyed)
