"""Every SQL statement of the inventory station that reads. Counters are locked in SKU order, so nobody deadlocks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from sqlalchemy import BigInteger, BindParameter, bindparam, func, select

from fahuo.inventory.tables import ledger, pool, reservations, stock
from fahuo.store.bulk import any_of, array, fetch
from fahuo.store.engine import Tx

_SELLER: Final[BindParameter[int]] = bindparam("seller", type_=BigInteger)

LOCK_POOL = (
    select(pool.c.sku_id, pool.c.on_hand - pool.c.reserved)
    .where(pool.c.seller_id == _SELLER, any_of(pool.c.sku_id, "skus"))
    .order_by(pool.c.sku_id)
    .with_for_update()
)
LOCK_STOCK = (
    select(stock.c.warehouse_id, stock.c.sku_id, stock.c.on_hand - stock.c.placed)
    .where(stock.c.seller_id == _SELLER, any_of(stock.c.sku_id, "skus"))
    .order_by(stock.c.sku_id, stock.c.warehouse_id)
    .with_for_update()
)
COUNTS = (
    select(stock.c.warehouse_id, stock.c.sku_id, stock.c.on_hand, stock.c.placed)
    .where(stock.c.seller_id == _SELLER, any_of(stock.c.sku_id, "skus"))
    .order_by(stock.c.sku_id, stock.c.warehouse_id)
    .with_for_update()
)
RESERVED = (
    select(
        reservations.c.order_id,
        reservations.c.line_no,
        reservations.c.sku_id,
        reservations.c.quantity,
        reservations.c.warehouse_id,
        reservations.c.state,
    )
    .where(reservations.c.seller_id == _SELLER, any_of(reservations.c.order_id, "orders"))
    .order_by(reservations.c.order_id, reservations.c.line_no, reservations.c.sku_id)
)


class Reservation(NamedTuple):
    """One row of the reservations table."""

    order_id: int
    line_no: int
    sku_id: int
    quantity: int
    warehouse_id: int
    state: str


def lock_available(tx: Tx, skus: Iterable[int]) -> dict[int, int]:
    """Units of each SKU nobody has reserved yet; the rows stay locked until the transaction ends."""
    rows = fetch(tx, LOCK_POOL, seller=tx.seller_id, skus=array(tx, sorted(set(skus))))
    return dict(rows)


def lock_shelves(tx: Tx, skus: Iterable[int]) -> dict[tuple[int, int], int]:
    """(warehouse, SKU) → units on that shelf that no placed order needs; rows stay locked."""
    rows = fetch(tx, LOCK_STOCK, seller=tx.seller_id, skus=array(tx, sorted(set(skus))))
    return {(warehouse, sku): left for warehouse, sku, left in rows}


def lock_counts(tx: Tx, skus: Iterable[int]) -> dict[tuple[int, int], tuple[int, int]]:
    """(warehouse, SKU) → (on hand, placed); rows stay locked."""
    rows = fetch(tx, COUNTS, seller=tx.seller_id, skus=array(tx, sorted(set(skus))))
    return {(warehouse, sku): (on_hand, placed) for warehouse, sku, on_hand, placed in rows}


def reserved(tx: Tx, orders: Iterable[int]) -> list[Reservation]:
    """Reservations of these orders in every state, ordered by order and line."""
    return [Reservation(*row) for row in fetch(tx, RESERVED, seller=tx.seller_id, orders=array(tx, list(orders)))]


def pool_drift(tx: Tx) -> list[tuple[int, int, int, int, int]]:
    """(SKU, counted on hand, counted reserved, ledger on hand, ledger reserved) where counter and ledger disagree."""
    sums = (
        select(
            ledger.c.sku_id,
            func.sum(ledger.c.on_hand).label("on_hand"),
            func.sum(ledger.c.reserved).label("reserved"),
        )
        .where(ledger.c.seller_id == tx.seller_id)
        .group_by(ledger.c.sku_id)
        .subquery()
    )
    booked, kept = func.coalesce(sums.c.on_hand, 0), func.coalesce(sums.c.reserved, 0)
    rows = tx.rows(
        select(pool.c.sku_id, pool.c.on_hand, pool.c.reserved, booked, kept)
        .select_from(pool.outerjoin(sums, sums.c.sku_id == pool.c.sku_id))
        .where(pool.c.seller_id == tx.seller_id, (pool.c.on_hand != booked) | (pool.c.reserved != kept))
    )
    return [(row[0], row[1], row[2], int(row[3]), int(row[4])) for row in rows]


def shelf_drift(tx: Tx) -> list[tuple[int, int, int, int, int, int]]:
    """(warehouse, SKU, counted on hand, counted placed, ledger on hand, ledger placed) where they disagree."""
    sums = (
        select(
            ledger.c.warehouse_id,
            ledger.c.sku_id,
            func.sum(ledger.c.on_hand).label("on_hand"),
            func.sum(ledger.c.placed).label("placed"),
        )
        .where(ledger.c.seller_id == tx.seller_id)
        .group_by(ledger.c.warehouse_id, ledger.c.sku_id)
        .subquery()
    )
    booked, kept = func.coalesce(sums.c.on_hand, 0), func.coalesce(sums.c.placed, 0)
    joined = stock.outerjoin(sums, (sums.c.sku_id == stock.c.sku_id) & (sums.c.warehouse_id == stock.c.warehouse_id))
    rows = tx.rows(
        select(stock.c.warehouse_id, stock.c.sku_id, stock.c.on_hand, stock.c.placed, booked, kept)
        .select_from(joined)
        .where(stock.c.seller_id == tx.seller_id, (stock.c.on_hand != booked) | (stock.c.placed != kept))
    )
    return [(row[0], row[1], row[2], row[3], int(row[4]), int(row[5])) for row in rows]


def held_drift(tx: Tx) -> list[tuple[int, int, int]]:
    """(SKU, counted reserved, units of open reservations) where the counter and the reservation rows disagree."""
    open_ = (
        select(reservations.c.sku_id, func.sum(reservations.c.quantity).label("units"))
        .where(reservations.c.seller_id == tx.seller_id, reservations.c.state.in_(("reserved", "placed")))
        .group_by(reservations.c.sku_id)
        .subquery()
    )
    units = func.coalesce(open_.c.units, 0)
    rows = tx.rows(
        select(pool.c.sku_id, pool.c.reserved, units)
        .select_from(pool.outerjoin(open_, open_.c.sku_id == pool.c.sku_id))
        .where(pool.c.seller_id == tx.seller_id, pool.c.reserved != units)
    )
    return [(row[0], row[1], int(row[2])) for row in rows]
