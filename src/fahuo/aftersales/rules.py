"""Which telling of a request counts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fahuo.aftersales.model import CLOSED, Request, RequestIn

Key = tuple[str, str]
"""(kind, platform's id)"""


def newest(told: Iterable[RequestIn]) -> dict[Key, RequestIn]:
    """The newest telling of each request of a batch; at the same time the one that is further on."""
    found: dict[Key, RequestIn] = {}
    for one in told:
        other = found.get((one.kind, one.ref))
        if other is None or _age(one) >= _age(other):
            found[one.kind, one.ref] = one
    return found


def changed(told: Mapping[Key, RequestIn], known: Mapping[Key, Request]) -> list[RequestIn]:
    """Those that say something newer than what is kept. An older telling, or the same again, changes nothing."""
    fresh = []
    for key, one in told.items():
        have = known.get(key)
        if have is None or (_age(one) >= (have.updated_at or 0, have.state in CLOSED) and _said(one) != _kept(have)):
            fresh.append(one)
    return fresh


def _age(one: RequestIn) -> tuple[int, bool]:
    return one.updated_at or 0, one.state in CLOSED


def _said(one: RequestIn) -> tuple[object, ...]:
    return one.type, one.state, one.action, one.answer_by, one.arbitration, one.tracking_number, one.amount, one.reason


def _kept(one: Request) -> tuple[object, ...]:
    return one.type, one.state, one.action, one.answer_by, one.arbitration, one.tracking_number, one.amount, one.reason
