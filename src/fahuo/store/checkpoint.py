"""Checkpoints: now and then a Merkle root over all journal heads that moved, signed, and kept outside if wanted.

A chain alone shows that rows fit each other; someone who rewrites a whole chain is caught by a checkpoint. The tree is
that of RFC 6962; a leaf is seller, order and seq (8 bytes each, big-endian) and the hash of that journal row, by order
id. What is signed (Ed25519) is a canonical JSON statement that also names the hash of the statement before.
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec
from sqlalchemy import Table, and_, bindparam, func, insert, literal, select

from fahuo.kernel import crypto
from fahuo.kernel.canonical import canonical
from fahuo.kernel.instant import iso
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.store import bulk
from fahuo.store.engine import Tx
from fahuo.store.tables import journal, journal_checkpoints, journal_leaves, seller_keys

_COLUMNS = ("number", "at", "leaves", "root", "prev", "public_key", "signature")


class Checkpoint(NamedTuple):
    """One signed statement about the journal; `prev` is the hash of the statement before (zeros for the first)."""

    number: int
    at: int
    leaves: int
    root: bytes
    prev: bytes
    public_key: bytes
    signature: bytes

    def statement(self, seller_id: int) -> bytes:
        """What is signed."""
        return canonical(
            {
                "schema": "fahuo.checkpoint/1",
                "seller_id": str(seller_id),
                "number": self.number,
                "at": iso(self.at),
                "leaves": self.leaves,
                "root": self.root.hex(),
                "previous": self.prev.hex(),
            }
        )


def merkle_root(leaves: Iterable[bytes]) -> tuple[bytes, int]:
    """(root, number of leaves) of the RFC 6962 tree; holds one hash per level, not the leaves."""
    levels: list[tuple[int, bytes]] = []
    count = 0
    for leaf in leaves:
        count += 1
        size, node = 1, sha256(b"\x00" + leaf).digest()
        while levels and levels[-1][0] == size:
            node = sha256(b"\x01" + levels.pop()[1] + node).digest()
            size *= 2
        levels.append((size, node))
    if not levels:
        return sha256(b"").digest(), 0
    root = levels.pop()[1]
    while levels:
        root = sha256(b"\x01" + levels.pop()[1] + root).digest()
    return root, count


def make(tx: Tx, orders: Table, at: int) -> Checkpoint | None:
    """Write a checkpoint over every order whose head moved since the last one; None when none did.

    `orders` is the table with `journal_seq`. Reads every order row once, so do it hourly, not per batch.
    """
    last = _last(tx)
    number = last.number + 1 if last else 1
    known = select(func.max(journal_leaves.c.seq)).where(
        journal_leaves.c.seller_id == orders.c.seller_id, journal_leaves.c.order_id == orders.c.id
    )
    moved = select(orders.c.seller_id, literal(number), orders.c.id, orders.c.journal_seq).where(
        orders.c.seller_id == tx.seller_id,
        orders.c.journal_seq > func.coalesce(known.scalar_subquery(), 0),
    )
    tx.execute(insert(journal_leaves).from_select(["seller_id", "number", "order_id", "seq"], moved))
    found = list(_roots(tx, number))
    if not found:
        return None
    _, root, leaves = found[0]
    prev = sha256(last.statement(tx.seller_id)).digest() if last else bytes(32)
    private = tx.keys.signing
    public = bytes(tx.rows(_PUBLIC, seller=tx.seller_id)[0][0])
    unsigned = Checkpoint(number, at, leaves, root, prev, public, b"")
    made = unsigned._replace(signature=crypto.sign(private, unsigned.statement(tx.seller_id)))
    bulk.insert(tx, journal_checkpoints, ("seller_id", *_COLUMNS), [(tx.seller_id, *made)])
    return made


def check(tx: Tx) -> Iterator[Problem]:
    """Roots recomputed from the journal, signatures, the chain of statements. Yields what does not hold."""
    keys = [bytes(key) for (key,) in tx.rows(_PUBLIC, seller=tx.seller_id)]
    made = list(_all(tx))
    prev = bytes(32)
    for number, point in enumerate(made, 1):
        signed = crypto.verify(point.public_key, point.statement(tx.seller_id), point.signature)
        if point.number != number or point.prev != prev or not signed or point.public_key not in keys:
            yield _problem(point.number, N_("Checkpoint {number}: signature or order of checkpoints does not hold."))
        prev = sha256(point.statement(tx.seller_id)).digest()
    found = {number: (root, leaves) for number, root, leaves in _roots(tx)}
    for point in made:
        if found.pop(point.number, None) != (point.root, point.leaves):
            yield _problem(point.number, N_("Checkpoint {number}: the journal is not what was signed then."))
    for number in found:
        yield _problem(number, N_("Checkpoint {number} is missing."))


def export(tx: Tx, out: BinaryIO) -> int:
    """Write all checkpoints of the seller to a file to keep elsewhere (JSON lines); how many."""
    made = list(_all(tx))
    out.writelines(canonical(_as_line(tx.seller_id, point)) + b"\n" for point in made)
    return len(made)


def check_export(tx: Tx, path: Path) -> Iterator[Problem]:
    """Whether the seller's checkpoints kept in that file are still the database's. Raises Failure for another file."""
    ours = {point.number: _as_line(tx.seller_id, point) for point in _all(tx)}
    try:
        for line in path.read_bytes().splitlines():
            kept: dict[str, Any] = msgspec.json.decode(line, type=dict[str, Any])
            if kept["seller_id"] == str(tx.seller_id) and ours.get(kept["number"]) != kept:
                yield _problem(kept["number"], N_("Checkpoint {number} is not the one that was kept outside."))
    except (OSError, KeyError, msgspec.DecodeError):
        raise Failure(
            Problem(
                "checkpoint_file",
                value=str(path),
                message=N_("{file} is no file of checkpoints."),
                next=N_("Give a file that `fahuo db verify --export` wrote."),
                params={"file": str(path)},
            )
        ) from None


_PUBLIC = select(seller_keys.c.public_key).where(seller_keys.c.seller_id == bindparam("seller"))


def _as_line(seller_id: int, point: Checkpoint) -> dict[str, Any]:
    statement: dict[str, Any] = msgspec.json.decode(point.statement(seller_id))
    return statement | {"public_key": point.public_key.hex(), "signature": point.signature.hex()}


def _all(tx: Tx) -> Iterator[Checkpoint]:
    columns = [journal_checkpoints.c[name] for name in _COLUMNS]
    mine = select(*columns).where(journal_checkpoints.c.seller_id == tx.seller_id)
    for portion in tx.stream(mine.order_by(journal_checkpoints.c.number)):
        for number, at, leaves, *rest in portion:
            yield Checkpoint(number, at, leaves, *map(bytes, rest))


def _last(tx: Tx) -> Checkpoint | None:
    columns = [journal_checkpoints.c[name] for name in _COLUMNS]
    mine = select(*columns).where(journal_checkpoints.c.seller_id == tx.seller_id)
    found = tx.rows(mine.order_by(journal_checkpoints.c.number.desc()).limit(1))
    return Checkpoint(*found[0][:3], *map(bytes, found[0][3:])) if found else None


def _roots(tx: Tx, number: int | None = None) -> Iterator[tuple[int, bytes, int]]:
    """(checkpoint, root, leaves) as the journal has them now; a row that is gone counts as one without hash."""
    lines = and_(
        journal.c.seller_id == journal_leaves.c.seller_id,
        journal.c.order_id == journal_leaves.c.order_id,
        journal.c.seq == journal_leaves.c.seq,
    )
    leaves = select(journal_leaves.c.number, journal_leaves.c.order_id, journal_leaves.c.seq, journal.c.hash)
    leaves = leaves.select_from(journal_leaves.outerjoin(journal, lines))
    leaves = leaves.where(journal_leaves.c.seller_id == tx.seller_id)
    if number is not None:
        leaves = leaves.where(journal_leaves.c.number == number)
    ordered = tx.stream(leaves.order_by(journal_leaves.c.number, journal_leaves.c.order_id))
    rows = (row for portion in ordered for row in portion)
    for point, own in groupby(rows, key=lambda row: int(row[0])):
        root, count = merkle_root(_leaf(tx.seller_id, order_id, seq, link) for _, order_id, seq, link in own)
        yield point, root, count


def _leaf(seller_id: int, order_id: int, seq: int, link: bytes | None) -> bytes:
    return b"".join(number.to_bytes(8, "big") for number in (seller_id, order_id, seq)) + bytes(link or b"")


def _problem(number: int, message: str) -> Problem:
    return Problem(
        "checkpoint",
        value=str(number),
        message=message,
        next=N_("Compare with a backup: somebody changed the journal past the program."),
        params={"number": number},
    )
