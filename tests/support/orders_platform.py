"""A shop of the platform as far as its orders go: a history that is told step by step, pages, orders by id, faults."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import httpx

from fahuo.catalogue.model import Shop
from fahuo.channels.tiktok_shop.client import Client
from fahuo.channels.tiktok_shop.orders import READ, SEARCH
from fahuo.connections import service
from fahuo.connections.model import App, Link, Tokens
from fahuo.kernel.clock import technical_ms
from fahuo.kernel.ids import new_id
from fahuo.store.engine import Store
from tests.support.shopfloor import HOUR, MONDAY
from tests.support.tiktok import Ticks, no, ok

KEY, SECRET = "38abcd", b"f00dbabe1234567890"
Body = dict[str, Any]


def number(n: int) -> str:
    """The platform's id of an order."""
    return f"5760{n:014d}"


def body(n: int, at: int, status: str = "AWAITING_SHIPMENT", **changes: Any) -> Body:
    """An order of one T-shirt as the API tells it, last changed at `at`. None takes a key away."""
    units = changes.pop("units", 1)
    line_state = changes.pop("line_state", status)
    told: Body = {
        "id": number(n),
        "status": status,
        "create_time": MONDAY - HOUR,
        "paid_time": MONDAY - HOUR,
        "update_time": at,
        "is_cod": False,
        "shipping_type": "SELLER",
        "fulfillment_type": "FULFILLMENT_BY_SELLER",
        "order_type": "NORMAL",
        "rts_sla_time": MONDAY + 6 * HOUR,
        "tts_sla_time": MONDAY + 14 * HOUR,
        "payment": {"currency": "VND", "sub_total": "150000", "total_amount": "150000"},
        "recipient_address": address(),
        "line_items": [
            {"id": f"{number(n)}{i}", "sku_id": "1729", "seller_sku": "TEE", "product_name": "T-shirt",
             "sale_price": "150000", "currency": "VND", "display_status": line_state}
            for i in range(units)
        ],
    }  # fmt: skip
    return {name: value for name, value in (told | changes).items() if value is not None}


def address(street: str = "12 Lê Lợi") -> Body:
    """Where the parcel goes."""
    return {
        "name": "Nguyễn Thị Hoa",
        "phone_number": "0912345678",
        "region_code": "VN",
        "postal_code": "700000",
        "address_detail": street,
        "district_info": [
            {"address_level": "L1", "address_level_name": "Tỉnh", "address_name": "Hồ Chí Minh"},
            {"address_level": "L2", "address_level_name": "Quận", "address_name": "Quận 1"},
        ],
    }


class Shopfront:
    """Orders of one shop. `put` changes one; `shown` limits what the API shows so far; `fail` may answer instead."""

    def __init__(self, platform_shop_id: str = "7494000000000000001", page: int = 100) -> None:
        self.platform_shop_id = platform_shop_id
        self.page = page
        self.orders: dict[str, Body] = {}
        self.raw: dict[str, bytes] = {}
        self.searches: list[Body] = []
        self.reads: list[list[str]] = []
        self.fail: Callable[[httpx.Request], httpx.Response | None] = lambda _request: None
        self.after: Callable[[int], None] = lambda _searches: None
        """Called after every page, with how many there were: the moment for orders to move."""
        self.by_place = False
        """Tokens count places, as a careless platform's do."""
        self.lock = threading.RLock()

    def put(self, *orders: Body) -> None:
        with self.lock:
            for one in orders:
                self.orders[one["id"]] = one

    def client(self, **more: Any) -> Client:
        ticks = Ticks()
        return Client(transport=httpx.MockTransport(self), sleep=ticks.sleep, now=ticks.now, clock=ticks.now, **more)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self.lock:
            if (answer := self.fail(request)) is not None:
                return answer
            if request.url.path == SEARCH:
                return self._search(json.loads(request.content), dict(request.url.params))
            if request.url.path == READ:
                ids = request.url.params["ids"].split(",")
                self.reads.append(ids)
                return self._answer([self.orders[id_] for id_ in ids if id_ in self.orders], "")
            return no(36009009, "path not found", 404)

    def _search(self, asked: Body, query: dict[str, str]) -> httpx.Response:
        self.searches.append(asked | query)
        found = [
            one
            for one in self.orders.values()
            if asked.get("update_time_ge", 0) <= one["update_time"] < asked.get("update_time_lt", 1 << 60)
            and asked.get("order_status", one["status"]) == one["status"]
        ]
        found.sort(key=lambda one: (one["update_time"], one["id"]))
        token = query.get("page_token", "")
        if self.by_place:
            begin = int(token or 0)
        else:
            last = tuple(json.loads(token)) if token else (0, "")
            begin = sum((one["update_time"], one["id"]) <= last for one in found)
        page = found[begin : begin + self.page]
        more = begin + self.page < len(found)
        answer = self._answer(page, self._following(begin, page) if more else "")
        self.after(len(self.searches))
        return answer

    def _following(self, begin: int, page: list[Body]) -> str:
        return str(begin + self.page) if self.by_place else json.dumps([page[-1]["update_time"], page[-1]["id"]])

    def _answer(self, orders: list[Body], token: str) -> httpx.Response:
        if not any(one["id"] in self.raw for one in orders):
            return ok({"orders": orders, "next_page_token": token, "total_count": len(self.orders)})
        shown = b",".join(self.raw.get(one["id"]) or json.dumps(one).encode() for one in orders)
        data = b'{"orders":[' + shown + b'],"next_page_token":' + json.dumps(token).encode() + b"}"
        return httpx.Response(200, content=b'{"code":0,"message":"Success","request_id":"r","data":' + data + b"}")


def connect(store: Store, shop: Shop, platform_shop_id: str = "7494000000000000001", key: str = KEY) -> Link:
    """Tie a shop of ours to one of the platform, with tokens that live on."""
    now = technical_ms()
    tokens = Tokens(
        access_token="ROW_access", access_until_ms=now + 10**10, refresh_token="ROW_refresh",
        refresh_until_ms=now + 10**11, open_id=platform_shop_id,
    )  # fmt: skip
    with store.write() as tx:
        app = service.put_app(
            tx, App(id=new_id(), app_key=key, secret=SECRET, api_url="https://api.test", reads_per_second=1e6), now
        )
        link = Link(
            shop_id=shop.id,
            shop=shop.name,
            platform_shop_id=platform_shop_id,
            cipher="ROW_cipher==",
            region=shop.market,
            seller_type=shop.seller_type,
            app=app,
            grant_id=service.put_grant(tx, app.id, tokens, now),
            access_token=tokens.access_token,
        )
        service.put_link(tx, link, shop.name, now)
    return link
