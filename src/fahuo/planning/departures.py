"""When parcels can leave, and how likely each hand-over still meets a clock."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Final

import numpy as np

from fahuo.carriers.model import Service
from fahuo.catalogue.model import Warehouse
from fahuo.kernel.instant import NONE, from_local, local, zone
from fahuo.planning.model import Bools, Departure, Floats, Ints, Network

HandOver = tuple[int, str]
"""Instant, and ISO day at the warehouse."""

SCAN_SPREAD: Final = ((0.25, 0.20), (0.5, 0.30), (1.0, 0.40), (2.0, 0.08), (4.0, 0.02))
"""First scan after the cut-off: (multiple of the service's `scan_hours`, share of parcels scanned just then).

So nine in ten parcels are scanned within `scan_hours`, one in fifty only after four times that. An assumption of ours
(confidence D) until the carrier's own record replaces it; discrete, so that orders fall into few alike classes.
"""

_DAYS_AHEAD: Final = 21
_HOUR: Final = 3600


def hand_overs(warehouse: Warehouse, service: Service | None, network: Network, now: int) -> tuple[HandOver, ...]:
    """The coming hand-overs of a service at a warehouse; None: whatever carrier comes.

    A hand-over is on a day that both work, at the earlier of both cut-offs, and not sooner than packing takes.
    """
    cutoffs = (warehouse.cutoff, service.cutoff if service else "")
    days = (warehouse.work_days, service.collect_days if service else warehouse.work_days)
    closed = network.closed_days.get(warehouse.id, frozenset())
    return _coming(warehouse.zone, cutoffs, days, closed, now, now + network.pack_seconds, network.departures)


@lru_cache(maxsize=4096)
def _coming(
    zone_name: str,
    cutoffs: tuple[str, str],
    days: tuple[str, str],
    closed: frozenset[str],
    now: int,
    earliest: int,
    most: int,
) -> tuple[HandOver, ...]:
    """Kept, because the services of a warehouse mostly leave alike, and every currency's plan asks again."""
    tz = zone(zone_name)
    at = min((time.fromisoformat(text) for text in cutoffs if text), default=time(23, 59))
    open_days = set(days[0]) & set(days[1])
    today = local(now, tz).date()
    found: list[HandOver] = []
    for ahead in range(_DAYS_AHEAD):
        day = today + timedelta(days=ahead)
        if len(found) == most:
            break
        if str(day.isoweekday()) not in open_days or day.isoformat() in closed:
            continue
        leave_at, _ = from_local(datetime.combine(day, at), tz)
        if leave_at >= earliest:
            found.append((leave_at, day.isoformat()))
    return tuple(found)


def departures(pairs: list[tuple[int, int]], network: Network, now: int) -> list[Departure]:
    """Every coming hand-over of every option with capacity left, option by option."""
    out: list[Departure] = []
    for pair, (w, s) in enumerate(pairs):
        warehouse, service = network.warehouses[w], network.services[s]
        for leave_at, day in hand_overs(warehouse, service, network, now):
            out.append(Departure(pair, leave_at, day, capacity_on(warehouse, service, day, network)))
    return out


def capacity_on(warehouse: Warehouse, service: Service, day: str, network: Network) -> int | None:
    """Parcels that the service still takes there on that day; None: no limit."""
    left = network.capacity_left.get((service.id, warehouse.id, day), service.capacity_per_day)
    return 0 if left is not None and left < 0 else left


def risks(leaving: list[Departure], scan_hours: list[int], due_at: Ints, scan_clock: Bools) -> tuple[Ints, Floats]:
    """Due cell of each order, and the probability of missing the clock by cell and departure.

    Orders of one cell have the same probability at every departure. Without a clock nothing can be missed.
    """
    leave = np.array([d.leave_at for d in leaving], dtype=np.int64)
    hours = np.array(scan_hours, dtype=np.float64)[[d.pair for d in leaving]] if leaving else np.empty(0)
    scans = np.stack([leave + (hours * _HOUR * multiple).astype(np.int64) for multiple, _ in SCAN_SPREAD])
    shares = np.array([share for _, share in SCAN_SPREAD])
    points = np.unique(np.concatenate([leave, scans.ravel()]))
    timed = due_at != NONE
    cell = np.where(timed, np.searchsorted(points, due_at, side="right"), len(points)) * 2 + (scan_clock & timed)
    used, inverse = np.unique(cell, return_inverse=True)
    rows = np.zeros((len(used), len(leaving)))
    for row, code in enumerate(used.tolist()):
        reached, scanned = divmod(code, 2)
        limit = points[reached - 1] if reached else np.iinfo(np.int64).min  # the last point not after the due time
        rows[row] = shares @ (scans > limit) if scanned else leave > limit
    alike = list(map(tuple, np.round(rows, 6).tolist()))
    distinct = sorted(set(alike))
    code = {row: index for index, row in enumerate(distinct)}
    merged = np.array([code[row] for row in alike], dtype=np.int64)
    return merged[inverse], np.array(distinct, dtype=np.float64).reshape(len(distinct), len(leaving))
