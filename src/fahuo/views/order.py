"""One order with everything there is to know about it: a fixed number of statements."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Select, select

from fahuo.carriers.tables import carriers, services
from fahuo.catalogue.tables import cartons, shops, skus, warehouses
from fahuo.deadlines import queries as deadlines
from fahuo.deadlines.model import CLOCKS, PARTIES, SOURCES
from fahuo.orders import queries as orders_queries
from fahuo.orders.queries import Line
from fahuo.orders.rules import hold as known_hold
from fahuo.orders.tables import holds, orders
from fahuo.planning.explain import reason_text
from fahuo.planning.tables import decisions, refusals
from fahuo.store import journal, personal
from fahuo.store.engine import Tx
from fahuo.store.tables import effects
from fahuo.warehouse import first_mile
from fahuo.warehouse import queries as warehouse
from fahuo.warehouse.model import Item, Parcel


class ClockView(NamedTuple):
    """A clock with its words; outcome as in `deadlines.model.OUTCOMES`, at the `now` of the reader."""

    clock: str
    party: str
    starts_at: int
    due_at: int
    source: str
    met_at: int | None
    outcome: str
    pack: str
    rule: str


class HoldView(NamedTuple):
    """A hold, open or released."""

    code: str
    since_at: int
    blocks: bool
    owner: str
    field: str
    value: str
    released_at: int | None
    released_by: str
    note: str


class EffectView(NamedTuple):
    """A message to the outside."""

    id: int
    kind: str
    lane: str
    state: str
    due_at: int
    attempts: int
    outcome: dict[str, Any]
    package_id: int | None


class DecisionView(NamedTuple):
    """What planning chose, with the reasons as stored."""

    at: int
    warehouse: str | None
    carrier: str | None
    service: str | None
    carton: str | None
    leave_at: int | None
    cost: int | None
    penalty: int | None
    currency: str | None
    why: dict[str, Any]


class OrderView(NamedTuple):
    """An order. `row`: the columns of the order by name; `skus`: id → (code, name)."""

    id: int
    shop: str
    zone: str
    row: dict[str, Any]
    lines: list[Line]
    skus: dict[int, tuple[str, str]]
    holds: list[HoldView]
    clocks: list[ClockView]
    parcels: list[Parcel]
    items: dict[int, list[Item]]
    decision: DecisionView | None
    effects: list[EffectView]
    timeline: list[journal.Line]


class LegView(NamedTuple):
    """A parcel's way to the sorting warehouse and the waybill that the carrier beyond the border uses."""

    leg: first_mile.Leg
    bundle: first_mile.Bundle | None
    label_number: str
    """The number on the parcel's own label."""


_HIDDEN = ("seller_id", "journal_head", "digest", "twin")
_COLUMNS = tuple(column for column in orders.columns if column.name not in _HIDDEN)


def show(tx: Tx, order_id: int, now: int, allowed: Collection[int] | None = None) -> OrderView | None:
    """The order, or None when there is none of that id in the shops the reader may see."""
    rows = tx.rows(
        select(shops.c.name, shops.c.zone, *_COLUMNS)
        .join(shops, (shops.c.seller_id == orders.c.seller_id) & (shops.c.id == orders.c.shop_id))
        .where(orders.c.seller_id == tx.seller_id, orders.c.id == order_id)
    )
    if not rows:
        return None
    shop, zone, *values = rows[0]
    row = {column.name: value for column, value in zip(_COLUMNS, values, strict=True)}
    if allowed is not None and row["shop_id"] not in allowed:
        return None
    parcels = warehouse.parcels_of_orders(tx, [order_id])
    items = warehouse.items(tx, [parcel.id for parcel in parcels])
    lines = orders_queries.lines(tx, [order_id]).get(order_id, [])
    wanted = {line.sku_id for line in lines if line.sku_id is not None}
    wanted |= {item.sku_id for found in items.values() for item in found}
    return OrderView(
        order_id,
        shop,
        zone,
        row,
        lines,
        sku_names(tx, wanted),
        _holds(tx, order_id),
        _clocks(tx, order_id, row["cancelled_at"], now),
        parcels,
        items,
        _decision(tx, order_id),
        _effects(tx, order_id),
        journal.lines(tx, order_id),
    )


def legs(tx: Tx, parcels: Sequence[Parcel]) -> dict[int, LegView]:
    """Parcel → its first mile, of those that have one."""
    numbers = {parcel.id: parcel.tracking_number for parcel in parcels}
    found = first_mile.legs(tx, numbers)
    ids = {leg.bundle_id for leg in found if leg.bundle_id is not None}
    bundles = {one.id: one for one in first_mile.bundles_of(tx, ids)} if ids else {}
    return {
        leg.package_id: LegView(leg, bundles.get(leg.bundle_id or 0), numbers[leg.package_id] or "") for leg in found
    }


def sku_names(tx: Tx, ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """SKU id → (code, name)."""
    rows = tx.rows(
        select(skus.c.id, skus.c.sku, skus.c.name).where(skus.c.seller_id == tx.seller_id, skus.c.id.in_(ids))
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def recipient(tx: Tx, order_id: int) -> personal.Person | None:
    """Who gets the parcel, decrypted for this one reading; None when erased or not known."""
    return personal.open_people(tx, [order_id]).get(order_id)


def answers(tx: Tx, order_id: int) -> dict[int, str]:
    """Effect → the other side's words, decrypted for this one reading."""
    return personal.open_answers(tx, order_id)


def _holds(tx: Tx, order_id: int) -> list[HoldView]:
    rows = tx.rows(
        select(*(holds.c[name] for name in HoldView._fields))
        .where(holds.c.seller_id == tx.seller_id, holds.c.order_id == order_id)
        .order_by(holds.c.released_at.is_not(None), holds.c.since_at.desc(), holds.c.code)
    )
    return [HoldView(*row) for row in rows]


def _clocks(tx: Tx, order_id: int, cancelled: int | None, now: int) -> list[ClockView]:
    found = deadlines.clocks_of(tx, [order_id]).get(order_id, [])
    return [
        ClockView(
            CLOCKS[row.clock],
            PARTIES[row.party],
            row.starts_at,
            row.due_at,
            SOURCES[row.source],
            row.met_at,
            outcome(row.due_at, row.met_at, cancelled, now),
            row.pack,
            row.rule,
        )
        for row in found
    ]


def outcome(due: int, met: int | None, cancelled: int | None, now: int) -> str:
    """running, met, missed or cancelled, as `deadlines.model.Clocks.outcome` says for arrays."""
    if met is None and cancelled is not None and cancelled <= due:
        return "cancelled"
    if (now if met is None else met) > due:
        return "missed"
    return "running" if met is None else "met"


def _decision(tx: Tx, order_id: int) -> DecisionView | None:
    d = decisions.c
    rows = tx.rows(
        select(
            d.at,
            warehouses.c.name,
            carriers.c.name,
            services.c.name,
            cartons.c.name,
            d.leave_at,
            d.cost,
            d.penalty,
            d.currency,
            d.why,
            refusals.c.refused,
        )
        .select_from(decisions)
        .outerjoin(refusals, (refusals.c.seller_id == d.seller_id) & (refusals.c.id == d.refused_id))
        .outerjoin(warehouses, (warehouses.c.seller_id == d.seller_id) & (warehouses.c.id == d.warehouse_id))
        .outerjoin(services, (services.c.seller_id == d.seller_id) & (services.c.id == d.service_id))
        .outerjoin(carriers, (carriers.c.seller_id == d.seller_id) & (carriers.c.id == services.c.carrier_id))
        .outerjoin(cartons, (cartons.c.seller_id == d.seller_id) & (cartons.c.id == d.carton_id))
        .where(d.seller_id == tx.seller_id, d.order_id == order_id)
    )
    if not rows:
        return None
    *plain, why, refused = rows[0]
    told = msgspec.json.decode(why) | ({"refused": msgspec.json.decode(refused)} if refused else {})
    return DecisionView._make([*plain, told])


def _effect_rows(tx: Tx) -> Select[Any]:
    return select(*(effects.c[name] for name in EffectView._fields)).where(effects.c.seller_id == tx.seller_id)


def _effects(tx: Tx, order_id: int) -> list[EffectView]:
    rows = tx.rows(_effect_rows(tx).where(effects.c.order_id == order_id).order_by(effects.c.id))
    return [EffectView._make([*row[:6], msgspec.json.decode(row[6]), row[7]]) for row in rows]


def visible(tx: Tx, order_id: int, allowed: Collection[int] | None) -> bool:
    """Whether there is such an order in the shops the reader may see."""
    rows = tx.rows(select(orders.c.shop_id).where(orders.c.seller_id == tx.seller_id, orders.c.id == order_id))
    return bool(rows) and (allowed is None or rows[0][0] in allowed)


def place_names(tx: Tx) -> dict[int, str]:
    """Names of warehouses, and of services with their carrier, by id: ids are unique over all tables."""
    places = tx.rows(select(warehouses.c.id, warehouses.c.name).where(warehouses.c.seller_id == tx.seller_id))
    offers = tx.rows(
        select(services.c.id, carriers.c.name, services.c.name)
        .select_from(services)
        .join(carriers, (carriers.c.seller_id == services.c.seller_id) & (carriers.c.id == services.c.carrier_id))
        .where(services.c.seller_id == tx.seller_id)
    )
    return {row[0]: row[1] for row in places} | {row[0]: f"{row[1]} {row[2]}" for row in offers}


def hold_words(code: str, field: str, value: str, lang: str) -> tuple[str, str]:
    """(what is wrong, what to do) of a hold, '' where only a person's note says it."""
    try:
        said = reason_text(value, lang) if code == "cannot_plan" else value
        shown = known_hold(code, field or None, said or None).problem().render(lang)
    except KeyError:
        return value, ""
    # Places that were known only when the hold was put cannot be filled again: the code's own word says enough.
    return ("" if "{" in shown.message else shown.message), shown.next
