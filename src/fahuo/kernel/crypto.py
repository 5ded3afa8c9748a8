"""Encryption at rest, keyed search, wrapped keys, signatures. Keys are 32 random bytes."""

import hashlib
import hmac
import os
from collections.abc import Callable, Sequence
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
_NONCE = 12
_TAG = 16
_BLOCK = 64
"""Bytes that SHA-256 takes at once; the keys are shorter."""


class Sealed(ValueError):
    """The bytes cannot be opened: another key, another owner (aad), or they were changed."""


def new_key() -> bytes:
    """A fresh random key."""
    return os.urandom(KEY_BYTES)


@lru_cache(maxsize=1024)
def _cipher(key: bytes) -> AESGCM:
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes, not {len(key)}")
    return AESGCM(key)


def seal(key: bytes, plaintext: bytes, aad: bytes) -> bytes:
    """AES-256-GCM: nonce, ciphertext, tag. `aad` (whose row it is) is not stored but must be the same to open it."""
    nonce = os.urandom(_NONCE)
    return nonce + _cipher(key).encrypt(nonce, plaintext, aad)


def seal_all(key: bytes, texts: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
    """`seal` of many (plaintext, aad), with randomness asked for once."""
    encrypt, random = _cipher(key).encrypt, os.urandom(_NONCE * len(texts))
    nonces = [random[at : at + _NONCE] for at in range(0, len(random), _NONCE)]
    return [nonce + encrypt(nonce, text, aad) for nonce, (text, aad) in zip(nonces, texts, strict=True)]


def open_sealed(key: bytes, sealed: bytes, aad: bytes) -> bytes:
    """What `seal` closed. Raises Sealed."""
    if len(sealed) < _NONCE + _TAG:
        raise Sealed("sealed bytes are too short")
    try:
        return _cipher(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], aad)
    except InvalidTag:
        raise Sealed("sealed bytes do not open with this key and owner") from None


def blind(key: bytes, text: str) -> bytes:
    """16 bytes by which equal texts can be found without storing them (HMAC-SHA256, cut). Normalise first."""
    return hmac.digest(key, text.encode(), hashlib.sha256)[:16]


def blinder(key: bytes) -> Callable[[str], bytes]:
    """`blind` for many texts: HMAC's two key blocks (RFC 2104) are hashed once, not once a text."""
    block = key.ljust(_BLOCK, b"\0")
    inside, outside = (hashlib.sha256(bytes([byte ^ pad for byte in block])) for pad in (0x36, 0x5C))

    def blinded(text: str) -> bytes:
        inner, outer = inside.copy(), outside.copy()
        inner.update(text.encode())
        outer.update(inner.digest())
        return outer.digest()[:16]

    return blinded


@lru_cache(maxsize=1024)
def derive(master: bytes, label: str) -> bytes:
    """A key for one purpose from a master key (HKDF-SHA256)."""
    if len(master) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes, not {len(master)}")
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"fahuo:" + label.encode()).derive(master)


def wrap_key(master: bytes, key: bytes, owner: str) -> bytes:
    """A seller's key closed by the master key, safe to store; it opens only for the same owner."""
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes, not {len(key)}")
    return seal(derive(master, "wrap"), key, owner.encode())


def unwrap_key(master: bytes, wrapped: bytes, owner: str) -> bytes:
    """The key that `wrap_key` closed. Raises Sealed when the master key or the owner is another."""
    return open_sealed(derive(master, "wrap"), wrapped, owner.encode())


def new_signing_key() -> tuple[bytes, bytes]:
    """A fresh Ed25519 pair: (private, public), 32 raw bytes each."""
    private = Ed25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def sign(private: bytes, data: bytes) -> bytes:
    """The Ed25519 signature, 64 bytes."""
    return Ed25519PrivateKey.from_private_bytes(private).sign(data)


def verify(public: bytes, data: bytes, signature: bytes) -> bool:
    """Whether the signature is of exactly these bytes by that key's owner."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except InvalidSignature:
        return False
    return True
