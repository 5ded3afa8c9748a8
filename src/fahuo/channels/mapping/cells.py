"""Reading single values of one order out of its tables, as the mapping names them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeVar

from fahuo.channels import values
from fahuo.channels.mapping.dataset import Group, Loaded
from fahuo.channels.mapping.model import MAIN, From, Mapping, as_source, split
from fahuo.channels.model import MARKETS, ReadContext, Refused, market_code, refuse
from fahuo.channels.sheets import Row
from fahuo.kernel.instant import from_local, local, parse_instant, zone
from fahuo.kernel.money import exponent_of, parse_minor
from fahuo.kernel.problems import Problem
from fahuo.kernel.text import N_

Cell = tuple[str, str, Row, Loaded]
"""A cell's text, its column, its row, its table."""

_Value = TypeVar("_Value")
_NO = frozenset({"", "0", "0.0", "false", "no", "n", "否"})


class Cells:
    """The cells of the orders of one data set; every method may raise `Refused`."""

    def __init__(self, mapping: Mapping, tables: dict[str, Loaded], context: ReadContext) -> None:
        self.tables = tables
        self.market = market_code(mapping.market or context.market)
        known = MARKETS.get(self.market)
        self.default_currency = mapping.currency or context.currency or (known.currency if known else "")
        self._dates = mapping.dates or (known.dates if known else None)
        self._zone = mapping.zone or context.zone
        self._plain = mapping.amounts == "plain"
        each = mapping.line.each
        self._beside_lines = {each} | {
            name for name, table in mapping.tables.items() if table.of and split(table.of)[0] == each
        }

    def filled(self, group: Group, given: From | None, at: int | None = None) -> list[list[Cell]]:
        """For each column of the source its filled cells; `at` keeps only the row of that line."""
        found = []
        for reference in as_source(given).columns if given is not None else ():
            name, column = split(reference)
            table = self.tables.get(name)
            if table is None:
                continue
            place, rows = table.position[column], group.rows.get(name, [])
            if at is not None and name in self._beside_lines:
                rows = rows[at : at + 1]
            found.append(
                [(text, column, row, table) for row in rows if row[1] and (text := values.clean(row[1][place]))]
            )
        return found

    def one(
        self,
        group: Group,
        given: From | None,
        at: int | None = None,
        reader: Callable[[str, str, int], object] | None = None,
    ) -> Cell | None:
        """The first filled cell. Rows of the main table must agree on what is the order's, not a line's.

        With a `reader` their values count, so that a bad cell is called bad and not merely different.
        """
        for cells in self.filled(group, given, at):
            if not cells:
                continue
            first = cells[0]
            for other in cells[1:] if at is None and first[3] is self.tables[MAIN] else ():
                if other[0] != first[0] and not (reader and self.read(first, reader) == self.read(other, reader)):
                    raise refuse(
                        "rows_disagree",
                        first[1],
                        None,
                        N_("Rows {first} and {second} are of one order but differ in {field}."),
                        N_("Keep the rows of one export only, and import the file again."),
                        other[2][0],
                        first=first[2][0],
                        second=other[2][0],
                    )
            return first
        return None

    def read(self, cell: Cell, reader: Callable[[str, str, int], _Value]) -> _Value:
        """What `reader` makes of the cell; a refusal names the file the cell stands in."""
        text, column, row, table = cell
        try:
            return reader(text, column, row[0])
        except Refused as refused:
            if table is not self.tables[MAIN]:
                refused.file = table.file
            raise

    def text(self, group: Group, given: From | None, at: int | None = None) -> str:
        """Text for people, or the constant."""
        constant = _constant(given)
        cell = None if constant is not None else self.one(group, given, at)
        return constant or (values.free_text(cell[0]) if cell else "")

    def id(self, group: Group, given: From | None, at: int | None = None) -> str:
        """An id, or the constant."""
        constant = _constant(given)
        cell = None if constant is not None else self.one(group, given, at)
        return constant or (self.read(cell, values.identifier) if cell else "")

    def flag(self, group: Group, given: From | None) -> bool:
        """Whether the cell says yes."""
        return self.text(group, given).casefold() not in _NO

    def quantity(self, group: Group, given: From | None, at: int) -> int:
        """Units of a line; a mapping without a quantity counts a row as one unit."""
        if given is None:
            return 1
        constant = _constant(given)
        if constant is not None:
            return values.quantity(constant, "quantity")
        cell = self.one(group, given, at)
        return self.read(cell, values.quantity) if cell else values.quantity("", as_source(given).columns[0])

    def exponent(self, currency: str) -> int:
        """Decimals of the order's currency."""
        try:
            return exponent_of(currency)
        except ValueError:
            raise refuse(
                "unknown_currency",
                "currency",
                currency,
                N_("{field} “{value}” is no currency."),
                N_("Use an ISO 4217 code such as USD or VND."),
            ) from None

    def money(self, group: Group, given: From | None, currency: str, at: int | None = None) -> int | None:
        """Minor units: one cell's, or with take = "sum" the sum of all filled cells. None when there is none."""

        def reader(text: str, field: str, row: int) -> int:
            if self._plain:
                return _plain_amount(text, field, currency, row)
            found = values.amount(text, field, currency, row)
            return found[0] if found else 0

        if given is not None and as_source(given).take == "sum":
            every = [self.read(cell, reader) for cells in self.filled(group, given, at) for cell in cells]
            return sum(every) if every else None
        cell = self.one(group, given, at, reader)
        return self.read(cell, reader) if cell else None

    def time(self, group: Group, given: From | None, notes: list[Problem]) -> int | None:
        """An instant: the first, least or greatest of the source's cells."""
        if given is None:
            return None
        source = as_source(given)

        def reader(text: str, field: str, row: int) -> int | None:
            return _epoch(text, field, row) if source.epoch else self._local(text, field, row, source.end_of_day, notes)

        if source.take == "first":
            cell = self.one(group, given, reader=reader)
            return self.read(cell, reader) if cell else None
        every = [self.read(cell, reader) for cells in self.filled(group, given) for cell in cells]
        known = [at for at in every if at is not None]
        if not known:
            return None
        return min(known) if source.take == "min" else max(known)

    def _local(self, text: str, field: str, row: int, end_of_day: bool, notes: list[Problem]) -> int | None:
        at = values.local_time(text, field, self._dates, self._zone, notes, row)
        if at is None or not end_of_day:
            return at
        tz = zone(self._zone)
        next_day = (local(at, tz) + timedelta(days=1)).replace(hour=0, minute=0, second=0, tzinfo=None)
        return from_local(next_day, tz)[0] - 1

    def payload(self, group: Group) -> dict[str, list[dict[str, str]]]:
        """Every filled cell of the order's rows, by table and column."""
        return {
            name: [
                {column: cell for column, cell in zip(self.tables[name].header, cells, strict=False) if cell}
                for _, cells in rows
                if cells
            ]
            for name, rows in group.rows.items()
        }


def _constant(given: From | None) -> str | None:
    return given.value if given is not None and not isinstance(given, str) else None


def _plain_amount(text: str, field: str, currency: str, row: int) -> int:
    value = values.machine(text, field, row)
    try:
        minor = parse_minor(value, exponent_of(currency))
    except ValueError:
        raise refuse(
            "bad_amount",
            field,
            value,
            N_("{field} “{value}” is not an amount in {currency}."),
            N_("Correct the amount and import the file again."),
            row,
            currency=currency,
        ) from None
    return values.not_negative(minor, value, field, row)


def _epoch(text: str, field: str, row: int) -> int:
    try:
        return parse_instant(values.machine(text, field, row))
    except ValueError:
        raise refuse(
            "bad_date",
            field,
            text,
            N_("{field} “{value}” is no time in epoch seconds."),
            N_("Write times as whole epoch seconds."),
            row,
        ) from None


def check_width(table: Loaded, row: Row) -> Refused | None:
    """The refusal of a row that has not the header's cells; None for a good row."""
    width, cells = len(table.header), row[1]
    if len(cells) >= width and not any(values.clean(cell) for cell in cells[width:]):
        return None
    refused = refuse(
        "wrong_cell_count",
        None,
        str(len(cells)),
        N_("The row has {value} cells where the header has {width}: the file is cut off or its quotes broke."),
        N_("Export the file again."),
        row[0],
        width=width,
    )
    refused.file = table.file
    return refused


def distinct(values_: Sequence[str]) -> list[str]:
    """The filled ones, each once, in order."""
    return list(dict.fromkeys(filter(None, values_)))
