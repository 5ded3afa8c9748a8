"""The order list: every filter, every page, nobody else's orders."""

import random

import pytest

from fahuo.orders.tables import orders
from fahuo.store import bulk
from fahuo.views.order import recipient, show, visible
from fahuo.views.orders import Filter, page
from tests.support.shopfloor import HOUR, Floor, order
from tests.support.shopfloor import recipient as person
from tests.views.test_tower import place


def numbers(floor: Floor, wanted: Filter, limit: int = 50, shops: list[int] | None = None) -> list[int]:
    """The orders found, over all pages, by the number they were made with."""
    found: list[int] = []
    cursor = ""
    with floor.store.read() as tx:
        while True:
            got = page(tx, wanted, limit, cursor, shops)
            assert len(got.rows) <= limit
            found += [int(row.platform_order_id[4:]) for row in got.rows]
            cursor = got.next
            if not cursor:
                return found


def test_no_rule_first_then_by_clock_then_without_clock(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, *[order(n) for n in range(1, 8)])
    now = floor.clock.at
    place(floor, now + HOUR, None, now - HOUR, now + HOUR)
    place(floor, None, station="pack", first=5)
    place(floor, None, station="handover", first=6)
    place(floor, now - 2 * HOUR, station="handover", first=7)
    for limit in (1, 2, 3, 50):
        assert numbers(floor, Filter(), limit) == [2, 5, 7, 3, 1, 4, 6]
    assert numbers(floor, Filter(station="handover")) == [7, 6]
    assert numbers(floor, Filter(sort="new"), 2) == [7, 6, 5, 4, 3, 2, 1]
    assert numbers(floor, Filter(sort="new", station="handover"), 1) == [7, 6]


def test_pages_lose_nothing_whatever_the_ties(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, *[order(n) for n in range(1, 41)])
    draw = random.Random(5)  # noqa: S311 -- spreads test data, hides nothing
    now = floor.clock.at
    with floor.store.write() as tx:
        for n in range(1, 41):
            due = draw.choice([None, now, now, now + 1, now + 2])
            station = draw.choice(["check", "stock", "plan", "pack", "handover", "intake"])
            row = (1, floor.id(n), due, station, "p" if due else draw.choice(["p", None]))
            bulk.update(tx, orders, ("seller_id", "id"), ("due_at", "station", "pack"), [row])
    for limit in (1, 3, 7, 40):
        found = numbers(floor, Filter(), limit)
        assert sorted(found) == list(range(1, 41))
        assert found == numbers(floor, Filter(), 50)


def test_filters(floor: Floor) -> None:
    shop, other = floor.shop(), floor.shop("other")
    floor.take(shop, order(1), order(2, recipient=person(phone="")), order(3, state="UNPAID"))
    floor.take(other, order(4, recipient=person(name="Trần Văn Bình")), order(5, tracking_number="SPX123"))
    now = floor.clock.at
    assert set(numbers(floor, Filter(shop_id=other.id))) == {4, 5}
    assert numbers(floor, Filter(hold="phone_missing")) == [2]
    assert set(numbers(floor, Filter(hold="any"))) == {2, 3, 5}  # the others: maybe ordered twice
    assert numbers(floor, Filter(station="intake")) == [3]
    assert numbers(floor, Filter(state="UNPAID")) == [3]
    assert numbers(floor, Filter(market="TH")) == []
    assert numbers(floor, Filter(text="576000000000000004")) == [4]
    assert numbers(floor, Filter(text=str(floor.id(5)))) == [5]
    assert numbers(floor, Filter(text="' OR 1=1 --")) == []
    assert numbers(floor, Filter(name="trần  văn bình")) == [4]
    assert set(numbers(floor, Filter(phone="+84912345678"))) == {1, 3, 4, 5}
    assert numbers(floor, Filter(name="trần văn bình", phone="+84912345678", shop_id=shop.id)) == []
    assert numbers(floor, Filter(due_before=now - 1)) == []
    assert set(numbers(floor, Filter(due_before=now + 400 * HOUR))) == {1, 2, 4, 5}  # 3 is not paid: no clock runs


def test_nobody_sees_the_orders_of_other_shops(floor: Floor) -> None:
    shop, other = floor.shop(), floor.shop("other")
    floor.take(shop, order(1))
    floor.take(other, order(2))
    everything = (
        Filter(), Filter(sort="new"), Filter(text="576000000000000002"), Filter(shop_id=other.id),
        Filter(phone="+84912345678"), Filter(text=str(floor.id(2))),
    )  # fmt: skip
    for wanted in everything:
        assert 2 not in numbers(floor, wanted, shops=[shop.id])
        assert numbers(floor, wanted, shops=[]) == []
    with floor.store.read() as tx:
        assert show(tx, floor.id(2), 0, [shop.id]) is None
        assert not visible(tx, floor.id(2), [shop.id])
        assert visible(tx, floor.id(2), [other.id])


@pytest.mark.parametrize("cursor", ["x", "due.1", "due.a.b.c", "new.5", "due.1.2.99999999999999999999", "."])
def test_a_cursor_of_another_list_is_refused(floor: Floor, cursor: str) -> None:
    with floor.store.read() as tx, pytest.raises(ValueError, match=r"cursor|int"):
        page(tx, Filter(), 10, cursor)


def test_a_page_takes_the_same_statements_whatever_its_size(floor: Floor) -> None:
    floor.take(floor.shop(), *[order(n) for n in range(1, 61)])
    counts = set()
    for limit in (1, 10, 60):
        with floor.store.read() as tx:
            page(tx, Filter(), limit)
            counts.add(tx.statements)
    assert len(counts) == 1


def test_the_recipient_is_opened_only_when_asked(floor: Floor) -> None:
    floor.take(floor.shop(), order(1))
    view = floor.view(1)
    assert "Nguyễn" not in repr(view)
    with floor.store.read() as tx:
        found = recipient(tx, floor.id(1))
    assert found is not None
    assert found.name == "Nguyễn Thị Hoa"
