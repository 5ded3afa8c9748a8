"""What a carrier says about a parcel, in our words."""

from __future__ import annotations

from typing import Final

import msgspec

FIRST_SCAN: Final = "first_scan"
IN_TRANSIT: Final = "in_transit"
DELIVERED: Final = "delivered"
EXCEPTION: Final = "exception"
RETURNED: Final = "returned"
SORTING_IN: Final = "sorting_in"
SORTING_REFUSED: Final = "sorting_refused"
"""At the platform's sorting warehouse, on the way across the border."""
NOTE: Final = "note"
KINDS: Final = (FIRST_SCAN, IN_TRANSIT, DELIVERED, EXCEPTION, RETURNED)

WORDS: Final = {
    "first_scan": FIRST_SCAN,
    "picked up": FIRST_SCAN,
    "pick up": FIRST_SCAN,
    "collected": FIRST_SCAN,
    "accepted": FIRST_SCAN,
    "已揽收": FIRST_SCAN,
    "揽收": FIRST_SCAN,
    "in_transit": IN_TRANSIT,
    "in transit": IN_TRANSIT,
    "运输中": IN_TRANSIT,
    "delivered": DELIVERED,
    "signed": DELIVERED,
    "已签收": DELIVERED,
    "签收": DELIVERED,
    "exception": EXCEPTION,
    "failed": EXCEPTION,
    "异常": EXCEPTION,
    "returned": RETURNED,
    "return to sender": RETURNED,
    "退回": RETURNED,
}
"""Words of tracking files, in any case. Another word is kept as the event's kind and shown; it moves nothing."""


class EventIn(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a tracking file: waybill number, kind, instant, the carrier's text and place."""

    number: str
    kind: str
    at: int
    text: str = ""
    place: str = ""
    row: int | None = None
