"""Figures worked out once for all who look within a moment."""

import threading
import time

import pytest

from fahuo.web.recent import KEPT, Recent


def test_it_is_made_once_within_its_time_and_anew_after_it() -> None:
    recent, made = Recent(), iter(range(9))
    assert [recent.get("a", 60, lambda: next(made)) for _ in range(3)] == [0, 0, 0]
    assert recent.get("b", 60, lambda: next(made)) == 1
    assert [recent.get("a", 0, lambda: next(made)) for _ in range(2)] == [2, 3]


def test_a_burst_is_joined() -> None:
    recent, calls, gate = Recent(), [], threading.Event()

    def slow() -> int:
        calls.append(1)
        gate.wait(5)
        return 7

    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(recent.get("k", 60, slow))) for _ in range(8)]
    for thread in threads:
        thread.start()
    while not calls:
        time.sleep(0.001)
    gate.set()
    for thread in threads:
        thread.join()
    assert (len(calls), found) == (1, [7] * 8)


def test_what_fails_is_tried_again_and_memory_is_bounded() -> None:
    recent = Recent()
    with pytest.raises(ZeroDivisionError):
        recent.get("k", 60, lambda: 1 // 0)
    assert recent.get("k", 60, lambda: 5) == 5
    for number in range(3 * KEPT):
        recent.get(number, 60, lambda: 0)
    assert len(recent._found) <= KEPT + 1
