"""Ids never repeat, whatever the clock, the threads and the processes do."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fahuo.kernel import ids
from fahuo.kernel.ids import EPOCH_MS, id_ms, new_id, new_ids

NOW_MS = EPOCH_MS + 63_072_000_000
CALLS = st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, NOW_MS * 2)), max_size=30)


@given(CALLS)
def test_ids_grow_whatever_the_clock_says(calls: list[tuple[int, int]]) -> None:
    source = ids._Source()
    last = 0
    for n, at_ms in calls:
        taken = source.take(n, at_ms)
        assert len(taken) == n
        if n:
            assert last < taken[0] <= taken[-1] < 2**63
            assert taken.step > 0
            last = taken[-1]


def test_threads_share_one_counter() -> None:
    with ThreadPoolExecutor(8) as pool:
        taken = [i for batch in pool.map(lambda _: list(new_ids(50)), range(400)) for i in batch]
    assert len(set(taken)) == 20_000


def test_ids_tell_their_time() -> None:
    source = ids._Source()
    taken = source.take(10_000, NOW_MS)
    assert id_ms(taken[0]) == NOW_MS
    assert id_ms(taken[-1]) - NOW_MS < 40, "a large batch borrows little"
    assert id_ms(source.take(1, NOW_MS + 1000)[0]) == NOW_MS + 1000


def test_a_batch_costs_no_list() -> None:
    assert isinstance(new_ids(10_000), range)
    assert len(new_ids(0)) == 0
    assert new_id() < new_id()


def test_a_forked_child_draws_its_own_worker_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    before = ids._source
    ids._renew()
    assert ids._source is not before
    monkeypatch.setattr(ids, "_source", before)


def test_processes_with_other_bits_never_meet() -> None:
    one, two = ids._Source(), ids._Source()
    one.worker, two.worker = 1, 2
    assert not set(one.take(5000, NOW_MS)) & set(two.take(5000, NOW_MS))


def test_fork_in_earnest() -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, str(ids._source.worker).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        assert 0 <= int(pipe.read()) < 2**14


def test_impossible_requests() -> None:
    with pytest.raises(ValueError, match="cannot make"):
        new_ids(-1)
    with pytest.raises(ValueError, match="no 64-bit id"):
        ids._Source().take(1, EPOCH_MS + 2**42)
