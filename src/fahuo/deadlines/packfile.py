"""The rule pack file: its fields, how it is read and checked, and the rules made from it.

docs/deadlines.md describes the format for people.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from fahuo.deadlines.model import CLOCK, CLOCK_PARTY, CLOCK_STOP, EVENTS, EXTRA_EVENTS, ORDER_TYPES, PARTY
from fahuo.kernel.calendar import Calendar, time_of_day
from fahuo.kernel.instant import zone
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_

UNITS = ("business_day", "calendar_day", "business_hour", "hour")
ANY = "any"
MOST = 3660
"""The largest amount of a rule, in its unit: ten years of days."""
STOPS = ("ready", "first_scan", "delivered", *EXTRA_EVENTS)


class Consequence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the platform does, or the figure it judges by: shown beside the verdict, never computed with here."""

    text: str
    source: str
    source_date: str
    confidence: str


class RuleFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[rules]]` entry. `"$name"` in amount, start and stop takes the value of that setting."""

    clock: str
    start: str | tuple[str, ...]
    amount: int | str
    unit: str = "business_day"
    name: str = ""
    party: str = ""
    stop: str = ""
    handling: bool = False
    cutoff: str = ""
    snap: str = ""
    late_same_day: str = ""
    after_ready: int | str | None = None
    band: int | None = None
    order_types: tuple[str, ...] = ()
    shipping_types: tuple[str, ...] = ()
    late_rate: bool = False
    source: str = ""
    source_date: str = ""
    confidence: str = ""
    note: str = ""


class PackFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule pack file."""

    id: str
    title: str
    markets: tuple[str, ...]
    seller_types: tuple[str, ...]
    shipping_types: tuple[str, ...] = (ANY,)
    order_types: tuple[str, ...] = ("NORMAL", "ZERO_LOTTERY")
    default: bool = True
    replaces: tuple[str, ...] = ()
    effective_from: date | None = None
    effective_to: date | None = None
    zone: str = "market"
    calendar: str = "market"
    source: str
    source_date: str
    confidence: str
    notes: tuple[str, ...] = ()
    settings: dict[str, int | str] = {}
    consequences: tuple[Consequence, ...] = ()
    rules: tuple[RuleFile, ...]


class Market(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Zone and calendar of a market, with the calendars of origin regions that work other days."""

    zone: str
    calendar: str
    regions: dict[str, str] = {}


class MarketsFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """markets.toml."""

    markets: dict[str, Market]
    aliases: dict[str, str] = {}


@dataclass(frozen=True)
class Rule:
    """One clock's rule, ready for the engine. Times of day are seconds after local midnight."""

    id: str
    pack: int
    clock: int
    party: int
    start: tuple[str, ...]
    """The start event; the next one is used where the first is unknown."""
    stop: str
    amount: int
    unit: str
    handling: bool
    cutoff: int | None
    snap: int | None
    late_same_day: int | None
    after_ready: int | None
    band: int | None
    order_types: tuple[str, ...]
    shipping_types: tuple[str, ...]
    late_rate: bool
    source: str
    source_date: str
    confidence: str
    note: str


def read_file(path: Path, kind: type[Any]) -> Any:
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), kind)
    except msgspec.ValidationError as error:
        text, _, where = str(error).partition(" - at ")
        raise wrong(path, where.strip("`").removeprefix("$.") or "file", text) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise wrong(path, "file", str(error)) from None


def with_settings(pack: PackFile, values: Mapping[str, int | str], path: Path) -> PackFile:
    for name in values.keys() - pack.settings.keys():
        raise wrong(path, "settings", f"the pack has no setting {name!r}")
    return msgspec.structs.replace(pack, settings={**pack.settings, **values})


def check_pack(pack: PackFile, path: Path, markets: Mapping[str, Market], calendars: Mapping[str, Calendar]) -> None:
    unknown = [m for m in pack.markets if m not in markets and m != "*"]
    if unknown or not pack.markets or ("*" in pack.markets and pack.default):
        raise wrong(path, "markets", f"unknown, none, or '*' in a default pack: {', '.join(unknown) or pack.markets}")
    if pack.calendar != "market" and pack.calendar not in calendars:
        raise wrong(path, "calendar", f"there is no calendar {pack.calendar!r}")
    if pack.zone != "market":
        try:
            zone(pack.zone)
        except ValueError as error:
            raise wrong(path, "zone", str(error)) from None
    if not set(pack.seller_types) <= {"local", "cross_border", ANY} or not pack.seller_types:
        raise wrong(path, "seller_types", "local, cross_border or any")
    if pack.effective_from and pack.effective_to and pack.effective_to < pack.effective_from:
        raise wrong(path, "effective_to", "lies before effective_from")
    figures = [(w.source, w.source_date, w.confidence) for w in pack.consequences]
    figures.append((pack.source, pack.source_date, pack.confidence))
    for origin, dated, confidence in figures:
        if confidence not in ("A", "B", "C", "D") or not origin or not dated:
            raise wrong(path, "source", "source, source_date and confidence (A to D) are needed for every figure")
    if not pack.rules:
        raise wrong(path, "rules", "a pack needs at least one rule")


class _Reader:
    """Reads the fields of one `[[rules]]` entry, naming file and field when one is wrong."""

    def __init__(self, pack: PackFile, number: int, path: Path) -> None:
        self.pack, self.number, self.path = pack, number, path

    def bad(self, name: str, value: object) -> Failure:
        return wrong(self.path, f"rules[{self.number}].{name}", str(value))

    def setting(self, value: int | str) -> int | str:
        """The value, or that of the setting it names with `$`."""
        if not isinstance(value, str) or not value.startswith("$"):
            return value
        if value[1:] not in self.pack.settings:
            raise self.bad("settings", f"there is no setting {value[1:]!r}")
        return self.pack.settings[value[1:]]

    def amount(self, name: str, value: int | str) -> int:
        found = self.setting(value)
        if not isinstance(found, int) or not 0 <= found <= MOST:
            raise self.bad(name, f"{found!r} is not a whole number from 0 to {MOST}")
        return found

    def time(self, name: str, value: str) -> int | None:
        try:
            return time_of_day(value) if value else None
        except ValueError as error:
            raise self.bad(name, error) from None

    def check(self, raw: RuleFile, start: tuple[str, ...], stop: str, types: tuple[str, ...]) -> None:
        events = {*EVENTS, *EXTRA_EVENTS}
        checks = (
            ("start", bool(start) and set(start) <= events, start),
            ("stop", stop in STOPS, stop),
            ("unit", raw.unit in UNITS, raw.unit),
            ("party", raw.party in ("", *PARTY), raw.party),
            ("order_types", set(types) <= set(ORDER_TYPES), types),
            ("cutoff", not raw.late_same_day or bool(raw.cutoff), "late_same_day needs a cutoff"),
            ("cutoff", not raw.cutoff or raw.unit.endswith("_day"), "a cut-off goes with days, not hours"),
            ("confidence", raw.confidence in ("", "A", "B", "C", "D"), raw.confidence),
        )
        for name, good, value in checks:
            if not good:
                raise self.bad(name, value)


def make_rule(pack: PackFile, index: int, number: int, path: Path) -> Rule:
    """The rule of entry `number`, with the pack's values where the entry has none of its own."""
    raw, read = pack.rules[number], _Reader(pack, number, path)
    if raw.clock not in CLOCK:
        raise read.bad("clock", f"{raw.clock!r} is not one of {', '.join(CLOCK)}")
    clock = CLOCK[raw.clock]
    start = tuple(str(read.setting(s)) for s in ((raw.start,) if isinstance(raw.start, str) else raw.start))
    stop = str(read.setting(raw.stop or CLOCK_STOP[clock]))
    types = raw.order_types or pack.order_types
    read.check(raw, start, stop, types)
    return Rule(
        id=f"{pack.id}.{raw.name or raw.clock}",
        pack=index,
        clock=clock,
        party=PARTY[raw.party or CLOCK_PARTY[clock]],
        start=start,
        stop=stop,
        amount=read.amount("amount", raw.amount),
        unit=raw.unit,
        handling=raw.handling,
        cutoff=read.time("cutoff", raw.cutoff),
        snap=read.time("snap", raw.snap),
        late_same_day=read.time("late_same_day", raw.late_same_day),
        after_ready=None if raw.after_ready is None else read.amount("after_ready", raw.after_ready),
        band=None if raw.band is None else read.amount("band", raw.band),
        order_types=types,
        shipping_types=raw.shipping_types or pack.shipping_types,
        late_rate=raw.late_rate,
        source=raw.source or pack.source,
        source_date=raw.source_date or pack.source_date,
        confidence=raw.confidence or pack.confidence,
        note=raw.note,
    )


def wrong(path: Path, name: str, value: str) -> Failure:
    return Failure(
        Problem(
            code="pack_invalid",
            field=name,
            value=value,
            message=N_("{file}: {field} is wrong: {value}"),
            next=N_("Correct the file; docs/deadlines.md shows the format."),
            params={"file": path.name, "field": name, "value": value},
        )
    )
