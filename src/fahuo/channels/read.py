"""The one door for orders: any number of paths in, orders and refusals out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from fahuo.channels.detect import SELLER_CENTER, TIKTOK_JSON, detect
from fahuo.channels.files import failure
from fahuo.channels.mapping.model import load
from fahuo.channels.mapping.read import read as read_mapped
from fahuo.channels.model import ReadContext, known_zone
from fahuo.channels.seller_center.read import Hints
from fahuo.channels.seller_center.read import read as read_export
from fahuo.channels.tiktok_json.read import read as read_json
from fahuo.kernel.money import exponent_of
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.orders.model import OrderIn, Refusal

MAPPING: Final = "mapping"
AUTO: Final = "auto"
UNREADABLE: Final = 2
FORMATS: Final = (AUTO, SELLER_CENTER, TIKTOK_JSON, MAPPING)


def read_orders(
    paths: Sequence[Path],
    context: ReadContext,
    format: str = AUTO,  # noqa: A002 - the flag's own name
    mapping: str | Path | None = None,
) -> Iterator[OrderIn | Refusal]:
    """Every order of the given files, or of one data set when the mapping describes orders.

    A file is read through before its first order is given, so a file that cannot be read gives nothing at all. Among
    several files it is refused as a whole, at the end and without an order id; the others are taken.
    Raises Failure (exit code 2) when no file can be read, for an unknown format, and a mapping that does not fit.
    """
    _check(paths, context, format, mapping)
    given = load(mapping) if mapping is not None else None
    if given is not None and given.order is not None:
        yield from read_mapped(paths, given, context)
        return
    hints = (
        Hints()
        if given is None
        else Hints(
            headers=given.headers,
            words=given.words,
            dates=given.dates,
            encoding=given.encoding,
            delimiter=given.delimiter,
            sheet=given.sheet,
        )
    )
    unread: list[tuple[Path, Failure]] = []
    for path in paths:
        try:
            kind = format if format != AUTO else detect(path, hints.headers)
            yield from read_json(path, context) if kind == TIKTOK_JSON else read_export(path, context, hints)
        except Failure as failed:
            if failed.exit_code != UNREADABLE:
                raise
            unread.append((path, failed))
    if unread and len(unread) == len(paths):
        raise unread[0][1]
    yield from (_whole_file(path, failed.problem, context.lang) for path, failed in unread)


def _whole_file(path: Path, problem: Problem, lang: str) -> Refusal:
    """One of several files that cannot be read: the others are taken all the same."""
    said = problem.render(lang)
    return Refusal(
        file=path.name,
        row=None,
        order="",
        code=problem.code,
        field=problem.field,
        value=problem.value,
        message=said.message,
        next=said.next,
    )


def _check(paths: Sequence[Path], context: ReadContext, format_: str, mapping: str | Path | None) -> None:
    if format_ not in FORMATS:
        raise Failure(
            Problem(
                "unknown_format",
                "format",
                format_,
                N_("There is no format “{value}”."),
                N_("Formats are {formats}."),
                {"value": format_, "formats": ", ".join(FORMATS)},
            )
        )
    if format_ == MAPPING and mapping is None:
        raise Failure(
            Problem(
                "mapping_needed",
                "mapping",
                None,
                N_("The format “mapping” needs a mapping file."),
                N_("Name it: --mapping FILE.toml, or --mapping olist."),
            )
        )
    if not known_zone(context.zone):
        raise Failure(
            Problem(
                "unknown_zone",
                "zone",
                context.zone,
                N_("The shop's time zone “{value}” does not exist."),
                N_("Correct the shop's zone, such as Asia/Ho_Chi_Minh."),
                {"value": context.zone},
            )
        )
    if context.currency:
        _check_currency(context.currency)
    for path in paths:
        if not path.exists():
            raise failure("cannot_open", path, N_("{file} does not exist."), N_("Check the path."))
        if not (path.is_file() or path.is_dir()):
            raise failure(
                "cannot_open", path, N_("{file} is a pipe or device, which cannot be read twice."), N_("Save it first.")
            )


def _check_currency(currency: str) -> None:
    try:
        exponent_of(currency)
    except ValueError:
        raise Failure(
            Problem(
                "unknown_currency",
                "currency",
                currency,
                N_("{field} “{value}” is no currency."),
                N_("Use an ISO 4217 code such as USD or VND."),
                {"field": "currency", "value": currency},
            )
        ) from None
