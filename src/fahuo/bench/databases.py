"""Fresh databases for measuring: a file each on SQLite, a database each on a PostgreSQL server."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from fahuo.kernel import crypto
from fahuo.store.engine import Store, open_store
from fahuo.store.migrate import upgrade


class Server:
    """Where fresh databases are made. `url`: empty for SQLite in a temporary folder, else a PostgreSQL database."""

    def __init__(self, url: str | None, folder: Path) -> None:
        self.postgresql = bool(url and url.startswith("postgresql"))
        self._url = url or ""
        self._folder = folder
        self.master = crypto.new_key()

    @contextmanager
    def fresh(self) -> Iterator[tuple[Store, str]]:
        """A new database with our schema, and its URL; gone at the end."""
        name = f"fahuo_bench_{uuid.uuid4().hex[:12]}"
        if self.postgresql:
            self._admin(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            url = make_url(self._url).set(database=name).render_as_string(hide_password=False)
        else:
            url = f"sqlite:///{self._folder / name}.db"
        store = open_store(url, master=self.master)
        try:
            upgrade(store)
            yield store, url
        finally:
            store.close()
            if self.postgresql:
                self._admin(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
            else:
                for suffix in ("", "-wal", "-shm"):
                    Path(f"{self._folder / name}.db{suffix}").unlink(missing_ok=True)

    def _admin(self, statement: sql.Composed) -> None:
        plain = make_url(self._url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(statement)


def size_of(store: Store, url: str) -> int:
    """Bytes the database takes on disk, its log carried over."""
    if store.dialect == "postgresql":
        with store.read() as tx:
            return int(tx.rows("SELECT pg_database_size(current_database())")[0][0])
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return Path(make_url(url).database or "").stat().st_size


@contextmanager
def server(url: str | None) -> Iterator[Server]:
    """Measuring room: a folder that goes away at the end."""
    with tempfile.TemporaryDirectory(prefix="fahuo-bench-") as folder:
        yield Server(url, Path(folder))
