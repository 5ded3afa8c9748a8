"""Options that several commands share, and opening the house for a command."""

from __future__ import annotations

import getpass
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from fahuo.access.model import OWNER, Principal
from fahuo.access.rules import PERMISSIONS
from fahuo.cli import say
from fahuo.flow.house import House, open_house
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.store.engine import MAIN_SELLER
from fahuo.views import orders as views

AsJson = Annotated[bool, typer.Option("--json", help="JSON on standard output and nothing else there.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check everything, write nothing.")]


@contextmanager
def house() -> Iterator[House]:
    """The installation the settings name, closed at the end."""
    opened = open_house(say.settings())
    try:
        yield opened
    finally:
        opened.store.close()


def operator() -> Principal:
    """Whoever works at this terminal, with an owner's rights: the database is at hand there anyway."""
    name = actor().partition(":")[2]
    return Principal("cli", 0, MAIN_SELLER, name or "-", PERMISSIONS[OWNER], None, OWNER)


def order_id(opened: House, word: str) -> int:
    """The order a person names by our id or the platform's. Raises Failure when there is none, or several."""
    with opened.store.read() as tx:
        ids = views.find(tx, word.strip())
    if len(ids) == 1:
        return ids[0]
    raise Failure(
        Problem(
            "several_orders" if ids else "unknown_order",
            "order",
            word[:80],
            N_("Several shops have an order {order}.") if ids else N_("There is no order {order}."),
            N_("Give the platform's order id, or our own from `fahuo orders list`."),
            {"order": word[:80]},
        )
    )


def actor() -> str:
    """Who acts at this terminal, for the journal."""
    try:
        return f"cli:{getpass.getuser()}"
    except (OSError, KeyError):
        return "cli"


def stop_on_signal() -> threading.Event:
    """Set by SIGTERM and SIGINT: the batch under way is finished, then the command ends."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    return stop
