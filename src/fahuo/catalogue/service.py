"""What the catalogue station writes: sellers, shops, SKUs, listings, bundles, warehouses, cartons. Never commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from fahuo.catalogue.model import Shop
from fahuo.catalogue.tables import bundle_parts, cartons, listings, sellers, shops, skus, warehouses
from fahuo.kernel.ids import new_ids
from fahuo.store import bulk
from fahuo.store.engine import Tx

_SKU = ("weight_g", "length_mm", "width_mm", "height_mm", "goods", "packing", "barcode", "cost", "currency")
_SKU_COLUMNS = ("seller_id", "id", "sku", "name", *_SKU, "safety_buffer", "is_bundle")
_WAREHOUSE = (
    "name",
    "kind",
    "country",
    "region",
    "city",
    "postal_code",
    "address",
    "contact_name",
    "phone",
    "zone",
    "cutoff",
    "work_days",
    "capacity_per_day",
    "platform_ref",
)
_CARTON = ("name", "length_mm", "width_mm", "height_mm", "max_weight_g", "tare_g", "cost", "currency", "packing")


def add_seller(tx: Tx, name: str, at: int) -> None:
    """The seller of this transaction; adding it again changes nothing."""
    bulk.insert_new(tx, sellers, ("seller_id", "name", "created_at"), [(tx.seller_id, name, at)], ("seller_id",))


def add_shop(tx: Tx, shop: Shop, secret: bytes | None, at: int) -> None:
    """Write a shop, or change the one with that id. `secret`: the sealed key that signs calls to its system."""
    columns = (
        "seller_id",
        "id",
        "name",
        "market",
        "seller_type",
        "shipping_type",
        "zone",
        "currency",
        "pack",
        "channel",
        "callback_url",
        "callback_secret",
        "sender",
        "cod_allowed",
        "created_at",
    )
    row = (
        tx.seller_id,
        shop.id,
        shop.name,
        shop.market,
        shop.seller_type,
        shop.shipping_type,
        shop.zone,
        shop.currency,
        shop.pack,
        shop.channel,
        shop.callback_url,
        secret,
        msgspec.json.encode(shop.sender).decode(),
        shop.cod_allowed,
        at,
    )
    bulk.upsert(tx, shops, columns, [row], ("seller_id", "id"), columns[2:14])


def put_skus(tx: Tx, rows: Sequence[Mapping[str, Any]], known: Mapping[str, int]) -> dict[str, int]:
    """Write SKUs by their code (`known`: code → id of those there already); returns code → id of all rows."""
    codes = list(dict.fromkeys(row["sku"] for row in rows))
    fresh = iter(new_ids(len(codes)))
    ids = {code: known.get(code) or next(fresh) for code in codes}
    values = [
        (
            tx.seller_id,
            ids[row["sku"]],
            row["sku"],
            row["name"] or row["sku"],
            *(row[name] for name in _SKU),
            row["safety_buffer"],
            bool(row["bundle_of"]),
        )
        for row in rows
    ]
    bulk.upsert(tx, skus, _SKU_COLUMNS, values, ("seller_id", "id"), _SKU_COLUMNS[3:])
    return ids


def put_listings(tx: Tx, rows: Sequence[tuple[int, str, int]]) -> None:
    """(shop or 0 for all, platform SKU id, SKU): what a shop calls an article."""
    columns = ("seller_id", "shop_id", "platform_sku_id", "sku_id")
    bulk.upsert(tx, listings, columns, [(tx.seller_id, *row) for row in rows], columns[:3], ("sku_id",))


def put_bundles(tx: Tx, parts: Mapping[int, Sequence[tuple[int, int]]]) -> None:
    """Bundle → (part, units). The parts given replace those known."""
    for_delete = bulk.array(tx, list(parts))
    tx.execute(
        bundle_parts.delete().where(
            bundle_parts.c.seller_id == tx.seller_id, bulk.any_of(bundle_parts.c.bundle_id, "bundles")
        ),
        {"bundles": for_delete},
    )
    rows = [(tx.seller_id, bundle, part, units) for bundle, list_ in parts.items() for part, units in list_]
    bulk.insert(tx, bundle_parts, ("seller_id", "bundle_id", "part_id", "quantity"), rows)


def put_warehouses(tx: Tx, rows: Sequence[Mapping[str, Any]], known: Mapping[str, int]) -> None:
    """Write warehouses by their code."""
    _put_coded(tx, warehouses, _WAREHOUSE, rows, known)


def map_warehouse(tx: Tx, warehouse_id: int, platform_ref: str) -> None:
    """What the platform calls a warehouse: its ids, commas between."""
    key = ("seller_id", "id")
    bulk.update(tx, warehouses, key, ("platform_ref",), [(tx.seller_id, warehouse_id, platform_ref)])


def put_cartons(tx: Tx, rows: Sequence[Mapping[str, Any]], known: Mapping[str, int]) -> None:
    """Write cartons by their code."""
    _put_coded(tx, cartons, _CARTON, rows, known)


def _put_coded(
    tx: Tx, table: Any, names: Sequence[str], rows: Sequence[Mapping[str, Any]], known: Mapping[str, int]
) -> None:
    fresh = iter(new_ids(len(rows)))
    values = [
        (
            tx.seller_id,
            known.get(row["code"]) or next(fresh),
            row["code"],
            row["name"] or row["code"],
            *(row[name] for name in names[1:]),
        )
        for row in rows
    ]
    bulk.upsert(tx, table, ("seller_id", "id", "code", *names), values, ("seller_id", "id"), ("code", *names))
