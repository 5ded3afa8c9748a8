"""What kind of input a path is, judged by its content and never by its name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from fahuo.channels import values
from fahuo.channels.files import failure, head
from fahuo.channels.seller_center import headers
from fahuo.channels.seller_center.read import first_filled
from fahuo.channels.sheets import is_xlsx, rows
from fahuo.kernel.problems import Failure
from fahuo.kernel.text import N_

SELLER_CENTER: Final = "seller-center"
TIKTOK_JSON: Final = "tiktok-json"

_MAGIC: Final = (
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"%PDF", "PDF"),
    (b"\xd0\xcf\x11\xe0", "XLS (Excel 97)"),
    (b"7z\xbc\xaf", "7-Zip"),
    (b"Rar!", "RAR"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"\xfd7zXZ", "XZ"),
    (b"SQLite format 3", "SQLite"),
    (b"PAR1", "Parquet"),
    (b"\x7fELF", "ELF"),
)
_MARKUP: Final = (b"<!doctype", b"<html", b"<?xml", b"<")


def detect(path: Path, extra_headers: Mapping[str, str] | None = None) -> str:
    """`seller-center` or `tiktok-json`. Raises Failure for anything else, saying what it is and what to do."""
    if path.is_dir():
        raise failure(
            "mapping_needed",
            path,
            N_("{file} is a folder; a folder of tables is read through a mapping."),
            N_("Name the mapping (--mapping FILE.toml, or --mapping olist), or import the files one by one."),
        )
    start = head(path)
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text:
        raise failure("empty_file", path, N_("{file} is empty."), N_("Export the orders again."))
    if kind := next((name for magic, name in _MAGIC if start.startswith(magic)), None):
        raise _not_orders(path, kind)
    if text[:1] in (b"{", b"["):
        return TIKTOK_JSON
    if any(text[:9].lower().startswith(tag) for tag in _MARKUP):
        raise _not_orders(path, "HTML / XML")
    if not is_xlsx(start) and _is_binary(start):
        raise _not_orders(path, "binary")
    return _table(path, extra_headers)


def _is_binary(start: bytes) -> bool:
    """Control signs that no text of any language has; UTF-16 has NULs, but at every other place."""
    wide = start.count(0) >= len(start) // 4 or start[:2] in (b"\xff\xfe", b"\xfe\xff")
    return not wide and sum(start.count(sign) for sign in range(9)) > len(start) // 100


def _table(path: Path, extra: Mapping[str, str] | None) -> str:
    header = first_filled(rows(path))
    if header is None:
        raise failure("empty_file", path, N_("{file} is empty."), N_("Export the orders again."))
    if headers.is_export(header[1], extra):
        return SELLER_CENTER
    seen = ", ".join(filter(None, (values.clean(cell)[:40] for cell in header[1][:12])))
    raise failure(
        "not_an_order_file",
        path,
        N_("{file} is a table, but not an order export of the Seller Center; its columns are: {columns}."),
        N_("Describe its columns in a mapping file and name it with --mapping (see docs/formats.md)."),
        columns=seen,
    )


def _not_orders(path: Path, kind: str) -> Failure:
    return failure(
        "not_an_order_file",
        path,
        N_("{file} is no order file: its content is {kind}."),
        N_("Import a Seller Center export (CSV or XLSX), JSON lines, or a table with a mapping file."),
        kind=kind,
    )
