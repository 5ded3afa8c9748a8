"""Every SQL statement of the catalogue station."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Table, bindparam, or_, select

from fahuo.catalogue.model import Sender, Shop, Sku, SkuIndex, Warehouse
from fahuo.catalogue.tables import bundle_parts, cartons, listings, sellers, shops, skus, warehouses
from fahuo.store.bulk import any_of, array, fetch
from fahuo.store.engine import Tx

_SHOP = (
    shops.c.seller_id,
    shops.c.id,
    shops.c.name,
    shops.c.market,
    shops.c.seller_type,
    shops.c.shipping_type,
    shops.c.zone,
    shops.c.currency,
    shops.c.pack,
    shops.c.channel,
    shops.c.callback_url,
    shops.c.sender,
    shops.c.cod_allowed,
)


_SKU = tuple(skus.c[name] for name in Sku.__struct_fields__ if name != "parts")


def _sku(row: tuple[Any, ...], parts: tuple[tuple[int, int], ...]) -> Sku:
    return Sku(*[*row, parts])


def _shop(row: tuple) -> Shop:  # type: ignore[type-arg]  # a row of _SHOP's columns
    names = [column.name for column in _SHOP]
    values = dict(zip(names, row, strict=True))
    values["sender"] = msgspec.json.decode(values["sender"], type=Sender)
    values["cod_allowed"] = bool(values["cod_allowed"])
    return Shop(**values)


def shop_list(tx: Tx) -> list[Shop]:
    """All shops of the seller, by name."""
    return [
        _shop(tuple(row))
        for row in tx.rows(select(*_SHOP).where(shops.c.seller_id == tx.seller_id).order_by(shops.c.name))
    ]


def shop_named(tx: Tx, name: str) -> Shop | None:
    """The shop of that name, if the seller has one."""
    rows = tx.rows(select(*_SHOP).where(shops.c.seller_id == tx.seller_id, shops.c.name == name))
    return _shop(tuple(rows[0])) if rows else None


def sku_index(tx: Tx) -> SkuIndex:
    """Every SKU with its bundle parts and listings."""
    seller = tx.seller_id
    parts: dict[int, list[tuple[int, int]]] = {}
    for bundle, part, quantity in tx.rows(
        select(bundle_parts.c.bundle_id, bundle_parts.c.part_id, bundle_parts.c.quantity).where(
            bundle_parts.c.seller_id == seller
        )
    ):
        parts.setdefault(bundle, []).append((part, quantity))
    rows = tx.rows(select(*_SKU).where(skus.c.seller_id == seller))
    found = [_sku(row, tuple(parts.get(row[0], ()))) for row in rows]
    listed = tx.rows(
        select(listings.c.shop_id, listings.c.platform_sku_id, listings.c.sku_id).where(listings.c.seller_id == seller)
    )
    return SkuIndex(found, [(row[0], row[1], row[2]) for row in listed])


def warehouse_list(tx: Tx) -> list[Warehouse]:
    """All warehouses of the seller, by code."""
    names = Warehouse.__struct_fields__
    rows = tx.rows(
        select(*(warehouses.c[name] for name in names))
        .where(warehouses.c.seller_id == tx.seller_id)
        .order_by(warehouses.c.code)
    )
    return [Warehouse(**dict(zip(names, row, strict=True))) for row in rows]


def warehouse_addresses(tx: Tx) -> dict[int, Sender]:
    """Warehouse → its address, as it stands on a label; those without one are left out."""
    c = warehouses.c
    found = select(c.id, c.name, c.address, c.city, c.region, c.postal_code, c.country, c.phone)
    rows = tx.rows(found.where(c.seller_id == tx.seller_id, c.address != ""))
    return {
        row[0]: Sender(name=row[1], lines=(row[2],), city=row[3], region=row[4], postal_code=row[5], country=row[6],
                       phone=row[7])
        for row in rows
    }  # fmt: skip


def carton_rows(tx: Tx) -> list[tuple]:  # type: ignore[type-arg]  # plain rows, named by the planner
    """(id, code, length, width, height in mm, max_weight_g, tare_g, cost, currency, packing) of every carton."""
    c = cartons.c
    return [
        tuple(row)
        for row in tx.rows(
            select(
                c.id,
                c.code,
                c.length_mm,
                c.width_mm,
                c.height_mm,
                c.max_weight_g,
                c.tare_g,
                c.cost,
                c.currency,
                c.packing,
            )
            .where(c.seller_id == tx.seller_id)
            .order_by(c.code)
        )
    ]


def codes(tx: Tx, table: Table) -> dict[str, int]:
    """code → id of a table whose rows have a code of their own (warehouses, cartons, carriers)."""
    rows = tx.rows(select(table.c.code, table.c.id).where(table.c.seller_id == tx.seller_id))
    return {row[0]: row[1] for row in rows}


def sku_codes(tx: Tx, wanted: Iterable[str]) -> dict[str, int]:
    """code → id of the SKUs among `wanted` that exist."""
    found = select(skus.c.sku, skus.c.id).where(skus.c.seller_id == tx.seller_id, any_of(skus.c.sku, "codes"))
    return {row[0]: row[1] for row in tx.rows(found, codes=array(tx, list(wanted)))}


def bundle_ids(tx: Tx) -> set[int]:
    """SKUs that are bundles."""
    found = select(bundle_parts.c.bundle_id).where(bundle_parts.c.seller_id == tx.seller_id).distinct()
    return {row[0] for row in tx.rows(found)}


def callbacks(tx: Tx) -> list[tuple[int, str, str, bytes]]:
    """(shop, name, address, sealed key) of shops whose results go to the seller's own system."""
    s = shops.c
    rows = tx.rows(
        select(s.id, s.name, s.callback_url, s.callback_secret).where(
            s.seller_id == tx.seller_id, s.callback_url.is_not(None), s.callback_secret.is_not(None)
        )
    )
    return [(row[0], row[1], row[2], bytes(row[3])) for row in rows]


def seller_ids(tx: Tx) -> list[int]:
    """Every seller of the installation, in order of id."""
    # scope: ok -- administration asks which sellers there are, then works inside one after the other
    return [row[0] for row in tx.rows(select(sellers.c.seller_id).order_by(sellers.c.seller_id))]


SKUS_OF = select(*_SKU).where(skus.c.seller_id == bindparam("seller"), any_of(skus.c.id, "ids"))
CODED = select(skus.c.id).where(
    skus.c.seller_id == bindparam("seller"),
    or_(skus.c.sku == bindparam("code"), skus.c.barcode == bindparam("code")),
)


def skus_of(tx: Tx, ids: Iterable[int]) -> dict[int, Sku]:
    """These SKUs by id, without bundle parts: what a bench or a list needs of a few articles."""
    rows = fetch(tx, SKUS_OF, seller=tx.seller_id, ids=array(tx, sorted(set(ids))))
    return {row[0]: _sku(row, ()) for row in rows}


def is_article(tx: Tx, code: str) -> bool:
    """Whether a scanned code is the code or the barcode of any article."""
    return bool(fetch(tx, CODED, seller=tx.seller_id, code=code))
