"""`fahuo db`, `fahuo backup`, `fahuo restore`: the database as a whole."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from fahuo.cli import say
from fahuo.cli.options import AsJson
from fahuo.flow import verify as flow
from fahuo.flow.house import House, open_house
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_, t
from fahuo.store import backup as archive
from fahuo.store import checkpoint, migrate
from fahuo.store.backup import Manifest
from fahuo.store.engine import Store, open_store

app = typer.Typer(help="The database: bring it up to date, prove it right.")
SHOWN = 20
KEPT = N_("checkpoints kept outside")

File = Annotated[Path, typer.Argument(help="The backup file.")]


@app.callback()
def main() -> None:
    """The database: bring it up to date, prove it right."""


@app.command()
def upgrade(as_json: AsJson = False) -> None:
    """Bring the tables to what this program needs. May be repeated; make a backup first."""
    with _store() as store:
        before, now = migrate.upgrade(store)
    if as_json:
        say.document({"schema": "fahuo.upgrade/1", "before": before, "now": now})
    elif before == now:
        say.say(N_("The tables are up to date (revision {now})."), now=now)
    else:
        say.say(N_("The tables are now at revision {now} (before: {before})."), now=now, before=before or "-")


@app.command()
def verify(
    export: Annotated[Path | None, typer.Option("--export", help="Write the signed checkpoints to this file.")] = None,
    kept: Annotated[Path | None, typer.Option("--kept", help="Compare with checkpoints kept in this file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Prove journal chains, counters and references right; exit code 1 when something does not hold."""
    counts = {check.name: 0 for check in flow.checks()}
    first: list[tuple[int, Problem]] = []
    with _house() as house, ExitStack() as files:
        out = files.enter_context(_writing(export)) if export else None
        for seller_id in flow.seller_ids(house):
            for name, finding in chain(flow.verify_all(house, seller_id), _outside(house, seller_id, kept, out)):
                counts[name] = counts.get(name, 0) + 1
                if len(first) < SHOWN:
                    first.append((seller_id, finding))
    if as_json:
        lang = say.settings().lang
        shown = [{"seller_id": str(seller_id), **finding.as_dict(lang)} for seller_id, finding in first]
        found = sum(counts.values())
        say.document({"schema": "fahuo.verify/1", "ok": not found, "found": found, "checks": counts, "first": shown})
    else:
        _tell(counts, [finding for _, finding in first])
    if any(counts.values()):
        raise typer.Exit(1)


def _line(text: str) -> None:
    sys.stdout.write(text + "\n")


def _tell(counts: dict[str, int], first: list[Problem]) -> None:
    lang = say.settings().lang
    for name, count in counts.items():
        mark = t(N_("{count} findings"), lang, count=count) if count else t(N_("clean"), lang)
        _line(f"{t(name, lang)}: {mark}")
    for finding in first:
        shown = finding.render(lang)
        _line(f"  {shown.message} {shown.next}".rstrip())
    if (more := sum(counts.values()) - len(first)) > 0:
        say.say(N_("… and {more} more."), more=more)


def _outside(house: House, seller_id: int, kept: Path | None, out: BinaryIO | None) -> Iterator[tuple[str, Problem]]:
    """Against checkpoints kept in a file, and written to one, as asked."""
    with house.store.read(seller_id) as tx:
        if kept:
            for finding in checkpoint.check_export(tx, kept):
                yield KEPT, finding
        if out:
            checkpoint.export(tx, out)


@contextmanager
def _writing(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("wb") as out:
            yield out
    except OSError as error:
        message = N_("{file} cannot be written: {reason}.")
        why = {"file": str(path), "reason": error.strerror or str(error)}
        raise Failure(Problem("file_unwritable", "export", message=message, params=why), exit_code=3) from error


def backup(file: File, as_json: AsJson = False) -> None:
    """Write everything into one file, which either database can be restored from. The master key is not inside."""
    with _store() as store, _progress(N_("Backing up")) as progress:
        made = archive.backup(store, file, progress)
    if as_json:
        _manifest(made, file)
    else:
        rows = sum(entry.rows for entry in made.tables)
        say.say(N_("{rows} rows of {tables} tables are in {file}."), rows=rows, tables=len(made.tables), file=file)
        say.say(N_("The master key is not inside: keep a copy of it elsewhere, or personal data stay closed."))


def restore(
    file: File,
    replace: Annotated[bool, typer.Option("--replace", help="Delete everything in the database first.")] = False,
    as_json: AsJson = False,
) -> None:
    """Fill the database from a backup. Needs an empty database, or --replace."""
    with _store() as store, _progress(N_("Restoring")) as progress:
        made = archive.restore(store, file, replace=replace, progress=progress)
    if as_json:
        _manifest(made, file)
    else:
        rows = sum(entry.rows for entry in made.tables)
        told = {"rows": rows, "tables": len(made.tables), "made_at": made.made_at}
        say.say(N_("{rows} rows of {tables} tables restored, as of {made_at}."), **told)
        if made.key_check is not None and not say.settings().master_key:
            say.say(N_("Personal data stay closed until the master key of this backup is given."))


def _manifest(made: Manifest, file: Path) -> None:
    say.document(
        {
            "schema": made.schema,
            "file": str(file),
            "made_at": made.made_at,
            "revision": made.revision,
            "database": made.database,
            "rows": {entry.name: entry.rows for entry in made.tables},
        }
    )


@contextmanager
def _house() -> Iterator[House]:
    opened = open_house(say.settings())
    try:
        yield opened
    finally:
        opened.store.close()


@contextmanager
def _store() -> Iterator[Store]:
    """The database as it is: without a master key too, and with tables of any age."""
    settings = say.settings()
    with open_store(settings.database_url, master=settings.master_key) as store:
        yield store


@contextmanager
def _progress(what: str) -> Iterator[Callable[[str, int], None]]:
    """A line on standard error, only on a terminal, that names the table at work."""
    console = Console(file=sys.stderr)
    columns = (SpinnerColumn(), TextColumn("{task.description} {task.fields[table]} {task.completed}"))
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(t(what, say.settings().lang), total=None, table="")
        yield lambda table, rows: bar.update(task, table=table, completed=rows)
