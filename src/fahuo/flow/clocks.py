"""From orders to clocks: the facts the deadline rules need, and the rows and the binding due time that come back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from fahuo.catalogue.model import Shop, Warehouse
from fahuo.deadlines.model import CLOCK, CLOCKS, PARTY, PLATFORM_FIELDS, Clocks, Extension, Facts
from fahuo.deadlines.packs import RuleBook
from fahuo.deadlines.rules import compute
from fahuo.deadlines.service import ClockValues
from fahuo.kernel.instant import NONE
from fahuo.orders.journey import is_history
from fahuo.orders.model import CANCELLED, UNPAID

_SELLER = PARTY["seller"]
_BINDING = frozenset({CLOCK["ready_to_ship"], CLOCK["first_scan"]})


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

    rows: list[tuple[int, int, int, int, int, int | None, str, str]]
    due_at: int | None
    due_clock: str | None
    pack: str | None
    why: str | None


NOT_PAID: Final = Timing([], None, None, None, "not paid yet")


def iso_region(place: Warehouse | None) -> str:
    """ISO 3166-2 region of a warehouse when its region is written as a code (MY-02), else ''."""
    return place.region if place is not None and "-" in place.region else ""


def _column(values: Iterable[int | None]) -> NDArray[np.int64]:
    return np.array([NONE if value is None else value for value in values], dtype=np.int64)


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
        field: _column(order.platform_times.get(field) for order in orders)
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
        handling_days=_column(order.handling_days for order in orders),
        created_at=_column(order.created_at for order in orders),
        paid_at=_column(order.paid_at for order in orders),
        awaiting_at=_column(order.awaiting_at for order in orders),
        ready_at=_column(order.arranged_at for order in orders),
        first_scan_at=_column(order.first_scan_at for order in orders),
        delivered_at=_column(order.delivered_at for order in orders),
        cancelled_at=_column(order.cancelled_at for order in orders),
        release_at=_column(order.release_at for order in orders),
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
    signs = (order.paid_at, order.awaiting_at, order.arranged_at, order.first_scan_at)
    return order.state == CANCELLED and not order.is_cod and all(at is None for at in signs)


def _due(order: Timed, timing: Timing) -> Timing:
    if order.state == UNPAID or _never_paid(order):
        return NOT_PAID
    if timing.due_at is not None and is_history(order.state, order.fulfillment_type, order.shipping_type):
        return timing._replace(due_at=None, due_clock=None)
    return timing


def per_order(clocks: Clocks, n: int, book: RuleBook) -> list[Timing]:
    """Group clock rows by order; find the seller's binding one (the earliest not stopped yet) and the order's pack.

    Where several packs have a say, the order's pack is the one whose clock counts for the late dispatch rate.
    """
    counting = {(book.packs[rule.pack].id, rule.id) for rule in book.rules if rule.late_rate}
    rows: list[list[tuple[int, int, int, int, int, int | None, str, str]]] = [[] for _ in range(n)]
    due: list[int | None] = [None] * n
    binding: list[int | None] = [None] * n
    packs: list[str | None] = [None] * n
    for row in clocks.rows():
        order, clock, party, _, due_at, _, met, pack, rule = row
        rows[order].append(row[1:])
        if pack and (packs[order] is None or (pack, rule) in counting):
            packs[order] = pack
        if party == _SELLER and met is None and clock in _BINDING:
            soonest = due[order]
            if soonest is None or due_at < soonest:
                due[order], binding[order] = due_at, clock
    names = [None if clock is None else CLOCKS[clock] for clock in binding]
    return [Timing(rows[i], due[i], names[i], packs[i], clocks.unmatched.get(i)) for i in range(n)]


def clock_rows(ids: Sequence[int], timings: Sequence[Timing]) -> list[ClockValues]:
    """Rows for the clocks table."""
    return [(id_, *row) for id_, timing in zip(ids, timings, strict=True) for row in timing.rows]
