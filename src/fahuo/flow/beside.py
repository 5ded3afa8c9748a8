"""Use case: what connected shops tell beside their orders: requests after the purchase, conversations, products.

A notice names what to read again; now and then everything that changed is read, so a lost notice costs time and
nothing else. What fails for one shop waits; the others go on.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

import msgspec

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
TALKS_EVERY_S: Final = 900
AGAIN_MS: Final = 60_000
AT_ONCE: Final = 500
_REQUESTS: Final = (CANCEL, RETURN)
_KINDS: Final = (*_REQUESTS, "address", "talk", "product", "stock")
_TROUBLES: Final = (Refused, Unreached, Lost)
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
    for link in links:
        told = [one for one in waiting if one.shop_id == link.shop_id]
        if not told and _jobs(link) <= later:
            continue
        try:
            _one_shop(house, client, link, told, done)
        except _TROUBLES as error:
            done.failed[link.shop] = str(error)[:200]
            _later(house, told, str(error), seller_id)
        except Exception as error:  # a fault of ours in one shop's matters must not keep the others waiting
            _log.error("what %s tells beside its orders could not be taken", link.shop, exc_info=error)
            done.failed[link.shop] = f"bug: {type(error).__name__}"
            _later(house, told, done.failed[link.shop], seller_id)
    return done


def _jobs(link: Link) -> set[str]:
    return {f"requests {link.shop_id}", f"talks {link.shop_id}", *offers.jobs(link)}


def _one_shop(house: House, client: Client, link: Link, told: Sequence[Waiting], done: Beside) -> None:
    now = house.clock.now()
    with house.store.write(link.seller_id) as tx:
        all_requests = job_due(tx, f"requests {link.shop_id}", REQUESTS_EVERY_S, now)
        all_talks = job_due(tx, f"talks {link.shop_id}", TALKS_EVERY_S, now)
    named = {kind: sorted({one.ref for one in told if one.kind == kind and one.ref}) for kind in _REQUESTS}
    if any(named.values()):
        done.requests += aftersales.mirror(house, client, link, named)
    if all_requests:
        done.requests += aftersales.mirror(house, client, link)
        with house.store.write(link.seller_id) as tx:
            aftersales.adopt(tx, link.shop_id)
    moved = {ref: one.sent_at for one in told if one.kind == "address" for ref in one.order_refs}
    if moved:
        with house.store.write(link.seller_id) as tx:
            readdress.moved(tx, link.shop_id, moved, now, "notice")
    for ref in sorted({one.ref for one in told if one.kind == "talk" and one.ref}):
        done.messages += talks.mirror_one(house, client, link, ref)
    if all_talks:
        done.messages += talks.mirror(house, client, link)
    if any(one.kind == "product" for one in told):
        done.offers += offers.read_products(house, client, link)
    found = offers.keep_offers(house, client, [link], seller_id=link.seller_id)
    done.offers += found["read"]
    done.pushed += found["pushed"]
    if told:
        with house.store.write(link.seller_id) as tx:
            notices_store.worked(tx, [one.id for one in told])


def _later(house: House, told: Sequence[Waiting], why: str, seller_id: int) -> None:
    at = technical_ms() + AGAIN_MS
    with house.store.write(seller_id) as tx:
        notices_store.later(tx, [(one.id, at, why) for one in told])
