"""The records of the sandbox's world: what the platform keeps about shops, orders, parcels and people.

Instants are epoch seconds of the sandbox's clock, money is whole minor units unless it lies in an order's body, which
is the platform's own object: decimal strings, one line item per unit, keys without a value absent.
"""

from __future__ import annotations

import zlib
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct, field

from fahuo.orders.model import CANCELLED

SellerType = Literal["LOCAL", "CROSS_BORDER"]

# Packages, and which order status each goes with (section 5.2 of the platform reference).
TO_FULFILL, PROCESSING, FULFILLING, COMPLETE, GONE = "TO_FULFILL", "PROCESSING", "FULFILLING", "COMPLETED", "CANCELLED"

# Cancellations.
CANCEL_PENDING: Final = "CANCELLATION_REQUEST_PENDING"
CANCEL_SUCCESS: Final = "CANCELLATION_REQUEST_SUCCESS"
CANCEL_WITHDRAWN: Final = "CANCELLATION_REQUEST_CANCELLED"
"""Withdrawn or rejected; requests may also ask for it as CANCELLATION_REQUEST_CANCEL (6.2)."""
CANCEL_COMPLETE: Final = "CANCELLATION_REQUEST_COMPLETE"

# Webhook types (section 8).
ORDER_STATUS_CHANGE, RECIPIENT_ADDRESS_UPDATE, PACKAGE_UPDATE = 1, 3, 4
SELLER_DEAUTHORIZATION, CANCELLATION_STATUS_CHANGE, RETURN_STATUS_CHANGE = 6, 11, 12
NEW_CONVERSATION, NEW_MESSAGE, INVENTORY_STATUS_CHANGE = 13, 14, 27

LINES: Final = "*lines"
"""Key of changes that still have to be made to the line items of a body that is not open."""


class Refuse(Exception):
    """The platform's "no", with its code and words. `data` travels in the envelope (`fail_code` and the like)."""

    def __init__(self, code: int, message: str, http: int = 200, data: dict[str, Any] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.http, self.data = code, message, http, data


class Behaviour(Struct, kw_only=True):
    """How people behave, as shares of 1 unless said otherwise. All figures are invented; scenarios set their own.

    It is asked only about lively orders: those that came by the rhythm, or were placed with the wish `lively`.
    """

    orders_per_day: float = 0.0
    """Expected orders of a whole day over all shops, before the rhythm of the week and peaks."""
    rhythm: bool = True
    """Whether hours and weekdays differ; without, orders come evenly."""
    live_streams: float = 0.15
    """Chance that a shop sells in a live stream in the evening of a day."""
    live_lift: float = 3.0
    """Orders per minute during a stream, as a multiple of the usual."""
    peak: float = 1.0
    """Multiplies the orders of a day (11.11: 5 or 10)."""
    repeat_buyers: float = 0.04
    """Of the orders: from people who order more than once in a day, which is what can be combined."""
    late_payers: float = 0.05
    """Of those who pay first: pay only after hours."""
    never_pay: float = 0.03
    cancels_on_hold: float = 0.01
    cancel_requests: float = 0.015
    """Ask to cancel between Awaiting Shipment and the carrier's scan."""
    withdraws: float = 0.15
    """Of the requests: taken back before they are answered."""
    address_changes: float = 0.01
    urges: float = 0.03
    """Write and ask for dispatch when the parcel has not moved for a day."""
    cod_refusals: float = 0.05
    """Of cash on delivery: refused at the door."""
    returns: float = 0.03
    """Of delivered orders: a return or refund is asked for."""
    confirms: float = 0.10
    """Of delivered orders: the buyer confirms receipt before the window closes."""
    pre_orders: bool = True
    """Whether pre-orders and goods made to order come at all."""
    carriers_collect: bool = True
    not_collected: float = 0.01
    """Parcels the van forgets; it comes again the next working day."""
    stalled: float = 0.005
    """Lie somewhere for days, then go on."""
    lost: float = 0.002
    damaged: float = 0.002
    second_attempts: float = 0.04
    """Nobody at home the first time."""
    sorting_refused: float = 0.01
    """Across the border: sent back by the sorting warehouse."""
    relabelled: float = 0.02
    """Across the border: labelled anew by the sorting warehouse, at the seller's cost."""
    customs_held: float = 0.03


class Warehouse(Struct, kw_only=True):
    """A warehouse of a shop as the logistics endpoints show it. `address` holds the API's address fields."""

    id: str
    name: str
    type: str = "SALES_WAREHOUSE"
    sub_type: str = "DOMESTIC_WAREHOUSE"
    status: str = "ENABLED"
    is_default: bool = True
    region: str = ""
    address: dict[str, Any] = field(default_factory=dict)


class Shop(Struct, kw_only=True):
    """A shop. `seller` is the open id of the account that authorises apps; one may own several shops."""

    id: str
    name: str
    region: str
    seller_type: SellerType
    cipher: str
    code: str
    seller: str
    language: str
    warehouses: list[Warehouse]
    delivery_option_id: str
    delivery_option_name: str
    collect: str = "auto"
    """Who sends the carrier to the warehouse: `auto` the sandbox, `manual` only the control interface."""
    transit_by: str = "sorting_accepted"
    """Scan that makes a parcel of the first mile In Transit: `collected`, `sorting_accepted` or `departed`."""
    share: float = 1.0
    """Its part of all orders, relative to the other shops."""
    index: int = 0
    seller_shipping: float | None = None
    accepts_chat: bool = True
    """Whether customer service takes chats."""

    @property
    def cross_border(self) -> bool:
        """Whether the seller ships from another country."""
        return self.seller_type == "CROSS_BORDER"

    @property
    def warehouse(self) -> Warehouse:
        """The one its orders are sent from."""
        return next((w for w in self.warehouses if w.type == "SALES_WAREHOUSE" and w.is_default), self.warehouses[0])


class Sku(Struct, kw_only=True):
    """An SKU of a product in a shop. `stock` holds the available units per warehouse id; `committed` those sold."""

    id: str
    seller_sku: str
    name: str
    price: int
    currency: str
    exponent: int
    stock: dict[str, int] = field(default_factory=dict)
    committed: dict[str, int] = field(default_factory=dict)
    article: int = 0
    """Its place in `fahuo.generate.articles`."""


class Product(Struct, kw_only=True):
    """A product in a shop; the same product id may exist in several shops."""

    id: str
    shop_id: str
    title: str
    skus: list[Sku]
    created: int
    updated: int
    status: str = "ACTIVATE"
    weight_g: int = 0
    size_mm: tuple[int, int, int] = (0, 0, 0)
    handling_days: int | None = None


class Shelf:
    """Where the bodies of a shop's orders are put away: as bytes, pressed against one of the shop's own orders."""

    def __init__(self, opened: list[Order]) -> None:
        self.opened = opened
        """The world's open orders, in the order of opening."""
        self._like = b""

    def pack(self, body: bytes) -> bytes:
        """A seventh or so of the size; the first body packed is the pattern of all."""
        self._like = self._like or body
        press = zlib.compressobj(1, zlib.DEFLATED, -15, zdict=self._like)
        return press.compress(body) + press.flush()

    def unpack(self, packed: bytes) -> bytes:
        """The body as it was."""
        return zlib.decompressobj(-15, zdict=self._like).decompress(packed)


class Order(Struct, kw_only=True, eq=False):
    """An order. Its body is kept as bytes until somebody looks into it.

    `status`, `created` and `updated` repeat the body's so that lists need not open it; change a body through
    `World.touch` only (line items may be changed in place, followed by `touch`).
    """

    id: str
    shop_id: str
    number: int
    status: str
    created: int
    updated: int
    line_ids: tuple[str, ...]
    units: tuple[tuple[str, int], ...]
    """SKU ids and how many units of each were ordered."""
    buyer_id: str
    kept: bytes
    """The body, packed by the shelf."""
    shelf: Shelf
    opened: dict[str, Any] | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    """What changed since `kept` was written."""
    packages: list[str] = field(default_factory=list)
    cod: bool = False
    own: bool = False
    """Shipped by a carrier of the seller's."""
    by_platform: bool = False
    """Fulfilled by the platform from its own warehouse."""
    sample: bool = False
    lively: bool = False
    """The buyer acts by chance as `Behaviour` says; otherwise only when told to."""
    kind: str = "NORMAL"
    cancellations: list[str] = field(default_factory=list)
    returns: list[str] = field(default_factory=list)
    awaiting_at: int | None = None
    """When it became Awaiting Shipment."""
    arranged_at: int | None = None
    cancel_at: int | None = None
    """The instant (`cancel_order_sla_time`) an automatic cancel is waiting for."""
    refused_cod: bool = False
    flags: dict[str, Any] = field(default_factory=dict)
    """Small facts of other modules."""

    @property
    def body(self) -> dict[str, Any]:
        """The platform's whole order object, the address in clear."""
        if self.opened is None:
            body: dict[str, Any] = msgspec.json.decode(self.shelf.unpack(self.kept))
            apply(body, self.changes)
            self.opened, self.changes = body, {}
            self.shelf.opened.append(self)
        return self.opened

    def close(self) -> None:
        """Put the body away as bytes."""
        if self.opened is not None:
            self.kept, self.opened = self.shelf.pack(msgspec.json.encode(self.opened)), None

    def change(self, changes: dict[str, Any], lines: dict[str, Any] | None = None) -> None:
        """Set keys of the body (None removes one), and keys of every line item that is not cancelled."""
        if self.opened is not None:
            apply(self.opened, {**changes, **({LINES: lines} if lines else {})})
            return
        self.changes.update(changes)
        if lines:
            self.changes[LINES] = {**self.changes.get(LINES, {}), **lines}


def apply(body: dict[str, Any], changes: dict[str, Any]) -> None:
    """Make changes as `Order.change` describes them to a body."""
    lines = changes.get(LINES, {})
    for key, value in changes.items():
        if key == LINES:
            continue
        if value is None:
            body.pop(key, None)
        else:
            body[key] = value
    if lines:
        for item in body["line_items"]:
            if item["display_status"] == CANCELLED:
                continue
            for key, value in lines.items():
                if value is None:
                    item.pop(key, None)
                else:
                    item[key] = value


class Scan(Struct, kw_only=True):
    """What a carrier or the sorting warehouse says about a parcel."""

    at: int
    kind: str
    """collected, sorting_accepted, sorting_refused, departed, customs, arrived, out_for_delivery, delivered,
    exception, refused, returned, lost."""
    text: str = ""
    place: str = ""


class Package(Struct, kw_only=True, eq=False):
    """A parcel as the platform knows it. `own`: with a carrier of the seller's."""

    id: str
    shop_id: str
    order_ids: list[str]
    line_ids: list[str]
    status: str = TO_FULFILL
    tag: str = "DEFAULT"
    shipping_type: str = "TIKTOK"
    own: bool = False
    provider_id: str = ""
    provider_name: str = ""
    tracking_number: str = ""
    last_mile_number: str = ""
    handover_method: str = ""
    slot: tuple[int, int] | None = None
    weight: dict[str, str] | None = None
    dimension: dict[str, str] | None = None
    bundle_id: str = ""
    created: int = 0
    updated: int = 0
    label_at: int | None = None
    corrected: int = 0
    """How often the seller has corrected the tracking number."""
    scans: list[Scan] = field(default_factory=list)
    flags: dict[str, Any] = field(default_factory=dict)


class Bundle(Struct, kw_only=True, eq=False):
    """A first-mile bundle: what goes to the platform's sorting warehouse together."""

    id: str
    shop_id: str
    order_ids: list[str]
    handover_method: str
    at: int
    provider_id: str = ""
    tracking_number: str = ""
    phone_tail: str = ""
    accepted: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


class Cancellation(Struct, kw_only=True, eq=False):
    """A cancellation of some or all units of an order. `answer_by`: the seller's time, while pending."""

    id: str
    shop_id: str
    order_id: str
    line_ids: list[str]
    type: str
    status: str
    role: str
    reason: str
    reason_text: str
    created: int
    updated: int
    answer_by: int | None = None
    reject_reason: str = ""
    comment: str = ""
    keys: list[str] = field(default_factory=list)
    """Idempotency keys of answers already taken."""


class Return(Struct, kw_only=True, eq=False):
    """A return, refund or replacement. `action`: what the seller has to answer until `answer_by`."""

    id: str
    shop_id: str
    order_id: str
    line_ids: list[str]
    type: str
    status: str
    role: str
    reason: str
    amount: int
    currency: str
    created: int
    updated: int
    answer_by: int | None = None
    action: str = ""
    arbitration: str = ""
    tracking_number: str = ""
    provider_name: str = ""
    buyer_keeps: bool = False
    replacement_order_id: str = ""
    records: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    flags: dict[str, Any] = field(default_factory=dict)


class Message(Struct, kw_only=True):
    """A chat message; `content` is the JSON text the platform carries."""

    id: str
    index: int
    type: str
    content: str
    at: int
    role: str
    user_id: str


class Conversation(Struct, kw_only=True, eq=False):
    """A buyer's chat with a shop."""

    id: str
    shop_id: str
    buyer_id: str
    created: int
    order_id: str = ""
    messages: list[Message] = field(default_factory=list)
    read: int = 0
    """Messages the shop has read."""
    flags: dict[str, Any] = field(default_factory=dict)


class Document(Struct, kw_only=True):
    """A file the platform serves by URL until `until`."""

    id: str
    data: bytes
    media: str
    at: int
    until: int


class Grant(Struct, kw_only=True):
    """What a seller gave to an app: its tokens and the shops they open. Token expiry is technical time."""

    id: str
    app_key: str
    seller: str
    shops: list[str]
    access_token: str
    access_until: int
    refresh_token: str
    refresh_until: int
    scopes: list[str] = field(default_factory=list)
    withdrawn: bool = False


class Notice(Struct, kw_only=True):
    """A webhook to be delivered. `id` is its `tts_notification_id`."""

    id: str
    shop_id: str
    type: int
    at: int
    data: dict[str, Any]
