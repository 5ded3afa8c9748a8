"""Payloads come back byte for byte, whatever they are; the examples they are packed by never change."""

import hashlib
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fahuo.kernel.compact import packer, unpack


@given(st.lists(st.binary(max_size=5_000), max_size=5))
def test_what_is_packed_comes_back(raws: list[bytes]) -> None:
    pack = packer()
    assert [unpack(pack(raw)) for raw in raws] == raws


def test_an_order_becomes_a_fraction() -> None:
    order = files("fahuo.kernel").joinpath("compact.jsonl").read_bytes().splitlines()[0]
    other = order.replace(b"576007", b"576123").replace(b"1500700", b"1512345")
    assert len(packer()(other)) < len(other) / 5


def test_the_examples_are_those_stored_payloads_need() -> None:
    """A change here would make every payload stored so far unreadable: add a new file and number instead."""
    examples = files("fahuo.kernel").joinpath("compact.jsonl").read_bytes()
    assert hashlib.sha256(examples).hexdigest() == "20cdf793c21e003a0ff3fbf8c2c525d99023724f5b5378ae32f670bcad55fff0"
    packed = bytes.fromhex("0128b52ffd20275d0000087d0200d7830242bc0208")
    assert unpack(packed) == b'{"id":"1","status":"AWAITING_SHIPMENT"}'


@pytest.mark.parametrize("stored", [b"", b'{"id":"1"}', b"\x02abc"])
def test_what_was_not_packed_here_is_an_error(stored: bytes) -> None:
    with pytest.raises(ValueError, match="packed"):
        unpack(stored)
