"""Chains, heads, checkpoints: what is written holds, and every way of changing it afterwards is found."""

# ruff: noqa: S608 -- the statements that tamper name constants of this file only

import json
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, IntegrityError

from fahuo.kernel.canonical import canonical
from fahuo.kernel.problems import Failure
from fahuo.orders.tables import orders
from fahuo.store import bulk, checkpoint, settings, verify
from fahuo.store import journal as book
from fahuo.store.engine import Store, Tx
from fahuo.store.journal import START, Entry
from fahuo.store.tables import ARCHIVING, JOURNAL_GUARD, journal, journal_checkpoints, journal_leaves
from tests.support.rows import insert_row

AT = 1_768_204_800
BIG = 2**62


def note(order_id: int, kind: str = "taken", **data: object) -> Entry:
    return Entry(order_id, kind, AT, "import:1", data)


def write(tx: Tx, *entries: Entry) -> None:
    """What flow does: append behind the heads read from the order rows, and store the new ones."""
    ids = {entry.order_id for entry in entries}
    bulk.lock_orders(tx, orders, ids)
    heads = book.read_heads(tx, orders, ids)
    for order_id in ids - heads.keys():
        insert_row(tx, orders, id=order_id, platform_order_id=str(order_id), journal_head=START[1])
    book.store_heads(tx, orders, book.append(tx, entries, heads))


def found(tx: Tx) -> list[tuple[str, str | None]]:
    return [(finding.code, finding.value) for _, finding in verify.run(tx, verify.store_checks(orders))]


@pytest.fixture
def written(store: Store) -> Store:
    with store.write() as tx:
        write(tx, note(BIG, units=2), note(BIG + 1), note(BIG, "clocked", due="2026-01-12T08:00:00Z"), note(BIG + 2))
    with store.write() as tx:
        write(tx, note(BIG, "packed", name='冷 "x" \u2028'))
    return store


def unguard(tx: Tx) -> None:
    """Somebody with the database's own password."""
    if tx.dialect == "sqlite":
        tx.execute("DROP TRIGGER journal_no_update")
        tx.execute("DROP TRIGGER journal_no_delete")
    else:
        tx.execute("DROP TRIGGER journal_guard ON journal")


def test_a_row_is_hashed_as_documented(written: Store) -> None:
    with written.read() as tx:
        rows = tx.rows(select(journal).where(journal.c.order_id == BIG).order_by(journal.c.seq))
    prev = bytes(32)
    for seller_id, order_id, seq, at, kind, actor, data, stored_prev, link in rows:
        plain = {"seller_id": str(seller_id), "order_id": str(order_id), "seq": seq, "at": at, "kind": kind}
        plain |= {"actor": actor, "data": json.loads(data)}
        assert bytes(stored_prev) == prev
        assert bytes(link) == sha256(prev + canonical(plain)).digest()
        prev = bytes(link)
    assert len(rows) == 3


def test_lines_come_back_in_order(written: Store) -> None:
    with written.read() as tx:
        lines = book.lines(tx, BIG)
        assert book.read_heads(tx, orders, [BIG]) == {BIG: (3, lines[-1].hash)}
    assert [(line.seq, line.kind) for line in lines] == [(1, "taken"), (2, "clocked"), (3, "packed")]
    assert lines[2].data == {"name": '冷 "x" \u2028'}


def test_what_was_written_verifies(written: Store) -> None:
    with written.write() as tx:
        assert checkpoint.make(tx, orders, AT)
    with written.read() as tx:
        assert found(tx) == []


def test_a_stale_head_is_refused(written: Store) -> None:
    with pytest.raises(IntegrityError), written.write() as tx:
        book.append(tx, [note(BIG, "again")], {BIG: START})


def test_heads_never_go_back(written: Store) -> None:
    with pytest.raises(RuntimeError, match="ahead"), written.write() as tx:
        book.store_heads(tx, orders, {BIG: (2, bytes(32))})


def test_floats_and_large_numbers_are_refused(written: Store) -> None:
    for data in ({"x": 0.5}, {"x": 2**60}):
        with pytest.raises((TypeError, ValueError)), written.write() as tx:
            book.append(tx, [note(BIG + 9, **data)], {})


def test_the_database_refuses_to_change_the_journal(written: Store) -> None:
    for statement in ("UPDATE journal SET kind = 'x'", "DELETE FROM journal"):
        with pytest.raises(DBAPIError, match="journal rows never change"), written.write() as tx:
            tx.execute(statement)


def test_archiving_may_delete_but_not_update(written: Store) -> None:
    with written.write() as tx:
        settings.put(tx, ARCHIVING, True, shared=True)
    with pytest.raises(DBAPIError, match="never change"), written.write() as tx:
        tx.execute("UPDATE journal SET kind = 'x'")
    with written.write() as tx:
        assert tx.execute(f"DELETE FROM journal WHERE order_id = {BIG}").rowcount == 3
        settings.remove(tx, ARCHIVING, shared=True)
    with pytest.raises(DBAPIError, match="never change"), written.write() as tx:
        tx.execute("DELETE FROM journal")


@pytest.mark.parametrize(
    ("tampering", "expected"),
    [
        (f"UPDATE journal SET data = '{{\"units\":3}}' WHERE order_id = {BIG} AND seq = 1", "journal_hash"),
        (f"UPDATE journal SET at = at + 1 WHERE order_id = {BIG} AND seq = 3", "journal_hash"),
        (f"UPDATE journal SET actor = 'x' WHERE order_id = {BIG + 2}", "journal_hash"),
        (f"UPDATE journal SET prev = hash WHERE order_id = {BIG} AND seq = 2", "journal_link"),
        (f"DELETE FROM journal WHERE order_id = {BIG} AND seq = 2", "journal_gap"),
        (f"DELETE FROM journal WHERE order_id = {BIG} AND seq = 1", "journal_gap"),
        (f"DELETE FROM journal WHERE order_id = {BIG} AND seq = 3", "journal_head"),
        (f"DELETE FROM journal WHERE order_id = {BIG + 1}", "journal_head"),
        (f"UPDATE orders SET journal_seq = 2 WHERE id = {BIG}", "journal_beyond"),
        (f"UPDATE orders SET journal_head = prev FROM journal WHERE id = {BIG} AND seq = 3", "journal_head"),
        (f"DELETE FROM orders WHERE id = {BIG + 1}", "orphan"),
    ],
)
def test_every_change_is_found(written: Store, tampering: str, expected: str) -> None:
    with written.write() as tx:
        unguard(tx)
        tx.execute(tampering.replace(":", "\\:"))
    with written.read() as tx:
        assert expected in {code for code, _ in found(tx)}


def test_an_order_whose_whole_journal_is_gone_is_found(written: Store) -> None:
    with written.write() as tx:
        unguard(tx)
        tx.execute(f"DELETE FROM journal WHERE order_id = {BIG + 1}")
        tx.execute(orders.update().where(orders.c.id == BIG + 1).values(journal_seq=0, journal_head=START[1]))
    with written.read() as tx:
        assert found(tx) == [("journal_head", str(BIG + 1))]


def test_a_wholly_rewritten_chain_is_found_by_the_checkpoint(written: Store, tmp_path: Path) -> None:
    kept = tmp_path / "checkpoints.jsonl"
    with written.write() as tx:
        checkpoint.make(tx, orders, AT)
        with kept.open("wb") as out:
            assert checkpoint.export(tx, out) == 1
        unguard(tx)
        tx.execute(f"DELETE FROM journal WHERE order_id = {BIG + 1}")
        tx.execute(orders.update().where(orders.c.id == BIG + 1).values(journal_seq=0, journal_head=START[1]))
        write(tx, note(BIG + 1, "invented"))
    with written.write() as tx:
        assert found(tx) == [("checkpoint", "1")]
        # Whoever also signs anew is caught by the copy kept outside.
        tx.execute(journal_checkpoints.delete())
        tx.execute(journal_leaves.delete())
        checkpoint.make(tx, orders, AT)
        assert found(tx) == []
        assert [finding.code for finding in checkpoint.check_export(tx, kept)] == ["checkpoint"]


def test_checkpoints_cover_only_what_moved(written: Store, tmp_path: Path) -> None:
    with written.write() as tx:
        first = checkpoint.make(tx, orders, AT)
        assert checkpoint.make(tx, orders, AT + 1) is None
        write(tx, note(BIG + 1, "held"))
        second = checkpoint.make(tx, orders, AT + 2)
        assert first
        assert second
        assert (first.leaves, second.leaves, second.number) == (3, 1, 2)
        assert found(tx) == []
        with (tmp_path / "kept").open("wb") as out:
            checkpoint.export(tx, out)
        assert list(checkpoint.check_export(tx, tmp_path / "kept")) == []


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE journal_checkpoints SET at = at + 1 WHERE number = 2",
        "UPDATE journal_checkpoints SET signature = prev WHERE number = 2",
        "UPDATE journal_checkpoints SET prev = root WHERE number = 2",
        "DELETE FROM journal_checkpoints WHERE number = 1",
        "DELETE FROM journal_checkpoints WHERE number = 2",
        "DELETE FROM journal_leaves WHERE number = 1",
        "UPDATE journal_leaves SET seq = 1 WHERE number = 2",
        "UPDATE seller_keys SET public_key = wrapped",
    ],
)
def test_changed_checkpoints_are_found(written: Store, tampering: str) -> None:
    with written.write() as tx:
        checkpoint.make(tx, orders, AT)
        write(tx, note(BIG + 1, "held"))
        checkpoint.make(tx, orders, AT + 2)
        assert found(tx) == []
        tx.execute(tampering)
        assert "checkpoint" in {code for code, _ in found(tx)}


def test_another_file_is_no_export(written: Store, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("hello\n")
    with written.read() as tx, pytest.raises(Failure):
        list(checkpoint.check_export(tx, path))


def test_guards_exist_for_both_databases() -> None:
    assert set(JOURNAL_GUARD) == {"sqlite", "postgresql"}


def plain_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sha256(b"\x01" + plain_root(leaves[:half]) + plain_root(leaves[half:])).digest()


@given(st.lists(st.binary(max_size=4), max_size=70))
def test_the_root_is_that_of_rfc_6962(leaves: list[bytes]) -> None:
    assert checkpoint.merkle_root(iter(leaves)) == (plain_root(leaves), len(leaves))
