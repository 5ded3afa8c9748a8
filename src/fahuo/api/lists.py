"""REST: shops, stock, waves, messages and figures."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from fahuo.access.model import Principal
from fahuo.access.rules import may
from fahuo.api.answers import json_response
from fahuo.api.gate import IdempotencyKey, house_of, need, once, whole_house
from fahuo.api.schemas import ChangedOut, ConnectionOut, MetricsOut, PageOut
from fahuo.flow import actions
from fahuo.flow.house import rule_book
from fahuo.flow.setup import shop_json
from fahuo.kernel.instant import iso
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.views import connection as connections
from fahuo.views import json as shown
from fahuo.views import shops as lists
from fahuo.views import tower
from fahuo.views.offers import offer_json, offer_list

router = APIRouter()
Limit = Annotated[int, Query(ge=1, le=lists.LIMIT_MAX)]


def _page(schema: str, name: str, rows: list[Any], after: str | None) -> Response:
    return json_response(shown.known({"schema": schema, name: rows, "next": after}) | {name: rows})


@router.get("/shops", tags=["shops"], responses={200: {"model": PageOut}})
def shops(request: Request, principal: Annotated[Principal, Depends(need("orders.view"))]) -> Response:
    """Shops the token may see, with open and overdue orders."""
    house = house_of(request)
    with house.store.read(principal.seller_id) as tx:
        found = lists.shop_views(tx, house.clock.now(), principal.shops)
    rows = [
        {**shop_json(view.shop), "channel": view.channel, "open": view.open, "overdue": view.overdue} for view in found
    ]
    return _page("fahuo.shops/1", "shops", rows, None)


@router.get("/shops/{shop_id}/connection", tags=["shops"], responses={200: {"model": ConnectionOut}})
def shop_connection(
    request: Request, principal: Annotated[Principal, Depends(need("effects.view"))], shop_id: int
) -> Response:
    """How the shop's connection to the platform stands, and the way out of its state."""
    found = None
    if may(principal, "effects.view", shop_id):
        with house_of(request).store.read(principal.seller_id) as tx:
            found = connections.connection(tx, shop_id)
    if found is None:
        raise Failure(Problem("unknown_shop", "shop", str(shop_id), N_("There is no such shop."), ""))
    return json_response(connections.connection_json(found))


@router.get("/stock", tags=["stock"], responses={200: {"model": PageOut}})
def stock(
    request: Request,
    principal: Annotated[Principal, Depends(need("stock.view"))],
    limit: Limit = 100,
    cursor: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Units of each SKU over all warehouses, by SKU code. All shops share it, so the token must reach all of them."""
    whole_house(principal, "stock.view")
    with house_of(request).store.read(principal.seller_id) as tx:
        found = lists.stock_list(tx, limit, cursor)
    rows = [
        {
            "sku": row.sku,
            "name": row.name,
            "on_hand": row.on_hand,
            "reserved": row.reserved,
            "free": row.free,
            "safety_buffer": row.safety_buffer,
        }
        for row in found
    ]
    return _page("fahuo.stock/1", "stock", rows, found[-1].sku if len(found) == limit else None)


@router.get("/offers", tags=["stock"], responses={200: {"model": PageOut}})
def offers(
    request: Request,
    principal: Annotated[Principal, Depends(need("stock.view"))],
    trouble: bool = False,
    limit: Limit = 100,
    cursor: Annotated[int, Query(ge=0, lt=1 << 31)] = 0,
) -> Response:
    """What connected shops offer, by shop and product. `trouble`: not mapped, refused, or taken off sale."""
    with house_of(request).store.read(principal.seller_id) as tx:
        found = offer_list(tx, principal.shops, trouble=trouble, limit=limit, offset=cursor)
    after = str(cursor + limit) if len(found) == limit else None
    return _page("fahuo.offers/1", "offers", [offer_json(row) for row in found], after)


@router.get("/effects", tags=["effects"], responses={200: {"model": PageOut}})
def effects(
    request: Request,
    principal: Annotated[Principal, Depends(need("effects.view"))],
    state: str = "",
    limit: Limit = 100,
    cursor: Annotated[int, Query(ge=0, lt=1 << 63)] = 0,
) -> Response:
    """Messages to platforms and carriers, oldest first."""
    with house_of(request).store.read(principal.seller_id) as tx:
        found = lists.effect_list(tx, state, limit, cursor, principal.shops)
    rows = [shown.effect_json(row) for row in found]
    return _page("fahuo.effects/1", "effects", rows, str(found[-1].id) if len(found) == limit else None)


@router.post("/effects/{effect_id}/retry", tags=["effects"], responses={200: {"model": ChangedOut}})
def retry(
    request: Request,
    principal: Annotated[Principal, Depends(need("effects.retry"))],
    effect_id: int,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Send a message again that was declined, given up or whose answer was lost."""

    def act() -> Response:
        done = actions.retry(house_of(request), principal, [effect_id])
        if done.refused:
            raise Failure(done.refused[0][1])
        return json_response({"schema": "fahuo.changed/1", "id": str(effect_id), "changed": bool(done.done)})

    return once(request, principal, idempotency_key, b"", act)


@router.get("/metrics", tags=["metrics"], responses={200: {"model": MetricsOut}})
def metrics(request: Request, principal: Annotated[Principal, Depends(need("figures.view"))]) -> Response:
    """The control tower's figures for the token's shops; capacity is the whole house's."""
    house = house_of(request)
    now = house.clock.now()
    with house.store.read(principal.seller_id) as tx:
        curve = tower.curve(tx, now, shops=principal.shops)
        body = {
            "schema": "fahuo.metrics/1",
            "at": iso(now),
            "stations": tower.stations(tx, principal.shops),
            "no_rule_found": tower.without_rule(tx, principal.shops),
            "at_stake": [_stake(stake) for stake in tower.stakes(tx, now, shops=principal.shops)],
            "late_rate": [_rate(rate) for rate in tower.late_rates(tx, now, rule_book(tx), principal.shops)],
            "due": _due(curve),
        }
    if curve.short:
        body["breach"] = {"at": iso(curve.short.at), "orders": curve.short.orders}
    return json_response(body)


def _stake(stake: tower.Stake) -> dict[str, Any]:
    return {
        "overdue": stake.overdue,
        "overdue_total": shown.money(stake.overdue_total, stake.currency, stake.exponent),
        "at_risk": stake.risk,
        "at_risk_total": shown.money(stake.risk_total, stake.currency, stake.exponent),
    }


def _rate(rate: tower.Rate) -> dict[str, Any]:
    share = None if not rate.due else f"{rate.missed / rate.due:.4f}"
    return shown.known(
        {
            "shop": rate.shop,
            "market": rate.market,
            "clock": rate.clock,
            "due": rate.due,
            "missed": rate.missed,
            "unknown": rate.unknown,
            "rate": share,
        }
    )


def _due(curve: tower.Curve) -> list[dict[str, Any]]:
    packed: list[int | None] = [*curve.packed] if curve.packed is not None else [None] * len(curve.at)
    rows = zip(curve.at, curve.due, packed, strict=True)
    return [shown.known({"by": iso(at), "due": due, "can_be_packed": can}) for at, due, can in rows]
