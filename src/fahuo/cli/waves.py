"""`fahuo waves`."""

from __future__ import annotations

from typing import Annotated

import typer

from fahuo.cli import say
from fahuo.cli.options import AsJson, house
from fahuo.kernel.text import N_
from fahuo.views.waves import waves_of

app = typer.Typer(help="Waves: parcels that are picked together.")


@app.callback()
def _group() -> None:
    """Waves: parcels that are picked together."""


@app.command("list")
def list_(limit: Annotated[int, typer.Option(min=1)] = 100, as_json: AsJson = False) -> None:
    """Waves, the newest first."""
    with house() as opened:
        rows = waves_of(opened, limit=limit)
    if as_json:
        say.json_lines(rows)
    else:
        say.table(N_("Waves"), [N_("Wave"), N_("Warehouse"), N_("Service"), N_("Parcels"), N_("Packed"), N_("Leaves"), N_("First due")],
                  [(r["number"], r["warehouse"], r["service"], r["parcels"], r["packed"], r["leave_at"], r["first_due_at"]) for r in rows])
