"""Seller Center exports: every market's variant, each trap of the files, each reason to refuse."""

from __future__ import annotations

import gzip
import tracemalloc
from datetime import datetime
from pathlib import Path

import openpyxl  # type: ignore[import-untyped]  # ships no types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fahuo.channels.files import failure
from fahuo.channels.model import MAX_LINES
from fahuo.channels.read import read_orders
from fahuo.channels.seller_center import words
from fahuo.kernel.instant import iso
from fahuo.kernel.problems import Failure
from fahuo.orders import model as m
from tests.channels.helpers import ZONES, context, read
from tests.channels.samples import Sample, as_csv, as_xlsx, columns, sample

MARKETS = ("US", "GB", "PH", "VN", "ID", "TH")
WANTED = {
    "US": ("USD", 2, "2026-01-12T23:04:05Z", 4250, 499, 201, 1000),
    "GB": ("GBP", 2, "2026-01-12T15:04:05Z", 4250, 499, 201, 1000),
    "PH": ("PHP", 2, "2026-01-12T07:04:05Z", 202250, 499, 201, 100000),
    "VN": ("VND", 0, "2026-01-12T08:04:05Z", 267000, 12000, 0, 120000),
    "ID": ("IDR", 0, "2026-01-12T08:04:05Z", 44000, 4000, 1000, 12000),
    "TH": ("THB", 2, "2026-01-12T08:04:05Z", 22250, 499, 201, 10000),
}


@pytest.mark.parametrize("kind", ["csv", "xlsx", "csv.gz"])
@pytest.mark.parametrize("market", MARKETS)
def test_every_market_in_every_form(tmp_path: Path, market: str, kind: str) -> None:
    table = sample(market)
    if kind == "xlsx":
        path = as_xlsx(tmp_path / "All order.xlsx", table)
    else:
        path = as_csv(tmp_path / "All order.csv", table)
        if kind == "csv.gz":
            packed = tmp_path / "orders.bin"
            packed.write_bytes(gzip.compress(path.read_bytes()))
            path = packed
    orders, refused = read(path, market)
    assert refused == []
    first, second = orders
    currency, exponent, created, total, shipping, tax, price = WANTED[market]
    assert (first.platform_order_id, second.platform_order_id) == ("576461413038785752", "576461413038785753")
    assert (first.currency, first.exponent, first.total) == (currency, exponent, total)
    assert (first.shipping_fee, first.tax) == (shipping, tax)
    assert first.created_at is not None
    assert iso(first.created_at) == created
    assert first.paid_at == first.created_at + 60
    assert (first.state, first.market, first.row) == (m.AWAITING_SHIPMENT, market, 3)
    assert [(line.seller_sku, line.quantity, line.row) for line in first.lines] == [("A-1", 2, 3), ("B-1", 1, 4)]
    assert first.lines[0].platform_sku_id == "1729000000000000001"
    assert first.lines[0].unit_price == price
    assert first.recipient.country == market
    assert first.recipient.region
    assert first.recipient.lines
    assert not first.recipient.masked


@pytest.mark.parametrize(
    ("market", "language", "states"),
    [("VN", "vi", "vi"), ("TH", "en", "th"), ("ID", "en", "id"), ("US", "zh", "zh"), ("PH", "zh", "zh")],
)
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_other_interfaces(tmp_path: Path, market: str, language: str, states: str, kind: str) -> None:
    table = sample(market, language, states)
    path = as_csv(tmp_path / "x", table) if kind == "csv" else as_xlsx(tmp_path / "x", table)
    orders, refused = read(path, market)
    assert refused == []
    assert [o.state for o in orders] == [m.AWAITING_SHIPMENT] * 2
    assert orders[0].recipient.name == "Test Buyer"
    assert [line.quantity for line in orders[0].lines] == [2, 1]


def test_us_header_has_the_reference_columns() -> None:
    assert len(columns("US")) == 24 + 2 + 21 + 7 + 6
    assert " Virtual Bundle Seller SKU" in columns("US")


def test_any_order_and_subset_of_columns(tmp_path: Path) -> None:
    few = sample("US").keep(["Quantity", "Created Time", "Seller SKU", "Order Status", "Order ID"])
    orders, refused = read(as_csv(tmp_path / "x.csv", few))
    assert refused == []
    assert [len(o.lines) for o in orders] == [2, 1]
    assert orders[0].total is None


@pytest.mark.parametrize("lost", [["Order ID"], ["Quantity"], ["SKU ID", "Seller SKU"]])
def test_columns_an_order_needs(tmp_path: Path, lost: list[str]) -> None:
    table = sample("US")
    rest = table.keep([name for name in table.header if name not in lost])
    with pytest.raises(Failure) as caught:
        read(as_csv(tmp_path / "x.csv", rest), format="seller-center")
    assert caught.value.problem.code == "missing_columns"
    assert lost[0] in str(caught.value)


def test_rows_of_an_order_need_not_be_adjacent(tmp_path: Path) -> None:
    table = sample("US")
    table.rows = [table.rows[0], table.rows[2], table.rows[1]]
    orders, _ = read(as_csv(tmp_path / "x.csv", table))
    assert [(o.row, [line.row for line in o.lines]) for o in orders] == [(3, [3, 5]), (4, [4])]


@pytest.mark.parametrize(
    ("status", "substatus", "state"),
    [
        ("Unpaid", "Unpaid", m.UNPAID),
        ("On hold", "On hold", m.ON_HOLD),
        ("To ship", "On hold", m.ON_HOLD),
        ("To ship", "Awaiting shipment", m.AWAITING_SHIPMENT),
        ("to ship ", " AWAITING COLLECTION", m.AWAITING_COLLECTION),
        ("Shipped", "In transit", m.IN_TRANSIT),
        ("Shipped", "Delivered", m.DELIVERED),
        ("Completed", "Completed", m.COMPLETED),
        ("Completed", "Delivered", m.COMPLETED),
        ("Canceled", "Canceled", m.CANCELLED),
        ("待发货", "等待揽收", m.AWAITING_COLLECTION),
        ("Perlu dikirim", "Menunggu pengambilan", m.AWAITING_COLLECTION),
        ("เสร็จสมบูรณ์", "", m.COMPLETED),
        ("Đã hủy", "Đã hủy", m.CANCELLED),
        ("AWAITING_SHIPMENT", "", m.AWAITING_SHIPMENT),
    ],
)
def test_status_words(tmp_path: Path, status: str, substatus: str, state: str) -> None:
    table = sample("US")
    table.rows = table.rows[2:]
    table.put(0, "Order Status", status).put(0, "Order Substatus", substatus)
    orders, refused = read(as_csv(tmp_path / "x.csv", table))
    assert refused == []
    assert orders[0].state == state


def test_an_unknown_status_is_kept_and_noted(tmp_path: Path) -> None:
    table = sample("US").put(2, "Order Status", "Teleporting").put(2, "Order Substatus", "")
    orders, _ = read(as_csv(tmp_path / "x.csv", table))
    assert orders[1].state == "Teleporting"
    assert [note.code for note in orders[1].notes] == ["unknown_status"]


def test_times_say_the_state_where_no_status_column_is(tmp_path: Path) -> None:
    table = sample("US").put(2, "Shipped Time", "01/13/2026 1:00:00 AM\t")
    few = table.keep([name for name in table.header if name not in ("Order Status", "Order Substatus")])
    orders, _ = read(as_csv(tmp_path / "x.csv", few))
    assert [o.state for o in orders] == [m.AWAITING_SHIPMENT, m.IN_TRANSIT]


def test_life_cycle_times(tmp_path: Path) -> None:
    table = sample("US")
    for row in (0, 1):
        table.put(row, "Order Status", "Shipped").put(row, "Order Substatus", "Delivered")
        table.put(row, "RTS Time", "01/13/2026 8:00:00 AM\t").put(row, "Shipped Time", f"01/13/2026 {row + 9}:00:00 AM")
        table.put(row, "Delivered Time", "01/15/2026 12:30:00 PM")
    orders, _ = read(as_csv(tmp_path / "x.csv", table))
    order = orders[0]
    assert [iso(at) for at in (order.arranged_at, order.first_scan_at, order.delivered_at) if at] == [
        "2026-01-13T16:00:00Z",
        "2026-01-13T18:00:00Z",
        "2026-01-15T20:30:00Z",
    ]
    assert order.handed_over_at is None


def test_parts_at_different_stages(tmp_path: Path) -> None:
    table = sample("US").put(0, "Order Substatus", "Awaiting collection").put(0, "RTS Time", "01/13/2026 8:00:00 AM")
    orders, _ = read(as_csv(tmp_path / "x.csv", table))
    assert orders[0].state == m.PARTIALLY_SHIPPING
    assert orders[0].arranged_at is None
    assert [line.state for line in orders[0].lines] == [m.AWAITING_COLLECTION, m.AWAITING_SHIPMENT]


def test_a_row_that_is_cancelled_does_not_cancel_the_order(tmp_path: Path) -> None:
    table = sample("US").put(0, "Cancelation/Return Type", "Cancel").put(0, "Cancelled Time", "01/13/2026 8:00:00 AM")
    orders, _ = read(as_csv(tmp_path / "x.csv", table))
    assert orders[0].state == m.AWAITING_SHIPMENT
    assert [line.state for line in orders[0].lines] == [m.CANCELLED, m.AWAITING_SHIPMENT]
    assert not orders[0].buyer_cancel


def test_an_open_cancel_request_is_seen(tmp_path: Path) -> None:
    table = sample("US").put(2, "Cancelation/Return Type", "Cancel")
    orders, _ = read(as_csv(tmp_path / "x.csv", table))
    assert [o.buyer_cancel for o in orders] == [False, True]


REFUSED = [
    ("Order ID", "5.76461E+17", "id_lost_digits"),
    ("Order ID", '="576461413038785753"', "formula_cell"),
    ("SKU ID", "=1+1", "formula_cell"),
    ("SKU ID", "12 34", "bad_id"),
    ("Quantity", "0", "bad_quantity"),
    ("Quantity", "-1", "bad_quantity"),
    ("Quantity", "2.5", "bad_quantity"),
    ("Quantity", "", "bad_quantity"),
    ("Quantity", "two", "bad_quantity"),
    ("Quantity", "999999999", "quantity_too_large"),
    ("Quantity", "=2", "formula_cell"),
    ("SKU Unit Original Price", "-$5.00", "negative_amount"),
    ("SKU Unit Original Price", "@SUM(A1)", "formula_cell"),
    ("SKU Unit Original Price", "free", "unknown_currency"),
    ("Order Amount", "XXZ 5.00", "unknown_currency"),
    ("Order Amount", "12.345", "bad_amount"),
    ("Order Amount", "€ 12.30", "mixed_currencies"),
    ("Created Time", "13/12/2026 3:04:05 PM", "impossible_date"),
    ("Created Time", "02/30/2026 3:04:05 PM", "impossible_date"),
    ("Created Time", "01/12/2026 13:04:05 PM", "impossible_date"),
    ("Created Time", "01/12/2026 25:00:00", "impossible_date"),
    ("Created Time", "yesterday", "bad_date"),
    ("Created Time", "01/12/26 3:04:05 PM", "bad_date"),
    ("Created Time", "01/12/1998 3:04:05 PM", "impossible_date"),
    ("Paid Time", "=NOW()", "formula_cell"),
]


@pytest.mark.parametrize(("column", "value", "code"), REFUSED)
def test_one_bad_row_refuses_its_order_only(tmp_path: Path, column: str, value: str, code: str) -> None:
    """The bad cell stands in the last row (row 5); the order of two rows before it is taken."""
    orders, refused = read(as_csv(tmp_path / "x.csv", sample("US").put(2, column, value)))
    assert [o.platform_order_id for o in orders] == ["576461413038785752"]
    assert [(r.row, r.code, r.field) for r in refused] == [(5, code, column)]
    assert refused[0].message
    assert refused[0].next
    assert "{" not in refused[0].message + refused[0].next


def test_the_second_row_of_an_order_refuses_it_whole(tmp_path: Path) -> None:
    orders, refused = read(as_csv(tmp_path / "x.csv", sample("US").put(1, "Quantity", "0")))
    assert [o.platform_order_id for o in orders] == ["576461413038785753"]
    assert [(r.row, r.order) for r in refused] == [(4, "576461413038785752")]


def test_a_multi_line_cell_is_one_row(tmp_path: Path) -> None:
    table = sample("US").put(0, "Buyer Message", "one\r\ntwo\r\nthree").put(2, "Quantity", "0")
    _, refused = read(as_csv(tmp_path / "x.csv", table))
    assert refused[0].row == 5


@pytest.mark.parametrize(
    ("column", "value"), [("Order Amount", "$1.00"), ("Created Time", "01/11/2026 3:04:05 PM"), ("Recipient", "Other")]
)
def test_rows_of_one_order_must_agree(tmp_path: Path, column: str, value: str) -> None:
    orders, refused = read(as_csv(tmp_path / "x.csv", sample("US").put(1, column, value)))
    assert len(orders) == 1
    assert [(r.code, r.field, r.row) for r in refused] == [("rows_disagree", column, 4)]
    assert "3" in refused[0].message
    assert "4" in refused[0].message


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("Created Time", "02/30/2026 1:00:00 AM", "impossible_date"),
        ("Order Amount", "-$42.50", "negative_amount"),
        ("Order Amount", "=42.5", "formula_cell"),
    ],
)
def test_a_bad_cell_is_called_bad_not_different(tmp_path: Path, column: str, value: str, code: str) -> None:
    _, refused = read(as_csv(tmp_path / "x.csv", sample("US").put(1, column, value)))
    assert [(r.code, r.field, r.row) for r in refused] == [(code, column, 4)]


def test_one_amount_in_two_spellings_agrees(tmp_path: Path) -> None:
    orders, refused = read(as_csv(tmp_path / "x.csv", sample("US").put(1, "Order Amount", "USD 42.5")))
    assert (len(orders), refused) == (2, [])


def test_a_repeated_row_counts_once_and_is_noted(tmp_path: Path) -> None:
    table = sample("US")
    table.rows += [list(row) for row in table.rows]
    orders, refused = read(as_csv(tmp_path / "x.csv", table))
    assert refused == []
    assert [[line.quantity for line in o.lines] for o in orders] == [[2, 1], [1]]
    assert orders[0].notes[0].code == "repeated_row"


def test_the_same_article_with_two_quantities_is_a_contradiction(tmp_path: Path) -> None:
    table = sample("US")
    table.rows.append(list(table.rows[2]))
    table.put(3, "Quantity", "7")
    orders, refused = read(as_csv(tmp_path / "x.csv", table))
    assert len(orders) == 1
    assert (refused[0].code, refused[0].row) == ("duplicate_line", 6)


def test_a_gift_of_the_same_article_is_another_line(tmp_path: Path) -> None:
    table = sample("US")
    table.rows.append(list(table.rows[2]))
    table.put(3, "SKU Unit Original Price", "$0.00").put(3, "SKU Subtotal After Discount", "0")
    orders, refused = read(as_csv(tmp_path / "x.csv", table))
    assert refused == []
    assert len(orders[1].lines) == 2


def test_no_items(tmp_path: Path) -> None:
    table = sample("US")
    for column in ("SKU ID", "Seller SKU", "Quantity"):
        table.put(2, column, "")
    _, refused = read(as_csv(tmp_path / "x.csv", table))
    assert [(r.code, r.row) for r in refused] == [("no_items", 5)]
    table.put(2, "Order Status", "Canceled").put(2, "Order Substatus", "Canceled")
    orders, refused = read(as_csv(tmp_path / "x.csv", table))
    assert refused == []
    assert orders[1].lines == []


def test_ten_thousand_lines_in_one_order(tmp_path: Path) -> None:
    table = sample("US")
    row = table.rows[0]
    at = table.header.index("SKU ID")
    table.rows = [[*row[:at], str(10**18 + i), *row[at + 1 :]] for i in range(10_000)] + table.rows[2:]
    orders, refused = read(as_csv(tmp_path / "x.csv", table))
    assert [o.platform_order_id for o in orders] == ["576461413038785753"]
    assert [(r.code, r.row) for r in refused] == [("too_many_lines", 3)]
    assert str(MAX_LINES) in refused[0].message


def test_a_formula_in_a_text_is_kept_and_noted(tmp_path: Path) -> None:
    table = sample("US").put(2, "Buyer Message", '=HYPERLINK("http://x")').put(2, "Recipient", "@SUM(1)")
    orders, refused = read(as_csv(tmp_path / "x.csv", table))
    assert refused == []
    assert orders[1].buyer_message == '=HYPERLINK("http://x")'
    assert [note.code for note in orders[1].notes] == ["formula_text"]


def test_a_phone_with_a_plus_is_no_formula(tmp_path: Path) -> None:
    orders, _ = read(as_csv(tmp_path / "x.csv", sample("US").put(2, "Phone #", "+15550100")))
    assert orders[1].notes == []


@pytest.mark.parametrize(("column", "value"), [("Recipient", "J***n D**"), ("Phone #", "(+1)55******00")])
def test_masked_data_is_a_state(tmp_path: Path, column: str, value: str) -> None:
    orders, refused = read(as_csv(tmp_path / "x.csv", sample("US").put(2, column, value)))
    assert refused == []
    assert [o.recipient.masked for o in orders] == [False, True]


@pytest.mark.parametrize("row", [["576461413038785799", "To ship"], None])
def test_rows_cut_short_or_too_long(tmp_path: Path, row: list[str] | None) -> None:
    table = sample("US")
    table.rows.append(row if row else [*table.rows[2], "surplus"])
    _, refused = read(as_csv(tmp_path / "x.csv", table))
    assert ("wrong_cell_count", 6) in [(r.code, r.row) for r in refused]


def test_a_row_without_order_id_is_reported(tmp_path: Path) -> None:
    orders, refused = read(as_csv(tmp_path / "x.csv", sample("US").put(2, "Order ID", "\t")))
    assert len(orders) == 1
    assert [(r.code, r.row) for r in refused] == [("missing_order_id", 5)]


def test_blank_rows_count_but_hold_nothing(tmp_path: Path) -> None:
    table = sample("US").put(2, "Quantity", "0")
    table.rows.insert(2, [""] * len(table.header))
    _, refused = read(as_csv(tmp_path / "x.csv", table))
    assert refused[0].row == 6


def test_without_a_description_row(tmp_path: Path) -> None:
    orders, _ = read(as_csv(tmp_path / "x.csv", sample("US"), described=False))
    assert orders[0].row == 2


def test_two_exports_in_one_file(tmp_path: Path) -> None:
    table = sample("US")
    table.rows += [table.header, table.description, *[list(row) for row in table.rows]]
    orders, refused = read(as_csv(tmp_path / "x.csv", table))
    assert refused == []
    assert len(orders) == 2


def test_a_column_twice(tmp_path: Path) -> None:
    table = sample("US")
    table.header[table.header.index("Product ID")] = "Seller SKU"
    with pytest.raises(Failure) as caught:
        read(as_csv(tmp_path / "x.csv", table))
    assert caught.value.problem.code == "duplicate_column"


def test_a_local_time_in_the_gap_is_noted(tmp_path: Path) -> None:
    """2026-03-08 02:30 does not exist in Los Angeles; the instant after the gap is 03:30 summer time."""
    orders, refused = read(as_csv(tmp_path / "x.csv", sample("US").put(2, "Created Time", "03/08/2026 2:30:00 AM")))
    assert refused == []
    assert orders[1].created_at is not None
    assert iso(orders[1].created_at) == "2026-03-08T10:30:00Z"
    assert [(note.code, note.field) for note in orders[1].notes] == [("time_in_dst_gap", "Created Time")]


def test_the_shops_zone_wins(tmp_path: Path) -> None:
    shop = context("US", zone="America/New_York")
    orders, _ = read(as_csv(tmp_path / "x.csv", sample("US")), shop=shop)
    assert orders[0].created_at is not None
    assert iso(orders[0].created_at) == "2026-01-12T20:04:05Z"


def test_day_and_month_are_never_guessed(tmp_path: Path) -> None:
    """In a market whose format nobody told us only year-first dates are read."""
    table = sample("GB")
    _, refused = read(as_csv(tmp_path / "x.csv", table), "DE")
    assert {r.code for r in refused} == {"bad_date"}
    for row in range(3):
        table.put(row, "Created Time", "2026-01-12 15:04:05").put(row, "Paid Time", "")
    orders, refused = read(as_csv(tmp_path / "x.csv", table), "DE", shop=context("DE", currency="GBP"))
    assert refused == []
    assert orders[0].created_at is not None


def test_numbers_of_a_spreadsheet(tmp_path: Path) -> None:
    """An order number saved as a number has lost digits; quantities and dates saved natively are fine."""
    table = sample("US")
    path = as_xlsx(tmp_path / "x.xlsx", table)
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    sheet.cell(5, table.header.index("Order ID") + 1).value = 576461413038785753
    sheet.cell(3, table.header.index("Quantity") + 1).value = 2
    for row in (3, 4):
        sheet.cell(row, table.header.index("Created Time") + 1).value = datetime(2026, 1, 12, 15, 4, 5)  # noqa: DTZ001 - cells hold local times
    book.save(path)
    orders, refused = read(path)
    assert [(r.code, r.row) for r in refused] == [("id_lost_digits", 5)]
    assert iso(orders[0].created_at or 0) == "2026-01-12T23:04:05Z"


def test_a_mapping_file_adds_names_words_and_the_date_order(tmp_path: Path) -> None:
    table = sample("GB").put(2, "Order Status", "Teleporting").put(2, "Order Substatus", "")
    table.header[0] = "Bestellnummer"
    mapping = tmp_path / "m.toml"
    mapping.write_text(
        'dates = "MDY"\n[headers]\n"Bestellnummer" = "Order ID"\n[words]\n"teleporting" = "IN_TRANSIT"\n', "utf-8"
    )
    orders, refused = read(as_csv(tmp_path / "x.csv", table), "GB", mapping=mapping)
    assert refused == []
    assert orders[1].state == m.IN_TRANSIT
    assert iso(orders[0].created_at or 0) == "2026-12-01T15:04:05Z"


def test_fulfilment_and_payment_words(tmp_path: Path) -> None:
    table = (
        sample("US").put(2, "Fulfillment Type", "Fulfillment by TikTok").put(2, "Payment Method", "Cash on delivery")
    )
    orders, _ = read(as_csv(tmp_path / "x.csv", table))
    assert (orders[1].fulfillment_type, orders[1].is_cod) == (m.BY_TIKTOK, True)
    assert (orders[0].fulfillment_type, orders[0].is_cod) == (m.BY_SELLER, False)


def test_an_unknown_market_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(Failure) as caught:
        read(as_csv(tmp_path / "x.csv", sample("US")), "XX")
    assert caught.value.problem.code == "unknown_market"
    assert caught.value.exit_code == 2


@given(word=st.text(max_size=40))
def test_any_word_has_a_state_or_none(word: str) -> None:
    state = words.state(word)
    assert state is None or state in m.ORDER.states


def test_progress_reports_every_byte(tmp_path: Path) -> None:
    counted: list[int] = []
    path = as_csv(tmp_path / "x.csv", sample("US"))
    read(path, shop=context("US", progress=counted.append))
    assert sum(counted) == path.stat().st_size


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    def peak(orders: int) -> int:
        table = sample("US")
        row = table.rows[2]
        rows = [[str(5 * 10**17 + i), *row[1:]] for i in range(orders)]
        path = as_csv(tmp_path / "x.csv", Sample(table.header, table.description, rows))
        del rows
        tracemalloc.start()
        try:
            assert sum(1 for _ in read_orders([path], context("US"))) == orders
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(6_000) < peak(2_000) * 1.5


def test_the_failure_names_the_file_not_its_folder(tmp_path: Path) -> None:
    assert str(tmp_path) not in str(failure("x", tmp_path / "a.csv", "{file} is odd."))
    assert ZONES


def test_refusals_speak_the_contexts_language(tmp_path: Path) -> None:
    path = as_csv(tmp_path / "x.csv", sample("US").put(2, "Quantity", "0"))
    _, refused = read(path, shop=context("US", lang="zh"))
    assert refused[0].message == "Quantity“0”不是大于等于 1 的整数。"
