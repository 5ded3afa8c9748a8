"""Labels of every script, and helpers that look at what was printed."""

import re
from typing import Any

import msgspec
import numpy as np
import pypdfium2  # type: ignore[import-untyped]  # it has no types
from numpy.typing import NDArray

from fahuo.documents import barcode, zpl
from fahuo.documents.label import Label, Party

SELLER = Party(
    name="深圳市发货科技有限公司",
    lines=("科技园南路88号3栋1204室",),
    district="南山区",
    city="深圳市",
    region="广东省",
    postal_code="518057",
    country="CN",
    phone="+86 755 8888 6666",
)

RECIPIENTS = {
    "latin": Party(
        name="Siobhán O'Brien-Smith",
        lines=("Flat 3, The Old Bakery", "221B Baker Street"),
        city="London",
        postal_code="NW1 6XE",
        country="GB",
        phone="+44 20 7946 0958",
    ),
    "vietnamese": Party(
        name="Nguyễn Thị Hồng Ngọc",
        lines=("Số 15 đường Nguyễn Huệ",),
        district="Quận 1",
        city="Thành phố Hồ Chí Minh",
        postal_code="700000",
        country="VN",
        phone="+84 901 234 567",
    ),
    "thai": Party(
        name="นางสาวกิ่งแก้ว ผู้ซื้อสินค้า",
        lines=("99/1 ถนนสุขุมวิท ซอย 21 ชั้น 12",),
        district="แขวงคลองเตยเหนือ",
        city="เขตวัฒนา",
        region="กรุงเทพมหานคร",
        postal_code="10110",
        country="TH",
        phone="+66 81 234 5678",
    ),
    "chinese": Party(
        name="王小明",
        lines=("天河路208号粤海天河城大厦西塔",),
        district="天河区",
        city="广州市",
        region="广东省",
        postal_code="510620",
        country="CN",
        phone="138 0013 8000",
    ),
    "japanese": Party(
        name="髙橋 直樹",
        lines=("千代田1-1", "ビル 3F"),
        city="千代田区",
        region="東京都",
        postal_code="100-0001",
        country="JP",
        phone="090-1234-5678",
    ),
    "korean": Party(
        name="김철수",
        lines=("세종대로 110",),
        district="중구",
        region="서울특별시",
        postal_code="04524",
        country="KR",
        phone="010-1234-5678",
    ),
    "arabic": Party(
        name="محمد عبد الله الهاشمي",
        lines=("شارع الملك فهد",),
        region="دبي",
        country="AE",
        phone="+971 50 123 4567",
    ),
    "mixed": Party(
        name="សុខ ចាន់ / John 田中 สมชาย",
        lines=("ផ្ទះលេខ ១២ សង្កាត់ទួលទំពូង", "ບ້ານໂພນສະຫວັນ မြို့တော် नई दिल्ली"),
        city="Phnom Penh",
        postal_code="120101",
        country="KH",
        phone="+855 12 345 678",
    ),
}


def label(script: str = "latin", **changes: Any) -> Label:
    """A plausible label whose recipient writes in that script."""
    plain = Label(
        waybill="JT1234567890VN",
        order_number="576460752303423488",
        carrier="J&T Express",
        recipient=RECIPIENTS[script],
        seller=SELLER,
    )
    return msgspec.structs.replace(plain, **changes)


def texts(document: bytes) -> list[str]:
    """Text of every page with blanks and line ends as one blank."""
    opened = pypdfium2.PdfDocument(document)
    found = [" ".join(page.get_textpage().get_text_bounded().split()) for page in opened]
    opened.close()
    return found


def codes(pixels: NDArray[np.uint8]) -> list[tuple[str, str]]:
    """(format, text) of every barcode that can be read."""
    return [(code.format.name, code.text) for code in barcode.read(pixels) if code.valid]


def pages(document: bytes, dpi: float = 203.2) -> list[NDArray[np.uint8]]:
    """Every page as a printer of that resolution makes it."""
    return [page.copy() for page in zpl.rasters(document, dpi)]


def unpack(one: str) -> NDArray[np.uint8]:
    """The graphic field of a ZPL label as pixels (1 = black): a reader of its own, written from the ZPL manual."""
    found = re.search(r"\^GFA,(\d+),(\d+),(\d+),([^^]*)\^FS", one)
    assert found
    size, stride, data = int(found[1]), int(found[3]), found[4]
    rows: list[str] = []
    row, repeat = "", 0
    for sign in data:
        if sign == ":":
            rows.append(rows[-1])
        elif sign in ",!":
            rows.append(row.ljust(2 * stride, "0" if sign == "," else "F"))
            row = ""
        elif "G" <= sign <= "Y":
            repeat += ord(sign) - ord("F")
        elif "g" <= sign <= "z":
            repeat += 20 * (ord(sign) - ord("f"))
        else:
            row += sign * max(repeat, 1)
            repeat = 0
        while len(row) >= 2 * stride:
            rows.append(row[: 2 * stride])
            row = row[2 * stride :]
    assert row == ""
    assert len(rows) * stride == size == int(found[2])
    return np.unpackbits(np.frombuffer(bytes.fromhex("".join(rows)), np.uint8).reshape(-1, stride), axis=1)


def printed(one: str) -> NDArray[np.uint8]:
    """What a printer makes of a ZPL label: the graphic, and the native barcode drawn where it says."""
    black = unpack(one)
    if found := re.search(r"\^FO(\d+),(\d+)\^BY(\d)\^BCN,(\d+),N,N,N,A\^FD([^^]*)\^FS", one):
        left, top, module, height = map(int, found.groups()[:4])
        bars = np.repeat([n % 2 == 0 for n in range(len(barcode.widths(found[5])))], barcode.widths(found[5]))
        drawn = np.repeat(bars, module)
        assert not black[top : top + height].any(), "nothing may stand where the printer draws its bars"
        black[top : top + height, left : left + len(drawn)] = drawn
    return np.where(black, 0, 255).astype(np.uint8)
