"""The facts verification needs, gathered from every station for a whole batch, and the verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from fahuo.catalogue.model import Shop, Warehouse
from fahuo.deadlines.model import CLOCK
from fahuo.flow.clocks import Timing
from fahuo.flow.house import Desk
from fahuo.kernel.instant import NONE, from_local, local, zone
from fahuo.orders import queries as orders_queries
from fahuo.orders.model import UNPAID, OrderIn
from fahuo.orders.rules import COD_MARKETS, Hold, VerifyFacts, can_leave, fingerprints, hold, is_verified, verify
from fahuo.store.engine import Tx

WORK_SECONDS = 1_800
"""Least time from the decision to a parcel at the door: pick, pack, label. A setting of the seller's later."""
LOOK_AHEAD_DAYS = 10
_SCAN = CLOCK["first_scan"]


class Checks:
    """Verification of one batch of one shop. `prints` are the batch's fingerprints, to be stored with the orders."""

    def __init__(self, tx: Tx, desk: Desk, shop: Shop, now: int) -> None:
        self._tx, self._desk, self._shop, self._now = tx, desk, shop, now
        self._secret = tx.keys.fingerprints
        self.prints: list[str] = []

    def verify(
        self, batch: Sequence[OrderIn], timings: Sequence[Timing], changed: frozenset[str] = frozenset()
    ) -> list[list[Hold]]:
        """The holds of each order: form, articles, duplicates, missing rules, and whether it can leave in time."""
        prints = fingerprints(batch, self._secret)
        self.prints = [print_.hex() if print_ else "" for print_ in prints]
        facts = VerifyFacts(
            skus=self._desk.skus.names(self._shop.id),
            cod_markets=COD_MARKETS if self._shop.cod_allowed else frozenset(),
            address_changed=changed,
            recent=self._recent(prints, batch),
            secret=self._secret,
        )
        held = verify(batch, facts, prints)
        self._check_time(batch, timings, held)
        return held

    def _recent(self, prints: Sequence[bytes | None], batch: Sequence[OrderIn]) -> dict[bytes, list[tuple[int, str]]]:
        asked = {print_.hex() for print_ in prints if print_}
        if not asked:
            return {}
        earliest = min((order.created_at for order in batch if order.created_at is not None), default=self._now)
        return orders_queries.twins(self._tx, asked, earliest - 86_400)

    def _check_time(self, batch: Sequence[OrderIn], timings: Sequence[Timing], held: Sequence[list[Hold]]) -> None:
        due = np.array([_leave_by(timing) for timing in timings], dtype=np.int64)
        departures = hand_overs(self._desk.warehouses, self._now)
        late = (
            can_leave(due, self._now, departures, work_seconds=WORK_SECONDS) if len(departures) else [None] * len(due)
        )
        for order, timing, tight, holds in zip(batch, timings, late, held, strict=True):
            if (tight is None and timing.rows) or not is_verified(order):
                continue
            if tight is not None:
                holds.append(tight)
            if not timing.rows and order.state != UNPAID:
                holds.append(hold("no_rule_found", "market", order.market))


def _leave_by(timing: Timing) -> int:
    """When the parcel must have left: the first scan's limit where there is one. Arranging alone needs no van."""
    for row in timing.rows:
        if row[0] == _SCAN and row[5] is None:
            return row[3]
    return NONE if timing.due_at is None else timing.due_at


def hand_overs(warehouses: Sequence[Warehouse], now: int) -> NDArray[np.int64]:
    """Coming instants at which some warehouse hands parcels over, ascending, for the next days."""
    instants: set[int] = set()
    for warehouse in warehouses:
        tz = zone(warehouse.zone)
        today = local(now, tz).date()
        hour, minute = warehouse.cutoff.split(":")
        for days in range(LOOK_AHEAD_DAYS):
            day = today + timedelta(days=days)
            if str(day.isoweekday()) in warehouse.work_days:
                at, _ = from_local(datetime(day.year, day.month, day.day, int(hour), int(minute)), tz)  # noqa: DTZ001 - wall time, made an instant here
                if at > now:
                    instants.add(at)
    return np.array(sorted(instants), dtype=np.int64)
