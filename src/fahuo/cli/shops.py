"""`fahuo shops`."""

from __future__ import annotations

from typing import Annotated

import typer

from fahuo.catalogue.model import Sender, Shop
from fahuo.cli import say
from fahuo.cli.options import AsJson, house
from fahuo.deadlines.packs import load_book
from fahuo.flow.setup import add_shop, callback_key, shop_json
from fahuo.kernel.text import N_
from fahuo.views.shops import shop_views

app = typer.Typer(help="Shops of the seller.")


@app.command()
def add(  # noqa: PLR0913, PLR0917 - one option for each thing that a shop is
    name: str,
    market: Annotated[str, typer.Option(help="US, GB, VN, TH, PH, MY, SG, ID, JP, DE, FR, IT, ES, IE, MX, BR.")],
    seller_type: Annotated[str, typer.Option(help="local or cross_border.")],
    shipping_type: Annotated[str, typer.Option(help="TIKTOK or SELLER, for orders that do not say.")] = "TIKTOK",
    zone: Annotated[
        str | None, typer.Option(help="IANA zone of the shop's exports; else the market's usual one.")
    ] = None,
    pack: Annotated[str | None, typer.Option(help="Rule pack instead of the market's own.")] = None,
    channel: Annotated[str, typer.Option(help="files or callback: how results go back.")] = "files",
    callback_url: Annotated[str | None, typer.Option(help="Address of the seller's own system.")] = None,
    callback_secret: Annotated[
        str | None, typer.Option(help="Key that signs the calls; else one is made.", envvar="FAHUO_CALLBACK_SECRET")
    ] = None,
    sender: Annotated[str | None, typer.Option(help="Seller's full name on labels.")] = None,
    sender_address: Annotated[str | None, typer.Option(help="Seller's street and number on labels.")] = None,
    sender_city: Annotated[str, typer.Option()] = "",
    sender_region: Annotated[str, typer.Option()] = "",
    sender_postal_code: Annotated[str, typer.Option()] = "",
    sender_country: Annotated[str, typer.Option()] = "",
    sender_phone: Annotated[str, typer.Option()] = "",
    cod: Annotated[bool, typer.Option(help="Whether cash on delivery is taken.")] = True,
    as_json: AsJson = False,
) -> None:
    """Add a shop, or change the one of that name."""
    who = Sender(
        name=sender or name,
        lines=(sender_address,) if sender_address else (),
        city=sender_city,
        region=sender_region,
        postal_code=sender_postal_code,
        country=sender_country or market.upper(),
        phone=sender_phone,
    )
    with house() as opened:
        before = callback_key(opened, name.strip())
        shop = add_shop(
            opened,
            name,
            market,
            seller_type,
            shipping_type,
            zone_name=zone,
            pack=pack,
            channel=channel,
            callback_url=callback_url,
            secret=callback_secret,
            sender=who if sender or sender_address else None,
            cod_allowed=cod,
            known_packs=frozenset(p.id for p in load_book().packs),
        )
        key = callback_key(opened, shop.name)
    # Shown only when it was made here: whoever gave it knows it.
    _say(shop, key if key not in (before, callback_secret) else None, as_json)


def _say(shop: Shop, made: str | None, as_json: bool) -> None:
    if as_json:
        key = {} if made is None else {"callback_secret": made}
        say.document({"schema": "fahuo.shop/1", **shop_json(shop), **key})
        return
    if made is not None:
        text = N_("Calls are signed with {key}. It is not shown again: keep it where your system checks calls.")
        say.say(text, key=made)
    text = N_("Shop {name}: {market}, {kind}, times in {zone}.")
    say.say(text, name=shop.name, market=shop.market, kind=shop.seller_type, zone=shop.zone)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """All shops."""
    with house() as opened, opened.store.read() as tx:
        shops = [(view.shop, view.channel) for view in shop_views(tx, opened.clock.now())]
    if as_json:
        say.json_lines(shop_json(shop) | {"channel": channel} for shop, channel in shops)
    else:
        say.table(
            N_("Shops"),
            [
                N_("Name"),
                N_("Market"),
                N_("Seller type"),
                N_("Shipping type"),
                N_("Zone"),
                N_("Rule pack"),
                N_("Channel"),
            ],
            [(s.name, s.market, s.seller_type, s.shipping_type, s.zone, s.pack, channel) for s, channel in shops],
        )
