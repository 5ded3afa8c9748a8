"""`fahuo offers`: what connected shops offer, and when the inflow of orders is stopped."""

from __future__ import annotations

from typing import Annotated

import typer

from fahuo.cli import say
from fahuo.cli.options import AsJson, house
from fahuo.flow import offers, shipping_rules
from fahuo.kernel.text import N_
from fahuo.views.offers import LIMIT_MAX, OfferView, offer_json, offer_list

app = typer.Typer(help="What connected shops offer: articles, stock told, sale stopped.")


@app.command("list")
def list_(
    shop: Annotated[str, typer.Option(help="Shop name.")] = "",
    trouble: Annotated[bool, typer.Option("--trouble", help="Not mapped, refused by the platform, off sale.")] = False,
    as_json: AsJson = False,
) -> None:
    """Articles of the shops with the units the platform shows. With --json a document a line."""
    with house() as opened:
        wanted = shipping_rules.shop_id(opened, shop) if shop else None
        with opened.store.read() as tx:
            rows: list[OfferView] = []
            while page := offer_list(tx, None, shop_id=wanted, trouble=trouble, offset=len(rows)):
                rows += page
                if len(page) < LIMIT_MAX:
                    break
    if as_json:
        say.json_lines(offer_json(row) for row in rows)
        return
    say.table(
        N_("Offers"),
        [N_("Shop"), N_("Their code"), "SKU", N_("Article"), N_("State"), N_("Shown"), N_("Problem")],
        [
            (r.shop, r.seller_sku, r.sku or "–", r.title, _state(r), "–" if r.shown is None else r.shown, r.problem)
            for r in rows
        ],
    )


def _state(row: OfferView) -> str:
    return f"{row.state} *" if row.stopped else row.state


@app.command("stop-after")
def stop_after(
    hours: Annotated[str, typer.Argument(help="Hours with nothing to offer, or never. Left out: show it.")] = "",
    as_json: AsJson = False,
) -> None:
    """When a product of which nothing is left is taken off sale; with units there it is put back by itself."""
    with house() as opened:
        now = offers.set_stop_after(opened, hours) if hours else offers.stop_after(opened)
    if as_json:
        say.document({"schema": "fahuo.offers-stop-after/1", "hours": now})
    elif now is None:
        say.say(N_("Products stay on sale and show 0 units."))
    else:
        say.say(N_("Products are taken off sale after {hours} hours with nothing to offer."), hours=f"{now:g}")
