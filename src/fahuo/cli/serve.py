"""`fahuo serve`: the control tower and the REST interface on one port."""

from __future__ import annotations

import socket
from typing import Annotated

import typer
import uvicorn

from fahuo.cli import say
from fahuo.cli.options import AsJson
from fahuo.flow.house import open_house
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.web.app import create_app

TRIES = 50


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for every one.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The next free one if taken; 0 for any.")] = 8000,
    as_json: AsJson = False,
) -> None:
    """Show the control tower; stops on SIGTERM or Ctrl-C after the requests that run."""
    house = open_house(say.settings())
    listening = listen(host, port)
    address = f"http://{_shown(host)}:{listening.getsockname()[1]}"
    if as_json:
        say.document({"schema": "fahuo.serve/1", "url": address})
    else:
        say.say(N_("The control tower is at {address}"), address=address)
    app = create_app(house)
    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, date_header=False)
    try:
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        app.state.hooks.close()
        app.state.watch.close()
        house.store.close()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket on that port, or the next free one. Raises Failure (3) when none can be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    error: OSError | None = None
    for wanted in range(port, min(port + TRIES, 65536)):
        found = socket.socket(family, socket.SOCK_STREAM)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((host, wanted))
            found.listen(128)
        except OSError as problem:
            found.close()
            error = problem
            continue
        return found
    raise Failure(
        Problem(
            "no_port",
            "port",
            str(port),
            N_("Cannot listen on {host}, port {port}: {why}"),
            N_("Choose another with --port, or another address with --host."),
            {"host": host, "port": port, "why": error.strerror if error else ""},
        ),
        3,
    )


def _shown(host: str) -> str:
    if host in ("0.0.0.0", "::"):  # noqa: S104 -- only compared, never bound without being asked
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
