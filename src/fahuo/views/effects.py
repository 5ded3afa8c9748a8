"""Messages to platforms and carriers as a list for people: newest first, with shop, order and what was answered."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, func, literal_column, select

from fahuo.catalogue.tables import shops
from fahuo.orders.tables import orders
from fahuo.store.bulk import any_of, array
from fahuo.store.engine import Tx
from fahuo.store.tables import effects

OPEN: Final = "open"
"""Those that wait for a person's decision."""
FOR_PEOPLE: Final = ("unknown", "declined", "given_up")
_e = effects.c


class EffectLine(NamedTuple):
    """A message in the list; `outcome` is what came back last."""

    id: int
    kind: str
    lane: str
    state: str
    due_at: int
    attempts: int
    shop_id: int | None
    order_id: int | None
    package_id: int | None
    outcome: dict[str, Any]
    shop: str
    order_ref: str


def _written(*states: str) -> ColumnElement[bool]:
    # Written out as the partial index has them: only then do both databases see that it applies.
    words: list[ColumnElement[str]] = [literal_column(f"'{state}'") for state in states]
    return _e.state == words[0] if len(words) == 1 else _e.state.in_(words)


_PEOPLE: Final = _written("unknown", "declined", "given_up", "waiting")
_STATES: Final[dict[str, tuple[ColumnElement[bool], ...]]] = {
    OPEN: (_PEOPLE, _e.state != "waiting"),
    **{state: (_PEOPLE, _e.state == state) for state in ("unknown", "declined", "given_up", "waiting")},
    "due": (_written("due"),),
    **{state: (_written("claimed", "retry"), _e.state == state) for state in ("claimed", "retry")},
}


def effects_page(
    tx: Tx,
    state: str = OPEN,
    shop_id: int | None = None,
    *,
    limit: int = 100,
    before: int | None = None,
    allowed: Collection[int] | None = None,
) -> list[EffectLine]:
    """Messages in that state ('' for any), newest first, below the id `before`."""
    own = [_e[name] for name in EffectLine._fields[:-2]]
    mine = (
        select(*own, func.coalesce(shops.c.name, ""), func.coalesce(orders.c.platform_order_id, ""))
        .select_from(effects)
        .outerjoin(orders, (orders.c.seller_id == _e.seller_id) & (orders.c.id == _e.order_id))
        .outerjoin(
            shops,
            (shops.c.seller_id == _e.seller_id) & (shops.c.id == func.coalesce(_e.shop_id, orders.c.shop_id)),
        )
        .where(_e.seller_id == tx.seller_id, *_STATES.get(state, (_e.state == state,) if state else ()))
    )
    params: dict[str, Any] = {}
    whose = func.coalesce(_e.shop_id, orders.c.shop_id)
    if shop_id is not None:
        mine = mine.where(whose == shop_id)
    if before is not None:
        mine = mine.where(_e.id < before)
    if allowed is not None:
        mine = mine.where(any_of(whose, "shops"))
        params["shops"] = array(tx, sorted(allowed))
    rows = tx.rows(mine.order_by(_e.id.desc()).limit(limit), **params)
    return [EffectLine._make([*row[:9], msgspec.json.decode(row[9]), *row[10:]]) for row in rows]
