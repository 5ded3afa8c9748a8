"""`fahuo import` and `fahuo import-data`."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from fahuo.cli import say
from fahuo.cli.options import AsJson, DryRun, actor, house, stop_on_signal
from fahuo.flow.import_data import import_data as take_data
from fahuo.flow.import_data import iter_refused, template
from fahuo.flow.import_orders import import_orders
from fahuo.kernel.instant import parse_instant
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_

DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
SHOWN = 50
"""Refusals a person is shown; --json lists them all."""
LONGEST = 300
"""Characters of the names of columns that were left out."""


def import_(
    files: Annotated[list[Path], typer.Argument(help="Order files, or a folder of tables with a mapping.")],
    shop: Annotated[str, typer.Option(help="Shop the orders belong to.")],
    format_: Annotated[str, typer.Option("--format", help="auto, seller-center, tiktok-json or mapping.")] = "auto",
    mapping: Annotated[
        str | None, typer.Option(help="Mapping file (TOML), or the name of one that ships: olist.")
    ] = None,
    as_of: Annotated[str | None, typer.Option(help="Read the data as it stood at this instant or date.")] = None,
    plan: Annotated[bool, typer.Option(help="Plan new orders at once, not at the next run.")] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Take order files; every refused order is reported with its row."""
    at = None if as_of is None else _instant(as_of)
    stop = stop_on_signal()
    size = sum(path.stat().st_size for path in files if path.is_file())
    with house() as opened, say.progress(size or None, N_("Reading orders")) as bar:
        report = import_orders(
            opened,
            files,
            shop,
            format_=format_,
            mapping=mapping,
            as_of=at,
            dry_run=dry_run,
            plan=plan,
            actor=actor(),
            progress=lambda count: bar.advance(bar.task_ids[0], count),
            stop=stop.is_set,
        )
    if as_json:
        say.document({"schema": "fahuo.import/1", **report.counts(), "refused": report.refused})
    else:
        say.say(
            N_("{read} orders read: {created} new, {updated} changed, {unchanged} unchanged, {refused} refused."),
            refused=len({(r.file, r.order, r.row) for r in report.refused}),
            **report.counts(),
        )
        for refusal in report.refused[:SHOWN]:
            say.warn(
                N_("{file} row {row}, order {order}: {message} {next}"),
                file=refusal.file,
                row=refusal.row or "-",
                order=refusal.order or "-",
                message=refusal.message,
                next=refusal.next,
            )
        if len(report.refused) > SHOWN:
            say.warn(N_("… and {count} more; --json lists them all."), count=len(report.refused) - SHOWN)
    if report.stopped:
        again = N_("Import the files again: what was taken is found unchanged.")
        raise Failure(Problem("stopped", message=N_("Stopped before the end."), next=again), 3)
    if report.refused:
        raise typer.Exit(1)


def _instant(text: str) -> int | date:
    try:
        return date.fromisoformat(text) if DAY.fullmatch(text) else parse_instant(text)
    except ValueError:
        raise Failure(
            Problem(
                "bad_instant",
                "as-of",
                text[:80],
                N_("{value} is no instant."),
                N_("Write 2018-03-01T00:00:00Z, or 2018-03-01 for the beginning of that day in the shop's zone."),
                {"value": text[:80]},
            )
        ) from None


def import_data(
    kind: Annotated[
        str, typer.Argument(help="skus, stock, warehouses, carriers, rates, cartons, numbers or exchange.")
    ],
    files: Annotated[list[Path] | None, typer.Argument(help="CSV or XLSX.")] = None,
    show_template: Annotated[
        bool, typer.Option("--template", help="Print the columns with an example row and stop.")
    ] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Take the seller's own tables; every refused row is reported."""
    if show_template:
        typer.echo(template(kind), nl=False)
        return
    if not files:
        raise Failure(
            Problem(
                "no_files",
                "files",
                None,
                N_("No file was given."),
                N_("Name the CSV or XLSX files; --template prints the columns."),
            )
        )
    with house() as opened:
        report = take_data(opened.store, kind, files, opened.clock.now(), actor(), dry_run=dry_run)
    lang = say.settings().lang
    if as_json:
        refused = [{"file": r.file, "row": r.row, **r.problem.as_dict(lang)} for r in iter_refused(report)]
        say.document(
            {
                "schema": "fahuo.import-data/1",
                "kind": kind,
                "read": report.read,
                "taken": report.taken,
                "refused": refused,
                "left_out": report.left_out,
            }
        )
    else:
        say.say(
            N_("{read} rows read, {taken} taken, {refused} refused."),
            read=report.read,
            taken=report.taken,
            refused=report.read - report.taken,
        )
        for row in list(iter_refused(report))[:SHOWN]:
            shown = row.problem.render(lang)
            say.warn(
                N_("{file} row {row}: {message} {next}"),
                file=row.file,
                row=row.row or "-",
                message=shown.message,
                next=shown.next,
            )
        for file, names in report.left_out.items():
            say.warn(
                N_("{file}: columns nobody knows were left out: {columns}. --template prints the known ones."),
                file=file,
                columns=", ".join(names)[:LONGEST],
            )
    if report.refused:
        raise typer.Exit(1)
