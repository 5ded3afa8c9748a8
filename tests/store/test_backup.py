"""Backups go from either database into either; damaged, foreign and misplaced ones are refused."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from fahuo.kernel.problems import Failure
from fahuo.orders.tables import orders
from fahuo.store import backup as archive
from fahuo.store import checkpoint, effects, journal, migrate, personal, schema, settings, verify
from fahuo.store.effects import Effect
from fahuo.store.engine import Store, open_store
from fahuo.store.journal import Entry
from fahuo.store.personal import Person
from tests.support.rows import insert_row
from tests.support.stores import MASTER, fresh_database

AN = Person(name="Nguyễn Văn An", phone_e164="+84912345678")
MANY = 503


def fill(store: Store) -> None:
    with store.write() as tx:
        heads = journal.append(tx, [Entry(n, "taken", 5, "test", {"n": n, "text": "冷\n"}) for n in range(1, MANY)], {})
        for number in range(1, MANY):
            seq, head = heads[number]
            insert_row(tx, orders, id=number, platform_order_id=str(number), journal_seq=seq, journal_head=head)
        personal.seal_people(tx, [(1, AN), (2, AN)])
        personal.erase(tx, [2], "asked", 7)
        effects.put(tx, [Effect("k", "ship", "api", 1, 1, None, 5, {"a": [1, None]})])
        checkpoint.make(tx, orders, 9)
        settings.put(tx, "x", 0.25)


@pytest.fixture
def filled(store: Store) -> Store:
    fill(store)
    return store


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "sqlite":
        with open_store(f"sqlite:///{tmp_path}/other.db", master=MASTER) as store:
            yield store
    else:
        with fresh_database(request.getfixturevalue("postgres_url")) as url, open_store(url, master=MASTER) as store:
            yield store


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/target.db", master=MASTER) as store:
        yield store


@pytest.fixture
def file(sqlite_url: str, tmp_path: Path) -> Path:
    """A backup of a filled SQLite database."""
    path = tmp_path / "backup.zip"
    with open_store(sqlite_url, master=MASTER) as store:
        fill(store)
        archive.backup(store, path)
    return path


def content(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    with store.read() as tx:
        return {
            table.name: [tuple(row) for row in tx.rows(select(table).order_by(*table.primary_key.columns))]
            for table in schema.metadata().sorted_tables
        }


def test_everything_comes_back_in_either_database(filled: Store, other: Store, tmp_path: Path) -> None:
    path = tmp_path / "backup.zip"
    told: list[tuple[str, int]] = []
    made = archive.backup(filled, path, lambda *done: told.append(done))
    assert ("orders", MANY - 1) in told
    restored = archive.restore(other, path)
    assert restored == made
    assert {entry.name: entry.rows for entry in made.tables}["journal"] == MANY - 1
    assert content(other) == content(filled)
    migrate.require_current(other)
    with other.read() as tx:
        assert personal.find_by_phone(tx, "+84912345678") == [1]
        assert personal.open_people(tx, [1, 2]) == {1: AN, 2: None}
        assert list(verify.run(tx, verify.store_checks(orders))) == []


def test_nothing_readable_and_no_key_is_in_the_file(file: Path) -> None:
    with zipfile.ZipFile(file) as opened:
        everything = b"".join(opened.read(name) for name in opened.namelist())
    assert "Nguyễn".encode() not in everything
    assert MASTER.hex().encode() not in everything
    assert file.stat().st_mode & 0o077 == 0
    assert not file.with_name(file.name + ".part").exists()


def test_a_database_that_holds_something_is_left_alone(filled: Store, tmp_path: Path) -> None:
    before = content(filled)
    archive.backup(filled, tmp_path / "backup.zip")
    with pytest.raises(Failure) as caught:
        archive.restore(filled, tmp_path / "backup.zip")
    assert caught.value.problem.code == "restore_not_empty"
    assert content(filled) == before


def test_replace_puts_the_backup_in_the_place_of_everything(filled: Store, tmp_path: Path) -> None:
    before = content(filled)
    archive.backup(filled, tmp_path / "backup.zip")
    with filled.write() as tx:
        insert_row(tx, orders, id=MANY + 5, platform_order_id="new")
    archive.restore(filled, tmp_path / "backup.zip", replace=True)
    assert content(filled) == before


def damage(path: Path, name: str, change: Any) -> None:
    """The same archive with one member changed (None: left out)."""
    with zipfile.ZipFile(path) as opened:
        members = {info.filename: opened.read(info) for info in opened.infolist()}
    with zipfile.ZipFile(path, "w") as out:
        for member, data in members.items():
            new = change(data) if member == name else data
            if new is not None:
                out.writestr(member, new)


def manifest_with(**values: Any) -> Any:
    return lambda data: json.dumps(json.loads(data) | values).encode()


@pytest.mark.parametrize(
    ("name", "change", "code"),
    [
        ("tables/orders.jsonl", lambda data: data.replace(b"1", b"2", 1), "backup_unreadable"),
        ("tables/orders.jsonl", lambda data: data[:-10], "backup_unreadable"),
        ("tables/orders.jsonl", lambda _: None, "backup_unreadable"),
        ("manifest.json", lambda _: None, "backup_unreadable"),
        ("manifest.json", lambda data: data[:-20], "backup_unreadable"),
        ("manifest.json", manifest_with(schema="fahuo.other/1"), "backup_unreadable"),
        ("manifest.json", manifest_with(tables=[]), "backup_unreadable"),
        ("manifest.json", manifest_with(revision="9999"), "schema_newer"),
        ("manifest.json", manifest_with(key_check="00" * 8), "master_key_wrong"),
    ],
)
def test_a_damaged_or_foreign_backup_is_refused_untouched(
    file: Path, target: Store, name: str, change: Any, code: str
) -> None:
    damage(file, name, change)
    with pytest.raises(Failure) as caught:
        archive.restore(target, file)
    assert caught.value.problem.code == code
    assert "{" not in str(caught.value)
    assert migrate.current(target) is None


@pytest.mark.parametrize("cut", [0, 100, -300])
def test_a_cut_off_file_is_refused(file: Path, target: Store, cut: int) -> None:
    file.write_bytes(file.read_bytes()[:cut])
    with pytest.raises(Failure) as caught:
        archive.restore(target, file)
    assert caught.value.problem.code == "backup_unreadable"


def test_a_bit_flipped_in_the_file_is_found(file: Path, target: Store) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(Failure) as caught:
        archive.restore(target, file)
    assert caught.value.problem.code == "backup_unreadable"


def test_no_file_and_no_folder_are_said(filled: Store, target: Store, tmp_path: Path) -> None:
    with pytest.raises(Failure) as caught:
        archive.restore(target, tmp_path / "none.zip")
    assert caught.value.problem.code == "backup_unreadable"
    with pytest.raises(Failure) as caught:
        archive.backup(filled, tmp_path / "no" / "folder.zip")
    assert (caught.value.problem.code, caught.value.exit_code) == ("backup_unwritable", 3)


def test_without_tables_there_is_nothing_to_back_up(target: Store, tmp_path: Path) -> None:
    with pytest.raises(Failure) as caught:
        archive.backup(target, tmp_path / "x.zip")
    assert caught.value.problem.code == "backup_empty"
    assert list(tmp_path.glob("x.zip*")) == []


def test_a_restore_that_fails_leaves_what_was_there(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content(filled)
    path = tmp_path / "backup.zip"
    archive.backup(filled, path)

    def fails(*_: Any) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(archive, "_load", fails)
    with pytest.raises(RuntimeError, match="power cut"):
        archive.restore(filled, path, replace=True)
    assert content(filled) == before
