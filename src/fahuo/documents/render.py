"""Labels → PDF or ZPL, in batches."""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, Literal

import msgspec
import typst

from fahuo.documents import address, barcode, fonts, pdf, textlayer, zpl
from fahuo.documents.label import Label, Party, check, cleaned, misfit
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_

Format = Literal["pdf", "zpl"]

SIZES = {
    "100x150": (100.0, 150.0),
    "102x152": (101.6, 152.4),
    "100x180": (100.0, 180.0),
    "A6": (105.0, 148.0),
    "A5": (148.0, 210.0),
}
"""Label sizes in mm; 102x152 is the 4×6 inch roll; A6 and A5 are what platforms call theirs."""

BATCH = 100
"""Pages per compilation. The typesetter remembers its last ten runs: this bounds memory (about 300 MB)."""

LANGUAGE = {
    "CN": "zh", "TW": "zh", "HK": "zh", "MO": "zh", "SG": "en", "JP": "ja", "KR": "ko", "TH": "th", "VN": "vi",
    "LA": "lo", "KH": "km", "MM": "my", "SA": "ar", "AE": "ar", "EG": "ar", "KW": "ar", "QA": "ar", "IN": "hi",
}  # fmt: skip
FIXED = frozenset("TOFRM Order Tel. kg · pcs")
"""Characters the template and this module add of their own."""
RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
KANA = re.compile("[\u3040-\u30ff]")
HANGUL = re.compile("[\u1100-\u11ff\uac00-\ud7af]")
FAMILY = {
    "thai": "Noto Sans Thai",
    "lao": "Noto Sans Lao",
    "khmer": "Noto Sans Khmer",
    "burmese": "Noto Sans Myanmar",
    "arabic": "Noto Sans Arabic",
    "devanagari": "Noto Sans Devanagari",
}
SCRIPT = re.compile(
    "(?P<thai>[\u0e00-\u0e7f])|(?P<lao>[\u0e80-\u0eff])|(?P<khmer>[\u1780-\u17ff])|(?P<burmese>[\u1000-\u109f])"
    "|(?P<arabic>[\u0600-\u06ff])|(?P<devanagari>[\u0900-\u097f])|(?P<han>[\u1100-\u11ff\u2e80-\ud7af\uf900-\ufaff])"
)
BREAKABLE = re.compile("[\\x21-\u05ff]{12,}")


def size_of(size: str) -> tuple[float, float]:
    """Width and height in mm of a size by name; raises Failure for another one."""
    if size not in SIZES:
        raise Failure(
            Problem(
                "label.size",
                "size",
                size,
                N_("{size!r} is not a label size."),
                N_("Use one of {sizes}."),
                {"size": size, "sizes": ", ".join(SIZES)},
            )
        )
    return SIZES[size]


class Rendered(msgspec.Struct):
    """What came of a batch: the document of the good labels, and per label (by place in the batch) its problems."""

    document: bytes
    pages: int
    refused: dict[int, list[Problem]]
    notices: dict[int, list[Problem]]


def render_labels(labels: Sequence[Label], fmt: Format = "pdf", size: str = "100x150", dpi: int = 203) -> bytes:
    """All labels as one document, a page each in their order. Raises Failure for the first that cannot be printed."""
    parts = []
    for part in render_batches(labels, fmt, size, dpi):
        for problems in part.refused.values():
            raise Failure(problems[0], exit_code=3 if problems[0].code == "fonts.script_missing" else 1)
        parts.append(part.document)
    return join(parts, fmt)


def join(parts: Sequence[bytes], fmt: Format) -> bytes:
    """The documents of several batches as one."""
    parts = [part for part in parts if part]
    return b"".join(parts) if fmt == "zpl" or not parts else pdf.merge(parts)


def render_batches(
    labels: Iterable[Label], fmt: Format = "pdf", size: str = "100x150", dpi: int = 203
) -> Iterator[Rendered]:
    """Labels in batches, each a document of its own: memory stays bounded. A bad label is refused, the others go on."""
    width, height = size_of(size)
    feed = iter(labels)
    while batch := list(islice(feed, BATCH)):
        yield _render(batch, fmt, width, height, dpi)


def _render(batch: list[Label], fmt: Format, width: float, height: float, dpi: int) -> Rendered:
    refused: dict[int, list[Problem]] = {}
    notices: dict[int, list[Problem]] = {}
    good: dict[int, Label] = {}
    for number, raw in enumerate(batch):
        label, noted = cleaned(raw)
        if noted:
            notices[number] = noted
        if problems := check(label, width):
            refused[number] = problems
        else:
            good[number] = label
    library, missing = fonts.library(_characters(good.values()))
    if missing:
        for number, label in list(good.items()):
            if here := _characters([label]) & missing:
                refused[number] = [fonts.problem(here)]
                del good[number]
    document = _document(library, good, refused, fmt, width, height, dpi) if good else b""
    return Rendered(document, len(good), refused, notices)


def _document(
    library: fonts.Library,
    good: dict[int, Label],
    refused: dict[int, list[Problem]],
    fmt: Format,
    width: float,
    height: float,
    dpi: int,
) -> bytes:
    pages = {number: page(label, number, width) for number, label in good.items()}
    native = fmt == "zpl"
    while pages:
        data = _data(library, list(pages.values()), width, height, bars=not native)
        try:
            made = pdf.compile_pdf(library, "label", data)
        except typst.TypstError as error:
            unfit = pdf.misfits(library, "label", data)
            if not unfit:
                raise Failure(
                    Problem(
                        "label.typesetting",
                        message=N_("The typesetter failed: {reason}"),
                        params={"reason": error.message},
                    ),
                    3,
                ) from error
            for number, field in unfit:
                refused.setdefault(number, []).append(misfit(field))
                pages.pop(number, None)
                good.pop(number, None)
            continue
        if native:
            return zpl.from_pdf(made, [(p["waybill"], p["bars"]) for p in pages.values()], width, height, dpi)
        return textlayer.add(made, [list(filter(textlayer.needs_layer, label.texts())) for label in good.values()])
    return b""


def _data(library: fonts.Library, pages: list[dict[str, Any]], width: float, height: float, *, bars: bool) -> bytes:
    shown = [{key: value for key, value in p.items() if key != "bars"} | ({} if bars else {"svg": ""}) for p in pages]
    families = {first: library.families(first) for first in (*fonts.HAN, *fonts.GENERAL)}
    return msgspec.json.encode({"width": width, "height": height, "fonts": families, "labels": shown})


def _characters(labels: Iterable[Label]) -> set[str]:
    return set("".join(f"{label.waybill}{''.join(label.texts())}" for label in labels)) | FIXED


def page(label: Label, number: int, width: float) -> dict[str, Any]:
    """The facts of one page for the template; `number` comes back when a text does not fit."""
    bars = barcode.widths(label.waybill)
    abroad = label.seller.country not in {label.recipient.country, ""}
    weight = f"{label.weight_g / 1000:.3f}".rstrip("0").rstrip(".") + " kg" if label.weight_g else ""
    return {
        "i": number,
        "waybill": label.waybill,
        "bars": bars,
        "bars_mm": sum(bars) * barcode.dots(sum(bars), width - 4) * barcode.DOT,
        "svg": barcode.svg(bars),
        "fonts": _first_font(
            label.recipient.country, f"{label.carrier} {label.service} {label.note} {label.sort_code}"
        ),
        "carrier": breakable(label.carrier, 11.5),
        "service": breakable(label.service, 18),
        "sort_code": label.sort_code,
        "order_number": breakable(label.order_number, 14),
        "facts": " · ".join(filter(None, (weight, label.pieces and f"{label.pieces} pcs"))),
        "note": breakable(label.note, 14),
        "marks": label.marks,
        "marks_mm": 36 if label.marks else 0,
        "marks_pt": min(10.0, 90 / (max(map(_em, label.marks), default=9) + 0.6)),
        "to": _party(label.recipient, abroad),
        "seller": _party(label.seller, abroad, compact=True),
    }


def _party(who: Party, abroad: bool, *, compact: bool = False) -> dict[str, Any]:
    parts = {
        "N": (who.name,) if who.name else (),
        "A": who.lines,
        "D": (who.district,) if who.district else (),
        "C": (who.city,) if who.city else (),
        "S": (who.region,) if who.region else (),
        "Z": (who.postal_code,) if who.postal_code else (),
    }
    lines = [(breakable(text, 12), is_name) for text, is_name in address.layout(who.country, parts)]
    if abroad and who.country:
        lines.append((address.style(who.country).name, False))
    if compact:
        lines = _joined(lines)
    text = " ".join(line for line, _ in lines)
    rtl = len(RTL.findall(text)) * 2 > sum(map(str.isalpha, text))
    return {
        "lines": lines,
        "phone": who.phone,
        "fonts": _first_font(who.country, text),
        "lang": "ar" if rtl else LANGUAGE.get(who.country, "en"),
        "region": who.country if re.fullmatch("[A-Z]{2}", who.country) else None,
        "rtl": rtl,
        "cjk": bool(address.CJK.search(who.name)),
    }


def _joined(lines: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """The sender's address takes little room: its lines run on, the name keeps a line of its own."""
    joined: list[tuple[str, bool]] = []
    for is_name, group in groupby(lines, key=itemgetter(1)):
        texts = [text for text, _ in group]
        blank = " " if address.CJK.search("".join(texts)) else ", "
        joined += [(text, True) for text in texts] if is_name else [(blank.join(texts), False)]
    return joined


def _first_font(country: str, text: str) -> str:
    """Key of the font list for a text: by its script, for Chinese characters by their national form."""
    if text.isascii():
        return fonts.GENERAL[0]
    return (
        fonts.GENERAL[0]
        if not (script := SCRIPT.search(text))
        else FAMILY.get(script.lastgroup or "") or _han(country, text)
    )


def _han(country: str, text: str) -> str:
    """Which national form of Chinese characters: the country's; abroad by the script around them."""
    if (own := fonts.HAN_OF_COUNTRY.get(country)) is not None:
        return own
    if country != "CN" and KANA.search(text):
        return "JP"
    return "KR" if country != "CN" and HANGUL.search(text) else "SC"


def breakable(text: str, em: float) -> str:
    """The text with places to break inside words too long for a line of `em` times the type size."""
    return BREAKABLE.sub(lambda word: _split(word[0], em), text)


def _em(text: str) -> float:
    """About how wide a text is, in multiples of its type size; rather too wide than too narrow."""
    return sum(0.95 if c in "WMwm@%" else 1.0 if c > "\u2e80" else 0.72 if c.isupper() else 0.62 for c in text)


def _split(word: str, em: float) -> str:
    if _em(word) <= em:
        return word
    step = math.floor(em / 2)
    return "\u200b".join(word[at : at + step] for at in range(0, len(word), step))
