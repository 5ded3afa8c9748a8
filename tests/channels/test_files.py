"""Input that is damaged, in another encoding, packed, endless, or no order file at all."""

from __future__ import annotations

import csv
import gzip
import io
import os
import re
import zipfile
from pathlib import Path

import openpyxl  # type: ignore[import-untyped]  # ships no types
import pytest

from fahuo.channels import sheets
from fahuo.channels.detect import detect
from fahuo.channels.files import MAX_LINE, encoding_of, open_bytes
from fahuo.channels.read import read_orders
from fahuo.kernel.problems import Failure
from fahuo.orders.model import OrderIn, Refusal
from tests.channels.helpers import api_order, as_lines, context, read
from tests.channels.samples import as_csv, as_xlsx, sample


def code_of(path: Path, market: str = "US", **options: str) -> str:
    """The code of the failure that reading the file ends in."""
    with pytest.raises(Failure) as caught:
        list(read_orders([path], context(market), **options))
    assert caught.value.exit_code == 2
    shown = caught.value.problem.render()
    assert shown.message
    assert "{" not in shown.message + shown.next
    return shown.code


PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + os.urandom(200)
NO_ORDERS = {
    "png": PNG,
    "jpeg": b"\xff\xd8\xff\xe0" + os.urandom(200),
    "pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj",
    "xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500),
    "html": b"<!DOCTYPE html><html><body>Please sign in</body></html>",
    "xml": b'<?xml version="1.0"?><orders/>',
    "binary": b"\x01\x02\x03\x04" * 300,
    "other csv": b"Date,Steps\n2026-01-01,4000\n",
    "prose": b"Dear colleague, please find the orders attached.\n",
    "json that is no order": b'{"hello":\n "world"}',
}


@pytest.mark.parametrize("content", NO_ORDERS.values(), ids=NO_ORDERS.keys())
@pytest.mark.parametrize("packed", [False, True])
def test_no_order_file(tmp_path: Path, content: bytes, packed: bool) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(gzip.compress(content) if packed else content)
    assert code_of(path) == "not_an_order_file"


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\r\n\r\n", b"  \t "])
def test_an_empty_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    assert code_of(path) == "empty_file"


def test_the_content_decides_not_the_name(tmp_path: Path) -> None:
    assert detect(as_csv(tmp_path / "orders.json", sample("US"))) == "seller-center"
    assert detect(as_lines(tmp_path / "orders.csv", api_order())) == "tiktok-json"
    assert detect(as_xlsx(tmp_path / "orders.txt", sample("US"))) == "seller-center"


def test_other_columns_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"Date,Steps\n1,2\n")
    with pytest.raises(Failure, match="Date, Steps"):
        detect(path)


def test_missing_and_folder(tmp_path: Path) -> None:
    assert code_of(tmp_path / "nothing.csv") == "cannot_open"
    assert code_of(tmp_path) == "mapping_needed"
    assert code_of(tmp_path, format="seller-center") == "cannot_open"


def test_unknown_format_and_zone(tmp_path: Path) -> None:
    path = as_csv(tmp_path / "x.csv", sample("US"))
    assert code_of(path, format="excel") == "unknown_format"
    assert code_of(path, format="mapping") == "mapping_needed"
    with pytest.raises(Failure, match="Mars/Base"):
        list(read_orders([path], context("US", zone="Mars/Base")))


def test_a_quote_never_closed_takes_nothing(tmp_path: Path) -> None:
    path = as_csv(tmp_path / "x.csv", sample("US"))
    text = path.read_text("utf-8-sig")
    path.write_text(text.replace("Main", '"Main', 2), "utf-8", newline="")
    taken = []
    with pytest.raises(Failure) as caught:
        taken += list(read_orders([path], context("US")))
    assert taken == []
    assert caught.value.problem.code == "broken_csv"
    assert re.search(r"row [3-6]", str(caught.value))


def test_nul_bytes(tmp_path: Path) -> None:
    path = as_csv(tmp_path / "x.csv", sample("US"))
    path.write_bytes(path.read_bytes().replace(b"Main", b"Ma\0in", 1))
    with pytest.raises(Failure) as caught:
        read(path)
    assert caught.value.problem.code == "nul_bytes"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_encodings_that_are_found(tmp_path: Path, encoding: str) -> None:
    table = sample("US", "zh").put(0, "收件人", "王小明").put(1, "收件人", "王小明")
    orders, refused = read(as_csv(tmp_path / "x.csv", table, encoding))
    assert refused == []
    assert orders[0].recipient.name == "王小明"


@pytest.mark.parametrize("mark", [b"\xff\xfe", b""])
def test_utf_16_with_and_without_a_mark(tmp_path: Path, mark: bytes) -> None:
    path = as_csv(tmp_path / "x.csv", sample("US"), "utf-16-le")
    path.write_bytes(mark + path.read_bytes().removeprefix("\ufeff".encode("utf-16-le")))
    orders, refused = read(path)
    assert (len(orders), refused) == (2, [])


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("latin-1", "José Núñez à Málaga"), ("cp874", "สมชาย ใจดี กรุงเทพ"), ("cp1258", "Hà Giang, Lâm Đô")],
)
def test_one_byte_encodings_are_not_guessed(tmp_path: Path, encoding: str, name: str) -> None:
    table = sample("US").put(2, "Recipient", name)
    path = as_csv(tmp_path / "x.csv", table, encoding)
    with pytest.raises(Failure) as caught:
        read(path)
    assert caught.value.problem.code == "wrong_encoding"
    position = int(re.search(r"byte (\d+)", str(caught.value))[1])  # type: ignore[index]  # a match, or the test fails
    assert path.read_bytes()[position - 1] > 127
    mapping = tmp_path / "m.toml"
    mapping.write_text(f'encoding = "{encoding}"\n', "utf-8")
    orders, _ = read(path, mapping=mapping, format="seller-center")
    assert orders[1].recipient.name == name


def test_a_wrong_byte_far_into_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"a" * 3_000_000 + "é".encode() + b"\xe9 ")
    with pytest.raises(Failure, match="byte 3000003"):
        encoding_of(path)


def test_an_endless_line(tmp_path: Path) -> None:
    path = as_csv(tmp_path / "x.csv", sample("US"))
    path.write_bytes(path.read_bytes() + b"x" * (MAX_LINE + 10))
    with pytest.raises(Failure) as caught:
        read(path)
    assert caught.value.problem.code == "line_too_long"


def test_a_cut_gzip(tmp_path: Path) -> None:
    path = as_csv(tmp_path / "x.csv", sample("US"))
    packed = gzip.compress(path.read_bytes())
    path.write_bytes(packed[: len(packed) // 2])
    assert code_of(path) == "broken_gzip"
    path.write_bytes(packed[:-8] + bytes(8))
    assert code_of(path) == "broken_gzip"


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_delimiters(tmp_path: Path, delimiter: str) -> None:
    table = sample("VN")
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([table.header, *table.rows])
    path = tmp_path / "x.csv"
    path.write_text(out.getvalue(), "utf-8")
    orders, refused = read(path, "VN")
    assert (len(orders), refused) == (2, [])


def repack(path: Path, part: str, change: object) -> None:
    """Rewrite one part of a workbook."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert callable(change)
    parts[part] = change(parts[part])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


SHEET = "xl/worksheets/sheet1.xml"


def test_a_workbook_with_a_stale_dimension(tmp_path: Path) -> None:
    """Seen in real exports: the sheet says A1:A1 and holds everything."""
    path = as_xlsx(tmp_path / "x.xlsx", sample("US"))
    repack(path, SHEET, lambda xml: re.sub(rb'<dimension ref="[^"]+"', b'<dimension ref="A1:A1"', xml))
    orders, refused = read(path)
    assert (len(orders), refused) == (2, [])


def test_a_workbook_whose_header_cells_are_rows_of_their_own(tmp_path: Path) -> None:
    """Seen in real exports: each cell of row 1 stands in its own <row r="1">."""

    def split(xml: bytes) -> bytes:
        first = re.search(rb'<row r="1"[^>]*>(.*?)</row>', xml, re.S)
        assert first
        cells = re.findall(rb"<c .*?</c>", first[1], re.S)
        return xml.replace(first[0], b"".join(b'<row r="1">' + cell + b"</row>" for cell in cells))

    path = as_xlsx(tmp_path / "x.xlsx", sample("US"))
    repack(path, SHEET, split)
    orders, refused = read(path)
    assert (len(orders), refused) == (2, [])


def test_a_zip_that_is_no_workbook(tmp_path: Path) -> None:
    path = tmp_path / "orders.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("orders.csv", "Order ID\n1\n")
    assert code_of(path) == "not_an_order_file"


def test_a_cut_workbook(tmp_path: Path) -> None:
    path = as_xlsx(tmp_path / "x.xlsx", sample("US"))
    path.write_bytes(path.read_bytes()[:3_000])
    assert code_of(path) == "broken_xlsx"


def test_a_workbook_that_unpacks_to_too_much(tmp_path: Path) -> None:
    path = as_xlsx(tmp_path / "x.xlsx", sample("US"))
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("bomb.bin", "w", force_zip64=True) as out,
    ):
        for _ in range((sheets.MAX_XLSX_BYTES >> 24) + 1):
            out.write(bytes(1 << 24))
    assert path.stat().st_size < 1_000_000
    assert code_of(path) == "xlsx_too_large"


def test_a_workbook_with_a_cell_in_the_far_corner(tmp_path: Path) -> None:
    """Two cells that span the whole sheet would make a table of 17 thousand million cells."""
    path = as_xlsx(tmp_path / "x.xlsx", sample("US"))
    far = b'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row></sheetData>'
    repack(path, SHEET, lambda xml: xml.replace(b"</sheetData>", far))
    assert code_of(path) == "xlsx_too_large"


def test_pipes_and_positions(tmp_path: Path) -> None:
    path = as_csv(tmp_path / "x.csv", sample("US"))
    with open_bytes(path) as stream:
        assert stream.read(3) == b"\xef\xbb\xbf"


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert code_of(tmp_path / "pipe") == "cannot_open"


def test_a_shop_without_a_real_currency(tmp_path: Path) -> None:
    path = as_csv(tmp_path / "x.csv", sample("US"))
    with pytest.raises(Failure, match="XXZ"):
        list(read_orders([path], context("US", currency="XXZ")))


def test_a_workbook_whose_table_begins_further_down(tmp_path: Path) -> None:
    path = as_xlsx(tmp_path / "x.xlsx", sample("US").put(2, "Quantity", "0"))
    book = openpyxl.load_workbook(path)
    book.worksheets[0].insert_rows(1, 2)
    book.worksheets[0].insert_cols(1)
    book.save(path)
    orders, refused = read(path)
    assert [o.row for o in orders] == [5]
    assert [(r.code, r.row) for r in refused] == [("bad_quantity", 7)]


def test_one_file_of_several_that_cannot_be_read(tmp_path: Path) -> None:
    """The others are taken, before and after it; only when none can be read does the whole import fail."""
    names = ("a.jsonl", "b.csv", "c.csv", "d.jsonl")
    paths = [tmp_path / name for name in names]
    as_lines(paths[0], api_order(id="1"))
    paths[1].write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    paths[2].write_text('Order ID,Order Status,SKU ID,Quantity\n"1,To ship,2,3\n')
    as_lines(paths[3], api_order(id="2"))
    *orders, picture, broken = read_orders(paths, context())
    assert [order.platform_order_id for order in orders if isinstance(order, OrderIn)] == ["1", "2"]
    assert isinstance(picture, Refusal)
    assert isinstance(broken, Refusal)
    assert [(r.file, r.row, r.order, r.code) for r in (picture, broken)] == [
        ("b.csv", None, "", "not_an_order_file"),
        ("c.csv", None, "", "broken_csv"),
    ]
    with pytest.raises(Failure) as unreadable:
        list(read_orders(paths[1:3], context()))
    assert unreadable.value.problem.code == "not_an_order_file"
