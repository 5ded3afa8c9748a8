"""From orders to clocks: the facts the deadline rules need, and the rows and the binding due time that come back."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from fahuo.catalogue.model import Shop, Warehouse
from fahuo.deadlines.model import CLOCK, CLOCKS, PARTY, PLATFORM_FIELDS, Clocks, ClockValues, Extension, Facts
from fahuo.deadlines.packs import RuleBook
from fahuo.deadlines.rules import compute
from fahuo.deadlines.service import OrderClocks
from fahuo.kernel.instant import NONE
from fahuo.orders.journey import is_history
from fahuo.orders.model import CANCELLED, UNPAID

_SELLER = PARTY["seller"]
_BINDING = (CLOCK["ready_to_ship"], CLOCK["first_scan"])


class Timed(Protocol):
    """What the clocks need to know of an order; both the incoming order and the stored one have it."""

    state: str
    is_cod: bool
    market: str
    order_type: str
    shipping_type: str
    fulfillment_type: str
    handling_days: int | None
    handling_type: str | None
    created_at: int | None
    paid_at: int | None
    awaiting_at: int | None
    arranged_at: int | None
    handed_over_at: int | None
    first_scan_at: int | None
    delivered_at: int | None
    cancelled_at: int | None
    release_at: int | None
    platform_times: dict[str, int]


class Timing(NamedTuple):
    """Clocks of one order: rows without the order id, the seller's binding clock, the pack, why there is none."""

    rows: list[ClockValues]
    due_at: int | None
    due_clock: str | None
    pack: str | None
    why: str | None


NOT_PAID: Final = Timing([], None, None, None, "not paid yet")


def iso_region(place: Warehouse | None) -> str:
    """ISO 3166-2 region of a warehouse when its region is written as a code (MY-02), else ''."""
    return place.region if place is not None and "-" in place.region else ""


def _column(values: list[int | None]) -> NDArray[np.int64]:
    missing = values.count(None)
    if missing == len(values):
        return np.full(missing, NONE, dtype=np.int64)
    return np.array([NONE if value is None else value for value in values] if missing else values, dtype=np.int64)


Scans = Sequence[tuple[int | None, int | None]]
"""(first scan by the domestic courier, taken in at the sorting warehouse) of each order."""


def facts_of(orders: Sequence[Timed], shop: Shop, regions: Sequence[str], scans: Scans = ()) -> Facts:
    """Columns for the clock engine. `regions`: ISO region of the warehouse each order leaves from, '' if not known."""
    n = len(orders)
    events = {"handed_over": [order.handed_over_at for order in orders]}
    if scans:
        events |= {"domestic_scan": [one for one, _ in scans], "consolidation_in": [one for _, one in scans]}
    named = {field for order in orders for field in order.platform_times}
    platform = {
        field: _column([order.platform_times.get(field) for order in orders])
        for field in PLATFORM_FIELDS
        if field in named
    }
    return Facts(
        market=[order.market or shop.market for order in orders],
        seller_type=[shop.seller_type] * n,
        shipping_type=[order.shipping_type for order in orders],
        order_type=[order.order_type for order in orders],
        origin_region=regions,
        pack=[shop.pack] * n,
        handling_type=[order.handling_type for order in orders],
        handling_days=_column([order.handling_days for order in orders]),
        created_at=_column([order.created_at for order in orders]),
        paid_at=_column([order.paid_at for order in orders]),
        awaiting_at=_column([order.awaiting_at for order in orders]),
        ready_at=_column([order.arranged_at for order in orders]),
        first_scan_at=_column([order.first_scan_at for order in orders]),
        delivered_at=_column([order.delivered_at for order in orders]),
        cancelled_at=_column([order.cancelled_at for order in orders]),
        release_at=_column([order.release_at for order in orders]),
        platform=platform,
        events={name: _column(times) for name, times in events.items() if any(at is not None for at in times)},
    )


def time_orders(
    orders: Sequence[Timed],
    shop: Shop,
    regions: Sequence[str],
    book: RuleBook,
    extensions: Sequence[Extension],
    scans: Scans = (),
) -> list[Timing]:
    """All clocks of a batch in one call of the rules, one Timing an order.

    Before payment none runs for the seller; what is finished, or was never ours to dispatch, is not due any more.
    """
    timings = per_order(compute(facts_of(orders, shop, regions, scans), book, extensions), len(orders), book)
    return [_due(order, timing) for order, timing in zip(orders, timings, strict=True)]


def _never_paid(order: Timed) -> bool:
    """Cancelled without a sign of payment: the buyer never paid, so nobody was ever to send anything."""
    if order.state != CANCELLED or order.is_cod:
        return False
    return order.paid_at is order.awaiting_at is order.arranged_at is order.first_scan_at is None


def _due(order: Timed, timing: Timing) -> Timing:
    if order.state == UNPAID or _never_paid(order):
        return NOT_PAID
    if timing.due_at is not None and is_history(order.state, order.fulfillment_type, order.shipping_type):
        return timing._replace(due_at=None, due_clock=None)
    return timing


def per_order(clocks: Clocks, n: int, book: RuleBook) -> list[Timing]:
    """Group clock rows by order; find the seller's binding one (the earliest not stopped yet) and the order's pack."""
    values = clocks.values()
    ends = np.searchsorted(clocks.order, np.arange(n + 1)).tolist()
    rows = [values[lo:hi] for lo, hi in pairwise(ends)]
    packs = [*book.pack_ids, None]
    pack = [packs[i] for i in _packs(clocks, n, book).tolist()]
    return list(map(Timing, rows, *_binding(clocks, n), pack, map(clocks.unmatched.get, range(n))))


def _binding(clocks: Clocks, n: int) -> tuple[list[int | None], list[str | None]]:
    """When the seller's binding clock ends, and which it is, for each order."""
    due: list[int | None] = [None] * n
    names: list[str | None] = [None] * n
    may = np.flatnonzero((clocks.party == _SELLER) & (clocks.met == NONE) & np.isin(clocks.clock, _BINDING))
    columns = (clocks.order, clocks.clock, clocks.due)
    for order, clock, at in zip(*(column[may].tolist() for column in columns), strict=True):
        soonest = due[order]
        if soonest is None or at < soonest:
            due[order], names[order] = at, CLOCKS[clock]
    return due, names


def _packs(clocks: Clocks, n: int, book: RuleBook) -> NDArray[np.int16]:
    """The pack of each order, -1 for none: of several the one whose clock counts for the late dispatch rate."""
    late = {rule.id for rule in book.rules if rule.late_rate}
    counts = np.array([rule.id in late for rule in book.rules], dtype=np.bool_)
    ruled = np.flatnonzero(clocks.rule >= 0)
    counting = ruled[counts[clocks.rule[ruled]]]
    packs = np.full(n, -1, dtype=np.int16)
    for rows in (ruled[::-1], counting):  # what is written last stands: an order's first pack, over it what counts
        packs[clocks.order[rows]] = clocks.pack[rows]
    return packs


def clock_rows(ids: Sequence[int], timings: Sequence[Timing]) -> list[OrderClocks]:
    """Rows for the clocks table."""
    return [(id_, timing.rows) for id_, timing in zip(ids, timings, strict=True)]
