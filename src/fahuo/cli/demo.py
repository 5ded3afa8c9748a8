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
from fahuo.cli.options import AsJson
from fahuo.demo.clock import DemoClock
from fahuo.demo.figures import figures
from fahuo.demo.house import Login, fresh_home, fresh_house, furnish, people
from fahuo.demo.inside import PARCELS_PER_HOUR, SHIFT_HOURS
from fahuo.demo.outside import DAY
from fahuo.demo.play import LIVE_STEP, STEP, Play, start_of
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
    """A made-up seller with shops, live orders, staff and carriers, in a fresh home of its own."""
    settings = say.settings()
    clock = DemoClock(start_of(settings.now if settings.now is not None else RealClock().now(), days))
    with _home(home, exit_) as folder, fresh_house(folder, clock, settings.lang, _server(settings)) as house:
        furnish(house, folder, orders_per_day * (days + STOCK_DAYS), staff * PARCELS_PER_HOUR * SHIFT_HOURS)
        play = Play(house, clock, folder, seed, orders_per_day, staff)
        _played(play, days)
        if exit_:
            _report(house, days, seed, as_json)
            return
        _live(play, house, clock, speed, listen(host, port), people(house), as_json)


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


def _report(house: House, days: int, seed: int, as_json: bool) -> None:
    found: dict[str, Any] = {
        "schema": "fahuo.demo/1",
        "days": days,
        "seed": seed,
        "until": iso(house.clock.now()),
        **figures(house),
    }
    if as_json:
        say.document(found)
    else:
        say.table("", [N_("Figure"), N_("Value")], [(key, value) for key, value in found.items() if key != "schema"])


def _live(
    play: Play,
    house: House,
    clock: DemoClock,
    speed: float,
    listening: socket.socket,
    logins: list[Login],
    as_json: bool,
) -> None:
    """The control tower on that socket, and time that runs, until SIGTERM or Ctrl-C."""
    address = f"http://{listening.getsockname()[0]}:{listening.getsockname()[1]}"
    app = create_app(house)
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, date_header=False)
    )
    stop, broken = threading.Event(), list[BaseException]()

    def played() -> None:
        try:
            while not stop.wait(clock.wait_s(play.at + LIVE_STEP)):
                play.step()
        except BaseException as error:
            broken.append(error)
            server.should_exit = True

    clock.run(speed)
    thread = threading.Thread(target=played, name="demo")
    thread.start()
    _welcome(address, logins, speed, as_json)
    try:
        server.run(sockets=[listening])
    finally:
        stop.set()
        thread.join()
        app.state.watch.close()
    if broken:
        raise broken[0]


def _welcome(address: str, logins: list[Login], speed: float, as_json: bool) -> None:
    if as_json:
        users = [{"name": one.name, "role": one.role, "password": one.password} for one in logins]
        say.document({"schema": "fahuo.demo-live/1", "url": address, "users": users})
        return
    say.say(N_("The control tower is at {address}"), address=address)
    for one in logins:
        say.say(N_("Log in as {name} ({role}): {password}"), name=one.name, role=one.role, password=one.password)
    say.say(N_("A second is {speed} seconds of the demonstration. Ctrl-C ends it."), speed=f"{speed:g}")
    sys.stdout.flush()
