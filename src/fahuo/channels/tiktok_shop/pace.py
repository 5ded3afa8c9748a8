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
        self._next = 0.0

    def take(self, now: float) -> float:
        """Book the next call; seconds to wait before making it."""
        step = 1.0 / self.rate
        self._next = max(self._next, now - BURST_S + step)
        wait = max(0.0, self._next - now)
        self._next += step
        return wait

    def pause(self, until: float) -> None:
        """No call before then."""
        self._next = max(self._next, until)

    def won(self) -> None:
        """A call went well."""
        self.rate = min(self.ceiling, self.rate + CLIMB / self.rate)

    def lost(self) -> None:
        """The platform said it was too much."""
        self.rate = max(FLOOR, self.rate / 2)


class Pace:
    """Both budgets of one app and shop. Safe to share between threads."""

    def __init__(self, reads: float, writes: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._reads, self._writes = Budget(reads), Budget(writes)
        self._halved = {True: -1.0, False: -1.0}

    def take(self, read: bool) -> float:
        """Book a call; seconds to wait before making it."""
        with self._lock:
            return self._of(read).take(self._clock())

    def went_well(self, read: bool) -> None:
        """The call was not too much."""
        with self._lock:
            self._of(read).won()

    def too_much(self, read: bool, pause_s: float) -> None:
        """The call was refused as one too many. Calls under way at that moment count as one refusal."""
        with self._lock:
            now = self._clock()
            if now > self._halved[read]:
                self._of(read).lost()
                self._halved[read] = now + 1.0 / self._of(read).rate
            self._reads.pause(now + pause_s)
            self._writes.pause(now + pause_s)

    @property
    def rates(self) -> tuple[float, float]:
        """Reads and writes a second at present."""
        with self._lock:
            return self._reads.rate, self._writes.rate

    def _of(self, read: bool) -> Budget:
        return self._reads if read else self._writes
