"""Keeping orders in line with their parcels: what a parcel's state makes of its units and of the whole order.

Everything that changes a parcel ends in `settle`; what becomes of the order comes back through `order_moved` and
`lines_cancelled`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from fahuo.orders.model import (
    AWAITING_COLLECTION,
    AWAITING_SHIPMENT,
    CANCELLED,
    COMPLETED,
    DELIVERED,
    IN_TRANSIT,
    ORDER,
    PARTIALLY_SHIPPING,
)
from fahuo.sandbox.model import COMPLETE, FULFILLING, GONE, PACKAGE_UPDATE, PROCESSING, TO_FULFILL, Order, Package
from fahuo.sandbox.render import is_live

if TYPE_CHECKING:
    from fahuo.sandbox.world import World

_WORD: Final = {
    TO_FULFILL: AWAITING_SHIPMENT,
    PROCESSING: AWAITING_COLLECTION,
    FULFILLING: IN_TRANSIT,
    COMPLETE: DELIVERED,
    GONE: CANCELLED,
}
"""Status of a unit by the status of its parcel (reference 5.2)."""
_TIMES: Final = {"collection_time": IN_TRANSIT, "delivery_time": DELIVERED}
_RANK: Final = (AWAITING_SHIPMENT, AWAITING_COLLECTION, IN_TRANSIT, DELIVERED)


def live_packages(world: World, order: Order) -> list[Package]:
    """The order's parcels that are not cancelled."""
    return [p for one in order.packages if (p := world.packages[one]).status != GONE]


def live_lines(order: Order) -> list[str]:
    """Ids of the units that are not cancelled."""
    return [item["id"] for item in order.body["line_items"] if is_live(item)]


def free_lines(world: World, order: Order) -> list[str]:
    """Ids of the living units that no arranged parcel holds."""
    held = {line for p in live_packages(world, order) if p.status != TO_FULFILL for line in p.line_ids}
    return [line for line in live_lines(order) if line not in held]


def retire(world: World, package: Package, at: int) -> None:
    """The parcel is no more: split up, combined into another, or cancelled."""
    package.status, package.updated = GONE, at
    for one in package.order_ids:
        order = world.orders[one]
        if package.id in order.packages and len(order.packages) > 1:
            order.packages.remove(package.id)


def settle(world: World, order: Order, at: int) -> None:
    """Write the parcels' state to the units and move the order to where its slowest living unit is."""
    header = _header(world, order)
    way = [] if order.status in (COMPLETED, CANCELLED) else _way(order.status, _target(world, order))
    if not way:
        world.touch(order, at, **header)
    for status in way:
        if status == AWAITING_COLLECTION:
            world.arrange(order, at, **header)
        else:
            times: dict[str, Any] = {key: at for key, word in _TIMES.items() if word == status}
            world.touch(order, at, status=status, **header, **times)
    paint(world, order)


def paint(world: World, order: Order) -> None:
    """Every living unit shows its parcel, and the status that goes with it."""
    body = order.body
    place = {line: package for package in live_packages(world, order) for line in package.line_ids}
    for item in body["line_items"]:
        if not is_live(item):
            continue
        package = place.get(item["id"])
        if package is None:
            for key in ("package_id", "package_status"):
                item.pop(key, None)
            if order.status == PARTIALLY_SHIPPING:
                item["display_status"] = AWAITING_SHIPMENT
            continue
        item["package_id"], item["package_status"] = package.id, package.status
        if order.status not in (COMPLETED, CANCELLED):
            item["display_status"] = _WORD[package.status]
        if package.tracking_number:
            item["tracking_number"] = package.tracking_number
            item["shipping_provider_id"], item["shipping_provider_name"] = package.provider_id, package.provider_name
            item["rts_time"] = package.flags.get("arranged_at", package.created)


def _target(world: World, order: Order) -> str:
    """Where the order's living units put it."""
    place = {line: package for package in live_packages(world, order) for line in package.line_ids}
    words = {_WORD[place[line].status] if line in place else AWAITING_SHIPMENT for line in live_lines(order)}
    if not words:
        return CANCELLED
    if words == {AWAITING_SHIPMENT} or AWAITING_SHIPMENT not in words:
        return min(words, key=_RANK.index)
    return PARTIALLY_SHIPPING


def _way(old: str, new: str) -> list[str]:
    """The statuses from one to another, none of the platform's left out; none where the order stays."""
    if new in (old, CANCELLED):
        return []
    if ORDER.may(old, new):
        return [new]
    forward = [word for word in _RANK[1:] if word not in (old, new) and _between(old, word, new)]
    return [*forward, new] if forward else []


def _between(old: str, word: str, new: str) -> bool:
    behind = _RANK.index(old) if old in _RANK else 0
    return new in _RANK and behind < _RANK.index(word) < _RANK.index(new)


def _header(world: World, order: Order) -> dict[str, Any]:
    """What the order itself shows of its parcels; those of the market that shows none before shipping stay hidden."""
    packages = live_packages(world, order)
    found: dict[str, Any] = {"packages": [{"id": package.id} for package in packages] or None}
    first = next((package for package in packages if package.tracking_number), None)
    if first is not None:
        found["tracking_number"] = first.tracking_number
        found["shipping_provider"], found["shipping_provider_id"] = first.provider_name, first.provider_id
    tags = {package.tag for package in packages}
    found["split_or_combine_tag"] = "COMBINED" if "COMBINE" in tags else "SPLIT" if "SPLIT" in tags else None
    return found


def lines_cancelled(world: World, order: Order, lines: Iterable[str], at: int) -> None:
    """Units were cancelled (the body says so already): they leave their parcels, the order moves on without them."""
    gone = set(lines)
    for package in live_packages(world, order):
        if not gone.intersection(package.line_ids):
            continue
        rest = [line for line in package.line_ids if line not in gone]
        if rest:
            package.line_ids, package.updated = rest, at
            tell(world, package, "PARTLY_CANCEL_SPLIT", at)
        else:
            package.status, package.updated = GONE, at
    if order.status != CANCELLED:
        settle(world, order, at)


def order_moved(world: World, order: Order, old: str, new: str, at: int) -> None:
    """An order that is cancelled takes its parcels along; from a combined one it only takes its units."""
    del old
    if new == COMPLETED:
        order.flags["completed_at"] = at
    if new != CANCELLED:
        return
    for package in live_packages(world, order):
        others = [one for one in package.order_ids if one != order.id]
        if not others or package.status in (FULFILLING, COMPLETE):
            package.status, package.updated = GONE, at
            continue
        mine = set(order.line_ids)
        package.order_ids, package.updated = others, at
        package.line_ids = [line for line in package.line_ids if line not in mine]
        package.tag = "DEFAULT" if len(others) == 1 else package.tag
        order.packages.remove(package.id)
        tell(world, package, "CANCEL_COMBINE", at, "ROLE_SYSTEM")
    for item in order.body["line_items"]:
        if "package_status" in item:
            item["package_status"] = GONE


def tell(world: World, package: Package | Sequence[Package], kind: str, at: int, role: str = "ROLE_SELLER") -> None:
    """Webhook 4: parcels were split, combined or taken apart."""
    several = [package] if isinstance(package, Package) else list(package)
    world.tell(
        several[0].shop_id,
        PACKAGE_UPDATE,
        {
            "sc_type": kind,
            "role_type": role,
            "package_list": [{"package_id": p.id, "order_id_list": list(p.order_ids)} for p in several],
            "update_time": at,
        },
        at,
    )


def install(world: World) -> None:
    """Parcels follow what becomes of their orders."""
    world.moved.append(order_moved)
    world.units_cancelled.append(lines_cancelled)
