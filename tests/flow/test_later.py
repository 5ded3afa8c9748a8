"""Numbers that come later, hand-over to the carrier, and people who want to be forgotten."""

from __future__ import annotations

import pytest

from fahuo.carriers.numbers import spell
from fahuo.flow.erase import erase
from fahuo.flow.handover import hand_over
from fahuo.flow.labels import render_wave
from fahuo.flow.numbering import set_number
from fahuo.flow.track import track
from fahuo.kernel.problems import Failure
from fahuo.orders.model import AWAITING_COLLECTION, CANCELLED, DELIVERED
from fahuo.store import personal
from tests.support.shopfloor import DAY, HOUR, MONDAY, TABLES, Floor, order, recipient

RANGE = "carrier,service,prefix,first,last,width,suffix\n"


@pytest.fixture
def short(floor: Floor) -> Floor:
    """Three orders, and a range of two numbers."""
    with floor.store.write() as tx:
        tx.execute("DELETE FROM number_ranges")
    floor.table("numbers", RANGE + "JT,STD,FH,1,2,8,VN\n")
    floor.take(floor.shop(), *[order(n) for n in (1, 2, 3)])
    floor.run()
    return floor


def waiting(floor: Floor) -> int:
    return next(n for n in (1, 2, 3) if not floor.view(n).parcels[0].tracking_number)


def test_at_the_end_of_the_range_an_order_waits_with_a_task(short: Floor) -> None:
    n = waiting(short)
    view = short.view(n)
    assert (view.row["station"], view.parcels[0].state, view.parcels[0].label_origin) == ("pack", "planned", "carrier")
    assert [(e.kind, e.state) for e in view.effects] == [("get_number", "waiting")]
    assert [kind for kind, _ in short.effects("get_number")] == [f"get_number:{view.parcels[0].id}"]
    short.run()
    assert waiting(short) == n


def test_a_new_range_lets_it_go_on(short: Floor) -> None:
    n = waiting(short)
    short.table("numbers", RANGE + "JT,STD,FH,1,9,8,VN\n")
    assert short.run().numbered == 1
    view = short.view(n)
    assert (view.parcels[0].tracking_number, view.row["tracking_number"]) == ("FH00000003VN", "FH00000003VN")
    assert [e.state for e in view.effects] == ["done"]
    assert short.kinds(n)[-1] == "arranged"
    short.pack(n)
    assert [state for _, state in short.effects()] == ["due"]
    assert short.run().numbered == 0
    short.clean()


def test_a_person_gives_the_number_the_carrier_told(short: Floor) -> None:
    n = waiting(short)
    package = short.view(n).parcels[0].id
    problem = set_number(short.house, package, "FH00000001VN", "mei")
    assert problem is not None
    assert problem.code == "number_taken"
    for bad in ("", " ", "x" * 100, "a\nb"):
        problem = set_number(short.house, package, bad, "mei")
        assert problem is not None
        assert problem.code == "number_wrong"
    assert set_number(short.house, package, " JT123 ", "mei") is None
    assert short.view(n).parcels[0].tracking_number == "JT123"
    problem = set_number(short.house, package, "JT124", "mei")
    assert problem is not None
    assert problem.code == "no_number_wanted"
    short.pack(n)
    assert short.station(n) == "handover"
    assert any(key.endswith(":JT123") for key, _ in short.effects())


def test_a_cancelled_order_needs_no_number(short: Floor) -> None:
    n = waiting(short)
    short.take(short.shop(), order(n, state=CANCELLED))
    assert short.effects("get_number") == [(f"get_number:{short.view(n).parcels[0].id}", "dropped")]
    short.table("numbers", RANGE + "JT,STD,FH,1,9,8,VN\n")
    assert short.run().numbered == 0


def test_numbers_come_with_their_check_digit(floor: Floor) -> None:
    with floor.store.write() as tx:
        tx.execute("DELETE FROM number_ranges")
    floor.table(
        "numbers", "carrier,service,prefix,first,last,width,suffix,check\nJT,STD,EE,47312482,47312483,8,VN,s10\n"
    )
    floor.take(floor.shop(), order())
    floor.run()
    assert floor.view().parcels[0].tracking_number == "EE473124829VN" == spell("EE", 47312482, 8, "s10", "VN")


def test_a_wave_is_handed_over_and_counted(floor: Floor) -> None:
    floor.take(floor.shop(), *[order(n) for n in (1, 2, 3)])
    floor.run()
    floor.pack(1)
    floor.pack(2)
    floor.clock.at += HOUR
    with pytest.raises(Failure) as failure:
        hand_over(floor.house, "mei", wave=1, counted=3)
    assert failure.value.problem.code == "count_differs"
    assert floor.view(1).parcels[0].handed_over_at is None

    manifest = hand_over(floor.house, "mei", wave=1, counted=2)
    assert manifest.handed_over == ["FH00000001VN", "FH00000002VN"]
    assert manifest.left == ["FH00000003VN"]
    view = floor.view(1)
    assert (view.parcels[0].state, view.row["handed_over_at"]) == ("handed_over", floor.clock.at)
    assert floor.kinds(1)[-1] == "handed_over"
    # Handed over is not scanned: the seller's clock runs on.
    assert {c.clock: c.outcome for c in view.clocks}["first_scan"] == "running"
    again = hand_over(floor.house, "mei", wave=1)
    assert (again.handed_over, again.again) == ([], 2)
    floor.clean()


def test_parcels_are_handed_over_by_their_numbers(floor: Floor) -> None:
    floor.take(floor.shop(), order(1), order(2))
    floor.run()
    floor.pack(1)
    with pytest.raises(Failure) as failure:
        hand_over(floor.house, "mei", codes=["FH00000001VN", "nobody's"])
    assert failure.value.problem.value == "nobody's"
    assert hand_over(floor.house, "mei", codes=["FH00000001VN"]).handed_over == ["FH00000001VN"]
    with pytest.raises(Failure) as failure:
        hand_over(floor.house, "mei", wave=77)
    assert failure.value.problem.code == "unknown_wave"


def test_our_own_facts_outlive_a_telling_that_does_not_know_them(floor: Floor) -> None:
    """The platform lags behind: its newer word without our number, hand-over and scan takes none of them away."""
    shop = floor.shop()
    floor.take(shop, order(updated_at=MONDAY), kind="api")
    floor.run()
    floor.pack()
    hand_over(floor.house, "mei", wave=1)
    scans = floor.folder / "scans.csv"
    scans.write_text("number,event,at\nFH00000001VN,first_scan,2026-03-02T18:30:00+07:00\n")
    track(floor.house, [scans], "test")
    before = floor.view().row
    floor.take(shop, order(state=AWAITING_COLLECTION, updated_at=MONDAY + 60), kind="api")
    after = floor.view().row
    for name in ("tracking_number", "carrier_name", "handed_over_at", "first_scan_at"):
        assert after[name] == before[name] is not None, name


def test_a_forgotten_buyer_leaves_no_trace_but_the_order_stays(floor: Floor) -> None:
    shop = floor.shop()
    raw = b'{"name":"Nguyen Thi Hoa"}'
    floor.take(shop, order(1, raw=raw, buyer_message="ring twice", updated_at=MONDAY), order(2), kind="api")
    floor.run()
    done, refused = erase(floor.house, [floor.id(1), 4711], "asked for it", "mei")
    assert done == []
    assert {problem.code for _, problem in refused} == {"order_open", "not_found"}

    floor.take(shop, order(1, raw=raw, state=DELIVERED, delivered_at=MONDAY + DAY, updated_at=MONDAY + DAY), kind="api")
    assert erase(floor.house, [floor.id(1)], "asked for it", "mei") == ([floor.id(1)], [])
    assert erase(floor.house, [floor.id(1)], "asked for it", "mei") == ([], [])
    with floor.store.read() as tx:
        assert personal.open_people(tx, [floor.id(1)]) == {floor.id(1): None}
        assert personal.open_payloads(tx, floor.id(1)) == []
        assert personal.find_by_phone(tx, "+84912345678") == [floor.id(2)]
    assert floor.kinds(1)[-1] == "erased"

    # What the platform tells later does not bring the data back.
    later = order(1, raw=raw, state="COMPLETED", recipient=recipient(name="Somebody"), updated_at=MONDAY + 2 * DAY)
    assert floor.take(shop, later, kind="api").updated == 1
    with floor.store.read() as tx:
        assert personal.open_people(tx, [floor.id(1)]) == {floor.id(1): None}
        assert personal.open_payloads(tx, floor.id(1)) == []
    assert floor.view(1).row["state"] == "COMPLETED"
    floor.clean()
    assert render_wave(floor.house, 1)


def test_exchange_rates_let_cartons_be_compared(floor: Floor) -> None:
    floor.table("cartons", TABLES["cartons"].replace("BOX", "CN").replace("1000,VND", "0.30,CNY"))
    floor.table("exchange", "currency,base,rate\nCNY,VND,3550.5\nVND,CNY,0.0002817\n")
    with floor.store.read() as tx:
        rates = {(r[0], r[1]): r[2] for r in tx.rows("SELECT currency, base, parts_per_million FROM exchange_rates")}
    assert rates == {("CNY", "VND"): 35_505_000, ("VND", "CNY"): 28_170}  # fen to dong, dong to fen
    report = floor.table("exchange", "currency,base,rate\nVND,VND,1\nVND,USD,0.0000000001\nUSD,VND,0\nQQQ,VND,1\n")
    assert [r.problem.code for r in report.refused] == ["cell_wrong", "cell_wrong", "rate_wrong", "rate_wrong"]
