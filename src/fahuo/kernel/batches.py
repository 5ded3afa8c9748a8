"""Long runs over batches, without the garbage collector walking over rows that it can never free."""

from __future__ import annotations

import gc
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
