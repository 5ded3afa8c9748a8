"""REST under /api/v1: every route with its problems, and the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response

from fahuo.api import aftersales, floor, fulfil, lists, orders, talks
from fahuo.api.answers import PROBLEM, problem_response
from fahuo.api.gate import NoToken
from fahuo.api.schemas import ProblemOut
from fahuo.kernel.problems import Problem
from fahuo.kernel.text import N_

PREFIX: Final = "/api/v1"
_SAID: Final = {
    400: "The request cannot be used; `field` says where.",
    401: "No valid token.",
    403: "The token may not do this.",
    404: "There is no such thing in the shops this token may see.",
    409: "It contradicts what has happened meanwhile, or the key's first request is still running.",
    412: "If-Match names another version than the order has.",
    413: "Too large.",
    422: "A parameter or field has the wrong form.",
    503: "The database cannot be reached; ask again.",
}
PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"description": text, "content": {PROBLEM: {"schema": ProblemOut.model_json_schema()}}}
    for status, text in _SAID.items()
}
STATUS: Final = {
    "forbidden": 403, "form_foreign": 403,
    "not_found": 404, "unknown_wave": 404, "unknown_shop": 404, "unknown_code": 404, "unknown_paper": 404,
    "in_progress": 409, "left_already": 409, "already_packed": 409, "order_held": 409, "parcel_cancelled": 409,
    "no_label_yet": 409, "wrong_item": 409, "too_many": 409, "items_missing": 409, "wrong_label": 409,
    "unknown_article": 409, "several_parcels": 409, "nothing_asked": 409, "answered_already": 409,
    "conversation_closed": 409, "no_sheet": 404, "unknown_bundle": 404,
    "version_changed": 412, "too_large": 413, "key_reused": 422,
}  # fmt: skip
"""HTTP status of problems that have one of their own; the others follow the exit code: 409, 400, 503."""


def mount(app: FastAPI) -> None:
    """Put the interface and its description into the app."""
    router = APIRouter(prefix=PREFIX, responses=PROBLEMS)
    for part in (fulfil, orders, lists, floor, aftersales, talks):
        router.include_router(part.router)

    @router.get("/openapi.json", include_in_schema=False)
    def description() -> dict[str, Any]:
        return app.openapi()

    app.include_router(router)
    app.add_exception_handler(NoToken, _no_token)


async def _no_token(request: Request, _error: Exception) -> Response:
    missing = Problem(
        "no_token",
        "Authorization",
        message=N_("There is no valid token with this request."),
        next=N_("Send `Authorization: Bearer fahuo_…`; an owner makes tokens on the page Users."),
    )
    return problem_response(request, missing, 401, www_authenticate="Bearer")
