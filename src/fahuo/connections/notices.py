"""Notices of the platform: the record, and where one stands.

`order`: orders it names are to be read again. `handed`: waits for the part that takes its kind (after-sale, talks,
products, grants). `done`. `kept`: nobody's matter here (an unknown type or shop), to be seen. `parked`: tried too
often or of no use, a person looks. `malformed`: signed by the platform but unreadable.

    (taken) → order → handed → done
                    ↘ parked → order (a person tries again)

A note with type 0 is our own: an order a pull could not take, or one that somebody wants read again.
"""

from __future__ import annotations

from typing import Final

import msgspec

ORDER, HANDED, DONE, KEPT, PARKED, MALFORMED = "order", "handed", "done", "kept", "parked", "malformed"
STATES: Final = (ORDER, HANDED, DONE, KEPT, PARKED, MALFORMED)
ALSO_HANDED: Final = frozenset({"address", "cancel", "return"})
"""Kinds that another part takes after the order has been read again."""
OWN_NOTE: Final = 0
TAKEN, REPEATED, FORGED, UNREADABLE, UNKNOWN_SHOP, OVERSIZED, BUSY, COMMITS = (
    "taken", "repeated", "forged", "malformed", "unknown_shop", "oversized", "busy", "commits",
)  # fmt: skip
"""What is counted of requests to the receiving address, and of the commits that stored them."""


class Notice(msgspec.Struct, kw_only=True, gc=False):
    """One notice as it came. `notification_id` is the platform's: a replay has the same."""

    seller_id: int = 1
    notification_id: str
    app_key: str = ""
    platform_shop_id: str = ""
    shop_id: int = 0
    """Ours; 0 for a shop we are not connected to."""
    type: int
    kind: str
    ref: str = ""
    order_refs: tuple[str, ...] = ()
    state: str
    sent_at: int = 0
    """The platform's time of the change told; only ever compared with the platform's own times."""
    received_ms: int = 0
    why: str = ""
    body: bytes | None = None


class Waiting(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A stored notice, for whoever works it off. `attempt` counts from 1."""

    id: int
    shop_id: int
    type: int
    kind: str
    ref: str
    order_refs: tuple[str, ...]
    sent_at: int
    received_ms: int
    attempt: int
    notification_id: str
    platform_shop_id: str
    app_key: str = ""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A stored notice as people see it; no personal data."""

    id: int
    notification_id: str
    shop_id: int
    platform_shop_id: str
    type: int
    kind: str
    ref: str
    order_refs: str
    state: str
    sent_at: int
    received_ms: int
    attempts: int
    why: str


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """How often something came to an app's receiving address, and when last."""

    app_key: str
    what: str
    count: int
    last_ms: int
