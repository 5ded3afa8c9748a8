"""Taking orders in: nothing twice, nothing back, the newer word wins, and what is history stays history."""

import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fahuo.flow.house import open_desk
from fahuo.flow.import_orders import import_orders
from fahuo.flow.intake import take
from fahuo.flow.report import Report, Source
from fahuo.orders.model import (
    AWAITING_COLLECTION,
    AWAITING_SHIPMENT,
    BY_TIKTOK,
    CANCELLED,
    COMPLETED,
    DELIVERED,
    IN_TRANSIT,
    ON_HOLD,
    UNPAID,
    OrderIn,
    Refusal,
)
from fahuo.store.engine import open_store
from tests.support.shopfloor import DAY, HOUR, MONDAY, Floor, lines, order, recipient
from tests.support.stores import MASTER, fresh_database


def test_the_same_file_twice_changes_nothing(floor: Floor) -> None:
    shop = floor.shop()
    first = floor.take(shop, order(1), order(2))
    before = floor.view(1)
    again = floor.take(shop, order(1), order(2))
    assert (first.created, first.unchanged) == (2, 0)
    assert (again.created, again.updated, again.unchanged, again.refused) == (0, 0, 2, [])
    assert floor.view(1) == before
    assert floor.counters() == (100, 2, 100, 0)
    floor.clean()


def test_an_order_twice_in_one_batch_is_taken_once(floor: Floor) -> None:
    shop = floor.shop()
    report = floor.take(shop, order(1), order(2), order(1))
    assert (report.read, report.created, report.unchanged) == (3, 2, 1)
    assert floor.counters()[1] == 2


def test_two_shops_may_have_the_same_order_id(floor: Floor) -> None:
    assert floor.take(floor.shop("one"), order(1)).created == 1
    assert floor.take(floor.shop("two"), order(1)).created == 1


def test_a_file_moves_an_order_forward_and_never_back(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, order(state=AWAITING_COLLECTION, arranged_at=MONDAY))
    back = floor.take(shop, order(state=AWAITING_SHIPMENT))
    assert [(r.code, r.field) for r in back.refused] == [("contradiction", "state")]
    assert back.unchanged == 0
    assert floor.view().row["state"] == AWAITING_COLLECTION
    assert floor.take(shop, order(state=DELIVERED)).updated == 1
    assert floor.view().row["state"] == DELIVERED


def test_a_file_that_contradicts_is_reported_and_not_believed(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, order(lines=lines(TEE=1)))
    report = floor.take(shop, order(lines=lines(TEE=5), total=999_000))
    assert {(r.code, r.field) for r in report.refused} == {("contradiction", "total"), ("contradiction", "lines")}
    assert all(r.order == order().platform_order_id and r.next for r in report.refused)
    assert floor.view().row["total"] == 150_000
    assert floor.counters()[1] == 1


def test_the_newer_telling_of_the_platform_wins_also_when_it_comes_first(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, order(updated_at=MONDAY + 60, lines=lines(TEE=4)), kind="api")
    late = floor.take(shop, order(updated_at=MONDAY, lines=lines(TEE=1)), kind="webhook")
    assert (late.updated, late.unchanged) == (0, 1)
    assert floor.counters()[1] == 4


TELLINGS = (
    order(updated_at=MONDAY, state=ON_HOLD, lines=lines(TEE=2)),
    order(updated_at=MONDAY + 10, state=AWAITING_SHIPMENT, lines=lines(TEE=2)),
    order(updated_at=MONDAY + 20, state=AWAITING_SHIPMENT, lines=lines(TEE=3), recipient=recipient(name="Trần Văn An")),
    order(updated_at=MONDAY + 30, state=CANCELLED, cancelled_at=MONDAY + 30, lines=lines(TEE=3)),
)
_SEEN = ("state", "total", "units", "due_at", "due_clock", "source_at", "cancelled_at", "dest_postal")


def _outcome(floor: Floor) -> tuple[object, ...]:
    row = floor.view().row
    # First seen when it was over already, an order is history instead of closed: nothing follows from either.
    station = str(row["station"]).replace("history", "closed")
    return (station, *(row[name] for name in _SEEN), floor.counters(), frozenset(floor.held()))


@pytest.mark.parametrize("last", [1, 2, 3])
def test_tellings_end_the_same_in_any_order_and_number(sqlite_template: Path, tmp_path: Path, last: int) -> None:
    """Every order of arrival, the first one told again at the end: hypothesis would only draw from these 24."""
    ends = set()
    for number, told in enumerate(itertools.permutations(TELLINGS[: last + 1])):
        path = tmp_path / f"{number}.db"
        path.write_bytes(sqlite_template.read_bytes())
        with open_store(f"sqlite:///{path}", master=MASTER) as store:
            floor = Floor(store, tmp_path).stocked()
            shop = floor.shop()
            for one in (*told, told[0]):
                floor.take(shop, one, kind="api")
            ends.add(_outcome(floor))
            floor.clean()
    assert len(ends) == 1


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=st.lists(st.integers(0, 3), min_size=4, max_size=8), split=st.integers(1, 3))
@pytest.mark.postgres
def test_tellings_converge_on_postgresql(
    postgres_url: str, postgres_template: str, tmp_path: Path, told: list[int], split: int
) -> None:
    """Duplicated and shuffled, in batches of any size: the newest told decides."""
    with fresh_database(postgres_url, postgres_template) as url, open_store(url, master=MASTER) as store:
        floor = Floor(store, tmp_path).stocked()
        shop = floor.shop()
        for start in range(0, len(told), split):
            floor.take(shop, *[TELLINGS[n] for n in told[start : start + split]], kind="api")
        assert floor.view().row["state"] == TELLINGS[max(told)].state
        reserved = 0 if max(told) == 3 else sum(line.quantity for line in TELLINGS[max(told)].lines)
        assert floor.counters()[1] == reserved
        floor.clean()


@pytest.mark.parametrize(
    "changes",
    [
        {"state": IN_TRANSIT, "arranged_at": MONDAY, "first_scan_at": MONDAY + HOUR},
        {"state": DELIVERED, "first_scan_at": MONDAY, "delivered_at": MONDAY + DAY},
        {"state": COMPLETED, "first_scan_at": MONDAY, "delivered_at": MONDAY + DAY, "completed_at": MONDAY + 2 * DAY},
        {"state": CANCELLED, "cancelled_at": MONDAY},
        {"state": CANCELLED, "cancelled_at": MONDAY, "lines": []},
        {"fulfillment_type": BY_TIKTOK},
        {"shipping_type": "TIKTOK_DIGITAL"},
    ],
)
def test_what_is_finished_or_not_ours_is_history(floor: Floor, changes: dict[str, Any]) -> None:
    shop = floor.shop()
    assert floor.take(shop, order(**changes)).created == 1
    done = floor.run()
    view = floor.view()
    assert view.row["station"] == "history"
    assert (done.planned, view.parcels, view.effects) == (0, [], [])
    assert floor.counters() == (100, 0, 100, 0)
    assert floor.held() == set()
    floor.clean()


def test_history_is_clocked_after_the_fact(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(
        shop, order(state=DELIVERED, arranged_at=MONDAY, first_scan_at=MONDAY + 9 * DAY, delivered_at=MONDAY + 10 * DAY)
    )
    outcomes = {clock.clock: clock.outcome for clock in floor.view().clocks}
    assert outcomes["first_scan"] == "missed"


def test_history_stays_history_when_it_is_told_again(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, order(state=IN_TRANSIT, updated_at=MONDAY), kind="api")
    floor.take(shop, order(state=DELIVERED, delivered_at=MONDAY + DAY, updated_at=MONDAY + DAY), kind="api")
    view = floor.view()
    assert (view.row["state"], view.row["station"]) == (DELIVERED, "history")


def test_an_unpaid_order_keeps_no_units(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, order(1, state=UNPAID, paid_at=None), order(2, state=ON_HOLD))
    assert floor.counters()[1] == 1
    assert (floor.station(1), floor.station(2)) == ("intake", "intake")
    assert floor.run().planned == 0
    floor.take(shop, order(1))
    assert (floor.station(1), floor.counters()[1]) == ("plan", 2)


def test_an_unknown_state_is_kept_and_held(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, order(state="WAITING_FOR_GODOT"))
    assert floor.view().row["state"] == "WAITING_FOR_GODOT"
    assert "unknown_state" in floor.held()


def test_refusals_of_the_channel_are_counted_and_lose_nothing_else(floor: Floor) -> None:
    shop = floor.shop()
    with floor.store.read() as tx:
        desk = open_desk(tx, "import")
    refusal = Refusal(file="a.csv", row=3, order="x", code="amount_wrong", message="no")
    report = Report()
    batch: list[OrderIn | Refusal] = [order(1), refusal, order(2)]
    take(floor.store, desk, shop, batch, MONDAY, Source("file", "a.csv"), report)
    assert (report.read, report.created, report.refused) == (3, 2, [refusal])


def test_a_duplicate_is_noted_and_goes_on(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, order(1), order(2, created_at=MONDAY - HOUR + 300))
    assert floor.held(2) == {"duplicate_suspected"}
    assert floor.station(2) == "plan"


def test_a_dry_run_tells_and_writes_nothing(floor: Floor) -> None:
    shop = floor.shop()
    csv = floor.folder / "orders.csv"
    csv.write_text(
        "Order ID,Order Status,Seller SKU,Quantity,SKU Subtotal After Discount,Order Amount,Created Time,Recipient,"
        "Phone #,Country,Province,Districts,Detail Address,Zipcode,Product Name\n"
        "576000000000000001,To ship,TEE,1,150000,150000,02/03/2026 08:00:00,Hoa,0912345678,VN,HCM,Q1,12 Lê Lợi,"
        "700000,Tee\n"
    )
    tried = import_orders(floor.house, [csv], shop.name, dry_run=True)
    assert (tried.read, tried.created, tried.refused) == (1, 1, [])
    with floor.store.read() as tx:
        counts = [tx.rows(f"SELECT COUNT(*) FROM {t}")[0][0] for t in ("orders", "imports", "journal", "people")]  # noqa: S608 - our own names
    assert counts == [0, 0, 0, 0]
    assert floor.counters()[1] == 0
    assert import_orders(floor.house, [csv], shop.name).created == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"state": CANCELLED, "cancelled_at": MONDAY},
        {"state": CANCELLED},
        {"state": IN_TRANSIT},
        {"fulfillment_type": BY_TIKTOK},
        {"shipping_type": "TIKTOK_DIGITAL"},
    ],
)
def test_what_is_finished_or_never_ours_is_clocked_but_not_due(floor: Floor, changes: dict[str, Any]) -> None:
    shop = floor.shop()
    floor.take(shop, order(**changes), order(2))
    assert floor.view(2).row["due_at"] is not None
    assert floor.view(1).row["due_at"] is None
    floor.take(shop, order(2, **({"state": CANCELLED} | changes), updated_at=MONDAY + HOUR))
    assert floor.view(2).row["due_at"] is None


def test_an_import_that_is_asked_to_stop_ends_between_two_batches(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = floor.shop()
    file = floor.folder / "orders.csv"
    head = "Order ID,Order Status,Seller SKU,Quantity,Created Time\n"
    file.write_text(head + "".join(f"57600000000000{i:04},To ship,TEE,1,02/03/2026 08:00:00\n" for i in range(10)))
    monkeypatch.setattr("fahuo.flow.import_orders.BATCH", 3)

    def two_batches_are_in() -> bool:
        with floor.store.read() as tx:
            return bool(tx.rows("SELECT COUNT(*) FROM orders")[0][0] >= 6)

    report = import_orders(floor.house, [file], shop.name, stop=two_batches_are_in)
    assert report.stopped
    assert (report.read, report.created) == (6, 6)
    assert import_orders(floor.house, [file], shop.name).counts() == {
        "read": 10,
        "created": 4,
        "updated": 0,
        "unchanged": 6,
    }
    floor.clean()
