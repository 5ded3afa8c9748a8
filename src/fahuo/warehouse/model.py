"""Parcels on the floor: their states, and what a label needs to know."""

from __future__ import annotations

from typing import Final, NamedTuple

from fahuo.kernel.states import Machine

PLANNED: Final = "planned"
ARRANGED: Final = "arranged"
PACKED: Final = "packed"
HANDED_OVER: Final = "handed_over"
IN_TRANSIT: Final = "in_transit"
DELIVERED: Final = "delivered"
CANCELLED: Final = "cancelled"

PACKAGE: Final = Machine(
    "package",
    frozenset({PLANNED, ARRANGED}),
    {
        PLANNED: frozenset({ARRANGED, CANCELLED}),
        ARRANGED: frozenset({PACKED, PLANNED, IN_TRANSIT, DELIVERED, CANCELLED}),
        PACKED: frozenset({HANDED_OVER, IN_TRANSIT, DELIVERED, CANCELLED}),
        HANDED_OVER: frozenset({IN_TRANSIT, DELIVERED, CANCELLED}),
        IN_TRANSIT: frozenset({DELIVERED, CANCELLED}),
        DELIVERED: frozenset(),
        CANCELLED: frozenset(),
    },
)
"""Arranged: number and label exist. Packed: items and label were scanned at the bench. A carrier's scan may be the
first we hear after arranging, so the later states can be reached from every earlier one."""

SPLIT: Final = "SPLIT"
COMBINE: Final = "COMBINE"

OWN: Final = "own"
CARRIER: Final = "carrier"
PLATFORM: Final = "platform"


class Parcel(NamedTuple):
    """A package as the floor sees it."""

    id: int
    order_id: int
    shop_id: int
    state: str
    wave_id: int | None
    warehouse_id: int
    service_id: int
    carrier_name: str
    tracking_number: str
    label_origin: str
    label_id: int | None
    arranged_at: int | None
    packed_at: int | None
    reported_at: int | None
    handed_over_at: int | None
    first_scan_at: int | None
    delivered_at: int | None
    weight_g: int = 0
    """As planned, with carton; 0 when not known."""
    platform_ref: str = ""
    """The platform's package, '' while it has none that we know. Combined orders share one."""
    tag: str = ""
    """'', SPLIT or COMBINE."""
    carton_id: int | None = None


class Item(NamedTuple):
    """So many units of one SKU in a package; `scanned` counts units seen at the bench."""

    package_id: int
    order_id: int
    line_no: int
    sku_id: int
    quantity: int
    scanned: int
