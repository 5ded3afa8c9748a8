"""Use cases of the bench: open a parcel by its label, scan its articles, confirm order, items and label.

Only the confirmation packs: the units leave the shelf, and an own-carrier number is reported from then on, not before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final, NamedTuple

import msgspec

from fahuo.catalogue import queries as catalogue
from fahuo.catalogue.model import Shop, Sku
from fahuo.connections import queries as connections
from fahuo.flow import wanted
from fahuo.flow.house import House
from fahuo.flow.parcels import MOVED_ON, SHIPPED
from fahuo.inventory import service as inventory
from fahuo.kernel.ids import new_id
from fahuo.kernel.problems import Problem
from fahuo.kernel.stopwatch import stage
from fahuo.kernel.text import N_
from fahuo.orders import queries as orders_queries
from fahuo.orders import service as orders
from fahuo.store import effects, journal
from fahuo.store.engine import Store, Tx
from fahuo.warehouse import queries as warehouse_queries
from fahuo.warehouse import service as warehouse
from fahuo.warehouse.model import CANCELLED, CARRIER, COMBINE, OWN, PACKED, Item, Parcel
from fahuo.warehouse.rules import count_scan, may_pack, missing

BATCH: Final = 2_000
LONGEST_ID: Final = 18
_SCAN_THE_LABEL = N_("Scan the label on the parcel.")


class BenchItem(msgspec.Struct):
    """An article of the parcel on the bench."""

    sku: str
    name: str
    barcode: str
    quantity: int
    scanned: int


class BenchView(msgspec.Struct):
    """The parcel on the bench. `complete`: every article has been scanned; only the label is missing."""

    package_id: int
    order_ref: str
    shop: str
    carrier_name: str
    tracking_number: str
    state: str
    items: list[BenchItem]
    complete: bool


class _Bench(NamedTuple):
    parcel: Parcel
    items: list[Item]
    skus: dict[int, Sku]
    problem: Problem | None
    mates: tuple[Parcel, ...] = ()
    """The rows of one combined parcel, this one among them: packed together, under one label."""


def open_parcel(
    house: House, code: str, seller_id: int = 1, shops: Collection[int] | None = None
) -> BenchView | Problem:
    """The parcel behind a scanned waybill number, platform order id or package id; of these `shops`, None for all."""
    with house.store.read(seller_id) as tx:
        parcel = _find(tx, code.strip(), shops)
        if isinstance(parcel, Problem):
            return parcel
        bench = _bench(tx, parcel)
        return bench.problem if bench.problem and parcel.state == CANCELLED else _view(tx, bench)


def scan_item(house: House, package_id: int, code: str, actor: str, seller_id: int = 1) -> BenchView | Problem:
    """Count one scanned article; a wrong one is logged and refused."""
    with house.store.write(seller_id) as tx:
        bench = _open(tx, package_id)
        if isinstance(bench, Problem):
            return bench
        if bench.problem:
            return bench.problem
        sku = _article(tx, bench, code.strip())
        if isinstance(sku, Problem):
            _log(tx, package_id, house.clock.now(), actor, code, sku.code)
            return sku
        index, problem = count_scan(bench.items, sku, 1)
        _log(tx, package_id, house.clock.now(), actor, code, "" if problem is None else problem.code)
        if problem:
            return problem
        counted = bench.items[index]._replace(scanned=bench.items[index].scanned + 1)
        bench.items[index] = counted
        warehouse.scanned(tx, [counted])
        return _view(tx, bench)


def confirm(house: House, package_id: int, label_code: str, actor: str, seller_id: int = 1) -> BenchView | Problem:
    """Close the parcel with a scan of its label: complete items and the right label make it packed."""
    with house.store.write(seller_id) as tx:
        bench = _open(tx, package_id)
        if isinstance(bench, Problem):
            return bench
        problem = bench.problem or _check_label(bench, label_code.strip())
        now = house.clock.now()
        _log(tx, package_id, now, actor, label_code, "" if problem is None else problem.code)
        if problem:
            return problem
        pack_parcels(tx, list(bench.mates) or [bench.parcel], now, actor)
        parcel = warehouse_queries.parcels(tx, [package_id])[0]
        return _view(tx, bench._replace(parcel=parcel))


def simulate_staff(
    store: Store, now: int, *, limit: int | None = None, actor: str = "simulated staff", seller_id: int = 1
) -> int:
    """Pack what is arranged, as a faultless team would, in batches, for rehearsals. Returns how many were packed."""
    done, after = 0, 0
    while limit is None or done < limit:
        size = BATCH if limit is None else min(BATCH, limit - done)
        with stage("parcel"), store.write(seller_id) as tx:
            parcels = warehouse_queries.to_pack(tx, size, after)
            if not parcels:
                return done
            after = parcels[-1].id
            held = orders_queries.open_holds(tx, [parcel.order_id for parcel in parcels])
            free = [p for p in parcels if not any(hold.blocks for hold in held.get(p.order_id, ()))]
            done += pack_parcels(tx, free, now, actor)
    return done


def pack_parcels(tx: Tx, parcels: Sequence[Parcel], now: int, actor: str) -> int:
    """The goods issue of parcels whose scans are complete: state, stock, order, journal, and the report now due.

    A parcel that somebody else has packed or cancelled meanwhile is left out; returns how many were packed here.
    """
    rows = {row.id: row for row in orders_queries.heads_of(tx, {parcel.order_id for parcel in parcels})}
    ours = set(warehouse.pack(tx, [parcel.id for parcel in parcels], now))
    parcels = [parcel for parcel in parcels if parcel.id in ours]
    ids = sorted({parcel.order_id for parcel in parcels})
    open_ = warehouse_queries.unpacked(tx, ids)
    whole = [id_ for id_ in ids if id_ not in open_]
    inventory.issue(tx, whole, now, actor)
    entries = [
        journal.Entry(p.order_id, "packed", now, actor, {"package": str(p.id), "number": p.tracking_number})
        for p in parcels
    ]
    heads = journal.append(tx, entries, {id_: (rows[id_].journal_seq, rows[id_].journal_head) for id_ in ids})
    packed = set(whole)
    orders.move(
        tx,
        ("station", "packed_at", "version", "journal_seq", "journal_head"),
        [
            (
                id_,
                "handover" if id_ in packed else "pack",
                now if id_ in packed else None,
                rows[id_].version + 1,
                *heads[id_],
            )
            for id_ in ids
        ],
    )
    shops = {shop.id: shop for shop in catalogue.shop_list(tx)}
    refs = {id_: row.platform_order_id for id_, row in rows.items()}
    told = [p for p in parcels if _to_be_told(p, rows[p.order_id].state)]
    linked = connections.connected(tx) if told else frozenset()
    effects.put(tx, [_report(p, shops[p.shop_id], refs[p.order_id], now) for p in told if p.shop_id not in linked])
    api = [p for p in told if p.shop_id in linked]
    part = wanted.units_of(tx, api)
    effects.put(tx, [wanted.report(p, refs[p.order_id], part.get(p.id, ()), now) for p in api])
    return len(parcels)


def _to_be_told(parcel: Parcel, state: str) -> bool:
    """Whether the platform does not know the parcel's number: not its own label, nor a number it shows already."""
    return parcel.label_origin == OWN or (parcel.label_origin == CARRIER and state not in MOVED_ON)


def _report(parcel: Parcel, shop: Shop, order_ref: str, now: int) -> effects.Effect:
    return effects.Effect(
        key=f"{SHIPPED}:{parcel.id}:{parcel.tracking_number}",
        kind=SHIPPED,
        lane=shop.channel,
        scope=str(shop.id),
        shop_id=shop.id,
        order_id=parcel.order_id,
        package_id=parcel.id,
        due_at=now,
        body={"order": order_ref, "carrier": parcel.carrier_name, "number": parcel.tracking_number, "packed_at": now},
        safety="idempotent" if shop.channel == "callback" else "readable",
    )


def _find(tx: Tx, code: str, shops: Collection[int] | None) -> Parcel | Problem:
    def mine(found: Iterable[Parcel]) -> list[Parcel]:
        return [parcel for parcel in found if shops is None or parcel.shop_id in shops]

    found = mine(warehouse_queries.parcels_numbered(tx, [code]))
    if not found and code.isascii() and code.isdecimal() and len(code) <= LONGEST_ID:
        found = mine(warehouse_queries.parcels(tx, [int(code)]))
    if not found:
        found = mine(warehouse_queries.parcels_of_orders(tx, orders_queries.ids_of(tx, [code])))
    alive = [parcel for parcel in found if parcel.state != CANCELLED] or found
    if not alive:
        return _no_parcel(code)
    if len(alive) > 1 and not _one_parcel(alive):
        return Problem(
            "several_parcels",
            "code",
            code[:80],
            N_("{count} parcels belong to {code}."),
            _SCAN_THE_LABEL,
            {"count": len(alive), "code": code[:80]},
        )
    return alive[0]


def _one_parcel(found: Sequence[Parcel]) -> bool:
    """Whether these rows are one parcel: orders that the platform has combined."""
    first = found[0]
    return first.platform_ref != "" and {(p.shop_id, p.platform_ref) for p in found} == {
        (first.shop_id, first.platform_ref)
    }


def _mates(tx: Tx, parcel: Parcel) -> list[Parcel]:
    if parcel.tag != COMBINE:
        return [parcel]
    found = warehouse_queries.parcels_with_ref(tx, [parcel.platform_ref])
    return [one for one in found if one.shop_id == parcel.shop_id and one.state != CANCELLED] or [parcel]


def _open(tx: Tx, package_id: int) -> _Bench | Problem:
    found = warehouse_queries.parcels(tx, [package_id])
    return _bench(tx, found[0]) if found else _no_parcel(str(package_id))


def _no_parcel(code: str) -> Problem:
    return Problem(
        "unknown_code",
        "code",
        code[:80],
        N_("No parcel has the number {code}."),
        _SCAN_THE_LABEL,
        {"code": code[:80]},
    )


def _bench(tx: Tx, parcel: Parcel) -> _Bench:
    # Locked before the state is looked at: two benches with the same parcel must not both pack it.
    orders_queries.heads(tx, [one.order_id for one in _mates(tx, parcel)])
    parcel = warehouse_queries.parcels(tx, [parcel.id])[0]
    mates = _mates(tx, parcel)
    holds = orders_queries.open_holds(tx, [one.order_id for one in mates])
    held = any(hold.blocks for list_ in holds.values() for hold in list_)
    found = warehouse_queries.items(tx, [one.id for one in mates])
    items = [item for one in mates for item in found.get(one.id, [])]
    problem = next((why for one in mates if (why := may_pack(one, held))), None)
    return _Bench(parcel, items, catalogue.skus_of(tx, [i.sku_id for i in items]), problem, tuple(mates))


def _article(tx: Tx, bench: _Bench, code: str) -> int | Problem:
    for sku in bench.skus.values():
        if code in (sku.barcode, sku.sku):
            return sku.id
    if catalogue.is_article(tx, code):
        return Problem(
            "wrong_item", "code", code[:80], N_("The article {code} does not belong in this parcel."),
            N_("Put it back and pick the right one."), {"code": code[:80]},
        )  # fmt: skip
    return Problem(
        "unknown_article", "code", code[:80], N_("No article has the barcode {code}."),
        N_("Scan the article's own barcode, or add it to the SKU."), {"code": code[:80]},
    )  # fmt: skip


def _check_label(bench: _Bench, code: str) -> Problem | None:
    if left := missing(bench.items):
        return Problem(
            "items_missing", "items", str(sum(left.values())), N_("{count} units are still missing."),
            N_("Scan the missing articles first."), {"count": sum(left.values())},
        )  # fmt: skip
    if not bench.parcel.tracking_number or code != bench.parcel.tracking_number:
        return Problem(
            "wrong_label", "label", code[:80], N_("This is not the parcel's label."),
            N_("Find the label with {number}."), {"number": bench.parcel.tracking_number or "-"},
        )  # fmt: skip
    return None


def _view(tx: Tx, bench: _Bench) -> BenchView:
    order = orders_queries.heads_of(tx, [bench.parcel.order_id])[0]
    shops = {shop.id: shop.name for shop in catalogue.shop_list(tx)}
    items = [
        BenchItem(
            bench.skus[i.sku_id].sku,
            bench.skus[i.sku_id].name,
            bench.skus[i.sku_id].barcode,
            i.quantity,
            i.scanned,
        )
        for i in bench.items
    ]
    return BenchView(
        bench.parcel.id,
        order.platform_order_id,
        shops.get(bench.parcel.shop_id, ""),
        bench.parcel.carrier_name,
        bench.parcel.tracking_number,
        PACKED if bench.parcel.packed_at else bench.parcel.state,
        items,
        bench.parcel.packed_at is not None or not missing(bench.items),
    )


def _log(tx: Tx, package_id: int, now: int, actor: str, code: str, reason: str) -> None:
    if warehouse_queries.parcels(tx, [package_id]):
        warehouse.log_scans(tx, [(new_id(), package_id, now, actor, code[:80], not reason, reason)])
