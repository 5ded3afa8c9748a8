"""Shops, SKUs, warehouses and cartons as the other stations see them."""

from __future__ import annotations

from collections.abc import Container
from typing import Final

import msgspec

GOODS: Final = {"general": 0, "battery": 1, "liquid": 2, "dangerous": 4, "food": 8, "fragile": 16}
"""Goods classes as a bit mask, so that an order's class is the `or` of its SKUs'."""

WAREHOUSE_KINDS: Final = ("own", "overseas", "third_party")
CHANNELS: Final = ("files", "callback")
"""How results go back for a shop without API: by uploaded files, or by a call to the seller's own system."""


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """The seller's full name and address, as every label must show it."""

    name: str = ""
    lines: tuple[str, ...] = ()
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""
    phone: str = ""


class Shop(msgspec.Struct, frozen=True, kw_only=True):
    """One shop on the platform. `pack`: the rule pack the seller chose; None for the market's own."""

    seller_id: int
    id: int
    name: str
    market: str
    seller_type: str
    shipping_type: str
    zone: str
    currency: str
    pack: str | None = None
    channel: str = "files"
    callback_url: str | None = None
    sender: Sender = Sender()
    cod_allowed: bool = True


class Sku(msgspec.Struct, frozen=True, gc=False):
    """An article of the seller. Weight in grams, sizes in millimetres; 0 means not known."""

    id: int
    sku: str
    name: str
    weight_g: int
    length_mm: int
    width_mm: int
    height_mm: int
    goods: int
    packing: str
    barcode: str
    parts: tuple[tuple[int, int], ...]
    """(SKU id, quantity) of a bundle's parts, each once; empty for an article of its own."""


class SkuIndex:
    """Every SKU of a seller by id, by code and by what each shop calls it. Read once for an import or a run."""

    def __init__(self, skus: list[Sku], listings: list[tuple[int, str, int]]) -> None:
        self.by_id: dict[int, Sku] = {sku.id: sku for sku in skus}
        self._parts = {sku.id: sku.parts for sku in skus if sku.parts}
        self._by_code: dict[str, int] = {sku.sku: sku.id for sku in skus}
        self._listed: dict[tuple[int, str], int] = {(shop, ref): sku for shop, ref, sku in listings}

    def find(self, shop_id: int, platform_sku_id: str, seller_sku: str) -> int | None:
        """The SKU behind a shop's article: by its listing, then a listing for all shops, then the seller's own code."""
        listed = self._listed
        found = listed.get((shop_id, platform_sku_id))
        if found is None:
            found = listed.get((0, platform_sku_id))
        return self._by_code.get(seller_sku) if found is None else found

    def names(self, shop_id: int) -> Container[str]:
        """Every word that names one of our SKUs in a shop: its listings' ids and the seller's own codes."""
        return _Names(self, shop_id)

    def knows(self, shop_id: int, word: str) -> bool:
        """Whether a platform SKU id of the shop, or a code of the seller, is a SKU of ours."""
        listed = self._listed
        return (shop_id, word) in listed or (0, word) in listed or word in self._by_code

    def units(self, sku_id: int, quantity: int) -> tuple[tuple[int, int], ...]:
        """What has to leave the shelf for `quantity` of a SKU: the parts of a bundle, or itself."""
        parts = self._parts.get(sku_id)
        if parts is None:
            return ((sku_id, quantity),)
        return tuple((part, count * quantity) for part, count in parts)


class _Names(Container[str]):
    def __init__(self, index: SkuIndex, shop_id: int) -> None:
        self._index = index
        self._shop = shop_id

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and self._index.knows(self._shop, word)


class Warehouse(msgspec.Struct, frozen=True, kw_only=True):
    """A place parcels leave from. `cutoff` is HH:MM in `zone`; `work_days` are digits, Monday = 1."""

    id: int
    code: str
    name: str
    kind: str
    country: str
    zone: str
    cutoff: str
    work_days: str
    capacity_per_day: int | None
    platform_ref: str
    region: str = ""
    """State or province; as ISO 3166-2 (MY-02) it also chooses the region's working week."""

    @property
    def platform_refs(self) -> tuple[str, ...]:
        """The platform's ids or names of it: every shop calls one floor by an id of its own, commas between."""
        return tuple(ref.strip() for ref in self.platform_ref.split(",") if ref.strip())
