"""A worker process for the crash tests: claims, tells a receiver (a file), answers, until nothing is left.

python -m tests.store.effects_worker URL RECEIVER TOOK LEASE_MS CLOCK_AHEAD_MS HANG_AFTER
TOOK gets the keys whose answer was accepted. With a lease below 10 ms it races: it waits for a file `go` beside
RECEIVER, and holds its claims longer than the lease. After HANG_AFTER deliveries it hangs, for the test to kill it.
"""

import random
import sys
import time
from pathlib import Path

from fahuo.kernel.clock import technical_ms
from fahuo.store import effects
from fahuo.store.engine import open_store

NOW = 1_768_204_800


def main(url: str, receiver: Path, took: Path, lease_ms: int, ahead_ms: int, hang_after: int) -> None:
    """Work until two claims in a row find nothing."""
    delivered = idle = 0
    racing = lease_ms < 10
    with open_store(url, master=bytes(32)) as store, receiver.open("a") as out, took.open("a") as log:
        while racing and not receiver.with_name("go").exists():
            time.sleep(0.005)
        while idle < 2:
            now_ms = technical_ms() + ahead_ms
            claims = effects.claim(store, "w", ["api"], 7, NOW, now_ms=now_ms, lease_ms=lease_ms)
            idle = 0 if claims else idle + 1
            for one in claims:
                out.write(f"{one.key}\n")
                out.flush()
                delivered += 1
                if delivered == hang_after:
                    time.sleep(600)
            if racing:
                # Long enough to be robbed, mostly; were it always, two in step would rob each other for ever.
                time.sleep(random.uniform(0, 0.01))  # noqa: S311 - a pause
            with store.write() as tx:
                accepted = effects.finish(tx, [one.answer("done") for one in claims])
            log.writelines(f"{one.key}\n" for one, ok in zip(claims, accepted, strict=True) if ok)
            log.flush()
            if not claims:
                time.sleep(0.05)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), *map(int, sys.argv[4:7]))
