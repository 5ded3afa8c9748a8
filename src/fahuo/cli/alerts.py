"""`fahuo alerts`: where staff are told that orders run late."""

from __future__ import annotations

from typing import Annotated

import typer

from fahuo.cli import say
from fahuo.cli.options import AsJson, house
from fahuo.flow import alerts
from fahuo.kernel.text import N_

app = typer.Typer(help="Alerts to staff, by Apprise.")


@app.command("set")
def set_(
    urls: Annotated[list[str] | None, typer.Argument(help="Apprise URLs; none: alerts go nowhere.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say where alerts go. Addresses are kept encrypted and never shown, because they hold tokens."""
    with house() as opened:
        alerts.set_urls(opened, urls or [])
    if as_json:
        say.document({"schema": "fahuo.alerts/1", "addresses": len(urls or [])})
    else:
        say.say(N_("Alerts go to {count} addresses."), count=len(urls or []))


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """What is to be told right now, and to how many addresses."""
    with house() as opened, opened.store.read() as tx:
        told = alerts.in_words(tx, alerts.facts(tx, opened.clock.now()), opened.lang)
        addresses = len(alerts.urls(tx))
    if as_json:
        say.document({"schema": "fahuo.alerts/1", "addresses": addresses, "alerts": told})
        return
    for line in told:
        say.say(line)
    say.say(N_("Alerts go to {count} addresses."), count=addresses)
