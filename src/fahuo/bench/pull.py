"""`fahuo bench pull`: is a pull bound by the platform's pages, or by Fahuo?

A sandbox in a process of its own holds the orders. Its pages are first read alone (the same client, nothing done with
them), then pulled into a fresh database: decoded, verified, timed, planned, stored.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

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
    "--market", "VN", "--orders-per-day", "0", "--speed", "0", "--rate", "0", "--json",
]  # fmt: skip
CHUNK: Final = 5_000
CALLS: Final = 1e6
"""Reads a second the client allows itself: nobody is to be spared here."""


def run(orders: int, db: str | None) -> dict[str, Any]:
    """Pages and orders a second of the sandbox alone and of the pull, and their ratio."""
    with _sandbox() as begun, server(db) as room, room.fresh() as (store, _):
        now = _fill(begun["base_url"], orders)
        house = House(store, FixedClock(now))
        add_main(store, now)
        client = make_client(store)
        link = _connect(house, client, begun)
        before = _alone(client, link, now)
        found = _pull(house, client, link)
        seconds, pages = min(before, _alone(client, link, now))
        stored = _stored(store)
        dialect = store.dialect
    return {
        "schema": "fahuo.bench-pull/1",
        "database": dialect,
        "orders": orders,
        "stored": stored,
        "refused": len(found.refused),
        "sandbox_pages_per_second": round(pages / seconds, 1),
        "sandbox_orders_per_second": round(orders / seconds),
        "pull_pages_per_second": round(found.pages / found.seconds, 1),
        "pull_orders_per_second": round(orders / found.seconds),
        "ratio": round(seconds / found.seconds, 2),
        "problem": None if found.problem is None else found.problem.code,
    }


@contextmanager
def _sandbox() -> Iterator[dict[str, Any]]:
    env = os.environ | {"FAHUO_LANG": "en"}
    with subprocess.Popen(_SANDBOX, stdout=subprocess.PIPE, env=env) as process:  # noqa: S603 - our own command
        try:
            assert process.stdout is not None  # noqa: S101 - asked for above
            yield msgspec.json.decode(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGTERM)


def _fill(base_url: str, orders: int) -> int:
    """Place the orders, some in each minute, let the buyers' hour pass; the sandbox's time after that."""
    with httpx.Client(base_url=f"{base_url}/_sandbox", timeout=600) as control:
        for placed in range(0, orders, CHUNK):
            control.post("/orders", json={"market": "VN", "count": min(CHUNK, orders - placed)}).raise_for_status()
            control.post("/clock", json={"advance": "60s"}).raise_for_status()
        told = control.post("/clock", json={"advance": "2h"}).raise_for_status().json()
        return parse_instant(told["now"])


def _connect(house: House, client: Client, begun: dict[str, Any]) -> Link:
    app = App(
        id=new_id(),
        app_key=begun["app_key"],
        secret=begun["app_secret"].encode(),
        api_url=begun["base_url"],
        auth_url=begun["base_url"],
        reads_per_second=CALLS,
    )
    with house.store.write() as tx:
        app = service.put_app(tx, app, technical_ms())
    connect.connect(house, client, app, begun["auth_code"])
    with house.store.read() as tx:
        return queries.links(tx)[0]


def _alone(client: Client, link: Link, now: int) -> tuple[float, int]:
    """(seconds to read all pages and do nothing with them, pages)."""

    def fetch(since: int, before: int | None, token: str) -> Page:
        return search(client, link, since=since, before=before, token=token)

    began = time.perf_counter()
    pages = sum(bool(step.page.raws) for step in walk(fetch, 0, None, now))
    return time.perf_counter() - began, pages


def _pull(house: House, client: Client, link: Link) -> Pulled:
    with calm_collector():
        return pull(house, client, link)


def _stored(store: Store) -> int:
    with store.read() as tx:
        return int(tx.rows("SELECT COUNT(*) FROM orders WHERE seller_id = 1")[0][0])
