"""The platform's signatures: of a call, and of a notice it sends. HMAC-SHA256, keyed and wrapped with the app secret.

What is signed is what is sent: parameters decoded, the body byte for byte. Headers and the token are not signed.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

UNSIGNED: Final = frozenset({"sign", "access_token"})
"""Query parameters that take no part in the signature."""


def sign(secret: bytes, path: str, query: Mapping[str, str], body: bytes = b"", *, multipart: bool = False) -> str:
    """The value of `sign` for a call: lowercase hexadecimal.

    `path` without host and query; `query` with decoded values; `body` exactly as sent (multipart bodies do not count).
    """
    named = "".join(f"{name}{query[name]}" for name in sorted(query) if name not in UNSIGNED)
    text = secret + f"{path}{named}".encode() + (b"" if multipart else body) + secret
    return hmac.new(secret, text, hashlib.sha256).hexdigest()


def sign_notice(secret: bytes, app_key: str, body: bytes) -> str:
    """The `Authorization` of a notice: no time is in it, so a replay is known by its notification id only."""
    return hmac.digest(secret, app_key.encode() + body, "sha256").hex()


def notice_is_true(secret: bytes, app_key: str, body: bytes, given: str) -> bool:
    """Whether the platform sent this body. Compares in constant time; any text may be given."""
    return hmac.compare_digest(sign_notice(secret, app_key, body).encode(), given.strip().encode("utf-8", "replace"))
