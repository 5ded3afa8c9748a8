"""What holds for an order whatever its source: it has items, lies in time, and can be told as of an earlier time."""

from __future__ import annotations

from typing import Final

from fahuo.channels.as_of import rewind
from fahuo.channels.model import ReadContext, refuse
from fahuo.kernel.problems import Problem
from fahuo.kernel.text import N_
from fahuo.orders import model as m

_DAY: Final = 86_400
_FIRST: Final = 1_000_000_000
"""September 2001. An order older than that is a mistaken unit or column."""
_TIMES: Final = (
    "created_at",
    "paid_at",
    "awaiting_at",
    "arranged_at",
    "handed_over_at",
    "first_scan_at",
    "delivered_at",
    "completed_at",
    "cancelled_at",
)


def finish(order: m.OrderIn, context: ReadContext) -> m.OrderIn | None:
    """The order as it may be taken; None when it does not exist yet as of the asked time. Raises `Refused`."""
    _check_times(order, context)
    seen = order if context.as_of is None else rewind(order, context.as_of)
    if seen and not seen.lines and seen.state not in m.FINISHED:
        raise refuse(
            "no_items",
            None,
            None,
            N_("The order has no items and is still open."),
            N_("Export the order again with its items."),
            order.row,
        )
    return seen


def _check_times(order: m.OrderIn, context: ReadContext) -> None:
    limit = context.now + _DAY
    for name in _TIMES:
        at: int | None = getattr(order, name)
        if at is None or _FIRST <= at <= limit:
            continue
        if at < _FIRST:
            raise refuse(
                "impossible_date",
                name,
                str(at),
                N_("{field} lies before September 2001."),
                N_("Correct the date and import the order again."),
                order.row,
            )
        order.notes = [
            *order.notes,
            Problem("time_in_future", name, str(at), N_("{field} lies in the future."), "", {"field": name}),
        ]
