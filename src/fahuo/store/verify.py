"""What `fahuo db verify` proves: checks that read in one transaction and yield what does not hold.

Stations have checks of their own (counters against the ledger, say); flow puts them all together.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from sqlalchemy import Table, and_, or_, select

from fahuo.kernel.problems import Problem
from fahuo.kernel.text import N_
from fahuo.store import checkpoint, journal
from fahuo.store.engine import Tx
from fahuo.store.tables import effects, payloads, people
from fahuo.store.tables import journal as journal_table

Finding = Problem


class Check(NamedTuple):
    """`run(tx)` yields one finding per thing that does not hold, in bounded memory."""

    name: str
    run: Callable[[Tx], Iterator[Finding]]


def store_checks(orders: Table) -> list[Check]:
    """The store's own checks; `orders` is the table the journal heads stand on."""
    return [
        Check(N_("database"), database),
        Check(N_("journal chains"), chains),
        Check(N_("journal heads"), lambda tx: heads(tx, orders)),
        Check(N_("checkpoints"), checkpoint.check),
        Check(N_("orphans"), lambda tx: orphans(tx, orders)),
    ]


def run(tx: Tx, checks: Iterable[Check]) -> Iterator[tuple[str, Finding]]:
    """(name of the check, finding) for everything that does not hold."""
    for check in checks:
        for finding in check.run(tx):
            yield check.name, finding


def database(tx: Tx) -> Iterator[Finding]:
    """SQLite's own check of the file and of foreign keys. PostgreSQL keeps both by itself."""
    if tx.dialect != "sqlite":
        return
    for (word,) in tx.rows("PRAGMA quick_check"):
        if word != "ok":
            yield Finding("database_file", value=str(word), message=N_("The database file is damaged."), next=_RESTORE)
    for child, row, parent, _ in tx.rows("PRAGMA foreign_key_check"):
        yield Finding(
            "foreign_key",
            value=f"{child} {row}",
            message=N_("A row of {child} names a row of {parent} that is not there."),
            next=_RESTORE,
            params={"child": child, "parent": parent},
        )


def chains(tx: Tx) -> Iterator[Finding]:
    """Every journal row recomputed from the row before."""
    said = {
        "gap": N_("Order {order}: journal row {seq} does not follow the one before."),
        "link": N_("Order {order}: journal row {seq} is not chained to the one before."),
        "hash": N_("Order {order}: journal row {seq} was changed."),
    }
    for order_id, seq, what in journal.broken(tx):
        yield _finding(f"journal_{what}", order_id, said[what], seq=seq)


def heads(tx: Tx, orders: Table) -> Iterator[Finding]:
    """The last journal row of every order is the head its order row names."""
    lines = journal_table
    own = and_(lines.c.seller_id == orders.c.seller_id, lines.c.order_id == orders.c.id)
    lost = (
        select(orders.c.id)
        .select_from(orders.outerjoin(lines, and_(own, lines.c.seq == orders.c.journal_seq)))
        .where(
            orders.c.seller_id == tx.seller_id,
            or_(lines.c.hash.is_(None), lines.c.hash != orders.c.journal_head),
        )
    )
    for portion in tx.stream(lost):
        for (order_id,) in portion:
            yield _finding("journal_head", order_id, N_("Order {order}: the journal does not end at the head."))
    beyond = (
        select(orders.c.id)
        .select_from(orders.join(lines, and_(own, lines.c.seq == orders.c.journal_seq + 1)))
        .where(orders.c.seller_id == tx.seller_id)
    )
    for portion in tx.stream(beyond):
        for (order_id,) in portion:
            yield _finding("journal_beyond", order_id, N_("Order {order}: the journal goes on behind the head."))


def orphans(tx: Tx, orders: Table) -> Iterator[Finding]:
    """Rows of the store about orders that are not there (no foreign key: the store stands before the orders)."""
    for table in (journal_table, effects, people, payloads):
        same = and_(orders.c.seller_id == table.c.seller_id, orders.c.id == table.c.order_id)
        alone = (
            select(table.c.order_id)
            .distinct()
            .select_from(table.outerjoin(orders, same))
            .where(table.c.seller_id == tx.seller_id, table.c.order_id.is_not(None), orders.c.id.is_(None))
        )
        for portion in tx.stream(alone):
            for (order_id,) in portion:
                message = N_("Order {order} stands in {table} but not among the orders.")
                yield _finding("orphan", order_id, message, table=table.name)


_RESTORE = N_("Stop the program and restore the last good backup.")


def _finding(code: str, order_id: int, message: str, **params: object) -> Finding:
    return Finding(
        code,
        value=str(order_id),
        message=message,
        next=N_("Compare the order with a backup: its history was changed past the program."),
        params={"order": order_id, **params},
    )
