"""The sandbox's own small pages, for somebody who tests with a browser: no scripts, nothing from elsewhere.

Buttons post a request to control (`to`, a JSON `body`, and fields named `+name` put into it) and come back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, quote, urlencode

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from fahuo.kernel.instant import iso
from fahuo.sandbox import actions, control
from fahuo.sandbox.bodies import read_body
from fahuo.sandbox.faults import KINDS
from fahuo.sandbox.gateway import Answer
from fahuo.sandbox.gateway_model import Barred
from fahuo.sandbox.model import FULFILLING, PROCESSING, Order, Package
from fahuo.sandbox.near import COOKIE, allowed, has_token, same_origin
from fahuo.sandbox.wrong import Wrong

if TYPE_CHECKING:
    from fahuo.sandbox.gateway import Receive, Scope, Send
    from fahuo.sandbox.serve import Sandbox

PREFIX: Final = "/_sandbox/ui"
FORM_MAX: Final = 1 << 20
A_PAGE: Final = 100
MILLIS: Final = 10**11
"""Above, an instant is in milliseconds: the platform has one such field."""
HEADERS: Final = (
    (b"content-type", b"text/html; charset=utf-8"),
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
FOLDER: Final = Path(__file__).with_name("templates")

_env: Final = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
_env.filters["iso"] = lambda at: iso(int(at) // (1000 if at > MILLIS else 1)) if at else ""
_env.filters["since"] = lambda ms: iso(int(ms) // 1000)


def draw(template: str, **facts: Any) -> Answer:
    """A page; every value is escaped."""
    return Answer(200, _env.get_template(template).render(prefix=PREFIX, **facts).encode(), HEADERS)


async def answer(sandbox: Sandbox, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a browser."""
    try:
        reply = await _reply(sandbox, scope, receive)
    except Wrong as wrong:
        reply = draw("message.html", text=f"{wrong.message} {wrong.next}")._replace(status=wrong.status)
    except Barred as no:
        reply = draw("message.html", text=no.message)._replace(status=no.http)
    await sandbox.gateway.reply(send, reply)


async def _reply(sandbox: Sandbox, scope: Scope, receive: Receive) -> Answer:
    path = scope["path"]
    if path == f"{PREFIX}/style.css":
        return Answer(200, (FOLDER / "style.css").read_bytes(), ((b"content-type", b"text/css"), *HEADERS[1:]))
    query = dict(parse_qsl(scope["query_string"].decode("ascii", "replace")))
    token = sandbox.options.control_token
    if token and "token" in query and scope["method"] == "GET":
        return _remember(path, query.pop("token"), query)
    if not allowed(scope, token):
        hint = "Add ?token=… (the value of --control-token) to the address." if token else "Start with --control-token."
        raise Wrong("", "These pages are open to this machine only.", hint, 403)
    sandbox.catch_up()
    if scope["method"] == "POST" and path == f"{PREFIX}/do":
        if not same_origin(scope) and not has_token(scope, token or "-"):
            raise Wrong("", "A page of another site sent this.", "Use the sandbox's own pages.", 403)
        return await _do(sandbox, await read_body(receive, FORM_MAX))
    if scope["method"] not in ("GET", "HEAD"):
        raise Wrong("", f"{scope['method']} is not allowed here.", "", 405)
    if path in ("/", PREFIX, f"{PREFIX}/"):
        return _go(f"{PREFIX}/orders")
    name, _, rest = path.removeprefix(f"{PREFIX}/").partition("/")
    page = _PAGES.get(name)
    if page is None or (rest and name != "orders"):
        raise Wrong("", "There is no such page.", "", 404)
    if rest:
        return _order(sandbox, rest, query)
    template, facts = page
    return draw(template, **_frame(sandbox, query, name), **facts(sandbox, query))


def _remember(path: str, token: str, query: dict[str, str]) -> Answer:
    """Keep the control token in a cookie and take it out of the address."""
    cookie = f"{COOKIE}={quote(token, safe='')}; Path=/_sandbox; HttpOnly; SameSite=Strict"
    where = _go(f"{path}?{urlencode(query)}" if query else path)
    return where._replace(headers=(*where.headers, (b"set-cookie", cookie.encode())))


def _go(where: str) -> Answer:
    return Answer(303, b"", ((b"location", where.encode("ascii", "replace")), *HEADERS[2:]))


async def _do(sandbox: Sandbox, raw: bytes) -> Answer:
    """Pass a form on to control, and go back with what it said."""
    form = dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))
    back = form.get("back", "")
    if not back.startswith(f"{PREFIX}/"):
        back = f"{PREFIX}/orders"
    try:
        body = msgspec.json.decode(form.get("body") or "{}")
        for name, value in form.items():
            if name.startswith("+") and value:
                body[name[1:]] = int(value) if value.isascii() and value.isdigit() else value
        await control.call(sandbox, form.get("method", "POST"), control.PREFIX + form.get("to", ""), {}, body)
        said, good = "Done.", "1"
    except Wrong as wrong:
        said, good = f"{wrong.message} {wrong.next}", "0"
    except (msgspec.DecodeError, TypeError, RecursionError) as error:
        said, good = f"The form cannot be read: {error}", "0"
    return _go(f"{back}{'&' if '?' in back else '?'}said={quote(said[:300])}&good={good}")


def _frame(sandbox: Sandbox, query: dict[str, str], name: str) -> dict[str, Any]:
    """What every page shows."""
    kept = urlencode({key: value for key, value in query.items() if key not in ("said", "good")})
    return {
        "now": sandbox.world.now(),
        "speed": sandbox.world.clock.speed,
        "name": name,
        "said": query.get("said", ""),
        "good": query.get("good") == "1",
        "back": f"{PREFIX}/{name}" + (f"?{kept}" if kept else ""),
        "shops": list(sandbox.world.shops.values()),
        "query": query,
    }


def _orders(sandbox: Sandbox, query: dict[str, str]) -> dict[str, Any]:
    """The last changed orders, of a shop, of a status, whose id has that in it."""
    world = sandbox.world
    return _listed("orders", query, world.orders.values(), lambda order: (order.id,)) | {"by_id": world.shops}


def _parcels(sandbox: Sandbox, query: dict[str, str]) -> dict[str, Any]:
    """The last changed parcels, of a shop, of a status, one of whose numbers has that in it."""
    world = sandbox.world
    found = _listed("parcels", query, world.packages.values(), _numbers)
    return found | {"by_id": world.shops, "moving": (PROCESSING, FULFILLING)}


def _numbers(package: Package) -> tuple[str, ...]:
    return package.id, package.tracking_number, package.last_mile_number, *package.order_ids


def _listed(
    page: str, query: dict[str, str], every: Collection[Any], words: Callable[[Any], Iterable[str]]
) -> dict[str, Any]:
    """A page of the filtered things, the last changed first, and what its form and its links need."""
    shop, status, part = (query.get(name, "").strip() for name in ("shop", "status", "q"))
    found = [
        one
        for one in every
        if shop in ("", one.shop_id) and status in ("", one.status) and any(part in word for word in words(one))
    ]
    found.sort(key=lambda one: (one.updated, one.id), reverse=True)
    at = int(query["from"]) if query.get("from", "").isascii() and query.get("from", "").isdigit() else 0
    return {
        "found": found[at : at + A_PAGE],
        "total": len(found),
        "more": at + A_PAGE if at + A_PAGE < len(found) else 0,
        "counts": sorted(Counter(one.status for one in every).items()),
        "shop": shop,
        "status": status,
        "part": part,
        "link": lambda **more: f"{PREFIX}/{page}?{urlencode({'shop': shop, 'status': status, 'q': part, **more})}",
    }


def _order(sandbox: Sandbox, order_id: str, query: dict[str, str]) -> Answer:
    world = sandbox.world
    order: Order | None = world.orders.get(order_id)
    if order is None:
        raise Wrong("", f"There is no order {order_id}.", "", 404)
    frame = _frame(sandbox, query, "orders")
    return draw(
        "order.html",
        **{**frame, "back": f"{PREFIX}/orders/{order_id}"},
        order=order,
        shop=world.shops[order.shop_id],
        body=order.body,
        pretty=msgspec.json.format(msgspec.json.encode(order.body), indent=2).decode(),
        packages=[world.packages[one] for one in order.packages if one in world.packages],
        cancellations=[world.cancellations[one] for one in order.cancellations],
        returns=[world.returns[one] for one in order.returns],
        buyer=actions.BUYERS,
        carrier=actions.CARRIERS,
        times=sorted(((v, k) for k, v in order.body.items() if k.endswith("_time") and isinstance(v, int))),
    )


def _requests(sandbox: Sandbox, query: dict[str, str]) -> dict[str, Any]:
    path, code = query.get("path", ""), query.get("code", "")
    found = (e for e in reversed(sandbox.gateway.log) if path in e.path and code in ("", str(e.code)))
    return {"entries": list(islice(found, A_PAGE)), "counts": sorted(sandbox.gateway.counts.items())}


def _webhooks(sandbox: Sandbox, query: dict[str, str]) -> dict[str, Any]:
    state = query.get("state", "")
    found = (one for one in reversed(sandbox.hooks.log) if state in ("", one.state))
    return {
        "sent": list(islice(found, A_PAGE)),
        "counts": sorted(Counter(one.state for one in sandbox.hooks.log).items()),
        "registered": sandbox.hooks.registered,
        "unheard": sandbox.hooks.unheard,
        "by_id": sandbox.world.shops,
    }


def _faults(sandbox: Sandbox, query: dict[str, str]) -> dict[str, Any]:
    del query
    on = list(sandbox.faults.on.values())
    return {"kinds": KINDS, "on": on, "switched": {fault.kind for fault in on}}


def _clock(sandbox: Sandbox, query: dict[str, str]) -> dict[str, Any]:
    del sandbox, query
    return {"jumps": ("10m", "1h", "6h", "1d", "3d", "7d"), "speeds": (0, 1, 60, 600, 3600)}


def _apps(sandbox: Sandbox, query: dict[str, str]) -> dict[str, Any]:
    del query
    return {
        "apps": list(sandbox.auth.apps.values()),
        "grants": sandbox.grants(),
        "codes": sandbox.auth.codes,
        "name_of": sandbox.auth.name_of,
    }


_PAGES: Final = {
    "orders": ("orders.html", _orders),
    "parcels": ("parcels.html", _parcels),
    "requests": ("requests.html", _requests),
    "webhooks": ("webhooks.html", _webhooks),
    "faults": ("faults.html", _faults),
    "clock": ("clock.html", _clock),
    "apps": ("apps.html", _apps),
}
