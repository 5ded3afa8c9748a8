"""Passwords and tokens: making, hashing, comparing. Nothing here is ever logged or printed by us."""

import hashlib
import hmac
import secrets
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MARK = "fahuo"
_PREFIX_BYTES = 6
_SECRET_BYTES = 32
_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """Argon2id with the library's current parameters, which stand in the text itself."""
    return _hasher.hash(password)


@lru_cache(maxsize=1)
def _nobody() -> str:
    return hash_password(secrets.token_urlsafe(16))


def password_matches(password_hash: str | None, password: str) -> bool:
    """Whether it is the password. Without a hash (no such user) it takes as long and says no."""
    try:
        return _hasher.verify(password_hash or _nobody(), password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def outdated(password_hash: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


def new_password() -> str:
    """A password nobody has to invent: 96 random bits, easy to copy."""
    return "-".join(secrets.token_hex(3) for _ in range(4))


def new_session_token() -> str:
    """What the cookie holds: 256 random bits."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def new_api_token() -> tuple[str, str]:
    """(prefix, whole token `fahuo_<prefix>_<secret>`)."""
    prefix = secrets.token_hex(_PREFIX_BYTES)
    return prefix, f"{MARK}_{prefix}_{secrets.token_urlsafe(_SECRET_BYTES)}"


def prefix_of(token: str) -> str | None:
    """The prefix of something that looks like a token of ours."""
    mark, _, rest = token.partition("_")
    prefix, _, secret = rest.partition("_")
    return prefix if mark == MARK and prefix and secret else None


def fingerprint(token: str) -> bytes:
    """What the database keeps of a random token; it is long enough to need neither salt nor slowness."""
    return hashlib.sha256(token.encode()).digest()


def same(one: bytes, other: bytes) -> bool:
    """Equal, compared in constant time."""
    return hmac.compare_digest(one, other)


def csrf_of(session_token: str) -> str:
    """The token that forms of this session carry: bound to the cookie, stored nowhere."""
    return hmac.new(session_token.encode(), b"fahuo csrf", hashlib.sha256).hexdigest()


def csrf_matches(session_token: str, given: str) -> bool:
    """Whether a form came from a page of this session."""
    return same(csrf_of(session_token).encode(), given.encode())
