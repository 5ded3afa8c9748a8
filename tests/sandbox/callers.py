"""Calling a sandbox as a client over HTTP, without a server in between."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx
import msgspec

from fahuo.sandbox.auth import App, sign
from fahuo.sandbox.gateway_model import ORDER, Call, Route
from fahuo.sandbox.model import Refuse, Shop
from fahuo.sandbox.serve import Options, Sandbox

START = 1_800_000_000
T = TypeVar("T")


def echo(call: Call) -> dict[str, Any]:
    """What the gateway understood."""
    return {
        "query": {k: v for k, v in call.query.items() if k not in ("app_key", "timestamp", "sign", "shop_cipher")},
        "body": call.body,
        "params": call.params,
        "shop_id": call.shop.id if call.shop else "",
        "size": len(call.raw),
        "files": {name: part.content.decode() for name, part in call.files.items()},
    }


def refuses(call: Call) -> dict[str, Any]:
    """A business rule says no."""
    raise Refuse(21011044, "order is ON_HOLD", data={"fail_code": 7})


def breaks(call: Call) -> dict[str, Any]:
    """A fault of the sandbox itself."""
    raise RuntimeError("a bug")


ECHO = [
    Route("GET", "/echo/202309/things", ORDER, "required", echo),
    Route("POST", "/echo/202309/things", ORDER, "required", echo),
    Route("PUT", "/echo/202309/things", ORDER, "required", echo),
    Route("DELETE", "/echo/202309/things", ORDER, "required", echo),
    Route("POST", "/echo/202309/things/{thing_id}/split", ORDER, "required", echo),
    Route("POST", "/echo/202309/things/search", ORDER, "required", echo),
    Route("GET", "/echo/202309/global", ORDER, "forbidden", echo),
    Route("POST", "/echo/202309/upload", ORDER, "required", echo, upload=True),
    Route("POST", "/echo/202309/refuses", ORDER, "required", refuses),
    Route("POST", "/echo/202309/breaks", ORDER, "required", breaks),
]


def sandbox(**wishes: Any) -> Sandbox:
    """A quiet one whose clock stands, with endpoints that answer what they were asked."""
    options = {"markets": ("VN", "US"), "orders_per_day": 0.0, "speed": 0.0, "start": START, **wishes}
    made = Sandbox(Options(**options))
    made.gateway.add(ECHO)
    return made


def run(work: Awaitable[T]) -> T:
    """Do something asynchronous."""

    async def whole() -> T:
        return await work

    return asyncio.run(whole())


class Client:
    """An app that was authorised for every shop of the sandbox's seller."""

    def __init__(self, made: Sandbox, app: App | None = None) -> None:
        self.sandbox, self.app = made, app or made.app
        seller = next(iter(made.world.shops.values())).seller
        now = int(made.gateway.clock())
        code = made.auth.new_code(self.app, seller, now)
        query = {"app_key": self.app.key, "app_secret": self.app.secret, "auth_code": code}
        self.token: str = made.auth.token_get({**query, "grant_type": "authorized_code"}, now)["access_token"]
        self.shop: Shop = next(iter(made.world.shops.values()))

    def query(self, **more: str | None) -> dict[str, str]:
        """The common parameters and these; None takes one away."""
        common = {"app_key": self.app.key, "timestamp": str(int(time.time())), "shop_cipher": self.shop.cipher}
        return {name: value for name, value in {**common, **more}.items() if value is not None}

    def signed(self, path: str, body: bytes = b"", **more: str | None) -> dict[str, str]:
        """The query of a call, signed."""
        query = self.query(**more)
        return {**query, "sign": sign(self.app.secret, path, query, body)}

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """A signed call; `more` are query parameters."""
        return run(self.acall(method, path, body, **more))

    async def acall(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """The same, within a running loop."""
        raw = b"" if body is None else msgspec.json.encode(body)
        headers = {"x-tts-access-token": self.token, "content-type": "application/json"}
        query = self.signed(path, raw, **more)
        return await send(self.sandbox, method, path, params=query, content=raw, headers=headers)

    def control(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """A request to control."""
        return run(send(self.sandbox, method, f"/_sandbox/{path}", json=body))


async def send(made: Sandbox, method: str, url: str, *, peer: str = "127.0.0.1", **more: Any) -> httpx.Response:
    """One request from that address."""
    transport = httpx.ASGITransport(made, client=(peer, 5))
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        return await client.request(method, url, **more)


def fetch(made: Sandbox, method: str, url: str, **more: Any) -> httpx.Response:
    """One request, nothing added."""
    return run(send(made, method, url, **more))


async def until(true: Callable[[], bool]) -> None:
    """Wait for something to come true, at most five seconds."""
    for _ in range(1000):
        if true():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not come true")
