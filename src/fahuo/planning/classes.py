"""Classes of alike orders, and what each option (warehouse × service) would charge or why it refuses them.

Two orders are alike when no rate card, limit, approval, stock or clock can tell them apart. Prices are constant on a
class; only the penalty an order risks may vary within one, and then the class is reckoned with its mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fahuo.carriers.model import REFUSAL_CODE
from fahuo.carriers.rules import (
    Place,
    Tariff,
    approved,
    carries_type,
    factorise,
    parcel_refusal,
    travels,
    volumetric_g,
)
from fahuo.kernel.instant import NONE
from fahuo.planning.departures import departures, risks
from fahuo.planning.model import Bools, Choices, Departure, Floats, Ints, Network, PlanOrders

_FINE: Final = 16
_WIDE: Final = 1 << 10
"""Codes of a column that reach further are closed up before columns are combined."""
_COMPRESS: Final = 1 << 40
SURE_PENALTY: Final = 10
"""A penalty that is not known is reckoned as this many times the dearest price: lateness is avoided before cost."""


@dataclass(slots=True)
class Classes:
    """Classes of a part of a batch: `of` each order its class, `count` orders and mean `penalty` by class."""

    of: Ints
    count: Ints
    penalty: Floats
    order_penalty: Floats
    choices: Choices


@dataclass(slots=True)
class _Columns:
    """What tells the orders of a part apart, as codes into small tables."""

    place: Ints
    places: list[Place]
    zones: Ints
    """(places, options)"""
    kind: Ints
    kinds: list[tuple[str, str]]
    box: Ints
    boxes: Ints
    weight_cell: Ints
    weights: Ints
    goods: Ints
    allowed: Ints


def classify(
    orders: PlanOrders,
    part: Ints,
    outer: Ints,
    weight_g: Ints,
    allowed: Ints,
    sites: list[int],
    network: Network,
    now: int,
) -> Classes:
    """Classes of the orders `part` (indices, at least one).

    `outer` (n, 3) mm and `weight_g` are the parcels' of the whole batch; `allowed` is of `part` only: a bit mask over
    `sites` (warehouse indices) of those that may serve the order.
    """
    pairs = [(w, s) for w in sites for s in range(len(network.services))]
    options = [(network.warehouses[w].code, network.services[s].id) for w, s in pairs]
    tariff = Tariff(options, network.rates, network.currency, network.exchange)
    columns = _columns(orders, part, outer, weight_g, allowed, tariff, network)
    leaving = departures(pairs, network, now)
    hours = [network.services[s].scan_hours for _, s in pairs]
    cell, risk = risks(leaving, hours, orders.due_at[part], orders.scan_clock[part])
    penalty = orders.penalty[part]
    even = (risk == risk[:, :1]).all(axis=1) if risk.shape[1] else np.ones(len(risk), np.bool_)
    bucket = np.where(even[cell], 0, _buckets(penalty))
    of = _combine(
        [columns.place, columns.kind, columns.box, columns.weight_cell, columns.goods, columns.allowed, cell, bucket]
    )
    count = np.bincount(of)
    first = np.full(len(count), -1, dtype=np.int64)
    first[of[::-1]] = np.arange(len(of))[::-1]
    price, refused = _judge(columns, first, pairs, len(sites), tariff, network)
    _refuse_full(refused, leaving)
    sure = SURE_PENALTY * float(price.max(initial=0) + 1)
    order_penalty = np.where(penalty == NONE, sure, penalty).astype(np.float64)
    mean = np.bincount(of, weights=order_penalty) / count
    choices = Choices(pairs=pairs, departures=leaving, refused=refused, price=price, risk=risk, cell=cell[first])
    return Classes(of, count, mean, order_penalty, choices)


def _columns(
    orders: PlanOrders, part: Ints, outer: Ints, weight_g: Ints, allowed: Ints, tariff: Tariff, network: Network
) -> _Columns:
    rows = part.tolist()
    place, places = tariff.places(
        [orders.country[i] for i in rows], [orders.region[i] for i in rows], [orders.postal[i] for i in rows]
    )
    place, places, zones = _same_zones(place, places, tariff, network)
    kind, kinds = factorise([(orders.market[i], orders.shipping_type[i]) for i in rows])
    boxes, box = _unique_boxes(outer[part])
    weight = weight_g[part]
    limits = [s.max_weight_g for s in network.services if s.max_weight_g is not None]
    edges = np.unique(np.concatenate([tariff.edges(int(weight.max(initial=0))), np.array(limits, dtype=np.int64)]))
    return _Columns(
        place=place,
        places=places,
        zones=zones,
        kind=kind,
        kinds=kinds,
        box=box,
        boxes=boxes,
        weight_cell=np.searchsorted(edges, weight, side="left").astype(np.int64),
        weights=weight,
        goods=orders.goods[part],
        allowed=allowed,
    )


def _unique_boxes(outer: Ints) -> tuple[Ints, Ints]:
    key = (outer[:, 0] << 42) + (outer[:, 1] << 21) + outer[:, 2]
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    return outer[first], inverse.astype(np.int64)


def _same_zones(place: Ints, places: list[Place], tariff: Tariff, network: Network) -> tuple[Ints, list[Place], Ints]:
    """Merge places that every rate card and lane treats alike; the first of them stands for all. Also their zones."""
    countries = {c for s in network.services for _, c in s.lanes}
    zones = tariff.zones(places)
    alike = [(tuple(row), p[0] if p[0] in countries else "") for row, p in zip(zones.tolist(), places, strict=True)]
    merged, distinct = factorise(alike)
    first = np.full(len(distinct), -1, dtype=np.int64)
    first[merged[::-1]] = np.arange(len(merged))[::-1]
    return merged[place], [places[i] for i in first.tolist()], zones[first]


def _buckets(penalty: Ints) -> Ints:
    """Penalties that are reckoned alike: exact while there are few, else in steps of about a fifth."""
    distinct, inverse = np.unique(penalty, return_inverse=True)
    if len(distinct) <= _FINE:
        return inverse.astype(np.int64)
    steps = np.floor(4 * np.log2(np.maximum(penalty, 0).astype(np.float64) + 1)).astype(np.int64)
    return np.where(penalty == NONE, -1, steps)


def _combine(columns: list[Ints]) -> Ints:
    """One code for each distinct row of the columns, 0 to n - 1."""
    out = np.zeros(len(columns[0]), dtype=np.int64)
    span = 1
    for column in columns:
        code = column - column.min()
        width = int(code.max()) + 1
        if width > _WIDE:
            code = np.unique(column, return_inverse=True)[1]
            width = int(code.max()) + 1
        if span * width > _COMPRESS:
            out = np.unique(out, return_inverse=True)[1].astype(np.int64)
            span = int(out.max(initial=0)) + 1
        out = out * width + code
        span *= width
    return np.unique(out, return_inverse=True)[1].astype(np.int64)


def _judge(
    columns: _Columns, first: Ints, pairs: list[tuple[int, int]], sites: int, tariff: Tariff, network: Network
) -> tuple[Ints, NDArray[np.int8]]:
    """Price and refusal code by class and option; `first` is one order of each class, which stands for all of it.

    `pairs` are every service at each of the `sites`, in that order.
    """
    services, warehouses = network.services, network.warehouses
    site_of, service_of = np.divmod(np.arange(len(pairs)), len(services))
    sides, weight = columns.boxes[columns.box[first]], columns.weights[first]
    place, kind = columns.place[first], columns.kind[first]
    charged = np.maximum(weight[:, None], volumetric_g(services, sides.prod(axis=1)))
    price, refused = tariff.quote(columns.zones[place], charged[:, service_of])
    parcel = parcel_refusal(services, columns.goods[first], weight, sides)[:, service_of]
    refused = np.where(parcel > 0, parcel, refused)
    fine = _table([[approved(service, market) for service in services] for market, _ in columns.kinds])
    lane = _table(
        [
            [travels(services[s], warehouses[w].code, warehouses[w].country, to) for w, s in pairs]
            for to, _, _ in columns.places
        ]
    )
    here = columns.allowed[first][:, None] >> np.arange(sites) & 1 > 0
    right = _table([[carries_type(service, shipping) for service in services] for _, shipping in columns.kinds])
    for name, ok in (  # the first check of REFUSALS is written last and stays
        ("lane_not_approved", fine[kind][:, service_of]),
        ("not_on_lane", lane[place]),
        ("no_stock_there", here[:, site_of]),
        ("wrong_shipping_type", right[kind][:, service_of]),
    ):
        refused[~ok] = REFUSAL_CODE[name]
    return price, refused


def _table(rows: list[list[bool]]) -> Bools:
    return np.array(rows, dtype=np.bool_)


def _refuse_full(refused: NDArray[np.int8], leaving: list[Departure]) -> None:
    """Options that nothing else speaks against, but that do not leave within reach or have no parcel left."""
    coming, room = {d.pair for d in leaving}, {d.pair for d in leaving if d.capacity != 0}
    for pair in set(range(refused.shape[1])) - room:
        why = "no_capacity" if pair in coming else "cutoff_missed"
        refused[refused[:, pair] == 0, pair] = REFUSAL_CODE[why]
