"""What every use case works in: the open database, the business clock, the rule book, and who acts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Final

import httpx

from fahuo.catalogue import queries as catalogue
from fahuo.catalogue.model import Shop, SkuIndex, Warehouse
from fahuo.deadlines import queries as deadlines
from fahuo.deadlines.model import Extension
from fahuo.deadlines.packs import RuleBook, load_book
from fahuo.kernel.clock import BusinessClock, FixedClock, FollowedClock, RealClock
from fahuo.kernel.config import Settings
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.store.engine import Store, Tx, open_store
from fahuo.store.migrate import require_current

FOLLOW_S: Final = 5.0
"""Real seconds a clock that is followed may take to answer."""


@dataclass(frozen=True)
class House:
    """One installation, open. Safe to share between threads."""

    store: Store
    clock: BusinessClock
    lang: str = "en"


def clock_of(settings: Settings) -> BusinessClock:
    """Business time as the settings want it. Raises Failure (3) when a clock to follow does not answer."""
    if settings.now is not None:
        return FixedClock(settings.now)
    if not settings.clock:
        return RealClock()
    address = settings.clock
    caller = httpx.Client(timeout=FOLLOW_S, trust_env=False)

    def ask() -> int:
        return int(caller.get(address).raise_for_status().json()["epoch"])

    try:
        return FollowedClock(ask)
    except (httpx.HTTPError, ValueError, LookupError, TypeError) as error:
        raise Failure(
            Problem(
                "clock_unreachable",
                "FAHUO_CLOCK",
                address,
                N_("The clock to follow, {address}, does not tell the time: {why}"),
                N_("Start the sandbox first, or leave FAHUO_CLOCK out."),
                {"address": address, "why": type(error).__name__},
            ),
            3,
        ) from None


def open_house(settings: Settings, *, of_any_age: bool = False) -> House:
    """Open the database the settings name. Raises Failure when there is none, or no master key.

    Its tables must be those of this program unless they may be `of_any_age`, which only setting up can work with.
    """
    clock, key = clock_of(settings), settings.require_key()
    if not of_any_age:
        _require_there(settings.database_url)
    store = open_store(settings.database_url, master=key)
    try:
        if not of_any_age:
            require_current(store)
    except Failure:
        store.close()
        raise
    return House(store, clock, settings.lang)


def _require_there(url: str) -> None:
    """Raise Failure (3) for an SQLite file that is not there: opening it would make an empty one."""
    kind, _, rest = url.partition("://")
    file = Path(rest.partition("?")[0].removeprefix("/"))
    if kind.startswith("sqlite") and rest and not file.exists():
        raise Failure(
            Problem(
                "no_database",
                "FAHUO_DATABASE_URL",
                str(file),
                N_("There is no database at {file}."),
                N_("Run `fahuo init` to make one, or correct FAHUO_HOME or FAHUO_DATABASE_URL."),
                {"file": str(file)},
            ),
            3,
        )


@dataclass(frozen=True)
class Desk:
    """What an import or a run reads once and keeps while it lasts: articles, warehouses, rule book, extensions."""

    skus: SkuIndex
    warehouses: tuple[Warehouse, ...]
    book: RuleBook
    extensions: tuple[Extension, ...]
    actor: str
    places: dict[str, Warehouse] = field(default_factory=dict)

    def place(self, reference: str) -> Warehouse | None:
        """The warehouse behind the platform's id or name, or behind our own code."""
        return self.places.get(reference)


def open_desk(tx: Tx, actor: str) -> Desk:
    """Read the desk's facts in the transaction given."""
    warehouses = tuple(catalogue.warehouse_list(tx))
    places = {w.code: w for w in warehouses} | {w.name: w for w in warehouses}
    places |= {ref: w for w in warehouses for ref in w.platform_refs}
    return Desk(catalogue.sku_index(tx), warehouses, rule_book(tx), tuple(deadlines.announced(tx)), actor, places)


def rule_book(tx: Tx) -> RuleBook:
    """The rule packs with the seller's changes to calendars."""
    return _book(load_book(), tuple(deadlines.calendar_edits(tx)))


@lru_cache(maxsize=8)
def _book(shipped: RuleBook, edits: tuple[tuple[str, str, bool, str], ...]) -> RuleBook:
    """Kept, because its plans and day tables are; `shipped` is another object as soon as a pack's file has changed."""
    if not edits:
        return shipped
    days: dict[str, dict[date, tuple[bool, str]]] = {}
    for calendar, day, is_open, why in edits:
        days.setdefault(calendar, {})[date.fromisoformat(day)] = (is_open, why)
    return load_book(calendar_overrides=days)


def need_shop(tx: Tx, name: str) -> Shop:
    """The shop of that name. Raises Failure naming the shops there are."""
    shop = catalogue.shop_named(tx, name)
    if shop is None:
        known = ", ".join(shop.name for shop in catalogue.shop_list(tx)) or "-"
        raise Failure(
            Problem(
                "unknown_shop",
                "shop",
                name,
                N_("There is no shop {name}. Shops: {known}."),
                N_("Add it with `fahuo shops add`, or correct the name."),
                {"name": name, "known": known},
            )
        )
    return shop
