"""The tables of one data set, found, staged in a private temporary database, and joined batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from fahuo.channels import values
from fahuo.channels.files import failure
from fahuo.channels.mapping.model import MAIN, Table, split
from fahuo.channels.mapping.model import Mapping as Layout
from fahuo.channels.model import MAX_LINES, ReadContext
from fahuo.channels.seller_center.read import first_filled
from fahuo.channels.sheets import Row, rows
from fahuo.channels.staging import open_private
from fahuo.kernel.text import N_

# scope: ok in this module -- its statements go to a private temporary database
_BATCH: Final = 500
_FILL: Final = 2_000
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[str]).decode


class Loaded(msgspec.Struct, frozen=True):
    """A staged table: its file's name and where its columns stand."""

    file: str
    header: tuple[str, ...]
    position: dict[str, int]


class Group(msgspec.Struct):
    """One order's rows in every table it has some in."""

    key: str
    rows: dict[str, list[Row]]


def find_files(paths: Sequence[Path], layout: Layout) -> dict[str, Path]:
    """The file of each table. Raises Failure when a required one is missing.

    A mapping of one table takes any single file; otherwise names count, without `.csv`, `.xlsx`, `.gz` and case.
    """
    found: dict[str, Path] = {}
    folders = [path for path in paths if path.is_dir()]
    there = [path for path in paths if not path.is_dir()]
    there += sorted(file for folder in folders for file in folder.iterdir() if file.is_file())
    by_stem = {_stem(path.name): path for path in there}
    for name, table in layout.tables.items():
        path = by_stem.get(_stem(table.file or name))
        if path is None and name == MAIN and len(layout.tables) == 1 and len(there) == 1:
            path = there[0]
        if path is not None:
            found[name] = path
        elif not table.optional:
            raise failure(
                "missing_table",
                paths[0],
                N_("{file} holds no file “{wanted}”, which the mapping needs."),
                N_("Put the file into the folder; .csv, .xlsx and .gz are understood."),
                wanted=table.file or name,
            )
    return found


def _stem(name: str) -> str:
    stem = name.casefold()
    for ending in (".gz", ".csv", ".tsv", ".txt", ".xlsx"):
        stem = stem.removesuffix(ending)
    return stem


class Dataset:
    """Fill it once with the files, then take the orders in the order of the main table."""

    def __init__(self, layout: Layout, files: Mapping[str, Path], context: ReadContext) -> None:
        self._layout = layout
        self._context = context
        self._db = open_private()
        self.tables = {name: self._load(name, path) for name, path in files.items()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._db.close()

    def _load(self, name: str, path: Path) -> Loaded:
        layout, table = self._layout, self._layout.tables[name]
        lines = rows(path, self._context.progress, layout.encoding, layout.delimiter, layout.sheet)
        header = first_filled(lines)
        if header is None:
            raise failure("empty_file", path, N_("{file} is empty."), N_("Export the orders again."))
        names = [values.clean(cell) for cell in header[1]]
        while names and not names[-1]:
            names.pop()
        position = {column: at for at, column in reversed(list(enumerate(names)))}
        self._check_columns(name, table, path, position)
        at = position[table.key]
        self._db.execute(f'CREATE TABLE "t_{name}" (key TEXT NOT NULL, row INTEGER NOT NULL, cells BLOB NOT NULL)')
        self._db.execute("BEGIN")
        kept = (
            (values.clean(cells[at]) if at < len(cells) else "", number, _encode(cells))
            for number, cells in lines
            if any(cells)
        )
        while batch := list(islice(kept, _FILL)):
            self._db.executemany(f'INSERT INTO "t_{name}" VALUES (?, ?, ?)', batch)  # noqa: S608 - the mapping allows only plain names
        self._db.execute("COMMIT")
        self._db.execute(f'CREATE INDEX "i_{name}" ON "t_{name}" (key, row)')
        return Loaded(path.name, tuple(names), position)

    def _check_columns(self, name: str, table: Table, path: Path, position: Mapping[str, int]) -> None:
        wanted = {table.key}
        for _, source in self._layout.sources():
            wanted |= {column for owner, column in map(split, source.columns) if owner == name}
        for other in self._layout.tables.values():
            if other.of and split(other.of)[0] == name:
                wanted.add(split(other.of)[1])
        if missing := sorted(wanted - position.keys()):
            raise failure(
                "missing_columns",
                path,
                N_("{file} lacks columns that the mapping names: {missing}."),
                N_("Correct the mapping file, or export the table with these columns."),
                missing=", ".join(missing),
            )

    def orphans(self) -> Iterator[tuple[str, int]]:
        """(order id, first row) of lines whose order the main table does not have, and main rows without an id."""
        yield from self._db.execute(f"SELECT '', row FROM t_{MAIN} WHERE key = ''")  # noqa: S608 - a constant
        each = self._layout.line.each
        if each != MAIN:
            yield from self._db.execute(
                f'SELECT key, min(row) FROM "t_{each}" WHERE key NOT IN (SELECT key FROM t_{MAIN}) GROUP BY key'  # noqa: S608 - table names of this module
            )

    def groups(self) -> Iterator[Group]:
        """Every order with its rows of all tables."""
        found = self._db.execute(
            f"SELECT key, row, cells FROM t_{MAIN} WHERE key <> '' ORDER BY min(row) OVER (PARTITION BY key), key, row"  # noqa: S608 - table names of this module
        )
        orders = (
            Group(key, {MAIN: [(row, _decode(cells)) for _, row, cells in islice(group, MAX_LINES + 1)]})
            for key, group in groupby(found, key=itemgetter(0))
        )
        joins = [(name, self._layout.tables[name]) for name in self.tables if name != MAIN]
        joins.sort(key=lambda join: join[1].of is not None)
        while batch := list(islice(orders, _BATCH)):
            for name, table in joins:
                self._join(name, table, batch)
            yield from batch

    def _join(self, name: str, table: Table, batch: Sequence[Group]) -> None:
        if table.of is None:
            found = self._fetch(name, [group.key for group in batch])
            for group in batch:
                group.rows[name] = found.get(group.key, [])
            return
        owner, column = split(table.of)
        if owner not in self.tables:
            return
        at = self.tables[owner].position[column]
        named = [
            [values.clean(cells[at]) if at < len(cells) else "" for _, cells in group.rows.get(owner, [])]
            for group in batch
        ]
        found = self._fetch(name, sorted({key for keys in named for key in keys if key}))
        for group, keys in zip(batch, named, strict=True):
            # One row for each row of the owner, so that a line finds its own article at its own place.
            group.rows[name] = [found[key][0] if key in found else (0, []) for key in keys]

    def _fetch(self, name: str, keys: Sequence[str]) -> dict[str, list[Row]]:
        rows_found = self._db.execute(
            f"""
            SELECT key, row, cells FROM (
              SELECT key, row, cells, row_number() OVER (PARTITION BY key ORDER BY row) AS place
              FROM "t_{name}" WHERE key IN (SELECT value FROM json_each(?)))
            WHERE place <= ? ORDER BY key, row
            """,  # noqa: S608 - table names of this module
            (msgspec.json.encode(keys).decode(), MAX_LINES + 1),
        )
        return {
            key: [(row, _decode(cells)) for _, row, cells in group]
            for key, group in groupby(rows_found, key=itemgetter(0))
        }
