"""The sandbox as one ASGI app: its world, its gateway, its control interface and pages, and time passing by itself."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, structs

from fahuo.sandbox import build, consent, control, endpoints, pages, scenario
from fahuo.sandbox.auth import WARN_BEFORE, App, Auth
from fahuo.sandbox.endpoints import authorisation, event
from fahuo.sandbox.faults import Faults
from fahuo.sandbox.gateway import Gateway
from fahuo.sandbox.hooks import Hooks
from fahuo.sandbox.model import Behaviour, Grant
from fahuo.sandbox.shops import Branch

if TYPE_CHECKING:
    from fahuo.sandbox.gateway import Receive, Scope, Send

MARKETS: Final = ("VN", "TH", "US", "GB", "MY:cross_border")
"""Shops of a sandbox that was not told which."""
SLICE: Final = 900
"""Seconds of sandbox time lived at a stretch; between stretches the webhooks of that time are sent."""
JUMP_WAIT: Final = 60.0
"""Real seconds a jump waits, in all, for webhooks to be answered."""
TICK: Final = 0.05
DAY: Final = 86400

_log = logging.getLogger(__name__)


class Options(Struct, frozen=True, kw_only=True):
    """How a sandbox begins. `rate`: calls a second per app and shop, 0 without limit."""

    markets: Sequence[str | Branch] = MARKETS
    seed: int = 1
    orders_per_day: float = 100.0
    speed: float = 1.0
    start: int | None = None
    carriers: str = "auto"
    scenario: str = ""
    redirect_url: str = ""
    rate: float = 1000.0
    strict_webhooks: bool = False
    control_token: str = ""
    behaviour: Behaviour | None = None


class Sandbox:
    """A running platform. An ASGI app; `run` lets time pass."""

    def __init__(self, options: Options | None = None) -> None:
        self.options = options = options or Options()
        behaviour = structs.replace(options.behaviour or Behaviour(), orders_per_day=options.orders_per_day)
        start = int(time.time()) if options.start is None else options.start
        self.world = build.build(options.seed, list(options.markets), start, behaviour, speed=options.speed)
        for shop in self.world.shops.values():
            shop.collect = options.carriers
        self.auth = Auth(self.world.shops, options.seed)
        self.faults = Faults()
        self.hooks = Hooks(self.world, self.auth, self.faults, strict=options.strict_webhooks)
        self.app = self.auth.add_app("Sandbox app", options.redirect_url)
        self.gateway = Gateway(
            self.world, self.auth, self.faults, rate=options.rate, before=self.catch_up, after=self.send_notices
        )
        self.gateway.add(authorisation.routes(self.auth, self.hooks))
        self.gateway.add(event.routes(self.hooks))
        for found in sorted(iter_modules(endpoints.__path__), key=lambda one: one.name):
            module = import_module(f"{endpoints.__name__}.{found.name}")
            self.gateway.add(getattr(module, "ROUTES", ()))
            self.gateway.add(getattr(module, "OPEN", ()))
        self._jumping = asyncio.Lock()
        self._warned: dict[str, int] = {}
        self.scenario: scenario.Running | None = None
        if options.scenario:
            self.scenario = scenario.apply(self.world, self.faults, scenario.load(options.scenario), self.revoke)

    # The four values.

    def first_code(self, seller: str = "") -> str:
        """A code for the app, for every shop of the first seller unless another is named."""
        owner = seller or next(iter(self.world.shops.values())).seller
        return self.auth.new_code(self.app, owner, int(self.gateway.clock()))

    def start_line(self, base_url: str) -> dict[str, Any]:
        """What the command prints once it listens."""
        return {
            "schema": "fahuo.sandbox/1",
            "base_url": base_url,
            "app_key": self.app.key,
            "app_secret": self.app.secret,
            "auth_code": self.first_code(),
            "markets": list(dict.fromkeys(shop.region for shop in self.world.shops.values())),
            "service_id": self.app.service_id,
            "shops": [
                {"id": s.id, "name": s.name, "market": s.region, "seller_type": s.seller_type, "cipher": s.cipher}
                for s in self.world.shops.values()
            ],
            "control": f"{base_url}/_sandbox/",
        }

    # Time.

    def catch_up(self) -> None:
        """Let everything happen that the clock has passed."""
        now = self.world.clock.now()
        if now > self.world.lived:
            self.world.live(now)

    def send_notices(self) -> None:
        """Send what is due."""
        self.hooks.wake()

    async def jump(self, to: int) -> None:
        """Go to that instant. Webhooks and their retries are sent along the way, in the order of time."""
        async with self._jumping:
            until = time.monotonic() + JUMP_WAIT
            while self.world.lived < to:
                due = self.hooks.next_due()
                soon = due if due is not None and due > self.world.lived else to
                self.world.live(min(to, soon, self.world.lived + SLICE))
                await self.hooks.settled(max(0.0, until - time.monotonic()))
                await asyncio.sleep(0)

    async def run(self) -> None:
        """Live at the clock's speed until cancelled."""
        while True:
            await asyncio.sleep(TICK)
            try:
                await self._live_on()
                self._warn_expiring()
            except Exception:
                _log.exception("the sandbox stumbled; it goes on")

    async def _live_on(self) -> None:
        now = self.world.clock.now()
        while self.world.lived < now:
            self.world.live(min(now, self.world.lived + SLICE))
            self.hooks.wake()
            await asyncio.sleep(0)
        self.hooks.wake()

    # Authorisations that end.

    def grants(self) -> list[Grant]:
        """All of them, withdrawn ones too."""
        return list(self.auth.grants.values())

    def revoke(self, shops: Collection[str] = ()) -> None:
        """The sellers of these shops (none: of all) withdraw every app's access to them: webhook 6, dead tokens."""
        for grant in self.grants():
            if not grant.withdrawn and (not shops or set(shops) & set(grant.shops)):
                authorisation.withdraw(self.auth, self.hooks, grant, list(shops) or None)

    def _warn_expiring(self) -> None:
        now = int(self.gateway.clock())
        for grant in self.grants():
            if not grant.withdrawn and now < grant.refresh_until <= now + WARN_BEFORE:
                self.warn(grant, now)

    def warn(self, grant: Grant, now: int) -> None:
        """Webhook 7, once a day."""
        if self._warned.get(grant.id) == now // DAY:
            return
        self._warned[grant.id] = now // DAY
        app: App = self.auth.apps[grant.app_key]
        told = {"message": "The authorization of your app expires soon.", "expiration_time": grant.refresh_until}
        for shop_id in grant.shops:
            self.hooks.tell_app(app, shop_id, 7, told, self.world.now())

    # ASGI.

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call: control and pages under /_sandbox, consent, token and API everywhere else."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        if path == "/" or path.startswith(pages.PREFIX):
            await pages.answer(self, scope, receive, send)
        elif path.startswith(control.PREFIX) or path == control.PREFIX.rstrip("/"):
            await control.answer(self, scope, receive, send)
        elif path in consent.PATHS:
            await consent.answer(self, scope, receive, send)
        else:
            await self.gateway(scope, receive, send)

    async def close(self) -> None:
        """Stop sending webhooks."""
        await self.hooks.close()

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        living: asyncio.Task[None] | None = None
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                living = asyncio.get_running_loop().create_task(self.run())
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                if living is not None:
                    living.cancel()
                    with suppress(asyncio.CancelledError):
                        await living
                await self.close()
                await send({"type": "lifespan.shutdown.complete"})
                return
