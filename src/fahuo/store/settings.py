"""Settings kept in the database as JSON, per seller or for the installation; and which regular job runs when."""

from typing import Any

from msgspec import json
from sqlalchemy import bindparam, delete, select, update

from fahuo.kernel.clock import technical_ms
from fahuo.store import bulk
from fahuo.store.engine import Tx
from fahuo.store.tables import settings, worker_cron

INSTALLATION = 0
_ONE = select(settings.c.value).where(
    settings.c.seller_id == bindparam("seller"), settings.c.key == bindparam("setting")
)

_DUE = select(worker_cron.c.due_at).where(
    worker_cron.c.seller_id == bindparam("seller"), worker_cron.c.name == bindparam("job")
)
_LATER = select(worker_cron.c.name).where(
    worker_cron.c.seller_id == bindparam("seller"), worker_cron.c.due_at > bindparam("now")
)


def get(tx: Tx, key: str, default: Any = None, *, shared: bool = False) -> Any:
    """The value under that key, else `default`. `shared`: of the whole installation, not of the seller."""
    found = tx.rows(_ONE, seller=_owner(tx, shared), setting=key)
    return json.decode(found[0][0]) if found else default


def put(tx: Tx, key: str, value: Any, *, shared: bool = False) -> None:
    """Set it, or replace what is there. `value`: anything JSON can hold. No secrets and no personal data."""
    row = (_owner(tx, shared), key, json.encode(value).decode(), technical_ms())
    columns = ("seller_id", "key", "value", "updated_ms")
    bulk.upsert(tx, settings, columns, [row], columns[:2], columns[2:])


def remove(tx: Tx, key: str, *, shared: bool = False) -> None:
    """Forget it; nothing happens when it is not there."""
    tx.execute(delete(settings).where(settings.c.seller_id == _owner(tx, shared), settings.c.key == key))


def starting(tx: Tx, prefix: str, *, shared: bool = False) -> dict[str, Any]:
    """All settings whose key begins with `prefix`."""
    mine = select(settings.c.key, settings.c.value).where(settings.c.seller_id == _owner(tx, shared))
    found = tx.rows(mine.where(settings.c.key.startswith(prefix, autoescape=True)).order_by(settings.c.key))
    return {key: json.decode(value) for key, value in found}


def job_due(tx: Tx, name: str, every: int, now: int, worker: str = "") -> bool:
    """Whether the regular job should run now (business time); if so it is booked, so only one worker gets True.

    `every`: seconds from one run to the next. A job heard of for the first time is due at once.
    """
    known = bulk.fetch(tx, _DUE, seller=tx.seller_id, job=name)
    if known and known[0][0] > now:
        return False  # what is usual, and costs no write
    if not known:
        row = (tx.seller_id, name, now, "")
        bulk.insert_new(tx, worker_cron, ("seller_id", "name", "due_at", "worker"), [row], ("seller_id", "name"))
    booked = tx.execute(
        update(worker_cron)
        .where(worker_cron.c.seller_id == tx.seller_id, worker_cron.c.name == name, worker_cron.c.due_at <= now)
        .values(due_at=now + every, ran_at=now, worker=worker)
    )
    return bool(booked.rowcount)


def jobs_later(tx: Tx, now: int) -> set[str]:
    """Regular jobs that are not due yet: a look that spares whoever has many of them the writing."""
    return {row[0] for row in bulk.fetch(tx, _LATER, seller=tx.seller_id, now=now)}


def _owner(tx: Tx, shared: bool) -> int:
    return INSTALLATION if shared else tx.seller_id
