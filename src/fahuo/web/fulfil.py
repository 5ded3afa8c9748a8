"""Parcels of connected shops: cutting them on the order's page, and the page of the first mile."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from fahuo.flow import cut, first_mile, shipping_rules
from fahuo.flow.handover import hand_over
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.views import first_mile as views
from fahuo.views import order as order_view
from fahuo.warehouse.model import PLATFORM, Parcel
from fahuo.web.gate import Visitor, draw, house_of, need

router = APIRouter()
Handler = Annotated[Visitor, Depends(need("orders.handle"))]
Reporter = Annotated[Visitor, Depends(need("dispatch.report"))]
SHOWN: Final = 50
BOTH: Final = 2
"""A slot has a beginning and an end."""


@router.post("/orders/{order_id}/split")
async def split(request: Request, visitor: Handler, order_id: int) -> Response:
    """Units named by `units.SKU` go into a parcel of their own; the rest stays together."""
    form = await request.form()
    group = {
        name.removeprefix("units."): int(str(value))
        for name, value in form.items()
        if name.startswith("units.") and str(value).isdecimal() and int(str(value)) > 0
    }
    _visible(request, visitor, order_id)
    cut.split(house_of(request), order_id, [group], visitor.principal.actor, visitor.principal.seller_id)
    return RedirectResponse(f"/orders/{order_id}", 303)


@router.post("/orders/{order_id}/uncombine")
def uncombine(request: Request, visitor: Handler, order_id: int) -> Response:
    """The order goes by itself."""
    _visible(request, visitor, order_id)
    cut.uncombine(house_of(request), order_id, visitor.principal.actor, visitor.principal.seller_id)
    return RedirectResponse(f"/orders/{order_id}", 303)


@router.get("/orders/{order_id}/parcels/{package_id}")
def parcel(request: Request, visitor: Reporter, order_id: int, package_id: int) -> Response:
    """What may be asked of the platform about one parcel: when it is picked up, or its corrected number."""
    house, seller = house_of(request), visitor.principal.seller_id
    found, order = _parcel(request, visitor, order_id, package_id)
    slots: list[tuple[int, int]] = []
    drop_off, wrong = False, None
    own = found.label_origin != PLATFORM
    if not own:
        try:
            slots, drop_off = cut.slots(house, package_id, seller)
        except Failure as failure:
            wrong = failure.problem
    facts: dict[str, Any] = {
        "parcel": found,
        "order": order,
        "slots": slots,
        "drop_off": drop_off,
        "wrong": wrong,
        "own": own,
    }
    return draw(request, "parcel.html", visitor, **facts)


@router.post("/orders/{order_id}/parcels/{package_id}/schedule")
def schedule(
    request: Request, visitor: Reporter, order_id: int, package_id: int, slot: Annotated[str, Form(max_length=40)] = ""
) -> Response:
    """Book a slot (`start-end`, epoch seconds); without one the parcel is dropped off."""
    _parcel(request, visitor, order_id, package_id)
    times = [int(part) for part in slot.split("-") if part.isdecimal()]
    chosen = (times[0], times[1]) if len(times) == BOTH else None
    method = "DROP_OFF" if chosen is None else "PICKUP"
    cut.schedule(house_of(request), package_id, method, chosen, visitor.principal.actor, visitor.principal.seller_id)
    return RedirectResponse(f"/orders/{order_id}", 303)


@router.post("/orders/{order_id}/parcels/{package_id}/number")
def correct(
    request: Request,
    visitor: Reporter,
    order_id: int,
    package_id: int,
    number: Annotated[str, Form(max_length=60)] = "",
    carrier: Annotated[str, Form(max_length=80)] = "",
) -> Response:
    """Correct the number the platform was told of an own carrier's parcel."""
    _parcel(request, visitor, order_id, package_id)
    principal = visitor.principal
    cut.correct(house_of(request), package_id, carrier, number, principal.actor, principal.seller_id)
    return RedirectResponse(f"/orders/{order_id}", 303)


def _parcel(request: Request, visitor: Visitor, order_id: int, package_id: int) -> tuple[Parcel, order_view.OrderView]:
    house = house_of(request)
    with house.store.read(visitor.principal.seller_id) as tx:
        order = order_view.show(tx, order_id, house.clock.now(), visitor.shops)
    found = next((one for one in order.parcels if one.id == package_id), None) if order else None
    if order is None or found is None:
        wrong, then = N_("There is no such parcel."), N_("Look at the order's page.")
        raise Failure(Problem("not_found", "package", str(package_id), wrong, then))
    return found, order


def _visible(request: Request, visitor: Visitor, order_id: int) -> None:
    with house_of(request).store.read(visitor.principal.seller_id) as tx:
        if not order_view.visible(tx, order_id, visitor.shops):
            wrong, then = N_("There is no such order."), N_("Look for it in the list.")
            raise Failure(Problem("not_found", "order", str(order_id), wrong, then))


@router.get("/first-mile")
def page(request: Request, visitor: Reporter) -> Response:
    """What waits for a bundle, and the bundles there are."""
    house, seller = house_of(request), visitor.principal.seller_id
    waiting = shipping_rules.gathered(house, first_mile.waiting(house, seller), seller)
    with house.store.read(seller) as tx:
        found = views.bundles(tx, SHOWN)
    return draw(request, "first_mile.html", visitor, waiting=waiting, bundles=found)


@router.post("/first-mile")
def bundle(
    request: Request,
    visitor: Reporter,
    shop: Annotated[int, Form()],
    warehouse: Annotated[int, Form()],
    courier: Annotated[str, Form(max_length=80)] = "",
    number: Annotated[str, Form(max_length=60)] = "",
    phone_tail: Annotated[str, Form(max_length=4)] = "",
    pickup: Annotated[str, Form(max_length=3)] = "",
) -> Response:
    """Make a bundle of all that waits there."""
    wish = first_mile.Wish(
        shop_id=shop,
        warehouse_id=warehouse,
        method=first_mile.PICKUP if pickup else first_mile.DROP_OFF,
        carrier=courier,
        number=number,
        phone_tail=phone_tail,
    )
    first_mile.make(house_of(request), wish, visitor.principal.actor, visitor.principal.seller_id)
    return RedirectResponse("/first-mile", 303)


@router.post("/first-mile/{bundle_id}/handover")
def taken(request: Request, visitor: Reporter, bundle_id: int) -> Response:
    """The courier has taken the bundle."""
    house, seller = house_of(request), visitor.principal.seller_id
    hand_over(house, visitor.principal.actor, codes=first_mile.numbers(house, bundle_id, seller), seller_id=seller)
    return RedirectResponse("/first-mile", 303)


@router.post("/first-mile/{bundle_id}/decide")
def decide(
    request: Request,
    visitor: Reporter,
    bundle_id: int,
    made: Annotated[str, Form(max_length=3)] = "",
    ref: Annotated[str, Form(max_length=60)] = "",
) -> Response:
    """The answer was lost; a person has looked: the bundle is there, or is asked for again."""
    decision = first_mile.Decision(made == "yes", ref.strip())
    first_mile.decide(house_of(request), bundle_id, decision, visitor.principal.seller_id)
    return RedirectResponse("/first-mile", 303)


@router.get("/first-mile/{bundle_id}/sheet")
def sheet(request: Request, visitor: Reporter, bundle_id: int) -> Response:
    """The bundle's sheet, to be printed."""
    content = first_mile.sheet(house_of(request), bundle_id, visitor.principal.seller_id)
    headers = {"content-disposition": f'inline; filename="bundle-{bundle_id}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)
