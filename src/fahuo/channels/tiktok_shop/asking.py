"""Carries out what concerns requests and offers: answers, the seller's own cancellations, stock, sale on and off."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from fahuo.channels.tiktok_shop import aftersale, products
from fahuo.channels.tiktok_shop.carry import Troubles, Visit, done, handles, no, refused
from fahuo.channels.tiktok_shop.client import Reply
from fahuo.store.effects import Answer, Claimed


@handles("answer_cancel")
@handles("answer_return")
def answer(visit: Visit, batch: Sequence[Claimed]) -> Iterator[list[Answer]]:
    """The platform ignores a key it knows, so an answer may be sent again after a lost one."""
    return _each(visit, batch, lambda one: aftersale.answer(visit.client, visit.link, one.key, one.body))


@handles("seller_cancel")
def cancel(visit: Visit, batch: Sequence[Claimed]) -> Iterator[list[Answer]]:
    """Ask to cancel; after a lost answer the requests of the order tell whether ours is among them."""
    for one in batch:
        try:
            if one.read_first and (found := _asked_already(visit, one)):
                yield [done(one, "", cancel_id=found, proof="the platform shows it")]
                continue
        except Troubles as error:
            yield no(visit, [one], error, wrote=False)
            continue
        yield from _each(visit, [one], lambda one: aftersale.cancel(visit.client, visit.link, one.body), "cancel_id")


def _asked_already(visit: Visit, one: Claimed) -> str:
    """The platform's id of a cancellation by the seller of this order and reason, '' when there is none."""
    body = {"order_ids": [one.body["order"]], "cancel_types": ["CANCEL"]}
    path = "/return_refund/202309/cancellations/search"
    found = visit.client.post(visit.link, path, query={"page_size": "50"}, body=body, read=True).data
    for kept in found.get("cancellations") or []:
        if kept.get("role") == "SELLER" and kept.get("cancel_reason") == one.body["reason"]:
            return str(kept.get("cancel_id", ""))
    return ""


@handles("push_stock")
def push(visit: Visit, batch: Sequence[Claimed]) -> Iterator[list[Answer]]:
    """Figures are absolute: sending them again changes nothing. SKUs the platform refuses are named in the outcome."""
    for one in batch:
        figures = [(str(f["id"]), str(f["warehouse"]), int(f["units"])) for f in one.body["skus"]]
        try:
            left_out = products.push(visit.client, visit.link, one.body["product"], figures)
        except Troubles as error:
            yield no(visit, [one], error, wrote=True)
            continue
        yield [one.answer("done", {"refused": left_out} if left_out else {})]


@handles("set_selling")
def sell(visit: Visit, batch: Sequence[Claimed]) -> Iterator[list[Answer]]:
    """Put a product on sale or take it off; doing it twice changes nothing. The call takes many: it may refuse one."""
    for one in batch:
        try:
            reply = products.set_selling(visit.client, visit.link, one.body["product"], bool(one.body["on"]))
        except Troubles as error:
            yield no(visit, [one], error, wrote=True)
            continue
        wrong = next(iter(reply.data.get("errors") or []), None)
        if wrong is None:
            yield [done(one, reply.request_id)]
        else:
            words = str(wrong.get("message") or "")
            yield [refused(visit, one, int(wrong.get("code") or 0), words, reply.request_id)]


def _each(
    visit: Visit, batch: Sequence[Claimed], call: Callable[[Claimed], Reply], told: str = ""
) -> Iterator[list[Answer]]:
    """One call an effect; `told`: a field of the platform's answer to keep."""
    for one in batch:
        try:
            reply = call(one)
        except Troubles as error:
            yield no(visit, [one], error, wrote=True)
            continue
        kept: dict[str, Any] = {told: str(reply.data.get(told, ""))} if told else {}
        yield [done(one, reply.request_id, **kept)]
