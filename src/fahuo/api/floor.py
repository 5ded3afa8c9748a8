"""REST: waves, their papers, and the bench."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from fahuo.access.model import Principal
from fahuo.access.rules import may
from fahuo.api.answers import json_response
from fahuo.api.gate import IdempotencyKey, house_of, need, once, sent_body, whole_house
from fahuo.api.schemas import PageOut, ParcelOut, ScanIn
from fahuo.flow import labels, pack
from fahuo.flow.labels import PAPERS
from fahuo.flow.pack import BenchView
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.views import json as shown
from fahuo.views import shops as lists

router = APIRouter()
Packer = Annotated[Principal, Depends(need("floor.pack"))]


@router.get("/waves", tags=["floor"], responses={200: {"model": PageOut}})
def waves(
    request: Request,
    principal: Annotated[Principal, Depends(need("floor.view"))],
    limit: Annotated[int, Query(ge=1, le=lists.LIMIT_MAX)] = 100,
    cursor: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """Waves, newest first. They hold parcels of all shops, so the token must reach all of them."""
    whole_house(principal, "floor.view")
    with house_of(request).store.read(principal.seller_id) as tx:
        found = lists.wave_list(tx, limit, cursor)
    rows = [shown.wave_json(row) for row in found]
    after = str(found[-1].number) if len(found) == limit else None
    return json_response(shown.known({"schema": "fahuo.waves/1", "waves": rows, "next": after}) | {"waves": rows})


@router.get(
    "/waves/{number}/{paper}",
    tags=["floor"],
    responses={200: {"content": {"application/pdf": {}, "application/octet-stream": {}}}},
)
def paper(
    request: Request, principal: Annotated[Principal, Depends(need("labels.print"))], number: int, paper: str
) -> Response:
    """labels.pdf, labels.zpl, pick-list.pdf or slips.pdf of a wave. The print is logged."""
    whole_house(principal, "labels.print")
    if paper not in PAPERS:
        known = ", ".join(PAPERS)
        then = N_("Choose one of: {known}.")
        raise Failure(
            Problem("unknown_paper", "paper", paper[:40], N_("There is no such paper."), then, {"known": known})
        )
    kind, fmt, media = PAPERS[paper]
    return Response(
        labels.render_wave(house_of(request), number, kind, fmt, principal.actor, principal.seller_id),
        media_type=media,
    )


@router.get("/parcels/{code}", tags=["floor"], responses={200: {"model": ParcelOut}})
def open_parcel(request: Request, principal: Packer, code: str) -> Response:
    """The parcel behind a waybill number, platform order id or package id."""
    return _answer(request, principal, pack.open_parcel(house_of(request), code, principal.seller_id, principal.shops))


@router.post("/parcels/{package_id}/scan", tags=["floor"], responses={200: {"model": ParcelOut}})
def scan(
    request: Request,
    principal: Packer,
    package_id: int,
    scanned: ScanIn,
    body: Annotated[bytes, Depends(sent_body)],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Count one scanned article. Send an Idempotency-Key: a repeated scan counts again without one."""
    house = _mine(request, principal, package_id)

    def act() -> Response:
        found = pack.scan_item(house, package_id, scanned.code, principal.actor, principal.seller_id)
        return _answer(request, principal, found)

    return once(request, principal, idempotency_key, body, act)


@router.post("/parcels/{package_id}/confirm", tags=["floor"], responses={200: {"model": ParcelOut}})
def confirm(
    request: Request,
    principal: Packer,
    package_id: int,
    scanned: ScanIn,
    body: Annotated[bytes, Depends(sent_body)],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Close the parcel with a scan of its label: only now is it packed."""
    house = _mine(request, principal, package_id)

    def act() -> Response:
        found = pack.confirm(house, package_id, scanned.code, principal.actor, principal.seller_id)
        return _answer(request, principal, found)

    return once(request, principal, idempotency_key, body, act)


def _mine(request: Request, principal: Principal, package_id: int) -> Any:
    house = house_of(request)
    with house.store.read(principal.seller_id) as tx:
        shop = lists.parcel_shop(tx, package_id)
    if shop is None or not may(principal, "floor.pack", shop):
        raise Failure(_unknown(str(package_id)))
    return house


def _unknown(code: str) -> Problem:
    return Problem("unknown_code", "code", code, N_("No parcel has the number {code}."), "", {"code": code})


def _answer(request: Request, principal: Principal, found: BenchView | Problem) -> Response:
    if isinstance(found, Problem):
        raise Failure(found)
    _mine(request, principal, found.package_id)
    return json_response(
        {
            "schema": "fahuo.parcel/1",
            "id": str(found.package_id),
            "order": found.order_ref,
            "shop": found.shop,
            "carrier": found.carrier_name,
            "tracking_number": found.tracking_number,
            "state": found.state,
            "items": found.items,
            "complete": found.complete,
        }
    )
