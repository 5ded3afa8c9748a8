import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fahuo.sandbox import carriers, render
from tests.sandbox.parcel_calls import DAY, a_world, call, order_now, ordered, package_of, shop_at

MARKETS = ("VN", "TH", "US", "GB", "ID", "MY", "PH", "SG", "JP", "DE", "BR", "MX", "MY-CB")


@pytest.mark.parametrize("status", ["UNPAID", "ON_HOLD"])
def test_before_release_there_is_no_address(status: str) -> None:
    world = a_world("US")
    more = {"status": "ON_HOLD"} if status == "ON_HOLD" else {"paid": False}
    order = world.place(shop_at(world).id, world.now(), **more)
    assert order.status == status
    shown = order_now(world, order)
    assert shown["recipient_address"] == {}
    assert "packages" not in shown
    assert not any("package_id" in item for item in shown["line_items"])


@pytest.mark.parametrize("market", MARKETS)
def test_platform_shipping_hides_name_phone_and_street(market: str) -> None:
    world = a_world(market)
    order = ordered(world)
    clear = dict(order.body["recipient_address"])
    shown = order_now(world, order)["recipient_address"]
    text = msgspec.json.encode(shown).decode()
    for key in ("name", "phone_number", "address_line1", "address_detail"):
        assert "*" in shown[key]
        assert clear[key] not in text
    assert shown["phone_number"][-2:] == clear["phone_number"][-2:]
    assert shown["postal_code"] == clear["postal_code"]
    assert shown["district_info"] == clear["district_info"]
    assert shown["region_code"] == market[:2]
    assert order.body["recipient_address"] == clear, "the world itself keeps the address in clear"


@pytest.mark.parametrize("market", ["VN", "US", "GB", "JP"])
def test_seller_shipping_shows_the_address_until_30_days_after_completion(market: str) -> None:
    world = a_world(market)
    order = ordered(world, shipping_type="SELLER")
    clear = order.body["recipient_address"]["name"]
    assert order_now(world, order)["recipient_address"]["name"] == clear
    for status in ("AWAITING_COLLECTION", "IN_TRANSIT", "DELIVERED", "COMPLETED"):
        world.touch(order, world.now(), status=status)
    world.live(world.now() + 29 * DAY)
    assert order_now(world, order)["recipient_address"]["name"] == clear
    world.live(world.now() + 2 * DAY)
    assert "*" in order_now(world, order)["recipient_address"]["name"]


def test_an_order_cancelled_before_release_never_shows_its_address() -> None:
    world = a_world("VN")
    order = world.place(shop_at(world).id, world.now(), paid=False, shipping_type="SELLER")
    world.touch(order, world.now(), status="CANCELLED")
    assert order_now(world, order)["recipient_address"] == {}


def test_a_body_that_was_put_away_shows_the_same() -> None:
    world = a_world("TH")
    order = ordered(world, message='he said "recipient_address":{} ok')
    before = order_now(world, order)
    order.close()
    assert order.opened is None
    assert order_now(world, order) == before
    assert order.opened is None, "showing does not open it"
    order.change({"seller_note": "x"})
    assert order_now(world, order) == before | {"seller_note": "x"}


@given(st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=20))
def test_masking_leaves_no_full_street_and_no_full_phone(street: str, phone: str) -> None:
    address = {"address_line1": street, "full_address": f"{street}, Ha Noi", "phone_number": phone, "name": street}
    masked = render.mask(address)
    assert masked["address_line1"] == "***"
    assert masked["full_address"].startswith("***")
    assert len(masked["phone_number"]) == len(phone)
    if len(phone) > 2 and not phone.startswith("("):
        assert masked["phone_number"][:-2] == "*" * (len(phone) - 2)


@pytest.mark.parametrize("kind", ["TIKTOK", "SELLER"])
def test_japanese_names_are_told_in_their_own_script(kind: str) -> None:
    world = a_world("JP")
    address = order_now(world, ordered(world, shipping_type=kind))["recipient_address"]
    parts = address["last_name_local_script"], address["first_name_local_script"]
    assert all(part[0] > "\u3040" and part.endswith("***") == (kind == "TIKTOK") for part in parts)


def test_names_of_every_script_are_masked() -> None:
    assert render.mask_name("Nguyễn Văn An") == "N*** V*** A***"
    assert render.mask_name("山田太郎") == "山***"
    assert render.mask_phone("(+84)912345678") == "(+84)*******78"
    assert render.mask_phone("12") == "12"


def test_a_package_shows_what_lies_in_it() -> None:
    world = a_world("VN")
    skus = [sku.seller_sku for sku in list(world.makers[shop_at(world).id].skus.values())[:2]]
    order = ordered(world, skus=skus, quantity=2, message="please hurry")
    package = package_of(world, order)
    found = call(world, "GET", f"/fulfillment/202309/packages/{package.id}")
    assert found["package_id"] == package.id
    assert found["package_status"] == "TO_FULFILL"
    assert found["package_sub_status"] == "STOCKING"
    assert found["has_multi_skus"] is True
    assert found["note_tag"] == "BUYER_NOTED"
    assert found["split_and_combine_tag"] == "DEFAULT"
    assert [sku["quantity"] for sku in found["orders"][0]["skus"]] == [2, 2]
    assert found["order_line_item_ids"] == list(order.line_ids)
    assert "*" in found["recipient_address"]["name"]
    assert "district_info" not in found["recipient_address"]
    assert found["sender_address"]["full_address"]
    assert "tracking_number" not in found


def test_line_items_and_package_move_together() -> None:
    world = a_world("VN")
    order = ordered(world)
    package = package_of(world, order)
    call(world, "POST", f"/fulfillment/202309/packages/{package.id}/ship", {})
    pairs = []
    for step in ("arranged", "collected", "delivered"):
        if step == "collected":
            carriers.collected(world, package, world.now())
        elif step == "delivered":
            carriers.scanned(world, package, "delivered", world.now())
        shown = order_now(world, order)
        (item,) = {(item["display_status"], item["package_status"]) for item in shown["line_items"]}
        pairs.append((shown["status"], *item))
    assert pairs == [
        ("AWAITING_COLLECTION", "AWAITING_COLLECTION", "PROCESSING"),
        ("IN_TRANSIT", "IN_TRANSIT", "FULFILLING"),
        ("DELIVERED", "DELIVERED", "COMPLETED"),
    ]
