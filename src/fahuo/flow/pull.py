"""Use case: fetch what has changed in the connected shops, from where the last pull came to.

The cursor of a shop is the platform's `update_time` and moves in the transaction that takes the page, so a pull that is
killed anywhere goes on where it was. Every pull begins a little before its cursor: what it has read already is found
unchanged. The next pages are fetched while those before are written: where the platform is faster, all that have come
meanwhile share a transaction; where it is slower, each page is written as it comes.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from fahuo.channels.tiktok_shop.client import Client, Lost, Refused, Unreached
from fahuo.channels.tiktok_shop.errors import problem as refused_problem
from fahuo.channels.tiktok_shop.orders import Page, search
from fahuo.channels.tiktok_shop.walk import Step, Stuck, walk
from fahuo.connections import pulls
from fahuo.connections import queries as connections
from fahuo.connections.model import Link
from fahuo.flow.ahead import Ahead
from fahuo.flow.house import House
from fahuo.flow.report import Report
from fahuo.flow.taking import Taker
from fahuo.kernel.clock import technical_ms
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.orders.model import OPEN, OrderIn, Refusal
from fahuo.store import settings
from fahuo.store.engine import Tx

AHEAD: Final = 20
"""Pages that wait to be written, at most; all that wait are written in one transaction."""
AHEAD_BYTES: Final = 32 << 20
"""Bytes of pages that wait, at most (and one page more). As many again are being written."""
LEASE_MS: Final = 300_000
PAUSE_MS: Final = 60_000
"""After a pull that failed. The client has repeated what may be repeated before."""
DAY_S: Final = 86_400
LONG_S: Final = 3_600
"""A pull from further back asks up to a fixed time first, then for the present."""
SETTINGS: Final = "tiktok.pull"
_log = logging.getLogger(__name__)


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the seller wants orders pulled (setting `tiktok.pull`)."""

    history_days: int = 30
    """The first pull takes everything that changed within so many days, finished orders too."""
    open_days: int = 180
    """Before that, what is still open although nothing has changed for so many days [D: pre-orders wait for months]."""
    overlap_s: int = 600
    """How far before its cursor a pull begins."""
    every_s: int = 60
    """Technical seconds from one pull to the next."""
    lease_s: int = LEASE_MS // 1_000
    """Technical seconds after which the turn of a worker that died is another's. A page takes far less."""


class Pulled(msgspec.Struct, kw_only=True):
    """What one pull of a shop came to. Counts are orders, repeated ones included; `cursor_at` is the platform's."""

    shop: str
    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[Refusal] = []
    pages: int = 0
    cursor_at: int | None = None
    complete: bool = False
    """Came to the platform's present; otherwise the next one goes on."""
    problem: Problem | None = None
    seconds: float = 0.0
    waited: float = 0.0
    """Of these, how long there was no page to write: the platform's share."""


def policy(tx: Tx) -> Policy:
    """The seller's setting, or what is usual."""
    return msgspec.convert(settings.get(tx, SETTINGS, {}), Policy)


def set_policy(tx: Tx, wanted: Policy) -> None:
    """Pull like this from the next pull on."""
    settings.put(tx, SETTINGS, msgspec.to_builtins(wanted))


def pull_due(
    house: House,
    client: Client,
    *,
    actor: str = "run",
    seller_id: int = 1,
    at_once: bool = False,
    seconds: float | None = None,
) -> list[Pulled]:
    """Pull every connected shop that is due, shops side by side; one that fails does not stop another.

    `at_once`: whether due or not (not while another worker pulls it). `seconds`: what takes longer goes on in the next
    pass.
    """
    with house.store.read(seller_id) as tx:
        active = {link.shop_id: link for link in connections.links(tx, only_active=True)}
        wanted = list(active) if at_once else [shop for shop in pulls.due(tx, technical_ms()) if shop in active]
    if not wanted:
        return []

    def one(shop_id: int) -> Pulled:
        try:
            return pull(house, client, active[shop_id], actor=actor, seconds=seconds, at_once=at_once)
        except Exception as error:  # a fault of ours in one shop's orders must not keep the others waiting
            return _broken(house, active[shop_id], error)

    if len(wanted) == 1:
        return [one(wanted[0])]
    with ThreadPoolExecutor(min(len(wanted), 4), "pull") as workers:
        return list(workers.map(one, wanted))


def _broken(house: House, link: Link, error: Exception) -> Pulled:
    _log.error("pulling %s failed", link.shop, exc_info=error)
    problem = Problem(
        "bug",
        message=N_("Fahuo failed in a way it should not: {kind}."),
        next=N_("Report it with the log's last lines."),
        params={"kind": type(error).__name__},
    )
    with suppress(SQLAlchemyError), house.store.write(link.seller_id) as tx:
        pulls.failed(tx, link.shop_id, msgspec.json.encode(problem).decode(), technical_ms() + PAUSE_MS)
    return Pulled(shop=link.shop, problem=problem)


def pull(
    house: House,
    client: Client,
    link: Link,
    *,
    since: int | None = None,
    actor: str = "pull",
    seconds: float | None = None,
    at_once: bool = True,
    stop: Callable[[], bool] = lambda: False,
) -> Pulled:
    """Pull one shop, from its cursor or from `since`. Never raises for what the platform does: that is a `problem`."""
    began = time.monotonic()
    found = Pulled(shop=link.shop)
    now_ms = technical_ms()
    with house.store.write(link.seller_id) as tx:
        rules = policy(tx)
        lease_ms = rules.lease_s * 1000
        if not pulls.claim(tx, link.shop_id, now_ms, now_ms + lease_ms, busy_for_ms=lease_ms if at_once else None):
            return found
        cursor = pulls.cursor(tx, link.shop_id)
    work = _Pull(house, client, link, actor, found, stop, None if seconds is None else began + seconds)
    try:
        work.run(cursor, since, rules)
    except (Refused, Unreached, Lost, Stuck, Failure) as error:
        found.problem = problem_of(error)
    due_ms = technical_ms() + (rules.every_s * 1000 if found.problem is None else PAUSE_MS)
    with house.store.write(link.seller_id) as tx:
        found.cursor_at = pulls.cursor(tx, link.shop_id)
        if found.problem is not None:
            pulls.failed(tx, link.shop_id, msgspec.json.encode(found.problem).decode(), due_ms)
        elif found.complete:
            pulls.ended(tx, link.shop_id, technical_ms(), due_ms)
        else:
            pulls.paused(tx, link.shop_id, technical_ms())
    found.seconds = time.monotonic() - began
    return found


def problem_of(error: Exception) -> Problem:
    """What went wrong, for people."""
    if isinstance(error, Refused):
        return refused_problem(error.code, error.message, error.request_id)
    if isinstance(error, Stuck | Failure):
        return error.problem
    why, id_ = str(getattr(error, "why", ""))[:200], str(getattr(error, "request_id", ""))
    return Problem(
        "platform_unreachable",
        None,
        f"{why} ({id_})" if id_ else why or None,
        N_("The platform did not answer: {why}."),
        N_("Nothing: it is tried again by itself."),
        {"why": why},
    )


def shown_problem(text: str) -> Problem | None:
    """The problem a link's row keeps, if any."""
    return msgspec.json.decode(text, type=Problem) if text else None


class _Pull:
    """One pull of one shop while it lasts."""

    def __init__(
        self,
        house: House,
        client: Client,
        link: Link,
        actor: str,
        found: Pulled,
        stop: Callable[[], bool],
        until: float | None,
    ) -> None:
        self.taker = Taker(house, link, "pull", actor)
        self.house, self.client, self.link, self.found = house, client, link, found
        self.stop, self.until = stop, until
        self.moves = True
        self.lease_ms = LEASE_MS
        self.start = -1
        self.reached = -1

    def run(self, cursor: int | None, since: int | None, rules: Policy) -> None:
        """From the cursor, or from `since`, to the present."""
        self.lease_ms = rules.lease_s * 1000
        now = self.house.clock.now()
        first = cursor is None and since is None
        if since is not None:
            low = since
        elif cursor is not None:
            low = cursor - rules.overlap_s
        else:
            low = now - max(rules.history_days * DAY_S, LONG_S)
            self._sweep(low - rules.open_days * DAY_S, low)
        # From after the cursor on there is a gap behind: then only the orders count.
        self.moves = cursor is None or low <= cursor
        self.start = -1 if cursor is None else cursor
        if now - low > LONG_S and not self._walk(low, now, ""):
            return
        if self.moves and (reached := self._cursor()) is not None:
            low = max(low, reached)
        self.found.complete = self._walk(low, None, "")
        if first and self.found.complete and self._cursor() is None:
            with self.house.store.write(self.link.seller_id) as tx:  # nothing has happened in this shop so far
                pulls.advance(tx, self.link.shop_id, low, technical_ms() + rules.lease_s * 1000)

    def _enough(self) -> bool:
        """Whether to stop here. Time is up only once the cursor has moved: what comes before it is read every time."""
        over = self.until is not None and time.monotonic() > self.until
        return self.stop() or (over and self.reached > self.start)

    def _cursor(self) -> int | None:
        with self.house.store.read(self.link.seller_id) as tx:
            return pulls.cursor(tx, self.link.shop_id)

    def _sweep(self, low: int, high: int) -> None:
        """Before the first pull: what is still open though nothing has changed for long. Moves no cursor."""
        self.moves = False
        for status in sorted(OPEN):
            self._walk(low, high, status)

    def _walk(self, low: int, high: int | None, status: str) -> bool:
        """Take a stretch of time; False when asked to stop before its end."""
        soft = self.house.clock.now()

        def fetch(since: int, before: int | None, token: str) -> Page:
            return search(self.client, self.link, since=since, before=before, token=token, status=status)

        with Ahead(walk(fetch, low, high, soft), AHEAD, AHEAD_BYTES, _bytes) as steps:
            try:
                for group in steps.groups():
                    self._take(group)
                    if not status and self._enough():
                        return False
            finally:
                self.found.waited += steps.waited
        return True

    def _take(self, group: Sequence[Step]) -> None:
        cursor = max((step.cursor for step in group if step.cursor is not None), default=None) if self.moves else None
        batch = self.taker.read([raw for step in group for raw in step.page.raws])
        report = Report()
        problem = next((step.problem for step in group if step.problem is not None), None)

        def also(tx: Tx, _: Sequence[OrderIn]) -> None:
            until_ms = technical_ms() + self.lease_ms
            pulls.advance(tx, self.link.shop_id, cursor, until_ms)
            if problem is not None:
                pulls.failed(tx, self.link.shop_id, msgspec.json.encode(problem).decode(), until_ms)

        self.taker.take(batch, report, also)
        self.reached = max(self.reached, cursor or -1)
        self.found.pages += sum(bool(step.page.raws) for step in group)
        self.found.refused += report.refused
        for name, number in report.counts().items():
            setattr(self.found, name, getattr(self.found, name) + number)


def _bytes(step: Step) -> int:
    return sum([len(raw) for raw in step.page.raws])


def shop_problems(tx: Tx, now_ms: int) -> Mapping[int, Problem]:
    """Our shop → why its last pull did not come to its end."""
    found = {one.shop_id: shown_problem(one.pull_problem) for one in connections.standings(tx, now_ms)}
    return {shop: problem for shop, problem in found.items() if problem is not None}
