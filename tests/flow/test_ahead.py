"""Fetching ahead, and reading while others are away: within bounds, in order, errors where items are taken."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from fahuo.flow.ahead import Ahead, meanwhile
from fahuo.kernel.batches import Away


class Source:
    """Numbers up to `count`; it fails when more wait than may."""

    def __init__(self, count: int, most: int) -> None:
        self.count, self.most = count, most
        self.given = 0
        self.taken = 0

    def __iter__(self) -> Iterator[int]:
        for n in range(self.count):
            assert self.given - self.taken < self.most, "one more is fetched although the bound is reached"
            self.given += 1
            yield n


@pytest.mark.parametrize(("most", "most_bytes", "bound"), [(1, 100, 1), (3, 100, 3), (100, 25, 3), (100, 1, 1)])
def test_no_more_waits_than_may(most: int, most_bytes: int, bound: int) -> None:
    # Whoever takes a group counts it as taken only afterwards, so a group in work and one that waits may be out.
    source = Source(200, 2 * bound)
    found: list[int] = []
    with Ahead(iter(source), most, most_bytes, lambda _: 10) as ahead:
        for group in ahead.groups():
            assert 1 <= len(group) <= bound
            found += group
            source.taken += len(group)
    assert found == list(range(200))
    assert ahead.waited >= 0


def test_all_that_waits_is_taken_at_once() -> None:
    full = threading.Event()

    def items() -> Iterator[int]:
        yield from range(7)
        full.set()

    with Ahead(items(), 20, 1000, lambda _: 1) as ahead:
        assert full.wait(60)
        assert next(ahead.groups()) == list(range(7))


def test_what_came_before_an_error_comes_before_it() -> None:
    def items() -> Iterator[int]:
        yield from range(3)
        raise KeyError("the line is cut")

    found: list[int] = []
    with Ahead(items(), 20, 1000, lambda _: 1) as ahead:
        groups = ahead.groups()
        while len(found) < 3:
            found += next(groups)
        with pytest.raises(KeyError):
            next(groups)
    assert found == [0, 1, 2]


def test_whoever_leaves_early_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    with Ahead(iter(Source(1000, 1000)), 2, 1000, lambda _: 1) as ahead:
        for _ in ahead.groups():
            break
    assert threading.active_count() == before


def test_batches_come_in_order_and_whole() -> None:
    assert list(meanwhile(iter(range(25)), 10, Away())) == [
        list(range(10)),
        list(range(10, 20)),
        list(range(20, 25)),
    ]
    assert list(meanwhile(iter(()), 10, Away())) == []


def test_the_next_batch_is_made_while_somebody_is_away_and_only_then() -> None:
    away, made = Away(), []

    def items() -> Iterator[int]:
        for n in range(6):
            made.append(n)
            yield n

    batches = meanwhile(items(), 2, away)
    assert next(batches) == [0, 1]
    time.sleep(0.05)
    assert len(made) <= 3  # one item may have been on its way
    with away:
        waited_for(lambda: len(made) >= 4)
    assert list(batches) == [[2, 3], [4, 5]]


def test_an_error_comes_behind_the_batches_before_it() -> None:
    def items() -> Iterator[int]:
        yield from range(10)
        raise KeyError("broken")

    batches = meanwhile(items(), 10, Away())
    assert next(batches) == list(range(10))
    with pytest.raises(KeyError, match="broken"):
        next(batches)


def test_closing_ends_the_thread_and_closes_what_it_read_from() -> None:
    closed: list[str] = []

    def items() -> Iterator[int]:
        try:
            yield from range(1_000_000)
        finally:
            closed.append(threading.current_thread().name)

    with closing(meanwhile(items(), 10, Away())) as batches:
        next(batches)
    assert closed == ["fetch ahead"]  # in the thread that opened it
    assert all(thread.name != "fetch ahead" for thread in threading.enumerate())


def test_what_cannot_be_closed_is_told_too() -> None:
    def items() -> Iterator[int]:
        try:
            yield from range(100)
        finally:
            raise OSError("the file is gone")

    with pytest.raises(OSError, match="gone"):
        list(meanwhile(items(), 10, Away()))


def test_many_commits_of_others_do_not_stop_it() -> None:
    away, over = Away(), threading.Event()

    def commits() -> None:
        while not over.is_set():
            with away:
                pass

    other = threading.Thread(target=commits)
    other.start()
    try:
        assert [len(batch) for batch in meanwhile(iter(range(20_000)), 1_000, away)] == [1_000] * 20
    finally:
        over.set()
        other.join()


def waited_for(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not true():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.005)
