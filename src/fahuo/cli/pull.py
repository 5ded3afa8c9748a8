"""`fahuo tiktok pull`, `pulling` and `notices`: what arrives by itself, on demand, how, and to be looked at."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from fahuo.cli import say
from fahuo.cli.options import AsJson, actor, house, stop_on_signal
from fahuo.connections.model import ACTIVE
from fahuo.flow import notices as working
from fahuo.flow.connect import link_list, link_named
from fahuo.flow.grants import client_of
from fahuo.flow.pull import Pulled, policy, set_policy
from fahuo.flow.pull import pull as pull_shop
from fahuo.kernel.batches import calm_collector
from fahuo.kernel.instant import iso, parse_instant
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_


def pull(
    shop: Annotated[list[str] | None, typer.Option(help="Only these shops.")] = None,
    since: Annotated[
        str | None, typer.Option(help="Fetch what changed from this instant on (ISO 8601), not from the cursor.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fetch changed orders of the connected shops now; every refused one is reported."""
    start = None if since is None else _instant(since)
    stop = stop_on_signal()
    found: list[Pulled] = []
    with house() as opened:
        client = client_of(opened.store)
        links = [link_named(opened, name) for name in shop] if shop else link_list(opened)
        for link in links:
            if stop.is_set() or (link.state != ACTIVE and not shop):
                continue
            with calm_collector():
                found.append(pull_shop(opened, client, link, since=start, actor=actor(), stop=stop.is_set))
    if as_json:
        say.document({"schema": "fahuo.pull/1", "shops": [_json(one) for one in found]})
    else:
        for one in found:
            _show(one)
    if any(one.problem is not None for one in found):
        raise typer.Exit(3)
    if any(one.refused for one in found):
        raise typer.Exit(1)


def pulling(
    history_days: Annotated[
        int | None, typer.Option(min=0, max=3650, help="The first pull takes everything changed within so many days.")
    ] = None,
    open_days: Annotated[
        int | None, typer.Option(min=0, max=3650, help="And what is still open from so many days before that.")
    ] = None,
    overlap_s: Annotated[
        int | None,
        typer.Option("--overlap", min=0, max=86_400, help="Seconds before the last one's end that a pull begins."),
    ] = None,
    every_s: Annotated[
        int | None, typer.Option("--every", min=5, max=86_400, help="Seconds from one pull to the next.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """How orders of connected shops are pulled; what is given is changed, from the next pull on."""
    given = {"history_days": history_days, "open_days": open_days, "overlap_s": overlap_s, "every_s": every_s}
    changed = {name: value for name, value in given.items() if value is not None}
    with house() as opened, opened.store.write() as tx:
        now = msgspec.structs.replace(policy(tx), **changed)
        if changed:
            set_policy(tx, now)
    if as_json:
        say.document({"schema": "fahuo.pulling/1", **{name: getattr(now, name) for name in given}})
        return
    say.say(
        N_("The first pull takes what changed in {history} days, and what is still open from {open} days before."),
        history=now.history_days,
        open=now.open_days,
    )
    say.say(
        N_("Then every {every} s, beginning {overlap} s before where the last pull came."),
        every=now.every_s,
        overlap=now.overlap_s,
    )


def _json(one: Pulled) -> dict[str, object]:
    lang = say.settings().lang
    plain: dict[str, object] = msgspec.to_builtins(one)
    return plain | {
        "cursor_at": None if one.cursor_at is None else iso(one.cursor_at),
        "problem": None if one.problem is None else one.problem.as_dict(lang),
        "seconds": round(one.seconds, 2),
    }


def _show(one: Pulled) -> None:
    say.say(
        N_("{shop}: {read} orders read, {created} new, {updated} changed, {refused} refused; up to {cursor}."),
        shop=one.shop,
        read=one.read,
        created=one.created,
        updated=one.updated,
        refused=len(one.refused),
        cursor="-" if one.cursor_at is None else iso(one.cursor_at),
    )
    for refusal in one.refused[:50]:
        say.warn(N_("order {order}: {message} {next}"), order=refusal.order, message=refusal.message, next=refusal.next)
    if one.problem is not None:
        shown = one.problem.render(say.settings().lang)
        say.warn(N_("{shop}: {message} {next}"), shop=one.shop, message=shown.message, next=shown.next)


def notices(
    again: Annotated[bool, typer.Option("--again", help="Work off parked notices once more.")] = False,
    seen: Annotated[list[int] | None, typer.Option(help="This parked notice has been seen to (its id).")] = None,
    as_json: AsJson = False,
) -> None:
    """What the platform told: counts, and what is parked, unreadable or of nobody here."""
    with house() as opened:
        working.set_aside(opened, seen or [])
        tried = working.try_again(opened) if again else 0
        found = working.overview(opened.store)
    if as_json:
        say.document({"schema": "fahuo.notices/1", "tried_again": tried, **msgspec.to_builtins(found, str_keys=True)})
        return
    if again:
        say.say(N_("{count} notices are worked off once more."), count=tried)
    say.table(
        N_("Requests to the receiving address"),
        [N_("App key"), N_("What"), N_("Count")],
        [(one.app_key, one.what, one.count) for one in found.counts],
    )
    say.table(
        N_("To be looked at"),
        [N_("Id"), N_("Type"), N_("About"), N_("State"), N_("Why")],
        [(one.id, one.type, one.ref or one.order_refs, one.state, one.why) for one in found.troubled],
    )


def _instant(text: str) -> int:
    try:
        return parse_instant(text)
    except ValueError:
        raise Failure(
            Problem(
                "bad_instant",
                "since",
                text[:80],
                N_("{value} is no instant."),
                N_("Write 2018-03-01T00:00:00Z, or a date with an offset."),
                {"value": text[:80]},
            )
        ) from None
