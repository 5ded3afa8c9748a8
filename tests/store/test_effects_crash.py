"""Workers that are killed, and workers that race: nothing is lost and nothing is answered twice."""

import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select

from fahuo.store import effects
from fahuo.store.effects import Effect
from fahuo.store.engine import Store
from fahuo.store.tables import effects as table
from tests.store.effects_worker import NOW

pytestmark = pytest.mark.fault
ROOT = Path(__file__).resolve().parent.parent.parent
HOUR_MS = 3_600_000


def worker(
    url: str, folder: Path, name: str, *, lease_ms: int, ahead_ms: int = 0, hang: int = 0
) -> subprocess.Popen[bytes]:
    files = [str(folder / "receiver"), str(folder / f"took-{name}")]
    numbers = [str(lease_ms), str(ahead_ms), str(hang)]
    command = [sys.executable, "-m", "tests.store.effects_worker", url, *files, *numbers]
    return subprocess.Popen(command, cwd=ROOT)  # noqa: S603 - our own program


def fill(store: Store, n: int, safety: str) -> set[str]:
    wanted = [
        Effect(f"k{number}", "ship", "api", 1, number, None, NOW, {}, safety=safety, attempts_max=10**6)
        for number in range(n)
    ]
    with store.write() as tx:
        effects.put(tx, wanted)
    return {one.key for one in wanted}


def lines(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []


def killed_in_the_middle(url: str, folder: Path, after: int) -> None:
    process = worker(url, folder, "killed", lease_ms=HOUR_MS, hang=after)
    deadline = time.monotonic() + 60
    while len(lines(folder / "receiver")) < after:
        assert process.poll() is None, "the worker ended by itself"
        assert time.monotonic() < deadline, "the worker did not get so far"
        time.sleep(0.02)
    process.kill()
    process.wait()


def states(store: Store) -> Counter[str]:
    with store.read() as tx:
        return Counter(state for (state,) in tx.rows(select(table.c.state)))


@pytest.mark.parametrize("safety", ["idempotent", "readable"])
def test_after_a_kill_the_next_worker_does_the_rest(store: Store, store_url: str, tmp_path: Path, safety: str) -> None:
    keys = fill(store, 40, safety)
    killed_in_the_middle(store_url, tmp_path, after=17)
    assert states(store) == {"done": 14, "claimed": 7, "due": 19}
    assert worker(store_url, tmp_path, "next", lease_ms=HOUR_MS, ahead_ms=2 * HOUR_MS).wait(60) == 0
    assert states(store) == {"done": 40}
    answered = Counter(lines(tmp_path / "took-killed") + lines(tmp_path / "took-next"))
    assert answered == Counter(keys)
    # Three of the seven in hand had reached the receiver: they come again under the same key, and only they.
    delivered = Counter(lines(tmp_path / "receiver"))
    assert set(delivered) == keys
    assert sorted(delivered.values()) == [1] * 37 + [2] * 3


def test_after_a_kill_what_may_not_be_repeated_goes_to_a_person(store: Store, store_url: str, tmp_path: Path) -> None:
    fill(store, 20, "ask")
    killed_in_the_middle(store_url, tmp_path, after=10)
    assert worker(store_url, tmp_path, "next", lease_ms=HOUR_MS, ahead_ms=2 * HOUR_MS).wait(60) == 0
    assert states(store) == {"done": 13, "unknown": 7}
    assert max(Counter(lines(tmp_path / "receiver")).values()) == 1


def test_two_workers_that_steal_from_each_other_never_both_finish(store: Store, store_url: str, tmp_path: Path) -> None:
    keys = fill(store, 150, "idempotent")
    racing = [worker(store_url, tmp_path, str(number), lease_ms=1) for number in range(2)]
    deadline = time.monotonic() + 60
    while not all((tmp_path / f"took-{number}").exists() for number in range(2)):
        assert time.monotonic() < deadline, "the workers did not start"
        time.sleep(0.01)
    (tmp_path / "go").touch()
    assert [process.wait(120) for process in racing] == [0, 0]
    answered = Counter(lines(tmp_path / "took-0") + lines(tmp_path / "took-1"))
    assert answered == Counter(keys)
    assert states(store) == {"done": 150}
    with store.read() as tx:
        assert tx.rows(select(func.max(table.c.attempts)))[0][0] > 1, "nobody was robbed: the race did not happen"
