"""The signature of a call: HMAC-SHA256 over `timestamp.body`, so that neither can be changed or played back later.

Headers: `Fahuo-Timestamp` (epoch seconds), `Fahuo-Signature` (`v1=` and hexadecimal), `Idempotency-Key`.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

TOLERANCE_S: Final = 300
"""How old a call may be when it is checked."""
_DIGITS: Final = 12


def sign(secret: bytes, timestamp: int, body: bytes) -> str:
    """The value of `Fahuo-Signature`."""
    return "v1=" + hmac.new(secret, f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def check(secret: bytes, timestamp: str, signature: str, body: bytes, now: int) -> bool:
    """Whether a call is ours and fresh; for receivers. Compares in constant time."""
    if not timestamp.isdecimal() or len(timestamp) > _DIGITS or abs(now - int(timestamp)) > TOLERANCE_S:
        return False
    return hmac.compare_digest(sign(secret, int(timestamp), body), signature)
