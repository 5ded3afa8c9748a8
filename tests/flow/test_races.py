"""Many workers at the same goods, numbers, parcels and orders: nothing is sold, numbered or packed twice."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from fahuo.carriers.numbers import take_numbers
from fahuo.flow.again import write_again
from fahuo.flow.house import House, open_desk
from fahuo.flow.intake import take
from fahuo.flow.pack import confirm, open_parcel, scan_item, simulate_staff
from fahuo.flow.plan import plan_all
from fahuo.flow.report import Report, Source
from fahuo.kernel.problems import Problem
from fahuo.orders.model import CANCELLED
from fahuo.store.engine import Store, open_store
from tests.support.shopfloor import MONDAY, TABLES, Clock, Floor, good, lines, order
from tests.support.stores import MASTER

WORKERS = 8
pytestmark = pytest.mark.fault


def together(store_url: str, works: Sequence[Callable[[Store], object]]) -> list[object]:
    """Run the works at the same moment, each in a thread with a store of its own."""
    start = Barrier(len(works))

    def one(work: Callable[[Store], object]) -> object:
        with open_store(store_url, master=MASTER) as store:
            start.wait(timeout=30)
            return work(store)

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(one, works))


def importer(first: int, count: int, batch: int, shop: str = "shop", sku: str = "TEE") -> Callable[[Store], object]:
    """A worker that takes orders of one unit each, batch by batch."""

    def work(store: Store) -> int:
        from fahuo.flow.house import need_shop  # noqa: PLC0415 - also runs in a fresh process

        with store.read() as tx:
            desk, found = open_desk(tx, "worker"), need_shop(tx, shop)
        report = Report()
        for start in range(first, first + count, batch):
            told = [order(n, lines=lines(**{sku: 1})) for n in range(start, min(start + batch, first + count))]
            take(store, desk, found, told, MONDAY, Source("api", "worker"), report)
        return report.created

    return work


def _in_process(url: str, first: int) -> object:
    with open_store(url, master=MASTER) as store:
        return importer(first, 30, 5)(store)


def test_eight_workers_never_oversell_a_hot_article(floor: Floor, store_url: str) -> None:
    """240 orders want one unit each of 100."""
    floor.shop()
    together(store_url, [importer(1000 * n, 30, 5) for n in range(WORKERS)])
    assert floor.counters() == (100, 100, 100, 0)
    with floor.store.read() as tx:
        stations = dict(tx.rows("SELECT station, COUNT(*) FROM orders GROUP BY station"))
        short = tx.rows("SELECT COUNT(*) FROM holds WHERE code = 'no_stock' AND released_at IS NULL")[0][0]
    assert stations == {"plan": 100, "stock": 140}
    assert short == 140
    floor.clean()


def test_eight_processes_never_oversell_a_hot_article(sqlite_url: str, tmp_path: Path) -> None:
    """The same on one SQLite file, which processes share, not threads."""
    with open_store(sqlite_url, master=MASTER) as store:
        floor = Floor(store, tmp_path).stocked()
        floor.shop()
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(WORKERS, mp_context=context) as pool:
            made = list(pool.map(_in_process, [sqlite_url] * WORKERS, range(0, 1000 * WORKERS, 1000)))
        assert made == [30] * WORKERS
        assert floor.counters() == (100, 100, 100, 0)
        floor.clean()


def test_two_workers_with_the_same_orders_take_each_once(floor: Floor, store_url: str) -> None:
    floor.shop()
    made = together(store_url, [importer(0, 60, 7), importer(0, 60, 11), importer(0, 60, 60)])
    assert sum(made) == 60  # type: ignore[arg-type]  # every task of these returns a count
    assert floor.counters() == (100, 60, 100, 0)
    floor.clean()


def test_planners_at_once_plan_every_order_once(floor: Floor, store_url: str) -> None:
    floor.table(
        "carriers",
        TABLES["carriers"].replace("markets\n", "markets,capacity_per_day\n").replace("123456,VN\n", "123456,VN,25\n"),
    )
    shop = floor.shop()
    floor.take(shop, *[order(n) for n in range(60)])

    def plan(store: Store) -> object:
        with store.read() as tx:
            desk = open_desk(tx, "planner")
        return plan_all(store, desk, MONDAY, batch=9)["planned"]

    planned = together(store_url, [plan] * 4)
    assert sum(planned) == 60  # type: ignore[arg-type]  # every task of these returns a count
    with floor.store.read() as tx:
        numbers = [row[0] for row in tx.rows("SELECT tracking_number FROM packages")]
        used = [row[0] for row in tx.rows("SELECT used FROM capacity_used WHERE used > 0 ORDER BY day")]
        waves = [row[0] for row in tx.rows("SELECT number FROM waves")]
    assert len(numbers) == len(set(numbers)) == 60
    assert used == [25, 25, 10]
    assert len(waves) == len(set(waves))
    assert floor.counters() == (100, 60, 100, 60)
    floor.clean()


def test_no_number_is_given_twice_and_all_are_given(floor: Floor, store_url: str) -> None:
    floor.table("numbers", "carrier,service,prefix,first,last,width\nJT,STD,A,1,40,5\nJT,STD,B,1,40,5\n")
    with floor.store.read() as tx:
        service = tx.rows("SELECT id FROM services")[0][0]
        left = tx.rows("SELECT SUM(last_number - next_number + 1) FROM number_ranges")[0][0]

    def draw(store: Store) -> object:
        drawn: list[str] = []
        while True:
            got = write_again(store, lambda tx: take_numbers(tx, {service: 997})).get(service, [])
            drawn += got
            if len(got) < 997:
                return drawn

    drawn = [number for one in together(store_url, [draw] * WORKERS) for number in one]  # type: ignore[attr-defined]  # every task of these returns a count
    assert len(drawn) == len(set(drawn)) == left


def test_two_benches_with_one_parcel_pack_it_once(floor: Floor, store_url: str) -> None:
    shop = floor.shop()
    floor.take(shop, *[order(n) for n in range(6)])
    floor.run()
    ready = []
    for n in range(6):
        view = good(open_parcel(floor.house, str(floor.view(n).row["platform_order_id"])))
        ready.append(good(scan_item(floor.house, view.package_id, "690001", "bench")))

    def close(store: Store) -> object:
        house = House(store, Clock(MONDAY))
        return [confirm(house, view.package_id, view.tracking_number, "bench") for view in ready]

    answers = together(store_url, [close] * 4)
    for n, view in enumerate(ready):
        found = [one[n] for one in answers]  # type: ignore[index]  # every task of these returns a count
        assert sorted(a.code if isinstance(a, Problem) else a.state for a in found) == ["already_packed"] * 3 + [
            "packed"
        ]
        assert floor.kinds(n).count("packed") == 1
        assert [key for key, _ in floor.effects()].count(
            f"report_shipped:{view.package_id}:{view.tracking_number}"
        ) == 1
    assert floor.counters() == (94, 0, 94, 0)
    floor.clean()


def test_packing_cancelling_and_importing_at_once_leave_no_trace_of_each_other(floor: Floor, store_url: str) -> None:
    """Lock order: whoever comes first, the others see it; nobody waits for ever."""
    shop = floor.shop()
    floor.take(shop, *[order(n, updated_at=MONDAY) for n in range(40)], kind="api")
    floor.run()

    def pack(store: Store) -> object:
        return sum(simulate_staff(store, MONDAY + 60, limit=8) for _ in range(6))

    def cancel(store: Store) -> object:
        with store.read() as tx:
            desk = open_desk(tx, "worker")
        report = Report()
        for start in range(0, 40, 4):
            told = [order(n, updated_at=MONDAY + 90, state=CANCELLED) for n in range(start, start + 4, 2)]
            take(store, desk, shop, told, MONDAY + 90, Source("api", "worker"), report)
        return report.updated

    _, _, cancelled, taken = together(store_url, [pack, pack, cancel, importer(500, 40, 6)])
    assert (cancelled, taken) == (20, 40)
    stations = [floor.station(n) for n in range(40)]
    assert stations.count("closed") == 20
    assert stations.count("handover") == 20
    assert floor.counters() == (80, 40, 80, 0)
    alive = [state for key, state in floor.effects() if state != "dropped"]
    assert len(alive) == 20
    floor.clean()
