"""Use cases of what shops offer: read the products, tell the platform what is there, stop the inflow when nothing is.

A product has at most one push on its way. Figures are absolute, so a push may be repeated; the next round compares
again, so a lost one is made good. Stopping the inflow is stock 0 at once, and, when the seller has set a time, taking
the product off sale; both are taken back by themselves when units are there again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from itertools import groupby
from typing import Any, Final

from msgspec import json

from fahuo.catalogue import queries as catalogue
from fahuo.catalogue.model import Warehouse
from fahuo.channels.tiktok_shop import products
from fahuo.channels.tiktok_shop.client import Client
from fahuo.connections.model import Link
from fahuo.flow.aftersales import LANE
from fahuo.flow.house import Desk, House, open_desk
from fahuo.inventory import offers
from fahuo.inventory.offering import Offer, to_resume, to_stop, units, worth_telling
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.store import effects, settings
from fahuo.store.effects import Answer, Claimed
from fahuo.store.engine import Tx
from fahuo.store.settings import job_due

PUSH: Final = "push_stock"
SELLING: Final = "set_selling"
READ_EVERY_S: Final = 6 * 3_600
PUSH_EVERY_S: Final = 300
NEVER: Final = "never"
STOP_HOURS_MAX: Final = 2_160
STOP_AFTER: Final = "stop selling after hours"
"""Setting: hours with nothing to offer after which a product is taken off sale; absent: never."""


def read_products(house: House, client: Client, link: Link) -> int:
    """Read everything a shop lists and map it to our SKUs; how many SKU-and-warehouse pairs there are."""
    now = house.clock.now()
    with house.store.read(link.seller_id) as tx:
        desk = open_desk(tx, "products")
    count = 0
    for page in products.listed(client, link):
        with house.store.write(link.seller_id) as tx:
            known = {(o.platform_sku_id, o.warehouse_ref): o for o in offers.of_shop(tx, link.shop_id)}
            offers.keep(tx, [_row(desk, link, one, known.get(_place(one)), now) for one in page])
        count += len(page)
    with house.store.write(link.seller_id) as tx:
        offers.forget(tx, link.shop_id, now)
    return count


def _place(one: products.Listed) -> tuple[str, str]:
    return one.platform_sku_id, one.warehouse_ref


def _row(desk: Desk, link: Link, one: products.Listed, known: Offer | None, now: int) -> tuple[object, ...]:
    shown = one.quantity if one.quantity is not None else known.shown if known else None
    empty = None if shown else (known.empty_at if known and known.empty_at is not None else now)
    sku = desk.skus.find(link.shop_id, one.platform_sku_id, one.seller_sku)
    told = (one.product_id, one.seller_sku, one.title[:200], one.state, sku)
    return (link.shop_id, one.platform_sku_id, one.warehouse_ref, *told, shown, empty, now)


def jobs(link: Link) -> tuple[str, str]:
    """The shop's regular jobs: reading its products, telling its stock."""
    return f"products {link.shop_id}", f"stock {link.shop_id}"


def keep_offers(house: House, client: Client, links: Sequence[Link], *, seller_id: int = 1) -> dict[str, int]:
    """What is due for all connected shops: products read now and then, stock told, sale stopped and resumed."""
    done = {"read": 0, "pushed": 0}
    now = house.clock.now()
    for link in links:
        reading, telling = jobs(link)
        with house.store.write(seller_id) as tx:
            read_due = job_due(tx, reading, READ_EVERY_S, now)
            push_due = job_due(tx, telling, PUSH_EVERY_S, now)
        if read_due:
            done["read"] += read_products(house, client, link)
        if read_due or push_due:
            done["pushed"] += tell_stock(house, link)
    return done


def tell_stock(house: House, link: Link) -> int:
    """Put a push for every product of the shop whose figures are worth telling; how many products."""
    now = house.clock.now()
    with house.store.write(link.seller_id) as tx:
        places = _places(tx)
        mine = [one for one in offers.of_shop(tx, link.shop_id) if one.sku_id is not None]
        free = offers.free_stock(tx, {one.sku_id for one in mine if one.sku_id is not None})
        wanted = {_spot(o): units(o.sku_id or 0, w.id, free) for o in mine if (w := places.get(o.warehouse_ref))}
        put = 0
        for product, group in groupby(mine, key=lambda one: one.product_id):
            found = [one for one in group if _spot(one) in wanted]
            if any(worth_telling(one, wanted[_spot(one)], now) for one in found):
                put += _push(tx, link, product, found, wanted, now)
            _sale(tx, link, product, found, now)
    return put


def _places(tx: Tx) -> dict[str, Warehouse]:
    """The platform's ids of warehouses → ours."""
    return {ref: place for place in catalogue.warehouse_list(tx) for ref in place.platform_refs}


def _spot(one: Offer) -> tuple[str, str]:
    return one.platform_sku_id, one.warehouse_ref


def _push(
    tx: Tx, link: Link, product: str, found: Sequence[Offer], wanted: Mapping[tuple[str, str], int], now: int
) -> int:
    """One effect for the whole product: with several warehouses the platform wants all of them together."""
    figures = [{"id": o.platform_sku_id, "warehouse": o.warehouse_ref, "units": wanted[_spot(o)]} for o in found]
    mark = blake2b(json.encode(figures), digest_size=8).hexdigest()
    key = f"{PUSH}:{link.shop_id}:{product}:{now}:{mark}"
    effect = _effect(key, PUSH, link, {"product": product, "skus": figures}, now)
    put = effects.put(tx, [effect])
    if put:
        rows = [(o.shop_id, o.platform_sku_id, o.warehouse_ref, wanted[_spot(o)], now) for o in found]
        offers.update(tx, ("asked", "asked_at"), rows)
    return put


def _sale(tx: Tx, link: Link, product: str, found: Sequence[Offer], now: int) -> None:
    hours = settings.get(tx, STOP_AFTER)
    on = to_resume(found)
    if not on and not to_stop(found, None if hours is None else int(hours * 3_600), now):
        return
    body = {"product": product, "on": on}
    effects.put(tx, [_effect(f"{SELLING}:{link.shop_id}:{product}:{int(on)}:{now}", SELLING, link, body, now)])
    offers.update(tx, ("stopped",), [(o.shop_id, o.platform_sku_id, o.warehouse_ref, not on) for o in found])


def _effect(key: str, kind: str, link: Link, body: dict[str, Any], now: int) -> effects.Effect:
    return effects.Effect(
        key=key,
        kind=kind,
        lane=LANE,
        scope=str(link.shop_id),
        shop_id=link.shop_id,
        order_id=None,
        package_id=None,
        due_at=now,
        body=body,
        safety="idempotent",
    )


def stop_after(house: House, seller_id: int = 1) -> float | None:
    """Hours with nothing to offer after which a product is taken off sale; None: never."""
    with house.store.read(seller_id) as tx:
        hours = settings.get(tx, STOP_AFTER)
    return None if hours is None else float(hours)


def set_stop_after(house: House, words: str, seller_id: int = 1) -> float | None:
    """Set them: a number of hours, or `never`. Raises Failure for anything else."""
    text = words.strip().casefold()
    hours: float | None = None
    if text != NEVER:
        try:
            hours = float(text)
        except ValueError:
            hours = -1.0
        if not 0 <= hours <= STOP_HOURS_MAX:
            raise Failure(
                Problem(
                    "hours_wrong",
                    "hours",
                    words[:40],
                    N_("{value} is no number of hours."),
                    N_("Give hours from 0 to {most}, or never."),
                    {"value": words[:40], "most": STOP_HOURS_MAX},
                )
            )
    with house.store.write(seller_id) as tx:
        settings.put(tx, STOP_AFTER, hours)
    return hours


def book(tx: Tx, answered: Sequence[tuple[Claimed, Answer]], now: int, actor: str) -> None:  # noqa: ARG001 - as every booking
    """What the platform said: figures taken are shown from now on; refused SKUs keep the platform's code.

    A product taken off sale, or put back, stands so from now on; one that was not keeps the code and is left alone.
    """
    rows: list[tuple[object, ...]] = []
    for one, said in answered:
        if said.state not in ("done", "declined"):
            continue
        if one.kind == SELLING:
            _book_selling(tx, one, said)
            continue
        refused = said.outcome.get("refused") or {}
        whole = str(said.outcome.get("code") or "declined") if said.state == "declined" else ""
        known = {_spot(o): o for o in offers.of_shop(tx, one.shop_id or 0, [one.body["product"]])}
        for figure in one.body["skus"]:
            have = known.get((figure["id"], figure["warehouse"]))
            if have is None:
                continue
            problem = whole or str(refused.get(figure["id"], ""))
            shown = have.shown if problem else figure["units"]
            empty = None if shown else (have.empty_at if have.empty_at is not None else now)
            rows.append(
                (one.shop_id, figure["id"], figure["warehouse"], shown, now, None, None, empty, problem)
            )  # fmt: skip
    offers.update(tx, ("shown", "told_at", "asked", "asked_at", "empty_at", "problem"), rows)


def _book_selling(tx: Tx, one: Claimed, said: Answer) -> None:
    known = offers.of_shop(tx, one.shop_id or 0, [one.body["product"]])
    state = products.ON_SALE if one.body["on"] else products.TAKEN_OFF
    if said.state == "done":
        offers.update(tx, ("state",), [(o.shop_id, o.platform_sku_id, o.warehouse_ref, state) for o in known])
    else:
        code = str(said.outcome.get("code") or "declined")
        offers.update(tx, ("problem",), [(o.shop_id, o.platform_sku_id, o.warehouse_ref, code) for o in known])
