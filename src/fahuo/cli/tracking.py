"""`fahuo tracking`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fahuo.cli import say
from fahuo.cli.options import AsJson, actor, house
from fahuo.flow.import_data import iter_refused
from fahuo.flow.track import track
from fahuo.kernel.text import N_

app = typer.Typer(help="Where parcels are.")


@app.callback()
def _group() -> None:
    """Where parcels are."""


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(help="CSV or XLSX: number, event, at, text, place.")],
    as_json: AsJson = False,
) -> None:
    """Take tracking files: first scans and deliveries by waybill number."""
    with house() as opened:
        report = track(opened, files, actor())
    lang = say.settings().lang
    if as_json:
        refused = [{"file": r.file, "row": r.row, **r.problem.as_dict(lang)} for r in iter_refused(report)]
        say.document(
            {"schema": "fahuo.tracking-import/1", "read": report.read, "taken": report.taken, "refused": refused}
        )
    else:
        say.say(
            N_("{read} rows read, {taken} taken, {refused} refused."),
            read=report.read,
            taken=report.taken,
            refused=report.read - report.taken,
        )
    if report.refused:
        raise typer.Exit(1)
