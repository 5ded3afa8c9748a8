"""Whatever happens to stock in whatever order: counters never lie, and the ledger proves them."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy.exc import DBAPIError

from fahuo.flow.verify import verify_all
from fahuo.inventory import queries, service
from fahuo.inventory.model import RESERVATION, Want
from fahuo.store.engine import Store, open_store
from tests.support.shopfloor import MONDAY, Floor, lines, order
from tests.support.stores import MASTER, fresh_database

WAREHOUSES = "code,country,zone\nA,VN,Asia/Ho_Chi_Minh\nB,VN,Asia/Ho_Chi_Minh\n"
SKUS = ("TEE", "MUG")
ORDERS = 6


class StockLedger(RuleBasedStateMachine):
    """A model beside the database: what each order holds and where, what lies on each shelf."""

    url = ""

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.store: Store = self._open()
        floor = self.floor = Floor(self.store, self.folder)
        floor.stocked(warehouses=WAREHOUSES, stock="", carriers="", rates="", numbers="", cartons="")
        shop = floor.shop()
        # Held, because nothing lies on the shelf yet: the rules below move the units.
        floor.take(shop, *[order(n, lines=lines(TEE=1)) for n in range(1, ORDERS + 1)])
        self.orders = [floor.id(n) for n in range(1, ORDERS + 1)]
        with self.store.read() as tx:
            self.skus = {row[0]: row[1] for row in tx.rows("SELECT sku, id FROM skus WHERE seller_id = 1")}
            self.places = [row[0] for row in tx.rows("SELECT id FROM warehouses WHERE seller_id = 1 ORDER BY code")]
        self.shelf: dict[tuple[int, int], int] = {}
        self.held: dict[int, tuple[str, int, dict[int, int]]] = {}  # order → state, place, units by SKU

    def _open(self) -> Store:
        raise NotImplementedError

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            shutil.rmtree(self.folder)

    def _reserved(self, sku: int) -> int:
        return sum(units.get(sku, 0) for state, _, units in self.held.values() if state in ("reserved", "placed"))

    def _placed(self, place: int, sku: int) -> int:
        return sum(units.get(sku, 0) for state, at, units in self.held.values() if state == "placed" and at == place)

    def _on_hand(self, sku: int) -> int:
        return sum(units for (_, one), units in self.shelf.items() if one == sku)

    @rule(sku=st.sampled_from(SKUS), place=st.integers(0, 1), units=st.integers(0, 8))
    def count(self, sku: str, place: int, units: int) -> None:
        where, id_ = self.places[place], self.skus[sku]
        with self.store.write() as tx:
            refused = service.count(tx, {(where, id_): (units, "")}, MONDAY, "test")
        others = self._on_hand(id_) - self.shelf.get((where, id_), 0)
        fits = units >= self._placed(where, id_) and units + others >= self._reserved(id_)
        assert bool(refused) != fits
        if fits:
            self.shelf[where, id_] = units
        else:
            assert refused[where, id_] > units

    @rule(wanted=st.lists(st.tuples(st.integers(0, ORDERS - 1), st.integers(1, 4), st.integers(0, 3)), max_size=3))
    def reserve(self, wanted: list[tuple[int, int, int]]) -> None:
        free = {n: (tee, mug) for n, tee, mug in wanted if self.orders[n] not in self.held}
        wants = []
        for n, (tee, mug) in free.items():
            one = [Want(self.orders[n], 1, self.skus["TEE"], tee)]
            wants.append(one + ([Want(self.orders[n], 2, self.skus["MUG"], mug)] if mug else []))
        with self.store.write() as tx:
            took = service.claim(tx, wants)
            service.record(tx, [one for one, ok in zip(wants, took, strict=True) if ok], MONDAY, "test")
        for one, ok in zip(wants, took, strict=True):
            need = {want.sku_id: want.quantity for want in one}
            assert ok == all(self._on_hand(sku) - self._reserved(sku) >= units for sku, units in need.items())
            if ok:
                self.held[one[0].order_id] = ("reserved", 0, need)

    @rule(n=st.integers(0, ORDERS - 1), place=st.integers(0, 1))
    def place(self, n: int, place: int) -> None:
        id_, where = self.orders[n], self.places[place]
        with self.store.write() as tx:
            lost = service.place(tx, {id_: where}, MONDAY, "test")
        state, _, units = self.held.get(id_, ("", 0, {}))
        fits = state == "reserved" and all(
            self.shelf.get((where, sku), 0) - self._placed(where, sku) >= count for sku, count in units.items()
        )
        assert (id_ in lost) != fits
        if fits:
            self.held[id_] = ("placed", where, units)

    @rule(n=st.integers(0, ORDERS - 1))
    def issue(self, n: int) -> None:
        id_ = self.orders[n]
        with self.store.write() as tx:
            service.issue(tx, [id_], MONDAY, "test")
        self._gone(id_)

    def _gone(self, id_: int) -> None:
        state, where, units = self.held.get(id_, ("", 0, {}))
        if state == "placed":
            for sku, count in units.items():
                self.shelf[where, sku] -= count
            self.held[id_] = ("packed", where, units)

    @rule(n=st.integers(0, ORDERS - 1), hint=st.sampled_from([None, 0, 1]))
    def depart(self, n: int, hint: int | None) -> None:
        """The carrier has it without a pack scan: from the likely shelf, else from one that has it."""
        id_ = self.orders[n]
        likely = None if hint is None else self.places[hint]
        state, _, units = self.held.get(id_, ("", 0, {}))
        with self.store.write() as tx:
            lost = service.depart(tx, {id_: likely}, MONDAY, "test")
        if state != "reserved":
            assert lost == set()
            self._gone(id_)
            return
        places = sorted(self.places, key=lambda where: (where != likely, where))
        able = [
            where
            for where in places
            if all(self.shelf.get((where, sku), 0) - self._placed(where, sku) >= c for sku, c in units.items())
        ]
        assert lost == (set() if able else {id_})
        if able:
            self.held[id_] = ("placed", able[0], units)
            self._gone(id_)
        else:
            del self.held[id_]

    @rule(n=st.integers(0, ORDERS - 1))
    def release(self, n: int) -> None:
        id_ = self.orders[n]
        with self.store.write() as tx:
            service.release(tx, [id_], MONDAY, "test")
        state, where, units = self.held.pop(id_, ("", 0, {}))
        if state == "packed":
            for sku, count in units.items():
                self.shelf[where, sku] += count

    @invariant()
    def counters_are_what_they_should_be(self) -> None:
        if not hasattr(self, "orders"):
            return
        with self.store.read() as tx:
            assert (
                queries.pool_drift(tx) + queries.shelf_drift(tx) + queries.held_drift(tx) + queries.placed_drift(tx)
                == []
            )
            pool = {row[0]: (row[1], row[2]) for row in tx.rows("SELECT sku_id, on_hand, reserved FROM stock_pool")}
            shelf = tx.rows("SELECT warehouse_id, sku_id, on_hand, placed FROM stock")
            states = {(r.order_id, r.state) for r in queries.reserved(tx, self.orders) if r.state != "released"}
        for sku, (on_hand, reserved) in pool.items():
            assert (on_hand, reserved) == (self._on_hand(sku), self._reserved(sku))
        for where, sku, on_hand, placed in shelf:
            assert (on_hand, placed) == (self.shelf.get((where, sku), 0), self._placed(where, sku))
        assert states == {(id_, state) for id_, (state, _, _) in self.held.items()}


def test_the_ledger_on_sqlite(sqlite_template: Path, tmp_path: Path) -> None:
    class OnSqlite(StockLedger):
        def _open(self) -> Store:
            path = self.folder / "stock.db"
            shutil.copyfile(sqlite_template, path)
            return open_store(f"sqlite:///{path}?synchronous=off", master=MASTER)

    _run(OnSqlite, 25)


@pytest.mark.postgres
def test_the_ledger_on_postgresql(postgres_url: str, postgres_template: str) -> None:
    class OnPostgresql(StockLedger):
        def _open(self) -> Store:
            self.database = fresh_database(postgres_url, postgres_template)
            return open_store(self.database.__enter__(), master=MASTER)

        def teardown(self) -> None:
            super().teardown()
            if hasattr(self, "database"):
                self.database.__exit__()

    _run(OnPostgresql, 6)


def _run(machine: type[StockLedger], examples: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_the_verifier_sees_a_wrong_counter(floor: Floor, store: Store) -> None:
    shop = floor.shop()
    floor.take(shop, order())
    with store.write() as tx:
        tx.execute("UPDATE stock_pool SET reserved = reserved + 1")
    with store.read() as tx:
        assert queries.pool_drift(tx) != []
        assert queries.held_drift(tx) != []


@pytest.mark.parametrize(
    ("statement", "checks"),
    [
        ("DELETE FROM stock_pool", {"pool_drift", "reserved_drift"}),
        ("DELETE FROM stock", {"shelf_drift", "placed_drift"}),
        ("UPDATE reservations SET warehouse_id = warehouse_id + 1", {"placed_drift"}),
        ("UPDATE reservations SET quantity = quantity + 1", {"reserved_drift", "placed_drift"}),
        ("UPDATE stock SET on_hand = on_hand + 1", {"shelf_drift"}),
    ],
)
def test_the_verifier_sees_every_counter_and_row(floor: Floor, store: Store, statement: str, checks: set[str]) -> None:
    floor.take(floor.shop(), order())
    floor.run()
    floor.clean()
    with store.write() as tx:
        tx.execute(statement)
    assert {finding.code for _, finding in verify_all(floor.house)} == checks


def test_the_database_itself_refuses_to_oversell(floor: Floor, store: Store) -> None:
    with pytest.raises(DBAPIError), store.write() as tx:
        tx.execute("UPDATE stock_pool SET reserved = on_hand + 1")


def test_every_state_of_a_reservation_has_its_moves() -> None:
    assert RESERVATION.may("reserved", "placed")
    assert not RESERVATION.may("reserved", "packed")
    assert RESERVATION.may("packed", "released")
