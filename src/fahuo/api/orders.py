"""REST: orders and what a program may do with them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import Response

from fahuo.access.model import Principal
from fahuo.access.rules import may, refusal
from fahuo.api.answers import json_response
from fahuo.api.gate import (
    IdempotencyKey,
    Sent,
    house_of,
    need,
    once,
    sent_body,
    sent_file,
    version_asked,
)
from fahuo.api.schemas import ChangedOut, HoldIn, ImportOut, OrderOut, OrdersOut, ReleaseIn
from fahuo.flow import actions
from fahuo.flow.actions import Outcome
from fahuo.flow.explain import explain_order
from fahuo.flow.import_orders import import_orders
from fahuo.kernel.instant import iso, parse_instant
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_, language
from fahuo.views import json as shown
from fahuo.views import order as order_view
from fahuo.views import orders as list_view
from fahuo.views import shops as shop_views
from fahuo.views.orders import Filter

router = APIRouter(prefix="/orders", tags=["orders"])
Viewer = Annotated[Principal, Depends(need("orders.view"))]
Handler = Annotated[Principal, Depends(need("orders.handle"))]
IfMatch = Annotated[str | None, Header(description="The version the order must still have, as its ETag shows it.")]


@router.get("", responses={200: {"model": OrdersOut}})
def list_orders(  # noqa: PLR0913, PLR0917 -- a parameter for each filter of the list
    request: Request,
    principal: Viewer,
    state: str = "",
    station: str = "",
    shop: Annotated[str, Query(description="Shop name.")] = "",
    market: str = "",
    due_before: Annotated[str, Query(description="ISO 8601 instant with offset.")] = "",
    hold: Annotated[str, Query(description="A hold's code, or `any`.")] = "",
    q: Annotated[str, Query(description="Platform order id or waybill number, exactly.", max_length=80)] = "",
    sort: Annotated[str, Query(description="`due` (open ones, most urgent first) or `new`.")] = "new",
    limit: Annotated[int, Query(ge=1, le=list_view.LIMIT_MAX)] = 100,
    cursor: Annotated[str, Query(max_length=80)] = "",
) -> Response:
    """Orders of the token's shops, page by page."""
    house = house_of(request)
    with house.store.read(principal.seller_id) as tx:
        names = shop_views.shop_names(tx, principal.shops)
        wanted = Filter(
            station=station, state=state, shop_id=_shop_id(names, shop), market=market,
            due_before=_instant(due_before), hold=hold, text=q, sort=sort,
        )  # fmt: skip
        try:
            page = list_view.page(tx, wanted, limit, cursor, principal.shops)
        except ValueError:
            wrong = N_("This cursor is not of this list.")
            raise Failure(Problem("cursor_bad", "cursor", cursor, wrong, N_("Begin again without a cursor."))) from None
    rows = [shown.row_json(row, page.holds.get(row.id, []), names) for row in page.rows]
    return json_response(shown.known({"schema": "fahuo.orders/1", "orders": rows, "next": page.next}))


def _shop_id(names: dict[int, str], shop: str) -> int | None:
    if not shop:
        return None
    found = next((id_ for id_, name in names.items() if name == shop), None)
    if found is None:
        raise Failure(_no_shop(shop))
    return found


def _no_shop(shop: str) -> Problem:
    return Problem(
        "unknown_shop",
        "shop",
        shop[:80],
        N_("This token sees no shop of that name."),
        N_("GET /api/v1/shops lists them."),
    )


def _instant(text: str) -> int | None:
    try:
        return parse_instant(text) if text else None
    except ValueError:
        wrong, then = N_("This is no instant with an offset."), N_("Write it like 2026-01-12T08:00:00Z.")
        raise Failure(Problem("instant_bad", "due_before", text[:40], wrong, then)) from None


_OBJECT = {"type": "object"}
_BODY = {
    "application/json": {"schema": {"oneOf": [{"type": "array", "items": _OBJECT}, _OBJECT]}},
    "application/x-ndjson": {"schema": {"type": "string"}},
}


@router.post(
    "",
    responses={200: {"model": ImportOut}},
    openapi_extra={"requestBody": {"required": True, "content": _BODY}},
)
def take_orders(
    request: Request,
    principal: Annotated[Principal, Depends(need("orders.import"))],
    sent: Annotated[Sent, Depends(sent_file)],
    shop: Annotated[str, Query(description="Shop name.")],
    dry_run: bool = False,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Orders as TikTok Shop tells them: an array, its API's answer, or a line each. Taken or refused one by one."""
    house = house_of(request)
    with house.store.read(principal.seller_id) as tx:
        shop_id = _shop_id(shop_views.shop_names(tx, principal.shops), shop)
    if not may(principal, "orders.import", shop_id):
        raise Failure(refusal("orders.import"), 1)

    def act() -> Response:
        report = import_orders(
            house, [sent.path], shop, format_="tiktok-json", dry_run=dry_run, actor=principal.actor,
            seller_id=principal.seller_id, kind="api",
        )  # fmt: skip
        return json_response({"schema": "fahuo.import/1", **report.counts(), "refused": report.refused})

    return once(request, principal, idempotency_key, sent.digest, act)


@router.get("/{order_id}", responses={200: {"model": OrderOut}})
def show_order(request: Request, principal: Viewer, order_id: int) -> Response:
    """One order; its ETag is its version."""
    found = _order(request, principal, order_id)
    return json_response(shown.order_json(found), etag=f'"{found.row["version"]}"')


def _order(request: Request, principal: Principal, order_id: int) -> order_view.OrderView:
    house = house_of(request)
    with house.store.read(principal.seller_id) as tx:
        found = order_view.show(tx, order_id, house.clock.now(), principal.shops)
    if found is None:
        raise Failure(
            Problem("not_found", "order", str(order_id), N_("There is no such order."), N_("Look for it in the list."))
        )
    return found


@router.get("/{order_id}/explanation", responses={200: {"model": dict[str, Any]}})
def explain(request: Request, principal: Viewer, order_id: int) -> Response:
    """Each clock in words, in the language of Accept-Language: rule, source, days counted."""
    _ = _order(request, principal, order_id)
    lang = language(request.headers.get("accept-language", "").split(",")[0])
    said = explain_order(house_of(request), order_id, lang, principal.seller_id)
    clocks = [
        shown.known(
            {
                "clock": one.clock,
                "party": one.party,
                "starts_at": iso(one.starts_at),
                "due_at": iso(one.due_at),
                "outcome": one.outcome,
                "pack": one.pack,
                "rule": one.rule,
                "why": one.why,
                "source": one.rule_source,
                "source_date": one.rule_source_date,
                "confidence": one.confidence,
            }
        )
        for one in (said.clocks if said else [])
    ]
    return json_response({"schema": "fahuo.explanation/1", "clocks": clocks, "absent": said.absent if said else []})


@router.post("/{order_id}/release", responses={200: {"model": ChangedOut}})
def release(
    request: Request,
    principal: Handler,
    order_id: int,
    wanted: ReleaseIn,
    body: Annotated[bytes, Depends(sent_body)],
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Release holds; the order goes on from where it stands."""
    expected = _expected(order_id, if_match)

    def act() -> Response:
        done = actions.release(
            house_of(request), principal, [order_id], wanted.note, codes=wanted.codes, expected=expected
        )
        return _changed(request, principal, order_id, done)

    return once(request, principal, idempotency_key, body, act)


@router.post("/{order_id}/hold", responses={200: {"model": ChangedOut}})
def hold(
    request: Request,
    principal: Handler,
    order_id: int,
    wanted: HoldIn,
    body: Annotated[bytes, Depends(sent_body)],
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Stop the order until a person releases it."""
    expected = _expected(order_id, if_match)

    def act() -> Response:
        done = actions.put_hold(house_of(request), principal, [order_id], wanted.note, expected=expected)
        return _changed(request, principal, order_id, done)

    return once(request, principal, idempotency_key, body, act)


def _expected(order_id: int, if_match: str | None) -> dict[int, int] | None:
    version = version_asked(if_match)
    return None if version is None else {order_id: version}


def _changed(request: Request, principal: Principal, order_id: int, done: Outcome) -> Response:
    if done.refused:
        raise Failure(done.refused[0][1])
    version = _order(request, principal, order_id).row["version"]
    body = {"schema": "fahuo.changed/1", "id": str(order_id), "changed": bool(done.done), "version": version}
    return json_response(body, etag=f'"{version}"')
