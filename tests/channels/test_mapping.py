"""Any other tables through a mapping file; Olist's real ones among them."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from fahuo.channels.mapping.model import load
from fahuo.channels.read import read_orders
from fahuo.kernel.instant import iso, parse_instant
from fahuo.kernel.problems import Failure
from fahuo.orders import model as m
from tests.channels.helpers import context, read

ONE_TABLE = """
schema = "fahuo.mapping/1"
currency = "USD"
[tables.orders]
key = "Nr"
[words]
offen = "AWAITING_SHIPMENT"
weg = "IN_TRANSIT"
[order]
platform_order_id = "Nr"
state = "Zustand"
created_at = "Wann"
total = "Summe"
tts_sla_time = { column = "Frist", epoch = true }
tracking_number = "Paket"
[line]
seller_sku = "Artikel"
quantity = "Menge"
unit_price = "Preis"
[recipient]
name = "Wer"
lines = ["Strasse"]
country = { value = "DE" }
"""
HEADER = ["Nr", "Zustand", "Wann", "Summe", "Frist", "Paket", "Artikel", "Menge", "Preis", "Wer", "Strasse"]
ROWS = [
    ["A-1", "offen", "2026-01-12 10:00:00", "25.00", "1768500000", "", "X", "2", "10.00", "Test Buyer", "Weg 1"],
    ["A-2", "weg", "2026-01-12 11:00:00", "5", "1768500000", "T9", "Y", "1", "5", "Test Buyer", "Weg 2"],
    ["A-1", "offen", "2026-01-12 10:00:00", "25.00", "1768500000", "", "Z", "1", "5.00", "Test Buyer", "Weg 1"],
]


def table(path: Path, header: list[str], rows: list[list[str]]) -> Path:
    """Write a CSV."""
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([header, *rows])
    return path


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "m.toml"
    path.write_text(ONE_TABLE, "utf-8")
    return path


def changed(at: int, column: str, value: str) -> list[list[str]]:
    """The rows with one cell changed."""
    rows = [list(row) for row in ROWS]
    rows[at][HEADER.index(column)] = value
    return rows


def test_one_table_of_lines(tmp_path: Path, mapping: Path) -> None:
    path = table(tmp_path / "anything.csv", HEADER, ROWS)
    orders, refused = read(path, "DE", mapping=mapping)
    assert refused == []
    first, second = orders
    assert (first.platform_order_id, first.state, first.total, first.row) == ("A-1", m.AWAITING_SHIPMENT, 2500, 2)
    assert [(line.seller_sku, line.quantity, line.unit_price, line.row) for line in first.lines] == [
        ("X", 2, 1000, 2),
        ("Z", 1, 500, 4),
    ]
    assert first.platform_times == {"tts_sla_time": 1768500000}
    assert iso(first.created_at or 0) == "2026-01-12T10:00:00Z"
    assert (first.recipient.name, first.recipient.country, first.recipient.lines) == ("Test Buyer", "DE", ("Weg 1",))
    assert (second.state, second.tracking_number) == (m.IN_TRANSIT, "T9")
    assert b"Strasse" in (first.raw or b"")


@pytest.mark.parametrize(
    ("at", "column", "value", "code", "row"),
    [
        (2, "Summe", "26.00", "rows_disagree", 4),
        (2, "Wer", "Other", "rows_disagree", 4),
        (2, "Menge", "0", "bad_quantity", 4),
        (2, "Menge", "", "bad_quantity", None),
        (0, "Preis", "-1", "negative_amount", 2),
        (0, "Preis", "1,50", "bad_amount", 2),
        (0, "Preis", "=1", "formula_cell", 2),
        (2, "Artikel", "", "missing_sku", 4),
        (0, "Wann", "2026-02-30 10:00:00", "impossible_date", 2),
        (0, "Wann", "12/01/2026 10:00", "bad_date", 2),
        (0, "Frist", "soon", "bad_date", 2),
        (0, "Zustand", "", "rows_disagree", None),
    ],
)
def test_refusals_name_the_row(
    tmp_path: Path, mapping: Path, at: int, column: str, value: str, code: str, row: int | None
) -> None:
    path = table(tmp_path / "x.csv", HEADER, changed(at, column, value))
    orders, refused = read(path, "DE", mapping=mapping)
    if code == "rows_disagree" and value == "":
        assert len(orders) == 2  # an empty cell contradicts nothing
        return
    assert [o.platform_order_id for o in orders] == ["A-2"]
    assert [(r.code, r.order) for r in refused] == [(code, "A-1")]
    assert row is None or refused[0].row == row
    assert "{" not in refused[0].message


def test_unknown_states_are_kept(tmp_path: Path, mapping: Path) -> None:
    orders, _ = read(table(tmp_path / "x.csv", HEADER, changed(1, "Zustand", "irgendwo")), "DE", mapping=mapping)
    assert orders[1].state == "irgendwo"
    assert orders[1].notes[0].code == "unknown_status"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[order]", "[ordre]", "ordre"),
        ('state = "Zustand"\n', "", "state"),
        ('total = "Summe"', 'totl = "Summe"', "totl"),
        ('offen = "AWAITING_SHIPMENT"', 'offen = "OPEN"', "OPEN"),
        ('currency = "USD"', 'currency = "XXZ"', "XXZ"),
        ('currency = "USD"', 'currency = "USD"\nzone = "Mars/Base"', "Mars/Base"),
        ('currency = "USD"', 'currency = "USD"\nmarket = "ZQ"', "ZQ"),
        ('total = "Summe"', 'total = "pay.Summe"', "pay"),
        ('total = "Summe"', 'total = { column = "Summe", take = "average" }', "average"),
        ('total = "Summe"', "total = {}", "order.total"),
        ("[tables.orders]", "[tables.things]", "tables.orders"),
        ("[tables.orders]", '[tables."x y"]\nkey = "a"\n[tables.orders]', "x y"),
        ("fahuo.mapping/1", "fahuo.mapping/9", "fahuo.mapping/9"),
        ("[line]", "[line]\neach = 5", "each"),
        ("[line]", "[line", "TOML"),
    ],
)
def test_a_wrong_mapping_says_what_is_wrong(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = tmp_path / "m.toml"
    assert old in ONE_TABLE
    path.write_text(ONE_TABLE.replace(old, new, 1), "utf-8")
    with pytest.raises(Failure) as caught:
        load(path)
    assert (caught.value.problem.code, caught.value.exit_code) == ("bad_mapping", 2)
    assert says in str(caught.value)
    assert "{" not in str(caught.value).replace("total = {", "")


def test_missing_mapping_and_columns(tmp_path: Path, mapping: Path) -> None:
    with pytest.raises(Failure):
        load(tmp_path / "none.toml")
    path = table(tmp_path / "x.csv", HEADER[:-1], [row[:-1] for row in ROWS])
    with pytest.raises(Failure, match="Strasse"):
        read(path, "DE", mapping=mapping)


# Olist ------------------------------------------------------------------------------------------------------------

ORDERS = [
    "order_id",
    "customer_id",
    "order_status",
    "order_purchase_timestamp",
    "order_approved_at",
    "order_delivered_carrier_date",
    "order_delivered_customer_date",
    "order_estimated_delivery_date",
]
ITEMS = ["order_id", "order_item_id", "product_id", "seller_id", "shipping_limit_date", "price", "freight_value"]
A_ORDER = ["o1", "c1", "delivered", "2018-01-02 10:00:00", "2018-01-02 11:00:00", "2018-01-04 10:00:00"]
A_ORDER += ["2018-01-09 15:00:00", "2018-01-09 00:00:00"]


def olist(folder: Path, orders: list[list[str]], items: list[list[str]], **options: Any) -> Any:
    """Read a made-up Olist data set of the two required tables."""
    table(folder / "olist_orders_dataset.csv", ORDERS, orders)
    table(folder / "olist_order_items_dataset.csv", ITEMS, items)
    return read(folder, "BR", mapping="olist", **options)


def item(number: int, sku: str = "p1", seller: str = "s1", limit: str = "2018-01-05 11:00:00") -> list[str]:
    """One row of items: one unit."""
    return ["o1", str(number), sku, seller, limit, "19.9", "5.1"]


def test_only_orders_and_items_are_required(tmp_path: Path) -> None:
    orders, refused = olist(tmp_path, [A_ORDER], [item(1), item(2), item(3, "p2")])
    assert refused == []
    (order,) = orders
    assert [(line.platform_sku_id, line.quantity, line.subtotal, line.unit_ids) for line in order.lines] == [
        ("p1", 2, 3980, ("1", "2")),
        ("p2", 1, 1990, ("3",)),
    ]
    assert (order.market, order.currency, order.subtotal, order.shipping_fee, order.total) == (
        "BR",
        "BRL",
        5970,
        1530,
        None,
    )
    assert order.recipient.masked
    assert order.warehouse_ref == "s1"
    assert iso(order.created_at or 0) == "2018-01-02T12:00:00Z"  # Brazil kept summer time then: UTC-2


def test_the_promise_ends_with_its_day(tmp_path: Path) -> None:
    """Trap 1: delivered that afternoon is on time."""
    (order,), _ = olist(tmp_path, [A_ORDER], [item(1)])
    assert iso(order.platform_times["delivery_sla_time"]) == "2018-01-10T01:59:59Z"
    assert order.delivered_at is not None
    assert order.delivered_at <= order.platform_times["delivery_sla_time"]


def test_several_sellers(tmp_path: Path) -> None:
    """Trap 3: the earliest limit counts, the first seller stands for all, and it is noted."""
    (order,), _ = olist(tmp_path, [A_ORDER], [item(1), item(2, "p2", "s2", "2018-01-04 11:00:00")])
    assert iso(order.platform_times["tts_sla_time"]) == "2018-01-04T13:00:00Z"
    assert order.warehouse_ref == "s1"
    assert [note.code for note in order.notes] == ["several_warehouses"]


@pytest.mark.parametrize(
    ("column", "value", "note"),
    [
        (4, "2018-01-05 11:00:00", "times_out_of_order"),
        (6, "", "delivered_without_time"),
        (3, "2017-10-15 00:30:00", "time_in_dst_gap"),
    ],
)
def test_odd_but_real_orders_are_noted(tmp_path: Path, column: int, value: str, note: str) -> None:
    row = [*A_ORDER[:column], value, *A_ORDER[column + 1 :]]
    (order,), refused = olist(tmp_path, [row], [item(1, limit="2017-12-05 11:00:00")])
    assert refused == []
    assert note in [n.code for n in order.notes]


def test_orders_without_items(tmp_path: Path) -> None:
    rows = [[f"o{i}", "c", state, *A_ORDER[3:]] for i, state in enumerate(["unavailable", "canceled", "processing"])]
    orders, refused = olist(tmp_path, rows, [])
    assert [o.state for o in orders] == [m.CANCELLED, m.CANCELLED]
    assert [(r.code, r.order, r.row) for r in refused] == [("no_items", "o2", 4)]


def test_a_bad_item_names_its_own_file_and_row(tmp_path: Path) -> None:
    bad = item(2)
    bad[5] = "-3"
    orders, refused = olist(tmp_path, [A_ORDER], [item(1), bad])
    assert orders == []
    assert [(r.file, r.row, r.order, r.code) for r in refused] == [
        ("olist_order_items_dataset.csv", 3, "o1", "negative_amount")
    ]


def test_items_of_no_order_are_reported(tmp_path: Path) -> None:
    orders, refused = olist(tmp_path, [A_ORDER], [item(1), ["zz", *item(1)[1:]]])
    assert len(orders) == 1
    assert [(r.code, r.order, r.row) for r in refused] == [("orphan_row", "zz", 3)]


def test_an_order_twice(tmp_path: Path) -> None:
    orders, refused = olist(tmp_path, [A_ORDER, A_ORDER], [item(1)])
    assert (len(orders), refused, orders[0].notes[0].code) == (1, [], "repeated_row")
    other = [*A_ORDER[:2], "canceled", *A_ORDER[3:]]
    orders, refused = olist(tmp_path, [A_ORDER, other], [item(1)])
    assert orders == []
    assert [(r.code, r.row) for r in refused] == [("duplicate_order", 3)]


def test_a_missing_table(tmp_path: Path) -> None:
    table(tmp_path / "olist_orders_dataset.csv", ORDERS, [A_ORDER])
    with pytest.raises(Failure, match="olist_order_items_dataset"):
        read(tmp_path, "BR", mapping="olist")


def test_files_named_one_by_one(tmp_path: Path) -> None:
    olist(tmp_path, [A_ORDER], [item(1)])
    found = list(read_orders(sorted(tmp_path.iterdir()), context("BR"), mapping="olist"))
    assert len(found) == 1


def test_replayed_as_of(tmp_path: Path) -> None:
    """Handed over but not delivered yet; before that waiting; before the approval unpaid, its limit unseen."""
    states = {}
    for when in ("2018-01-01", "2018-01-02T12:30:00Z", "2018-01-03", "2018-01-05", "2018-02-01"):
        at = parse_instant(when if "T" in when else f"{when}T00:00:00Z")
        orders, _ = olist(tmp_path, [A_ORDER], [item(1)], shop=context("BR", as_of=at))
        states[when] = [(o.state, sorted(o.platform_times)) for o in orders]
    both = ["delivery_sla_time", "tts_sla_time"]
    assert states == {
        "2018-01-01": [],
        "2018-01-02T12:30:00Z": [(m.UNPAID, ["delivery_sla_time"])],
        "2018-01-03": [(m.AWAITING_SHIPMENT, both)],
        "2018-01-05": [(m.IN_TRANSIT, both)],
        "2018-02-01": [(m.DELIVERED, both)],
    }


@pytest.mark.data
def test_all_real_orders(shared_data: Path) -> None:
    """30,067 orders: all are taken but the seven open ones without items."""
    states: Counter[str] = Counter()
    notes: Counter[str] = Counter()
    refused = []
    for found in read_orders([shared_data / "data" / "olist"], context("BR"), mapping="olist"):
        if isinstance(found, m.Refusal):
            refused.append(found)
            continue
        states[found.state] += 1
        notes.update(note.code for note in found.notes)
        assert found.created_at is not None
        assert found.lines or found.state in m.FINISHED
    assert {r.code for r in refused} == {"no_items"}
    assert sum(states.values()) + len(refused) == 30_067
    assert states == {m.DELIVERED: 27_610, m.IN_TRANSIT: 902, m.CANCELLED: 439 + 564, m.AWAITING_SHIPMENT: 545}
    assert notes["limit_far_out"] == 7
