"""Use cases after the purchase: mirror what buyers ask for, answer it, cancel for the seller.

The platform keeps the request; we keep its copy with the time by which it must be answered. An answer is an effect with
a key of its own that travels along, so a repeated one is ignored. What follows for the order (cancelled, given free)
comes with the order's own telling, never from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from msgspec import json

from fahuo.access.model import Principal
from fahuo.access.rules import may
from fahuo.aftersales import queries, service
from fahuo.aftersales.model import APPROVE, CANCEL, DECISIONS, REJECT, RETURN, Request, RequestIn
from fahuo.aftersales.rules import changed, newest
from fahuo.channels.tiktok_shop import aftersale
from fahuo.channels.tiktok_shop.client import Client, Lost, Refused, Unreached
from fahuo.connections import queries as connections
from fahuo.connections.model import ACTIVE, Link
from fahuo.flow.actions import note, unknown
from fahuo.flow.grants import client_of
from fahuo.flow.house import House
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.orders import queries as orders_queries
from fahuo.orders.model import FINISHED
from fahuo.store import effects, journal, personal, settings
from fahuo.store.effects import Answer, Claimed
from fahuo.store.engine import Tx

LANE: Final = "tiktok"
ANSWER_CANCEL: Final = "answer_cancel"
ANSWER_RETURN: Final = "answer_return"
SELLER_CANCEL: Final = "seller_cancel"
OVERLAP_S: Final = 600
"""So much of what was read is read again: the platform's update times do not come in step."""
COMMENT_MAX: Final = 200
_PAYLOAD: Final = "aftersale "


def mirror(house: House, client: Client, link: Link, refs: Mapping[str, Sequence[str]] | None = None) -> int:
    """Copy a shop's requests: those told of by name (kind → platform ids), else everything since the last time.

    Returns how many were new or had changed. May be repeated, and stopped at any point.
    """
    count = 0
    for kind in (CANCEL, RETURN):
        named = (refs or {}).get(kind, ())
        if refs is not None and not named:
            continue
        since = None if refs is not None else _cursor(house, link, kind)
        for page in aftersale.search(client, link, kind, since=since, refs=named):
            with house.store.write(link.seller_id) as tx:
                count += take(tx, link.shop_id, page, house.clock.now(), "api")
                if refs is None and page:
                    newest_at = max(one.updated_at or 0 for one in page)
                    settings.put(tx, _key(link, kind), max(newest_at, since or 0))
    return count


def _cursor(house: House, link: Link, kind: str) -> int | None:
    with house.store.read(link.seller_id) as tx:
        reached = settings.get(tx, _key(link, kind))
    return None if reached is None else max(0, int(reached) - OVERLAP_S)


def _key(link: Link, kind: str) -> str:
    return f"aftersales {link.shop_id} {kind}"


def take(tx: Tx, shop_id: int, told: Iterable[RequestIn], now: int, source: str) -> int:
    """Take requests as they are told; older tellings and repetitions change nothing. How many did."""
    newest_ = newest(told)
    known = queries.known(tx, shop_id, [ref for _, ref in newest_])
    fresh = changed(newest_, known)
    if not fresh:
        return 0
    rows = orders_queries.known(tx, shop_id, {one.order_ref for one in fresh})
    ids = {ref: row.id for ref, row in rows.items()}
    kept = service.keep(tx, shop_id, fresh, known, ids)
    raw = [(ids[o.order_ref], f"{_PAYLOAD}{o.ref}", now, o.raw) for o in fresh if o.raw and o.order_ref in ids]
    gone = personal.erased(tx, {row[0] for row in raw})
    personal.seal_payloads(tx, [row for row in raw if row[0] not in gone], replace=True)
    entries = [
        journal.Entry(ids[one.order_ref], "aftersale", now, source, _told(one, request))
        for one, request in zip(fresh, kept, strict=True)
        if one.order_ref in ids
    ]
    _note(tx, entries)
    return len(fresh)


def _told(one: RequestIn, request: int) -> dict[str, Any]:
    data: dict[str, Any] = {"request": str(request), "kind": one.kind, "type": one.type, "state": one.state}
    if one.action:
        data["action"] = one.action
    if one.answer_by is not None:
        data["answer_by"] = one.answer_by
    if one.amount is not None:
        data |= {"amount": one.amount, "currency": one.currency}
    return data


def adopt(tx: Tx, shop_id: int) -> int:
    """Give requests that came before their order the order they are about; how many found theirs."""
    loose = queries.without_order(tx, shop_id)
    if not loose:
        return 0
    rows = orders_queries.known(tx, shop_id, {one.order_ref for one in loose})
    return service.belong(tx, [(one.id, rows[one.order_ref].id) for one in loose if one.order_ref in rows])


def answer(
    house: House,
    principal: Principal,
    request_id: int,
    decision: str,
    *,
    reason: str = "",
    comment: str = "",
) -> Request:
    """Approve or reject a request; a rejection names one of the platform's reasons. Returns it as it is now.

    Raises Failure when it is not there, not his, answered already or not asked for any more.
    """
    now = house.clock.now()
    with house.store.write(principal.seller_id) as tx:
        found = _mine(tx, principal, request_id)
        _check(found, decision, reason)
        body: dict[str, Any] = {
            "request": str(found.id),
            "kind": found.kind,
            "ref": found.ref,
            "action": found.action,
            "decision": decision,
            "reason": reason.strip(),
            "comment": comment.strip()[:COMMENT_MAX],
        }
        kind = ANSWER_CANCEL if found.kind == CANCEL else ANSWER_RETURN
        again = f":{now}" if found.decided_at is not None else ""
        effect = effects.Effect(
            key=f"{kind}:{found.ref}:{found.action}:{found.answer_by or 0}:{decision}{again}",
            kind=kind,
            lane=LANE,
            scope=str(found.shop_id),
            shop_id=found.shop_id,
            order_id=found.order_id,
            package_id=None,
            due_at=now,
            body=body,
            safety="idempotent",
        )
        effects.put(tx, [effect])
        service.decide(tx, [(found.id, decision, now, principal.actor)])
        if found.order_id is not None:
            data = {"request": str(found.id), "decision": decision, "reason": body["reason"]}
            _note(tx, [journal.Entry(found.order_id, "aftersale_decided", now, principal.actor, data)])
        return queries.by_id(tx, [request_id])[request_id]


def _check(found: Request, decision: str, reason: str) -> None:
    if not found.action:
        raise Failure(
            Problem(
                "nothing_asked",
                "request",
                found.ref,
                N_("The platform asks no answer to request {ref}: it is {state}."),
                N_("Read the shop's requests again; it may have been answered in Seller Center."),
                {"ref": found.ref, "state": found.state},
            ),
            1,
        )
    if found.decided:
        raise Failure(
            Problem(
                "answered_already",
                "request",
                found.ref,
                N_("Request {ref} was answered by {who}."),
                N_("Wait for the platform's word; a declined answer can be given anew."),
                {"ref": found.ref, "who": found.decided_by},
            ),
            1,
        )
    if decision not in (APPROVE, REJECT) or (found.kind == RETURN and found.action not in DECISIONS):
        raise Failure(
            Problem(
                "not_one_of",
                "decision",
                decision[:40],
                N_("{value} is no answer to this request."),
                N_("Choose one of: {known}."),
                {"value": decision[:40], "known": f"{APPROVE}, {REJECT}"},
            )
        )
    if decision == REJECT and not reason.strip():
        raise Failure(
            Problem(
                "reason_missing",
                "reason",
                None,
                N_("A rejection needs one of the platform's reasons."),
                N_("`fahuo aftersales reasons ID` lists them."),
            )
        )


def offered_reasons(house: House, principal: Principal, request_id: int, locale: str = "en") -> list[tuple[str, str]]:
    """The platform's reasons for rejecting this request, asked for now: (name, text in that language).

    Raises Failure when the request is not his, the shop is not connected, or the platform gives no answer (3).
    """
    with house.store.read(principal.seller_id) as tx:
        found = queries.by_id(tx, [request_id]).get(request_id)
        if found is None or not may(principal, "orders.handle", found.shop_id):
            raise Failure(unknown(request_id))
        link = connections.link_of(tx, found.shop_id)
    if link is None or link.state != ACTIVE:
        raise Failure(
            Problem(
                "shop_not_connected",
                "shop",
                str(found.shop_id),
                N_("The shop of this request is not connected any more."),
                N_("Connect it again, or answer in Seller Center."),
            ),
            1,
        )
    try:
        return aftersale.reasons(client_of(house.store), link, found.ref, locale)
    except (Refused, Unreached, Lost) as error:
        raise Failure(
            Problem(
                "platform_silent",
                "request",
                found.ref,
                N_("The platform does not tell its reasons: {why}"),
                N_("Try again later, or answer in Seller Center."),
                {"why": str(error)[:200]},
            ),
            3,
        ) from None


def cancel_for_seller(
    house: House, principal: Principal, order_id: int, reason: str, units: Sequence[str] = ()
) -> None:
    """Ask the platform to cancel an order, or some of its units (platform line item ids), with one of its reasons.

    It counts as the seller's fault in the shop's cancellation rate for most reasons.
    """
    now = house.clock.now()
    with house.store.write(principal.seller_id) as tx:
        heads = orders_queries.heads_of(tx, [order_id])
        if not heads or not may(principal, "orders.handle", heads[0].shop_id):
            raise Failure(unknown(order_id))
        head = heads[0]
        if head.state in FINISHED:
            raise Failure(
                Problem(
                    "left_already",
                    "order",
                    head.platform_order_id,
                    N_("Order {order} has left or is closed."),
                    N_("Ask the carrier to stop the parcel instead."),
                    {"order": head.platform_order_id},
                ),
                1,
            )
        effect = effects.Effect(
            key=f"{SELLER_CANCEL}:{order_id}:{','.join(sorted(units))}:{reason}",
            kind=SELLER_CANCEL,
            lane=LANE,
            scope=str(head.shop_id),
            shop_id=head.shop_id,
            order_id=order_id,
            package_id=None,
            due_at=now,
            body={"order": head.platform_order_id, "reason": reason, "units": list(units)},
            safety="readable",
        )
        if effects.put(tx, [effect]):
            data = {"reason": reason, "units": list(units)}
            _note(tx, [journal.Entry(order_id, "seller_cancels", now, principal.actor, data)])


def book(tx: Tx, answered: Sequence[tuple[Claimed, Answer]], now: int, actor: str) -> None:
    """What the platform's answers to our answers mean: taken, or the question is open again with its reason."""
    entries = []
    back = []
    for one, said in answered:
        if said.state not in ("done", "declined"):
            continue
        data = {"request": one.body.get("request", ""), "code": str(said.outcome.get("code", ""))}
        kind = "aftersale_answered" if said.state == "done" else "aftersale_declined"
        if one.kind == SELLER_CANCEL:
            kind = "seller_cancelled" if said.state == "done" else "seller_cancel_declined"
        if one.order_id is not None:
            entries.append(journal.Entry(one.order_id, kind, now, actor, {k: v for k, v in data.items() if v}))
        if said.state == "declined" and one.kind != SELLER_CANCEL:
            back.append((int(one.body["request"]), "", now, ""))
    service.decide(tx, back)
    _note(tx, entries)


def _note(tx: Tx, entries: Sequence[journal.Entry]) -> None:
    """The entries of orders that are still there."""
    if not entries:
        return
    heads = orders_queries.heads_of(tx, {entry.order_id for entry in entries})
    there = {head.id for head in heads}
    note(tx, heads, [entry for entry in entries if entry.order_id in there])


def _mine(tx: Tx, principal: Principal, request_id: int) -> Request:
    found = queries.by_id(tx, [request_id]).get(request_id)
    if found is None or not may(principal, "orders.handle", found.shop_id):
        raise Failure(unknown(request_id))
    # The order first, then what belongs to it, as everywhere.
    if found.order_id is not None:
        orders_queries.heads_of(tx, [found.order_id])
    return queries.by_id(tx, [request_id])[request_id]


def units_of(request: Request) -> list[str]:
    """Platform line item ids the request is about; none: the whole order."""
    return json.decode(request.unit_ids, type=list[str])
