"""`fahuo bench pages`: how long a visitor waits for the tower, the order list and an order, over a full database."""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import uvicorn

from fahuo.access.model import OWNER
from fahuo.flow import access, pack, setup
from fahuo.flow.house import House, open_desk
from fahuo.flow.import_data import import_data
from fahuo.flow.import_orders import import_orders
from fahuo.flow.plan import plan_all
from fahuo.generate.catalogue import write_catalogue
from fahuo.generate.orders import generate
from fahuo.generate.press import Options
from fahuo.kernel.clock import FixedClock
from fahuo.kernel.crypto import new_key
from fahuo.store import migrate
from fahuo.store.engine import open_store
from fahuo.views.orders import Filter
from fahuo.views.orders import page as order_page
from fahuo.web.app import create_app

NOW: Final = 1_768_204_800  # 2026-01-12T08:00:00Z, a Monday
MARKETS: Final = ("VN", "TH", "US", "GB")
TABLES: Final = ("warehouses", "skus", "stock", "cartons", "carriers", "rates", "numbers")
REPEATS: Final = 40
P95: Final = 0.95


def run(orders: int, repeats: int = REPEATS, finished: float = 0.7) -> dict[str, Any]:
    """p50 and p95 in milliseconds over HTTP on loopback, rendering included, one visitor at a time.

    `finished` of the orders are history; of the open ones a third is packed. The pages are asked for in turn, so that
    none has the caches to itself.
    """
    with tempfile.TemporaryDirectory(prefix="fahuo-bench-pages-") as folder:
        house = prepare(Path(folder), orders, finished)
        with house.store.read() as tx:
            row = order_page(tx, Filter(station="pack"), 1).rows[0]
            deep = order_page(tx, Filter(sort="new"), 500).next
        paths = {
            "tower": "/tower",
            "orders": "/orders",
            "orders_new": f"/orders?sort=new&after={deep}",
            "orders_filtered": f"/orders?shop={row.shop_id}&state=AWAITING_SHIPMENT&sort=due",
            "order_found": f"/orders?q={row.platform_order_id}",
            "order": f"/orders/{row.id}",
            "changed": "/changed",
        }
        try:
            with _visiting(house) as client:
                times = _measure(client, paths, repeats)
        finally:
            house.store.close()
    shown = {name: {"p50_ms": _ms(statistics.median(all_)), "p95_ms": _ms(_p95(all_))} for name, all_ in times.items()}
    return {"schema": "fahuo.bench_pages/1", "orders": orders, "repeats": repeats, "pages": shown}


def prepare(folder: Path, orders: int, finished: float) -> House:
    """A database of that many generated orders in SQLite: clocked, reserved, planned, some packed; one owner."""
    url = f"sqlite:///{folder / 'fahuo.db'}"
    house = House(open_store(url, master=new_key()), FixedClock(NOW))
    migrate.upgrade(house.store)
    setup.add_main(house.store, NOW)
    made = {path.stem: path for path in write_catalogue(folder / "catalogue", orders, MARKETS)}
    for kind in TABLES:
        import_data(house.store, kind, [made[kind]], NOW, "bench")
    with _files(folder) as files:
        for market, body in generate(orders, MARKETS, 1, Options(NOW - 8 * 3600), finished=finished):
            files[market].write(body + b"\n")
    for market in MARKETS:
        setup.add_shop(house, f"shop-{market}", market, "local")
        import_orders(house, [folder / f"{market}.jsonl"], f"shop-{market}", actor="bench")
    with house.store.read() as tx:
        desk = open_desk(tx, "bench")
    plan_all(house.store, desk, NOW)
    pack.simulate_staff(house.store, NOW, limit=orders // 10)
    return house


@contextmanager
def _files(folder: Path) -> Iterator[dict[str, Any]]:
    opened = {market: (folder / f"{market}.jsonl").open("wb") for market in MARKETS}
    try:
        yield opened
    finally:
        for file in opened.values():
            file.close()


@contextmanager
def _visiting(house: House) -> Iterator[httpx.Client]:
    password = access.new_password()
    access.add_user(house, "bench", OWNER, password, "bench")
    app = create_app(house)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", access_log=False, lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:
            client.post("/login", data={"name": "bench", "password": password})
            yield client
    finally:
        server.should_exit = True
        thread.join()
        app.state.watch.close()


def _measure(client: httpx.Client, paths: dict[str, str], repeats: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in paths}
    for turn in range(repeats + 2):
        for name, path in paths.items():
            start = time.perf_counter()
            answer = client.get(path)
            spent = time.perf_counter() - start
            if answer.status_code != httpx.codes.OK:
                raise RuntimeError(f"{path} answered {answer.status_code}")
            if turn >= 2:  # noqa: PLR2004 -- the first two turns warm templates and caches
                times[name].append(spent)
    return times


def _p95(values: Sequence[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * P95))]


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)
