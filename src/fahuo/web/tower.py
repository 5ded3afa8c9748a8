"""The control tower, and the cheap word by which pages know that something changed."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from fahuo.flow.house import rule_book
from fahuo.kernel.clock import technical_ms
from fahuo.kernel.instant import local, zone
from fahuo.views import asked, tower
from fahuo.views import shops as shop_views
from fahuo.web.gate import Visitor, draw, home_zone, house_of, logged_in, need
from fahuo.web.recent import Recent

router = APIRouter()
STAKES_S = 5.0
RATES_S = 60.0
Viewer = Annotated[Visitor, Depends(need("figures.view"))]


@router.get("/")
async def home(visitor: Annotated[Visitor, Depends(logged_in)]) -> Response:
    """The tower for those who see figures; the bench or the list for the others."""
    if visitor.may("figures.view"):
        return RedirectResponse("/tower", 303)
    return RedirectResponse("/pack" if visitor.may("floor.pack") else "/orders", 303)


@router.get("/tower")
def page(request: Request, visitor: Viewer) -> Response:
    """The whole page."""
    return draw(request, "tower.html", visitor, **figures(request, visitor))


@router.get("/tower/live")
def live(request: Request, visitor: Viewer) -> Response:
    """Its changing part."""
    return draw(request, "tower_live.html", visitor, **figures(request, visitor))


@router.get("/changed", dependencies=[Depends(logged_in)])
async def changed(request: Request) -> Response:
    """A word that differs once anything was written."""
    return Response(request.app.state.watch.token(), media_type="text/plain")


def figures(request: Request, visitor: Visitor) -> dict[str, Any]:
    """Everything the tower shows. What must read many rows is shared by all who look within a moment."""
    house = house_of(request)
    recent: Recent = request.app.state.recent
    now = house.clock.now()
    shops = visitor.shops
    whose = (visitor.principal.seller_id, shops)
    zone_name = home_zone(house, visitor)
    with house.store.read(visitor.principal.seller_id) as tx:
        curve = tower.curve(tx, now, shops=shops)
        return {
            "zone": zone_name,
            "stations": tower.stations(tx, shops),
            "unruled": tower.without_rule(tx, shops),
            "curve": curve,
            "chart": _chart(curve, zone_name),
            "stakes": recent.get(("stakes", whose), STAKES_S, lambda: tower.stakes(tx, now, shops=shops)),
            "rates": recent.get(("rates", whose), RATES_S, lambda: tower.late_rates(tx, now, rule_book(tx), shops)),
            "events": tower.just_now(tx, shops=shops),
            "stuck": tower.for_people(tx, shops),
            "band": asked.band(tx, now, technical_ms(), shops),
            "shop_names": shop_views.shop_names(tx, shops),
            "risk_hours": tower.RISK_H,
        }


def _chart(curve: tower.Curve, zone_name: str) -> dict[str, Any]:
    where = zone(zone_name)
    return {
        "at": [local(at, where).strftime("%H:%M") for at in curve.at],
        "due": curve.due,
        "packed": curve.packed,
    }
