"""`fahuo bench intake`: notices acknowledged after their commit, by the real server in a process of its own.

The raw figures, in the same run: the very same rows inserted by bare driver calls on the same disk, as many in a commit
as the server had on average; and the same web server answering every request at once, storing nothing.
"""

from __future__ import annotations

import base64
import os
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec
import psycopg
import uvicorn
from sqlalchemy import make_url

from fahuo.bench.databases import Server, server
from fahuo.bench.raw import PRAGMAS
from fahuo.bench.shots import Job, Shots
from fahuo.connections import service
from fahuo.connections.model import App, Link, Tokens
from fahuo.connections.notices_store import COLUMNS
from fahuo.flow.house import House
from fahuo.flow.setup import add_main, add_shop
from fahuo.kernel.clock import RealClock, technical_ms
from fahuo.kernel.ids import new_id, new_ids
from fahuo.store.engine import Store

KEY, SECRET, SHOP = "38abcd", "f00dbabe1234567890", "7494049642642441621"
CONNECTIONS: Final = 64
REPEATS: Final = 5
_SERVE: Final = [sys.executable, "-c", "from fahuo.cli.main import main; main()", "serve", "--port", "0", "--json"]
MOST: Final = 400_000
"""Notices prepared for one run at most."""
AT_MOST: Final = 60_000
"""Notices a second prepared where none is set: more than are answered."""


def run(rate: float, seconds: float, db: str | None, repeats: int = REPEATS) -> dict[str, Any]:
    """The figures of the contract. `rate`: notices a second for the latencies; 0: half of what was reached."""
    with server(db) as room, room.fresh() as (store, url):
        prepare(store)
        numbers = iter(range(1, 1 << 40, MOST))
        own, bare_web, bare_rows, grouped = [], [], [], []
        waits: list[float] = []
        for _ in range(repeats):
            with _served(url, room) as port:
                before = _commits(store)
                shots = _shoot(port, next(numbers), seconds)
            own.append(len(shots.acked) / shots.seconds)
            after = _commits(store)
            grouped.append(len(shots.acked) / max(1, after - before))
            bare_rows.append(_raw(store, url, max(1, round(grouped[-1])), seconds, waits))
            with _bare() as port:
                shots = _shoot(port, next(numbers), seconds)
            bare_web.append(len(shots.acked) / shots.seconds)
        reached = statistics.median(own)
        with _served(url, room) as port:
            calm = _shoot(port, next(numbers), seconds, rate or reached / 2)
        with _bare() as port:
            calm_web = _shoot(port, next(numbers), seconds, rate or reached / 2)
        killed = _kill(store, url, room, next(numbers), seconds)
        dialect = store.dialect
    lower = min(statistics.median(bare_web), statistics.median(bare_rows))
    ratios = [mine / bare for mine, bare in zip(own, bare_rows, strict=True)]
    waits.sort()
    return {
        "schema": "fahuo.bench-intake/1",
        "database": dialect,
        "per_second": round(reached),
        "spread": [round(min(own)), round(max(own))],
        "in_a_commit": round(statistics.median(grouped), 1),
        "raw_commits_per_second": round(statistics.median(bare_rows)),
        "raw_web_per_second": round(statistics.median(bare_web)),
        "ratio_to_raw_commits": round(reached / statistics.median(bare_rows), 2),
        "ratio_spread": [round(min(ratios), 2), round(max(ratios), 2)],
        "ratio_to_raw_web": round(reached / statistics.median(bare_web), 2),
        "ratio_to_lower": round(reached / lower, 2),
        "at_rate": round(rate or reached / 2),
        "reached_at_rate": round(len(calm.acked) / calm.seconds),
        "p50_ms": calm.p50_ms,
        "p99_ms": calm.p99_ms,
        "max_ms": calm.max_ms,
        "raw_web_p99_ms": calm_web.p99_ms,
        "raw_commit_p99_ms": round(waits[int(len(waits) * 0.99)] * 1000, 2),
        "raw_commit_max_ms": round(waits[-1] * 1000, 2),
        "acked_before_kill": killed[0],
        "lost": killed[1],
        "connections": CONNECTIONS,
        "repeats": repeats,
    }


def prepare(store: Store) -> Link:
    """A shop, connected."""
    house = House(store, RealClock())
    add_main(store, int(time.time()))
    shop = add_shop(house, "shop", "VN", "local")
    now = technical_ms()
    tokens = Tokens(
        access_token="-",  # noqa: S106 - never used: nothing is called here
        access_until_ms=now + 10**9,
        refresh_token="-",  # noqa: S106 - likewise
        refresh_until_ms=now + 10**10,
    )
    with store.write() as tx:
        app = service.put_app(tx, App(id=new_id(), app_key=KEY, secret=SECRET.encode()), now)
        link = Link(
            shop_id=shop.id,
            shop=shop.name,
            platform_shop_id=SHOP,
            cipher="-",
            region="VN",
            seller_type="local",
            app=app,
            grant_id=service.put_grant(tx, app.id, tokens, now),
            access_token=tokens.access_token,
        )
        service.put_link(tx, link, shop.name, now)
    return link


@contextmanager
def _served(url: str, room: Server) -> Iterator[int]:
    """`fahuo serve` in a process of its own; its port."""
    with _process(url, room) as (port, _):
        yield port


@contextmanager
def _process(url: str, room: Server) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    key = base64.urlsafe_b64encode(room.master).decode()
    env = os.environ | {"FAHUO_DATABASE_URL": url, "FAHUO_MASTER_KEY": key}
    with subprocess.Popen(_SERVE, stdout=subprocess.PIPE, env=env) as process:  # noqa: S603 - our own command
        try:
            assert process.stdout is not None  # noqa: S101 - asked for above
            told = msgspec.json.decode(process.stdout.readline())
            yield int(told["url"].rpartition(":")[2]), process
        finally:
            process.send_signal(signal.SIGTERM)


@contextmanager
def _bare() -> Iterator[int]:
    """The web server with an app that stores nothing."""
    command = [sys.executable, "-m", "fahuo.bench.intake"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own command
        try:
            assert process.stdout is not None  # noqa: S101 - asked for above
            yield int(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGTERM)


def _shoot(port: int, first: int, seconds: float, rate: float = 0.0, then: Callable[[], None] | None = None) -> Shots:
    count = min(MOST, int((rate or AT_MOST) * seconds) + 1)
    job = Job(port=port, app_key=KEY, secret=SECRET, shop=SHOP, first=first, count=count,
              connections=CONNECTIONS, rate=rate, seconds=seconds)  # fmt: skip
    command = [sys.executable, "-m", "fahuo.bench.shots"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as gun:  # noqa: S603 - our own command
        assert gun.stdin is not None  # noqa: S101 - asked for above
        assert gun.stdout is not None  # noqa: S101 - asked for above
        gun.stdin.write(msgspec.json.encode(job) + b"\n")
        gun.stdin.flush()
        gun.stdout.readline()
        gun.stdin.write(b"\n")
        gun.stdin.flush()
        if then is not None:
            then()
        return msgspec.json.decode(gun.stdout.readline(), type=Shots)


def _kill(store: Store, url: str, room: Server, first: int, seconds: float) -> tuple[int, int]:
    """(acknowledged before a kill -9 in the middle of the load, of those not in the database)."""
    with _process(url, room) as (port, own):

        def kill() -> None:
            time.sleep(seconds / 2)
            own.send_signal(signal.SIGKILL)

        shots = _shoot(port, first, seconds, then=kill)
    with store.read() as tx:
        found = tx.rows("SELECT notification_id FROM notices WHERE seller_id = 1")
    return len(shots.acked), len({str(number) for number in shots.acked} - {row[0] for row in found})


def _commits(store: Store) -> int:
    with store.read() as tx:
        found = tx.rows("SELECT count FROM notice_counts WHERE seller_id = 1 AND what = 'commits'")
    return int(found[0][0]) if found else 0


def _raw(store: Store, url: str, group: int, seconds: float, waits: list[float]) -> float:
    """Rows a second: the rows that are there, under new keys, by bare driver calls, `group` in a commit.

    How long each commit took, rows included, is added to `waits` (seconds).
    """
    names = ", ".join(COLUMNS)
    with store.read() as tx:
        found = tx.rows(f"SELECT {names} FROM notices WHERE seller_id = 1 LIMIT 20000")  # noqa: S608 - our own names
    kept = [tuple(row[3:]) for row in found]
    if store.dialect == "sqlite":
        return _raw_sqlite(url, kept, group, seconds, waits)
    return _raw_postgresql(url, kept, group, seconds, waits)


def _batches(kept: list[tuple[Any, ...]], group: int) -> Iterator[list[tuple[Any, ...]]]:
    at = 0
    while True:
        part = [kept[(at + i) % len(kept)] for i in range(group)]
        yield [(1, id_, f"raw {id_}", *row) for id_, row in zip(new_ids(group), part, strict=True)]
        at += group


def _raw_sqlite(url: str, kept: list[tuple[Any, ...]], group: int, seconds: float, waits: list[float]) -> float:
    connection = sqlite3.connect(make_url(url).database or "", isolation_level=None)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    marks = ", ".join("?" * len(COLUMNS))
    text = f"INSERT INTO notices ({', '.join(COLUMNS)}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608 - our own names
    done, spent = 0, 0.0
    for rows in _batches(kept, group):
        began = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(text, rows)
        connection.execute("COMMIT")
        waits.append(time.perf_counter() - began)
        spent += waits[-1]
        done += group
        if spent > seconds:
            break
    connection.close()
    return done / spent


def _raw_postgresql(url: str, kept: list[tuple[Any, ...]], group: int, seconds: float, waits: list[float]) -> float:
    """The faster of COPY and one INSERT of many rows."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    names = ", ".join(COLUMNS)
    best = 0.0
    with psycopg.connect(plain) as connection, connection.cursor() as cursor:
        for how in ("copy", "insert"):
            marks = ", ".join(["(" + ", ".join(["%s"] * len(COLUMNS)) + ")"] * group)
            done, spent = 0, 0.0
            for rows in _batches(kept, group):
                began = time.perf_counter()
                if how == "copy":
                    with cursor.copy(f"COPY notices ({names}) FROM STDIN") as copy:
                        for row in rows:
                            copy.write_row(row)
                else:
                    flat = [value for row in rows for value in row]
                    cursor.execute(f"INSERT INTO notices ({names}) VALUES {marks} ON CONFLICT DO NOTHING", flat)  # noqa: S608 - our own names
                connection.commit()
                waits.append(time.perf_counter() - began)
                spent += waits[-1]
                done += group
                if spent > seconds / 2:
                    break
            best = max(best, done / spent)
    return best


async def _nothing(_scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        continue
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


def serve_bare() -> None:
    """Serve nothing, as `fahuo serve` serves; prints the port."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=128)
    sys.stdout.write(f"{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(
        _nothing, log_level="warning", access_log=False, server_header=False, date_header=False, lifespan="off"
    )
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    serve_bare()
