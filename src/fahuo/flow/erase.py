"""Use case: the personal data of closed orders are erased for good; journal and figures stay as they are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from fahuo.flow.actions import unknown
from fahuo.flow.house import House
from fahuo.flow.labels import blank
from fahuo.kernel.problems import Problem
from fahuo.kernel.text import N_
from fahuo.orders import queries as orders_queries
from fahuo.orders import service as orders
from fahuo.orders.queries import Head
from fahuo.store import journal, personal
from fahuo.store.engine import Tx
from fahuo.talks import service as talks
from fahuo.warehouse import queries

CLOSED: Final = frozenset({"transit", "delivered", "closed", "history"})
REASON_MAX: Final = 300


def erase(
    house: House, ids: Collection[int], reason: str, actor: str, seller_id: int = 1
) -> tuple[list[int], list[tuple[int, Problem]]]:
    """(orders erased, orders refused with the reason). An order still to be dispatched needs its recipient.

    What a source tells later about an erased order is taken without its personal data. Doing it twice changes nothing.
    """
    now = house.clock.now()
    with house.store.write(seller_id) as tx:
        heads = {head.id: head for head in orders_queries.heads_of(tx, ids)}
        refused = [(id_, unknown(id_)) for id_ in dict.fromkeys(ids) if id_ not in heads]
        refused += [(head.id, _still_open(head)) for head in heads.values() if head.station not in CLOSED]
        gone = [head for head in heads.values() if head.station in CLOSED]
        fresh = [head for head in gone if head.id not in personal.erased(tx, [head.id for head in gone])]
        mine = [head.id for head in fresh]
        personal.erase(tx, mine, reason.strip()[:REASON_MAX], now)
        talks.forget(tx, mine)
        _blank_labels(tx, mine)
        entries = [journal.Entry(id_, "erased", now, actor, {"reason": reason.strip()[:REASON_MAX]}) for id_ in mine]
        after = journal.append(tx, entries, {head.id: (head.journal_seq, head.journal_head) for head in fresh})
        # `twin` is a hash of the buyer too: it would tell which orders were his.
        columns = ("twin", "version", "journal_seq", "journal_head")
        orders.move(tx, columns, [(head.id, "", head.version + 1, *after[head.id]) for head in fresh])
    return mine, refused


def _blank_labels(tx: Tx, ids: Sequence[int]) -> None:
    """The pages of these orders in attached label files become empty pages: the other orders keep theirs."""
    labels = [parcel.label_id for parcel in queries.parcels_of_orders(tx, ids) if parcel.label_id is not None]
    blank(tx, labels)


def _still_open(head: Head) -> Problem:
    return Problem(
        "order_open",
        "order",
        head.platform_order_id,
        N_("Order {order} is still to be dispatched: its recipient is needed."),
        N_("Cancel or dispatch it first."),
        {"order": head.platform_order_id},
    )
