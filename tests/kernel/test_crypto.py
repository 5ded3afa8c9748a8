"""Sealing, blind search, wrapped keys, signatures: right keys open, everything else is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fahuo.kernel import crypto
from fahuo.kernel.crypto import Sealed

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))


@given(st.binary(max_size=200), st.binary(max_size=20))
def test_opens_again(plaintext: bytes, aad: bytes) -> None:
    sealed = crypto.seal(KEY, plaintext, aad)
    assert crypto.open_sealed(KEY, sealed, aad) == plaintext
    assert sealed != crypto.seal(KEY, plaintext, aad), "a nonce is never used twice"


@given(st.lists(st.tuples(st.binary(max_size=50), st.binary(max_size=20)), max_size=5))
def test_many_are_sealed_as_one_is(texts: list[tuple[bytes, bytes]]) -> None:
    sealed = crypto.seal_all(KEY, texts)
    assert [crypto.open_sealed(KEY, one, aad) for one, (_, aad) in zip(sealed, texts, strict=True)] == [
        plaintext for plaintext, _ in texts
    ]
    assert len({one[:12] for one in sealed}) == len(texts), "a nonce is never used twice"


@given(st.integers(0), st.integers(0, 7))
def test_a_changed_bit_is_noticed(place: int, bit: int) -> None:
    sealed = bytearray(crypto.seal(KEY, b"Nguyen Van A", b"1"))
    sealed[place % len(sealed)] ^= 1 << bit
    with pytest.raises(Sealed):
        crypto.open_sealed(KEY, bytes(sealed), b"1")


def test_another_key_or_owner_opens_nothing() -> None:
    sealed = crypto.seal(KEY, b"secret", b"row 1")
    for key, aad in ((OTHER, b"row 1"), (KEY, b"row 2"), (KEY, b"")):
        with pytest.raises(Sealed):
            crypto.open_sealed(key, sealed, aad)
    with pytest.raises(Sealed, match="too short"):
        crypto.open_sealed(KEY, sealed[:27], b"row 1")


def test_aes_256_gcm_as_published() -> None:
    """Test case 14 of the GCM specification: a zero key, a zero nonce, sixteen zero bytes."""
    published = bytes.fromhex("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919")
    assert crypto.open_sealed(bytes(32), bytes(12) + published, b"") == bytes(16)


@given(st.binary(min_size=32, max_size=32), st.lists(st.text(max_size=200), max_size=3))
def test_blinding_many_is_blinding_each(key: bytes, texts: list[str]) -> None:
    blind = crypto.blinder(key)
    assert [blind(text) for text in texts] == [crypto.blind(key, text) for text in texts]


def test_blind_search() -> None:
    assert crypto.blind(KEY, "阮文甲") == crypto.blind(KEY, "阮文甲")
    assert len(crypto.blind(KEY, "+84901234567")) == 16
    assert len({crypto.blind(KEY, "a"), crypto.blind(KEY, "b"), crypto.blind(OTHER, "a")}) == 3


def test_derived_keys_differ_by_label_and_master() -> None:
    keys = {crypto.derive(KEY, "name"), crypto.derive(KEY, "phone"), crypto.derive(OTHER, "name"), KEY}
    assert len(keys) == 4
    assert {len(k) for k in keys} == {32}
    assert crypto.derive(KEY, "name") == crypto.derive(bytes(KEY), "name")


def test_a_wrapped_key_opens_for_its_owner_only() -> None:
    key = crypto.new_key()
    wrapped = crypto.wrap_key(KEY, key, "1")
    assert key not in wrapped
    assert crypto.unwrap_key(KEY, wrapped, "1") == key
    for master, owner in ((OTHER, "1"), (KEY, "2")):
        with pytest.raises(Sealed):
            crypto.unwrap_key(master, wrapped, owner)


@pytest.mark.parametrize("key", [b"", b"short", bytes(31), bytes(33)])
def test_keys_have_32_bytes(key: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        crypto.seal(key, b"", b"")
    with pytest.raises(ValueError, match="32 bytes"):
        crypto.derive(key, "x")
    with pytest.raises(ValueError, match="32 bytes"):
        crypto.wrap_key(KEY, key, "1")


def test_signatures() -> None:
    private, public = crypto.new_signing_key()
    signature = crypto.sign(private, b"checkpoint")
    assert len(signature) == 64
    assert crypto.verify(public, b"checkpoint", signature)
    assert not crypto.verify(public, b"checkpoint!", signature)
    assert not crypto.verify(public, b"checkpoint", bytes(64))
    assert not crypto.verify(crypto.new_signing_key()[1], b"checkpoint", signature)


def test_ed25519_as_published() -> None:
    """The first test of RFC 8032."""
    private = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    assert (
        crypto.sign(private, b"").hex().startswith("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155")
    )
    assert crypto.verify(public, b"", crypto.sign(private, b""))
