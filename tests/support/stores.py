"""Fresh databases for tests: `store` and `tx` run a test once on SQLite and once on PostgreSQL.

The tables are made once per run; each test gets a copy of the file (SQLite) or of the template (PostgreSQL).
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from fahuo.store import migrate, schema
from fahuo.store.engine import Store, Tx, open_store

MASTER = bytes(range(32))
_serial = iter(range(10**9))


def make_tables(url: str) -> None:
    """All tables of all stations in an empty database."""
    store = open_store(url, master=MASTER)
    with store.write() as tx:
        schema.metadata().create_all(tx.conn)
        migrate.stamp(tx)
    store.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables and nothing else."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    make_tables(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> str:
    """The name of a PostgreSQL database with all tables and nothing else."""
    name = f"fahuo_template_{_unique()}"
    _command(postgres_url, "CREATE DATABASE {}", name)
    make_tables(database_url(postgres_url, name))
    return name


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A SQLite database of this test's own."""
    path = tmp_path / "fahuo.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgresql_url(postgres_url: str, postgres_template: str) -> Iterator[str]:
    """A PostgreSQL database of this test's own."""
    with fresh_database(postgres_url, postgres_template) as url:
        yield url


class fresh_database:  # noqa: N801 - a context manager
    """A new PostgreSQL database, copied from a template (empty: the server's own); dropped at the end."""

    def __init__(self, server: str, template: str = "template0") -> None:
        self.server, self.template, self.name = server, template, f"fahuo_test_{_unique()}"

    def __enter__(self) -> str:
        _command(self.server, "CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", self.name, self.template)
        return database_url(self.server, self.name)

    def __exit__(self, *_: object) -> None:
        _command(self.server, "DROP DATABASE {} WITH (FORCE)", self.name)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store_url(request: pytest.FixtureRequest) -> str:
    """The URL of a fresh database with all tables, on each of the two."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A fresh open store, on each of the two databases."""
    opened = open_store(store_url, master=MASTER)
    yield opened
    opened.close()


@pytest.fixture
def tx(store: Store) -> Iterator[Tx]:
    """A writing transaction on a fresh store."""
    with store.write() as opened:
        yield opened


def database_url(server: str, name: str) -> str:
    """The URL of another database of the same server."""
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _unique() -> str:
    return f"{os.getpid()}_{next(_serial)}"


def _command(server: str, statement: str, *names: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
