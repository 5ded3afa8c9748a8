"""Who decides warehouse and carrier of an order: a table by market and shipping type, as data (`choice.toml`)."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files

import msgspec

from fahuo.carriers.model import ANY
from fahuo.planning.model import UNKNOWN


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table, with where it comes from and how sure it is (A official … D doubtful)."""

    shipping_type: str
    markets: tuple[str, ...]
    decides: str
    why: str
    source: str
    source_date: str
    confidence: str


@lru_cache(maxsize=1)
def rules() -> tuple[Rule, ...]:
    """The table, first match wins."""
    text = files("fahuo.planning").joinpath("choice.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text)["rule"], tuple[Rule, ...])


@lru_cache(maxsize=1024)
def rule_for(market: str, shipping_type: str) -> Rule | None:
    """The rule for a market and shipping type; None for a shipping type nobody has told us about."""
    for rule in rules():
        if rule.shipping_type == shipping_type and (market in rule.markets or ANY in rule.markets):
            return rule
    return None


def who_decides(market: str, shipping_type: str) -> str:
    """`seller_decides`, `platform_decides`, `nothing_to_ship`, or `unknown_shipping_type`: a person must look."""
    rule = rule_for(market, shipping_type)
    return rule.decides if rule else UNKNOWN
