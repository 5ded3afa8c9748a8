"""What is asked of the platform for a parcel of a connected shop: each effect's key, body and how repeating is safe.

Bodies hold references only. Everything in this lane is read back before it is repeated, except a first-mile bundle,
which cannot be: its lost answer is a person's question.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from fahuo.catalogue import queries as catalogue
from fahuo.channels.tiktok_shop.choosing import CHEAPEST
from fahuo.channels.tiktok_shop.fulfilment import INVOICE_FIRST, SERVICE, flow_of
from fahuo.connections import queries as connections
from fahuo.flow.parcels import ARRANGE, FETCH_LABEL, SHIPPED, TIKTOK_LANE
from fahuo.orders import queries as orders_queries
from fahuo.orders.queries import Line
from fahuo.store import settings
from fahuo.store.effects import Effect
from fahuo.store.engine import Tx
from fahuo.warehouse import queries
from fahuo.warehouse.model import CANCELLED, Parcel

RULES: Final = "tiktok.fulfilment"
"""Setting: shop id → {"rule": which service is taken, "method": PICKUP or DROP_OFF; absent: the platform's way}."""
MM_PER_INCH: Final = 25.4


class Way(NamedTuple):
    """How a connected shop fulfils. `invoice`: a person uploads the fiscal invoice first."""

    region: str
    chooses: bool
    invoice: bool
    rule: str
    method: str


def ways(tx: Tx) -> dict[int, Way]:
    """The ways of all connected shops, by shop; empty where no shop is connected."""
    found = connections.regions(tx)
    told: dict[str, dict[str, str]] = settings.get(tx, RULES, {}) if found else {}
    return {
        shop: Way(
            region,
            flow_of(region, seller_type) == SERVICE,
            region in INVOICE_FIRST,
            told.get(str(shop), {}).get("rule", CHEAPEST),
            told.get(str(shop), {}).get("method", ""),
        )
        for shop, (region, seller_type) in found.items()
    }


class Facts(NamedTuple):
    """What the bodies of a batch need, read once: lines and platform times by order, cartons by id."""

    lines: Mapping[int, Sequence[Line]]
    refs: Mapping[int, str]
    """Order → the platform's order id."""
    deliver_by: Mapping[int, int]
    leave_at: Mapping[int, int]
    """Wave → when it leaves."""
    cartons: Mapping[int, tuple[int, int, int, int]]
    """Carton → (length, width, height in mm, tare in g)."""


def facts(tx: Tx, parcels: Sequence[Parcel]) -> Facts:
    """Read what is needed to ask for these parcels."""
    ids = sorted({parcel.order_id for parcel in parcels})
    stored = orders_queries.stored(tx, ids)
    limits = {row.id: row.platform_times.get("delivery_sla_time") for row in stored}
    return Facts(
        orders_queries.lines(tx, ids),
        {row.id: row.platform_order_id for row in stored},
        {id_: at for id_, at in limits.items() if at is not None},
        queries.leaving(tx, {parcel.wave_id for parcel in parcels if parcel.wave_id is not None}),
        {row[0]: (row[2], row[3], row[4], row[6]) for row in catalogue.carton_rows(tx)},
    )


def arrangements(
    tx: Tx, parcels: Sequence[Parcel], known: Mapping[int, Way], now: int, *, look: bool = False
) -> list[Effect]:
    """What asks the platform to arrange these parcels. `look`: they may be arranged there, so it reads first."""
    if not parcels:
        return []
    all_ = facts(tx, parcels)
    part = units_of(tx, parcels, all_.lines)
    return [_arrangement(parcel, known[parcel.shop_id], all_, part.get(parcel.id, []), now, look) for parcel in parcels]


def _arrangement(parcel: Parcel, way: Way, all_: Facts, units: Sequence[str], now: int, look: bool) -> Effect:
    leave_at = all_.leave_at.get(parcel.wave_id or 0, now)
    body: dict[str, Any] = {"order": all_.refs[parcel.order_id], "leave_at": leave_at}
    if parcel.platform_ref:
        body["ref"] = parcel.platform_ref
    if units:
        body["units"] = list(units)
    if look:
        body["look"] = True
    if way.method:
        body["method"] = way.method
    if way.chooses:
        body["rule"] = way.rule
        body |= size_of(parcel, all_.cartons)
        if parcel.order_id in all_.deliver_by:
            body["deliver_by"] = all_.deliver_by[parcel.order_id]
    return _effect(ARRANGE, parcel, f"{ARRANGE}:{parcel.id}:{parcel.platform_ref}", body, now)


def size_of(parcel: Parcel, cartons: Mapping[int, tuple[int, int, int, int]]) -> dict[str, Any]:
    """Size in inches (the only unit `create package` names) and weight in grams, where planning knows them."""
    size: dict[str, Any] = {}
    if parcel.carton_id is not None and parcel.carton_id in cartons:
        length, width, height, _ = cartons[parcel.carton_id]
        inches = (f"{side / MM_PER_INCH:.2f}" for side in (length, width, height))
        size["dimension"] = dict(zip(("length", "width", "height"), inches, strict=True)) | {"unit": "INCH"}
    if parcel.weight_g:
        size["weight"] = {"value": str(parcel.weight_g), "unit": "GRAM"}
    return size


def label(parcel: Parcel, order_ref: str, now: int, again: str = "") -> Effect:
    """What fetches the platform's label. `again`: a word that makes it another wish than the one there was.

    Fetched again, it takes the place of the first one until the parcel has left, packed or not.
    """
    key = f"{FETCH_LABEL}:{parcel.id}:{parcel.platform_ref}{again and ':' + again}"
    body: dict[str, Any] = {"order": order_ref, "ref": parcel.platform_ref}
    if again:
        body["again"] = True
    return _effect(FETCH_LABEL, parcel, key, body, now, "idempotent")


def report(parcel: Parcel, order_ref: str, units: Sequence[str], now: int) -> Effect:
    """What tells the platform the number of a packed own-carrier parcel."""
    body: dict[str, Any] = {
        "order": order_ref,
        "carrier": parcel.carrier_name,
        "number": parcel.tracking_number,
        "packed_at": now,
    }
    if parcel.platform_ref:
        body["ref"] = parcel.platform_ref
    if units:
        body["units"] = list(units)
    return _effect(SHIPPED, parcel, f"{SHIPPED}:{parcel.id}:{parcel.tracking_number}", body, now)


def _effect(kind: str, parcel: Parcel, key: str, body: dict[str, Any], now: int, safety: str = "readable") -> Effect:
    return Effect(
        key=key,
        kind=kind,
        lane=TIKTOK_LANE,
        scope=str(parcel.shop_id),
        shop_id=parcel.shop_id,
        order_id=parcel.order_id,
        package_id=parcel.id,
        due_at=now,
        body=body,
        safety=safety,
    )


def of_parcel(kind: str, parcel: Parcel, mark: str, body: dict[str, Any], now: int) -> Effect:
    """Another wish about a parcel, under a key of its own."""
    return _effect(kind, parcel, f"{kind}:{parcel.id}:{mark}", body, now)


def units_of(
    tx: Tx, parcels: Iterable[Parcel], lines: Mapping[int, Sequence[Line]] | None = None
) -> dict[int, list[str]]:
    """Parcel → the platform's ids of its units, for parcels that do not hold their whole order."""
    wanted = list(parcels)
    ids = sorted({parcel.order_id for parcel in wanted})
    together: dict[int, int] = {}
    for parcel in queries.parcels_of_orders(tx, ids):
        if parcel.state != CANCELLED:
            together[parcel.order_id] = together.get(parcel.order_id, 0) + 1
    part = [parcel for parcel in wanted if together.get(parcel.order_id, 0) > 1]
    if not part:
        return {}
    known = orders_queries.lines(tx, ids) if lines is None else lines
    items = queries.items(tx, [parcel.id for parcel in part])
    found: dict[int, list[str]] = {}
    for parcel in part:
        mine = {item.line_no for item in items.get(parcel.id, ())}
        found[parcel.id] = [
            unit
            for line in known.get(parcel.order_id, ())
            if line.line_no in mine
            for unit in msgspec.json.decode(line.unit_ids, type=list[str])
        ]
    return found


def labelled_there(parcels: Iterable[Parcel], shops: Collection[int]) -> list[Parcel]:
    """Parcels of connected shops that the platform has arranged and whose label we do not have."""
    return [
        parcel
        for parcel in parcels
        if parcel.shop_id in shops
        and parcel.label_origin == "platform"
        and parcel.label_id is None
        and parcel.arranged_at is not None
        and parcel.packed_at is None
        and parcel.platform_ref
        and parcel.state == "arranged"
    ]
