"""Use case: a source tells again about orders we know. What counts is decided by `orders.merge`; this carries it out.

A change of facts runs the same judgement as a new order: articles, clocks, holds, units, station. What a move of the
platform means for parcels and waiting effects is settled in the same transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from fahuo.catalogue.model import Shop
from fahuo.deadlines import queries as deadlines_queries
from fahuo.deadlines import service as deadlines
from fahuo.flow import parcels, regroup, wanted
from fahuo.flow.checks import Checks
from fahuo.flow.clocks import Timing, clock_rows, iso_region, time_orders
from fahuo.flow.house import Desk
from fahuo.flow.people import seal
from fahuo.flow.recompute import clock_shift, first_mile_scans
from fahuo.flow.report import Report
from fahuo.flow.units import Held, differs, find_articles, holding, no_stock, renumbered, wants_of
from fahuo.inventory import queries as inventory_queries
from fahuo.inventory import service as inventory
from fahuo.inventory.model import Want
from fahuo.inventory.renumber import renumber
from fahuo.orders import queries as orders_queries
from fahuo.orders import service as orders
from fahuo.orders.journey import Standing, station_of
from fahuo.orders.merge import Decision, Known, digest, take
from fahuo.orders.model import (
    CANCELLED,
    COMPLETED,
    DELIVERED,
    FINISHED,
    IN_TRANSIT,
    LineIn,
    OrderIn,
    RecipientIn,
    Refusal,
)
from fahuo.orders.queries import Line, Stored
from fahuo.orders.rules import Hold, hold
from fahuo.store import effects, journal, personal
from fahuo.store.engine import Tx
from fahuo.warehouse.model import Parcel

Told = tuple[Stored, OrderIn]
ON_THE_WAY = frozenset({IN_TRANSIT, DELIVERED, COMPLETED})
_BY_OTHERS = frozenset(
    {
        "address_changed",
        "cannot_plan",
        "report_declined",
        "carrier_not_listed",
        "arrange_declined",
        "after_sale_open",
        "label_declined",
        "label_void",
        "change_declined",
        "bundle_declined",
        "first_mile_refused",
    }
)
"""Holds that planning, reporting and fulfilling put and close themselves."""
_UNARRANGED = frozenset({"arrange_declined", "after_sale_open"})
_MOVED = (
    "state",
    "station",
    "order_type",
    "shipping_type",
    "fulfillment_type",
    "handling_days",
    "handling_type",
    "priority_level",
    "is_cod",
    "is_sample",
    "buyer_cancel",
    "readdressed",
    "masked",
    "warehouse_ref",
    "warehouse_id",
    "carrier_name",
    "tracking_number",
    "dest_country",
    "dest_region",
    "dest_postal",
    "subtotal",
    "shipping_fee",
    "tax",
    "total",
    "units",
    "paid_at",
    "awaiting_at",
    "arranged_at",
    "handed_over_at",
    "first_scan_at",
    "delivered_at",
    "completed_at",
    "cancelled_at",
    "release_at",
    "platform_times",
    "cancel_by",
    "cancel_reason",
    "source",
    "source_at",
    "state_at",
    "twin",
    "digest",
    "due_at",
    "due_clock",
    "pack",
    "version",
    "journal_seq",
    "journal_head",
)


def change(
    tx: Tx, desk: Desk, shop: Shop, told: Sequence[Told], now: int, source: str, name: str, report: Report
) -> None:
    """Merge what is told into what is known, write what changed, count and report the rest."""
    ours = whole(tx, [row for row, _ in told])
    changed: list[tuple[Stored, OrderIn, Decision]] = []
    for (row, incoming), order in zip(told, ours, strict=True):
        decision = take(Known(order, row.digest, row.source_at, row.state_at), incoming, digest(incoming), now)
        report.refused += [_contradiction(name, incoming, problem) for problem in decision.problems]
        if decision.changes:
            changed.append((row, order, decision))
        elif decision.kind == "stale" and decision.problems:
            continue
        else:
            report.unchanged += 1
            if decision.known.updated_at != row.source_at:
                orders.move(tx, ("source_at",), [(row.id, decision.known.updated_at)])
    if changed:
        _write(tx, desk, shop, changed, [incoming for _, incoming in told], now, source, name)
        report.updated += len(changed)


def _contradiction(name: str, order: OrderIn, problem: Any) -> Refusal:
    shown = problem.render()
    return Refusal(
        file=name,
        row=order.row,
        order=order.platform_order_id,
        code=problem.code,
        field=problem.field,
        value=problem.value,
        message=shown.message,
        next=shown.next,
    )


def whole(tx: Tx, rows: Sequence[Stored]) -> list[OrderIn]:
    """The orders as a source would tell them, put together again from what we hold; in the order given."""
    ids = [row.id for row in rows]
    lines = orders_queries.lines(tx, ids)
    people = personal.open_people(tx, ids)
    return [_whole(row, lines.get(row.id, []), people.get(row.id)) for row in rows]


_SAME = tuple(name for name in Stored._fields if name in OrderIn.__struct_fields__ and name not in ("platform_times",))


def _whole(row: Stored, lines: Sequence[Line], person: personal.Person | None) -> OrderIn:
    values = {name: getattr(row, name) for name in _SAME}
    for flag in ("is_cod", "is_sample", "buyer_cancel", "readdressed"):
        values[flag] = bool(values[flag])
    packages = tuple(dict.fromkeys(line.package_ref for line in lines if line.package_ref))
    order = OrderIn(**values, platform_times=dict(row.platform_times), updated_at=row.source_at, package_ids=packages)
    if person is not None:
        order.recipient = RecipientIn(**{name: getattr(person, name) for name in RecipientIn.__struct_fields__})
        order.buyer_message = person.message
    order.lines = [
        LineIn(
            platform_sku_id=line.platform_sku_id,
            seller_sku=line.seller_sku,
            product_name=line.product_name,
            variation=line.variation,
            quantity=line.quantity,
            unit_price=line.unit_price,
            subtotal=line.subtotal,
            unit_ids=tuple(msgspec.json.decode(line.unit_ids, type=list[str])),
            state=line.state,
            is_gift=bool(line.is_gift),
            package_id=line.package_ref,
        )
        for line in lines
    ]
    return order


def _write(
    tx: Tx,
    desk: Desk,
    shop: Shop,
    changed: Sequence[tuple[Stored, OrderIn, Decision]],
    told: Sequence[OrderIn],
    now: int,
    source: str,
    name: str,
) -> None:
    rows = [row for row, _, _ in changed]
    ids = [row.id for row in rows]
    before = [order for _, order, _ in changed]
    after = [decision.known.order for _, _, decision in changed]
    raw = {order.platform_order_id: order.raw for order in told}
    for order in after:
        order.raw = raw.get(order.platform_order_id)
    articles = [find_articles(desk, shop, order) for order in after]
    wants = [wants_of(desk, id_, order, skus) for id_, order, skus in zip(ids, after, articles, strict=True)]
    have = holding(tx, ids)
    found = parcels.alive(tx, ids)
    anew = {row.id for row, want in zip(rows, wants, strict=True) if _other(want, have.get(row.id), found.get(row.id))}
    for row, order in zip(rows, after, strict=True):
        keep = parcels.forget_own if row.id in anew else parcels.keep_own
        keep(order, found.get(row.id, ()))
    places = [desk.place(order.warehouse_ref) if order.warehouse_ref else None for order in after]
    scans = first_mile_scans(tx, shop, ids)
    timings = time_orders(after, shop, [iso_region(place) for place in places], desk.book, desk.extensions, scans)
    readdressed = frozenset(
        new.platform_order_id
        for row, old, new in zip(rows, before, after, strict=True)
        if _arranged(old, found.get(row.id, ()))
        and (_moved_house(old.recipient, new.recipient) or (new.readdressed and not old.readdressed))
    )
    checks = Checks(tx, desk, shop, now)
    held = checks.verify(after, timings, readdressed)
    _note_repack(rows, wants, have, found, held)
    renumber(tx, {row.id: want for row, want in zip(rows, wants, strict=True) if renumbered(want, have.get(row.id))})
    reserved = _restock(tx, desk, rows, after, wants, have, timings, now)
    parcel = parcels.follow(tx, rows, after, found, anew, now)
    blocked = _rehold(tx, rows, after, held, reserved, wants, now)
    old_clocks = deadlines_queries.clocks_of(tx, ids)
    entries = []
    values = []
    for i, (row, order, timing) in enumerate(zip(rows, after, timings, strict=True)):
        standing = Standing(blocked[i], reserved[i], parcel[i].packaged, parcel[i].packed)
        station = "history" if row.station == "history" else station_of(order.state, standing)
        # What the planner chose counts until it chooses anew; the platform's own warehouse always.
        planned = None if row.id in anew else row.warehouse_id
        where = planned if (place := places[i]) is None else place.id
        values.append(_New(row, order, station, where, checks.prints[i], changed[i][2], timing))
        told_ = _told(before[i], order, source, name, station)
        if parcel[i].reported:
            told_["reported"] = True
        if row.id in anew:
            told_["planned_anew"] = True
        entries.append(journal.Entry(row.id, "told", now, desk.actor, told_))
        if shift := clock_shift(old_clocks.get(row.id, []), timing):
            entries.append(journal.Entry(row.id, "reclocked", now, desk.actor, shift))
    heads = journal.append(tx, entries, {row.id: (row.journal_seq, row.journal_head) for row in rows})
    orders.move(tx, _MOVED, [_moved(new, source, heads[new.row.id]) for new in values])
    orders.replace_lines(tx, list(zip(ids, after, articles, strict=True)))
    deadlines.replace(tx, ids, clock_rows(ids, timings))
    seal(tx, ids, after, source, now, again=True)
    _relabel(tx, [row for row, order in zip(rows, after, strict=True) if order.platform_order_id in readdressed],
             found, now)  # fmt: skip
    regroup.follow(tx, shop.id, [row.id for row, order in zip(rows, after, strict=True) if _to_cut(row, order, anew)],
                   now, desk.actor)  # fmt: skip


def _to_cut(row: Stored, order: OrderIn, anew: Collection[int]) -> bool:
    """Whether the order has parcels that must stand as its packages do: alive, and not planned anew anyway."""
    return row.id not in anew and row.station != "history" and order.state not in FINISHED


class _New(NamedTuple):
    """All that is to be written of an order that changed."""

    row: Stored
    order: OrderIn
    station: str
    warehouse_id: int | None
    twin: str
    decision: Decision
    timing: Timing


def _moved_house(old: RecipientIn, new: RecipientIn) -> bool:
    """Whether the parcel is to go elsewhere. An address that is only masked now, or clear now, is the same one."""
    return bool(old.lines) and old.masked == new.masked and new != old


def _relabel(tx: Tx, rows: Sequence[Stored], found: parcels.Alive, now: int) -> None:
    """Fetch the platform's label again where its address has changed. Own labels are made anew whenever printed."""
    shops = wanted.ways(tx) if rows else {}
    effects.put(
        tx,
        [
            wanted.label(parcel, row.platform_order_id, now, f"v{row.version + 1}")
            for row in rows
            for parcel in found.get(row.id, ())
            if parcel.shop_id in shops and parcel.label_id is not None and parcel.handed_over_at is None
        ],
    )


def _arranged(order: OrderIn, alive: Sequence[Parcel]) -> bool:
    """Whether a label with the address exists: the platform's, or one of ours."""
    return order.arranged_at is not None or any(parcel.arranged_at is not None for parcel in alive)


def _moved(new: _New, source: str, head: tuple[int, bytes]) -> tuple[object, ...]:
    row, order, station, warehouse_id, twin, decision, timing = new
    to = order.recipient
    fixed = {
        "station": station,
        "masked": to.masked,
        "warehouse_id": warehouse_id,
        "dest_country": to.country,
        "dest_region": to.region,
        "dest_postal": to.postal_code[:3],
        "units": sum(line.quantity for line in order.lines),
        "platform_times": msgspec.json.encode(order.platform_times).decode(),
        "source": source,
        "source_at": decision.known.updated_at,
        "state_at": decision.known.state_at,
        "twin": twin,
        "digest": decision.known.digest,
        "due_at": timing.due_at,
        "due_clock": timing.due_clock,
        "pack": timing.pack,
        "version": row.version + 1,
        "journal_seq": head[0],
        "journal_head": head[1],
    }
    return (row.id, *(fixed[name] if name in fixed else getattr(order, name) for name in _MOVED))


Holding = Mapping[int, Held]
"""Order → what it holds of the stock."""


def _other(want: Sequence[Want], have: Held | None, found: Sequence[Parcel] | None) -> bool:
    """Whether the parcel planned for the order no longer fits it and can still be planned anew."""
    return bool(found) and differs(want, have) and all(parcel.packed_at is None for parcel in found or ())


def _note_repack(
    rows: Sequence[Stored],
    wants: Sequence[Sequence[Want]],
    have: Holding,
    found: parcels.Alive,
    held: Sequence[list[Hold]],
) -> None:
    """Other items than those packed are a person's matter: the parcel has to be opened."""
    for row, want, holds in zip(rows, wants, held, strict=True):
        packed = any(parcel.packed_at is not None for parcel in found.get(row.id, ()))
        if packed and differs(want, have.get(row.id)):
            holds.append(hold("items_changed", "lines"))


def _restock(
    tx: Tx,
    desk: Desk,
    rows: Sequence[Stored],
    after: Sequence[OrderIn],
    wants: Sequence[Sequence[Want]],
    have: Holding,
    timings: Sequence[Timing],
    now: int,
) -> list[bool]:
    """Let go what cancelled, departed or re-written orders hold, reserve what is wanted and not held; who has units."""
    skus = {row.sku_id for held in have.values() for row in held.values()}
    # All counters of this batch at once and in order: releasing first and claiming later would lock them twice.
    inventory_queries.lock_available(tx, skus | {want.sku_id for want_ in wants for want in want_})
    verdicts, free, left, fresh = [], [], {}, []
    for i, (row, order) in enumerate(zip(rows, after, strict=True)):
        held = have.get(row.id, {})
        packed = any(one.state == "packed" for one in held.values())
        if held and _has_left(row, order):
            if not packed:
                left[row.id] = row.warehouse_id
        elif held and (order.state == CANCELLED or (not packed and differs(wants[i], held))):
            free.append(row.id)
            held = {}
        if not held and wants[i] and row.packed_at is None:
            fresh.append(i)
        verdicts.append(bool(held))
    inventory.depart(tx, left, now, desk.actor)
    inventory.release(tx, free, now, desk.actor)
    fresh.sort(key=lambda i: timings[i].due_at or 1 << 62)
    took = inventory.claim(tx, [wants[i] for i in fresh])
    inventory.record(tx, [wants[i] for i, ok in zip(fresh, took, strict=True) if ok], now, desk.actor)
    for i, ok in zip(fresh, took, strict=True):
        verdicts[i] = ok
    return verdicts


def _has_left(row: Stored, order: OrderIn) -> bool:
    """Whether the goods are out of the house: then they are gone, even when the order is cancelled on the way."""
    known = (row.handed_over_at, row.first_scan_at, order.handed_over_at, order.first_scan_at)
    return order.state in ON_THE_WAY or row.state in ON_THE_WAY or any(at is not None for at in known)


def _rehold(
    tx: Tx,
    rows: Sequence[Stored],
    after: Sequence[OrderIn],
    held: Sequence[list[Hold]],
    reserved: Sequence[bool],
    wants: Sequence[Sequence[Want]],
    now: int,
) -> list[bool]:
    """Close system holds whose cause is gone, open new ones; what a person released stays released. Who is blocked."""
    ids = [row.id for row in rows]
    open_ = orders_queries.open_holds(tx, ids)
    closed = orders_queries.waived(tx, ids)
    fresh: dict[int, list[Hold]] = {}
    gone: list[tuple[int, str, int]] = []
    blocked: list[bool] = []
    for id_, order, found, ok, want in zip(ids, after, held, reserved, wants, strict=True):
        if want and not ok:
            found.append(no_stock())
        codes = {hold.code for hold in found} | (_BY_OTHERS if order.state not in FINISHED else frozenset())
        if order.state in parcels.MOVED_ON:  # somebody has arranged it
            codes -= _UNARRANGED
        have = open_.get(id_, [])
        stay = [hold for hold in have if hold.code in codes or hold.owner == "person"]
        gone += [(id_, hold.code, hold.since_at) for hold in have if hold not in stay]
        new = [hold for hold in found if hold.code not in {h.code for h in have} and (id_, hold.code) not in closed]
        if new:
            fresh[id_] = new
        blocked.append(any(hold.blocks for hold in stay) or any(hold.blocks for hold in new))
    orders.release(tx, gone, now, "system", "the cause is gone")
    orders.hold(tx, fresh, now)
    return blocked


def _told(old: OrderIn, new: OrderIn, source: str, name: str, station: str) -> dict[str, Any]:
    """What the journal keeps: which fields changed, the state's move, no personal data."""
    fields = [
        field
        for field in OrderIn.__struct_fields__
        if field not in ("raw", "row", "notes", "updated_at") and getattr(old, field) != getattr(new, field)
    ]
    data: dict[str, Any] = {"source": source, "from": name, "changed": fields, "station": station}
    if old.state != new.state:
        data["state"] = [old.state, new.state]
    return data
