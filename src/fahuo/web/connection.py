"""A shop's page: how its connection to the platform stands; and the way through the seller's consent."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from fahuo.access.rules import may
from fahuo.channels.tiktok_shop.errors import problem as code_problem
from fahuo.flow import connect as use
from fahuo.flow import notices as working
from fahuo.flow.apps import app_list, app_named
from fahuo.flow.grants import client_of, renew_now
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.views import connection as views
from fahuo.web.gate import Visitor, draw, house_of, need

router = APIRouter()
Viewer = Annotated[Visitor, Depends(need("effects.view"))]
Retrier = Annotated[Visitor, Depends(need("effects.retry"))]
Owner = Annotated[Visitor, Depends(need("access.manage"))]
"""Consent is given for the whole house: owners only."""


@router.get("/shops/{shop_id}")
def page(request: Request, visitor: Viewer, shop_id: int) -> Response:
    """The whole page."""
    return draw(request, "connection.html", visitor, **_facts(request, visitor, shop_id))


@router.get("/shops/{shop_id}/live")
def live(request: Request, visitor: Viewer, shop_id: int) -> Response:
    """Its changing part."""
    return draw(request, "connection_live.html", visitor, **_facts(request, visitor, shop_id))


def _facts(request: Request, visitor: Visitor, shop_id: int) -> dict[str, Any]:
    house = house_of(request)
    seller = visitor.principal.seller_id
    view = None
    if may(visitor.principal, "effects.view", shop_id):
        with house.store.read(seller) as tx:
            view = views.connection(tx, shop_id)
    if view is None:
        raise Failure(Problem("unknown_shop", "shop", str(shop_id), N_("There is no such shop."), ""))
    return {
        "view": view,
        "one": view.standing,
        "out": views.way_out(view.standing),
        "apps": app_list(house, seller) if visitor.may("access.manage") else [],
        "advice": {row.id: _advice(row.outcome) for row in view.declined},
        "sent": lambda ms: None if ms is None else ms // 1000,
    }


def _advice(outcome: dict[str, Any]) -> Problem | None:
    """What to do about a refused message, by the platform's code in its outcome."""
    code = str(outcome.get("code", ""))
    return code_problem(int(code)) if code.isdecimal() else None


@router.post("/connect/tiktok")
def begin(request: Request, visitor: Owner, app: Annotated[str, Form(max_length=200)] = "") -> Response:
    """Where to give consent; a page with the address, because the browser may send no form to another site."""
    house = house_of(request)
    seller = visitor.principal.seller_id
    url = use.consent_url(house, app_named(house, app or None, seller), visitor.principal.actor, seller)
    # The app's redirect address may be another: nobody but this person, in this browser, may end it.
    return draw(request, "consent.html", visitor, url=url, back=f"{request.base_url}{use.CALLBACK_PATH[1:]}")


@router.get(use.CALLBACK_PATH)
def back(request: Request, visitor: Owner) -> Response:
    """The platform sent the browser back: its `state` says whether this person asked for it."""
    house = house_of(request)
    url = f"{request.url.path}?{urlencode(list(request.query_params.multi_items()))}"
    done = use.returned(
        house, client_of(house.store), url, visitor.principal.actor, seller_id=visitor.principal.seller_id
    )
    return draw(request, "connected.html", visitor, done=done)


@router.post("/shops/{shop_id}/notices/{notice_id}")
def see_to(
    request: Request, visitor: Retrier, shop_id: int, notice_id: int, then: Annotated[str, Form(max_length=20)]
) -> Response:
    """A parked notice is worked off once more, or set aside because somebody has seen to it."""
    view = _facts(request, visitor, shop_id)["view"]
    mine = [one.id for one in view.parked if one.id == notice_id]
    (working.try_again if then == "again" else working.set_aside)(
        house_of(request), mine, seller_id=visitor.principal.seller_id
    )
    return RedirectResponse(f"/shops/{shop_id}", 303)


@router.post("/shops/{shop_id}/renew")
def renew(request: Request, visitor: Owner, shop_id: int) -> Response:
    """Renew the token now."""
    house = house_of(request)
    seller = visitor.principal.seller_id
    link = use.link_named(house, str(shop_id), seller)
    wrong = renew_now(house.store, client_of(house.store), [link.grant_id], seller)
    if wrong is not None:
        raise Failure(wrong, 1)
    return RedirectResponse(f"/shops/{shop_id}", 303)


@router.post("/shops/{shop_id}/disconnect")
def disconnect(request: Request, visitor: Owner, shop_id: int) -> Response:
    """Stop all calls for the shop; the consent stays with the platform until it is given back there."""
    house = house_of(request)
    use.disconnect(house, client_of(house.store), str(shop_id), seller_id=visitor.principal.seller_id)
    return RedirectResponse(f"/shops/{shop_id}", 303)
