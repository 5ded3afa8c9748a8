"""Cartons: what is said to fit does fit, and the volume heuristic is measured on the published loading problems."""

from __future__ import annotations

import gzip
import json
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fahuo.planning import cartons as module
from fahuo.planning.cartons import by_size, choose, pack
from fahuo.planning.model import Items
from tests.planning.networks import carton

Lines = list[tuple[int, int, int]]


def items(lines: Lines, sizes: list[tuple[int, int, int]]) -> Items:
    order, sku, quantity = np.array(lines, dtype=np.int64).T
    return Items(order, sku, quantity, np.array(sizes, dtype=np.int64))


def test_the_smallest_carton_that_holds_is_taken() -> None:
    boxes = by_size([carton(1, (400, 300, 200)), carton(2, (200, 150, 100)), carton(3, (300, 200, 150))])
    assert [box.id for box in boxes] == [2, 3, 1]
    found = items([(0, 0, 1), (1, 0, 8), (2, 0, 24)], [(100, 75, 50)])
    index, outer, notes = choose(found, 3, np.full(3, 500), boxes)
    assert [boxes[i].id for i in index] == [2, 2, 3]
    assert outer[2].tolist() == [300, 200, 150]
    assert notes == ["", "", ""]


def test_rotation_is_used() -> None:
    index, _, _ = choose(items([(0, 0, 2)], [(10, 90, 200)]), 1, np.array([1]), [carton(1, (90, 20, 200))])
    assert index.tolist() == [0]


def test_volume_alone_never_decides() -> None:
    index, outer, notes = choose(items([(0, 0, 1)], [(310, 1, 1)]), 1, np.array([1]), [carton(1, (300, 200, 150))])
    assert (index.tolist(), notes) == ([-1], ["own_packaging"])
    assert outer.tolist() == [[310, 1, 1]]


def test_a_carton_holds_only_its_weight() -> None:
    boxes = [carton(1, max_weight_g=499), carton(2, (301, 201, 151))]
    assert choose(items([(0, 0, 1)], [(10, 10, 10)]), 1, np.array([500]), boxes)[0].tolist() == [1]


def test_several_items_without_a_carton_go_to_the_packer() -> None:
    index, outer, notes = choose(items([(0, 0, 3)], [(400, 300, 200)]), 1, np.array([1]), [carton()])
    assert (index.tolist(), notes) == ([-1], ["no_carton_fits"])
    assert outer[0].max() >= 400
    assert outer[0].prod() >= 3 * 400 * 300 * 200


def test_an_unknown_size_chooses_no_carton() -> None:
    found = items([(0, 0, 1), (0, 1, 1), (1, 0, 1)], [(10, 10, 10), (10, 0, 10)])
    index, outer, notes = choose(found, 2, np.array([1, 1]), [carton()])
    assert (index.tolist(), notes) == ([-1, 0], ["size_unknown", ""])
    assert outer[0].tolist() == [0, 0, 0]


def test_no_cartons_at_all() -> None:
    index, _, notes = choose(items([(0, 0, 1), (1, 0, 2)], [(10, 10, 10)]), 2, np.array([1, 1]), [])
    assert (index.tolist(), notes) == ([-1, -1], ["own_packaging", "no_carton_fits"])


def test_blocks_find_room_that_layers_do_not() -> None:
    # an L of two bars and a cube beside them: no stack along one axis holds it
    sizes = [(60, 60, 100), (40, 100, 100), (60, 40, 100)]
    found = items([(0, 0, 1), (0, 1, 1), (0, 2, 1)], sizes)
    assert not module._layered(found, 1, [carton(1, (100, 100, 100))]).any()
    assert sum(pack((100, 100, 100), sizes, [1, 1, 1])) == 3


@st.composite
def loads(draw: st.DrawFn) -> tuple[tuple[int, int, int], list[tuple[int, int, int]], list[int]]:
    side = st.integers(1, 12)
    box = draw(st.tuples(side, side, side))
    sizes = draw(st.lists(st.tuples(side, side, side), min_size=1, max_size=4))
    return box, sizes, [draw(st.integers(1, 5)) for _ in sizes]


@given(loads())
@settings(deadline=None)
def test_what_is_packed_has_the_room(load: tuple[tuple[int, int, int], list[tuple[int, int, int]], list[int]]) -> None:
    box, sizes, quantities = load
    placed = pack(box, sizes, quantities)
    assert all(0 <= n <= q for n, q in zip(placed, quantities, strict=True))
    assert sum(n * a * b * c for n, (a, b, c) in zip(placed, sizes, strict=True)) <= box[0] * box[1] * box[2]
    for n, size in zip(placed, sizes, strict=True):
        if any(all(s <= b for s, b in zip(turn, box, strict=True)) for turn in permutations(size)) and sum(placed) == 0:
            pytest.fail(f"{size} fits an empty box and was not placed ({n})")


@given(st.tuples(*[st.integers(1, 40)] * 3), st.tuples(*[st.integers(1, 40)] * 3))
def test_one_unit_fits_exactly_when_its_sorted_sides_do(size: tuple[int, int, int], box: tuple[int, int, int]) -> None:
    index, _, _ = choose(items([(0, 0, 1)], [size]), 1, np.array([1]), [carton(1, box)])
    assert (index[0] == 0) == all(a <= b for a, b in zip(sorted(size), sorted(box), strict=True))


@given(st.integers(0, 4), st.integers(0, 4))
def test_three_cuts_share_the_space(x: int, y: int) -> None:
    space, used = (5, 6, 7), (x + 1, y + 1, 3)
    rest = module._cut(space, used)
    assert sum(a * b * c for a, b, c in rest) == 5 * 6 * 7 - (x + 1) * (y + 1) * 3


@pytest.mark.data
def test_share_of_volume_packed_on_the_published_problems(shared_data: Path) -> None:
    """Bischoff and Ratcliff 1995, every rotation allowed: 89.2 % of the container on average when written."""
    shares = []
    with gzip.open(shared_data / "data/cartonization/br_container_loading.jsonl.gz", "rt") as lines:
        for line in lines:
            problem = json.loads(line)
            a, b, c = problem["container_cm"]
            sizes = [tuple(box["size_cm"]) for box in problem["boxes"]]
            placed = pack((a, b, c), sizes, [box["quantity"] for box in problem["boxes"]])
            shares.append(sum(n * x * y * z for n, (x, y, z) in zip(placed, sizes, strict=True)) / (a * b * c))
    assert len(shares) == 350
    assert sum(shares) / len(shares) > 0.885
    assert min(shares) > 0.80
