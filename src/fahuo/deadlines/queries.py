"""Every SQL statement of the deadlines station that reads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec
from sqlalchemy import bindparam, select

from fahuo.deadlines.model import CLOCK, PARTY, Extension
from fahuo.deadlines.tables import calendar_changes, clocks, extensions
from fahuo.store.bulk import any_of, array, fetch
from fahuo.store.engine import Tx

CLOCKS_OF = (
    select(
        clocks.c.order_id,
        clocks.c.clock,
        clocks.c.party,
        clocks.c.starts_at,
        clocks.c.due_at,
        clocks.c.source,
        clocks.c.met_at,
        clocks.c.pack,
        clocks.c.rule,
    )
    .where(clocks.c.seller_id == bindparam("seller"), any_of(clocks.c.order_id, "orders"))
    .order_by(clocks.c.order_id, clocks.c.due_at, clocks.c.clock)
)


class ClockRow(NamedTuple):
    """One running or stopped clock as stored."""

    order_id: int
    clock: int
    party: int
    starts_at: int
    due_at: int
    source: int
    met_at: int | None
    pack: str
    rule: str


def clocks_of(tx: Tx, orders: Iterable[int]) -> dict[int, list[ClockRow]]:
    """Clocks of these orders, by order, earliest due first."""
    found: dict[int, list[ClockRow]] = {}
    for row in fetch(tx, CLOCKS_OF, seller=tx.seller_id, orders=array(tx, list(orders))):
        found.setdefault(row[0], []).append(ClockRow(*row))
    return found


def announced(tx: Tx) -> list[Extension]:
    """Extensions the platform has announced, oldest first."""
    rows = tx.rows(
        select(extensions.c.body).where(extensions.c.seller_id == tx.seller_id).order_by(extensions.c.announced_at)
    )
    return [msgspec.json.decode(row[0], type=Extension) for row in rows]


def calendar_edits(tx: Tx) -> list[tuple[str, str, bool, str]]:
    """(calendar, ISO day, open, why): days the seller or a notice has changed."""
    c = calendar_changes.c
    rows = tx.rows(
        select(c.calendar, c.day, c.open, c.why).where(c.seller_id == tx.seller_id).order_by(c.calendar, c.day)
    )
    return [(row[0], row[1], bool(row[2]), row[3]) for row in rows]


# The number is not compared as it stands: the key by order finds the few rows, an index by clock would walk the table.
LEFT = select(clocks.c.order_id, clocks.c.clock, clocks.c.due_at).where(
    clocks.c.seller_id == bindparam("seller"),
    any_of(clocks.c.order_id, "orders"),
    clocks.c.clock + 0 == CLOCK["first_scan"],
    clocks.c.party == PARTY["seller"],
    clocks.c.met_at.is_(None),
)


def left(tx: Tx, orders: Iterable[int]) -> list[tuple[int, int, int]]:
    """(order, clock, due) of what may still bind the seller once these orders are ready to ship; one at most each."""
    found: list[tuple[int, int, int]] = fetch(tx, LEFT, seller=tx.seller_id, orders=array(tx, list(orders)))
    return found
