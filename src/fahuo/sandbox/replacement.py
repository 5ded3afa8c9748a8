"""The order that replaces units of another one: same person, same SKUs, nothing to pay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING

from fahuo.kernel.money import exponent_of
from fahuo.orders.model import SHIPPING_SELLER, SHIPPING_TIKTOK
from fahuo.sandbox.refunds import text
from fahuo.sandbox.stock import ACTIVE, available

if TYPE_CHECKING:
    from fahuo.sandbox.model import Order
    from fahuo.sandbox.world import World

_MOST_SKUS = 4


def place_replacement(world: World, order: Order, line_ids: Collection[str], at: int) -> Order | None:
    """The new order, with `is_replacement_order` and `replaced_order_id`; None when the goods are not there."""
    counts = Counter(line["sku_id"] for line in order.body["line_items"] if line["id"] in line_ids)
    if len(counts) > _MOST_SKUS or not all(_there(world, order.shop_id, sku_id, n) for sku_id, n in counts.items()):
        return None
    fresh = world.place(
        order.shop_id,
        at,
        paid=True,
        skus=list(counts),
        quantity=list(counts.values()),
        cod=False,
        sample=False,
        prompt=True,
        fbt=False,
        shipping_type=SHIPPING_SELLER if order.own else SHIPPING_TIKTOK,
    )
    nothing = text(0, exponent_of(fresh.body["payment"]["currency"]))
    for line in fresh.body["line_items"]:
        line |= {"sale_price": nothing, "platform_discount": nothing, "seller_discount": line["original_price"]}
        line.pop("item_tax", None)
    free = {name: value if name == "currency" else nothing for name, value in fresh.body["payment"].items()}
    free["original_total_product_price"] = free["seller_discount"] = fresh.body["payment"][
        "original_total_product_price"
    ]
    old = order.body
    world.touch(
        fresh,
        at,
        is_replacement_order=True,
        replaced_order_id=order.id,
        user_id=old["user_id"],
        buyer_email=old["buyer_email"],
        recipient_address=old["recipient_address"],
        payment=free,
    )
    return fresh


def _there(world: World, shop_id: str, sku_id: str, units: int) -> bool:
    for product in world.products_of(shop_id):
        for sku in product.skus:
            if sku.id == sku_id:
                return product.status == ACTIVE and available(sku) >= units
    return False
