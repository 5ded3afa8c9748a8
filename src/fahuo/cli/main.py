"""The command `fahuo`: mounts every part's commands and turns problems into messages and exit codes.

0 done, 1 done but some rows refused or a check not clean, 2 wrong use or unreadable input, 3 the system could not.
"""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from typing import Any, Final

import msgspec
import typer

from fahuo import __version__
from fahuo.cli import say
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import DEFAULT, N_

_GROUPS: Final = {
    "aftersales": "fahuo.cli.aftersales",
    "talks": "fahuo.cli.talks",
    "alerts": "fahuo.cli.alerts",
    "db": "fahuo.cli.db",
    "shops": "fahuo.cli.shops",
    "users": "fahuo.cli.users",
    "generate": "fahuo.cli.generate",
    "orders": "fahuo.cli.orders",
    "offers": "fahuo.cli.offers",
    "effects": "fahuo.cli.effects",
    "labels": "fahuo.cli.labels",
    "pack": "fahuo.cli.pack",
    "waves": "fahuo.cli.waves",
    "fulfil": "fahuo.cli.fulfil",
    "first-mile": "fahuo.cli.first_mile",
    "holds": "fahuo.cli.holds",
    "deadlines": "fahuo.cli.deadlines",
    "addresses": "fahuo.cli.addresses",
    "tracking": "fahuo.cli.tracking",
    "bench": "fahuo.cli.bench",
    "tiktok": "fahuo.cli.connect",
    "sandbox": "fahuo.cli.sandbox",
}
_COMMANDS: Final = {
    "init": ("fahuo.cli.setup", "init"),
    "backup": ("fahuo.cli.db", "backup"),
    "restore": ("fahuo.cli.db", "restore"),
    "serve": ("fahuo.cli.serve", "serve"),
    "work": ("fahuo.cli.run", "work"),
    "run": ("fahuo.cli.run", "run"),
    "handover": ("fahuo.cli.handover", "handover"),
    "import": ("fahuo.cli.intake", "import_"),
    "import-data": ("fahuo.cli.intake", "import_data"),
    "demo": ("fahuo.cli.demo", "demo"),
}

INTERRUPTED: Final = 130
"""What the library makes of Ctrl-C."""


def _group(name: str) -> typer.Typer:
    """The commands of a group; `labels` has some that need the database and some that need nothing."""
    app: typer.Typer = import_module(_GROUPS[name]).app
    if name != "labels":
        return app
    both = typer.Typer(help=app.info.help)
    both.registered_commands = [*app.registered_commands, *import_module("fahuo.cli.printing").app.registered_commands]
    return both


class _Lazy(typer.core.TyperGroup):
    """Loads a part only when its command is called: `fahuo deadlines compute` must not wait for a web server."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the library's signature
        return sorted({*_GROUPS, *_COMMANDS})

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - the library's signature
        if cmd_name in _GROUPS:
            group = typer.main.get_group(_group(cmd_name))
            group.name = cmd_name
            return group
        if cmd_name in _COMMANDS:
            module, name = _COMMANDS[cmd_name]
            function: Any = getattr(import_module(module), name)
            single = typer.Typer(add_completion=False)
            single.command(name=cmd_name)(function)
            return typer.main.get_command(single)
        return None


app = typer.Typer(cls=_Lazy, add_completion=False, rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def root(
    ctx: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version and stop."),
    lang: str = typer.Option("", "--lang", help="en or zh."),
) -> None:
    """Fahuo 发货: the on-time dispatch control tower for TikTok Shop sellers."""
    if version:
        sys.stdout.write(f"fahuo {__version__}\n")
        raise typer.Exit
    if lang:
        os.environ["FAHUO_LANG"] = lang
        say.forget()
    if ctx.invoked_subcommand is None:
        raise Failure(Problem("usage", message=N_("A command is missing."), next=N_("Try --help.")))


def main() -> None:
    """Entry point of the installed command."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # unless the command drains, it ends as with Ctrl-C
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line; returns the exit code."""
    as_json = "--json" in arguments
    try:
        result = typer.main.get_command(app).main(args=arguments, prog_name="fahuo", standalone_mode=False)
    except Failure as failure:
        return _fail(failure.problem, failure.exit_code, as_json)
    except typer.Exit as stop:
        if stop.exit_code == INTERRUPTED:
            return _stopped(as_json)
        return int(stop.exit_code)
    except Exception as error:
        return _ended(error, as_json)
    except KeyboardInterrupt:
        return _stopped(as_json)
    return int(result) if isinstance(result, int) else 0


def _stopped(as_json: bool) -> int:
    return _fail(Problem("stopped", message=N_("Stopped.")), 3, as_json)


def _ended(error: Exception, as_json: bool) -> int:
    """What no command meant to happen: stopped, wrongly used, nobody reads any more, or a bug."""
    if isinstance(error, typer.Abort):
        return _stopped(as_json)
    if isinstance(error, typer.TyperException):
        return _misused(error, as_json)
    if isinstance(error, BrokenPipeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return _unexpected(error, as_json)


def _misused(error: typer.TyperException, as_json: bool) -> int:
    """Wrong use, in plain lines."""
    said = error.format_message() if hasattr(error, "format_message") else str(error)
    return _fail(Problem("usage", message=N_("{error}"), next=N_("Try --help."), params={"error": said}), 2, as_json)


def _unexpected(error: Exception, as_json: bool) -> int:
    if os.environ.get("FAHUO_DEBUG"):
        raise error
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - only on the way out

    if isinstance(error, SQLAlchemyError):
        # The driver's text may hold the values of a row, so only its first words are shown.
        why = str(getattr(error, "orig", error)).splitlines()[0][:200]
        wrong = Problem(
            "database",
            message=N_("The database could not: {why}"),
            next=N_("Run `fahuo db upgrade`, check the database, try again."),
            params={"why": why},
        )
        return _fail(wrong, 3, as_json)
    if isinstance(error, OSError):
        wrong = Problem("system", message=N_("The system could not: {why}"), params={"why": str(error)[:300]})
        return _fail(wrong, 3, as_json)
    wrong = Problem(
        "bug",
        message=N_("Fahuo failed in a way it should not: {kind}."),
        next=N_("Run it again with FAHUO_DEBUG=1 and report what it prints."),
        params={"kind": f"{type(error).__name__}: {str(error)[:200]}"},
    )
    return _fail(wrong, 3, as_json)


def _fail(problem: Problem, code: int, as_json: bool) -> int:
    try:
        lang = say.settings().lang
    except Failure:
        lang = DEFAULT
    if as_json:
        shown = {key: value for key, value in problem.as_dict(lang).items() if key != "value"}
        sys.stderr.buffer.write(msgspec.json.encode({"error": shown}) + b"\n")
    else:
        shown_problem = problem.render(lang)
        lines = [shown_problem.message or shown_problem.code, shown_problem.next]
        sys.stderr.write("\n".join(" ".join(line.split())[:600] for line in lines if line) + "\n")
    sys.stderr.flush()
    return code
