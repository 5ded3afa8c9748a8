"""Products and their stock on the platform (reference 7 and A.7, A): read by pages; stock and sale state written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from fahuo.channels.tiktok_shop.client import Client, Reply
from fahuo.channels.tiktok_shop.pages import pages
from fahuo.connections.model import Link

PAGE: Final = 100
ON_SALE: Final = "ACTIVATE"
TAKEN_OFF: Final = "SELLER_DEACTIVATED"


class _Shelf(msgspec.Struct):
    warehouse_id: str = ""
    quantity: int | None = None


class _Sku(msgspec.Struct):
    id: str
    seller_sku: str = ""
    inventory: list[_Shelf] | None = None


class _Product(msgspec.Struct):
    id: str
    title: str = ""
    status: str = ""
    skus: list[_Sku] | None = None


class _Page(msgspec.Struct):
    products: list[_Product] | None = None
    next_page_token: str = ""


_page = msgspec.json.Decoder(_Page, strict=False).decode


class Listed(msgspec.Struct, frozen=True):
    """A SKU at one of the platform's warehouses. `quantity` None: the platform does not say."""

    product_id: str
    title: str
    state: str
    platform_sku_id: str
    seller_sku: str
    warehouse_ref: str
    quantity: int | None


def listed(client: Client, link: Link) -> Iterator[list[Listed]]:
    """Everything the shop lists, page by page, deleted products left out."""

    def fetch(query: dict[str, str]) -> _Page:
        return _page(client.post(link, "/product/202502/products/search", query=query, body={}, read=True).raw)

    for page in pages(fetch, {"page_size": str(PAGE)}):
        yield [
            Listed(
                product.id, product.title, product.status, sku.id, sku.seller_sku, shelf.warehouse_id, shelf.quantity
            )
            for product in page.products or ()
            if product.status != "DELETED"
            for sku in product.skus or ()
            for shelf in sku.inventory or ()
        ]


def push(client: Client, link: Link, product_id: str, figures: Sequence[tuple[str, str, int]]) -> dict[str, str]:
    """Set absolute units: (SKU, warehouse, units) of one product. Returns the SKUs that were refused, with the code."""
    skus: dict[str, list[dict[str, Any]]] = {}
    for sku, warehouse, units in figures:
        skus.setdefault(sku, []).append({"warehouse_id": warehouse, "quantity": units})
    body = {"skus": [{"id": sku, "inventory": shelves} for sku, shelves in skus.items()]}
    path = f"/product/202309/products/{product_id}/inventory/update"
    return _refused(client.post(link, path, body=body).data)


def _refused(data: dict[str, Any]) -> dict[str, str]:
    found = {}
    for error in data.get("errors") or []:
        detail = error.get("detail") or {}
        extra = detail.get("extra_errors") or []
        code = extra[0].get("code") if extra else error.get("code")
        found[str(detail.get("sku_id", ""))] = str(code or error.get("code") or "")
    return found


def set_selling(client: Client, link: Link, product_id: str, on: bool) -> Reply:
    """Put a product on sale or take it off."""
    verb = "activate" if on else "deactivate"
    return client.post(link, f"/product/202309/products/{verb}", body={"product_ids": [product_id]})
