"""Phone numbers: the fast path is the library, only faster."""

import csv
import gzip
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fahuo.orders.phones import INVALID, MISSING, Phone, _plan, parse_phone

COUNTRIES = sorted(phonenumbers.SUPPORTED_REGIONS)


def by_library(text: str, country: str) -> str | None:
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@pytest.mark.parametrize(
    ("text", "country", "e164"),
    [
        ("(+84)912345678", "VN", "+84912345678"),
        ("0912 345 678", "VN", "+84912345678"),
        ("0812345678", "TH", "+66812345678"),
        ("(+1) 213-555-0123", "US", "+12135550123"),
        ("07912 345678", "GB", "+447912345678"),
        ("+39 06 12345678", "IT", "+390612345678"),  # the Italian zero stays
        ("+4407912345678", "GB", "+447912345678"),  # a trunk zero after the code goes
        ("(+84)912345678", "TH", "+84912345678"),  # a foreign number in a Thai order
        ("(+55)11961234567", "BR", "+5511961234567"),
    ],
)
def test_number_becomes_e164(text: str, country: str, e164: str) -> None:
    assert parse_phone(text, country) == Phone(e164, False, None)


@pytest.mark.parametrize("text", ["(+66)*******12", "***", "+84 91* *** 678"])
def test_masked_number_is_a_state_and_no_fault(text: str) -> None:
    assert parse_phone(text, "TH") == Phone(None, True, None)


@pytest.mark.parametrize(("text", "problem"), [("", MISSING), ("  ", MISSING), ("12", INVALID), ("abc", INVALID)])
def test_what_is_no_number_has_a_problem(text: str, problem: str) -> None:
    assert parse_phone(text, "TH") == Phone(None, False, problem)


def test_unknown_country_still_reads_an_international_number() -> None:
    assert parse_phone("+84912345678", "").e164 == "+84912345678"
    assert parse_phone("0912345678", "").problem == INVALID


def test_markets_have_the_fast_path() -> None:
    markets = ("VN", "TH", "US", "GB", "PH", "MY", "SG", "ID", "JP", "DE", "FR", "IT", "ES", "IE", "MX", "BR")
    assert [m for m in markets if _plan(m) is None] == []


@st.composite
def numbers(draw: st.DrawFn) -> tuple[str, str]:
    country = draw(st.sampled_from(COUNTRIES))
    code = phonenumbers.country_code_for_region(country)
    start = draw(st.sampled_from(["", "0", "00", "1", f"+{code}", f"(+{code})", f"{code}", f"+{code}0", "011", "8"]))
    if draw(st.booleans()):
        example = phonenumbers.example_number(country)
        rest = phonenumbers.national_significant_number(example) if example else "123"
        at = draw(st.integers(0, len(rest)))
        rest = rest[:at] + draw(st.text("0123456789", max_size=2)) + rest[at + draw(st.integers(0, 2)) :]
    else:
        rest = draw(st.text("0123456789 -()+.x/;", max_size=16))
    return start + rest, country


@given(numbers())
def test_agrees_with_the_library_on_anything(case: tuple[str, str]) -> None:
    text, country = case
    assert parse_phone(text, country).e164 == by_library(text, country)


@pytest.mark.data
def test_agrees_with_the_library_on_its_own_examples(shared_data: Path) -> None:
    with gzip.open(shared_data / "data/phones/examples.csv.gz", "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 500
    for row in rows:
        code, number, country = row["country_code"], row["national_number"], row["region"]
        for text in (f"+{code}{number}", f"(+{code}){number}", number, f"0{number}", f"{code}{number}"):
            assert parse_phone(text, country).e164 == by_library(text, country), (text, country)
