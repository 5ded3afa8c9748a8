"""Reading a data set through its mapping."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from fahuo.channels.checks import finish
from fahuo.channels.mapping.build import Builder
from fahuo.channels.mapping.dataset import Dataset, find_files
from fahuo.channels.mapping.model import MAIN, Mapping
from fahuo.channels.model import ReadContext, Refused, refusal, refuse
from fahuo.kernel.text import N_
from fahuo.orders.model import OrderIn, Refusal


def read(paths: Sequence[Path], mapping: Mapping, context: ReadContext) -> Iterator[OrderIn | Refusal]:
    """Every order of one data set, in the order of its main table. Raises Failure before the first one is given."""
    with Dataset(mapping, find_files(paths, mapping), context) as data:
        builder = Builder(mapping, data.tables, context)
        main, lines = data.tables[MAIN].file, data.tables[mapping.line.each].file
        for key, row in data.orphans():
            orphan = refuse(
                "orphan_row" if key else "missing_order_id",
                None,
                None,
                N_("The row's order is not in the table of orders.") if key else N_("The row has no order id."),
                N_("Export the tables again, all of the same time."),
                row,
            )
            yield refusal(orphan, context, lines if key else main, row, key)
        for group in data.groups():
            try:
                order = finish(builder.build(group), context)
            except Refused as refused:
                yield refusal(refused, context, main, group.rows[MAIN][0][0], group.key)
            else:
                if order:
                    yield order
