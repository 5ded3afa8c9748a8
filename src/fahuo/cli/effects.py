"""`fahuo effects`: what is to be done outside, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from fahuo.cli import say
from fahuo.cli.options import AsJson, house, operator
from fahuo.flow import actions
from fahuo.flow.dispatch import export_shipped as shipped_file
from fahuo.flow.house import House
from fahuo.kernel.instant import iso
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.views.json import effect_json
from fahuo.views.shops import LIMIT_MAX, EffectRow, effect_list

app = typer.Typer(help="Calls to the outside, tasks for people, the shipped-file.")


@app.command("list")
def list_(
    state: Annotated[
        str | None, typer.Option(help="due, claimed, waiting, unknown, done, declined, retry, given_up, dropped.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="At most so many; else 50, or all of them with --json.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Effects by id, the oldest first. With --json a document a line."""
    with house() as opened:
        rows = _all(opened, state or "", limit if limit is not None or as_json else 50)
        if as_json:
            say.json_lines(effect_json(row) for row in rows)
            return
        say.table(
            N_("Effects"),
            ["id", N_("Kind"), N_("Order"), N_("State"), N_("Attempts"), N_("Due"), N_("Answer")],
            [(r.id, r.kind, r.order_id, r.state, r.attempts, iso(r.due_at), r.outcome or "") for r in rows],
        )


def _all(opened: House, state: str, limit: int | None) -> Iterator[EffectRow]:
    after, left = 0, limit
    with opened.store.read() as tx:
        while left is None or left > 0:
            rows = effect_list(tx, state, LIMIT_MAX if left is None else min(LIMIT_MAX, left), after)
            yield from rows
            if len(rows) < LIMIT_MAX:
                return
            after = rows[-1].id
            left = None if left is None else left - len(rows)


@app.command()
def retry(
    ids: Annotated[list[int], typer.Argument(help="Effects that wait for a person.")],
    as_json: AsJson = False,
) -> None:
    """Send effects again that were declined, given up or whose answer is unknown."""
    with house() as opened:
        again = actions.retry(opened, operator(), ids).done
    if as_json:
        say.document({"schema": "fahuo.effects-retry/1", "requeued": [str(i) for i in again]})
    else:
        say.say(N_("{count} of {asked} will be sent again."), count=len(again), asked=len(ids))
    if len(again) != len(ids):
        raise typer.Exit(1)


@app.command("export-shipped")
def export_shipped(
    out: Annotated[Path | None, typer.Option("--output", "-o", help="File to write.")] = None,
    shop: Annotated[str | None, typer.Option(help="Only this shop.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write the shipped-file of everything packed and not yet exported, to be uploaded in the Seller Center."""
    if out is None:
        raise Failure(Problem("no_output", "output", None, N_("No file to write was given."), N_("Give -o FILE.csv.")))
    with house() as opened:
        _, parcels = shipped_file(opened, shop, out.write_bytes)
    if as_json:
        say.document({"schema": "fahuo.shipped/1", "file": str(out), "parcels": parcels})
    else:
        say.say(
            N_("{count} parcels written to {file}. Upload it in the Seller Center; the next export closes them."),
            count=parcels,
            file=out,
        )
