"""Messages to platforms and carriers: which wait for a person's decision, what was answered, and sending them again."""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from fahuo.channels.tiktok_shop.errors import problem as code_problem
from fahuo.flow import actions
from fahuo.kernel.problems import Failure, Problem
from fahuo.views import shops as shop_views
from fahuo.views.effects import FOR_PEOPLE, OPEN, effects_page
from fahuo.web.gate import Visitor, draw, house_of, local_path, need

router = APIRouter()
Viewer = Annotated[Visitor, Depends(need("effects.view"))]
PAGE: Final = 100
BIGGEST: Final = 18
STATES: Final = (*FOR_PEOPLE, "waiting", "due", "claimed", "retry", "done", "dropped")
ANY: Final = "any"


@router.get("/effects")
def page(request: Request, visitor: Viewer) -> Response:
    """The whole page."""
    return draw(request, "effects.html", visitor, **_listed(request, visitor))


@router.get("/effects/live")
def live(request: Request, visitor: Viewer) -> Response:
    """The list alone."""
    return draw(request, "effects_live.html", visitor, **_listed(request, visitor))


def _listed(request: Request, visitor: Visitor) -> dict[str, Any]:
    given = request.query_params
    shop, before = _number(given.get("shop", "")), _number(given.get("before", ""))
    state = given.get("state") or OPEN
    state = state if state in (*STATES, ANY) else OPEN
    with house_of(request).store.read(visitor.principal.seller_id) as tx:
        names = shop_views.shop_names(tx, visitor.shops)
        asked = "" if state == ANY else state
        found = effects_page(tx, asked, shop, limit=PAGE + 1, before=before, allowed=visitor.shops)
    rows = found[:PAGE]
    query = urlencode({key: given[key] for key in ("shop", "state") if given.get(key)})
    return {
        "rows": rows,
        "advice": {row.id: _advice(row.outcome) for row in rows if row.state in FOR_PEOPLE},
        "again": FOR_PEOPLE,
        "shops": names,
        "states": STATES,
        "wanted_shop": shop,
        "wanted_state": state,
        "before": before,
        "older": rows[-1].id if len(found) > PAGE else None,
        "address": query,
        "back_to": f"/effects?{query}" if query else "/effects",
    }


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= BIGGEST else None


def _advice(outcome: dict[str, Any]) -> Problem | None:
    """What to do about a refused message, by the platform's code in its outcome."""
    code = str(outcome.get("code", ""))
    return code_problem(int(code)) if code.isdecimal() and code.isascii() else None


@router.post("/effects/{effect_id}/retry")
def send_again(
    request: Request,
    visitor: Annotated[Visitor, Depends(need("effects.retry"))],
    effect_id: int,
    back: Annotated[str, Form(max_length=200)] = "/effects",
) -> Response:
    """Send a message again that was declined, given up or whose answer was lost; then back to where the button was."""
    outcome = actions.retry(house_of(request), visitor.principal, [effect_id])
    if outcome.refused:
        problem = outcome.refused[0][1]
        raise Failure(problem, 2 if problem.code == "not_found" else 1)
    return RedirectResponse(local_path(back, "/effects"), 303)
