"""The shipped-file a seller uploads in the Seller Center: which order left with which carrier under which number."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import NamedTuple

HEADER = ("Order ID", "Package ID", "Shipping Provider Name", "Tracking ID")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Shipped(NamedTuple):
    """One parcel of the file."""

    order: str
    package: str
    carrier: str
    number: str


def write(rows: Iterable[Shipped]) -> bytes:
    """UTF-8 with BOM and CRLF, as the Seller Center writes its files. Cells a spreadsheet would run are quoted."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADER)
    writer.writerows([[_plain(cell) for cell in row] for row in rows])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _plain(cell: str) -> str:
    return "'" + cell if cell.startswith(_FORMULA) else cell
