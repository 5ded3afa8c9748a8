"""`fahuo holds`."""

from __future__ import annotations

from typing import Annotated

import typer

from fahuo.cli import say
from fahuo.cli.options import AsJson, actor, house
from fahuo.flow.actions import release_holds
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
        released = release_holds(opened, orders, code or None, actor(), note)
    if as_json:
        say.document({"schema": "fahuo.holds-release/1", "released": released})
    else:
        say.say(N_("{count} holds released."), count=released)
