"""The web face: pages, static files and the REST interface in one app."""

from __future__ import annotations

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fahuo.api.answers import problem_response
from fahuo.api.routes import STATUS as STATUS_BY_CODE
from fahuo.api.routes import mount
from fahuo.flow.house import House
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.views.changed import Watch
from fahuo.web import (
    aftersales,
    connection,
    effects,
    fulfil,
    login,
    offers,
    orders,
    pack,
    shops,
    talks,
    tower,
    users,
    waves,
)
from fahuo.web.gate import STATIC, LoginNeeded, draw
from fahuo.web.hooks import Hooks
from fahuo.web.recent import Recent

UPLOAD_MAX = 2 << 30
UPLOADS = ("/import", "/api/v1/orders", "/labels")
FORM_MAX = 1 << 20
NULS = (b"\0", b"%00", b"\\u0000")
"""The ways to write a NUL in an address, a form and JSON."""
STATUS = {1: 409, 2: 400, 3: 503}
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


PARTS = (login, tower, orders, fulfil, aftersales, talks, effects, pack, waves, shops, offers, connection, users)


def create_app(house: House) -> FastAPI:
    """The app for an open house. It opens nothing of its own but one connection to look out for changes."""
    app = _App(house)
    app.state.house = house
    app.state.watch = Watch(house.store)
    app.state.recent = Recent()
    app.state.hooks = app.hooks
    for part in PARTS:
        app.include_router(part.router, include_in_schema=False)
    app.mount("/static", _Static(directory=STATIC), name="static")
    mount(app)
    app.add_exception_handler(Exception, _bug)
    app.add_exception_handler(LoginNeeded, _log_in)
    app.add_exception_handler(Failure, _failed)
    app.add_exception_handler(StarletteHTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    for kind in (DataError, OverflowError):
        app.add_exception_handler(kind, _unusable)
    app.add_middleware(_Guard)
    return app


class _App(FastAPI):
    """The pages and the REST interface, and before them, past all their layers, the address of the notices."""

    def __init__(self, house: House) -> None:
        super().__init__(title="Fahuo", docs_url=None, redoc_url=None, openapi_url=None)
        self.hooks = Hooks(super().__call__, house.store)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.hooks(scope, receive, send)


class _Static(StaticFiles):
    """Static files; an address that carries the content's hash may be kept for a year."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        kept = "public, max-age=31536000, immutable" if b"v=" in scope.get("query_string", b"") else "no-cache"
        response.headers["cache-control"] = kept
        return response


class _Guard:
    """Security headers on every answer; on what is sent to us a limit, counted while it streams, and no NUL sign.

    SQLite would keep a NUL, PostgreSQL has no place for it: one of them in a log would spoil every backup.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # Files may hold anything: whoever reads them looks for it.
        file = scope["path"] in UPLOADS
        most = UPLOAD_MAX if file else FORM_MAX
        taken, end = 0, b""

        async def counted() -> Message:
            nonlocal taken, end
            message = await receive()
            body = message.get("body", b"")
            taken += len(body)
            if taken > most:
                raise HTTPException(413)
            if not file and _has_nul(end + body):
                raise HTTPException(400)
            end = body[-len(NULS[-1]) :]
            return message

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name for name, _ in message["headers"]}
                more = {**HEADERS, "cache-control": "no-store"}
                message["headers"] = [
                    *message["headers"],
                    *((k.encode(), v.encode()) for k, v in more.items() if k.encode() not in present),
                ]
            await send(message)

        asked = scope["path"].encode() + b"?" + scope["query_string"]
        await (_spoiled if _has_nul(asked) else self.app)(scope, counted, guarded)


def _has_nul(sent: bytes) -> bool:
    return any(sign in sent for sign in NULS)


async def _spoiled(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("This address has a NUL sign.", 400)(scope, receive, send)


def is_api(request: Request) -> bool:
    """Whether the answer goes to a program."""
    return request.url.path.startswith("/api/")


async def _log_in(request: Request, error: Exception) -> Response:
    assert isinstance(error, LoginNeeded)  # noqa: S101 -- registered for this one only
    if request.method == "GET" and "x-fragment" not in request.headers:
        return RedirectResponse(login.address(error.path), 303)
    return Response(status_code=401)


async def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, Failure)  # noqa: S101 -- registered for this one only
    status = STATUS_BY_CODE.get(error.problem.code, STATUS.get(error.exit_code, 400))
    return _problem(request, error.problem, status)


def _problem(request: Request, problem: Problem, status: int) -> Response:
    if is_api(request):
        return problem_response(request, problem, status)
    if "x-fragment" in request.headers:
        return draw(request, "problem_part.html", None, status, found=problem)
    return draw(request, "problem.html", None, status, found=problem, status=status)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, StarletteHTTPException)  # noqa: S101 -- registered for this one only
    texts = {
        404: (N_("There is no such page."), N_("Go back to the control tower.")),
        405: (N_("This address does not take that kind of request."), ""),
        413: (N_("What you sent is too large."), N_("Send it in smaller parts, or import the file by `fahuo import`.")),
    }
    message, then = texts.get(error.status_code, (N_("The request could not be read."), ""))
    return _problem(request, Problem(f"http_{error.status_code}", message=message, next=then), error.status_code)


async def _bug(request: Request, _error: Exception) -> Response:
    # The server logs what happened; whoever asked learns only that it is ours. This answer passes no middleware.
    found = Problem(
        "bug",
        message=N_("Fahuo failed in a way it should not."),
        next=N_("Try again; if it stays, report what the server's log says at this moment."),
    )
    answer = _problem(request, found, 500)
    answer.headers.update({**HEADERS, "cache-control": "no-store"})
    return answer


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 -- registered for this one only
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
    found = Problem(
        "invalid", where, None, N_("{field} cannot be used: {why}"), N_("Correct it and send it again."),
        {"field": where, "why": first["msg"]},
    )  # fmt: skip
    return _problem(request, found, 422)


async def _unusable(request: Request, _error: Exception) -> Response:
    # A number beyond 64 bits, or a NUL sign: the database refuses to look for what none of its columns can hold.
    found = Problem(
        "invalid",
        message=N_("A value in the request cannot be used."),
        next=N_("Correct it and send it again."),
    )
    return _problem(request, found, 422)
