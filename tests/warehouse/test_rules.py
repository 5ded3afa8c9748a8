"""What may happen at the bench, and how waves are cut."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fahuo.warehouse import model
from fahuo.warehouse.model import PACKAGE, Item, Parcel
from fahuo.warehouse.rules import count_scan, cut_waves, may_pack, missing


def parcel(**changes: Any) -> Parcel:
    values: dict[str, Any] = dict.fromkeys(Parcel._fields) | {"id": 1, "state": model.ARRANGED} | changes
    return Parcel(**values)


@pytest.mark.parametrize(
    ("changes", "held", "code"),
    [({}, False, None), ({"state": model.PLANNED}, False, "no_label_yet"), ({"packed_at": 5}, False, "already_packed"),
     ({"state": model.CANCELLED, "packed_at": 5}, True, "parcel_cancelled"), ({}, True, "order_held"),
     ({"state": model.IN_TRANSIT}, False, "no_label_yet")],
)  # fmt: skip
def test_only_what_is_arranged_and_free_may_be_packed(changes: dict[str, Any], held: bool, code: str | None) -> None:
    problem = may_pack(parcel(**changes), held)
    assert (problem.code if problem else None) == code
    assert problem is None or problem.render("zh").message != problem.render("en").message


ITEMS = [Item(1, 1, 1, 7, 2, 0), Item(1, 1, 2, 8, 1, 0), Item(1, 1, 3, 7, 1, 0)]


def test_scans_fill_the_lines_one_after_the_other() -> None:
    items, taken = list(ITEMS), []
    for sku in (7, 7, 7):
        place, problem = count_scan(items, sku, 1)
        assert problem is None
        taken.append(place)
        items[place] = items[place]._replace(scanned=items[place].scanned + 1)
    assert taken == [0, 0, 2]
    place, problem = count_scan(items, 7, 1)
    assert problem is not None
    assert (place, problem.code) == (-1, "too_many")
    place, problem = count_scan(items, 9, 1)
    assert problem is not None
    assert problem.code == "wrong_item"
    assert missing(items) == {8: 1}


@given(
    st.lists(st.tuples(st.tuples(st.integers(0, 2), st.integers(0, 2)), st.integers()), max_size=60), st.integers(1, 7)
)
def test_waves_hold_one_group_each_and_everybody_once(parcels: list[tuple[tuple[int, int], int]], size: int) -> None:
    numbered = [(group, i) for i, (group, _) in enumerate(parcels)]
    waves = cut_waves(numbered, size)
    assert sorted(i for wave in waves for i in wave) == list(range(len(parcels)))
    groups = [{numbered[i][0] for i in wave} for wave in waves]
    assert all(len(group) == 1 for group in groups)
    assert all(1 <= len(wave) <= size for wave in waves)
    firsts = [next(iter(group)) for group in groups]
    assert firsts == sorted(firsts)
    for group in set(firsts):
        assert sum(len(w) < size for w, g in zip(waves, firsts, strict=True) if g == group) <= 1


def test_a_parcel_can_be_scanned_by_the_carrier_before_we_hear_of_packing() -> None:
    assert PACKAGE.may(model.ARRANGED, model.IN_TRANSIT)
    assert not PACKAGE.may(model.DELIVERED, model.IN_TRANSIT)
    assert not PACKAGE.may(model.PLANNED, model.PACKED)
