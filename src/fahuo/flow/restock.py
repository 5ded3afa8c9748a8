"""Use case: orders that wait at the stations `check` and `stock` go on as soon as their cause is gone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final, NamedTuple

from fahuo.flow import parcels
from fahuo.flow.again import write_again
from fahuo.flow.house import Desk
from fahuo.flow.units import Held, differs, holding, needed, no_stock
from fahuo.inventory import queries as inventory_queries
from fahuo.inventory import service as inventory
from fahuo.inventory.model import Want
from fahuo.orders import queries as orders_queries
from fahuo.orders import service as orders
from fahuo.orders.journey import Standing, is_history, station_of, wants_stock
from fahuo.orders.queries import Line, OpenHold, Stored
from fahuo.store import journal
from fahuo.store.engine import Store, Tx
from fahuo.warehouse.model import PLATFORM, Parcel

BATCH: Final = 2_000
CURED_BY_CATALOGUE: Final = "unknown_sku"


class Case(NamedTuple):
    """One waiting order with all that decides whether it goes on."""

    row: Stored
    lines: list[Line]
    skus: list[int | None]
    holds: list[OpenHold]
    have: Held
    parcels: list[Parcel]
    want: list[Want]

    @property
    def mapped(self) -> bool:
        """Whether every article is known."""
        return None not in self.skus

    @property
    def packed(self) -> bool:
        """Whether a parcel is packed already: then nothing is taken from the shelf any more."""
        return any(parcel.packed_at is not None for parcel in self.parcels)

    @property
    def outdated(self) -> bool:
        """Whether what it holds no longer fits what it needs."""
        return not self.packed and differs(self.want, self.have)


def recheck(store: Store, desk: Desk, now: int, *, seller_id: int = 1) -> int:
    """Try again for every waiting order, the most urgent first; how many moved on."""
    moved = 0
    for station in ("check", "stock"):
        after = (-1, 0)
        while True:
            with store.read(seller_id) as tx:
                found = orders_queries.waiting_at(tx, station, BATCH, after)
            if not found:
                break
            ids, after = [id_ for _, id_ in found], found[-1]
            moved += write_again(store, partial(recheck_batch, desk=desk, ids=ids, now=now), seller_id)
    return moved


def recheck_batch(tx: Tx, desk: Desk, ids: Sequence[int], now: int) -> int:
    """The same for these orders, inside the caller's transaction; how many moved on."""
    cases = _cases(tx, desk, ids)
    cured = {(c.row.id, h.code, h.since_at) for c in cases if c.mapped for h in c.holds if h.code == CURED_BY_CATALOGUE}
    old = [case for case in cases if case.outdated]
    parcels.drop(tx, [case.row.id for case in old], {case.row.id: case.parcels for case in old})
    inventory_queries.lock_available(
        tx, {w.sku_id for c in cases for w in c.want} | {sku for c in old for _, sku in c.have}
    )
    inventory.release(tx, [case.row.id for case in old], now, desk.actor)
    queue = [c for c in cases if c.want and not c.packed and (c.outdated or not c.have)]
    queue.sort(key=lambda case: min(case.row.platform_times.values(), default=1 << 62))
    verdicts = inventory.claim(tx, [case.want for case in queue])
    took = [case for case, ok in zip(queue, verdicts, strict=True) if ok]
    inventory.record(tx, [case.want for case in took], now, desk.actor)
    served = {case.row.id for case in took}
    cured |= {(case.row.id, h.code, h.since_at) for case in took for h in case.holds if h.code == "no_stock"}
    orders.release(tx, sorted(cured), now, "system", "the cause is gone")
    short = [case for case in queue if case.row.id not in served]
    told = {case.row.id for case in short for h in case.holds if h.code == "no_stock"}
    orders.hold(tx, {case.row.id: [no_stock()] for case in short if case.row.id not in told}, now)
    orders.map_lines(
        tx,
        [
            (line.order_id, line.line_no, sku)
            for case in cases
            for line, sku in zip(case.lines, case.skus, strict=True)
            if sku != line.sku_id
        ],
    )
    return _move(tx, desk, cases, cured, served, now)


def _cases(tx: Tx, desk: Desk, ids: Sequence[int]) -> list[Case]:
    rows = orders_queries.stored(tx, ids)
    lines = orders_queries.lines(tx, ids)
    holds = orders_queries.open_holds(tx, ids)
    have = holding(tx, ids)
    alive = parcels.alive(tx, ids)
    cases = []
    for row in rows:
        mine = lines.get(row.id, [])
        skus = [desk.skus.find(row.shop_id, line.platform_sku_id, line.seller_sku) for line in mine]
        wanted: list[Want] = []
        if wants_stock(row.state) and not is_history(row.state, row.fulfillment_type, row.shipping_type):
            wanted = needed(desk, row.id, mine, skus)
        cases.append(Case(row, mine, skus, holds.get(row.id, []), have.get(row.id, {}), alive.get(row.id, []), wanted))
    return cases


def _move(
    tx: Tx, desk: Desk, cases: Sequence[Case], cured: set[tuple[int, str, int]], served: set[int], now: int
) -> int:
    entries, moves = [], []
    for case in cases:
        row = case.row
        blocked = any(h.blocks and (row.id, h.code, h.since_at) not in cured for h in case.holds)
        reserved = row.id in served or (bool(case.have) and not case.outdated)
        packaged = bool(case.parcels) and not case.outdated
        station = station_of(row.state, Standing(blocked, reserved, packaged, case.packed))
        data: dict[str, object] = {"station": station}
        if row.id in served:
            data["reserved"] = sum(want.quantity for want in case.want)
        if case.outdated:
            data["planned_anew"] = True
        if released := sorted(code for id_, code, _ in cured if id_ == row.id):
            data["released"] = released
        if station != row.station or len(data) > 1:
            entries.append(journal.Entry(row.id, "moved_on", now, desk.actor, data))
            moves.append((row, station))
    heads = journal.append(tx, entries, {row.id: (row.journal_seq, row.journal_head) for row, _ in moves})
    columns = ("station", "version", "journal_seq", "journal_head")
    orders.move(tx, columns, [(row.id, station, row.version + 1, *heads[row.id]) for row, station in moves])
    _forget_plan(tx, desk, [case for case in cases if case.outdated])
    return sum(station != row.station for row, station in moves)


def _forget_plan(tx: Tx, desk: Desk, old: Sequence[Case]) -> None:
    """What the dropped plan had put on the order: its warehouse, and the number of a label of our own."""
    rows = []
    for case in old:
        row, place = case.row, desk.place(case.row.warehouse_ref)
        own = {parcel.tracking_number for parcel in case.parcels if parcel.label_origin != PLATFORM}
        kept = (row.arranged_at, row.carrier_name, row.tracking_number)
        rows.append((row.id, place.id if place else None, *((None, "", "") if row.tracking_number in own else kept)))
    orders.move(tx, ("warehouse_id", "arranged_at", "carrier_name", "tracking_number"), rows)
