"""Requests after the purchase: what is to be answered until when, and the buttons for it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from fahuo.flow import aftersales
from fahuo.kernel.problems import Failure
from fahuo.views.aftersales import request_list
from fahuo.web.gate import Visitor, draw, house_of, need

router = APIRouter(prefix="/aftersales")
Viewer = Annotated[Visitor, Depends(need("orders.view"))]
Handler = Annotated[Visitor, Depends(need("orders.handle"))]
PAGE = 100


@router.get("")
def page(request: Request, visitor: Viewer) -> Response:
    """The whole page."""
    return draw(request, "aftersales.html", visitor, **_listed(request, visitor))


@router.get("/live")
def live(request: Request, visitor: Viewer) -> Response:
    """The lists alone."""
    return draw(request, "aftersales_live.html", visitor, **_listed(request, visitor))


def _listed(request: Request, visitor: Visitor) -> dict[str, Any]:
    with house_of(request).store.read(visitor.principal.seller_id) as tx:
        waiting = request_list(tx, visitor.shops, waiting=True, limit=PAGE)
        latest = request_list(tx, visitor.shops, limit=PAGE)
    asked = {one.id for one in waiting}
    return {"waiting": waiting, "others": [one for one in latest if one.id not in asked]}


@router.get("/{request_id}/reasons")
def reasons(request: Request, visitor: Handler, request_id: int) -> Response:
    """The form for a rejection, with the platform's reasons, which are asked for now."""
    try:
        found = aftersales.offered_reasons(house_of(request), visitor.principal, request_id, visitor.lang)
        wrong = None
    except Failure as failure:
        found, wrong = [], failure.problem.render(visitor.lang)
    return draw(request, "aftersales_reject.html", visitor, reasons=found, wrong=wrong, id=request_id)


@router.post("/{request_id}/answer")
def answer(
    request: Request,
    visitor: Handler,
    request_id: int,
    decision: Annotated[str, Form(max_length=20)],
    reason: Annotated[str, Form(max_length=200)] = "",
    comment: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Approve or reject, then back to the list."""
    aftersales.answer(house_of(request), visitor.principal, request_id, decision, reason=reason, comment=comment)
    return RedirectResponse("/aftersales", 303)
