"""The two clocks that are handed in: business time, which may jump, and technical time, which only runs."""

import time
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


def technical_ms() -> int:
    """Epoch milliseconds of the machine: for leases, back-off and sessions, never for rules."""
    return time.time_ns() // 1_000_000
