"""How a connected shop's parcels are arranged: which service, which hand-over; and the names people give things by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from fahuo.catalogue import queries as catalogue
from fahuo.channels.tiktok_shop.choosing import CHEAPEST
from fahuo.flow.house import House, need_shop
from fahuo.flow.wanted import RULES
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.store import settings
from fahuo.warehouse.first_mile import Waiting

AS_PLATFORM: Final = "platform"
METHODS: Final = ("PICKUP", "DROP_OFF", AS_PLATFORM)


def change(house: House, shop: str, rule: str | None, method: str | None, seller_id: int = 1) -> dict[str, str]:
    """Set what is given, for parcels planned from now on; the rules as they stand."""
    if method is not None and method not in METHODS:
        known = ", ".join(METHODS)
        raise Failure(
            Problem(
                "unknown_method",
                "handover",
                method[:40],
                N_("There is no such way to hand over."),
                N_("Choose one of: {known}."),
                {"known": known},
            )
        )
    with house.store.write(seller_id) as tx:
        key = str(need_shop(tx, shop).id)
        all_: dict[str, dict[str, str]] = settings.get(tx, RULES, {})
        mine = all_.get(key, {})
        if rule is not None:
            mine["rule"] = rule.strip()[:80] or CHEAPEST
        if method is not None:
            mine["method"] = "" if method == AS_PLATFORM else method
        if rule is not None or method is not None:
            settings.put(tx, RULES, all_ | {key: mine})
    return {"rule": mine.get("rule", CHEAPEST), "method": mine.get("method") or AS_PLATFORM}


def shop_id(house: House, name: str, seller_id: int = 1) -> int:
    """The shop of that name. Raises Failure naming the shops there are."""
    with house.store.read(seller_id) as tx:
        return need_shop(tx, name).id


def warehouse_id(house: House, code: str, seller_id: int = 1) -> int:
    """The warehouse of that code. Raises Failure naming those there are."""
    with house.store.read(seller_id) as tx:
        found = {place.code: place.id for place in catalogue.warehouse_list(tx)}
    if code not in found:
        raise Failure(
            Problem(
                "unknown_warehouse",
                "warehouse",
                code[:80],
                N_("There is no warehouse {code}."),
                N_("Choose one of: {known}."),
                {"code": code[:80], "known": ", ".join(found)},
            )
        )
    return found[code]


def gathered(house: House, waiting: Sequence[Waiting], seller_id: int = 1) -> list[dict[str, Any]]:
    """Waiting parcels counted by shop and warehouse, with their names."""
    with house.store.read(seller_id) as tx:
        shops = {shop.id: shop.name for shop in catalogue.shop_list(tx)}
        places = {place.id: place.code for place in catalogue.warehouse_list(tx)}
    count: dict[tuple[int, int], int] = {}
    for one in waiting:
        count[one.shop_id, one.warehouse_id] = count.get((one.shop_id, one.warehouse_id), 0) + 1
    return [
        {"shop": shops.get(shop, ""), "warehouse": places.get(place, ""), "parcels": parcels}
        | {"shop_id": str(shop), "warehouse_id": str(place)}
        for (shop, place), parcels in sorted(count.items())
    ]
