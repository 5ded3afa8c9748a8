"""`fahuo waves`."""

from __future__ import annotations

from typing import Annotated

import typer

from fahuo.cli import say
from fahuo.cli.options import AsJson, house
from fahuo.kernel.instant import iso
from fahuo.kernel.text import N_
from fahuo.views.json import wave_json
from fahuo.views.shops import wave_list

app = typer.Typer(help="Waves: parcels that are picked together.")


@app.callback()
def _group() -> None:
    """Waves: parcels that are picked together."""


@app.command("list")
def list_(limit: Annotated[int, typer.Option(min=1)] = 100, as_json: AsJson = False) -> None:
    """Waves, the newest first."""
    with house() as opened, opened.store.read() as tx:
        rows = wave_list(tx, limit)
    if as_json:
        say.json_lines(wave_json(row) for row in rows)
    else:
        say.table(
            N_("Waves"),
            [N_("Wave"), N_("Warehouse"), N_("Carrier"), N_("Parcels"), N_("Packed"), N_("Leaves"), N_("First due")],
            [
                (
                    r.number,
                    r.warehouse,
                    r.carrier,
                    r.parcels,
                    r.packed,
                    iso(r.leave_at) if r.leave_at else "",
                    iso(r.first_due_at) if r.first_due_at else "",
                )
                for r in rows
            ],
        )
