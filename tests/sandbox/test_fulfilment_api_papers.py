"""Labels, proofs, bundles, invoices, tracking: what goes with a parcel."""

import io
from typing import Any

import pytest
from PIL import Image

from fahuo.documents.lint import lint_pdf
from fahuo.documents.pdf import page_texts
from fahuo.sandbox import carriers, providers
from fahuo.sandbox.gateway_model import Missing, Upload
from fahuo.sandbox.model import Order, Refuse
from fahuo.sandbox.world import World
from tests.sandbox.parcel_calls import (
    BASE,
    DAY,
    HOUR,
    a_world,
    call,
    code_of,
    fetch,
    order_now,
    ordered,
    own_carrier,
    package_of,
    ship,
    told,
)

F = "/fulfillment/202309"


# --- documents -----------------------------------------------------------------------------------------------------


def _label(world: World, order: Order, shop: int = 0, **query: str) -> Any:
    wanted = {"document_type": "SHIPPING_LABEL", **query}
    path = f"{F}/packages/{order.packages[0]}/shipping_documents"
    return call(world, "GET", path, query=wanted, shop=shop)


@pytest.mark.parametrize("market", ["VN", "TH", "JP", "MY-CB", "GB", "BR"])
@pytest.mark.parametrize("size", ["A6", "A5"])
def test_the_label_can_be_read_and_hides_the_recipient(market: str, size: str) -> None:
    world = a_world(market)
    order = ordered(world)
    clear = dict(order.body["recipient_address"])
    if market == "BR":
        world.touch(order, world.now(), need_upload_invoice="INVOICE_UPLOADED")
    if market in ("GB", "JP"):
        call(world, "POST", f"{F}/packages", {"order_id": order.id})
    else:
        ship(world, order)
    found = _label(world, order, document_size=size)
    status, content, kind = fetch(world, found["doc_url"])
    assert (status, kind) == (200, "application/pdf")
    (page,) = lint_pdf(content, "platform")
    assert not page.problems
    assert [(code.format, code.text) for code in page.barcodes] == [("Code128", found["tracking_number"])]
    (text,) = page_texts(content)
    assert order.id in text.replace("\n", "").replace(" ", "")
    assert clear["address_line1"] not in text
    assert clear["phone_number"] not in text


def test_the_url_dies_after_24_hours() -> None:
    world = a_world("VN")
    order = ordered(world)
    ship(world, order)
    url = _label(world, order)["doc_url"]
    world.live(world.now() + 24 * HOUR - 1)
    assert fetch(world, url)[0] == 200
    world.live(world.now() + 1)
    assert fetch(world, url)[0] == 403
    assert fetch(world, _label(world, order)["doc_url"])[0] == 200
    assert fetch(world, url.replace(order.packages[0], "115000"))[0] == 404
    assert fetch(world, f"{BASE}/documents/anything.pdf")[0] == 404


def test_other_documents() -> None:
    world = a_world("MX")
    order = ordered(world)
    ship(world, order)
    both = fetch(world, _label(world, order, document_type="SHIPPING_LABEL_AND_PACKING_SLIP")["doc_url"])[1]
    assert len(page_texts(both)) == 2
    slip = fetch(world, _label(world, order, document_type="PACKING_SLIP")["doc_url"])[1]
    assert order.body["line_items"][0]["seller_sku"] in page_texts(slip)[0]
    picture = fetch(world, _label(world, order, document_type="SHIPPING_LABEL_PICTURE")["doc_url"])
    assert picture[2] == "image/png"
    assert Image.open(io.BytesIO(picture[1])).width > 700
    zpl = fetch(world, _label(world, order, document_format="ZPL")["doc_url"])[1]
    assert zpl.startswith(b"^XA")


@pytest.mark.parametrize(
    "query",
    [
        {"document_type": "POSTER"},
        {"document_size": "A4"},
        {"document_format": "ZPL"},
        {"document_type": "INVOICE_LABEL"},
        {"document_format": "DOC"},
    ],
)
def test_documents_the_market_does_not_have_are_refused(query: dict[str, str]) -> None:
    world = a_world("VN")
    order = ordered(world)
    ship(world, order)
    wanted = {"document_type": "SHIPPING_LABEL", **query}
    path = f"{F}/packages/{order.packages[0]}/shipping_documents"
    assert code_of(world, "GET", path, query=wanted) == 98001004


def test_a_label_exists_after_arranging_and_before_collection_only() -> None:
    world = a_world("VN")
    order, own = ordered(world), ordered(world, shipping_type="SELLER")
    path = f"{F}/packages/{order.packages[0]}/shipping_documents"
    query = {"document_type": "SHIPPING_LABEL"}
    assert code_of(world, "GET", path, query=query) == 98001004
    ship(world, order)
    call(world, "GET", path, query=query)
    carriers.collected(world, package_of(world, order), world.now())
    assert code_of(world, "GET", path, query=query) == 98001004
    assert code_of(world, "GET", f"{F}/packages/{own.packages[0]}/shipping_documents", query=query) == 21008106


# --- packages/search and tracking ----------------------------------------------------------------------------------


def test_packages_are_found_by_status_and_time() -> None:
    world = a_world("VN", "TH")
    made = []
    for _ in range(5):
        made.append(ordered(world))
        world.live(world.now() + 60)
    ordered(world, shop=1)
    ship(world, made[2])
    found = call(world, "POST", f"{F}/packages/search", {"package_status": "PROCESSING"}, {"page_size": "50"})
    assert [one["id"] for one in found["packages"]] == made[2].packages
    assert found["packages"][0]["tracking_number"]
    token, seen = "", []
    while True:
        query = {"page_size": "2", "page_token": token, "sort_order": "ASC"}
        one = call(world, "POST", f"{F}/packages/search", {}, query)
        assert one["total_count"] == 5
        seen += [package["id"] for package in one["packages"]]
        if not (token := one["next_page_token"]):
            break
    assert seen == [order.packages[0] for order in made]
    recent = {"update_time_ge": world.packages[made[2].packages[0]].updated}
    assert [one["id"] for one in call(world, "POST", f"{F}/packages/search", recent)["packages"]] == made[2].packages
    with pytest.raises(Missing):
        call(world, "POST", f"{F}/packages/search", {}, {"page_size": "51"})
    with pytest.raises(Missing):
        call(world, "POST", f"{F}/packages/search", {"package_status": "LOST"})


def test_tracking_is_in_milliseconds_and_newest_first() -> None:
    world = a_world("VN")
    order = ordered(world)
    ship(world, order)
    assert call(world, "GET", f"{F}/orders/{order.id}/tracking") == {"tracking": []}
    carriers.collected(world, package_of(world, order), world.now())
    world.live(world.now() + 10 * DAY)
    times = [one["update_time_millis"] for one in call(world, "GET", f"{F}/orders/{order.id}/tracking")["tracking"]]
    assert times == sorted(times, reverse=True)
    assert len(times) >= 4
    assert all(at % 1000 == 0 and at > 10**12 for at in times)


# --- seller fleet --------------------------------------------------------------------------------------------------


def _fleet(world: World) -> Order:
    order = ordered(world, shipping_type="SELLER")
    provider, number = own_carrier(world)
    ship(world, order, self_shipment={"tracking_number": number, "shipping_provider_id": provider})
    return order


def _picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (32, 24)).save(out, "PNG")
    return out.getvalue()


def test_the_fleet_reports_delivery_with_proof() -> None:
    world = a_world("VN")
    order = _fleet(world)
    up = call(world, "POST", f"{F}/images/upload", files={"data": Upload("a.png", _picture())})
    assert (up["width"], up["height"]) == (32, 24)
    assert fetch(world, up["url"])[1] == _picture()
    one = {"id": order.packages[0], "delivery_type": "DELIVERY_SUCCESS", "file_type": "IMG"}
    found = call(world, "POST", f"{F}/packages/deliver", {"packages": [one]})
    assert found["errors"][0]["code"] == 98001004
    assert call(world, "POST", f"{F}/packages/deliver", {"packages": [one | {"file_url": up["url"]}]}) == {}
    assert order_now(world, order)["status"] == "DELIVERED"


@pytest.mark.parametrize(
    ("reason", "status", "cancelled"),
    [
        ("UNABLE_RECEIVE", "IN_TRANSIT", None),
        ("PACKAGE_LOST", "CANCELLED", "package_lost"),
        ("BUYER_REFUSED", "IN_TRANSIT", None),
    ],
)
def test_the_fleet_reports_failure_with_a_reason(reason: str, status: str, cancelled: str | None) -> None:
    world = a_world("VN")
    order = _fleet(world)
    one = {"id": order.packages[0], "delivery_type": "DELIVERY_FAILED"}
    assert call(world, "POST", f"{F}/packages/deliver", {"packages": [one]})["errors"]
    assert not call(world, "POST", f"{F}/packages/deliver", {"packages": [one | {"fail_delivery_reason": reason}]})
    assert order.status == status
    if cancelled:
        assert world.cancellations[order.cancellations[-1]].reason == cancelled


def test_the_platforms_parcels_are_not_delivered_by_a_fleet() -> None:
    world = a_world("VN")
    order = ordered(world)
    ship(world, order)
    one = {"id": order.packages[0], "delivery_type": "DELIVERY_FAILED", "fail_delivery_reason": "OTHER"}
    found = call(world, "POST", f"{F}/packages/deliver", {"packages": [one]})
    assert found["errors"][0]["code"] == 21008106


@pytest.mark.parametrize("bad", [{"id": "2"}, {"id": "2", "delivery_type": "FLOWN"}, {"delivery_type": "OK"}, "x"])
def test_a_report_of_the_fleet_that_cannot_be_read_changes_nothing(bad: object) -> None:
    world = a_world("VN")
    order = _fleet(world)
    good = {"id": order.packages[0], "delivery_type": "DELIVERY_FAILED", "fail_delivery_reason": "PACKAGE_LOST"}
    with pytest.raises(Missing):
        call(world, "POST", f"{F}/packages/deliver", {"packages": [good, bad]})
    assert order.status == "AWAITING_COLLECTION"


@pytest.mark.parametrize("path", ["files", "images"])
def test_uploads_are_checked(path: str) -> None:
    world = a_world("VN")
    with pytest.raises(Missing, match="data"):
        call(world, "POST", f"{F}/{path}/upload")
    with pytest.raises(Missing, match="invalid"):
        call(world, "POST", f"{F}/{path}/upload", files={"data": Upload("a", b"hello")})
    big = b"%PDF-" + b"x" * (11 << 20)
    with pytest.raises(Refuse) as no:
        call(world, "POST", f"{F}/{path}/upload", files={"data": Upload("a", big)})
    assert no.value.code == 36009021


def test_a_file_is_kept_under_its_name() -> None:
    world = a_world("VN")
    files = {"data": Upload("a.pdf", b"%PDF-1.7 x"), "name": Upload("", b"proof.pdf")}
    found = call(world, "POST", f"{F}/files/upload", files=files)
    assert found["name"] == "proof.pdf"
    assert fetch(world, found["url"]) == (200, b"%PDF-1.7 x", "application/pdf")


# --- first mile ----------------------------------------------------------------------------------------------------


def _courier() -> dict[str, str]:
    one = providers.first_mile_providers()[0]
    return {"shipping_provider_id": one.id, "tracking_number": "SF1234567890123", "phone_tail_number": "8000"}


def test_a_bundle_takes_what_is_arranged_and_tells_the_rest() -> None:
    world = a_world("MY-CB", "VN")
    good, waiting, local = ordered(world), ordered(world), ordered(world, shop=1)
    ship(world, good)
    body = {"order_ids": [good.id, waiting.id, local.id, "1"], "handover_method": "DROP_OFF", **_courier()}
    found = call(world, "POST", "/fulfillment/202407/bundles", body)
    bundle = world.bundles[found["first_mile_bundle_id"]]
    assert bundle.order_ids == [good.id]
    assert [(one["detail"]["order_id"], one["code"]) for one in found["errors"]] == [
        (waiting.id, 98001004),
        (local.id, 21008106),
        ("1", 21008111),
    ]
    status, content, _ = fetch(world, found["url"])
    assert status == 200
    (page,) = lint_pdf(content, "platform")
    assert page.barcodes[0].text == bundle.id
    again = call(world, "POST", "/fulfillment/202407/bundles", body | {"order_ids": [good.id]})
    assert "first_mile_bundle_id" not in again
    assert again["errors"][0]["code"] == 98001004


def test_a_dropped_off_bundle_needs_a_domestic_courier() -> None:
    world = a_world("TH-CB")
    order = ordered(world)
    ship(world, order)
    body = {"order_ids": [order.id], "handover_method": "DROP_OFF"}
    path = "/fulfillment/202407/bundles"
    with pytest.raises(Missing, match="shipping_provider_id"):
        call(world, "POST", path, body)
    assert code_of(world, "POST", path, {**body, **_courier(), "shipping_provider_id": "1"}) == 98001004
    assert code_of(world, "POST", path, {**body, **_courier(), "tracking_number": "?"}) == 98001004
    assert code_of(world, "POST", path, {**body, **_courier(), "phone_tail_number": "12"}) == 98001004
    with pytest.raises(Missing, match="handover_method"):
        call(world, "POST", path, {"order_ids": [order.id], "handover_method": "DRONE"})
    assert call(world, "POST", path, {"order_ids": [order.id], "handover_method": "PICKUP"})["first_mile_bundle_id"]


# --- invoices ------------------------------------------------------------------------------------------------------


def test_brazil_ships_after_the_invoice_was_accepted() -> None:
    world = a_world("BR", "VN")
    order = ordered(world)
    package = order.packages[0]
    assert code_of(world, "POST", f"{F}/packages/{package}/ship", {}) == 98001004
    path = "/fulfillment/202502/invoice/upload"
    one = {"package_id": package, "order_ids": [order.id], "file_type": "XML"}
    bad = call(world, "POST", path, {"invoices": [one | {"file": "***"}, one | {"file": "größe"}]})
    assert len(bad["errors"]) == 2
    assert bad["errors"][0]["detail"] == {"package_id": package, "order_ids": [order.id]}
    call(world, "POST", path, {"invoices": [one | {"file": "aGVsbG8="}]})
    world.live(world.now() + 200)
    assert [data["invoice_status"] for data in told(world, 36)] == ["PROCESSING", "INVALID"]
    call(world, "POST", path, {"invoices": [one | {"file": "PHhtbC8+"}]})
    assert order_now(world, order)["need_upload_invoice"] == "INVOICE_PROCESSING"
    assert code_of(world, "POST", f"{F}/packages/{package}/ship", {}) == 98001004
    world.live(world.now() + 200)
    assert told(world, 36)[-1] == {"package_id": package, "order_ids": [order.id], "invoice_status": "SUCCESS"}
    ship(world, order)
    assert order.status == "AWAITING_COLLECTION"
    assert code_of(world, "POST", path, {"invoices": []} | {"invoices": [one]}, shop=1) == 21008106


@pytest.mark.parametrize("bad", ["x", {"package_id": "1", "order_ids": 7}, {"package_id": "1", "order_ids": [7]}])
def test_invoices_that_cannot_be_read_change_nothing(bad: object) -> None:
    world = a_world("BR")
    order = ordered(world)
    good = {"package_id": order.packages[0], "file": "PHhtbC8+"}
    with pytest.raises(Missing):
        call(world, "POST", "/fulfillment/202502/invoice/upload", {"invoices": [good, bad]})
    assert order_now(world, order)["need_upload_invoice"] == "NEED_INVOICE"


def test_a_warehouse_provider_tells_what_it_ships() -> None:
    world = a_world("VN")
    order = ordered(world)
    one = {
        "id": order.packages[0], "create_time_millis": 1, "handover_time_millis": 2, "ship_time_millis": 3,
        "shipping_provider_id": "1", "shipping_provider_name": "GHN", "skus": [{"id": "1", "quantity": 1}],
        "time_zone": "GMT+7", "tracking_number": "X1", "wms_order_id": "W1", "dimension": {},
    }  # fmt: skip
    body = {"warehouse_provider_id": "9", "packages": [one, one | {"id": "1"}]}
    found = call(world, "POST", "/supply_chain/202309/packages/sync", body)
    assert found["success_packages"] == [order.packages[0]]
    assert found["errors"][0]["code"] == "21008111"
