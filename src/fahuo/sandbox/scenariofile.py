"""The file of a scenario: what it may say, its hours, and errors that name the key and what would be allowed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Final, get_args, get_type_hints

import msgspec
from msgspec import Meta, Struct

from fahuo.kernel.instant import from_local, local, zone
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.sandbox.faults import KINDS
from fahuo.sandbox.model import Behaviour

FOLDER: Final = Path(__file__).parent / "scenarios"

When = str
"""'2026-11-11T20:00+07:00' (quoted or not), or 'day 2 18:00' in the file's zone; day 1 is the day it starts."""
Share = Annotated[float, Meta(ge=0, le=1)]
Factor = Annotated[float, Meta(ge=0, le=10_000)]
Count = Annotated[int, Meta(ge=0, le=99_999)]
_NAMES: Final = {"start": "from", "end": "to"}


class Hours(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename=_NAMES):
    """Something that holds from one hour to another (`to` left out: to the end of the run)."""

    start: When
    end: When | None = None


class Span(Hours, frozen=True, kw_only=True, forbid_unknown_fields=True, rename=_NAMES):
    """The same for some shops: by id, name, code or market; none: all."""

    shops: tuple[str, ...] = ()


class Orders(Span, frozen=True, kw_only=True, forbid_unknown_fields=True, rename=_NAMES):
    """How many orders come: `per_day` and shop, and the `factor` on it."""

    per_day: Annotated[float, Meta(ge=0, le=1_000_000)] | None = None
    factor: Factor = 1.0


class LiveStream(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A live stream: the hours it touches bring `factor` times their orders."""

    at: When
    minutes: Annotated[int, Meta(ge=1, le=1440)] = 120
    factor: Factor = 8.0
    shops: tuple[str, ...] = ()


class People(Hours, frozen=True, kw_only=True, forbid_unknown_fields=True, rename=_NAMES):
    """How buyers and carriers behave meanwhile: fields of `model.Behaviour` in `set`."""

    set: dict[str, bool | float]


class CarrierStrike(Span, frozen=True, kw_only=True, forbid_unknown_fields=True, rename=_NAMES):
    """Nothing is collected. `carriers`: by name or id; none: all of the shops."""

    carriers: tuple[str, ...] = ()


class Typhoon(Span, frozen=True, kw_only=True, forbid_unknown_fields=True, rename=_NAMES):
    """No parcel to `regions` (names as in the addresses; none: the shops' whole markets) moves or is delivered."""

    regions: tuple[str, ...] = ()


class StockOut(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The named SKUs (seller SKU or platform id) have `left` units; `back_at` brings the former number back."""

    at: When
    skus: tuple[str, ...]
    left: Count = 0
    back_at: When | None = None
    shops: tuple[str, ...] = ()


class WebhookStorm(Span, frozen=True, kw_only=True, forbid_unknown_fields=True, rename=_NAMES):
    """Webhooks come twice, late, out of order, with a wrong signature, again, or never, by these shares."""

    twice: Share = 0.5
    late: Share = 0.3
    late_minutes: Annotated[float, Meta(ge=0, le=10_000)] = 10
    disorder: Share = 0.3
    wrong_signature: Share = 0.0
    replayed: Share = 0.0
    lost: Share = 0.0


class TokenRevoked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The seller withdraws the app's access to the shops."""

    at: When
    shops: tuple[str, ...] = ()


class Fault(Span, frozen=True, kw_only=True, forbid_unknown_fields=True, rename=_NAMES):
    """A fault of the API, as control takes it (`POST /_sandbox/faults`)."""

    kind: str
    rate: Share = 1.0
    path: str = "*"
    method: str = ""
    seconds: Annotated[float, Meta(ge=-(10**9), le=10**9)] | None = None
    burst: Annotated[int, Meta(ge=1, le=10**6)] | None = None
    field: str = ""
    seed: int = 1


class EveryFault(Hours, frozen=True, kw_only=True, forbid_unknown_fields=True, rename=_NAMES):
    """All faults at once, each at that rate."""

    rate: Share = 0.01
    seed: int = 1
    without: tuple[str, ...] = ()


class SortingWarehouse(Hours, frozen=True, kw_only=True, forbid_unknown_fields=True, rename=_NAMES):
    """Across the border: shares of the parcels that the sorting warehouse refuses or labels anew."""

    refuse: Share = 0.0
    relabel: Share = 0.0


class Scenario(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A scenario: what happens, and when."""

    name: str
    about: str = ""
    zone: str = "Asia/Shanghai"
    """Where 'day 2 18:00' is read."""
    orders: tuple[Orders, ...] = ()
    live_stream: tuple[LiveStream, ...] = ()
    behaviour: tuple[People, ...] = ()
    carrier_strike: tuple[CarrierStrike, ...] = ()
    typhoon: tuple[Typhoon, ...] = ()
    stock_out: tuple[StockOut, ...] = ()
    sorting_warehouse: tuple[SortingWarehouse, ...] = ()
    webhook_storm: tuple[WebhookStorm, ...] = ()
    token_revoked: tuple[TokenRevoked, ...] = ()
    fault: tuple[Fault, ...] = ()
    every_fault: tuple[EveryFault, ...] = ()


def load(path_or_name: str | Path) -> Scenario:
    """A scenario by its shipped name ('peak_11_11') or by the path of a file.

    Raises Failure when there is no such file, or with the key that is wrong and what would be allowed there.
    """
    path = Path(path_or_name)
    shipped = FOLDER / f"{path_or_name}.toml"
    if not path.suffix and not path.exists() and shipped.is_file():
        path = shipped
    if not path.is_file():
        raise _wrong(
            "scenario_unknown",
            str(path_or_name),
            "file",
            N_("There is no scenario {file}; there are: {value}."),
            ", ".join(names()),
        )
    return parse(path.read_bytes(), path.name)


def names() -> list[str]:
    """The scenarios that come along."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def parse(text: bytes, file: str) -> Scenario:
    """The scenario of a file's text; raises Failure as `load` does."""
    try:
        raw = _texts(tomllib.loads(text.decode("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _wrong("scenario_invalid", file, "file", _WRONG, str(error)) from None
    _check_keys(raw, Scenario, file, "")
    try:
        scenario = msgspec.convert(raw, Scenario)
    except msgspec.ValidationError as error:
        said, _, where = str(error).partition(" - at ")
        raise _wrong("scenario_invalid", file, where.strip("`").removeprefix("$.") or "file", _WRONG, said) from None
    _check_hours(scenario, file)
    _check_words(scenario, file)
    return scenario


def _texts(value: Any) -> Any:
    """Hours that TOML itself has read, as the text they were written in."""
    if isinstance(value, dict):
        return {key: _texts(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_texts(inner) for inner in value]
    return value.isoformat() if isinstance(value, datetime | date | time) else value


_WRONG: Final = N_("{file}: {field} is wrong: {value}.")
_ALLOWED: Final = N_("{file}: {field} is not known there; allowed: {value}.")


def _wrong(code: str, file: str, field: str, message: str, value: str) -> Failure:
    return Failure(
        Problem(
            code=code,
            field=field,
            value=value,
            message=message,
            next=N_("The files in sandbox/scenarios show every key with a comment."),
            params={"file": file, "field": field, "value": value},
        )
    )


def _check_keys(raw: dict[str, Any], kind: type[Struct], file: str, where: str) -> None:
    """Every key must be one of the record's; says which are."""
    known = {f.encode_name: f.name for f in msgspec.structs.fields(kind)}
    hints = get_type_hints(kind)
    for key, value in raw.items():
        if key not in known:
            allowed = ", ".join(sorted(known))
            raise _wrong("scenario_key", file, f"{where}{key}", _ALLOWED, allowed)
        part = (get_args(hints[known[key]]) or (None,))[0]
        if not (isinstance(part, type) and issubclass(part, Struct)):
            continue
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            raise _wrong("scenario_invalid", file, f"{where}{key}", _WRONG, f"write it as [[{key}]]")
        for number, entry in enumerate(value):
            _check_keys(entry, part, file, f"{key}[{number}].")


def entries(scenario: Scenario) -> Iterator[tuple[str, Struct]]:
    """Every entry with its place in the file: ('orders[0]', Orders(…))."""
    for section in msgspec.structs.fields(Scenario):
        value = getattr(scenario, section.name)
        if isinstance(value, tuple):
            for number, entry in enumerate(value):
                yield f"{section.name}[{number}]", entry


def _check_words(scenario: Scenario, file: str) -> None:
    """Names that other modules give meaning: fields of Behaviour, kinds of faults."""
    for where, entry in entries(scenario):
        if isinstance(entry, People):
            _check_behaviour(entry, file, f"{where}.set")
        kinds = [entry.kind] if isinstance(entry, Fault) else entry.without if isinstance(entry, EveryFault) else ()
        for kind in kinds:
            if kind not in KINDS:
                raise _wrong("scenario_key", file, f"{where}: {kind}", _ALLOWED, ", ".join(KINDS))


def _check_behaviour(people: People, file: str, where: str) -> None:
    known = dict(zip(Behaviour.__struct_fields__, Behaviour.__struct_defaults__, strict=True))
    for name in ("orders_per_day", "peak"):  # those have a section of their own, `orders`
        del known[name]
    for key, value in people.set.items():
        if key not in known:
            raise _wrong("scenario_key", file, f"{where}.{key}", _ALLOWED, ", ".join(sorted(known)))
        most = 1_000 if key == "live_lift" else 1
        if isinstance(known[key], bool) != isinstance(value, bool) or not 0 <= value <= most:
            raise _wrong("scenario_invalid", file, f"{where}.{key}", _WRONG, f"{value!r} (0 to {most})")


_TIMES: Final = {"start": "from", "end": "to", "at": "at", "back_at": "back_at"}


def _check_hours(scenario: Scenario, file: str) -> None:
    try:
        zone(scenario.zone)
    except ValueError as error:
        raise _wrong("scenario_invalid", file, "zone", _WRONG, str(error)) from None
    for where, entry in entries(scenario):
        read = {}
        for name, key in _TIMES.items():
            value = getattr(entry, name, None)
            if value is None:
                continue
            try:
                read[name] = instant(value, 0, scenario.zone)
            except ValueError as error:
                raise _wrong("scenario_invalid", file, f"{where}.{key}", _WRONG, str(error)) from None
        first, last = read.get("start", read.get("at")), read.get("end", read.get("back_at"))
        same = [getattr(entry, name).startswith("day") for name in read]
        if first is not None and last is not None and len(set(same)) == 1 and last <= first:
            raise _wrong("scenario_invalid", file, where, _WRONG, "it ends before it begins")


_DAY: Final = re.compile(r"day ([1-9][0-9]{0,3}) ([01][0-9]|2[0-3]):([0-5][0-9])")


def instant(when: When, began: int, zone_name: str) -> int:
    """Epoch seconds of an hour of the file, for a scenario that began at `began`. ValueError for anything else."""
    tz = zone(zone_name)
    if match := _DAY.fullmatch(when):
        day, hour, minute = (int(part) for part in match.groups())
        on = local(began, tz).date() + timedelta(days=day - 1)
        return from_local(datetime(on.year, on.month, on.day, hour, minute), tz)[0]  # noqa: DTZ001 - wall time
    try:
        at = datetime.fromisoformat(when)
    except ValueError:
        raise ValueError(f"{when!r} is no hour: write '2026-11-11T20:00+07:00' or 'day 2 18:00'") from None
    if at.tzinfo is None:
        raise ValueError(f"{when} has no offset (write +07:00 behind it)")
    return int(at.timestamp())
