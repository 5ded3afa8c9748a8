"""Use cases around a connected shop: its warehouses mapped, its notices asked for, both looked at every day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fahuo.catalogue import queries as catalogue
from fahuo.catalogue import service as catalogue_service
from fahuo.catalogue.model import Warehouse
from fahuo.catalogue.tables import warehouses as warehouse_table
from fahuo.channels.tiktok_shop import shops as platform
from fahuo.channels.tiktok_shop.client import Client, Lost, Refused, Unreached
from fahuo.channels.tiktok_shop.shops import PlatformWarehouse
from fahuo.connections import queries, service
from fahuo.connections.model import ACTIVE, Link
from fahuo.flow.grants import check_link, client_of, renew_due, take_notices
from fahuo.flow.house import House
from fahuo.flow.setup import MARKETS
from fahuo.kernel.clock import technical_ms
from fahuo.kernel.problems import Problem
from fahuo.kernel.text import N_

DAY_MS: Final = 86_400_000
AGAIN_MS: Final = 900_000
"""How soon the daily look is repeated when the platform could not be reached."""
CUTOFF, WORK_DAYS = "23:59", "123456"
"""What a warehouse has until a person completes it: the same as an imported one without these columns."""
ABROAD: Final = "CB_OVERSEA_WAREHOUSE"
_FAILED = (Refused, Unreached, Lost)


def look_after(house: House, client: Client | None = None, seller_id: int = 1) -> None:
    """Everything that keeps connections alive and is due: tokens, notices about grants, once a day the addresses."""
    with house.store.read(seller_id) as tx:
        if not queries.linked(tx):
            return
    client = client or client_of(house.store)
    renew_due(house.store, client, seller_id)
    take_notices(house.store, client, seller_id)
    with house.store.read(seller_id) as tx:
        due = set(queries.looks_due(tx, technical_ms() - DAY_MS))
        links = [link for link in queries.links(tx, only_active=True) if link.shop_id in due] if due else []
    for link in links:
        with house.store.write(seller_id) as tx:
            service.may_again(tx, link.shop_id)
        try:
            if check_link(house.store, client, link) == ACTIVE:
                set_up(house, client, link)
        except _FAILED as error:
            _not_looked(house, link, str(error))


def set_up(house: House, client: Client, link: Link) -> list[Problem]:
    """Map the shop's warehouses and ask for its notices. What could not be done is returned and stands on its page."""
    found: list[Problem] = []
    try:
        found += map_warehouses(house, link, platform.warehouses(client, link))
    except _FAILED as error:
        found.append(_not_done(link, N_("The warehouses of {shop} could not be read: {why}"), error))
    try:
        wrong = compare_hooks(house, client, link)
    except _FAILED as error:
        _not_looked(house, link, str(error))
        found.append(_not_done(link, N_("The notice addresses of {shop} could not be compared: {why}"), error))
    else:
        if wrong:
            found.append(_not_done(link, N_("Some notices of {shop} could not be asked for: {why}"), wrong))
    return found


def compare_hooks(house: House, client: Client, link: Link) -> str:
    """Have every kind of notice sent to the app's address; what could not be set, as `EVENT code`. Empty: all is so."""
    url = link.app.webhook_url
    told = platform.hooks(client, link)
    wrong: list[str] = []
    if url:
        differ = [event for event in platform.EVENTS if told.get(event) != url]
        for event in differ:
            try:
                platform.set_hook(client, link, event, url)
            except Refused as refused:
                wrong.append(f"{event} {refused.code}")
        if differ:
            told = platform.hooks(client, link)
            wrong += [f"{e} not kept" for e in differ if told.get(e) != url and not any(e in one for one in wrong)]
    with house.store.write(link.seller_id) as tx:
        service.keep_hooks(tx, link.shop_id, told, ", ".join(wrong), technical_ms())
    return ", ".join(wrong)


def _not_looked(house: House, link: Link, why: str) -> None:
    with house.store.write(link.seller_id) as tx:
        service.hooks_not_seen(tx, link.shop_id, why, technical_ms() - DAY_MS + AGAIN_MS)


def map_warehouses(house: House, link: Link, found: list[PlatformWarehouse]) -> list[Problem]:
    """Tie each warehouse of the platform to ours by id or name; unknown ones become rows that a person completes."""
    with house.store.write(link.seller_id) as tx:
        ours = catalogue.warehouse_list(tx)
        fresh: list[Mapping[str, Any]] = []
        incomplete: list[str] = []
        for one in found:
            mine = _known(ours, one)
            if mine is None:
                fresh.append(_row(one, link))
                incomplete.append(one.name or one.id)
                continue
            if one.id not in mine.platform_refs:
                refs = ",".join([*mine.platform_refs, one.id])
                catalogue_service.map_warehouse(tx, mine.id, refs)
            if mine.capacity_per_day is None:
                incomplete.append(mine.name)
        catalogue_service.put_warehouses(tx, fresh, catalogue.codes(tx, warehouse_table))
        service.keep_places(tx, link.shop_id, incomplete)
    return [_incomplete(link, f"{row['name']} ({row['code']})".strip()) for row in fresh]


def _known(ours: list[Warehouse], theirs: PlatformWarehouse) -> Warehouse | None:
    named = [one for one in ours if theirs.id in one.platform_refs]
    country = theirs.address.region_code
    if not named and theirs.name:
        words = theirs.name.strip().casefold()
        named = [one for one in ours if words in (one.name.casefold(), one.code.casefold())]
        named = [one for one in named if not country or not one.country or one.country == country]
    return named[0] if named else None


def _row(theirs: PlatformWarehouse, link: Link) -> Mapping[str, Any]:
    place = theirs.address
    country = (place.region_code or link.region).upper()[:2]
    zone = "Asia/Shanghai" if country == "CN" else MARKETS.get(country, ("", "UTC"))[1]
    return {
        "code": f"TT{theirs.id[-10:]}",
        "name": theirs.name,
        "kind": "overseas" if theirs.sub_type == ABROAD else "own",
        "country": country,
        "region": place.state,
        "city": place.city or place.distict or place.town,
        "postal_code": place.postal_code,
        "address": place.street,
        "contact_name": place.contact_person,
        "phone": place.phone_number,
        "zone": zone,
        "cutoff": CUTOFF,
        "work_days": WORK_DAYS,
        "capacity_per_day": None,
        "platform_ref": theirs.id,
    }


def _incomplete(link: Link, name: str) -> Problem:
    return Problem(
        "warehouse_made",
        "warehouse",
        name[:80],
        N_("The warehouse {name} of {shop} was not known and has been added."),
        N_("Complete its cut-off, working days and parcels a day by `fahuo import-data warehouses`."),
        {"name": name[:80], "shop": link.shop},
    )


def _not_done(link: Link, text: str, why: object) -> Problem:
    then = N_("It is tried again every day, and whenever the shop is connected.")
    return Problem("not_set_up", "shop", link.shop, text, then, {"shop": link.shop, "why": str(why)[:200]})
