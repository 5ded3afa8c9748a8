"""A platform in one object, for tests of the connection: tokens, shops, warehouses, notices' addresses, any fault."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import httpx
import msgspec

from fahuo.channels.tiktok_shop.client import Client
from fahuo.channels.tiktok_shop.sign import sign
from fahuo.connections.model import App, Link

SECRET = b"f00dbabe1234567890"
KEY = "38abcd"
NOW = 1_800_000_000.0
"""Technical time at which `Ticks` begin."""
DAY = 86_400


class Ticks:
    """Technical time that passes only where somebody sleeps."""

    def __init__(self, at: float = NOW) -> None:
        self.at = at
        self.slept: list[float] = []

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


def app(**changes: Any) -> App:
    """An app with generous budgets."""
    values: dict[str, Any] = {
        "id": 1,
        "app_key": KEY,
        "secret": SECRET,
        "service_id": "7001",
        "api_url": "https://api.test",
        "auth_url": "https://auth.test",
        "consent_url": "https://consent.test/open/authorize",
        "reads_per_second": 50.0,
        "writes_per_second": 50.0,
    }
    return App(**(values | changes))


def link(**changes: Any) -> Link:
    """A link to a Vietnamese shop."""
    values: dict[str, Any] = {
        "shop_id": 11,
        "shop": "shop",
        "platform_shop_id": "7494000000000000001",
        "cipher": "ROW_test_cipher==",
        "region": "VN",
        "seller_type": "local",
        "app": app(),
        "grant_id": 5,
        "access_token": "ROW_access_0",
        "access_until_ms": int((NOW + 7 * DAY) * 1000),
    }
    return Link(**(values | changes))


def ok(data: Any = None, **more: Any) -> httpx.Response:
    """An answer that says yes."""
    return httpx.Response(200, json={"code": 0, "message": "Success", "request_id": "2026rid", "data": data}, **more)


def no(code: int, message: str = "no", http: int = 200, **more: Any) -> httpx.Response:
    """An answer that says no."""
    return httpx.Response(http, json={"code": code, "message": message, "request_id": "2026rid"}, **more)


def client_for(handler: Callable[[httpx.Request], httpx.Response], ticks: Ticks | None = None, **more: Any) -> Client:
    """A client on a handler, whose waits pass at once."""
    ticks = ticks or Ticks()
    return Client(transport=httpx.MockTransport(handler), sleep=ticks.sleep, now=ticks.now, clock=ticks.now, **more)


class Platform:
    """TikTok Shop as far as connecting goes. `seen` are paths called; `fail` answers in its place when it can."""

    def __init__(self, now: Callable[[], float] = lambda: NOW, **shop: Any) -> None:
        self.now = now
        self.lock = threading.Lock()
        self.seen: list[str] = []
        self.fail: Callable[[httpx.Request], httpx.Response | None] = lambda _request: None
        self.number = 0
        self.codes = {"code-1": "seller-1"}
        self.access: dict[str, str] = {}
        self.refresh: dict[str, str] = {}
        self.life, self.grant_life = 7 * DAY, 365 * DAY
        self.withdrawn = False
        self.hooks: dict[str, str] = {}
        self.shops = [
            {
                "id": "7494000000000000001",
                "name": "Hoa Mai",
                "region": "VN",
                "seller_type": "LOCAL",
                "cipher": "ROW_test_cipher==",
                "code": "VNLC01",
            }
            | shop
        ]
        self.warehouses: list[dict[str, Any]] = [
            {
                "id": "7100000000000000001",
                "name": "Kho Sài Gòn",
                "type": "SALES_WAREHOUSE",
                "sub_type": "DOMESTIC_WAREHOUSE",
                "effect_status": "ENABLED",
                "address": {
                    "region_code": "VN",
                    "city": "Hồ Chí Minh",
                    "distict": "Quận 1",
                    "full_address": "1 Lê Lợi",
                },
            },
            {"id": "7100000000000000002", "name": "Returns", "type": "RETURN_WAREHOUSE", "effect_status": "ENABLED"},
        ]

    def client(self, **more: Any) -> Client:
        """A client that talks to it."""
        return Client(transport=httpx.MockTransport(self), **more)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        with self.lock:
            self.seen.append(f"{request.method} {path}")
        failed = self.fail(request)
        if failed is not None:
            return failed
        query = dict(request.url.params)
        if path.startswith("/api/v2/token/"):
            return self._token(path, query)
        if query.get("sign") != sign(SECRET, path, query, request.content):
            return no(106001, "sign", 401)
        if ("shop_cipher" in query) == path.startswith("/authorization/"):
            return no(106013, "cipher", 400)
        token = request.headers["x-tts-access-token"]
        if self.withdrawn or token not in self.access:
            return no(105002, "Access token is expired", 401)
        return self._api(request, path)

    def _token(self, path: str, query: dict[str, str]) -> httpx.Response:
        if query["app_secret"] != SECRET.decode():
            return no(36009004, "app_secret", 400)
        with self.lock:
            if path.endswith("get"):
                seller = self.codes.pop(query["auth_code"], None)
            else:
                seller = None if self.withdrawn else self.refresh.pop(query["refresh_token"], None)
            if seller is None:
                return no(36004004, "invalid")
            self.number += 1
            pair = f"ROW_access_{self.number}", f"ROW_refresh_{self.number}"
            self.access = {pair[0]: seller}
            self.refresh = {pair[1]: seller}
        at = int(self.now())
        return ok(
            {
                "access_token": pair[0],
                "access_token_expire_in": at + self.life,
                "refresh_token": pair[1],
                "refresh_token_expire_in": at + self.grant_life,
                "open_id": seller,
                "seller_name": "Hoa Mai Co.",
                "seller_base_region": "VN",
                "user_type": 0,
                "granted_scopes": ["seller.order.info", "seller.fulfillment.basic"],
            }
        )

    def _api(self, request: httpx.Request, path: str) -> httpx.Response:
        if path == "/authorization/202309/shops":
            return ok({"shops": self.shops})
        if path == "/authorization/202403/shops":
            self.withdrawn = True
            return ok({})
        if path == "/logistics/202309/warehouses":
            return ok({"warehouses": self.warehouses})
        if path == "/event/202309/webhooks" and request.method == "GET":
            return ok({"webhooks": [{"event_type": e, "address": a} for e, a in self.hooks.items()]})
        if path == "/event/202309/webhooks":
            wanted = json.loads(request.content)
            self.hooks[wanted["event_type"]] = wanted["address"]
            return ok({})
        return no(36009009, "path", 404)


def plain(value: Any) -> Any:
    """A value as JSON would hold it, for comparing."""
    return msgspec.to_builtins(value)
