"""Logging in and out, and the language switch: the only pages for people who are nobody yet."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from fahuo.flow import access
from fahuo.kernel.problems import Problem
from fahuo.kernel.text import N_, languages
from fahuo.web.gate import COOKIE, LANG_COOKIE, draw, house_of, local_path, logged_in, same_origin, static_url

router = APIRouter()
YEAR_S = 31_536_000


def address(wanted: str) -> str:
    """Where to log in on the way to a page."""
    return "/login" if wanted == "/" else f"/login?next={quote(wanted, safe='')}"


@router.get("/login")
def form(request: Request, next: str = "/") -> Response:  # noqa: A002 -- the query's own word
    """The log-in page."""
    return draw(request, "login.html", next=local_path(next), problem_=None, name="")


@router.post("/login")
def log_in(
    request: Request,
    name: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    next: Annotated[str, Form(max_length=2000)] = "/",  # noqa: A002 -- the form's own word
) -> Response:
    """Check name and password; wrong ones get one answer whatever was wrong."""
    if not same_origin(request):
        found: Problem | None = Problem(
            "form_foreign",
            message=N_("This form does not belong to your session."),
            next=N_("Load the page again and repeat what you did."),
        )
        return draw(request, "login.html", code=403, next="/", problem_=found, name="")
    client = request.client.host if request.client else ""
    entered = access.log_in(house_of(request), name, password, client)
    if isinstance(entered, Problem):
        status = 429 if entered.code == "login_throttled" else 401
        return draw(request, "login.html", code=status, next=local_path(next), problem_=entered, name=name)
    home = "/" if "figures.view" in entered.principal.actions else "/pack"
    wanted = local_path(next)
    answer = RedirectResponse(home if wanted == "/" else wanted, 303)
    answer.set_cookie(COOKIE, entered.token, httponly=True, samesite="lax", secure=request.url.scheme == "https")
    return answer


@router.post("/logout", dependencies=[Depends(logged_in)])
async def log_out(request: Request) -> Response:
    """End the session."""
    await run_in_threadpool(access.end_session, house_of(request), request.cookies[COOKIE])
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(COOKIE)
    return answer


@router.get("/lang/{code}")
def switch(code: str, next: str = "/") -> Response:  # noqa: A002 -- the query's own word
    """Remember the language and go back."""
    answer = RedirectResponse(local_path(next), 303)
    if code in languages():
        answer.set_cookie(LANG_COOKIE, code, max_age=YEAR_S, samesite="lax", httponly=True)
    return answer


@router.get("/favicon.ico")
def icon() -> Response:
    """Where browsers look for the icon of what is no page: a PDF, a picture."""
    return RedirectResponse(static_url("icon.svg"))


@router.get("/healthz")
def health(request: Request) -> Response:
    """Whether the database answers; says nothing else."""
    request.app.state.watch.token()
    return Response("ok", media_type="text/plain")
