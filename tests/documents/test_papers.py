"""Pick lists and packing slips."""

import pytest

from fahuo.documents.picklist import PackingSlip, PickList, PickRow, SlipLine, natural, packing_slips, pick_list
from tests.documents.samples import codes, pages, texts

ROWS = [
    PickRow(bin="A-10-1", sku="SKU-3", name="เคสโทรศัพท์", quantity=2, parcels="1, 4"),
    PickRow(bin="A-2-1", sku="SKU-1", name="无线蓝牙耳机", variation="黑色", quantity=11),
    PickRow(bin="A-2-1", sku="SKU-0", name="Áo thun", quantity=1),
]


def test_rows_stand_in_the_order_of_the_walk() -> None:
    document = pick_list([PickList(wave="W-7", rows=ROWS, warehouse="深圳仓", due="16:00", picker="李雷")])
    (text,) = texts(document)
    places = [text.index(word) for word in ("SKU-0", "SKU-1", "SKU-3")]
    assert places == sorted(places)
    assert all(
        word in text for word in ("Pick list W-7", "深圳仓", "李雷", "16:00", "无线蓝牙耳机", "黑色", "Total 14")
    )
    assert codes(pages(document)[0]) == [("Code128", "W-7")]


def test_in_chinese() -> None:
    (text,) = texts(pick_list([PickList(wave="W-7", rows=ROWS)], "zh"))
    assert "拣货单 W-7" in text
    assert "库位" in text


def test_every_list_starts_a_page_and_a_long_one_runs_on() -> None:
    long = [PickRow(bin=f"B-{n}", sku=f"S-{n}", quantity=1) for n in range(120)]
    found = texts(pick_list([PickList(wave="W-1", rows=long), PickList(wave="W-2", rows=ROWS)]))
    assert "W-2" in found[-1]
    assert len(found) > 3
    assert all(any(f"B-{n} " in text for text in found) for n in range(120))
    assert found[1].startswith("Bin")


def test_natural_order() -> None:
    assert sorted(["A-10", "A-2", "B-1", "", "A-2-b", "10", "9"], key=natural) == [
        "",
        "9",
        "10",
        "A-2",
        "A-2-b",
        "A-10",
        "B-1",
    ]


def test_packing_slip() -> None:
    slip = PackingSlip(
        package="PK1152921504606846976",
        order_number="576460752303423488",
        shop="Fahuo VN",
        recipient="Nguyễn Thị Hồng Ngọc",
        country="VN",
        wave="W-7",
        lines=[SlipLine(sku="SKU-1", name="无线蓝牙耳机", variation="黑色", quantity=3), SlipLine(sku="SKU-2")],
    )
    document = packing_slips([slip, slip])
    found = texts(document)
    assert len(found) == 2
    for word in (
        slip.package,
        slip.order_number,
        slip.shop,
        slip.recipient,
        "SKU-1",
        "无线蓝牙耳机",
        "黑色",
        "Total 4",
    ):
        assert word in found[0]
    assert codes(pages(document)[0]) == [("Code128", slip.package)]
    assert pages(document)[0].shape == (1200, 801), "it prints on the label printer"


def test_a_wave_name_no_barcode_can_hold_prints_without_one() -> None:
    document = pick_list([PickList(wave="上午波次", rows=ROWS)])
    assert "上午波次" in texts(document)[0]
    assert codes(pages(document)[0]) == []


@pytest.mark.parametrize("name", ['#panic("x")', "$x$", "*b*", "<a>"])
def test_markup_in_product_names_is_text(name: str) -> None:
    assert name in texts(pick_list([PickList(wave="W", rows=[PickRow(bin="A", sku="S", name=name)])]))[0]
