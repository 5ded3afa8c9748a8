"""What buyers and the platform do about after-sale requests, and what happens by itself when a clock runs out.

An event looks whether it is still meant: a seller who answered in time is not overruled.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from fahuo.orders.model import CANCELLED, DELIVERED, IN_TRANSIT
from fahuo.sandbox import aftersale_rules as rules
from fahuo.sandbox import markets, settlement
from fahuo.sandbox.aftersale_facts import open_units, requests_of, settled_units
from fahuo.sandbox.aftersales import Asked, approve, arbitrate, ask, await_answer, complete_order, move, note, refund
from fahuo.sandbox.markets import DAY, HOUR
from fahuo.sandbox.model import Refuse, Return

if TYPE_CHECKING:
    from fahuo.sandbox.model import Order
    from fahuo.sandbox.world import World

_CASE_CLOSES: Final = DAY
_TAKES_OFFER: Final = 0.6
_CHANGES_MIND: Final = 0.05
_PER_UNIT: Final = 0.8
"""Of the units of an order that is returned; none chosen means all."""
_FOR_BUYER: Final = 0.55
"""Shares of 1, invented like those of `Behaviour`."""


def install(world: World) -> None:
    """Let the clocks and the buyers of this module act in a world."""
    world.on("return.asks", _asks)
    world.on("return.due", _due)
    world.on("return.withdraws", _withdraws)
    world.on("return.ships", _ships)
    world.on("return.not_shipped", _not_shipped)
    world.on("return.arrives", _arrives)
    world.on("return.refunded", _refunded)
    world.on("return.appeals", _appeals)
    world.on("return.ruling", _ruling)
    world.on("return.case_closed", _case_closed)
    world.on("return.offer_answered", _offer_answered)
    world.moved.append(_order_moved)


# --- the buyer and the platform -----------------------------------------------------------------------------------


def withdraw(world: World, request: Return, at: int) -> None:
    """The buyer takes the request back. Raises Refuse where it is too late."""
    new = rules.NEW_CANCELLED if request.type == rules.REPLACEMENT else rules.CANCELLED
    if request.status not in (rules.PENDING, rules.OFFERED, rules.AWAITING_SHIP, rules.NEW_PENDING):
        raise Refuse(rules.INVALID, f"a request in {request.status} cannot be withdrawn")
    move(world, request, new, at, "BUYER", "WITHDRAWN")


def ship_back(world: World, request: Return, at: int) -> None:
    """The buyer gives the parcel to a carrier; it arrives after some days. Raises Refuse unless it is awaited."""
    if request.status != rules.AWAITING_SHIP:
        raise Refuse(rules.INVALID, f"nothing is awaited of the buyer in {request.status}")
    request.tracking_number = f"RT{world.new_id()[-12:]}"
    request.provider_name = world.orders[request.order_id].body.get("shipping_provider", "")
    move(world, request, rules.SHIPPED, at, "BUYER", "SHIPPED")
    # The seller's time for the check runs from the sending: it may pass before the parcel is seen, as on the platform.
    await_answer(world, request, rules.RESPOND_RECEIVED, at)
    days = world.chance("arrives", request.id).uniform(1, 5)
    world.later(min(at + int(days * DAY), (request.answer_by or at) - HOUR), "return.arrives", request.id)


def dispute(world: World, request: Return, at: int) -> None:
    """The buyer asks the platform to decide about a rejection. Raises Refuse where there is none or it is decided."""
    if request.status not in (rules.REJECTED, rules.NEW_REJECTED) or request.arbitration:
        raise Refuse(rules.INVALID, f"a request in {request.status} cannot be appealed")
    if _asked_again(world, request):
        raise Refuse(rules.IN_PROCESS, "Another reverse order is in process")
    arbitrate(world, request, at)


def _asked_again(world: World, request: Return) -> bool:
    """Whether another request for the same units is open or has been granted."""
    order = world.orders[request.order_id]
    return bool((open_units(world, order) | settled_units(world, order)) & set(request.line_ids))


def rule(world: World, request: Return, for_buyer: bool, at: int) -> None:
    """The platform decides. Raises Refuse where no case is open."""
    if request.arbitration != rules.IN_PROGRESS:
        raise Refuse(rules.INVALID, "no arbitration is in progress")
    request.arbitration = rules.SUPPORT_BUYER if for_buyer else rules.SUPPORT_SELLER
    if for_buyer:
        refund(world, request, at, "OPERATOR", rules.SUPPORT_BUYER)
        return
    note(world, request, at, "OPERATOR", rules.SUPPORT_SELLER)
    world.later(at + _CASE_CLOSES, "return.case_closed", request.id)


# --- events -------------------------------------------------------------------------------------------------------


def _consider(world: World, order: Order, at: int) -> None:
    """Some are not content with what they got, and say so while the window is open."""
    chance = world.chance("returns", order.id)
    if not order.lively or chance.random() >= world.behaviour.returns:
        return
    window = markets.completes_after(world.shops[order.shop_id].region) - DAY
    world.later(at + int(chance.uniform(0.02, 0.6) * window), "return.asks", order.id)
    if chance.random() < _CHANGES_MIND:
        world.later(at + int(chance.uniform(0.6, 0.7) * window), "return.withdraws", order.id)


def _asks(world: World, id_: str, at: int) -> None:
    order, chance = world.orders[id_], world.chance("asks back", id_)
    kind = chance.choices(rules.TYPES, (0.35, 0.5, 0.15))[0]
    units = [unit for unit in order.line_ids if chance.random() < _PER_UNIT]
    with suppress(Refuse):
        ask(world, order, Asked(kind, line_ids=units), at)


def _withdraws(world: World, id_: str, at: int) -> None:
    for request in requests_of(world, world.orders[id_]):
        with suppress(Refuse):
            withdraw(world, request, at)


def _due(world: World, id_: str, at: int, due: int) -> None:
    """The seller did not answer: approved by itself (section 6.4)."""
    request = world.returns[id_]
    if request.answer_by != due:
        return
    decision = rules.APPROVALS[request.type, request.status][0]
    approve(world, request, decision, at, role="SYSTEM")


def _ships(world: World, id_: str, at: int) -> None:
    if world.returns[id_].status == rules.AWAITING_SHIP:
        ship_back(world, world.returns[id_], at)


def _not_shipped(world: World, id_: str, at: int) -> None:
    if world.returns[id_].status == rules.AWAITING_SHIP:
        move(world, world.returns[id_], rules.CANCELLED, at, "SYSTEM", "NOT_SHIPPED_IN_TIME")


def _arrives(world: World, id_: str, at: int) -> None:
    request = world.returns[id_]
    if request.status == rules.SHIPPED:
        request.flags["arrived"] = at
        note(world, request, at, "SYSTEM", "PARCEL_ARRIVED")


def _refunded(world: World, id_: str, at: int) -> None:
    request = world.returns[id_]
    if request.status == rules.SUCCESS:
        move(world, request, rules.COMPLETE, at, "SYSTEM", "REFUNDED")
        settlement.refunded(world, request, at)
        complete_order(world, world.orders[request.order_id], at)


def _appeals(world: World, id_: str, at: int) -> None:
    request = world.returns[id_]
    if (
        request.status in (rules.REJECTED, rules.NEW_REJECTED)
        and not request.arbitration
        and not _asked_again(world, request)
    ):
        arbitrate(world, request, at)


def _ruling(world: World, id_: str, at: int) -> None:
    request = world.returns[id_]
    if request.arbitration == rules.IN_PROGRESS:
        rule(world, request, world.chance("ruling", id_).random() < _FOR_BUYER, at)


def _case_closed(world: World, id_: str, at: int) -> None:
    request = world.returns[id_]
    request.arbitration = rules.CLOSED
    note(world, request, at, "SYSTEM", "CASE_CLOSED")


def _offer_answered(world: World, id_: str, at: int) -> None:
    request = world.returns[id_]
    if request.status == rules.OFFERED:
        answer_offer(world, request, world.chance("takes", id_).random() < _TAKES_OFFER, at)


def answer_offer(world: World, request: Return, takes: bool, at: int) -> None:
    """The buyer takes the offered part, or goes back to his request. Raises Refuse where nothing is offered."""
    if request.status != rules.OFFERED:
        raise Refuse(rules.INVALID, f"nothing is offered in {request.status}")
    if takes:
        request.amount, request.buyer_keeps = request.flags["offer"], True
        refund(world, request, at, "BUYER", "OFFER_TAKEN")
        return
    request.flags["refused_offer"] = True
    move(world, request, rules.PENDING, at, "BUYER", "OFFER_REFUSED")
    await_answer(world, request, rules.RESPOND[request.type], at)


def _order_moved(world: World, order: Order, old: str, new: str, at: int) -> None:
    """An order refunded while it waited for the carrier is complete as soon as it has left; a cancelled one gives no
    reason for a request any more."""
    del old
    if new == IN_TRANSIT:
        complete_order(world, order, at)
    elif new == DELIVERED:
        _consider(world, order, at)
    elif new == CANCELLED:
        for request in requests_of(world, order):
            if request.status in (rules.PENDING, rules.OFFERED, rules.NEW_PENDING):
                to = rules.NEW_CANCELLED if request.type == rules.REPLACEMENT else rules.CANCELLED
                move(world, request, to, at, "SYSTEM", "ORDER_CANCELLED")
