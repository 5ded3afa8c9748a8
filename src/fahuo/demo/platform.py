"""The platform of the demonstration: the sandbox in a process of its own, spoken to over HTTP like the real one.

What only a sandbox has (time that jumps, carriers that come when the staff is ready) goes through its control
interface; everything the seller does goes through the API, by Fahuo.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import httpx
import msgspec

from fahuo.kernel.instant import iso
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_

START_S: Final = 60.0
"""How long the sandbox may take until it listens."""
STEP_S: Final = 120.0
"""How long a jump of its clock may take."""
_RUN: Final = "from fahuo.cli.main import main; main()"


class Platform:
    """A running sandbox. `start`: what it printed when it listened."""

    def __init__(self, start: dict[str, Any]) -> None:
        self.start = start
        self.url = str(start["base_url"])
        # No connection is kept: one that has been idle is ended by the server just when the next step wants it.
        once = httpx.Limits(max_keepalive_connections=0)
        self._http = httpx.Client(base_url=f"{self.url}/_sandbox/", timeout=STEP_S, trust_env=False, limits=once)

    def now(self) -> int:
        """Its time, epoch seconds."""
        return int(self._get("clock")["epoch"])

    def go_to(self, at: int) -> int:
        """Let everything happen up to that instant; returns its time, when all notices of the way are sent.

        Its clock has a page of its own: where somebody moved it on further, it stays there.
        """
        try:
            return int(self._post("clock", {"to": iso(at)})["epoch"])
        except Failure as failure:
            if failure.problem.field != "to":
                raise
            return self.now()

    def run_at(self, speed: float) -> None:
        """Let time run by itself, so many times as fast as the machine."""
        self._post("clock", {"speed": speed})

    def collect(self, numbers: Sequence[str]) -> int:
        """The carrier fetches these parcels, by waybill number; how many it took."""
        return len(self._post("carrier/collect", {"packages": list(numbers)}).get("collected", ())) if numbers else 0

    def buyer(self, order: str, what: str, **wish: Any) -> None:
        """The buyer of that order (the platform's id) does something: cancel, change-address, return and so on."""
        self._post(f"buyer/{order}/{what}", wish)

    def fault(self, **wish: Any) -> None:
        """Let something go wrong there, as the sandbox's own guide says."""
        self._post("faults", wish)

    def heal(self) -> None:
        """Nothing goes wrong there any more."""
        self._answer(self._http.delete("faults"))

    def orders(self) -> dict[str, str]:
        """Every order's status, by the platform's id."""
        return {str(one["id"]): str(one["status"]) for one in self._get("orders")["orders"]}

    def listed(self, what: str, **query: Any) -> list[dict[str, Any]]:
        """What control lists: orders, packages, requests, webhooks or faults, each with everything it tells."""
        found: list[dict[str, Any]] = self._answer(self._http.get(what, params=query))[what]
        return found

    def state(self) -> dict[str, Any]:
        """Everything in figures."""
        return self._get("state")

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def _get(self, path: str) -> dict[str, Any]:
        return self._answer(self._http.get(path))

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._answer(self._http.post(path, json=body))

    def _answer(self, answer: httpx.Response) -> dict[str, Any]:
        found: dict[str, Any] = answer.json()
        if answer.is_error:
            error = found.get("error", {})
            told = (str(error.get("code")), error.get("field"), str(error.get("message")), str(error.get("next")))
            raise Failure(Problem(told[0], told[1], None, told[2], told[3]), 3)
        return found


@contextmanager
def platform(
    markets: Iterable[str], seed: int, per_day: int, start: int, options: Sequence[str] = ()
) -> Iterator[Platform]:
    """Start a sandbox on a free port of this machine; it ends with the context. Raises Failure (3) if it does not."""
    command = [sys.executable, "-c", _RUN, "sandbox", "serve", "--port", "0", "--json"]
    command += ["--market", ",".join(markets), "--seed", str(seed), "--orders-per-day", str(per_day)]
    command += ["--start", iso(start), "--speed", "0", "--carriers", "manual", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=None) as process:  # noqa: S603 - our own command line
        try:
            assert process.stdout is not None  # noqa: S101 - asked for above
            line = process.stdout.readline()
            if not line:
                raise Failure(_not_started(process.wait(START_S)), 3)
            opened = Platform(msgspec.json.decode(line))
            try:
                yield opened
            finally:
                opened.close()
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _not_started(code: int) -> Problem:
    return Problem(
        "sandbox_not_started",
        "sandbox",
        str(code),
        N_("The sandbox did not start; it ended with code {code}."),
        N_("Run `fahuo sandbox serve` to see why."),
        {"code": code},
    )
