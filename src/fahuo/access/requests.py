"""Writing requests of programs, remembered by their Idempotency-Key: a repeated one is answered, not done again."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import delete, select

from fahuo.access.tables import api_requests
from fahuo.kernel import crypto
from fahuo.store import bulk
from fahuo.store.engine import Tx

KEPT_MS: Final = 7 * 86_400_000
RUNNING_MS: Final = 60_000
"""A request that has no answer after that long died with its process; the next one of its key is carried out."""
_COLUMNS = ("seller_id", "actor", "key", "digest", "status", "answer", "media", "begun_ms")


class Remembered(NamedTuple):
    """What is known of a key. `status` None: the request is running in this moment."""

    digest: bytes
    status: int | None
    answer: bytes
    media: str


def begin(tx: Tx, actor: str, key: str, digest: bytes, now_ms: int) -> Remembered | None:
    """None: the key is new (and now taken), carry the request out. Else what became of the earlier one."""
    r = api_requests.c
    mine = (r.seller_id == tx.seller_id) & (r.actor == actor) & (r.key == key)
    dead = (r.begun_ms < now_ms - KEPT_MS) | (r.status.is_(None) & (r.begun_ms < now_ms - RUNNING_MS))
    tx.execute(delete(api_requests).where(r.seller_id == tx.seller_id, mine, dead))
    row = (tx.seller_id, actor, key, digest, None, None, "", now_ms)
    if bulk.insert_new(tx, api_requests, _COLUMNS, [row], _COLUMNS[:3]):
        return None
    found = tx.rows(select(r.digest, r.status, r.answer, r.media).where(r.seller_id == tx.seller_id, mine))
    known, status, sealed, media = found[0]
    answer = b"" if sealed is None else crypto.open_sealed(tx.keys.data, bytes(sealed), _place(tx, actor, key))
    return Remembered(bytes(known), status, answer, media)


def finish(tx: Tx, actor: str, key: str, status: int, answer: bytes, media: str) -> None:
    """Keep the answer for whoever repeats the request."""
    sealed = crypto.seal(tx.keys.data, answer, _place(tx, actor, key))
    row = (tx.seller_id, actor, key, status, sealed, media)
    bulk.update(tx, api_requests, ("seller_id", "actor", "key"), ("status", "answer", "media"), [row])


def forget(tx: Tx, actor: str, key: str) -> None:
    """The request failed without doing anything: the key is free again."""
    r = api_requests.c
    tx.execute(delete(api_requests).where(r.seller_id == tx.seller_id, r.actor == actor, r.key == key))


def purge(tx: Tx, now_ms: int) -> None:
    """Forget what is older than seven days."""
    r = api_requests.c
    tx.execute(delete(api_requests).where(r.seller_id == tx.seller_id, r.begun_ms < now_ms - KEPT_MS))


def _place(tx: Tx, actor: str, key: str) -> bytes:
    return f"{tx.seller_id}|request|{actor}|{key}".encode()
