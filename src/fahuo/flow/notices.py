"""Use case: work off the notices about orders. Nothing of a notice is believed but which orders to read again.

The orders of many notices are read together, at most 50 a call, and taken as a pull takes them: whichever of the two
comes first, the same order comes out. A notice that tells of a change the platform does not show yet waits; one that
fails again and again is parked for a person, but not because the platform or the connection is away.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import msgspec

from fahuo.channels.tiktok_shop.client import Client, Lost, Refused, Unreached, Withdrawn
from fahuo.channels.tiktok_shop.errors import meaning
from fahuo.channels.tiktok_shop.orders import IDS, Page, details
from fahuo.connections import notices_store
from fahuo.connections import queries as connections
from fahuo.connections.model import Link
from fahuo.connections.notices import OWN_NOTE, Count, Shown, Waiting
from fahuo.flow.house import House
from fahuo.flow.report import Report
from fahuo.flow.taking import Taker, own_note
from fahuo.kernel.clock import technical_ms
from fahuo.orders.model import OrderIn
from fahuo.store.engine import Store, Tx

BATCH: Final = 1_000
LEASE_MS: Final = 120_000
ATTEMPTS: Final = 8
_log = logging.getLogger(__name__)
FIRST_MS, LONGEST_MS = 5_000, 1_800_000
NOT_YET: Final = 3
"""How often a notice waits for the platform to show the change it tells of; the next pull brings it then."""
KEEP_MS: Final = 30 * 86_400_000
"""How long worked-off notices are kept: the platform repeats one for 12 hours."""


class Worked(msgspec.Struct, kw_only=True):
    """What one pass over the notices came to. `orders` were read; `later` and `parked` are notices."""

    notices: int = 0
    orders: int = 0
    created: int = 0
    updated: int = 0
    later: int = 0
    parked: int = 0

    def add(self, other: Worked) -> None:
        """Count what came of another part."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def work_off(house: House, client: Client, *, actor: str = "run", seller_id: int = 1, most: int = 10_000) -> Worked:
    """Read the orders that notices name and take them; every shop by itself. Ends when none is due, or after `most`."""
    done = Worked()
    while done.notices < most:
        now_ms = technical_ms()
        with house.store.read(seller_id) as tx:
            if not notices_store.due(tx, now_ms):
                return done
        with house.store.write(seller_id) as tx:
            claimed = notices_store.claim(tx, BATCH, now_ms, LEASE_MS)
            links = {link.shop_id: link for link in connections.links(tx, only_active=True)}
        if not claimed:
            return done
        done.add(_work(house, client, claimed, links, actor, seller_id))
    return done


def _work(
    house: House,
    client: Client,
    claimed: Sequence[Waiting],
    links: Mapping[int, Link],
    actor: str,
    seller_id: int,
) -> Worked:
    by_shop: dict[int, list[Waiting]] = {}
    for one in claimed:
        by_shop.setdefault(one.shop_id, []).append(one)

    def shop(shop_id: int) -> Worked:
        told, link = by_shop[shop_id], links.get(shop_id)
        verdict = _Verdict(len(told))
        if link is None:
            # Once it is connected again its pull brings the orders; what other parts take waits for them.
            verdict.fine = [one.id for one in told if one.type != OWN_NOTE]
            own = [one for one in told if one.type == OWN_NOTE]
            verdict.put_off(own, "the shop is not connected", most=None)
            with house.store.write(seller_id) as tx:
                return verdict.write(tx)
        try:
            return _work_shop(house, client, link, told, actor)
        except Exception as error:  # a fault of ours in one shop's orders must not keep the others waiting
            _log.error("notices of %s could not be worked off", link.shop, exc_info=error)
            verdict.put_off(told, f"bug: {type(error).__name__}")
            with house.store.write(seller_id) as tx:
                return verdict.write(tx)

    done = Worked()
    with ThreadPoolExecutor(min(len(by_shop), 4), "notices") as workers:
        for came in workers.map(shop, by_shop):
            done.add(came)
    return done


class _Verdict:
    """What is to become of some notices: decided outside the transaction, written inside it."""

    def __init__(self, notices: int = 0) -> None:
        self.fine: list[int] = []
        self.later: list[tuple[int, int, str]] = []
        self.parked: list[tuple[int, str]] = []
        self.notices = notices

    def put_off(self, told: Sequence[Waiting], why: str, *, at_ms: int = 0, most: int | None = ATTEMPTS) -> None:
        """Again later; after `most` attempts to a person. None: never, it is not the notice's fault."""
        now = technical_ms()
        for one in told:
            if most is None or one.attempt < most:
                self.later.append((one.id, max(at_ms, now + _wait_ms(one.attempt)), why))
            else:
                self.parked.append((one.id, why))

    def write(self, tx: Tx) -> Worked:
        """Write it."""
        notices_store.orders_read(tx, self.fine, technical_ms())
        notices_store.later(tx, self.later)
        notices_store.park(tx, self.parked)
        return Worked(notices=self.notices, later=len(self.later), parked=len(self.parked))


def _work_shop(house: House, client: Client, link: Link, told: Sequence[Waiting], actor: str) -> Worked:
    """All notices of one shop: read its orders fifty by fifty; what fails waits, the rest goes on."""
    taker = Taker(house, link, "notice", actor)
    done = Worked()
    shown: dict[str, int] = {}
    failed: dict[str, str] = {}
    refs = list(dict.fromkeys(ref for one in told for ref in one.order_refs))
    for at in range(0, max(1, len(refs)), IDS):
        part = refs[at : at + IDS]
        try:
            page = _details(client, link, part, failed)
        except (Refused, Unreached, Lost) as error:
            verdict = _Verdict(len(told))
            at_ms = error.retry_at_ms if isinstance(error, Unreached) else 0
            ours = isinstance(error, Refused) and meaning(error.code).kind != "auth" and not meaning(error.code).repeat
            verdict.put_off(told, str(error)[:200], at_ms=at_ms, most=ATTEMPTS if ours else None)
            with house.store.write(link.seller_id) as tx:
                done.add(verdict.write(tx))
            return done
        shown |= dict.fromkeys(part, -1) | dict(page.versions)
        settled = [one for one in told if shown.keys() >= set(one.order_refs)]
        told = [one for one in told if not shown.keys() >= set(one.order_refs)]
        done.add(_take(taker, page, _judge(settled, shown, failed)))
    return done


def _details(client: Client, link: Link, refs: Sequence[str], failed: dict[str, str]) -> Page:
    """These orders. One that the platform will not talk about is put into `failed`, not its neighbours."""
    if not refs:
        return Page([], [], "")
    try:
        return details(client, link, refs)
    except Refused as error:
        if isinstance(error, Withdrawn) or meaning(error.code).repeat or meaning(error.code).kind == "auth":
            raise
        if len(refs) == 1:
            failed[refs[0]] = str(error)[:200]
            return Page([], [], "")
    half = len(refs) // 2
    one, other = _details(client, link, refs[:half], failed), _details(client, link, refs[half:], failed)
    return Page(one.raws + other.raws, one.versions + other.versions, "")


def _judge(settled: Sequence[Waiting], shown: Mapping[str, int], failed: Mapping[str, str]) -> _Verdict:
    """What the reading has come to for each notice."""
    verdict = _Verdict(len(settled))
    for one in settled:
        refused = next((failed[ref] for ref in one.order_refs if ref in failed), "")
        if not one.order_refs:
            verdict.parked.append((one.id, "names no order"))
        elif refused:
            verdict.put_off([one], refused, most=NOT_YET)
        elif any(shown[ref] < 0 for ref in one.order_refs):
            verdict.put_off([one], "the platform does not know the order")
        # Other kinds have times of their own; only the order's own may be compared with the order's.
        elif one.kind == "order" and any(shown[ref] < one.sent_at for ref in one.order_refs) and one.attempt <= NOT_YET:
            verdict.put_off([one], "the platform does not show the change yet")
        else:
            verdict.fine.append(one.id)
    return verdict


def _take(taker: Taker, page: Page, verdict: _Verdict) -> Worked:
    report = Report()
    done = Worked()

    def also(tx: Tx, _: Sequence[OrderIn]) -> None:
        nonlocal done
        done = verdict.write(tx)

    taker.take(taker.read(page.raws), report, also)
    done.orders, done.created, done.updated = report.read, report.created, report.updated
    return done


def _wait_ms(attempt: int) -> int:
    return min(FIRST_MS << min(attempt - 1, 20), LONGEST_MS)


def read_again(tx: Tx, link: Link, order_refs: Sequence[str]) -> None:
    """Have these orders of a connected shop read again soon, in the caller's transaction: after a write, say."""
    notices_store.note(tx, [own_note(link, ref) for ref in order_refs])


def try_again(house: House, ids: Sequence[int] | None = None, *, seller_id: int = 1) -> int:
    """A person sends parked notices on their way again, all or these; how many."""
    with house.store.write(seller_id) as tx:
        return notices_store.again(tx, ids, technical_ms())


def set_aside(house: House, ids: Sequence[int], *, seller_id: int = 1) -> int:
    """A person has seen to these parked notices otherwise: nobody needs to look at them any more; how many."""
    with house.store.write(seller_id) as tx:
        return notices_store.set_aside(tx, ids)


class Overview(msgspec.Struct, kw_only=True):
    """What came in, for people: per shop and state, what the receiving address counted, and what needs a look."""

    standing: list[tuple[int, str, int, int]]
    counts: list[Count]
    troubled: list[Shown]


def overview(store: Store, *, seller_id: int = 1, limit: int = 100) -> Overview:
    """How the notices stand."""
    with store.read(seller_id) as tx:
        return Overview(
            standing=notices_store.standing(tx),
            counts=notices_store.counts(tx),
            troubled=notices_store.shown(tx, ("parked", "malformed", "kept"), limit),
        )


def tidy(store: Store, *, seller_id: int = 1) -> int:
    """Forget notices that were done with long ago; how many."""
    with store.write(seller_id) as tx:
        return notices_store.forget(tx, technical_ms() - KEEP_MS)
