"""Use cases: a parcel of an own carrier gets its waybill number after its plan: by a new range or a person's word."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from fahuo.carriers.numbers import services_with_numbers, take_numbers
from fahuo.flow.again import write_again
from fahuo.flow.house import Desk, House
from fahuo.flow.parcels import GET_NUMBER
from fahuo.kernel.problems import Problem
from fahuo.kernel.text import N_
from fahuo.orders import queries as orders_queries
from fahuo.orders import service as orders
from fahuo.store import effects, journal
from fahuo.store.engine import Store, Tx
from fahuo.warehouse import model, queries, service
from fahuo.warehouse.model import Parcel

BATCH: Final = 2_000
LONGEST: Final = 60


def give_numbers(store: Store, desk: Desk, now: int, *, seller_id: int = 1) -> int:
    """Number the parcels that wait for one, the first planned first, as far as the ranges reach. Parcels numbered."""
    with store.read(seller_id) as tx:
        if not services_with_numbers(tx):
            return 0
    done, after = 0, 0
    while True:
        with store.read(seller_id) as tx:
            ids = queries.without_number(tx, BATCH, after)
        if not ids:
            return done
        after = ids[-1]
        done += write_again(store, partial(_give, ids=ids, now=now, actor=desk.actor), seller_id)


def _give(tx: Tx, ids: Sequence[int], now: int, actor: str) -> int:
    parcels = _locked(tx, ids)
    waiting: dict[int, list[Parcel]] = {}
    for parcel in parcels:
        if parcel.label_origin == model.CARRIER and not parcel.tracking_number and parcel.state == model.PLANNED:
            waiting.setdefault(parcel.service_id, []).append(parcel)
    drawn = take_numbers(tx, {service_id: len(group) for service_id, group in waiting.items()})
    pairs = [
        (parcel, number)
        for service_id, group in waiting.items()
        for parcel, number in zip(group, drawn.get(service_id, ()), strict=False)
    ]
    _arrange(tx, pairs, model.OWN, now, actor)
    return len(pairs)


def set_number(house: House, package_id: int, number: str, actor: str, seller_id: int = 1) -> Problem | None:
    """Give a parcel the waybill number its carrier told a person; the carrier's own label goes on it."""
    number = number.strip()
    if not number or len(number) > LONGEST or not number.isprintable():
        return Problem(
            "number_wrong",
            "number",
            number[:80],
            N_("This is no waybill number."),
            N_("Give it as the label shows it."),
        )
    with house.store.write(seller_id) as tx:
        found = _locked(tx, [package_id])
        if not found or found[0].label_origin != model.CARRIER or found[0].state != model.PLANNED:
            return Problem(
                "no_number_wanted",
                "package",
                str(package_id),
                N_("The parcel {package} does not wait for a number."),
                N_("Only a planned parcel of an own carrier without a number gets one."),
                {"package": package_id},
            )
        taken = [p for p in queries.parcels_numbered(tx, [number]) if p.state != model.CANCELLED and p.id != package_id]
        if taken:
            return Problem(
                "number_taken",
                "number",
                number,
                N_("Another parcel has the number {number}."),
                N_("Compare both labels."),
                {"number": number},
            )
        _arrange(tx, [(found[0], number)], model.CARRIER, house.clock.now(), actor)
    return None


def _locked(tx: Tx, ids: Sequence[int]) -> list[Parcel]:
    """The parcels as they stand once their orders are locked."""
    orders_queries.heads_of(tx, {parcel.order_id for parcel in queries.parcels(tx, ids)})
    return queries.parcels(tx, ids)


def _arrange(tx: Tx, pairs: Sequence[tuple[Parcel, str]], origin: str, now: int, actor: str) -> None:
    """Number and label exist now: parcel, order, journal, and the task that is done."""
    if not pairs:
        return
    service.move(
        tx,
        ("tracking_number", "label_origin", "arranged_at", "state"),
        [(parcel.id, number, origin, now, model.ARRANGED) for parcel, number in pairs],
    )
    rows = {row.id: row for row in orders_queries.heads_of(tx, [parcel.order_id for parcel, _ in pairs])}
    entries = [
        journal.Entry(p.order_id, "arranged", now, actor, {"package": str(p.id), "number": number, "label": origin})
        for p, number in pairs
    ]
    heads = journal.append(tx, entries, {id_: (row.journal_seq, row.journal_head) for id_, row in rows.items()})
    by_order = {parcel.order_id: (parcel, number) for parcel, number in pairs}
    orders.move(
        tx,
        ("carrier_name", "tracking_number", "version", "journal_seq", "journal_head"),
        [
            (id_, parcel.carrier_name, number, rows[id_].version + 1, *heads[id_])
            for id_, (parcel, number) in by_order.items()
        ],
    )
    effects.close(tx, list(rows), (GET_NUMBER,), "done", {"proof": "numbered"})
