"""The journal: every change of an order, each row chained to the one before by its hash.

hash = SHA-256(prev ‖ canonical JSON of {actor, at, data, kind, order_id, seller_id, seq}), ids as text (RFC 8785 cannot
carry 64-bit numbers). `data` is stored as its canonical text, so a chain is checked without parsing it. The head of an
order (`journal_seq`, `journal_head`) stands on the order row.

Two workers on one order cannot both append: the second meets the first one's row under the same key.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from msgspec import json
from sqlalchemy import Table, bindparam, select

from fahuo.kernel.canonical import canonical, canonical_record
from fahuo.store import bulk
from fahuo.store.engine import Tx
from fahuo.store.tables import journal

Head = tuple[int, bytes]
ROOT = bytes(32)
START: Head = (0, ROOT)
_COLUMNS = ("seller_id", "order_id", "seq", "at", "kind", "actor", "data", "prev", "hash")


class Entry(NamedTuple):
    """One thing that happened to an order. `data`: facts and reasons, no personal data, no floats; `at`: when."""

    order_id: int
    kind: str
    at: int
    actor: str
    data: dict[str, Any]


class Line(NamedTuple):
    """A journal row as read back."""

    order_id: int
    seq: int
    at: int
    kind: str
    actor: str
    data: dict[str, Any]
    hash: bytes


def append(tx: Tx, entries: Iterable[Entry], heads: Mapping[int, Head]) -> dict[int, Head]:
    """Write the entries, in their order, behind the heads given (an order without one begins at `START`).

    Returns the new heads of the orders touched, which the caller stores on the order rows in the same transaction
    (`store_heads`, or as columns of its own insert). A stale head raises IntegrityError.
    """
    seller = tx.seller_id
    after: dict[int, Head] = {}
    rows: list[tuple[Any, ...]] = []
    for order_id, kind, at, actor, data in entries:
        seq, prev = after.get(order_id) or heads.get(order_id, START)
        seq += 1
        text = canonical_record(data).decode()
        link = _link(seller, order_id, seq, at, kind, actor, text, prev)
        after[order_id] = (seq, link)
        rows.append((seller, order_id, seq, at, kind, actor, text, prev, link))
    bulk.insert(tx, journal, _COLUMNS, rows)
    return after


def store_heads(tx: Tx, orders: Table, heads: Mapping[int, Head]) -> None:
    """Move the heads of existing order rows forward, in id order. Raises RuntimeError when one is ahead already."""
    rows = [(tx.seller_id, order_id, seq, head) for order_id, (seq, head) in sorted(heads.items())]
    moved = bulk.update(
        tx,
        orders,
        ("seller_id", "id"),
        ("journal_seq", "journal_head"),
        rows,
        guard="t.journal_seq < v.journal_seq",
    )
    if moved != len(rows):
        raise RuntimeError(f"{len(rows) - moved} of {len(rows)} journal heads were ahead already or have no order")


def read_heads(tx: Tx, orders: Table, ids: Iterable[int]) -> dict[int, Head]:
    """The heads of these orders; lock the rows before (`bulk.lock_orders`)."""
    wanted = select(orders.c.id, orders.c.journal_seq, orders.c.journal_head).where(
        orders.c.seller_id == tx.seller_id, bulk.any_of(orders.c.id, "ids")
    )
    return {order_id: (seq, bytes(head)) for order_id, seq, head in tx.rows(wanted, ids=bulk.array(tx, ids))}


def lines(tx: Tx, order_id: int) -> list[Line]:
    """The journal of one order from its beginning."""
    columns = [journal.c[name] for name in Line._fields]
    wanted = (
        select(*columns)
        .where(journal.c.seller_id == tx.seller_id, journal.c.order_id == bindparam("order"))
        .order_by(journal.c.seq)
    )
    return [Line(*row)._replace(data=json.decode(row[5])) for row in tx.rows(wanted, order=order_id)]


class Broken(NamedTuple):
    """A place where a chain does not hold: `what` is gap, link (prev is not the row before) or hash (row changed)."""

    order_id: int
    seq: int
    what: str


def broken(tx: Tx) -> Iterator[Broken]:
    """Every row of the seller, recomputed; yields the first fault of each order. Memory does not grow."""
    stream = tx.stream(
        select(*[journal.c[name] for name in _COLUMNS[1:]])
        .where(journal.c.seller_id == tx.seller_id)
        .order_by(journal.c.order_id, journal.c.seq)
    )
    current, seq, head, bad = None, 0, ROOT, False
    for portion in stream:
        for order_id, number, at, kind, actor, data, prev, link in portion:
            if order_id != current:
                current, seq, head, bad = order_id, 0, ROOT, False
            what = _fault(tx.seller_id, (order_id, number, at, kind, actor, data), (prev, link), (seq, head))
            if what and not bad:
                yield Broken(order_id, number, what)
                bad = True
            seq, head = number, bytes(link)


def _fault(seller: int, row: tuple[int, int, int, str, str, str], stored: tuple[bytes, bytes], before: Head) -> str:
    prev, link = bytes(stored[0]), bytes(stored[1])
    if row[1] != before[0] + 1:
        return "gap"
    if prev != before[1]:
        return "link"
    return "" if _link(seller, *row, prev) == link else "hash"


def _link(seller: int, order_id: int, seq: int, at: int, kind: str, actor: str, data: str, prev: bytes) -> bytes:
    row = (
        f'{{"actor":{_quoted(actor)},"at":{at},"data":{data},"kind":{_quoted(kind)},'
        f'"order_id":"{order_id}","seller_id":"{seller}","seq":{seq}}}'
    )
    return sha256(prev + row.encode()).digest()


@lru_cache(maxsize=4096)
def _quoted(text: str) -> str:
    return canonical(text).decode()
