"""Handlers: split an order, combine orders, take them apart again.

What the platform has made of it is read back at once and goes in as every other telling of these orders does: the new
packages become ours by the one way there is. A repeated effect reads first and is done when it finds its work there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from fahuo.channels.tiktok_shop import fulfilment as api
from fahuo.channels.tiktok_shop.carry import Troubles, Visit, declined, done, handles, no, refused
from fahuo.store.effects import Answer, Claimed

Orders = Mapping[str, Mapping[str, Any]]


def _package_of(orders: Orders) -> dict[str, str]:
    """Unit → package, over all these orders; '' for units without one."""
    return {
        str(item.get("id")): str(item.get("package_id") or "")
        for order in orders.values()
        for item in order.get("line_items") or []
    }


def _together(orders: Orders, refs: Sequence[str]) -> bool:
    """Whether every one of these orders is there and one package holds them all."""
    held = {
        str(item.get("package_id") or "")
        for ref in refs
        for item in orders.get(ref, {}).get("line_items") or [{}]
        if item.get("display_status") != "CANCELLED"
    }
    return len(held) == 1 and "" not in held


def _is_split(orders: Orders, body: Mapping[str, Any]) -> bool:
    package = _package_of(orders)
    held = [{package.get(str(unit), "") for unit in group} for group in body["groups"]]
    return all(len(one) == 1 and "" not in one for one in held) and len(set().union(*held)) == len(held)


def _carry_out(
    visit: Visit,
    one: Claimed,
    refs: Sequence[str],
    found: Callable[[Orders], bool],
    perform: Callable[[], str | Answer],
) -> Answer:
    """Read first where an answer was lost; perform; read what has become of it."""
    wrote = False
    try:
        if one.read_first:
            before = api.orders(visit.client, visit.link, refs)
            if found(before):
                return done(one, "", orders=list(before.values()), proof="read back")
        wrote = True
        told = perform()
    except Troubles as error:
        return no(visit, [one], error, wrote=wrote)[0]
    if isinstance(told, Answer):
        return told
    try:
        after = list(api.orders(visit.client, visit.link, refs).values())
    except Troubles:
        after = []  # it is done; the next pull tells of it
    return done(one, told, orders=after)


@handles("split_order")
def split(visit: Visit, batch: Sequence[Claimed]) -> Iterator[list[Answer]]:
    """Split orders; the platform is asked first whether it lets them be split."""
    for one in batch:
        ref = str(one.body["order"])

        def perform(one: Claimed = one, ref: str = ref) -> str | Answer:
            allowed, why = api.can_split(visit.client, visit.link, ref)
            if not allowed:
                return declined(one, "cannot_split", why)
            return api.split(visit.client, visit.link, ref, one.body["groups"])[1]

        body = one.body
        yield [_carry_out(visit, one, [ref], lambda orders, body=body: _is_split(orders, body), perform)]  # type: ignore[misc]  # bound now


@handles("combine_packages")
def combine(visit: Visit, batch: Sequence[Claimed]) -> Iterator[list[Answer]]:
    """Combine orders of one buyer into one package."""
    for one in batch:
        refs = [str(ref) for ref in one.body["orders"]]

        def perform(one: Claimed = one, refs: list[str] = refs) -> str | Answer:
            told = api.combine(visit.client, visit.link, str(one.body["group"]), refs)
            if told.errors:
                error = next(iter(told.errors.values()))
                return refused(visit, one, error.code, error.message, told.request_id)
            return told.request_id

        yield [_carry_out(visit, one, refs, lambda orders, refs=refs: _together(orders, refs), perform)]  # type: ignore[misc]  # bound now


@handles("uncombine_package")
def uncombine(visit: Visit, batch: Sequence[Claimed]) -> Iterator[list[Answer]]:
    """Take orders out of a combined package."""
    for one in batch:
        refs = [str(ref) for ref in one.body["orders"]]
        everyone = [str(ref) for ref in one.body.get("all") or refs]

        def perform(one: Claimed = one, refs: list[str] = refs) -> str | Answer:
            return api.uncombine(visit.client, visit.link, str(one.body["ref"]), refs)

        def apart(orders: Orders, one: Claimed = one, refs: list[str] = refs) -> bool:
            there = {ref: orders[ref] for ref in refs if ref in orders}
            return bool(there) and str(one.body["ref"]) not in set(_package_of(there).values())

        yield [_carry_out(visit, one, everyone, apart, perform)]
