"""Backup and restore: one portable file for both databases, so a backup of one can be restored into the other.

The file is a ZIP: `tables/<name>.jsonl` (one JSON array per row, bytes as base64) and, last, `manifest.json` with the
schema revision, and per table its columns, rows and SHA-256. All tables are read at one moment. The master key is not
inside: without it the personal data in a backup stay closed.
"""

import base64
import os
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

import msgspec
from sqlalchemy import LargeBinary, MetaData, Table, func, select

from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.store import bulk, migrate
from fahuo.store.engine import Store, Tx
from fahuo.store.keys import wrong_master_key

SCHEMA = "fahuo.backup/1"
_MANIFEST = "manifest.json"
_REVISIONS = "alembic_version"
_SETUP = {_REVISIONS, "settings", "sellers", "seller_keys", "worker_cron"}  # what `fahuo init` fills
_PORTION = 500  # rows; labels and raw payloads make some of them large
Progress = Callable[[str, int], None]
"""Called with a table's name and how many of its rows are done."""


class TableEntry(msgspec.Struct):
    """One table in the manifest; `binary` names the columns whose values stand as base64."""

    name: str
    columns: list[str]
    binary: list[str]
    rows: int
    sha256: str


class Manifest(msgspec.Struct):
    """What is in a backup. `key_check` tells which master key opens it and gives nothing away about it."""

    schema: str
    made_at: str
    revision: str
    database: str
    key_check: str | None
    tables: list[TableEntry]


def backup(store: Store, path: Path, progress: Progress | None = None) -> Manifest:
    """Write everything to `path` (replaced only when complete; readable by its owner only).

    Raises Failure (3) when the database has no tables or the file cannot be written.
    """
    part = path.with_name(path.name + ".part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            manifest = _write(store, file, progress)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise Failure(_unwritable(path, error), exit_code=3) from error
    finally:
        part.unlink(missing_ok=True)
    return manifest


def _write(store: Store, file: IO[bytes], progress: Progress | None) -> Manifest:
    with store.read() as tx, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        revision = migrate.revision(tx)
        if revision is None:
            raise Failure(
                Problem("backup_empty", message=N_("There is nothing to back up: the database has no tables yet.")),
                exit_code=3,
            )
        entries = [_dump(tx, table, archive, progress) for table in _tables(tx)]
        made_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        check = store.keys.check() if store.keys.given else None
        manifest = Manifest(SCHEMA, made_at, revision, tx.dialect, check, entries)
        archive.writestr(_MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
    return manifest


def _dump(tx: Tx, table: Table, archive: zipfile.ZipFile, progress: Progress | None) -> TableEntry:
    binary = [str(column.name) for column in table.c if isinstance(column.type, LargeBinary)]
    digest, rows = sha256(), 0
    encode = msgspec.json.Encoder().encode_lines
    with archive.open(f"tables/{table.name}.jsonl", "w", force_zip64=True) as out:
        # scope: ok -- a backup holds every seller
        for portion in tx.stream(select(table).order_by(*table.primary_key.columns), size=_PORTION):
            text = encode([tuple(row) for row in portion])
            digest.update(text)
            out.write(text)
            rows += len(portion)
            if progress:
                progress(table.name, rows)
    return TableEntry(str(table.name), [str(column.name) for column in table.c], binary, rows, digest.hexdigest())


def restore(store: Store, path: Path, *, replace: bool = False, progress: Progress | None = None) -> Manifest:
    """Fill the database from a backup, in one transaction, and bring its tables to this program's revision.

    Refuses a database that holds anything unless `replace` (all of it is deleted then), a file that is damaged or no
    backup, one made by a newer program, and one sealed under another master key than the one given.
    A database in which nothing was done since `fahuo init` counts as empty.
    """
    archive, manifest = _open(path)
    with archive:
        if store.keys.given and manifest.key_check not in (None, store.keys.check()):
            raise Failure(wrong_master_key())
        _check(archive, manifest, path)
        with migrate.migrating(store) as tx:
            _clear(tx, replace=replace)
            migrate.run(tx.conn, manifest.revision)
            there = {table.name: table for table in _tables(tx)}
            entries = {entry.name: entry for entry in manifest.tables}
            if entries.keys() != there.keys():
                raise Failure(_unreadable(path, N_("{file} is damaged: its tables are not those of its revision.")))
            for name, table in there.items():
                _load(tx, table, archive, entries[name], progress)
            migrate.run(tx.conn)
    return manifest


def _open(path: Path) -> tuple[zipfile.ZipFile, Manifest]:
    """The archive, to be closed by the caller, and its manifest."""
    try:
        archive = zipfile.ZipFile(path)
        manifest = msgspec.json.decode(archive.read(_MANIFEST), type=Manifest)
    except (KeyError, msgspec.DecodeError):
        raise Failure(_unreadable(path, N_("{file} is no complete backup: it has no list of contents."))) from None
    except zipfile.BadZipFile:
        raise Failure(_unreadable(path, N_("{file} is damaged or no backup."))) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise Failure(_unreadable(path, N_("{file} cannot be read: {reason}."), reason=reason)) from None
    if manifest.schema != SCHEMA:
        message = N_("{file} is no backup: it is of the kind {kind}.")
        raise Failure(_unreadable(path, message, kind=manifest.schema))
    migrate.refuse_newer(manifest.revision)
    return archive, manifest


def _check(archive: zipfile.ZipFile, manifest: Manifest, path: Path) -> None:
    """Every table's bytes against its SHA-256, before anything is touched."""
    for entry in manifest.tables:
        digest = sha256()
        with suppress(KeyError, zipfile.BadZipFile, EOFError, zlib.error):
            with archive.open(f"tables/{entry.name}.jsonl") as file:
                while chunk := file.read(1 << 20):
                    digest.update(chunk)
            if digest.hexdigest() == entry.sha256:
                continue
        message = N_("{file} is damaged: table {table} is not what was written.")
        raise Failure(_unreadable(path, message, table=entry.name))


def _clear(tx: Tx, *, replace: bool) -> None:
    """See that nothing is lost, then drop every table: the backup's own revision makes them anew."""
    there = MetaData()
    there.reflect(tx.conn)
    for table in [] if replace else there.sorted_tables:
        # scope: ok -- whatever any seller has is not to be lost
        rows = 0 if table.name in _SETUP else tx.rows(select(func.count()).select_from(table))[0][0]
        if rows:
            raise Failure(
                Problem(
                    "restore_not_empty",
                    message=N_("The database is not empty: {table} has {rows} rows."),
                    next=N_("Restore into a new database, or say --replace to delete everything in this one."),
                    params={"table": table.name, "rows": rows},
                )
            )
    there.drop_all(tx.conn)


def _load(tx: Tx, table: Table, archive: zipfile.ZipFile, entry: TableEntry, progress: Progress | None) -> None:
    places = [entry.columns.index(name) for name in entry.binary]
    portion: list[list[Any]] = []
    done = 0
    with archive.open(f"tables/{entry.name}.jsonl") as file:
        for line in file:
            row: list[Any] = msgspec.json.decode(line)
            for place in places:
                if row[place] is not None:
                    row[place] = base64.b64decode(row[place])
            portion.append(row)
            if len(portion) == _PORTION:
                done = _insert(tx, table, entry, portion, done, progress)
                portion = []
    if portion:
        _insert(tx, table, entry, portion, done, progress)


def _insert(
    tx: Tx, table: Table, entry: TableEntry, rows: list[list[Any]], done: int, progress: Progress | None
) -> int:
    bulk.insert(tx, table, entry.columns, rows)
    if progress:
        progress(entry.name, done + len(rows))
    return done + len(rows)


def _tables(tx: Tx) -> list[Table]:
    """The tables as they are in the database, parents first."""
    there = MetaData()
    there.reflect(tx.conn)
    return [table for table in there.sorted_tables if table.name != _REVISIONS]


def _unwritable(path: Path, error: OSError) -> Problem:
    return Problem(
        "backup_unwritable",
        value=str(path),
        message=N_("The backup {file} cannot be written: {reason}."),
        next=N_("Name a file in a folder that exists and has room."),
        params={"file": str(path), "reason": error.strerror or str(error)},
    )


def _unreadable(path: Path, message: str, **params: str) -> Problem:
    return Problem(
        "backup_unreadable",
        value=str(path),
        message=message,
        next=N_("Nothing was changed. Use another backup."),
        params={"file": str(path), **params},
    )
