"""`fahuo fulfil`: what a person asks the platform about parcels of connected shops."""

from __future__ import annotations

from typing import Annotated

import typer

from fahuo.cli import say
from fahuo.cli.options import AsJson, actor, house, order_id
from fahuo.flow import cut, shipping_rules
from fahuo.kernel.instant import iso, parse_instant
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_

app = typer.Typer(help="Parcels of connected shops: split, combine, schedule, correct; how they are arranged.")
Order = Annotated[str, typer.Argument(help="Our order id, or the platform's.")]
Package = Annotated[int, typer.Argument(help="Package id, as the order shows it.")]


@app.command()
def split(
    order: Order,
    parcel: Annotated[list[str], typer.Option(help="One parcel's units: SKU=1,SKU2=2. Give it once for each parcel.")],
    as_json: AsJson = False,
) -> None:
    """Send an order in several parcels. What is not named goes into a parcel of its own."""
    groups = [_units(text) for text in parcel]
    with house() as opened:
        cut.split(opened, order_id(opened, order), groups, actor())
    _asked("split", as_json)


@app.command()
def combinable(shop: Annotated[str, typer.Argument(help="Shop name.")], as_json: AsJson = False) -> None:
    """Orders that the platform offers to send in one parcel."""
    with house() as opened:
        found = cut.offered(opened, shipping_rules.shop_id(opened, shop))
    if as_json:
        say.document({"schema": "fahuo.combinable/1", "shop": shop, "groups": found})
        return
    say.table(N_("Combinable"), [N_("Orders")], [(" ".join(refs),) for refs in found])


@app.command()
def combine(
    order: Annotated[list[str], typer.Argument(help="The orders, two or more.")], as_json: AsJson = False
) -> None:
    """Send several orders of one buyer in one parcel."""
    with house() as opened:
        cut.combine(opened, [order_id(opened, one) for one in order], actor())
    _asked("combine", as_json)


@app.command()
def uncombine(order: Order, as_json: AsJson = False) -> None:
    """Send an order of a combined parcel by itself."""
    with house() as opened:
        cut.uncombine(opened, order_id(opened, order), actor())
    _asked("uncombine", as_json)


@app.command()
def slots(package: Package, as_json: AsJson = False) -> None:
    """When the platform would pick a parcel up."""
    with house() as opened:
        found, drop_off = cut.slots(opened, package)
    rows = [{"from": iso(first), "to": iso(last)} for first, last in found]
    if as_json:
        say.document({"schema": "fahuo.slots/1", "package": str(package), "slots": rows, "drop_off": drop_off})
        return
    say.table(N_("Pick-up slots"), [N_("From"), N_("To")], [(row["from"], row["to"]) for row in rows])
    say.say(N_("It can be dropped off.") if drop_off else N_("It cannot be dropped off."))


@app.command()
def schedule(
    package: Package,
    slot: Annotated[
        str | None, typer.Option(help="Start of a slot, ISO 8601; without it the parcel is dropped off.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Book how and when a labelled parcel is handed over."""
    with house() as opened:
        chosen = None
        if slot is not None:
            start = _instant(slot)
            chosen = next((one for one in cut.slots(opened, package)[0] if one[0] == start), None)
            if chosen is None:
                raise Failure(
                    Problem(
                        "slot_gone",
                        "slot",
                        slot[:40],
                        N_("There is no free slot that begins then."),
                        N_("`fahuo fulfil slots` lists them."),
                    ),
                    1,
                )
        cut.schedule(opened, package, "DROP_OFF" if chosen is None else "PICKUP", chosen, actor())
    _asked("schedule", as_json)


@app.command()
def correct(
    package: Package,
    number: Annotated[str, typer.Argument(help="The right waybill number.")],
    carrier: Annotated[str, typer.Option(help="The carrier, when that was wrong too.")] = "",
    as_json: AsJson = False,
) -> None:
    """Correct an own carrier's number that the platform was told."""
    with house() as opened:
        cut.correct(opened, package, carrier, number, actor())
    _asked("correct", as_json)


@app.command()
def rules(
    shop: Annotated[str, typer.Argument(help="Shop name.")],
    service: Annotated[
        str | None, typer.Option(help="cheapest (that arrives in time), fastest, default, or a service's name.")
    ] = None,
    handover: Annotated[str | None, typer.Option(help="PICKUP, DROP_OFF, or platform: as the platform has it.")] = None,
    as_json: AsJson = False,
) -> None:
    """How a shop's parcels are arranged: which service, and how they are handed over. Without options: show it."""
    with house() as opened:
        now = shipping_rules.change(opened, shop, service, handover)
    if as_json:
        say.document({"schema": "fahuo.shipping-rules/1", "shop": shop, **now})
    else:
        say.say(N_("{shop}: service {rule}, hand-over {method}."), shop=shop, **now)


def _units(text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in text.split(","):
        sku, _, count = part.rpartition("=")
        if not sku.strip() or not count.strip().isdecimal():
            raise Failure(
                Problem(
                    "units_unreadable",
                    "parcel",
                    text[:80],
                    N_("{value} does not name units."),
                    N_("Write SKU=1,SKU2=2."),
                    {"value": text[:80]},
                )
            )
        found[sku.strip()] = found.get(sku.strip(), 0) + int(count)
    return found


def _instant(text: str) -> int:
    try:
        return parse_instant(text)
    except ValueError:
        wrong = N_("{value} is no instant.")
        then = N_("Write 2018-03-01T00:00:00Z, or a date with an offset.")
        raise Failure(Problem("bad_instant", "slot", text[:80], wrong, then, {"value": text[:80]})) from None


def _asked(what: str, as_json: bool) -> None:
    if as_json:
        say.document({"schema": "fahuo.asked/1", "asked": what})
    else:
        say.say(N_("The platform is asked; the order's page tells what it says."))
