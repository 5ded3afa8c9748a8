"""Webhooks: who wants which, and the sender: signed, three seconds, tried again, then dropped.

Attempts are due in sandbox time. A delivery that fails is due again two minutes after it was due, and so on; when the
clock jumps, the sender works through what fell due on the way in that order, and nobody else decides when.
"""

from __future__ import annotations

import asyncio
import heapq
import ipaddress
import logging
import time
from collections import deque
from contextlib import suppress
from itertools import count
from random import Random
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import msgspec
from msgspec import Struct, field

from fahuo.sandbox.auth import App, Auth, sign_webhook
from fahuo.sandbox.faults import Faults
from fahuo.sandbox.model import SELLER_DEAUTHORIZATION, Notice
from fahuo.sandbox.world import World

EVENTS: Final = {
    1: "ORDER_STATUS_CHANGE",
    2: "REVERSE_STATUS_UPDATE",
    3: "RECIPIENT_ADDRESS_UPDATE",
    4: "PACKAGE_UPDATE",
    5: "PRODUCT_STATUS_CHANGE",
    6: "SELLER_DEAUTHORIZATION",
    7: "UPCOMING_AUTHORIZATION_EXPIRATION",
    11: "CANCELLATION_STATUS_CHANGE",
    12: "RETURN_STATUS_CHANGE",
    13: "NEW_CONVERSATION",
    14: "NEW_MESSAGE",
    15: "PRODUCT_INFORMATION_CHANGE",
    16: "PRODUCT_CREATION",
    18: "PRODUCT_CATEGORY_CHANGE",
    27: "INVENTORY_STATUS_CHANGE",
    33: "NEW_MESSAGE_LISTENER",
    36: "INVOICE_STATUS_CHANGE",
    37: "PRODUCT_AUDIT_STATUS_CHANGE",
}
"""Those the sandbox may send, or that may be registered. 27 is in no copy's list of registrable ones; taken here."""

RETRIES: Final = (120, 1800, 3 * 3600, 12 * 3600)
"""Seconds of sandbox time between a failed attempt and the next; then the webhook is dropped."""
TIMEOUT: Final = 3.0
AT_ONCE: Final = 16
ADDRESS_MAX: Final = 255
OVERSIZE: Final = 5 << 20
HELD_AT_MOST: Final = 300
"""Seconds of sandbox time a webhook out of order waits for a later one."""
GOOD: Final = 200

_log = logging.getLogger(__name__)


class Hook(Struct, kw_only=True):
    """An address registered for an event of a shop."""

    address: str
    created: int
    updated: int


class Attempt(Struct, kw_only=True):
    """One try: `at` in sandbox time, `ms` taken, `status` None when there was no answer, then `error` says why."""

    at: int
    ms: int
    status: int | None = None
    error: str = ""


class Delivery(Struct, kw_only=True):
    """A notice on its way to one app. state: waiting, done, dropped (all tries failed), lost (by a fault)."""

    notice: str
    app_key: str
    shop_id: str
    event: str
    address: str
    body: bytes
    sign: str
    made: int
    due: int
    state: str = "waiting"
    spoiled: str = ""
    """The fault of the first attempt."""
    struck: list[str] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        """For the control interface and the page."""
        told = msgspec.to_builtins(self)
        told["body"] = self.body.decode("utf-8", "replace")
        if self.state != "waiting":
            del told["due"]
        return dict(told)


class Hooks:
    """The registry and the sender."""

    def __init__(self, world: World, auth: Auth, faults: Faults, *, strict: bool = False, kept: int = 5000) -> None:
        self.world, self.auth, self.faults, self.strict = world, auth, faults, strict
        self.registered: dict[tuple[str, str], dict[str, Hook]] = {}
        self.log: deque[Delivery] = deque(maxlen=kept)
        self.unheard = 0
        """Notices nobody had registered for."""
        self._heap: list[tuple[int, int, Delivery]] = []
        self._held: dict[tuple[str, str], list[Delivery]] = {}
        self._serial = count()
        self._random = Random(f"hooks {world.seed}")  # noqa: S311 -- a repeatable run
        self._client: httpx.AsyncClient | None = None
        self._task: asyncio.Task[None] | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    # The registry.

    def wrong_address(self, address: str) -> str:
        """Why an address cannot be registered; '' when it can."""
        if len(address) > ADDRESS_MAX:
            return f"longer than {ADDRESS_MAX} characters"
        try:
            parts = urlsplit(address)
            port, host = parts.port, parts.hostname or ""
        except ValueError:
            return "not a URL"
        if parts.scheme not in ("http", "https") or not host:
            return "not an http or https URL"
        if self.strict:
            with suppress(ValueError):
                ipaddress.ip_address(host)
                return "an IP address, a domain name is needed"
            if parts.scheme != "https" or port is not None or "." not in host:
                return "not an https URL with a domain name and without a port"
        return ""

    def register(self, app: App, shop_id: str, event: str, address: str, now: int) -> None:
        """Set the address of an event; an earlier one is replaced."""
        hooks = self.registered.setdefault((app.key, shop_id), {})
        old = hooks.get(event)
        hooks[event] = Hook(address=address, created=old.created if old else now, updated=now)

    def remove(self, app: App, shop_id: str, event: str) -> bool:
        """False when there was none."""
        return self.registered.get((app.key, shop_id), {}).pop(event, None) is not None

    # From notice to delivery.

    def tell_app(self, app: App, shop_id: str, type_: int, data: dict[str, Any], at: int) -> None:
        """A notice for one app only, such as 6 and 7."""
        self._take(Notice(id=self.world.new_id(), shop_id=shop_id, type=type_, at=at, data=data), [app])

    def gather(self) -> None:
        """Make deliveries of the world's notices."""
        notices = self.world.notices
        while notices:
            notice = notices.popleft()
            self._take(notice, self.auth.listeners(notice.shop_id))
        for key, held in list(self._held.items()):
            if held and held[0].due + HELD_AT_MOST <= self.world.lived:
                self._release(key)

    def _take(self, notice: Notice, apps: list[App]) -> None:
        event = EVENTS.get(notice.type, str(notice.type))
        heard = False
        for app in apps:
            hook = self.registered.get((app.key, notice.shop_id), {}).get(event)
            if hook is None:
                continue
            heard = True
            body = msgspec.json.encode(
                {
                    "type": notice.type,
                    "tts_notification_id": notice.id,
                    "shop_id": notice.shop_id,
                    "timestamp": notice.at,
                    "data": notice.data,
                }
            )
            self._send_or_strike(
                Delivery(
                    notice=notice.id,
                    app_key=app.key,
                    shop_id=notice.shop_id,
                    event=event,
                    address=hook.address,
                    body=body,
                    sign=sign_webhook(app.key, app.secret, body),
                    made=notice.at,
                    due=notice.at,
                )
            )
        self.unheard += not heard

    def _send_or_strike(self, delivery: Delivery) -> None:
        """Queue a new delivery, with what the faults make of it."""
        key = (delivery.app_key, delivery.shop_id)
        struck = self.faults.for_webhook(delivery.event, delivery.shop_id, delivery.made)
        delivery.struck = list(struck)
        self.log.append(delivery)
        if "hook_lost" in struck:
            delivery.state = "lost"
            return
        delivery.spoiled = next((k for k in ("hook_wrong_sign", "hook_malformed", "hook_oversized") if k in struck), "")
        if late := struck.get("hook_late"):
            delivery.due += int(late.seconds)
        if "hook_disorder" in struck:
            self._held.setdefault(key, []).append(delivery)
            return
        self._push(delivery)
        if "hook_twice" in struck:
            self._again(delivery, "hook_twice")
        if "hook_replayed" in struck:
            old = [d for d in self.log if d.state == "done" and (d.app_key, d.shop_id) == key]
            if old:
                self._again(old[self._random.randrange(len(old))], "hook_replayed", delivery.due)
        self._release(key)

    def _again(self, delivery: Delivery, why: str, due: int | None = None) -> None:
        copy = msgspec.structs.replace(
            delivery, attempts=[], state="waiting", spoiled="", struck=[why], due=delivery.due if due is None else due
        )
        self.log.append(copy)
        self._push(copy)

    def _release(self, key: tuple[str, str]) -> None:
        for delivery in self._held.pop(key, ()):
            delivery.due = max(delivery.due, self.world.lived)
            self._push(delivery)

    def _push(self, delivery: Delivery) -> None:
        heapq.heappush(self._heap, (delivery.due, next(self._serial), delivery))

    # The sender.

    def next_due(self) -> int | None:
        """When the next attempt is due."""
        return self._heap[0][0] if self._heap else None

    def behind(self) -> int:
        """How many attempts are due and not made."""
        return sum(due <= self.world.lived for due, _, _ in self._heap)

    def wake(self) -> None:
        """Send what is due, in the background. Cheap when there is nothing."""
        self.gather()
        if not self._heap or self._heap[0][0] > self.world.lived or (self._task and not self._task.done()):
            return
        self._idle.clear()
        self._task = asyncio.get_running_loop().create_task(self._drain())

    async def settled(self, wait: float) -> bool:
        """Wait until everything due was tried, at most so many seconds. True when it was."""
        self.wake()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), wait)
        return self._idle.is_set()

    async def close(self) -> None:
        """Stop sending."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _drain(self) -> None:
        """Send all that is due, in the order of time: a failure may be due again among the rest."""
        gate = asyncio.Semaphore(AT_ONCE)
        try:
            while self._heap and self._heap[0][0] <= self.world.lived:
                first, batch = self._heap[0][0], []
                while self._heap and self._heap[0][0] <= min(self.world.lived, first + RETRIES[0] - 1):
                    batch.append(heapq.heappop(self._heap)[2])
                await asyncio.gather(*(self._deliver(delivery, gate) for delivery in batch))
                self.gather()
        except Exception:
            _log.exception("the webhook sender stopped")
        finally:
            self._idle.set()

    async def _deliver(self, delivery: Delivery, gate: asyncio.Semaphore) -> None:
        async with gate:
            attempt = await self._attempt(delivery)
        delivery.attempts.append(attempt)
        tries = len(delivery.attempts)
        if attempt.status == GOOD:
            delivery.state = "done"
        elif tries > len(RETRIES):
            delivery.state = "dropped"
        else:
            delivery.due += RETRIES[tries - 1]
            self._push(delivery)

    async def _attempt(self, delivery: Delivery) -> Attempt:
        body, sign = delivery.body, delivery.sign
        if delivery.spoiled and not delivery.attempts:
            body, sign = self._spoil(delivery)
        began = time.monotonic()
        attempt = Attempt(at=delivery.due, ms=0)
        headers = {"authorization": sign, "content-type": "application/json"}
        try:
            async with asyncio.timeout(TIMEOUT):
                answer = await self._http().post(delivery.address, content=body, headers=headers)
            attempt.status = answer.status_code
        except TimeoutError:
            attempt.error = f"no answer within {TIMEOUT:g} s"
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            attempt.error = f"{type(error).__name__}: {error}"[:200]
        attempt.ms = round((time.monotonic() - began) * 1000)
        return attempt

    def _spoil(self, delivery: Delivery) -> tuple[bytes, str]:
        body, app = delivery.body, self.auth.apps[delivery.app_key]
        if delivery.spoiled == "hook_wrong_sign":
            return body, sign_webhook(app.key, "not the secret", body)
        if delivery.spoiled == "hook_malformed":
            body = body[: len(body) // 2]
        else:
            body = body[:-1] + b',"padding":"' + b"x" * OVERSIZE + b'"}'
        return body, sign_webhook(app.key, app.secret, body)

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
            self._client = httpx.AsyncClient(timeout=TIMEOUT, limits=limits, trust_env=False)
        return self._client


def withdrawn_notice(seller: str) -> tuple[int, dict[str, Any]]:
    """Type and data of webhook 6."""
    return SELLER_DEAUTHORIZATION, {"message": f"The seller {seller} has withdrawn the authorization of your app."}
