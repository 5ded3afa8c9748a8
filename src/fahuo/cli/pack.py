"""`fahuo pack`: the bench without a page, and simulated staff for rehearsals."""

from __future__ import annotations

from typing import Annotated

import typer

from fahuo.cli import say
from fahuo.cli.options import AsJson, actor, house
from fahuo.flow.numbering import set_number
from fahuo.flow.pack import BenchView, confirm, open_parcel, scan_item, simulate_staff
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_

app = typer.Typer(help="The packing bench.")


@app.command()
def scan(
    parcel: Annotated[str, typer.Argument(help="Waybill number, platform order id or package id.")],
    item: Annotated[list[str] | None, typer.Option(help="Barcode or SKU of one unit; give it once a unit.")] = None,
    label: Annotated[str | None, typer.Option(help="Waybill number read from the label: closes the parcel.")] = None,
    as_json: AsJson = False,
) -> None:
    """Scan articles into a parcel and close it with its label."""
    with house() as opened:
        view = _or_fail(open_parcel(opened, parcel))
        for code in item or []:
            view = _or_fail(scan_item(opened, view.package_id, code, actor()))
        if label is not None:
            view = _or_fail(confirm(opened, view.package_id, label, actor()))
    if as_json:
        items = [{"sku": i.sku, "quantity": i.quantity, "scanned": i.scanned} for i in view.items]
        say.document(
            {
                "schema": "fahuo.bench/1",
                "package": str(view.package_id),
                "order": view.order_ref,
                "shop": view.shop,
                "tracking_number": view.tracking_number,
                "state": view.state,
                "complete": view.complete,
                "items": items,
            }
        )
    else:
        say.table(
            f"{view.order_ref} {view.tracking_number}",
            [N_("SKU"), N_("Name"), N_("Units"), N_("Scanned")],
            [(i.sku, i.name, i.quantity, i.scanned) for i in view.items],
        )
        say.say(N_("State: {state}"), state=view.state)


@app.command()
def number(
    package: Annotated[int, typer.Argument(help="Package id.")],
    waybill: Annotated[str, typer.Argument(help="The number the carrier gave.")],
    as_json: AsJson = False,
) -> None:
    """Give a parcel the waybill number of its carrier, where no number range has one."""
    with house() as opened:
        problem = set_number(opened, package, waybill, actor())
    if problem is not None:
        raise Failure(problem, 1)
    if as_json:
        say.document({"schema": "fahuo.pack-number/1", "package": str(package), "tracking_number": waybill})
    else:
        say.say(N_("Parcel {package} has the number {number}."), package=package, number=waybill)


@app.command()
def simulate(
    limit: Annotated[int | None, typer.Option(help="Parcels at most.")] = None,
    as_json: AsJson = False,
) -> None:
    """Pack what is arranged as a faultless team would; for demonstrations and rehearsals only."""
    with house() as opened:
        packed = simulate_staff(opened.store, opened.clock.now(), limit=limit)
    if as_json:
        say.document({"schema": "fahuo.pack-simulation/1", "packed": packed})
    else:
        say.say(N_("{count} parcels packed by simulated staff."), count=packed)


def _or_fail(found: BenchView | Problem) -> BenchView:
    if isinstance(found, Problem):
        raise Failure(found, 1)
    return found
