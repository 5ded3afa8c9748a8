"""The order list with its batch actions, and the page of one order."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from fahuo.flow import actions, cut
from fahuo.flow.explain import explain_order
from fahuo.flow.house import House
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.orders.phones import parse_phone
from fahuo.talks.model import plain
from fahuo.views import order as order_view
from fahuo.views import orders as list_view
from fahuo.views import shops as shop_views
from fahuo.views import tower
from fahuo.views.aftersales import messages_of_order, request_list
from fahuo.views.effects import FOR_PEOPLE
from fahuo.views.orders import Filter
from fahuo.web import words
from fahuo.web.format import moment
from fahuo.web.gate import Visitor, draw, house_of, need
from fahuo.web.reasons import cost, decision_words
from fahuo.web.timeline import timeline_words

router = APIRouter()
Viewer = Annotated[Visitor, Depends(need("orders.view"))]
Handler = Annotated[Visitor, Depends(need("orders.handle"))]
HOURS = (4, 8, 24, 48)
DIGITS = 5
PAGE = 50


def asked(request: Request, visitor: Visitor, now: int) -> Filter:
    """The filter in the page's address. Buyer fields count only for those who may see buyers."""
    given = request.query_params
    hours = given.get("due", "")
    buyers = visitor.may("buyers.view")
    phone = given.get("phone", "").strip() if buyers else ""
    return Filter(
        station=given.get("station", ""),
        state=given.get("state", ""),
        shop_id=int(given["shop"]) if given.get("shop", "").isdecimal() else None,
        market=given.get("market", "")[:8],
        due_before=now + int(hours) * 3600 if hours.isdecimal() and len(hours) <= DIGITS else None,
        hold=given.get("hold", ""),
        text=given.get("q", "").strip()[:80],
        name=given.get("name", "").strip()[:200] if buyers else "",
        phone=_e164(phone, given.get("market", "")),
        sort=given.get("sort", ""),
    )


def _e164(phone: str, market: str) -> str:
    if not phone or phone.startswith("+"):
        return "".join(sign for sign in phone if sign in "+0123456789")
    return parse_phone(phone, market).e164 or phone if market else phone


@router.get("/orders")
def page(request: Request, visitor: Viewer) -> Response:
    """The whole page."""
    return draw(request, "orders.html", visitor, **listed(request, visitor))


@router.get("/orders/live")
def live(request: Request, visitor: Viewer) -> Response:
    """The list alone."""
    return draw(request, "orders_live.html", visitor, **listed(request, visitor))


def listed(request: Request, visitor: Visitor) -> dict[str, Any]:
    """A page of the list with what its filter offers."""
    house = house_of(request)
    now = house.clock.now()
    wanted = asked(request, visitor, now)
    cursor = request.query_params.get("after", "")
    with house.store.read(visitor.principal.seller_id) as tx:
        try:
            found = list_view.page(tx, wanted, PAGE, cursor, visitor.shops)
        except ValueError:
            found = list_view.page(tx, wanted, PAGE, "", visitor.shops)
        shops = shop_views.shop_names(tx, visitor.shops)
        stations = tower.stations(tx, visitor.shops)
        markets = list_view.markets(tx)
        zone = shop_views.home_zone(tx)
    query = {key: value for key, value in request.query_params.items() if value and key != "after"}
    return {
        "zone": zone,
        "found": found,
        "wanted": wanted,
        "shops": shops,
        "stations": stations,
        "markets": [(code, code) for code in markets],
        "query": query,
        "address": urlencode(query),
        "next_address": urlencode({**query, "after": found.next}) if found.next else "",
        "first": not cursor,
        "cursor": cursor,
        "hours": HOURS,
        "states": words.STATES,
        "all_stations": words.STATIONS,
        "hold_codes": words.HOLDS,
    }


@router.post("/orders/batch")
def batch(
    request: Request,
    visitor: Handler,
    action: Annotated[str, Form()],
    ids: Annotated[list[int] | None, Form(max_length=500)] = None,
    note: Annotated[str, Form(max_length=500)] = "",
    back: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Act on the ticked orders and go back to the list, which says what became of them."""
    house = house_of(request)
    if not ids:
        raise Failure(
            Problem("none_chosen", "ids", message=N_("No order is ticked."), next=N_("Tick one or more and repeat."))
        )
    if action == "print":
        return Response(
            actions.print_labels(house, visitor.principal, ids, "pdf"),
            media_type="application/pdf",
            headers={"content-disposition": 'inline; filename="labels.pdf"'},
        )
    outcome = _act(house, visitor, action, ids, note)
    return draw(request, "batch_done.html", visitor, outcome=outcome, action=action, back=f"/orders?{back}")


def _act(house: House, visitor: Visitor, action: str, ids: list[int], note: str) -> actions.Outcome:
    if action == "release":
        return actions.release(house, visitor.principal, ids, note)
    if action == "hold":
        return actions.put_hold(house, visitor.principal, ids, note)
    raise Failure(
        Problem("unknown_action", "action", action[:40], N_("There is no action {name}."), "", {"name": action[:40]})
    )


@router.get("/orders/{order_id}")
def show(request: Request, visitor: Viewer, order_id: int) -> Response:
    """One order with its clocks, reasons and time line."""
    return draw(request, "order.html", visitor, **_order(request, visitor, order_id))


@router.get("/orders/{order_id}/live")
def show_live(request: Request, visitor: Viewer, order_id: int) -> Response:
    """Its changing part."""
    return draw(request, "order_live.html", visitor, **_order(request, visitor, order_id))


def _order(request: Request, visitor: Visitor, order_id: int) -> dict[str, Any]:
    house = house_of(request)
    now = house.clock.now()
    with house.store.read(visitor.principal.seller_id) as tx:
        found = order_view.show(tx, order_id, now, visitor.shops)
        names = order_view.place_names(tx)
        answers = order_view.answers(tx, order_id) if visitor.may("buyers.view") else {}
        requests = request_list(tx, visitor.shops, order_id=order_id)
        legs = order_view.legs(tx, found.parcels) if found else {}
    if found is None:
        raise Failure(_none(order_id))
    said = explain_order(house, order_id, visitor.lang, visitor.principal.seller_id)
    texts = {hold.code: order_view.hold_words(hold.code, hold.field, hold.value, visitor.lang) for hold in found.holds}
    return {
        "zone": found.zone,
        "order": found,
        "row": found.row,
        "said": said,
        "hold_texts": texts,
        "answers": answers,
        "requests": requests,
        "legs": legs,
        "again": FOR_PEOPLE,
        "cost": cost,
        "cuts": cut.possible(house, order_id, visitor.principal.seller_id),
        "decision_words": decision_words(found.decision, names, visitor.lang),
        "timeline_words": timeline_words(visitor.lang, lambda at: moment(at, found.zone, now)),
        "open_holds": [hold for hold in found.holds if hold.released_at is None],
    }


def _none(order_id: int) -> Problem:
    return Problem("not_found", "order", str(order_id), N_("There is no such order."), N_("Look for it in the list."))


@router.get("/orders/{order_id}/recipient")
def recipient(request: Request, visitor: Annotated[Visitor, Depends(need("buyers.view"))], order_id: int) -> Response:
    """Name and address, opened for this one reading."""
    house = house_of(request)
    with house.store.read(visitor.principal.seller_id) as tx:
        if not order_view.visible(tx, order_id, visitor.shops):
            raise Failure(_none(order_id))
        person = order_view.recipient(tx, order_id)
    return draw(request, "recipient.html", visitor, person=person)


@router.get("/orders/{order_id}/talks")
def talks(request: Request, visitor: Annotated[Visitor, Depends(need("buyers.view"))], order_id: int) -> Response:
    """What was said about the order, opened for this one reading."""
    house = house_of(request)
    with house.store.read(visitor.principal.seller_id) as tx:
        if not order_view.visible(tx, order_id, visitor.shops):
            raise Failure(_none(order_id))
        messages = messages_of_order(tx, order_id)
    return draw(request, "order_talks.html", visitor, messages=messages, plain=plain)


@router.post("/orders/{order_id}/release")
def release(
    request: Request,
    visitor: Handler,
    order_id: int,
    code: Annotated[str, Form(max_length=60)] = "",
    note: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Release one hold, or all of them, with a note."""
    codes = [code] if code else None
    _only(actions.release(house_of(request), visitor.principal, [order_id], note, codes=codes))
    return RedirectResponse(f"/orders/{order_id}", 303)


@router.post("/orders/{order_id}/hold")
def hold(
    request: Request, visitor: Handler, order_id: int, note: Annotated[str, Form(max_length=500)] = ""
) -> Response:
    """Stop the order until a person releases it."""
    _only(actions.put_hold(house_of(request), visitor.principal, [order_id], note))
    return RedirectResponse(f"/orders/{order_id}", 303)


def _only(outcome: actions.Outcome) -> None:
    if outcome.refused:
        raise Failure(outcome.refused[0][1], 1 if outcome.refused[0][1].code != "not_found" else 2)
