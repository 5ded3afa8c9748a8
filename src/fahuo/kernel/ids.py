"""Our own ids: positive 64-bit integers that grow with time and never repeat.

41 bits of milliseconds since 2024, 8 bits of sequence, 14 bits drawn at random per process. One process can take
256,000 a second for ever; a larger batch borrows from the next milliseconds. Ids therefore sort by time of creation
within a process exactly, across processes nearly.
"""

import os
import secrets
import time
from threading import Lock

EPOCH_MS = 1_704_067_200_000  # 2024-01-01T00:00:00Z; the 41 bits last until 2093
_SEQUENCE_BITS = 8
_WORKER_BITS = 14
_STEP = 1 << _WORKER_BITS
_LIMIT = 1 << (63 - _WORKER_BITS)


class _Source:
    """The counter of one process; `worker` tells its ids from those of other processes."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._next = 1
        self.worker = secrets.randbits(_WORKER_BITS)

    def take(self, n: int, at_ms: int) -> range:
        with self._lock:
            start = max(self._next, (at_ms - EPOCH_MS) << _SEQUENCE_BITS)
            if start + n > _LIMIT:
                raise ValueError(f"no 64-bit id for that time: {at_ms} ms")
            self._next = start + n
        first = start * _STEP + self.worker
        return range(first, first + n * _STEP, _STEP)


_source = _Source()


def _renew() -> None:
    global _source  # noqa: PLW0603 - a forked child must not go on with its parent's counter and worker bits
    _source = _Source()


os.register_at_fork(after_in_child=_renew)


def new_ids(n: int, at_ms: int | None = None) -> range:
    """`n` new ids, strictly growing, as a range (no list is built). `at_ms` stands in for the machine's clock.

    A clock that steps back does not matter: the next ids continue after the last ones.
    """
    if n < 0:
        raise ValueError(f"cannot make {n} ids")
    return _source.take(n, time.time_ns() // 1_000_000 if at_ms is None else at_ms)


def new_id(at_ms: int | None = None) -> int:
    """One new id."""
    return new_ids(1, at_ms)[0]


def id_ms(value: int) -> int:
    """The millisecond (since 1970) an id of ours was made in; a large batch may be slightly ahead."""
    return (value >> (_WORKER_BITS + _SEQUENCE_BITS)) + EPOCH_MS
