"""Scenarios: days on which something happens. A file says what and when (`scenariofile`); here it happens to a world.

Whatever holds for some hours is counted anew at each of its ends from how the world was before the scenario: what is
over leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from msgspec import structs

from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.sandbox import carriers, markets, stock
from fahuo.sandbox.faults import Faults
from fahuo.sandbox.model import Behaviour, Shop
from fahuo.sandbox.scenariofile import (
    EveryFault,
    Fault,
    Hours,
    LiveStream,
    Orders,
    People,
    Scenario,
    SortingWarehouse,
    StockOut,
    WebhookStorm,
    When,
    instant,
    load,
    names,
)
from fahuo.sandbox.world import World

__all__ = ["Running", "Scenario", "apply", "load", "names"]

_HOUR: Final = 3600
_NEVER: Final = 1 << 60
Revoke = Callable[[Sequence[str]], None]
"""Takes the app's access to these shops away."""


def apply(
    world: World, faults: Faults, scenario: Scenario, revoke: Revoke | None = None, began: int | None = None
) -> Running:
    """Let a scenario happen to a world from now on ('day 1' is the day of `began`, which is now unless given).

    Raises Failure for a shop, SKU or carrier that this world does not have.
    """
    return Running(world, faults, scenario, revoke, world.now() if began is None else began)


class Running:
    """A scenario on its way."""

    def __init__(self, world: World, faults: Faults, scenario: Scenario, revoke: Revoke | None, began: int) -> None:
        self.world, self.faults, self.scenario, self.began = world, faults, scenario, began
        self._revoke = revoke
        self._named = 0
        self._base = structs.replace(world.behaviour)
        self._rates = _rates(world)
        self._on: dict[int, list[str]] = {}
        """Ids of the faults that are on, by entry."""
        self._turns = f"scenario.turn.{scenario.name}.{began}"
        self._check()
        world.on(self._turns, self._turn)
        for at in sorted(self._edges()):
            world.later(at, self._turns, "")
        self._plan()
        self._refresh(world.now())

    def at(self, when: When) -> int:
        """Epoch seconds of an hour of the file."""
        return instant(when, self.began, self.scenario.zone)

    def shops(self, named: Iterable[str]) -> list[Shop]:
        """The shops meant; all when none is named. Raises Failure for a name that is none."""
        wanted, every = set(named), list(self.world.shops.values())
        known = {word for shop in every for word in _words_of(shop)}
        if unknown := sorted(wanted - known):
            raise _unknown("shops", unknown[0], (shop.name for shop in every))
        return [shop for shop in every if not wanted or wanted & _words_of(shop)]

    def _check(self) -> None:
        s = self.scenario
        named: list[Any] = [*s.orders, *s.live_stream, *s.webhook_storm, *s.fault, *s.token_revoked, *s.typhoon]
        for entry in named:
            self.shops(entry.shops)
        for out in self.scenario.stock_out:
            have = {w for shop in self.shops(out.shops) for _, sku in stock.with_skus(self.world, shop)
                    for w in (sku.id, sku.seller_sku)}  # fmt: skip
            if unknown := sorted(set(out.skus) - have):
                raise _unknown("stock_out.skus", unknown[0], sorted(have))
        for strike in self.scenario.carrier_strike:
            known = {word for shop in self.shops(strike.shops) for word in _carriers_of(shop)}
            if unknown := sorted(set(strike.carriers) - known):
                raise _unknown("carrier_strike.carriers", unknown[0], sorted(known))

    # --- what holds for some hours --------------------------------------------------------------------------------

    def _held(self) -> list[Hours]:
        s = self.scenario
        return [*s.orders, *s.behaviour, *s.sorting_warehouse, *s.webhook_storm, *s.fault, *s.every_fault]

    def _span(self, entry: Hours) -> tuple[int, int]:
        return self.at(entry.start), _NEVER if entry.end is None else self.at(entry.end)

    def _stream(self, stream: LiveStream) -> tuple[int, int]:
        """Whole hours: those are what buyers are drawn for."""
        first = self.at(stream.at)
        last = first + stream.minutes * 60
        return first // _HOUR * _HOUR, -(-last // _HOUR) * _HOUR

    def _edges(self) -> set[int]:
        spans = [*map(self._span, self._held()), *map(self._stream, self.scenario.live_stream)]
        return {at for span in spans for at in span if at != _NEVER}

    def _turn(self, world: World, id_: str, at: int) -> None:
        del world, id_
        self._refresh(at)

    def _refresh(self, now: int) -> None:
        """Make the world what it is in this hour."""
        if self.scenario.behaviour or self.scenario.sorting_warehouse:
            self._behave(now)
        if self.scenario.orders or self.scenario.live_stream:
            self._order(now)
        for number, entry in enumerate(self._held()):
            first, last = self._span(entry)
            if isinstance(entry, WebhookStorm | Fault | EveryFault):
                self._switch(number, entry, on=first <= now < last)

    def _active(self, entries: Iterable[Hours], now: int) -> list[Any]:
        return [entry for entry in entries if self._span(entry)[0] <= now < self._span(entry)[1]]

    def _behave(self, now: int) -> None:
        told: dict[str, bool | float] = {}
        people: People
        for people in self._active(self.scenario.behaviour, now):
            told |= people.set
        sorting: SortingWarehouse
        for sorting in self._active(self.scenario.sorting_warehouse, now):
            told |= {"sorting_refused": sorting.refuse, "relabelled": sorting.relabel}
        for name in Behaviour.__struct_fields__:
            if name not in ("orders_per_day", "peak"):
                setattr(self.world.behaviour, name, told.get(name, getattr(self._base, name)))

    def _order(self, now: int) -> None:
        """Orders a day of each shop: the last `per_day` counts, all factors multiply."""
        rates = dict(self._rates)
        orders: list[Orders] = self._active(self.scenario.orders, now)
        for entry in orders:
            if entry.per_day is not None:
                rates |= {shop.id: entry.per_day for shop in self.shops(entry.shops)}
        streams = [s for s in self.scenario.live_stream if self._stream(s)[0] <= now < self._stream(s)[1]]
        lifts: list[Any] = [*orders, *streams]
        for lift in lifts:
            for shop in self.shops(lift.shops):
                rates[shop.id] *= lift.factor
        self.world.behaviour.orders_per_day, self.world.behaviour.peak = sum(rates.values()), 1.0
        for id_, rate in rates.items():
            self.world.shops[id_].share = rate

    def _switch(self, number: int, entry: WebhookStorm | Fault | EveryFault, *, on: bool) -> None:
        if on and number not in self._on:
            self._on[number] = self._add(entry)
        elif not on:
            for id_ in self._on.pop(number, ()):
                self.faults.remove(id_)

    def _add(self, entry: WebhookStorm | Fault | EveryFault) -> list[str]:
        if isinstance(entry, EveryFault):
            return [fault.id for fault in self.faults.add_every(entry.rate, entry.seed, entry.without)]
        wishes = _storm(entry) if isinstance(entry, WebhookStorm) else [_wish(entry)]
        shops = [shop.id for shop in self.shops(entry.shops)] if entry.shops else [""]
        return [self.faults.add({**wish, "shop": shop}).id for wish in wishes for shop in shops]

    # --- what happens once ----------------------------------------------------------------------------------------

    def _plan(self) -> None:
        for strike in self.scenario.carrier_strike:
            self._hinder("collect", strike, carriers=frozenset(strike.carriers))
        for typhoon in self.scenario.typhoon:
            self._hinder("deliver", typhoon, regions=frozenset(typhoon.regions))
        for out in self.scenario.stock_out:
            self._once(self.at(out.at), self._empty, out)
        for revoked in self.scenario.token_revoked:
            self._once(self.at(revoked.at), self._take_access, revoked)

    def _hinder(self, kind: str, entry: Any, **more: frozenset[str]) -> None:
        first, last = self._span(entry)
        shops = frozenset(shop.id for shop in self.shops(entry.shops)) if entry.shops else frozenset()
        hindrance = carriers.Hindrance(kind=kind, start=first, end=last, shops=shops, **more)
        carriers.hinder(self.world, hindrance)

    def _once(self, at: int, what: Callable[[Any, int], None], entry: Any) -> None:
        self._named += 1
        name = f"{self._turns}.{self._named}"
        self.world.on(name, lambda world, id_, at: what(entry, at))  # noqa: ARG005 - the form of an event
        self.world.later(at, name, "")

    def _empty(self, out: StockOut, at: int) -> None:
        before: list[tuple[Shop, Any, Any, dict[str, int]]] = []
        for shop in self.shops(out.shops):
            for product, sku in stock.named(self.world, shop, out.skus):
                before.append((shop, product, sku, dict(sku.stock)))
                places = list(sku.stock)
                left = {place: out.left if place == places[0] else 0 for place in places}
                stock.set_stock(self.world, shop, product, sku, left, at)
        if out.back_at is not None:
            self._once(self.at(out.back_at), self._fill, before)

    def _fill(self, before: list[tuple[Shop, Any, Any, dict[str, int]]], at: int) -> None:
        for shop, product, sku, numbers in before:
            stock.set_stock(self.world, shop, product, sku, numbers, at)

    def _take_access(self, entry: Any, at: int) -> None:
        del at
        if self._revoke is not None:
            self._revoke([shop.id for shop in self.shops(entry.shops)])


def _rates(world: World) -> dict[str, float]:
    """Orders a day of each shop as the world was told."""
    b, shares = world.behaviour, sum(shop.share for shop in world.shops.values())
    return {
        shop.id: b.orders_per_day * b.peak * shop.share / shares if shares else 0.0 for shop in world.shops.values()
    }


def _words_of(shop: Shop) -> set[str]:
    kind = "cross_border" if shop.cross_border else "local"
    return {shop.id, shop.name, shop.code, shop.region, f"{shop.region}:{kind}"}


def _carriers_of(shop: Shop) -> set[str]:
    every = (markets.platform_provider(shop.region), *markets.providers(shop.region, shop.cross_border))
    return {word for one in every for word in (one.id, one.name)}


def _storm(entry: WebhookStorm) -> list[dict[str, Any]]:
    rates: Mapping[str, float] = {
        "hook_twice": entry.twice,
        "hook_late": entry.late,
        "hook_disorder": entry.disorder,
        "hook_wrong_sign": entry.wrong_signature,
        "hook_replayed": entry.replayed,
        "hook_lost": entry.lost,
    }
    late = {"hook_late": {"seconds": entry.late_minutes * 60}}
    return [{"kind": kind, "rate": rate, **late.get(kind, {})} for kind, rate in rates.items() if rate > 0]


def _wish(entry: Fault) -> dict[str, Any]:
    wish: dict[str, Any] = {"kind": entry.kind, "rate": entry.rate, "path": entry.path, "seed": entry.seed}
    more = {"method": entry.method, "field": entry.field, "seconds": entry.seconds, "burst": entry.burst}
    return wish | {name: value for name, value in more.items() if value not in (None, "")}


def _unknown(field: str, value: str, known: Iterable[str]) -> Failure:
    return Failure(
        Problem(
            code="scenario_unknown_name",
            field=field,
            value=value,
            message=N_("The scenario names {value} under {field}, which this sandbox does not have."),
            next=N_("There are: {known}."),
            params={"field": field, "value": value, "known": ", ".join(known)},
        )
    )
