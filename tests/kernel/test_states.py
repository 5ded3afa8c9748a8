"""Tables of moves: what may follow what, how far along a state is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fahuo.kernel.states import Machine

DOOR = Machine(
    "Door",
    frozenset({"open"}),
    {
        "open": frozenset({"closed", "broken"}),
        "closed": frozenset({"open", "locked", "broken"}),
        "locked": frozenset({"sealed", "broken"}),
    },
)
WORDS = st.sampled_from("abcdefg")
MACHINES = st.dictionaries(WORDS, st.frozensets(WORDS, max_size=4), min_size=1).map(
    lambda moves: Machine("any", frozenset({next(iter(moves))}), moves)
)


def test_moves() -> None:
    assert DOOR.may("open", "closed")
    assert DOOR.may("open", "open")
    assert not DOOR.may("open", "locked")
    assert not DOOR.may("sealed", "open")
    assert DOOR.reachable("open", "sealed")
    assert not DOOR.reachable("locked", "open")
    assert DOOR.states == {"open", "closed", "locked", "sealed", "broken"}
    assert DOOR.final == {"sealed", "broken"}


def test_an_unknown_word_is_kept() -> None:
    assert DOOR.may("open", "ajar")
    assert DOOR.may("ajar", "locked")
    assert DOOR.rank("ajar") is None
    assert not DOOR.reachable("ajar", "open")
    assert DOOR.reachable("ajar", "ajar")


def test_ranks_go_forward() -> None:
    assert DOOR.rank("open") == DOOR.rank("closed") == 0, "they lead to each other"
    assert [DOOR.rank(s) for s in ("locked", "sealed", "broken")] == [1, 2, 2]


def test_the_table_for_people() -> None:
    assert DOOR.markdown().splitlines() == [
        "| Door: from | to |",
        "|---|---|",
        "| closed | open, locked, broken |",
        "| open (first) | closed, broken |",
        "| locked | broken, sealed |",
        "| broken | – |",
        "| sealed | – |",
    ]


@pytest.mark.parametrize("initial", [frozenset[str](), frozenset({"ajar"})])
def test_a_table_that_starts_nowhere(initial: frozenset[str]) -> None:
    with pytest.raises(ValueError, match="initial"):
        Machine("Door", initial, DOOR.moves)


@given(MACHINES, WORDS, WORDS, WORDS)
def test_reachable_is_the_closure_of_the_moves(machine: Machine, a: str, b: str, c: str) -> None:
    assert machine.reachable(a, a)
    if b in machine.moves.get(a, frozenset()):
        assert machine.reachable(a, b)
        assert machine.may(a, b)
    if machine.reachable(a, b) and machine.reachable(b, c):
        assert machine.reachable(a, c)
    if machine.reachable(a, b) and a != b:
        assert any(machine.reachable(step, b) for step in machine.moves[a])


@given(MACHINES, WORDS, WORDS)
def test_rank_follows_reachability(machine: Machine, a: str, b: str) -> None:
    one, two = machine.rank(a), machine.rank(b)
    assert (one is None) is (a not in machine.states)
    if one is not None and two is not None and machine.reachable(a, b):
        assert one == two if machine.reachable(b, a) else one < two
