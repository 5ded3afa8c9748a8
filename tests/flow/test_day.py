"""The working day from the order to the carrier's scan, and what comes in its way."""

import pytest

from fahuo.flow.dispatch import export_shipped
from fahuo.flow.track import track
from fahuo.orders.model import AWAITING_COLLECTION, CANCELLED, DELIVERED, IN_TRANSIT
from fahuo.views.shops import wave_list
from tests.support.shopfloor import DAY, HOUR, MONDAY, Floor, lines, order


def shipped_rows(floor: Floor) -> list[str]:
    content, _ = export_shipped(floor.house)
    return content.decode("utf-8-sig").splitlines()[1:]


def test_an_order_goes_the_whole_way(floor: Floor) -> None:
    shop = floor.shop()
    assert floor.take(shop, order(lines=lines(TEE=2, MUG=1))).created == 1
    assert floor.station() == "plan"
    assert floor.counters() == (100, 2, 100, 0)

    floor.run()
    view = floor.view()
    assert view.row["station"] == "pack"
    assert view.parcels[0].tracking_number == "FH00000001VN"
    assert floor.counters() == (100, 2, 100, 2)
    assert floor.effects() == []  # a number is not reported before the pack scan

    floor.clock.at += HOUR
    assert floor.pack().state == "packed"
    assert floor.station() == "handover"
    assert floor.counters() == (98, 0, 98, 0)
    assert [state for _, state in floor.effects()] == ["due"]

    (row,) = shipped_rows(floor)
    assert row.endswith(",J&T Express,FH00000001VN")
    assert shipped_rows(floor) == []
    assert [state for _, state in floor.effects()] == ["waiting"]

    floor.clock.at += HOUR
    floor.take(shop, order(state=AWAITING_COLLECTION, lines=lines(TEE=2, MUG=1)))
    assert [state for _, state in floor.effects()] == ["done"]
    assert floor.view().parcels[0].reported_at is not None

    scans = floor.folder / "scans.csv"
    scans.write_text("number,event,at\nFH00000001VN,picked up,2026-03-02T18:30:00+07:00\n")
    assert track(floor.house, [scans], "test").refused == []
    view = floor.view()
    assert (view.row["station"], view.row["state"]) == ("transit", IN_TRANSIT)
    assert {c.outcome for c in view.clocks if c.clock in ("ready_to_ship", "first_scan")} == {"met"}

    scans.write_text("number,event,at\nFH00000001VN,已签收,2026-03-04T12:00:00+07:00\n")
    track(floor.house, [scans], "test")
    assert (floor.station(), floor.view().row["state"]) == ("delivered", DELIVERED)
    floor.clean()


def test_the_journal_tells_the_story_in_order(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, order())
    floor.run()
    floor.pack()
    assert floor.kinds() == ["taken", "planned", "packed"]


@pytest.mark.parametrize("when", ["before planning", "after planning", "after packing", "after the shipped-file"])
def test_a_cancelled_order_gives_everything_back(floor: Floor, when: str) -> None:
    shop = floor.shop()
    floor.take(shop, order(lines=lines(TEE=3)))
    if when != "before planning":
        floor.run()
    if when in ("after packing", "after the shipped-file"):
        floor.pack()
    if when == "after the shipped-file":
        assert len(shipped_rows(floor)) == 1
    floor.clock.at += HOUR
    floor.take(shop, order(state=CANCELLED, cancelled_at=floor.clock.at, lines=lines(TEE=3)))

    assert floor.station() == "closed"
    assert floor.counters() == (100, 0, 100, 0)
    assert {p.state for p in floor.view().parcels} <= {"cancelled"}
    assert {state for _, state in floor.effects()} <= {"dropped"}
    assert shipped_rows(floor) == []
    assert floor.run().planned == 0
    floor.clean()


def test_a_cancelled_order_gives_the_carriers_capacity_back(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, order())
    floor.run()
    floor.take(shop, order(state=CANCELLED))
    with floor.store.read() as tx:
        taken = tx.rows("SELECT COUNT(*) FROM decisions WHERE seller_id = 1 AND leave_day IS NOT NULL")
    assert taken[0][0] == 0


def test_goods_that_left_without_a_pack_scan_leave_the_stock(floor: Floor) -> None:
    """The platform shows it on its way: the units are gone, whoever packed them."""
    shop = floor.shop()
    floor.take(shop, order(1, lines=lines(TEE=3)), order(2, lines=lines(TEE=4)))
    floor.run()
    floor.take(shop, order(1, state=IN_TRANSIT, first_scan_at=MONDAY + HOUR, lines=lines(TEE=3)))
    assert floor.station(1) == "transit"
    assert floor.counters() == (97, 4, 97, 4)

    scans = floor.folder / "scans.csv"
    scans.write_text(
        f"number,event,at\n{floor.view(2).parcels[0].tracking_number},delivered,2026-03-02T18:30:00+07:00\n"
    )
    track(floor.house, [scans], "test")
    assert floor.counters() == (93, 0, 93, 0)
    floor.clean()


def test_goods_that_left_before_they_were_planned_leave_the_stock(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, order(lines=lines(TEE=3)))
    floor.take(shop, order(state=IN_TRANSIT, first_scan_at=MONDAY, lines=lines(TEE=3)))
    assert floor.counters() == (97, 0, 97, 0)
    floor.clean()


def test_a_parcel_that_has_left_is_not_put_back_when_it_is_cancelled(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, order(lines=lines(TEE=3)))
    floor.run()
    floor.pack()
    floor.take(shop, order(state=IN_TRANSIT, first_scan_at=MONDAY, lines=lines(TEE=3)))
    floor.take(shop, order(state=CANCELLED, lines=lines(TEE=3)))
    assert floor.counters() == (97, 0, 97, 0)
    floor.clean()


def test_other_lines_after_planning_send_the_order_back_to_the_planner(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, order(lines=lines(TEE=3), updated_at=MONDAY), kind="api")
    floor.run()
    floor.take(shop, order(lines=lines(TEE=1, MUG=1), updated_at=MONDAY + 60), kind="api")
    assert floor.station() == "plan"
    assert floor.counters("TEE") == (100, 1, 100, 0)
    floor.run()
    view = floor.view()
    assert view.row["station"] == "pack"
    (alive,) = [p for p in view.parcels if p.state != "cancelled"]
    assert {view.skus[i.sku_id][0]: i.quantity for i in view.items[alive.id]} == {"TEE": 1, "MUG": 1}
    floor.pack()
    assert floor.counters("TEE") == (99, 0, 99, 0)
    floor.clean()


def test_units_the_platform_cancelled_are_not_sent(floor: Floor) -> None:
    """A partial cancellation: one line of two goes on."""
    shop = floor.shop()
    floor.take(shop, order(lines=lines(TEE=2, MUG=1), updated_at=MONDAY), kind="api")
    partly = lines(TEE=2, MUG=1)
    partly[1].state = CANCELLED
    floor.take(shop, order(lines=partly, updated_at=MONDAY + 60), kind="api")
    assert (floor.counters("TEE")[1], floor.counters("MUG")[1]) == (2, 0)
    floor.run()
    view = floor.view()
    assert [view.skus[i.sku_id][0] for i in view.items[view.parcels[0].id]] == ["TEE"]


def test_waves_are_cut_by_deadline_across_shops(floor: Floor) -> None:
    one, two = floor.shop("one"), floor.shop("two")
    floor.take(
        one, *[order(n, created_at=MONDAY - DAY, paid_at=MONDAY - DAY, awaiting_at=MONDAY - DAY) for n in (1, 2)]
    )
    floor.take(two, *[order(n) for n in (3, 4)])
    floor.run()
    waves = [floor.view(n).parcels[0].wave_id for n in (1, 2, 3, 4)]
    due = [floor.view(n).row["due_at"] for n in (1, 2, 3, 4)]
    assert waves[0] == waves[1]
    assert waves[2] == waves[3]
    assert (due[0] < due[2]) == (waves[0] != waves[2])
    with floor.store.read() as tx:
        first = [wave.first_due_at for wave in reversed(wave_list(tx))]
    assert first == sorted(first, key=lambda at: at or 0)
