"""What the inventory station does to a batch: reserve, place, issue, release, count. Never commits.

Every change moves a counter by a conditional update, under a check constraint, and writes the ledger row that proves
it. Rows are locked in SKU order first, so the verdicts computed in memory are the verdicts of the database; the pool is
locked before the shelves everywhere, so two workers never wait for each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from sqlalchemy import bindparam, update

from fahuo.inventory import queries
from fahuo.inventory.model import Want
from fahuo.inventory.queries import Reservation
from fahuo.inventory.rules import allot
from fahuo.inventory.tables import ledger, pool, reservations, stock
from fahuo.kernel.ids import new_ids
from fahuo.store import bulk
from fahuo.store.engine import Tx

_LEDGER = (
    "seller_id",
    "id",
    "at",
    "kind",
    "sku_id",
    "warehouse_id",
    "on_hand",
    "reserved",
    "placed",
    "order_id",
    "actor",
)
_ISSUE = (
    update(reservations)
    .where(reservations.c.seller_id == bindparam("seller"), bulk.any_of(reservations.c.order_id, "orders"))
    .where(reservations.c.state == "placed")
    .values(state="packed")
    .returning(*(reservations.c[name] for name in Reservation._fields))
)
_ROW = ("seller_id", "order_id", "line_no", "sku_id", "quantity", "warehouse_id", "state")
_KEY = ("seller_id", "order_id", "line_no", "sku_id")

Move = tuple[str, int, int, int, int, int, int | None]
"""(kind, SKU, warehouse, on hand, reserved, placed, order): a ledger row before it has an id."""


class CounterRaceError(RuntimeError):
    """A locked counter did not move as computed. A bug, never a user's fault: the transaction must roll back."""


def claim(tx: Tx, wants: Sequence[Sequence[Want]]) -> list[bool]:
    """Move the pooled counters for the orders that can be served, in the order given; rows are written by `record`.

    Two steps, because the reservation rows point at order rows that an import writes in between.
    """
    skus = {want.sku_id for order in wants for want in order}
    if not skus:
        return [False] * len(wants)
    verdicts, taken = allot(wants, queries.lock_available(tx, skus))
    _shift(tx, {sku: (0, units) for sku, units in taken.items()})
    return verdicts


def record(tx: Tx, orders: Iterable[Sequence[Want]], at: int, actor: str) -> None:
    """Write the reservation and ledger rows of orders whose units `claim` has taken."""
    seller = tx.seller_id
    wants = [want for order in orders for want in order]
    rows = [(seller, order, line, sku, quantity, 0, "reserved") for order, line, sku, quantity in wants]
    # An order that lost its units and got them again finds its old row.
    bulk.upsert(tx, reservations, _ROW, rows, _KEY, ("quantity", "warehouse_id", "state"))
    _book(tx, [("reserve", sku, 0, 0, quantity, 0, order) for order, _, sku, quantity in wants], at, actor)


def begin(tx: Tx, orders: Iterable[Sequence[Want]], where: Mapping[int, int], at: int, actor: str) -> None:
    """The same for new orders. Those in `where` (order → warehouse) have their units on that shelf by `shelve`."""
    seller, rows, moves = tx.seller_id, [], []
    for order, line, sku, quantity in chain.from_iterable(orders):
        place = where.get(order, 0)
        rows.append((seller, order, line, sku, quantity, place, "placed" if place else "reserved"))
        moves.append(("reserve", sku, place, 0, quantity, quantity if place else 0, order))
    bulk.insert(tx, reservations, _ROW, rows)
    _book(tx, moves, at, actor)


def shelve(tx: Tx, where: Mapping[int, int], held: Mapping[int, Sequence[Reservation]]) -> set[int]:
    """Move the shelves' counters for reserved orders (order → warehouse); returns the orders that found no units.

    `held`: what each of them has reserved. The rows are written by `put`, or by `begin` for new orders.
    """
    shelves = queries.lock_shelves(tx, {row.sku_id for order in where for row in held.get(order, ())})
    losers = {order for order, warehouse in where.items() if not _take(shelves, warehouse, held.get(order, ()))}
    _shelve(tx, {order: warehouse for order, warehouse in where.items() if order not in losers}, held, 1)
    return losers


def unshelve(tx: Tx, where: Mapping[int, int], held: Mapping[int, Sequence[Reservation]]) -> None:
    """Take back what `shelve` did for these orders, before any row says so."""
    _shelve(tx, where, held, -1)


def _shelve(tx: Tx, where: Mapping[int, int], held: Mapping[int, Sequence[Reservation]], sign: int) -> None:
    moved: dict[tuple[int, int], int] = defaultdict(int)
    for order, warehouse in where.items():
        for line in held[order]:
            moved[warehouse, line.sku_id] += sign * line.quantity
    _shift_shelves(tx, {key: (0, units) for key, units in moved.items()})


def put(tx: Tx, where: Mapping[int, int], held: Mapping[int, Sequence[Reservation]], at: int, actor: str) -> None:
    """Write the reservation and ledger rows of orders that `shelve` has put on a shelf."""
    lines = [(warehouse, line) for order, warehouse in where.items() for line in held[order]]
    rows = [(tx.seller_id, r.order_id, r.line_no, r.sku_id, warehouse, "placed") for warehouse, r in lines]
    bulk.update(tx, reservations, _KEY, ("warehouse_id", "state"), rows)
    _book(tx, [("place", r.sku_id, warehouse, 0, 0, r.quantity, r.order_id) for warehouse, r in lines], at, actor)


def place(tx: Tx, where: Mapping[int, int], at: int, actor: str) -> set[int]:
    """Put reserved orders (order → warehouse) on that warehouse's shelves; returns the orders that found no units."""
    held = _by_order(queries.reserved(tx, where), "reserved")
    losers = shelve(tx, where, held)
    put(tx, {order: warehouse for order, warehouse in where.items() if order not in losers}, held, at, actor)
    return losers


def issue(tx: Tx, orders: Iterable[int], at: int, actor: str) -> None:
    """Goods issue at the pack scan: the units of placed orders leave shelf, pool and reservation together."""
    lines = bulk.records(Reservation, bulk.fetch(tx, _ISSUE, seller=tx.seller_id, orders=bulk.array(tx, orders)))
    gone: dict[int, int] = defaultdict(int)
    off: dict[tuple[int, int], int] = defaultdict(int)
    for row in lines:
        gone[row.sku_id] += row.quantity
        off[row.warehouse_id, row.sku_id] += row.quantity
    _shift(tx, {sku: (-units, -units) for sku, units in gone.items()})
    _shift_shelves(tx, {key: (-units, -units) for key, units in off.items()})
    _book(
        tx,
        [("ship", r.sku_id, r.warehouse_id, -r.quantity, -r.quantity, -r.quantity, r.order_id) for r in lines],
        at,
        actor,
    )


def depart(tx: Tx, where: Mapping[int, int | None], at: int, actor: str) -> set[int]:
    """Goods issue of orders (order → likely warehouse) that are on their way without a pack scan of ours.

    What was only reserved leaves the shelf of that warehouse, else one that has it all. Orders for which no shelf has
    the units are returned: their reservation ends, and the next count will tell what is missing.
    """
    waiting = _by_order(queries.reserved(tx, where), "reserved")
    skus = {row.sku_id for lines in waiting.values() for row in lines}
    queries.lock_available(tx, skus)
    shelves = queries.lock_shelves(tx, skus)
    found: dict[int, int] = {}
    for order, lines in waiting.items():
        places = sorted({place for place, _ in shelves}, key=lambda place: (place != where[order], place))
        taken = next((place for place in places if _take(shelves, place, lines)), None)
        if taken is not None:
            found[order] = taken
    place(tx, found, at, actor)
    issue(tx, where, at, actor)
    lost = set(waiting) - set(found)
    release(tx, lost, at, actor)
    return lost


def release(tx: Tx, orders: Iterable[int], at: int, actor: str) -> None:
    """Give back what cancelled orders hold. Units already packed go back on the shelf they came from."""
    lines = [row for row in queries.reserved(tx, orders) if row.state != "released"]
    free: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    shelves: dict[tuple[int, int], tuple[int, int]] = defaultdict(lambda: (0, 0))
    moves: list[Move] = []
    for row in lines:
        back = row.quantity if row.state == "packed" else 0
        freed = 0 if row.state == "packed" else -row.quantity
        placed = -row.quantity if row.state == "placed" else 0
        free[row.sku_id] = (free[row.sku_id][0] + back, free[row.sku_id][1] + freed)
        if row.warehouse_id:
            key = (row.warehouse_id, row.sku_id)
            shelves[key] = (shelves[key][0] + back, shelves[key][1] + placed)
        moves.append(("release", row.sku_id, row.warehouse_id, back, freed, placed, row.order_id))
    _shift(tx, free)
    _shift_shelves(tx, shelves)
    _states(tx, lines, "released")
    _book(tx, moves, at, actor)


def count(
    tx: Tx, counted: Mapping[tuple[int, int], tuple[int, str]], at: int, actor: str
) -> dict[tuple[int, int], int]:
    """Set the units on hand of (warehouse, SKU) to what was counted (units, bin).

    Returns the pairs that could not be set because orders already placed or reserved need more, with the least allowed.
    """
    skus = sorted({sku for _, sku in counted})
    # The rows are there before they are locked, so that two counts of a new article do not both begin at nothing.
    bulk.insert_new(
        tx,
        pool,
        ("seller_id", "sku_id", "on_hand", "reserved"),
        [(tx.seller_id, sku, 0, 0) for sku in skus],
        ("seller_id", "sku_id"),
    )
    left = queries.lock_available(tx, skus)
    have = queries.lock_counts(tx, skus)
    refused: dict[tuple[int, int], int] = {}
    changed: dict[int, int] = defaultdict(int)
    rows: list[tuple[object, ...]] = []
    moves: list[Move] = []
    for (warehouse, sku), (units, bin_) in counted.items():
        on_hand, placed = have.get((warehouse, sku), (0, 0))
        floor = max(placed, on_hand - left.get(sku, 0) - changed[sku])
        if units < floor:
            refused[warehouse, sku] = floor
            continue
        rows.append((tx.seller_id, sku, warehouse, units, placed, bin_))
        if units != on_hand:
            changed[sku] += units - on_hand
            moves.append(("count", sku, warehouse, units - on_hand, 0, 0, None))
    _shift(tx, {sku: (units, 0) for sku, units in changed.items() if units})
    columns = ("seller_id", "sku_id", "warehouse_id", "on_hand", "placed", "bin")
    bulk.upsert(tx, stock, columns, rows, columns[:3], ("on_hand", "bin"))
    _book(tx, moves, at, actor)
    return refused


def _take(shelves: dict[tuple[int, int], int], warehouse: int, lines: Sequence[Reservation]) -> bool:
    need: dict[int, int] = defaultdict(int)
    for line in lines:
        need[line.sku_id] += line.quantity
    if not need or any(shelves.get((warehouse, sku), 0) < units for sku, units in need.items()):
        return False
    for sku, units in need.items():
        shelves[warehouse, sku] -= units
    return True


def _by_order(rows: Iterable[Reservation], state: str) -> dict[int, list[Reservation]]:
    grouped: dict[int, list[Reservation]] = {}
    for row in rows:
        if row.state == state:
            grouped.setdefault(row.order_id, []).append(row)
    return grouped


def _shift(tx: Tx, moves: Mapping[int, tuple[int, int]]) -> None:
    rows = [(tx.seller_id, sku, on_hand, reserved) for sku, (on_hand, reserved) in sorted(moves.items())]
    enough = "t.on_hand + v.on_hand >= t.reserved + v.reserved AND t.reserved + v.reserved >= 0"
    if not all(bulk.update_each(tx, pool, ("seller_id", "sku_id"), ("on_hand", "reserved"), rows, enough)):
        raise CounterRaceError("stock_pool")


def _shift_shelves(tx: Tx, moves: Mapping[tuple[int, int], tuple[int, int]]) -> None:
    rows = [(tx.seller_id, sku, where, on_hand, placed) for (where, sku), (on_hand, placed) in sorted(moves.items())]
    enough = "t.on_hand + v.on_hand >= t.placed + v.placed AND t.placed + v.placed >= 0"
    key = ("seller_id", "sku_id", "warehouse_id")
    if not all(bulk.update_each(tx, stock, key, ("on_hand", "placed"), rows, enough)):
        raise CounterRaceError("stock")


def _states(tx: Tx, lines: Iterable[Reservation], state: str) -> None:
    rows = [(tx.seller_id, r.order_id, r.line_no, r.sku_id, state) for r in lines]
    bulk.update(tx, reservations, _KEY, ("state",), rows)


def _book(tx: Tx, moves: Sequence[Move], at: int, actor: str) -> None:
    ids = new_ids(len(moves))
    rows = [
        (tx.seller_id, id_, at, kind, sku, warehouse, on_hand, reserved, placed, order, actor)
        for id_, (kind, sku, warehouse, on_hand, reserved, placed, order) in zip(ids, moves, strict=True)
    ]
    bulk.insert(tx, ledger, _LEDGER, rows)
