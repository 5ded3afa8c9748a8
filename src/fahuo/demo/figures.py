"""What came of a demonstration, counted in the database: the figures of `fahuo demo --json`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, case, func, not_, or_, select

from fahuo.aftersales.model import RETURN
from fahuo.aftersales.tables import requests
from fahuo.deadlines.model import CLOCK
from fahuo.deadlines.packs import RuleBook
from fahuo.deadlines.tables import clocks
from fahuo.flow.house import House, rule_book
from fahuo.flow.verify import verify_all
from fahuo.orders.model import BY_SELLER, CANCELLED
from fahuo.orders.tables import orders
from fahuo.store.engine import Tx
from fahuo.store.tables import effects
from fahuo.views.tower import OPEN

_PENDING = ("due", "claimed", "retry", "unknown", "waiting")


def figures(house: House) -> dict[str, Any]:
    """Counts of orders, clocks and effects, and whether everything in the database holds."""
    with house.store.read() as tx:
        now = house.clock.now()
        found = _orders(tx) | _punctual(tx, now, rule_book(tx)) | _returns(tx) | _effects(tx)
    return found | {"journal_ok": next(verify_all(house), None) is None}


def _orders(tx: Tx) -> dict[str, int]:
    o = orders.c
    gone = or_(o.handed_over_at.is_not(None), o.first_scan_at.is_not(None))
    left = and_(o.fulfillment_type == BY_SELLER, gone)
    conditions = {
        "orders_received": o.id.is_not(None),
        "orders_shipped": left,
        "held": o.station.in_(("check", "stock")),
        "open": and_(o.station.in_(OPEN), not_(gone)),
        "delivered": and_(left, o.delivered_at.is_not(None)),
        "cancelled": o.state == CANCELLED,
    }
    counts = [func.coalesce(func.sum(case((condition, 1), else_=0)), 0) for condition in conditions.values()]
    row = tx.rows(select(*counts).where(o.seller_id == tx.seller_id))[0]
    return dict(zip(conditions, map(int, row), strict=True))


def _punctual(tx: Tx, now: int, book: RuleBook) -> dict[str, int]:
    """Orders that left on time, and those that left late or are overdue, by the clock the late dispatch rate counts.

    What a carrier has taken and not scanned yet is neither, where the scan is what counts.
    """
    o, c = orders.c, clocks.c
    ours = and_(o.fulfillment_type == BY_SELLER, o.state != CANCELLED)
    left = or_(o.handed_over_at.is_not(None), o.first_scan_at.is_not(None))
    met = c.met_at <= c.due_at
    late = or_(c.met_at > c.due_at, and_(c.met_at.is_(None), c.due_at < now))
    rows = tx.rows(
        select(
            c.clock,
            o.pack,
            func.sum(case((and_(left, met), 1), else_=0)),
            func.sum(case((late, 1), else_=0)),
        )
        .select_from(clocks)
        .join(orders, (o.seller_id == c.seller_id) & (o.id == c.order_id))
        .where(c.seller_id == tx.seller_id, ours)
        .group_by(c.clock, o.pack)
    )
    total = {"on_time": 0, "late": 0}
    for clock, pack, punctual, overdue in rows:
        # Where only the platform's own field has a say there is no pack: then its first-scan limit counts.
        counted = book.late_rate_clock(book.index[pack]) if pack in book.index else CLOCK["first_scan"]
        if clock == counted:
            total["on_time"] += int(punctual)
            total["late"] += int(overdue)
    return total


def _returns(tx: Tx) -> dict[str, int]:
    r = requests.c
    rows = tx.rows(select(func.count()).where(r.seller_id == tx.seller_id, r.kind == RETURN))
    return {"returns": int(rows[0][0])}


def _effects(tx: Tx) -> dict[str, int]:
    rows = tx.rows(
        select(effects.c.state, func.count()).where(effects.c.seller_id == tx.seller_id).group_by(effects.c.state)
    )
    counted = {row[0]: int(row[1]) for row in rows}
    return {
        "effects_pending": sum(counted.get(state, 0) for state in _PENDING),
        "effects_given_up": counted.get("given_up", 0),
    }
