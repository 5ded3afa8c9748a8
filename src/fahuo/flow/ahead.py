"""What is fetched by a thread while that before it is worked on: as much as waits is taken at once, within bounds."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from itertools import islice
from typing import Generic, TypeVar

from fahuo.kernel.batches import Away

T = TypeVar("T")


class Ahead(Generic[T]):
    """Items of an iterator, fetched ahead. What the thread meets is raised where the items are taken.

    Nothing more is fetched while `most` items or `most_bytes` (by `size`) wait: of bytes, one item more at most.
    """

    def __init__(self, items: Iterator[T], most: int, most_bytes: int, size: Callable[[T], int]) -> None:
        self._items, self._most, self._most_bytes, self._size = items, most, most_bytes, size
        self._changed = threading.Condition()
        self._ready: deque[T] = deque()
        self._bytes = 0
        self._stopped = self._over = False
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._fetch, name="fetch ahead", daemon=True)
        self.waited = 0.0
        """Seconds whoever takes the items had none to work on."""

    def __enter__(self) -> Ahead[T]:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the thread; nothing more is fetched."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._thread.join()

    def groups(self) -> Iterator[list[T]]:
        """All that waits, as soon as there is one item. What was fetched before an error comes before the error."""
        while True:
            began = time.monotonic()
            with self._changed:
                self._changed.wait_for(lambda: self._ready or self._over)
                group = list(self._ready)
                self._ready.clear()
                self._bytes = 0
                self._changed.notify_all()
            self.waited += time.monotonic() - began
            if group:
                yield group
            elif self._error is not None:
                raise self._error
            else:
                return

    def _fetch(self) -> None:
        try:
            try:
                while self._room():
                    self._put(next(self._items))
            finally:
                _close(self._items)  # here, where its files and connections were opened
        except StopIteration:
            pass
        except Exception as error:  # whatever it is, it is raised where the items are taken
            self._error = error
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def _put(self, item: T) -> None:
        with self._changed:
            self._ready.append(item)
            self._bytes += self._size(item)
            self._changed.notify_all()

    def _room(self) -> bool:
        """Wait for room; False when nothing more is wanted."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._stopped or (len(self._ready) < self._most and self._bytes < self._most_bytes)
            )
            return not self._stopped


def _close(items: Iterator[object]) -> None:
    if close := getattr(items, "close", None):
        close()


def meanwhile(items: Iterator[T], size: int, away: Away) -> Generator[list[T], None, None]:
    """Batches of `size` items: the next one is made by a thread while the work on the one before waits for the disk.

    `away` says when that is. The last batch may be shorter. Close it, or take it to its end: then the thread ends.
    """

    def gated() -> Generator[T, None, None]:
        for item in items:
            yield item
            away.wait()

    def batches() -> Iterator[list[T]]:
        try:
            with closing(gated()) as some:
                while batch := list(islice(some, size)):
                    yield batch
        finally:
            _close(items)

    with Ahead(batches(), 1, 1, lambda _: 0) as ahead:
        groups = ahead.groups()
        try:
            while True:
                with away:
                    group = next(groups, None)
                if group is None:
                    return
                yield from group
        finally:
            with away:  # the thread comes to its end
                ahead.stop()
