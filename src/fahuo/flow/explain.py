"""Use case: why an order is due when it is due, in words, computed from its facts as they stand."""

from __future__ import annotations

from typing import NamedTuple, cast

from fahuo.catalogue import queries as catalogue
from fahuo.deadlines.explain import Explanation, explain
from fahuo.deadlines.rules import compute
from fahuo.flow.clocks import Timed, facts_of, iso_region
from fahuo.flow.house import House, open_desk
from fahuo.kernel.text import DEFAULT
from fahuo.orders import queries as orders_queries


class Explained(NamedTuple):
    """The clocks of an order in words, and why the others its rules know do not run."""

    clocks: list[Explanation]
    absent: list[str]


def explain_order(house: House, order_id: int, lang: str = DEFAULT, seller_id: int = 1) -> Explained | None:
    """None when there is no such order."""
    with house.store.read(seller_id) as tx:
        rows = orders_queries.stored(tx, [order_id])
        if not rows:
            return None
        row = rows[0]
        desk = open_desk(tx, "reader")
        shop = next(shop for shop in catalogue.shop_list(tx) if shop.id == row.shop_id)
    place = next((place for place in desk.warehouses if place.id == row.warehouse_id), None)
    order = cast("Timed", row)  # a row is read-only, and facts are only read
    facts = facts_of([order], shop, [iso_region(place)])
    clocks = compute(facts, desk.book, desk.extensions)
    _, said, absent = next(explain(facts, clocks, desk.book, house.clock.now(), lang, desk.extensions))
    return Explained(said, absent)
