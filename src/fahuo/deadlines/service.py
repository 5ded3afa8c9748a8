"""What the deadlines station does to a batch: start clocks, replace them, stop them. Never commits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import bindparam, delete, select

from fahuo.deadlines import queries
from fahuo.deadlines.model import CLOCK_STOP, CLOCKS, ClockValues, Extension
from fahuo.deadlines.tables import calendar_changes, clocks, extensions
from fahuo.kernel.ids import new_id
from fahuo.store import bulk
from fahuo.store.bulk import any_of, array
from fahuo.store.engine import Tx

_COLUMNS = tuple(column.name for column in clocks.columns)
_READY = [code for code, event in enumerate(CLOCK_STOP) if event == "ready"]
_DELETE = delete(clocks).where(clocks.c.seller_id == bindparam("seller"), any_of(clocks.c.order_id, "orders"))

OrderClocks = tuple[int, Sequence[ClockValues]]
"""(order id, its clocks)."""


def announce(tx: Tx, extension: Extension, at: int) -> None:
    """Keep an announced extension; one with the same id is replaced."""
    mine = select(extensions.c.id, extensions.c.body).where(extensions.c.seller_id == tx.seller_id)
    known = {msgspec.json.decode(body, type=Extension).id: id_ for id_, body in tx.rows(mine)}
    row = (
        tx.seller_id,
        known.get(extension.id) or new_id(),
        msgspec.json.encode(extension).decode(),
        at,
        extension.source,
    )
    bulk.upsert(
        tx, extensions, tuple(c.name for c in extensions.columns), [row], ("seller_id", "id"), ("body", "source")
    )


def change_calendar(tx: Tx, days: Sequence[tuple[str, str, bool, str]]) -> None:
    """Keep changed days: (calendar, ISO day, open, why). The last word on a day stands."""
    columns = ("seller_id", "calendar", "day", "open", "why")
    rows = [(tx.seller_id, calendar, day, int(is_open), why) for calendar, day, is_open, why in days]
    bulk.upsert(tx, calendar_changes, columns, rows, columns[:3], columns[3:])


def start(tx: Tx, timed: Sequence[OrderClocks]) -> None:
    """Write the clocks of new orders."""
    seller = tx.seller_id
    bulk.insert(tx, clocks, _COLUMNS, [(seller, order, *values) for order, rows in timed for values in rows])


def replace(tx: Tx, orders: Iterable[int], timed: Sequence[OrderClocks]) -> None:
    """Write the clocks of known orders anew, after a fact, a pack or an extension has changed."""
    tx.execute(_DELETE, {"seller": tx.seller_id, "orders": array(tx, list(orders))})
    start(tx, timed)


def ready(tx: Tx, orders: Mapping[int, int]) -> dict[int, tuple[int | None, str | None]]:
    """Orders (id → when) are ready to ship: stop what that stops; what binds the seller next, (due, clock) by order.

    A clock already stopped keeps its first instant.
    """
    stopped = [(tx.seller_id, order, clock, at) for order, at in orders.items() for clock in _READY]
    bulk.update(tx, clocks, ("seller_id", "order_id", "clock"), ("met_at",), stopped, "t.met_at IS NULL")
    binding: dict[int, tuple[int | None, str | None]] = dict.fromkeys(orders, (None, None))
    binding.update((order, (due, CLOCKS[clock])) for order, clock, due in queries.left(tx, orders))
    return binding
