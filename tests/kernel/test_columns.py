"""Columns of the tables people keep: what is read, what is refused, and that it says why in their language."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fahuo.catalogue.model import GOODS
from fahuo.flow.columns import TABLES
from fahuo.flow.import_data import template
from fahuo.kernel import columns as c
from fahuo.kernel.columns import Column, match_header, parse_row


@pytest.mark.parametrize(
    ("parse", "cell", "value"),
    [
        (c.whole(), "12", 12), (c.whole(), "12.0", 12), (c.whole(-5, 5), "-3", -3),
        (c.text(5), "abcde", "abcde"), (c.text(), "+84 91", "+84 91"),
        (c.one_of("TIKTOK", "SELLER"), "seller", "SELLER"),
        (c.several_of(GOODS), "Battery + liquid", 3), (c.several_of(GOODS), "general", 0),
        (c.currency, "vnd", "VND"), (c.amount, "12.30", "12.30"),
        (c.clock_time, "9:05", "09:05"), (c.clock_time, "16:30:00", "16:30"),
        (c.weekdays, "7531", "1357"), (c.country, "uk", "GB"), (c.zone_name, "Asia/Bangkok", "Asia/Bangkok"),
        (c.words_of(c.country), "vn, th  *", ("VN", "TH", "*")),
    ],
)  # fmt: skip
def test_a_cell_is_read(parse: Callable[[str], Any], cell: str, value: object) -> None:
    assert parse(cell) == value


@pytest.mark.parametrize(
    ("parse", "cell"),
    [
        (c.whole(), "1.5"), (c.whole(), "1e3"), (c.whole(), "١٢"), (c.whole(1, 5), "6"), (c.whole(), "9" * 30),
        (c.text(5), "abcdef"), (c.text(), "=HYPERLINK()"), (c.one_of("A"), "B"), (c.several_of(GOODS), "gold"),
        (c.currency, "QQQ"), (c.amount, "-1"), (c.amount, "1,5"), (c.amount, "NaN"), (c.amount, "1e5"),
        (c.clock_time, "24:00"), (c.clock_time, "noon"), (c.weekdays, "0"), (c.weekdays, "11"), (c.country, "VNM"),
        (c.country, "QQ"), (c.country, "EU"), (c.text(), "bell\x07"),
        (c.link(), "javascript:alert(1)"),
        (c.link(), "https:// x"),
        (c.zone_name, "Mars/Olympus"), (c.rate, "0"), (c.rate, "-1"), (c.rate, "1e3"),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_refused(parse: Callable[[str], Any], cell: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        parse(cell)


COLUMNS = (
    Column("sku", c.text(), "the seller's own code of the article", required=True),
    Column("weight_g", c.whole(0, 100), "weight of one unit in grams", default=0),
)


def test_headers_are_found_in_any_order_and_spelling() -> None:
    places, missing = match_header(["Weight G", "", "\ufeffSKU ", "other", "sku"], COLUMNS)
    assert (places["sku"], places["weight_g"], missing) == (2, 0, [])
    _, missing = match_header(["weight_g"], COLUMNS)
    assert [(p.code, p.field) for p in missing] == [("column_missing", "sku")]


def test_a_row_gives_every_problem_at_once() -> None:
    values, problems = parse_row(["", "abc"], {"sku": 0, "weight_g": 1}, COLUMNS)
    assert [(p.code, p.field, p.value) for p in problems] == [
        ("cell_empty", "sku", None),
        ("cell_wrong", "weight_g", "abc"),
    ]
    assert values["sku"] == ""
    values, problems = parse_row(["A"], {"sku": 0, "weight_g": 1}, COLUMNS)
    assert (values, problems) == ({"sku": "A", "weight_g": 0}, [])


def test_why_a_cell_is_wrong_is_said_in_chinese_too() -> None:
    _, (problem,) = parse_row(["A", "101"], {"sku": 0, "weight_g": 1}, COLUMNS)
    english, chinese = problem.render("en"), problem.render("zh")
    assert "not between 0 and 100" in english.message
    assert "weight of one unit in grams" in english.next
    assert "not between" not in chinese.message
    assert "0" in chinese.message
    assert "100" in chinese.message
    assert "grams" not in chinese.next


@given(st.text(max_size=40))
def test_no_cell_breaks_a_parser(cell: str) -> None:
    for table in TABLES.values():
        for column in table:
            _, problems = parse_row([cell], {column.name: 0}, [column])
            assert len(problems) <= 1
            if problems:
                assert problems[0].render("zh").message


@pytest.mark.parametrize("kind", TABLES)
def test_the_template_is_a_file_that_can_be_taken(kind: str) -> None:
    import csv  # noqa: PLC0415 - only here

    header, example = csv.reader(io.StringIO(template(kind)))
    places, missing = match_header(header, TABLES[kind])
    _, problems = parse_row(example, places, TABLES[kind])
    assert (missing, problems) == ([], [])


def test_the_goods_classes_named_in_the_columns_are_all_there_are() -> None:
    (column,) = [one for one in TABLES["skus"] if one.name == "goods"]
    assert column.meaning.endswith(": " + ", ".join(GOODS))
