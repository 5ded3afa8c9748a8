"""What after-sale calls name: an order, units of it, a comment with images; and what each unit brings back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from fahuo.sandbox.endpoints.asked import shop_of, words
from fahuo.sandbox.gateway_model import Call, Missing, may
from fahuo.sandbox.model import Order
from fahuo.sandbox.paging import invalid
from fahuo.sandbox.refunds import Refund, of_line

_SIDE: Final = 800
COMMENT_MAX: Final = 2_000


def order_of(call: Call, order_id: str) -> Order:
    """One of the shop's orders. Raises Refuse 98001004 for any other id."""
    order = call.world.orders.get(order_id)
    if order is None or order.shop_id != shop_of(call).id:
        raise invalid("order_id")
    return order


def comment_and_images(call: Call) -> tuple[str, list[Mapping[str, Any]]]:
    """What a rejection may carry. Raises Missing for an image without `image_id`, Refuse for a comment too long."""
    comment = may(call.body, "comment", str, "")
    if len(comment) > COMMENT_MAX:
        raise invalid("comment")
    images = may(call.body, "images", list, [])
    if not all(isinstance(image, dict) and isinstance(image.get("image_id"), str) for image in images):
        raise Missing("body.images.image_id is missing")
    return comment, images


def chosen(call: Call, order: Order, taken: Collection[str]) -> list[str]:
    """The units a call names by `order_line_item_ids`, or by `skus[]{sku_id, quantity}` among those not `taken`;
    empty when it names none. Raises Refuse for units the order does not have, Missing for a wrong shape."""
    named = words(call, "order_line_item_ids")
    if named:
        if named - set(order.line_ids):
            raise invalid("order_line_item_ids")
        return [unit for unit in order.line_ids if unit in named]
    picked: list[str] = []
    for wish in may(call.body, "skus", list, []):
        picked += _of_sku(order, wish, {*taken, *picked})
    return picked


def _of_sku(order: Order, wish: Any, taken: Collection[str]) -> list[str]:
    if not isinstance(wish, dict) or not isinstance(wish.get("sku_id"), str):
        raise Missing("body.skus.sku_id is missing")
    quantity = wish.get("quantity")
    if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity < 1:
        raise Missing("body.skus.quantity is invalid: expected an integer from 1")
    units = [line["id"] for line in order.body["line_items"] if line["sku_id"] == wish["sku_id"]]
    free = [unit for unit in units if unit not in taken]
    if quantity > len(units):
        raise invalid("skus")
    # Fewer free than wanted: the units in question are named, and the rules say why they cannot be asked for.
    return (free + [unit for unit in units if unit in taken])[:quantity]


def line_refunds(order: Order, line_ids: Collection[str], money: int) -> list[tuple[Mapping[str, Any], Refund]]:
    """The units with what each brings back, `money` (minor units) in all at most."""
    told, left = [], money
    for line in order.body["line_items"]:
        if line["id"] in line_ids:
            refund = of_line(line, order.body["payment"]["currency"]).at_most(left)
            left -= refund.total
            told.append((line, refund))
    return told


def image_of(line: Mapping[str, Any]) -> dict[str, Any]:
    """The product's picture as after-sale objects show it."""
    return {"url": line.get("sku_image", ""), "width": _SIDE, "height": _SIDE}
