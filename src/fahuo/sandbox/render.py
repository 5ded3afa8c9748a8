"""Orders and parcels as the API shows them: what is hidden from the seller, and what is left out.

An order's body is kept as the platform's whole object with the address in clear. To show it, only the address has to be
exchanged, and that is done in the kept bytes: a page of a hundred orders is put together without opening one of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Raw, Struct

from fahuo.orders.model import AWAITING_SHIPMENT, CANCELLED, COMPLETED
from fahuo.sandbox.model import Order, Package

if TYPE_CHECKING:
    from fahuo.sandbox.world import World

HIDDEN: Final = frozenset({"UNPAID", "ON_HOLD"})
CLEAR_AFTER_END: Final = 30 * 86_400
"""Seller shipping: masked again this long after the order is completed (reference 4.7)."""

_ADDRESS: Final = b'"recipient_address":'
_STREET: Final = ("address_line1", "address_line2", "address_line3", "address_line4", "address_detail")
_NAMES: Final = ("name", "first_name", "last_name", "first_name_local_script", "last_name_local_script")
_json: Final = msgspec.json.Encoder()
Data = dict[str, Any]


class _Part(Struct):
    """All that is read of a kept body."""

    recipient_address: Raw = Raw(b"{}")
    packages: Raw = Raw(b"[]")


_part: Final = msgspec.json.Decoder(_Part)


def order_json(order: Order, now: int) -> Raw:
    """The order as orders/search and orders detail give it, as JSON that `msgspec` copies into an answer."""
    kept = body_json(order)
    shown = _shown(order, now)
    if shown == "clear":
        return Raw(kept)
    address = bytes(_part.decode(kept).recipient_address)
    masked = b"{}" if shown == "nothing" else _json.encode(mask(msgspec.json.decode(address)))
    before, _, after = kept.partition(_ADDRESS + address)
    return Raw(b"".join((before, _ADDRESS, masked, after)))


def body_json(order: Order) -> bytes:
    """The whole body as JSON, the address in clear; one that was put away is not opened for it."""
    if order.opened is None and not order.changes:
        return order.shelf.unpack(order.kept)
    return _json.encode(order.body)


def _shown(order: Order, now: int) -> str:
    """'nothing', 'masked' or 'clear': what an app sees of the recipient (reference 4.7)."""
    if order.status in HIDDEN or (order.status == CANCELLED and order.awaiting_at is None):
        return "nothing"
    if not order.own:
        return "masked"
    ended = order.status == COMPLETED and now >= order.flags.get("completed_at", order.updated) + CLEAR_AFTER_END
    return "masked" if ended else "clear"


def address_of(order: Order, now: int) -> Data:
    """The recipient as the seller may see it."""
    shown = _shown(order, now)
    address: Data = order.body.get("recipient_address", {})
    return {} if shown == "nothing" else mask(address) if shown == "masked" else address


def mask(address: Mapping[str, Any]) -> Data:
    """Name, phone and street behind asterisks; the districts and the postal code stay."""
    masked: Data = {}
    street = [text for key in _STREET if (text := address.get(key))]
    for key, value in address.items():
        if not isinstance(value, str) or not value:
            masked[key] = value
        elif key in _NAMES:
            masked[key] = mask_name(value)
        elif key == "phone_number":
            masked[key] = mask_phone(value)
        elif key in _STREET:
            masked[key] = "***"
        elif key == "full_address":
            masked[key] = mask_full(value, street)
        else:
            masked[key] = value
    return masked


def mask_name(name: str) -> str:
    """'Nguyễn Văn An' → 'N*** V*** A***'; scripts without blanks keep their first character."""
    return " ".join(f"{word[:1]}***" for word in name.split())


def mask_phone(phone: str) -> str:
    """'(+84)912345678' → '(+84)*******78'."""
    code, rest = re.match(r"(\(\+\d+\))?(.*)", phone, re.S).groups()  # type: ignore[union-attr]  # it always matches
    return f"{code or ''}{'*' * max(0, len(rest) - 2)}{rest[-2:]}"


def mask_full(text: str, street: Sequence[str]) -> str:
    """The address in one line without its street; where it does not stand there word for word, all of it goes."""
    found = False
    for part in sorted(set(street), key=len, reverse=True):
        if part in text:
            text, found = text.replace(part, "***"), True
    return text if found else "***"


def package_detail(world: World, package: Package, now: int) -> Data:
    """The object of GET packages/{id} (reference 5.2, A.3)."""
    orders = [world.orders[one] for one in package.order_ids]
    found: Data = {
        "package_id": package.id,
        "package_status": package.status,
        "orders": [_order_part(order, package) for order in orders],
        "order_line_item_ids": list(package.line_ids),
        "split_and_combine_tag": package.tag,
        "note_tag": "BUYER_NOTED" if any(order.body.get("buyer_message") for order in orders) else "BUYER_UNNOTED",
        "shipping_type": package.shipping_type,
        "delivery_option_id": orders[0].body.get("delivery_option_id"),
        "delivery_option_name": orders[0].body.get("delivery_option_name"),
        "recipient_address": _flat(address_of(orders[0], now)),
        "sender_address": sender(world, package),
        "insurance": {"is_purchased": False, "is_claim_eligible": False},
        "create_time": package.created,
        "update_time": package.updated,
        **_carried(package),
    }
    if package.status == "TO_FULFILL":
        found["package_sub_status"] = "STOCKING"
    found["has_multi_skus"] = len({sku["id"] for one in found["orders"] for sku in one["skus"]}) > 1
    return {key: value for key, value in found.items() if value not in (None, "", {})}


def package_row(world: World, package: Package) -> Data:
    """The shorter object of packages/search."""
    found: Data = {
        "id": package.id,
        "status": package.status,
        "orders": [_order_part(world.orders[one], package) for one in package.order_ids],
        "order_line_item_ids": list(package.line_ids),
        "shipping_provider_id": package.provider_id,
        "shipping_provider_name": package.provider_name,
        "tracking_number": package.tracking_number,
        "create_time": package.created,
        "update_time": package.updated,
    }
    return {key: value for key, value in found.items() if value != ""}


def _carried(package: Package) -> Data:
    found: Data = {
        "shipping_provider_id": package.provider_id,
        "shipping_provider_name": package.provider_name,
        "tracking_number": package.tracking_number,
        "last_mile_tracking_number": package.last_mile_number,
        "handover_method": package.handover_method,
        "weight": package.weight,
        "dimension": package.dimension,
    }
    if package.slot:
        found["pickup_slot"] = {"start_time": package.slot[0], "end_time": package.slot[1]}
    return found


def _order_part(order: Order, package: Package) -> Data:
    skus: dict[str, Data] = {}
    mine = set(package.line_ids)
    for item in order.body["line_items"]:
        if item["id"] not in mine:
            continue
        sku = skus.setdefault(
            item["sku_id"],
            {
                "id": item["sku_id"],
                "name": item.get("sku_name", ""),
                "image_url": item.get("sku_image", ""),
                "quantity": 0,
            },
        )
        sku["quantity"] += 1
    return {"id": order.id, "skus": list(skus.values())}


def _flat(address: Data) -> Data:
    """A parcel's address has the fields of A.3 only: no districts, no parts of the name."""
    keys = ("full_address", "phone_number", "name", "region_code", "postal_code", *_STREET)
    return {key: address[key] for key in keys if address.get(key)}


def sender(world: World, package: Package) -> Data:
    """The seller's warehouse as sender."""
    address = world.shops[package.shop_id].warehouse.address
    found = _flat(address)
    found["name"] = address.get("contact_person") or found.get("name") or world.shops[package.shop_id].name
    return found


def is_live(item: Mapping[str, Any]) -> bool:
    """Whether a line item (one unit) is not cancelled."""
    return bool(item["display_status"] != CANCELLED)


def is_waiting(item: Mapping[str, Any]) -> bool:
    """Whether a unit is still to be arranged."""
    return bool(item["display_status"] == AWAITING_SHIPMENT)
