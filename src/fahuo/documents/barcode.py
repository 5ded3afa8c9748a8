"""Code 128: made with zxing-cpp, measured in whole printer dots so that thermal heads draw every bar true."""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate, pairwise

import numpy as np
import zxingcpp
from numpy.typing import NDArray

from fahuo.kernel.problems import Problem
from fahuo.kernel.text import N_

QUIET = 10
"""Blank modules on either side that a scanner needs (ISO/IEC 15417)."""

DOT = 25.4 / 203.2
"""One dot of a 203 dpi head (8 dots/mm), in mm."""

MIN_DOTS, MAX_DOTS = 2, 4
"""Narrowest bar in dots at 203 dpi: 0.25 mm is what hand scanners still read with ease; wider than 0.5 mm is waste."""

MAX_CHARACTERS = 80
RUNS = re.compile(rb"\x00+|\xff+")


def check(text: str, field: str = "waybill") -> Problem | None:
    """Why a text cannot be a Code 128 barcode, or None."""
    if not text:
        return Problem("label.field_missing", field, message=N_("{field} is missing."), params={"field": field})
    if not (text.isascii() and text.isprintable()) or text != text.strip():
        return Problem(
            "label.barcode_text",
            field,
            text[:MAX_CHARACTERS],
            N_("A barcode can only hold the printable characters of ASCII, without a blank at its ends: {text!r}"),
            N_("Correct the number; it must be exactly what the carrier gave."),
            {"text": text[:MAX_CHARACTERS]},
        )
    if len(text) > MAX_CHARACTERS:
        return _too_long(text, field)
    return None


def _too_long(text: str, field: str) -> Problem:
    return Problem(
        "label.barcode_too_long",
        field,
        text[:MAX_CHARACTERS],
        N_("{count} characters make a barcode too fine for the label: scanners could not read it."),
        N_("Use a wider label, or a shorter number."),
        {"count": len(text)},
    )


@lru_cache(maxsize=1024)
def widths(text: str) -> tuple[int, ...]:
    """Widths in modules of bar, gap, bar, … from the first bar to the last (no quiet zone)."""
    symbol = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.Code128)
    row = np.asarray(symbol.to_image(scale=1, add_quiet_zones=False))[0].tobytes()
    return tuple(map(len, RUNS.findall(row)))


def dots(modules: int, width_mm: float) -> int:
    """Dots (203 dpi) per module, as many as fit with the quiet zones; 0 when even the finest does not fit."""
    fits = int(width_mm / DOT) // (modules + 2 * QUIET)
    return min(fits, MAX_DOTS) if fits >= MIN_DOTS else 0


def fits(text: str, width_mm: float, field: str = "waybill") -> Problem | None:
    """Why this text has no readable barcode on a label of that width, or None."""
    return check(text, field) or (None if dots(sum(widths(text)), width_mm) else _too_long(text, field))


def svg(bars: Sequence[int]) -> str:
    """The bars as one path, one unit per module wide and one unit high, to be stretched in place."""
    edges = accumulate(bars, initial=0)
    path = "".join(f"M{at} 0h{end - at}v1h-{end - at}z" for n, (at, end) in enumerate(pairwise(edges)) if n % 2 == 0)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {sum(bars)} 1" preserveAspectRatio="none">'
        f'<path d="{path}"/></svg>'
    )


def read(pixels: NDArray[np.uint8]) -> list[zxingcpp.Barcode]:
    """Every barcode of a grey image (rows × columns, uint8), also those with errors (`.valid` is false then)."""
    return list(zxingcpp.read_barcodes(np.ascontiguousarray(pixels), return_errors=True))


def is_linear(code: zxingcpp.Barcode) -> bool:
    """Whether this is a barcode of bars rather than a square code."""
    return code.format in zxingcpp.barcode_formats_list(zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.AllLinear))
