"""`python -m scripts.fault_run`: days with every fault switched on while Fahuo is killed again and again.

One JSON document on standard output; exit code 1 when anything is not as it must be. `--db` takes a PostgreSQL URL; the
run makes a database beside it and drops it again. What the killed processes said stays in `--folder`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import msgspec

from fahuo.demo.faults import Wanted, prepared


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    usual = Wanted()
    parser.add_argument("--days", type=int, default=usual.days)
    parser.add_argument("--kills", type=int, default=usual.kills)
    parser.add_argument("--orders-per-day", type=float, default=usual.per_day)
    parser.add_argument("--rate", type=float, default=usual.rate, help="share of calls each fault strikes")
    parser.add_argument("--seed", type=int, default=usual.seed)
    parser.add_argument("--without", action="append", default=[], help="leave this fault out; repeatable")
    parser.add_argument("--db", help="a PostgreSQL URL; SQLite without it")
    parser.add_argument("--folder", type=Path, help="where the victim's words are kept")
    asked = parser.parse_args()
    wanted = Wanted(
        days=asked.days,
        kills=asked.kills,
        per_day=asked.orders_per_day,
        rate=asked.rate,
        seed=asked.seed,
        without=tuple(asked.without),
    )
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="fahuo-faults-"))
    sys.stderr.write(f"The victim's words are in {folder}\n")
    with prepared(wanted, folder.absolute(), asked.db) as run:
        found = run.play(lambda text: sys.stderr.write(f"{text}\n"))
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(found)).decode() + "\n")
    return 0 if found["clean"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
