"""The statements of what shops offer: read for a round of pushes, written when the platform tells or answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, select

from fahuo.catalogue.tables import bundle_parts, skus
from fahuo.inventory.offering import Offer, Stock
from fahuo.inventory.tables import offers, pool, stock
from fahuo.store import bulk
from fahuo.store.bulk import any_of, array
from fahuo.store.engine import Tx

_o = offers.c
_KEY = ("seller_id", "shop_id", "platform_sku_id", "warehouse_ref")
_TOLD = ("product_id", "seller_sku", "title", "state", "sku_id", "shown", "empty_at", "seen_at")
_INSERTED = (*_KEY, *_TOLD, "stopped", "problem")


def of_shop(tx: Tx, shop_id: int, products: Iterable[str] | None = None) -> list[Offer]:
    """What a shop offers, in order of product and SKU; of these products only, when given."""
    mine = select(*(_o[name] for name in Offer._fields)).where(_o.seller_id == tx.seller_id, _o.shop_id == shop_id)
    params = {}
    if products is not None:
        mine = mine.where(any_of(_o.product_id, "products"))
        params["products"] = array(tx, list(products))
    rows = tx.rows(mine.order_by(_o.product_id, _o.platform_sku_id, _o.warehouse_ref), **params)
    return [Offer(*row) for row in rows]


def keep(tx: Tx, rows: Sequence[tuple[object, ...]]) -> None:
    """Write what the platform tells: (shop, platform SKU, warehouse, the columns of `_TOLD`)."""
    values = [(tx.seller_id, *row, False, "") for row in rows]
    bulk.upsert(tx, offers, _INSERTED, values, _KEY, _TOLD)


def forget(tx: Tx, shop_id: int, seen_before: int) -> int:
    """Drop what a complete reading since then has not shown any more."""
    gone = delete(offers).where(_o.seller_id == tx.seller_id, _o.shop_id == shop_id, _o.seen_at < seen_before)
    return int(tx.execute(gone).rowcount)


def update(tx: Tx, columns: Sequence[str], rows: Sequence[tuple[object, ...]], guard: str | None = None) -> int:
    """Set columns of offers: (shop, platform SKU, warehouse, values…)."""
    return bulk.update(tx, offers, _KEY, columns, [(tx.seller_id, *row) for row in rows], guard)


def free_stock(tx: Tx, wanted: Iterable[int]) -> Stock:
    """What is free of these SKUs and of what bundles among them are made of. A reading, nothing is locked."""
    seller = tx.seller_id
    ids = sorted(set(wanted))
    parts: dict[int, list[tuple[int, int]]] = {}
    found = select(bundle_parts.c.bundle_id, bundle_parts.c.part_id, bundle_parts.c.quantity).where(
        bundle_parts.c.seller_id == seller, any_of(bundle_parts.c.bundle_id, "ids")
    )
    for bundle, part, quantity in tx.rows(found, ids=array(tx, ids)):
        parts.setdefault(bundle, []).append((part, quantity))
    whole = {sku: parts.get(sku, [(sku, 1)]) for sku in ids}
    every = array(tx, sorted({*ids, *(part for list_ in parts.values() for part, _ in list_)}))
    pools = select(pool.c.sku_id, pool.c.on_hand - pool.c.reserved).where(
        pool.c.seller_id == seller, any_of(pool.c.sku_id, "ids")
    )
    shelves = select(stock.c.warehouse_id, stock.c.sku_id, stock.c.on_hand - stock.c.placed).where(
        stock.c.seller_id == seller, any_of(stock.c.sku_id, "ids")
    )
    buffers = select(skus.c.id, skus.c.safety_buffer).where(skus.c.seller_id == seller, any_of(skus.c.id, "ids"))
    return Stock(
        dict(tx.rows(pools, ids=every)),
        {(warehouse, sku): left for warehouse, sku, left in tx.rows(shelves, ids=every)},
        dict(tx.rows(buffers, ids=every)),
        whole,
    )
