"""Orders as the platform's API writes them, and as others write them wrongly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fahuo.channels.model import MAX_UNITS
from fahuo.channels.tiktok_json.read import decode
from fahuo.kernel.problems import Failure
from fahuo.orders import model as m
from tests.channels.helpers import api_order, as_lines, context, read


def one(**changes: Any) -> m.OrderIn | m.Refusal:
    """What becomes of one order object."""
    batch = list(decode([msgspec.json.encode(api_order(**changes))], context("US")))
    (found,) = batch
    return found


def taken(**changes: Any) -> m.OrderIn:
    """The order, which must not be refused."""
    found = one(**changes)
    assert isinstance(found, m.OrderIn), found
    return found


def test_the_reference_order() -> None:
    raw = msgspec.json.encode(api_order())
    batch = list(decode([raw + b"\n"], context("VN")))
    order = batch[0]
    assert isinstance(order, m.OrderIn)
    assert order.raw == raw
    assert (order.platform_order_id, order.state, order.market) == ("579900000000000001", m.AWAITING_SHIPMENT, "US")
    assert (order.currency, order.exponent) == ("USD", 2)
    assert (order.subtotal, order.shipping_fee, order.tax, order.total) == (3500, 0, 280, 3780)
    assert (order.created_at, order.paid_at, order.updated_at) == (1764129600, 1764129660, 1764133260)
    assert order.platform_times == {
        "rts_sla_time": 1764403199,
        "tts_sla_time": 1764403199,
        "cancel_order_sla_time": 1765007999,
    }
    (line,) = order.lines
    assert (line.quantity, line.unit_price, line.subtotal) == (2, 2000, 3500)
    assert line.unit_ids == ("579900000000000101", "579900000000000102")
    assert (order.recipient.name, order.recipient.region, order.recipient.lines) == (
        "Test Buyer",
        "Example",
        ("1 Example Street",),
    )
    assert order.shipping_type == "SELLER"


def test_a_bare_order_is_enough() -> None:
    """Keys without a value are absent."""
    line = b'{"id":"579900000000000001","status":"AWAITING_SHIPMENT","line_items":[{"id":"1","sku_id":"2"}]}'
    batch = list(decode([line], context("TH", currency="THB")))
    order = batch[0]
    assert isinstance(order, m.OrderIn)
    assert (order.market, order.currency, order.created_at, order.total) == ("TH", "THB", None, None)
    assert order.lines[0].unit_price is None


def test_nulls_count_as_absent() -> None:
    order = taken(paid_time=None, payment=None, recipient_address=None, packages=None, tracking_number=None)
    assert (order.paid_at, order.total, order.recipient.name) == (None, None, "")
    assert order.recipient.country == "US"


def test_milliseconds_are_recognised() -> None:
    order = taken(create_time=1764129600123, tts_sla_time=1764403199000)
    assert order.created_at == 1764129600
    assert order.platform_times["tts_sla_time"] == 1764403199


def test_zero_times_are_absent() -> None:
    assert taken(paid_time=0).paid_at is None


def test_unknown_words_and_fields_are_kept() -> None:
    order = taken(status="TELEPORTING", shipping_type="BY_DRONE", order_type="ZERO_LOTTERY", new_field={"a": [1]})
    assert (order.state, order.shipping_type, order.order_type) == ("TELEPORTING", "BY_DRONE", "ZERO_LOTTERY")
    assert b'"new_field"' in (order.raw or b"")


def test_the_webhooks_spelling_of_cancelled() -> None:
    assert taken(status="CANCEL").state == m.CANCELLED


def test_units_in_different_states_packages_or_prices_are_lines() -> None:
    item = api_order()["line_items"][0]
    items = [
        item,
        item | {"id": "2", "display_status": "CANCELLED"},
        item | {"id": "3", "package_id": "77"},
        item | {"id": "4", "sale_price": "0.00", "is_gift": True},
        item | {"id": "5"},
    ]
    order = taken(line_items=items)
    assert [(line.quantity, line.state, line.package_id, line.subtotal) for line in order.lines] == [
        (2, m.AWAITING_SHIPMENT, "", 3500),
        (1, m.CANCELLED, "", 1750),
        (1, m.AWAITING_SHIPMENT, "77", 1750),
        (1, m.AWAITING_SHIPMENT, "", 0),
    ]
    assert order.package_ids == ("77",)


def test_times_of_the_journey() -> None:
    item = api_order()["line_items"][0]
    order = taken(
        status="DELIVERED",
        collection_time=1764300000,
        delivery_time=1764400000,
        line_items=[item | {"rts_time": 1764200000}, item | {"id": "2", "rts_time": 1764200500}],
    )
    assert order.arranged_at == 1764200500
    assert (order.handed_over_at, order.first_scan_at, order.delivered_at) == (1764300000, 1764300000, 1764400000)


def test_half_arranged_is_not_arranged() -> None:
    item = api_order()["line_items"][0]
    assert taken(line_items=[item | {"rts_time": 1764200000}, item | {"id": "2"}]).arranged_at is None


def test_source_exponents() -> None:
    item = api_order()["line_items"][0] | {"currency": "VND", "sale_price": "120000", "original_price": "150000"}
    order = taken(payment={"currency": "VND", "total_amount": "240000"}, line_items=[item, item])
    assert (order.exponent, order.total, order.lines[0].unit_price, order.lines[0].subtotal) == (
        0,
        240000,
        150000,
        240000,
    )


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (
            [("L1", "State", "Texas"), ("L2", "County", "Travis"), ("L3", "City", "Austin")],
            ("Texas", "Austin", "Travis"),
        ),
        (
            [("L1", "Province", "Hà Nội"), ("L2", "District", "Cầu Giấy"), ("L3", "Ward", "X")],
            ("Hà Nội", "Cầu Giấy", "X"),
        ),
        ([("L0", "Country", "US")], ("", "", "")),
    ],
)
def test_address_levels(place: list[tuple[str, str, str]], expected: tuple[str, str, str]) -> None:
    info = [dict(zip(("address_level", "address_level_name", "address_name"), p, strict=True)) for p in place]
    recipient = taken(recipient_address={"region_code": "US", "district_info": info}).recipient
    assert (recipient.region, recipient.city, recipient.district) == expected


def test_masked_and_empty_addresses() -> None:
    assert taken(recipient_address={"name": "J*** D**", "phone_number": "(+1)55****"}).recipient.masked
    assert not taken(status="ON_HOLD", recipient_address={"name": ""}).recipient.masked


def test_the_orders_own_region_is_its_market() -> None:
    assert taken(recipient_address={"region_code": "TH"}).market == "TH"
    assert taken(recipient_address={"region_code": "UK"}).market == "GB"


def test_before_payment_the_currency_tells_the_market() -> None:
    raw = msgspec.json.encode(api_order(status="UNPAID", recipient_address=None))
    batch = list(decode([raw], context("VN")))
    assert isinstance(batch[0], m.OrderIn)
    assert (batch[0].market, batch[0].recipient.country) == ("US", "US")


ITEM = api_order()["line_items"][0]
REFUSED: list[tuple[dict[str, Any], str, str | None]] = [
    ({"line_items": []}, "no_items", None),
    ({"line_items": [ITEM | {"sale_price": "-1.00"}]}, "negative_amount", "line_items.sale_price"),
    ({"line_items": [ITEM | {"sale_price": "1.234"}]}, "bad_amount", "line_items.sale_price"),
    ({"line_items": [ITEM | {"sale_price": "=1+1"}]}, "bad_amount", "line_items.sale_price"),
    ({"line_items": [ITEM | {"currency": "EUR"}]}, "mixed_currencies", "line_items.currency"),
    ({"line_items": [ITEM | {"quantity": 0}]}, "bad_quantity", "line_items.quantity"),
    ({"line_items": [ITEM | {"quantity": 2.5}]}, "bad_quantity", "line_items.quantity"),
    ({"line_items": [ITEM | {"quantity": 10**9}]}, "quantity_too_large", "line_items.quantity"),
    ({"line_items": [ITEM | {"id": str(i)} for i in range(MAX_UNITS + 1)]}, "too_many_lines", "line_items"),
    ({"line_items": [ITEM | {"sku_id": str(i)} for i in range(1_001)]}, "too_many_lines", "line_items"),
    ({"payment": {"currency": "XXZ", "total_amount": "1"}}, "unknown_currency", "payment.currency"),
    ({"payment": {"currency": "USD", "total_amount": "-1"}}, "negative_amount", "payment.total_amount"),
    ({"recipient_address": {"region_code": "ZQ"}}, "unknown_market", "recipient_address.region_code"),
    ({"create_time": -5}, "impossible_date", "create_time"),
    ({"create_time": 12345}, "impossible_date", "created_at"),
    ({"tts_sla_time": 9_999_999_999}, "impossible_date", "tts_sla_time"),
    ({"create_time": "yesterday"}, "wrong_type", "create_time"),
    ({"line_items": "none"}, "wrong_type", "line_items"),
    ({"id": "=cmd"}, "formula_cell", "id"),
    ({"id": ""}, "missing_order_id", "id"),
    ({"buyer_message": "a\0b"}, "nul_bytes", None),
]


@pytest.mark.parametrize(
    ("changes", "code", "field"), REFUSED, ids=[f"{c}-{i}" for i, (_, c, _f) in enumerate(REFUSED)]
)
def test_refused(changes: dict[str, Any], code: str, field: str | None) -> None:
    found = one(**changes)
    assert isinstance(found, m.Refusal)
    assert (found.code, found.field, found.row) == (code, field, 1)
    assert "{" not in found.message + found.next


def test_a_cancelled_order_without_items_is_kept() -> None:
    assert taken(status="CANCELLED", line_items=[]).lines == []


def test_decimal_numbers_instead_of_text() -> None:
    assert taken(payment={"currency": "USD", "total_amount": 37.8, "sub_total": 35}).total == 3780


def test_an_order_needs_a_status_and_a_market_that_exists(tmp_path: Path) -> None:
    path = as_lines(
        tmp_path / "x.jsonl",
        api_order(status=None),
        api_order(id="579900000000000002", status=""),
        api_order(id="579900000000000003", recipient_address={"region_code": "ZZ"}),
        api_order(id="579900000000000004", recipient_address={"region_code": "EU"}),
        api_order(id="579900000000000005", recipient_address={"region_code": "KR"}),
    )
    orders, refused = read(path)
    assert [(o.platform_order_id[-1], o.market) for o in orders] == [("5", "KR")]
    assert [(r.row, r.code) for r in refused] == [
        (1, "missing_status"),
        (2, "missing_status"),
        (3, "unknown_market"),
        (4, "unknown_market"),
    ]


def test_bad_lines_do_not_stop_the_rest(tmp_path: Path) -> None:
    path = as_lines(
        tmp_path / "x.jsonl",
        api_order(),
        b'{"id": "1", "status":',
        b"",
        b"not json",
        b'{"id":"3","status":"\xff\xfe"}',
        api_order(id="579900000000000002"),
    )
    orders, refused = read(path)
    assert [(o.platform_order_id, o.row) for o in orders] == [("579900000000000001", 1), ("579900000000000002", 6)]
    assert [(r.row, r.code) for r in refused] == [(2, "bad_json"), (4, "bad_json"), (5, "bad_json")]


@pytest.mark.parametrize("pretty", [False, True])
@pytest.mark.parametrize("shape", ["array", "answer", "orders", "one"])
def test_documents(tmp_path: Path, shape: str, pretty: bool) -> None:
    orders = [api_order(), api_order(id="579900000000000002")]
    document: Any = {
        "array": orders,
        "answer": {"code": 0, "message": "Success", "data": {"orders": orders, "total_count": 2}},
        "orders": {"orders": orders},
        "one": orders[0],
    }[shape]
    text = msgspec.json.encode(document)
    path = tmp_path / "x.json"
    path.write_bytes(b"\xef\xbb\xbf" + (msgspec.json.format(text, indent=2) if pretty else text))
    found, refused = read(path)
    assert refused == []
    assert [o.platform_order_id[-1] for o in found] == (["1"] if shape == "one" else ["1", "2"])


def test_answers_line_by_line(tmp_path: Path) -> None:
    pages = [{"data": {"orders": [api_order(id=str(10**17 + i))]}} for i in range(3)]
    orders, refused = read(as_lines(tmp_path / "x.jsonl", *pages))
    assert refused == []
    assert [o.row for o in orders] == [1, 2, 3]


def test_the_same_order_twice_is_taken_once(tmp_path: Path) -> None:
    orders, refused = read(as_lines(tmp_path / "x.jsonl", api_order(), api_order()))
    assert (len(orders), refused) == (1, [])


def test_two_updates_of_one_order_are_both_told(tmp_path: Path) -> None:
    newer = api_order(update_time=1764133999, status="CANCELLED")
    orders, refused = read(as_lines(tmp_path / "x.jsonl", api_order(), newer))
    assert refused == []
    assert [o.state for o in orders] == [m.AWAITING_SHIPMENT, m.CANCELLED]


def test_the_same_order_with_other_content_is_refused(tmp_path: Path) -> None:
    other = api_order(id="579900000000000009")
    path = as_lines(tmp_path / "x.jsonl", api_order(), other, api_order(status="CANCELLED"))
    orders, refused = read(path)
    assert [o.platform_order_id for o in orders] == ["579900000000000009"]
    assert [(r.code, r.row, r.order) for r in refused] == [("duplicate_order", 1, "579900000000000001")]
    assert "1" in refused[0].message
    assert "3" in refused[0].message


def test_a_broken_document(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(b'[{"id":"1"},\n{"id":')
    with pytest.raises(Failure) as caught:
        read(path)
    assert caught.value.problem.code == "bad_json"


@given(text=st.binary(max_size=200))
def test_no_bytes_break_the_reader(text: bytes) -> None:
    assert all(isinstance(found, m.OrderIn | m.Refusal) for found in decode([text], context("US")))


@given(text=st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), max_size=60))
def test_texts_come_through(text: str) -> None:
    assert taken(buyer_message=text).buyer_message == text


@given(
    prices=st.lists(st.integers(0, 10**7), min_size=1, max_size=8),
    repeats=st.integers(1, 4),
)
def test_grouping_keeps_units_and_money(prices: list[int], repeats: int) -> None:
    items = [
        ITEM | {"id": f"{at}-{n}", "sale_price": f"{price // 100}.{price % 100:02d}", "original_price": "99.00"}
        for n in range(repeats)
        for at, price in enumerate(prices)
    ]
    order = taken(line_items=items)
    assert sum(line.quantity for line in order.lines) == len(items)
    assert sum(line.subtotal or 0 for line in order.lines) == sum(prices) * repeats
    assert len({unit for line in order.lines for unit in line.unit_ids}) == len(items)


def test_nesting_without_end_is_refused() -> None:
    deep = b'{"id":"1","x":' + b"[" * 200_000
    batch = list(decode([deep], context("US")))
    assert isinstance(batch[0], m.Refusal)
