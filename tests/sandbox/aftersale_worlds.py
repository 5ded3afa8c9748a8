"""A world with orders that have come as far as a test needs them."""

from typing import Any

from fahuo.sandbox import build as builder
from fahuo.sandbox.model import Behaviour, Order, Return
from fahuo.sandbox.world import World

START = 1_790_000_000
QUIET = Behaviour(
    orders_per_day=0, live_streams=0, late_payers=0, never_pay=0, cancels_on_hold=0, cancel_requests=0,
    address_changes=0, urges=0, cod_refusals=0, returns=0, confirms=0, pre_orders=False,
)  # fmt: skip
HOUR, DAY = 3600, 86_400


def a_world(*shops: str, seed: int = 7) -> World:
    """A world in which nobody does anything by himself."""
    return builder.build(seed, shops or ("VN",), START, QUIET)


def ordered(world: World, *, shop: int = 0, **wishes: Any) -> Order:
    """An order that awaits shipment."""
    at = world.now()
    given: dict[str, Any] = {"prompt": True, "fbt": False, "cod": False, "sample": False, **wishes}
    order = world.place(list(world.shops)[shop], at, paid=True, **given)
    world.live(at + 2 * HOUR)
    assert order.status == "AWAITING_SHIPMENT"
    return order


def sent(world: World, *, to: str = "DELIVERED", **wishes: Any) -> Order:
    """An order that is that far on its way."""
    order = ordered(world, **wishes)
    for status in ("AWAITING_COLLECTION", "IN_TRANSIT", "DELIVERED"):
        at = world.now() + HOUR
        world.live(at)
        more: dict[str, Any] = {"delivery_time": at} if status == "DELIVERED" else {}
        world.touch(order, at, status=status, **more)
        if status == to:
            break
    return order


def told(world: World, kind: int) -> list[dict[str, object]]:
    """The data of the webhooks of that type, oldest first."""
    return [notice.data for notice in world.notices if notice.type == kind]


def statuses(world: World, request: Return) -> list[str]:
    """The statuses webhook 12 has told of a request, each once in a row."""
    seen: list[str] = []
    for data in told(world, 12):
        if data["return_id"] == request.id and (not seen or seen[-1] != data["return_status"]):
            seen.append(str(data["return_status"]))
    return seen
