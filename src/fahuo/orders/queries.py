"""Every SQL statement of the orders station that reads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import bindparam, select

from fahuo.orders.tables import holds, order_lines, orders
from fahuo.store.bulk import any_of, array
from fahuo.store.engine import Tx

_SELLER = bindparam("seller")


class Known(NamedTuple):
    """What we know already of an order that a source tells again."""

    id: int
    platform_order_id: str
    state: str
    station: str
    source: str
    source_at: int | None
    digest: bytes
    buyer_cancel: bool
    created_at: int | None
    paid_at: int | None
    awaiting_at: int | None
    arranged_at: int | None
    packed_at: int | None
    handed_over_at: int | None
    first_scan_at: int | None
    delivered_at: int | None
    completed_at: int | None
    cancelled_at: int | None
    release_at: int | None
    platform_times: str
    order_type: str
    shipping_type: str
    tracking_number: str
    version: int
    journal_seq: int
    journal_head: bytes


KNOWN = (
    select(*(orders.c[name] for name in Known._fields))
    .where(
        orders.c.seller_id == _SELLER, orders.c.shop_id == bindparam("shop"), any_of(orders.c.platform_order_id, "refs")
    )
    .order_by(orders.c.id)
    .with_for_update()
)
HEADS = (
    select(orders.c.id, orders.c.journal_seq, orders.c.journal_head)
    .where(orders.c.seller_id == _SELLER, any_of(orders.c.id, "orders"))
    .order_by(orders.c.id)
    .with_for_update()
)
LINES = (
    select(
        order_lines.c.order_id,
        order_lines.c.line_no,
        order_lines.c.platform_sku_id,
        order_lines.c.seller_sku,
        order_lines.c.sku_id,
        order_lines.c.quantity,
        order_lines.c.product_name,
        order_lines.c.variation,
    )
    .where(order_lines.c.seller_id == _SELLER, any_of(order_lines.c.order_id, "orders"))
    .order_by(order_lines.c.order_id, order_lines.c.line_no)
)
OPEN_HOLDS = (
    select(holds.c.order_id, holds.c.code, holds.c.since_at, holds.c.blocks, holds.c.owner, holds.c.field, holds.c.value)
    .where(holds.c.seller_id == _SELLER, holds.c.released_at.is_(None), any_of(holds.c.order_id, "orders"))
    .order_by(holds.c.order_id, holds.c.code)
)


class Line(NamedTuple):
    """One line of an order as stored."""

    order_id: int
    line_no: int
    platform_sku_id: str
    seller_sku: str
    sku_id: int | None
    quantity: int
    product_name: str
    variation: str


class OpenHold(NamedTuple):
    """A hold nobody has released yet."""

    order_id: int
    code: str
    since_at: int
    blocks: bool
    owner: str
    field: str
    value: str


def known(tx: Tx, shop_id: int, refs: Iterable[str]) -> dict[str, Known]:
    """Orders of a shop we have already, by the platform's id; rows stay locked, in id order."""
    rows = tx.rows(KNOWN, seller=tx.seller_id, shop=shop_id, refs=array(tx, list(refs)))
    return {row[1]: Known(*row) for row in rows}


def heads(tx: Tx, ids: Iterable[int]) -> dict[int, tuple[int, bytes]]:
    """Journal heads of these orders; rows stay locked, in id order, until the transaction ends."""
    rows = tx.rows(HEADS, seller=tx.seller_id, orders=array(tx, list(ids)))
    return {row[0]: (row[1], row[2]) for row in rows}


def lines(tx: Tx, ids: Iterable[int]) -> dict[int, list[Line]]:
    """Lines of these orders, by order."""
    found: dict[int, list[Line]] = {}
    for row in tx.rows(LINES, seller=tx.seller_id, orders=array(tx, list(ids))):
        found.setdefault(row[0], []).append(Line(*row))
    return found


def open_holds(tx: Tx, ids: Iterable[int]) -> dict[int, list[OpenHold]]:
    """Open holds of these orders, by order."""
    found: dict[int, list[OpenHold]] = {}
    for row in tx.rows(OPEN_HOLDS, seller=tx.seller_id, orders=array(tx, list(ids))):
        found.setdefault(row[0], []).append(OpenHold(*row))
    return found
