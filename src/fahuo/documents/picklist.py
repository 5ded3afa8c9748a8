"""Paper for the floor: the pick list of a wave in the order of the bins, and the packing slip of a parcel."""

import re
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from fahuo.documents import barcode, fonts, pdf
from fahuo.documents.label import clean
from fahuo.kernel.text import N_, t


class PickRow(Struct, frozen=True, kw_only=True):
    """So many units of one SKU from one bin; `parcels` names the parcels they are for (text as printed)."""

    bin: str
    sku: str
    name: str = ""
    variation: str = ""
    quantity: int = 1
    parcels: str = ""


class PickList(Struct, frozen=True, kw_only=True):
    """What one person fetches for one wave. `due` and `printed` are texts in the warehouse's own time."""

    wave: str
    rows: Sequence[PickRow]
    warehouse: str = ""
    picker: str = ""
    due: str = ""
    printed: str = ""


class SlipLine(Struct, frozen=True, kw_only=True):
    """One line of a packing slip."""

    sku: str
    name: str = ""
    variation: str = ""
    quantity: int = 1


class PackingSlip(Struct, frozen=True, kw_only=True):
    """What lies in one parcel; `package` is what the packing bench scans."""

    package: str
    order_number: str
    lines: Sequence[SlipLine]
    shop: str = ""
    recipient: str = ""
    country: str = ""
    wave: str = ""
    note: str = ""


WORDS = {
    "pick_list": N_("Pick list"),
    "packing_slip": N_("Packing slip"),
    "wave": N_("Wave"),
    "warehouse": N_("Warehouse"),
    "picker": N_("Picker"),
    "due": N_("Due"),
    "printed": N_("Printed"),
    "bin": N_("Bin"),
    "sku": N_("SKU"),
    "name": N_("Product"),
    "quantity": N_("Qty"),
    "parcels": N_("Parcels"),
    "total": N_("Total"),
    "order": N_("Order"),
    "package": N_("Package"),
    "recipient": N_("Recipient"),
    "page": N_("Page"),
}


def natural(text: str) -> tuple[tuple[int, str], ...]:
    """Sorts A-2 before A-10: the way a person walks along the shelves."""
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", text))


def pick_list(lists: Sequence[PickList], lang: str = "en") -> bytes:
    """PDF on A4, each list from a new page, rows by bin."""
    shown = [
        {**_plain(one), "rows": [_plain(row) for row in sorted(one.rows, key=lambda row: (natural(row.bin), row.sku))],
         "units": sum(row.quantity for row in one.rows), "svg": _code(one.wave)}
        for one in lists
    ]  # fmt: skip
    return _made("picklist", shown, lang)


def packing_slips(slips: Sequence[PackingSlip], lang: str = "en") -> bytes:
    """PDF of 100×150 mm for the label printer, each slip from a new page; a long one runs on."""
    shown = [
        {**_plain(one), "lines": [_plain(line) for line in one.lines],
         "units": sum(line.quantity for line in one.lines), "svg": _code(one.package)}
        for one in slips
    ]  # fmt: skip
    return _made("slip", shown, lang)


def _plain(record: Struct) -> dict[str, Any]:
    return {
        key: clean(value) if isinstance(value, str) else value for key, value in msgspec.structs.asdict(record).items()
    }


def _code(text: str) -> str:
    return barcode.svg(barcode.widths(text)) if barcode.fits(text, 60, "barcode") is None else ""


def _made(template: str, shown: list[dict[str, Any]], lang: str) -> bytes:
    words = {key: t(word, lang) for key, word in WORDS.items()}
    data = msgspec.json.encode({"documents": shown, "words": words, "lang": lang})
    library, missing = fonts.library(data.decode())
    if missing:
        fonts.require(missing)
    countries = {one.get("country", "") for one in shown}
    han = fonts.HAN_OF_COUNTRY.get(countries.pop(), "SC") if len(countries) == 1 else "SC"
    with_fonts = msgspec.json.encode({"documents": shown, "words": words, "lang": lang, "fonts": library.families(han)})
    return pdf.compile_pdf(library, template, with_fonts)
