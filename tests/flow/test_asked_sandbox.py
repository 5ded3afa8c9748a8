"""What buyers ask for, against the real sandbox: cancel, move house, write; and the stock the shop shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fahuo.aftersales import queries
from fahuo.aftersales.model import APPROVE, REJECT, Request
from fahuo.channels.tiktok_shop import aftersale, papers
from fahuo.channels.tiktok_shop.carry import Visit
from fahuo.documents import pdf
from fahuo.documents.label import Label, Party
from fahuo.documents.render import render_labels
from fahuo.flow import aftersales, readdress, talks
from fahuo.flow.actions import release
from fahuo.flow.handover import hand_over
from fahuo.flow.labels import render_wave
from fahuo.flow.verify import verify_all
from fahuo.sandbox import buyers, cancels
from fahuo.store.engine import Store
from fahuo.talks import queries as talk_queries
from fahuo.talks.model import TOLD
from tests.support.sandboxed import Town
from tests.support.shopfloor import OWNER_HERE


@pytest.fixture
def vn(store: Store, tmp_path: Path) -> Iterator[Town]:
    town = Town(store, tmp_path, "VN")
    yield town
    town.close()


def arranged(town: Town) -> str:
    (ref,) = town.place(shipping_type="TIKTOK")
    town.work(2)
    assert town.theirs(ref).status == "AWAITING_COLLECTION"
    return ref


def request_of(town: Town, ref: str) -> Request:
    with town.house.store.read() as tx:
        (found,) = queries.of_order(tx, town.id(ref))
    return found


def reserved(town: Town) -> int:
    with town.house.store.read() as tx:
        return int(tx.rows("SELECT SUM(reserved) FROM stock_pool WHERE seller_id = 1")[0][0])


def ask_to_cancel(town: Town, ref: str) -> Request:
    cancels.request(town.sandbox.world, town.theirs(ref), town.clock.at)
    town.go(20 * 60)
    town.work()
    return request_of(town, ref)


def test_a_request_freezes_the_parcel_and_its_approval_frees_the_stock(vn: Town) -> None:
    before = reserved(vn)
    (ref,) = vn.place(shipping_type="TIKTOK")
    vn.arrive()
    found = ask_to_cancel(vn, ref)
    assert found.action == "SELLER_RESPOND_CANCEL"
    assert found.answer_by is not None
    assert found.answer_by > vn.clock.at
    assert "cancel_requested" in vn.held(ref)
    assert vn.view(ref).row["station"] == "check"
    assert vn.pack() == 0
    aftersales.answer(vn.house, OWNER_HERE, found.id, APPROVE)
    vn.work(2)
    assert vn.theirs(ref).status == "CANCELLED"
    vn.work()
    assert vn.view(ref).row["state"] == "CANCELLED"
    assert reserved(vn) == before
    assert request_of(vn, ref).state.startswith("CANCELLATION_REQUEST_")
    assert list(verify_all(vn.house)) == []


@pytest.mark.parametrize("lost", [False, True])
def test_a_rejection_gives_the_parcel_free_again_and_is_sent_once(vn: Town, lost: bool) -> None:
    ref = arranged(vn)
    assert vn.pack() == 1
    found = ask_to_cancel(vn, ref)
    assert hand_over(vn.house, "dock", codes=[vn.view(ref).parcels[0].tracking_number]).handed_over == []
    reasons = aftersale.reasons(vn.client, vn._links()[found.shop_id], found.ref, "en")
    assert reasons
    aftersales.answer(vn.house, OWNER_HERE, found.id, REJECT, reason=reasons[0][0])
    if lost:
        vn.wire.lost.append("/reject")
    vn.work(3)
    assert vn.theirs(ref).status == "AWAITING_COLLECTION"
    assert [state for state, _ in vn.effects("answer_cancel")] == ["done"]
    assert vn.calls("POST", "/reject") == (2 if lost else 1)
    vn.work()
    assert vn.held(ref) == set()
    number = vn.view(ref).parcels[0].tracking_number
    assert hand_over(vn.house, "dock", codes=[number]).handed_over == [number]


def test_the_limit_of_a_request_is_known_as_soon_as_its_order_tells_of_it(vn: Town) -> None:
    ref = arranged(vn)
    vn.work()
    searches = vn.calls("cancellations/search")
    cancels.request(vn.sandbox.world, vn.theirs(ref), vn.clock.at)
    vn.go(60)
    vn.work(3)
    assert "cancel_requested" in vn.held(ref)
    assert request_of(vn, ref).answer_by is not None, "without a notice, and before the round of every 15 minutes"
    vn.work(3)
    assert vn.calls("cancellations/search") == searches + 1


def test_a_withdrawn_request_gives_the_parcel_free_again(vn: Town) -> None:
    ref = arranged(vn)
    ask_to_cancel(vn, ref)
    (one,) = [c for c in vn.sandbox.world.cancellations.values() if c.order_id == ref]
    cancels.withdraw(vn.sandbox.world, one, vn.clock.at)
    vn.go(20 * 60)
    vn.work(2)
    assert vn.held(ref) == set()
    assert vn.pack() == 1
    assert request_of(vn, ref).action == ""


@pytest.mark.parametrize("packed", [False, True])
def test_a_new_address_brings_a_new_label_and_waits_for_a_person(vn: Town, packed: bool) -> None:
    ref = arranged(vn)
    if packed:
        assert vn.pack() == 1
    (before,) = vn.view(ref).parcels
    fetched = vn.calls("shipping_documents")
    buyers.change_address(vn.sandbox.world, vn.theirs(ref), vn.clock.at, {"address_line1": "99 Hai Bà Trưng"})
    vn.go(600)
    vn.work(2)
    assert vn.held(ref) == {"address_changed"}
    assert vn.calls("shipping_documents") == fetched + 1
    with vn.house.store.read() as tx:
        kept = tx.rows("SELECT COUNT(*) FROM labels WHERE seller_id = 1")[0][0]
    assert kept == 2
    assert before.tracking_number in "".join(pdf.page_texts(render_wave(vn.house, 1)))
    assert vn.pack() == 0
    number = before.tracking_number
    if packed:
        assert hand_over(vn.house, "dock", codes=[number]).left == [number]
    vn.go(600)
    vn.work()
    assert vn.held(ref) == {"address_changed"}, "the next telling does not release it"
    release(vn.house, OWNER_HERE, [vn.id(ref)], "the new label is on it", codes=["address_changed"])
    assert vn.pack() == (0 if packed else 1)
    assert hand_over(vn.house, "dock", codes=[number]).handed_over == [number]


def test_the_stock_of_the_house_is_the_stock_of_the_shop(vn: Town) -> None:
    vn.work(2)
    world = vn.sandbox.world
    shop = next(iter(world.shops))
    with vn.house.store.read() as tx:
        rows = tx.rows(
            "SELECT platform_sku_id, warehouse_ref, shown FROM offers WHERE seller_id = 1 AND sku_id IS NOT NULL"
        )
    assert rows
    told = {(row[0], row[1]): row[2] for row in rows}
    theirs = {
        (sku.id, ref): units
        for product in world.products_of(shop)
        for sku in product.skus
        for ref, units in sku.stock.items()
        if (sku.id, ref) in told
    }
    assert theirs == told
    assert {state for state, _ in vn.effects("push_stock")} == {"done"}


def test_what_buyers_write_is_read_and_answered(vn: Town) -> None:
    ref = arranged(vn)
    buyers.say(vn.sandbox.world, vn.theirs(ref), "urge", vn.clock.at)
    vn.go(20 * 60)
    vn.work()
    with vn.house.store.read() as tx:
        (talk,) = talk_queries.latest(tx, 10)
        said = talk_queries.messages_of(tx, talk.id)
    assert any(one.role == "BUYER" and one.words for one in said)
    talks.say(vn.house, OWNER_HERE, talk.id, "Đơn hàng sẽ đi hôm nay.")
    vn.wire.lost.append("/messages")
    vn.work(3)
    assert [state for state, _ in vn.effects("send_message")] == ["done"]
    (there,) = vn.sandbox.world.conversations.values()
    ours = [one for one in there.messages if one.role in ("SHOP", "CUSTOMER_SERVICE") and "hôm nay" in one.content]
    assert len(ours) == 1
    vn.go(20 * 60)
    vn.work()
    with vn.house.store.read() as tx:
        again = [one.words for one in talk_queries.messages_of(tx, talk.id) if one.state != TOLD]
    assert again in (["Đơn hàng sẽ đi hôm nay."], [])


def test_a_label_with_the_old_address_is_kept_no_longer(vn: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch = papers._get

    def printed(visit: Visit, ref: str) -> tuple[str, bytes]:
        """The platform prints the street as it is now, and a page more."""
        number, content = fetch(visit, ref)
        street = vn.theirs(order_ref).body["recipient_address"]["address_line1"]
        note = render_labels([note_on(street)])
        return number, pdf.merge([content, note])

    monkeypatch.setattr(papers, "_get", printed)
    order_ref = vn.place(shipping_type="TIKTOK")[0]
    vn.work(2)
    buyers.change_address(vn.sandbox.world, vn.theirs(order_ref), vn.clock.at, {"address_line1": "99 Hai Ba Trung"})
    vn.go(600)
    vn.work(2)
    with vn.house.store.read() as tx:
        files = tx.rows("SELECT id, sealed FROM label_files ORDER BY id")
        old, new = ("".join(pdf.page_texts(tx.keys.open(bytes(row[1]), f"label|{row[0]}"))) for row in files)
    assert "99 Hai Ba Trung" in new
    assert old.strip() == ""
    assert len(pdf.page_texts(render_wave(vn.house, 1))) == 2


def note_on(street: str) -> Label:
    """A page that shows a street."""
    party = Party(name="Hoa", lines=(street,), city="HCM", postal_code="700000", country="VN", phone="+84912345678")
    return Label(waybill="N1", carrier="J&T", service="", order_number="1", recipient=party, seller=party)


def test_a_notice_tells_of_a_second_move_that_masked_addresses_hide(vn: Town) -> None:
    ref = arranged(vn)
    number = vn.view(ref).parcels[0].tracking_number
    for street in ("99 Hai Bà Trưng", "98 Hai Bà Trưng"):
        vn.go(600)
        buyers.change_address(vn.sandbox.world, vn.theirs(ref), vn.clock.at, {"address_line1": street})
        moved_at = vn.clock.at
        vn.go(600)
        fetched = vn.calls("shipping_documents")
        with vn.house.store.write() as tx:
            shop = tx.rows("SELECT shop_id FROM links WHERE seller_id = 1")[0][0]
            readdress.moved(tx, shop, {ref: moved_at}, vn.clock.at, "notice")
            readdress.moved(tx, shop, {ref: moved_at}, vn.clock.at, "notice")
        assert vn.view(ref).row["station"] == "check"
        vn.work(2)
        assert vn.held(ref) == {"address_changed"}
        assert vn.calls("shipping_documents") > fetched
        release(vn.house, OWNER_HERE, [vn.id(ref)], "the new label is on it")
    assert vn.pack() == 1
    with vn.house.store.write() as tx:
        assert readdress.moved(tx, shop, {ref: moved_at}, vn.clock.at, "notice") == 0, "the label is newer"
    assert hand_over(vn.house, "dock", codes=[number]).handed_over == [number]
