"""How commands speak: results to standard output, everything else to standard error, in the user's language."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable
from typing import Any

import msgspec
from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from fahuo.kernel.config import Settings, load_settings
from fahuo.kernel.problems import Problem
from fahuo.kernel.text import t

ENDLESS = 100_000
"""Signs in a line of a file or pipe."""
BETWEEN = 3
"""Signs between two columns."""
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
    """A table for people; headings are translated.

    A word is never cut, for ids are there to be copied: where the terminal is too narrow, lines run over its edge.
    """
    lang = settings().lang
    head = [t(column, lang) for column in columns]
    texts = [["" if cell is None else str(cell) for cell in row] for row in rows]
    room = shutil.get_terminal_size().columns if sys.stdout.isatty() else ENDLESS
    widths = _widths([head, *texts], room - BETWEEN * len(columns))
    shown = Table(title=t(title, lang) if title else None, title_justify="left", box=SIMPLE_HEAD, show_edge=False)
    for column, width in zip(head, widths, strict=True):
        shown.add_column(column, overflow="fold", width=width)
    for row in texts:
        shown.add_row(*(Text(cell) for cell in row))
    Console(file=sys.stdout, width=sum(widths) + BETWEEN * len(columns)).print(shown)


def _widths(rows: list[list[str]], room: int) -> list[int]:
    """Of each column: its longest cell; where that is too much, the wordiest column is narrowed, to a word at least."""
    columns = list(zip(*rows, strict=True))
    widths = [max(map(cell_len, cells)) for cells in columns]
    least = [max(cell_len(word) for cell in cells for word in cell.split() or [""]) for cells in columns]
    for place in sorted(range(len(widths)), key=lambda place: least[place] - widths[place]):
        widths[place] -= max(0, min(sum(widths) - room, widths[place] - least[place]))
    return widths


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
