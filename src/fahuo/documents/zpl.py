"""ZPL for thermal printers.

Text goes as a picture made from the very page of the PDF: a printer has no fonts for the scripts of the markets, and
what it has shapes Thai or Burmese wrongly. The barcode is the printer's own (`^BC`): its bars fall on whole dots at
any resolution and the number stands in the file as text. Only a number with characters that mean something to ZPL
is drawn into the picture, also on whole dots.
"""

import re
from collections.abc import Iterator, Sequence

import numpy as np
import pypdfium2  # type: ignore[import-untyped]  # it has no types
from numpy.typing import NDArray

from fahuo.documents import barcode
from fahuo.documents.pdf import LOCK
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_

DPI = {203: 8, 300: 12}
"""Resolution by its name → dots per mm as the heads really have."""

BAR_TOP, BAR_HEIGHT = 22, 22
"""Place of the bars on the label in mm, the same as in the template."""

INK = 140
"""Grey below this prints black. A little above the middle keeps thin strokes of small type."""

PLAIN = re.compile(r"[A-Za-z0-9 ./+$%*#:()-]+")
RUN = re.compile(r"(.)\1{2,}")


def from_pdf(
    document: bytes, codes: Sequence[tuple[str, Sequence[int]]], width: float, height: float, dpi: int
) -> bytes:
    """ZPL of a PDF without bars, a label per page; `codes` are waybill and bar widths of each page."""
    if dpi not in DPI:
        raise Failure(
            Problem(
                "label.dpi",
                "dpi",
                str(dpi),
                N_("{dpi} is not a resolution of a label printer."),
                N_("Use 203 or 300."),
                {"dpi": dpi},
            )
        )
    rows, columns = round(height * DPI[dpi]), round(width * DPI[dpi])
    pages = (pixels[:rows, :columns] for pixels in rasters(document, DPI[dpi] * 25.4))
    return "".join(
        _label(pixels, text, bars, DPI[dpi], width) for pixels, (text, bars) in zip(pages, codes, strict=True)
    ).encode("ascii")


def rasters(document: bytes, dpi: float) -> Iterator[NDArray[np.uint8]]:
    """Every page as grey pixels (rows × columns, uint8)."""
    with LOCK:
        opened = pypdfium2.PdfDocument(document)
        try:
            for number in range(len(opened)):
                page = opened[number]
                yield page.render(scale=dpi / 72, grayscale=True).to_numpy()
                page.close()
        finally:
            opened.close()


def _label(pixels: NDArray[np.uint8], text: str, bars: Sequence[int], per_mm: int, width: float) -> str:
    module = barcode.dots(sum(bars), width - 4) * per_mm // 8
    left = round((width * per_mm - sum(bars) * module) / 2)
    top, high = BAR_TOP * per_mm, BAR_HEIGHT * per_mm
    dark = pixels < INK
    code = ""
    if PLAIN.fullmatch(text):
        code = f"^FO{left},{top}^BY{module}^BCN,{high},N,N,N,A^FD{text}^FS\n"
    else:
        row = np.zeros(dark.shape[1], dtype=bool)
        edges = np.cumsum([left, *np.multiply(bars, module)])
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            row[start:end] = True
        dark[top : top + high] |= row
    rows, columns = dark.shape
    return f"^XA\n^CI28^PW{columns}^LL{rows}^LH0,0\n^FO0,0{graphic(dark)}^FS\n{code}^XZ\n"


def graphic(dark: NDArray[np.bool_]) -> str:
    """A graphic field in ZPL's own run-length form, which printers of every age take."""
    packed = np.packbits(dark, axis=1)
    rows, stride = packed.shape
    data, before = [], ""
    for line in packed:
        row = line.tobytes().hex().upper()
        data.append(":" if row == before else _squeeze(row))
        before = row
    return f"^GFA,{rows * stride},{rows * stride},{stride},{''.join(data)}"


def _squeeze(row: str) -> str:
    """One row with runs counted and its blank end as a comma (which fills up from a whole byte on)."""
    inked = len(row.rstrip("0"))
    inked += inked % 2
    return RUN.sub(lambda run: _count(len(run[0])) + run[1], row[:inked]) + ("," if inked < len(row) else "")


def _count(n: int) -> str:
    """ZPL repeat letters: G..Y are 1..19, g..z are 20..400 by twenties."""
    most, twenties, ones = n // 400, n % 400 // 20, n % 20
    return "z" * most + (chr(ord("f") + twenties) if twenties else "") + (chr(ord("F") + ones) if ones else "")
