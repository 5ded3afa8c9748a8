"""What stands on a shipping label, and whether it may be printed."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct

from fahuo.documents import address, barcode
from fahuo.kernel.problems import Problem
from fahuo.kernel.text import N_

MAX_LINE = 1_000_000
"""Longest line of input in bytes that is looked at: a label is a few hundred."""

MAX_ADDRESS = 1_000
"""Most characters of one address. More cannot be laid out legibly on a label."""

MAX_SHORT, MAX_MARK, MAX_MARKS = 40, 24, 6
"""Characters of a phone number or postal code, of one goods mark, and number of goods marks."""

LIMITS = {"order_number": 60, "carrier": 60, "service": 60, "sort_code": 24, "pieces": 12, "note": 160}

DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Marks that turn the writing direction: they could make a label read other than it is stored."""
INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff\ufff9-\ufffb]")
EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u2604\u2607-\u27bf\ufe0e\ufe0f\u20e3\U000e0020-\U000e007f]+")


DIRTY = re.compile(
    f"{DIRECTION.pattern}|{INVISIBLE.pattern}|{EMOJI.pattern}"
    "|[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\uf8ff\U000f0000-\U0010ffff]|[^\\S\n]{2}|\n[^\\S\n]|[^\\S\n]\n|\u3000|\xa0"
)
"""Quick look: text without any of these is printed as it stands (a line end here only separates fields)."""


class Party(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A name and postal address. `country` is ISO 3166-1 alpha-2; `lines` are street and house, finest first."""

    name: str = ""
    lines: tuple[str, ...] = ()
    district: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""
    phone: str = ""


class Label(Struct, frozen=True, kw_only=True):
    """One label. `waybill` becomes the barcode, exactly; `marks` are goods marks such as "UN3481"; weight in grams."""

    waybill: str
    recipient: Party
    seller: Party
    order_number: str = ""
    carrier: str = ""
    service: str = ""
    sort_code: str = ""
    weight_g: int | None = None
    pieces: str = ""
    marks: tuple[str, ...] = ()
    note: str = ""

    def texts(self) -> Iterator[str]:
        """Every text that is printed, except the waybill number."""
        for who in (self.recipient, self.seller):
            yield from (who.name, who.district, who.city, who.region, who.postal_code, who.country, who.phone)
            yield from who.lines
        yield from (self.order_number, self.carrier, self.service, self.sort_code, self.pieces, self.note)
        yield from self.marks


def clean(text: str) -> str:
    """The text as it is printed: composed form, no control, direction or invisible marks, no emoji, single blanks."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split()) if "  " in text or text[:1] == " " or text[-1:] == " " else text
    text = DIRECTION.sub("", INVISIBLE.sub("", EMOJI.sub(" ", unicodedata.normalize("NFC", text))))
    return " ".join(
        "".join(" " if unicodedata.category(c) in {"Cc", "Cs", "Co", "Zl", "Zp"} else c for c in text).split()
    )


def cleaned(label: Label) -> tuple[Label, list[Problem]]:
    """The label as it is printed, and a notice for each field that lost characters no printer should print."""
    notices: list[Problem] = []
    texts = ("", *label.texts(), "")
    every = "\n".join(texts)
    plain = every.count("\n") == len(texts) - 1 and not DIRTY.search(every)
    if plain and unicodedata.is_normalized("NFC", every):
        return label, notices

    def tidy(text: str, field: str) -> str:
        new = clean(text)
        if EMOJI.search(text):
            notices.append(_notice("label.emoji_removed", field, N_("Emoji were left out of {field}.")))
        if DIRECTION.search(text):
            notices.append(
                _notice("label.direction_removed", field, N_("Marks that turn text around were left out of {field}."))
            )
        return new

    def party(who: Party, field: str) -> Party:
        changes = {key: tidy(value, f"{field}.{key}") for key in WORDS if (value := getattr(who, key))}
        lines = tuple(filter(None, (tidy(line, f"{field}.lines") for line in who.lines)))
        return msgspec.structs.replace(who, **changes, lines=lines)

    return (
        msgspec.structs.replace(
            label,
            recipient=party(label.recipient, "recipient"),
            seller=party(label.seller, "seller"),
            marks=tuple(filter(None, (tidy(mark, "marks") for mark in label.marks))),
            **{key: tidy(value, key) for key in LIMITS if (value := getattr(label, key))},
        ),
        notices,
    )


WORDS = ("name", "district", "city", "region", "postal_code", "country", "phone")


def _notice(code: str, field: str, message: str) -> Problem:
    return Problem(code, field, message=message, params={"field": field})


def check(label: Label, width_mm: float = 100) -> list[Problem]:
    """Why a (cleaned) label cannot be printed; empty when it can."""
    found = [
        barcode.fits(label.waybill, width_mm - 4),
        *_party(label.recipient, "recipient"),
        *_party(label.seller, "seller"),
    ]
    if not label.order_number:
        found.append(_missing("order_number"))
    for field, limit in LIMITS.items():
        if len(getattr(label, field)) > limit:
            found.append(_too_long(field, limit))
    if len(label.marks) > MAX_MARKS or any(len(mark) > MAX_MARK for mark in label.marks):
        found.append(_too_long("marks", MAX_MARK))
    return [problem for problem in found if problem]


def _party(who: Party, field: str) -> Iterator[Problem]:
    needed = ["name", "lines"]
    if field == "recipient":
        needed += ["country", "phone"]
        if who.country and address.style(who.country).needs_postal_code:
            needed.append("postal_code")
    for name in needed:
        if not getattr(who, name):
            yield _missing(f"{field}.{name}")
    if who.country and not re.fullmatch("[A-Z]{2}", who.country):
        yield Problem(
            "label.country",
            f"{field}.country",
            who.country[:40],
            N_("{value!r} is not a country code."),
            N_("Use the two capital letters of ISO 3166-1, such as VN."),
            {"value": who.country[:40]},
        )
    if sum(map(len, (who.name, *who.lines, who.district, who.city, who.region))) > MAX_ADDRESS:
        yield _too_long(f"{field}.lines", MAX_ADDRESS)
    for short in ("phone", "postal_code"):
        if len(getattr(who, short)) > MAX_SHORT:
            yield _too_long(f"{field}.{short}", MAX_SHORT)


def _missing(field: str) -> Problem:
    return Problem(
        "label.field_missing",
        field,
        message=N_("{field} is missing."),
        next=N_("A label needs it; complete the data and print again."),
        params={"field": field},
    )


def _too_long(field: str, limit: int) -> Problem:
    return Problem(
        "label.text_too_long",
        field,
        message=N_("{field} is longer than {limit} characters."),
        next=N_("Shorten it: a label never cuts text by itself."),
        params={"field": field, "limit": limit},
    )


def misfit(field: str) -> Problem:
    """The problem of a text that does not fit its place even in the smallest type."""
    return Problem(
        "label.text_does_not_fit",
        field,
        message=N_("{field} does not fit its place on the label even in the smallest type."),
        next=N_("Shorten it: a label never cuts text by itself."),
        params={"field": field},
    )


_decoder = msgspec.json.Decoder(Label)


def read_labels_jsonl(lines: Iterable[bytes]) -> Iterator[Label | Problem]:
    """One label per line of JSON; blank lines pass. A line that is no label gives a Problem (`line` in its params)."""
    return (found for _, found in numbered_labels(lines))


def numbered_labels(lines: Iterable[bytes]) -> Iterator[tuple[int, Label | Problem]]:
    """The same with the number of the line, from 1."""
    for number, line in enumerate(lines, 1):
        if line.isspace():
            continue
        if len(line) > MAX_LINE:
            yield number, _bad_line(number, "the line is too long", None)
            continue
        try:
            yield number, _decoder.decode(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            reason, _, place = str(error).partition(" - at `$.")
            yield number, _bad_line(number, reason, place.rstrip("`") or None)


def _bad_line(number: int, reason: str, field: str | None) -> Problem:
    return Problem(
        "label.line_invalid",
        field,
        message=N_("Line {line} is no label: {reason}."),
        next=N_("See docs/labels.md for the fields of a label."),
        params={"line": number, "reason": reason},
    )
