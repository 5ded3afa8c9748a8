"""`fahuo holds`."""

from __future__ import annotations

from typing import Annotated

import typer

from fahuo.cli import say
from fahuo.cli.options import AsJson, house, operator
from fahuo.flow import actions
from fahuo.kernel.text import N_

app = typer.Typer(help="Holds: put and release them with a note.")

Orders = Annotated[list[int], typer.Argument(help="Our order ids.")]


@app.command()
def release(
    orders: Orders,
    code: Annotated[list[str] | None, typer.Option(help="Only this hold; may be repeated. Else all open ones.")] = None,
    note: Annotated[str, typer.Option(help="Why.")] = "",
    as_json: AsJson = False,
) -> None:
    """Release holds and let the orders go on; the note stays in the release log and the journal."""
    with house() as opened:
        outcome = actions.release(opened, operator(), orders, note, codes=code)
    _tell("fahuo.holds-release/1", outcome, as_json)


@app.command()
def put(orders: Orders, note: Annotated[str, typer.Option(help="Why.", prompt=False)], as_json: AsJson = False) -> None:
    """Stop orders until a person releases them."""
    with house() as opened:
        outcome = actions.put_hold(opened, operator(), orders, note)
    _tell("fahuo.holds-put/1", outcome, as_json)


def _tell(schema: str, outcome: actions.Outcome, as_json: bool) -> None:
    lang = say.settings().lang
    if as_json:
        refused = [{"id": str(id_), **problem.as_dict(lang)} for id_, problem in outcome.refused]
        done, same = [str(id_) for id_ in outcome.done], [str(id_) for id_ in outcome.unchanged]
        say.document({"schema": schema, "done": done, "unchanged": same, "refused": refused})
    else:
        say.say(
            N_("{done} orders changed, {unchanged} left as they were."),
            done=len(outcome.done),
            unchanged=len(outcome.unchanged),
        )
        for id_, problem in outcome.refused:
            shown = problem.render(lang)
            say.warn("{id}: {message} {next}", id=id_, message=shown.message, next=shown.next)
    if outcome.refused:
        raise typer.Exit(1)
