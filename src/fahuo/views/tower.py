"""What the control tower shows: where orders stand, what falls due, money at stake, late rates, the latest events."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final, NamedTuple, Protocol

from sqlalchemy import ColumnElement, case, func, literal_column, or_, select

from fahuo.catalogue import queries as catalogue
from fahuo.catalogue.model import Warehouse
from fahuo.deadlines.model import CLOCK
from fahuo.deadlines.tables import COUNTED, clocks
from fahuo.orders import due
from fahuo.orders.model import BY_SELLER
from fahuo.orders.tables import orders
from fahuo.store import settings
from fahuo.store.bulk import any_of, array
from fahuo.store.engine import Tx
from fahuo.store.tables import effects, journal
from fahuo.warehouse import floor

WORKING: Final = ("check", "stock", "plan", "pack", "handover")
"""Stations of orders a seller clock can still run for."""
OPEN: Final = ("intake", *WORKING)
HORIZON_H: Final = 24
RISK_H: Final = 8
WEEK_S: Final = 7 * 86_400
# Written out as the partial index has them: only then do both databases see that it applies.
_FOR_PEOPLE: Final[list[ColumnElement[str]]] = [
    literal_column(f"'{state}'") for state in ("unknown", "declined", "given_up", "waiting")
]
_SCANNED: Final = ("transit", "delivered", "closed", "history")


class Curve(NamedTuple):
    """Orders due and parcels packable, both counted up. `packed`: None when no capacity is known."""

    at: list[int]
    due: list[int]
    packed: list[int] | None
    short: floor.Shortfall | None
    unknown: list[str]
    """Codes of warehouses whose capacity is not known: the truth may be better than the curve."""


class Stake(NamedTuple):
    """Orders and their money in one currency; amounts in minor units, never added across currencies."""

    currency: str
    exponent: int
    overdue: int
    overdue_total: int
    risk: int
    risk_total: int


class Rate(NamedTuple):
    """Late rate of a shop over the last seven days, by the clock its rule pack counts."""

    shop_id: int
    shop: str
    market: str
    clock: str
    due: int
    missed: int
    unknown: int
    """Shipped orders whose stop event nobody has told us: in neither figure."""


class Event(NamedTuple):
    """Journal rows of one kind that happened together; `order_id` leads to the first of them."""

    at: int
    kind: str
    actor: str
    orders: int
    order_id: int
    platform_order_id: str
    more: bool
    """Whether there are older ones of that minute that were not counted."""


class LateClock(Protocol):
    """What is asked of the rule book."""

    @property
    def index(self) -> Mapping[str, int]: ...

    def late_rate_clock(self, pack: int) -> int: ...


def _shops(tx: Tx, shops: Collection[int] | None) -> dict[str, Any]:
    return {} if shops is None else {"shops": array(tx, shops)}


def stations(tx: Tx, shops: Collection[int] | None = None) -> dict[str, int]:
    """Station → open orders there."""
    rows = tx.rows(
        select(orders.c.station, func.count())
        .where(orders.c.seller_id == tx.seller_id, any_of(orders.c.station, "stations"), due.of_shops(shops))
        .group_by(orders.c.station),
        stations=array(tx, OPEN),
        **_shops(tx, shops),
    )
    counted = {row[0]: int(row[1]) for row in rows}
    return {station: counted.get(station, 0) for station in OPEN}


def without_rule(tx: Tx, shops: Collection[int] | None = None) -> int:
    """Paid open orders for which no deadline rule was found: nobody knows how late they are."""
    rows = tx.rows(
        select(func.count()).where(
            orders.c.seller_id == tx.seller_id,
            any_of(orders.c.station, "stations"),
            orders.c.due_at.is_(None),
            orders.c.pack.is_(None),
            due.of_shops(shops),
        ),
        stations=array(tx, due.UNPACKED),
        **_shops(tx, shops),
    )
    return int(rows[0][0])


def curve(tx: Tx, now: int, hours: int = HORIZON_H, shops: Collection[int] | None = None) -> Curve:
    """What falls due in the next hours against what the floor can pack by then. Capacity is that of the whole house."""
    at = floor.marks(now, hours)
    total = floor.cumulated(*due.by_hour(tx, now, hours, shops))
    places: list[Warehouse] = catalogue.warehouse_list(tx)
    opens = settings.get(tx, "floor.opens", floor.OPENS)
    closes = settings.get(tx, "floor.closes", floor.CLOSES)
    packed = floor.packable(places, at, opens, closes)
    unknown = [place.code for place in places if not place.capacity_per_day and place.kind == "own"]
    short = None if unknown else floor.worst(at, total, packed)
    return Curve(at, total, packed, short, unknown)


def stakes(tx: Tx, now: int, hours: int = RISK_H, shops: Collection[int] | None = None) -> list[Stake]:
    """Overdue and soon-due orders that have not left yet, by currency, the largest count first."""
    late = orders.c.due_at < now
    rows = tx.rows(
        select(
            orders.c.currency,
            orders.c.exponent,
            func.sum(case((late, 1), else_=0)),
            func.sum(case((late, func.coalesce(orders.c.total, 0)), else_=0)),
            func.sum(case((late, 0), else_=1)),
            func.sum(case((late, 0), else_=func.coalesce(orders.c.total, 0))),
        )
        .where(
            orders.c.seller_id == tx.seller_id,
            any_of(orders.c.station, "stations"),
            orders.c.due_at < now + hours * floor.HOUR,
            due.of_shops(shops),
        )
        .group_by(orders.c.currency, orders.c.exponent),
        stations=array(tx, WORKING),
        **_shops(tx, shops),
    )
    found = [Stake(row[0], row[1], *(int(value) for value in row[2:])) for row in rows]
    return sorted(found, key=lambda stake: (-stake.overdue, -stake.risk, stake.currency))


def late_rates(tx: Tx, now: int, book: LateClock, shops: Collection[int] | None = None) -> list[Rate]:
    """Per shop: clocks that fell due in the last seven days and were missed, by the clock the pack counts."""
    overran = func.coalesce(orders.c.cancelled_at > clocks.c.due_at, False)
    told = or_(clocks.c.met_at.is_not(None), orders.c.station.not_in(_SCANNED), overran)
    missed = or_(clocks.c.met_at > clocks.c.due_at, clocks.c.met_at.is_(None))
    withdrawn = clocks.c.met_at.is_(None) & (orders.c.cancelled_at <= clocks.c.due_at)
    rows = tx.rows(
        select(
            orders.c.shop_id,
            clocks.c.clock,
            orders.c.pack,
            func.sum(case((told, 1), else_=0)),
            func.sum(case((told & missed, 1), else_=0)),
            func.sum(case((told, 0), else_=1)),
        )
        .select_from(clocks)
        .join(orders, (orders.c.seller_id == clocks.c.seller_id) & (orders.c.id == clocks.c.order_id))
        .where(
            clocks.c.seller_id == tx.seller_id,
            COUNTED,
            clocks.c.due_at >= now - WEEK_S,
            clocks.c.due_at < now,
            func.coalesce(withdrawn, False).is_(False),
            orders.c.fulfillment_type == BY_SELLER,
            due.of_shops(shops),
        )
        .group_by(orders.c.shop_id, clocks.c.clock, orders.c.pack),
        **_shops(tx, shops),
    )
    return _by_shop(rows, {shop.id: (shop.name, shop.market) for shop in catalogue.shop_list(tx)}, book)


def _by_shop(rows: list[tuple[Any, ...]], names: Mapping[int, tuple[str, str]], book: LateClock) -> list[Rate]:
    words = {number: name for name, number in CLOCK.items()}
    totals: dict[tuple[int, int], list[int]] = {}
    for shop, clock, pack, *counts in rows:
        # Where only the platform's own field has a say there is no pack: then every first-scan limit counts.
        counted = book.late_rate_clock(book.index[pack]) if pack in book.index else CLOCK["first_scan"]
        if clock == counted:
            total = totals.setdefault((shop, clock), [0, 0, 0])
            for place, value in enumerate(counts):
                total[place] += int(value)
    rates = [Rate(shop, *names[shop], words[clock], *total) for (shop, clock), total in totals.items() if shop in names]
    return sorted(rates, key=lambda rate: (-rate.missed / max(rate.due, 1), rate.shop))


def just_now(tx: Tx, limit: int = 12, shops: Collection[int] | None = None, read: int = 1_000) -> list[Event]:
    """The journal's tail, alike rows of the same minute drawn together, newest first."""
    wanted = (
        select(journal.c.at, journal.c.kind, journal.c.actor, journal.c.order_id, orders.c.platform_order_id)
        .select_from(journal)
        .join(orders, (orders.c.seller_id == journal.c.seller_id) & (orders.c.id == journal.c.order_id))
        .where(journal.c.seller_id == tx.seller_id, due.of_shops(shops))
        # Not by anything more: an import of a million rows has one instant, and the index alone must give the first.
        .order_by(journal.c.at.desc())
        .limit(read)
    )
    rows = tx.rows(wanted, **_shops(tx, shops))
    cut = rows[-1][0] // 60 if len(rows) == read else None
    groups: dict[tuple[int, str, str], list[tuple[Any, ...]]] = {}
    for row in rows:
        groups.setdefault((row[0] // 60, row[1], row[2]), []).append(row)
    return [
        Event(same[0][0], kind, actor, len(same), same[0][3], same[0][4], minute == cut)
        for (minute, kind, actor), same in list(groups.items())[:limit]
    ]


def for_people(tx: Tx, shops: Collection[int] | None = None) -> dict[str, int]:
    """State → messages to platforms and carriers that wait for a person's decision."""
    mine = select(effects.c.state, func.count()).where(
        effects.c.seller_id == tx.seller_id,
        effects.c.state.in_(_FOR_PEOPLE),
        effects.c.state != "waiting",
        *([] if shops is None else [any_of(effects.c.shop_id, "shops")]),
    )
    return {row[0]: int(row[1]) for row in tx.rows(mine.group_by(effects.c.state), **_shops(tx, shops))}
