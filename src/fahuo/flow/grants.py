"""Use cases that keep a grant alive: the client every worker calls with, renewal under a claim, and the end of access.

The platform rotates tokens: of two renewals of one grant only one may happen, and its answer must be kept before it is
used. So who renews holds the grant's row for a while, calls, writes the new pair, and only then hands it out. A renewal
whose answer was lost is tried again with the old pair; when the platform then knows that pair no more, only a person
can connect the shop again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from typing import Any, Final, NoReturn
from weakref import WeakKeyDictionary, finalize, ref

import msgspec

from fahuo.channels.tiktok_shop import shops as platform
from fahuo.channels.tiktok_shop.client import Client, Lost, Refused, Unreached, Withdrawn
from fahuo.channels.tiktok_shop.errors import CODE_INVALID, NO_PERMISSION, NOT_LINKED, TOKEN_EXPIRED, problem
from fahuo.connections import notices_store, queries, service
from fahuo.connections.model import ACTIVE, EXPIRED, REFUSED, WITHDRAWN, Grant, Health, Link, Tokens
from fahuo.kernel.clock import technical_ms
from fahuo.kernel.problems import Problem
from fahuo.kernel.text import N_
from fahuo.store.engine import MAIN_SELLER, Store

RETRY_MS: Final = (5_000, 15_000, 60_000, 300_000, 900_000)
"""Back-off after renewals that did not work: the token at hand lives on meanwhile."""
WAIT_S: Final = 20.0
"""How long a call waits for another worker that renews the same grant."""
LOOK_S: Final = 0.1
_NOTICES: Final = ("withdrawn", "expiring")
_AT_ONCE: Final = 100


def make_client(store: Store, **more: Any) -> Client:
    """The client of a process, for all its sellers: renews tokens and keeps what calling shows. `more`: for tests."""
    made: list[Client] = []
    weak = ref(store)  # the client is kept for as long as its store is

    def alive() -> Store:
        found = weak()
        if found is None:
            raise RuntimeError("the store of this client is gone")
        return found

    def renew_link(link: Link) -> Link:
        return renewed_link(alive(), made[0], link)

    def barred(link: Link, path: str, refused: Refused) -> None:
        if refused.code == NO_PERMISSION:
            not_permitted(alive(), link, path, refused)
        else:
            no_longer_accepted(alive(), link, refused)

    def tell(link: Link, health: Health) -> None:
        with alive().write(link.seller_id) as tx:
            service.keep_health(tx, link.shop_id, health, technical_ms())

    made.append(Client(renew=renew_link, barred=barred, tell=tell, **more))
    # Its connections are given back with the store, not whenever the collector comes by.
    finalize(store, made[0].close)
    return made[0]


_clients: WeakKeyDictionary[Store, Client] = WeakKeyDictionary()
_lock = threading.Lock()


def client_of(store: Store) -> Client:
    """The one client this process calls with: what it learned about pace, clocks and tokens must not be lost."""
    with _lock:
        found = _clients.get(store)
        if found is None:
            found = _clients[store] = make_client(store)
        return found


def renew_due(store: Store, client: Client, seller_id: int = MAIN_SELLER) -> int:
    """Renew every grant whose time has come; how many were. What went wrong stands in its row."""
    with store.read(seller_id) as tx:
        wanted = queries.to_renew(tx, technical_ms())
    done = 0
    for grant_id in wanted:
        try:
            done += renew(store, client, grant_id, seller_id=seller_id) is not None
        except (Withdrawn, Unreached):
            continue
    return done


def renew_now(store: Store, client: Client, grant_ids: Iterable[int], seller_id: int = MAIN_SELLER) -> Problem | None:
    """Renew these grants whether due or not; the first thing that went wrong."""
    wrong: Problem | None = None
    for grant_id in dict.fromkeys(grant_ids):
        try:
            renew(store, client, grant_id, seller_id=seller_id)
        except Withdrawn as ended:
            wrong = wrong or problem(ended.code, ended.message, ended.request_id)
        except Unreached as error:
            text = N_("The token could not be renewed: {why}")
            then = N_("Try again in a minute; the present token works until it ends.")
            wrong = wrong or Problem("not_renewed", None, None, text, then, {"why": error.why[:200]})
    return wrong


def renewed_link(store: Store, client: Client, link: Link) -> Link:
    """The link with a token that is newer than the one it has. Raises Withdrawn, Unreached.

    When somebody else renews the same grant it waits for that one's result.
    """
    last = time.monotonic() + WAIT_S
    while True:
        with store.read(link.seller_id) as tx:
            grant = queries.grant_of(tx, link.grant_id)
        if grant is None or grant.state != ACTIVE:
            raise Withdrawn(TOKEN_EXPIRED, "the authorisation has ended")
        if grant.access_token != link.access_token:
            return msgspec.structs.replace(link, access_token=grant.access_token, access_until_ms=grant.access_until_ms)
        if grant.retry_ms > technical_ms():
            raise Unreached("the token could not be renewed a moment ago", grant.retry_ms)
        if renew(store, client, grant.id, unless=link.access_token, seller_id=link.seller_id) is None:
            if time.monotonic() > last:
                raise Unreached("another worker renews the token", technical_ms() + RETRY_MS[0])
            time.sleep(LOOK_S)


def renew(
    store: Store, client: Client, grant_id: int, *, unless: str | None = None, seller_id: int = MAIN_SELLER
) -> Tokens | None:
    """Renew a grant now; None when another worker is at it or has done it. Raises Withdrawn, Unreached.

    `unless`: only while this is still its access token.
    """
    with store.write(seller_id) as tx:
        claim = service.claim_renewal(tx, grant_id, technical_ms())
        grant = None if claim is None else queries.grant_of(tx, grant_id)
        if claim is None or grant is None:
            return None
        if unless is not None and grant.access_token != unless:
            service.not_claimed(tx, grant_id, claim)
            return None
    try:
        tokens = platform.renewed_tokens(client, grant.app, grant.refresh_token)
    except Refused as refused:
        _refused(store, grant, claim, refused)
    except (Unreached, Lost) as error:
        _again(store, grant, claim, error.why, lost=isinstance(error, Lost))
    if tokens.open_id and tokens.open_id != grant.open_id:
        _end(store, grant, claim, REFUSED, "the platform answered for another seller")
    with store.write(seller_id) as tx:
        kept = service.renewed(tx, grant_id, claim, tokens, technical_ms())
    return tokens if kept else None


def _refused(store: Store, grant: Grant, claim: int, refused: Refused) -> NoReturn:
    """Dead for good, or a matter of our app's settings that a person may still put right."""
    words = f"{refused.code} {refused.message}"
    # The platform says that it is over, not our clock. A second attempt: an answer was lost before, and the pair that
    # came with it has taken this one's place.
    over = grant.attempts > 1 or grant.refresh_until_ms <= technical_ms()
    if refused.code == TOKEN_EXPIRED or (refused.code == CODE_INVALID and over):
        _end(store, grant, claim, EXPIRED, words)
    if refused.code == CODE_INVALID:
        _end(store, grant, claim, WITHDRAWN, words)
    _again(store, grant, claim, words, lost=False)


def _end(store: Store, grant: Grant, claim: int, state: str, why: str) -> NoReturn:
    with store.write(grant.seller_id) as tx:
        service.not_renewable(tx, grant.id, claim, state, why)
    raise Withdrawn(TOKEN_EXPIRED, why)


def _again(store: Store, grant: Grant, claim: int, why: str, *, lost: bool) -> NoReturn:
    at = technical_ms() + RETRY_MS[min(grant.attempts - lost, len(RETRY_MS) - 1)]
    with store.write(grant.seller_id) as tx:
        service.not_renewed(tx, grant.id, claim, at, why, lost=lost)
    raise Unreached(f"the token could not be renewed: {why}", at)


def no_longer_accepted(store: Store, link: Link, refused: Refused) -> None:
    """The platform refuses the link's token although it has just been renewed, or refuses it for this shop."""
    words = f"{refused.code} {refused.message}"
    with store.write(link.seller_id) as tx:
        if refused.code == NOT_LINKED:
            service.end_link(tx, link.shop_id, REFUSED, words)
            return
        grant = queries.grant_of(tx, link.grant_id)
        if grant is not None and grant.access_token == link.access_token:
            service.end_grant(tx, grant.id, WITHDRAWN, words)


def not_permitted(store: Store, link: Link, path: str, refused: Refused) -> None:
    """The app has no permission for this part of the API: said once, on the shop's page. Other calls go on."""
    part = path.split("/")[1]
    with store.read(link.seller_id) as tx:
        known = queries.lacking(tx).get(link.shop_id, {})
    if part not in known and link.shop_id:
        with store.write(link.seller_id) as tx:
            service.lacks(tx, link.shop_id, part, refused.message)


def refuse_shop(store: Store, link: Link, why: str) -> None:
    """Stop all calls for a shop that answers with what is not its own: a person must look. `why`: no personal data."""
    with store.write(link.seller_id) as tx:
        service.end_link(tx, link.shop_id, REFUSED, why)


def check_link(store: Store, client: Client, link: Link) -> str:
    """Ask whether the token still opens the shop; the state it is in after that. Raises Unreached, Lost, Refused."""
    try:
        found = {shop.id: shop for shop in platform.authorised_shops(client, link)}
    except Withdrawn:
        with store.read(link.seller_id) as tx:
            after = queries.link_of(tx, link.shop_id)
        return after.state if after else WITHDRAWN
    shop = found.get(link.platform_shop_id)
    if shop is None:
        with store.write(link.seller_id) as tx:
            service.end_link(tx, link.shop_id, WITHDRAWN, "the token no longer opens this shop")
        return WITHDRAWN
    if shop.region and shop.region != link.region:
        refuse_shop(store, link, f"the shop was in {link.region} and is now in {shop.region[:20]}")
        return REFUSED
    if shop.cipher and shop.cipher != link.cipher:
        with store.write(link.seller_id) as tx:
            service.recipher(tx, link.shop_id, shop.cipher)
    return ACTIVE


def take_notices(store: Store, client: Client, seller_id: int = MAIN_SELLER) -> int:
    """Work off what the platform told about grants; how many. A notice is believed only after asking the platform."""
    now = technical_ms()
    with store.read(seller_id) as tx:
        waiting = notices_store.notices_of(tx, _NOTICES, _AT_ONCE, now)
        links = {link.shop_id: link for link in queries.links(tx)} if waiting else {}
    done: list[int] = []
    warned: list[int] = []
    later: list[tuple[int, int, str]] = []
    for notice in waiting:
        link = links.get(notice.shop_id)
        if notice.kind == "expiring":
            warned.append(notice.shop_id)
        elif link is not None and link.state == ACTIVE:
            try:
                check_link(store, client, link)
            except (Unreached, Lost, Refused) as error:
                later.append((notice.id, now + RETRY_MS[2], str(error)))
                continue
        done.append(notice.id)
    with store.write(seller_id) as tx:
        for shop_id in warned:
            service.warned(tx, shop_id, now)
        notices_store.worked(tx, done)
        notices_store.later(tx, later)
    return len(done)
