"""REST: conversations with buyers. Words are personal data: only for tokens that may see buyers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from fahuo.access.model import Principal
from fahuo.api.answers import json_response
from fahuo.api.gate import IdempotencyKey, house_of, need, once, sent_body
from fahuo.api.schemas import ChangedOut, PageOut, SayIn
from fahuo.flow import talks
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.views import json as shown
from fahuo.views import shops as shop_views
from fahuo.views.aftersales import LIMIT_MAX, conversation, conversation_list

router = APIRouter(prefix="/conversations", tags=["conversations"])
Reader = Annotated[Principal, Depends(need("buyers.view"))]


@router.get("", responses={200: {"model": PageOut}})
def list_conversations(
    request: Request, principal: Reader, limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = 100
) -> Response:
    """Conversations, those somebody wrote in last first."""
    with house_of(request).store.read(principal.seller_id) as tx:
        names = shop_views.shop_names(tx, principal.shops)
        rows = [shown.conversation_json(row, names) for row in conversation_list(tx, principal.shops, limit)]
    return json_response({"schema": "fahuo.conversations/1", "conversations": rows})


@router.get("/{conversation_id}", responses={200: {"model": PageOut}})
def show_conversation(request: Request, principal: Reader, conversation_id: int) -> Response:
    """A conversation's last messages, oldest first."""
    with house_of(request).store.read(principal.seller_id) as tx:
        found = conversation(tx, conversation_id, principal.shops)
        names = shop_views.shop_names(tx, principal.shops)
    if found is None:
        wrong = N_("There is nothing with the number {id}.")
        raise Failure(Problem("not_found", "id", str(conversation_id), wrong, params={"id": conversation_id}))
    said = [shown.message_json(one) for one in found[1]]
    return json_response(
        {"schema": "fahuo.conversation/1", **shown.conversation_json(found[0], names), "messages": said}
    )


@router.post("/{conversation_id}/messages", responses={200: {"model": ChangedOut}})
def say(
    request: Request,
    principal: Annotated[Principal, Depends(need("orders.handle"))],
    conversation_id: int,
    wanted: SayIn,
    body: Annotated[bytes, Depends(sent_body)],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Answer a buyer; the platform is told within the next pass."""

    def act() -> Response:
        message = talks.say(house_of(request), principal, conversation_id, wanted.words, wanted.order_id)
        return json_response({"schema": "fahuo.changed/1", "id": str(message), "changed": True})

    return once(request, principal, idempotency_key, body, act)
