"""The JSON lines of `fahuo deadlines compute`: orders in, clocks out, a chunk at a time."""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import msgspec
import numpy as np
from msgspec import UNSET, Struct, UnsetType

from fahuo.deadlines import explain
from fahuo.deadlines.model import CLOCKS, OUTCOMES, PARTIES, PLATFORM_FIELDS, SOURCES, Clocks, Facts
from fahuo.deadlines.packfile import MOST
from fahuo.deadlines.packs import RuleBook
from fahuo.deadlines.rules import LIMIT, compute
from fahuo.kernel.arrays import Ints
from fahuo.kernel.instant import NONE, Instant, iso, parse_instant
from fahuo.kernel.problems import Problem
from fahuo.kernel.text import DEFAULT, N_

CHUNK = 5_000
"""Lines taken at once."""
LONGEST = 1 << 20
"""Bytes of the longest line that is read."""

When = str | int | float | None


class OrderLine(Struct, kw_only=True):
    """One order as it comes in. Instants: ISO 8601 with offset, or epoch seconds (beyond 1e11: milliseconds)."""

    id: str | int
    market: str
    seller_type: str
    shipping_type: str
    created_at: str | int | float
    order_type: str = "NORMAL"
    handling_days: int | str | None = None
    handling_type: str | None = None
    origin_region: str | None = None
    fulfillment_priority_level: int | str | None = None
    release_at: When = None
    paid_at: When = None
    awaiting_shipment_at: When = None
    ready_at: When = None
    first_scan_at: When = None
    delivered_at: When = None
    cancelled_at: When = None
    handed_over_at: When = None
    domestic_scan_at: When = None
    consolidation_in_at: When = None
    platform: dict[str, When] | None = None


class ClockLine(Struct, kw_only=True):
    """One clock as it goes out; `earliest_at` is the lower band of a rule that has one."""

    clock: str
    party: str
    starts_at: str
    due_at: str
    earliest_at: str | UnsetType = UNSET
    source: str
    met_at: str | UnsetType = UNSET
    outcome: str
    pack: str | UnsetType = UNSET
    why: str


class ResultLine(Struct, kw_only=True):
    """One order as it goes out; `why` says what does not run and why."""

    id: str
    pack: str | None
    clocks: list[ClockLine]
    why: str | UnsetType = UNSET


_OPTIONAL = (
    "release_at",
    "paid_at",
    "awaiting_shipment_at",
    "ready_at",
    "first_scan_at",
    "delivered_at",
    "cancelled_at",
)
_SCANS = ("handed_over", "domestic_scan", "consolidation_in")
_TIMES = ("created_at", *_OPTIONAL, *(f"{s}_at" for s in _SCANS))
_decode = msgspec.json.Decoder(OrderLine).decode
_encode = msgspec.json.Encoder().encode


@dataclass
class Order:
    """A line that can be computed: text cleaned, instants as epoch seconds (NONE = unknown)."""

    id: str
    line: OrderLine
    times: dict[str, int]
    platform: dict[str, int]
    handling_days: int


@dataclass
class BadLine:
    """A line that cannot be computed, and why."""

    id: str | None
    problem: Problem


def read_lines(stream: BinaryIO | io.BufferedIOBase) -> Iterator[bytes | None]:
    """The lines that are not blank; None for one longer than LONGEST, of which no more is kept."""
    while raw := stream.readline(LONGEST + 1):
        if len(raw) > LONGEST:
            while raw and not raw.endswith(b"\n"):
                raw = stream.readline(LONGEST)
            yield None
        elif raw.strip():
            yield raw.removeprefix(b"\xef\xbb\xbf")


class _FieldError(Exception):
    """A field of a line that cannot be used."""

    def __init__(self, name: str, value: object, message: str, follow: str = "") -> None:
        super().__init__(name)
        shown = str(value)[:100]
        follow = follow or N_("Correct the field and send the line again.")
        self.problem = Problem("field_invalid", name, shown, message, follow, {"value": shown})


def read_order(raw: bytes | None) -> Order | BadLine:
    """One line; what is wrong with it names the field."""
    if raw is None:
        said = N_("The line is longer than {most} bytes.")
        return BadLine(None, Problem("line_too_long", message=said, params={"most": LONGEST}))
    try:
        line = _decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return BadLine(_id_of(raw), _shape(error))
    try:
        return _checked(line)
    except _FieldError as error:
        return BadLine(str(line.id), error.problem)


def _checked(line: OrderLine) -> Order:
    line.seller_type, line.shipping_type = line.seller_type.lower(), line.shipping_type.upper()
    line.order_type = line.order_type.upper()
    if line.seller_type not in ("local", "cross_border"):
        raise _FieldError("seller_type", line.seller_type, N_("{value} is not local or cross_border."))
    if line.handling_type not in (None, "BUSINESS_DAY", "CALENDAR_DAY"):
        raise _FieldError("handling_type", line.handling_type, N_("{value} is not BUSINESS_DAY or CALENDAR_DAY."))
    times = {name: _instant(name, getattr(line, name)) for name in _TIMES}
    if not 0 <= times["created_at"] < LIMIT:
        raise _FieldError("created_at", line.created_at, N_("{value} lies outside the years 1970 to 2079."))
    limits = {
        name: _instant(f"platform.{name}", value)
        for name, value in (line.platform or {}).items()
        if name in PLATFORM_FIELDS and value not in (None, 0, "0", "")
    }
    return Order(str(line.id), line, times, limits, _days(line.handling_days))


def _instant(name: str, value: When) -> int:
    if value is None:
        return NONE
    try:
        return parse_instant(value)
    except (ValueError, OverflowError):
        follow = N_("Give ISO 8601 with an offset, such as 2026-01-12T08:00:00Z, or epoch seconds.")
        raise _FieldError(name, value, N_("{value} is no instant."), follow) from None


def _days(value: int | str | None) -> int:
    """Handling days; -1 where there are none."""
    if value is None:
        return -1
    text = str(value).strip()
    if text.isascii() and text.isdigit() and len(text) <= len(str(MOST)) and int(text) <= MOST:
        return int(text)
    said = N_("{value} is not a whole number of days from 0 to 3660.")
    raise _FieldError("handling_days", value, said)


def _shape(error: Exception) -> Problem:
    text, _, where = str(error).partition(" - at ")
    name = where.strip("`").removeprefix("$").removeprefix(".") or None
    if name is None and "field `" in text:
        name = text.split("field `")[1].split("`")[0]
    return Problem(
        "line_invalid",
        name,
        None,
        N_("The line cannot be read: {why}."),
        N_("Each line is one JSON object; docs/deadlines.md lists its fields."),
        {"why": text},
    )


def _id_of(raw: bytes) -> str | None:
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    order_id = found.get("id") if isinstance(found, dict) else None
    return str(order_id) if isinstance(order_id, str | int) else None


def facts_of(orders: list[Order], pack: str | None = None) -> Facts:
    """The columns of these orders; `pack` forces a rule pack."""

    def column(name: str) -> Ints:
        return np.array([o.times[name] for o in orders], dtype=np.int64)

    def limit(name: str) -> Ints:
        return np.array([o.platform.get(name, NONE) for o in orders], dtype=np.int64)

    named = {name for o in orders for name in o.platform}
    scans = [s for s in _SCANS if any(o.times[f"{s}_at"] != NONE for o in orders)]
    return Facts(
        market=[o.line.market for o in orders],
        seller_type=[o.line.seller_type for o in orders],
        shipping_type=[o.line.shipping_type for o in orders],
        order_type=[o.line.order_type for o in orders],
        origin_region=[o.line.origin_region or "" for o in orders],
        pack=[pack] * len(orders),
        handling_type=[o.line.handling_type for o in orders],
        handling_days=np.array([o.handling_days for o in orders], dtype=np.int64),
        created_at=column("created_at"),
        paid_at=column("paid_at"),
        awaiting_at=column("awaiting_shipment_at"),
        ready_at=column("ready_at"),
        first_scan_at=column("first_scan_at"),
        delivered_at=column("delivered_at"),
        cancelled_at=column("cancelled_at"),
        release_at=column("release_at"),
        platform={name: limit(name) for name in named},
        events={s: column(f"{s}_at") for s in scans},
    )


def results(
    lines: Iterable[bytes | None], book: RuleBook, now: Instant, pack: str | None = None, lang: str = DEFAULT
) -> Iterator[tuple[bytes, bool]]:
    """(JSON line, whether it was computed) for each line, in order; memory is bounded by CHUNK."""
    waiting: list[Order | BadLine] = []
    for raw in lines:
        waiting.append(read_order(raw))
        if len(waiting) >= CHUNK:
            yield from _answer(waiting, book, now, pack, lang)
            waiting = []
    yield from _answer(waiting, book, now, pack, lang)


def _answer(
    read: list[Order | BadLine], book: RuleBook, now: Instant, pack: str | None, lang: str
) -> Iterator[tuple[bytes, bool]]:
    orders = [o for o in read if isinstance(o, Order)]
    facts = facts_of(orders, pack)
    made = iter(_results(orders, facts, compute(facts, book), book, now, lang))
    for one in read:
        if isinstance(one, BadLine):
            shown = one.problem.as_dict(lang)
            error = {name: shown[name] for name in ("code", "field", "message", "next")}
            yield _encode({"id": one.id, "error": error}), False
        else:
            yield _encode(next(made)), True


def _results(
    orders: list[Order], facts: Facts, clocks: Clocks, book: RuleBook, now: Instant, lang: str
) -> Iterator[ResultLine]:
    outcomes, bands = clocks.outcome(now).tolist(), clocks.band.tolist()
    rules, rows, at = clocks.rule.tolist(), clocks.rows(), 0
    for i, order in enumerate(orders):
        found: list[ClockLine] = []
        packs: list[tuple[bool, int, str]] = []
        present: set[int] = set()
        while at < len(rows) and rows[at][0] == i:
            _, clock, party, starts, due, source, met, pack, _ = rows[at]
            row = explain.Row(i, clock, source, starts, due, rules[at])
            present.add(clock)
            found.append(
                ClockLine(
                    clock=CLOCKS[clock],
                    party=PARTIES[party],
                    starts_at=iso(starts),
                    due_at=iso(due),
                    earliest_at=UNSET if bands[at] == NONE else iso(bands[at]),
                    source=SOURCES[source],
                    met_at=UNSET if met is None else iso(met),
                    outcome=OUTCOMES[outcomes[at]],
                    pack=pack or UNSET,
                    why=explain.why(row, facts, book, lang),
                )
            )
            if pack:
                packs.append((not book.rules[row.rule].late_rate, len(packs), pack))
            at += 1
        missing = explain.absent(facts, i, book, present, lang)
        yield ResultLine(
            id=order.id,
            pack=min(packs)[2] if packs else None,
            clocks=found,
            why="; ".join(missing) if missing else UNSET,
        )
