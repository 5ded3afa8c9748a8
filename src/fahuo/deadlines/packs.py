"""Rule packs: reading and checking the TOML files, and choosing the rules that speak for an order.

docs/deadlines.md describes the format. A pack is in force for a clock when the clock's *start event* lies in its
dates; `effective_from` and `effective_to` are local dates in the pack's zone, both inclusive.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from importlib.metadata import entry_points
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from fahuo.deadlines.model import CLOCKS, FIELDS, Codes, Extension, Indexes
from fahuo.deadlines.packfile import (
    ANY,
    Market,
    MarketsFile,
    PackFile,
    Rule,
    check_pack,
    make_rule,
    read_file,
    with_settings,
    wrong,
)
from fahuo.kernel.calendar import Calendar, load_calendars
from fahuo.kernel.instant import from_local, zone
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import DEFAULT, N_, t

HERE = Path(__file__).resolve().parent
_KEPT = 64
_ALWAYS = (0, 2**62)  # instants before 1970 are nobody's


@dataclass(frozen=True)
class Step:
    """A rule bound to a zone, a calendar and the instants [since, until) in which its pack is in force."""

    rule: int
    zone: ZoneInfo
    calendar: str
    since: int
    until: int


@dataclass(frozen=True)
class Plan:
    """What speaks for all orders that share one key: the steps, or the reason why there are none."""

    market: str
    seller_type: str
    steps: tuple[Step, ...]
    why: str
    """Text: why there are no steps, or why an order with steps may still have no clock."""
    values: tuple[tuple[str, str], ...]

    def words(self, lang: str = DEFAULT) -> str:
        """`why`, filled in."""
        return t(self.why, lang, **dict(self.values))


Closed = tuple[tuple[date, str], ...]
"""Dates that an announcement closes, and why."""
Key = tuple[str, str, str, str, str, str | None]


class _Plans(dict[Key, int]):
    """Key of an order -> number of its plan, resolved when first asked for."""

    def __init__(self, book: "RuleBook") -> None:
        super().__init__()
        self.book = book

    def __missing__(self, key: Key) -> int:
        number = self.book.resolve(key)
        self[key] = number
        return number


@dataclass(eq=False)
class RuleBook:
    """All packs, rules, calendars and markets. Read-only once loaded; the plans inside are a cache."""

    packs: tuple[PackFile, ...]
    rules: tuple[Rule, ...]
    calendars: Mapping[str, Calendar]
    markets: Mapping[str, Market]
    aliases: Mapping[str, str]
    plans: list[Plan] = field(default_factory=list)
    rule_party: Codes = field(init=False)
    rule_pack: Indexes = field(init=False)
    keys: _Plans = field(init=False)

    def __post_init__(self) -> None:
        self.keys = _Plans(self)
        self._numbers: dict[Plan, int] = {}
        self._changed: dict[tuple[str, Closed], Calendar] = {}
        self.pack_ids = tuple(p.id for p in self.packs)
        self.rule_ids = tuple(r.id for r in self.rules)
        self.index = {p.id: i for i, p in enumerate(self.packs)}
        self.rule_party = np.array([r.party for r in self.rules], dtype=np.int8)
        self.rule_pack = np.array([r.pack for r in self.rules], dtype=np.int16)

    def market_of(self, word: str) -> str:
        """The market's code: upper case, aliases followed (UK -> GB)."""
        code = word.strip().upper()
        return self.aliases.get(code, code)

    def find(self, pack_id: str) -> PackFile:
        """The pack of that id. Failure (exit 2) when there is none."""
        if pack_id not in self.index:
            raise Failure(
                Problem(
                    code="pack_unknown",
                    field="pack",
                    value=pack_id,
                    message=N_("There is no rule pack {pack}."),
                    next=N_("Known packs: {packs}."),
                    params={"pack": pack_id, "packs": ", ".join(sorted(self.index))},
                )
            )
        return self.packs[self.index[pack_id]]

    def late_rate_clock(self, pack: int) -> int:
        """The clock that a pack counts for the late dispatch rate; -1 when it names none."""
        return next((r.clock for r in self.rules if r.pack == pack and r.late_rate), -1)

    def plan(self, key: Key) -> Plan:
        """What speaks for orders with (market, seller type, shipping type, order type, origin region, pack)."""
        return self.plans[self.keys[key]]

    def resolve(self, key: Key) -> int:
        """Work a key out and keep its plan. Alike plans share a number, so alike orders are computed together."""
        plan = self._plan(key)
        number = self._numbers.setdefault(plan, len(self.plans))
        if number == len(self.plans):
            self.plans.append(plan)
        return number

    def concerns(self, x: Extension, plan: Plan, step: Step) -> bool:
        """Whether an announced extension is about this step of these orders."""
        place = x.calendar == step.calendar if x.closed else self.market_of(x.market) == plan.market
        clock = CLOCKS[self.rules[step.rule].clock]
        return place and x.seller_type in ("", plan.seller_type) and (not x.clocks or clock in x.clocks)

    def closed_also(self, calendar: str, closed: Closed) -> Calendar:
        """The calendar with more closed dates; kept, because its day table is worth keeping."""
        found = self._changed.get((calendar, closed))
        if found is None:
            self._changed = self._changed if len(self._changed) < _KEPT else {}
            found = self._changed[calendar, closed] = self.calendars[calendar].with_changes(closed=dict(closed))
        return found

    def forget(self, limit: int = 4_096) -> None:
        """Drop the cached plans when odd input has made too many keys."""
        if len(self.keys) > limit:
            self.keys.clear()
            self._numbers.clear()
            self.plans.clear()

    def _plan(self, key: Key) -> Plan:
        word, seller, shipping, order_type, region, forced = key
        code = self.market_of(word or "")
        place = self.markets.get(code)
        if forced is not None and forced not in self.index:
            return Plan(code, seller, (), N_("there is no rule pack {pack}"), (("pack", forced),))
        rules = [r for r in self.rules if self._speaks(r, code, seller, shipping, order_type, forced)]
        if not rules:
            asked = ", ".join((code or "?", seller, shipping, order_type))
            if forced:
                return Plan(
                    code,
                    seller,
                    (),
                    N_("rule pack {pack} has no rule for {asked}"),
                    (("asked", asked), ("pack", forced)),
                )
            return Plan(code, seller, (), N_("no rule found: no rule pack speaks for {asked}"), (("asked", asked),))
        steps = []
        for rule in rules:
            pack = self.packs[rule.pack]
            if place is None and "market" in (pack.zone, pack.calendar):
                said = N_("zone and working days of market {market} are not known")
                return Plan(code, seller, (), said, (("market", code or "?"),))
            steps.append(self._step(self.rules.index(rule), pack, place, region or ""))
        waits = ", ".join(dict.fromkeys(FIELDS[e] for r in rules for e in r.start))
        packs = ", ".join(dict.fromkeys(self.packs[r.pack].id for r in rules))
        said = N_("no clock of {packs} has started or was in force: it waits for {fields}")
        return Plan(code, seller, tuple(steps), said, (("fields", waits), ("packs", packs)))

    def _speaks(self, rule: Rule, market: str, seller: str, shipping: str, kind: str, forced: str | None) -> bool:
        pack = self.packs[rule.pack]
        if kind not in rule.order_types:
            return False
        if forced is not None:
            return pack.id == forced and _covers(rule.shipping_types, shipping)
        return (
            pack.default
            and market in pack.markets
            and _covers(pack.seller_types, seller)
            and _covers(rule.shipping_types, shipping)
        )

    def _step(self, index: int, pack: PackFile, place: Market | None, region: str) -> Step:
        tz = zone(place.zone if place and pack.zone == "market" else pack.zone)
        calendar = pack.calendar
        if place and calendar == "market":
            calendar = place.regions.get(region.upper(), place.calendar)
        since, until = _ALWAYS
        if pack.effective_from:
            since, _ = from_local(datetime.combine(pack.effective_from, time.min), tz)
        if pack.effective_to:
            until, _ = from_local(datetime.combine(pack.effective_to + timedelta(1), time.min), tz)
        return Step(index, tz, calendar, since, until)


def _covers(names: Sequence[str], name: str) -> bool:
    return ANY in names or name in names


def load_book(
    extra_dirs: Iterable[Path | str] = (),
    calendar_overrides: Mapping[str, Mapping[date, tuple[bool, str]]] | None = None,
    settings: Mapping[str, Mapping[str, int | str]] | None = None,
) -> RuleBook:
    """The packs and calendars that ship with Fahuo, then those of each extra folder.

    A folder holds `*.toml` packs, and may hold `markets.toml` and a folder `calendars`. A pack of the same id
    replaces an earlier one; so does one that lists it in `replaces`. Packages may add folders by the entry point
    group `fahuo.packs` (an object that is a path). `calendar_overrides`: calendar id -> date -> (open, why).
    `settings`: pack id -> setting -> value, over the pack's own. Failure (exit 2) names file and field.
    """
    folders = [HERE, *_plugged(), *(Path(d) for d in extra_dirs)]
    frozen = tuple((pack, tuple(sorted(values.items()))) for pack, values in sorted((settings or {}).items()))
    book = _load(tuple(folders), frozen, _stamps(folders))
    if not calendar_overrides:
        return book
    calendars = dict(book.calendars)
    for name, days in calendar_overrides.items():
        if name in calendars:
            calendars[name] = calendars[name].with_changes(
                closed={d: why for d, (is_open, why) in days.items() if not is_open},
                opened={d: why for d, (is_open, why) in days.items() if is_open},
            )
    return RuleBook(book.packs, book.rules, calendars, book.markets, book.aliases)


@lru_cache(maxsize=1)
def _plugged() -> tuple[Path, ...]:
    """Folders of installed packages. Looked for once: what is installed does not change while a process runs."""
    return tuple(Path(str(point.load())) for point in entry_points(group="fahuo.packs"))


def _stamps(folders: Iterable[Path]) -> tuple[tuple[str, int, int], ...]:
    """What tells whether a file has changed since it was last read."""
    files = [p for folder in folders for p in sorted(folder.rglob("*.toml"))]
    return tuple((str(p), p.stat().st_mtime_ns, p.stat().st_size) for p in files)


@lru_cache(maxsize=8)
def _load(
    folders: tuple[Path, ...],
    settings: tuple[tuple[str, tuple[tuple[str, int | str], ...]], ...],
    stamps: tuple[tuple[str, int, int], ...],  # noqa: ARG001 - only there for the cache
) -> RuleBook:
    markets: dict[str, Market] = {}
    aliases: dict[str, str] = {}
    packs: dict[str, tuple[PackFile, Path]] = {}
    for folder in folders:
        if not folder.is_dir():
            raise wrong(folder, "folder", "there is no such folder")
        if (folder / "markets.toml").exists():
            more = read_file(folder / "markets.toml", MarketsFile)
            markets.update(more.markets)
            aliases.update(more.aliases)
        inside = folder / "packs" if folder == HERE else folder
        for path in sorted(inside.glob("*.toml")):
            if path.name != "markets.toml":
                pack = read_file(path, PackFile)
                for gone in pack.replaces:
                    packs.pop(gone, None)
                packs[pack.id] = pack, path
    calendars = load_calendars(*(folder / "calendars" for folder in folders))
    overrides = {pack: dict(values) for pack, values in settings}
    for name in overrides.keys() - packs.keys():
        raise wrong(Path("settings"), "pack", f"there is no rule pack {name!r}")
    kept, rules = [], []
    for index, (pack, path) in enumerate(packs.values()):
        made = with_settings(pack, overrides.get(pack.id, {}), path)
        check_pack(made, path, markets, calendars)
        kept.append(made)
        rules += [make_rule(made, index, number, path) for number in range(len(made.rules))]
    _check_overlaps(kept, rules, packs)
    return RuleBook(tuple(kept), tuple(rules), calendars, markets, aliases)


def _check_overlaps(
    packs: Sequence[PackFile], rules: Sequence[Rule], files: Mapping[str, tuple[PackFile, Path]]
) -> None:
    """Two default rules for one clock of one order at one time would make the answer depend on their order."""
    for i, one in enumerate(rules):
        for two in rules[i + 1 :]:
            a, b = packs[one.pack], packs[two.pack]
            if one.clock == two.clock and (a is b or (a.default and b.default)) and _meet(a, b, one, two):
                raise wrong(
                    files[b.id][1],
                    f"rules.{two.id}",
                    f"speaks for the same orders and dates as {one.id}; narrow it or name the other in `replaces`",
                )


def _meet(a: PackFile, b: PackFile, one: Rule, two: Rule) -> bool:
    def share(x: Sequence[str], y: Sequence[str]) -> bool:
        return ANY in x or ANY in y or bool(set(x) & set(y))

    return (
        (a is b or bool(set(a.markets) & set(b.markets)))
        and share(a.seller_types, b.seller_types)
        and share(one.shipping_types, two.shipping_types)
        and bool(set(one.order_types) & set(two.order_types))
        and (a.effective_from or date.min) <= (b.effective_to or date.max)
        and (b.effective_from or date.min) <= (a.effective_to or date.max)
    )
