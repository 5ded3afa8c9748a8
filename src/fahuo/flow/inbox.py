"""Use case: notices of the platform come in. They are stored before they are answered, many in one commit.

Whoever receives one waits for `keep`; one thread writes what has come together meanwhile and commits once, in a single
statement: a thread that works in the database has to ask for Python's lock again after every call of the driver, and
the event loop lets it wait. The queue is bounded: when it is full the platform is told to come again, which it does
after 2 min, 30 min, 3 h and 12 h.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from fahuo.catalogue import queries as catalogue
from fahuo.connections import notices_store as store_of
from fahuo.connections import queries as connections
from fahuo.connections.notices import BUSY, COMMITS, REPEATED, TAKEN, UNKNOWN_SHOP, UNREADABLE, Notice
from fahuo.connections.notices import MALFORMED as IS_MALFORMED
from fahuo.kernel.clock import technical_ms
from fahuo.kernel.problems import Failure
from fahuo.store.engine import MAIN_SELLER, Line, Store

QUEUE: Final = 4_096
GROUP: Final = store_of.TOGETHER
"""Notices in one commit at most: no more than go into one statement."""
COUNTS_MS: Final = 1_000
"""How often counts are written at most; a kill loses what was counted since, never a notice."""
DOORS_MS: Final = 1_000
"""How often at most apps and links are read again because something unknown came."""
_log = logging.getLogger(__name__)

Door = tuple[int, bytes, dict[str, tuple[int, int]]]
"""Of an app: its seller, its secret, and platform shop id → (seller, our shop)."""


Answer = Callable[[bool], object]
"""Told in the event loop of whoever asked: True once durably stored (or was before); False: not stored, send again."""
_Waiting = tuple[asyncio.AbstractEventLoop, Answer, Notice]


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
        self._waiting: list[_Waiting] = []
        self._counted: Counter[tuple[int, str, str]] = Counter()
        self._counted_ms = 0
        self._wake = threading.Event()
        self._open = True
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._line: Line | None = None

    def put(self, notice: Notice, answer: Answer) -> None:
        """Store it and tell; called in an event loop. When the queue is full the answer comes at once."""
        if len(self._waiting) >= self._most or not self._open:
            self.count(notice.seller_id, notice.app_key, BUSY)
            answer(False)
            return
        self._waiting.append((asyncio.get_running_loop(), answer, notice))
        self._rouse()

    async def keep(self, notice: Notice) -> bool:
        """True once the notice is durably stored (or was before); False: not stored, to be sent again."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.put(notice, lambda ok: _resolve(done, ok))
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
            group = self._waiting[: self._group]
            del self._waiting[: len(group)]  # the event loop only appends
            if group:
                _settle(group, self._write([notice for _, _, notice in group]))
            self._book(force=closing)
            if closing and not self._waiting:
                self._hang_up()
                return
            if closing or self._waiting:
                self._wake.set()

    def _write(self, batch: Sequence[Notice]) -> list[bool]:
        """Which of the batch are stored now."""
        try:
            for seller in dict.fromkeys([notice.seller_id for notice in batch]):
                self._commit(seller, [notice for notice in batch if notice.seller_id == seller])
        except Failure as error:
            _log.warning("notices could not be stored: %s", _why(error))
            return [False] * len(batch)
        except (SQLAlchemyError, OverflowError) as error:
            self._hang_up()
            if len(batch) > 1:
                # One that the database cannot hold must not cost the others their place.
                return [ok for notice in batch for ok in self._write([notice])]
            _log.warning("a notice could not be stored: %s", type(error).__name__)
            return [False]
        return [True] * len(batch)

    def _commit(self, seller: int, batch: Sequence[Notice]) -> None:
        if self._line is None:
            self._line = self._store.line()
        # PostgreSQL takes no key twice in one statement; of replays in one group the first is kept.
        unique = {notice.notification_id: notice for notice in reversed(batch)}
        new = store_of.add(self._line.tx(seller), list(unique.values()))
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

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None

    def _book(self, *, force: bool) -> None:
        now = technical_ms()
        if not self._counted or (not force and now - self._counted_ms < COUNTS_MS):
            return
        with self._lock:
            counted, self._counted = self._counted, Counter()
        self._counted_ms = now
        for seller in {key[0] for key in counted}:
            mine = {(app, what): number for (who, app, what), number in counted.items() if who == seller}
            try:
                with self._store.write(seller) as tx:
                    store_of.count(tx, mine, now)
            except (SQLAlchemyError, Failure) as error:
                # At the end the database may be gone already, as the demonstration's is.
                _log.log(logging.INFO if force else logging.WARNING, "notices could not be counted: %s", _why(error))
                with self._lock:  # they are written with those to come
                    for (app, what), number in mine.items():
                        self._counted[seller, app, what] += number


def _why(error: SQLAlchemyError | Failure) -> str:
    """What the log says: no values of a statement."""
    if not isinstance(error, Failure):
        return type(error).__name__
    told = error.problem.render("en")
    return f"{told.code}: {told.message}"


def _settle(group: Sequence[_Waiting], kept: Sequence[bool]) -> None:
    settled = zip(group, kept, strict=True)
    for loop, part in groupby(settled, key=lambda one: one[0][0]):
        if not loop.is_closed():
            loop.call_soon_threadsafe(_tell, [(answer, ok) for (_, answer, _), ok in part])


def _resolve(done: asyncio.Future[bool], ok: bool) -> None:
    if not done.done():  # whoever waited may have gone
        done.set_result(ok)


def _tell(answers: Sequence[tuple[Answer, bool]]) -> None:
    for answer, ok in answers:
        answer(ok)


SELLER_OF_STRANGERS: Final = MAIN_SELLER
"""Who is shown requests that name no app of ours."""
