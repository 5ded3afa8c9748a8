"""Calls to the sandbox's endpoints without a server: a hand-made Call, the route found by its path."""

from typing import Any

import msgspec
import pytest

from fahuo.sandbox import build as builder
from fahuo.sandbox import markets, providers
from fahuo.sandbox.endpoints import fulfilment, logistics, orders
from fahuo.sandbox.gateway_model import Call, OpenRoute, Route, Upload
from fahuo.sandbox.model import Behaviour, Grant, Order, Package, Refuse, Shop
from fahuo.sandbox.paths import Paths
from fahuo.sandbox.world import World

START = 1_790_000_000
"""Monday, 21 September 2026, 14:13:20 UTC."""
HOUR, DAY = 3600, 86_400
BASE = "http://127.0.0.1:1"

PATHS = Paths()
_ALL: list[Route | OpenRoute] = [*orders.ROUTES, *fulfilment.ROUTES, *fulfilment.OPEN, *logistics.ROUTES]
for _route in _ALL:
    PATHS.add(_route)


def a_world(*shops: str, seed: int = 7, start: int = START, behaviour: Behaviour | None = None) -> World:
    """A world in which nobody does anything by himself, and no van comes."""
    world = builder.build(seed, shops or ("VN",), start, behaviour or Behaviour())
    for shop in world.shops.values():
        shop.collect = "manual"
    return world


def shop_at(world: World, at: int = 0) -> Shop:
    """The shop in that place."""
    return list(world.shops.values())[at]


def ordered(world: World, shop: int = 0, **wishes: Any) -> Order:
    """An order that awaits shipment now."""
    given = {"prompt": True, "fbt": False, "cod": False, "sample": False, "shipping_type": "TIKTOK"} | wishes
    return world.place(shop_at(world, shop).id, world.now(), status="AWAITING_SHIPMENT", **given)


def package_of(world: World, order: Order, at: int = 0) -> Package:
    """The order's parcel in that place."""
    return world.packages[order.packages[at]]


def call(
    world: World,
    method: str,
    path: str,
    body: Any = None,
    query: dict[str, str] | None = None,
    *,
    shop: int = 0,
    files: dict[str, Upload] | None = None,
) -> Any:
    """The data of the answer as a client decodes it; refusals are raised."""
    route, params = PATHS.find(method, path)
    owner = shop_at(world, shop)
    grant = Grant(
        id="1",
        app_key="app",
        seller=owner.seller,
        shops=list(world.shops),
        access_token="a",
        access_until=0,
        refresh_token="r",
        refresh_until=0,
    )
    found = route.handler(  # type: ignore[call-arg]  # routes behind the gateway only
        Call(
            world=world,
            shop=owner if getattr(route, "cipher", "") == "required" else None,
            params=params,
            query=query or {},
            body=body or {},
            now=world.now(),
            app=None,  # type: ignore[arg-type]  # no handler here asks for the app
            grant=grant,
            raw=b"",
            files=files or {},
            base_url=BASE,
        )
    )
    return msgspec.json.decode(msgspec.json.encode(found))


def fetch(world: World, url: str) -> tuple[int, bytes, str]:
    """(status, content, media type) of a file that the sandbox serves."""
    route, params = PATHS.find("GET", url.removeprefix(BASE))
    served = route.handler(world, params, {}, world.now())  # type: ignore[call-arg, arg-type]  # an open route
    return served.status, served.content, served.content_type  # type: ignore[union-attr]  # it is a file


def order_now(world: World, order: Order) -> Any:
    """The order as the API shows it."""
    return call(world, "GET", "/order/202507/orders", query={"ids": order.id}, shop=_shop(world, order))["orders"][0]


def _shop(world: World, order: Order) -> int:
    return list(world.shops).index(order.shop_id)


def told(world: World, kind: int) -> list[Any]:
    """The data of the webhooks of that type, oldest first."""
    return [notice.data for notice in world.notices if notice.type == kind]


def ship(world: World, order: Order, **body: Any) -> Package:
    """Arrange the order's only parcel."""
    package = package_of(world, order)
    call(world, "POST", f"/fulfillment/202309/packages/{package.id}/ship", body, shop=_shop(world, order))
    return package


def code_of(world: World, method: str, path: str, body: object = None, **more: object) -> int:
    with pytest.raises(Refuse) as no:
        call(world, method, path, body, **more)  # type: ignore[arg-type]  # as it comes
    return no.value.code


def own_carrier(world: World, shop: int = 0) -> tuple[str, str]:
    """(provider id, a number that looks right)."""
    owner = shop_at(world, shop)
    one = markets.providers(owner.region, owner.cross_border)[0]
    return one.id, providers.number_of(one, 4711)
