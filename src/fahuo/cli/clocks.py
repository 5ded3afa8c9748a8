"""The part of `fahuo deadlines` that works on the orders of the installation."""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec

from fahuo.cli import say
from fahuo.cli.options import actor, house, order_id
from fahuo.deadlines.explain import Explanation
from fahuo.deadlines.model import Extension
from fahuo.flow import recompute as flow
from fahuo.flow.explain import explain_order
from fahuo.kernel.instant import parse_instant
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_


def explain_one(order: str, lang: str) -> tuple[str, list[Explanation], list[str]]:
    """(order's id, its clocks in words, why the others do not run)."""
    with house() as opened:
        id_ = order_id(opened, order)
        found = explain_order(opened, id_, lang)
    if found is None:
        raise RuntimeError("the order went away between two transactions")
    return str(id_), found.clocks, found.absent


def recompute(as_json: bool) -> None:
    """Every order's clocks anew."""
    with house() as opened:
        _tell(flow.recompute(opened, "recomputed by hand", actor()), as_json)


def announce(file: Path, as_json: bool) -> None:
    """An extension from a TOML file."""
    extension = _read(file)
    with house() as opened:
        _tell(flow.announce(opened, extension, actor()), as_json)


def calendar(name: str, days: list[str], why: str, is_open: bool, as_json: bool) -> None:
    """Days of a calendar made working days or not."""
    dates = [_date(text) for text in days]
    with house() as opened:
        _tell(flow.change_calendar(opened, name, dates, is_open, why, actor()), as_json)


def _tell(done: flow.Recomputed, as_json: bool) -> None:
    if as_json:
        say.document({"schema": "fahuo.recompute/1", "checked": done.checked, "changed": done.changed})
    else:
        text = N_("{checked} orders checked, {changed} have other deadlines now.")
        say.say(text, checked=done.checked, changed=done.changed)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Failure(
            Problem(
                "bad_date",
                "days",
                text[:80],
                N_("{value} is no date."),
                N_("Write it as 2026-02-16."),
                {"value": text[:80]},
            )
        ) from None


def _read(file: Path) -> Extension:
    try:
        values: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
        for name in ("start_from", "start_to"):
            if name in values and not isinstance(values[name], int):
                values[name] = _instant(values[name])
        return msgspec.convert(values, Extension)
    except (OSError, ValueError) as error:
        raise Failure(
            Problem(
                "extension_wrong",
                "file",
                file.name,
                N_("{file} is no extension: {why}"),
                N_("docs/deadlines.md shows one."),
                {"file": file.name, "why": str(error)[:300]},
            )
        ) from None


def _instant(value: object) -> int:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{value.isoformat()} has no offset")
        return int(value.timestamp())
    return parse_instant(str(value))
