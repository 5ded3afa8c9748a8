"""Waybill numbers out of a carrier's range: every number once, under concurrent workers too."""

from __future__ import annotations

from collections.abc import Mapping
from operator import mul
from typing import Any, Final

from sqlalchemy import bindparam, select

from fahuo.carriers.tables import number_ranges
from fahuo.store import bulk
from fahuo.store.engine import Tx

_S10_WEIGHTS: Final = (8, 6, 4, 2, 3, 5, 9, 7)
S10_WIDTH: Final = len(_S10_WEIGHTS)
CHECKS: Final = ("none", "mod10", "s10")
"""Check digits: none, mod10 (Luhn), s10 (UPU S10: eight digits, modulo 11)."""
_S10_DIGITS: Final = "50987654321"
"""By the remainder: 11 minus it, but 0 for 10 and 5 for 11."""
_VALUES: Final = bytes.maketrans(b"0123456789", bytes(range(10)))
_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
"""The digit sum of twice a digit."""


_r = number_ranges.c
_LOCKED: Final = (
    select(_r.id, _r.service_id, _r.prefix, _r.suffix, _r.width, _r.check_rule, _r.next_number, _r.last_number)
    .where(
        _r.seller_id == bindparam("seller"), bulk.any_of(_r.service_id, "services"), _r.next_number <= _r.last_number
    )
    .order_by(_r.id)
    .with_for_update()
)


def take_numbers(tx: Tx, wanted: Mapping[int, int]) -> dict[int, list[str]]:
    """Draw up to `wanted[service]` numbers for each service; fewer when its ranges end, none when it has none.

    The range moves by a conditional update of a locked row, so a number is never given twice, not even after a crash:
    what a rolled-back transaction drew is drawn again, what a committed one drew is gone.
    """
    asked = [service for service, count in wanted.items() if count]
    if not asked:
        return {}
    rows = bulk.fetch(tx, _LOCKED, seller=tx.seller_id, services=bulk.array(tx, asked))
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
    values = digits.encode().translate(_VALUES)
    if rule == "mod10":
        return str(-(sum(values[-2::-2]) + sum([_DOUBLED[value] for value in values[::-2]])) % 10)
    return _S10_DIGITS[sum(map(mul, values.rjust(S10_WIDTH, b"\0"), _S10_WEIGHTS)) % 11]
