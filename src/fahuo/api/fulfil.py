"""REST: what may be asked of the platform about parcels, and first-mile bundles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from fahuo.access.model import Principal
from fahuo.access.rules import may
from fahuo.api.answers import json_response
from fahuo.api.gate import IdempotencyKey, house_of, need, once, sent_body, whole_house
from fahuo.api.schemas import (
    AskedOut,
    BundleIn,
    CombineIn,
    CorrectIn,
    DecideIn,
    HandoverIn,
    PageOut,
    ScheduleIn,
    SplitIn,
)  # fmt: skip
from fahuo.flow import cut, first_mile, shipping_rules
from fahuo.flow.handover import Manifest, hand_over, nothing_chosen
from fahuo.flow.house import House
from fahuo.kernel.instant import iso, parse_instant
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.views import first_mile as views
from fahuo.views import order as order_view
from fahuo.views import shops as lists

router = APIRouter(tags=["fulfilment"])
Handler = Annotated[Principal, Depends(need("orders.handle"))]
Reporter = Annotated[Principal, Depends(need("dispatch.report"))]
Body = Annotated[bytes, Depends(sent_body)]


@router.post("/orders/{order_id}/split", responses={200: {"model": AskedOut}})
def split(
    request: Request,
    principal: Handler,
    order_id: int,
    wanted: SplitIn,
    body: Body,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Send an order in several parcels; units that no group names go into one of their own."""
    house = _mine(request, principal, [order_id])

    def act() -> None:
        cut.split(house, order_id, wanted.groups, principal.actor, principal.seller_id)

    return _asked(request, principal, idempotency_key, body, act)


@router.post("/orders/combine", responses={200: {"model": AskedOut}})
def combine(
    request: Request, principal: Handler, wanted: CombineIn, body: Body, idempotency_key: IdempotencyKey = None
) -> Response:
    """Send orders of one buyer in one parcel, where the platform offers that."""
    ids = [int(one) for one in wanted.orders]
    house = _mine(request, principal, ids)

    def act() -> None:
        cut.combine(house, ids, principal.actor, principal.seller_id)

    return _asked(request, principal, idempotency_key, body, act)


@router.post("/orders/{order_id}/uncombine", responses={200: {"model": AskedOut}})
def uncombine(
    request: Request, principal: Handler, order_id: int, body: Body, idempotency_key: IdempotencyKey = None
) -> Response:
    """Send an order of a combined parcel by itself."""
    house = _mine(request, principal, [order_id])

    def act() -> None:
        cut.uncombine(house, order_id, principal.actor, principal.seller_id)

    return _asked(request, principal, idempotency_key, body, act)


@router.get("/parcels/{package_id}/slots", responses={200: {"model": PageOut}})
def slots(request: Request, principal: Reporter, package_id: int) -> Response:
    """When the platform would pick a parcel up, as it says now."""
    found, drop_off = cut.slots(_parcel(request, principal, package_id), package_id, principal.seller_id)
    rows = [{"from": iso(first), "to": iso(last)} for first, last in found]
    return json_response({"schema": "fahuo.slots/1", "slots": rows, "drop_off": drop_off})


@router.post("/parcels/{package_id}/schedule", responses={200: {"model": AskedOut}})
def schedule(
    request: Request,
    principal: Reporter,
    package_id: int,
    wanted: ScheduleIn,
    body: Body,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Book a pick-up slot, or say that the parcel is dropped off."""
    house = _parcel(request, principal, package_id)
    slot = None if wanted.start is None or wanted.end is None else (_instant(wanted.start), _instant(wanted.end))

    def act() -> None:
        method = "DROP_OFF" if slot is None else "PICKUP"
        cut.schedule(house, package_id, method, slot, principal.actor, principal.seller_id)

    return _asked(request, principal, idempotency_key, body, act)


@router.post("/parcels/{package_id}/number", responses={200: {"model": AskedOut}})
def correct(
    request: Request,
    principal: Reporter,
    package_id: int,
    wanted: CorrectIn,
    body: Body,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Correct an own carrier's number that the platform was told."""
    house = _parcel(request, principal, package_id)

    def act() -> None:
        cut.correct(house, package_id, wanted.carrier, wanted.number, principal.actor, principal.seller_id)

    return _asked(request, principal, idempotency_key, body, act)


@router.get("/first-mile", responses={200: {"model": PageOut}})
def first_mile_list(request: Request, principal: Reporter, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> Response:
    """Parcels that wait for a bundle, and the newest bundles. The token must reach all shops."""
    whole_house(principal, "dispatch.report")
    house = house_of(request)
    waiting = shipping_rules.gathered(house, first_mile.waiting(house, principal.seller_id), principal.seller_id)
    with house.store.read(principal.seller_id) as tx:
        bundles = [views.bundle_json(one) for one in views.bundles(tx, limit)]
    return json_response({"schema": "fahuo.first-mile/1", "waiting": waiting, "bundles": bundles})


@router.post("/first-mile/bundles", responses={200: {"model": AskedOut}})
def bundle(
    request: Request, principal: Reporter, wanted: BundleIn, body: Body, idempotency_key: IdempotencyKey = None
) -> Response:
    """Gather what waits there in one bundle and ask the platform for it."""
    whole_house(principal, "dispatch.report")
    house = house_of(request)

    def act() -> Response:
        wish = first_mile.Wish(
            shop_id=shipping_rules.shop_id(house, wanted.shop, principal.seller_id),
            warehouse_id=shipping_rules.warehouse_id(house, wanted.warehouse, principal.seller_id),
            method=first_mile.PICKUP if wanted.pickup else first_mile.DROP_OFF,
            carrier=wanted.courier,
            number=wanted.number,
            phone_tail=wanted.phone_tail,
        )
        made = first_mile.make(house, wish, principal.actor, principal.seller_id)
        return json_response({"schema": "fahuo.bundle/1", "id": str(made.id), "parcels": made.parcels})

    return once(request, principal, idempotency_key, body, act)


@router.post("/first-mile/bundles/{bundle_id}/handover", responses={200: {"model": AskedOut}})
def taken(
    request: Request, principal: Reporter, bundle_id: int, body: Body, idempotency_key: IdempotencyKey = None
) -> Response:
    """The courier has taken the bundle: its parcels are handed over."""
    whole_house(principal, "dispatch.report")
    house, seller = house_of(request), principal.seller_id

    def act() -> Response:
        numbers = first_mile.numbers(house, bundle_id, seller)
        return manifest_response(hand_over(house, principal.actor, codes=numbers, seller_id=seller))

    return once(request, principal, idempotency_key, body, act)


@router.post("/first-mile/bundles/{bundle_id}/decide", responses={200: {"model": AskedOut}})
def decide(
    request: Request,
    principal: Reporter,
    bundle_id: int,
    decision: DecideIn,
    body: Body,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """After a lost answer: the bundle is there, under this number, or is asked for again."""
    whole_house(principal, "dispatch.report")
    house = house_of(request)

    def act() -> None:
        said = first_mile.Decision(decision.made, decision.platform_ref)
        first_mile.decide(house, bundle_id, said, principal.seller_id)

    return _asked(request, principal, idempotency_key, body, act)


@router.post("/handover", responses={200: {"model": AskedOut}})
def handover(
    request: Request, principal: Reporter, wanted: HandoverIn, body: Body, idempotency_key: IdempotencyKey = None
) -> Response:
    """Give the packed parcels of a wave, or those with these numbers, to the carrier."""
    whole_house(principal, "dispatch.report")
    house = house_of(request)

    def act() -> Response:
        if (wanted.wave is None) == (not wanted.numbers):
            raise Failure(nothing_chosen())
        return manifest_response(
            hand_over(
                house, principal.actor, wave=wanted.wave, codes=wanted.numbers, counted=wanted.count,
                seller_id=principal.seller_id,
            )
        )  # fmt: skip

    return once(request, principal, idempotency_key, body, act)


@router.get("/first-mile/bundles/{bundle_id}/sheet.pdf", responses={200: {"content": {"application/pdf": {}}}})
def sheet(request: Request, principal: Reporter, bundle_id: int) -> Response:
    """The sheet that goes on the bundle."""
    whole_house(principal, "dispatch.report")
    content = first_mile.sheet(house_of(request), bundle_id, principal.seller_id)
    return Response(content, media_type="application/pdf")


def _mine(request: Request, principal: Principal, ids: list[int]) -> House:
    house = house_of(request)
    with house.store.read(principal.seller_id) as tx:
        for id_ in ids:
            if not order_view.visible(tx, id_, principal.shops):
                wrong, then = N_("There is no such order."), N_("Look for it in the list.")
                raise Failure(Problem("not_found", "order", str(id_), wrong, then))
    return house


def _parcel(request: Request, principal: Principal, package_id: int) -> House:
    house = house_of(request)
    with house.store.read(principal.seller_id) as tx:
        shop = lists.parcel_shop(tx, package_id)
    if shop is None or not may(principal, "dispatch.report", shop):
        wrong = N_("There is no such parcel.")
        raise Failure(Problem("not_found", "package", str(package_id), wrong, N_("Look at the order's page.")))
    return house


def _instant(text: str) -> int:
    try:
        return parse_instant(text)
    except ValueError:
        wrong, then = N_("This is no instant with an offset."), N_("Write it like 2026-01-12T08:00:00Z.")
        raise Failure(Problem("instant_bad", "start", text[:40], wrong, then)) from None


def _asked(
    request: Request, principal: Principal, key: IdempotencyKey, body: bytes, act: Callable[[], None]
) -> Response:
    def carry_out() -> Response:
        act()
        return json_response({"schema": "fahuo.asked/1", "asked": True})

    return once(request, principal, key, body, carry_out)


def manifest_response(manifest: Manifest) -> Response:
    """What went with the carrier and what stayed."""
    return json_response({"schema": "fahuo.handover/1", **msgspec.to_builtins(manifest)})
