"""Rows of one file grouped by order in a private temporary database, so that memory stays bounded.

SQLite's unnamed database is a temporary file without a name: no other program can open it, it grows on disk once its
small cache is full, and it is gone when closed or when the process dies.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from operator import itemgetter
from types import TracebackType
from typing import Final, Self

import msgspec

from fahuo.channels.model import MAX_LINES
from fahuo.channels.sheets import Row

# scope: ok in this module -- its statements go to a private temporary database
_BATCH: Final = 2_000
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[str]).decode


def open_private() -> sqlite3.Connection:
    """An empty private database on temporary disk."""
    db = sqlite3.connect("", isolation_level=None)
    db.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-16384; PRAGMA temp_store=1;")
    return db


class Staging:
    """Fill it once, then take the groups in the order in which each order first appeared."""

    def __init__(self) -> None:
        self._db = open_private()
        self._db.execute("CREATE TABLE line (key TEXT NOT NULL, row INTEGER NOT NULL, cells BLOB NOT NULL)")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._db.close()

    def fill(self, keyed: Iterable[tuple[str, int, list[str]]]) -> None:
        """Take (order id, row number, cells)."""
        source = iter(keyed)
        self._db.execute("BEGIN")
        while batch := [(key, row, _encode(cells)) for key, row, cells in islice(source, _BATCH)]:
            self._db.executemany("INSERT INTO line VALUES (?, ?, ?)", batch)
        self._db.execute("COMMIT")

    def groups(self) -> Iterator[tuple[str, list[Row]]]:
        """Each order id with its rows; of an order with too many rows only the first `MAX_LINES` + 1."""
        rows = self._db.execute("SELECT key, row, cells FROM line ORDER BY min(row) OVER (PARTITION BY key), key, row")
        for key, group in groupby(rows, key=itemgetter(0)):
            yield key, [(row, _decode(cells)) for _, row, cells in islice(group, MAX_LINES + 1)]
