"""Which webhooks of a shop go where (reference A.6)."""

from __future__ import annotations

from typing import Any

from fahuo.sandbox.gateway_model import EVENT, Call, Missing, Route, need
from fahuo.sandbox.hooks import EVENTS, Hooks
from fahuo.sandbox.model import Refuse

BAD_VALUE = 98001004
KNOWN = frozenset(EVENTS.values())

Data = dict[str, Any]


def routes(hooks: Hooks) -> list[Route]:
    """The table, bound to the registry."""
    path = "/event/202309/webhooks"

    def found(call: Call) -> Data:
        held = hooks.registered.get(_key(call), {})
        webhooks = [
            {"event_type": event, "address": hook.address, "create_time": hook.created, "update_time": hook.updated}
            for event, hook in sorted(held.items())
        ]
        return {"webhooks": webhooks, "total_count": len(webhooks)}

    def put(call: Call) -> Data:
        event, address = _event(call), str(need(call.body, "address"))
        if wrong := hooks.wrong_address(address):
            raise Refuse(BAD_VALUE, f"parameter address invalid: {wrong}")
        hooks.register(call.app, _key(call)[1], event, address, call.now)
        return {}

    def delete(call: Call) -> Data:
        hooks.remove(call.app, _key(call)[1], _event(call))
        return {}

    return [
        Route("GET", path, EVENT, "required", found),
        Route("PUT", path, EVENT, "required", put),
        Route("DELETE", path, EVENT, "required", delete),
    ]


def _event(call: Call) -> str:
    event = str(need(call.body, "event_type"))
    if event not in KNOWN:
        raise Missing("body.event_type is invalid")
    return event


def _key(call: Call) -> tuple[str, str]:
    return call.app.key, call.shop.id if call.shop else ""
