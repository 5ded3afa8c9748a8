"""`fahuo effects`: what is to be done outside, and what became of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fahuo.cli import say
from fahuo.cli.options import AsJson, house
from fahuo.flow.dispatch import export_shipped as shipped_file
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.store import effects as store_effects
from fahuo.views.effects import effects_of

app = typer.Typer(no_args_is_help=True, help="Calls to the outside, tasks for people, the shipped-file.")


@app.command("list")
def list_(
    state: Annotated[str | None, typer.Option(help="due, claimed, waiting, unknown, done, declined, retry, given_up.")] = None,
    kind: Annotated[str | None, typer.Option()] = None,
    limit: Annotated[int, typer.Option(min=1)] = 1000,
    as_json: AsJson = False,
) -> None:
    """Effects, the newest first."""
    with house() as opened:
        rows = effects_of(opened, state=state, kind=kind, limit=limit)
    if as_json:
        say.json_lines(rows)
    else:
        say.table(N_("Effects"), ["id", N_("Kind"), N_("Order"), N_("State"), N_("Attempts"), N_("Due"), N_("Answer")],
                  [(r["id"], r["kind"], r.get("order_id", ""), r["state"], r["attempts"], r["due_at"], r.get("outcome", "")) for r in rows])


@app.command()
def retry(
    ids: Annotated[list[int], typer.Argument(help="Effects that wait for a person.")],
    as_json: AsJson = False,
) -> None:
    """Send effects again that were declined, given up or whose answer is unknown."""
    with house() as opened, opened.store.write() as tx:
        again = store_effects.requeue(tx, ids, opened.clock.now())
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
        content, parcels = shipped_file(opened, shop)
    out.write_bytes(content)
    if as_json:
        say.document({"schema": "fahuo.shipped/1", "file": str(out), "parcels": parcels})
    else:
        say.say(N_("{count} parcels written to {file}. Upload it in the Seller Center; the next export closes them."), count=parcels, file=out)
