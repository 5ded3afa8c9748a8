"""Where an order stands in our own house, from the facts alone. Pure."""

from __future__ import annotations

from typing import NamedTuple

from fahuo.orders.model import BY_SELLER, CANCELLED, COMPLETED, DELIVERED, FINISHED, IN_TRANSIT, ON_HOLD, UNPAID

DIGITAL = "TIKTOK_DIGITAL"
_FINISHED_STATION = {IN_TRANSIT: "transit", DELIVERED: "delivered", COMPLETED: "closed", CANCELLED: "closed"}


class Standing(NamedTuple):
    """What decides the station of an order that is ours to dispatch."""

    blocked: bool
    """A blocking hold is open."""
    reserved: bool
    """All its units are reserved."""
    packaged: bool = False
    """A package exists: planned, with wave."""
    packed: bool = False
    """Items and label were scanned at the bench."""


def ours(fulfillment_type: str, shipping_type: str) -> bool:
    """Whether the seller has a parcel to dispatch at all: not when the platform fulfils, nor for digital goods."""
    return fulfillment_type == BY_SELLER and shipping_type != DIGITAL


def is_history(state: str, fulfillment_type: str, shipping_type: str) -> bool:
    """Whether an order seen for the first time is history: finished already, or never ours."""
    return state in FINISHED or not ours(fulfillment_type, shipping_type)


def waits_for_buyer(state: str) -> bool:
    """Unpaid, or in the buyer's hour of remorse: nothing may be done for it yet."""
    return state in (UNPAID, ON_HOLD)


def wants_stock(state: str) -> bool:
    """Units are kept from the payment on; an unpaid order keeps nothing."""
    return state != UNPAID and state not in FINISHED


def station_of(state: str, standing: Standing) -> str:
    """The station of an order of ours. Packed parcels stay in the hand-over even when a hold comes late."""
    if state in _FINISHED_STATION:
        return _FINISHED_STATION[state]
    if waits_for_buyer(state):
        return "intake"
    if standing.packed:
        return "handover"
    if standing.blocked:
        return "check"
    if not standing.reserved:
        return "stock"
    return "pack" if standing.packaged else "plan"
