"""`fahuo aftersales`: what buyers ask for after the purchase, and the answers."""

from __future__ import annotations

from typing import Annotated

import typer

from fahuo.cli import say
from fahuo.cli.options import AsJson, house, operator, order_id
from fahuo.flow import aftersales
from fahuo.kernel.instant import iso
from fahuo.kernel.text import N_
from fahuo.views.aftersales import LIMIT_MAX, request_list
from fahuo.views.json import request_json

app = typer.Typer(help="Requests to cancel, refund, return: list and answer them.")
RequestId = Annotated[int, typer.Argument(help="Our id of the request, from `fahuo aftersales list`.")]


@app.command("list")
def list_(
    waiting: Annotated[
        bool, typer.Option("--waiting", help="Only those to be answered, the most urgent first.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=LIMIT_MAX)] = 100,
    as_json: AsJson = False,
) -> None:
    """Requests, the newest first. With --json a document a line."""
    with house() as opened, opened.store.read() as tx:
        rows = request_list(tx, None, waiting=waiting, limit=limit)
        if as_json:
            say.json_lines(request_json(row) for row in rows)
            return
        say.table(
            N_("Requests after the purchase"),
            ["id", N_("Shop"), N_("Order"), N_("Kind"), N_("State"), N_("Answer by"), N_("Decided")],
            [
                (r.id, r.shop, r.order_ref, r.type or r.kind, r.state, "" if r.answer_by is None else iso(r.answer_by),
                 r.decided)
                for r in rows
            ],
        )  # fmt: skip


@app.command()
def answer(
    request: RequestId,
    decision: Annotated[str, typer.Argument(help="approve or reject.")],
    reason: Annotated[str, typer.Option(help="One of the platform's reasons; a rejection needs one.")] = "",
    comment: Annotated[str, typer.Option(help="Words for the buyer.")] = "",
    as_json: AsJson = False,
) -> None:
    """Answer a request. The platform is told by `fahuo run`."""
    with house() as opened:
        done = aftersales.answer(opened, operator(), request, decision, reason=reason, comment=comment)
    if as_json:
        say.document({"schema": "fahuo.aftersales-answer/1", "id": str(done.id), "decided": done.decided})
    else:
        say.say(N_("Request {ref}: {decision}."), ref=done.ref, decision=done.decided)


@app.command()
def reasons(
    request: RequestId,
    locale: Annotated[str, typer.Option(help="Language of the texts, as the platform names it.")] = "en",
    as_json: AsJson = False,
) -> None:
    """The platform's reasons for rejecting a request; asks the platform."""
    with house() as opened:
        found = aftersales.offered_reasons(opened, operator(), request, locale)
    if as_json:
        rows = [{"name": name, "text": text} for name, text in found]
        say.document({"schema": "fahuo.aftersales-reasons/1", "reasons": rows})
    else:
        say.table(N_("Reasons"), [N_("Name"), N_("Text")], found)


@app.command()
def cancel(
    order: Annotated[str, typer.Argument(help="The platform's order id, or ours.")],
    reason: Annotated[str, typer.Option(help="One of the platform's reasons for a seller's cancellation.")],
    unit: Annotated[list[str] | None, typer.Option(help="Only this unit (platform line item id); repeatable.")] = None,
    as_json: AsJson = False,
) -> None:
    """Ask the platform to cancel an order for the seller; for most reasons it counts as the seller's fault."""
    with house() as opened:
        id_ = order_id(opened, order)
        aftersales.cancel_for_seller(opened, operator(), id_, reason, unit or ())
    if as_json:
        say.document({"schema": "fahuo.aftersales-cancel/1", "order_id": str(id_)})
    else:
        say.say(N_("The platform is asked to cancel order {order}."), order=order)
