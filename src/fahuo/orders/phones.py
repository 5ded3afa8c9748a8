"""Telephone numbers of buyers as E.164, fast.

The rules are those of the `phonenumbers` library. Its patterns for the order's country are compiled once into one
expression, which settles the usual spellings (`(+84)912345678`, `0912 345 678`); everything else, and every doubt,
is left to the library itself, so both always agree. A masked number (`(+66)*******12`) is a state, not a fault.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import phonenumbers
from msgspec import Struct
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, NumberParseException, PhoneMetadata, PhoneNumberFormat

MISSING = "phone_missing"
INVALID = "phone_invalid"
MASK = "*"

_Match = Callable[[str], "re.Match[str] | None"]

_TYPES = (
    "fixed_line", "mobile", "premium_rate", "toll_free", "shared_cost", "voip", "personal_number", "pager", "uan",
    "voicemail",
)  # fmt: skip
"""Descriptions of which the library wants one to match."""


class Phone(Struct, frozen=True, gc=False):
    """`e164` when valid; `masked` when the source shows stars; `problem` is a code, None when there is none."""

    e164: str | None
    masked: bool
    problem: str | None


_MASKED = Phone(None, True, None)
_MISSING = Phone(None, False, MISSING)
_INVALID = Phone(None, False, INVALID)


def parse_phone(text: str, country: str) -> Phone:
    """The number of a person in that country (ISO alpha-2, upper case; used when the text has no `+`)."""
    if MASK in text:
        return _MASKED
    plan = _plan(country)
    if plan is not None:
        digits = text.replace("-", "").replace(" ", "").replace("(", "").replace(")", "")
        found = plan.international(digits) or plan.national(digits)
        if found is not None:
            return Phone(plan.code + found["nsn"], False, None)
    return _by_library(text, country)


class _Plan(NamedTuple):
    code: str
    """`+84`"""
    international: _Match
    """`+84…` in full; the group `nsn` is the national number."""
    national: _Match
    """As written at home, without the trunk prefix; the group `nsn` is the national number."""


@cache
def _plan(country: str) -> _Plan | None:
    """The country's own pattern when it is the main country of its calling code (not Guernsey, Canada, …), else None.

    The two expressions accept only what the library would take digit by digit: texts on which it would cut off a
    trunk, carrier or international prefix by a rule that is more than a plain prefix do not match.
    """
    meta = PhoneMetadata.metadata_for_region(country, None) if country else None
    if meta is None or meta.country_code is None or COUNTRY_CODE_TO_REGION_CODE[meta.country_code][0] != country:
        return None
    valid = _valid(meta)
    code = str(meta.country_code)
    trunk = meta.national_prefix_for_parsing
    no_trunk = f"(?!{trunk})" if trunk else ""
    dialled = f"(?!{meta.international_prefix}|{code})" if meta.international_prefix else f"(?!{code})"
    home = f"{dialled}{no_trunk}(?P<nsn>{valid})"
    if trunk and trunk == meta.national_prefix and trunk.isdecimal():
        home = f"{dialled}(?:{trunk}|{no_trunk})(?P<nsn>{valid})"
    return _Plan(
        f"+{code}",
        re.compile(rf"\+{code}{no_trunk}(?P<nsn>{valid})", re.ASCII).fullmatch,
        re.compile(home, re.ASCII).fullmatch,
    )


def _valid(meta: PhoneMetadata) -> str:
    """One expression for every number that the library calls valid in this country."""
    kinds = []
    for name in _TYPES:
        kind = getattr(meta, name)
        if kind is not None and kind.national_number_pattern:
            lengths = "|".join(rf"\d{{{n}}}" for n in kind.possible_length)
            kinds.append((rf"(?=(?:{lengths})$)" if lengths else "") + f"(?:{kind.national_number_pattern})")
    general = meta.general_desc.national_number_pattern if meta.general_desc else ".*"
    return rf"(?=(?:{general})$)(?:{'|'.join(kinds)})"


def _by_library(text: str, country: str) -> Phone:
    if not text.strip():
        return _MISSING
    try:
        number = phonenumbers.parse(text, country or None)
    except NumberParseException:
        return _INVALID
    if not phonenumbers.is_valid_number(number):
        return _INVALID
    return Phone(phonenumbers.format_number(number, PhoneNumberFormat.E164), False, None)
