"""Use case: orders that wait at the stations `check` and `stock` go on as soon as their cause is gone."""

from __future__ import annotations

from collections.abc import Sequence

from fahuo.flow.house import Desk
from fahuo.flow.intake import no_stock
from fahuo.inventory import queries as inventory_queries
from fahuo.inventory import service as inventory
from fahuo.inventory.model import Want
from fahuo.orders import queries as orders_queries
from fahuo.orders import service as orders
from fahuo.orders.journey import Standing, station_of
from fahuo.orders.queries import Line, Stored
from fahuo.store import journal
from fahuo.store.engine import Store, Tx

BATCH = 2_000
CURED_BY_CATALOGUE = "unknown_sku"


def recheck(store: Store, desk: Desk, now: int, *, seller_id: int = 1) -> int:
    """Try again for every waiting order, the most urgent first; how many moved on."""
    moved = 0
    for station in ("check", "stock"):
        after = (-1, 0)
        while True:
            with store.write(seller_id) as tx:
                found = orders_queries.waiting_at(tx, station, BATCH, after)
                if not found:
                    break
                after = found[-1]
                moved += recheck_batch(tx, desk, [id_ for _, id_ in found], now)
    return moved


def recheck_batch(tx: Tx, desk: Desk, ids: Sequence[int], now: int) -> int:
    """The same for these orders, inside the caller's transaction."""
    rows = orders_queries.stored(tx, ids)
    lines = orders_queries.lines(tx, ids)
    holds = orders_queries.open_holds(tx, ids)
    holding = {row.order_id for row in inventory_queries.reserved(tx, ids) if row.state in ("reserved", "placed")}
    mapped, gone = [], []
    for row in rows:
        skus = [_find(desk, row, line) for line in lines.get(row.id, [])]
        if None not in skus:
            gone += [(row.id, h.code, h.since_at) for h in holds.get(row.id, ()) if h.code == CURED_BY_CATALOGUE]
        mapped.append(skus)
    cured = {(id_, code) for id_, code, _ in gone}
    wants = [
        [] if None in skus or row.id in holding else _wants(desk, row.id, lines.get(row.id, []), skus)
        for row, skus in zip(rows, mapped, strict=True)
    ]
    queue = sorted((i for i in range(len(rows)) if wants[i]), key=lambda i: _due(rows[i]))
    took = {i for i, ok in zip(queue, inventory.claim(tx, [wants[i] for i in queue]), strict=True) if ok}
    inventory.record(tx, [wants[i] for i in sorted(took)], now, desk.actor)
    gone += [(rows[i].id, h.code, h.since_at) for i in took for h in holds.get(rows[i].id, ()) if h.code == "no_stock"]
    orders.release(tx, gone, now, "system", "the cause is gone")
    short = {
        rows[i].id: [no_stock()] for i in queue if i not in took and all(h.code != "no_stock" for h in holds.get(rows[i].id, ()))
    }
    orders.hold(tx, short, now)
    orders.map_lines(tx, [(line.order_id, line.line_no, sku) for row, skus in zip(rows, mapped, strict=True)
                          for line, sku in zip(lines.get(row.id, []), skus, strict=True) if sku != line.sku_id])
    return _move(tx, desk, rows, holds, cured, holding, took, now)


def _move(
    tx: Tx,
    desk: Desk,
    rows: Sequence[Stored],
    holds: dict[int, list[orders_queries.OpenHold]],
    cured: set[tuple[int, str]],
    holding: set[int],
    took: set[int],
    now: int,
) -> int:
    entries, moves = [], []
    for i, row in enumerate(rows):
        blocked = any(h.blocks and (row.id, h.code) not in cured for h in holds.get(row.id, ()))
        station = station_of(row.state, Standing(blocked, row.id in holding or i in took))
        data: dict[str, object] = {"station": station}
        if i in took:
            data["reserved"] = True
        if released := sorted(code for id_, code in cured if id_ == row.id):
            data["released"] = released
        if station != row.station or len(data) > 1:
            entries.append(journal.Entry(row.id, "moved_on", now, desk.actor, data))
            moves.append((row, station))
    heads = journal.append(tx, entries, {row.id: (row.journal_seq, row.journal_head) for row, _ in moves})
    columns = ("station", "version", "journal_seq", "journal_head")
    orders.move(tx, columns, [(row.id, station, row.version + 1, *heads[row.id]) for row, station in moves])
    return sum(station != row.station for row, station in moves)


def _due(row: Stored) -> int:
    return min((at for at in row.platform_times.values()), default=1 << 62)


def _find(desk: Desk, row: Stored, line: Line) -> int | None:
    return desk.skus.find(row.shop_id, line.platform_sku_id, line.seller_sku)


def _wants(desk: Desk, order_id: int, lines: Sequence[Line], skus: Sequence[int | None]) -> list[Want]:
    need: dict[tuple[int, int], int] = {}
    for line, sku in zip(lines, skus, strict=True):
        if sku is not None:
            for part, units in desk.skus.units(sku, line.quantity):
                need[line.line_no, part] = need.get((line.line_no, part), 0) + units
    return [Want(order_id, number, part, units) for (number, part), units in need.items()]
