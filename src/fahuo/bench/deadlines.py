"""`fahuo bench deadlines`: orders with all their clocks per second, beside `numpy.busday_offset` over the same clocks.

Both work through the same orders and the same number of clocks in turns, five times. Ours chooses the rules of each
order (market, seller, dates in force, order type), applies cut-offs and handling times, and says who must act and
whether the clock is met; the raw side is handed start, market and number of days of each clock, sorted by market,
and only goes from UTC to the local date, over the working days, and back to 23:59:59 local in UTC.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from fahuo.deadlines.model import Facts
from fahuo.deadlines.packs import RuleBook, load_book
from fahuo.deadlines.rules import compute
from fahuo.kernel.arrays import DAY, from_local_array, to_local
from fahuo.kernel.instant import NONE, zone

REPEATS = 5
MARKETS = ("US", "GB", "VN", "TH", "MY", "SG", "PH", "ID", "JP", "DE")
_LOCAL_ONLY = ("JP", "DE")
_FIRST = 1_767_225_600  # 2026-01-01
_SEED = 20261121
_HOURS = 24
_CROSS_BORDER, _ARRANGED, _PLAIN_TYPE, _MADE_TO_ORDER = 0.2, 0.5, 0.8, 0.9
"""Shares of the orders; of US orders up to the last two."""


def run(rows: int) -> dict[str, Any]:
    """Rows (= orders) per second of both, median and spread of five interleaved repeats, and clocks made."""
    book, facts = load_book(), orders(rows)
    clocks = len(compute(facts, book))
    plain = _plain(facts, book)
    own: list[float] = []
    raw: list[float] = []
    for _ in range(REPEATS):
        own.append(_seconds(lambda: compute(facts, book)))
        raw.append(_seconds(plain))
    batch = facts.part(0, min(rows, 2_000))
    small = [_seconds(lambda: compute(batch, book)) for _ in range(REPEATS * 4)]
    return {
        "rows": rows,
        "clocks": clocks,
        "rows_per_second": round(rows / statistics.median(own)),
        "rows_per_second_spread": [round(rows / max(own)), round(rows / min(own))],
        "clocks_per_second": round(clocks / statistics.median(own)),
        "busday_offset_rows_per_second": round(rows / statistics.median(raw)),
        "busday_offset_clocks_per_second": round(clocks / statistics.median(raw)),
        "busday_offset_rows_per_second_spread": [round(rows / max(raw)), round(rows / min(raw))],
        "ratio_to_busday_offset": round(statistics.median(raw) / statistics.median(own), 3),
        "microseconds_per_order_in_batches_of_2000": round(statistics.median(small) / max(len(batch), 1) * 1e6, 2),
        "repeats": REPEATS,
    }


def orders(n: int, seed: int = _SEED) -> Facts:
    """Orders of ten markets over 2026: some cross-border, made to order or pre-ordered, half of them arranged."""
    rng = np.random.default_rng(seed)
    market = [MARKETS[m] for m in rng.integers(0, len(MARKETS), n).tolist()]
    created = _FIRST + rng.integers(0, 300 * DAY, n)
    cross = rng.random(n) < _CROSS_BORDER
    kind = rng.random(n).tolist()
    seller = ["cross_border" if c and m not in _LOCAL_ONLY else "local" for c, m in zip(cross, market, strict=True)]
    return Facts.of(
        n,
        market=market,
        seller_type=seller,
        order_type=[_order_type(m, s, k) for m, s, k in zip(market, seller, kind, strict=True)],
        created_at=created,
        paid_at=created + 60,
        awaiting_at=created + 3_600,
        ready_at=np.where(rng.random(n) < _ARRANGED, created + DAY, NONE),
        handling_days=np.full(n, 5, dtype=np.int64),
        release_at=created + 7 * DAY,
    )


def _order_type(market: str, seller: str, share: float) -> str:
    if market != "US" or seller != "local" or share < _PLAIN_TYPE:
        return "NORMAL"
    return "MADE_TO_ORDER" if share < _MADE_TO_ORDER else "PRE_ORDER"


def _plain(facts: Facts, book: RuleBook) -> Callable[[], None]:
    """The bare arithmetic of every clock by numpy: calendars built, rows sorted and rules looked up beforehand."""
    made = compute(facts, book)
    market = np.array([MARKETS.index(m) for m in facts.market], dtype=np.int64)[made.order]
    amounts = np.array([rule.amount for rule in book.rules], dtype=np.int64)[made.rule]
    groups = []
    for code, name in enumerate(MARKETS):
        place = book.markets[name]
        own = book.calendars[place.calendar]
        week = "".join("1" if d in own.weekdays else "0" for d in range(7))
        closed = np.array(sorted(d.isoformat() for d in own.holidays), dtype="datetime64[D]")
        calendar = np.busdaycalendar(weekmask=week, holidays=closed)
        mine = market == code
        # amounts in hours stand for as many working days as fit: the raw side knows no other unit
        days = np.where(amounts[mine] > _HOURS, amounts[mine] // _HOURS, amounts[mine])
        groups.append((zone(place.zone), calendar, made.starts[mine], days))

    def work() -> None:
        for tz, calendar, starts, days in groups:
            day = (to_local(starts, tz) // DAY).astype("datetime64[D]")
            due = np.busday_offset(day, days, roll="backward", busdaycal=calendar)
            from_local_array(due.astype(np.int64) * DAY + DAY - 1, tz)

    return work


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
