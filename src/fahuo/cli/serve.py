"""`fahuo serve`: the control tower and the REST interface on one port."""

from __future__ import annotations

import gc
from functools import partial
from typing import Annotated, cast

import typer
import uvicorn

from fahuo.cli import say
from fahuo.cli.listening import listen, shown
from fahuo.cli.options import AsJson
from fahuo.flow.house import open_house
from fahuo.kernel.text import N_
from fahuo.web.app import create_app
from fahuo.web.front import Front
from fahuo.web.hooks import Hooks


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for every one.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The next free one if taken; 0 for any.")] = 8000,
    as_json: AsJson = False,
) -> None:
    """Show the control tower; stops on SIGTERM or Ctrl-C after the requests that run."""
    house = open_house(say.settings())
    listening = listen(host, port)
    address = f"http://{shown(host)}:{listening.getsockname()[1]}"
    if as_json:
        say.document({"schema": "fahuo.serve/1", "url": address})
    else:
        say.say(N_("The control tower is at {address}"), address=address)
    app = create_app(house)
    hooks: Hooks = app.state.hooks
    hooks.doors.read()
    config = uvicorn.Config(
        app,
        http=cast(type[Front], partial(Front, hooks)),
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
    )
    # What is there now stays: looking through it for garbage again would hold every request up for a tenth of a second.
    gc.collect()
    gc.freeze()
    try:
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        hooks.close()
        app.state.watch.close()
        house.store.close()
