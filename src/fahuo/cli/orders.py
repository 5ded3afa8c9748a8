"""`fahuo orders` and its holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from fahuo.cli import say
from fahuo.cli.options import AsJson, actor, house, order_id
from fahuo.flow.erase import erase as erase_orders
from fahuo.flow.house import House, need_shop
from fahuo.kernel.instant import iso, parse_instant
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.views import orders as views
from fahuo.views.json import order_json, row_json
from fahuo.views.order import OrderView, hold_words, show

app = typer.Typer(help="Orders: list and show.")
PAGE = 500


@app.command("list")
def list_(
    state: Annotated[str, typer.Option(help="The platform's word, such as AWAITING_SHIPMENT.")] = "",
    station: Annotated[str, typer.Option(help="check, stock, plan, pack, handover, transit, …")] = "",
    shop: Annotated[str, typer.Option(help="Shop name.")] = "",
    market: Annotated[str, typer.Option()] = "",
    due_before: Annotated[str, typer.Option(help="ISO 8601 instant.")] = "",
    hold: Annotated[str, typer.Option(help="A hold's code, or any.")] = "",
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many.")] = None,
    as_json: AsJson = False,
) -> None:
    """Orders, open and closed. With --json a document a line, all of them."""
    with house() as opened:
        wanted = _filter(opened, state, station, shop, market, due_before, hold)
        rows = _rows(opened, wanted, limit if limit is not None or as_json else 50)
        if as_json:
            say.json_lines(rows)
            return
        say.table(
            N_("Orders"),
            [N_("Order"), N_("Shop"), N_("State"), N_("Station"), N_("Due"), N_("Clock"), N_("Held")],
            [
                (
                    r["platform_order_id"],
                    r["shop"],
                    r["state"],
                    r["station"],
                    r.get("due_at", ""),
                    r.get("clock", ""),
                    ", ".join(h["code"] for h in r["held"]),
                )
                for r in rows
            ],
        )


@app.command("show")
def show_(
    order: Annotated[str, typer.Argument(help="Our id, or the platform's order id.")],
    as_json: AsJson = False,
) -> None:
    """One order with clocks, holds, parcels, plan and journal."""
    with house() as opened:
        id_ = order_id(opened, order)
        with opened.store.read() as tx:
            view = show(tx, id_, opened.clock.now())
        if view is None:
            raise RuntimeError("the order went away between two transactions")
        shown = order_json(view)
    if as_json:
        say.document(shown)
        return
    say.table(
        f"{view.row['platform_order_id']} · {view.shop}",
        [N_("Field"), N_("Value")],
        [(k, view.row[k]) for k in ("market", "state", "station", "shipping_type", "carrier_name", "tracking_number")],
    )
    say.table(
        N_("Clocks"),
        [N_("Clock"), N_("Who"), N_("Due"), N_("Outcome"), N_("Source")],
        [(c.clock, c.party, iso(c.due_at), c.outcome, c.source) for c in view.clocks],
    )
    say.table(
        N_("Parcels"),
        ["id", N_("State"), N_("Carrier"), N_("Number"), N_("Platform"), N_("Label ready")],
        [
            (p.id, p.state, p.carrier_name, p.tracking_number, p.platform_ref, p.label_origin if p.label_id else "")
            for p in view.parcels
        ],
    )
    _holds(view)
    say.table(
        N_("Effects"),
        ["id", N_("Kind"), N_("State"), N_("Attempts"), N_("Answer")],
        [(e.id, e.kind, e.state, e.attempts, f"{e.outcome.get('code', '')} {e.outcome.get('message', '')}".strip())
         for e in view.effects],
    )  # fmt: skip
    say.table(N_("Journal"), [N_("At"), N_("What"), N_("Who")], [(iso(j.at), j.kind, j.actor) for j in view.timeline])


def _holds(view: OrderView) -> None:
    """Every hold; then what is wrong and what to do, for those that are open."""
    say.table(
        N_("Holds"),
        [N_("Code"), N_("Owner"), N_("Since"), N_("Released")],
        [(h.code, h.owner, iso(h.since_at), iso(h.released_at) if h.released_at else "") for h in view.holds],
    )
    for one in view.holds:
        if one.released_at is None:
            wrong, then = hold_words(one.code, one.field, one.value, say.settings().lang)
            say.warn("{code}: {wrong} {then}", code=one.code, wrong=wrong, then=then)


@app.command()
def erase(
    orders: Annotated[list[str], typer.Argument(help="Our ids, or the platform's order ids.")],
    reason: Annotated[str, typer.Option(help="Why; it stands in the journal, so no personal data in here.")],
    as_json: AsJson = False,
) -> None:
    """Erase the personal data of closed orders for good: recipient, messages, payloads, pages of attached labels."""
    with house() as opened:
        ids = [order_id(opened, word) for word in orders]
        done, refused = erase_orders(opened, ids, reason, actor())
    lang = say.settings().lang
    if as_json:
        shown = [{"id": str(id_), **problem.as_dict(lang)} for id_, problem in refused]
        say.document({"schema": "fahuo.erase/1", "erased": [str(id_) for id_ in done], "refused": shown})
    else:
        say.say(N_("Personal data of {count} orders erased."), count=len(done))
        for _, problem in refused:
            rendered = problem.render(lang)
            say.warn("{message} {next}", message=rendered.message, next=rendered.next)
    if refused:
        raise typer.Exit(1)


def _filter(
    opened: House, state: str, station: str, shop: str, market: str, due_before: str, hold: str
) -> views.Filter:
    shop_id = None
    if shop:
        with opened.store.read() as tx:
            shop_id = need_shop(tx, shop).id
    try:
        before = parse_instant(due_before) if due_before else None
    except ValueError:
        raise Failure(
            Problem(
                "bad_instant",
                "due-before",
                due_before[:80],
                N_("{value} is no instant."),
                N_("Write 2018-03-01T00:00:00Z, or a date with an offset."),
                {"value": due_before[:80]},
            )
        ) from None
    return views.Filter(
        state=state, station=station, shop_id=shop_id, market=market, due_before=before, hold=hold, sort="new"
    )


def _rows(opened: House, wanted: views.Filter, limit: int | None) -> Iterator[dict[str, Any]]:
    cursor, left = "", limit
    with opened.store.read() as tx:
        while True:
            page = views.page(tx, wanted, PAGE if left is None else min(PAGE, left), cursor)
            names = views.shop_names(tx)
            for row in page.rows:
                yield row_json(row, page.holds.get(row.id, []), names)
            cursor = page.next
            if left is not None:
                left -= len(page.rows)
            if not cursor or left == 0:
                return
