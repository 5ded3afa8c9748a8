"""What stops an order, and what lets it go on by itself or by a person."""

from pathlib import Path

import pytest

from fahuo.flow.actions import put_hold
from fahuo.kernel.instant import iso
from fahuo.orders.model import AWAITING_COLLECTION, LineIn
from fahuo.store.engine import Store
from fahuo.views.order import hold_words
from tests.support.shopfloor import HOUR, MONDAY, OWNER_HERE, TABLES, Floor, lines, order, recipient


def test_an_unknown_article_waits_until_it_is_imported(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, order(lines=lines(CAP=2)))
    assert (floor.station(), floor.held()) == ("check", {"unknown_sku"})
    assert floor.run().rechecked == 0

    floor.table("skus", "sku,weight_g,length_mm,width_mm,height_mm\nCAP,100,200,150,80\n")
    assert floor.run().rechecked == 1
    assert (floor.station(), floor.held()) == ("stock", {"no_stock"})

    floor.table("stock", "sku,warehouse,on_hand\nCAP,SG1,5\n")
    done = floor.run()
    assert (done.rechecked, done.planned) == (1, 1)
    assert (floor.station(), floor.held()) == ("pack", set())
    floor.clean()


def test_an_article_is_found_by_the_shops_own_listing(floor: Floor) -> None:
    shop, other = floor.shop("one"), floor.shop("two")
    line = LineIn(platform_sku_id="1729", seller_sku="theirs", quantity=1)
    floor.take(shop, order(1, lines=[line]))
    floor.take(other, order(2, lines=[line]))
    floor.table("skus", "sku,shop,platform_sku_id\nTEE,one,1729\n")
    floor.run()
    assert (floor.station(1), floor.station(2)) == ("pack", "check")


def test_what_a_person_released_stays_released(floor: Floor) -> None:
    shop = floor.shop()
    bad = order(updated_at=MONDAY, recipient=recipient(phone="12"))
    floor.take(shop, bad, kind="api")
    assert floor.station() == "check"
    floor.release(note="called the buyer")
    assert floor.station() == "plan"
    # The same fault is told again: a person has looked at it.
    floor.take(shop, order(updated_at=MONDAY + 60, recipient=recipient(phone="12"), total=160_000), kind="api")
    assert floor.station() == "plan"
    assert floor.run().planned == 1
    (log,) = [hold for hold in floor.view().holds if hold.code == "phone_invalid"]
    assert (log.released_by, log.note) == ("user:mei", "called the buyer")


def test_a_hold_of_the_system_ends_with_its_cause(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, order(updated_at=MONDAY, recipient=recipient(phone="12")), kind="api")
    floor.take(shop, order(updated_at=MONDAY + 60), kind="api")
    assert (floor.station(), floor.held()) == ("plan", set())


@pytest.mark.parametrize("fault", [{"phone": ""}, {"lines": ()}, {"name": ""}, {"masked": True, "name": "N***"}])
def test_an_own_label_needs_a_recipient(floor: Floor, fault: dict[str, object]) -> None:
    shop = floor.shop()
    floor.take(shop, order(recipient=recipient(**fault)))
    assert floor.station() == "check"
    assert floor.run().planned == 0


def test_masked_data_do_not_stop_a_parcel_of_the_platform(floor: Floor) -> None:
    shop = floor.shop()
    masked = recipient(name="N***a", phone="(+84)******78", lines=("12 ***",), masked=True)
    floor.take(shop, order(shipping_type="TIKTOK", recipient=masked))
    assert floor.station() == "plan"


def test_a_person_stops_an_order_and_its_parcel(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, order())
    floor.run()
    put_hold(floor.house, OWNER_HERE, [floor.id()], "buyer called")
    assert floor.station() == "check"
    # Neither a run nor a new telling of the platform lets it go.
    floor.run()
    floor.take(shop, order(state=AWAITING_COLLECTION))
    assert (floor.station(), floor.held()) == ("check", {"by_person"})
    floor.release()
    assert floor.station() == "pack"
    assert len(floor.view().parcels) == 1


def test_an_order_without_units_goes_on_when_they_come_in_order_of_urgency(floor: Floor) -> None:
    shop = floor.shop()
    floor.table("stock", "sku,warehouse,on_hand\nMUG,SG1,1\n")
    floor.take(shop, order(1, lines=lines(MUG=2)), order(2, lines=lines(MUG=1)))
    assert (floor.station(1), floor.station(2)) == ("stock", "plan")
    floor.table("stock", "sku,warehouse,on_hand\nMUG,SG1,3\n")
    floor.run()
    assert (floor.station(1), floor.held(1)) == ("pack", set())
    floor.clean()


def test_new_lines_with_an_unknown_article_do_not_leave_with_half_the_goods(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, order(lines=lines(TEE=1), updated_at=MONDAY), kind="api")
    floor.run()
    floor.take(shop, order(lines=lines(TEE=1, CAP=1), updated_at=MONDAY + 60), kind="api")
    assert floor.station() == "check"
    floor.table("skus", "sku,weight_g\nCAP,100\n")
    floor.table("stock", "sku,warehouse,on_hand\nCAP,SG1,5\n")
    floor.run()
    view = floor.view()
    assert view.row["station"] == "pack"
    (alive,) = [p for p in view.parcels if p.state != "cancelled"]
    assert {view.skus[i.sku_id][0] for i in view.items[alive.id]} == {"TEE", "CAP"}
    assert alive.tracking_number == view.row["tracking_number"] != ""
    floor.clean()


CANNOT = {
    "no carrier goes there": ({"carriers": TABLES["carriers"].replace(",VN,VN,17:00", ",VN,TH,17:00")}, "not_on_lane"),
    "the platform has not approved it": (
        {"carriers": TABLES["carriers"].replace("123456,VN\n", "123456,TH\n")},
        "lane_not_approved",
    ),
    "no price is known": ({"rates": ""}, "no_rate"),
    "too heavy for the price list": ({"rates": TABLES["rates"].replace("30000,20000", "100,20000")}, "no_rate"),
}


@pytest.mark.parametrize("case", CANNOT)
def test_what_cannot_be_planned_says_why_and_heals(store: Store, tmp_path: Path, case: str) -> None:
    floor = Floor(store, tmp_path)
    broken, reason = CANNOT[case]
    floor.stocked(**broken)
    shop = floor.shop()
    floor.take(shop, order())
    done = floor.run()
    assert (done.planned, done.unplanned) == (0, 1)
    view = floor.view()
    assert view.row["station"] == "plan"
    assert [(h.code, h.value) for h in view.holds] == [("cannot_plan", reason)]
    assert floor.run().unplanned == 1  # the reason is told once
    assert floor.kinds().count("not_planned") == 1

    for kind in ("carriers", "rates"):
        floor.table(kind, TABLES[kind])
    assert floor.run().planned == 1
    assert (floor.station(), floor.held()) == ("pack", set())
    floor.clean()


def test_the_carriers_capacity_holds_across_batches(store: Store, tmp_path: Path) -> None:
    floor = Floor(store, tmp_path)
    floor.stocked(
        carriers=TABLES["carriers"]
        .replace("approved_markets\n", "approved_markets,capacity_per_day\n")
        .replace("123456,VN\n", "123456,VN,3\n")
    )
    shop = floor.shop()
    for start in (1, 3, 5, 7):
        floor.take(shop, order(start), order(start + 1))
        floor.run()
    with floor.store.read() as tx:
        days = tx.rows(
            "SELECT leave_day, COUNT(*) FROM decisions WHERE seller_id = 1 AND leave_day IS NOT NULL"
            " GROUP BY leave_day ORDER BY leave_day"
        )
        used = tx.rows("SELECT day, used FROM capacity_used WHERE seller_id = 1 AND used > 0 ORDER BY day")
    assert [count for _, count in days] == [3, 3, 2]
    assert [tuple(row) for row in used] == [tuple(row) for row in days]


def test_an_order_that_cannot_leave_in_time_is_told_and_goes_on(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(
        shop, order(created_at=MONDAY - 200 * HOUR, paid_at=MONDAY - 200 * HOUR, awaiting_at=MONDAY - 200 * HOUR)
    )
    assert floor.held() == {"cannot_leave_in_time"}
    (hold,) = [one for one in floor.view().holds if one.code == "cannot_leave_in_time"]
    wrong, _ = hold_words(hold.code, hold.field, hold.value, "en")
    assert wrong == f"No carrier takes it before its clock ends: {iso(floor.view().row['due_at'])}."
    assert floor.run().planned == 1


def test_a_market_without_rules_is_told(floor: Floor) -> None:
    shop = floor.shop(market="BR", seller_type="cross_border")
    floor.take(shop, order(market="BR"))
    assert "no_rule_found" in floor.held()
    assert floor.view().clocks == []
