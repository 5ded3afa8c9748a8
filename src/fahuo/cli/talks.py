"""`fahuo talks`: what buyers write, and answers to it."""

from __future__ import annotations

from typing import Annotated

import typer

from fahuo.cli import say
from fahuo.cli.options import AsJson, house, operator
from fahuo.flow import talks
from fahuo.kernel.instant import iso
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.views import shops as shop_views
from fahuo.views.aftersales import LIMIT_MAX, conversation, conversation_list
from fahuo.views.json import conversation_json, message_json

app = typer.Typer(help="Conversations with buyers: read and answer.")
TalkId = Annotated[int, typer.Argument(help="Our id of the conversation, from `fahuo talks list`.")]


@app.command("list")
def list_(limit: Annotated[int, typer.Option(min=1, max=LIMIT_MAX)] = 50, as_json: AsJson = False) -> None:
    """Conversations, those somebody wrote in last first. With --json a document a line."""
    with house() as opened, opened.store.read() as tx:
        rows = conversation_list(tx, None, limit)
        names = shop_views.shop_names(tx, None)
    if as_json:
        say.json_lines(conversation_json(row, names) for row in rows)
        return
    say.table(
        N_("Conversations"),
        ["id", N_("Shop"), N_("Waits since"), N_("Last message")],
        [(r.id, names.get(r.shop_id, ""), _when(r.waits_since), _when(r.latest_at)) for r in rows],
    )


def _when(at: int | None) -> str:
    return "" if at is None else iso(at)


@app.command()
def show(talk: TalkId, as_json: AsJson = False) -> None:
    """A conversation's messages, oldest first. With --json a document a line."""
    with house() as opened, opened.store.read() as tx:
        found = conversation(tx, talk, None)
    if found is None:
        raise Failure(
            Problem(
                "not_found",
                "id",
                str(talk),
                N_("There is nothing with the number {id}."),
                N_("Look at the list again."),
                {"id": talk},
            )
        )
    if as_json:
        say.json_lines(message_json(one) for one in found[1])
        return
    rows = [(iso(one.at), one.role, one.state, one.words) for one in found[1]]
    say.table("", [N_("When"), N_("Who"), N_("State"), N_("Words")], rows)


@app.command("say")
def say_(
    talk: TalkId,
    words: Annotated[str, typer.Argument(help="Plain text, at most 2000 characters.")],
    as_json: AsJson = False,
) -> None:
    """Answer in a conversation. The platform is told by `fahuo run`."""
    with house() as opened:
        message = talks.say(opened, operator(), talk, words)
    if as_json:
        say.document({"schema": "fahuo.talks-say/1", "id": str(message)})
    else:
        say.say(N_("The message is on its way."))
