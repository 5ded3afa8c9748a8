"""What a seller sees when an app asks for access, and the token endpoints behind it. None of it is signed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

from fahuo.sandbox.bodies import read_body
from fahuo.sandbox.gateway import Answer, Entry, query_of
from fahuo.sandbox.gateway_model import BAD_METHOD, Barred, failure, success
from fahuo.sandbox.near import same_origin
from fahuo.sandbox.pages import draw

if TYPE_CHECKING:
    from fahuo.sandbox.gateway import Receive, Scope, Send
    from fahuo.sandbox.serve import Sandbox

CONSENT: Final = frozenset({"/open/authorize", "/oauth/authorize"})
TOKENS: Final = frozenset({"/api/v2/token/get", "/api/v2/token/refresh"})
PATHS: Final = CONSENT | TOKENS
FORM_MAX: Final = 1 << 16


async def answer(sandbox: Sandbox, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a call of either sort."""
    sandbox.catch_up()
    if scope["path"] in TOKENS:
        reply = token(sandbox, scope)
    else:
        try:
            reply = await consent(sandbox, scope, receive)
        except Barred as no:
            reply = _page(no.http, no.message)
    await sandbox.gateway.reply(send, reply)


def token(sandbox: Sandbox, scope: Scope) -> Answer:
    """Get or refresh a token; the call is in the log without its secrets."""
    request_id = sandbox.gateway.new_request_id()
    entry = Entry.of(scope, request_id)
    try:
        query = query_of(scope["query_string"])
        entry.app_key = query.get("app_key", "")
        data = _exchange(sandbox, scope, query)
        reply = Answer(200, success(data, request_id, message="success"))
    except Barred as no:
        entry.code, entry.message = no.code, no.message
        reply = Answer(no.http, failure(no.code, no.message, request_id))
    entry.http = reply.status
    sandbox.gateway.note(entry)
    return reply


def _exchange(sandbox: Sandbox, scope: Scope, query: dict[str, str]) -> dict[str, Any]:
    if scope["method"] != "GET":
        raise Barred(BAD_METHOD, f"Method {scope['method']} is not allowed for this path")
    auth, now = sandbox.auth, int(sandbox.gateway.clock())
    return auth.token_get(query, now) if scope["path"].endswith("/get") else auth.token_refresh(query, now)


async def consent(sandbox: Sandbox, scope: Scope, receive: Receive) -> Answer:
    """The page with its two buttons; `auto=1` allows at once, `auto=0` refuses at once."""
    query = {k: v[-1] for k, v in parse_qs(scope["query_string"].decode("ascii", "replace")).items()}
    app = sandbox.auth.app_of(query.get("service_id", ""), query.get("app_key", ""))
    if app is None:
        return _page(404, "There is no app with this service_id or app_key.")
    if not app.redirect_url:
        return _page(409, "The app has no redirect URL: start the sandbox with --redirect-url, or set it under Apps.")
    sellers = sandbox.auth.sellers()
    choice, seller = query.get("auto"), query.get("seller", next(iter(sellers)))
    if scope["method"] == "POST":
        if not same_origin(scope):
            return _page(403, "This form was sent from another site.")
        form = {k: v[-1] for k, v in parse_qs((await read_body(receive, FORM_MAX)).decode("utf-8", "replace")).items()}
        choice, seller = form.get("choice", "0"), form.get("seller", seller)
    if choice is None:
        shown = [
            {"id": id_, "name": sandbox.auth.name_of(id_), "shops": [f"{s.name} ({s.region})" for s in shops]}
            for id_, shops in sellers.items()
        ]
        return draw("consent.html", app=app, sellers=shown, query=scope["query_string"].decode("latin-1"))
    if seller not in sellers:
        return _page(404, "There is no such seller.")
    code = sandbox.auth.new_code(app, seller, int(sandbox.gateway.clock())) if choice == "1" else None
    where = sandbox.auth.redirect(app, query.get("state", ""), code)
    return Answer(302, b"", ((b"location", where.encode("ascii", "replace")), (b"cache-control", b"no-store")))


def _page(status: int, text: str) -> Answer:
    return draw("message.html", text=text)._replace(status=status)
