"""`fahuo demo`: a made-up seller's days, played before your eyes or as fast as they can be computed."""

from __future__ import annotations

import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from fahuo.cli import say
from fahuo.cli.listening import listen
from fahuo.cli.options import AsJson, stop_on_signal
from fahuo.demo.clock import DemoClock
from fahuo.demo.figures import figures
from fahuo.demo.house import MARKETS, Login, connect_shops, fresh_home, fresh_house, furnish, people
from fahuo.demo.inside import DAY, PARCELS_PER_HOUR, SHIFT_HOURS
from fahuo.demo.platform import platform
from fahuo.demo.play import LIVE_STEP, STEP, Play, start_of
from fahuo.flow.connect import CALLBACK_PATH
from fahuo.flow.house import House
from fahuo.kernel.clock import RealClock
from fahuo.kernel.config import Settings
from fahuo.kernel.instant import iso
from fahuo.kernel.text import N_, t
from fahuo.web.app import create_app

STOCK_DAYS = 60
"""Days of orders the shelves are filled for beyond those played at once."""
FOLDER = "demo"


def demo(  # noqa: PLR0913 - one parameter an option
    *,
    days: Annotated[int, typer.Option(min=1, max=60, help="Days played at once, without waiting.")] = 1,
    exit_: Annotated[bool, typer.Option("--exit", help="Stop after these days and print the figures.")] = False,
    speed: Annotated[float, typer.Option(min=1, max=10_000, help="Business seconds in a real one, afterwards.")] = 60,
    orders_per_day: Annotated[int, typer.Option(min=1, max=5_000)] = 240,
    staff: Annotated[int, typer.Option(min=0, max=1_000, help="People who pack, in each warehouse.")] = 4,
    seed: Annotated[int, typer.Option(min=0, help="The same seed and day give the same orders.")] = 1,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The next free one if taken; 0 for any.")] = 8000,
    home: Annotated[Path | None, typer.Option(help="Folder of the demonstration; emptied first.")] = None,
    as_json: AsJson = False,
) -> None:
    """A made-up seller with shops on a sandbox of TikTok Shop, live orders, staff and carriers, in a fresh home."""
    settings = say.settings()
    clock = DemoClock(start_of(settings.now if settings.now is not None else RealClock().now(), days))
    with ExitStack() as stack:
        folder = stack.enter_context(_home(home, exit_))
        house = stack.enter_context(fresh_house(folder, clock, settings.lang, _server(settings)))
        url = stack.enter_context(_served(house, listen(host, 0 if exit_ else port)))
        furnish(house, folder, orders_per_day * (days + STOCK_DAYS), staff * PARCELS_PER_HOUR * SHIFT_HOURS)
        back = ("--redirect-url", f"{url}{CALLBACK_PATH}")
        outside = stack.enter_context(platform(MARKETS, seed, orders_per_day, clock.now(), back))
        connect_shops(house, folder, outside, url)
        play = Play(house, clock, outside, staff)
        _played(play, days)
        if exit_:
            _report(house, play, days, seed, as_json)
            return
        _welcome(url, outside.url, people(house), speed, as_json)
        _live(play, clock, speed)


@contextmanager
def _home(given: Path | None, short: bool) -> Iterator[Path]:
    """The folder: the one given, a passing one for a run that ends by itself, else `demo` here."""
    with ExitStack() as stack:
        if given is None and short:
            given = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fahuo-demo-")))
        folder = (given or Path(FOLDER)).absolute()
        stack.enter_context(fresh_home(folder))
        yield folder


def _server(settings: Settings) -> str | None:
    """The PostgreSQL server the settings name; None for SQLite, where the demonstration has a file of its own."""
    return settings.database_url if settings.database_url.startswith("postgresql") else None


def _played(play: Play, days: int) -> None:
    """The days at once, with a bar on a terminal's standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(t(N_("Playing the first days"), say.settings().lang), total=days * DAY // STEP)
        play.fast(days, lambda: bar.advance(task))


def _report(house: House, play: Play, days: int, seed: int, as_json: bool) -> None:
    apart = play.disagreements()
    found: dict[str, Any] = {
        "schema": "fahuo.demo/1",
        "days": days,
        "seed": seed,
        "until": iso(house.clock.now()),
        **figures(house),
        "sandbox_agrees": not apart,
    }
    if apart:
        found["apart"] = {ref: {"sandbox": theirs, "fahuo": ours} for ref, (theirs, ours) in apart.items()}
    if as_json:
        say.document(found)
    else:
        say.table("", [N_("Figure"), N_("Value")], [(key, value) for key, value in found.items() if key != "schema"])


@contextmanager
def _served(house: House, listening: socket.socket) -> Iterator[str]:
    """The control tower on that socket, which also takes the platform's notices; its address."""
    app = create_app(house)
    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, date_header=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="demo server")
    thread.start()
    try:
        yield f"http://{listening.getsockname()[0]}:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        app.state.watch.close()


def _live(play: Play, clock: DemoClock, speed: float) -> None:
    """Time that runs, until SIGTERM or Ctrl-C."""
    stop = stop_on_signal()
    clock.run(speed)
    while not stop.wait(clock.wait_s(play.at + LIVE_STEP)):
        play.live()


def _welcome(address: str, sandbox: str, logins: list[Login], speed: float, as_json: bool) -> None:
    if as_json:
        users = [{"name": one.name, "role": one.role, "password": one.password} for one in logins]
        say.document({"schema": "fahuo.demo-live/1", "url": address, "sandbox": sandbox, "users": users})
        return
    say.say(N_("The control tower is at {address}"), address=address)
    say.say(N_("Its TikTok Shop, a sandbox, is at {address}"), address=f"{sandbox}/_sandbox/ui/")
    for one in logins:
        say.say(N_("Log in as {name} ({role}): {password}"), name=one.name, role=one.role, password=one.password)
    say.say(N_("A second is {speed} seconds of the demonstration. Ctrl-C ends it."), speed=f"{speed:g}")
    sys.stdout.flush()
