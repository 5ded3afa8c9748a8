"""Where the time of a run goes, by stage of the journey. Costs nothing to speak of: one entry a stage and batch."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

seconds: dict[str, float] = defaultdict(float)
"""Stage → seconds spent in it in this process, without the stages inside it. For one thread at a time."""

_running: list[list[float]] = []


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Count the time of the block to a stage; a stage inside it is counted to itself alone."""
    inner = [0.0]
    _running.append(inner)
    began = time.perf_counter()
    try:
        yield
    finally:
        took = time.perf_counter() - began
        _running.pop()
        seconds[name] += took - inner[0]
        if _running:
            _running[-1][0] += took
