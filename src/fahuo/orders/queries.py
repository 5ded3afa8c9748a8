"""Every SQL statement of the orders station that reads."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import BigInteger, BindParameter, Select, bindparam, func, select, tuple_

from fahuo.orders.tables import holds, order_lines, orders
from fahuo.store.bulk import any_of, array, fetch, records
from fahuo.store.engine import Tx

_SELLER: Final[BindParameter[int]] = bindparam("seller", type_=BigInteger)


@cache
def _for_update(query: Select[Any]) -> Select[Any]:
    return query.with_for_update()


def _locked(tx: Tx, query: Select[Any]) -> Select[Any]:
    """Rows are locked by whoever may write; a transaction that only reads cannot and need not."""
    return query if tx.readonly else _for_update(query)


class Stored(NamedTuple):
    """The order row, but for what other stations keep of it."""

    id: int
    shop_id: int
    platform_order_id: str
    market: str
    state: str
    station: str
    order_type: str
    shipping_type: str
    fulfillment_type: str
    handling_days: int | None
    handling_type: str | None
    priority_level: int | None
    is_cod: bool
    is_sample: bool
    buyer_cancel: bool
    readdressed: bool
    warehouse_ref: str
    warehouse_id: int | None
    carrier_name: str
    tracking_number: str
    currency: str
    exponent: int
    subtotal: int | None
    shipping_fee: int | None
    tax: int | None
    total: int | None
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
    platform_times: dict[str, int]
    cancel_by: str
    cancel_reason: str
    source_at: int | None
    state_at: int | None
    digest: bytes
    version: int
    journal_seq: int
    journal_head: bytes


_LIMITS: Final = Stored._fields.index("platform_times")


def _stored(row: tuple[Any, ...]) -> Stored:
    return Stored._make((*row[:_LIMITS], msgspec.json.decode(row[_LIMITS]), *row[_LIMITS + 1 :]))


KNOWN = (
    select(*(orders.c[name] for name in Stored._fields))
    .where(
        orders.c.seller_id == _SELLER, orders.c.shop_id == bindparam("shop"), any_of(orders.c.platform_order_id, "refs")
    )
    .order_by(orders.c.id)
    .with_for_update()
)
STORED = (
    select(*(orders.c[name] for name in Stored._fields))
    .where(orders.c.seller_id == _SELLER, any_of(orders.c.id, "orders"))
    .order_by(orders.c.id)
)
TWINS = select(orders.c.twin, orders.c.created_at, orders.c.platform_order_id).where(
    orders.c.seller_id == _SELLER,
    any_of(orders.c.twin, "prints"),
    orders.c.created_at >= bindparam("since"),
)
HEADS = (
    select(orders.c.id, orders.c.journal_seq, orders.c.journal_head)
    .where(orders.c.seller_id == _SELLER, any_of(orders.c.id, "orders"))
    .order_by(orders.c.id)
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
        order_lines.c.unit_price,
        order_lines.c.subtotal,
        order_lines.c.unit_ids,
        order_lines.c.state,
        order_lines.c.is_gift,
        order_lines.c.package_ref,
    )
    .where(order_lines.c.seller_id == _SELLER, any_of(order_lines.c.order_id, "orders"))
    .order_by(order_lines.c.order_id, order_lines.c.line_no)
)
OPEN_HOLDS = (
    select(
        holds.c.order_id, holds.c.code, holds.c.since_at, holds.c.blocks, holds.c.owner, holds.c.field, holds.c.value
    )
    .where(holds.c.seller_id == _SELLER, holds.c.released_at.is_(None), any_of(holds.c.order_id, "orders"))
    .order_by(holds.c.order_id, holds.c.code)
)
WAIVED = select(holds.c.order_id, holds.c.code).where(
    holds.c.seller_id == _SELLER,
    holds.c.released_at.is_not(None),
    holds.c.released_by != "system",
    any_of(holds.c.order_id, "orders"),
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
    unit_price: int | None
    subtotal: int | None
    unit_ids: str
    state: str
    is_gift: bool
    package_ref: str


class OpenHold(NamedTuple):
    """A hold nobody has released yet."""

    order_id: int
    code: str
    since_at: int
    blocks: bool
    owner: str
    field: str
    value: str


def known(tx: Tx, shop_id: int, refs: Iterable[str]) -> dict[str, Stored]:
    """Orders of a shop we have already, by the platform's id; rows stay locked, in id order."""
    rows = fetch(tx, KNOWN, seller=tx.seller_id, shop=shop_id, refs=array(tx, list(refs)))
    return {row[2]: _stored(row) for row in rows}


def stored(tx: Tx, ids: Iterable[int]) -> list[Stored]:
    """Orders by id, in id order; rows stay locked until the transaction ends."""
    return [_stored(row) for row in fetch(tx, _locked(tx, STORED), seller=tx.seller_id, orders=array(tx, list(ids)))]


def twins(tx: Tx, prints: Iterable[str], since: int) -> dict[bytes, list[tuple[int, str]]]:
    """Fingerprint → (created, platform id) of orders with the same buyer and items, created at or after `since`."""
    found: dict[bytes, list[tuple[int, str]]] = {}
    for print_, at, ref in fetch(tx, TWINS, seller=tx.seller_id, prints=array(tx, list(prints)), since=since):
        found.setdefault(bytes.fromhex(print_), []).append((at, ref))
    return found


def heads(tx: Tx, ids: Iterable[int]) -> dict[int, tuple[int, bytes]]:
    """Journal heads of these orders; rows stay locked, in id order, until the transaction ends."""
    rows = fetch(tx, _locked(tx, HEADS), seller=tx.seller_id, orders=array(tx, list(ids)))
    return {row[0]: (row[1], row[2]) for row in rows}


def lines(tx: Tx, ids: Iterable[int]) -> dict[int, list[Line]]:
    """Lines of these orders, by order."""
    found: dict[int, list[Line]] = {}
    for row in fetch(tx, LINES, seller=tx.seller_id, orders=array(tx, list(ids))):
        found.setdefault(row[0], []).append(Line(*row))
    return found


def open_holds(tx: Tx, ids: Iterable[int]) -> dict[int, list[OpenHold]]:
    """Open holds of these orders, by order."""
    found: dict[int, list[OpenHold]] = {}
    for row in fetch(tx, OPEN_HOLDS, seller=tx.seller_id, orders=array(tx, list(ids))):
        found.setdefault(row[0], []).append(OpenHold(*row))
    return found


def waived(tx: Tx, ids: Iterable[int]) -> set[tuple[int, str]]:
    """(order, hold code) a person has released before: the same cause does not hold the order again."""
    rows = fetch(tx, WAIVED, seller=tx.seller_id, orders=array(tx, list(ids)))
    return {(row[0], row[1]) for row in rows}


class ToPlan(NamedTuple):
    """What planning needs of an order that has its units."""

    id: int
    shop_id: int
    platform_order_id: str
    market: str
    state: str
    shipping_type: str
    dest_country: str
    dest_region: str
    dest_postal: str
    currency: str
    due_at: int | None
    due_clock: str | None
    warehouse_id: int | None
    carrier_name: str
    tracking_number: str
    arranged_at: int | None
    version: int
    journal_seq: int
    journal_head: bytes


_FAR = 1 << 62
_URGENCY = func.coalesce(orders.c.due_at, _FAR)
TO_PLAN = (
    select(*(orders.c[name] for name in ToPlan._fields))
    .where(
        orders.c.seller_id == _SELLER,
        orders.c.station == "plan",
        tuple_(_URGENCY, orders.c.id)
        > tuple_(bindparam("due", type_=BigInteger), bindparam("after", type_=BigInteger)),
    )
    .order_by(_URGENCY, orders.c.id)
    .limit(bindparam("most"))
    .with_for_update()
)


def to_plan(tx: Tx, limit: int, after: tuple[int, int] = (-1, 0)) -> list[ToPlan]:
    """Orders at the station `plan`, the earliest clock first, behind `after` (due time, id); rows stay locked."""
    rows = fetch(tx, TO_PLAN, seller=tx.seller_id, due=after[0], after=after[1], most=limit)
    return records(ToPlan, rows)


def urgency(order: ToPlan) -> tuple[int, int]:
    """The key `to_plan` goes by."""
    return (_FAR if order.due_at is None else order.due_at, order.id)


class Head(NamedTuple):
    """The part of an order row that every change moves."""

    id: int
    shop_id: int
    platform_order_id: str
    state: str
    station: str
    arranged_at: int | None
    due_at: int | None
    due_clock: str | None
    version: int
    journal_seq: int
    journal_head: bytes


HEADS_OF = (
    select(*(orders.c[name] for name in Head._fields))
    .where(orders.c.seller_id == _SELLER, any_of(orders.c.id, "orders"))
    .order_by(orders.c.id)
)
IDS_OF = select(orders.c.id).where(orders.c.seller_id == _SELLER, any_of(orders.c.platform_order_id, "refs"))


def heads_of(tx: Tx, ids: Iterable[int]) -> list[Head]:
    """Name, station, binding clock, version and journal head of these orders, in id order; rows stay locked."""
    return records(Head, fetch(tx, _locked(tx, HEADS_OF), seller=tx.seller_id, orders=array(tx, list(ids))))


def ids_of(tx: Tx, refs: Iterable[str]) -> list[int]:
    """Orders with these platform ids, in any shop of the seller."""
    return [row[0] for row in fetch(tx, IDS_OF, seller=tx.seller_id, refs=array(tx, list(refs)))]


def ids_after(tx: Tx, after: int, limit: int) -> list[int]:
    """Ids of all orders of the seller above `after`, ascending."""
    mine = select(orders.c.id).where(orders.c.seller_id == tx.seller_id, orders.c.id > after)
    return [row[0] for row in tx.rows(mine.order_by(orders.c.id).limit(limit))]


WAITING_AT = (
    select(_URGENCY, orders.c.id)
    .where(
        orders.c.seller_id == _SELLER,
        orders.c.station == bindparam("station"),
        tuple_(_URGENCY, orders.c.id)
        > tuple_(bindparam("due", type_=BigInteger), bindparam("after", type_=BigInteger)),
    )
    .order_by(_URGENCY, orders.c.id)
    .limit(bindparam("most"))
)


def waiting_at(tx: Tx, station: str, limit: int, after: tuple[int, int] = (-1, 0)) -> list[tuple[int, int]]:
    """(urgency, id) of orders at a station, the earliest clock first, behind `after`."""
    rows = fetch(tx, WAITING_AT, seller=tx.seller_id, station=station, due=after[0], after=after[1], most=limit)
    return [(row[0], row[1]) for row in rows]
