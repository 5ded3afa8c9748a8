"""The stream of invented orders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fahuo.generate.draws import BLOCK, draw
from fahuo.generate.markets import MARKETS
from fahuo.generate.press import Options, Press
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_

_SEEDS = 9_000


def generate(
    n: int, markets: Sequence[str], seed: int, options: Options, *, finished: float = 0.1
) -> Iterator[tuple[str, bytes]]:
    """`n` orders as (market, JSON of the platform's order object without line end).

    Deterministic in all arguments, and the first orders do not depend on `n`. `options.now` is the instant at which
    the orders were seen; open ones were placed in the `options.days` before it. `finished` is the share of orders
    already shipped, delivered, completed or cancelled. Raises Failure for an unknown market.
    """
    if unknown := [m for m in markets if m not in MARKETS]:
        raise Failure(
            Problem(
                "unknown_market",
                "markets",
                unknown[0],
                N_("There are no generated orders for market {value}."),
                N_("Use some of: {known}."),
                {"value": unknown[0], "known": ", ".join(MARKETS)},
            )
        )
    presses = [Press(m, list(MARKETS).index(m) + 10, options) for m in markets]
    base = (seed % _SEEDS) * 10**12
    for block in range(-(-n // BLOCK)):
        draws = draw(seed, block, len(presses), finished)
        for at, d in enumerate(draws[: n - block * BLOCK], base + block * BLOCK):
            press = presses[d.market]
            yield press.market, press.order(at, d)
