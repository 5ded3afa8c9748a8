"""Use case: a source tells again about orders we know. What counts is decided by `orders.merge`; this carries it out.

A change of facts runs the same judgement as a new order: articles, clocks, holds, units, station. What a move of the
platform means for parcels and waiting effects is settled in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from fahuo.catalogue.model import Shop, Warehouse
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
Changed = tuple[Stored, OrderIn, Decision]
"""What we hold, the order it stands for, and what the merge made of it."""
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
    changed: list[Changed] = []
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


class _Case(NamedTuple):
    """An order that changed: what we held, what it is now, and what that means for its units and its parcel."""

    row: Stored
    old: OrderIn
    new: OrderIn
    decision: Decision
    articles: list[int | None]
    want: list[Want]
    have: Held
    parcels: Sequence[Parcel]
    place: Warehouse | None
    """The warehouse the platform named."""
    anew: bool
    """The parcel planned for it no longer fits and is planned anew."""

    @property
    def packed(self) -> bool:
        return any(parcel.packed_at is not None for parcel in self.parcels)

    @property
    def readdressed(self) -> bool:
        """Whether a label exists that bears another address."""
        arranged = self.old.arranged_at is not None or any(parcel.arranged_at is not None for parcel in self.parcels)
        told = self.new.readdressed and not self.old.readdressed
        return arranged and (told or _moved_house(self.old.recipient, self.new.recipient))

    @property
    def to_cut(self) -> bool:
        """Whether its parcels must stand as its packages do: alive, and not planned anew anyway."""
        return not self.anew and self.row.station != "history" and self.new.state not in FINISHED


class _Outcome(NamedTuple):
    """What is to be written of an order that changed."""

    case: _Case
    timing: Timing
    twin: str
    station: str
    reported: bool
    """The platform shows its parcel's number: what was to be reported has been."""


def _write(
    tx: Tx,
    desk: Desk,
    shop: Shop,
    changed: Sequence[Changed],
    told: Sequence[OrderIn],
    now: int,
    source: str,
    name: str,
) -> None:
    cases = _cases(tx, desk, shop, changed, told)
    rows, after, ids = [one.row for one in cases], [one.new for one in cases], [one.row.id for one in cases]
    regions = [iso_region(one.place) for one in cases]
    timings = time_orders(after, shop, regions, desk.book, desk.extensions, first_mile_scans(tx, shop, ids))
    checks = Checks(tx, desk, shop, now)
    moved = [one for one in cases if one.readdressed]
    held = checks.verify(after, timings, frozenset(one.new.platform_order_id for one in moved))
    for one, holds in zip(cases, held, strict=True):
        if one.packed and differs(one.want, one.have):  # the parcel has to be opened: a person's matter
            holds.append(hold("items_changed", "lines"))
    renumber(tx, {one.row.id: one.want for one in cases if renumbered(one.want, one.have)})
    reserved = _restock(tx, desk, cases, timings, now)
    alive = {one.row.id: one.parcels for one in cases}
    followed = parcels.follow(tx, rows, after, alive, {one.row.id for one in cases if one.anew}, now)
    blocked = _rehold(tx, cases, held, reserved, now)
    outcomes = []
    for i, (one, parcel) in enumerate(zip(cases, followed, strict=True)):
        standing = Standing(blocked[i], reserved[i], parcel.packaged, parcel.packed)
        station = "history" if one.row.station == "history" else station_of(one.new.state, standing)
        outcomes.append(_Outcome(one, timings[i], checks.prints[i], station, parcel.reported))
    entries = _entries(tx, outcomes, source, name, now, desk.actor)
    heads = journal.append(tx, entries, {row.id: (row.journal_seq, row.journal_head) for row in rows})
    orders.move(tx, _MOVED, [_moved(one, source, heads[one.case.row.id]) for one in outcomes])
    orders.replace_lines(tx, [(one.row.id, one.new, one.articles) for one in cases])
    deadlines.replace(tx, ids, clock_rows(ids, timings))
    seal(tx, ids, after, source, now, again=True)
    _relabel(tx, moved, now)
    regroup.follow(tx, shop.id, [one.row.id for one in cases if one.to_cut], now, desk.actor)


def _cases(tx: Tx, desk: Desk, shop: Shop, changed: Sequence[Changed], told: Sequence[OrderIn]) -> list[_Case]:
    """All that is known of the orders that changed. What is ours stays with them, what no longer fits is let go."""
    ids = [row.id for row, _, _ in changed]
    raw = {order.platform_order_id: order.raw for order in told}
    have = holding(tx, ids)
    found = parcels.alive(tx, ids)
    cases = []
    for row, old, decision in changed:
        new = decision.known.order
        new.raw = raw.get(new.platform_order_id)
        articles = find_articles(desk, shop, new)
        want = wants_of(desk, row.id, new, articles)
        holds, alive = have.get(row.id, {}), found.get(row.id, ())
        anew = bool(alive) and differs(want, holds) and all(parcel.packed_at is None for parcel in alive)
        keep = parcels.forget_own if anew else parcels.keep_own
        keep(new, alive)
        place = desk.place(new.warehouse_ref) if new.warehouse_ref else None
        cases.append(_Case(row, old, new, decision, articles, want, holds, alive, place, anew))
    return cases


def _entries(tx: Tx, outcomes: Sequence[_Outcome], source: str, name: str, now: int, actor: str) -> list[journal.Entry]:
    """What the journal is told: which facts changed, and which clocks moved by it."""
    before = deadlines_queries.clocks_of(tx, [one.case.row.id for one in outcomes])
    entries = []
    for one in outcomes:
        id_ = one.case.row.id
        entries.append(journal.Entry(id_, "told", now, actor, _told(one, source, name)))
        if shift := clock_shift(before.get(id_, []), one.timing):
            entries.append(journal.Entry(id_, "reclocked", now, actor, shift))
    return entries


def _moved_house(old: RecipientIn, new: RecipientIn) -> bool:
    """Whether the parcel is to go elsewhere. An address that is only masked now, or clear now, is the same one."""
    return bool(old.lines) and old.masked == new.masked and new != old


def _relabel(tx: Tx, cases: Sequence[_Case], now: int) -> None:
    """Fetch the platform's label again where its address has changed. Own labels are made anew whenever printed."""
    shops = wanted.ways(tx) if cases else {}
    effects.put(
        tx,
        [
            wanted.label(parcel, one.row.platform_order_id, now, f"v{one.row.version + 1}")
            for one in cases
            for parcel in one.parcels
            if parcel.shop_id in shops and parcel.label_id is not None and parcel.handed_over_at is None
        ],
    )


def _moved(one: _Outcome, source: str, head: tuple[int, bytes]) -> tuple[object, ...]:
    (row, _, order, decision, *_), timing = one.case, one.timing
    # What the planner chose counts until it chooses anew; the platform's own warehouse always.
    planned = None if one.case.anew else row.warehouse_id
    to = order.recipient
    fixed = {
        "station": one.station,
        "masked": to.masked,
        "warehouse_id": planned if one.case.place is None else one.case.place.id,
        "dest_country": to.country,
        "dest_region": to.region,
        "dest_postal": to.postal_code[:3],
        "units": sum(line.quantity for line in order.lines),
        "platform_times": msgspec.json.encode(order.platform_times).decode(),
        "source": source,
        "source_at": decision.known.updated_at,
        "state_at": decision.known.state_at,
        "twin": one.twin,
        "digest": decision.known.digest,
        "due_at": timing.due_at,
        "due_clock": timing.due_clock,
        "pack": timing.pack,
        "version": row.version + 1,
        "journal_seq": head[0],
        "journal_head": head[1],
    }
    return (row.id, *(fixed[name] if name in fixed else getattr(order, name) for name in _MOVED))


def _restock(tx: Tx, desk: Desk, cases: Sequence[_Case], timings: Sequence[Timing], now: int) -> list[bool]:
    """Let go what cancelled, departed or re-written orders hold, reserve what is wanted and not held; who has units."""
    skus = {held.sku_id for one in cases for held in one.have.values()}
    # All counters of this batch at once and in order: releasing first and claiming later would lock them twice.
    inventory_queries.lock_available(tx, skus | {want.sku_id for one in cases for want in one.want})
    verdicts, free, left, fresh = [], [], {}, []
    for i, one in enumerate(cases):
        row, held = one.row, one.have
        packed = any(unit.state == "packed" for unit in held.values())
        if held and _has_left(row, one.new):
            if not packed:
                left[row.id] = row.warehouse_id
        elif held and (one.new.state == CANCELLED or (not packed and differs(one.want, held))):
            free.append(row.id)
            held = {}
        if not held and one.want and row.packed_at is None:
            fresh.append(i)
        verdicts.append(bool(held))
    inventory.depart(tx, left, now, desk.actor)
    inventory.release(tx, free, now, desk.actor)
    fresh.sort(key=lambda i: timings[i].due_at or 1 << 62)
    took = inventory.claim(tx, [cases[i].want for i in fresh])
    inventory.record(tx, [cases[i].want for i, ok in zip(fresh, took, strict=True) if ok], now, desk.actor)
    for i, ok in zip(fresh, took, strict=True):
        verdicts[i] = ok
    return verdicts


def _has_left(row: Stored, order: OrderIn) -> bool:
    """Whether the goods are out of the house: then they are gone, even when the order is cancelled on the way."""
    known = (row.handed_over_at, row.first_scan_at, order.handed_over_at, order.first_scan_at)
    return order.state in ON_THE_WAY or row.state in ON_THE_WAY or any(at is not None for at in known)


def _rehold(
    tx: Tx, cases: Sequence[_Case], held: Sequence[list[Hold]], reserved: Sequence[bool], now: int
) -> list[bool]:
    """Close system holds whose cause is gone, open new ones; what a person released stays released. Who is blocked."""
    ids = [one.row.id for one in cases]
    open_ = orders_queries.open_holds(tx, ids)
    closed = orders_queries.waived(tx, ids)
    fresh: dict[int, list[Hold]] = {}
    gone: list[tuple[int, str, int]] = []
    blocked: list[bool] = []
    for one, found, ok in zip(cases, held, reserved, strict=True):
        id_, state = one.row.id, one.new.state
        if one.want and not ok:
            found.append(no_stock())
        codes = {hold.code for hold in found} | (_BY_OTHERS if state not in FINISHED else frozenset())
        if state in parcels.MOVED_ON:  # somebody has arranged it
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


def _told(one: _Outcome, source: str, name: str) -> dict[str, Any]:
    """What the journal keeps: which fields changed, the state's move, no personal data."""
    old, new = one.case.old, one.case.new
    fields = [
        field
        for field in OrderIn.__struct_fields__
        if field not in ("raw", "row", "notes", "updated_at") and getattr(old, field) != getattr(new, field)
    ]
    data: dict[str, Any] = {"source": source, "from": name, "changed": fields, "station": one.station}
    if old.state != new.state:
        data["state"] = [old.state, new.state]
    if one.reported:
        data["reported"] = True
    if one.case.anew:
        data["planned_anew"] = True
    return data
