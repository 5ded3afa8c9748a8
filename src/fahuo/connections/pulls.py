"""Statements about pulling: whose turn it is, how far it came. The cursor is the platform's time and only goes on."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import and_, case, or_, select, update

from fahuo.connections.model import ACTIVE
from fahuo.connections.tables import grants, links
from fahuo.kernel.clock import technical_ms
from fahuo.store.engine import Tx

BUSY_MS: Final = 120_000
"""A turn not renewed for so long may be taken over by a person: its worker writes a page in less."""
_l = links.c


def due(tx: Tx, now_ms: int) -> list[int]:
    """Our shops that are connected and whose pull is due, the longest waiting first."""
    joined = links.join(grants, and_(grants.c.seller_id == _l.seller_id, grants.c.id == _l.grant_id))
    mine = (
        select(_l.shop_id)
        .select_from(joined)
        .where(_l.seller_id == tx.seller_id, _l.state == ACTIVE, grants.c.state == ACTIVE)
        .where(or_(_l.pull_due_ms.is_(None), _l.pull_due_ms <= now_ms))
        .order_by(_l.pull_due_ms.is_not(None), _l.pull_due_ms, _l.shop_id)
    )
    return [row[0] for row in tx.rows(mine)]


def claim(tx: Tx, shop_id: int, now_ms: int, until_ms: int, *, busy_for_ms: int | None = None) -> bool:
    """Take the shop's pull until then; False when another has it or it is not due.

    `busy_for_ms`: take it before it is due too, unless somebody's turn, which lasts so long, has been renewed lately.
    """
    free = or_(_l.pull_due_ms.is_(None), _l.pull_due_ms <= now_ms)
    if busy_for_ms is not None:
        free = or_(free, _l.pull_due_ms <= now_ms + busy_for_ms - BUSY_MS)
    took = tx.execute(
        update(links).where(_l.seller_id == tx.seller_id, _l.shop_id == shop_id, free).values(pull_due_ms=until_ms)
    )
    return bool(took.rowcount)


def cursor(tx: Tx, shop_id: int) -> int | None:
    """Orders changed before it are all here; None before the first pull."""
    rows = tx.rows(select(_l.cursor_at).where(_l.seller_id == tx.seller_id, _l.shop_id == shop_id))
    return rows[0][0] if rows else None


def advance(tx: Tx, shop_id: int, cursor_at: int | None, until_ms: int) -> None:
    """A page has been taken: move the cursor with it, never back, and keep the turn until then."""
    values: dict[str, Any] = {"pull_due_ms": until_ms}
    if cursor_at is not None:
        ahead = or_(_l.cursor_at.is_(None), _l.cursor_at < cursor_at)
        values["cursor_at"] = case((ahead, cursor_at), else_=_l.cursor_at)
    _set(tx, shop_id, values)


def ended(tx: Tx, shop_id: int, now_ms: int, due_ms: int) -> None:
    """The pull came to its end; the next one is due then."""
    _set(tx, shop_id, {"pulled_ms": now_ms, "pull_due_ms": due_ms, "pull_problem": ""})


def paused(tx: Tx, shop_id: int, due_ms: int) -> None:
    """The pull goes on from its cursor at that time."""
    _set(tx, shop_id, {"pull_due_ms": due_ms})


def failed(tx: Tx, shop_id: int, problem: str, due_ms: int) -> None:
    """The pull did not come to its end, or not straight to it, and why (a problem as JSON)."""
    trouble = {"stumble": problem, "stumbled_ms": technical_ms()}
    _set(tx, shop_id, {"pull_problem": problem, "pull_due_ms": due_ms, **trouble})


def _set(tx: Tx, shop_id: int, values: dict[str, Any]) -> None:
    tx.execute(update(links).where(_l.seller_id == tx.seller_id, _l.shop_id == shop_id).values(**values))
