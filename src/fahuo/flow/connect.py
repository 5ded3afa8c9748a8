"""Use cases of connecting: the seller's consent, which shop of ours is which of theirs, and taking it all back.

Consent goes through the seller's browser: out with a random `state` that is used once and only by the person it was
made for, back with a code that becomes tokens. Then every shop the tokens open is tied to a shop of ours (or one is
made for it), its warehouses are mapped and its notices asked for (`flow/shop_setup.py`).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from fahuo.catalogue import queries as catalogue
from fahuo.catalogue.model import Shop
from fahuo.channels.tiktok_shop import shops as platform
from fahuo.channels.tiktok_shop.client import Client, Lost, Refused, Unreached, Withdrawn
from fahuo.channels.tiktok_shop.errors import problem as code_problem
from fahuo.channels.tiktok_shop.shops import PlatformShop
from fahuo.connections import queries, service
from fahuo.connections.model import ACTIVE, WITHDRAWN, App, Link, Standing, Tokens
from fahuo.flow.house import House
from fahuo.flow.setup import MARKETS, MAX_NAME, add_shop
from fahuo.flow.shop_setup import set_up
from fahuo.kernel.clock import technical_ms
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_

CALLBACK_PATH: Final = "/connect/tiktok/callback"
STATE_MS: Final = 30 * 60_000
"""How long a person may take on the platform's consent page: as long as a code lives."""


class Connected(msgspec.Struct, kw_only=True):
    """What connecting did. `shops`: connected now; `left`: shops the consent covers that could not be, and why."""

    grant_id: int
    seller_name: str
    shops: list[Standing] = []
    made: list[str] = []
    left: list[Problem] = []


def consent_url(house: House, app: App, actor: str, seller_id: int = 1) -> str:
    """Where `actor` is to give consent. The answer must come back to the same person within half an hour."""
    state = secrets.token_urlsafe(32)
    now = technical_ms()
    with house.store.write(seller_id) as tx:
        service.ask_consent(tx, app.id, state, actor, now, now + STATE_MS)
    return platform.consent_address(app, state)


def returned(
    house: House,
    client: Client,
    url: str,
    actor: str,
    *,
    names: Mapping[str, str] | None = None,
    seller_id: int = 1,
) -> Connected:
    """The seller's browser came back with this address: check whose consent it is, then connect. Raises Failure."""
    code, state, error = platform.returned(url)
    now = technical_ms()
    with house.store.write(seller_id) as tx:
        app_id = service.use_consent(tx, state, actor, now) if state else None
        app = None if app_id is None else queries.app_of(tx, app_id)
    if app is None:
        raise Failure(
            Problem(
                "consent_unknown",
                "state",
                message=N_("This answer of the platform belongs to no consent you asked for, or was used before."),
                next=N_("Begin again from the shop's page or with `fahuo tiktok connect`; it must end within 30 min."),
            ),
            1,
        )
    if error or not code:
        raise Failure(
            Problem(
                "consent_refused",
                "code",
                (error or "")[:80] or None,
                N_("The consent was refused on the platform."),
                N_("Connect again and agree, with the shop's main account."),
            ),
            1,
        )
    return connect(house, client, app, code, names=names, seller_id=seller_id)


def connect(
    house: House,
    client: Client,
    app: App,
    code: str,
    *,
    names: Mapping[str, str] | None = None,
    seller_id: int = 1,
) -> Connected:
    """Exchange a code and connect every shop it covers. `names`: platform shop id or name → shop of ours.

    Raises Failure when the platform does not take the code. What can be done for some shops is done.
    """
    try:
        tokens = platform.tokens_for_code(client, app, code)
    except Refused as refused:
        raise Failure(code_problem(refused.code, refused.message, refused.request_id), 1) from None
    except (Unreached, Lost) as error:
        raise Failure(_unreached(error, used=isinstance(error, Lost)), 3) from None
    with house.store.write(seller_id) as tx:
        grant_id = service.put_grant(tx, app.id, tokens, technical_ms())
    return connect_shops(house, client, app, grant_id, tokens, names=names, seller_id=seller_id)


def connect_shops(
    house: House,
    client: Client,
    app: App,
    grant_id: int,
    tokens: Tokens,
    *,
    names: Mapping[str, str] | None = None,
    seller_id: int = 1,
) -> Connected:
    """Tie the shops a grant opens to ours. May be repeated: shops that are tied stay so."""
    done = Connected(grant_id=grant_id, seller_name=tokens.seller_name)
    nobody = _no_shop(app, grant_id, tokens, seller_id)
    try:
        found = platform.authorised_shops(client, nobody)
    except Refused as refused:
        raise Failure(code_problem(refused.code, refused.message, refused.request_id), 1) from None
    except (Unreached, Lost) as error:
        raise Failure(_unreached(error, used=True), 3) from None
    tied: list[int] = []
    for shop in found:
        try:
            ours, made = _ours(house, shop, names or {}, seller_id)
        except Failure as failure:
            done.left.append(failure.problem)
            continue
        done.made += [ours.name] if made else []
        tied.append(ours.id)
        link = _tie(house, nobody, shop, ours)
        done.left += set_up(house, client, link)
    with house.store.read(seller_id) as tx:
        done.shops = [one for one in queries.standings(tx, technical_ms()) if one.shop_id in tied]
    return done


def _no_shop(app: App, grant_id: int, tokens: Tokens, seller_id: int) -> Link:
    """A grant before its shops are known: enough for the calls that are about no shop."""
    return Link(
        shop_id=0,
        shop="",
        platform_shop_id="",
        cipher="",
        region="",
        seller_type="",
        app=app,
        grant_id=grant_id,
        access_token=tokens.access_token,
        access_until_ms=tokens.access_until_ms,
        seller_id=seller_id,
    )


def _tie(house: House, nobody: Link, theirs: PlatformShop, ours: Shop) -> Link:
    link = msgspec.structs.replace(
        nobody,
        shop_id=ours.id,
        shop=ours.name,
        platform_shop_id=theirs.id,
        cipher=theirs.cipher,
        region=theirs.region,
        seller_type=ours.seller_type,
    )
    with house.store.write(link.seller_id) as tx:
        service.put_link(tx, link, theirs.name, technical_ms())
    return link


def _ours(house: House, shop: PlatformShop, names: Mapping[str, str], seller_id: int) -> tuple[Shop, bool]:
    """The shop of ours for one of theirs: tied before, named by the person, of that name, else a new one."""
    market = "GB" if shop.region.upper() == "UK" else shop.region.upper()
    kind = platform.SELLER_TYPES.get(shop.seller_type)
    if market not in MARKETS or kind is None or not shop.id:
        raise Failure(
            Problem(
                "shop_unknown_kind",
                "region",
                f"{shop.region} {shop.seller_type}"[:80],
                N_("The shop {name} is in a market or of a kind that Fahuo does not know."),
                N_("It is left out; the other shops are connected."),
                {"name": shop.name[:MAX_NAME] or shop.id},
            )
        )
    with house.store.read(seller_id) as tx:
        tied = queries.linked(tx)
        known = catalogue.shop_list(tx)
    by_id = {one.id: one for one in known}
    if shop.id in tied and tied[shop.id] in by_id:
        return by_id[tied[shop.id]], False
    free = [one for one in known if one.id not in tied.values()]
    wanted = names.get(shop.id) or names.get(shop.name)
    alike = [
        one for one in free if one.market == market and one.name.casefold() == (wanted or shop.name).strip().casefold()
    ]
    if alike and alike[0].seller_type == kind:
        return alike[0], False
    if wanted:
        raise Failure(
            Problem(
                "shop_not_alike",
                "shop",
                wanted[:MAX_NAME],
                N_("{ours} cannot be the platform's shop {theirs}: it is connected, or of another market or kind."),
                N_("Name another shop of yours, or none to make a new one."),
                {"ours": wanted[:MAX_NAME], "theirs": shop.name[:MAX_NAME]},
            )
        )
    name = _new_name(shop, market, {one.name for one in known})
    return add_shop(house, name, market, kind, seller_id=seller_id), True


def _new_name(shop: PlatformShop, market: str, taken: set[str]) -> str:
    """The platform's name, made different when a shop of ours has it."""
    plain = "".join(sign for sign in shop.name.strip() if sign.isprintable()) or f"TikTok {shop.id}"
    for name in (plain, f"{plain[: MAX_NAME - 5]} ({market})", f"{plain[: MAX_NAME - 25]} ({shop.id})"):
        if len(name) <= MAX_NAME and name not in taken:
            return name
    return f"TikTok {shop.id}"


def disconnect(house: House, client: Client, shop: str, *, at_platform: bool = False, seller_id: int = 1) -> Standing:
    """Stop all calls for a shop; with `at_platform` the seller's consent is given back, which ends all its shops.

    Raises Failure when the shop is not connected, or the platform could not be told (nothing is changed then).
    """
    link = link_named(house, shop, seller_id)
    if at_platform and link.state == ACTIVE:
        try:
            platform.deauthorise(client, link)
        except Withdrawn:
            pass  # there is no consent left to give back
        except Refused as refused:
            raise Failure(code_problem(refused.code, refused.message, refused.request_id), 1) from None
        except (Unreached, Lost) as error:
            raise Failure(_unreached(error), 3) from None
    with house.store.write(seller_id) as tx:
        service.end_link(tx, link.shop_id, WITHDRAWN, "disconnected here")
        if at_platform:
            service.end_grant(tx, link.grant_id, WITHDRAWN, "disconnected here")
        return queries.standings(tx, technical_ms(), link.shop_id)[0]


def link_named(house: House, shop: str, seller_id: int = 1) -> Link:
    """The link of a shop by our name, our id or the platform's id. Raises Failure."""
    with house.store.read(seller_id) as tx:
        found = [one for one in queries.links(tx) if shop in (one.shop, str(one.shop_id), one.platform_shop_id)]
        known = ", ".join(link.shop for link in queries.links(tx)) or "-"
    if found:
        return found[0]
    raise Failure(
        Problem(
            "not_connected",
            "shop",
            shop[:MAX_NAME],
            N_("The shop {shop} is not connected. Connected shops: {known}."),
            N_("Connect it with `fahuo tiktok connect`."),
            {"shop": shop[:MAX_NAME], "known": known},
        )
    )


def link_list(house: House, seller_id: int = 1) -> list[Link]:
    """Every link that may be called."""
    with house.store.read(seller_id) as tx:
        return queries.links(tx, only_active=True)


def app_json(app: App) -> dict[str, object]:
    """An app as people and programs see it: without its secret."""
    return {name: getattr(app, name) for name in app.__struct_fields__ if name not in ("id", "secret")}


def standings(house: House, shops: Sequence[int] | None = None, seller_id: int = 1) -> list[Standing]:
    """How every connection stands, or those of these shops."""
    with house.store.read(seller_id) as tx:
        found = queries.standings(tx, technical_ms())
    return found if shops is None else [one for one in found if one.shop_id in shops]


def _unreached(error: Exception, *, used: bool = False) -> Problem:
    """`used`: the consent's code may be used up, and it works once."""
    return Problem(
        "tiktok_unreached",
        message=N_("TikTok Shop could not be reached, or its answer could not be read: {why}"),
        next=N_("Give consent once more in a minute: its code is used up.") if used else N_("Try again in a minute."),
        params={"why": str(error)[:200]},
    )
