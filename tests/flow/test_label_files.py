"""Label files as people really have them: a parcel twice, two parcels, more than one barcode, strangers' pages."""

from __future__ import annotations

from pathlib import Path
from threading import Barrier, Thread

import pytest

from fahuo.documents import pdf
from fahuo.documents.label import Label, Party
from fahuo.documents.render import render_labels
from fahuo.flow.label_files import Attached, attach
from fahuo.flow.labels import attached
from tests.support.shopfloor import Floor, order


def label(number: str, order_id: str, name: str = "Hoa") -> Label:
    party = Party(
        name=name, lines=("12 Le Loi",), city="HCM", region="", postal_code="700000", country="VN", phone="+84912345678"
    )
    return Label(waybill=number, carrier="J&T", service="", order_number=order_id, recipient=party, seller=party)


def file_of(folder: Path, *pages: Label) -> Path:
    path = folder / "labels.pdf"
    path.write_bytes(render_labels(list(pages)))
    return path


def platform(floor: Floor, *numbers: int) -> None:
    shop = floor.shop()
    floor.take(shop, *[order(number, shipping_type="TIKTOK") for number in numbers])
    floor.run()


def ref(number: int) -> str:
    return order(number).platform_order_id


def refused(report: Attached) -> list[tuple[int, str]]:
    return [(page, problem.code) for page, problem in report.refused]


def test_a_second_label_for_one_parcel_is_refused_by_page(floor: Floor, tmp_path: Path) -> None:
    platform(floor, 1)
    report = attach(floor.house, file_of(tmp_path, label("TT1", ref(1)), label("TT2", ref(1))), "mei")
    assert (report.attached, refused(report)) == (1, [(2, "label_twice")])
    view = floor.view(1)
    assert (view.parcels[0].tracking_number, view.row["tracking_number"]) == ("TT1", "TT1")
    assert floor.kinds(1).count("labelled") == 1
    floor.clean()


def test_pages_that_are_nobodys_are_not_kept(floor: Floor, tmp_path: Path) -> None:
    platform(floor, 1)
    attach(floor.house, file_of(tmp_path, label("TT1", ref(1)), label("TT9", "nobodys", "Stranger")), "mei")
    with floor.store.read() as tx:
        ((file_id, sealed),) = tx.rows("SELECT id, sealed FROM label_files")
        texts = pdf.page_texts(tx.keys.open(bytes(sealed), f"label|{file_id}"))
    assert "Stranger" not in "".join(texts[1].split())
    assert ref(1) in texts[0]


def test_a_page_that_was_nobodys_is_taken_once_its_order_is_there(floor: Floor, tmp_path: Path) -> None:
    platform(floor, 1)
    path = file_of(tmp_path, label("TT1", ref(1)), label("TT2", ref(2)))
    assert attach(floor.house, path, "mei").attached == 1
    platform(floor, 2)
    assert attach(floor.house, path, "mei").attached == 1
    with floor.store.read() as tx:
        (page,) = attached(tx, [floor.view(2).parcels[0].label_id or 0]).values()
    assert ref(2) in pdf.page_texts(pdf.collect([page]))[0]


def test_an_order_id_that_two_shops_share_is_no_proof(floor: Floor, tmp_path: Path) -> None:
    for name in ("one", "two"):
        floor.take(floor.shop(name), order(1, shipping_type="TIKTOK"))
    floor.run()
    report = attach(floor.house, file_of(tmp_path, label("TT1", ref(1))), "mei")
    assert (report.attached, refused(report)) == (0, [(1, "label_without_parcel")])


def test_the_barcode_of_the_order_id_is_not_the_parcels_number(floor: Floor, tmp_path: Path) -> None:
    platform(floor, 1)
    report = attach(floor.house, file_of(tmp_path, label(ref(1), ref(1))), "mei")
    assert report.attached == 1
    assert floor.view(1).parcels[0].tracking_number == ""


def test_what_the_lint_finds_is_told(floor: Floor, tmp_path: Path) -> None:
    platform(floor, 1)
    report = attach(floor.house, file_of(tmp_path, label("TT1", ref(1), "Hoa, Zalo 0912")), "mei")
    assert report.attached == 1
    assert (1, "lint.other_platform") in [(page, problem.code) for page, problem in report.noted]


def test_two_people_with_the_same_file_at_once(floor: Floor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    platform(floor, 1, 2)
    path = file_of(tmp_path, label("TT1", ref(1)), label("TT2", ref(2)))
    both = Barrier(2, timeout=30)
    read = pdf.page_texts

    def together(content: bytes) -> list[str]:
        both.wait()
        return read(content)

    monkeypatch.setattr(pdf, "page_texts", together)
    reports: list[Attached] = []
    threads = [Thread(target=lambda: reports.append(attach(floor.house, path, "mei"))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(report.attached for report in reports) == [0, 2]
    assert [floor.kinds(n).count("labelled") for n in (1, 2)] == [1, 1]
    floor.clean()


def test_a_parcel_that_lost_its_label_takes_the_same_file_again(floor: Floor, tmp_path: Path) -> None:
    platform(floor, 1)
    path = file_of(tmp_path, label("TT1", ref(1)))
    assert attach(floor.house, path, "mei").attached == 1
    with floor.store.write() as tx:
        tx.execute("UPDATE packages SET label_id = NULL WHERE seller_id = 1")
    assert attach(floor.house, path, "mei").attached == 1
    with floor.store.read() as tx:
        (page,) = attached(tx, [floor.view(1).parcels[0].label_id or 0]).values()
    assert ref(1) in pdf.page_texts(pdf.collect([page]))[0]
