"""The demonstration's days: what it says of itself is what the database proves, on both databases."""

from __future__ import annotations

import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import func, select

from fahuo.demo.clock import DemoClock
from fahuo.demo.figures import figures
from fahuo.demo.house import furnish
from fahuo.demo.outside import DAY
from fahuo.demo.play import Play
from fahuo.flow.house import House
from fahuo.flow.setup import add_main
from fahuo.flow.verify import verify_all
from fahuo.kernel.instant import parse_instant
from fahuo.orders.tables import orders
from fahuo.store.engine import Store
from fahuo.warehouse.tables import label_files, packages

MONDAY = parse_instant("2026-11-16T00:00:00Z")


def played(store: Store, folder: Path, days: int, per_day: int, staff: int = 4) -> House:
    clock = DemoClock(MONDAY)
    house = House(store, clock)
    add_main(store, MONDAY)
    furnish(house, folder, per_day * days, staff * 135 or 1)
    Play(house, clock, folder, seed=3, per_day=per_day, staff=staff).fast(days)
    assert clock.now() == MONDAY + days * DAY
    return house


def test_a_day_agrees_with_the_database(store: Store, tmp_path: Path) -> None:
    house = played(store, tmp_path, 1, 60)
    found = figures(house)
    assert list(verify_all(house)) == []
    assert found["journal_ok"] is True

    with store.read() as tx:
        o, p = orders.c, packages.c
        stations = dict(tx.rows(select(o.station, func.count()).where(o.seller_id == 1).group_by(o.station)))
        scans = tx.rows(select(func.count()).where(o.seller_id == 1, o.first_scan_at.is_not(None)))[0][0]
        early = tx.rows(select(func.count()).where(p.seller_id == 1, p.handed_over_at < p.packed_at))[0][0]
        labels = tx.rows(select(func.count()).where(label_files.c.seller_id == 1))[0][0]
    history = stations.get("history", 0)
    assert found["orders_received"] == sum(stations.values()) > 30
    assert found["orders_received"] == found["open"] + found["orders_shipped"] + found["cancelled"] + history
    assert 0 < found["on_time"] <= found["orders_shipped"]
    assert found["late"] == 0
    assert scans <= found["orders_shipped"] + history
    assert early == 0
    assert labels > 0
    assert found["effects_given_up"] == 0


def test_without_staff_orders_are_late(store: Store, tmp_path: Path) -> None:
    found = figures(played(store, tmp_path, 2, 20, staff=0))
    assert found["orders_shipped"] == found["on_time"] == 0
    assert found["late"] > 0
    assert found["journal_ok"] is True


def test_the_same_seed_gives_the_same_figures(sqlite_url: str, tmp_path: Path) -> None:
    from fahuo.store.engine import open_store  # noqa: PLC0415 - a store for each of the two runs
    from tests.support.stores import MASTER  # noqa: PLC0415 - as above

    found = []
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        copy = folder / "fahuo.db"
        copy.write_bytes(Path(sqlite_url.removeprefix("sqlite:///")).read_bytes())
        store = open_store(f"sqlite:///{copy}", master=MASTER)
        found.append(figures(played(store, folder, 1, 12)))
        store.close()
    assert found[0] == found[1]


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_the_command_prints_one_document_and_nothing_else(
    database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("postgres_url") if database == "postgresql" else ""
    # Taking its usual port away shows that a run that ends by itself wants none.
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):  # somebody else has it already, which does as well
            taken.bind(("127.0.0.1", 8000))
            taken.listen()
        arguments = ["demo", "--days", "1", "--exit", "--json", "--orders-per-day", "12"]
        done = subprocess.run(  # noqa: S603 - our own command line
            [sys.executable, "-c", "from fahuo.cli.main import main; main()", *arguments],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "FAHUO_DATABASE_URL": url, "LANG": "C.UTF-8"},
            capture_output=True,
            timeout=120,
            check=True,
        )
    found = msgspec.json.decode(done.stdout)
    assert done.stdout.count(b"\n") == 1
    assert done.stderr == b""
    names = "orders_received orders_shipped on_time late held open delivered cancelled effects_pending effects_given_up"
    assert {*names.split(), "days", "journal_ok"} <= found.keys()
    assert found["days"] == 1
    assert found["journal_ok"] is True
    assert list(tmp_path.iterdir()) == []
