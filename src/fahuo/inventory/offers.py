"""The statements of what shops offer: read for a round of pushes, written when the platform tells or answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import BigInteger, BindParameter, bindparam, delete, select

from fahuo.catalogue.tables import bundle_parts, skus
from fahuo.inventory.offering import Offer, Stock
from fahuo.inventory.tables import offers, pool, stock
from fahuo.store import bulk
from fahuo.store.bulk import any_of, array, fetch
from fahuo.store.engine import Tx

_o = offers.c
_SELLER: Final[BindParameter[int]] = bindparam("seller", type_=BigInteger)
_KEY = ("seller_id", "shop_id", "platform_sku_id", "warehouse_ref")
_TOLD = ("product_id", "seller_sku", "title", "state", "sku_id", "shown", "empty_at", "seen_at")
_INSERTED = (*_KEY, *_TOLD, "stopped", "problem")


_OF_SHOP = (
    select(*(_o[name] for name in Offer._fields))
    .where(_o.seller_id == _SELLER, _o.shop_id == bindparam("shop"))
    .order_by(_o.product_id, _o.platform_sku_id, _o.warehouse_ref)
)
_OF_PRODUCTS = _OF_SHOP.where(any_of(_o.product_id, "products"))
_PARTS = select(bundle_parts.c.bundle_id, bundle_parts.c.part_id, bundle_parts.c.quantity).where(
    bundle_parts.c.seller_id == _SELLER, any_of(bundle_parts.c.bundle_id, "ids")
)
_POOLS = select(pool.c.sku_id, pool.c.on_hand - pool.c.reserved).where(
    pool.c.seller_id == _SELLER, any_of(pool.c.sku_id, "ids")
)
_SHELVES = select(stock.c.warehouse_id, stock.c.sku_id, stock.c.on_hand - stock.c.placed).where(
    stock.c.seller_id == _SELLER, any_of(stock.c.sku_id, "ids")
)
_BUFFERS = select(skus.c.id, skus.c.safety_buffer).where(skus.c.seller_id == _SELLER, any_of(skus.c.id, "ids"))


def of_shop(tx: Tx, shop_id: int, products: Iterable[str] | None = None) -> list[Offer]:
    """What a shop offers, in order of product and SKU; of these products only, when given."""
    if products is None:
        rows = fetch(tx, _OF_SHOP, seller=tx.seller_id, shop=shop_id)
    else:
        rows = fetch(tx, _OF_PRODUCTS, seller=tx.seller_id, shop=shop_id, products=array(tx, list(products)))
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
    for bundle, part, quantity in fetch(tx, _PARTS, seller=seller, ids=array(tx, ids)):
        parts.setdefault(bundle, []).append((part, quantity))
    whole = {sku: parts.get(sku, [(sku, 1)]) for sku in ids}
    every = array(tx, sorted({*ids, *(part for list_ in parts.values() for part, _ in list_)}))
    shelves = fetch(tx, _SHELVES, seller=seller, ids=every)
    return Stock(
        dict(fetch(tx, _POOLS, seller=seller, ids=every)),
        {(warehouse, sku): left for warehouse, sku, left in shelves},
        dict(fetch(tx, _BUFFERS, seller=seller, ids=every)),
        whole,
    )
