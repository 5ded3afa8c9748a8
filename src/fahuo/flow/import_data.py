"""Use case: take the seller's own tables (SKUs, stock, warehouses, carriers, rates, cartons, numbers) from CSV or XLSX.

Each row is taken or refused by itself, with the row, the column and the reason; the rest goes on. Taking a file twice
changes nothing: rows are found again by their codes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec

from fahuo.channels.sheets import rows as rows_of
from fahuo.flow.columns import TABLES
from fahuo.flow.import_tables import WRITERS, Rows
from fahuo.kernel.columns import Column, match_header, parse_row, unknown_columns
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.store.engine import Store

BATCH: Final = 2_000


class RowRefusal(msgspec.Struct):
    """Why one row of a table was not taken."""

    file: str
    row: int | None
    problem: Problem


class DataReport(msgspec.Struct):
    """What came of a table: rows read, rows taken, rows refused with their reasons.

    `left_out`: file → its columns that nobody knows, which were not read.
    """

    read: int = 0
    taken: int = 0
    refused: list[RowRefusal] = []
    left_out: dict[str, list[str]] = {}


def import_data(
    store: Store, kind: str, paths: Sequence[Path], at: int, actor: str, *, dry_run: bool = False
) -> DataReport:
    """Read tables of one kind into the catalogue, the stock or the carriers. Raises Failure for an unreadable file."""
    _check_kind(kind)
    report = DataReport()
    for path in paths:
        for batch in _batches(read_table(path, TABLES[kind], report), BATCH):
            with store.write() as tx:
                refused = WRITERS[kind](tx, batch, at, actor)
                if dry_run:
                    tx.conn.rollback()
            report.taken += len(batch) - len({row for row, _ in refused})
            report.refused += [RowRefusal(str(path), row, problem) for row, problem in refused]
    return report


def _check_kind(kind: str) -> None:
    if kind not in TABLES:
        raise Failure(
            Problem(
                "unknown_table",
                "kind",
                kind,
                N_("There is no table {kind}."),
                N_("Choose one of: {known}."),
                {"kind": kind, "known": ", ".join(TABLES)},
            )
        )


def template(kind: str) -> str:
    """The header and one example row, as CSV. Raises Failure for a kind there is not."""
    _check_kind(kind)
    return "\r\n".join(",".join(_cell(v) for v in line) for line in _template_rows(kind)) + "\r\n"


def _template_rows(kind: str) -> tuple[list[str], list[str]]:
    return [column.name for column in TABLES[kind]], [column.example for column in TABLES[kind]]


def _cell(text: str) -> str:
    return f'"{text}"' if "," in text else text


def _batches(rows: Iterator[tuple[int, dict[str, Any]]], size: int) -> Iterator[Rows]:
    while batch := list(islice(rows, size)):
        yield batch


def read_table(path: Path, columns: Sequence[Column], report: DataReport) -> Iterator[tuple[int, dict[str, Any]]]:
    """(physical row, values) of every row that can be read; the others are refused in the report.

    Raises Failure for a file that is empty or lacks a column.
    """
    lines = iter(rows_of(path))
    header = next(lines, None)
    if header is None:
        raise Failure(
            Problem("file_empty", "file", path.name, N_("The file is empty."), N_("Give a table with a header row."))
        )
    places, missing = match_header(header[1], columns)
    if missing:
        raise Failure(missing[0])
    if unknown := unknown_columns(header[1], columns):
        report.left_out[str(path)] = unknown
    for row, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        report.read += 1
        values, problems = parse_row(cells, places, columns)
        if problems:
            report.refused += [RowRefusal(str(path), row, problem) for problem in problems[:3]]
        else:
            yield row, values


def iter_refused(report: DataReport) -> Iterable[RowRefusal]:
    """Refusals in file and row order."""
    return sorted(report.refused, key=lambda one: (one.file, one.row or 0))
