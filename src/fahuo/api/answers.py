"""How programs are answered: JSON, and problems as `application/problem+json` (RFC 9457)."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from fastapi import Request
from fastapi.responses import Response

from fahuo.kernel.problems import Problem
from fahuo.kernel.text import language

PROBLEM: Final = "application/problem+json"
_encode = msgspec.json.Encoder().encode


def json_response(value: Any, status: int = 200, **headers: str) -> Response:
    """A JSON document."""
    return Response(
        _encode(value), status, {name.replace("_", "-"): v for name, v in headers.items()}, "application/json"
    )


def problem_response(request: Request, problem: Problem, status: int, **headers: str) -> Response:
    """A problem in the language the program asks for."""
    lang = language(request.headers.get("accept-language", "").split(",")[0])
    shown = problem.render(lang)
    body = {
        "type": f"urn:fahuo:problem:{shown.code}",
        "title": shown.message or shown.code,
        "status": status,
        "code": shown.code,
        "field": shown.field,
        "value": shown.value,
        "next": shown.next or None,
    }
    told = {name: value for name, value in body.items() if value is not None}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(_encode(told), status, named, PROBLEM)
