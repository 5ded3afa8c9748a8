"""What the after-sale station writes. Never commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import json

from fahuo.aftersales.model import Request, RequestIn, waits
from fahuo.aftersales.rules import Key
from fahuo.aftersales.tables import requests
from fahuo.kernel.ids import new_ids
from fahuo.store import bulk
from fahuo.store.engine import Tx

_COLUMNS = tuple(column.name for column in requests.columns)
_TOLD = (
    *("order_id", "type", "state", "role", "reason", "reason_text", "unit_ids", "amount", "currency", "exponent"),
    *("action", "answer_by", "arbitration", "tracking_number", "asked_at", "updated_at"),
    *("decided", "decided_at", "decided_by"),
)


def keep(
    tx: Tx, shop_id: int, told: Sequence[RequestIn], known: Mapping[Key, Request], orders: Mapping[str, int]
) -> list[int]:
    """Write requests as they are told now; `orders`: platform order id → ours. Returns the requests' own ids.

    Our answer stands for the question it was given to: another question, or another limit, is a new one.
    """
    rows = []
    ids = list(new_ids(len(told)))
    for place, one in enumerate(told):
        have = known.get((one.kind, one.ref))
        ids[place] = have.id if have else ids[place]
        order = orders.get(one.order_ref) or (have.order_id if have else None)
        action = one.action or ("SELLER_RESPOND" if waits(one.action, one.state) else "")
        same = have is not None and (have.action, have.answer_by) == (action, one.answer_by)
        ours = (have.decided, have.decided_at, have.decided_by) if have and same else ("", None, "")
        rows.append(
            (
                tx.seller_id, ids[place], shop_id, order, one.order_ref, one.kind, one.ref, one.type, one.state,
                one.role, one.reason, one.reason_text, json.encode(one.unit_ids).decode(), one.amount, one.currency,
                one.exponent, action, one.answer_by, one.arbitration, one.tracking_number, one.asked_at,
                one.updated_at, *ours,
            )
        )  # fmt: skip
    bulk.upsert(tx, requests, _COLUMNS, rows, ("seller_id", "shop_id", "kind", "ref"), _TOLD)
    return ids


def decide(tx: Tx, rows: Sequence[tuple[int, str, int | None, str]]) -> int:
    """Note our answer: (request, approve or reject, when, who); '' and None take it back."""
    values = [(tx.seller_id, *row) for row in rows]
    return bulk.update(tx, requests, ("seller_id", "id"), ("decided", "decided_at", "decided_by"), values)


def belong(tx: Tx, rows: Sequence[tuple[int, int]]) -> int:
    """Give requests the orders that have become known: (request, order)."""
    values = [(tx.seller_id, *row) for row in rows]
    return bulk.update(tx, requests, ("seller_id", "id"), ("order_id",), values)
