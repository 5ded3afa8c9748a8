"""The platform's own deadline fields of an order, by market profile (sections 4.3, 4.8 and 10 of the reference).

They come from the deadlines engine and its rule packs: what Fahuo would compute where the platform is silent is what
the sandbox's platform says. A profile is a list of packs, the first that has a clock gives it:

- SEA local: the packs of the market, `vn-local-2024` proven by nine live orders. Thailand follows Viet Nam in the
  arranging limit (16:00) and everywhere else.
- UK, EU: arranging and delivery by the market's pack; the first scan (3 working days) and delivery of
  platform-shipped parcels by the pattern of Ireland, confidence C.
- US: no separate limit for arranging is known, so it equals the one for the first scan, as in the samples.
- JP, LATAM, other cross-border: where no pack speaks, the pattern of the EU, confidence D.
- Cross-border SEA: the automatic cancels are not published; a day after the limits, invented.

A limit for arranging that ends before the order may be arranged (a card order late in the evening rests on hold until
the next day) gives way to the one for the scan: how the platform writes it is not known.

Pre-orders and goods made to order without a pack of their own count from release, or from the end of the handling time.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from fahuo.deadlines.model import CLOCKS, Facts
from fahuo.deadlines.packs import RuleBook, load_book
from fahuo.deadlines.rules import compute
from fahuo.kernel.arrays import Ints
from fahuo.sandbox.markets import DAY, REMORSE, SEA
from fahuo.sandbox.model import Order, Shop

_SLOT: Final = 900
"""Cut-offs, midnights and zones all lie on quarters of an hour."""
_SLOTS: Final = DAY // _SLOT

_FIELDS: Final = {
    "ready_to_ship": "rts_sla_time",
    "first_scan": "tts_sla_time",
    "auto_cancel_not_ready": "shipping_due_time",
    "auto_cancel_not_collected": "collection_due_time",
    "auto_cancel": "cancel_order_sla_time",
    "deliver_by": "delivery_sla_time",
}
_PAID_LATE: Final = 3_600
_ARRANGED_BY_SCAN: Final = frozenset({"US", "JP"})
"""No limit for arranging is published: it equals the one for the first scan."""


class Profile(NamedTuple):
    """Whose rules: what the engine is told besides the instant."""

    market: str
    cross_border: bool
    own: bool
    order_type: str = "NORMAL"
    handling_days: int = 0
    handling_type: str = ""


class _Limit(NamedTuple):
    """An instant; `after` makes it seconds after the start, for rules that count hours."""

    value: int
    after: bool


_Slot = dict[str, _Limit]
"""The clocks that start in a quarter of an hour."""


def limits_of(shop: Shop, order: Order) -> dict[str, int]:
    """The deadline fields of an order that is Awaiting Shipment since `awaiting_at`; unknown ones are left out."""
    profile, release = Profile(shop.region, shop.cross_border, order.own), None
    if order.kind != "NORMAL":
        handling = order.body.get("handling_duration", {})
        release = order.body.get("release_date")
        days = 0 if release else int(handling.get("days", 0))
        profile = profile._replace(order_type=order.kind, handling_days=days, handling_type=handling.get("type", ""))
    return deadlines(profile, _counted_from(order), order.awaiting_at or order.created, release)


def _counted_from(order: Order) -> int:
    """When it was placed; where the buyer paid long after, when he paid: nobody is late before that (assumed, D)."""
    paid = order.awaiting_at is not None and not order.cod and order.awaiting_at - REMORSE
    return paid if paid and paid - order.created > _PAID_LATE else order.created


def arranged_limits(order: Order) -> dict[str, int | None]:
    """What changes once everything is arranged: the automatic cancel waits for collection (4.8), if for anything."""
    return {"cancel_order_sla_time": order.body.get("collection_due_time")}


def deadlines(profile: Profile, created: int, awaiting: int, release: int | None = None) -> dict[str, int]:
    """The platform's fields for an order of that profile, by these events."""
    clocks: dict[str, int] = {}
    for pack in _packs(profile):
        for clock, due in _by_pack(profile, pack, created, awaiting, release).items():
            clocks.setdefault(clock, due)
        if pack is None and profile.market in _ARRANGED_BY_SCAN and "first_scan" in clocks:
            clocks.setdefault("ready_to_ship", clocks["first_scan"])
    found = {_FIELDS[clock]: due for clock, due in clocks.items() if clock in _FIELDS}
    _complete(profile, found)
    if found.get("rts_sla_time", awaiting + 1) <= awaiting:
        found["rts_sla_time"] = found["tts_sla_time"]
    return found


def _complete(profile: Profile, found: dict[str, int]) -> None:
    """Fields that follow from other fields."""
    sea = profile.market in SEA
    scan = found.get("tts_sla_time")
    if scan is not None and found.get("rts_sla_time", scan) > scan:
        found["rts_sla_time"] = scan
    if profile.cross_border and sea and scan is not None:
        found.setdefault("shipping_due_time", found.get("rts_sla_time", scan) + DAY)
        found.setdefault("collection_due_time", max(scan, found["shipping_due_time"]) + DAY)
    for field in ("shipping_due_time", "collection_due_time"):
        if field in found:
            found.setdefault("cancel_order_sla_time", found[field])
    if sea and scan is not None:
        found["recommended_shipping_time"] = scan * 1_000


def _packs(profile: Profile) -> tuple[str | None, ...]:
    """Rule packs in the order they are asked; None: the ones the engine itself chooses."""
    if profile.market in SEA:
        return (None,) if profile.cross_border else (None, "vn-local-2024")
    if profile.market == "US":
        return (None, "us-local-2026") if profile.cross_border else (None,)
    return None, "ie-local"


def _by_pack(profile: Profile, pack: str | None, created: int, awaiting: int, release: int | None) -> dict[str, int]:
    starts = {"created": created, "awaiting_shipment": awaiting}
    if release is not None:
        starts["release"] = release
    found = _due(profile, pack, starts)
    if found or profile.order_type == "NORMAL":
        return found
    late = (release - created) if release is not None else profile.handling_days * DAY
    plain = Profile(profile.market, profile.cross_border, profile.own)
    return _due(plain, pack, {"created": created + late, "awaiting_shipment": max(awaiting, created + late)})


def _due(profile: Profile, pack: str | None, starts: dict[str, int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for event, at in starts.items():
        day, second = divmod(at, DAY)
        for clock, limit in _table(profile, pack, event, day)[second // _SLOT].items():
            found[clock] = limit.value + at if limit.after else limit.value
    return found


@lru_cache(maxsize=1_024)
def _table(profile: Profile, pack: str | None, event: str, day: int) -> tuple[_Slot, ...]:
    """The clocks of each quarter of a UTC day, for orders of which only that event is known.

    The engine is asked for the first two seconds of each quarter: a limit that moves with them counts hours.
    """
    at = (day * DAY + np.arange(_SLOTS, dtype=np.int64) * _SLOT).repeat(2)
    at[1::2] += 1
    clocks = compute(_facts(profile, pack, event, at), _book())
    pairs: dict[tuple[int, int], list[int]] = {}
    for order, clock, due in zip(clocks.order.tolist(), clocks.clock.tolist(), clocks.due.tolist(), strict=True):
        pairs.setdefault((order // 2, clock), []).append(due)
    slots: list[_Slot] = [{} for _ in range(_SLOTS)]
    for (slot, clock), (first, *second) in pairs.items():
        moves = bool(second) and second[0] == first + 1
        slots[slot][CLOCKS[clock]] = _Limit(first - int(at[2 * slot]) if moves else first, moves)
    return tuple(slots)


def _facts(profile: Profile, pack: str | None, event: str, at: Ints) -> Facts:
    n = len(at)
    facts = Facts.of(
        n,
        market=[profile.market] * n,
        seller_type=["cross_border" if profile.cross_border else "local"] * n,
        shipping_type=["SELLER" if profile.own else "TIKTOK"] * n,
        order_type=[profile.order_type] * n,
        pack=[pack] * n,
    )
    column = facts.event(event)
    if column is None:
        raise ValueError(f"the engine has no event {event!r}")
    column[:] = at
    if profile.handling_days:
        facts.handling_days = np.full(n, profile.handling_days, dtype=np.int64)
        facts.handling_type = [profile.handling_type or None] * n
    return facts


@lru_cache(maxsize=1)
def _book() -> RuleBook:
    return load_book()
