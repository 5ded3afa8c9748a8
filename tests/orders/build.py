"""Orders and recipients for the tests: good ones, of which a test changes what it is about."""

from typing import Any

from fahuo.orders.model import LineIn, OrderIn, RecipientIn


def recipient(**changes: Any) -> RecipientIn:
    good: dict[str, Any] = {
        "name": "Ada Byron",
        "phone": "(+1)2135550123",
        "country": "US",
        "region": "NY",
        "city": "New York",
        "postal_code": "10001",
        "lines": ("1 Main Street",),
    }
    return RecipientIn(**(good | changes))


def order(**changes: Any) -> OrderIn:
    good: dict[str, Any] = {
        "platform_order_id": "576000000000000001",
        "state": "AWAITING_SHIPMENT",
        "market": "US",
        "shipping_type": "SELLER",
        "currency": "USD",
        "exponent": 2,
        "subtotal": 3500,
        "shipping_fee": 500,
        "tax": 280,
        "total": 4280,
        "created_at": 1_768_000_000,
        "paid_at": 1_768_000_060,
        "updated_at": 1_768_003_700,
        "recipient": recipient(),
        "lines": [LineIn(seller_sku="MUG-BLUE", quantity=2, unit_price=1750, subtotal=3500)],
    }
    return OrderIn(**(good | changes))
