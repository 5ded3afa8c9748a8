"""Use case: notices of the platform come in. They are stored before they are answered, many in one commit.

Whoever receives one waits for `keep`; one thread writes what has come together meanwhile and commits once. The queue
is bounded: when it is full the platform is told to come again, which it does after 2 min, 30 min, 3 h and 12 h.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import Counter, deque
from collections.abc import Sequence
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from fahuo.catalogue import queries as catalogue
from fahuo.connections import notices_store as store_of
from fahuo.connections import queries as connections
from fahuo.connections.notices import BUSY, COMMITS, REPEATED, TAKEN, UNKNOWN_SHOP, UNREADABLE, Notice
from fahuo.connections.notices import MALFORMED as IS_MALFORMED
from fahuo.kernel.clock import technical_ms
from fahuo.store.engine import MAIN_SELLER, Store

QUEUE: Final = 4_096
GROUP: Final = 512
"""Notices in one commit at most."""
COUNTS_MS: Final = 1_000
"""How often counts are written at most; a kill loses what was counted since, never a notice."""
DOORS_MS: Final = 1_000
"""How often at most apps and links are read again because something unknown came."""
_log = logging.getLogger(__name__)

Door = tuple[int, bytes, dict[str, tuple[int, int]]]
"""Of an app: its seller, its secret, and platform shop id → (seller, our shop)."""


class Doors:
    """The apps notices may come for. Read again when something unknown comes, at most once a second."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._doors: dict[str, Door] = {}
        self._read_ms = 0

    def known(self, app_key: str, place: str | None = None) -> Door | None:
        """The app's door as last read; None when it, or the shop `place` behind it, was not known then."""
        door = self._doors.get(app_key)
        return door if door is not None and (place is None or place in door[2]) else None

    def stale(self) -> bool:
        """Whether it is time to look again."""
        return technical_ms() - self._read_ms >= DOORS_MS

    def read(self) -> None:
        """Read apps and links from the database; blocking."""
        with self._lock:
            if not self.stale():
                return
            doors: dict[str, Door] = {}
            for seller in self._sellers():
                with self._store.read(seller) as tx:
                    for app in connections.apps(tx):
                        # Two sellers may use one app (an operator's): the shop tells whose notice it is.
                        doors.setdefault(app.app_key, (seller, app.secret, {}))
                    for app_key, place, shop_id in connections.places(tx):
                        doors[app_key][2][place] = (seller, shop_id)
            self._doors = doors
            self._read_ms = technical_ms()

    def _sellers(self) -> list[int]:
        with self._store.read() as tx:
            return catalogue.seller_ids(tx)


class Inbox:
    """Stores notices in grouped commits. Make one per process; `close` writes what is waiting."""

    def __init__(self, store: Store, *, queue: int = QUEUE, group: int = GROUP) -> None:
        self._store = store
        self._most = queue
        self._group = group
        self._waiting: deque[tuple[Notice, asyncio.Future[bool]]] = deque()
        self._counted: Counter[tuple[int, str, str]] = Counter()
        self._counted_ms = 0
        self._wake = threading.Event()
        self._open = True
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    async def keep(self, notice: Notice) -> bool:
        """True once the notice is durably stored (or was before); False: not stored, to be sent again."""
        if len(self._waiting) >= self._most or not self._open:
            self.count(notice.seller_id, notice.app_key, BUSY)
            return False
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((notice, done))
        self._rouse()
        return await done

    def count(self, seller_id: int, app_key: str, what: str) -> None:
        """Count something that is not stored: forged, oversized, busy."""
        with self._lock:
            self._counted[seller_id, app_key, what] += 1
        self._rouse()

    def close(self) -> None:
        """Write what is waiting and stop."""
        self._open = False
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _rouse(self) -> None:
        if self._thread is None:
            with self._lock:
                if self._thread is None and self._open:
                    self._thread = threading.Thread(target=self._work, name="notices", daemon=True)
                    self._thread.start()
        if not self._wake.is_set():
            self._wake.set()

    def _work(self) -> None:
        while True:
            pending = bool(self._counted)
            self._wake.wait(COUNTS_MS / 1_000 if pending else None)
            self._wake.clear()
            closing = not self._open  # asked once, before looking: what comes in between is seen by the next round
            group = self._take()
            if group:
                self._settle(group, self._write([notice for notice, _ in group]))
            self._book(force=closing)
            if closing and not self._waiting:
                return
            if closing or self._waiting:
                self._wake.set()

    def _take(self) -> list[tuple[Notice, asyncio.Future[bool]]]:
        waiting = self._waiting
        return [waiting.popleft() for _ in range(min(len(waiting), self._group))]

    def _write(self, batch: Sequence[Notice]) -> list[bool]:
        """Which of the batch are stored now."""
        try:
            for seller in dict.fromkeys([notice.seller_id for notice in batch]):
                self._commit(seller, [notice for notice in batch if notice.seller_id == seller])
        except (SQLAlchemyError, OverflowError) as error:
            if len(batch) > 1:
                # One that the database cannot hold must not cost the others their place.
                return [ok for notice in batch for ok in self._write([notice])]
            _log.warning("a notice could not be stored: %s", type(error).__name__)
            return [False]
        return [True] * len(batch)

    def _commit(self, seller: int, batch: Sequence[Notice]) -> None:
        with self._store.write(seller) as tx:
            # PostgreSQL takes no key twice in one statement; of replays in one group the first is kept.
            unique = {notice.notification_id: notice for notice in reversed(batch)}
            new = store_of.add(tx, list(unique.values()))
        counted = self._counted
        with self._lock:
            for notice in batch:
                if notice.state == IS_MALFORMED:
                    counted[seller, notice.app_key, UNREADABLE] += 1
                elif not notice.shop_id:
                    counted[seller, notice.app_key, UNKNOWN_SHOP] += 1
            counted[seller, batch[0].app_key, COMMITS] += 1
            counted[seller, batch[0].app_key, TAKEN] += new
            if new < len(batch):
                counted[seller, batch[0].app_key, REPEATED] += len(batch) - new

    def _settle(self, group: Sequence[tuple[Notice, asyncio.Future[bool]]], kept: Sequence[bool]) -> None:
        loops: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[bool], bool]]] = {}
        for (_, future), ok in zip(group, kept, strict=True):
            loops.setdefault(future.get_loop(), []).append((future, ok))
        for loop, answers in loops.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(_answer, answers)

    def _book(self, *, force: bool) -> None:
        now = technical_ms()
        if not self._counted or (not force and now - self._counted_ms < COUNTS_MS):
            return
        with self._lock:
            counted, self._counted = self._counted, Counter()
        self._counted_ms = now
        try:
            for seller in {key[0] for key in counted}:
                mine = {(app, what): number for (who, app, what), number in counted.items() if who == seller}
                with self._store.write(seller) as tx:
                    store_of.count(tx, mine, now)
        except SQLAlchemyError as error:
            _log.warning("notices could not be counted: %s", type(error).__name__)


def _answer(answers: Sequence[tuple[asyncio.Future[bool], bool]]) -> None:
    for future, ok in answers:
        if not future.done():  # whoever waited may have gone
            future.set_result(ok)


SELLER_OF_STRANGERS: Final = MAIN_SELLER
"""Who is shown requests that name no app of ours."""
