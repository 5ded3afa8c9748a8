"""What an import of carriers, rates and number ranges writes. Never commits; the same rows twice change nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import delete, select

from fahuo.carriers.tables import approvals, carriers, exchange_rates, lanes, number_ranges, rates, services
from fahuo.kernel.ids import new_ids
from fahuo.store import bulk
from fahuo.store.engine import Tx

_SERVICE = (
    "shipping_type",
    "goods_allowed",
    "max_weight_g",
    "max_length_mm",
    "max_girth_mm",
    "volumetric_divisor",
    "capacity_per_day",
    "cutoff",
    "collect_days",
    "transit_days_min",
    "transit_days_max",
    "scan_hours",
)
_RATE = (
    "warehouse",
    "zone_country",
    "zone_region",
    "zone_postal_prefix",
    "weight_from_g",
    "weight_to_g",
    "base",
    "per_kg",
    "surcharge_name",
    "surcharge",
    "currency",
)


def service_ids(tx: Tx) -> dict[tuple[str, str], int]:
    """(carrier code, service code) → service id."""
    joined = services.join(
        carriers, (carriers.c.seller_id == services.c.seller_id) & (carriers.c.id == services.c.carrier_id)
    )
    rows = tx.rows(
        select(carriers.c.code, services.c.code, services.c.id)
        .select_from(joined)
        .where(services.c.seller_id == tx.seller_id)
    )
    return {(row[0], row[1]): row[2] for row in rows}


def put_services(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write carriers and their services by code. Lanes and approvals of a service are replaced by the rows' own."""
    seller = tx.seller_id
    last = {(row["carrier"], row["service"]): row for row in rows}
    known = {
        row[0]: row[1] for row in tx.rows(select(carriers.c.code, carriers.c.id).where(carriers.c.seller_id == seller))
    }
    fresh = iter(new_ids(2 * len(last)))
    ids = {code: known.get(code) or next(fresh) for code in dict.fromkeys(code for code, _ in last)}
    bulk.upsert(
        tx,
        carriers,
        ("seller_id", "id", "code", "name", "tracking_url"),
        [(seller, ids[c], c, row["carrier_name"] or c, row["tracking_url"]) for (c, _), row in last.items()],
        ("seller_id", "id"),
        ("name", "tracking_url"),
    )
    have = service_ids(tx)
    service_of = {key: have.get(key) or next(fresh) for key in last}
    bulk.upsert(
        tx,
        services,
        ("seller_id", "id", "carrier_id", "code", "name", *_SERVICE),
        [
            (seller, service_of[c, s], ids[c], s, row["service_name"] or s, *(row[name] for name in _SERVICE))
            for (c, s), row in last.items()
        ],
        ("seller_id", "id"),
        ("name", *_SERVICE),
    )
    _replace(
        tx,
        lanes,
        ("service_id", "origin", "destination"),
        [(service_of[key], o, d) for key, row in last.items() for o in row["origin"] for d in row["destinations"]],
        list(service_of.values()),
    )
    _replace(
        tx,
        approvals,
        ("service_id", "market"),
        [(service_of[key], market) for key, row in last.items() for market in row["approved_markets"]],
        list(service_of.values()),
    )


def put_rates(tx: Tx, rows: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
    """Write rate rows given as (service, values); a row with the same zone, break and surcharge name is replaced."""
    key = (
        "service_id",
        "warehouse",
        "zone_country",
        "zone_region",
        "zone_postal_prefix",
        "weight_from_g",
        "surcharge_name",
    )
    known = {
        tuple(row[1:]): row[0]
        for row in tx.rows(
            select(rates.c.id, *(rates.c[name] for name in key)).where(
                rates.c.seller_id == tx.seller_id, bulk.any_of(rates.c.service_id, "services")
            ),
            services=bulk.array(tx, sorted({service for service, _ in rows})),
        )
    }
    last = {(service, *(values[name] for name in key[1:])): (service, values) for service, values in rows}
    fresh = iter(new_ids(len(last)))
    bulk.upsert(
        tx,
        rates,
        ("seller_id", "id", "service_id", *_RATE),
        [
            (tx.seller_id, known.get(where) or next(fresh), service, *(values[name] for name in _RATE))
            for where, (service, values) in last.items()
        ],
        ("seller_id", "id"),
        _RATE,
    )


def put_numbers(tx: Tx, rows: Sequence[tuple[int, Mapping[str, Any]]]) -> list[int]:
    """Write number ranges given as (service, values). A range known already only gets a later end, never a new start.

    Returns the indices of rows not taken: their numbers belong to another range, and no number is given twice.
    """
    n = number_ranges.c
    mine = select(n.id, n.service_id, n.prefix, n.suffix, n.width, n.first_number, n.last_number)
    # Locked, because a worker may be drawing numbers; in the order in which it locks them.
    found = tx.rows(mine.where(n.seller_id == tx.seller_id).order_by(n.id).with_for_update())
    ranges = [_Range(*row) for row in found]
    fresh = iter(new_ids(len(rows)))
    refused, values = [], []
    for i, (service, row) in enumerate(rows):
        new = _Range(0, service, row["prefix"], row["suffix"], row["width"], row["first"], row["last"])
        same = next((one for one in ranges if one.key == new.key), None)
        last = max(new.last, same.last) if same else new.last
        if any(one.meets(new._replace(last=last)) for one in ranges if one is not same):
            refused.append(i)
            continue
        kept = (same or new)._replace(id=same.id if same else next(fresh), last=last)
        ranges = [one for one in ranges if one is not same] + [kept]
        values.append((tx.seller_id, kept.id, *kept[1:5], row["check"], kept.first, kept.first, kept.last))
    columns = (
        "seller_id",
        "id",
        "service_id",
        "prefix",
        "suffix",
        "width",
        "check_rule",
        "first_number",
        "next_number",
        "last_number",
    )
    bulk.upsert(tx, number_ranges, columns, values, ("seller_id", "id"), ("last_number",))
    return refused


class _Range(NamedTuple):
    id: int
    service_id: int
    prefix: str
    suffix: str
    width: int
    first: int
    last: int

    @property
    def key(self) -> tuple[object, ...]:
        """What names a range: the same again is the same range."""
        return self[1:6]

    def meets(self, other: _Range) -> bool:
        """Whether both would spell the same number, for whichever service."""
        alike = (self.prefix, self.suffix, self.width) == (other.prefix, other.suffix, other.width)
        return alike and self.first <= other.last and other.first <= self.last


def put_exchange(tx: Tx, rows: Sequence[tuple[str, str, int]], at: int) -> None:
    """Write exchange rates: (currency, base, minor units of the base for a million minor units of the currency)."""
    columns = ("seller_id", "currency", "base", "parts_per_million", "since_at")
    bulk.upsert(tx, exchange_rates, columns, [(tx.seller_id, *row, at) for row in rows], columns[:3], columns[3:])


def _replace(
    tx: Tx, table: Any, columns: Sequence[str], rows: Sequence[tuple[Any, ...]], owners: Sequence[int]
) -> None:
    gone = delete(table).where(table.c.seller_id == tx.seller_id, bulk.any_of(table.c.service_id, "services"))
    tx.execute(gone, {"services": bulk.array(tx, list(owners))})
    unique = list(dict.fromkeys(rows))
    bulk.insert(tx, table, ("seller_id", *columns), [(tx.seller_id, *row) for row in unique])
