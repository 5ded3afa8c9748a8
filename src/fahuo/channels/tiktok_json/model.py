"""The parts of the API's order object (versions 202309 to 202507) that we read.

Everything else, unknown fields included, stays in the payload. Keys without a value are absent; some writers send
null, numbers for ids or text for numbers, so those are accepted too.
"""

from __future__ import annotations

import msgspec

Id = str | int
Price = str | int | float | None
Time = int | None


class Entity(msgspec.Struct, gc=False):
    """Something of which only the id is read."""

    id: Id = ""


class LineItem(msgspec.Struct, gc=False):
    """One unit: an order of three of a kind has three of these."""

    id: Id = ""
    sku_id: Id | None = ""
    seller_sku: str | None = ""
    product_name: str | None = ""
    sku_name: str | None = ""
    original_price: Price = None
    sale_price: Price = None
    currency: str | None = None
    display_status: str | None = ""
    package_id: Id | None = ""
    is_gift: bool | None = False
    rts_time: Time = None
    tracking_number: str | None = ""
    shipping_provider_name: str | None = ""
    quantity: int | float | None = 1
    """Not part of the API, which repeats the item instead; other writers use it."""


class Payment(msgspec.Struct, gc=False):
    """Amounts as decimal text."""

    currency: str | None = None
    sub_total: Price = None
    shipping_fee: Price = None
    tax: Price = None
    total_amount: Price = None
    small_order_fee: Price = None
    retail_delivery_fee: Price = None
    buyer_service_fee: Price = None
    handling_fee: Price = None
    shipping_insurance_fee: Price = None
    item_insurance_fee: Price = None
    item_insurance_tax: Price = None
    distance_shipping_fee: Price = None
    distance_fee: Price = None
    payment_platform_discount: Price = None


class District(msgspec.Struct, gc=False):
    """One level of the address: L0 country, L1 state or province, then down."""

    address_level: str | None = ""
    address_level_name: str | None = ""
    address_name: str | None = ""


class Address(msgspec.Struct, gc=False):
    """`recipient_address`."""

    name: str | None = ""
    first_name: str | None = ""
    last_name: str | None = ""
    first_name_local_script: str | None = ""
    last_name_local_script: str | None = ""
    phone_number: str | None = ""
    region_code: str | None = ""
    postal_code: str | None = ""
    post_town: str | None = ""
    full_address: str | None = ""
    address_detail: str | None = ""
    address_line1: str | None = ""
    address_line2: str | None = ""
    address_line3: str | None = ""
    address_line4: str | None = ""
    district_info: list[District] | None = None


class Handling(msgspec.Struct, gc=False):
    """`handling_duration`."""

    days: str | int | None = None
    type: str | None = None


class Order(msgspec.Struct, gc=False):
    """The order object. Times are epoch seconds; milliseconds are recognised by their size."""

    id: Id = ""
    status: str | None = ""
    create_time: Time = None
    update_time: Time = None
    paid_time: Time = None
    rts_time: Time = None
    collection_time: Time = None
    delivery_time: Time = None
    cancel_time: Time = None
    release_date: Time = None
    rts_sla_time: Time = None
    tts_sla_time: Time = None
    pick_up_cut_off_time: Time = None
    shipping_due_time: Time = None
    collection_due_time: Time = None
    cancel_order_sla_time: Time = None
    delivery_sla_time: Time = None
    order_type: str | None = None
    shipping_type: str | None = None
    fulfillment_type: str | None = None
    handling_duration: Handling | None = None
    fulfillment_priority_level: int | None = None
    is_cod: bool | None = False
    is_sample_order: bool | None = False
    is_buyer_request_cancel: bool | None = False
    has_updated_recipient_address: bool | None = False
    warehouse_id: Id | None = ""
    shipping_provider: str | None = ""
    tracking_number: str | None = ""
    packages: list[Entity] | None = None
    payment: Payment | None = None
    recipient_address: Address | None = None
    cancellation_initiator: str | None = ""
    cancel_reason: str | None = ""
    buyer_message: str | None = ""
    line_items: list[LineItem] | None = None


class Page(msgspec.Struct, gc=False):
    """`data` of an API answer."""

    orders: list[msgspec.Raw] | None = None


class Envelope(msgspec.Struct, gc=False):
    """An API answer, or a bare `{"orders": […]}`."""

    data: Page | None = None
    orders: list[msgspec.Raw] | None = None


class Version(msgspec.Struct, gc=False):
    """Which order at which update."""

    id: Id = ""
    update_time: Time = None
