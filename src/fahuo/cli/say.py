"""How commands speak: results to standard output, everything else to standard error, in the user's language."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import msgspec
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from fahuo.kernel.config import Settings, load_settings
from fahuo.kernel.problems import Problem
from fahuo.kernel.text import t

_settings: dict[str, Settings] = {}


def settings() -> Settings:
    """The settings of this command, read once."""
    if "now" not in _settings:
        _settings["now"] = load_settings()
    return _settings["now"]


def forget() -> None:
    """Read the settings again the next time; for `init`, which writes them, and for tests."""
    _settings.clear()


def say(text: str, **params: object) -> None:
    """A line for people on standard output, translated."""
    sys.stdout.write(t(text, settings().lang, **params) + "\n")


def warn(text: str, **params: object) -> None:
    """A line for people on standard error, translated."""
    sys.stderr.write(t(text, settings().lang, **params) + "\n")


def document(value: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.buffer.write(msgspec.json.encode(value) + b"\n")
    sys.stdout.buffer.flush()


def json_lines(rows: Iterable[Any]) -> None:
    """A JSON document a line."""
    encode = msgspec.json.Encoder().encode
    for row in rows:
        sys.stdout.buffer.write(encode(row) + b"\n")
    sys.stdout.buffer.flush()


def table(title: str, columns: list[str], rows: Iterable[Iterable[object]]) -> None:
    """A table for people; headings are translated."""
    lang = settings().lang
    shown = Table(title=t(title, lang) if title else None)
    for column in columns:
        shown.add_column(t(column, lang))
    for row in rows:
        shown.add_row(*("" if cell is None else str(cell) for cell in row))
    Console(file=sys.stdout).print(shown)


def problem_lines(problem: Problem) -> list[str]:
    """A problem in at most three plain lines: what, where, what to do."""
    shown = problem.render(settings().lang)
    head = shown.message or shown.code
    where = f"{shown.field}: {shown.value}" if shown.field and shown.value else (shown.field or "")
    return [line.replace("\n", " ")[:500] for line in (head, where, shown.next) if line]


def progress(total: int | None, what: str) -> Progress:
    """A bar on standard error, only on a terminal."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    bar.add_task(t(what, settings().lang), total=total)
    return bar
