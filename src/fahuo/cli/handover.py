"""`fahuo handover`."""

from __future__ import annotations

from typing import Annotated

import typer

from fahuo.cli import say
from fahuo.cli.options import AsJson, actor, house
from fahuo.flow.handover import hand_over, nothing_chosen
from fahuo.kernel.problems import Failure
from fahuo.kernel.text import N_


def handover(
    wave: Annotated[int | None, typer.Option(help="All packed parcels of this wave.")] = None,
    number: Annotated[list[str] | None, typer.Option(help="Waybill number of a parcel; may be repeated.")] = None,
    count: Annotated[int | None, typer.Option(min=0, help="How many parcels the carrier counted.")] = None,
    as_json: AsJson = False,
) -> None:
    """Give packed parcels to the carrier; the count must agree with the carrier's."""
    if (wave is None) == (not number):
        raise Failure(nothing_chosen())
    with house() as opened:
        manifest = hand_over(opened, actor(), wave=wave, codes=number or (), counted=count)
    if as_json:
        told = {"handed_over": manifest.handed_over, "again": manifest.again, "left": manifest.left}
        told["unbundled"] = manifest.unbundled
        say.document({"schema": "fahuo.handover/1", "count": len(manifest.handed_over), **told})
        return
    say.say(N_("{count} parcels handed over."), count=len(manifest.handed_over))
    if manifest.again:
        say.say(N_("{count} were handed over before."), count=manifest.again)
    if manifest.unbundled:
        say.warn(
            N_("{count} go to the sorting warehouse and stay until they are bundled (`fahuo first-mile`): {numbers}"),
            count=len(manifest.unbundled),
            numbers=" ".join(manifest.unbundled),
        )
    if manifest.left:
        say.warn(
            N_("{count} are not packed, or held, and stay: {numbers}"),
            count=len(manifest.left),
            numbers=" ".join(manifest.left),
        )
