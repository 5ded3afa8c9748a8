"""The order list: filters, pages by cursor, two statements a page whatever its size.

Sorted by urgency, each open station is read in the order of its own index and the few first rows are merged, so a page
costs the same at a hundred orders and at a million. "No rule found" comes first: nobody knows how late those are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final, NamedTuple

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, and_, exists, literal_column, or_, select, union_all

from fahuo.catalogue import queries as catalogue
from fahuo.orders import queries as orders_queries
from fahuo.orders.due import UNPACKED
from fahuo.orders.tables import holds, orders
from fahuo.store import personal
from fahuo.store.bulk import any_of, array
from fahuo.store.engine import Tx
from fahuo.views.tower import OPEN
from fahuo.warehouse.tables import packages

LIMIT_MAX: Final = 500
ID_DIGITS: Final = 18
FOUND_MAX: Final = 2_000
"""Orders found by buyer or number that a list will look at."""


class Filter(Struct, frozen=True, kw_only=True):
    """What to show; empty means all. `text`: a platform order id or waybill number, exactly."""

    station: str = ""
    state: str = ""
    shop_id: int | None = None
    market: str = ""
    due_before: int | None = None
    hold: str = ""
    """A hold's code, or `any`."""
    text: str = ""
    name: str = ""
    phone: str = ""
    sort: str = ""
    """`due`: open orders, the most urgent first; `new`: all orders, the newest first."""

    @property
    def by_urgency(self) -> bool:
        """Whether only open orders are shown, the most urgent first."""
        if self.sort:
            return self.sort == "due"
        closed = (self.station and self.station not in OPEN) or self.state
        return not (closed or self.text or self.name or self.phone)


class ListRow(NamedTuple):
    """One order in a list."""

    id: int
    shop_id: int
    platform_order_id: str
    market: str
    state: str
    station: str
    shipping_type: str
    is_cod: bool
    buyer_cancel: bool
    currency: str
    exponent: int
    total: int | None
    units: int
    created_at: int | None
    due_at: int | None
    due_clock: str | None
    pack: str | None
    carrier_name: str
    tracking_number: str
    version: int
    rank: int
    """0: no rule found, 1: by its clock, 2: no clock of the seller runs."""


class HoldRow(NamedTuple):
    """An open hold."""

    order_id: int
    code: str
    since_at: int
    blocks: bool
    owner: str
    field: str
    value: str


class Page(NamedTuple):
    """Rows with their open holds, and the cursor of the next page, '' at the end."""

    rows: list[ListRow]
    holds: dict[int, list[HoldRow]]
    next: str


_SHOWN = tuple(orders.c[name] for name in ListRow._fields[:-1])
_RANKS: Final[tuple[ColumnElement[int], ...]] = (
    literal_column("0").label("rank"),
    literal_column("1").label("rank"),
    literal_column("2").label("rank"),
)


def page(tx: Tx, wanted: Filter, limit: int = 50, cursor: str = "", shops: Collection[int] | None = None) -> Page:
    """A page of the list. `shops`: those the reader may see, None for all. Raises ValueError for a bad cursor."""
    limit = max(1, min(limit, LIMIT_MAX))
    params: dict[str, Any] = {}
    conditions = _conditions(tx, wanted, shops, params)
    if conditions is None:
        return Page([], {}, "")
    if wanted.by_urgency:
        found = _urgent(tx, wanted, conditions, limit + 1, cursor, params)
    else:
        found = _newest(tx, conditions, limit + 1, cursor, params)
    rows, more = found[:limit], found[limit:]
    last = rows[-1] if more else None
    after = "" if last is None else _cursor(last, wanted.by_urgency)
    return Page(rows, open_holds(tx, [row.id for row in rows]), after)


def _conditions(
    tx: Tx, wanted: Filter, shops: Collection[int] | None, params: dict[str, Any]
) -> list[ColumnElement[bool]] | None:
    """What every row must fulfil; None when nothing can."""
    found: list[ColumnElement[bool]] = [orders.c.seller_id == tx.seller_id]
    if wanted.state:
        found.append(orders.c.state == wanted.state)
    if wanted.station and not wanted.by_urgency:
        found.append(orders.c.station == wanted.station)
    if wanted.market:
        found.append(orders.c.market == wanted.market)
    if wanted.due_before is not None:
        found.append(orders.c.due_at < wanted.due_before)
    if wanted.hold:
        found.append(_held(wanted.hold, tx.seller_id))
    allowed = shops
    if wanted.shop_id is not None:
        allowed = [wanted.shop_id] if shops is None or wanted.shop_id in shops else []
    if allowed is not None:
        found.append(any_of(orders.c.shop_id, "shops"))
        params["shops"] = array(tx, allowed)
    ids = _searched(tx, wanted)
    if ids is not None:
        found.append(any_of(orders.c.id, "found"))
        params["found"] = array(tx, sorted(ids)[-FOUND_MAX:])
    return None if ids == set() or allowed == [] else found


def _held(code: str, seller: int) -> ColumnElement[bool]:
    mine = select(holds.c.order_id).where(
        holds.c.seller_id == seller, holds.c.order_id == orders.c.id, holds.c.released_at.is_(None)
    )
    return exists(mine if code == "any" else mine.where(holds.c.code == code))


def _searched(tx: Tx, wanted: Filter) -> set[int] | None:
    """Orders that every search field given finds; None when none is given."""
    found: list[set[int]] = []
    if wanted.text:
        found.append(_numbered(tx, wanted.text.strip()))
    if wanted.name:
        found.append(set(personal.find_by_name(tx, wanted.name)))
    if wanted.phone:
        found.append(set(personal.find_by_phone(tx, wanted.phone)))
    return set.intersection(*found) if found else None


def _numbered(tx: Tx, text: str) -> set[int]:
    every = array(tx, [shop.id for shop in catalogue.shop_list(tx)])
    by_platform = select(orders.c.id).where(
        orders.c.seller_id == tx.seller_id,
        any_of(orders.c.shop_id, "every"),
        orders.c.platform_order_id == text,
    )
    by_waybill = select(packages.c.order_id).where(
        packages.c.seller_id == tx.seller_id, packages.c.tracking_number == text
    )
    found = {row[0] for row in tx.rows(by_platform, every=every)} | {row[0] for row in tx.rows(by_waybill)}
    return found | ({int(text)} if text.isascii() and text.isdigit() and len(text) <= ID_DIGITS else set())


def _urgent(
    tx: Tx, wanted: Filter, conditions: list[ColumnElement[bool]], limit: int, cursor: str, params: dict[str, Any]
) -> list[ListRow]:
    after = _read_cursor(cursor, "due")
    stations = [wanted.station] if wanted.station else list(OPEN)
    pieces = [piece for station in stations for piece in _pieces(station, conditions, limit, after)]
    if not pieces:
        return []
    every = union_all(*[select(piece.subquery()) for piece in pieces])  # scope: ok -- the pieces name it themselves
    rows = sorted((ListRow._make(row) for row in tx.rows(every, **params)), key=_place)
    return rows[:limit]


def _pieces(
    station: str, conditions: list[ColumnElement[bool]], limit: int, after: tuple[int, int, int]
) -> Iterable[Select[Any]]:
    """The first rows of one station after the cursor: those without a rule, those with a clock, those without one."""
    rank, due, last = after
    none_known = and_(orders.c.due_at.is_(None), orders.c.pack.is_(None))
    unruled = station in UNPACKED
    kinds: list[tuple[int, ColumnElement[bool]]] = [(1, orders.c.due_at.is_not(None))]
    if unruled:
        kinds.append((0, none_known))
    kinds.append((2, orders.c.due_at.is_(None) & orders.c.pack.is_not(None) if unruled else orders.c.due_at.is_(None)))
    for kind, condition in kinds:
        if kind < rank:
            continue
        # scope: ok -- the conditions begin with seller_id
        piece = select(*_SHOWN, _RANKS[kind]).where(*conditions, orders.c.station == station, condition)
        if kind == rank and kind == 1:
            later = and_(orders.c.due_at == due, orders.c.id > last)
            piece = piece.where(orders.c.due_at >= due, or_(orders.c.due_at > due, later))
        elif kind == rank:
            piece = piece.where(orders.c.id > last)
        keys = (orders.c.due_at, orders.c.id) if kind == 1 else (orders.c.id,)
        yield piece.order_by(*keys).limit(limit)


def _place(row: ListRow) -> tuple[int, int, int]:
    return row.rank, row.due_at if row.rank == 1 and row.due_at is not None else 0, row.id


def _newest(
    tx: Tx, conditions: list[ColumnElement[bool]], limit: int, cursor: str, params: dict[str, Any]
) -> list[ListRow]:
    _, _, last = _read_cursor(cursor, "new")
    # scope: ok -- the conditions begin with seller_id
    wanted = select(*_SHOWN, _RANKS[1]).where(*conditions)
    if cursor:
        wanted = wanted.where(orders.c.id < last)
    return [ListRow._make(row) for row in tx.rows(wanted.order_by(orders.c.id.desc()).limit(limit), **params)]


def _cursor(row: ListRow, urgent: bool) -> str:
    return ".".join(["due", *map(str, _place(row))]) if urgent else f"new.{row.id}"


def _read_cursor(cursor: str, kind: str) -> tuple[int, int, int]:
    """(rank, due, id) after which the page begins. Raises ValueError."""
    if not cursor:
        return (0, 0, 0) if kind == "due" else (1, 0, 0)
    word, *numbers = cursor.split(".")
    values = [int(number) for number in numbers]
    if word != kind or len(values) != (3 if kind == "due" else 1) or max(map(abs, values)) >= 1 << 63:
        raise ValueError("this cursor is not of this list")
    return (values[0], values[1], values[2]) if kind == "due" else (1, 0, values[0])


def open_holds(tx: Tx, ids: Iterable[int]) -> dict[int, list[HoldRow]]:
    """Open holds of these orders, by order."""
    rows = tx.rows(
        select(*(holds.c[name] for name in HoldRow._fields))
        .where(holds.c.seller_id == tx.seller_id, holds.c.released_at.is_(None), any_of(holds.c.order_id, "ids"))
        .order_by(holds.c.order_id, holds.c.blocks.desc(), holds.c.code),
        ids=array(tx, ids),
    )
    found: dict[int, list[HoldRow]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(HoldRow(*row))
    return found


def markets(tx: Tx) -> list[str]:
    """Markets of the seller's shops."""
    return sorted({shop.market for shop in catalogue.shop_list(tx)})


def shop_names(tx: Tx) -> dict[int, str]:
    """Shop id → name."""
    return {shop.id: shop.name for shop in catalogue.shop_list(tx)}


def find(tx: Tx, text: str) -> list[int]:
    """Orders a person means by an id of ours or of the platform, in any shop; empty when there is none."""
    if text.isdecimal() and len(text) <= ID_DIGITS:
        own = tx.rows(select(orders.c.id).where(orders.c.seller_id == tx.seller_id, orders.c.id == int(text)))
        if own:
            return [int(own[0][0])]
    return orders_queries.ids_of(tx, [text])
