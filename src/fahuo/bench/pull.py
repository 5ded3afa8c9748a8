"""`fahuo bench pull`: is a pull bound by the platform's pages, or by Fahuo?

A sandbox without any limit, in a process of its own, holds the orders. Its pages are read alone (the same client,
nothing done with them), then pulled into a fresh database: decoded, verified, timed, planned, stored. Then once more
from a sandbox that keeps a budget of calls for each app and shop, as the platform does.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, Final, NamedTuple

import httpx
import msgspec

from fahuo.bench.databases import server
from fahuo.channels.tiktok_shop.client import Client
from fahuo.channels.tiktok_shop.orders import Page, search
from fahuo.channels.tiktok_shop.walk import walk
from fahuo.connections import queries, service
from fahuo.connections.model import App, Link
from fahuo.flow import connect
from fahuo.flow.grants import make_client
from fahuo.flow.house import House
from fahuo.flow.pull import Pulled, pull
from fahuo.flow.setup import add_main
from fahuo.kernel.batches import calm_collector
from fahuo.kernel.clock import FixedClock, technical_ms
from fahuo.kernel.ids import new_id
from fahuo.kernel.instant import parse_instant
from fahuo.store.engine import Store

_SANDBOX: Final = [
    sys.executable, "-c", "from fahuo.cli.main import main; main()", "sandbox", "serve", "--port", "0",
    "--market", "VN", "--orders-per-day", "0", "--speed", "0", "--json", "--rate",
]  # fmt: skip
AT_ONCE: Final = 20
"""Orders placed in the same second, as in a live stream; the next ones follow `BETWEEN` later."""
BETWEEN: Final = "1s"
CALLS: Final = 1e6
"""Reads a second the client allows itself where nobody is to be spared."""
OK: Final = "0"


def run(orders: int, db: str | None, rate: float) -> dict[str, Any]:
    """The sandbox alone, the pull, both without any limit; the pull under a budget of `rate` calls a second."""
    with _prepared(orders, db, 0.0) as bed:
        before = _alone(bed)
        found = _pull(bed)
        seconds, pages = min(before, _alone(bed))
        stored = _stored(bed.house.store)
        dialect = bed.house.store.dialect
    return {
        "schema": "fahuo.bench-pull/3",
        "database": dialect,
        "orders": orders,
        "stored": stored,
        "refused": len(found.refused),
        "sandbox_pages_per_second": round(pages / seconds, 1),
        "sandbox_orders_per_second": round(orders / seconds),
        "pull_pages_per_second": round(found.pages / found.seconds, 1),
        "pull_orders_per_second": round(orders / found.seconds),
        "ratio": round(seconds / found.seconds, 2),
        "pull_idle": round(found.waited / found.seconds, 3),
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
        **_paced(orders, db, rate),
        "problem": None if found.problem is None else found.problem.code,
    }


def _paced(orders: int, db: str | None, rate: float) -> dict[str, Any]:
    with _prepared(orders, db, rate) as bed:
        before = bed.answers()
        found = _pull(bed)
        after = bed.answers()
        stored = _stored(bed.house.store)
    given = after.get(OK, 0) - before.get(OK, 0)
    return {
        "paced_stored": stored,
        "paced_pages_allowed_per_second": rate,
        "paced_pages_per_second": round(given / found.seconds, 1),
        "paced_orders_per_second": round(orders / found.seconds),
        "paced_seconds": round(found.seconds, 2),
        "paced_calls_refused": sum(after.values()) - sum(before.values()) - given,
        "paced_idle": round(found.waited / found.seconds, 3),
    }


class _Bed(NamedTuple):
    """A sandbox with orders, and a database connected to it that has none of them yet."""

    base_url: str
    house: House
    client: Client
    link: Link
    now: int

    def answers(self) -> dict[str, int]:
        """Answers of the sandbox's API so far, by code."""
        told = httpx.get(f"{self.base_url}/_sandbox/requests", params={"limit": 1}, timeout=60).raise_for_status()
        return dict(told.json()["by_code"])


@contextmanager
def _prepared(orders: int, db: str | None, rate: float) -> Iterator[_Bed]:
    """A sandbox with that many orders, giving `rate` calls a second (0: as many as it can)."""
    with _sandbox(rate) as begun, server(db) as room, room.fresh() as (store, _):
        now = _fill(begun["base_url"], orders)
        house = House(store, FixedClock(now))
        add_main(store, now)
        with closing(make_client(store)) as client:
            yield _Bed(begun["base_url"], house, client, _connect(house, client, begun, rate or CALLS), now)


@contextmanager
def _sandbox(rate: float) -> Iterator[dict[str, Any]]:
    env = os.environ | {"FAHUO_LANG": "en"}
    with subprocess.Popen([*_SANDBOX, str(rate)], stdout=subprocess.PIPE, env=env) as process:  # noqa: S603 - our own command
        try:
            assert process.stdout is not None  # noqa: S101 - asked for above
            yield msgspec.json.decode(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGTERM)


def _fill(base_url: str, orders: int) -> int:
    """Place the orders as a busy shop gets them, let the buyers' hour pass; the sandbox's time after that."""
    with httpx.Client(base_url=f"{base_url}/_sandbox", timeout=600) as control:
        for placed in range(0, orders, AT_ONCE):
            control.post("/orders", json={"market": "VN", "count": min(AT_ONCE, orders - placed)}).raise_for_status()
            control.post("/clock", json={"advance": BETWEEN}).raise_for_status()
        told = control.post("/clock", json={"advance": "2h"}).raise_for_status().json()
        return parse_instant(told["now"])


def _connect(house: House, client: Client, begun: dict[str, Any], reads: float) -> Link:
    app = App(
        id=new_id(),
        app_key=begun["app_key"],
        secret=begun["app_secret"].encode(),
        api_url=begun["base_url"],
        auth_url=begun["base_url"],
        reads_per_second=reads,
    )
    with house.store.write() as tx:
        app = service.put_app(tx, app, technical_ms())
    connect.connect(house, client, app, begun["auth_code"])
    with house.store.read() as tx:
        return queries.links(tx)[0]


def _alone(bed: _Bed) -> tuple[float, int]:
    """(seconds to read all pages and do nothing with them, pages)."""

    def fetch(since: int, before: int | None, token: str) -> Page:
        return search(bed.client, bed.link, since=since, before=before, token=token)

    began = time.perf_counter()
    pages = sum(bool(step.page.raws) for step in walk(fetch, 0, None, bed.now))
    return time.perf_counter() - began, pages


def _pull(bed: _Bed) -> Pulled:
    with calm_collector():
        return pull(bed.house, bed.client, bed.link)


def _stored(store: Store) -> int:
    with store.read() as tx:
        return int(tx.rows("SELECT COUNT(*) FROM orders WHERE seller_id = 1")[0][0])
