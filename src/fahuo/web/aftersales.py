"""Requests after the purchase: what is to be answered until when, and the buttons for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from fahuo.aftersales.model import CANCEL
from fahuo.flow import aftersales
from fahuo.kernel.problems import Failure
from fahuo.views import shops as shop_views
from fahuo.views.aftersales import request_list
from fahuo.web.gate import Visitor, draw, house_of, local_path, need

router = APIRouter(prefix="/aftersales")
Viewer = Annotated[Visitor, Depends(need("orders.view"))]
Handler = Annotated[Visitor, Depends(need("orders.handle"))]
PAGE = 100
KINDS = (CANCEL, "REFUND", "RETURN_AND_REFUND", "REPLACEMENT")
BIGGEST = 18


@router.get("")
def page(request: Request, visitor: Viewer) -> Response:
    """The whole page."""
    return draw(request, "aftersales.html", visitor, **_listed(request, visitor))


@router.get("/live")
def live(request: Request, visitor: Viewer) -> Response:
    """The lists alone."""
    return draw(request, "aftersales_live.html", visitor, **_listed(request, visitor))


def _listed(request: Request, visitor: Visitor) -> dict[str, Any]:
    given = request.query_params
    shop, before = _number(given.get("shop", "")), _number(given.get("before", ""))
    kind = given.get("kind", "")[:40]
    with house_of(request).store.read(visitor.principal.seller_id) as tx:
        names = shop_views.shop_names(tx, visitor.shops)
        wanted: dict[str, Any] = {"shop_id": shop, "kind": kind}
        waiting = request_list(tx, visitor.shops, waiting=True, limit=PAGE + 1, **wanted)
        latest = request_list(tx, visitor.shops, limit=PAGE + 1, before=before, **wanted)
    asked = {one.id for one in waiting}
    page = latest[:PAGE]
    return {
        "waiting": waiting[:PAGE],
        "more_waiting": len(waiting) > PAGE,
        "others": [one for one in page if one.id not in asked],
        "older": page[-1].id if len(latest) > PAGE else None,
        "before": before,
        "shops": names,
        "kinds": KINDS,
        "wanted_shop": shop,
        "wanted_kind": kind,
        "address": urlencode({key: given[key] for key in ("shop", "kind") if given.get(key)}),
        "back_to": _list_address(given),
    }


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= BIGGEST else None


def _list_address(given: Mapping[str, str]) -> str:
    """Where an answer leads back to: the list as it was filtered."""
    query = urlencode({key: given[key] for key in ("shop", "kind") if given.get(key)})
    return f"/aftersales?{query}" if query else "/aftersales"


@router.get("/{request_id}/reasons")
def reasons(request: Request, visitor: Handler, request_id: int, back: str = "/aftersales") -> Response:
    """The form for a rejection, with the platform's reasons, which are asked for now."""
    try:
        found = aftersales.offered_reasons(house_of(request), visitor.principal, request_id, visitor.lang)
        wrong = None
    except Failure as failure:
        found, wrong = [], failure.problem.render(visitor.lang)
    facts: dict[str, Any] = {
        "reasons": found,
        "wrong": wrong,
        "id": request_id,
        "back": local_path(back, "/aftersales"),
    }
    return draw(request, "aftersales_reject.html", visitor, **facts)


@router.post("/{request_id}/answer")
def answer(
    request: Request,
    visitor: Handler,
    request_id: int,
    decision: Annotated[str, Form(max_length=20)],
    reason: Annotated[str, Form(max_length=200)] = "",
    comment: Annotated[str, Form(max_length=200)] = "",
    back: Annotated[str, Form(max_length=200)] = "/aftersales",
) -> Response:
    """Approve or reject, then back to where the button was."""
    aftersales.answer(house_of(request), visitor.principal, request_id, decision, reason=reason, comment=comment)
    return RedirectResponse(local_path(back, "/aftersales"), 303)
