"""How parcels become the platform's packages: decided without a database, for any cut of an order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fahuo.flow.regroup import Units, decide
from fahuo.tracking.texts import kind_of
from fahuo.warehouse.model import Parcel


def parcel(
    id_: int, ref: str = "", origin: str = "platform", packed: int | None = None, label: int | None = 1
) -> Parcel:
    number = f"N{id_}" if label else ""
    return Parcel(
        id_, 1, 1, "packed" if packed else "arranged", 1, 1, 0, "", number, "platform", label, 5, packed, None, None,
        None, None, 100, ref, "", None,
    )  # fmt: skip


def test_an_order_that_stands_as_it_should_is_left_alone() -> None:
    assert decide(1, [parcel(1, "A")], {1: {(1, 9): 2}}, {"A": {(1, 9): 2}}) is None


def test_the_first_package_is_the_parcels_name_and_its_label_stays() -> None:
    cut = decide(1, [parcel(1)], {1: {(1, 9): 2}}, {"A": {(1, 9): 2}})
    assert cut is not None
    assert [(p.platform_ref, p.label_id, p.state) for p in cut.kept] == [("A", 1, "arranged")]
    assert (cut.fresh, cut.gone, cut.anew, cut.items) == ([], [], frozenset(), {})


def test_a_split_keeps_one_parcel_and_makes_one() -> None:
    cut = decide(1, [parcel(1, "A")], {1: {(1, 9): 2, (2, 8): 1}}, {"B": {(1, 9): 2}, "C": {(2, 8): 1}})
    assert cut is not None
    (kept,), (fresh,) = cut.kept, cut.fresh
    assert {kept.platform_ref, fresh.platform_ref} == {"B", "C"}
    assert (kept.label_id, kept.state, kept.tracking_number) == (None, "planned", ""), "its label is void"
    assert cut.anew == {1}
    assert kept.weight_g + fresh.weight_g == 99


def test_what_is_packed_is_not_touched() -> None:
    cut = decide(1, [parcel(1, "A", packed=7)], {1: {(1, 9): 2}}, {"B": {(1, 9): 1}, "C": {(2, 9): 1}})
    assert cut is not None
    assert cut.stuck
    same = decide(1, [parcel(1, "A", packed=7)], {1: {(1, 9): 2}}, {"A": {(3, 9): 2}})
    assert same is None, "the same units under another line"


def test_parcels_that_the_platform_put_together_become_one() -> None:
    cut = decide(1, [parcel(1, "A"), parcel(2, "B")], {1: {(1, 9): 1}, 2: {(2, 9): 1}}, {"A": {(1, 9): 1, (2, 9): 1}})
    assert cut is not None
    assert [p.id for p in cut.gone] == [2]
    assert cut.items == {1: {(1, 9): 1, (2, 9): 1}}


@given(
    st.lists(st.sampled_from(["", "A", "B", "C"]), min_size=1, max_size=6),
    st.lists(st.sampled_from(["", "A", "B", "D"]), min_size=1, max_size=3, unique=True),
)
def test_no_unit_is_lost_and_none_is_sent_twice(refs: list[str], names: list[str]) -> None:
    want: dict[str, Units] = {}
    for line, ref in enumerate(refs, 1):
        want.setdefault(ref, {})[line, 9] = 1
    alive = [parcel(i, ref) for i, ref in enumerate(names, 1)]
    have: dict[int, Units] = {p.id: {} for p in alive}
    have[1] = {(line, 9): 1 for line in range(1, len(refs) + 1)}
    cut = decide(1, alive, have, want)
    after = dict(have)
    if cut is not None:
        after = {id_: units for id_, units in (have | cut.items).items() if id_ not in {p.id for p in cut.gone}}
    held = [key for units in after.values() for key in units]
    assert sorted(held) == sorted((line, 9) for line in range(1, len(refs) + 1))
    if cut is not None:
        again = [p for p in alive if p.id not in {one.id for one in (*cut.kept, *cut.gone)}] + cut.kept + cut.fresh
        assert decide(1, again, after, want) is None, "doing it twice changes nothing"


def test_carriers_words_in_the_languages_of_the_markets() -> None:
    told = {
        "Parcel has been picked up by the carrier": "first_scan",
        "Parcel has been accepted by the sorting warehouse": "sorting_in",
        "Parcel was refused by the sorting warehouse and goes back to the seller": "sorting_refused",
        "The sorting warehouse has printed a new label; the fee is charged to the seller": "relabelled",
        "Parcel is out for delivery": "in_transit",
        "Parcel has been delivered": "delivered",
        "Delivery attempt failed: the recipient was not available": "exception",
        "Parcel has been returned to the sender": "returned",
        "Giao hàng thành công": "delivered",
        "快件已揽收": "first_scan",
        "Something nobody has heard of": "Something nobody has heard of",
    }
    assert {text: kind_of(text) for text in told} == told
