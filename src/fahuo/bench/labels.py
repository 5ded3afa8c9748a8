"""`fahuo bench labels`: labels a second, beside the bare typesetter on the same pages."""

import json
import statistics
import time
from typing import Any, Final

import typst

from fahuo.documents import barcode, fonts, pdf
from fahuo.documents.label import Label, Party
from fahuo.documents.render import BATCH, page, render_labels

REPEATS: Final = 5

SELLER: Final = Party(
    name="深圳市发货科技有限公司", lines=("科技园南路88号3栋1204室",), district="南山区", city="深圳市",
    region="广东省", postal_code="518057", country="CN", phone="+86 755 8888 6666",
)  # fmt: skip
BUYERS: Final = (
    Party(name="Nguyễn Thị Hồng Ngọc", lines=("Số 15 đường Nguyễn Huệ, phường Bến Nghé",), district="Quận 1",
          city="Thành phố Hồ Chí Minh", postal_code="700000", country="VN", phone="+84 901 234 567"),
    Party(name="นางสาวกิ่งแก้ว ผู้ซื้อ", lines=("99/1 ถนนสุขุมวิท ซอย 21",), district="คลองเตยเหนือ", city="วัฒนา",
          region="กรุงเทพมหานคร", postal_code="10110", country="TH", phone="+66 81 234 5678"),
    Party(name="王小明", lines=("天河路208号粤海天河城大厦西塔2805室",), district="天河区", city="广州市",
          region="广东省", postal_code="510620", country="CN", phone="138 0013 8000"),
    Party(name="髙橋 直樹", lines=("千代田1-1", "骨董ビル 3F"), city="千代田区", region="東京都",
          postal_code="100-0001", country="JP", phone="090-1234-5678"),
    Party(name="Siobhán O'Brien", lines=("Flat 3, The Old Bakery", "221B Baker Street"), city="London",
          postal_code="NW1 6XE", country="GB", phone="+44 20 7946 0958"),
)  # fmt: skip


def labels_of(count: int, first: int) -> list[Label]:
    """Plausible labels in five scripts, numbered from `first` so that no two are alike."""
    return [
        Label(
            waybill=f"FH{number:011d}CN",
            order_number=str(576460752303423488 + number),
            carrier="J&T Express",
            service="Standard",
            sort_code=f"HUB-{number % 90:02d}",
            weight_g=200 + number % 900,
            pieces="1/1",
            recipient=BUYERS[number % len(BUYERS)],
            seller=SELLER,
        )
        for number in range(first, first + count)
    ]


def run(count: int) -> dict[str, Any]:
    """Labels a second from facts to PDF (check, clean, lay out the address, barcode, typeset), median of five repeats.

    The raw figure beside it, interleaved: the bare typesetter on pages of the same kind whose facts are already laid
    out, barcode building included. No page occurs twice, so nothing is remembered from the other side.
    """
    fonts.library("".join(party.name for party in BUYERS))
    ours: list[float] = []
    raw: list[float] = []
    _ours(labels_of(min(count, 50), 0))
    for repeat in range(REPEATS):
        first = 1000 + 2 * repeat * count
        sides = [(_ours, ours, first), (_bare, raw, first + count)]
        for side, times, start in sides if repeat % 2 else reversed(sides):
            times.append(side(labels_of(count, start)))
    mine, bare = statistics.median(ours), statistics.median(raw)
    return {
        "schema": "fahuo.bench_labels/1",
        "labels": count,
        "labels_per_second": round(count / mine),
        "labels_per_second_spread": [round(count / max(ours)), round(count / min(ours))],
        "raw_labels_per_second": round(count / bare),
        "raw_labels_per_second_spread": [round(count / max(raw)), round(count / min(raw))],
        "ratio_to_raw": round(bare / mine, 3),
    }


def _ours(labels: list[Label]) -> float:
    start = time.perf_counter()
    render_labels(labels)
    return time.perf_counter() - start


def _bare(labels: list[Label]) -> float:
    """Seconds for the barcodes and one compilation per batch with a compiler that is ready."""
    pages = [page(label, number, 100) for number, label in enumerate(labels)]
    library, _ = fonts.library()
    families = {first: library.families(first) for first in (*fonts.HAN, *fonts.GENERAL)}
    compiler = _compiler(library)
    start = time.perf_counter()
    for at in range(0, len(pages), BATCH):
        shown = [
            {**one, "svg": barcode.svg(barcode.widths(one["waybill"])), "bars": None} for one in pages[at : at + BATCH]
        ]
        data = json.dumps({"width": 100, "height": 150, "fonts": families, "labels": shown})
        compiler.compile(input=pdf.template("label"), sys_inputs={"data": data}, pdf_tags=False)
    return time.perf_counter() - start


def _compiler(library: fonts.Library, made: list[typst.Compiler] = []) -> typst.Compiler:  # noqa: B006 - made once
    if not made:
        made.append(typst.Compiler(root=str(pdf.TEMPLATES), font_paths=library.fonts, ignore_system_fonts=True))
    return made[0]
