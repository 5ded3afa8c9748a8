"""How many calls an app may make."""

from __future__ import annotations

import time

from fahuo.sandbox.gateway_model import TOO_MANY, Barred


class Rates:
    """A token bucket per app and shop; `rate` calls a second, twice that at once."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._full = 2 * rate
        self._kept: dict[tuple[str, str], tuple[float, float]] = {}

    def take(self, key: tuple[str, str]) -> None:
        """Raises Barred when there is none left."""
        if not self.rate:
            return
        now = time.monotonic()
        left, at = self._kept.get(key, (self._full, now))
        left = min(self._full, left + (now - at) * self.rate)
        if left < 1:
            self._kept[key] = (left, now)
            wait = max(1, round((1 - left) / self.rate))
            raise Barred(TOO_MANY, "Too many requests", 429, {"Retry-After": str(wait)})
        self._kept[key] = (left - 1, now)
