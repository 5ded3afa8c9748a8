"""The control interface under /_sandbox/: what the platform does not have and whoever tests against it needs.

JSON in, JSON out; what is wrong with a request is answered as {"error": {"code", "field", "message", "next"}}.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import msgspec

from fahuo.kernel.instant import iso, parse_instant
from fahuo.sandbox import actions, control_apps
from fahuo.sandbox.bodies import read_body
from fahuo.sandbox.clock import LATEST
from fahuo.sandbox.desk import PREFIX, Ask, Data, find, on, routes
from fahuo.sandbox.faults import BadFault
from fahuo.sandbox.gateway import Answer, query_of
from fahuo.sandbox.gateway_model import Barred
from fahuo.sandbox.model import Refuse
from fahuo.sandbox.named import shop_or_market, shown_shop, the_order, the_shop
from fahuo.sandbox.near import allowed, same_origin
from fahuo.sandbox.wrong import Wrong, asked, flag, text, whole

if TYPE_CHECKING:
    from fahuo.sandbox.gateway import Receive, Scope, Send
    from fahuo.sandbox.serve import Sandbox

__all__ = ["PREFIX", "answer", "call", "control_apps"]

BODY_MAX: Final = 4 << 20
MOST_ORDERS: Final = 100_000
MOST_LISTED: Final = 100_000
SPEED_MAX: Final = 1_000_000
FAR: Final = 5 * 366 * 86400
"""The longest jump."""
DAY: Final = 86400
SPAN_LENGTH: Final = 40

_log = logging.getLogger(__name__)
_json: Final = msgspec.json.Encoder()


async def answer(sandbox: Sandbox, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request."""
    try:
        status, data = 200, await _work(sandbox, scope, receive)
    except Wrong as wrong:
        status, data = wrong.status, wrong.shown()
    except Barred as no:
        status, data = 400, Wrong("body", no.message, "Send less, or valid JSON.").shown()
    await sandbox.gateway.reply(send, Answer(status, _json.encode(data)))


async def _work(sandbox: Sandbox, scope: Scope, receive: Receive) -> Data:
    if not allowed(scope, sandbox.options.control_token):
        raise Wrong(
            "host",
            "Control is open to this machine only.",
            "Call it from the machine itself, or start with --control-token and send Authorization: Bearer TOKEN.",
            403,
            "not_allowed",
        )
    method = scope["method"]
    if method != "GET" and not same_origin(scope):
        raise Wrong("origin", "A page of another site sent this.", "Send it from the sandbox's own pages.", 403)
    body = _object(await read_body(receive, BODY_MAX)) if method != "GET" else {}
    return await call(sandbox, method, scope["raw_path"].decode("latin-1"), query_of(scope["query_string"]), body)


async def call(sandbox: Sandbox, method: str, path: str, query: dict[str, str], body: Data) -> Data:
    """Do what a request asks for, whoever may have sent it. Raises Wrong."""
    handler, params = find(method, path)
    sandbox.catch_up()
    try:
        done = handler(Ask(sandbox, params, query, body))
        data = done if isinstance(done, dict) else await done
    except Refuse as no:
        raise Wrong("", no.message, "See the order's state.", 409, str(no.code)) from no
    except BadFault as no:
        raise Wrong(no.field, no.message, no.next) from no
    except Wrong:
        raise
    except Exception as bug:
        _log.exception("control: %s %s failed", method, path)
        said = f"The sandbox itself failed: {type(bug).__name__}: {bug}"
        raise Wrong("", said, "Please report this.", 500, "bug") from bug
    sandbox.send_notices()
    return data


def _object(raw: bytes) -> Data:
    if not raw.strip():
        return {}
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Wrong("body", f"This is not valid JSON: {error}", "Send a JSON object.") from error
    if not isinstance(body, dict):
        raise Wrong("body", "This is not a JSON object.", 'Send an object such as {"advance": "36h"}.')
    return body


# The state.


@on("GET", "")
def index(ask: Ask) -> Data:
    """What control offers."""
    del ask
    return {"schema": "fahuo.sandbox.control/1", "offers": [f"{m} {PREFIX}{'/'.join(p)}" for m, p, _ in routes]}


@on("GET", "state")
def state(ask: Ask) -> Data:
    """Everything in figures."""
    sandbox = ask.sandbox
    world = sandbox.world
    return {
        "schema": "fahuo.sandbox.state/1",
        **_time(sandbox),
        "seed": world.seed,
        "shops": [shown_shop(sandbox, shop) for shop in world.shops.values()],
        "orders": dict(Counter(order.status for order in world.orders.values())),
        "packages": dict(Counter(package.status for package in world.packages.values())),
        "cancellations": dict(Counter(one.status for one in world.cancellations.values())),
        "returns": dict(Counter(one.status for one in world.returns.values())),
        "requests": {
            "total": sum(sandbox.gateway.counts.values()),
            "by_code": {str(code): many for code, many in sorted(sandbox.gateway.counts.items())},
        },
        "webhooks": {**Counter(one.state for one in sandbox.hooks.log), "nobody_listening": sandbox.hooks.unheard},
        "faults": len(sandbox.faults.on),
    }


@on("GET", "shops")
def shops(ask: Ask) -> Data:
    """The shops with their ciphers."""
    return {"shops": [shown_shop(ask.sandbox, shop) for shop in ask.sandbox.world.shops.values()]}


@on("POST", "shops/{shop}")
def set_shop(ask: Ask) -> Data:
    """{"collect": "auto"|"manual"}: who sends the carrier to the warehouse."""
    asked(ask.body, "collect")
    shop, collect = the_shop(ask.sandbox, ask.params["shop"]), text(ask.body, "collect")
    if collect not in ("auto", "manual"):
        raise Wrong("collect", f"{collect!r} is neither auto nor manual.", "Send one of the two.")
    shop.collect = collect
    return shown_shop(ask.sandbox, shop)


# Time.


@on("GET", "clock")
def clock(ask: Ask) -> Data:
    """The sandbox's time and speed."""
    return _time(ask.sandbox)


@on("POST", "clock")
async def set_clock(ask: Ask) -> Data:
    """{"advance": "36h"}, {"to": instant} and {"speed": 60}, alone or together; answers when the jump is done."""
    asked(ask.body, "advance", "to", "speed")
    sandbox, now = ask.sandbox, ask.sandbox.world.now()
    if not ask.body:
        raise Wrong("advance", "Nothing is asked for.", 'Send {"advance": "36h"}, {"to": "2026-…Z"} or {"speed": 60}.')
    if {"advance", "to"} <= ask.body.keys():
        raise Wrong("to", "advance and to exclude each other.", "Send one of them.")
    speed = ask.body.get("speed")
    if speed is not None and not (_is_number(speed) and 0 <= speed <= SPEED_MAX):
        raise Wrong("speed", f"{speed!r} is not a speed.", f"Send a number from 0 (stands) to {SPEED_MAX}.")
    to = now
    if "advance" in ask.body:
        to = now + _span(ask.body["advance"])
    elif "to" in ask.body:
        try:
            to = parse_instant(ask.body["to"])
        except (ValueError, TypeError) as error:
            raise Wrong("to", str(error), "Send ISO 8601 with Z or an offset, or epoch seconds.") from error
        if to < now:
            raise Wrong("to", f"{iso(to)} has passed; it is {iso(now)}.", "The clock only goes forward.")
    if to - now > FAR or to > LATEST:
        raise Wrong("advance", f"That is more than five years, or beyond {iso(LATEST)}.", "Jump less far.")
    await sandbox.jump(to)
    if speed is not None:
        sandbox.world.clock.speed = float(speed)
    return {**_time(sandbox), "webhooks_behind": sandbox.hooks.behind()}


def _time(sandbox: Sandbox) -> Data:
    now = sandbox.world.now()
    return {"now": iso(now), "epoch": now, "speed": sandbox.world.clock.speed}


_SPAN: Final = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def _span(value: Any) -> int:
    if _is_number(value) and 0 <= value <= FAR:
        return int(value)
    found = _SPAN.fullmatch(value.replace(" ", "")) if isinstance(value, str) and len(value) < SPAN_LENGTH else None
    if not found or not any(found.groups()):
        raise Wrong("advance", f"{value!r} is not a span of time.", "Send '36h', '1d12h', '90m', '45s' or seconds.")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return days * DAY + hours * 3600 + minutes * 60 + seconds


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value  # noqa: PLR0124 -- NaN


# Faults.


@on("GET", "faults")
def faults(ask: Ask) -> Data:
    """What is switched on, and how often it struck."""
    return {"faults": [fault.shown() for fault in ask.sandbox.faults.on.values()], "kinds": actions.fault_kinds()}


@on("POST", "faults")
def add_faults(ask: Ask) -> Data:
    """One fault, {"faults": [...]}, or {"every": true, "rate", "seed", "except": [...]}."""
    body, found = ask.body, ask.sandbox.faults
    if flag(body, "every"):
        asked(body, "every", "rate", "seed", "except")
        rate = body.get("rate", 0.05)
        if not _is_number(rate):
            raise Wrong("rate", f"{rate!r} is not a number.", "Send a number from 0 to 1.")
        without = body.get("except", [])
        if not isinstance(without, list):
            raise Wrong("except", "This is not a list.", "Send a list of kinds.")
        made = found.add_every(float(rate), whole(body, "seed", 1, 0, 2**53), map(str, without))
    else:
        wishes = body.get("faults", [body])
        if not isinstance(wishes, list) or not all(isinstance(wish, dict) for wish in wishes):
            raise Wrong("faults", "This is not a list of objects.", 'Send [{"kind": "too_many", "rate": 0.1}, …].')
        made = []
        try:
            for wish in wishes:
                made.append(found.add(_of_shop(ask.sandbox, wish)))
        except BadFault:
            for fault in made:
                found.remove(fault.id)
            raise
    return {"faults": [fault.shown() for fault in made]}


@on("DELETE", "faults")
def clear_faults(ask: Ask) -> Data:
    """Switch all off."""
    ask.sandbox.faults.remove()
    return {"faults": []}


@on("DELETE", "faults/{fault}")
def remove_fault(ask: Ask) -> Data:
    """Switch one off."""
    if not ask.sandbox.faults.remove(ask.params["fault"]):
        raise Wrong("fault", f"There is no fault {ask.params['fault']!r}.", f"GET {PREFIX}faults lists them.", 404)
    return {"faults": [fault.shown() for fault in ask.sandbox.faults.on.values()]}


def _of_shop(sandbox: Sandbox, wish: Data) -> Data:
    """A fault's shop may be named as anywhere else in control."""
    if wish.get("shop"):
        return {**wish, "shop": the_shop(sandbox, text(wish, "shop")).id}
    return wish


# Orders.


@on("GET", "orders")
def orders(ask: Ask) -> Data:
    """Id, status and update_time of all orders, oldest change first: for checking that two sides agree."""
    sandbox, status = ask.sandbox, ask.query.get("status", "")
    only = [the_shop(sandbox, ask.query["shop"])] if ask.query.get("shop") else list(sandbox.world.shops.values())
    found = []
    for shop in only:
        for updated, order_id in sandbox.world.orders_by_update(shop.id):
            order = sandbox.world.orders[order_id]
            if status in ("", order.status):
                found.append(
                    {"id": order_id, "shop_id": shop.id, "status": order.status, "update_time": updated}
                    | {"create_time": order.created, "packages": order.packages}
                )
    return {"orders": found, "total_count": len(found), "now": sandbox.world.now()}


@on("GET", "orders/{order}")
def order_detail(ask: Ask) -> Data:
    """The whole order in clear, with its packages, cancellations and returns."""
    world, order = ask.sandbox.world, the_order(ask.sandbox, ask.params["order"])
    return {
        "order": order.body,
        "packages": [msgspec.to_builtins(world.packages[p]) for p in order.packages if p in world.packages],
        "cancellations": [msgspec.to_builtins(world.cancellations[c]) for c in order.cancellations],
        "returns": [msgspec.to_builtins(world.returns[r]) for r in order.returns],
    }


@on("POST", "orders")
async def place(ask: Ask) -> Data:
    """{"shop" or "market", "count", …wishes}: buyers place orders now."""
    sandbox, body = ask.sandbox, dict(ask.body)
    shop = shop_or_market(sandbox, body)
    count = whole(body, "count", 1, 1, MOST_ORDERS)
    for name in ("shop", "market", "count"):
        body.pop(name, None)
    return {"orders": await actions.place(sandbox, shop, count, body)}


@on("POST", "buyer/{order}/{action}")
def buyer(ask: Ask) -> Data:
    """A buyer does something about an order."""
    order = the_order(ask.sandbox, ask.params["order"])
    done = actions.buyer(ask.sandbox.world, order, ask.params["action"], ask.body)
    return {"order": order.id, "status": order.status, **done}


@on("POST", "carrier/collect")
def collect(ask: Ask) -> Data:
    """{"packages": [ids or tracking numbers]}: the carrier fetches them."""
    return actions.collect(ask.sandbox.world, ask.body)


@on("POST", "carrier/{package}/{action}")
def carrier(ask: Ask) -> Data:
    """A carrier does something with a parcel, by package id or tracking number."""
    world = ask.sandbox.world
    package = actions.package_of(world, ask.params["package"])
    done = actions.carrier(world, package, ask.params["action"], ask.body)
    return {"package": package.id, "status": package.status, **done}


@on("GET", "packages")
def packages(ask: Ask) -> Data:
    """All packages, of one shop if named."""
    sandbox = ask.sandbox
    only = the_shop(sandbox, ask.query["shop"]).id if ask.query.get("shop") else ""
    found = [p for p in sandbox.world.packages.values() if only in ("", p.shop_id)]
    return {"packages": [msgspec.to_builtins(package) for package in found], "total_count": len(found)}


# What went over the wire.


@on("GET", "requests")
def requests(ask: Ask) -> Data:
    """The last calls, newest first. Query: limit, code, path (contains), shop."""
    path, code, shop = (ask.query.get(name, "") for name in ("path", "code", "shop"))
    found = (
        entry.shown()
        for entry in reversed(ask.sandbox.gateway.log)
        if path in entry.path and code in ("", str(entry.code)) and shop in ("", entry.shop)
    )
    counts = {str(code): many for code, many in sorted(ask.sandbox.gateway.counts.items())}
    return {"requests": _some(found, ask), "by_code": counts}


@on("GET", "webhooks")
def webhooks(ask: Ask) -> Data:
    """The last webhooks, newest first, with every attempt. Query: limit, state, shop, event."""
    event, state_, shop = (ask.query.get(name, "") for name in ("event", "state", "shop"))
    found = (
        one.shown()
        for one in reversed(ask.sandbox.hooks.log)
        if event in ("", one.event) and state_ in ("", one.state) and shop in ("", one.shop_id)
    )
    registered = [
        {"app_key": app, "shop_id": shop_id, "event_type": name, "address": hook.address}
        for (app, shop_id), hooks in ask.sandbox.hooks.registered.items()
        for name, hook in hooks.items()
    ]
    return {"webhooks": _some(found, ask), "registered": registered, "nobody_listening": ask.sandbox.hooks.unheard}


def _some(found: Any, ask: Ask) -> list[Data]:
    limit = whole(ask.query, "limit", 100, 1, MOST_LISTED)
    return [one for one, _ in zip(found, range(limit), strict=False)]
