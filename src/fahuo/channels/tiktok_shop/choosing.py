"""Which of the platform's services a parcel takes where the seller may choose. Pure; the reason stands beside it.

The rule is the seller's: `cheapest` that arrives in time (the one that ships), `fastest`, `default`, or a service by
name. What cannot be judged - no limit known, prices that cannot be compared - falls back to the platform's default.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

CHEAPEST: Final = "cheapest"
FASTEST: Final = "fastest"
DEFAULT: Final = "default"
RULES: Final = (CHEAPEST, FASTEST, DEFAULT)
DAY: Final = 86_400


class Choice(NamedTuple):
    """The service taken and why: in_time, fastest, default, only, named."""

    id: str
    name: str
    why: str
    price: str
    currency: str
    latest_days: int | None
    provider_id: str
    provider: str


def choose(offers: Sequence[Mapping[str, Any]], rule: str, leaves_at: int, deliver_by: int | None) -> Choice | None:
    """The service to take, None when none is offered. Days count from the day the parcel leaves, as calendar days."""
    usable = [one for one in offers if one.get("id")]
    if len(usable) <= 1:
        return _choice(usable[0], "only") if usable else None
    named = [one for one in usable if rule not in RULES and str(one.get("name") or "").casefold() == rule.casefold()]
    if named:
        return _choice(named[0], "named")
    fallback = next((one for one in usable if one.get("is_default")), usable[0])
    timed = [one for one in usable if _days(one) is not None]
    if rule == FASTEST and timed:
        return _choice(min(timed, key=lambda one: (_days(one), _price(one) or 0)), "fastest")
    if rule == DEFAULT or deliver_by is None:
        timed = []
    in_time = [one for one in timed if leaves_at + (_days(one) or 0) * DAY <= (deliver_by or 0)]
    priced = [one for one in in_time if _price(one) is not None]
    if not priced or len({one.get("currency") for one in priced}) > 1:
        return _choice(fallback, "default")
    return _choice(min(priced, key=lambda one: (_price(one), _days(one), str(one.get("id")))), "in_time")


def _days(one: Mapping[str, Any]) -> int | None:
    days = one.get("latest_delivery_days")
    return int(days) if isinstance(days, int | str) and str(days).isdecimal() else None


def _price(one: Mapping[str, Any]) -> Decimal | None:
    try:
        return Decimal(str(one.get("price")))
    except InvalidOperation:
        return None


def _choice(one: Mapping[str, Any], why: str) -> Choice:
    return Choice(
        str(one["id"]), str(one.get("name") or ""), why, str(one.get("price") or ""), str(one.get("currency") or ""),
        _days(one), str(one.get("shipping_provider_id") or ""), str(one.get("shipping_provider_name") or ""),
    )  # fmt: skip
