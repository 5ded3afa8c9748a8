"""Finding a port to listen on."""

from __future__ import annotations

import socket

from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_

TRIES = 50


def listen(host: str, port: int, tries: int = TRIES) -> socket.socket:
    """A listening socket on that port, or the next free one within so many tries. Raises Failure (3) when none is."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    error: OSError | None = None
    for wanted in range(port, min(port + tries, 65536)):
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


def shown(host: str) -> str:
    """The host as it stands in an address somebody can open."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 -- only compared, never bound without being asked
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
