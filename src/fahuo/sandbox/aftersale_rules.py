"""Returns, refunds, replacements: their statuses and moves, who may ask for what, and how long an answer may take.

Sections 6.2 to 6.6 of the platform reference. Times: of what market is not named there the general 48 hours count [A];
the US answer is the lower end of "2 to 4 business days" [B].
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from fahuo.kernel.calendar import Calendar
from fahuo.kernel.instant import from_local, local, zone
from fahuo.kernel.states import Machine
from fahuo.orders.model import AWAITING_COLLECTION, COMPLETED, DELIVERED, IN_TRANSIT

PENDING: Final = "RETURN_OR_REFUND_REQUEST_PENDING"
REJECTED: Final = "REFUND_OR_RETURN_REQUEST_REJECT"
AWAITING_SHIP: Final = "AWAITING_BUYER_SHIP"
SHIPPED: Final = "BUYER_SHIPPED_ITEM"
RECEIVED_REJECTED: Final = "REJECT_RECEIVE_PACKAGE"
OFFERED: Final = "AWAITING_BUYER_RESPONSE"
SUCCESS: Final = "RETURN_OR_REFUND_REQUEST_SUCCESS"
CANCELLED: Final = "RETURN_OR_REFUND_REQUEST_CANCEL"
COMPLETE: Final = "RETURN_OR_REFUND_REQUEST_COMPLETE"
NEW_PENDING: Final = "REPLACEMENT_REQUEST_PENDING"
NEW_REJECTED: Final = "REPLACEMENT_REQUEST_REJECT"
NEW_REFUNDED: Final = "REPLACEMENT_REQUEST_REFUND_SUCCESS"
NEW_CANCELLED: Final = "REPLACEMENT_REQUEST_CANCEL"
NEW_COMPLETE: Final = "REPLACEMENT_REQUEST_COMPLETE"

MOVES: Final = Machine(
    "return",
    frozenset({PENDING, NEW_PENDING}),
    {
        PENDING: frozenset({SUCCESS, REJECTED, AWAITING_SHIP, OFFERED, CANCELLED}),
        # The buyer takes the partial refund or goes back to his request.
        OFFERED: frozenset({SUCCESS, PENDING, CANCELLED}),
        AWAITING_SHIP: frozenset({SHIPPED, CANCELLED}),
        SHIPPED: frozenset({SUCCESS, RECEIVED_REJECTED}),
        # Out of a rejection only the platform's decision for the buyer leads on.
        REJECTED: frozenset({SUCCESS}),
        RECEIVED_REJECTED: frozenset({SUCCESS}),
        SUCCESS: frozenset({COMPLETE}),
        COMPLETE: frozenset(),
        CANCELLED: frozenset(),
        NEW_PENDING: frozenset({NEW_COMPLETE, NEW_REJECTED, NEW_REFUNDED, NEW_CANCELLED}),
        NEW_REJECTED: frozenset({NEW_REFUNDED}),
        NEW_COMPLETE: frozenset(),
        NEW_REFUNDED: frozenset(),
        NEW_CANCELLED: frozenset(),
    },
)
"""Section 6.5, with the offer of a partial refund."""

OPEN: Final = frozenset({PENDING, OFFERED, AWAITING_SHIP, SHIPPED, RECEIVED_REJECTED, SUCCESS, NEW_PENDING})
"""The request is under way: another one for the same units is refused with 25001011."""
REFUNDING: Final = OPEN | {COMPLETE, NEW_REFUNDED}
"""The money of the request is given back, or may still be."""
LET_GO: Final = frozenset({CANCELLED, NEW_CANCELLED, REJECTED, NEW_REJECTED})

REFUND, RETURN_AND_REFUND, REPLACEMENT = "REFUND", "RETURN_AND_REFUND", "REPLACEMENT"
TYPES: Final = (REFUND, RETURN_AND_REFUND, REPLACEMENT)

RESPOND: Final = {
    REFUND: "SELLER_RESPOND_REFUND",
    RETURN_AND_REFUND: "SELLER_RESPOND_RETURN",
    REPLACEMENT: "SELLER_RESPOND_REPLACEMENT",
}
RESPOND_RECEIVED: Final = "SELLER_RESPOND_RECEIVE_PACKAGE"

IN_PROGRESS, SUPPORT_BUYER, SUPPORT_SELLER, CLOSED = "IN_PROGRESS", "SUPPORT_BUYER", "SUPPORT_SELLER", "CLOSED"
ARBITRATIONS: Final = (IN_PROGRESS, SUPPORT_BUYER, SUPPORT_SELLER, CLOSED)

# --- refusals -----------------------------------------------------------------------------------------------------
BAD_REASON: Final = 25001021
IN_PROCESS: Final = 25001011
CANNOT_REJECT: Final = 25011014
INVALID: Final = 98001004

# --- decisions ----------------------------------------------------------------------------------------------------
APPROVALS: Final = {
    # (type, status) → decisions that fit there
    (REFUND, PENDING): ("APPROVE_REFUND", "OFFER_PARTIAL_REFUND"),
    (RETURN_AND_REFUND, PENDING): ("APPROVE_RETURN", "APPROVE_REFUND", "OFFER_PARTIAL_REFUND"),
    (RETURN_AND_REFUND, SHIPPED): ("APPROVE_RECEIVED_PACKAGE",),
    (REPLACEMENT, NEW_PENDING): ("APPROVE_REPLACEMENT", "ISSUE_REPLACEMENT_REFUND"),
}
ALL_APPROVALS: Final = (
    "APPROVE_REFUND",
    "APPROVE_RETURN",
    "APPROVE_RECEIVED_PACKAGE",
    "APPROVE_REPLACEMENT",
    "ISSUE_REPLACEMENT_REFUND",
    "OFFER_PARTIAL_REFUND",
)
REJECTIONS: Final = {
    (REFUND, PENDING): ("REJECT_REFUND", REJECTED),
    (RETURN_AND_REFUND, PENDING): ("REJECT_RETURN", REJECTED),
    (RETURN_AND_REFUND, SHIPPED): ("REJECT_RECEIVED_PACKAGE", RECEIVED_REJECTED),
    (REPLACEMENT, NEW_PENDING): ("REJECT_REPLACEMENT", NEW_REJECTED),
}
ALL_REJECTIONS: Final = ("REJECT_REFUND", "REJECT_RETURN", "REJECT_RECEIVED_PACKAGE", "REJECT_REPLACEMENT")

# --- who may ask, and for which reason ----------------------------------------------------------------------------
_ON_THE_WAY: Final = frozenset({AWAITING_COLLECTION, IN_TRANSIT})
_ARRIVED: Final = frozenset({DELIVERED, COMPLETED})


def may_ask(kind: str, status: str) -> bool:
    """Section 6.3: a refund alone from Awaiting Collection on, goods back only after delivery."""
    return status in _ARRIVED or (kind == REFUND and status in _ON_THE_WAY)


_LATE: Final = "ecom_order_shipped_refund_reason_not_arrive_on_time"
_DELIVERED_REFUND: Final = "ecom_order_delivered_refund_reason_"
_DELIVERED_RETURN: Final = "ecom_order_delivered_refund_and_return_reason_"
_REFUND_REASONS: Final = tuple(
    _DELIVERED_REFUND + name
    for name in (
        "not_received",
        "missing_product",
        "damaged",
        "defective",
        "missing_broken_parts",
        "not_match_description",
        "wrong_product_1",
        "wrong_product",
    )
)
# The list of the reference ends in an ellipsis: those of the refund that make sense with goods in hand [D].
_RETURN_REASONS: Final = tuple(
    _DELIVERED_RETURN + name
    for name in (
        "damaged",
        "defective",
        "missing_broken_parts",
        "not_match_description",
        "wrong_product_1",
        "wrong_product",
    )
)


def reasons(kind: str, status: str, role: str = "BUYER") -> tuple[str, ...]:
    """The reason names for a request in that order status; a seller's end in `_seller`."""
    if status in _ON_THE_WAY:
        found: tuple[str, ...] = (_LATE,)
    else:
        found = _REFUND_REASONS if kind == REFUND else _RETURN_REASONS
    return tuple(f"{name}_seller" for name in found) if role == "SELLER" else found


REJECT_REASONS: Final = (
    "reverse_reject_request_reason_3",
    "reverse_reject_request_reason_4",
    "reverse_reject_refund_request_correct_item",
    "reverse_reject_refund_request_unclear_evidence",
)

# --- how long -----------------------------------------------------------------------------------------------------
_HOUR: Final = 3600
_DAY: Final = 24 * _HOUR
SEA: Final = frozenset({"VN", "TH", "ID", "MY", "PH", "SG"})


class _Limit(NamedTuple):
    hours: int = 0
    working_days: int = 0


_GENERAL: Final = _Limit(hours=48)
_ANSWERS: Final = {"TH": _Limit(working_days=1), "VN": _Limit(working_days=1), "US": _Limit(working_days=2)}
SHIP_BACK: Final = {"PLATFORM": 5 * _DAY, "BUYER_ARRANGE": 10 * _DAY}


def answer_by(region: str, action: str, at: int, calendar: Calendar, zone_name: str) -> int:
    """Until when the seller has to answer, in epoch seconds (section 6.4)."""
    if action == RESPOND["REPLACEMENT"]:
        return at + _DAY
    if action == RESPOND_RECEIVED:
        return at + (8 * _DAY if region in SEA else _GENERAL.hours * _HOUR)
    limit = _ANSWERS.get(region, _GENERAL)
    if not limit.working_days:
        return at + limit.hours * _HOUR
    here = local(at, zone(zone_name))
    day, left = here.date(), limit.working_days
    while left:
        day += timedelta(days=1)
        left -= calendar.is_open(day)
    wall = datetime(day.year, day.month, day.day, here.hour, here.minute, here.second)  # noqa: DTZ001 - wall time
    return from_local(wall, zone(zone_name))[0]
