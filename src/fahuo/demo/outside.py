"""Everybody who is not the seller: buyers who order and cancel, the platform that keeps the orders, carriers that scan.

What the seller may know leaves only as exports and tracking files. Orders are those of `fahuo.generate`; from then on
the platform's object is kept here and changes as the platform would change it.
"""

from __future__ import annotations

import csv
import heapq
import io
from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from fahuo.demo.house import BRANCHES
from fahuo.documents.label import Label, Party
from fahuo.generate.draws import BLOCK, STATES, Draw, draw
from fahuo.generate.markets import MARKETS
from fahuo.generate.press import Options, Press
from fahuo.kernel.instant import local, zone
from fahuo.orders.model import (
    AWAITING_COLLECTION,
    AWAITING_SHIPMENT,
    BY_SELLER,
    CANCELLED,
    DELIVERED,
    IN_TRANSIT,
    ON_HOLD,
    SHIPPING_SELLER,
    UNPAID,
)

MINUTE, HOUR, DAY = 60, 3_600, 86_400
REMORSE_S: Final = 61 * MINUTE
_RHYTHM: Final = (2, 1, 1, 1, 1, 2, 3, 4, 5, 5, 5, 6, 7, 6, 5, 5, 5, 6, 7, 9, 11, 11, 8, 4)
"""Orders by the buyer's local hour: little at night, a hill at noon, a peak in the evening. Invented."""
_OFFICE_NEEDS_S: Final = 9 * HOUR
"""The office sleeps; what comes free in the evening is arranged in the morning."""
_UNPAID, _CANCELS = 0.03, 0.025
_PROMPT_FROM: Final = 0.03
"""Draws below are pre-orders and goods made to order."""
_TRANSIT_DAYS: Final = {"VN": (1.0, 3.0), "TH": (1.0, 3.0), "US": (2.0, 5.0), "GB": (1.0, 3.0), "MY": (5.0, 9.0)}


class Ticket(msgspec.Struct):
    """An order as the platform holds it."""

    branch: int
    number: int
    body: dict[str, Any]
    draw: Draw
    given: str = ""
    """The waybill number, once there is one."""
    gone: bool = False
    """A carrier has taken the parcel."""

    @property
    def own(self) -> bool:
        """Whether the seller ships it with a carrier of its own."""
        return bool(self.body["shipping_type"] == SHIPPING_SELLER)


class Event(NamedTuple):
    """Something that happens outside at an instant."""

    at: int
    serial: int
    what: str
    id: str


class Outside:
    """The world at one instant; `live` moves it on. All chance comes from the seed."""

    def __init__(self, seed: int, per_day: int) -> None:
        self.tickets: dict[str, Ticket] = {}
        self._seed, self._per_day = seed, per_day
        self._presses = [
            Press(b.market, list(MARKETS).index(b.market) + 10, _options(b.seller_type == "cross_border"))
            for b in BRANCHES
        ]
        self._made = [0] * len(BRANCHES)
        self._draws: dict[int, list[Draw]] = {}
        self._days: set[int] = set()
        self._events: list[Event] = []
        self._serial = count()
        self._told: list[dict[str, None]] = [{} for _ in BRANCHES]
        self._scans: list[tuple[str, str, int]] = []
        self._rng = np.random.default_rng([seed, 1])

    def live(self, since: int, until: int) -> None:
        """Let everything happen that happens from `since` up to before `until`."""
        for day in range(since // DAY, (until - 1) // DAY + 1):
            if day not in self._days:
                self._days.add(day)
                self._buyers(day, since)
        while self._events and self._events[0].at < until:
            event = heapq.heappop(self._events)
            getattr(self, f"_on_{event.what}")(self.tickets[event.id], event.at)

    # --- what leaves the platform ------------------------------------------------------------------------------

    def export(self, branch: int) -> list[bytes]:
        """The orders of a shop that changed since the last export, a JSON object each."""
        ids, self._told[branch] = self._told[branch], {}
        return [msgspec.json.encode(self.tickets[id_].body) for id_ in ids]

    def scans(self) -> list[tuple[str, str, int]]:
        """(number, event, instant) of own parcels since the last call, as their carriers tell the seller."""
        seen, self._scans = self._scans, []
        return seen

    # --- what the seller does there ----------------------------------------------------------------------------

    def arrange(self, ids: Iterable[str], at: int) -> list[Label]:
        """Arrange shipment of platform-shipped orders: a number and a label each. Orders that may not are left out."""
        labels = []
        for id_ in ids:
            ticket = self.tickets[id_]
            if ticket.body["status"] != AWAITING_SHIPMENT or ticket.body.get("is_buyer_request_cancel"):
                continue
            market = BRANCHES[ticket.branch].market
            ticket.given = f"{market}{ticket.number:012d}"
            self._ready(ticket, MARKETS[market].carrier, at)
            labels.append(_label(ticket, MARKETS[market].carrier))
        return labels

    def upload(self, shipped: bytes, at: int) -> int:
        """Take the seller's shipped-file; how many orders it moved on."""
        moved = 0
        for row in csv.DictReader(io.StringIO(shipped.decode("utf-8-sig"))):
            ticket = self.tickets[row["Order ID"]]
            if ticket.body["status"] == AWAITING_SHIPMENT:
                ticket.given = row["Tracking ID"]
                self._ready(ticket, row["Shipping Provider Name"], at)
                moved += 1
        return moved

    def agree_to_cancel(self, id_: str, at: int) -> None:
        """The seller agrees to the cancellation the buyer asked for."""
        self._on_cancel(self.tickets[id_], at)

    def collect(self, parcels: Iterable[tuple[str, str]], at: int) -> None:
        """A carrier takes these parcels (order, waybill number); each is scanned within the hour and a half."""
        for id_, number in parcels:
            ticket = self.tickets[id_]
            ticket.given, ticket.gone = number, True
            self._later(at + 20 * MINUTE + int(self._rng.random() * 70 * MINUTE), "scan", id_)

    def status(self, id_: str) -> str:
        """The platform's word for the order."""
        return str(self.tickets[id_].body["status"])

    # --- what happens ------------------------------------------------------------------------------------------

    def _buyers(self, day: int, since: int) -> None:
        """Draw the orders of a UTC day, spread over each market's own hours; those before `since` were never made."""
        for index, branch in enumerate(BRANCHES):
            rng = np.random.default_rng([self._seed, 2, day, index])
            offset = int(local(day * DAY, zone(MARKETS[branch.market].zone)).utcoffset().total_seconds()) // HOUR  # type: ignore[union-attr]  # always aware
            weights = np.array([_RHYTHM[(hour + offset) % 24] for hour in range(24)], dtype=float)
            orders = int(rng.poisson(self._per_day * branch.share))
            hours = rng.choice(24, size=orders, p=weights / weights.sum())
            for at in sorted((day * DAY + hours * HOUR + rng.integers(0, HOUR, orders)).tolist()):
                if at >= since:
                    self._order(index, int(at), rng)

    def _order(self, branch: int, at: int, rng: np.random.Generator) -> None:
        serial = self._made[branch]
        self._made[branch] += 1
        if serial % BLOCK == 0:
            self._draws[branch] = draw(self._seed * 10 + branch, serial // BLOCK, 1, 0.0)
        # Pre-orders and goods made to order would leave after more days than a demonstration is watched.
        d = self._draws[branch][serial % BLOCK]
        d = d._replace(kind=max(d.kind, _PROMPT_FROM))
        number = (self._seed % 9_000) * 10**12 + branch * 10**10 + serial
        # Who pays the carrier at the door has nothing to pay before.
        paid = bool(rng.random() >= _UNPAID) or d.cod < MARKETS[BRANCHES[branch].market].cod
        body = self._body(branch, number, d, ON_HOLD if paid else UNPAID, at)
        ticket = Ticket(branch, number, body, d)
        id_ = str(body["id"])
        self.tickets[id_] = ticket
        self._later(at, "place", id_)
        if not paid:
            self._later(at + DAY, "unpaid", id_)
            return
        self._later(at + REMORSE_S, "await", id_)
        if rng.random() < _CANCELS:
            self._later(at + int((0.2 + 12 * rng.random()) * HOUR), "cancel", id_)
        elif body["fulfillment_type"] != BY_SELLER:
            self._later(at + int((8 + 12 * rng.random()) * HOUR), "scan", id_)

    def _body(self, branch: int, number: int, d: Draw, state: str, created: int) -> dict[str, Any]:
        """The platform's object of an order created then and seen in that state."""
        press = self._presses[branch]
        seen = {UNPAID: created, ON_HOLD: created + 2 * MINUTE, AWAITING_SHIPMENT: created + 75 * MINUTE}[state]
        press.options = press.options._replace(now=seen)
        body: dict[str, Any] = msgspec.json.decode(press.order(number, d._replace(state=STATES.index(state), age=0.0)))
        _spare(body, created + REMORSE_S)
        return body

    def _on_place(self, ticket: Ticket, _: int) -> None:
        self._tell(ticket)

    def _on_await(self, ticket: Ticket, at: int) -> None:
        if ticket.body["status"] == ON_HOLD:
            ticket.body = self._body(ticket.branch, ticket.number, ticket.draw, AWAITING_SHIPMENT, at - REMORSE_S)
            self._tell(ticket)

    def _on_unpaid(self, ticket: Ticket, at: int) -> None:
        self._change(
            ticket, CANCELLED, at, cancel_time=at, cancellation_initiator="SYSTEM", cancel_reason="Not paid in time"
        )

    def _on_cancel(self, ticket: Ticket, at: int) -> None:
        if ticket.body["status"] in (ON_HOLD, AWAITING_SHIPMENT) and not ticket.gone:
            self._change(
                ticket, CANCELLED, at, cancel_time=at, cancellation_initiator="BUYER", cancel_reason="No longer needed"
            )

    def _on_scan(self, ticket: Ticket, at: int) -> None:
        if ticket.body["status"] == CANCELLED:
            return
        self._change(ticket, IN_TRANSIT, at, rts_time=ticket.body.get("rts_time", at), collection_time=at)
        self._carried(ticket, "first_scan", at)
        low, high = _TRANSIT_DAYS[BRANCHES[ticket.branch].market]
        self._later(at + int((low + (high - low) * self._rng.random()) * DAY), "deliver", str(ticket.body["id"]))

    def _on_deliver(self, ticket: Ticket, at: int) -> None:
        paid = {} if ticket.body.get("paid_time") else {"paid_time": at}
        self._change(ticket, DELIVERED, at, delivery_time=at, **paid)
        self._carried(ticket, "delivered", at)

    def _ready(self, ticket: Ticket, carrier: str, at: int) -> None:
        more = {"tracking_number": ticket.given, "shipping_provider": carrier}
        self._change(ticket, AWAITING_COLLECTION, at, rts_time=at, **more)

    def _carried(self, ticket: Ticket, event: str, at: int) -> None:
        if ticket.own and ticket.given:
            self._scans.append((ticket.given, event, at))

    def _change(self, ticket: Ticket, status: str, at: int, **more: Any) -> None:
        ticket.body |= {"status": status, "update_time": at, **more}
        for item in ticket.body["line_items"]:
            item["display_status"] = status
        self._tell(ticket)

    def _tell(self, ticket: Ticket) -> None:
        self._told[ticket.branch][str(ticket.body["id"])] = None

    def _later(self, at: int, what: str, id_: str) -> None:
        heapq.heappush(self._events, Event(at, next(self._serial), what, id_))


def _options(cross_border: bool) -> Options:
    # Across the border the platform ships: what the seller hands over goes to its consolidation warehouse.
    return Options(now=0, days=0.0, cross_border=cross_border, seller_shipping=0.0 if cross_border else None)


def _spare(body: dict[str, Any], free_at: int) -> None:
    """Take back limits for arranging that nobody could keep.

    The seller's own carrier is not arranged with the platform, and an order that rests with the buyer until the day
    is over is arranged the day it leaves. How the platform itself writes the latter is not known to us.
    """
    limit = body.get("rts_sla_time")
    if limit is None or body["shipping_type"] == SHIPPING_SELLER:
        body.pop("rts_sla_time", None)
    elif limit < free_at + _OFFICE_NEEDS_S:
        body["rts_sla_time"] = body["tts_sla_time"]


def _label(ticket: Ticket, carrier: str) -> Label:
    """The platform's label, with the recipient as the platform shows him: masked."""
    to: Mapping[str, Any] = ticket.body["recipient_address"]
    levels = [level["address_name"] for level in to["district_info"][1:]]
    region, city, district = (*levels, "", "", "")[:3]
    branch = BRANCHES[ticket.branch]
    return Label(
        waybill=ticket.given,
        carrier=carrier,
        order_number=str(ticket.body["id"]),
        recipient=Party(
            name=to["name"],
            lines=(to["address_line1"],),
            district=district,
            city=to.get("post_town") or city,
            region=region,
            postal_code=to["postal_code"],
            country=to["region_code"],
            phone=to["phone_number"],
        ),
        seller=Party(name=f"{branch.name} Trading Co.", lines=(branch.warehouse,), country=branch.market),
    )
