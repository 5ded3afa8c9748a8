"""Conversations with buyers: who waits for an answer, what was said, and a box to answer in. Words are plain text."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from fahuo.flow import talks
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.talks.model import MOST_CHARACTERS, plain
from fahuo.views import shops as shop_views
from fahuo.views.aftersales import conversation, conversation_list
from fahuo.web.gate import Visitor, draw, house_of, need

router = APIRouter(prefix="/talks")
Reader = Annotated[Visitor, Depends(need("buyers.view"))]
Handler = Annotated[Visitor, Depends(need("orders.handle"))]
PAGE = 100


@router.get("")
def page(request: Request, visitor: Reader) -> Response:
    """The whole list."""
    return draw(request, "talks.html", visitor, **_listed(request, visitor))


@router.get("/live")
def live(request: Request, visitor: Reader) -> Response:
    """The list alone."""
    return draw(request, "talks_live.html", visitor, **_listed(request, visitor))


def _listed(request: Request, visitor: Visitor) -> dict[str, Any]:
    with house_of(request).store.read(visitor.principal.seller_id) as tx:
        waiting = conversation_list(tx, visitor.shops, PAGE, waiting=True)
        latest = conversation_list(tx, visitor.shops, PAGE)
        names = shop_views.shop_names(tx, visitor.shops)
    asked = {one.id for one in waiting}
    return {"waiting": waiting, "others": [one for one in latest if one.id not in asked], "shops": names}


@router.get("/{talk_id}")
def show(request: Request, visitor: Reader, talk_id: int) -> Response:
    """One conversation with the box to answer in."""
    return draw(request, "talk.html", visitor, **_one(request, visitor, talk_id), most=MOST_CHARACTERS)


@router.get("/{talk_id}/live")
def show_live(request: Request, visitor: Reader, talk_id: int) -> Response:
    """What was said."""
    return draw(request, "talk_live.html", visitor, **_one(request, visitor, talk_id))


def _one(request: Request, visitor: Visitor, talk_id: int) -> dict[str, Any]:
    with house_of(request).store.read(visitor.principal.seller_id) as tx:
        found = conversation(tx, talk_id, visitor.shops)
        names = shop_views.shop_names(tx, visitor.shops)
    if found is None:
        raise Failure(Problem("not_found", "id", str(talk_id), N_("There is no such conversation."), ""))
    return {"talk": found[0], "messages": found[1], "shop": names.get(found[0].shop_id, ""), "plain": plain}


@router.post("/{talk_id}/say")
def say(
    request: Request, visitor: Handler, talk_id: int, words: Annotated[str, Form(max_length=4 * MOST_CHARACTERS)] = ""
) -> Response:
    """Answer, then back to the conversation. The browser counts a line's end as two signs, the platform as one."""
    talks.say(house_of(request), visitor.principal, talk_id, words.replace("\r\n", "\n"))
    return RedirectResponse(f"/talks/{talk_id}", 303)


@router.post("/{talk_id}/seen")
def seen(request: Request, visitor: Handler, talk_id: int, up_to: Annotated[int, Form(ge=0, lt=1 << 53)]) -> Response:
    """What was written up to then needs no answer."""
    talks.seen(house_of(request), visitor.principal, talk_id, up_to)
    return RedirectResponse("/talks", 303)
