"""What connected shops offer: articles without a SKU of ours, units shown, refusals, sale stopped."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from fahuo.flow import offers
from fahuo.views import shops as shop_views
from fahuo.views.offers import offer_list
from fahuo.web.gate import Visitor, draw, house_of, need

router = APIRouter(prefix="/offers")
PAGE = 200
BIGGEST = 18
"""Digits of an id."""


@router.get("")
def page(
    request: Request,
    visitor: Annotated[Visitor, Depends(need("stock.view"))],
    shop: str = "",
    trouble: str = "",
    page: int = 0,
) -> Response:
    """A page of the list, and when sale is stopped."""
    house, seller = house_of(request), visitor.principal.seller_id
    chosen = int(shop) if shop.isdecimal() and len(shop) <= BIGGEST else None
    number = min(max(page, 0), 10_000)
    with house.store.read(seller) as tx:
        rows = offer_list(
            tx, visitor.shops, shop_id=chosen, trouble=bool(trouble), limit=PAGE + 1, offset=number * PAGE
        )
        names = shop_views.shop_names(tx, visitor.shops)
    facts: dict[str, Any] = {"rows": rows[:PAGE], "names": names, "shop": chosen, "trouble": bool(trouble)}
    facts |= {"number": number, "more": len(rows) > PAGE, "hours": offers.stop_after(house, seller)}
    return draw(request, "offers.html", visitor, **facts)


@router.post("/stop-after")
def stop_after(
    request: Request,
    visitor: Annotated[Visitor, Depends(need("stock.change"))],
    hours: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """After how many empty hours a product is taken off sale; `never` or nothing: it stays."""
    offers.set_stop_after(house_of(request), hours.strip() or offers.NEVER, visitor.principal.seller_id)
    return RedirectResponse("/offers", 303)
