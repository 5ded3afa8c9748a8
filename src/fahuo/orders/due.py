"""When open orders fall due: counts by hour, without reading orders one by one."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy import ColumnElement, case, func, select, true

from fahuo.orders.tables import orders
from fahuo.store.bulk import any_of, array
from fahuo.store.engine import Tx

HOUR: Final = 3600
UNPACKED: Final = ("check", "stock", "plan", "pack")
"""Stations of paid orders that still need the floor."""


def of_shops(shops: Collection[int] | None) -> ColumnElement[bool]:
    """The condition that keeps to these shops (pass them as `shops`); None: every shop of the seller."""
    return true() if shops is None else any_of(orders.c.shop_id, "shops")


def by_hour(
    tx: Tx, now: int, hours: int, shops: Collection[int] | None = None, stations: Collection[str] = UNPACKED
) -> tuple[int, list[int]]:
    """(orders overdue at `now`, orders due in each clock hour from the one `now` lies in, `hours` of them)."""
    first = now - now % HOUR
    hour = case((orders.c.due_at < now, -1), else_=(orders.c.due_at - first) // HOUR)
    rows = tx.rows(
        select(hour.label("hour"), func.count())
        .where(
            orders.c.seller_id == tx.seller_id,
            any_of(orders.c.station, "stations"),
            orders.c.due_at < first + hours * HOUR,
            of_shops(shops),
        )
        .group_by("hour"),
        stations=array(tx, stations),
        **({} if shops is None else {"shops": array(tx, shops)}),
    )
    counted = {int(row[0]): int(row[1]) for row in rows}
    return counted.get(-1, 0), [counted.get(number, 0) for number in range(hours)]
