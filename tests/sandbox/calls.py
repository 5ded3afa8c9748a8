"""Calls of the API made by hand: the route is found as the gateway finds it, everything before it is skipped."""

from collections.abc import Mapping
from typing import Any

import msgspec

from fahuo.sandbox.endpoints import cancellations, finance, products, returns, service
from fahuo.sandbox.gateway_model import Call, OpenRoute, Route, Upload
from fahuo.sandbox.model import Grant, Shop
from fahuo.sandbox.paths import Paths
from fahuo.sandbox.world import World

_PATHS = Paths()
for _module in (cancellations, finance, products, returns, service):
    for _route in (*_module.ROUTES, *getattr(_module, "OPEN", ())):
        _PATHS.add(_route)
_GRANT = Grant(
    id="1", app_key="k", seller="s", shops=[], access_token="a", access_until=0, refresh_token="r", refresh_until=0
)


def call(
    world: World,
    method: str,
    path: str,
    body: Mapping[str, Any] | None = None,
    *,
    shop: Shop | None = None,
    files: Mapping[str, Upload] | None = None,
    **query: Any,
) -> dict[str, Any]:
    """`data` of the answer as a client reads it, called for the world's first shop unless another is named."""
    route, params = _PATHS.find(method, path)
    assert isinstance(route, Route)
    assert route.cipher == "required"
    made = Call(
        world=world,
        shop=shop or next(iter(world.shops.values())),
        params=params,
        query={name: str(value) for name, value in query.items()},
        body=dict(body or {}),
        now=world.now(),
        app=None,  # type: ignore[arg-type]  # no handler asks for it
        grant=_GRANT,
        raw=b"",
        files=files or {},
        base_url="http://127.0.0.1:1",
    )
    data: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(route.handler(made) or {}))
    return data


def served(world: World, path: str) -> tuple[int, bytes, str]:
    """Status, bytes and media type of an open path."""
    route, params = _PATHS.find("GET", path)
    assert isinstance(route, OpenRoute)
    answer = route.handler(world, params, {}, world.now())
    return answer.status, answer.content, answer.content_type


def pages(
    world: World, method: str, path: str, field: str, body: Mapping[str, Any] | None = None, **query: Any
) -> list[dict[str, Any]]:
    """Every object of a search, page by page."""
    token = ""
    found: list[dict[str, Any]] = []
    while True:
        data = call(world, method, path, body, **{**query, **({"page_token": token} if token else {})})
        found += data[field]
        token = data["next_page_token"]
        if not token:
            return found
