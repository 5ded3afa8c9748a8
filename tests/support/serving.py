"""An app on a loopback port, as browsers and programs meet it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from fahuo.cli.listening import listen


@contextmanager
def serving(app: ASGIApp, http: Any = "auto") -> Iterator[str]:
    """The app's address while it is served; `http`: uvicorn's protocol, as its settings take it."""
    listening = listen("127.0.0.1", 0)
    config = uvicorn.Config(app, http=http, log_level="error", access_log=False, ws="none", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.005)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()
