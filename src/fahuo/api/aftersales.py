"""REST: requests after the purchase and the answers to them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from fahuo.access.model import Principal
from fahuo.api.answers import json_response
from fahuo.api.gate import IdempotencyKey, house_of, need, once, sent_body
from fahuo.api.schemas import AnswerIn, ChangedOut, PageOut
from fahuo.flow import aftersales
from fahuo.views import json as shown
from fahuo.views.aftersales import LIMIT_MAX, request_list

router = APIRouter(prefix="/aftersales", tags=["aftersales"])


@router.get("", responses={200: {"model": PageOut}})
def list_requests(
    request: Request,
    principal: Annotated[Principal, Depends(need("orders.view"))],
    waiting: Annotated[bool, Query(description="Only those to be answered, the most urgent first.")] = False,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = 100,
    cursor: Annotated[int, Query(ge=0, lt=1 << 63)] = 0,
) -> Response:
    """Requests to cancel, refund, return; the newest first."""
    with house_of(request).store.read(principal.seller_id) as tx:
        found = request_list(tx, principal.shops, waiting=waiting, limit=limit, before=cursor or None)
    rows = [shown.request_json(row) for row in found]
    after = str(found[-1].id) if len(found) == limit and not waiting else None
    return json_response(shown.known({"schema": "fahuo.aftersales/1", "next": after}) | {"requests": rows})


@router.post("/{request_id}/answer", responses={200: {"model": ChangedOut}})
def answer(
    request: Request,
    principal: Annotated[Principal, Depends(need("orders.handle"))],
    request_id: int,
    wanted: AnswerIn,
    body: Annotated[bytes, Depends(sent_body)],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Approve or reject; the platform is told within the next pass."""

    def act() -> Response:
        done = aftersales.answer(
            house_of(request), principal, request_id, wanted.decision, reason=wanted.reason, comment=wanted.comment
        )
        return json_response({"schema": "fahuo.changed/1", "id": str(done.id), "changed": True})

    return once(request, principal, idempotency_key, body, act)
