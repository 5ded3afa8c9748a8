"""Every reading statement of the access station."""

import msgspec
from sqlalchemy import select

from fahuo.access.model import ApiToken, Attempts, Session, User
from fahuo.access.tables import access_log, api_tokens, login_attempts, sessions, users
from fahuo.store.engine import Tx

_USER = (users.c.id, users.c.name, users.c.role, users.c.active, users.c.created_at, users.c.password_hash)
_TOKEN = (
    api_tokens.c.id,
    api_tokens.c.name,
    api_tokens.c.prefix,
    api_tokens.c.actions,
    api_tokens.c.shops,
    api_tokens.c.created_at,
    api_tokens.c.expires_at,
    api_tokens.c.revoked_at,
    api_tokens.c.used_ms,
)


def user_list(tx: Tx) -> list[User]:
    """All users, by name."""
    return [
        User(*row) for row in tx.rows(select(*_USER).where(users.c.seller_id == tx.seller_id).order_by(users.c.name))
    ]


def user_named(tx: Tx, name: str) -> User | None:
    """The user of that (clean) name."""
    rows = tx.rows(select(*_USER).where(users.c.seller_id == tx.seller_id, users.c.name == name))
    return User(*rows[0]) if rows else None


def session_of(tx: Tx, token_hash: bytes) -> Session | None:
    """The session behind a cookie's hash, with its user; live or not."""
    s = sessions.c
    rows = tx.rows(
        select(s.created_ms, s.seen_ms, s.expires_ms, *_USER)
        .join(users, (users.c.seller_id == s.seller_id) & (users.c.id == s.user_id))
        .where(s.seller_id == tx.seller_id, s.token_hash == token_hash)
    )
    return Session(User(*rows[0][3:]), *rows[0][:3]) if rows else None


def _token(row: tuple[object, ...]) -> ApiToken:
    token_id, name, prefix, actions, shops, *times = row
    granted = frozenset(msgspec.json.decode(str(actions), type=list[str]))
    limited = None if shops is None else frozenset(msgspec.json.decode(str(shops), type=list[int]))
    return ApiToken(token_id, name, prefix, granted, limited, *times)  # type: ignore[arg-type]  # a row of _TOKEN's columns


def token_list(tx: Tx) -> list[ApiToken]:
    """All API tokens, revoked ones too, oldest first."""
    rows = tx.rows(select(*_TOKEN).where(api_tokens.c.seller_id == tx.seller_id).order_by(api_tokens.c.id))
    return [_token(row) for row in rows]


def token_by_prefix(tx: Tx, prefix: str) -> tuple[ApiToken, bytes] | None:
    """The token of that prefix and the hash of the whole."""
    rows = tx.rows(
        select(*_TOKEN, api_tokens.c.token_hash).where(
            api_tokens.c.seller_id == tx.seller_id, api_tokens.c.prefix == prefix
        )
    )
    return (_token(tuple(rows[0][:-1])), bytes(rows[0][-1])) if rows else None


def attempts_of(tx: Tx, kind: str, subject: bytes) -> Attempts | None:
    """What is remembered about a user name or address."""
    a = login_attempts.c
    rows = tx.rows(
        select(a.failures, a.last_ms).where(a.seller_id == tx.seller_id, a.kind == kind, a.subject == subject)
    )
    return Attempts(*rows[0]) if rows else None


def log_rows(tx: Tx, limit: int = 200) -> list[tuple[int, str, str, str, str]]:
    """(at, actor, event, subject, data) of the latest entries, newest first."""
    log = access_log.c
    rows = tx.rows(
        select(log.at, log.actor, log.event, log.subject, log.data)
        .where(log.seller_id == tx.seller_id)
        .order_by(log.id.desc())
        .limit(limit)
    )
    return [(row[0], row[1], row[2], row[3], row[4]) for row in rows]
