"""What an import of carriers, rates and number ranges writes. Never commits; the same rows twice change nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select

from fahuo.carriers.tables import approvals, carriers, lanes, number_ranges, rates, services
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


def put_numbers(tx: Tx, rows: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
    """Write number ranges given as (service, values). A range known already only gets a later end, never a new start."""
    known = {
        tuple(row[1:]): row[0]
        for row in tx.rows(
            select(
                number_ranges.c.id, number_ranges.c.service_id, number_ranges.c.prefix, number_ranges.c.suffix
            ).where(number_ranges.c.seller_id == tx.seller_id)
        )
    }
    fresh = iter(new_ids(len(rows)))
    columns = ("seller_id", "id", "service_id", "prefix", "suffix", "width", "check_rule", "next_number", "last_number")
    values = [
        (
            tx.seller_id,
            known.get((service, row["prefix"], row["suffix"])) or next(fresh),
            service,
            row["prefix"],
            row["suffix"],
            row["width"],
            row["check"],
            row["first"],
            row["last"],
        )
        for service, row in rows
    ]
    bulk.upsert(tx, number_ranges, columns, values, ("seller_id", "id"), ("last_number",))


def _replace(
    tx: Tx, table: Any, columns: Sequence[str], rows: Sequence[tuple[Any, ...]], owners: Sequence[int]
) -> None:
    gone = delete(table).where(table.c.seller_id == tx.seller_id, bulk.any_of(table.c.service_id, "services"))
    tx.execute(gone, {"services": bulk.array(tx, list(owners))})
    unique = list(dict.fromkeys(rows))
    bulk.insert(tx, table, ("seller_id", *columns), [(tx.seller_id, *row) for row in unique])
