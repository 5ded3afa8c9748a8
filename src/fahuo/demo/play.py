"""The demonstration's day: the outside lives, what it tells comes in, Fahuo works, the staff works; step by step."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Final

from fahuo.demo.clock import DemoClock
from fahuo.demo.house import ACTOR, BRANCHES
from fahuo.demo.inside import Inside
from fahuo.demo.outside import DAY, MINUTE, Outside
from fahuo.flow.dispatch import channels
from fahuo.flow.house import House
from fahuo.flow.import_orders import import_orders
from fahuo.flow.run import run_once
from fahuo.flow.track import track
from fahuo.kernel.instant import iso
from fahuo.kernel.problems import Failure, Problem

STEP: Final = 20 * MINUTE
"""How far business time goes at once when days are played without waiting: so often shops are exported."""
LIVE_STEP: Final = 5 * MINUTE
"""The same while time runs."""


class Play:
    """A house, the world around it and the people in it. One thread plays; others may read the house meanwhile."""

    def __init__(self, house: House, clock: DemoClock, folder: Path, seed: int, per_day: int, staff: int) -> None:
        self._house, self._clock, self._folder = house, clock, folder / "files"
        self._folder.mkdir(exist_ok=True)
        self._outside = Outside(seed, per_day)
        self._inside = Inside(house, self._outside, self._folder, staff)
        self._channels = channels()
        self.at = clock.now()

    def fast(self, days: int, told: Callable[[], None] = lambda: None) -> None:
        """Play so many days without waiting. `told` is called after each step."""
        until = self.at + days * DAY
        while self.at < until:
            self._clock.set(min(self.at + STEP, until))
            self.step()
            told()

    def step(self) -> None:
        """From the last step to now."""
        since, now = self.at, self._clock.now()
        self._outside.live(since, now)
        for number, branch in enumerate(BRANCHES):
            self._import(branch.name, f"export-{branch.market}-{_stamp(now)}.jsonl", self._outside.export(number))
        self._track(f"tracking-{_stamp(now)}.csv")
        run_once(self._house, self._channels, actor=ACTOR)
        self._inside.work(since, now)
        self.at = now

    def _import(self, shop: str, name: str, lines: list[bytes]) -> None:
        if not lines:
            return
        path = self._folder / name
        path.write_bytes(b"\n".join(lines) + b"\n")
        report = import_orders(self._house, [path], shop, actor=ACTOR)
        if report.refused:
            first = report.refused[0]
            raise Failure(Problem(first.code, first.field, first.value, first.message, first.next), 1)

    def _track(self, name: str) -> None:
        rows = self._outside.scans()
        if not rows:
            return
        path = self._folder / name
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("number", "event", "at"))
            writer.writerows((number, event, iso(at)) for number, event, at in rows)
        report = track(self._house, [path], ACTOR)
        if report.refused:
            raise Failure(report.refused[0].problem, 1)


def _stamp(at: int) -> str:
    return iso(at).replace(":", "").replace("-", "")


def start_of(now: int, days: int) -> int:
    """When a demonstration begins that has played its days today: on the full hour."""
    return now // 3_600 * 3_600 - days * DAY
