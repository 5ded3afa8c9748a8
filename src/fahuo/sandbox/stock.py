"""Products and their stock: what buying takes, what a cancel gives back, what the seller sets, and who is told.

The available number of an SKU is what may still be sold; a sale moves units from available to committed, the carrier's
scan takes them out of committed, a cancel moves them back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any, Final

from fahuo.orders.model import IN_TRANSIT
from fahuo.sandbox.model import INVENTORY_STATUS_CHANGE, Product, Shop, Sku

if TYPE_CHECKING:
    from fahuo.sandbox.model import Order
    from fahuo.sandbox.world import World

PRODUCT_STATUS_CHANGE, PRODUCT_INFORMATION_CHANGE = 5, 15
MOST: Final = 99_999
"""The largest stock number the API takes (3.5)."""
LOW: Final = 10
"""At this many available units webhook 27 says the stock is low. Invented: the platform's own threshold is unknown."""

ACTIVE, BY_SELLER, FROZEN, DELETED = "ACTIVATE", "SELLER_DEACTIVATED", "FREEZE", "DELETED"
STATUSES: Final = ("DRAFT", "PENDING", "FAILED", ACTIVE, BY_SELLER, "PLATFORM_DEACTIVATED", FROZEN, DELETED)

_HELD: Final = "held"
"""Flag of an order: by SKU, units sold and those of them that came out of the available number."""


def install(world: World) -> None:
    """Let buying, shipping and cancelling move the stock of a world."""
    world.placed.append(take)
    world.moved.append(_moved)
    world.units_cancelled.append(_cancelled)


def available(sku: Sku) -> int:
    """Units that may still be sold, over all warehouses."""
    return sum(sku.stock.values())


def with_skus(world: World, shop: Shop) -> Iterator[tuple[Product, Sku]]:
    """Every SKU of a shop with its product."""
    for product in world.products_of(shop.id):
        for sku in product.skus:
            yield product, sku


def named(world: World, shop: Shop, names: Collection[str]) -> list[tuple[Product, Sku]]:
    """The SKUs of a shop that bear one of the names: a seller's SKU or the platform's id."""
    wanted = set(names)
    return [(product, sku) for product, sku in with_skus(world, shop) if {sku.id, sku.seller_sku} & wanted]


def take(world: World, order: Order, at: int) -> None:
    """An order's units go from available to committed. What the platform sends from its own warehouse is not ours."""
    if order.by_platform:
        return
    shop = world.shops[order.shop_id]
    place = _place(world, order)
    held: dict[str, list[int]] = {}
    for sku_id, units in order.units:
        sku = world.sku(shop.id, sku_id)
        if sku is None:
            continue
        before = available(sku)
        out = min(units, sku.stock.get(place, 0))
        sku.stock[place] = sku.stock.get(place, 0) - out
        sku.committed[place] = sku.committed.get(place, 0) + units
        held[sku_id] = [units, out]
        _warn(world, shop, sku, before, at)
    order.flags[_HELD] = held


def _cancelled(world: World, order: Order, line_ids: Collection[str], at: int) -> None:
    """Units that will not be sent are available again, as far as they came out of the available number."""
    del at
    held: dict[str, list[int]] = order.flags.get(_HELD, {})
    place = _place(world, order)
    for sku_id, asked in Counter(line["sku_id"] for line in order.body["line_items"] if line["id"] in line_ids).items():
        sku = world.sku(order.shop_id, sku_id)
        if sku is None or sku_id not in held:
            continue
        units, out = held[sku_id]
        back = min(asked, units)
        freed = max(0, back - (units - out))
        held[sku_id] = [units - back, out - freed]
        sku.committed[place] = max(0, sku.committed.get(place, 0) - back)
        sku.stock[place] = sku.stock.get(place, 0) + freed


def _moved(world: World, order: Order, old: str, new: str, at: int) -> None:
    """With the carrier's scan the units have left the house."""
    del old, at
    if new == IN_TRANSIT:
        place = _place(world, order)
        for sku_id, (units, _) in order.flags.pop(_HELD, {}).items():
            sku = world.sku(order.shop_id, sku_id)
            if sku is not None:
                sku.committed[place] = max(0, sku.committed.get(place, 0) - units)


def _place(world: World, order: Order) -> str:
    return world.shops[order.shop_id].warehouse.id


def set_stock(world: World, shop: Shop, product: Product, sku: Sku, numbers: dict[str, int], at: int) -> None:
    """The seller's absolute numbers per warehouse id."""
    before = available(sku)
    sku.stock |= numbers
    for place in numbers:
        sku.committed.setdefault(place, 0)
    product.updated = max(at, product.updated)
    _warn(world, shop, sku, before, at)


def _warn(world: World, shop: Shop, sku: Sku, before: int, at: int) -> None:
    """Webhook 27 when the number passes a threshold. Field names are invented: the reference has none."""
    left = available(sku)
    if before > 0 >= left:
        status = "OUT_OF_STOCK"
    elif before > LOW >= left:
        status = "LOW_STOCK"
    else:
        return
    product = next(product for product, one in with_skus(world, shop) if one is sku)
    data: dict[str, Any] = {
        "product_id": product.id,
        "sku_id": sku.id,
        "seller_sku": sku.seller_sku,
        "inventory_status": status,
        "available_quantity": left,
        "update_time": at,
    }
    world.tell(shop.id, INVENTORY_STATUS_CHANGE, data, at)


def set_status(world: World, product: Product, status: str, at: int) -> None:
    """On sale or not any more; told by webhook 5."""
    if product.status == status:
        return
    product.status, product.updated = status, max(at, product.updated)
    data = {"product_id": product.id, "status": "PRODUCT_STATUS_CHANGED", "update_time": product.updated}
    world.tell(product.shop_id, PRODUCT_STATUS_CHANGE, data, at)


def changed(world: World, product: Product, fields: Collection[str], at: int) -> None:
    """The product reads differently; told by webhook 15."""
    product.updated = max(at, product.updated)
    data = {"product_id": product.id, "changed_fields": sorted(fields), "update_time": product.updated}
    world.tell(product.shop_id, PRODUCT_INFORMATION_CHANGE, data, at)
