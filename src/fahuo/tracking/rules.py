"""What a batch of events says about parcels: the first scan, the delivery. Pure; order and repetition do not matter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from fahuo.tracking.model import DELIVERED, FIRST_SCAN, IN_TRANSIT, EventIn


class Seen(NamedTuple):
    """Earliest first scan and delivery known of a parcel; None while there is none."""

    first_scan_at: int | None
    delivered_at: int | None


def fold(events: Iterable[EventIn], known: Seen) -> Seen:
    """Add events to what is known. Any movement proves that the carrier has scanned the parcel; the earliest counts."""
    scan, delivered = known
    for event in events:
        if event.kind in (FIRST_SCAN, IN_TRANSIT, DELIVERED) and (scan is None or event.at < scan):
            scan = event.at
        if event.kind == DELIVERED and (delivered is None or event.at < delivered):
            delivered = event.at
    return Seen(scan, delivered)
