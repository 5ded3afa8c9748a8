"""Use case: orders arrive by themselves: connections looked after, notices worked off, shops that are due pulled."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import msgspec

from fahuo.channels.tiktok_shop.client import Client
from fahuo.connections import queries as connections
from fahuo.flow.beside import Beside, beside
from fahuo.flow.grants import client_of
from fahuo.flow.house import House
from fahuo.flow.notices import Worked, work_off
from fahuo.flow.pull import Pulled, pull_due
from fahuo.flow.shop_setup import look_after

PULL_S = 20.0
"""Seconds a shop may be pulled in one pass; what takes longer goes on in the next."""


class Arrived(msgspec.Struct, kw_only=True):
    """What came in. `failed`: shops whose pull did not come to its end, and why (code)."""

    created: int = 0
    updated: int = 0
    refused: int = 0
    notices: int = 0
    parked: int = 0
    requests: int = 0
    messages: int = 0
    failed: dict[str, str] = {}

    @property
    def anything(self) -> bool:
        """Whether there is something to tell."""
        return bool(self.created or self.updated or self.refused or self.parked or self.failed)


def arrive(
    house: House, client: Client | None = None, *, actor: str = "run", seller_id: int = 1, at_once: bool = False
) -> Arrived:
    """Everything that is due, for every connected shop. `at_once`: pull each, due or not.

    What the platform does to one shop stops nothing else: it stands in the shop's row.
    """
    with house.store.read(seller_id) as tx:
        if not connections.linked(tx):
            return Arrived()
    client = client or client_of(house.store)
    look_after(house, client, seller_id)
    worked = work_off(house, client, actor=actor, seller_id=seller_id)
    pulled = pull_due(
        house, client, actor=actor, seller_id=seller_id, at_once=at_once, seconds=None if at_once else PULL_S
    )
    return _told(worked, pulled, beside(house, client, seller_id=seller_id))


def _told(worked: Worked, pulled: list[Pulled], also: Beside) -> Arrived:
    return Arrived(
        created=worked.created + sum(one.created for one in pulled),
        updated=worked.updated + sum(one.updated for one in pulled),
        refused=sum(len(one.refused) for one in pulled),
        notices=worked.notices,
        parked=worked.parked,
        requests=also.requests,
        messages=also.messages,
        failed=also.failed | {one.shop: one.problem.code for one in pulled if one.problem is not None},
    )


class Arrivals:
    """Arriving beside the other work of a long-running process: a platform that is slow holds up no plan and no label.

    Use it as a context; `step` never waits.
    """

    def __init__(self, house: House, *, actor: str = "run", seller_id: int = 1) -> None:
        self._house, self._actor, self._seller = house, actor, seller_id
        self._pool = ThreadPoolExecutor(1, "arrive")
        self._running: Future[Arrived] | None = None

    def __enter__(self) -> Arrivals:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def step(self) -> Arrived:
        """What the last round came to, if it has ended; then the next is begun. Raises what the round raised."""
        found = Arrived()
        if self._running is not None:
            if not self._running.done():
                return found
            found = self._running.result()
        self._running = self._pool.submit(arrive, self._house, actor=self._actor, seller_id=self._seller)
        return found
