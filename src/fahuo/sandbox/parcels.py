"""Arranging parcels by the way of the market: ship, create, mark as shipped, and whether that is allowed.

`numbered` is what the three ways have in common.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from fahuo.orders.model import (
    AWAITING_SHIPMENT,
    PARTIALLY_SHIPPING,
)
from fahuo.sandbox import aftersale_rules, cancels, markets, providers
from fahuo.sandbox.gateway_model import WRONG_FLOW
from fahuo.sandbox.markets import Provider
from fahuo.sandbox.model import (
    CANCEL_PENDING,
    FULFILLING,
    PROCESSING,
    TO_FULFILL,
    Order,
    Package,
    Refuse,
    Shop,
)
from fahuo.sandbox.settling import free_lines, live_packages, retire, settle

if TYPE_CHECKING:
    from fahuo.sandbox.world import World

ON_HOLD_ORDER: Final = 21011044
OPEN_AFTER_SALE: Final = 21011007
FOREIGN: Final = 21008111
INVALID: Final = 98001004
"""Also for a status that does not fit: the platform's own codes for that are not known [D]."""

CORRECTION: Final = 72 * 3_600
"""US: a tracking number may be corrected this long after it was given, once (reference 5.1)."""

# --- finding -------------------------------------------------------------------------------------------------------


def order_of(world: World, shop: Shop, order_id: str) -> Order:
    """The shop's order; Refuse 21008111 for another shop's or an unknown one."""
    order = world.orders.get(order_id)
    if order is None or order.shop_id != shop.id:
        raise Refuse(FOREIGN, f"order {order_id} does not belong to the seller")
    return order


def package_of(world: World, shop: Shop, package_id: str) -> Package:
    """The shop's parcel; Refuse 21008111 for another shop's or an unknown one."""
    package = world.packages.get(package_id)
    if package is None or package.shop_id != shop.id:
        raise Refuse(FOREIGN, f"package {package_id} does not belong to the seller")
    return package


def lines_wanted(world: World, order: Order, wanted: Sequence[str]) -> list[str]:
    """The units named (none: all that are free). Refuses units that are not the order's, cancelled or under way."""
    free = free_lines(world, order)
    if not free:
        raise Refuse(INVALID, f"parameter order_id invalid: order {order.id} has nothing left to ship")
    if not wanted:
        return free
    for line in wanted:
        if line not in order.line_ids:
            raise Refuse(FOREIGN, f"order line item {line} does not belong to order {order.id}")
        if line not in free:
            raise Refuse(INVALID, f"parameter order_line_item_ids invalid: {line} is cancelled or already shipped")
    return list(dict.fromkeys(wanted))


# --- may it be shipped ---------------------------------------------------------------------------------------------


def wrong_flow(what: str) -> Refuse:
    """21008106: not the way of this market or business."""
    return Refuse(WRONG_FLOW, f"{what} is not available for this region or business type")


def check_shippable(world: World, order: Order, lines: Iterable[str], at: int) -> None:
    """Whether units of an order may be arranged; a pending cancel request of a US order is turned down by arranging."""
    if order.by_platform:
        raise wrong_flow("shipping an order fulfilled by the platform")
    if order.status == "ON_HOLD":
        raise Refuse(ON_HOLD_ORDER, f"order {order.id} is on hold and cannot be fulfilled")
    if order.status not in (AWAITING_SHIPMENT, PARTIALLY_SHIPPING):
        raise Refuse(INVALID, f"parameter order_id invalid: order {order.id} is {order.status}")
    if order.body.get("need_upload_invoice") in {"NEED_INVOICE", "INVOICE_PROCESSING"}:
        raise Refuse(INVALID, f"parameter order_id invalid: order {order.id} needs its invoice first")
    shop = world.shops[order.shop_id]
    mine = set(lines)
    for one in order.cancellations:
        cancellation = world.cancellations[one]
        if cancellation.status != CANCEL_PENDING or not mine.intersection(cancellation.line_ids or mine):
            continue
        if shop.region == "US" and not shop.cross_border:
            cancels.reject(world, cancellation, at, by="SYSTEM")
        else:
            raise after_sale(order.id, "cancellation request is pending")
    for one in order.returns:
        request = world.returns[one]
        if request.status in aftersale_rules.OPEN and mine.intersection(request.line_ids):
            raise after_sale(order.id, "return or refund request is open")


def after_sale(order_id: str, reason: str) -> Refuse:
    """21011007 with the words of `fail_reason`."""
    return Refuse(
        OPEN_AFTER_SALE,
        f"order {order_id} has an open after-sale request",
        data={"fail_code": OPEN_AFTER_SALE, "fail_reason": reason},
    )


def check_number(provider: Provider, number: str) -> str:
    """A warning ('' without) about a tracking number; Refuse when it can be none."""
    if not providers.SANE.fullmatch(number):
        raise Refuse(INVALID, "parameter tracking_number invalid: 6 to 40 letters, digits and hyphens are expected")
    if providers.fits(provider, number):
        return ""
    return f"The tracking number {number} does not look like one of {provider.name}; please check it."


def own_provider(shop: Shop, provider_id: str) -> Provider:
    """The carrier the seller names; Refuse when the shop may not use it."""
    found = providers.own_provider(shop, provider_id)
    if found is None:
        raise Refuse(INVALID, f"parameter shipping_provider_id invalid: {provider_id} is not supported")
    return found


# --- the three ways ------------------------------------------------------------------------------------------------


def ship(
    world: World,
    package: Package,
    at: int,
    *,
    handover: str = "",
    slot: tuple[int, int] | None = None,
    own: tuple[str, str] | None = None,
) -> None:
    """Arrange a parcel that exists (SEA, EU, LATAM). `own`: provider id and number of the seller's carrier."""
    shop = world.shops[package.shop_id]
    if markets.flow(shop.region, shop.cross_border) != "ship":
        raise wrong_flow("Ship Package")
    if package.status != TO_FULFILL:
        raise Refuse(INVALID, f"parameter package_id invalid: package {package.id} is {package.status}")
    if own and markets.marks_shipped(shop.region):
        raise wrong_flow("self_shipment")
    if package.own and not own:
        raise Refuse(INVALID, "parameter self_shipment invalid: the seller ships this package")
    if own and not package.own:
        raise Refuse(INVALID, "parameter self_shipment invalid: the platform ships this package")
    for one in package.order_ids:
        check_shippable(world, world.orders[one], package.line_ids, at)
    if own:
        provider = own_provider(shop, own[0])
        check_number(provider, own[1])
        numbered(world, package, at, provider, own[1])
        return
    package.handover_method = handover or "PICKUP"
    package.slot = slot
    provider = markets.platform_provider(shop.region)
    numbered(world, package, at, provider, providers.number_of(provider, int(world.new_id()[-12:])))


def create(
    world: World,
    order: Order,
    lines: Sequence[str],
    offer: providers.Offer,
    at: int,
    *,
    weight: dict[str, str] | None = None,
    dimension: dict[str, str] | None = None,
) -> Package:
    """Buy the platform's label for units of an order (US, GB, JP)."""
    package = claim(world, order, lines, at)
    package.weight, package.dimension = weight, dimension
    package.flags["offer"] = offer.id
    numbered(world, package, at, offer.provider, providers.number_of(offer.provider, int(world.new_id()[-12:])))
    return package


def mark_shipped(world: World, order: Order, lines: Sequence[str], provider: Provider, number: str, at: int) -> Package:
    """The seller's own carrier has taken these units (US, EMEA, JP)."""
    package = claim(world, order, lines, at)
    numbered(world, package, at, provider, number)
    return package


def claim(world: World, order: Order, lines: Sequence[str], at: int) -> Package:
    """A parcel of exactly these free units: one that was split off before, or a new one."""
    wanted = set(lines)
    for package in live_packages(world, order):
        if package.status == TO_FULFILL and set(package.line_ids) == wanted and package.order_ids == [order.id]:
            return package
    for package in live_packages(world, order):
        if package.status == TO_FULFILL and wanted.intersection(package.line_ids):
            package.line_ids = [line for line in package.line_ids if line not in wanted]
            if not package.line_ids:
                retire(world, package, at)
    return world.new_package(order, at, lines)


def numbered(world: World, package: Package, at: int, provider: Provider, number: str) -> None:
    """The parcel has its carrier and number and waits for collection."""
    package.status = PROCESSING
    package.provider_id, package.provider_name, package.tracking_number = provider.id, provider.name, number
    package.updated = at
    package.flags["arranged_at"] = at
    for one in package.order_ids:
        settle(world, world.orders[one], at)
    for hook in world.arranged:
        hook(world, package, at)


def renumber(world: World, package: Package, provider: Provider, number: str, at: int) -> None:
    """The seller corrects carrier and number of a parcel of its own."""
    shop = world.shops[package.shop_id]
    if not package.own:
        raise wrong_flow("Update Shipping Info of a package the platform ships")
    if package.status not in (PROCESSING, FULFILLING):
        raise Refuse(INVALID, f"parameter package_id invalid: package {package.id} is {package.status}")
    if shop.region == "US":
        if package.corrected:
            raise Refuse(INVALID, "parameter tracking_number invalid: it can be corrected once only")
        if at > int(package.flags.get("arranged_at", package.created)) + CORRECTION:
            raise Refuse(INVALID, "parameter tracking_number invalid: it can be corrected within 72 hours only")
    package.corrected += 1
    package.provider_id, package.provider_name, package.tracking_number = provider.id, provider.name, number
    package.updated = at
    for one in package.order_ids:
        settle(world, world.orders[one], at)
