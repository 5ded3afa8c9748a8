"""Use case: what connected shops tell beside their orders: requests after the purchase, conversations, products.

A notice names what to read again; now and then everything that changed is read, so a lost notice costs time and
nothing else. What fails for one shop waits; the others go on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, NamedTuple

import msgspec

from fahuo.aftersales import queries
from fahuo.aftersales.model import CANCEL, RETURN
from fahuo.channels.tiktok_shop.client import Client, Lost, Refused, Unreached
from fahuo.connections import notices_store
from fahuo.connections import queries as connections
from fahuo.connections.model import Link
from fahuo.connections.notices import Waiting
from fahuo.flow import aftersales, offers, readdress, talks
from fahuo.flow.house import House
from fahuo.kernel.clock import technical_ms
from fahuo.store.settings import job_due, jobs_later

REQUESTS_EVERY_S: Final = 900
SOON_S: Final = 60
"""How often a shop's requests are read while an order tells of one that has not come."""
TALKS_EVERY_S: Final = 900
AGAIN_MS: Final = 60_000
AT_ONCE: Final = 500
_REQUESTS: Final = (CANCEL, RETURN)
_KINDS: Final = (*_REQUESTS, "address", "talk", "product", "stock")
_log = logging.getLogger(__name__)


class Beside(msgspec.Struct, kw_only=True):
    """What came: requests, messages, SKUs read; pushes of stock put; shops where something failed, and why."""

    requests: int = 0
    messages: int = 0
    offers: int = 0
    pushed: int = 0
    failed: dict[str, str] = {}


def beside(house: House, client: Client, *, seller_id: int = 1) -> Beside:
    """Everything beside the orders that is due, for every connected shop."""
    done = Beside()
    with house.store.read(seller_id) as tx:
        links = connections.links(tx, only_active=True)
        shops = [link.shop_id for link in links]
        waiting = notices_store.notices_of(tx, _KINDS, AT_ONCE, technical_ms(), shops=shops) if links else []
        later = jobs_later(tx, house.clock.now())
        untold = queries.untold(tx, house.clock.now() - REQUESTS_EVERY_S) if links else set()
    for link in links:
        told = [one for one in waiting if one.shop_id == link.shop_id]
        soon = link.shop_id in untold and f"asked {link.shop_id}" not in later
        if told or soon or not _jobs(link) <= later:
            _one_shop(house, client, link, told, done, soon=soon)
    return done


def _jobs(link: Link) -> set[str]:
    return {f"requests {link.shop_id}", f"talks {link.shop_id}", *offers.jobs(link)}


def _one_shop(
    house: House, client: Client, link: Link, told: Sequence[Waiting], done: Beside, *, soon: bool = False
) -> None:
    """Part by part: what the platform refuses of one (a permission the app lacks, say) holds up no other."""
    now = house.clock.now()
    with house.store.write(link.seller_id) as tx:
        asked = soon and job_due(tx, f"asked {link.shop_id}", SOON_S, now)
        all_requests = job_due(tx, f"requests {link.shop_id}", REQUESTS_EVERY_S, now) or asked
        all_talks = job_due(tx, f"talks {link.shop_id}", TALKS_EVERY_S, now)
    visit = _Visit(house, client, link, done)
    parts: Sequence[tuple[Sequence[str], Callable[[Sequence[Waiting]], None]]] = (
        (("address",), visit.moved),
        (_REQUESTS, partial(visit.requests, everything=all_requests)),
        (("talk",), partial(visit.talks, everything=all_talks)),
        (("product", "stock"), visit.offers),
    )
    away = ""
    for kinds, part in parts:
        mine = [one for one in told if one.kind in kinds]
        try:
            if not away:
                part(mine)
        except Refused as error:
            _failed(visit, mine, str(error))
        except (Unreached, Lost) as error:
            away = str(error)
        except Exception as error:  # a fault of ours in one shop's matters must not keep the others waiting
            _log.error("what %s tells beside its orders could not be taken", link.shop, exc_info=error)
            _failed(visit, mine, f"bug: {type(error).__name__}")
        else:
            if mine and not away:
                with house.store.write(link.seller_id) as tx:
                    notices_store.worked(tx, [one.id for one in mine])
        if away:
            _failed(visit, mine, away)


class _Visit(NamedTuple):
    """The parts of what one shop tells beside its orders."""

    house: House
    client: Client
    link: Link
    done: Beside

    def moved(self, told: Sequence[Waiting]) -> None:
        """Buyers moved: the notice alone may show it."""
        changed = {ref: one.sent_at for one in told for ref in one.order_refs}
        if changed:
            with self.house.store.write(self.link.seller_id) as tx:
                readdress.moved(tx, self.link.shop_id, changed, self.house.clock.now(), "notice")

    def requests(self, told: Sequence[Waiting], *, everything: bool) -> None:
        """Requests that were told of; now and then all that have changed."""
        named = {kind: sorted({one.ref for one in told if one.kind == kind and one.ref}) for kind in _REQUESTS}
        if any(named.values()):
            self.done.requests += aftersales.mirror(self.house, self.client, self.link, named)
        if everything:
            self.done.requests += aftersales.mirror(self.house, self.client, self.link)
            with self.house.store.write(self.link.seller_id) as tx:
                aftersales.adopt(tx, self.link.shop_id)

    def talks(self, told: Sequence[Waiting], *, everything: bool) -> None:
        """Conversations that were told of; now and then all that have changed."""
        for ref in sorted({one.ref for one in told if one.ref}):
            self.done.messages += talks.mirror_one(self.house, self.client, self.link, ref)
        if everything:
            self.done.messages += talks.mirror(self.house, self.client, self.link)

    def offers(self, told: Sequence[Waiting]) -> None:
        """Products that changed there, stock that changed here."""
        if any(one.kind == "product" for one in told):
            self.done.offers += offers.read_products(self.house, self.client, self.link)
        found = offers.keep_offers(self.house, self.client, [self.link], seller_id=self.link.seller_id)
        self.done.offers += found["read"]
        self.done.pushed += found["pushed"]


def _failed(visit: _Visit, told: Sequence[Waiting], why: str) -> None:
    visit.done.failed.setdefault(visit.link.shop, why[:200])
    at = technical_ms() + AGAIN_MS
    with visit.house.store.write(visit.link.seller_id) as tx:
        notices_store.later(tx, [(one.id, at, why) for one in told])
