"""Opening databases, transactions and what they promise."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from fahuo.kernel.problems import Failure
from fahuo.store import settings
from fahuo.store.engine import Store, open_store
from tests.support.stores import MASTER


def test_a_write_is_seen_by_later_reads(store: Store) -> None:
    with store.write() as tx:
        settings.put(tx, "a", 1)
    with store.read() as tx:
        assert settings.get(tx, "a") == 1


def test_an_error_takes_everything_back(store: Store) -> None:
    def fail() -> None:
        with store.write() as tx:
            settings.put(tx, "a", 1)
            raise KeyError("no")

    with pytest.raises(KeyError):
        fail()
    with store.read() as tx:
        assert settings.get(tx, "a") is None


def test_a_read_cannot_write(store: Store) -> None:
    with pytest.raises(DBAPIError, match=r"(?i)read-?only|readonly"), store.read() as tx:
        settings.put(tx, "a", 1)
    with store.write() as tx:
        settings.put(tx, "a", 2)


def test_a_read_sees_one_moment(store: Store) -> None:
    with store.read() as reading:
        assert settings.get(reading, "a") is None
        with store.write() as tx:
            settings.put(tx, "a", 1)
        assert settings.get(reading, "a") is None


def test_writers_wait_for_each_other(store: Store) -> None:
    with store.write() as tx:
        settings.put(tx, "n", 0)

    def add() -> None:
        for _ in range(10):
            with store.write() as tx:
                tx.execute("UPDATE settings SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT) WHERE key = 'n'")

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as tx:
        assert settings.get(tx, "n") == 40


def test_a_lines_statements_stand_each_for_itself(store: Store) -> None:
    line = store.line()
    settings.put(line.tx(1), "a", 1)
    with store.read() as tx:
        assert settings.get(tx, "a") == 1  # nobody has committed anything
    with pytest.raises(DBAPIError):
        line.tx(1).execute("INSERT INTO nowhere VALUES (1)")
    with store.write() as tx:  # the line holds no lock while it waits
        settings.put(tx, "b", 1)
    settings.put(line.tx(2), "a", 2)
    line.close()

    def fail() -> None:
        with store.write() as tx:
            settings.put(tx, "a", 3)
            raise KeyError("no")

    with pytest.raises(KeyError):
        fail()  # the connection given back is again one of transactions
    with store.read() as tx:
        assert (settings.get(tx, "a"), settings.get(tx, "b")) == (1, 1)
    with store.read(2) as tx:
        assert settings.get(tx, "a") == 2


def test_statements_are_counted(store: Store) -> None:
    with store.write() as tx:
        assert tx.statements == 0
        tx.rows("SELECT 1")
        tx.execute(text("SELECT :a"), {"a": 1})
        settings.put(tx, "a", 1)
        assert tx.statements == 3


def test_streams_bring_every_row_in_portions(store: Store) -> None:
    with store.write() as tx:
        for number in range(25):
            settings.put(tx, f"k{number:02}", number)
        portions = list(tx.stream(text("SELECT key FROM settings ORDER BY key"), size=10))
    assert [len(portion) for portion in portions] == [10, 10, 5]
    assert portions[2][4][0] == "k24"


def test_errors_do_not_repeat_values(store: Store) -> None:
    with store.write() as tx:
        tx.execute("CREATE TABLE secret (a TEXT NOT NULL, b TEXT PRIMARY KEY)")
    with pytest.raises(IntegrityError) as caught, store.write() as tx:
        tx.execute("INSERT INTO secret VALUES (NULL, :b)", {"b": "Nguyen Van An"})
    if store.dialect == "sqlite":  # PostgreSQL's own DETAIL line repeats the row; that is why people are sealed
        assert "Nguyen" not in str(caught.value)
    assert "{'b'" not in str(caught.value)


def test_sqlite_is_set_for_safety(sqlite_url: str) -> None:
    with open_store(sqlite_url, master=MASTER) as store, store.read() as tx:
        asked = {name: tx.rows(f"PRAGMA {name}")[0][0] for name in ("journal_mode", "synchronous", "foreign_keys")}
    assert asked == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    with open_store(sqlite_url + "?synchronous=normal", master=MASTER) as relaxed, relaxed.read() as tx:
        assert tx.rows("PRAGMA synchronous") == [(1,)]


def test_a_store_opened_for_reading_does_not_write(sqlite_url: str) -> None:
    with open_store(sqlite_url, master=MASTER, readonly=True) as store:
        with store.read() as tx:
            assert settings.get(tx, "a") is None
        with pytest.raises(RuntimeError, match="reading only"), store.write():
            pass


@pytest.mark.parametrize(
    ("url", "code", "exit_code"),
    [
        ("nonsense", "database_url", 2),
        ("mysql://u:secret@h/d", "database_url", 2),
        ("sqlite://", "database_url", 2),
        ("sqlite:///x.db?synchronous=maybe", "database_url", 2),
        ("sqlite:////no/such/folder/x.db", "database_unavailable", 3),
        ("postgresql://u:secret@127.0.0.1:1/d", "database_unavailable", 3),
    ],
)
def test_what_cannot_be_opened_is_said_without_the_password(url: str, code: str, exit_code: int) -> None:
    with pytest.raises(Failure) as caught:
        open_store(url, master=MASTER)
    assert (caught.value.problem.code, caught.value.exit_code) == (code, exit_code)
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.write_text("order,sku\n" * 500)
    with pytest.raises(Failure) as caught:
        open_store(f"sqlite:///{path}", master=MASTER)
    assert caught.value.problem.code == "database_unavailable"


def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'new.db'}")
    with store.write() as tx:
        tx.execute("CREATE TABLE x (y)")
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    store.close()
    assert modes["new.db"] == 0o600
    assert set(modes.values()) == {0o600}
