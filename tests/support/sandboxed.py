"""A seller connected to the sandbox inside one process: the real client against the real platform app, no socket.

`lose("ship")` lets the next call whose path holds the word be done there and its answer be lost; every call is kept.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import msgspec

from fahuo.channels.tiktok_shop.outbound import TikTokChannel
from fahuo.connections import queries as connections
from fahuo.demo.house import furnish
from fahuo.flow import grants, talks
from fahuo.flow.apps import add_app
from fahuo.flow.arrive import arrive
from fahuo.flow.connect import consent_url, returned
from fahuo.flow.house import House
from fahuo.flow.pack import simulate_staff
from fahuo.flow.run import Pass, run_once
from fahuo.flow.setup import add_main
from fahuo.flow.verify import verify_all
from fahuo.kernel.instant import iso, parse_instant
from fahuo.orders import queries as orders_queries
from fahuo.sandbox import carriers, markets, providers
from fahuo.sandbox.model import Behaviour, Order, Package
from fahuo.sandbox.serve import Options, Sandbox
from fahuo.store.engine import Store
from fahuo.views.order import OrderView, show
from fahuo.warehouse import first_mile, queries
from fahuo.warehouse import service as warehouse
from fahuo.warehouse.model import Parcel
from tests.support.shopfloor import Clock

START = parse_instant("2026-11-23T01:00:00Z")
"""A Monday morning in Asia."""
URL = "http://127.0.0.1:1"


class Wire(httpx.BaseTransport):
    """Calls the sandbox's app. `lost`: words in paths whose next answer does not come back."""

    def __init__(self, app: Sandbox) -> None:
        self._app = httpx.ASGITransport(app)
        self._loop = asyncio.new_event_loop()
        self._lock = threading.Lock()
        self.lost: list[str] = []
        self.seen: list[tuple[str, str, Any]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            content = request.read()
            answer = self._loop.run_until_complete(self._ask(request))
            path = request.url.path
            self.seen.append((request.method, path, msgspec.json.decode(content) if content else None))
            word = next((word for word in self.lost if word in path and request.method == "POST"), None)
            if word is not None:
                self.lost.remove(word)
                raise httpx.ReadTimeout("the answer was lost", request=request)
            return answer

    async def _ask(self, request: httpx.Request) -> httpx.Response:
        answer = await self._app.handle_async_request(request)
        body = await answer.aread()
        return httpx.Response(answer.status_code, headers=answer.headers, content=body)

    def end(self) -> None:
        """Nothing is called any more. A client's own closing must not end it: several share it."""
        self._loop.close()


class Town:
    """Sandbox, house and channel. `clock` is business time on both sides; `go` moves it."""

    def __init__(self, store: Store, folder: Path, *markets: str, **behaviour: Any) -> None:
        quiet = Behaviour(**({"orders_per_day": 0.0} | behaviour))
        self.sandbox = Sandbox(
            Options(markets=markets, orders_per_day=0.0, speed=0.0, start=START, carriers="manual", behaviour=quiet,
                    redirect_url="http://127.0.0.1:2/back")
        )  # fmt: skip
        self.sandbox.hooks.wake = lambda: None  # type: ignore[method-assign]  # notices have tests of their own
        self.clock = Clock(START)
        self.house = House(store, self.clock)
        self.wire = Wire(self.sandbox)
        self.client = grants.make_client(store, transport=self.wire, sleep=lambda _s: None, waits=(0.0, 0.0))
        add_main(store, START)
        furnish(self.house, folder, 200, 500)
        self._connect()
        self._drawn = 0
        words = partial(talks.words, self.house, 1)
        self.channel = TikTokChannel(self.client, self._links, self.clock.now, words)

    def _links(self) -> dict[int, Any]:
        with self.house.store.read() as tx:
            return {link.shop_id: link for link in connections.links(tx, only_active=True)}

    def _connect(self) -> None:
        start = self.sandbox.start_line(URL)
        app = add_app(
            self.house, start["app_key"], start["app_secret"], service_id=start["service_id"], api_url=URL,
            auth_url=URL, consent_url=f"{URL}/open/authorize", public_url="https://fahuo.example",
            rates=(900.0, 900.0),
        )  # fmt: skip
        with httpx.Client(transport=self.wire) as browser:
            asked = browser.get(f"{consent_url(self.house, app, 'mei')}&auto=1")
        done = returned(self.house, self.client, asked.headers["location"], "mei")
        assert not done.left, done.left

    def place(self, count: int = 1, **wishes: Any) -> list[str]:
        """Orders that can be shipped now, of the first shop."""
        shop = next(iter(self.sandbox.world.shops))
        usual = {"prompt": True, "status": "AWAITING_SHIPMENT", "fbt": False, "sample": False}
        if "skus" not in wishes:
            usual["skus"] = [self.skus()[0]]
        made = [self.sandbox.world.place(shop, self.clock.at, **(usual | wishes)) for _ in range(count)]
        self.go(2 * 3_600)
        return [order.id for order in made]

    def skus(self) -> list[str]:
        """Seller's codes that the first shop offers."""
        shop = next(iter(self.sandbox.world.shops))
        return sorted({sku.seller_sku for sku in self.sandbox.world.makers[shop].skus.values()})

    def go(self, seconds: int) -> None:
        """Let time pass."""
        self.clock.at += seconds
        self.sandbox.world.clock.reach(self.clock.at)
        self.sandbox.world.live(self.clock.at)

    def arrive(self) -> None:
        """Orders arrive."""
        came = arrive(self.house, self.client, at_once=True)
        assert not came.failed, came.failed

    def work(self, times: int = 1, *, arrive_first: bool = True) -> Pass:
        """Orders arrive; then everything that is due, as often as asked."""
        if arrive_first:
            self.arrive()
        done = Pass()
        for _ in range(times):
            self.hurry()
            done = run_once(self.house, {"tiktok": self.channel}, arrivals=Nothing())  # type: ignore[arg-type]  # has step
        return done

    def hurry(self) -> None:
        """Technical back-off is over: what waits for it is due."""
        with self.house.store.write() as tx:
            tx.execute("UPDATE effects SET lease_until_ms = 0 WHERE seller_id = 1 AND state = 'retry'")

    def pack(self) -> int:
        """Everything that can be packed is."""
        return simulate_staff(self.house.store, self.clock.at)

    def view(self, ref: str) -> OrderView:
        """Everything we know of an order."""
        with self.house.store.read() as tx:
            (id_,) = orders_queries.ids_of(tx, [ref])
            found = show(tx, id_, self.clock.at)
        assert found is not None
        return found

    def kinds(self, ref: str) -> list[str]:
        """Kinds of its journal entries."""
        return [entry.kind for entry in self.view(ref).timeline]

    def held(self, ref: str) -> set[str]:
        """Codes of its open holds."""
        return {hold.code for hold in self.view(ref).holds if hold.released_at is None}

    def theirs(self, ref: str) -> Order:
        """The order on the platform."""
        return self.sandbox.world.orders[ref]

    def parcels_there(self, ref: str) -> list[Package]:
        """The order's living parcels on the platform."""
        found = [self.sandbox.world.packages[one] for one in self.theirs(ref).packages]
        return [package for package in found if package.status != "CANCELLED"]

    def id(self, ref: str) -> int:
        """Our id of an order."""
        return int(self.view(ref).row["id"])

    def parcels(self, ref: str) -> list[Parcel]:
        """The order's living parcels here."""
        with self.house.store.read() as tx:
            return [p for p in queries.parcels_of_orders(tx, [self.id(ref)]) if p.state != "cancelled"]

    def units(self, ref: str) -> dict[str, int]:
        """The platform's package of each of our parcels → units that lie in it here."""
        mine = self.parcels(ref)
        with self.house.store.read() as tx:
            items = queries.items(tx, [p.id for p in mine])
        return {p.platform_ref: sum(item.quantity for item in items.get(p.id, ())) for p in mine}

    def own_number(self, ref: str, carrier: str = "") -> None:
        """The parcel goes with a carrier that the platform lists, under a number of its form."""
        shop = self.sandbox.world.shops[self.theirs(ref).shop_id]
        provider = next(one for one in markets.providers(shop.region, shop.cross_border) if not one.platform)
        (parcel,) = self.parcels(ref)
        row = (parcel.id, carrier or provider.name, self.number_like(ref), "own", "arranged", self.clock.at)
        with self.house.store.write() as tx:
            columns = ("carrier_name", "tracking_number", "label_origin", "state", "arranged_at")
            warehouse.move(tx, columns, [row])

    def number_like(self, ref: str) -> str:
        """Another number of the form of the first carrier that sellers may use."""
        shop = self.sandbox.world.shops[self.theirs(ref).shop_id]
        provider = next(one for one in markets.providers(shop.region, shop.cross_border) if not one.platform)
        self._drawn += 1
        return providers.number_of(provider, 5_000 + self._drawn)

    def leg(self, ref: str) -> first_mile.Leg:
        """What is known of the first mile of the order's parcel."""
        with self.house.store.read() as tx:
            (found,) = first_mile.legs(tx, [p.id for p in self.parcels(ref)])
        return found

    def scan_there(self, ref: str, kind: str) -> None:
        """A carrier, or the sorting warehouse, scans the order's parcel."""
        carriers.scanned(self.sandbox.world, self.parcels_there(ref)[0], kind, self.clock.at)

    def clean(self) -> bool:
        """Whether journal, counters, references and clocks hold."""
        assert [(name, problem.render().message) for name, problem in verify_all(self.house)] == []
        return True

    def disconnect(self, gone: bool) -> None:
        """The shops' links stop working, or work again."""
        with self.house.store.write() as tx:
            word = "withdrawn" if gone else "active"
            tx.execute("UPDATE links SET state = :word WHERE seller_id = 1", {"word": word})

    def effects(self, kind: str) -> list[tuple[str, str]]:
        """(state, outcome) of our effects of a kind, the oldest first."""
        with self.house.store.read() as tx:
            rows = tx.rows(
                "SELECT state, outcome FROM effects WHERE seller_id = 1 AND kind = :kind ORDER BY id", kind=kind
            )
        return [(str(row[0]), str(row[1])) for row in rows]

    def calls(self, *words: str) -> int:
        """How often a path with all these words was called."""
        return sum(all(word in f"{method} {path}" for word in words) for method, path, _ in self.wire.seen)

    def close(self) -> None:
        """Give everything back."""
        self.client.close()
        self.wire.end()


class Nothing:
    """No arrivals of their own: the test lets orders arrive itself."""

    def step(self) -> Any:
        """Nothing came."""
        from fahuo.flow.arrive import Arrived  # noqa: PLC0415 - only here

        return Arrived()


def times(values: Iterable[int]) -> list[str]:
    """Instants, readable."""
    return [iso(value) for value in values]
