"""How many units a shop may offer, and when that is worth telling the platform. Pure.

One stock serves every shop: each shows what nobody has reserved, less a safety buffer that covers the orders which
come in elsewhere before the next push.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

MOST: Final = 99_999
"""The platform takes 0 to 99,999 [A, reference 3.5]."""
LOW: Final = 10
"""Down here every change is told at once: the last units are where overselling happens."""
QUIET_S: Final = 900
"""Above it, so long a figure may stand before it is told again: every push costs a call of the shop's budget."""
PLENTY: Final = 100
"""From here on a change of less than a tenth hides nothing from anybody: it waits for the daily round."""
ROUND_S: Final = 86_400
LOST_S: Final = 3_600
"""A push nobody has answered for that long no longer keeps the next one back."""


class Offer(NamedTuple):
    """A SKU of a shop at one of the platform's warehouses, as kept."""

    shop_id: int
    platform_sku_id: str
    warehouse_ref: str
    product_id: str
    seller_sku: str
    state: str
    sku_id: int | None
    shown: int | None
    told_at: int | None
    asked: int | None
    asked_at: int | None
    empty_at: int | None
    stopped: bool
    problem: str


class Stock(NamedTuple):
    """What is free. `pool`: by SKU, reserved by nobody; `shelves`: by (warehouse, SKU), placed for nobody."""

    pool: Mapping[int, int]
    shelves: Mapping[tuple[int, int], int]
    buffers: Mapping[int, int]
    parts: Mapping[int, Sequence[tuple[int, int]]]
    """SKU → (part, units) it takes from the shelf; one of itself when it is no bundle."""


def units(sku: int, warehouse: int, stock: Stock) -> int:
    """Units of a SKU that may be offered from a warehouse: as many as its scarcest part makes, 0 to `MOST`."""
    left = MOST
    for part, each in stock.parts[sku]:
        free = min(stock.pool.get(part, 0), stock.shelves.get((warehouse, part), 0)) - stock.buffers.get(part, 0)
        left = min(left, free // each)
    return max(0, left - stock.buffers.get(sku, 0) if len(stock.parts[sku]) > 1 else left)


def worth_telling(offer: Offer, wanted: int, now: int) -> bool:
    """Whether the platform should hear of it now. A push on its way is waited for."""
    if offer.asked_at is not None and now - offer.asked_at < LOST_S:
        return False
    if wanted == offer.shown:
        return False
    if offer.shown is None or wanted == 0 or offer.shown == 0 or wanted <= LOW:
        return True
    small = min(wanted, offer.shown) >= PLENTY and abs(wanted - offer.shown) * 10 < offer.shown
    return offer.told_at is None or now - offer.told_at >= (ROUND_S if small else QUIET_S)


def to_stop(offers: Sequence[Offer], after_s: int | None, now: int) -> bool:
    """Whether a product is to be taken off sale: on sale, and nothing of it offered for so long (None: never).

    It is asked for once: a product that the platform keeps on sale, or the seller puts back, is left alone.
    """
    if after_s is None or not offers or any(one.state != "ACTIVATE" or one.stopped for one in offers):
        return False
    return all(one.shown == 0 and one.empty_at is not None and now - one.empty_at >= after_s for one in offers)


def to_resume(offers: Sequence[Offer]) -> bool:
    """Whether a product we took off sale has units again."""
    return any(one.stopped for one in offers) and any((one.shown or 0) > 0 for one in offers)
