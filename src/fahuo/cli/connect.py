"""`fahuo tiktok`: apps, connecting shops, how the connections stand."""

from __future__ import annotations

from typing import Annotated

import typer

from fahuo.cli import say
from fahuo.cli.options import AsJson, actor, house
from fahuo.cli.pull import notices, pull, pulling
from fahuo.connections.model import Standing
from fahuo.flow import connect as use
from fahuo.flow.apps import add_app, app_list, app_named
from fahuo.flow.grants import client_of, renew_now
from fahuo.flow.house import House
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.views.connection import ConnectionView, at, connection, connection_json, way_out

app = typer.Typer(help="TikTok Shop: apps, connected shops, their tokens.")
apps = typer.Typer(help="Apps registered in the platform's developer portal.")
app.add_typer(apps, name="app")
app.command("pull")(pull)
app.command("pulling")(pulling)
app.command("notices")(notices)


@apps.command("add")
def add(  # noqa: PLR0913, PLR0917 - one option for each thing that an app is
    app_key: str,
    app_secret: Annotated[
        str | None, typer.Option(help="Its secret; better given by the environment.", envvar="FAHUO_TIKTOK_APP_SECRET")
    ] = None,
    service_id: Annotated[str | None, typer.Option(help="Its service id, for the consent page.")] = None,
    public_url: Annotated[
        str | None, typer.Option(help="Public https address of this installation; notices come to a path of it.")
    ] = None,
    us: Annotated[bool, typer.Option("--us", help="The app is registered for the United States.")] = False,
    api_url: Annotated[str | None, typer.Option(help="Another API host, such as a sandbox's.")] = None,
    auth_url: Annotated[str | None, typer.Option(help="Another token host; else the API's when that is given.")] = None,
    consent_url: Annotated[str | None, typer.Option(help="Another consent page.")] = None,
    reads: Annotated[float | None, typer.Option(help="Reads a second to begin with.")] = None,
    writes: Annotated[float | None, typer.Option(help="Writes a second to begin with.")] = None,
    as_json: AsJson = False,
) -> None:
    """Add an app, or change the one with that key; what is not given stays."""
    with house() as opened:
        made = add_app(
            opened,
            app_key,
            app_secret,
            service_id=service_id,
            api_url=api_url,
            auth_url=auth_url or api_url,
            consent_url=consent_url or (f"{api_url.rstrip('/')}/open/authorize" if api_url else None),
            public_url=public_url,
            us=us,
            rates=(reads, writes),
        )
    if as_json:
        say.document({"schema": "fahuo.app/1", **use.app_json(made)})
        return
    say.say(N_("App {key} is kept; its secret is sealed and not shown again."), key=made.app_key)
    if made.webhook_url:
        say.say(N_("Notices will be asked for at {url}."), url=made.webhook_url)


@apps.command("list")
def list_(as_json: AsJson = False) -> None:
    """All apps; their secrets are not shown."""
    with house() as opened:
        found = app_list(opened)
    if as_json:
        say.json_lines(use.app_json(one) for one in found)
        return
    say.table(
        N_("Apps"),
        [N_("App key"), N_("Service id"), N_("API host"), N_("Notices to")],
        [(one.app_key, one.service_id, one.api_url, one.webhook_url) for one in found],
    )


@app.command()
def connect(
    app_key: Annotated[str | None, typer.Option("--app", help="The app, if there are several.")] = None,
    code: Annotated[str | None, typer.Option(help="The code the platform gave after consent.")] = None,
    code_from_url: Annotated[
        str | None, typer.Option(help="The whole address the browser came back to; its state is checked.")
    ] = None,
    shop: Annotated[
        list[str] | None, typer.Option(help="PLATFORM=OURS: their shop id or name, and the shop of ours it is.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print where to give consent; with the code, or the address that came back, connect every shop it covers."""
    names = _names(shop or [])
    with house() as opened:
        if code is None and code_from_url is None:
            url = use.consent_url(opened, app_named(opened, app_key), actor())
            _say_consent(url, as_json)
            return
        client = client_of(opened.store)
        if code_from_url is not None:
            done = use.returned(opened, client, code_from_url, actor(), names=names)
        else:
            done = use.connect(opened, client, app_named(opened, app_key), code or "", names=names)
        views = _views(opened, [one.shop_id for one in done.shops])
    if as_json:
        lang = say.settings().lang
        left = [{k: v for k, v in problem.as_dict(lang).items() if v is not None} for problem in done.left]
        shops = [connection_json(view, lang) for view in views]
        say.document({"schema": "fahuo.connected/1", "seller": done.seller_name, "made": done.made, "shops": shops,
                      "left": left})  # fmt: skip
    else:
        for one in done.shops:
            text = (
                N_("{shop}: connected ({region}).")
                if one.shop not in done.made
                else N_("{shop}: added and connected ({region}).")
            )
            say.say(text, shop=one.shop, region=one.region)
        for problem in done.left:
            for line in say.problem_lines(problem):
                typer.echo(line, err=True)
    if not done.shops:
        raise typer.Exit(1)


def _say_consent(url: str, as_json: bool) -> None:
    if as_json:
        say.document({"schema": "fahuo.consent/1", "url": url})
        return
    say.say(N_("Open this address with the shop's main account and agree:"))
    typer.echo(url)
    say.say(N_("Then: fahuo tiktok connect --code-from-url 'the address the browser comes back to'"))


def _names(words: list[str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for word in words:
        theirs, equals, ours = word.partition("=")
        if not equals or not theirs.strip() or not ours.strip():
            raise Failure(
                Problem(
                    "bad_names",
                    "shop",
                    word[:80],
                    N_("--shop ties a shop of the platform to one of yours."),
                    N_("Write --shop 'Their name=our name'."),
                )
            )
        names[theirs.strip()] = ours.strip()
    return names


@app.command()
def status(
    shop: Annotated[str | None, typer.Argument(help="One shop, by name; else all.")] = None, as_json: AsJson = False
) -> None:
    """How the connections stand, and the way out of each state. With --json a document a line."""
    with house() as opened:
        wanted = None if shop is None else [use.link_named(opened, shop).shop_id]
        found = use.standings(opened, wanted)
        views = _views(opened, [one.shop_id for one in found])
    if as_json:
        say.json_lines(connection_json(view, say.settings().lang) for view in views)
        return
    say.table(
        N_("Connections"),
        [N_("Shop"), N_("State"), N_("Token until"), N_("Last pull"), N_("Waiting"), N_("For people")],
        [_row(view, view.standing) for view in views if view.standing],
    )
    for view in views:
        problem = way_out(view.standing)
        for line in [] if problem is None else [view.shop.name, *say.problem_lines(problem)]:
            typer.echo(line)


def _row(view: ConnectionView, one: Standing) -> tuple[object, ...]:
    stuck = sum(view.effects.get(state, 0) for state in ("unknown", "declined", "given_up"))
    return (one.shop, one.state, at(one.access_until_ms), at(one.pulled_ms), view.waiting + view.stalled, stuck)


@app.command()
def refresh(
    shop: Annotated[str | None, typer.Argument(help="One shop, by name; else all.")] = None, as_json: AsJson = False
) -> None:
    """Renew tokens now instead of when they are due."""
    with house() as opened:
        links = [use.link_named(opened, shop)] if shop else use.link_list(opened)
        told = renew_now(opened.store, client_of(opened.store), [link.grant_id for link in links])
        found = use.standings(opened, [link.shop_id for link in links])
        lines = [{"shop": one.shop, "state": one.state, "token_until": at(one.access_until_ms)} for one in found]
    if as_json:
        say.json_lines(lines)
    else:
        for line in lines:
            say.say(N_("{shop}: {state}, token until {until}."), shop=line["shop"], state=line["state"],
                    until=line["token_until"])  # fmt: skip
    if told:
        raise Failure(told, 1)


@app.command()
def disconnect(
    shop: str,
    give_back: Annotated[
        bool, typer.Option("--give-back", help="Tell the platform too: ends every shop of that consent.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Stop pulling and reporting for a shop. What is here stays here."""
    with house() as opened:
        one = use.disconnect(opened, client_of(opened.store), shop, at_platform=give_back)
        (view,) = _views(opened, [one.shop_id])
    if as_json:
        say.document(connection_json(view, say.settings().lang))
    else:
        say.say(N_("{shop} is no longer connected."), shop=one.shop)


def _views(opened: House, shop_ids: list[int]) -> list[ConnectionView]:
    with opened.store.read() as tx:
        found = [connection(tx, shop_id) for shop_id in shop_ids]
    return [view for view in found if view is not None]
