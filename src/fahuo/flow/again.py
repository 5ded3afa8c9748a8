"""A transaction that is begun once more when another worker got in between."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Final, TypeVar

from sqlalchemy.exc import DBAPIError

from fahuo.store.engine import Store, Tx

T = TypeVar("T")
TRIES: Final = 12
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.01, 1.0
_COLLISIONS: Final = frozenset({"23505", "40001", "40P01"})
"""PostgreSQL: the same key written by two, serialisation failure, deadlock. SQLite has one writer and none of them."""


def write_again(store: Store, work: Callable[[Tx], T], seller_id: int = 1) -> T:
    """Run `work` in a transaction of its own; after a collision from the start, so it must keep nothing outside."""
    for number in range(TRIES - 1):
        try:
            return _once(store, work, seller_id)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in _COLLISIONS:
                raise
        # Two that collided must not come back at the same moment.
        time.sleep(random.uniform(0, min(FIRST_PAUSE_S * 2**number, LONGEST_PAUSE_S)))  # noqa: S311 - no secret
    return _once(store, work, seller_id)


def _once(store: Store, work: Callable[[Tx], T], seller_id: int) -> T:
    with store.write(seller_id) as tx:
        done = work(tx)
    store.learn()
    return done
