"""Typed columns of the tables people keep in spreadsheets: one description gives parser, template and documentation."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from fahuo.kernel.countries import country_codes
from fahuo.kernel.instant import zone
from fahuo.kernel.money import exponent_of, parse_minor
from fahuo.kernel.problems import Problem
from fahuo.kernel.text import N_, Phrase

MAX_INT: Final = 2**53
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class CellError(ValueError):
    """Why a cell cannot be read, as a text that can be translated."""

    def __init__(self, why: str, **params: Any) -> None:
        self.phrase = Phrase(why, **params)
        super().__init__(str(self.phrase))


@dataclass(frozen=True)
class Column:
    """One column. `parse` turns a stripped, non-empty cell into a value or raises ValueError; empty gives `default`."""

    name: str
    parse: Callable[[str], Any]
    meaning: str
    required: bool = False
    default: Any = ""
    example: str = ""


def whole(low: int = 0, high: int = MAX_INT) -> Callable[[str], int]:
    """A whole number between `low` and `high`; `12.0` is whole, as spreadsheets write it."""

    def parse(cell: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,18}(\.0+)?", cell):
            raise CellError(N_("not a whole number"))
        value = int(cell.split(".", 1)[0])
        if not low <= value <= high:
            raise CellError(N_("not between {low} and {high}"), low=low, high=high)
        return value

    return parse


def text(limit: int = 200) -> Callable[[str], str]:
    """Text of at most `limit` characters. A cell that a spreadsheet would run as a formula is refused."""

    def parse(cell: str) -> str:
        if cell.startswith("="):
            raise CellError(N_("a formula, not a text"))
        if _CONTROL.search(cell):
            raise CellError(N_("with signs that cannot be printed"))
        if len(cell) > limit:
            raise CellError(N_("longer than {limit} characters"), limit=limit)
        return cell

    return parse


def one_of(*words: str) -> Callable[[str], str]:
    """One of these words, in any case."""
    known = {word.casefold(): word for word in words}

    def parse(cell: str) -> str:
        if cell.casefold() not in known:
            raise CellError(N_("not one of {words}"), words=", ".join(words))
        return known[cell.casefold()]

    return parse


def several_of(words: Mapping[str, int]) -> Callable[[str], int]:
    """Words joined by `+`, as a bit mask."""

    def parse(cell: str) -> int:
        mask = 0
        for word in cell.split("+"):
            if word.strip().casefold() not in words:
                raise CellError(N_("not among {words}"), words=", ".join(words))
            mask |= words[word.strip().casefold()]
        return mask

    return parse


def currency(cell: str) -> str:
    """An ISO 4217 code."""
    exponent_of(cell.upper())
    return cell.upper()


def amount(cell: str) -> str:
    """A plain decimal amount, kept as text until the row's currency is known; never negative."""
    if not re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,6})?", cell):
        raise CellError(N_("not an amount such as 12.30"))
    return cell


def rate(cell: str) -> Decimal:
    """A plain positive decimal number, exact."""
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,12})?", cell) or not Decimal(cell):
        raise CellError(N_("not a rate such as 3550.25"))
    return Decimal(cell)


def minor(value: str, code: str) -> int:
    """A text that `amount` let through, in minor units of the currency."""
    return parse_minor(value, exponent_of(code))


def clock_time(cell: str) -> str:
    """HH:MM."""
    found = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(:00)?", cell)
    if not found:
        raise CellError(N_("not a time such as 16:30"))
    return f"{int(found[1]):02}:{found[2]}"


def weekdays(cell: str) -> str:
    """Digits of the working weekdays, Monday = 1."""
    if not re.fullmatch(r"[1-7]{1,7}", cell) or len(set(cell)) != len(cell):
        raise CellError(N_("not weekday digits such as 12345 (Monday = 1)"))
    return "".join(sorted(cell))


def country(cell: str) -> str:
    """An ISO 3166-1 alpha-2 code; UK means GB."""
    code = "GB" if cell.upper() == "UK" else cell.upper()
    if code not in country_codes():
        raise CellError(N_("not a two-letter country code"))
    return code


def link(limit: int = 300) -> Callable[[str], str]:
    """The address of a web page: people open it from our pages, so it can be nothing but http or https."""
    plain = text(limit)

    def parse(cell: str) -> str:
        if not re.match(r"https?://[^\s/]", plain(cell)):
            raise CellError(N_("not a web address that begins with https://"))
        return cell

    return parse


def zone_name(cell: str) -> str:
    """An IANA time zone."""
    zone(cell)
    return cell


def words_of(parse: Callable[[str], Any]) -> Callable[[str], tuple[Any, ...]]:
    """A list joined by commas or blanks; `*` stands for any."""

    def split(cell: str) -> tuple[Any, ...]:
        parts = [part for part in re.split(r"[,\s]+", cell) if part]
        return tuple("*" if part == "*" else parse(part) for part in parts)

    return split


def _reason(error: ValueError) -> Phrase | str:
    return error.phrase if isinstance(error, CellError) else str(error)


def match_header(header: Sequence[str], columns: Sequence[Column]) -> tuple[dict[str, int], list[Problem]]:
    """Column name → place in the file, by trimmed name in any case; required ones that are missing as problems."""
    places: dict[str, int] = {}
    for place, cell in enumerate(header):
        name = _name(cell)
        if name and name not in places:
            places[name] = place
    missing = [column.name for column in columns if column.required and column.name not in places]
    return places, [
        Problem(
            "column_missing",
            name,
            None,
            N_("The column {name} is missing."),
            N_("Add it to the first row; `--template` prints all columns."),
            {"name": name},
        )
        for name in missing
    ]


def unknown_columns(header: Sequence[str], columns: Sequence[Column]) -> list[str]:
    """Cells of the first row that name no column, as they stand there."""
    known = {column.name for column in columns}
    return [cell.strip() for cell in header if cell.strip() and _name(cell) not in known]


def _name(cell: str) -> str:
    return re.sub(r"[\s-]+", "_", cell.strip().lstrip("\ufeff").casefold())


def parse_row(
    cells: Sequence[str], places: Mapping[str, int], columns: Sequence[Column]
) -> tuple[dict[str, Any], list[Problem]]:
    """Values by column name, and one problem for every cell that is wrong."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for column in columns:
        place = places.get(column.name, -1)
        cell = cells[place].strip() if 0 <= place < len(cells) else ""
        if not cell:
            values[column.name] = column.default
            if column.required:
                problems.append(
                    Problem(
                        "cell_empty",
                        column.name,
                        None,
                        N_("{name} is empty."),
                        N_("Fill it in: {meaning}."),
                        {"name": column.name, "meaning": Phrase(column.meaning)},
                    )
                )
            continue
        try:
            values[column.name] = column.parse(cell)
        except ValueError as error:
            problems.append(
                Problem(
                    "cell_wrong",
                    column.name,
                    cell[:80],
                    N_("{name} cannot be read: {reason}."),
                    N_("It means: {meaning}."),
                    {"name": column.name, "reason": _reason(error), "meaning": Phrase(column.meaning)},
                )
            )
    return values, problems
