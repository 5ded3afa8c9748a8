"""`fahuo holds`."""

from __future__ import annotations

from typing import Annotated

import typer

from fahuo.cli import say
from fahuo.cli.options import AsJson, actor, house
from fahuo.flow import actions
from fahuo.flow.access import at_terminal
from fahuo.kernel.text import N_

app = typer.Typer(help="Holds: release them with a note.")


@app.callback()
def _group() -> None:
    """Holds: release them with a note."""


@app.command()
def release(
    orders: Annotated[list[int], typer.Argument(help="Our order ids.")],
    code: Annotated[str, typer.Option(help="Only this hold; else all open ones.")] = "",
    note: Annotated[str, typer.Option(help="Why.")] = "",
    as_json: AsJson = False,
) -> None:
    """Release holds; the note stays in the release log and the journal."""
    with house() as opened:
        found = actions.release(opened, at_terminal(actor()), orders, note, codes=[code] if code else None)
    refused = [{"id": str(id_), **problem.as_dict(say.settings().lang)} for id_, problem in found.refused]
    if as_json:
        done = [str(id_) for id_ in found.done]
        unchanged = [str(id_) for id_ in found.unchanged]
        say.document({"schema": "fahuo.holds-release/1", "done": done, "unchanged": unchanged, "refused": refused})
    else:
        say.say(
            N_("{count} orders released, {unchanged} had no such hold."),
            count=len(found.done),
            unchanged=len(found.unchanged),
        )
        for one in refused:
            say.warn(N_("Order {id}: {message} {next}"), **one)
    if refused:
        raise typer.Exit(1)
