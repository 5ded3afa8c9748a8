"""An order becomes ready to ship: the platform knows number and label, and the clock to arrange stops."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fahuo.deadlines import service as deadlines
from fahuo.orders import queries as orders_queries
from fahuo.store.engine import Tx

READY: Final = ("arranged_at", "due_at", "due_clock")


def ready_to_ship(
    tx: Tx, rows: Mapping[int, orders_queries.Head], when: Mapping[int, int]
) -> dict[int, tuple[int | None, int | None, str | None]]:
    """The platform knows number and label of the orders in `when` (id → since when): their clock to arrange stops.

    What is to stand in the columns READY of each of `rows`, for the caller's own update.
    """
    fresh = {id_: at for id_, at in when.items() if rows[id_].arranged_at is None}
    binding = deadlines.ready(tx, fresh)
    return {
        id_: (fresh[id_], *binding[id_]) if id_ in fresh else (row.arranged_at, row.due_at, row.due_clock)
        for id_, row in rows.items()
    }
