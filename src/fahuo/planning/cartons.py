"""Which carton holds an order's items. Every answer "it fits" is a packing that exists, never volume alone.

Two tests, a fast one for all and a thorough one for the few:

* layers: lay each SKU in layers of one rotation, stack the layers along one axis. Pure arrays over all orders.
* blocks: fill the space corner by corner with the largest block of equal items, cutting what is left into three
  spaces. Only for mixed orders whose volume would fit a smaller carton than the layers found.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import compress, permutations
from typing import Final

import numpy as np

from fahuo.planning.model import (
    CARTON_NONE,
    CARTON_OK,
    CARTON_OWN,
    CARTON_UNKNOWN_SIZE,
    Bools,
    Carton,
    Ints,
    Items,
)

FILL: Final = 0.90
"""Share of a carton that mixed items can be expected to fill; above it the thorough test is not tried."""

_THOROUGH: Final = 200
"""Different contents the thorough test is tried on in one plan, the most frequent first: it costs time."""

_HUGE: Final = np.int64(10**9)
Size = tuple[int, int, int]


def by_size(cartons: Sequence[Carton]) -> list[Carton]:
    """Smallest first: a smaller parcel is cheaper to fill and to send; equal volumes by price, then by code."""
    return sorted(cartons, key=lambda c: (c.length_mm * c.width_mm * c.height_mm, c.cost, c.code))


def choose(items: Items, orders: int, weight_g: Ints, cartons: Sequence[Carton]) -> tuple[Ints, Ints, list[str]]:
    """For each order: index into `cartons` (in the order given; -1 none), outer size (n, 3) in mm, and the note.

    An order of a single unit that no carton holds goes in its own packaging; sizes that are not known choose none.
    """
    sizes = items.size_mm[items.sku]
    known = np.ones(orders, dtype=np.bool_)
    known[items.order[(sizes <= 0).any(axis=1)]] = False
    units = np.bincount(items.order, weights=items.quantity, minlength=orders).astype(np.int64)
    known &= units > 0
    index = np.full(orders, -1, dtype=np.int64)
    if cartons:
        limits = np.array([c.max_weight_g if c.max_weight_g > 0 else _HUGE for c in cartons], dtype=np.int64)
        may = (weight_g[:, None] <= limits) & known[:, None]
        fits = _layered(items, orders, cartons) & may
        _thorough(items, orders, cartons, fits, may)
        index = np.where(fits.any(axis=1), fits.argmax(axis=1), -1).astype(np.int64)
    cases = [index >= 0, ~known, units == 1]
    notes = np.select(cases, [CARTON_OK, CARTON_UNKNOWN_SIZE, CARTON_OWN], default=CARTON_NONE).tolist()
    return index, _outer(items, orders, cartons, index, known, units), notes


def _outer(items: Items, orders: int, cartons: Sequence[Carton], index: Ints, known: Bools, units: Ints) -> Ints:
    """The carton's size; without one the single unit's own, or a box of the volume as long as the longest side."""
    outer = np.zeros((orders, 3), dtype=np.int64)
    if cartons:
        table = np.array([(c.length_mm, c.width_mm, c.height_mm) for c in cartons], dtype=np.int64)
        outer[index >= 0] = table[index[index >= 0]]
    bare = (index < 0) & known
    rows = np.flatnonzero(bare[items.order])
    if len(rows):
        size = np.sort(items.size_mm[items.sku[rows]], axis=1)[:, ::-1]
        volume = np.zeros(orders)
        np.add.at(volume, items.order[rows], size.prod(axis=1) * items.quantity[rows] / FILL)
        longest = np.zeros(orders, dtype=np.int64)
        np.maximum.at(longest, items.order[rows], size[:, 0])
        cube = np.ceil(np.cbrt(volume)).astype(np.int64)
        length = np.maximum(longest, cube)
        side = np.ceil(np.sqrt(volume / np.maximum(length, 1))).astype(np.int64)
        outer[bare] = np.stack([length, side, side], axis=1)[bare]
        alone = units[items.order[rows]] == 1
        outer[items.order[rows[alone]]] = size[alone]
    return outer


def _layered(items: Items, orders: int, cartons: Sequence[Carton]) -> Bools:
    """Whether the layers of all SKUs of an order stack up inside each carton, along any of its three axes."""
    key = items.sku * (1 << 20) + np.minimum(items.quantity, (1 << 20) - 1)
    pairs, inverse = np.unique(key, return_inverse=True)
    boxes = np.array([_box(carton) for carton in cartons], dtype=np.int64)
    height = _stack_height(items.size_mm[pairs >> 20], pairs & ((1 << 20) - 1), boxes)
    fits = np.zeros((orders, len(cartons)), dtype=np.bool_)
    by_order = np.argsort(items.order, kind="stable")
    present, starts = np.unique(items.order[by_order], return_index=True)
    if not len(present):
        return fits
    for column, box in enumerate(boxes):
        total = np.add.reduceat(height[column][:, inverse[by_order]], starts, axis=1)
        fits[present, column] = (total <= box[:, None]).any(axis=0)
    return fits


def _box(carton: Carton) -> Size:
    return carton.length_mm, carton.width_mm, carton.height_mm


def _stack_height(size: Ints, quantity: Ints, boxes: Ints) -> Ints:
    """Least height of `quantity` items laid in layers of one rotation: (boxes, 3, items), along each axis of each box.

    The floor of a layer are the two other sides.
    """
    side = np.maximum(size, 1).T
    often = boxes[:, :, None, None] // side  # (boxes, side of the box, side of the item, items)
    best = np.full((len(boxes), 3, len(size)), _HUGE, dtype=np.int64)
    for a, b, c in permutations(range(3)):
        layer = often[:, [1, 0, 0], a] * often[:, [2, 2, 1], b]
        layers = -(-quantity // np.maximum(layer, 1))
        np.minimum(best, np.where(layer > 0, layers * side[c], _HUGE), out=best)
    return best


def _thorough(items: Items, orders: int, cartons: Sequence[Carton], fits: Bools, may: Bools) -> None:
    """Try blocks on the cartons below the one the layers found, for mixed orders that fill at most FILL of them."""
    boxes = [_box(carton) for carton in cartons]
    volumes = np.array([a * b * c for a, b, c in boxes], dtype=np.float64)
    volume = items.size_mm[items.sku].prod(axis=1) * items.quantity
    content = np.bincount(items.order, weights=volume, minlength=orders)
    lines = np.bincount(items.order, minlength=orders)
    possible = may & ~fits & (content[:, None] <= FILL * volumes) & (lines[:, None] > 1)
    possible &= ~np.logical_or.accumulate(fits, axis=1)  # only smaller cartons than the one found
    wanted = _commonest(items, np.flatnonzero(possible.any(axis=1)), orders)
    if not len(wanted):
        return
    sizes = [(a, b, c) for a, b, c in items.size_mm.tolist()]
    contents = _contents(items, wanted)
    for order, tried in zip(wanted.tolist(), possible[wanted].tolist(), strict=True):
        inside = tuple([(sizes[sku], quantity) for sku, quantity in contents[order]])
        first = _first_that_holds(tuple(compress(boxes, tried)), inside)
        if first >= 0:
            fits[order, np.flatnonzero(tried)[first]] = True


@lru_cache(maxsize=65_536)
def _first_that_holds(boxes: tuple[Size, ...], inside: tuple[tuple[Size, int], ...]) -> int:
    """Index of the first box the block heuristic gets everything (size, quantity) into, -1: none.

    The same contents come again and again, so it is remembered.
    """
    sizes, quantities = zip(*inside, strict=True)
    units = sum(quantities)
    return next((index for index, box in enumerate(boxes) if sum(pack(box, sizes, quantities)) == units), -1)


def _commonest(items: Items, wanted: Ints, orders: int) -> Ints:
    """Those of the wanted orders whose content is among the most frequent; a hash finds them, nothing rests on it."""
    mixed = (items.sku * 0x9E3779B1 + items.quantity) * 0x85EBCA77
    mixed = (mixed ^ mixed >> 29) * 0x27D4EB2F % (1 << 50)  # the shift keeps equal sums of SKUs apart
    content = np.bincount(items.order, weights=mixed, minlength=orders)[wanted]
    _, inverse, count = np.unique(content, return_inverse=True, return_counts=True)
    common = np.zeros(len(count), dtype=np.bool_)
    common[np.argsort(-count, kind="stable")[:_THOROUGH]] = True
    return wanted[common[inverse]]


def _contents(items: Items, wanted: Ints) -> dict[int, list[tuple[int, int]]]:
    """The (SKU, quantity) pairs of each wanted order, sorted: orders of equal content are tested once."""
    flag = np.zeros(int(items.order.max()) + 1, dtype=np.bool_)
    flag[wanted] = True
    rows = np.flatnonzero(flag[items.order])
    found: dict[int, list[tuple[int, int]]] = {}
    for order, sku, quantity in zip(
        items.order[rows].tolist(), items.sku[rows].tolist(), items.quantity[rows].tolist(), strict=True
    ):
        found.setdefault(order, []).append((sku, quantity))
    for pairs in found.values():
        pairs.sort()
    return found


def pack(box: Size, sizes: Sequence[Size], quantities: Sequence[int]) -> list[int]:
    """How many of each item the block heuristic places in the box; every rotation is allowed.

    Of the six ways to turn the box, the one that packs most volume (the first that packs everything).
    """
    turns = [sorted({(s[i], s[j], s[k]) for i, j, k in permutations(range(3))}) for s in sizes]
    best, most = [0] * len(sizes), -1
    for i, j, k in permutations(range(3)):
        placed = _fill((box[i], box[j], box[k]), turns, quantities)
        volume = sum(n * a * b * c for n, (a, b, c) in zip(placed, sizes, strict=True))
        if volume > most:
            best, most = placed, volume
        if best == list(quantities):
            break
    return best


def _fill(box: Size, turns: Sequence[Sequence[Size]], quantities: Sequence[int]) -> list[int]:
    left = list(quantities)
    spaces: list[Size] = [box]
    while spaces and any(left):
        space = spaces.pop()
        block = _block(space, turns, left)
        if block is None:
            continue
        item, count, used = block
        left[item] -= count
        spaces.extend(_cut(space, used))
    return [quantity - rest for quantity, rest in zip(quantities, left, strict=True)]


def _block(space: Size, turns: Sequence[Sequence[Size]], left: Sequence[int]) -> tuple[int, int, Size] | None:
    """The block of equal items that fills most of the space: (item, how many, size), or None."""
    length, width, height = space
    best: tuple[int, int, Size] | None = None
    most = 0
    for item, rest in enumerate(left):
        if not rest:
            continue
        for a, b, c in turns[item]:
            if a > length or b > width or c > height:
                continue
            deep = min(length // a, rest)
            wide = min(width // b, rest // deep)
            high = min(height // c, rest // (deep * wide))
            count = deep * wide * high
            if count * a * b * c > most:
                most = count * a * b * c
                best = (item, count, (deep * a, wide * b, high * c))
    return best


def _cut(space: Size, used: Size) -> list[Size]:
    """The three spaces left beside a block in the corner, cut so that the largest is as large as can be; it is last."""
    (x, y, z), (a, b, c) = space, used
    rests = [
        [(x - a, y, z), (a, y - b, z), (a, b, z - c)],
        [(x - a, y, z), (a, y - b, c), (a, y, z - c)],
        [(x - a, b, z), (x, y - b, z), (a, b, z - c)],
        [(x - a, b, c), (x, y - b, z), (x, b, z - c)],
        [(x - a, y, c), (a, y - b, c), (x, y, z - c)],
        [(x - a, b, c), (x, y - b, c), (x, y, z - c)],
    ]
    best = max(rests, key=lambda three: max(p * q * r for p, q, r in three))
    return sorted((s for s in best if min(s) > 0), key=lambda s: s[0] * s[1] * s[2])
