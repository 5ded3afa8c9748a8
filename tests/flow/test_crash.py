"""Killed in the middle, at any moment: the next run finishes, nothing is lost, nothing is told twice."""

from __future__ import annotations

import base64
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fahuo.flow.pack import simulate_staff
from fahuo.store.engine import Store, open_store
from tests.support.receiver import SECRET, Receiver
from tests.support.shopfloor import MONDAY, TABLES, Floor
from tests.support.stores import MASTER

ORDERS = 3_000
PROGRAM = "import sys; from fahuo.cli.main import run; sys.exit(run(sys.argv[1:]))"
HEADER = (
    "Order ID,Order Status,Seller SKU,Quantity,SKU Subtotal After Discount,Order Amount,Created Time,Recipient,Phone #,"
    "Country,Province,Districts,Detail Address,Zipcode,Product Name,Delivery Option Type\n"
)


def order_file(path: Path, count: int) -> Path:
    """A Seller Center export of that many orders, each to somebody else."""
    with path.open("w", encoding="utf-8") as out:
        out.write(HEADER)
        for n in range(count):
            out.write(
                f"5761{n:014d},To ship,TEE,1,150000,150000,02/03/2026 08:00:00,Hoa {n},09{n:08d},VN,HCM,Q1,"
                f"{n} Lê Lợi,700000,Tee,Shipped by seller\n"
            )
    return path


def start(url: str, *arguments: str, home: Path) -> subprocess.Popen[bytes]:
    """The command in a process of its own, as a user starts it."""
    environment = os.environ | {
        "FAHUO_HOME": str(home),
        "FAHUO_DATABASE_URL": url,
        "FAHUO_MASTER_KEY": base64.urlsafe_b64encode(MASTER).decode(),
        "FAHUO_NOW": "2026-03-02T02:00:00Z",
    }
    command = [sys.executable, "-c", PROGRAM, *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)  # noqa: S603 - our own command


def finish(url: str, *arguments: str, home: Path) -> None:
    process = start(url, *arguments, home=home)
    _, said = process.communicate(timeout=240)
    assert process.returncode == 0, said.decode()


def killed(url: str, *arguments: str, home: Path, progress: Callable[[], int], rng: random.Random) -> bool:
    """Start it, and kill it a moment after its work shows; False when it was done before."""
    process = start(url, *arguments, home=home)
    before, last = progress(), time.monotonic() + 60
    while process.poll() is None and progress() == before and time.monotonic() < last:
        time.sleep(0.005)
    time.sleep(rng.uniform(0, 0.25))
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    return process.returncode == -signal.SIGKILL


def counter(store: Store, sql: str) -> Callable[[], int]:
    def count() -> int:
        with store.read() as tx:
            return int(tx.rows(sql)[0][0])

    return count


@pytest.mark.fault
@pytest.mark.parametrize("seed", [2026])
def test_an_import_and_a_run_survive_kill_9(store_url: str, tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - moments, no secrets
    orders = order_file(tmp_path / "orders.csv", ORDERS)
    with open_store(store_url, master=MASTER) as store, Receiver() as receiver:
        floor = Floor(store, tmp_path).stocked(stock=TABLES["stock"].replace("TEE,SG1,100", f"TEE,SG1,{ORDERS}"))
        floor.shop(channel="callback", callback_url=receiver.url, secret=SECRET)
        taken = counter(store, "SELECT COUNT(*) FROM orders")
        for _ in range(3):
            killed(store_url, "import", str(orders), "--shop", "shop", home=tmp_path, progress=taken, rng=rng)
            floor.clean()
        finish(store_url, "import", str(orders), "--shop", "shop", home=tmp_path)
        assert taken() == ORDERS
        assert floor.counters() == (ORDERS, ORDERS, ORDERS, counter(store, "SELECT SUM(placed) FROM stock")())

        planned = counter(store, "SELECT COUNT(*) FROM packages")
        for _ in range(2):
            killed(store_url, "run", "--once", home=tmp_path, progress=planned, rng=rng)
            floor.clean()
        finish(store_url, "run", "--once", home=tmp_path)
        assert planned() == ORDERS
        assert counter(store, "SELECT COUNT(DISTINCT tracking_number) FROM packages")() == ORDERS

        assert simulate_staff(store, MONDAY) == ORDERS
        deaths = sum(
            killed(store_url, "work", "--once", home=tmp_path, progress=lambda: len(receiver.applied), rng=rng)
            for _ in range(3)
        )
        assert deaths
        with store.write() as tx:  # what the dead had in hand is due when their leases end
            tx.execute("UPDATE effects SET lease_until_ms = 0 WHERE state IN ('claimed', 'retry')")
        finish(store_url, "run", "--once", home=tmp_path)
        assert len(receiver.applied) == ORDERS
        assert receiver.forged == 0
        assert {state for _, state in floor.effects()} == {"done"}
        told = "SELECT COUNT(*), COUNT(DISTINCT order_id) FROM journal WHERE kind = 'reported'"
        with store.read() as tx:
            assert tuple(tx.rows(told)[0]) == (ORDERS, ORDERS)
            once = tx.rows("SELECT kind, COUNT(*) FROM journal WHERE kind IN ('taken', 'packed') GROUP BY kind")
        assert {row[1] for row in once} == {ORDERS}
        assert floor.counters() == (0, 0, 0, 0)
        floor.clean()


MEASURE = """
import resource, sys
from pathlib import Path
from fahuo.flow.house import House
from fahuo.flow.import_orders import import_orders
from fahuo.kernel.clock import FixedClock
from fahuo.store.engine import open_store

with open_store(sys.argv[1], master=bytes(range(32))) as store:
    house = House(store, FixedClock(1772416800))
    for name in sys.argv[2:]:
        report = import_orders(house, [Path(name)], "shop")
        assert not report.refused, report.refused[0]
        print(report.created, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_is_bounded_by_the_batch_not_by_the_file(sqlite_url: str, tmp_path: Path) -> None:
    """Several times the orders, and hardly more memory; a list of them all would take as many times as much."""
    with open_store(sqlite_url, master=MASTER) as store:
        Floor(store, tmp_path).stocked().shop()
    files = [str(order_file(tmp_path / f"{count}.csv", count)) for count in (10, 4_000, 14_000)]
    answer = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", MEASURE, sqlite_url, *files], capture_output=True, text=True, timeout=300, check=False
    )
    assert answer.returncode == 0, answer.stderr
    (_, idle), (_, some), (_, many) = [map(int, line.split()) for line in answer.stdout.splitlines()]
    assert many - idle < 2 * (some - idle) + 16_384
