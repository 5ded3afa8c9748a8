"""Where the platform's notices come in: `POST /hooks/tiktok/{app_key}`. A bare ASGI app, so that it is fast.

`web.front` takes most of them before they come here.

200 with an empty body only once the notice is durably stored (or was before); 400 when it is true but unreadable
(stored, to be looked at); 401 when the platform did not sign it (nothing of it is kept); 413 above 256 kB; 503 when
it cannot be stored now. The platform sends everything but a 200 again.
"""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from fahuo.channels.tiktok_shop import webhooks
from fahuo.connections.notices import FORGED, MALFORMED, OVERSIZED, Notice
from fahuo.flow.inbox import SELLER_OF_STRANGERS, Door, Doors, Inbox
from fahuo.kernel.clock import technical_ms
from fahuo.store.engine import Store

PREFIX: Final = "/hooks/tiktok/"
_NOTHING: Final = {"type": "http.response.body", "body": b""}
_HEADERS: Final = [(b"content-length", b"0"), (b"cache-control", b"no-store")]
_STARTS: Final = {
    status: {"type": "http.response.start", "status": status, "headers": _HEADERS}
    for status in (200, 400, 401, 405, 413, 503)
}


class Hooks:
    """The receiving address in front of an app: what is not for it goes on to the app."""

    def __init__(self, app: ASGIApp, store: Store) -> None:
        self.app = app
        self.inbox = Inbox(store)
        self.doors = Doors(store)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self.app(scope, receive, send)
            return
        status = await self._take(scope, receive)
        await send(_STARTS[status])
        await send(_NOTHING)

    def in_order(self, app_key: str, given: str, body: bytes) -> Notice | None:
        """The notice, when nothing about it needs another look: of an app and a shop we know, true and readable."""
        door = self.doors.known(app_key)
        if door is None or not webhooks.is_true(door[1], app_key, body, given):
            return None
        notice = webhooks.read(body, app_key, technical_ms(), door[2], door[0])
        return notice if notice.shop_id else None

    def close(self) -> None:
        """Store what is waiting and stop."""
        self.inbox.close()

    async def _take(self, scope: Scope, receive: Receive) -> int:
        if scope["method"] != "POST":
            return 405
        app_key: str = scope["path"][len(PREFIX) :]
        door = await self._door(app_key)
        body = await _body(receive)
        if body is None:
            self._count(door, app_key, OVERSIZED)
            return 413
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"").decode("latin-1")
        if door is not None and not webhooks.is_true(door[1], app_key, body, given):
            # Perhaps the app has a new secret since it was read.
            door = await self._door(app_key, fresh=True)
        if door is None or not webhooks.is_true(door[1], app_key, body, given):
            self._count(door, app_key, FORGED)
            return 401
        notice = webhooks.read(body, app_key, technical_ms(), door[2], door[0])
        if not notice.shop_id and notice.platform_shop_id and self.doors.stale():
            # Perhaps the shop was connected a moment ago.
            door = await self._door(app_key, notice.platform_shop_id) or door
            notice = webhooks.read(body, app_key, technical_ms(), door[2], door[0])
        if not await self.inbox.keep(notice):
            return 503
        return 400 if notice.state == MALFORMED else 200

    async def _door(self, app_key: str, place: str | None = None, *, fresh: bool = False) -> Door | None:
        door = self.doors.known(app_key, place)
        if (door is None or fresh) and self.doors.stale():
            await asyncio.to_thread(self.doors.read)
            door = self.doors.known(app_key, place)
        return door

    def _count(self, door: Door | None, app_key: str, what: str) -> None:
        # A stranger's words are not kept: they could be as many as he likes.
        self.inbox.count(door[0] if door else SELLER_OF_STRANGERS, app_key if door else "", what)


async def _body(receive: Receive) -> bytes | None:
    """The whole body; None when it is too large, or the sender has gone."""
    message = await receive()
    body: bytes = message.get("body", b"")
    if message["type"] == "http.request" and not message.get("more_body"):
        return body if len(body) <= webhooks.MAX_BODY else None
    parts, size = [body], len(body)
    while message.get("more_body") and size <= webhooks.MAX_BODY:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
    gone = message["type"] != "http.request"
    return None if gone or size > webhooks.MAX_BODY else b"".join(parts)
