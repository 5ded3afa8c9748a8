"""First-mile bundles: what a seller in China hands over together for the platform's sorting warehouse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fahuo.sandbox import journeys, markets, parcels, providers, settling
from fahuo.sandbox.model import PROCESSING, Bundle, Order, Package, Refuse, Shop
from fahuo.sandbox.parcels import INVALID

if TYPE_CHECKING:
    from fahuo.sandbox.world import World

_TAIL = 4


def provider_of(provider_id: str, number: str) -> None:
    """Checks the domestic courier and its number. Refuse names the parameter."""
    known = next((one for one in providers.first_mile_providers() if one.id == provider_id), None)
    if known is None:
        raise Refuse(INVALID, f"parameter shipping_provider_id invalid: {provider_id or 'none'} is no domestic courier")
    if not providers.SANE.fullmatch(number):
        raise Refuse(INVALID, "parameter tracking_number invalid: 6 to 40 letters, digits and hyphens are expected")


def tail_of(text: str) -> str:
    """The last four digits of the sender's phone. Refuse when they are none."""
    if not (len(text) == _TAIL and text.isascii() and text.isdigit()):
        raise Refuse(INVALID, "parameter phone_tail_number invalid: the last 4 digits of the phone are expected")
    return text


def bundle(
    world: World,
    shops: Sequence[Shop],
    order_ids: Sequence[str],
    at: int,
    *,
    method: str,
    provider_id: str = "",
    number: str = "",
    tail: str = "",
) -> tuple[Bundle | None, list[tuple[str, Refuse]]]:
    """A bundle of the orders that can go, and why the others cannot. None when no order can."""
    if method == "DROP_OFF":
        provider_of(provider_id, number)
    if tail:
        tail_of(tail)
    errors: list[tuple[str, Refuse]] = []
    good: list[tuple[Order, list[Package]]] = []
    for one in dict.fromkeys(order_ids):
        try:
            good.append(_ready(world, shops, one, good[0][0].shop_id if good else ""))
        except Refuse as no:
            errors.append((one, no))
    if not good:
        return None, errors
    made = Bundle(
        id=world.new_id(),
        shop_id=good[0][0].shop_id,
        order_ids=[order.id for order, _ in good],
        handover_method=method,
        at=at,
        provider_id=provider_id,
        tracking_number=number,
        phone_tail=tail,
    )
    world.bundles[made.id] = made
    for package in dict.fromkeys(p for _, packages in good for p in packages):
        package.bundle_id, package.handover_method, package.updated = made.id, method, at
        _plan(world, package, at)
    return made, errors


def _ready(world: World, shops: Sequence[Shop], order_id: str, shop_id: str) -> tuple[Order, list[Package]]:
    """The order with its arranged parcels. Refuse when it may not be bundled."""
    order = world.orders.get(order_id)
    shop = next((one for one in shops if order is not None and one.id == order.shop_id), None)
    if order is None or shop is None:
        raise Refuse(parcels.FOREIGN, f"order {order_id} does not belong to the seller")
    if not markets.first_mile(shop.region, shop.cross_border) or order.own:
        raise parcels.wrong_flow("First-mile bundle")
    if shop_id and shop.id != shop_id:
        raise Refuse(INVALID, f"parameter order_ids invalid: order {order_id} is of another shop than the first")
    packages = settling.live_packages(world, order)
    if any(package.bundle_id for package in packages):
        raise Refuse(INVALID, f"parameter order_ids invalid: order {order_id} is in a bundle already")
    if not packages or any(package.status != PROCESSING or package.scans for package in packages):
        raise Refuse(INVALID, f"parameter order_ids invalid: order {order_id} is {order.status}, not arranged")
    return order, packages


def _plan(world: World, package: Package, at: int) -> None:
    """The domestic courier takes the bundle: the van comes for a pick-up, a dropped-off one is scanned the same day."""
    shop = world.shops[package.shop_id]
    package.slot = None
    if shop.collect == "auto" and world.behaviour.carriers_collect:
        due = package.flags["collect_at"] = journeys.next_van(shop, at)
        world.later(due, "carrier.collect", package.id)
