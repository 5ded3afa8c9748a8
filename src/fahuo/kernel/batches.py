"""Long runs over batches, without the garbage collector walking over rows that it can never free."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_YOUNG = 50_000


@contextmanager
def calm_collector() -> Iterator[None]:
    """Collect rarely while batches run: rows are plain tuples and die by reference count, cycles are few.

    What is loaded already (rule packs, catalogues) is set aside, so that no collection walks over it.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_YOUNG, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


class Away:
    """Entered by whoever is away from Python for a while, at a commit say: others can work then and are not in the way.

    Python runs one thread at a time: work aside gains nothing but while the main work is in the database.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._reasons = 0

    def __enter__(self) -> None:
        with self._changed:
            self._reasons += 1
            self._changed.notify_all()

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._reasons -= 1

    def wait(self) -> None:
        """Return as soon as anybody is away."""
        if not self._reasons:
            with self._changed:
                self._changed.wait_for(lambda: self._reasons)
