"""`fahuo first-mile`: bundles to the platform's sorting warehouse."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fahuo.cli import say
from fahuo.cli.options import AsJson, actor, house
from fahuo.flow import first_mile, shipping_rules
from fahuo.flow.handover import hand_over
from fahuo.kernel.text import N_
from fahuo.views import first_mile as views

app = typer.Typer(help="The first mile across the border: bundles to the platform's sorting warehouse.")
BundleId = Annotated[int, typer.Argument(help="Our number of the bundle.")]


@app.command()
def waiting(as_json: AsJson = False) -> None:
    """Packed parcels that are in no bundle yet, by shop and warehouse."""
    with house() as opened:
        rows = shipping_rules.gathered(opened, first_mile.waiting(opened))
    if as_json:
        say.document({"schema": "fahuo.first-mile-waiting/1", "waiting": rows})
        return
    columns = [N_("Shop"), N_("Warehouse"), N_("Parcels")]
    say.table(N_("Waiting for a bundle"), columns, [(r["shop"], r["warehouse"], r["parcels"]) for r in rows])


@app.command()
def bundle(
    shop: Annotated[str, typer.Argument(help="Shop name.")],
    warehouse: Annotated[str, typer.Argument(help="Warehouse code.")],
    courier: Annotated[str, typer.Option(help="Domestic courier, as the platform calls it (drop-off).")] = "",
    number: Annotated[str, typer.Option(help="The courier's waybill number (drop-off).")] = "",
    phone_tail: Annotated[str, typer.Option(help="Last 4 digits of the sender's phone.")] = "",
    pickup: Annotated[bool, typer.Option("--pickup", help="The platform picks it up.")] = False,
    as_json: AsJson = False,
) -> None:
    """Gather everything that waits there in one bundle and ask the platform for it."""
    with house() as opened:
        wish = first_mile.Wish(
            shop_id=shipping_rules.shop_id(opened, shop),
            warehouse_id=shipping_rules.warehouse_id(opened, warehouse),
            method=first_mile.PICKUP if pickup else first_mile.DROP_OFF,
            carrier=courier,
            number=number,
            phone_tail=phone_tail,
        )
        made = first_mile.make(opened, wish, actor())
    if as_json:
        say.document({"schema": "fahuo.bundle/1", "bundle": str(made.id), "parcels": made.parcels})
    else:
        say.say(N_("Bundle {bundle} with {count} parcels: the platform is asked."), bundle=made.id, count=made.parcels)


@app.command("list")
def list_(limit: Annotated[int, typer.Option(min=1)] = 50, as_json: AsJson = False) -> None:
    """Bundles, the newest first."""
    with house() as opened, opened.store.read() as tx:
        found = views.bundles(tx, limit)
    if as_json:
        say.json_lines(views.bundle_json(one) for one in found)
        return
    say.table(
        N_("Bundles"),
        [
            N_("Bundle"),
            N_("State"),
            N_("Courier"),
            N_("Number"),
            N_("Parcels"),
            N_("Scanned"),
            N_("Taken in"),
            N_("Refused"),
        ],
        [
            (
                one.bundle.id,
                "?" if one.question else one.bundle.state,
                one.bundle.carrier_name,
                one.bundle.tracking_number,
                one.bundle.parcels,
                one.scanned,
                one.taken_in,
                one.refused,
            )
            for one in found
        ],
    )
    for one in found:
        if one.question:
            say.warn(
                N_("The answer about bundle {bundle} was lost: look in Seller Center, then `fahuo first-mile decide`."),
                bundle=one.bundle.id,
            )


@app.command()
def sheet(
    bundle: BundleId,
    output: Annotated[Path, typer.Option("--output", "-o", help="PDF file to write.")],
    as_json: AsJson = False,
) -> None:
    """The sheet of a bundle, to be printed and put on it."""
    with house() as opened:
        output.write_bytes(first_mile.sheet(opened, bundle))
    if as_json:
        say.document({"schema": "fahuo.first-mile-sheet/1", "bundle": str(bundle), "file": str(output)})
    else:
        say.say(N_("Written to {file}."), file=output)


@app.command()
def handover(bundle: BundleId, as_json: AsJson = False) -> None:
    """The courier has taken the bundle: its parcels are handed over."""
    with house() as opened:
        manifest = hand_over(opened, actor(), codes=first_mile.numbers(opened, bundle))
    if as_json:
        say.document({"schema": "fahuo.handover/1", "count": len(manifest.handed_over), "again": manifest.again})
    else:
        say.say(N_("{count} parcels handed over."), count=len(manifest.handed_over))


@app.command()
def decide(
    bundle: BundleId,
    made: Annotated[str | None, typer.Option(help="The platform's number: the bundle is there.")] = None,
    as_json: AsJson = False,
) -> None:
    """After a lost answer: say that the bundle is there (--made NUMBER), or ask for it again."""
    with house() as opened:
        first_mile.decide(opened, bundle, first_mile.Decision(made is not None, made or ""))
    if as_json:
        say.document({"schema": "fahuo.first-mile-decide/1", "bundle": str(bundle), "asked_again": made is None})
    else:
        say.say(N_("Noted.") if made is not None else N_("The platform is asked again."))
