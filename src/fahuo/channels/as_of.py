"""An order as it stood at an earlier time, with later facts unseen, so that history can be replayed as live work.

The state is the source's own as long as nothing later is known. Otherwise it is what the facts up to then say:
delivered, handed over or scanned, arranged, paid (or COD), else unpaid. A cancellation or delivery without a time is
believed only once the limit it would have happened by had passed: the last hand-over limit, or the promised delivery.
"""

from __future__ import annotations

from typing import Final

import msgspec

from fahuo.channels.model import refuse
from fahuo.kernel.text import N_
from fahuo.orders import model as m

_FACTS: Final = (
    "paid_at",
    "awaiting_at",
    "arranged_at",
    "handed_over_at",
    "first_scan_at",
    "delivered_at",
    "completed_at",
    "cancelled_at",
)
_PROMISE: Final = "delivery_sla_time"


def rewind(order: m.OrderIn, at: int) -> m.OrderIn | None:
    """The order as it stood at `at`; None when it had not been placed yet. Raises `Refused` without a creation time."""
    if order.created_at is None:
        raise refuse(
            "as_of_needs_times",
            "created_at",
            None,
            N_("The order has no creation time, so what it was at an earlier time cannot be told."),
            N_("Add the creation time, or import without --as-of."),
            order.row,
        )
    if order.created_at > at:
        return None
    later = {name for name in _FACTS if (when := getattr(order, name)) is not None and when > at}
    if not later and (order.updated_at is None or order.updated_at <= at) and _believed(order, at):
        return order
    past = msgspec.structs.replace(order, **dict.fromkeys(later, None))
    past.state = _state(order, past, at)
    _forget(order, past)
    return past


def _believed(order: m.OrderIn, at: int) -> bool:
    """Whether a state that has no time of its own had been reached by then, as far as the limits tell."""
    if order.state == m.CANCELLED and order.cancelled_at is None:
        limits = [limit for name, limit in order.platform_times.items() if name != _PROMISE]
        return max(limits, default=at) <= at
    if order.state in (m.DELIVERED, m.COMPLETED) and order.delivered_at is None:
        return order.platform_times.get(_PROMISE, at) <= at
    return True


def _state(order: m.OrderIn, past: m.OrderIn, at: int) -> str:
    if past.cancelled_at is not None:
        return m.CANCELLED
    if past.completed_at is not None:
        return m.COMPLETED
    if past.delivered_at is not None:
        return m.DELIVERED
    if past.handed_over_at is not None or past.first_scan_at is not None:
        return m.IN_TRANSIT
    if past.arranged_at is not None:
        return m.AWAITING_COLLECTION
    return _before_arranging(order, past, at)


def _before_arranging(order: m.OrderIn, past: m.OrderIn, at: int) -> str:
    """To ship once paid (or COD); a source that never tells payments tells nothing by its absence."""
    if order.state in (m.UNPAID, m.ON_HOLD):
        return order.state if past.paid_at == order.paid_at else m.UNPAID
    if order.awaiting_at is not None and order.awaiting_at > at:
        return m.ON_HOLD if past.paid_at is not None else m.UNPAID
    paid = past.paid_at is not None or order.paid_at is None or order.is_cod
    return m.AWAITING_SHIPMENT if paid else m.UNPAID


def _forget(order: m.OrderIn, past: m.OrderIn) -> None:
    """Clear what only later facts could have told, the payload included, for it holds them all."""
    past.raw = None
    past.substate = ""
    past.buyer_cancel = False
    if past.state != m.CANCELLED:
        past.cancel_by = past.cancel_reason = ""
    if past.updated_at is not None:
        past.updated_at = max(when for name in ("created_at", *_FACTS) if (when := getattr(past, name)) is not None)
    if (m.ORDER.rank(past.state) or 0) < (m.ORDER.rank(m.AWAITING_COLLECTION) or 0):
        past.tracking_number = past.carrier_name = ""
    past.platform_times = _limits(order, past)
    past.lines = [
        line if line.state == m.CANCELLED != order.state else msgspec.structs.replace(line, state=past.state)
        for line in order.lines
    ]


def _limits(order: m.OrderIn, past: m.OrderIn) -> dict[str, int]:
    """The limits known then: before payment only the promised delivery; the automatic cancel as before arranging."""
    if past.state in (m.UNPAID, m.ON_HOLD):
        return {name: limit for name, limit in order.platform_times.items() if name == _PROMISE}
    limits = dict(order.platform_times)
    if order.arranged_at is not None and past.arranged_at is None and "cancel_order_sla_time" in limits:
        limits.pop("cancel_order_sla_time")
        if "shipping_due_time" in limits:
            limits["cancel_order_sla_time"] = limits["shipping_due_time"]
    return limits
