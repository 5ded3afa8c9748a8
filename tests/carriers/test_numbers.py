"""Waybill numbers: spelling, check digits, ranges that end."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fahuo.carriers.numbers import check_digit, services_with_numbers, spell, take_numbers
from fahuo.store.engine import Store, Tx
from tests.support.shopfloor import Floor

HEADER = "carrier,service,prefix,first,last,width,suffix,check\n"


def test_known_check_digits() -> None:
    assert check_digit("47312482", "s10") == "9"  # UPU S10, annex: EE 47312482 9
    assert check_digit("7992739871", "mod10") == "3"  # Luhn's usual example
    assert check_digit("123", "none") == ""
    # The two special remainders of S10: 10 is written 0, 11 is written 5.
    assert {check_digit(f"{n:08d}", "s10") for n in range(200)} == set("0123456789")


def test_a_number_is_spelled_with_zeros_prefix_and_suffix() -> None:
    assert spell("FH", 42, 8, "none", "VN") == "FH00000042VN"
    assert spell("RR", 47312482, 8, "s10", "GB") == "RR473124829GB"


@given(st.integers(0, 10**8 - 1), st.integers(0, 7), st.integers(1, 9))
def test_s10_finds_every_single_wrong_digit(number: int, place: int, by: int) -> None:
    digits = f"{number:08d}"
    wrong = digits[:place] + str((int(digits[place]) + by) % 10) + digits[place + 1 :]
    pair = {check_digit(digits, "s10"), check_digit(wrong, "s10")}
    # Remainders 0 and 1 share no digit with each other, but 5 and 0 are also written for 11 and 10.
    assert len(pair) == 2 or pair <= {"0", "5"}


@given(st.text("0123456789", min_size=1, max_size=16), st.integers(0, 15), st.integers(1, 9))
def test_luhn_finds_every_single_wrong_digit(digits: str, place: int, by: int) -> None:
    place %= len(digits)
    wrong = digits[:place] + str((int(digits[place]) + by) % 10) + digits[place + 1 :]
    assert check_digit(digits, "mod10") != check_digit(wrong, "mod10")


@pytest.mark.data
def test_published_s10_numbers_pass(shared_data: Path) -> None:
    """Every S10 number the postal examples call valid; an invalid one may also be wrong in its country."""
    with gzip.open(shared_data / "data" / "tracking_numbers" / "cases.jsonl.gz", "rt") as lines:
        cases = [case for case in map(json.loads, lines) if case["checksum"] == "s10"]
    verdicts: dict[bool, list[bool]] = {True: [], False: []}
    for case in cases:
        match = re.fullmatch(r"[A-Z]{2}(\d{8})(\d)[A-Z]{2}", re.sub(r"\s", "", case["number"]))
        if match:
            verdicts[case["valid"]].append(check_digit(match[1], "s10") == match[2])
    assert verdicts[True]
    assert all(verdicts[True])
    assert not all(verdicts[False])


def service_of(store: Store) -> int:
    with store.read() as tx:
        return int(tx.rows("SELECT id FROM services WHERE seller_id = 1")[0][0])


def fresh(floor: Floor, rows: str) -> None:
    with floor.store.write() as tx:
        tx.execute("DELETE FROM number_ranges")
    assert floor.table("numbers", HEADER + rows).refused == []


def draw(floor: Floor, count: int) -> list[str]:
    service = service_of(floor.store)
    with floor.store.write() as tx:
        return take_numbers(tx, {service: count}).get(service, [])


def test_numbers_are_drawn_once_and_the_next_range_follows(floor: Floor) -> None:
    fresh(floor, "JT,STD,A,1,3,3,,none\nJT,STD,B,7,9,3,,none\n")
    assert draw(floor, 2) == ["A001", "A002"]
    assert draw(floor, 3) == ["A003", "B007", "B008"]
    assert draw(floor, 5) == ["B009"]
    assert draw(floor, 5) == []
    with floor.store.read() as tx:
        assert services_with_numbers(tx) == set()


def test_what_was_rolled_back_is_drawn_again(floor: Floor) -> None:
    fresh(floor, "JT,STD,A,1,9,3,,none\n")
    service = service_of(floor.store)

    def cut(tx: Tx) -> None:
        assert take_numbers(tx, {service: 2})[service] == ["A001", "A002"]
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"), floor.store.write() as tx:
        cut(tx)
    assert draw(floor, 1) == ["A001"]


def test_the_same_range_again_gives_nothing_twice_and_may_grow(floor: Floor) -> None:
    fresh(floor, "JT,STD,A,1,3,3,,none\n")
    assert draw(floor, 2) == ["A001", "A002"]
    assert floor.table("numbers", HEADER + "JT,STD,A,1,3,3,,none\n").refused == []
    assert floor.table("numbers", HEADER + "JT,STD,A,1,2,3,,none\n").refused == []  # a shorter end takes nothing back
    assert floor.table("numbers", HEADER + "JT,STD,A,1,5,3,,none\n").refused == []
    assert draw(floor, 9) == ["A003", "A004", "A005"]


def test_ranges_with_a_gap_do_not_give_the_numbers_between(floor: Floor) -> None:
    fresh(floor, "JT,STD,A,1,2,3,,none\nJT,STD,A,500,501,3,,none\n")
    assert draw(floor, 9) == ["A001", "A002", "A500", "A501"]


@pytest.mark.parametrize(
    "row",
    ["JT,STD,A,9,3,3,,none", "JT,STD,A,1,1000,3,,none", "JT,STD,A,1,3,9,,s10", "JT,STD,FH,5,200000,8,VN,none",
     "JT,STD,FH,99999,100001,8,VN,none", "JT,XX,A,1,3,3,,none", "JT,STD,A,x,3,3,,none"],
)  # fmt: skip
def test_a_wrong_range_is_refused(floor: Floor, row: str) -> None:
    """The last but two overlap the range FH00000001VN … FH00099999VN that is there."""
    report = floor.table("numbers", HEADER + row + "\n")
    assert len(report.refused) == 1
    assert report.refused[0].row == 2
    assert report.refused[0].problem.render("zh").message


def test_two_services_do_not_share_numbers(floor: Floor) -> None:
    floor.table("carriers", "carrier,service,destinations\nJT,STD,VN\nJT,EXP,VN\n")
    report = floor.table("numbers", HEADER + "JT,EXP,FH,10,20,8,VN,none\n")
    assert [r.problem.code for r in report.refused] == ["number_range"]
