"""Where the columns of one export stand, and the amounts of one order read through it."""

from __future__ import annotations

import msgspec

from fahuo.channels import values
from fahuo.channels.model import refuse
from fahuo.channels.sheets import Row
from fahuo.kernel.money import exponent_of
from fahuo.kernel.text import N_


class Layout(msgspec.Struct, frozen=True):
    """Where each known column stands in this file, and how this file writes its dates."""

    header: tuple[str, ...]
    position: dict[str, int]
    dates: str | None

    def cell(self, row: Row, name: str) -> str:
        """The cell, empty when the file has no such column."""
        at = self.position.get(name)
        return row[1][at] if at is not None and at < len(row[1]) else ""

    def shown(self, name: str) -> str:
        """The column's name as the file spells it."""
        at = self.position.get(name)
        return self.header[at] if at is not None else name


class Money:
    """Reads the amounts of one order, which must all be in one currency."""

    def __init__(self, layout: Layout, currency: str) -> None:
        self._layout = layout
        self._currency = currency
        self._stated: str | None = None

    def take(self, row: Row, name: str, may_be_negative: bool = False) -> int | None:
        """Minor units of that column, None when empty. `may_be_negative`: a discount may carry its sign."""
        cell, shown = self._layout.cell(row, name), self._layout.shown(name)
        if may_be_negative:
            cell = cell.removeprefix("-")
        found = values.amount(cell, shown, self._stated or self._currency, row[0])
        if found is None:
            return None
        if self._stated not in (None, found[1]):
            raise refuse(
                "mixed_currencies",
                shown,
                cell,
                N_("{field} “{value}” is in another currency than the order's other amounts ({currency})."),
                N_("Correct the amount and import the file again."),
                row[0],
                currency=self._stated,
            )
        self._stated = found[1]
        return found[0]

    def settled(self) -> tuple[str, int]:
        """The currency the amounts state, else the shop's, and its exponent."""
        currency = self._stated or self._currency
        return currency, exponent_of(currency)
