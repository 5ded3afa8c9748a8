"""The gate of every page: who visits, may they do it, does the form come from our own page; and how a page is drawn."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool

from fahuo.access.model import Principal
from fahuo.access.rules import ACTIONS, may, may_some, refusal
from fahuo.flow import access
from fahuo.flow.house import House
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_, language, languages, t
from fahuo.views import shops as shop_views
from fahuo.web import format as shape
from fahuo.web.words import word

HERE: Final = Path(__file__).resolve().parent
STATIC: Final = HERE / "static"
COOKIE: Final = "fahuo_session"
LANG_COOKIE: Final = "fahuo_lang"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class LoginNeeded(Exception):
    """Nobody is logged in; `path` is where the visitor wanted to go."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


@dataclass(frozen=True)
class Visitor:
    """A person at a page: who, in which language, with the token the session's forms carry."""

    principal: Principal
    csrf: str
    lang: str

    @property
    def shops(self) -> frozenset[int] | None:
        """The shops whose figures the person may see, None for all."""
        return self.principal.shops

    def may(self, action: str, shop_id: int | None = None) -> bool:
        """Whether the person may do it."""
        return may(self.principal, action, shop_id) if shop_id else may_some(self.principal, action)


def house_of(request: Request) -> House:
    """The house this app was made for."""
    house: House = request.app.state.house
    return house


def lang_of(request: Request) -> str:
    """The language chosen, else the browser's, else the house's."""
    chosen = request.cookies.get(LANG_COOKIE, "")
    if chosen in languages():
        return chosen
    for tag in request.headers.get("accept-language", "").split(","):
        known = language(tag.split(";")[0].strip())
        if known != "en" or tag.strip().lower().startswith("en"):
            return known
    return house_of(request).lang


def need(action: str) -> Callable[[Request], Coroutine[Any, Any, Visitor]]:
    """The dependency of a page: logged in, allowed to do `action`, and on a writing request the session's own form."""
    _ = ACTIONS[action]

    async def gate(request: Request) -> Visitor:
        visitor = await logged_in(request)
        if not visitor.may(action):
            raise Failure(refusal(t(ACTIONS[action], visitor.lang)), 1)
        return visitor

    gate.action = action  # type: ignore[attr-defined]  # read by the test that walks all routes
    return gate


async def logged_in(request: Request) -> Visitor:
    """The visitor of a live session. Raises LoginNeeded; Failure when a form is not the session's own."""
    token = request.cookies.get(COOKIE, "")
    principal = await run_in_threadpool(access.of_session, house_of(request), token) if token else None
    if principal is None:
        raise LoginNeeded(request.url.path + (f"?{request.url.query}" if request.url.query else ""))
    visitor = Visitor(principal, access.csrf_of(token), lang_of(request))
    if request.method not in SAFE:
        await _own_form(request, token)
    elif "x-fragment" not in request.headers:  # a page: before it reads what it shows
        request.state.as_of = request.app.state.watch.token()
    return visitor


async def _own_form(request: Request, token: str) -> None:
    given = request.headers.get("x-csrf-token", "")
    if not given and "form" in request.headers.get("content-type", ""):
        given = str((await request.form()).get("csrf", ""))
    if not same_origin(request) or not access.csrf_matches(token, given):
        raise Failure(
            Problem(
                "form_foreign",
                message=N_("This form does not belong to your session."),
                next=N_("Load the page again and repeat what you did."),
            ),
            1,
        )


def same_origin(request: Request) -> bool:
    """Whether a writing request comes from a page of ours, as far as the browser says."""
    origin = request.headers.get("origin")
    if origin is None:
        return request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
    return urlsplit(origin).netloc == request.headers.get("host", "")


def local_path(path: str, default: str = "/") -> str:
    """A path on this site, for going back to; anything else becomes the default."""
    inside = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if inside else default


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates. Values are escaped; a name that is missing is an error, not a blank."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"static": static_url, "has_static": lambda name: (STATIC / name).is_file(), "quote": quote}
    made.globals |= {"percent": shape.percent, "urgency": shape.urgency, "grouped": shape.grouped}
    return made


@lru_cache(maxsize=64)
def static_url(name: str) -> str:
    """Address of a static file, with its content's hash: it may be kept for good."""
    return f"/static/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


def draw(
    request: Request, template: str, visitor: Visitor | None = None, code: int = 200, **facts: Any
) -> HTMLResponse:
    """A page or fragment in the visitor's language. `zone`: where times are shown, the house's unless given."""
    house = house_of(request)
    lang = visitor.lang if visitor else lang_of(request)
    now = house.clock.now()
    home = home_zone(house, visitor)
    zone = facts.pop("zone", None) or home
    words = {
        "_": partial(_say, lang),
        "word": lambda book, code: word(book, code, lang),
        "moment": lambda at: shape.moment(at, zone, now),
        "full": lambda at: shape.full(at, zone),
        "left": lambda due: shape.left(due, now, lang),
        "span": lambda seconds: shape.span(seconds, lang),
        "ago": lambda ms: shape.ago(ms, lang),
        "money": shape.money,
        "problem": lambda found: found.render(lang),
    }
    about = {
        "lang": lang,
        "now": now,
        "zone": zone,
        "visitor": visitor,
        "path": request.url.path,
        "here": _here(request),
        "as_of": getattr(request.state, "as_of", None),
    }
    about |= {"home_zone": home, "home_now": shape.moment(now, home, now)}
    text = environment().get_template(template).render(**words, **about, **facts)
    return HTMLResponse(text, code)


def _say(lang: str, text: str, **places: Any) -> str:
    return t(text, lang, **places)


def _here(request: Request) -> str:
    if request.method not in SAFE:
        return "/"
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def home_zone(house: House, visitor: Visitor | None) -> str:
    """Where the seller works: the first warehouse's zone, else UTC."""
    if visitor is None:
        return "UTC"
    with house.store.read(visitor.principal.seller_id) as tx:
        return shop_views.home_zone(tx)
