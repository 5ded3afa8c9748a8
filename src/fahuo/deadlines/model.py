"""Records of the deadlines station: the facts that go in, the clocks that come out, announced extensions.

Instants are epoch seconds UTC in int64 arrays, `NONE` where unknown. A clock is met when its stop event happens
at or before the due second (`event <= due`); one second later it is missed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, ClassVar

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from fahuo.kernel.arrays import Ints, to_optional
from fahuo.kernel.instant import NONE

Codes = NDArray[np.int8]
Indexes = NDArray[np.int16]

ClockValues = tuple[int, int, int, int, int, int | None, str, str]
"""(clock, party, starts, due, source, met, pack, rule) of one order."""

CLOCKS = (
    "ready_to_ship",
    "first_scan",
    "carrier_pickup",
    "auto_cancel_not_ready",
    "auto_cancel_not_collected",
    "auto_cancel",
    "deliver_by",
)
PARTIES = ("seller", "carrier", "platform", "buyer")
SOURCES = ("pack", "platform")
OUTCOMES = ("running", "met", "missed", "cancelled")
"""`cancelled`: the order was cancelled before the clock ran out, so nobody can miss it any more."""
CLOCK = {name: code for code, name in enumerate(CLOCKS)}
PARTY = {name: code for code, name in enumerate(PARTIES)}

CLOCK_PARTY = ("seller", "seller", "carrier", "platform", "platform", "platform", "carrier")
"""Who acts when a rule does not say: at an automatic cancel it is the platform that acts."""
CLOCK_STOP = ("ready", "first_scan", "first_scan", "ready", "first_scan", "first_scan", "delivered")

EVENTS = ("created", "paid", "awaiting_shipment", "ready", "first_scan", "delivered", "release")
"""Events with a column of their own; other names are looked up in `Facts.events`."""
EXTRA_EVENTS = ("handed_over", "domestic_scan", "consolidation_in")
"""Scans a rule pack may choose by its setting `scan` instead of the first scan of any carrier."""
FIELDS = {
    "created": "created_at",
    "paid": "paid_at",
    "awaiting_shipment": "awaiting_shipment_at",
    "ready": "ready_at",
    "first_scan": "first_scan_at",
    "delivered": "delivered_at",
    "release": "release_at",
    "handed_over": "handed_over_at",
    "domestic_scan": "domestic_scan_at",
    "consolidation_in": "consolidation_in_at",
}
"""The field of the JSON line that carries each event."""

PLATFORM_FIELDS = {
    "rts_sla_time": "ready_to_ship",
    "tts_sla_time": "first_scan",
    "pick_up_cut_off_time": "first_scan",
    "shipping_due_time": "auto_cancel_not_ready",
    "collection_due_time": "auto_cancel_not_collected",
    "cancel_order_sla_time": "auto_cancel",
    "delivery_sla_time": "deliver_by",
}
"""The platform's own limits and their clocks. Where two name one clock, the earlier counts."""

ORDER_TYPES = ("NORMAL", "ZERO_LOTTERY", "PRE_ORDER", "MADE_TO_ORDER", "BACK_ORDER")


def _none(n: int) -> Ints:
    return np.full(n, NONE, dtype=np.int64)


@dataclass
class Facts:
    """Columns for n orders. Lists hold text, arrays int64 with NONE = unknown.

    `market` ISO 3166-1 alpha-2 or a market alias (UK); `seller_type` local | cross_border; `shipping_type` TIKTOK |
    SELLER; `handling_type` BUSINESS_DAY | CALENDAR_DAY | None (= business days); `pack` forces a rule pack by id.
    `platform` holds the platform's own limits by field name (absent = none given); `events` further scans by name.
    """

    market: Sequence[str]
    seller_type: Sequence[str]
    shipping_type: Sequence[str]
    order_type: Sequence[str]
    origin_region: Sequence[str]
    pack: Sequence[str | None]
    handling_type: Sequence[str | None]
    handling_days: Ints
    created_at: Ints
    paid_at: Ints
    awaiting_at: Ints
    ready_at: Ints
    first_scan_at: Ints
    delivered_at: Ints
    cancelled_at: Ints
    release_at: Ints
    platform: dict[str, Ints] = field(default_factory=dict)
    events: dict[str, Ints] = field(default_factory=dict)

    TEXTS: ClassVar[tuple[str, ...]] = (
        "market",
        "seller_type",
        "shipping_type",
        "order_type",
        "origin_region",
        "pack",
        "handling_type",
    )

    @classmethod
    def of(cls, n: int, **columns: Any) -> "Facts":
        """Facts for n orders; columns not given are unknown (order type NORMAL, local, platform shipping)."""
        texts = {"market": "", "seller_type": "local", "shipping_type": "TIKTOK", "order_type": "NORMAL"}
        texts["origin_region"] = ""
        values: dict[str, Any] = {name: [texts.get(name)] * n for name in cls.TEXTS}
        instants = [f.name for f in fields(cls) if f.name not in (*cls.TEXTS, "platform", "events")]
        values |= {name: _none(n) for name in instants}
        return cls(**{**values, **columns})

    def __len__(self) -> int:
        return len(self.created_at)

    def part(self, lo: int, hi: int) -> "Facts":
        """Orders lo..hi (half-open); arrays are views."""
        columns: dict[str, Any] = {
            name: {k: v[lo:hi] for k, v in value.items()} if isinstance(value, dict) else value[lo:hi]
            for name, value in self.__dict__.items()
        }
        return Facts(**columns)

    def event(self, name: str) -> Ints | None:
        """The column of an event; None when these facts do not carry it at all."""
        if name in EVENTS:
            column: Ints = getattr(self, "awaiting_at" if name == "awaiting_shipment" else f"{name}_at")
            return column
        return self.events.get(name)


@dataclass
class Clocks:
    """One row per order and clock, ordered by order then clock. `rule` and `pack` are -1 where no pack has a say."""

    order: Ints
    clock: Codes
    party: Codes
    starts: Ints
    due: Ints
    met: Ints
    """When the stop event happened, before or after the due second; NONE = not yet."""
    ended: Ints
    """When the order was cancelled; NONE = it was not."""
    band: Ints
    """The lower band of a rule that has one (deliver-by 10 to 15 days: the 10th); NONE = no band."""
    source: Codes
    pack: Indexes
    rule: Indexes
    unmatched: dict[int, str]
    """Orders without any clock, and why (English)."""
    pack_ids: Sequence[str] = ()
    rule_ids: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.order)

    def outcome(self, now: int) -> Codes:
        """Index into OUTCOMES per row, as things stand at `now`."""
        last = np.where(self.met != NONE, self.met, now)
        cancelled = (self.met == NONE) & (self.ended != NONE) & (self.ended <= self.due)
        out = np.where(last > self.due, 2, np.where(self.met != NONE, 1, 0))
        return np.where(cancelled, 3, out).astype(np.int8)

    def rows(self) -> list[tuple[int, int, int, int, int, int, int | None, str, str]]:
        """(order, clock, party, starts, due, source, met or None, pack id, rule id) per row, plain Python values.

        Ids are '' where only the platform's own field has a say.
        """
        return list(zip(self.order.tolist(), *self._columns(), strict=True))

    def values(self) -> list[ClockValues]:
        """The same without the order."""
        return list(zip(*self._columns(), strict=True))

    def _columns(
        self,
    ) -> tuple[list[int], list[int], list[int], list[int], list[int], list[int | None], list[str], list[str]]:
        packs, rules = (*self.pack_ids, ""), (*self.rule_ids, "")  # index -1 is ''
        return (
            self.clock.tolist(),
            self.party.tolist(),
            self.starts.tolist(),
            self.due.tolist(),
            self.source.tolist(),
            to_optional(self.met),
            [packs[p] for p in self.pack.tolist()],
            [rules[r] for r in self.rule.tolist()],
        )


class Extension(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """More time announced by the platform, for clocks that start in [start_from, start_to).

    Either `closed` dates on `calendar` (they stop counting as working days), or `amount` of `unit`
    (hour | calendar_day | business_day) more for `market`. Limits that the platform itself states are left alone.
    """

    id: str
    source: str
    source_date: date
    confidence: str = "B"
    start_from: int
    start_to: int
    market: str = ""
    seller_type: str = ""
    clocks: tuple[str, ...] = ()
    calendar: str = ""
    closed: tuple[date, ...] = ()
    amount: int = 0
    unit: str = "business_day"
    why: str = ""

    def __post_init__(self) -> None:
        if bool(self.closed) == bool(self.amount):
            raise ValueError("an extension has either closed dates or an amount")
        if self.closed and not self.calendar:
            raise ValueError("closed dates need the calendar they apply to")
        if self.amount < 0 or self.unit not in ("hour", "calendar_day", "business_day"):
            raise ValueError("an extension gives a positive number of hour, calendar_day or business_day")
        if self.amount and not self.market:
            raise ValueError("more time needs the market it applies to")
        if self.start_to <= self.start_from:
            raise ValueError("start_to must lie after start_from")
        if not set(self.clocks) <= set(CLOCKS):
            raise ValueError(f"clocks must be among {', '.join(CLOCKS)}")
