"""Every SQL statement of the inventory station that reads. Counters are locked in SKU order, so nobody deadlocks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from sqlalchemy import BigInteger, BindParameter, Select, bindparam, func, select

from fahuo.inventory.tables import ledger, pool, reservations, stock
from fahuo.store.bulk import any_of, array, fetch, records
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
    return records(Reservation, fetch(tx, RESERVED, seller=tx.seller_id, orders=array(tx, list(orders))))


Drift = list[tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]]
"""(key, counter, what the rows behind it add up to) wherever the two differ; what is not there counts as nothing."""


def pool_drift(tx: Tx) -> Drift:
    """By SKU, (on hand, reserved): the pooled counter against the ledger."""
    counted = select(pool.c.sku_id, pool.c.on_hand, pool.c.reserved).where(pool.c.seller_id == tx.seller_id)
    booked = select(ledger.c.sku_id, func.sum(ledger.c.on_hand), func.sum(ledger.c.reserved))
    return _drift(tx, 1, counted, booked.where(ledger.c.seller_id == tx.seller_id).group_by(ledger.c.sku_id))


def shelf_drift(tx: Tx) -> Drift:
    """By (warehouse, SKU), (on hand, placed): the shelf's counter against the ledger."""
    shelf = (ledger.c.warehouse_id, ledger.c.sku_id)
    counted = select(stock.c.warehouse_id, stock.c.sku_id, stock.c.on_hand, stock.c.placed)
    booked = select(*shelf, func.sum(ledger.c.on_hand), func.sum(ledger.c.placed))
    return _drift(
        tx,
        2,
        counted.where(stock.c.seller_id == tx.seller_id),
        booked.where(ledger.c.seller_id == tx.seller_id).group_by(*shelf),
    )


def held_drift(tx: Tx) -> Drift:
    """By SKU: units reserved against the reservations that are open."""
    counted = select(pool.c.sku_id, pool.c.reserved).where(pool.c.seller_id == tx.seller_id)
    held = select(reservations.c.sku_id, func.sum(reservations.c.quantity)).where(
        reservations.c.seller_id == tx.seller_id, reservations.c.state.in_(("reserved", "placed"))
    )
    return _drift(tx, 1, counted, held.group_by(reservations.c.sku_id))


def placed_drift(tx: Tx) -> Drift:
    """By (warehouse, SKU): units placed on the shelf against the reservations that are placed there."""
    shelf = (reservations.c.warehouse_id, reservations.c.sku_id)
    counted = select(stock.c.warehouse_id, stock.c.sku_id, stock.c.placed).where(stock.c.seller_id == tx.seller_id)
    held = select(*shelf, func.sum(reservations.c.quantity)).where(
        reservations.c.seller_id == tx.seller_id, reservations.c.state == "placed"
    )
    return _drift(tx, 2, counted, held.group_by(*shelf))


def _drift(tx: Tx, key: int, counted: Select[Any], booked: Select[Any]) -> Drift:
    """Compared from both sides, so that a counter that was deleted is missed too."""
    counters = {tuple(row[:key]): tuple(map(int, row[key:])) for row in tx.rows(counted)}
    sums = {tuple(row[:key]): tuple(map(int, row[key:])) for row in tx.rows(booked)}
    nothing = (0,) * len(next(iter([*counters.values(), *sums.values()]), ()))
    pairs = ((at, counters.get(at, nothing), sums.get(at, nothing)) for at in sorted(counters.keys() | sums.keys()))
    return [(at, counter, total) for at, counter, total in pairs if counter != total]
