"""Figures that many look at and that cost something: worked out once, by one request, and kept for a moment."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, Final, TypeVar

T = TypeVar("T")
KEPT: Final = 256


class Recent:
    """Answers by key, each for so many seconds of real time. Requests that come meanwhile wait for the one at work."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[Hashable, threading.Lock] = {}
        self._found: dict[Hashable, tuple[float, Any]] = {}

    def get(self, key: Hashable, seconds: float, make: Callable[[], T]) -> T:
        """What was made under the key less than `seconds` ago, else made now."""
        with self._lock:
            if len(self._locks) > KEPT:
                self._locks.clear()
                self._found.clear()
            mine = self._locks.setdefault(key, threading.Lock())
        with mine:
            at, found = self._found.get(key, (float("-inf"), None))
            if time.monotonic() - at < seconds:
                kept: T = found
                return kept
            made = make()
            self._found[key] = time.monotonic(), made
            return made
