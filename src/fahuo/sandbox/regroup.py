"""Splitting an order over parcels, combining orders into one, and taking them apart again.

After each of these every living unit lies in exactly one living parcel.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from fahuo.orders.model import AWAITING_SHIPMENT, PARTIALLY_SHIPPING
from fahuo.sandbox import markets, parcels, settling
from fahuo.sandbox.model import TO_FULFILL, Order, Package, Refuse, Shop
from fahuo.sandbox.parcels import INVALID
from fahuo.sandbox.render import is_live

if TYPE_CHECKING:
    from fahuo.sandbox.world import World

MOST_COMBINED: Final = 20
"""Orders under one tracking number (reference 3.5)."""


# --- split ---------------------------------------------------------------------------------------------------------


def why_not_split(world: World, order: Order) -> str:
    """Why an order cannot be split, '' when it can."""
    shop = world.shops[order.shop_id]
    if order.by_platform:
        return "The order is fulfilled by the platform"
    if order.status not in (AWAITING_SHIPMENT, PARTIALLY_SHIPPING):
        return f"The order is {order.status}"
    if any(len(package.order_ids) > 1 for package in settling.live_packages(world, order)):
        return "The order is in a combined package"
    if not markets.early_package(shop.region, order.own, shop.cross_border) and order.own:
        return "The seller ships the order: mark its packages as shipped one by one"
    if len(_pieces(shop, order, settling.free_lines(world, order))) < 2:  # noqa: PLR2004 - one piece cannot be split
        return "There is only one item left to ship"
    return ""


def _pieces(shop: Shop, order: Order, lines: Sequence[str]) -> list[list[str]]:
    """What may not be cut further: in South-East Asia the units of an SKU, elsewhere each unit."""
    if shop.region not in markets.SEA:
        return [[line] for line in lines]
    wanted, by_sku = set(lines), defaultdict(list)
    for item in order.body["line_items"]:
        if item["id"] in wanted:
            by_sku[item["sku_id"]].append(item["id"])
    return list(by_sku.values())


def split(
    world: World, order: Order, groups: Sequence[tuple[str, Sequence[str]]], at: int
) -> list[tuple[str, Package]]:
    """New parcels for groups of units; units not named stay together in one more. Answers (group id, parcel)."""
    free = settling.free_lines(world, order)
    parcels.check_shippable(world, order, free, at)
    if why := why_not_split(world, order):
        raise Refuse(INVALID, f"parameter order_id invalid: {why}")
    named = [line for _, lines in groups for line in lines]
    _check_groups(world.shops[order.shop_id], order, groups, named, free)
    rest = [line for line in free if line not in named]
    if len(groups) + bool(rest) < 2:  # noqa: PLR2004 - one parcel is no split
        raise Refuse(INVALID, "parameter splittable_groups invalid: everything would stay in one package")
    old = [package for package in settling.live_packages(world, order) if package.status == TO_FULFILL]
    made = [(name, world.new_package(order, at, lines, tag="SPLIT")) for name, lines in groups]
    if rest:
        world.new_package(order, at, rest, tag="SPLIT")
    for package in old:
        settling.retire(world, package, at)
    settling.settle(world, order, at)
    settling.tell(world, [p for p in settling.live_packages(world, order) if p.status == TO_FULFILL], "SPLIT", at)
    return made


def _check_groups(
    shop: Shop, order: Order, groups: Sequence[tuple[str, Sequence[str]]], named: Sequence[str], free: Sequence[str]
) -> None:
    if len({name for name, _ in groups}) < len(groups):
        raise Refuse(INVALID, "parameter splittable_groups.id invalid: two groups have the same id")
    if len(set(named)) < len(named) or not all(lines for _, lines in groups):
        raise Refuse(INVALID, "parameter order_line_item_ids invalid: each item belongs to exactly one group")
    for line in named:
        if line not in order.line_ids:
            raise Refuse(parcels.FOREIGN, f"order line item {line} does not belong to order {order.id}")
        if line not in free:
            raise Refuse(INVALID, f"parameter order_line_item_ids invalid: {line} is cancelled or already shipped")
    for piece in _pieces(shop, order, free):
        for _, lines in groups:
            inside = sum(line in lines for line in piece)
            if inside not in (0, len(piece)):
                raise Refuse(INVALID, "parameter order_line_item_ids invalid: units of one SKU cannot be split here")


# --- combine -------------------------------------------------------------------------------------------------------


def combinable(world: World, shop: Shop) -> Iterator[tuple[str, list[str]]]:
    """(id, order ids) of unshipped orders of one recipient and address. The id is the first order's parcel."""
    by_buyer: dict[str, list[Order]] = defaultdict(list)
    for _, one in world.orders_by_create(shop.id):
        order = world.orders[one]
        if order.status == AWAITING_SHIPMENT:
            by_buyer[order.buyer_id].append(order)
    by_home: dict[Any, list[Order]] = defaultdict(list)
    for waiting in by_buyer.values():  # one recipient is one buyer; most have one order, which need not be looked into
        for order in waiting if len(waiting) > 1 else ():
            if not _why_not_combine(world, order):
                by_home[_home(order)].append(order)
    for orders in by_home.values():
        for start in range(0, len(orders), MOST_COMBINED):
            group = orders[start : start + MOST_COMBINED]
            if len(group) > 1:
                yield group[0].packages[0], [order.id for order in group]


def _home(order: Order) -> tuple[str, ...]:
    address = order.body.get("recipient_address", {})
    keys = ("name", "phone_number", "region_code", "postal_code", "full_address")
    return (*(str(address.get(key, "")) for key in keys), str(order.own), str(order.body.get("warehouse_id")))


def _why_not_combine(world: World, order: Order) -> str:
    if order.by_platform or order.kind != "NORMAL":
        return f"order {order.id} cannot be combined: {order.kind}, fulfilled by platform: {order.by_platform}"
    if order.status != AWAITING_SHIPMENT:
        return f"order {order.id} is {order.status}"
    packages = settling.live_packages(world, order)
    if len(packages) != 1 or packages[0].status != TO_FULFILL or packages[0].tag != "DEFAULT":
        return f"order {order.id} has no single package that is still to be shipped"
    if order.body.get("is_buyer_request_cancel"):
        return f"the buyer asked to cancel order {order.id}"
    return ""


def combine(world: World, shop: Shop, order_ids: Sequence[str], at: int) -> Package:
    """One parcel for several orders of one recipient."""
    if markets.flow(shop.region, shop.cross_border) != "ship":
        raise parcels.wrong_flow("Combine Package")
    if not 2 <= len(set(order_ids)) <= MOST_COMBINED:  # noqa: PLR2004 - one order is not combined
        raise Refuse(INVALID, f"parameter order_ids invalid: 2 to {MOST_COMBINED} different orders are expected")
    orders = [parcels.order_of(world, shop, one) for one in dict.fromkeys(order_ids)]
    for order in orders:
        if why := _why_not_combine(world, order):
            raise Refuse(INVALID, f"parameter order_ids invalid: {why}")
        parcels.check_shippable(world, order, order.line_ids, at)
    if len({_home(order) for order in orders}) > 1:
        raise Refuse(INVALID, "parameter order_ids invalid: recipient or address differ")
    old = [world.packages[order.packages[0]] for order in orders]
    package = world.new_package(orders[0], at, [line for p in old for line in p.line_ids], tag="COMBINE")
    package.order_ids = [order.id for order in orders]
    for order, before in zip(orders, old, strict=True):
        if package.id not in order.packages:
            order.packages.append(package.id)
        settling.retire(world, before, at)
    for order in orders:
        settling.settle(world, order, at)
    settling.tell(world, package, "COMBINE", at)
    return package


def uncombine(world: World, package: Package, order_ids: Sequence[str], at: int) -> list[Package]:
    """Take orders (none named: all) out of a combined parcel; each gets a parcel of its own."""
    if package.tag != "COMBINE" or package.status != TO_FULFILL:
        raise Refuse(INVALID, f"parameter package_id invalid: package {package.id} is not combined or already shipped")
    foreign = [one for one in order_ids if one not in package.order_ids]
    if foreign:
        raise Refuse(parcels.FOREIGN, f"order {foreign[0]} is not in package {package.id}")
    return _taken_out(world, package, list(order_ids) or list(package.order_ids), at, "CANCEL_COMBINE", "ROLE_SELLER")


def address_changed(world: World, order: Order, at: int) -> None:
    """An order that goes elsewhere leaves the combined parcel it waits in."""
    for package in settling.live_packages(world, order):
        if package.tag == "COMBINE" and package.status == TO_FULFILL and len(package.order_ids) > 1:
            _taken_out(world, package, [order.id], at, "ADDRESS_UPDATE_SPLIT", "ROLE_USER")


def _taken_out(
    world: World, package: Package, order_ids: Sequence[str], at: int, kind: str, role: str
) -> list[Package]:
    """Parcels of their own for these orders; the rest stays together unless it is one order only."""
    out = [one for one in package.order_ids if one in order_ids]
    stay = [one for one in package.order_ids if one not in out]
    if len(stay) == 1:
        out, stay = list(package.order_ids), []
    orders = [world.orders[one] for one in package.order_ids]
    made = [_alone(world, world.orders[one], at) for one in out]
    if stay:
        kept = {item["id"] for one in stay for item in world.orders[one].body["line_items"] if is_live(item)}
        package.order_ids, package.updated = stay, at
        package.line_ids = [line for line in package.line_ids if line in kept]
        for one in out:
            world.orders[one].packages.remove(package.id)
        made.append(package)
    else:
        settling.retire(world, package, at)
    for order in orders:
        settling.settle(world, order, at)
    settling.tell(world, made, kind, at, role)
    return made


def _alone(world: World, order: Order, at: int) -> Package:
    return world.new_package(order, at, settling.live_lines(order))
