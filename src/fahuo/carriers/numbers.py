"""Waybill numbers out of a carrier's range: every number once, under concurrent workers too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select

from fahuo.carriers.tables import number_ranges
from fahuo.store import bulk
from fahuo.store.engine import Tx

_S10_WEIGHTS: Final = (8, 6, 4, 2, 3, 5, 9, 7)
S10_WIDTH: Final = len(_S10_WEIGHTS)
CHECKS: Final = ("none", "mod10", "s10")
"""Check digits: none, mod10 (Luhn), s10 (UPU S10: eight digits, modulo 11)."""
_NINE: Final = 9


def take_numbers(tx: Tx, wanted: Mapping[int, int]) -> dict[int, list[str]]:
    """Draw up to `wanted[service]` numbers for each service; fewer when its ranges end, none when it has none.

    The range moves by a conditional update of a locked row, so a number is never given twice, not even after a crash:
    what a rolled-back transaction drew is drawn again, what a committed one drew is gone.
    """
    r = number_ranges.c
    asked = [service for service, count in wanted.items() if count]
    if not asked:
        return {}
    rows = tx.rows(
        select(r.id, r.service_id, r.prefix, r.suffix, r.width, r.check_rule, r.next_number, r.last_number)
        .where(r.seller_id == tx.seller_id, bulk.any_of(r.service_id, "services"), r.next_number <= r.last_number)
        .order_by(r.id)
        .with_for_update(),
        services=bulk.array(tx, asked),
    )
    left = dict(wanted)
    drawn: dict[int, list[str]] = {}
    moved: list[tuple[Any, ...]] = []
    for id_, service, prefix, suffix, width, rule, first, last in rows:
        count = min(left[service], last - first + 1)
        if not count:
            continue
        left[service] -= count
        moved.append((tx.seller_id, id_, count))
        drawn.setdefault(service, []).extend(spell(prefix, n, width, rule, suffix) for n in range(first, first + count))
    enough = "t.next_number + v.next_number <= t.last_number + 1"
    took = bulk.update_each(tx, number_ranges, ("seller_id", "id"), ("next_number",), moved, enough)
    if not all(took):
        raise RuntimeError("a locked number range did not move as computed")
    return drawn


def services_with_numbers(tx: Tx) -> set[int]:
    """Services whose ranges have numbers left."""
    r = number_ranges.c
    rows = tx.rows(select(r.service_id).where(r.seller_id == tx.seller_id, r.next_number <= r.last_number))
    return {row[0] for row in rows}


def spell(prefix: str, number: int, width: int, rule: str, suffix: str) -> str:
    """A number with prefix, leading zeros, check digit and suffix. Rules: none, mod10 (Luhn), s10 (UPU S10)."""
    digits = f"{number:0{width}d}"
    return prefix + digits + check_digit(digits, rule) + suffix


def check_digit(digits: str, rule: str) -> str:
    """The check digit of these digits, '' for the rule `none`."""
    if rule == "none":
        return ""
    if rule == "mod10":
        total = 0
        for place, digit in enumerate(reversed(digits)):
            value = int(digit) * (2 if place % 2 == 0 else 1)
            total += value - _NINE if value > _NINE else value
        return str(-total % 10)
    weighed = sum(int(d) * w for d, w in zip(digits.rjust(S10_WIDTH, "0"), _S10_WEIGHTS, strict=True))
    rest = 11 - weighed % 11
    return {10: "0", 11: "5"}.get(rest, str(rest))
