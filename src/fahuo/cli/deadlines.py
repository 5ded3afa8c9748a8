"""`fahuo deadlines`: clocks computed and explained without a database, and the rules changed for the orders in it."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, BinaryIO

import msgspec
import typer

from fahuo.deadlines import lines
from fahuo.deadlines.explain import CLOCK_WORDS, OUTCOME_WORDS, PARTY_WORDS, Explanation, explain
from fahuo.deadlines.packs import RuleBook, load_book
from fahuo.deadlines.rules import compute as compute_clocks
from fahuo.kernel.clock import RealClock
from fahuo.kernel.config import load_settings
from fahuo.kernel.instant import Instant, iso, parse_instant
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_, t

app = typer.Typer(help="Deadlines of orders: compute and explain.")

Pack = Annotated[str | None, typer.Option("--pack", help="Use this rule pack for every order.")]
Now = Annotated[str | None, typer.Option("--now", help="The instant to judge by (ISO 8601); otherwise the real time.")]
Packs = Annotated[list[Path] | None, typer.Option("--packs", help="A folder with more rule packs; may be repeated.")]
Setting = Annotated[
    list[str] | None, typer.Option("--setting", help="PACK.NAME=VALUE: another value for a pack's setting.")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on standard output and nothing else there.")]
Lang = Annotated[str | None, typer.Option("--lang", help="en or zh.")]


@app.command()
def compute(
    pack: Pack = None,
    now: Now = None,
    packs: Packs = None,
    setting: Setting = None,
    lang: Lang = None,
    as_json: Annotated[bool, typer.Option("--json", help="Errors as JSON too; the lines always are.")] = False,  # noqa: ARG001 - read by main
) -> None:
    """Read orders as JSON lines from standard input, write their clocks as JSON lines, in the same order.

    A line that cannot be used gives {"id","error"} in its place and exit code 1 at the end.
    """
    settings = load_settings(lang=lang)
    book, at = _book(pack, packs, setting), _now(now, settings.now)
    good = True
    out = sys.stdout.buffer
    for line, computed in lines.results(lines.read_lines(sys.stdin.buffer), book, at, pack, settings.lang):
        out.write(line + b"\n")
        good = good and computed
    out.flush()
    if not good:
        raise typer.Exit(1)


@app.command("explain")
def explain_facts(
    order: Annotated[str | None, typer.Argument(help="An order of the installation: our id or the platform's.")] = None,
    facts: Annotated[
        Path | None, typer.Option("--facts", help="JSON lines as for compute instead; - is standard input.")
    ] = None,
    pack: Pack = None,
    now: Now = None,
    packs: Packs = None,
    setting: Setting = None,
    lang: Lang = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines with every day counted or skipped.")] = False,
) -> None:
    """Say which rule gives each limit, where it comes from, and how each day was counted."""
    settings = load_settings(lang=lang)
    book = _book(pack, packs, setting)
    if order is not None:
        name, said, missing = _on_orders().explain_one(order, settings.lang)
        _write(name, said, missing, book, settings.lang, as_json)
        return
    if facts is None:
        raise Failure(
            Problem(
                "nothing_chosen",
                "order",
                message=N_("Say what is to be explained."),
                next=N_("Give an order's id, or --facts FILE."),
            )
        )
    at = _now(now, settings.now)
    bad = 0
    with _opened(facts) as stream:
        for raw in lines.read_lines(stream):
            one = lines.read_order(raw)
            if isinstance(one, lines.BadLine):
                bad += 1
                shown = one.problem.render(settings.lang)
                sys.stderr.write(f"{one.id or '?'}: {shown.field or ''} {shown.message} {shown.next}\n")
                continue
            _explain(one, book, at, pack, settings.lang, as_json)
    if bad:
        raise typer.Exit(1)


def _explain(order: lines.Order, book: RuleBook, now: Instant, pack: str | None, lang: str, as_json: bool) -> None:
    facts = lines.facts_of([order], pack)
    for _, said, missing in explain(facts, compute_clocks(facts, book), book, now, lang):
        _write(order.id, said, missing, book, lang, as_json)


def _write(name: str, said: list[Explanation], missing: list[str], book: RuleBook, lang: str, as_json: bool) -> None:
    if as_json:
        document = {"id": name, "clocks": [as_plain(s) for s in said], "why": missing}
        sys.stdout.write(msgspec.json.encode(document).decode() + "\n")
    else:
        sys.stdout.write("\n".join([t("Order {id}", lang, id=name), *words(said, missing, book, lang)]) + "\n\n")


@app.command()
def recompute(as_json: AsJson = False) -> None:
    """Compute every order's clocks anew, as after a changed rule pack; the journal says what moved."""
    _on_orders().recompute(as_json)


@app.command()
def announce(
    file: Annotated[
        Path, typer.Argument(help="TOML: id, source, source_date, start_from, start_to, why and more time.")
    ],
    as_json: AsJson = False,
) -> None:
    """Take an extension the platform has announced; the orders it touches get their new limits."""
    _on_orders().announce(file, as_json)


@app.command()
def calendar(
    name: Annotated[str, typer.Argument(help="The calendar's id.")],
    days: Annotated[list[str], typer.Argument(help="Dates, as 2026-02-16.")],
    why: Annotated[
        str, typer.Option(help="Who announced it where; it stands in the journal of the orders it touches.")
    ],
    is_open: Annotated[bool, typer.Option("--open/--closed", help="Whether work is done on these days.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make days of a calendar working days or not; the orders that touches are computed anew."""
    _on_orders().calendar(name, days, why, is_open, as_json)


def _on_orders() -> ModuleType:
    from fahuo.cli import clocks  # noqa: PLC0415 - the calculators above start without a database

    return clocks


def as_plain(said: Explanation) -> dict[str, Any]:
    """An explanation for JSON: instants in ISO 8601, what is unknown left out."""
    found = msgspec.to_builtins(said)
    for name in ("starts_at", "due_at", "band_at", "met_at"):
        found[name] = None if found[name] is None else iso(found[name])
    found["earliest_at"] = found.pop("band_at")
    return {name: value for name, value in found.items() if value is not None}


def words(said: list[Explanation], missing: list[str], book: RuleBook, lang: str) -> Iterator[str]:
    """The lines people read: each clock, its days, its rule; then what does not run, then the notes of the packs."""
    for one in said:
        head = t(
            "{clock}: {outcome}, due {due}, responsible: {party}",
            lang,
            clock=t(CLOCK_WORDS[one.clock], lang),
            outcome=t(OUTCOME_WORDS[one.outcome], lang),
            due=iso(one.due_at),
            party=t(PARTY_WORDS[one.party], lang),
        )
        yield f"  {head}"
        if one.band_at is not None:
            yield "    " + t("lower band {when}", lang, when=iso(one.band_at))
        if one.met_at is not None:
            yield "    " + t("done {when}", lang, when=iso(one.met_at))
        yield f"    {one.why}"
        for day in one.days:
            mark = f"{day.number:>3}" if day.number else "  -"
            yield f"    {mark} {day.day.isoformat()} {day.why}"
        for note in one.notes:
            yield f"    * {t(note, lang)}"
    for text in missing:
        yield f"  {text}"
    for pack in dict.fromkeys(one.pack for one in said if one.pack):
        found = book.find(pack)
        yield f"  {pack}: {t(found.title, lang)}"
        for note in (*found.notes, *(c.text for c in found.consequences)):
            yield f"    * {t(note, lang)}"


def _opened(path: Path) -> BinaryIO:
    if str(path) == "-":
        return sys.stdin.buffer
    try:
        return path.open("rb")
    except OSError as error:
        raise Failure(
            Problem(
                "file_unreadable",
                "facts",
                str(path),
                N_("{file} cannot be read: {why}."),
                N_("Name a file with one JSON object per line."),
                {"file": str(path), "why": error.strerror or str(error)},
            )
        ) from None


def _now(given: str | None, fixed: Instant | None) -> Instant:
    if given is None:
        return fixed if fixed is not None else RealClock().now()
    try:
        return parse_instant(given)
    except ValueError:
        raise Failure(
            Problem(
                "field_invalid",
                "--now",
                given,
                N_("{value} is no instant."),
                N_("Give ISO 8601 with an offset, such as 2026-01-12T08:00:00Z, or epoch seconds."),
                {"value": given},
            )
        ) from None


def _book(pack: str | None, packs: list[Path] | None, settings: list[str] | None) -> RuleBook:
    found: dict[str, dict[str, int | str]] = {}
    for text in settings or []:
        name, equals, value = text.partition("=")
        owner, dot, key = name.rpartition(".")
        if not equals or not dot:
            raise Failure(
                Problem(
                    "field_invalid",
                    "--setting",
                    text,
                    N_("{value} is not of the form PACK.NAME=VALUE."),
                    N_("For example: --setting sea-cross-border-2026.scan=consolidation_in"),
                    {"value": text},
                )
            )
        found.setdefault(owner, {})[key] = int(value) if value.isascii() and value.isdigit() else value
    book = load_book(packs or (), settings=found)
    if pack is not None:
        book.find(pack)
    return book
