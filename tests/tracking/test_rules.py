"""What events say about a parcel: the order they come in, and repetition, do not matter."""

from hypothesis import given
from hypothesis import strategies as st

from fahuo.tracking.model import DELIVERED, EXCEPTION, FIRST_SCAN, IN_TRANSIT, KINDS, WORDS, EventIn
from fahuo.tracking.rules import Seen, fold

NOTHING = Seen(None, None)


def event(kind: str, at: int) -> EventIn:
    return EventIn(number="N", kind=kind, at=at)


def test_the_earliest_movement_is_the_first_scan() -> None:
    assert fold([event(IN_TRANSIT, 20), event(FIRST_SCAN, 10)], NOTHING) == Seen(10, None)
    assert fold([event(DELIVERED, 30)], NOTHING) == Seen(30, 30)
    assert fold([event(EXCEPTION, 5), event("customs", 6)], NOTHING) == NOTHING


_EVENTS = st.lists(st.builds(event, st.sampled_from([*KINDS, "other"]), st.integers(0, 50)), max_size=8)


@given(_EVENTS, st.randoms(use_true_random=False))
def test_order_and_repetition_do_not_matter(events: list[EventIn], rng: object) -> None:
    shuffled = events * 2
    rng.shuffle(shuffled)  # type: ignore[attr-defined]  # a random.Random
    assert fold(shuffled, NOTHING) == fold(events, NOTHING)
    half = len(shuffled) // 2
    assert fold(shuffled[half:], fold(shuffled[:half], NOTHING)) == fold(events, NOTHING)


def test_the_words_lead_to_kinds_there_are() -> None:
    assert set(WORDS.values()) == set(KINDS)
    assert all(word == word.casefold() for word in WORDS)
