"""What waits for a person, over all shops: requests, buyers, notices, connections, messages, refused parcels."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, NamedTuple

from sqlalchemy import case, func, select

from fahuo.aftersales.queries import TO_ANSWER
from fahuo.aftersales.tables import requests
from fahuo.connections import queries as connections
from fahuo.connections.model import ACTIVE, EXPIRING, Standing
from fahuo.connections.notices import PARKED
from fahuo.connections.notices_tables import notices
from fahuo.orders.tables import holds, orders
from fahuo.store.bulk import any_of, array
from fahuo.store.engine import Tx
from fahuo.talks import queries as talks
from fahuo.views.aftersales import RequestView, request_list

SHOWN: Final = 4
REFUSED: Final = "first_mile_refused"
PULL, WAREHOUSES = "pull", "warehouses"
PATIENCE_MS: Final = 1_800_000
"""A pull that fails is tried again by itself; after so long somebody should look."""
_r = requests.c


class AskedStake(NamedTuple):
    """Requests to answer and the money they are about, in one currency; minor units, '' when nobody told."""

    currency: str
    exponent: int
    requests: int
    total: int


class Broken(NamedTuple):
    """A shop whose connection needs a person."""

    shop_id: int
    shop: str
    why: str
    """expiring, expired, withdrawn or refused; `pull` when orders cannot be read, `warehouses` to be completed."""


class Band(NamedTuple):
    """What is to be answered or decided, in figures, with the most urgent requests by name."""

    requests: int
    overdue: int
    """Requests whose time to answer has run out here; the platform decides by its own clock."""
    urgent: list[RequestView]
    stakes: list[AskedStake]
    buyers: int
    buyers_since: int | None
    notices: dict[int, int]
    """Shop → notices left to a person; 0 for those of no shop."""
    broken: list[Broken]
    refused: int
    """Orders of which a parcel was refused at the sorting warehouse."""


def band(tx: Tx, now: int, now_ms: int, shops: Collection[int] | None = None) -> Band:
    """Everything that waits for a person in these shops (None: all), by what small indexes give."""
    urgent = request_list(tx, shops, waiting=True, limit=SHOWN)
    stakes, late = _stakes(tx, now, shops)
    buyers, since = talks.waiting_count(tx, shops)
    return Band(
        requests=sum(stake.requests for stake in stakes),
        overdue=late,
        urgent=urgent,
        stakes=stakes,
        buyers=buyers,
        buyers_since=since,
        notices=_notices(tx, shops),
        broken=_broken(tx, now_ms, shops),
        refused=_refused(tx, shops),
    )


def _given(tx: Tx, shops: Collection[int] | None) -> dict[str, Any]:
    return {} if shops is None else {"shops": array(tx, sorted(shops))}


def _stakes(tx: Tx, now: int, shops: Collection[int] | None) -> tuple[list[AskedStake], int]:
    """By currency; what a request does not say of money, its order says."""
    told = _r.currency != ""
    currency = case((told, _r.currency), else_=func.coalesce(orders.c.currency, ""))
    exponent = case((told, _r.exponent), else_=func.coalesce(orders.c.exponent, 2))
    mine = (
        select(
            currency.label("stake_currency"),
            exponent.label("stake_exponent"),
            func.count(),
            func.sum(func.coalesce(_r.amount, orders.c.total, 0)),
            func.sum(case((_r.answer_by < now, 1), else_=0)),
        )
        .select_from(requests)
        .outerjoin(orders, (orders.c.seller_id == _r.seller_id) & (orders.c.id == _r.order_id))
        .where(_r.seller_id == tx.seller_id, TO_ANSWER)
        .group_by("stake_currency", "stake_exponent")
    )
    if shops is not None:
        mine = mine.where(any_of(_r.shop_id, "shops"))
    rows = tx.rows(mine, **_given(tx, shops))
    stakes = [AskedStake(row[0], int(row[1]), int(row[2]), int(row[3])) for row in rows]
    return sorted(stakes, key=lambda stake: (-stake.requests, stake.currency)), sum(int(row[4]) for row in rows)


def _notices(tx: Tx, shops: Collection[int] | None) -> dict[int, int]:
    n = notices.c
    mine = select(n.shop_id, func.count()).where(n.seller_id == tx.seller_id, n.state == PARKED)
    if shops is not None:
        mine = mine.where(any_of(n.shop_id, "shops"))
    return {int(row[0]): int(row[1]) for row in tx.rows(mine.group_by(n.shop_id), **_given(tx, shops))}


def _broken(tx: Tx, now_ms: int, shops: Collection[int] | None) -> list[Broken]:
    found = [one for one in connections.standings(tx, now_ms) if shops is None or one.shop_id in shops]
    wrong = [Broken(one.shop_id, one.shop, why) for one in found if (why := _wrong(one, now_ms))]
    return sorted(wrong, key=lambda one: (one.why in (EXPIRING, WAREHOUSES), one.shop))


def _wrong(one: Standing, now_ms: int) -> str:
    if one.state != ACTIVE:
        return one.state
    if one.pull_problem and (one.pulled_ms or one.connected_ms) < now_ms - PATIENCE_MS:
        return PULL
    return WAREHOUSES if one.warehouses_problem else ""


def _refused(tx: Tx, shops: Collection[int] | None) -> int:
    h = holds.c
    mine = (
        select(func.count())
        .select_from(holds)
        .join(orders, (orders.c.seller_id == h.seller_id) & (orders.c.id == h.order_id))
        .where(h.seller_id == tx.seller_id, h.released_at.is_(None), h.code == REFUSED)
    )
    if shops is not None:
        mine = mine.where(any_of(orders.c.shop_id, "shops"))
    return int(tx.rows(mine, **_given(tx, shops))[0][0])
