"""Fetching ahead: within bounds, everything in its order, errors where the items are taken."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from fahuo.flow.ahead import Ahead


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
