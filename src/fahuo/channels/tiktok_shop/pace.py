"""How fast an app may call for a shop: found out by trying, because the platform tells nobody.

Additive increase, multiplicative decrease, one budget for reads and one for writes of each app and shop: neither waits
behind the other. "Too many" halves the budget it hit and stops both until the platform's `Retry-After`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

FLOOR: Final = 0.2
"""Calls a second it never falls below: a pull goes on, however slowly."""
CEILING: Final = 50.0
"""Calls a second it does not climb above, unless the app starts higher [C: the figure once public]."""
CLIMB: Final = 0.5
"""Calls a second won in a second of undisturbed work."""
BURST_S: Final = 1.0
"""A budget not used for a while lets this many seconds' worth of calls go at once."""


class Budget:
    """One budget. Not thread-safe by itself: `Pace` guards it."""

    def __init__(self, start: float) -> None:
        self.rate = max(start, FLOOR)
        self.ceiling = max(CEILING, self.rate)
        self._next = float("-inf")
        self._halved = float("-inf")

    def take(self, now: float, most: float) -> float:
        """Book the next call; seconds to wait before making it. More than `most`: nothing is booked."""
        due = max(self._next, now - max(0.0, BURST_S - 1.0 / self.rate))
        wait = max(0.0, due - now)
        if wait <= most:
            self._next = due + 1.0 / self.rate
        return wait

    def pause(self, until: float) -> None:
        """No call before then, and no burst after it."""
        self._next = max(self._next, until)

    def won(self) -> None:
        """A call went well."""
        self.rate = min(self.ceiling, self.rate + CLIMB / self.rate)

    def lost(self, now: float) -> None:
        """One call too many. Calls that were under way at the same time count as one."""
        if now >= self._halved:
            self.rate = max(FLOOR, self.rate / 2)
            self._halved = now + 1.0 / self.rate


class Pace:
    """Both budgets of one app and shop. Safe to share between threads."""

    def __init__(self, reads: float, writes: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._reads, self._writes = Budget(reads), Budget(writes)

    def take(self, read: bool, most: float) -> float:
        """Book a call; seconds to wait before making it. When that is more than `most`, nothing is booked."""
        with self._lock:
            return self._of(read).take(self._clock(), most)

    def went_well(self, read: bool) -> None:
        """The call was not one too many."""
        with self._lock:
            self._of(read).won()

    def too_much(self, read: bool, pause_s: float) -> None:
        """The call was one too many: this budget is halved, and both stop for a while."""
        with self._lock:
            now = self._clock()
            self._of(read).lost(now)
            self._reads.pause(now + pause_s)
            self._writes.pause(now + pause_s)

    @property
    def rates(self) -> tuple[float, float]:
        """Reads and writes a second at present."""
        with self._lock:
            return self._reads.rate, self._writes.rate

    def _of(self, read: bool) -> Budget:
        return self._reads if read else self._writes
