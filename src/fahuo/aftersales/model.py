"""What a buyer (or the platform) asks for after the purchase: to cancel, to give money back, to take goods back.

The platform decides by its own states; they are mirrored word for word, unknown ones too. Money and goods are theirs:
nothing here moves an order. The order's own telling does that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

CANCEL: Final = "cancel"
RETURN: Final = "return"

PENDING: Final = frozenset(
    {
        "CANCELLATION_REQUEST_PENDING",
        "RETURN_OR_REFUND_REQUEST_PENDING",
        "REPLACEMENT_REQUEST_PENDING",
        "BUYER_SHIPPED_ITEM",
    }
)
"""States in which the seller is asked something (reference 6.2, A)."""
CLOSED: Final = frozenset(
    {
        "CANCELLATION_REQUEST_CANCEL",
        "CANCELLATION_REQUEST_CANCELLED",
        "CANCELLATION_REQUEST_COMPLETE",
        "CANCELLATION_REQUEST_SUCCESS",
        "RETURN_OR_REFUND_REQUEST_CANCEL",
        "RETURN_OR_REFUND_REQUEST_COMPLETE",
        "RETURN_OR_REFUND_REQUEST_SUCCESS",
        "REPLACEMENT_REQUEST_CANCEL",
        "REPLACEMENT_REQUEST_COMPLETE",
        "REPLACEMENT_REQUEST_REFUND_SUCCESS",
    }
)
"""States after which nobody is asked anything more; the money may still be on its way."""

APPROVE: Final = "approve"
REJECT: Final = "reject"

DECISIONS: Final[Mapping[str, tuple[str, str]]] = {
    "SELLER_RESPOND_REFUND": ("APPROVE_REFUND", "REJECT_REFUND"),
    "SELLER_RESPOND_RETURN": ("APPROVE_RETURN", "REJECT_RETURN"),
    "SELLER_RESPOND_RECEIVE_PACKAGE": ("APPROVE_RECEIVED_PACKAGE", "REJECT_RECEIVED_PACKAGE"),
    "SELLER_RESPOND_REPLACEMENT": ("APPROVE_REPLACEMENT", "REJECT_REPLACEMENT"),
}
"""What the platform asks → the words for yes and no (reference 6.2, A). Cancellations have none: their paths say it."""


class RequestIn(msgspec.Struct, kw_only=True):
    """A request as the platform tells it. Instants in epoch seconds, money in minor units of `currency`."""

    kind: str
    ref: str
    order_ref: str
    type: str = ""
    state: str = ""
    role: str = ""
    """Who asked: BUYER, SELLER, SYSTEM, OPERATOR."""
    reason: str = ""
    reason_text: str = ""
    unit_ids: tuple[str, ...] = ()
    """Platform line item ids it is about; none: the whole order."""
    amount: int | None = None
    currency: str = ""
    exponent: int = 2
    action: str = ""
    """What the seller is asked to do now; '' for nothing."""
    answer_by: int | None = None
    arbitration: str = ""
    tracking_number: str = ""
    asked_at: int | None = None
    updated_at: int | None = None
    raw: bytes = b""


class Request(NamedTuple):
    """A request as it is kept. `decided`: our own answer, approve or reject, while the platform has not moved yet."""

    id: int
    shop_id: int
    order_id: int | None
    order_ref: str
    kind: str
    ref: str
    type: str
    state: str
    role: str
    reason: str
    reason_text: str
    unit_ids: str
    amount: int | None
    currency: str
    exponent: int
    action: str
    answer_by: int | None
    arbitration: str
    tracking_number: str
    asked_at: int | None
    updated_at: int | None
    decided: str
    decided_at: int | None
    decided_by: str


def waits(action: str, state: str) -> bool:
    """Whether the seller is asked to answer: the platform names an action, or is silent in a state that asks."""
    return bool(action) or (state in PENDING and state != "BUYER_SHIPPED_ITEM")
