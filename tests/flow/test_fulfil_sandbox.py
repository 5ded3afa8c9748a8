"""Arrange, label, pack, hand over, against the real sandbox: by the flow of each market, with answers that get lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fahuo.channels.tiktok_shop import fulfilment as api
from fahuo.flow import cut, first_mile
from fahuo.flow.handover import hand_over
from fahuo.flow.labels import render_wave
from fahuo.flow.pack import BenchView, confirm, open_parcel, scan_item
from fahuo.kernel.problems import Failure
from fahuo.sandbox import carriers
from fahuo.store.engine import Store
from fahuo.views import first_mile as views
from fahuo.views.first_mile import BundleView
from tests.support.sandboxed import Town

Open = Callable[..., Town]


@pytest.fixture
def town(store: Store, tmp_path: Path) -> Iterator[Open]:
    made: list[Town] = []

    def open_(*markets: str) -> Town:
        made.append(Town(store, tmp_path, *markets))
        return made[-1]

    yield open_
    for one in made:
        one.close()


def test_a_vietnamese_order_is_arranged_labelled_and_packed(town: Open) -> None:
    vn = town("VN")
    (ref,) = vn.place(shipping_type="TIKTOK")
    vn.work(2)
    (parcel,) = vn.view(ref).parcels
    assert vn.theirs(ref).status == "AWAITING_COLLECTION"
    assert (parcel.state, parcel.tracking_number) == ("arranged", vn.parcels_there(ref)[0].tracking_number)
    assert vn.kinds(ref) == ["taken", "planned", "arranged", "labelled"]
    assert vn.view(ref).row["arranged_at"] == vn.clock.at
    fetched = vn.calls("shipping_documents")
    assert render_wave(vn.house, 1).startswith(b"%PDF-")
    assert render_wave(vn.house, 1).startswith(b"%PDF-")
    assert vn.calls("shipping_documents") == fetched, "printed again from what is kept"
    assert vn.pack() == 1
    assert vn.effects("report_shipped") == []


def test_many_orders_are_arranged_in_one_call(town: Open) -> None:
    vn = town("VN")
    refs = vn.place(12, shipping_type="TIKTOK")
    vn.work(2)
    assert {vn.theirs(ref).status for ref in refs} == {"AWAITING_COLLECTION"}
    assert vn.calls("POST", "/packages/ship") == 1
    assert vn.calls("POST", "/ship") == 1


def test_one_order_that_cannot_be_shipped_does_not_stop_the_others(town: Open) -> None:
    vn = town("VN")
    refs = vn.place(3, shipping_type="TIKTOK")
    vn.arrive()
    vn.sandbox.world.touch(vn.theirs(refs[1]), vn.clock.at, status="CANCELLED")
    vn.work(2, arrive_first=False)
    assert vn.theirs(refs[0]).status == vn.theirs(refs[2]).status == "AWAITING_COLLECTION"
    assert {state for state, _ in vn.effects("arrange_shipment")} == {"done", "declined"}
    assert vn.held(refs[1]) == {"arrange_declined"}


@pytest.mark.parametrize("many", [1, 4])
def test_a_lost_answer_arranges_nothing_twice(town: Open, many: int) -> None:
    vn = town("VN")
    refs = vn.place(many, shipping_type="TIKTOK")
    vn.wire.lost.append("/ship")
    vn.work(3)
    assert {vn.theirs(ref).status for ref in refs} == {"AWAITING_COLLECTION"}
    assert vn.calls("POST", "/ship") == 1
    for ref in refs:
        assert vn.kinds(ref) == ["taken", "planned", "arranged", "labelled"]
        assert vn.view(ref).parcels[0].tracking_number


def test_the_seller_chooses_a_service_in_the_us(town: Open) -> None:
    us = town("US")
    (ref,) = us.place(shipping_type="TIKTOK")
    us.work(2)
    assert us.theirs(ref).status == "AWAITING_COLLECTION"
    arranged = next(entry for entry in us.view(ref).timeline if entry.kind == "arranged")
    assert arranged.data["service"]["why"] in ("in_time", "default", "only")
    assert us.view(ref).parcels[0].tracking_number == us.parcels_there(ref)[0].tracking_number


def test_across_the_border_into_the_us_the_seller_chooses_a_service_too(town: Open) -> None:
    us = town("US:cross_border")
    (ref,) = us.place(shipping_type="TIKTOK")
    us.work(2)
    assert us.theirs(ref).status == "AWAITING_COLLECTION"
    asked = next(body for _, path, body in us.wire.seen if path.endswith("/shipping_services/query"))
    assert asked["dimension"]["unit"] == "INCH"
    assert asked["weight"]["unit"] == "GRAM"


def test_a_package_whose_answer_was_lost_is_not_bought_twice(town: Open) -> None:
    us = town("US")
    (ref,) = us.place(shipping_type="TIKTOK")
    us.wire.lost.append("/fulfillment/202309/packages")
    us.work(3)
    assert len(us.parcels_there(ref)) == 1
    assert us.view(ref).parcels[0].state == "arranged"


@pytest.mark.parametrize("market", ["GB", "US", "VN"])
@pytest.mark.parametrize("lost", [False, True])
def test_an_own_carrier_is_reported_after_the_pack_scan_and_once(town: Open, market: str, lost: bool) -> None:
    gb = town(market)
    (ref,) = gb.place(shipping_type="SELLER")
    gb.work(2)
    assert gb.theirs(ref).status == "AWAITING_SHIPMENT", "nothing is reported that did not happen"
    gb.own_number(ref)
    assert gb.pack() == 1
    if lost:
        gb.wire.lost.append("/ship" if market == "VN" else "/packages")
    gb.work(3, arrive_first=False)
    assert gb.theirs(ref).status == "AWAITING_COLLECTION"
    assert [p.tracking_number for p in gb.parcels_there(ref)] == [gb.view(ref).parcels[0].tracking_number]
    assert [state for state, _ in gb.effects("report_shipped")] == ["done"]


def test_a_carrier_that_the_platform_does_not_list_is_a_persons_matter(town: Open) -> None:
    gb = town("GB")
    (ref,) = gb.place(shipping_type="SELLER")
    gb.work(2)
    gb.own_number(ref, "Cousin's van")
    gb.pack()
    gb.work(2, arrive_first=False)
    assert gb.held(ref) == {"carrier_not_listed"}
    assert gb.theirs(ref).status == "AWAITING_SHIPMENT"


def test_a_us_number_is_corrected_once(town: Open) -> None:
    us = town("US")
    (ref,) = us.place(shipping_type="SELLER")
    us.work(2)
    us.own_number(ref)
    us.pack()
    us.work(2, arrive_first=False)
    package = us.view(ref).parcels[0].id
    us.wire.lost.append("shipping_info/update")
    cut.correct(us.house, int(package), "", us.number_like(ref), "mei")
    us.work(2, arrive_first=False)
    assert us.parcels_there(ref)[0].corrected == 1
    assert us.view(ref).parcels[0].tracking_number == us.parcels_there(ref)[0].tracking_number
    with pytest.raises(Failure) as refused:
        cut.correct(us.house, int(package), "", us.number_like(ref), "mei")
    assert refused.value.problem.code == "correction_over"


@pytest.mark.parametrize("shipping", ["SELLER", "TIKTOK"])
@pytest.mark.parametrize("lost", [False, True])
def test_an_order_is_split_and_its_parcels_follow(town: Open, shipping: str, lost: bool) -> None:
    vn = town("VN")
    skus = vn.skus()[:2]
    (ref,) = vn.place(shipping_type=shipping, skus=skus, quantity=2)
    vn.arrive()
    if lost:
        vn.wire.lost.append("/split")
    cut.split(vn.house, vn.id(ref), [{skus[0]: 2}], "mei")
    vn.work(3, arrive_first=False)
    there = vn.parcels_there(ref)
    assert len(there) == 2
    assert vn.units(ref) == {p.id: len(p.line_ids) for p in there} == dict.fromkeys(vn.units(ref), 2)
    assert "split" in vn.kinds(ref)
    assert vn.calls("POST", "/split") == 1
    vn.go(700)
    vn.work(3)
    assert all(p.tracking_number and p.arranged_at for p in vn.parcels(ref))
    assert (vn.theirs(ref).status == "AWAITING_COLLECTION") == (shipping == "TIKTOK")
    assert vn.clean()
    assert vn.pack() == 2


@pytest.mark.parametrize("lost", [False, True])
def test_orders_of_one_buyer_are_combined_and_packed_as_one_parcel(town: Open, lost: bool) -> None:
    vn = town("VN")
    refs = vn.place(2, shipping_type="TIKTOK", buyer=7)
    vn.arrive()
    if lost:
        vn.wire.lost.append("/combine")
    cut.combine(vn.house, [vn.id(ref) for ref in refs], "mei", client=vn.client)
    vn.work(3, arrive_first=False)
    one, two = (vn.parcels(ref)[0] for ref in refs)
    assert one.platform_ref == two.platform_ref
    assert (one.tag, two.tag, one.wave_id) == ("COMBINE", "COMBINE", two.wave_id)
    assert vn.calls("POST", "/combine") == 1
    vn.go(700)
    vn.work(3)
    one, two = (vn.parcels(ref)[0] for ref in refs)
    assert one.tracking_number == two.tracking_number != ""
    bench = open_parcel(vn.house, one.tracking_number)
    assert isinstance(bench, BenchView)
    assert sum(item.quantity for item in bench.items) == sum(len(vn.theirs(ref).body["line_items"]) for ref in refs)
    for item in bench.items:
        for _ in range(item.quantity):
            assert isinstance(scan_item(vn.house, bench.package_id, item.barcode, "bo"), BenchView)
    assert isinstance(confirm(vn.house, bench.package_id, one.tracking_number, "bo"), BenchView)
    assert [vn.parcels(ref)[0].state for ref in refs] == ["packed", "packed"]
    assert vn.clean()


def test_a_combined_order_goes_by_itself_again(town: Open) -> None:
    vn = town("VN")
    refs = vn.place(2, shipping_type="SELLER", buyer=7)
    vn.arrive()
    cut.combine(vn.house, [vn.id(ref) for ref in refs], "mei", client=vn.client)
    vn.work(2, arrive_first=False)
    assert {vn.parcels(ref)[0].tag for ref in refs} == {"COMBINE"}
    cut.uncombine(vn.house, vn.id(refs[0]), "mei")
    vn.work(2, arrive_first=False)
    assert {vn.parcels(ref)[0].tag for ref in refs} == {""}
    assert "uncombined" in vn.kinds(refs[0])


def test_what_was_cut_and_arranged_elsewhere_is_taken_as_it_is(town: Open) -> None:
    """Another app has split the order and bought both labels before it is first seen here."""
    us = town("US")
    (ref,) = us.place(shipping_type="TIKTOK", quantity=2)
    (link,) = us.channel._links().values()
    units = [str(item["id"]) for item in api.orders(us.client, link, [ref])[ref]["line_items"]]
    api.split(us.client, link, ref, [[unit] for unit in units])
    for unit in units:
        (offer, *_) = api.services(us.client, link, ref, {"order_line_item_ids": [unit]})
        wanted = {"order_id": ref, "order_line_item_ids": [unit], "shipping_service_id": str(offer["id"])}
        api.create_package(us.client, link, wanted)
    us.work(3)
    there = {package.id: package.tracking_number for package in us.parcels_there(ref)}
    assert {parcel.platform_ref: parcel.tracking_number for parcel in us.parcels(ref)} == there
    assert len(there) == 2
    assert us.held(ref) == set()
    assert us.pack() == 2


def test_in_south_east_asia_units_of_an_article_stay_together(town: Open) -> None:
    vn = town("VN")
    (ref,) = vn.place(shipping_type="SELLER", quantity=3)
    vn.work(1)
    sku = vn.theirs(ref).body["line_items"][0]["seller_sku"]
    with pytest.raises(Failure) as refused:
        cut.split(vn.house, vn.id(ref), [{sku: 1}], "mei")
    assert refused.value.problem.code == "below_sku"


def bundle_of(town: Town) -> BundleView:
    """The only bundle there is."""
    with town.house.store.read() as tx:
        (found,) = views.bundles(tx, 5)
    return found


def test_what_goes_to_the_sorting_warehouse_is_not_handed_over_without_a_bundle(town: Open) -> None:
    my = town("MY:cross_border")
    my.place(2, shipping_type="TIKTOK")
    my.work(2)
    assert my.pack() == 2
    manifest = hand_over(my.house, "bo", wave=1)
    assert (manifest.handed_over, len(manifest.unbundled)) == ([], 2)
    assert len(first_mile.waiting(my.house)) == 2, "they can still be bundled"


def test_a_person_decides_about_a_bundle_only_when_its_answer_was_lost(town: Open) -> None:
    my = town("MY:cross_border")
    my.place(shipping_type="TIKTOK")
    my.work(2)
    my.pack()
    (first,) = first_mile.waiting(my.house)
    my.wire.lost.append("/bundles")
    wish = first_mile.Wish(shop_id=first.shop_id, warehouse_id=first.warehouse_id, method=first_mile.PICKUP)
    made = first_mile.make(my.house, wish, "mei")
    my.work(2, arrive_first=False)
    there = next(iter(my.sandbox.world.bundles))
    first_mile.decide(my.house, made.id, first_mile.Decision(True, there))
    assert bundle_of(my).bundle.platform_ref == there
    for id_ in (made.id, 77):
        for decision in (first_mile.Decision(False), first_mile.Decision(True, "1")):
            with pytest.raises(Failure) as refused:
                first_mile.decide(my.house, id_, decision)
            assert refused.value.problem.code == "nothing_to_decide"
    my.work(2, arrive_first=False)
    assert len(my.sandbox.world.bundles) == 1


@pytest.mark.parametrize("lost", [False, True])
def test_parcels_across_the_border_go_in_a_bundle(town: Open, lost: bool) -> None:
    my = town("MY:cross_border")
    refs = my.place(2, shipping_type="TIKTOK")
    my.work(2)
    assert my.pack() == 2
    (first, *_) = first_mile.waiting(my.house)
    if lost:
        my.wire.lost.append("/bundles")
    wish = first_mile.Wish(
        shop_id=first.shop_id, warehouse_id=first.warehouse_id, carrier="顺丰速运 SF Express",
        number="SF1234567890123", phone_tail="1234",
    )  # fmt: skip
    made = first_mile.make(my.house, wish, "mei")
    my.work(2, arrive_first=False)
    assert len(my.sandbox.world.bundles) == 1
    hand = my.parcels(refs[0])[0].tracking_number
    assert hand_over(my.house, "bo", codes=[hand]).handed_over == [hand], "it is in a bundle"
    bundle = bundle_of(my).bundle
    assert (bundle.id, bundle.parcels) == (made.id, 2)
    assert bundle_of(my).question is lost
    if lost:
        assert my.effects("bundle_first_mile")[0][0] == "unknown"
    else:
        assert bundle.platform_ref in my.sandbox.world.bundles
        assert first_mile.sheet(my.house, made.id).startswith(b"%PDF-")
        assert "bundled" in my.kinds(refs[0])
    hand_over(my.house, "bo", codes=first_mile.numbers(my.house, made.id))
    package = my.parcels_there(refs[0])[0]
    carriers.scanned(my.sandbox.world, package, "collected", my.clock.at)
    my.go(5 * 3_600)
    my.work(2)
    seen = bundle_of(my)
    assert seen.bundle.state == "bundled"
    assert (seen.handed_over, seen.scanned, seen.question) == (2, 1, False)
    assert my.leg(refs[0]).domestic_scan_at is not None


@pytest.mark.parametrize("cancelled_first", [False, True])
def test_a_refusal_at_the_sorting_warehouse_is_a_persons_matter(town: Open, cancelled_first: bool) -> None:
    """The platform cancels the order with the refusal: whichever is told first, somebody sees to the parcel."""
    my = town("MY:cross_border")
    (ref,) = my.place(shipping_type="TIKTOK")
    my.work(2)
    my.pack()
    (first,) = first_mile.waiting(my.house)
    wish = first_mile.Wish(shop_id=first.shop_id, warehouse_id=first.warehouse_id, method=first_mile.PICKUP)
    made = first_mile.make(my.house, wish, "mei")
    my.work(1, arrive_first=False)
    hand_over(my.house, "bo", codes=first_mile.numbers(my.house, made.id))
    my.scan_there(ref, "sorting_refused")
    my.go(600)
    if cancelled_first:
        my.work(1)
        assert my.view(ref).row["state"] == "CANCELLED"
    my.go(5 * 3_600)
    my.work(2, arrive_first=False)
    assert ("first_mile_refused" in my.held(ref)) is not cancelled_first
    assert bundle_of(my).refused == 1
    assert "first_mile_refused" in my.kinds(ref)
    assert [state for state, _ in my.effects("first_mile_refused")] == ["waiting"]
    asked = my.calls("/tracking")
    my.go(5 * 3_600)
    my.work(2)
    assert my.calls("/tracking") == asked, "nothing more is to be learnt"


def test_what_waited_for_the_shop_goes_on_when_it_is_connected_again(town: Open) -> None:
    vn = town("VN")
    (ref,) = vn.place(shipping_type="TIKTOK")
    vn.arrive()
    vn.disconnect(True)
    vn.work(1, arrive_first=False)
    assert vn.theirs(ref).status == "AWAITING_SHIPMENT"
    vn.disconnect(False)
    vn.work(3)
    assert vn.theirs(ref).status == "AWAITING_COLLECTION"
