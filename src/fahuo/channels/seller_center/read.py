"""Reading a Seller Center export: header, description row, rows grouped by order, orders built one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from fahuo.channels import values
from fahuo.channels.checks import finish
from fahuo.channels.files import failure
from fahuo.channels.model import MARKETS, ReadContext, Refused, market_code, refusal, refuse
from fahuo.channels.seller_center import headers as h
from fahuo.channels.seller_center.build import Builder
from fahuo.channels.seller_center.layout import Layout
from fahuo.channels.sheets import Row, rows
from fahuo.channels.staging import Staging
from fahuo.kernel.text import N_
from fahuo.orders.model import OrderIn, Refusal


class Hints(msgspec.Struct, frozen=True, kw_only=True):
    """What a mapping file may add to a Seller Center export: header names, status words, date order, file form."""

    headers: dict[str, str] = {}
    words: dict[str, str] = {}
    dates: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None


NO_HINTS = Hints()

_ORPHAN: Final = "\0"
"""Begins the key of a row without an order id; no cell of a text file can hold it."""


def read(path: Path, context: ReadContext, hints: Hints = NO_HINTS) -> Iterator[OrderIn | Refusal]:
    """Every order of one export, in the order of first appearance. Raises Failure before the first one is given."""
    table = rows(path, context.progress, hints.encoding, hints.delimiter, hints.sheet)
    header = first_filled(table)
    if header is None:
        raise failure("empty_file", path, N_("{file} is empty."), N_("Export the orders again."))
    layout = _layout(path, header[1], context, hints)
    builder = Builder(layout, context)
    with Staging() as staging:
        staging.fill(_keyed(table, layout, header))
        for order_id, group in staging.groups():
            if order_id.startswith(_ORPHAN):
                yield refusal(_orphan(layout, group[0][0]), context, path.name, group[0][0], "")
                continue
            try:
                order = finish(builder.build(order_id, _translated(group, layout, hints.words)), context)
            except Refused as refused:
                yield refusal(refused, context, path.name, group[0][0], order_id)
            else:
                if order:
                    yield order


def first_filled(table: Iterator[Row]) -> Row | None:
    """The first row that is not blank: the header."""
    return next((row for row in table if any(values.clean(cell) for cell in row[1])), None)


def _layout(path: Path, header: Sequence[str], context: ReadContext, hints: Hints) -> Layout:
    market = MARKETS.get(market_code(context.market))
    if market is None:
        raise failure(
            "unknown_market",
            path,
            N_("The shop's market “{market}” is not known, so the dates and amounts of {file} cannot be read."),
            N_("Correct the shop's market; known are: {known}."),
            market=context.market,
            known=", ".join(sorted(MARKETS)),
        )
    names = h.match(header, hints.headers)
    position: dict[str, int] = {}
    for at, name in enumerate(names):
        if name is None:
            continue
        if name in position:
            raise failure(
                "duplicate_column",
                path,
                N_("{file} has two columns for “{name}”: “{first}” and “{second}”."),
                N_("Remove one of them."),
                name=name,
                first=values.clean(header[position[name]]),
                second=values.clean(header[at]),
            )
        position[name] = at
    _check_columns(path, position)
    width = max((at for at, cell in enumerate(header) if values.clean(cell)), default=0) + 1
    return Layout(tuple(values.clean(cell) for cell in header[:width]), position, hints.dates or market.dates)


def _check_columns(path: Path, position: Mapping[str, int]) -> None:
    missing = [name for name in (h.ORDER_ID, h.QUANTITY) if name not in position]
    if h.SKU_ID not in position and h.SELLER_SKU not in position:
        missing.append(f"{h.SKU_ID} / {h.SELLER_SKU}")
    if not position.keys() & {h.STATUS, h.SUBSTATUS, *h.TIMES[1:]}:
        missing.append(h.STATUS)
    if missing:
        raise failure(
            "missing_columns",
            path,
            N_("{file} lacks columns an order needs: {missing}."),
            N_("Export the file again with all columns, or name its columns in a mapping file under [headers]."),
            missing=", ".join(missing),
        )


def _keyed(table: Iterator[Row], layout: Layout, header: Row) -> Iterator[tuple[str, int, list[str]]]:
    """Data rows by order id, without blank rows, repeated headers and the row that describes the columns.

    Cells are trimmed once, here. A row without an id is a group of its own, so that it is reported in its place.
    """
    titles = [values.clean(cell) for cell in header[1]]
    described: str | None = None
    for number, raw in table:
        cells = [values.clean(cell) for cell in raw]
        if not any(cells) or cells == titles:
            continue
        order_id = layout.cell((number, cells), h.ORDER_ID)
        if described is None:
            described = order_id if _is_description(order_id) else ""
        if described and order_id == described:
            continue
        yield order_id or f"{_ORPHAN}{number}", number, cells


def _orphan(layout: Layout, row: int) -> Refused:
    return refuse(
        "missing_order_id",
        layout.shown(h.ORDER_ID),
        "",
        N_("The row has no order id."),
        N_("Export the file again."),
        row,
    )


def _is_description(order_id: str) -> bool:
    """Row 2 explains the columns in the interface's language: a sentence where an order has its number."""
    return bool(order_id) and not any(sign.isdigit() for sign in order_id)


def _translated(group: list[Row], layout: Layout, extra: Mapping[str, str]) -> list[Row]:
    """The rows with the status words the mapping file explains replaced by the states it names."""
    if not extra:
        return group
    known = {h.key(word): state for word, state in extra.items()}
    for name in (h.STATUS, h.SUBSTATUS):
        at = layout.position.get(name)
        if at is not None:
            for _, cells in group:
                if at < len(cells):
                    cells[at] = known.get(h.key(cells[at]), cells[at])
    return group
