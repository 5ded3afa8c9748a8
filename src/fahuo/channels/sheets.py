"""Tables as rows of text cells with the row number a spreadsheet shows: CSV in any usual dialect, and XLSX.

Row 1 is the first row; a quoted cell that spans lines is one row; empty rows count.
"""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final

from python_calamine import CalamineError, load_workbook

from fahuo.channels.files import CHUNK, encoding_of, failure, head, text_lines
from fahuo.kernel.text import N_

Row = tuple[int, list[str]]

MAX_XLSX_BYTES: Final = 512 << 20
MAX_XLSX_CELLS: Final = 6_000_000
"""A workbook is held in memory while it is read (about 80 bytes a cell), so a larger one must come as CSV."""

_EXACT: Final = 10**15
_DELIMITERS: Final = ",;\t|"


def is_xlsx(start: bytes) -> bool:
    """Whether the first bytes are a ZIP, which is how XLSX begins."""
    return start.startswith(b"PK\x03\x04")


def rows(
    path: Path,
    progress: Callable[[int], None] | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
) -> Iterator[Row]:
    """All rows of a table file. Raises Failure (exit code 2) when it cannot be read to its end."""
    if is_xlsx(head(path, 4)):
        return _xlsx_rows(path, progress, sheet)
    return _csv_rows(path, progress, encoding, delimiter)


def _csv_rows(
    path: Path, progress: Callable[[int], None] | None, encoding: str | None, delimiter: str | None
) -> Iterator[Row]:
    known = encoding_of(path, encoding)
    reader = csv.reader(text_lines(path, known, progress), delimiter=delimiter or _delimiter(path, known), strict=True)
    number = 1
    try:
        for number, cells in enumerate(reader, start=1):
            yield number, cells
        number += 1
    except csv.Error as error:
        raise failure(
            "broken_csv",
            path,
            N_("{file} is a broken CSV: row {row} cannot be read ({why}). Nothing of the file was taken."),
            N_("Look for a quotation mark that is never closed in that row or before it, and export the file again."),
            row=number + 1,
            why=str(error),
        ) from None


def _delimiter(path: Path, encoding: str) -> str:
    """The mark that splits the first non-empty line into the most cells; the comma when in doubt."""
    for line in text_lines(path, encoding):
        if line.strip():
            return max(_DELIMITERS, key=lambda mark: len(next(csv.reader([line], delimiter=mark), [])))
    return ","


def _xlsx_rows(path: Path, progress: Callable[[int], None] | None, sheet: str | None) -> Iterator[Row]:
    _guard(path)
    try:
        book = load_workbook(str(path))
        names = book.sheet_names
        wanted = sheet or next((n for n in names if n.casefold() == "orderskulist"), names[0] if names else "")
        if wanted not in names:
            raise failure(
                "no_such_sheet",
                path,
                N_("{file} has no sheet “{sheet}”; it has: {names}."),
                sheet=wanted,
                names=", ".join(names),
            )
        table = book.get_sheet_by_name(wanted)
    except (CalamineError, OSError, ValueError, KeyError) as error:
        raise failure(
            "broken_xlsx",
            path,
            N_("{file} is no readable XLSX workbook: {why}."),
            N_("Export the file again, or save it as CSV (UTF-8)."),
            why=str(error)[:200],
        ) from None
    if progress:
        progress(path.stat().st_size)
    for number, cells in enumerate(table.iter_rows(), start=1):
        yield number, [_cell_text(cell) for cell in cells]


_REFERENCE: Final = re.compile(rb'[" ]r="([A-Z]{1,3})([0-9]{1,7})"')


def _guard(path: Path) -> None:
    """Refuse archives that would unpack to more than we hold: by declared size, then by the corner of each sheet."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(part.file_size for part in archive.infolist()) > MAX_XLSX_BYTES:
                raise _too_large(path)
            if "xl/workbook.xml" not in archive.namelist():
                raise failure(
                    "not_an_order_file",
                    path,
                    N_("{file} is a ZIP archive, but no XLSX workbook."),
                    N_("Unpack it, and import the order file itself (CSV, XLSX or JSON lines)."),
                )
            for part in archive.infolist():
                if part.filename.startswith("xl/worksheets/") and part.filename.endswith(".xml"):
                    _guard_sheet(path, archive, part)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise failure(
            "broken_xlsx",
            path,
            N_("{file} is no readable XLSX workbook: {why}."),
            N_("Export the file again, or save it as CSV (UTF-8)."),
            why=str(error)[:200],
        ) from None


def _guard_sheet(path: Path, archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    last_row, last_column, rest = 0, b"", b""
    with archive.open(part) as stream:
        while chunk := stream.read(CHUNK):
            chunk = rest + chunk
            for column, row in _REFERENCE.findall(chunk):
                last_row = max(last_row, int(row))
                if (len(column), column) > (len(last_column), last_column):
                    last_column = column
            rest = chunk[-16:]
    width = 0
    for letter in last_column:
        width = width * 26 + letter - 64
    if last_row * width > MAX_XLSX_CELLS:
        raise _too_large(path)


def _too_large(path: Path) -> Exception:
    return failure(
        "xlsx_too_large",
        path,
        N_("{file} is too large a workbook: more than {cells} cells or {size} MB unpacked."),
        N_("Export it as CSV, which may be of any size, or in parts."),
        cells=MAX_XLSX_CELLS,
        size=MAX_XLSX_BYTES >> 20,
    )


def _cell_text(cell: object) -> str:
    """A spreadsheet's own value as the text a CSV would hold: dates year first, whole numbers without a point.

    Excel keeps 15 digits: a longer number has lost some, so it is written in a form that ids refuse.
    """
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int | float):
        if abs(cell) >= _EXACT:
            return f"{cell:.14E}"
        return str(int(cell)) if cell == int(cell) else format(cell, ".15g")
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d %H:%M:%S")
    return str(cell) if isinstance(cell, str | date | time | timedelta) else ""
