"""Personal data: sealed, found by exact value, erased for good."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from fahuo.store import personal
from fahuo.store.engine import Store, Tx
from fahuo.store.personal import Person
from fahuo.store.tables import payloads, people

AN = Person(name="Nguyễn  Văn An", phone="0912 345 678", phone_e164="+84912345678", country="VN", lines=("12 Lê Lợi",))
MASKED = Person(name="N*** A*", phone="(+84)91****78", phone_e164="+84912345678", masked=True)


@pytest.fixture
def filled(store: Store) -> Store:
    with store.write() as tx:
        personal.seal_people(tx, [(1, AN), (2, Person(name="\uff21\uff4e Other", message="请快点")), (3, MASKED)])
        personal.seal_payloads(tx, [(1, "api", 5, b'{"name":"An"}'), (1, "file", 4, b"An,1")])
    return store


def raw(tx: Tx) -> bytes:
    cells = [cell for table in (people, payloads) for row in tx.rows(select(table)) for cell in row]
    return b"|".join(cell if isinstance(cell, bytes) else str(cell).encode() for cell in cells)


def test_people_come_back_as_they_were(filled: Store) -> None:
    with filled.read() as tx:
        assert personal.open_people(tx, [1, 2, 3, 9]) == {
            1: AN,
            2: Person(name="\uff21\uff4e Other", message="请快点"),
            3: MASKED,
        }
        assert personal.open_payloads(tx, 1) == [("file", 4, b"An,1"), ("api", 5, b'{"name":"An"}')]


def test_nothing_readable_is_in_the_tables(filled: Store) -> None:
    with filled.read() as tx:
        stored = raw(tx)
    for word in ("Nguy", "An", "912", "Lê Lợi", "请快点", "***"):
        assert word.encode() not in stored


def test_found_by_the_whole_name_and_phone_only(filled: Store) -> None:
    with filled.read() as tx:
        assert personal.find_by_name(tx, " nguyễn văn AN ") == [1]
        assert personal.find_by_name(tx, "an other") == [2]
        assert personal.find_by_name(tx, "Nguyễn") == []
        assert personal.find_by_name(tx, " ") == []
        assert personal.find_by_name(tx, "N*** A*") == []
        assert personal.find_by_phone(tx, "+84912345678") == [1]
        assert personal.find_by_phone(tx, "") == []


def test_nobody_is_found_before_there_is_anybody(store: Store) -> None:
    with store.read() as tx:
        assert personal.find_by_name(tx, "An") == []
        assert personal.open_people(tx, [1]) == {}


def test_sellers_do_not_see_each_other(filled: Store) -> None:
    with filled.write(seller_id=2) as tx:
        assert personal.open_people(tx, [1]) == {}
        assert personal.find_by_phone(tx, "+84912345678") == []
        assert personal.erase(tx, [1], "asked", 9) == 0
    with filled.read() as tx:
        assert personal.open_people(tx, [1]) == {1: AN}


def test_a_changed_address_replaces_the_person(filled: Store) -> None:
    moved = Person(name="Nguyễn Văn An", city="Huế")
    with filled.write() as tx:
        personal.seal_people(tx, [(1, moved), (4, AN)], replace=True)
        personal.seal_payloads(tx, [(1, "api", 8, b"new")], replace=True)
        assert personal.open_people(tx, [1, 4]) == {1: moved, 4: AN}
        assert personal.find_by_phone(tx, "+84912345678") == [4]
        assert personal.open_payloads(tx, 1) == [("file", 4, b"An,1"), ("api", 8, b"new")]


def test_erased_is_gone(filled: Store) -> None:
    with filled.write() as tx:
        assert personal.erase(tx, [1, 9], "the buyer asked", 100) == 1
        assert personal.erase(tx, [1], "again", 200) == 0
    with filled.read() as tx:
        assert personal.open_people(tx, [1, 3]) == {1: None, 3: MASKED}
        assert personal.find_by_name(tx, "Nguyễn Văn An") == []
        assert personal.open_payloads(tx, 1) == []
        kept = tx.rows(select(people).where(people.c.order_id == 1))
    assert kept == [(1, 1, None, None, None, 100, "the buyer asked")]


def test_fingerprints_tell_changes_and_sellers_apart(filled: Store) -> None:
    with filled.read() as tx:
        one = personal.fingerprint(tx.keys, AN)
        assert one == personal.fingerprint(tx.keys, AN)
        assert one != personal.fingerprint(tx.keys, MASKED)
    with filled.write(seller_id=2) as tx:
        assert personal.fingerprint(tx.keys, AN) != one


@given(st.text())
def test_normal_names_are_stable(name: str) -> None:
    normal = personal.normal_name(name)
    assert normal == normal.strip()
    assert personal.normal_name(f"  {normal}\t") == personal.normal_name(normal)
