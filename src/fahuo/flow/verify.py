"""Use case: prove that the database is right: chains, counters, reservations, orphans."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fahuo.catalogue import queries as catalogue
from fahuo.flow.house import House
from fahuo.inventory import queries as inventory
from fahuo.kernel.problems import Problem
from fahuo.kernel.text import N_
from fahuo.orders.tables import orders
from fahuo.store import checkpoint, verify
from fahuo.store.engine import Tx
from fahuo.store.verify import Check

_NEXT = N_("Restore the newest clean backup, or correct the count; tell us what happened before.")


def checks() -> list[Check]:
    """Every check there is, the store's own first."""
    return [
        *verify.store_checks(orders),
        Check(N_("stock pool = ledger"), _pool),
        Check(N_("stock shelves = ledger"), _shelves),
        Check(N_("reserved = reservations"), _held),
        Check(N_("placed = reservations"), _placed),
    ]


def seller_ids(house: House) -> list[int]:
    """Every seller of the installation."""
    with house.store.read() as tx:
        return catalogue.seller_ids(tx)


def verify_all(house: House, seller_id: int = 1, kept: Path | None = None) -> Iterator[tuple[str, Problem]]:
    """(check, finding) for everything that does not hold, as of one moment. `kept`: checkpoints kept outside."""
    with house.store.read(seller_id) as tx:
        yield from verify.run(tx, checks())
        if kept is not None:
            yield from (("checkpoints kept outside", finding) for finding in checkpoint.check_export(tx, kept))


def _pool(tx: Tx) -> Iterator[Problem]:
    message = N_("SKU {sku}: counter {counter}, ledger {ledger} (on hand/reserved).")
    for (sku,), counter, booked in inventory.pool_drift(tx):
        yield _differs("pool_drift", sku, message, counter=_both(counter), ledger=_both(booked))


def _shelves(tx: Tx) -> Iterator[Problem]:
    message = N_("SKU {sku} in warehouse {place}: counter {counter}, ledger {ledger} (on hand/placed).")
    for (place, sku), counter, booked in inventory.shelf_drift(tx):
        yield _differs("shelf_drift", sku, message, place=place, counter=_both(counter), ledger=_both(booked))


def _held(tx: Tx) -> Iterator[Problem]:
    message = N_("SKU {sku}: {counter} units reserved, reservations hold {rows}.")
    for (sku,), (counter,), (units,) in inventory.held_drift(tx):
        yield _differs("reserved_drift", sku, message, counter=counter, rows=units)


def _placed(tx: Tx) -> Iterator[Problem]:
    message = N_("SKU {sku} in warehouse {place}: {counter} units placed, reservations hold {rows}.")
    for (place, sku), (counter,), (units,) in inventory.placed_drift(tx):
        yield _differs("placed_drift", sku, message, place=place, counter=counter, rows=units)


def _both(figures: tuple[int, ...]) -> str:
    return "/".join(map(str, figures))


def _differs(code: str, sku: int, message: str, **params: object) -> Problem:
    return Problem(code, "sku", str(sku), message, _NEXT, {"sku": sku, **params})
