"""All chance of a block of orders, drawn at once: the same seed gives the same orders, however many are asked for."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from fahuo.generate.articles import articles

BLOCK: Final = 2_048
MOST_LINES: Final = 4

STATES: Final = (
    "AWAITING_SHIPMENT", "ON_HOLD", "UNPAID", "AWAITING_COLLECTION", "IN_TRANSIT", "DELIVERED", "COMPLETED",
    "CANCELLED",
)  # fmt: skip
_OPEN: Final = (0.91, 0.03, 0.03, 0.03)
_FINISHED: Final = (0.35, 0.30, 0.20, 0.15)


class Draw(NamedTuple):
    """What chance decided for one order: whole numbers to be used modulo something, and shares of 1."""

    market: int
    state: int
    age: float
    ship: float
    cod: float
    kind: float
    flag: float
    name: int
    place: int
    street: int
    phone: int
    number: int
    fee: int
    lines: int
    skus: list[int]
    counts: list[int]
    prices: list[int]
    user: int


def draw(seed: int, block: int, markets: int, finished: float) -> list[Draw]:
    """The `block`-th run of BLOCK draws. `finished` is the share of orders already on their way or closed."""
    rng = np.random.default_rng([seed, block])
    shares = np.array([*(s * (1 - finished) for s in _OPEN), *(s * finished for s in _FINISHED)])
    popularity = np.cumsum([a.popularity for a in articles()])
    bounds = np.cumsum(shares)[:-1]

    def whole(limit: int) -> list[int]:
        found: list[int] = rng.integers(0, limit, BLOCK).tolist()
        return found

    def share() -> list[float]:
        found: list[float] = rng.random(BLOCK).tolist()
        return found

    columns = (
        whole(markets),
        np.searchsorted(bounds, rng.random(BLOCK), side="right").tolist(),
        share(), share(), share(), share(), share(),
        whole(1 << 30), whole(1 << 30), whole(1 << 30), whole(10**8), whole(240), whole(1 << 30),
        (np.searchsorted((0.62, 0.88, 0.97), rng.random(BLOCK)) + 1).tolist(),
        np.minimum(np.searchsorted(popularity, rng.random((BLOCK, MOST_LINES))), len(popularity) - 1).tolist(),
        (np.searchsorted((0.86, 0.97), rng.random((BLOCK, MOST_LINES))) + 1).tolist(),
        rng.integers(0, 4, (BLOCK, MOST_LINES)).tolist(),
        whole(10**9),
    )  # fmt: skip
    return [Draw(*row) for row in zip(*columns, strict=True)]
