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
        Check("stock pool = ledger", _pool),
        Check("stock shelves = ledger", _shelves),
        Check("reserved = reservations", _held),
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
    for sku, on_hand, reserved, booked, kept in inventory.pool_drift(tx):
        params = {"sku": sku, "counter": f"{on_hand}/{reserved}", "ledger": f"{booked}/{kept}"}
        yield Problem(
            "pool_drift",
            "sku",
            str(sku),
            N_("SKU {sku}: counter {counter}, ledger {ledger} (on hand/reserved)."),
            _NEXT,
            params,
        )


def _shelves(tx: Tx) -> Iterator[Problem]:
    for where, sku, on_hand, placed, booked, kept in inventory.shelf_drift(tx):
        params = {"sku": sku, "place": where, "counter": f"{on_hand}/{placed}", "ledger": f"{booked}/{kept}"}
        yield Problem(
            "shelf_drift",
            "sku",
            str(sku),
            N_("SKU {sku} in warehouse {place}: counter {counter}, ledger {ledger} (on hand/placed)."),
            _NEXT,
            params,
        )


def _held(tx: Tx) -> Iterator[Problem]:
    for sku, reserved, units in inventory.held_drift(tx):
        params = {"sku": sku, "counter": reserved, "rows": units}
        yield Problem(
            "reserved_drift",
            "sku",
            str(sku),
            N_("SKU {sku}: {counter} units reserved, reservations hold {rows}."),
            _NEXT,
            params,
        )
