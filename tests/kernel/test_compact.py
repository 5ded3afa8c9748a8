"""Payloads come back byte for byte, whatever they are; the dictionary they are packed by never changes."""

import hashlib
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fahuo.generate.orders import generate
from fahuo.generate.press import Options
from fahuo.kernel.compact import packer, unpack
from fahuo.kernel.instant import parse_instant


@given(st.lists(st.binary(max_size=5_000), max_size=5))
def test_what_is_packed_comes_back(raws: list[bytes]) -> None:
    pack = packer()
    assert [unpack(pack(raw)) for raw in raws] == raws


def test_an_order_becomes_a_fraction() -> None:
    now = parse_instant("2026-11-16T09:00:00Z")
    orders = [line for _, line in generate(50, ("US", "VN"), 5, Options(now=now))]
    assert sum(map(len, map(packer(), orders))) < sum(map(len, orders)) / 5


def test_the_dictionary_is_the_one_stored_payloads_need() -> None:
    """A change here would make every payload stored so far unreadable: add a new file and number instead."""
    dictionary = files("fahuo.kernel").joinpath("compact.zdict").read_bytes()
    assert hashlib.sha256(dictionary).hexdigest() == "7ed29809b587d2a196828a2dc118be8505fbfc1f447de50f4e67f33e3e0a98a5"
    assert (
        unpack(bytes.fromhex("0128b52ffd2027650000087d023ced760085f52d0102"))
        == b'{"id":"1","status":"AWAITING_SHIPMENT"}'
    )


@pytest.mark.parametrize("stored", [b"", b'{"id":"1"}', b"\x02abc"])
def test_what_was_not_packed_here_is_an_error(stored: bytes) -> None:
    with pytest.raises(ValueError, match="packed"):
        unpack(stored)
