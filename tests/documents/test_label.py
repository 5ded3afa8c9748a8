"""What a label must hold before it is printed."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fahuo.documents import barcode
from fahuo.documents.label import Label, Party, check, clean, cleaned, numbered_labels, read_labels_jsonl
from fahuo.kernel.problems import Problem
from tests.documents.samples import RECIPIENTS, label


def codes(one: Label) -> set[tuple[str, str | None]]:
    return {(problem.code, problem.field) for problem in check(one)}


@pytest.mark.parametrize("script", RECIPIENTS)
def test_a_complete_label_has_no_problem(script: str) -> None:
    assert check(label(script)) == []


@pytest.mark.parametrize("field", ["name", "lines", "country", "phone", "postal_code"])
def test_what_is_missing_is_named(field: str) -> None:
    who = msgspec.structs.replace(RECIPIENTS["latin"], **{field: () if field == "lines" else ""})
    assert codes(label(recipient=who)) == {("label.field_missing", f"recipient.{field}")}


def test_a_country_without_compulsory_codes_needs_none() -> None:
    assert check(label("thai", recipient=msgspec.structs.replace(RECIPIENTS["thai"], postal_code=""))) == []


def test_order_number_and_seller_are_needed() -> None:
    assert codes(label(order_number="", seller=Party())) == {
        ("label.field_missing", "order_number"),
        ("label.field_missing", "seller.name"),
        ("label.field_missing", "seller.lines"),
    }


@pytest.mark.parametrize("waybill", ["运单123", "JT\n1", " JT1", "JT1 ", "JT\u00a01", "é", "A\x7f"])
def test_a_waybill_that_code_128_cannot_hold_is_refused(waybill: str) -> None:
    assert codes(label(waybill=waybill)) == {("label.barcode_text", "waybill")}


def test_a_waybill_too_long_to_be_read_is_refused() -> None:
    assert check(label(waybill="A" * 28)) == []
    assert codes(label(waybill="A" * 40)) == {("label.barcode_too_long", "waybill")}
    assert codes(label(waybill="A" * 5000)) == {("label.barcode_too_long", "waybill")}
    assert check(label(waybill="1" * 50)) == [], "digits pack two to a symbol"


def test_an_address_of_ten_thousand_characters_is_refused_by_name() -> None:
    who = msgspec.structs.replace(RECIPIENTS["latin"], lines=("x " * 5000,))
    assert codes(label(recipient=who)) == {("label.text_too_long", "recipient.lines")}


def test_a_wrong_country_is_refused() -> None:
    who = msgspec.structs.replace(RECIPIENTS["thai"], country="Thailand")
    assert codes(label(recipient=who)) == {("label.country", "recipient.country")}


def test_what_no_printer_should_print_is_left_out_and_told() -> None:
    who = msgspec.structs.replace(RECIPIENTS["latin"], name="Anna\u202e Smith 😀🎉", lines=("1\tHigh\x00 St", "  "))
    good, notices = cleaned(label(recipient=who))
    assert good.recipient.name == "Anna Smith"
    assert good.recipient.lines == ("1 High St",)
    assert {(n.code, n.field) for n in notices} == {
        ("label.emoji_removed", "recipient.name"),
        ("label.direction_removed", "recipient.name"),
    }


def test_a_name_of_nothing_but_emoji_counts_as_missing() -> None:
    good, _ = cleaned(label(recipient=msgspec.structs.replace(RECIPIENTS["latin"], name="😀")))
    assert codes(good) == {("label.field_missing", "recipient.name")}


@given(st.text())
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert once == once.strip()
    assert not any(c < " " or "\u202a" <= c <= "\u202e" for c in once)


@given(st.text(max_size=30), st.text(max_size=30))
def test_the_quick_look_misses_nothing(name: str, line: str) -> None:
    who = msgspec.structs.replace(RECIPIENTS["latin"], name=name, lines=(line,))
    good, _ = cleaned(label(recipient=who))
    assert good.recipient.name == clean(name)
    assert "".join(good.recipient.lines) == clean(line)


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=27))
def test_bars_have_the_widths_of_code_128(text: str) -> None:
    widths = barcode.widths(text)
    assert len(widths) % 2 == 1
    assert (sum(widths) - 13) % 11 == 0, "symbols of eleven modules and a stop of thirteen"
    assert set(widths) <= {1, 2, 3, 4}


def test_lines_of_json_become_labels_or_problems() -> None:
    good = msgspec.json.encode(label("thai"))
    lines = [b"\xef\xbb\xbf" + good, b"\n", b"{nonsense", b'{"waybill": 5}', b"\xff\xfe", b"x" * 1_000_001, good]
    found = list(numbered_labels(lines))
    assert [number for number, _ in found] == [1, 3, 4, 5, 6, 7]
    assert found[0][1] == found[-1][1] == label("thai")
    assert [one.code for _, one in found[1:-1] if isinstance(one, Problem)] == ["label.line_invalid"] * 4
    assert isinstance(found[2][1], Problem)
    assert found[2][1].field == "waybill"
    assert list(read_labels_jsonl(lines)) == [one for _, one in found]


def test_a_part_of_an_address_that_would_be_dropped_is_refused() -> None:
    one = json.loads(msgspec.json.encode(label()))
    one["recipient"]["address_line_2"] = "Back door"
    one["batch"] = "a field that is not printed may be there"
    (problem,) = read_labels_jsonl([json.dumps(one).encode()])
    assert isinstance(problem, Problem)
    assert "address_line_2" in problem.render().message
    assert problem.field == "recipient"
