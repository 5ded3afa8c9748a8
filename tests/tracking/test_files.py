"""Tracking files: late, twice, out of order, with words nobody knows."""

from __future__ import annotations

import pytest

from fahuo.flow.import_data import DataReport
from fahuo.flow.track import track
from fahuo.kernel.problems import Failure
from fahuo.orders.model import CANCELLED, COMPLETED, DELIVERED
from tests.support.shopfloor import DAY, MONDAY, Floor, order


def told(floor: Floor, *rows: str) -> DataReport:
    path = floor.folder / "scans.csv"
    path.write_text("number,event,at,text,place\n" + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return track(floor.house, [path], "test")


@pytest.fixture
def packed(floor: Floor) -> str:
    """A packed parcel; its number."""
    floor.take(floor.shop(), order())
    floor.run()
    floor.pack()
    return str(floor.view().parcels[0].tracking_number)


def outcome(floor: Floor) -> str:
    return {clock.clock: clock.outcome for clock in floor.view().clocks}["first_scan"]


def test_an_earlier_scan_that_comes_late_corrects_the_clock(floor: Floor, packed: str) -> None:
    told(floor, f"{packed},in_transit,2026-03-09T10:00:00+07:00,,")
    assert outcome(floor) == "missed"
    told(floor, f"{packed},first_scan,2026-03-02T16:00:00+07:00,Picked up,Saigon")
    assert outcome(floor) == "met"
    assert floor.view().row["first_scan_at"] == MONDAY + 7 * 3600
    floor.clean()


def test_the_same_file_twice_changes_nothing(floor: Floor, packed: str) -> None:
    row = f"{packed},delivered,2026-03-04T10:00:00+07:00,,"
    told(floor, row, row)
    before = floor.view()
    told(floor, row)
    assert floor.view() == before
    assert (before.row["state"], before.row["first_scan_at"]) == (DELIVERED, before.row["delivered_at"])
    assert floor.kinds().count("tracked") == 1


def test_an_event_never_moves_an_order_back(floor: Floor, packed: str) -> None:
    shop = floor.shop()
    floor.take(shop, order(state=COMPLETED, delivered_at=MONDAY + 2 * DAY, completed_at=MONDAY + 9 * DAY))
    told(floor, f"{packed},in_transit,2026-03-02T18:00:00+07:00,,")
    row = floor.view().row
    assert (row["state"], row["station"], row["first_scan_at"]) == (COMPLETED, "closed", MONDAY + 9 * 3600)


def test_a_scan_of_a_cancelled_parcel_is_kept_and_opens_nothing(floor: Floor, packed: str) -> None:
    floor.take(floor.shop(), order(state=CANCELLED))
    told(floor, f"{packed},first_scan,2026-03-02T18:00:00+07:00,,")
    view = floor.view()
    assert (view.row["state"], view.row["station"], view.parcels[0].state) == (CANCELLED, "closed", "cancelled")
    assert floor.counters() == (100, 0, 100, 0)
    with floor.store.read() as tx:
        assert tx.rows("SELECT COUNT(*) FROM parcel_events")[0][0] == 1
    floor.clean()


def test_rows_that_cannot_be_taken_are_named(floor: Floor, packed: str) -> None:
    report = told(
        floor,
        "NOBODY,first_scan,2026-03-02T18:00:00+07:00,,",
        f"{packed},first_scan,2026-03-02 18:00,,",
        f"{packed},,2026-03-02T18:00:00+07:00,,",
        f"{packed},abducted,2026-03-02T18:00:00+07:00,by aliens,",
    )
    assert (report.read, report.taken) == (4, 1)
    assert sorted((r.row, r.problem.code) for r in report.refused) == [
        (2, "unknown_number"), (3, "cell_wrong"), (4, "cell_empty"),
    ]  # fmt: skip
    with floor.store.read() as tx:
        assert tx.rows("SELECT kind, text FROM parcel_events")[0][:2] == ("abducted", "by aliens")
    assert floor.station() == "handover"


def test_a_file_without_its_columns_is_refused(floor: Floor) -> None:
    path = floor.folder / "scans.csv"
    path.write_text("waybill,when\n1,2\n")
    with pytest.raises(Failure) as failure:
        track(floor.house, [path], "test")
    assert failure.value.problem.code == "column_missing"
