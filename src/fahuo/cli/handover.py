"""`fahuo handover`."""

from __future__ import annotations

from typing import Annotated

import typer

from fahuo.cli import say
from fahuo.cli.options import AsJson, actor, house
from fahuo.flow.handover import hand_over
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_


def handover(
    wave: Annotated[int | None, typer.Option(help="All packed parcels of this wave.")] = None,
    number: Annotated[list[str] | None, typer.Option(help="Waybill number of a parcel; may be repeated.")] = None,
    count: Annotated[int | None, typer.Option(min=0, help="How many parcels the carrier counted.")] = None,
    as_json: AsJson = False,
) -> None:
    """Give packed parcels to the carrier; the count must agree with the carrier's."""
    if (wave is None) == (not number):
        raise Failure(
            Problem(
                "nothing_chosen",
                "wave",
                message=N_("Say which parcels the carrier takes."),
                next=N_("Give either --wave W, or --number for each parcel."),
            )
        )
    with house() as opened:
        manifest = hand_over(opened, actor(), wave=wave, codes=number or (), counted=count)
    if as_json:
        told = {"handed_over": manifest.handed_over, "again": manifest.again, "left": manifest.left}
        say.document({"schema": "fahuo.handover/1", "count": len(manifest.handed_over), **told})
        return
    say.say(N_("{count} parcels handed over."), count=len(manifest.handed_over))
    if manifest.again:
        say.say(N_("{count} were handed over before."), count=manifest.again)
    if manifest.left:
        say.warn(
            N_("{count} are not packed and stay: {numbers}"), count=len(manifest.left), numbers=" ".join(manifest.left)
        )
