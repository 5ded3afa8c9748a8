"""Use case: take a batch of orders, whatever channel they came by. One transaction a batch.

New orders pass every station that can judge them at once: known articles, verification, clocks, units. They are
written once, in the state they end up in. Orders we know are handed to `flow.changes`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from fahuo.catalogue.model import Shop, Warehouse
from fahuo.deadlines import service as deadlines
from fahuo.deadlines.model import CLOCKS
from fahuo.flow import parcelling
from fahuo.flow.again import write_again
from fahuo.flow.changes import change
from fahuo.flow.checks import Checks
from fahuo.flow.clocks import Timing, clock_rows, iso_region, time_orders
from fahuo.flow.house import Desk
from fahuo.flow.people import seal
from fahuo.flow.plan import NOTHING, Planned, cannot_plan, decide, not_planned
from fahuo.flow.report import Report, Source
from fahuo.flow.units import find_articles, no_stock, wants_of
from fahuo.inventory import service as inventory
from fahuo.inventory.model import Want
from fahuo.inventory.queries import Reservation
from fahuo.kernel.ids import new_ids
from fahuo.kernel.stopwatch import stage
from fahuo.orders import queries as orders_queries
from fahuo.orders import service as orders
from fahuo.orders.journey import Standing, is_history, station_of
from fahuo.orders.merge import digest
from fahuo.orders.model import OrderIn, Refusal
from fahuo.orders.queries import ToPlan
from fahuo.orders.rules import Hold
from fahuo.orders.service import Taken
from fahuo.planning import service as planning
from fahuo.store import journal
from fahuo.store.bulk import records
from fahuo.store.engine import Store, Tx


def take(
    store: Store,
    desk: Desk,
    shop: Shop,
    batch: Iterable[OrderIn | Refusal],
    now: int,
    source: Source,
    report: Report,
    *,
    plan: bool = False,
) -> list[int]:
    """Take a batch into the database and count it in `report`; returns the ids of the new orders.

    `plan`: new orders that have their units are planned at once, and written once, with their parcels.
    """
    fresh: list[int] = []

    def once(tx: Tx, part: Sequence[OrderIn]) -> tuple[list[int], Report]:
        counted = Report()
        return take_in(tx, desk, shop, part, now, source, counted, plan=plan), counted

    for part in _rounds(batch, report):
        with stage("persist"):
            ids, counted = write_again(store, partial(once, part=part), shop.seller_id)
        fresh += ids
        report.add(counted)
    return fresh


def take_in(
    tx: Tx,
    desk: Desk,
    shop: Shop,
    batch: Sequence[OrderIn],
    now: int,
    source: Source,
    report: Report,
    *,
    plan: bool = False,
) -> list[int]:
    """The same inside a transaction the caller holds. Platform ids in `batch` are unique."""
    known = orders_queries.known(tx, shop.id, [order.platform_order_id for order in batch])
    new = [order for order in batch if order.platform_order_id not in known]
    told = [order for order in batch if order.platform_order_id in known] if known else []
    ids = _create(tx, desk, shop, new, now, source, plan=plan)
    report.created += len(new)
    if told:
        change(
            tx,
            desk,
            shop,
            [(known[order.platform_order_id], order) for order in told],
            now,
            source.kind,
            source.name,
            report,
        )
    return ids


def _rounds(batch: Iterable[OrderIn | Refusal], report: Report) -> list[list[OrderIn]]:
    """Split so that no order stands twice in one transaction: the second telling must find the first."""
    rounds: list[dict[str, OrderIn]] = []
    depth: dict[str, int] = {}
    for one in batch:
        if isinstance(one, Refusal):
            report.refuse(one)
            continue
        report.read += 1
        at = depth.get(one.platform_order_id, 0)
        depth[one.platform_order_id] = at + 1
        if at == len(rounds):
            rounds.append({})
        rounds[at][one.platform_order_id] = one
    return [list(unique.values()) for unique in rounds]


class _Fresh(NamedTuple):
    """A new order as every station has judged it, before the first row is written."""

    id: int
    order: OrderIn
    skus: Sequence[int | None]
    place: Warehouse | None
    timing: Timing
    holds: list[Hold]
    wants: Sequence[Want]
    reserved: bool
    twin: str
    station: str


def _station(order: OrderIn, holds: Sequence[Hold], reserved: bool) -> str:
    if is_history(order.state, order.fulfillment_type, order.shipping_type):
        return "history"
    return station_of(order.state, Standing(any(hold.blocks for hold in holds), reserved))


def _create(
    tx: Tx, desk: Desk, shop: Shop, new: Sequence[OrderIn], now: int, source: Source, *, plan: bool
) -> list[int]:
    if not new:
        return []
    fresh = _judge(tx, desk, shop, new, now)
    _write(tx, desk, shop, fresh, _plan(tx, desk, shop, fresh, now) if plan else NOTHING, now, source)
    return [one.id for one in fresh]


def _judge(tx: Tx, desk: Desk, shop: Shop, new: Sequence[OrderIn], now: int) -> list[_Fresh]:
    """Articles, clocks, verification, units: only the stock counters are written here."""
    ids = new_ids(len(new))
    articles = [find_articles(desk, shop, order) for order in new]
    places = [desk.place(order.warehouse_ref) if order.warehouse_ref else None for order in new]
    with stage("clocks"):
        timings = time_orders(new, shop, [iso_region(place) for place in places], desk.book, desk.extensions)
    checks = Checks(tx, desk, shop, now)
    with stage("verify"):
        held = checks.verify(new, timings)
    wants = [wants_of(desk, id_, order, skus) for id_, order, skus in zip(ids, new, articles, strict=True)]
    with stage("reserve"):
        reserved = _reserve(tx, wants, timings, held)
    stations = [_station(*row) for row in zip(new, held, reserved, strict=True)]
    columns = zip(ids, new, articles, places, timings, held, wants, reserved, checks.prints, stations, strict=True)
    return records(_Fresh, columns)


def _plan(tx: Tx, desk: Desk, shop: Shop, fresh: Sequence[_Fresh], now: int) -> Planned:
    """Plan those that are ready for it, without a row written."""
    with stage("plan"):
        ready = [one for one in fresh if one.station == "plan"]
        found = sorted([_to_plan(one, shop) for one in ready], key=orders_queries.urgency)
        held = {one.id: records(Reservation, [(*want, 0, "reserved") for want in one.wants]) for one in ready}
        return decide(tx, desk, found, held, now) if found else NOTHING


def _to_plan(one: _Fresh, shop: Shop) -> ToPlan:
    order, to = one.order, one.order.recipient
    return ToPlan(
        one.id,
        shop.id,
        order.platform_order_id,
        order.market,
        order.state,
        order.shipping_type,
        to.country,
        to.region,
        to.postal_code[:3],
        order.currency,
        one.timing.due_at,
        one.timing.due_clock,
        None if one.place is None else one.place.id,
        order.carrier_name,
        order.tracking_number,
        order.arranged_at,
        1,
        *journal.START,
    )


def _write(tx: Tx, desk: Desk, shop: Shop, fresh: Sequence[_Fresh], planned: Planned, now: int, source: Source) -> None:
    """Every row of new orders, each once, in the state the order ends up in."""
    heads = journal.append(tx, _entries(desk, fresh, planned, now, source), {})
    orders.insert(tx, shop.id, [_as_taken(one, planned, heads[one.id], now) for one in fresh], source.kind, now)
    ids = [one.id for one in fresh]
    with stage("clocks"):
        deadlines.start(tx, clock_rows(ids, [one.timing for one in fresh]))
    with stage("reserve"):
        inventory.begin(tx, [one.wants for one in fresh if one.reserved], planned.where, now, desk.actor)
    with stage("plan"):
        planning.record(tx, [plan for _, plan in planned.plans], planned.where, fresh=True)
    with stage("parcel"):
        parcelling.write(tx, planned.parcels, now)
    holds = {one.id: one.holds for one in fresh if one.holds}
    for order, why in planned.failed.items():
        holds[order] = [*holds.get(order, ()), cannot_plan(why)]
    orders.hold(tx, holds, now)
    seal(tx, ids, [one.order for one in fresh], source.kind, now)


def _entries(
    desk: Desk, fresh: Sequence[_Fresh], planned: Planned, now: int, source: Source
) -> Iterator[journal.Entry]:
    """Order by order, so that the journal grows at its end."""
    for one in fresh:
        yield journal.Entry(one.id, "taken", now, desk.actor, _taken(one, source))
        if one.id in planned.where:
            yield planned.parcels.entries[one.id]
        elif one.id in planned.failed:
            yield not_planned(one.id, planned.failed[one.id], now, desk)


def _as_taken(one: _Fresh, planned: Planned, head: journal.Head, now: int) -> Taken:
    order = one.order
    station, version = one.station, 1
    where, carrier, number = None if one.place is None else one.place.id, order.carrier_name, order.tracking_number
    if one.id in planned.where:
        station, version = "pack", 2
        where, carrier, number = planned.parcels.orders[one.id]
    return Taken(
        order,
        one.id,
        station,
        one.skus,
        where,
        carrier,
        number,
        now if order.updated_at is None else None,
        one.twin,
        digest(order),
        one.timing.due_at,
        one.timing.due_clock,
        one.timing.pack,
        version,
        *head,
    )


def _reserve(
    tx: Tx, wants: Sequence[Sequence[Want]], timings: Sequence[Timing], held: Sequence[list[Hold]]
) -> list[bool]:
    """Reserve in order of the binding clock. An order short of units gets its hold here."""
    far = 1 << 62
    queue = sorted((i for i in range(len(wants)) if wants[i]), key=lambda i: timings[i].due_at or far)
    verdicts = [False] * len(wants)
    for i, ok in zip(queue, inventory.claim(tx, [wants[i] for i in queue]), strict=True):
        verdicts[i] = ok
        if not ok:
            held[i].append(no_stock())
    return verdicts


def clocked(timing: Timing) -> dict[str, Any]:
    """What the journal keeps of the clocks: pack, and each clock's due time; or why there is none."""
    if timing.why and not timing.rows:
        return {"why": timing.why}
    return {"pack": timing.pack or "", "due": {CLOCKS[row[0]]: row[3] for row in timing.rows}}


def _taken(one: _Fresh, source: Source) -> dict[str, Any]:
    order = one.order
    data: dict[str, Any] = {
        "platform_order_id": order.platform_order_id,
        "source": source.kind,
        "from": source.name,
        "state": order.state,
        "station": one.station,
        "clocks": clocked(one.timing),
    }
    if one.reserved:
        data["reserved"] = sum([want.quantity for want in one.wants])
    if order.row is not None:
        data["row"] = order.row
    if one.holds:
        data["holds"] = [hold.code for hold in one.holds]
    if order.notes:
        data["notes"] = [note.code for note in order.notes]
    return data
