"""The raw figure: the rows a run has left behind, inserted again by bare driver calls into the same schema."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from sqlalchemy import LargeBinary, Table, make_url

from fahuo.store.schema import metadata

JOURNEY = (
    "orders", "order_lines", "holds", "people", "payloads", "clocks", "reservations", "stock_ledger", "refusals",
    "decisions", "waves", "packages", "package_items", "journal", "effects", "capacity_used", "label_files", "labels",
    "bench_scans",
)  # fmt: skip
"""Tables the journey writes; the others are the set-up and are copied before the clock starts."""


def tables() -> tuple[list[Table], list[Table]]:
    """(set-up, journey), parents before children."""
    known = [t for t in metadata().sorted_tables if t.name != "alembic_version"]
    return [t for t in known if t.name not in JOURNEY], [t for t in known if t.name in JOURNEY]


PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "cache_size=-65536",
    "wal_autocheckpoint=16384",
    "temp_store=MEMORY",
)
"""As the product sets them (store.engine), so that only the work differs."""


class SqliteRaw:
    """`executemany` with one transaction a batch, settings as the product has them."""

    def __init__(self, url: str) -> None:
        self._connection = sqlite3.connect(make_url(url).database or "", isolation_level=None, cached_statements=512)
        for pragma in PRAGMAS:
            self._connection.execute(f"PRAGMA {pragma}")

    def begin(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self._connection.execute("COMMIT")

    def insert(self, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """All columns in the table's order."""
        marks = ", ".join("?" * len(table.columns))
        names = ", ".join(f'"{c.name}"' for c in table.columns)
        self._connection.executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', rows)  # noqa: S608 - names of our own schema

    def close(self) -> None:
        self._connection.close()


class CopyRaw:
    """COPY on PostgreSQL."""

    def __init__(self, url: str) -> None:
        plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection = psycopg.connect(plain)
        self._cursor = self._connection.cursor()

    def begin(self) -> None:
        """psycopg begins by itself."""

    def commit(self) -> None:
        self._connection.commit()

    def insert(self, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """All columns in the table's order."""
        names = ", ".join(f'"{c.name}"' for c in table.columns)
        with self._cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row(row)

    def close(self) -> None:
        self._connection.close()


class UnnestRaw(CopyRaw):
    """INSERT … SELECT FROM unnest with an array a column."""

    def insert(self, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """All columns in the table's order."""
        names = ", ".join(f'"{c.name}"' for c in table.columns)
        kinds = ["bytea" if isinstance(c.type, LargeBinary) else _kind(c.type) for c in table.columns]
        arrays = ", ".join(f"%s::{kind}[]" for kind in kinds)
        columns = [list(column) for column in zip(*rows, strict=True)]
        statement = f'INSERT INTO "{table.name}" ({names}) SELECT * FROM unnest({arrays})'  # noqa: S608 - names of our own schema
        self._cursor.execute(statement, columns)


def _kind(kind: Any) -> str:
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - only for this figure

    return str(kind.compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped


def insert_all(
    source: Iterator[list[tuple[Table, list[tuple[Any, ...]]]]], target: SqliteRaw | CopyRaw
) -> tuple[float, int]:
    """(seconds spent inserting and committing, rows); reading the source is not timed."""
    seconds, count = 0.0, 0
    for batch in source:
        began = time.perf_counter()
        target.begin()
        for table, rows in batch:
            if rows:
                target.insert(table, rows)
        target.commit()
        seconds += time.perf_counter() - began
        count += sum(len(rows) for _, rows in batch)
    return seconds, count
