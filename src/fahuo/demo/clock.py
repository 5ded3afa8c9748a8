"""Business time of the demonstration: it stands until it is moved, then runs faster than the machine's."""

from __future__ import annotations

import time
from collections.abc import Callable

from fahuo.kernel.instant import Instant


class DemoClock:
    """A `BusinessClock` that is set, or runs at a number of business seconds a second."""

    def __init__(self, start: Instant, seconds: Callable[[], float] = time.monotonic) -> None:
        self._at, self._since, self._speed, self._seconds = start, 0.0, 0.0, seconds

    def now(self) -> Instant:
        """Epoch seconds, UTC."""
        if not self._speed:
            return self._at
        return self._at + int((self._seconds() - self._since) * self._speed)

    def set(self, at: Instant) -> None:
        """Stand still at that instant. Business time never goes back."""
        self._at, self._speed = max(at, self.now()), 0.0

    def reach(self, at: Instant) -> None:
        """Leap forward to that instant unless it has passed; it stands or runs on as before."""
        if at > self.now():
            self._at, self._since = at, self._seconds()

    def run(self, speed: float) -> None:
        """Go on from here, so many times as fast as the machine."""
        self._at, self._since, self._speed = self.now(), self._seconds(), speed

    def wait_s(self, at: Instant) -> float:
        """Real seconds until that instant; 0 when it has passed. The clock must run."""
        return max(0.0, (at - self.now()) / self._speed)
