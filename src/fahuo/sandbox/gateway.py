"""Everything a call meets before and after its handler: the platform's checks, in its order, around every path.

Path, app key, timestamp, signature, token, scope, cipher, rate, content type, body; then the handler; then the
envelope and whatever faults do to it. Nothing is awaited between the first check and the last change of the world.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections import deque
from collections.abc import Iterable, Mapping
from email.utils import formatdate
from itertools import count
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from fahuo.sandbox.auth import App, Auth, sign
from fahuo.sandbox.bodies import EMPTY_BODIES, body_of, read_body
from fahuo.sandbox.faults import Fault, Faults, spoil
from fahuo.sandbox.gateway_model import (
    BAD_PARAMETER,
    BAD_SIGN,
    INTERNAL,
    NO_CIPHER,
    NO_SCOPE,
    TIMEOUT,
    TOO_MANY,
    WRONG_SHOP,
    Barred,
    Call,
    Data,
    Missing,
    OpenRoute,
    Route,
    Served,
    failure,
    success,
)
from fahuo.sandbox.model import Grant, Refuse, Shop
from fahuo.sandbox.paths import Paths, is_version
from fahuo.sandbox.rates import Rates
from fahuo.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

EARLY, LATE = 300, 30
"""Seconds a timestamp may lie behind and ahead of the server's clock."""
BODY_MAX: Final = 4 << 20
UPLOAD_MAX: Final = 10 << 20
LOGGED_BODY: Final = 8000
SAME_PAGE: Final = "c2FtZSBwYWdlIGFnYWlu"
"""The token that the fault `repeat_page` gives with a first page: it leads to the first page."""
STAMP_DIGITS: Final = 19
OK_STATUS: Final = 200
UNSIGNED: Final = frozenset({"sign", "access_token", "app_secret"})
PAGE_502: Final = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
LISTS: Final = ("orders", "packages", "return_orders", "cancellations")
"""Found objects another shop's may be slipped among."""

_log = logging.getLogger(__name__)
_decode: Final = msgspec.json.Decoder().decode


class Dropped(Exception):
    """The connection was to be cut, but there is none (an app called without a server)."""


class Answer(NamedTuple):
    """What goes back over the wire."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ((b"content-type", b"application/json; charset=utf-8"),)


class Entry(Struct, kw_only=True):
    """A received call for the log. `at`: the machine's epoch milliseconds; `sign_ok` None: not reached.

    `done`: what was asked for was carried out, whatever the answer said or became; `errors`: its members that were not.
    """

    at: int
    method: str
    path: str
    query: dict[str, str]
    body: bytes = b""
    app_key: str = ""
    shop: str = ""
    code: int = 0
    http: int = 200
    message: str = ""
    ms: float = 0.0
    sign_ok: bool | None = None
    request_id: str = ""
    done: bool = False
    errors: list[Any] = msgspec.field(default_factory=list)
    faults: list[str] = msgspec.field(default_factory=list)

    @classmethod
    def of(cls, scope: Scope, request_id: str) -> Entry:
        """A fresh one for a call."""
        path = scope["raw_path"].decode("latin-1")
        return cls(at=time.time_ns() // 1_000_000, method=scope["method"], path=path, query={}, request_id=request_id)

    def shown(self) -> dict[str, Any]:
        """For the control interface."""
        told = msgspec.to_builtins(self)
        told["body"] = self.body.decode("utf-8", "replace")
        return dict(told)


class Request(NamedTuple):
    """A call as it came."""

    method: str
    path: str
    """As sent, percent-encoding and all: this is what is signed."""
    query: dict[str, str]
    headers: dict[bytes, bytes]
    body: bytes
    base_url: str
    raw_query: bytes = b""


class Gateway:
    """The API side of the sandbox as an ASGI app."""

    def __init__(
        self,
        world: World,
        auth: Auth,
        faults: Faults,
        *,
        rate: float = 1000.0,
        kept: int = 2000,
        before: Callable[[], None] | None = None,
        after: Callable[[], None] | None = None,
    ) -> None:
        self.world, self.auth, self.faults = world, auth, faults
        self.rates = Rates(rate)
        self.log: deque[Entry] = deque(maxlen=kept)
        self.counts: dict[int, int] = {}
        """Answers by code."""
        self._paths = Paths()
        self._before, self._after = before or _nothing, after or _nothing
        self._request = count(1)
        self._mark = f"{time.time_ns() & 0xFFFFFFFF:08X}"
        self._ciphers = {shop.cipher: shop for shop in world.shops.values()}

    def add(self, routes: Iterable[Route | OpenRoute]) -> None:
        """Take an endpoint module's table."""
        for route in routes:
            self._paths.add(route)

    def clock(self) -> float:
        """The server's idea of the real time, epoch seconds."""
        return time.time() + self.faults.skew

    def new_request_id(self) -> str:
        """Unique, beginning with the server's time as the platform's does."""
        stamp = time.strftime("%Y%m%d%H%M%S", time.gmtime(self.clock()))
        return f"{stamp}{self._mark}{next(self._request):010X}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        began = time.perf_counter()
        request_id = self.new_request_id()
        entry = Entry.of(scope, request_id)
        try:
            self._before()
            query = query_of(scope["query_string"])
            entry.query = {name: value for name, value in query.items() if name not in UNSIGNED}
            request = Request(
                entry.method, entry.path, query, dict(scope["headers"]), b"", _base_url(scope), scope["query_string"]
            )
            answer = await self._answer(request, receive, entry)
        except Barred as no:
            entry.code, entry.message = no.code, no.message
            headers = tuple((name.lower().encode(), value.encode()) for name, value in no.headers.items())
            answer = Answer(no.http, failure(no.code, no.message, request_id))
            answer = answer._replace(headers=answer.headers + headers)
        except Refuse as no:
            entry.code, entry.message = no.code, no.message
            answer = Answer(no.http, failure(no.code, no.message, request_id, no.data))
        except Exception as bug:
            _log.exception("%s %s failed", entry.method, entry.path)
            entry.code, entry.message = INTERNAL, f"{type(bug).__name__}: {bug}"
            answer = Answer(500, failure(INTERNAL, "Internal system error", request_id))
        entry.http, entry.ms = answer.status, round((time.perf_counter() - began) * 1000, 2)
        self.note(entry)
        self._after()
        if "dropped" in entry.faults:
            await _drop(send)
            return
        await self.reply(send, answer)

    def note(self, entry: Entry) -> None:
        """Put an answered call into the log."""
        self.log.append(entry)
        self.counts[entry.code] = self.counts.get(entry.code, 0) + 1

    async def reply(self, send: Send, answer: Answer) -> None:
        """Send an answer with the server's date."""
        headers = [*answer.headers, (b"content-length", str(len(answer.body)).encode()), self.date_header()]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    def date_header(self) -> tuple[bytes, bytes]:
        """`Date`, as the server's clock has it."""
        return b"date", formatdate(self.clock(), usegmt=True).encode()

    async def _answer(self, request: Request, receive: Receive, entry: Entry) -> Answer:
        route, params = self._paths.find(request.method, request.path)
        if isinstance(route, OpenRoute):
            served = route.handler(self.world, params, request.query, self.world.now())
            return served_answer(served)
        request = request._replace(body=await read_body(receive, UPLOAD_MAX if route.upload else BODY_MAX))
        entry.body = request.body[:LOGGED_BODY]
        shop = self._ciphers.get(request.query.get("shop_cipher", ""))
        entry.shop = shop.id if shop else ""
        struck = self.faults.for_call(request.method, request.path, entry.shop, self.world.lived, request.query)
        entry.faults = list(struck)
        if not struck:
            return Answer(200, self._work(request, route, params, entry, struck))
        return await self._struck(request, route, params, entry, struck)

    async def _struck(
        self, request: Request, route: Route, params: dict[str, str], entry: Entry, struck: dict[str, Fault]
    ) -> Answer:
        """Answer a call that faults have hit."""
        if fault := struck.get("too_many"):
            raise Barred(TOO_MANY, "Too many requests", 429, {"Retry-After": str(max(1, round(fault.seconds)))})
        if "bad_gateway" in struck:
            entry.message = "502 without an envelope"
            return Answer(502, PAGE_502, ((b"content-type", b"text/html"),))
        for kind, code, message, http in (
            ("internal", INTERNAL, "Internal system error", 500),
            ("timeout", TIMEOUT, "Request timed out", 408),
        ):
            if fault := struck.get(kind):
                if fault.work_done():
                    self._work(request, route, params, entry, struck)
                await asyncio.sleep(fault.seconds)
                raise Barred(code, message, http)
        body = self._work(request, route, params, entry, struck)
        if fault := struck.get("slow"):
            await asyncio.sleep(fault.seconds)
        if "truncated" in struck:
            body = body[: max(1, len(body) // 2)]
        return Answer(200, body)

    def _work(
        self, request: Request, route: Route, params: dict[str, str], entry: Entry, struck: Mapping[str, Fault]
    ) -> bytes:
        """The checks and the handler; the envelope. Raises Barred."""
        call = self._admit(request, route, params, entry, struck)
        try:
            data = route.handler(call)
        except Refuse as no:
            if no.http != OK_STATUS:
                raise
            entry.code, entry.message = no.code, no.message
            return failure(no.code, no.message, entry.request_id, no.data)
        except Missing as no:
            raise Barred(BAD_PARAMETER, f"Invalid parameter: {no}") from no
        except Exception as bug:
            _log.exception("%s %s failed", request.method, request.path)
            raise Barred(INTERNAL, "Internal system error", 500) from bug
        entry.done, entry.errors = True, list((data or {}).get("errors") or ())
        if struck and data is not None:
            data = self._mangled(data, call, route, struck)
        return success(data, entry.request_id)

    def _admit(
        self, request: Request, route: Route, params: dict[str, str], entry: Entry, struck: Mapping[str, Fault]
    ) -> Call:
        """Every check before the handler, in order. Raises Barred."""
        query = request.query
        app = self.auth.apps.get(query.get("app_key", ""))
        if app is None:
            raise Barred(BAD_PARAMETER, "Invalid parameter: app_key is invalid")
        entry.app_key = app.key
        self._check_time(query.get("timestamp", ""))
        multipart = b"multipart/form-data" in request.headers.get(b"content-type", b"").lower()
        entry.sign_ok = False
        _check_sign(request, app, multipart=multipart)
        entry.sign_ok = True
        now = int(self.clock())
        token = request.headers.get(b"x-tts-access-token", b"").decode("latin-1")
        if "expire_token" in struck and (held := self.auth.by_access.get(token)):
            self.auth.expire(held, now)
        if query.get("page_token") == SAME_PAGE:
            query = {name: value for name, value in query.items() if name != "page_token"}
        grant = self.auth.opened_by(token, app, now)
        if route.scope not in grant.scopes or route.scope not in app.scopes:
            raise Barred(NO_SCOPE, f"Access denied: scope {route.scope} is not granted", 403)
        shop = self._shop(query, route, grant)
        self.rates.take((app.key, shop.id if shop else ""))
        body, files = body_of(request, route)
        return Call(
            world=self.world,
            shop=shop,
            params=params,
            query=query,
            body=body,
            now=self.world.now(),
            app=app,
            grant=grant,
            raw=request.body,
            files=files,
            base_url=request.base_url,
        )

    def _check_time(self, text: str) -> None:
        if not (text.isascii() and text.isdigit()) or len(text) > STAMP_DIGITS:
            raise Barred(BAD_PARAMETER, "Invalid parameter: timestamp is missing or not a number of seconds")
        late = self.clock() - int(text)
        if late > EARLY or late < -LATE:
            self.faults.blame_skew(self.world.lived)
        if late > EARLY:
            raise Barred(BAD_PARAMETER, f"Invalid parameter: timestamp is expired, {late:.0f} s behind the server")
        if late < -LATE:
            raise Barred(BAD_PARAMETER, f"Invalid parameter: timestamp is {-late:.0f} s ahead of the server")

    def _shop(self, query: Mapping[str, str], route: Route, grant: Grant) -> Shop | None:
        if "category_asset_cipher" in query:
            raise Barred(BAD_PARAMETER, "Invalid parameter: unexpected identifier category_asset_cipher")
        for name, good in (("shop_id", str.isdigit), ("version", is_version)):
            if query.get(name) and not good(query[name]):
                raise Barred(BAD_PARAMETER, f"Invalid parameter: {name} is invalid")
        cipher = query.get("shop_cipher")
        if route.cipher == "forbidden":
            if cipher:  # clients that do not know it yet send it empty
                raise Barred(BAD_PARAMETER, "Invalid parameter: unexpected identifier shop_cipher")
            return None
        if not cipher:
            if route.cipher == "optional":
                return None
            raise Barred(NO_CIPHER, "Invalid parameter: shop_cipher is missing")
        shop = self._ciphers.get(cipher)
        if shop is None or shop.id not in grant.shops:
            raise Barred(WRONG_SHOP, "The access token is not linked to this shop_cipher")
        return shop

    def _mangled(self, data: Data, call: Call, route: Route, struck: Mapping[str, Fault]) -> Data:
        """What the faults of an answer make of its data."""
        if "repeat_page" in struck and "next_page_token" in data:
            data["next_page_token"] = call.query.get("page_token") or SAME_PAGE
        if "foreign" in struck:
            self._slip_in(data, call, route)
        if not struck.keys().isdisjoint(("missing_field", "unknown_enum", "extra_field")):
            # A handler may answer with parts of its own records: only a copy may be spoilt.
            data = _decode(msgspec.json.encode(data))
            spoil(data, struck)
        return data

    def _slip_in(self, data: Data, call: Call, route: Route) -> None:
        name = next((name for name in LISTS if data.get(name)), None)
        if name is None:
            return
        query = {key: value for key, value in call.query.items() if key != "page_token"}
        for shop in self.world.shops.values():
            if call.shop is not None and shop.id != call.shop.id:
                try:
                    other = route.handler(call._replace(shop=shop, query=query)) or {}
                except (Refuse, Missing):
                    continue
                if other.get(name):
                    data[name] = [*data[name], other[name][0]]
                    return


def _nothing() -> None:
    """Nothing to be done before or after a call."""


def _check_sign(request: Request, app: App, *, multipart: bool) -> None:
    given = request.query.get("sign", "")
    if not given:
        raise Barred(BAD_PARAMETER, "Invalid parameter: sign is missing")
    bodies = [b"" if multipart else request.body]
    if bodies[0].strip() in EMPTY_BODIES or request.method == "GET":
        bodies.append(b"")
    for each in (False, True):
        query = query_of(request.raw_query, each=True) if each else request.query
        for body in bodies:
            if hmac.compare_digest(sign(app.secret, request.path, query, body).encode(), given.encode()):
                return
    raise Barred(BAD_SIGN, "Invalid signature: the sign does not fit path, query and body")


def served_answer(served: Served) -> Answer:
    """A file as an answer."""
    return Answer(served.status, served.content, ((b"content-type", served.content_type.encode()),))


def query_of(raw: bytes, *, each: bool = False) -> dict[str, str]:
    """The decoded query. Raises Barred.

    A name that comes several times is a list: joined by commas, as the platform writes lists; with `each` so that
    name and value of each stand in the text to be signed, which is what a client signs that sends them one by one.
    """
    found: dict[str, str] = {}
    try:
        for name, value in parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict") if raw else ():
            found[name] = f"{found[name]}{name if each else ','}{value}" if name in found else value
    except (UnicodeDecodeError, ValueError) as error:
        raise Barred(BAD_PARAMETER, "Invalid parameter: the query is not valid UTF-8") from error
    return found


def _base_url(scope: Scope) -> str:
    host = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1")
    clean = "".join(letter for letter in host if letter.isalnum() or letter in ".:-[]_")
    return f"{scope.get('scheme', 'http')}://{clean}"


async def _drop(send: Send) -> None:
    """Cut the connection without an answer. Raises Dropped when the server does not let us at it."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise Dropped
    transport.abort()
    await asyncio.sleep(0.01)  # the server notices the loss before it looks for an answer
