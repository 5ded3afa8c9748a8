"""Days on purpose full of faults: a platform that spoils its answers, and a Fahuo that is killed at random moments.

Three processes as in life: the sandbox; the victim, `fahuo serve` and `fahuo run`, both ended by SIGKILL and started
again at once; and this one, which is not killed: time, the carriers, and the seller's people at the same database. The
victim's business time is the sandbox's.
"""

from __future__ import annotations

import base64
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

import httpx
import msgspec

from fahuo.bench.databases import server
from fahuo.demo.clock import DemoClock
from fahuo.demo.errands import Errands
from fahuo.demo.house import MARKETS, connect_shops, furnish
from fahuo.demo.inside import DAY, MINUTE, PARCELS_PER_HOUR, SHIFT_HOURS, Inside
from fahuo.demo.platform import Platform, platform
from fahuo.demo.proof import Log, prove
from fahuo.flow.connect import CALLBACK_PATH
from fahuo.flow.grants import client_of
from fahuo.flow.house import House
from fahuo.flow.pull import Policy, set_policy
from fahuo.flow.setup import add_main
from fahuo.kernel.clock import technical_ms
from fahuo.kernel.instant import iso, parse_instant
from fahuo.sandbox.faults import KINDS

RUN: Final = "from fahuo.cli.main import main; main()"
START: Final = parse_instant("2026-11-16T00:00:00Z")
"""A Monday."""
STAFF: Final = 6
STOCK_DAYS: Final = 4
PAUSE_S: Final = 0.2
"""Between two passes of the victim."""
PULL: Final = Policy(every_s=2, lease_s=20)
"""Shops are pulled as often as business time jumps, and a pull that was killed is soon another's."""
UP_S: Final = 180.0
"""How long the victim may take until it answers."""
WORK_S: Final = 4.0
"""How long a step waits for the victim to do its work, at most; what is left waits for the next step, as in life."""
SETTLE_S: Final = 420.0
"""How long the end is waited for: leases of killed workers last a minute, back-off grows to minutes."""


HOOKS: Final = 5
"""So many times as often as calls are webhooks struck: there are fewer of them, and none waits for its repetition."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What kind of run. `rate`: the share of calls that each fault strikes; there are 14 of these."""

    days: int = 3
    kills: int = 20
    per_day: float = 120
    rate: float = 0.01
    seed: int = 1
    step: int = 30 * MINUTE
    kills_until: float = 1.0
    """The share of the run in which the kills lie: a short one need not wait for the leases of the last."""
    markets: tuple[str, ...] = MARKETS
    without: tuple[str, ...] = ()


class Victim:
    """`fahuo serve` and `fahuo run` on a port that stays the same."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder, self.environment = folder, environment
        self.died: list[str] = []
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()

    def start(self) -> None:
        """Both processes, without waiting for them."""
        with self._lock:
            self._start()

    def _start(self) -> None:
        commands = {
            "serve": ("serve", "--port", str(self.port)),
            "run": ("run", "--pause", str(PAUSE_S), "--json"),
        }
        for name, arguments in commands.items():
            with (self.folder / f"{name}.out").open("ab") as did, (self.folder / f"{name}.err").open("ab") as said:
                self._running[name] = subprocess.Popen(  # noqa: S603 - our own command line
                    [sys.executable, "-c", RUN, *arguments],
                    env=self.environment,
                    stdout=did,
                    stderr=said,
                    cwd=self.folder,
                )

    def kill(self) -> None:
        """SIGKILL to both, and start them again."""
        with self._lock:
            self._note_dead()
            for process in self._running.values():
                process.send_signal(signal.SIGKILL)
            for process in self._running.values():
                process.wait()
            self._start()

    def watch(self) -> None:
        """Start again what ended by itself, which it should not: that is a finding."""
        with self._lock:
            if self._note_dead():
                self._stop(signal.SIGKILL)
                self._start()

    def _note_dead(self) -> bool:
        dead = [(name, one.returncode) for name, one in self._running.items() if one.poll() is not None]
        self.died += [f"{name} ended by itself with {code}" for name, code in dead]
        return bool(dead)

    def up(self) -> None:
        """Wait until it answers."""
        last = time.monotonic() + UP_S
        while time.monotonic() < last:
            try:
                httpx.get(f"{self.url}/healthz", timeout=5, trust_env=False)
            except httpx.HTTPError:
                time.sleep(0.1)
            else:
                return
        raise TimeoutError(f"the victim does not answer; see {self.folder}")

    def stop(self) -> None:
        """End both as an operator does."""
        with self._lock:
            self._stop(signal.SIGTERM)

    def _stop(self, how: signal.Signals) -> None:
        for process in self._running.values():
            process.send_signal(how)
        for process in self._running.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def complaints(self) -> list[str]:
        """Last lines of the tracebacks it wrote: faults of ours, whatever came of them."""
        found = []
        for name in ("serve", "run"):
            lines = (self.folder / f"{name}.err").read_text("utf-8", "replace").splitlines()
            inside = False
            for line in lines:
                if line.startswith("Traceback"):
                    inside = True
                elif inside and line and not line[0].isspace():
                    found.append(f"{name}: {line[:300]}")
                    inside = False
        return found


class FaultRun:
    """One run; `play` returns its figures."""

    def __init__(self, wanted: Wanted, house: House, clock: DemoClock, outside: Platform, victim: Victim) -> None:
        self.wanted, self.house, self.clock, self.outside, self.victim = wanted, house, clock, outside, victim
        self.random = Random(f"faults {wanted.seed}")  # noqa: S311 - a repeatable run
        self.inside = Inside(house, outside, STAFF, writes=False)  # the errands' words can be told apart
        self.errands = Errands(house, outside, wanted.seed)
        self.log = Log()
        self.kills: list[dict[str, Any]] = []
        self.stumbles: list[str] = []
        self.at = clock.now()

    def play(self, told: Callable[[str], object] = lambda _: None) -> dict[str, Any]:
        """All days, then the end: both sides have told each other everything. `told` hears of progress."""
        began = time.monotonic()
        steps = self.wanted.days * DAY // self.wanted.step
        among = max(1, round(steps * self.wanted.kills_until))
        plan = Counter(self.random.randrange(among) for _ in range(self.wanted.kills))
        for number in range(steps):
            self._step(plan[number])
            if number % 12 == 0:
                told(f"{iso(self.at)}: {len(self.kills)} kills, {len(self.outside.orders())} orders")
        struck = {one["kind"]: one["struck"] for one in self.outside.listed("faults")}
        settled = self._settle(told)
        self.victim.stop()
        self.log.read(self.outside)
        found = prove(self.house, self.outside, self.log)
        wrong = dict(found.wrong)
        for name, texts in (
            ("not_settled", [] if settled else self.waiting()),
            ("victim_died", self.victim.died),
            ("tracebacks", self.victim.complaints()),
            ("staff_stumbled", self.stumbles),
        ):
            if texts:
                wrong[name] = texts[:20]
        return {
            "schema": "fahuo.fault-run/1",
            "clean": not wrong,
            "seed": self.wanted.seed,
            "database": self.house.store.dialect,
            "days": self.wanted.days,
            "rate": self.wanted.rate,
            "seconds": round(time.monotonic() - began),
            "kills": len(self.kills),
            "kills_in_the_middle_of": dict(self._interrupted()),
            "kills_with_work_in_hand": sum(bool(one["in_hand"]) for one in self.kills),
            "struck": struck,
            **found.figures,
            "errands": dict(self.errands.done),
            "wrong": wrong,
        }

    def _step(self, kills: int) -> None:
        timers = [threading.Timer(self.random.uniform(0.0, 2.5), self._kill) for _ in range(kills)]
        for timer in timers:
            timer.start()
        since = self.at
        self.at = self.outside.go_to(since + self.wanted.step)
        self.clock.set(self.at)
        self._wait(WORK_S)
        for work in (self.inside.work, self.errands.run):
            try:
                work(since, self.at)
            except Exception:  # whatever it is, it is a finding, and the day goes on
                self.stumbles.append(traceback.format_exc()[-1500:])
        for timer in timers:
            timer.join()
        self.victim.watch()
        self.log.read(self.outside)

    def _kill(self) -> None:
        in_hand = self._in_hand()
        self.victim.kill()
        self.kills.append({"at": iso(self.clock.now()), "in_hand": in_hand})

    def _in_hand(self) -> dict[str, int]:
        """What the victim is at: effects by kind, shops being pulled, orders being read for a notice."""
        now = technical_ms()
        with self.house.store.read() as tx:
            rows = tx.rows(
                "SELECT kind, COUNT(*) FROM effects WHERE seller_id = :s AND state = 'claimed' AND lease_until_ms > :n"
                " GROUP BY kind UNION ALL SELECT 'notice', COUNT(*) FROM notices WHERE seller_id = :s AND state ="
                " 'order' AND attempts > 0 AND due_ms > :n UNION ALL SELECT 'pull', COUNT(*) FROM links WHERE"
                " seller_id = :s AND pull_due_ms > :n + :every",
                s=tx.seller_id,
                n=now,
                every=PULL.every_s * 1000,
            )
        return {str(kind): int(number) for kind, number in rows if number}

    def _interrupted(self) -> Counter[str]:
        """How many kills met each sort of work in hand."""
        return Counter(what for one in self.kills for what in one["in_hand"])

    def waiting(self) -> list[str]:
        """What the victim has still to do: effects that are due or in hand, notices to be worked off."""
        with self.house.store.read() as tx:
            rows = tx.rows(
                "SELECT kind || ' ' || state, COUNT(*) FROM effects WHERE seller_id = :s AND (state IN ('claimed',"
                " 'retry') OR (state = 'due' AND due_at <= :now)) AND lane <> 'person' GROUP BY kind, state UNION ALL"
                " SELECT 'notice ' || kind || ' ' || state, COUNT(*) FROM notices WHERE seller_id = :s AND state IN"
                " ('order', 'handed') GROUP BY kind, state",
                s=tx.seller_id,
                now=self.clock.now(),
            )
        return [f"{what}: {number}" for what, number in rows if number]

    def _wait(self, seconds: float) -> None:
        """Give the victim time to hear and to work; no longer than it needs."""
        until = time.monotonic() + seconds
        time.sleep(min(1.0, seconds))
        while self.waiting() and time.monotonic() < until:
            time.sleep(0.1)

    def _settle(self, told: Callable[[str], object]) -> bool:
        """Time stands; faults stay on. True when nothing is left to do and both sides agree."""
        until = time.monotonic() + SETTLE_S
        calm = 0
        while time.monotonic() < until:
            time.sleep(2)
            self.victim.watch()
            self.log.read(self.outside)
            left = self.waiting() or list(prove(self.house, self.outside, self.log).wrong.get("apart", ()))
            calm = 0 if left else calm + 1
            if calm == 3:  # noqa: PLR2004 - so that nothing is just about to begin
                return True
            told(f"settling: {left[:6]}")
        return False


@contextmanager
def prepared(wanted: Wanted, folder: Path, postgresql: str | None = None) -> Iterator[FaultRun]:
    """Everything started and connected, and every fault switched on. The folder keeps what the victim said."""
    folder.mkdir(parents=True, exist_ok=True)
    clock = DemoClock(START)
    with ExitStack() as stack:
        databases = stack.enter_context(server(postgresql))
        store, url = stack.enter_context(databases.fresh())
        stack.callback(lambda: client_of(store).close())
        add_main(store, clock.now())
        house = House(store, clock)
        orders = int(wanted.per_day * (wanted.days + STOCK_DAYS)) + 200
        furnish(house, folder, orders, STAFF * PARCELS_PER_HOUR * SHIFT_HOURS)
        victim = Victim(folder, {})
        back = ("--redirect-url", f"{victim.url}{CALLBACK_PATH}")
        outside = stack.enter_context(platform(wanted.markets, wanted.seed, round(wanted.per_day), START, back))
        victim.environment = os.environ | {
            "FAHUO_HOME": str(folder),
            "FAHUO_DATABASE_URL": url,
            "FAHUO_MASTER_KEY": base64.urlsafe_b64encode(databases.master).decode(),
            "FAHUO_CLOCK": f"{outside.url}/_sandbox/clock",
            "FAHUO_LANG": "en",
        }
        connect_shops(house, folder, outside, victim.url)
        with house.store.write() as tx:
            set_policy(tx, PULL)
        victim.start()
        stack.callback(victim.stop)
        victim.up()
        _spoil(outside, wanted)
        yield FaultRun(wanted, house, clock, outside, victim)


def _spoil(outside: Platform, wanted: Wanted) -> None:
    """Switch every fault on."""
    hooks = [kind for kind, how in KINDS.items() if how.side == "webhook" and kind not in wanted.without]
    outside.fault(**{"every": True, "rate": wanted.rate, "seed": wanted.seed, "except": [*hooks, *wanted.without]})
    for kind in hooks:
        outside.fault(kind=kind, rate=min(1.0, wanted.rate * HOOKS), seed=wanted.seed)
