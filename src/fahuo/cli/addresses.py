"""`fahuo addresses`: addresses and phone numbers checked, without a database."""

import sys
from typing import Annotated

import typer

from fahuo.deadlines.lines import read_lines
from fahuo.kernel.config import load_settings
from fahuo.orders.lines import check_line

app = typer.Typer(help="Addresses of buyers: check and spell.")


@app.callback()
def main() -> None:
    """Addresses of buyers: check and spell."""


@app.command()
def check(
    lang: Annotated[str | None, typer.Option("--lang", help="en or zh.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Errors as JSON too; the lines always are.")] = False,  # noqa: ARG001 - read by main
) -> None:
    """Read addresses as JSON lines from standard input, write what is wrong with each, in the same order.

    In: {"id","country","lines":[…],"city"?,"region"?,"postal_code"?,"name"?,"phone"?}. A line that cannot be used gives
    {"id","error"} in its place and exit code 1 at the end; an address with problems is an answer and no error.
    """
    shown = load_settings(lang=lang).lang
    good = True
    out = sys.stdout.buffer
    for raw in read_lines(sys.stdin.buffer):
        answer, usable = check_line(raw, shown)
        out.write(answer + b"\n")
        good = good and usable
    out.flush()
    if not good:
        raise typer.Exit(1)
