"""`fahuo bench`: every claim about speed is a ratio measured in one run by one of these."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from fahuo.cli import say
from fahuo.cli.options import AsJson
from fahuo.kernel.text import N_

app = typer.Typer(help="Measure: own figure and raw figure in one run.")


def _show(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        say.document(found)
        return
    say.table("", [N_("Figure"), N_("Value")], [(key, value) for key, value in found.items() if key != "schema"])


@app.command()
def pipeline(
    orders: Annotated[int, typer.Option(min=1, help="Orders of two lines.")] = 20_000,
    input_: Annotated[
        Path | None, typer.Option("--input", help="TikTok-like JSON lines instead of generated ones.")
    ] = None,
    db: Annotated[str | None, typer.Option(help="A PostgreSQL URL; fresh databases are made beside it.")] = None,
    repeats: Annotated[int, typer.Option(min=1)] = 5,
    as_json: AsJson = False,
) -> None:
    """The whole journey, against bare driver inserts of the same rows."""
    from fahuo.bench.pipeline import run  # noqa: PLC0415 - heavy, and only here

    _show(run(orders, input_, db, repeats), as_json)


@app.command()
def deadlines(rows: Annotated[int, typer.Option(min=1)] = 1_000_000, as_json: AsJson = False) -> None:
    """Orders with all their clocks a second, and of numpy.busday_offset."""
    from fahuo.bench.deadlines import run  # noqa: PLC0415 - heavy, and only here

    _show(run(rows), as_json)


@app.command()
def plan(
    orders: Annotated[int, typer.Option(min=1)] = 100_000,
    services: Annotated[int, typer.Option(min=1)] = 12,
    as_json: AsJson = False,
) -> None:
    """Seconds, cost, lower bound and gap of one plan."""
    from fahuo.bench.plan import run  # noqa: PLC0415 - heavy, and only here

    _show(run(orders, services), as_json)


@app.command()
def labels(count: Annotated[int, typer.Option(min=1)] = 1_000, as_json: AsJson = False) -> None:
    """Labels a second, and of the bare typst compile of the same pages."""
    from fahuo.bench.labels import run  # noqa: PLC0415 - heavy, and only here

    _show(run(count), as_json)


@app.command()
def pages(orders: Annotated[int, typer.Option(min=1)] = 20_000, as_json: AsJson = False) -> None:
    """p50 and p95 of the pages, in milliseconds."""
    from fahuo.bench.pages import run  # noqa: PLC0415 - heavy, and only here

    _show(run(orders), as_json)


@app.command()
def intake(
    rate: Annotated[float, typer.Option(min=0, help="Notices a second for the latencies; 0: half of the most.")] = 0,
    seconds: Annotated[float, typer.Option(min=0.5, help="Of each run.")] = 5,
    db: Annotated[str | None, typer.Option(help="A PostgreSQL URL; a fresh database is made beside it.")] = None,
    repeats: Annotated[int, typer.Option(min=1)] = 5,
    as_json: AsJson = False,
) -> None:
    """Notices acknowledged after commit, against bare commits and a bare web server; lost ones after kill -9."""
    from fahuo.bench.intake import run  # noqa: PLC0415 - heavy, and only here

    _show(run(rate, seconds, db, repeats), as_json)


@app.command()
def pull(
    orders: Annotated[int, typer.Option(min=1, help="Orders to pull, twice.")] = 20_000,
    rate: Annotated[
        float, typer.Option(min=0.2, help="Calls a second an app may make for a shop, in the paced run.")
    ] = 50,
    db: Annotated[str | None, typer.Option(help="A PostgreSQL URL; fresh databases are made beside it.")] = None,
    as_json: AsJson = False,
) -> None:
    """A pull from the sandbox, against reading its pages alone, and under a budget of calls.

    Without any limit: sandbox_pages_per_second and sandbox_orders_per_second when nothing is done with the pages (the
    better of two readings), pull_pages_per_second and pull_orders_per_second when they are taken, ratio of the two;
    pull_idle: share of the pull's time in which no page was there to write; memory_mb: most this process held.

    Under the budget: paced_pages_allowed_per_second, paced_pages_per_second (pages the sandbox gave, empty ones too),
    paced_orders_per_second, paced_calls_refused (as too many), paced_idle. 50 calls a second is the most that was ever
    public. A budget saves up two seconds, so short runs may exceed it.
    """
    from fahuo.bench.pull import run  # noqa: PLC0415 - heavy, and only here

    _show(run(orders, db, rate), as_json)
