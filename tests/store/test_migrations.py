"""The migrations lead to exactly the tables of the code, on both databases."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Column, Integer, MetaData, Table, Text
from sqlalchemy.exc import IntegrityError

from fahuo.kernel.problems import Failure
from fahuo.store import migrate, schema
from fahuo.store.engine import Store, Tx, open_store
from tests.support.stores import MASTER, fresh_database


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A database without any table."""
    if request.param == "sqlite":
        with open_store(f"sqlite:///{tmp_path}/empty.db", master=MASTER) as store:
            yield store
    else:
        with fresh_database(request.getfixturevalue("postgres_url")) as url, open_store(url, master=MASTER) as store:
            yield store


def everything(tx: Tx) -> set[Any]:
    """Tables, indexes, constraints and triggers, as the database itself spells them."""
    if tx.dialect == "sqlite":
        found = tx.rows("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        return {(kind, name, "".join(text.split())) for kind, name, text in found}
    return {
        *map(tuple, tx.rows("SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint")),
        *map(tuple, tx.rows("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'")),
        *map(tuple, tx.rows("SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal")),
        *map(tuple, tx.rows("SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace")),
        *map(
            tuple,
            tx.rows(
                "SELECT table_name, column_name, data_type, is_nullable, column_default, ordinal_position"
                " FROM information_schema.columns WHERE table_schema = 'public'"
            ),
        ),
    }


def test_upgrading_makes_the_tables_of_the_code(empty: Store, request: pytest.FixtureRequest) -> None:
    assert migrate.current(empty) is None
    assert migrate.upgrade(empty) == (None, migrate.head())
    assert migrate.upgrade(empty) == (migrate.head(), migrate.head())
    migrate.require_current(empty)
    with empty.write() as tx:
        assert migrate.differences(tx) == []
        upgraded = everything(tx)
    url = str(request.getfixturevalue(f"{empty.dialect}_url"))
    with open_store(url, master=MASTER) as created, created.read() as tx:
        assert everything(tx) == upgraded


def test_ids_are_ours_no_database_counts(empty: Store) -> None:
    migrate.upgrade(empty)
    with empty.read() as tx:
        if tx.dialect == "postgresql":
            assert tx.rows("SELECT sequencename FROM pg_sequences") == []
        else:
            assert tx.rows("SELECT name FROM sqlite_master WHERE name = 'sqlite_sequence'") == []


def test_every_key_begins_with_the_seller() -> None:
    for table in schema.metadata().tables.values():
        assert next(column.name for column in table.primary_key) == "seller_id", table.name


def test_a_difference_is_seen(empty: Store) -> None:
    migrate.upgrade(empty)
    with empty.write() as tx:
        tx.execute("ALTER TABLE people DROP COLUMN erased_why")
        Table("stray", MetaData(), Column("id", Integer, primary_key=True), Column("t", Text)).create(tx.conn)
        found = {change[0] for change in migrate.differences(tx)}
    assert found == {"add_column", "remove_table"}


def test_old_and_newer_databases_are_refused(empty: Store) -> None:
    with pytest.raises(Failure) as caught:
        migrate.require_current(empty)
    assert caught.value.problem.code == "schema_old"
    migrate.upgrade(empty)
    with empty.write() as tx:
        tx.execute("UPDATE alembic_version SET version_num = '9999'")
    for call in (migrate.require_current, migrate.upgrade):
        with pytest.raises(Failure) as caught:
            call(empty)
        assert caught.value.problem.code == "schema_newer"


def test_a_failed_migration_leaves_nothing_behind(empty: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(migrate, "revision", lambda tx: None if not everything(tx) else fails())
    with pytest.raises(RuntimeError, match="power cut"):
        migrate.upgrade(empty)
    monkeypatch.undo()
    assert migrate.current(empty) is None
    assert migrate.upgrade(empty) == (None, migrate.head())


def test_a_table_others_refer_to_can_be_rebuilt(store: Store) -> None:
    with store.write() as tx:
        tx.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY, old TEXT)")
        tx.execute("CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES parent (id))")
        tx.execute("INSERT INTO parent VALUES (1, 'x'), (2, 'y')")
        tx.execute("INSERT INTO child VALUES (1, 2)")
    with migrate.migrating(store) as tx:
        operations = Operations(MigrationContext.configure(tx.conn))
        with operations.batch_alter_table("parent", recreate="always" if tx.dialect == "sqlite" else "never") as batch:
            batch.drop_column("old")
    with store.write() as tx:
        assert [tuple(row) for row in tx.rows("SELECT * FROM parent ORDER BY id")] == [(1,), (2,)]
    with pytest.raises(IntegrityError), store.write() as tx:
        tx.execute("INSERT INTO child VALUES (2, 9)")


def test_a_migration_may_not_leave_rows_without_their_parents(store: Store) -> None:
    with store.write() as tx:
        tx.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        tx.execute("CREATE TABLE child (parent_id INTEGER REFERENCES parent (id))")
        tx.execute("INSERT INTO parent VALUES (1)")
        tx.execute("INSERT INTO child VALUES (1)")
    with pytest.raises((RuntimeError, IntegrityError)), migrate.migrating(store) as tx:
        tx.execute("DELETE FROM parent")
    with store.read() as tx:
        assert len(tx.rows("SELECT * FROM parent")) == 1
