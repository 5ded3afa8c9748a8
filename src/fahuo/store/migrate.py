"""The schema and its migrations (Alembic). Only forward: going back means restoring a backup."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.store import schema
from fahuo.store.engine import Store, Tx

FOLDER = Path(__file__).parent / "migrations"
_ONE_AT_A_TIME = 0x6661_6875_6F  # an advisory lock of PostgreSQL's; any constant of our own does


def head() -> str:
    """The newest revision this program knows."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def current(store: Store) -> str | None:
    """The revision of the database; None when it has no tables yet."""
    with store.read() as tx:
        return revision(tx)


def revision(tx: Tx) -> str | None:
    """The revision of the database this transaction sees."""
    return MigrationContext.configure(tx.conn).get_current_revision()


def upgrade(store: Store, to: str = "head") -> tuple[str | None, str]:
    """Bring the tables to the newest revision, in one transaction: (revision before, revision now)."""
    with migrating(store) as tx:
        before = revision(tx)
        refuse_newer(before)
        run(tx.conn, to)
        return before, str(revision(tx))


def run(connection: Connection, to: str = "head") -> None:
    """Migrate inside the caller's transaction, which `migrating` opened."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def stamp(tx: Tx) -> None:
    """Note that the tables are at the newest revision; for databases whose tables were made from the code (tests)."""
    MigrationContext.configure(tx.conn).stamp(ScriptDirectory.from_config(_config()), "head")


@contextmanager
def migrating(store: Store) -> Iterator[Tx]:
    """A transaction in which tables may be rebuilt: foreign keys are checked at its end, one process at a time."""
    with store.write(rebuilding=True) as tx:
        if tx.dialect == "postgresql":
            tx.execute(f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})")
        yield tx
        if tx.dialect == "sqlite" and (broken := tx.rows("PRAGMA foreign_key_check")):
            raise RuntimeError(
                f"the migration leaves {len(broken)} rows that name missing rows, first in {broken[0][0]}"
            )


def require_current(store: Store) -> None:
    """Raise Failure unless the tables are those of this program."""
    found = current(store)
    refuse_newer(found)
    if found != head():
        raise Failure(
            Problem(
                "schema_old",
                message=N_("The database has no tables yet, or older ones than this program needs."),
                next=N_("Run `fahuo db upgrade` (make a backup first)."),
            ),
            exit_code=3,
        )


def differences(tx: Tx) -> list[Any]:
    """What Alembic would change to make the database what the tables in the code say; empty when they agree."""
    return list(compare_metadata(MigrationContext.configure(tx.conn), schema.metadata()))


def draft(store: Store, name: str, message: str) -> Path:
    """Write the next migration from the difference between that (upgraded) database and the tables in the code."""
    config = _config()
    with store.write() as tx:
        config.attributes["connection"] = tx.conn
        made = command.revision(config, message=message, autogenerate=True, rev_id=name)
    if made is None or isinstance(made, list):
        raise RuntimeError(f"Alembic made {made!r} instead of one migration")
    return Path(made.path)


def refuse_newer(found: str | None) -> None:
    """Raise Failure for a revision this program does not know."""
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if found is not None and found not in known:
        raise Failure(
            Problem(
                "schema_newer",
                value=found,
                message=N_("These data were made by a newer program (its tables are at revision {revision})."),
                next=N_("Use the newer program."),
                params={"revision": found},
            ),
            exit_code=3,
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return config
