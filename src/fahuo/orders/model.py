"""The incoming order, the refusal, the states of an order and its stations.

Every channel turns its source into `OrderIn`; nothing after the channels knows where an order came from.
Units: money in integer minor units of `currency` with the *source's* `exponent`; instants in epoch seconds UTC;
`None` means "the source does not say". A struct with lists is never part of a cycle, so `gc=False` is safe.
"""

from __future__ import annotations

from typing import Final

import msgspec

from fahuo.kernel.problems import Problem
from fahuo.kernel.states import Machine

UNPAID: Final = "UNPAID"
ON_HOLD: Final = "ON_HOLD"
AWAITING_SHIPMENT: Final = "AWAITING_SHIPMENT"
PARTIALLY_SHIPPING: Final = "PARTIALLY_SHIPPING"
AWAITING_COLLECTION: Final = "AWAITING_COLLECTION"
IN_TRANSIT: Final = "IN_TRANSIT"
DELIVERED: Final = "DELIVERED"
COMPLETED: Final = "COMPLETED"
CANCELLED: Final = "CANCELLED"

ORDER: Final = Machine(
    "order",
    frozenset({UNPAID, ON_HOLD, AWAITING_SHIPMENT}),
    {
        UNPAID: frozenset({ON_HOLD, AWAITING_SHIPMENT, CANCELLED}),
        ON_HOLD: frozenset({AWAITING_SHIPMENT, CANCELLED}),
        AWAITING_SHIPMENT: frozenset({PARTIALLY_SHIPPING, AWAITING_COLLECTION, CANCELLED}),
        PARTIALLY_SHIPPING: frozenset({AWAITING_COLLECTION, IN_TRANSIT, CANCELLED}),
        AWAITING_COLLECTION: frozenset({IN_TRANSIT, CANCELLED}),
        # Fully refunded after shipment becomes COMPLETED without a delivery.
        IN_TRANSIT: frozenset({DELIVERED, COMPLETED, CANCELLED}),
        DELIVERED: frozenset({COMPLETED}),
        COMPLETED: frozenset(),
        CANCELLED: frozenset(),
    },
)
"""States of an order in the platform's own words and the moves the platform makes between them."""

FINISHED: Final = frozenset({IN_TRANSIT, DELIVERED, COMPLETED, CANCELLED})
"""The seller has nothing left to dispatch. First seen in one of these, an order is history."""

OPEN: Final = frozenset({UNPAID, ON_HOLD, AWAITING_SHIPMENT, PARTIALLY_SHIPPING, AWAITING_COLLECTION})

STATE_ALIASES: Final = {"CANCEL": CANCELLED, "CANCELED": CANCELLED}
"""Other spellings of the platform: the order webhook writes CANCEL where the order object writes CANCELLED."""

SHIPPING_TIKTOK: Final = "TIKTOK"
SHIPPING_SELLER: Final = "SELLER"
BY_SELLER: Final = "FULFILLMENT_BY_SELLER"
BY_TIKTOK: Final = "FULFILLMENT_BY_TIKTOK"

STATIONS: Final = ("intake", "check", "stock", "plan", "pack", "handover", "transit", "delivered", "closed", "history")
"""Where an order stands in our own house, in the order of the journey. `history` was finished at first sight."""


class LineIn(msgspec.Struct, kw_only=True, gc=False):
    """One kind of article of an order: so many units of one SKU at one price, in one state and package."""

    platform_sku_id: str = ""
    seller_sku: str = ""
    product_name: str = ""
    variation: str = ""
    quantity: int = 1
    unit_price: int | None = None
    """Of one unit before discounts, minor units."""
    subtotal: int | None = None
    """Of the whole line after discounts, minor units."""
    unit_ids: tuple[str, ...] = ()
    """The platform's line item ids, one for each unit; empty for files."""
    state: str = ""
    is_gift: bool = False
    package_id: str = ""
    row: int | None = None


class RecipientIn(msgspec.Struct, kw_only=True, gc=False):
    """Who gets the parcel. `masked`: the source shows stars instead of the data, which is a state and no fault."""

    name: str = ""
    phone: str = ""
    country: str = ""
    """ISO 3166-1 alpha-2."""
    region: str = ""
    city: str = ""
    district: str = ""
    postal_code: str = ""
    lines: tuple[str, ...] = ()
    masked: bool = False


class OrderIn(msgspec.Struct, kw_only=True, gc=False):
    """An order as one source tells it, checked for form, not yet for sense."""

    platform_order_id: str
    state: str
    """The platform's word in the spelling of its API; an unknown word is kept."""
    substate: str = ""
    market: str
    """Country code of the shop's market, `GB` for the United Kingdom."""
    order_type: str = "NORMAL"
    shipping_type: str
    """`TIKTOK` (the platform's label), `SELLER` (own carrier); another word is kept."""
    fulfillment_type: str = BY_SELLER
    handling_days: int | None = None
    handling_type: str | None = None
    priority_level: int | None = None
    is_cod: bool = False
    is_sample: bool = False
    buyer_cancel: bool = False
    readdressed: bool = False
    """The platform says that the address was changed after the order was placed, also where it masks it."""
    """The buyer has asked to cancel and has had no answer yet."""
    warehouse_ref: str = ""
    carrier_name: str = ""
    tracking_number: str = ""
    package_ids: tuple[str, ...] = ()

    currency: str
    exponent: int
    subtotal: int | None = None
    shipping_fee: int | None = None
    tax: int | None = None
    """All the buyer pays beside goods and shipping (taxes, market fees) less payment discounts: so the sum adds up."""
    total: int | None = None

    created_at: int | None = None
    paid_at: int | None = None
    awaiting_at: int | None = None
    arranged_at: int | None = None
    """Ready to ship: number and label exist."""
    handed_over_at: int | None = None
    first_scan_at: int | None = None
    delivered_at: int | None = None
    completed_at: int | None = None
    cancelled_at: int | None = None
    release_at: int | None = None
    """Release of a pre-order."""
    updated_at: int | None = None
    """The source's own update time; `None` for files, which have none."""
    platform_times: dict[str, int] = {}
    """Limits the platform itself states (`rts_sla_time`, …); only those present."""

    cancel_by: str = ""
    cancel_reason: str = ""
    buyer_message: str = ""
    recipient: RecipientIn = msgspec.field(default_factory=RecipientIn)
    lines: list[LineIn] = []
    raw: bytes | None = None
    """The source's payload, byte for byte; sealed in the database."""
    row: int | None = None
    """First physical row in the file, header = 1."""
    notes: list[Problem] = []


class Refusal(msgspec.Struct, kw_only=True, gc=False):
    """One reason why an order (or an unreadable row) was not taken."""

    file: str
    row: int | None = None
    order: str = ""
    code: str
    field: str | None = None
    value: str | None = None
    message: str
    next: str = ""
