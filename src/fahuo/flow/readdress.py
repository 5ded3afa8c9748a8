"""Use case: a notice says that a buyer moved. Where the platform masks addresses, the notice alone shows it.

A label older than the change is fetched again, and the parcel waits for a person who puts it on. The order's own
telling shows the first change too (`flow/changes.py`): both stop a parcel once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fahuo.flow import parcels, wanted
from fahuo.flow.actions import settle
from fahuo.orders import queries as orders_queries
from fahuo.orders import service as orders
from fahuo.orders.model import FINISHED
from fahuo.orders.rules import hold
from fahuo.store import effects
from fahuo.store.engine import Tx
from fahuo.warehouse import queries

MOVED: Final = "address_changed"


def moved(tx: Tx, shop_id: int, changed: Mapping[str, int], now: int, actor: str) -> int:
    """Stop parcels whose label is older than the change of address (platform order id → when); how many orders."""
    rows = orders_queries.known(tx, shop_id, changed)
    heads = {head.id: head for head in orders_queries.heads_of(tx, [row.id for row in rows.values()])}
    alive = parcels.alive(tx, sorted(heads))
    made = queries.labels_made(tx, [p.label_id for list_ in alive.values() for p in list_ if p.label_id is not None])
    shops = wanted.ways(tx)
    stale: dict[int, list[effects.Effect]] = {}
    for head in heads.values():
        at = changed[head.platform_order_id]
        for parcel in alive.get(head.id, ()):
            old = parcel.label_id is not None and made.get(parcel.label_id, now) <= at
            if old and parcel.handed_over_at is None and head.state not in FINISHED and shop_id in shops:
                effect = wanted.label(parcel, head.platform_order_id, now, f"moved {at}")
                stale.setdefault(head.id, []).append(effect)
    held = orders_queries.open_holds(tx, stale)
    fresh = [heads[id_] for id_ in stale if all(one.code != MOVED for one in held.get(id_, ()))]
    orders.hold(tx, {head.id: [hold(MOVED, "recipient")] for head in fresh}, now)
    facts = {head.id: {"codes": [MOVED]} for head in fresh}
    settle(tx, fresh, dict.fromkeys(facts, True), "held", facts, now, actor)
    effects.put(tx, [effect for list_ in stale.values() for effect in list_])
    return len(fresh)
