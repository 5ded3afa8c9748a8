"""Options that several commands share, and opening the house for a command."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from fahuo.cli import say
from fahuo.flow.house import House, open_house

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


def actor() -> str:
    """Who acts at this terminal, for the journal."""
    try:
        return f"cli:{getpass.getuser()}"
    except (OSError, KeyError):
        return "cli"
