"""Requests to cancel, refund, return: read from the platform and answered there (reference sections 6 and A.5, A)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from fahuo.aftersales.model import APPROVE, CANCEL, DECISIONS, RETURN, RequestIn
from fahuo.channels.tiktok_shop.client import Client, Reply
from fahuo.channels.tiktok_shop.pages import pages
from fahuo.connections.model import Link
from fahuo.kernel.money import exponent_of, parse_minor

PAGE: Final = 50
_BASE: Final = "/return_refund/202309"


class _Money(msgspec.Struct):
    currency: str = ""
    refund_total: str = ""


class _Asked(msgspec.Struct):
    action: str = ""
    deadline: int | None = None


class _Item(msgspec.Struct):
    order_line_item_id: str = ""


class _Cancellation(msgspec.Struct):
    cancel_id: str
    order_id: str
    cancel_type: str = ""
    cancel_status: str = ""
    role: str = ""
    cancel_reason: str = ""
    cancel_reason_text: str = ""
    refund_amount: _Money | None = None
    cancel_line_items: list[_Item] | None = None
    seller_next_action_response: list[_Asked] | None = None
    create_time: int | None = None
    update_time: int | None = None


class _Return(msgspec.Struct):
    return_id: str
    order_id: str
    return_type: str = ""
    return_status: str = ""
    role: str = ""
    return_reason: str = ""
    return_reason_text: str = ""
    refund_amount: _Money | None = None
    return_line_items: list[_Item] | None = None
    seller_next_action_response: list[_Asked] | None = None
    arbitration_status: str = ""
    return_tracking_number: str = ""
    create_time: int | None = None
    update_time: int | None = None


class _Page(msgspec.Struct):
    cancellations: list[msgspec.Raw] | None = None
    return_orders: list[msgspec.Raw] | None = None
    next_page_token: str = ""


_page = msgspec.json.Decoder(_Page).decode
_cancellation = msgspec.json.Decoder(_Cancellation, strict=False).decode
_return = msgspec.json.Decoder(_Return, strict=False).decode


def search(
    client: Client, link: Link, kind: str, *, since: int | None = None, refs: Sequence[str] = ()
) -> Iterator[list[RequestIn]]:
    """Requests of one kind, page by page: those updated from `since` on (the platform's time), or these.

    What cannot be read as a request at all is left out: the order's own telling still says that it is cancelled.
    """
    path, name = (
        (f"{_BASE}/cancellations/search", "cancel") if kind == CANCEL else (f"{_BASE}/returns/search", "return")
    )
    body: dict[str, Any] = {} if since is None else {"update_time_ge": since}
    if refs:
        body[f"{name}_ids"] = list(refs)
    query = {"page_size": str(PAGE), "sort_field": "update_time", "sort_order": "ASC"}

    def fetch(query: dict[str, str]) -> _Page:
        return _page(client.post(link, path, query=query, body=body, read=True).raw)

    for page in pages(fetch, query):
        found = page.cancellations if kind == CANCEL else page.return_orders
        yield [one for raw in found or () if (one := read(kind, bytes(raw))) is not None]


def read(kind: str, raw: bytes) -> RequestIn | None:
    """One object of the platform as a request; None when it names neither itself nor its order."""
    try:
        return _of_cancellation(_cancellation(raw), raw) if kind == CANCEL else _of_return(_return(raw), raw)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None


def _of_cancellation(one: _Cancellation, raw: bytes) -> RequestIn:
    amount, currency, exponent = _money(one.refund_amount)
    asked = _asked(one.seller_next_action_response)
    return RequestIn(
        kind=CANCEL,
        ref=one.cancel_id,
        order_ref=one.order_id,
        type=one.cancel_type,
        state=one.cancel_status,
        role=one.role,
        reason=one.cancel_reason,
        reason_text=one.cancel_reason_text,
        unit_ids=_units(one.cancel_line_items),
        amount=amount,
        currency=currency,
        exponent=exponent,
        action=asked.action,
        answer_by=asked.deadline,
        asked_at=one.create_time,
        updated_at=one.update_time,
        raw=raw,
    )


def _of_return(one: _Return, raw: bytes) -> RequestIn:
    amount, currency, exponent = _money(one.refund_amount)
    asked = _asked(one.seller_next_action_response)
    return RequestIn(
        kind=RETURN,
        ref=one.return_id,
        order_ref=one.order_id,
        type=one.return_type,
        state=one.return_status,
        role=one.role,
        reason=one.return_reason,
        reason_text=one.return_reason_text,
        unit_ids=_units(one.return_line_items),
        amount=amount,
        currency=currency,
        exponent=exponent,
        action=asked.action,
        answer_by=asked.deadline,
        arbitration=one.arbitration_status,
        tracking_number=one.return_tracking_number,
        asked_at=one.create_time,
        updated_at=one.update_time,
        raw=raw,
    )


def _money(amount: _Money | None) -> tuple[int | None, str, int]:
    if amount is None or not amount.refund_total or not amount.currency:
        return None, "", 2
    exponent = exponent_of(amount.currency)
    return parse_minor(amount.refund_total, exponent), amount.currency, exponent


def _asked(asked: Sequence[_Asked] | None) -> _Asked:
    """The most urgent thing the seller is asked."""
    return min(asked, key=lambda one: one.deadline or 1 << 62) if asked else _Asked()


def _units(items: Sequence[_Item] | None) -> tuple[str, ...]:
    return tuple(item.order_line_item_id for item in items or () if item.order_line_item_id)


def reasons(client: Client, link: Link, ref: str, locale: str) -> list[tuple[str, str]]:
    """The reasons the platform offers for saying no to this request: (name, text)."""
    query = {"return_or_cancel_id": ref, "locale": locale}
    found = client.get(link, f"{_BASE}/reject_reasons", query=query).data.get("reasons") or []
    return [(str(one.get("name", "")), str(one.get("text", ""))) for one in found if one.get("name")]


def answer(client: Client, link: Link, key: str, body: dict[str, Any]) -> Reply:
    """Send our answer: `body` is the effect's. The key travels along: the platform ignores a repeat."""
    yes = body["decision"] == APPROVE
    verb = APPROVE if yes else "reject"
    sent: dict[str, Any] = {}
    if body["kind"] == CANCEL:
        path = f"{_BASE}/cancellations/{body['ref']}/{verb}"
    else:
        path = f"{_BASE}/returns/{body['ref']}/{verb}"
        sent["decision"] = body.get("word") or DECISIONS[body["action"]][0 if yes else 1]
    if not yes:
        sent["reject_reason"] = body["reason"]
        if body.get("comment"):
            sent["comment"] = body["comment"]
    return client.post(link, path, query={"idempotency_key": key}, body=sent)


def cancel(client: Client, link: Link, body: dict[str, Any]) -> Reply:
    """Ask the platform to cancel an order for the seller, whole or some of its units."""
    sent = {"order_id": body["order"], "cancel_reason": body["reason"]}
    if body.get("units"):
        sent["order_line_item_ids"] = body["units"]
    return client.post(link, f"{_BASE}/cancellations", body=sent)
