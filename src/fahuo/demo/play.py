"""The demonstration's day: the platform lives, its notices come in, Fahuo works, the staff works; step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from fahuo.demo.clock import DemoClock
from fahuo.demo.house import ACTOR
from fahuo.demo.inside import DAY, MINUTE, Inside
from fahuo.demo.platform import Platform
from fahuo.flow.dispatch import channels
from fahuo.flow.house import House
from fahuo.flow.run import Pass, run_once

STEP: Final = 30 * MINUTE
"""How far business time goes at once when days are played without waiting."""
LIVE_STEP: Final = 5 * MINUTE
"""The same while time runs."""
ROUNDS: Final = 20
"""Passes at one instant until nothing is left to tell: more than the platform's flows have steps."""


class Play:
    """A house, the platform it sells on and the people in it. One thread plays; others may read the house meanwhile."""

    def __init__(self, house: House, clock: DemoClock, outside: Platform, staff: int) -> None:
        self.house, self.outside = house, outside
        self._clock = clock
        self._inside = Inside(house, outside, staff)
        self._channels = channels(house)
        self.at = clock.now()

    def fast(self, days: int, told: Callable[[], None] = lambda: None) -> None:
        """Play so many days without waiting. `told` is called after each step."""
        until = self.at + days * DAY
        while self.at < until:
            self.advance(min(STEP, until - self.at))
            told()
        self.settle()

    def advance(self, seconds: int = STEP) -> None:
        """Let that much time pass at once, and work."""
        self._clock.set(self.outside.go_to(self.at + seconds))
        self.step()

    def live(self) -> None:
        """A step at the time it is now, or at the platform's where somebody moved its clock on."""
        self._clock.reach(self.outside.go_to(max(self._clock.now(), self.at)))
        self.step()

    def step(self) -> None:
        """From the last step to now."""
        since, now = self.at, self._clock.now()
        self._pass()
        self._inside.work(since, now)
        self.at = now

    def settle(self) -> None:
        """Go on at this instant until both sides have told each other everything."""
        for _ in range(ROUNDS):
            done = self._pass()
            came = done.arrived
            if not (done.planned or done.effects or came.created or came.updated or came.requests):
                return

    def disagreements(self) -> dict[str, tuple[str, str]]:
        """Orders whose state the two sides see differently: (the platform's, ours); '' where one has none."""
        theirs = self.outside.orders()
        with self.house.store.read() as tx:
            rows = tx.rows("SELECT platform_order_id, state FROM orders WHERE seller_id = :seller", seller=tx.seller_id)
        ours = {str(row[0]): str(row[1]) for row in rows}
        every = sorted(theirs.keys() | ours.keys())
        return {ref: (theirs.get(ref, ""), ours.get(ref, "")) for ref in every if theirs.get(ref) != ours.get(ref)}

    def _pass(self) -> Pass:
        return run_once(self.house, self._channels, actor=ACTOR)


def start_of(now: int, days: int) -> int:
    """When a demonstration begins that has played its days today: on the full hour."""
    return now // 3_600 * 3_600 - days * DAY
