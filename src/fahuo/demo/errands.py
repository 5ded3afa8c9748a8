"""What happens beside packing in a run full of faults: buyers ask, the seller's people answer, bundle, cancel.

Every message has words of its own, so that one sent twice can be seen.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Final

from sqlalchemy import func, select

from fahuo.demo.inside import HOUR
from fahuo.demo.office import STAFF, send_bundle
from fahuo.demo.platform import Platform
from fahuo.flow import aftersales, first_mile, talks
from fahuo.flow.house import House
from fahuo.kernel.problems import Failure
from fahuo.orders.model import AWAITING_COLLECTION, AWAITING_SHIPMENT, DELIVERED
from fahuo.orders.tables import orders
from fahuo.talks.tables import conversations, messages

EVERY: Final = 3 * HOUR
MOST_ANSWERS: Final = 5
REASON: Final = {"GB": "seller_cancel_reason_out_of_stock_uk"}
USUAL_REASON: Final = "seller_cancel_reason_out_of_stock"
MARK: Final = "Our word no."

_BEFORE: Final = (AWAITING_SHIPMENT, AWAITING_COLLECTION)
ASKED: Final[tuple[tuple[str, tuple[str, ...], int, dict[str, str]], ...]] = (
    ("message", _BEFORE, 2, {"kind": "ask"}),
    ("cancel", _BEFORE, 2, {}),
    ("change-address", (AWAITING_SHIPMENT,), 1, {}),
    ("return", (DELIVERED,), 2, {}),
)
"""What so many buyers of orders in these states do every time."""


class Errands:
    """Now and then: answers to buyers, a first-mile bundle for each warehouse, an order that cannot be sent."""

    def __init__(self, house: House, outside: Platform, seed: int) -> None:
        self._house, self._outside = house, outside
        self._random = Random(f"errands {seed}")  # noqa: S311 - a repeatable run
        self.done: Counter[str] = Counter()

    def run(self, since: int, until: int) -> None:
        """What falls into that time."""
        if since // EVERY == until // EVERY:
            return
        self._ask()
        self._write()
        self._bundle()
        self._cancel()

    def _ask(self) -> None:
        """Some buyers write, some want their order cancelled, some move house, some send it back."""
        there = self._outside.orders()
        for action, states, how_many, wish in ASKED:
            among = [ref for ref, state in there.items() if state in states]
            for ref in self._random.sample(among, min(how_many, len(among))):
                try:
                    self._outside.buyer(ref, action, **wish)
                except Failure:
                    continue  # the platform does not let that buyer any more
                self.done[f"buyers: {action}"] += 1

    def _write(self) -> None:
        """Answer conversations whose last word is the buyer's."""
        c, m = conversations.c, messages.c
        with self._house.store.read() as tx:
            last = (
                select(m.conversation_id, func.max(m.id).label("id"))
                .where(m.seller_id == tx.seller_id)
                .group_by(m.conversation_id)
                .subquery()
            )
            asked = tx.rows(
                select(c.id)  # scope: ok -- the part above is one seller's
                .join(last, last.c.conversation_id == c.id)
                .join(messages, (m.seller_id == c.seller_id) & (m.id == last.c.id))
                .where(c.seller_id == tx.seller_id, m.role == "BUYER", c.can_send)
                .order_by(c.id)
                .limit(MOST_ANSWERS)
            )
        for (id_,) in asked:
            talks.say(self._house, STAFF, id_, f"{MARK} {self.done['messages'] + 1}: it is on its way.")
            self.done["messages"] += 1

    def _bundle(self) -> None:
        """Everything packed for the sorting warehouse goes in one bundle a warehouse."""
        for shop, place in sorted({(one.shop_id, one.warehouse_id) for one in first_mile.waiting(self._house)}):
            number = f"SF{9_000_000_000_000 + self.done['bundles'] * 7919}"
            if send_bundle(self._house, shop, place, number):
                self.done["bundles"] += 1

    def _cancel(self) -> None:
        """One order cannot be sent after all."""
        o = orders.c
        with self._house.store.read() as tx:
            found = tx.rows(
                select(o.id, o.market)
                .where(
                    o.seller_id == tx.seller_id, o.state == AWAITING_SHIPMENT, o.station.in_(("check", "plan", "pack"))
                )
                .order_by(o.id)
            )
        if found:
            id_, market = found[self._random.randrange(len(found))]
            aftersales.cancel_for_seller(self._house, STAFF, id_, REASON.get(market, USUAL_REASON))
            self.done["cancellations"] += 1
