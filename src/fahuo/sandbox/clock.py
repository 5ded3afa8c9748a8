"""The sandbox's own time: it stands, runs at any speed, or jumps forward. It never goes back."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

EARLIEST: Final = 946_684_800
LATEST: Final = 4_102_444_800
"""The sandbox lives between the years 2000 and 2100: calendars, zones and dates hold there."""


class SandboxClock:
    """Business time of the sandbox, epoch seconds. `speed`: sandbox seconds per real second; 0 stands still."""

    def __init__(self, start: int, speed: float = 0.0, *, machine: Callable[[], float] = time.monotonic) -> None:
        self._machine = machine
        self._base, self._mark, self._speed = float(start), machine(), speed

    def now(self) -> int:
        """Epoch seconds, UTC."""
        return int(self._exact())

    @property
    def speed(self) -> float:
        """Sandbox seconds per real second."""
        return self._speed

    @speed.setter
    def speed(self, value: float) -> None:
        if value < 0:
            raise ValueError("the clock cannot run backwards")
        self._base, self._mark, self._speed = self._exact(), self._machine(), value

    def jump(self, seconds: float) -> int:
        """Forward by that many seconds; answers the new time."""
        if seconds < 0:
            raise ValueError("the clock cannot go back")
        self._base += seconds
        return self.now()

    def reach(self, at: int) -> None:
        """Forward to that instant, unless it has passed."""
        behind = at - self._exact()
        if behind > 0:
            self._base += behind

    def _exact(self) -> float:
        return self._base + (self._machine() - self._mark) * self._speed
