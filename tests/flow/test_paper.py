"""Labels, pick lists and slips of a wave; the platform's own label files."""

from __future__ import annotations

from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]  # it has no types
import pytest
import zxingcpp

from fahuo.catalogue.model import Sender
from fahuo.documents import pdf
from fahuo.documents.label import Label, Party
from fahuo.documents.render import render_labels
from fahuo.flow import label_fetch
from fahuo.flow.actions import print_labels
from fahuo.flow.erase import erase
from fahuo.flow.label_files import attach
from fahuo.flow.labels import blank, render_wave
from fahuo.kernel.problems import Failure
from fahuo.orders.model import CANCELLED, DELIVERED
from fahuo.warehouse import service as warehouse
from tests.support.shopfloor import DAY, MONDAY, OWNER_HERE, Floor, lines, order, recipient


def codes(document: bytes) -> list[str]:
    """The Code 128 of each page, read back from the picture."""
    found = []
    whole = pypdfium2.PdfDocument(document)
    for page in whole:
        image = page.render(scale=3).to_pil()
        (code,) = [c.text for c in zxingcpp.read_barcodes(image) if c.format == zxingcpp.BarcodeFormat.Code128]
        found.append(code)
    whole.close()
    return found


def label(number: str, order_id: str) -> Label:
    """A label as the platform might print it."""
    party = Party(
        name="Hoa",
        lines=("12 Le Loi",),
        city="HCM",
        region="",
        postal_code="700000",
        country="VN",
        phone="+84912345678",
    )
    return Label(waybill=number, carrier="J&T", service="", order_number=order_id, recipient=party, seller=party)


def test_a_waves_labels_are_read_back_with_their_recipients(floor: Floor) -> None:
    shop = floor.shop()
    names = ["Nguyễn Thị Hoa", "王小明", "สมชาย ใจดี"]
    floor.take(shop, *[order(n, recipient=recipient(name=name)) for n, name in enumerate(names)])
    floor.run()
    document = render_wave(floor.house, 1)
    assert sorted(codes(document)) == sorted(floor.view(n).parcels[0].tracking_number for n in range(3))
    texts = pdf.page_texts(document)
    for n, name in enumerate(names):
        number = floor.view(n).parcels[0].tracking_number
        (page,) = [text for text in texts if number in text]
        flat = "".join(page.split())
        assert "".join(name.split()) in flat
        assert order(n).platform_order_id in flat
        assert "FahuoTestCo.,Ltd." in flat
        assert "700000" in flat


def test_labels_come_in_the_order_of_the_shelves(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, order(1, lines=lines(MUG=1)), order(2, lines=lines(TEE=1)), order(3, lines=lines(MUG=1)))
    floor.run()
    assert codes(render_wave(floor.house, 1))[0] == floor.view(2).parcels[0].tracking_number  # A-1 before B-1


def test_ours_and_the_platforms_labels_come_in_one_order(floor: Floor, tmp_path: Path) -> None:
    shop = floor.shop()
    theirs = order(2, shipping_type="TIKTOK", tracking_number="TT0000000002", carrier_name="J&T")
    floor.take(shop, order(1), theirs, order(3))
    floor.run()
    path = tmp_path / "labels.pdf"
    path.write_bytes(render_labels([label("TT0000000002", order(2).platform_order_id)]))
    assert attach(floor.house, path, "mei").attached == 1
    parcels = [floor.view(n).parcels[0] for n in (3, 2, 1)]
    document = print_labels(floor.house, OWNER_HERE, [parcel.order_id for parcel in parcels])
    assert codes(document) == [parcel.tracking_number for parcel in parcels]
    with pytest.raises(Failure) as failure:
        print_labels(floor.house, OWNER_HERE, [parcels[1].order_id], "zpl")
    assert "PDF" in failure.value.problem.message


def test_a_label_of_several_pages_is_printed_whole(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, order(1, shipping_type="TIKTOK"))
    floor.run()
    (parcel,) = floor.view(1).parcels
    party_of = [label("TT1", order(1).platform_order_id), label("TT2", order(1).platform_order_id)]
    with floor.store.write() as tx:
        kept = label_fetch.keep(tx, [(parcel.id, {"content": render_labels(party_of)})], floor.clock.at)
        warehouse.move(tx, ("label_id", "arranged_at"), [(parcel.id, kept[parcel.id], floor.clock.at)])
    assert codes(render_wave(floor.house, 1)) == ["TT1", "TT2"]
    with floor.store.write() as tx:
        blank(tx, kept.values())
    assert "".join(pdf.page_texts(render_wave(floor.house, 1))).strip() == ""


def test_a_shop_without_an_address_sends_from_the_warehouse(floor: Floor) -> None:
    shop = floor.shop(sender=Sender())
    floor.take(shop, order())
    floor.run()
    with pytest.raises(Failure) as failure:
        render_wave(floor.house, 1)
    assert order().platform_order_id in failure.value.problem.render().message
    assert failure.value.problem.field == "seller.lines"
    floor.table(
        "warehouses",
        "code,name,country,region,zone,cutoff,work_days,city,postal_code,address,phone\n"
        "SG1,Floor one,VN,VN-SG,Asia/Ho_Chi_Minh,17:00,123456,HCM,700000,77 Hai Ba Trung,+84901234567\n",
    )
    (text,) = pdf.page_texts(render_wave(floor.house, 1))
    assert "77HaiBaTrung" in "".join(text.split())


def test_a_label_comes_as_zpl_too(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, order())
    floor.run()
    assert floor.view().parcels[0].tracking_number.encode() in render_wave(floor.house, 1, fmt="zpl")


def test_the_pick_list_adds_up_and_the_slips_name_the_order(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, order(1, lines=lines(TEE=2)), order(2, lines=lines(TEE=3, MUG=1)))
    floor.run()
    picks = " ".join(pdf.page_texts(render_wave(floor.house, 1, "pick-list"))).split()
    assert {"A-1", "TEE", "5", "B-1", "MUG"} <= set(picks)
    slips = " ".join(pdf.page_texts(render_wave(floor.house, 1, "slips")))
    assert all(order(n).platform_order_id in slips for n in (1, 2))
    with floor.store.read() as tx:
        assert [row[0] for row in tx.rows("SELECT kind FROM prints ORDER BY id")] == ["pick-list", "slips"]


def test_a_cancelled_parcel_is_printed_no_more(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, order(1), order(2))
    floor.run()
    floor.take(shop, order(1, state=CANCELLED))
    assert codes(render_wave(floor.house, 1)) == [floor.view(2).parcels[0].tracking_number]


def test_an_unknown_wave_and_a_wave_without_labels_say_so(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, order(shipping_type="TIKTOK"))
    floor.run()
    for wave, code in ((99, "unknown_wave"), (1, "no_labels")):
        with pytest.raises(Failure) as failure:
            render_wave(floor.house, wave)
        assert failure.value.problem.code == code


@pytest.fixture
def platform_file(floor: Floor, tmp_path: Path) -> Path:
    """Two orders of the platform that wait, and a file with three labels of which two are theirs."""
    shop = floor.shop()
    known = order(1, shipping_type="TIKTOK", tracking_number="TT0000000001", carrier_name="J&T")
    floor.take(shop, known, order(2, shipping_type="TIKTOK"), order(3, shipping_type="TIKTOK"))
    floor.run()
    path = tmp_path / "labels.pdf"
    mine = [
        label("TT0000000001", "elsewhere"),
        label("TT0000000002", order(2).platform_order_id),
        label("XX1", "nobody's"),
    ]
    path.write_bytes(render_labels(mine))
    return path


def test_a_label_file_of_the_platform_finds_its_parcels(floor: Floor, platform_file: Path) -> None:
    report = attach(floor.house, platform_file, "mei")
    assert (report.pages, report.attached) == (3, 2)
    assert [(page, problem.code) for page, problem in report.refused] == [(3, "label_without_parcel")]
    for n, number in ((1, "TT0000000001"), (2, "TT0000000002")):
        view = floor.view(n)
        assert (view.parcels[0].tracking_number, view.parcels[0].state) == (number, "arranged")
        assert view.row["tracking_number"] == number
        assert [e.state for e in view.effects] == ["done"]
        assert "labelled" in floor.kinds(n)
    assert floor.view(3).parcels[0].state == "planned"
    # Printed again they are the platform's pages, byte for byte what the barcode says.
    assert sorted(codes(render_wave(floor.house, 1))) == ["TT0000000001", "TT0000000002"]
    floor.pack(2)
    assert floor.station(2) == "handover"
    assert floor.effects() == []


def test_the_same_label_file_again_changes_nothing(floor: Floor, platform_file: Path) -> None:
    attach(floor.house, platform_file, "mei")
    before = floor.view(1)
    again = attach(floor.house, platform_file, "mei")
    assert again.attached == 0
    assert floor.view(1) == before


def test_a_label_file_is_sealed_in_the_database(floor: Floor, platform_file: Path) -> None:
    attach(floor.house, platform_file, "mei")
    with floor.store.read() as tx:
        sealed = bytes(tx.rows("SELECT sealed FROM label_files")[0][0])
    assert b"%PDF" not in sealed


def test_what_is_no_pdf_is_refused(floor: Floor, tmp_path: Path) -> None:
    path = tmp_path / "labels.pdf"
    path.write_bytes(b"PK no pdf")
    with pytest.raises(Failure) as failure:
        attach(floor.house, path, "mei")
    assert failure.value.problem.code


def test_erasing_an_order_blanks_its_page_and_leaves_the_others(floor: Floor, platform_file: Path) -> None:
    attach(floor.house, platform_file, "mei")
    shop = floor.shop()
    floor.take(shop, order(1, shipping_type="TIKTOK", state=DELIVERED, delivered_at=MONDAY + DAY))
    assert erase(floor.house, [floor.id(1), floor.id(2)], "asked for it", "mei")[0] == [floor.id(1)]
    with floor.store.read() as tx:
        file_id, sealed = tx.rows("SELECT id, sealed FROM label_files")[0]
        kept = pdf.page_texts(tx.keys.open(bytes(sealed), f"label|{file_id}"))
    assert kept[0].strip() == ""
    assert order(2).platform_order_id in kept[1]
