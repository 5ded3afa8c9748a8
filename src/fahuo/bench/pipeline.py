"""`fahuo bench pipeline`: the whole journey of an order, against bare driver inserts of the very same rows.

Each run takes a fresh database. The orders pass every station in batches; stages are timed by the product's own
stopwatch. The raw run then inserts the rows that the journey left behind, table by table and batch by batch, by the
driver alone into a fresh database of the same schema: SQLite `executemany`; PostgreSQL COPY and `unnest`, the faster of
the two counts. Own and raw runs are interleaved, so a slow moment of the machine hits both.
"""

# scope: ok in this module -- it reads back whole databases that it has made for measuring

from __future__ import annotations

import gc
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Table, func, select

from fahuo.bench.databases import Server, server, size_of
from fahuo.bench.raw import CopyRaw, SqliteRaw, UnnestRaw, insert_all, tables
from fahuo.catalogue.model import Sender
from fahuo.channels.model import ReadContext
from fahuo.channels.ports import Endpoint
from fahuo.channels.tiktok_json.read import decode
from fahuo.flow.ahead import meanwhile
from fahuo.flow.dispatch import work
from fahuo.flow.house import House, open_desk
from fahuo.flow.import_data import import_data
from fahuo.flow.intake import take
from fahuo.flow.pack import simulate_staff
from fahuo.flow.report import Report, Source
from fahuo.flow.setup import add_main, add_shop
from fahuo.generate.catalogue import write_catalogue
from fahuo.generate.orders import generate
from fahuo.generate.press import Options
from fahuo.kernel import stopwatch
from fahuo.kernel.batches import calm_collector
from fahuo.kernel.clock import FixedClock
from fahuo.kernel.instant import parse_instant
from fahuo.orders.tables import orders as orders_table
from fahuo.store.effects import Answer, Claimed
from fahuo.store.engine import Store, Tx

BATCH = 2_000
REPEATS = 5
NOW = parse_instant("2026-11-16T09:00:00Z")
MARKETS = ("US", "GB", "VN", "TH")
STAGES = ("decode", "persist", "verify", "clocks", "reserve", "plan", "parcel", "report")
_DATA = ("warehouses", "skus", "stock", "cartons", "carriers", "rates", "numbers")


class StubChannel:
    """A receiver that says yes at once: the stage `report` measures our side of it."""

    lane = "files"

    def send(self, batch: Sequence[Claimed], endpoints: Mapping[int, Endpoint]) -> list[Answer]:  # noqa: ARG002 - the port's signature
        """Done, for every effect."""
        return [one.answer("done", {"status": 200}) for one in batch]


class Own:
    """What one run of the journey took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.total = 0.0
        self.statements = 0
        self.batches = 0
        self.reported = 0
        self.size = 0
        self.peak_mb = 0
        """Of this process at the end of the journey, so it means something for the first run only."""


def run(orders: int, input_: Path | None = None, db: str | None = None, repeats: int = REPEATS) -> dict[str, Any]:
    """Measure and return the document of the contract."""
    with server(db) as room, tempfile.TemporaryDirectory(prefix="fahuo-bench-data-") as folder:
        data = Path(folder)
        write_catalogue(data, orders, MARKETS)
        source = input_ or generated(data / "orders.jsonl", orders)
        runs = [_once(room, source, data, orders) for _ in range(repeats)]
    own = [one for one, _, _ in runs]
    ratios = [raw / one.total for one, raw, _ in runs]
    rows = runs[0][2]
    return {
        "schema": "fahuo.bench-pipeline/1",
        "database": "postgresql" if room.postgresql else "sqlite",
        "orders": orders,
        "seconds": {stage: round(statistics.median(one.seconds.get(stage, 0.0) for one in own), 4) for stage in STAGES},
        "orders_per_second": round(orders / statistics.median(one.total for one in own)),
        "peak_rss_mb": own[0].peak_mb,
        "rows_per_order": round(rows / orders, 2),
        "db_bytes_per_order": round(own[0].size / orders),
        "statements_per_batch": round(own[0].statements / own[0].batches, 1),
        "reported": own[0].reported,
        "batch": BATCH,
        "repeats": repeats,
        "raw_insert_orders_per_second": round(orders / statistics.median(raw for _, raw, _ in runs)),
        "ratio_to_raw": round(statistics.median(ratios), 3),
        "ratio_spread": [round(min(ratios), 3), round(max(ratios), 3)],
    }


class _Head(msgspec.Struct):
    status: str
    fulfillment_type: str
    is_buyer_request_cancel: bool = False


def generated(path: Path, orders: int) -> Path:
    """Orders of two lines with seller shipping that can go all the way, written to a file: the longest journey."""
    options = Options(now=NOW, seller_shipping=1.0, lines=2)
    decode = msgspec.json.Decoder(_Head).decode
    lines = (line for _, line in generate(2 * orders + 100, MARKETS, 7, options, finished=0.0))
    with path.open("wb") as file:
        for line in islice((line for line in lines if _goes_all_the_way(decode(line))), orders):
            file.write(line + b"\n")
    return path


def _goes_all_the_way(order: _Head) -> bool:
    ready = order.status == "AWAITING_SHIPMENT" and order.fulfillment_type == "FULFILLMENT_BY_SELLER"
    return ready and not order.is_buyer_request_cancel


def _once(room: Server, source: Path, data: Path, orders: int) -> tuple[Own, float, int]:
    with room.fresh() as (store, url):
        own = journey(store, source, data, orders)
        own.size = size_of(store, url)
        raw, rows = _raw(room, store)
    return own, raw, rows


def journey(store: Store, source: Path, data: Path, orders: int) -> Own:
    """Set up, then send every order of the file through all stations, batch by batch."""
    house = House(store, FixedClock(NOW))
    add_main(store, NOW)
    for kind in _DATA:
        import_data(store, kind, [data / f"{kind}.csv"], NOW, "bench")
    sender = Sender(name="Bench", lines=("1 Main St",), country="US")
    shop = add_shop(house, "bench", "US", "local", "SELLER", sender=sender)
    context = ReadContext(market="US", zone=shop.zone, now=NOW, shop_name=shop.name, shipping_type="SELLER")
    outbound = {"files": StubChannel()}
    own = Own()
    stopwatch.seconds.clear()
    gc.collect()
    before = store.statements
    with source.open("rb") as lines, calm_collector():
        began = time.perf_counter()
        with store.read() as tx:
            desk = open_desk(tx, "bench")
        batches = meanwhile(decode(islice(lines, orders), context), BATCH, store.away)
        while True:
            with stopwatch.stage("decode"):
                batch = next(batches, None)
            if batch is None:
                break
            own.batches += 1
            take(store, desk, shop, batch, NOW, Source("api", "bench"), Report(), plan=True)
            simulate_staff(store, NOW)
            own.reported += work(store, outbound, NOW, batch=BATCH)["done"]
        own.total = time.perf_counter() - began
    own.seconds = dict(stopwatch.seconds)
    own.statements = store.statements - before
    own.peak_mb = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return own


def _raw(room: Server, store: Store) -> tuple[float, int]:
    kinds = (CopyRaw, UnnestRaw) if room.postgresql else (SqliteRaw,)
    best: tuple[float, int] | None = None
    for kind in kinds:
        with room.fresh() as (_, url):
            target = kind(url)
            setup, way = tables()
            insert_all(iter([[(t, rows) for t, rows in _portion(store, setup, None)]]), target)
            took = insert_all(_batches(store, way, BATCH), target)
            target.close()
        best = took if best is None or took[0] < best[0] else best
    if best is None:
        raise RuntimeError("nothing was measured")
    return best


def _batches(store: Store, way: Sequence[Table], size: int) -> Iterator[list[tuple[Table, list[tuple[Any, ...]]]]]:
    """The rows of all journey tables in batches of `size` orders, parents first, as the journey wrote them."""
    with store.read() as tx:
        ids = [row[0] for row in tx.rows(select(orders_table.c.id).order_by(orders_table.c.id))]
        bounds = ids[size - 1 :: size] + ([ids[-1]] if len(ids) % size else [])
        feeds = {t.name: _Feed(tx, t, len(bounds)) for t in way}
        for bound in bounds:
            yield [(t, feeds[t.name].up_to(bound)) for t in way]


class _Feed:
    """The rows of one table in the order of the orders they belong to; tables without an order come in equal parts."""

    def __init__(self, tx: Tx, table: Table, batches: int) -> None:
        names = [column.name for column in table.columns]
        key = "id" if table.name == "orders" else "order_id"
        self._place = names.index(key) if key in names else None
        by = [table.c[key]] if self._place is not None else []
        portions = tx.stream(select(table).order_by(*by, *table.primary_key.columns), 10_000)
        self._rows = (tuple(row) for portion in portions for row in portion)
        self._next = next(self._rows, None)
        self._share = -(-tx.rows(select(func.count()).select_from(table))[0][0] // batches)

    def up_to(self, order: int) -> list[tuple[Any, ...]]:
        taken: list[tuple[Any, ...]] = []
        while self._next is not None and self._mine(self._next, order, len(taken)):
            taken.append(self._next)
            self._next = next(self._rows, None)
        return taken

    def _mine(self, row: tuple[Any, ...], order: int, taken: int) -> bool:
        if self._place is None:
            return bool(taken < self._share)
        return row[self._place] is None or bool(row[self._place] <= order)


def _portion(store: Store, which: Sequence[Table], limit: int | None) -> list[tuple[Table, list[tuple[Any, ...]]]]:
    with store.read() as tx:
        return [(t, [tuple(r) for r in tx.execute(select(t).limit(limit))]) for t in which]
