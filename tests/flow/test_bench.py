"""The packing bench: only the right units under the right label make a parcel packed."""

from __future__ import annotations

import pytest

from fahuo.flow.pack import BenchView, confirm, open_parcel, scan_item, simulate_staff
from fahuo.kernel.problems import Problem
from fahuo.orders.model import AWAITING_COLLECTION, CANCELLED
from tests.support.shopfloor import HOUR, MONDAY, Floor, good, lines, order, recipient

TEE, MUG = "690001", "690002"


@pytest.fixture
def bench(floor: Floor) -> BenchView:
    """A planned parcel of two T-shirts and a mug, just opened."""
    shop = floor.shop()
    floor.take(shop, order(lines=lines(TEE=2, MUG=1)))
    floor.run()
    return good(open_parcel(floor.house, order().platform_order_id))


def code(found: BenchView | Problem) -> str:
    assert isinstance(found, Problem), found
    assert found.render("zh").message
    return found.code


def log(floor: Floor) -> list[tuple[str, bool, str]]:
    with floor.store.read() as tx:
        return [(r[0], bool(r[1]), r[2]) for r in tx.rows("SELECT code, ok, reason FROM bench_scans ORDER BY id")]


def test_a_parcel_is_found_by_number_order_or_package(floor: Floor, bench: BenchView) -> None:
    for word in (bench.tracking_number, bench.order_ref, str(bench.package_id), f" {bench.tracking_number}\n"):
        assert good(open_parcel(floor.house, word)).package_id == bench.package_id
    assert code(open_parcel(floor.house, "nothing")) == "unknown_code"
    assert code(open_parcel(floor.house, "9" * 30)) == "unknown_code"
    assert code(scan_item(floor.house, 4711, TEE, "bench")) == "unknown_code"
    assert code(confirm(floor.house, 4711, "x", "bench")) == "unknown_code"


def test_each_scan_counts_until_the_parcel_is_complete(floor: Floor, bench: BenchView) -> None:
    view = good(scan_item(floor.house, bench.package_id, TEE, "bench"))
    assert not view.complete
    good(scan_item(floor.house, bench.package_id, "TEE", "bench"))  # the SKU is as good as its barcode
    view = good(scan_item(floor.house, bench.package_id, MUG, "bench"))
    assert view.complete
    assert [(i.sku, i.quantity, i.scanned) for i in sorted(view.items, key=lambda i: i.sku)] == [
        ("MUG", 1, 1),
        ("TEE", 2, 2),
    ]


def test_what_is_wrong_is_refused_and_logged(floor: Floor, bench: BenchView) -> None:
    floor.table("skus", "sku,barcode\nCAP,690003\n")
    assert code(scan_item(floor.house, bench.package_id, "690003", "bench")) == "wrong_item"
    assert code(scan_item(floor.house, bench.package_id, "4711", "bench")) == "unknown_article"
    good(scan_item(floor.house, bench.package_id, MUG, "bench"))
    assert code(scan_item(floor.house, bench.package_id, MUG, "bench")) == "too_many"
    assert code(confirm(floor.house, bench.package_id, bench.tracking_number, "bench")) == "items_missing"
    for _ in range(2):
        good(scan_item(floor.house, bench.package_id, TEE, "bench"))
    assert code(confirm(floor.house, bench.package_id, "FH00000099VN", "bench")) == "wrong_label"
    assert [entry[1:] for entry in log(floor)] == [
        (False, "wrong_item"), (False, "unknown_article"), (True, ""), (False, "too_many"), (False, "items_missing"),
        (True, ""), (True, ""), (False, "wrong_label"),
    ]  # fmt: skip
    assert floor.station() == "pack"
    assert floor.effects() == []
    assert floor.counters() == (100, 2, 100, 2)


def test_the_number_is_reported_after_the_pack_scan_and_once(floor: Floor, bench: BenchView) -> None:
    floor.pack()
    assert code(confirm(floor.house, bench.package_id, bench.tracking_number, "bench")) == "already_packed"
    assert code(scan_item(floor.house, bench.package_id, TEE, "bench")) == "already_packed"
    assert floor.effects() == [(f"report_shipped:{bench.package_id}:{bench.tracking_number}", "due")]
    assert simulate_staff(floor.store, MONDAY) == 0


def test_a_held_order_is_not_packed(floor: Floor, bench: BenchView) -> None:
    shop = floor.shop()
    changed = order(lines=lines(TEE=2, MUG=1), buyer_cancel=True, updated_at=MONDAY + 60)
    floor.take(shop, changed, kind="api")
    assert floor.held() == {"cancel_requested"}
    assert code(scan_item(floor.house, bench.package_id, TEE, "bench")) == "order_held"
    assert code(confirm(floor.house, bench.package_id, bench.tracking_number, "bench")) == "order_held"
    assert simulate_staff(floor.store, MONDAY) == 0
    floor.release()
    floor.pack()
    assert floor.station() == "handover"


def test_a_cancelled_order_is_not_packed(floor: Floor, bench: BenchView) -> None:
    shop = floor.shop()
    good(scan_item(floor.house, bench.package_id, TEE, "bench"))
    floor.take(shop, order(lines=lines(TEE=2, MUG=1), state=CANCELLED))
    assert code(open_parcel(floor.house, bench.tracking_number)) == "parcel_cancelled"
    assert code(confirm(floor.house, bench.package_id, bench.tracking_number, "bench")) == "parcel_cancelled"
    assert floor.counters() == (100, 0, 100, 0)


def test_a_new_address_after_the_label_stops_the_parcel(floor: Floor, bench: BenchView) -> None:
    shop = floor.shop()
    moved = order(lines=lines(TEE=2, MUG=1), recipient=recipient(lines=("99 Hai Bà Trưng",)), updated_at=MONDAY + 60)
    floor.take(shop, moved, kind="api")
    assert floor.held() == {"address_changed"}
    assert code(confirm(floor.house, bench.package_id, bench.tracking_number, "bench")) == "order_held"


def test_other_items_after_packing_are_a_persons_matter(floor: Floor, bench: BenchView) -> None:
    shop = floor.shop()
    floor.pack()
    floor.take(shop, order(lines=lines(TEE=1, MUG=1), updated_at=MONDAY + 60), kind="api")
    assert (floor.station(), floor.held()) == ("handover", {"items_changed"})
    assert floor.counters() == (98, 0, 98, 0)
    floor.clean()


def test_a_parcel_of_the_platform_waits_for_its_label_and_is_not_reported(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, order(shipping_type="TIKTOK"))
    floor.run()
    assert [kind for kind, _ in ((e.kind, e.state) for e in floor.view().effects)] == ["arrange_shipment"]
    package = floor.view().parcels[0]
    assert (package.tracking_number, package.label_origin, package.state) == ("", "platform", "planned")
    assert code(confirm(floor.house, package.id, "", "bench")) == "no_label_yet"

    floor.clock.at += HOUR
    known = order(
        shipping_type="TIKTOK",
        state=AWAITING_COLLECTION,
        arranged_at=MONDAY + HOUR,
        tracking_number="TT1",
        carrier_name="J&T",
    )
    floor.take(shop, known)
    assert floor.effects("arrange_shipment")[0][1] == "done"
    floor.pack()
    assert floor.station() == "handover"
    assert floor.effects() == []


def test_simulated_staff_packs_what_is_ready(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, *[order(n) for n in range(5)], order(9, shipping_type="TIKTOK"))
    floor.run()
    assert simulate_staff(floor.store, MONDAY, limit=2) == 2
    assert simulate_staff(floor.store, MONDAY) == 3
    assert floor.counters() == (95, 1, 95, 1)
    assert len(floor.effects()) == 5
    floor.clean()
