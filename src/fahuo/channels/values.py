"""Reading one cell: identifiers, quantities, amounts, local times. Every doubt is a refusal that names the field."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import Final

from fahuo.channels.model import MAX_QUANTITY, MAX_TEXT, refuse
from fahuo.kernel.instant import from_local, parse_instant, zone
from fahuo.kernel.money import exponent_of, parse_display
from fahuo.kernel.problems import Problem
from fahuo.kernel.text import N_

_EDGES: Final = " \t\r\n\u00a0\u200b\ufeff"
_ID: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._:#/-]{0,63}")
_LOST: Final = re.compile(r"[0-9]+(?:[.,][0-9]+)?[eE]\+?[0-9]+")


def clean(cell: str) -> str:
    """The cell without blanks and TABs around it (the Seller Center ends many cells with a TAB)."""
    return cell.strip(_EDGES)


def machine(cell: str, field: str, row: int | None = None) -> str:
    """A cell a program must understand: trimmed, and refused when it is a spreadsheet formula."""
    text = clean(cell)
    if text[:1] in ("=", "@"):
        raise refuse(
            "formula_cell",
            field,
            text,
            N_("{field} begins with “{first}”: a spreadsheet formula is never calculated or guessed."),
            N_("Put the plain value into the cell and import the file again."),
            row,
            first=text[0],
        )
    return text


def identifier(cell: str, field: str, row: int | None = None) -> str:
    """An id as text. Refused: formulas, numbers a spreadsheet has rounded (`5.76E+17`), anything with odd signs."""
    text = machine(cell, field, row)
    if _LOST.fullmatch(text):
        raise refuse(
            "id_lost_digits",
            field,
            text,
            N_("{field} “{value}” was turned into a number by a spreadsheet program and has lost digits."),
            N_("Export the file again and import it without opening it in a spreadsheet program."),
            row,
        )
    if text and not _ID.fullmatch(text):
        raise refuse(
            "bad_id",
            field,
            text,
            N_("{field} “{value}” is not an id: letters, digits and . _ : # / - only, at most 64."),
            N_("Correct the cell and import the file again."),
            row,
        )
    return text


def free_text(cell: str) -> str:
    """Text for people, as it is; cut when absurdly long."""
    return clean(cell)[:MAX_TEXT]


def looks_like_formula(text: str) -> bool:
    """Whether a spreadsheet would calculate this text. Phone numbers begin with `+` and are no formulas."""
    return text[:1] in ("=", "@") and len(text) > 1


_WHOLE: Final = re.compile(r"([+-]?[0-9]{1,18})(?:[.,]0+)?")


def quantity(cell: str, field: str, row: int | None = None) -> int:
    """A positive whole number of units, at most `MAX_QUANTITY`."""
    text = machine(cell, field, row)
    match = _WHOLE.fullmatch(text)
    number = int(match[1]) if match else None
    if number is None or number < 1:
        raise refuse(
            "bad_quantity",
            field,
            text,
            N_("{field} “{value}” is not a whole number of at least 1."),
            N_("Correct the quantity and import the file again."),
            row,
        )
    if number > MAX_QUANTITY:
        raise refuse(
            "quantity_too_large",
            field,
            text,
            N_("{field} “{value}” is more than {limit} units in one line."),
            N_("Correct the quantity, or split the order, and import the file again."),
            row,
            limit=MAX_QUANTITY,
        )
    return number


_WORD: Final = re.compile(r"[A-Za-z]{3,}")


def amount(cell: str, field: str, currency: str, row: int | None = None) -> tuple[int, str, int] | None:
    """(minor units, currency, exponent) of a price as the Seller Center shows it; None for an empty cell."""
    text = machine(cell, field, row)
    if not text:
        return None
    try:
        minor, found, exponent = _display(text, currency)
    except ValueError:
        word = _WORD.search(text)
        if word and not _is_currency(word[0].upper()):
            raise refuse(
                "unknown_currency",
                field,
                text,
                N_("{field} “{value}” names a currency that does not exist."),
                N_("Use an ISO 4217 code such as USD or VND."),
                row,
            ) from None
        raise refuse(
            "bad_amount",
            field,
            text,
            N_("{field} “{value}” is not an amount in {currency}."),
            N_("Correct the amount and import the file again."),
            row,
            currency=currency,
        ) from None
    return not_negative(minor, text, field, row), found, exponent


def not_negative(minor: int, text: str, field: str, row: int | None = None) -> int:
    """The amount itself, refused when below zero."""
    if minor < 0:
        raise refuse(
            "negative_amount",
            field,
            text,
            N_("{field} “{value}” is negative."),
            N_("Correct the amount and import the file again."),
            row,
        )
    return minor


_display = lru_cache(maxsize=65_536)(parse_display)


@lru_cache(maxsize=512)
def _is_currency(code: str) -> bool:
    try:
        exponent_of(code)
    except ValueError:
        return False
    return True


_TIME: Final = r"(?:[ T,]+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?(?: ?([AaPp])\.?[Mm]\.?)?)?"
_YEAR_FIRST: Final = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?" + _TIME)
_YEAR_LAST: Final = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})" + _TIME)
_OFFSET: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]+ ?(?:Z|[+-][0-9]{2}:?[0-9]{2})")
_YEARS: Final = range(2002, 2100)
_HALF_DAY: Final = range(1, 13)
_SHOWN: Final = {"MDY": "MM/DD/YYYY", "DMY": "DD/MM/YYYY", None: "YYYY-MM-DD"}


class _ImpossibleError(ValueError):
    """Digits in the right places that are no date or time."""


@lru_cache(maxsize=65_536)
def _read_local(text: str, order: str | None, zone_name: str) -> tuple[int, str | None]:
    if _OFFSET.fullmatch(text):
        try:
            return parse_instant(text.replace(" ", "T", 1).replace(" ", "")), None
        except ValueError as error:
            raise _ImpossibleError(text) from error
    if match := _YEAR_FIRST.fullmatch(text):
        year, month, day = match[1], match[2], match[3]
    elif order and (match := _YEAR_LAST.fullmatch(text)):
        month, day = (match[1], match[2]) if order == "MDY" else (match[2], match[1])
        year = match[3]
    else:
        raise ValueError(text)
    hour, minute, second = (int(match[i] or 0) for i in (4, 5, 6))
    if half := match[7]:
        if hour not in _HALF_DAY:
            raise _ImpossibleError(text)
        hour = hour % 12 + (12 if half in "Pp" else 0)
    try:
        naive = datetime(int(year), int(month), int(day), hour, minute, second)  # noqa: DTZ001 - a wall clock's time
    except ValueError as error:
        raise _ImpossibleError(text) from error
    if naive.year not in _YEARS:
        raise _ImpossibleError(text)
    return from_local(naive, zone(zone_name))


def local_time(
    cell: str, field: str, order: str | None, zone_name: str, notes: list[Problem], row: int | None = None
) -> int | None:
    """The instant of a local time; None for an empty cell.

    `order` is how this source writes day and month ('MDY', 'DMY' or None for year-first only) and is never guessed
    from the values. A time that does not exist that night is taken as the instant after the gap, and noted.
    """
    text = machine(cell, field, row)
    if not text:
        return None
    try:
        at, doubt = _read_local(text, order, zone_name)
    except _ImpossibleError:
        raise refuse(
            "impossible_date",
            field,
            text,
            N_("{field} “{value}” is impossible; dates of this shop are read as {format}."),
            N_("Correct the date, or name the date order in a mapping file, and import the file again."),
            row,
            format=_SHOWN[order],
        ) from None
    except ValueError:
        raise refuse(
            "bad_date",
            field,
            text,
            N_("{field} “{value}” is not a date; dates of this shop are read as {format}."),
            N_("Correct the date, or name the date order in a mapping file, and import the file again."),
            row,
            format=_SHOWN[order],
        ) from None
    if doubt == "gap":
        notes.append(
            Problem(
                "time_in_dst_gap",
                field,
                text,
                N_("{field} “{value}” did not exist that night (summer time); the instant after the gap is used."),
                "",
                {"field": field, "value": text},
            )
        )
    return at
