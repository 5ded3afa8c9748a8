"""Contexts and shortcuts for the tests of the inbound channels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from fahuo.channels.model import ReadContext
from fahuo.channels.read import read_orders
from fahuo.orders.model import OrderIn, Refusal

NOW = 1_790_000_000
ZONES = {
    "US": "America/Los_Angeles",
    "GB": "Europe/London",
    "PH": "Asia/Manila",
    "VN": "Asia/Ho_Chi_Minh",
    "ID": "Asia/Jakarta",
    "TH": "Asia/Bangkok",
    "BR": "America/Sao_Paulo",
}


def context(market: str = "US", **changes: Any) -> ReadContext:
    """A shop of that market."""
    shop: dict[str, Any] = {"market": market, "zone": ZONES.get(market, "UTC"), "now": NOW}
    return ReadContext(**shop | changes)


def read(path: Path, market: str = "US", **options: Any) -> tuple[list[OrderIn], list[Refusal]]:
    """(orders, refusals) of one path."""
    shop = options.pop("shop", None) or context(market)
    found = list(read_orders([path], shop, **options))
    return [o for o in found if isinstance(o, OrderIn)], [r for r in found if isinstance(r, Refusal)]


def api_order(**changes: Any) -> dict[str, Any]:
    """An order object of the API: two units of one SKU, awaiting shipment."""
    item = {
        "id": "579900000000000101",
        "sku_id": "1729000000000000001",
        "product_id": "1729000000000000000",
        "seller_sku": "SKU-A",
        "sku_name": "Blue",
        "product_name": "Sample",
        "original_price": "20.00",
        "sale_price": "17.50",
        "currency": "USD",
        "display_status": "AWAITING_SHIPMENT",
        "is_gift": False,
    }
    return {
        "id": "579900000000000001",
        "status": "AWAITING_SHIPMENT",
        "create_time": 1764129600,
        "update_time": 1764133260,
        "paid_time": 1764129660,
        "fulfillment_type": "FULFILLMENT_BY_SELLER",
        "shipping_type": "SELLER",
        "warehouse_id": "7100000000000000001",
        "order_type": "NORMAL",
        "is_cod": False,
        "rts_sla_time": 1764403199,
        "tts_sla_time": 1764403199,
        "cancel_order_sla_time": 1765007999,
        "payment": {
            "currency": "USD",
            "sub_total": "35.00",
            "shipping_fee": "0.00",
            "tax": "2.80",
            "total_amount": "37.80",
        },
        "recipient_address": {
            "name": "Test Buyer",
            "region_code": "US",
            "postal_code": "00000",
            "address_line1": "1 Example Street",
            "phone_number": "(+1)0000000000",
            "district_info": [
                {"address_level": "L0", "address_level_name": "Country", "address_name": "United States"},
                {"address_level": "L1", "address_level_name": "State", "address_name": "Example"},
            ],
        },
        "line_items": [item, item | {"id": "579900000000000102"}],
    } | changes


def as_lines(path: Path, *orders: Any) -> Path:
    """One JSON object a line; bytes are written as they are."""
    path.write_bytes(b"\n".join(o if isinstance(o, bytes) else msgspec.json.encode(o) for o in orders) + b"\n")
    return path
