"""Master key and sellers' keys."""

import pytest

from fahuo.kernel.crypto import Sealed
from fahuo.kernel.problems import Failure
from fahuo.store.engine import Store, open_store
from fahuo.store.keys import KeyRing
from tests.support.stores import MASTER


def test_sealed_for_one_seller_and_row_opens_only_there(store: Store) -> None:
    with store.write() as tx:
        sealed = tx.keys.seal(b"secret", "row|1")
        assert tx.keys.open(sealed, "row|1") == b"secret"
        with pytest.raises(Sealed):
            tx.keys.open(sealed, "row|2")
    with store.write(seller_id=2) as tx, pytest.raises(Sealed):
        tx.keys.open(sealed, "row|1")


def test_keys_outlive_the_process_and_only_the_master_key_opens_them(store: Store, store_url: str) -> None:
    with store.write() as tx:
        sealed = tx.keys.seal(b"secret", "row")
    with open_store(store_url, master=MASTER) as again, again.read() as tx:
        assert tx.keys.exist()
        assert tx.keys.open(sealed, "row") == b"secret"
    with open_store(store_url, master=bytes(32)) as other, pytest.raises(Failure) as caught, other.read() as tx:
        tx.keys.open(sealed, "row")
    assert caught.value.problem.code == "master_key_wrong"


def test_keys_of_a_transaction_taken_back_are_forgotten(store: Store) -> None:
    def fail() -> None:
        with store.write() as tx:
            assert tx.keys.data
            raise KeyError("no")

    with pytest.raises(KeyError):
        fail()
    with store.read() as tx:
        assert not tx.keys.exist()
        with pytest.raises(RuntimeError, match="has no keys"):
            _ = tx.keys.data
    with store.write() as tx:
        sealed = tx.keys.seal(b"x", "row")
    with store.read() as tx:
        assert tx.keys.open(sealed, "row") == b"x"


def test_nothing_of_the_keys_is_in_their_description(store: Store) -> None:
    with store.write() as tx:
        shown = f"{store.keys!r} {tx.keys!r} {tx.keys.data and tx.keys!r}"
    assert MASTER.hex() not in shown
    assert "b'" not in shown


def test_without_a_master_key_the_first_use_says_so() -> None:
    with pytest.raises(Failure) as caught:
        KeyRing(None).check()
    assert caught.value.problem.code == "master_key_missing"
