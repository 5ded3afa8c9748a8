"""Cancellations: asked for by buyers, made by sellers, done by the platform when a limit has passed.

Who may do what in which status is section 6.3, how long the seller has section 6.4. A part cancel changes line items
only; with the last unit the order itself is CANCELLED.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from fahuo.orders.model import (
    AWAITING_COLLECTION,
    AWAITING_SHIPMENT,
    CANCELLED,
    DELIVERED,
    IN_TRANSIT,
    ON_HOLD,
    PARTIALLY_SHIPPING,
    UNPAID,
)
from fahuo.sandbox import markets, reasons
from fahuo.sandbox.aftersale_facts import is_open
from fahuo.sandbox.model import (
    CANCEL_COMPLETE,
    CANCEL_PENDING,
    CANCEL_SUCCESS,
    CANCEL_WITHDRAWN,
    CANCELLATION_STATUS_CHANGE,
    GONE,
    Cancellation,
    Order,
    Refuse,
)

if TYPE_CHECKING:
    from fahuo.sandbox.world import World

MINUTE, HOUR = 60, 3_600
WRONG_REASON, OTHER_RUNS, INVALID = 25_001_021, 25_001_011, 98_001_004
_LATEST, _EARLIEST = 56 * MINUTE, 8 * MINUTE
"""The platform cancels this long after the limit (4.8)."""
_REFUND_TAKES: Final = 2 * HOUR
"""From the approval to the end of the refund; invented."""
_BEFORE_SCAN: Final = frozenset({AWAITING_SHIPMENT, PARTIALLY_SHIPPING, AWAITING_COLLECTION})


def install(world: World) -> None:
    """Take the events of this module."""
    world.on("auto_cancel", _auto_cancel)
    world.on("cancel.due", _due)
    world.on("cancel.refunded", _refunded)
    world.moved.append(_moved)


# --- buyers -------------------------------------------------------------------------------------------------------


def request(
    world: World, order: Order, at: int, *, reason: str = "", line_ids: Iterable[str] = (), role: str = "BUYER"
) -> Cancellation:
    """The buyer wants to cancel, the whole order or some units. Granted at once before the order can be shipped."""
    units = _units(world, order, line_ids)
    if order.status not in (UNPAID, ON_HOLD, *_BEFORE_SCAN):
        raise Refuse(WRONG_REASON, f"order {order.id} is {order.status}: it cannot be cancelled any more")
    chosen = reason or world.chance("cancel reason", order.id, at).choice(reasons.buyer_reasons(order.status)[:4])
    made = _new(world, order, units, "BUYER_CANCEL", role, chosen, at)
    if order.status in (UNPAID, ON_HOLD):
        _grant(world, made, at, by="BUYER")
        return made
    region = world.shops[order.shop_id].region
    late = at > order.body.get("tts_sla_time", at)
    if region == "US" and late:
        _grant(world, made, at, by="BUYER")
        return made
    made.answer_by = at + markets.answer_limit(region)
    world.later(made.answer_by, "cancel.due", made.id)
    world.touch(order, at, is_buyer_request_cancel=True, request_cancel_time=at)
    _tell(world, made, at)
    if region == "US" and order.status == AWAITING_COLLECTION:
        reject(world, made, at, by="SYSTEM")
    return made


def withdraw(world: World, cancellation: Cancellation, at: int) -> None:
    """The buyer takes the request back."""
    _need_pending(cancellation)
    _turn_down(world, cancellation, at)


# --- the seller ---------------------------------------------------------------------------------------------------


def seller_cancel(
    world: World, order: Order, reason: str, at: int, *, line_ids: Iterable[str] = (), key: str = ""
) -> Cancellation:
    """The seller cancels an order or some units of it. With the same idempotency key again: the same cancellation."""
    if key and (before := _answered(world, order, key)):
        return before
    region = world.shops[order.shop_id].region
    if reason not in reasons.seller_reasons(region, order.status):
        raise Refuse(WRONG_REASON, f"the reason {reason} does not fit an order that is {order.status}")
    made = _new(world, order, _units(world, order, line_ids), "CANCEL", "SELLER", reason, at)
    if key:
        made.keys.append(key)
    _grant(world, made, at, by="SELLER")
    return made


def approve(world: World, cancellation: Cancellation, at: int, *, key: str = "", by: str = "SELLER") -> None:
    """The buyer's request is granted."""
    if key and key in cancellation.keys:
        return
    _need_pending(cancellation)
    _remember(cancellation, key)
    _grant(world, cancellation, at, by="BUYER" if by == "SELLER" else by)


def reject(
    world: World,
    cancellation: Cancellation,
    at: int,
    *,
    reason: str = "",
    comment: str = "",
    key: str = "",
    by: str = "SELLER",
) -> None:
    """The buyer's request is turned down, by the seller with a reason of the market, or by the platform."""
    if key and key in cancellation.keys:
        return
    _need_pending(cancellation)
    if by == "SELLER" and reason not in reasons.reject_reasons(world.shops[cancellation.shop_id].region):
        raise Refuse(INVALID, f"parameter reject_reason invalid: {reason!r} is not a reason of this market")
    _remember(cancellation, key)
    cancellation.reject_reason, cancellation.comment = reason, comment
    _turn_down(world, cancellation, at)


# --- the platform -------------------------------------------------------------------------------------------------


def cancel_by_system(
    world: World, order: Order, reason: str, at: int, *, line_ids: Iterable[str] = ()
) -> Cancellation | None:
    """The platform cancels what is left of an order, or some units; None when nothing is left."""
    units = [unit for unit in line_ids or order.line_ids if unit in set(living(order))]
    if not units:
        return None
    for one in _pending(world, order):
        one.status, one.updated, one.answer_by = CANCEL_WITHDRAWN, at, None
        _tell(world, one, at)
    made = _new(world, order, units, "CANCEL", "SYSTEM", reason, at)
    _grant(world, made, at, by="SYSTEM")
    return made


def watch(world: World, order: Order) -> None:
    """The order has a (new) limit for the automatic cancel."""
    if order.cancel_at is not None and not order.by_platform:
        late = world.chance("auto cancel", order.id, order.cancel_at).randint(_EARLIEST, _LATEST)
        world.later(order.cancel_at + late, "auto_cancel", order.id, due=order.cancel_at)


def _auto_cancel(world: World, id_: str, at: int, due: int) -> None:
    order = world.orders[id_]
    if order.cancel_at != due or order.status not in _BEFORE_SCAN:
        return
    units: list[str] = []
    if order.status == PARTIALLY_SHIPPING:
        units = [item["id"] for item in order.body["line_items"] if item["display_status"] == AWAITING_SHIPMENT]
    cancel_by_system(world, order, reasons.TIMEOUT, at, line_ids=units)


def _due(world: World, id_: str, at: int) -> None:
    """The seller has not answered: granted."""
    cancellation = world.cancellations[id_]
    if cancellation.status == CANCEL_PENDING:
        approve(world, cancellation, at, by="SYSTEM")


def _refunded(world: World, id_: str, at: int) -> None:
    cancellation = world.cancellations[id_]
    if cancellation.status == CANCEL_SUCCESS:
        cancellation.status, cancellation.updated = CANCEL_COMPLETE, at
        _tell(world, cancellation, at)


def _moved(world: World, order: Order, old: str, new: str, at: int) -> None:
    """Requests that the carrier has overtaken are turned down."""
    del old
    if new in (IN_TRANSIT, DELIVERED):
        for one in _pending(world, order):
            _turn_down(world, one, at)


# --- what they have in common -------------------------------------------------------------------------------------


def living(order: Order) -> list[str]:
    """The units that are not cancelled."""
    if order.status == CANCELLED:
        return []
    return [item["id"] for item in order.body["line_items"] if item["display_status"] != CANCELLED]


def _units(world: World, order: Order, line_ids: Iterable[str]) -> list[str]:
    """The units meant: living, known, and with nothing else going on about them."""
    alive = living(order)
    wanted = list(dict.fromkeys(line_ids)) or alive
    if unknown := [unit for unit in wanted if unit not in order.line_ids]:
        raise Refuse(INVALID, f"parameter order_line_item_ids invalid: {unknown[0]} is not part of order {order.id}")
    if not alive or any(unit not in alive for unit in wanted):
        raise Refuse(WRONG_REASON, f"order {order.id}: cancelled already")
    mine = set(wanted)
    returns = (world.returns[one] for one in order.returns)
    running = [one.line_ids for one in _pending(world, order)] + [r.line_ids for r in returns if is_open(r)]
    if any(mine.intersection(line_ids) for line_ids in running):
        raise Refuse(OTHER_RUNS, f"another request about order {order.id} is in process")
    return wanted


def _pending(world: World, order: Order) -> list[Cancellation]:
    found = (world.cancellations[one] for one in order.cancellations)
    return [one for one in found if one.status == CANCEL_PENDING]


def _answered(world: World, order: Order, key: str) -> Cancellation | None:
    return next((c for c in map(world.cancellations.__getitem__, order.cancellations) if key in c.keys), None)


def _remember(cancellation: Cancellation, key: str) -> None:
    if key:
        cancellation.keys.append(key)


def _need_pending(cancellation: Cancellation) -> None:
    if cancellation.status != CANCEL_PENDING:
        raise Refuse(WRONG_REASON, f"cancellation {cancellation.id} is {cancellation.status}: nothing to answer")


def _new(world: World, order: Order, units: list[str], kind: str, role: str, reason: str, at: int) -> Cancellation:
    made = Cancellation(
        id=world.new_id(),
        shop_id=order.shop_id,
        order_id=order.id,
        line_ids=units,
        type=kind,
        status=CANCEL_PENDING,
        role=role,
        reason=reason,
        reason_text=reasons.text(reason, world.shops[order.shop_id].language),
        created=at,
        updated=at,
    )
    world.cancellations[made.id] = made
    order.cancellations.append(made.id)
    return made


def _grant(world: World, cancellation: Cancellation, at: int, by: str) -> None:
    """The units are cancelled; the money goes back where some was paid."""
    order = world.orders[cancellation.order_id]
    paid = "paid_time" in order.body
    cancellation.status, cancellation.updated = CANCEL_SUCCESS if paid else CANCEL_COMPLETE, at
    cancellation.answer_by = None
    if paid:
        world.later(at + _REFUND_TAKES, "cancel.refunded", cancellation.id)
    _take_out(world, order, cancellation, at, by)
    _tell(world, cancellation, at)


def _take_out(world: World, order: Order, cancellation: Cancellation, at: int, by: str) -> None:
    user = {"SYSTEM": "SYSTEM", "SELLER": "SELLER"}.get(by, "BUYER")
    if cancellation.role == "BUYER":
        user = "BUYER"
    lines = {"cancel_user": user, "cancel_reason": cancellation.reason_text}
    units = set(cancellation.line_ids)
    alive = living(order)
    asked = order.body.get("is_buyer_request_cancel")
    open_requests = bool(asked) and bool(_pending(world, order))
    header = {"is_buyer_request_cancel": open_requests} if asked else {}
    if units >= set(alive):
        done = {"status": CANCELLED, "cancel_time": at, "cancellation_initiator": user}
        packed = {"package_status": GONE} if order.packages else {}
        world.touch(
            order, at, lines={**lines, **packed}, **{**header, **done, "cancel_reason": cancellation.reason_text}
        )
    else:
        for item in order.body["line_items"]:
            if item["id"] in units:
                packed = {"package_status": GONE} if "package_id" in item else {}
                item.update(lines, display_status=CANCELLED, **packed)
        world.touch(order, at, lines=None, **header)
    for hook in world.units_cancelled:
        hook(world, order, sorted(units), at)


def _turn_down(world: World, cancellation: Cancellation, at: int) -> None:
    order = world.orders[cancellation.order_id]
    cancellation.status, cancellation.updated, cancellation.answer_by = CANCEL_WITHDRAWN, at, None
    world.touch(order, at, is_buyer_request_cancel=bool(_pending(world, order)))
    _tell(world, cancellation, at)


def _tell(world: World, cancellation: Cancellation, at: int) -> None:
    world.tell(
        cancellation.shop_id,
        CANCELLATION_STATUS_CHANGE,
        {
            "order_id": cancellation.order_id,
            "cancellations_role": cancellation.role,
            "cancel_status": cancellation.status,
            "cancel_id": cancellation.id,
            "create_time": cancellation.created,
        },
        at,
    )
