"""What connected shops offer, as lists show it: mapped or not, shown units, what the platform refused, off sale."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, NamedTuple

from sqlalchemy import or_, select

from fahuo.catalogue.tables import shops, skus
from fahuo.inventory.tables import offers
from fahuo.kernel.instant import iso
from fahuo.store.bulk import any_of, array
from fahuo.store.engine import Tx
from fahuo.views.json import known

LIMIT_MAX: Final = 500
_o = offers.c


class OfferView(NamedTuple):
    """A SKU of a shop at one of the platform's warehouses."""

    shop_id: int
    shop: str
    product_id: str
    title: str
    platform_sku_id: str
    seller_sku: str
    sku: str | None
    """Our article; None: not mapped, so its stock is not told."""
    warehouse_ref: str
    state: str
    shown: int | None
    told_at: int | None
    empty_at: int | None
    stopped: bool
    problem: str


def offer_list(
    tx: Tx,
    allowed: Collection[int] | None,
    *,
    shop_id: int | None = None,
    trouble: bool = False,
    limit: int = LIMIT_MAX,
    offset: int = 0,
) -> list[OfferView]:
    """Offers by shop, product and SKU. `trouble`: not mapped, refused, or taken off sale by us only."""
    query = (
        select(
            _o.shop_id, shops.c.name, _o.product_id, _o.title, _o.platform_sku_id, _o.seller_sku, skus.c.sku,
            _o.warehouse_ref, _o.state, _o.shown, _o.told_at, _o.empty_at, _o.stopped, _o.problem,
        )
        .join(shops, (shops.c.seller_id == _o.seller_id) & (shops.c.id == _o.shop_id))
        .outerjoin(skus, (skus.c.seller_id == _o.seller_id) & (skus.c.id == _o.sku_id))
        .where(_o.seller_id == tx.seller_id)
        .order_by(_o.shop_id, _o.product_id, _o.platform_sku_id, _o.warehouse_ref)
        .limit(min(limit, LIMIT_MAX))
        .offset(offset)
    )  # fmt: skip
    params: dict[str, Any] = {}
    if shop_id is not None:
        query = query.where(_o.shop_id == shop_id)
    if allowed is not None:
        query, params = query.where(any_of(_o.shop_id, "shops")), {"shops": array(tx, sorted(allowed))}
    if trouble:
        query = query.where(or_(_o.sku_id.is_(None), _o.problem != "", _o.stopped))
    return [OfferView(*row) for row in tx.rows(query, **params)]


def offer_json(row: OfferView) -> dict[str, Any]:
    """An offer as programs see it."""
    return known(
        {
            "shop_id": str(row.shop_id), "shop": row.shop, "product_id": row.product_id, "title": row.title,
            "platform_sku_id": row.platform_sku_id, "seller_sku": row.seller_sku, "sku": row.sku,
            "warehouse_ref": row.warehouse_ref, "state": row.state, "shown": row.shown,
            "told_at": None if row.told_at is None else iso(row.told_at),
            "empty_since": None if row.empty_at is None else iso(row.empty_at),
            "stopped": row.stopped, "problem": row.problem or None,
        }
    )  # fmt: skip
