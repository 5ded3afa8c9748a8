"""The two clocks that are handed in: business time, which may jump, and technical time, which only runs."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from fahuo.kernel.instant import Instant


class BusinessClock(Protocol):
    """What every rule goes by."""

    def now(self) -> Instant:
        """Epoch seconds, UTC."""
        ...


class RealClock:
    """The machine's time."""

    def now(self) -> Instant:
        """Epoch seconds, UTC."""
        return int(time.time())


@dataclass(frozen=True)
class FixedClock:
    """Time that stands still at `instant`: for tests and replays."""

    instant: Instant

    def now(self) -> Instant:
        """Epoch seconds, UTC."""
        return self.instant


class FollowedClock:
    """Time that somebody else tells, such as a sandbox whose clock jumps: for tests and demonstrations.

    `ask` returns epoch seconds and is called again when the last answer is older than `fresh_s` real seconds. Time
    never goes back, and stands while `ask` fails; only what its first call raises comes through.
    """

    def __init__(
        self,
        ask: Callable[[], Instant],
        fresh_s: float = 0.1,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask, self._fresh_s, self._seconds = ask, fresh_s, seconds
        self._lock = threading.Lock()
        self._at = ask()
        self._asked = seconds()

    def now(self) -> Instant:
        """Epoch seconds, UTC."""
        with self._lock:
            if self._seconds() - self._asked >= self._fresh_s:
                with suppress(Exception):  # whatever it is: time stands until it is told again
                    self._at = max(self._at, self._ask())
                self._asked = self._seconds()
            return self._at


def technical_ms() -> int:
    """Epoch milliseconds of the machine: for leases, back-off and sessions, never for rules."""
    return time.time_ns() // 1_000_000
