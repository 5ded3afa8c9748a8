"""The tower's figures, counted by hand, on both databases."""

from fahuo.deadlines.model import CLOCK
from fahuo.flow.house import rule_book
from fahuo.orders.tables import orders
from fahuo.store import bulk
from fahuo.views import tower
from tests.support.shopfloor import DAY, HOUR, Floor, order

NOW = 1_772_416_800


def place(floor: Floor, *due: int | None, station: str = "plan", first: int = 1, currency: str = "VND") -> list[int]:
    """Orders whose binding clock is set by hand, in the station given."""
    ids = []
    with floor.store.write() as tx:
        for number, at in enumerate(due, first):
            id_ = floor.id(number)
            row = (1, id_, at, "ready_to_ship" if at else None, "p" if at else None, station, currency, 1000 * number)
            columns = ("due_at", "due_clock", "pack", "station", "currency", "total")
            bulk.update(tx, orders, ("seller_id", "id"), columns, [row])
            ids.append(id_)
    return ids


def test_stations_and_orders_without_a_rule(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, *[order(n) for n in range(1, 6)])
    now = floor.clock.at
    place(floor, now + HOUR, None, None, now - 1, now + DAY)
    place(floor, now + DAY, station="handover", first=5)
    with floor.store.read() as tx:
        assert tower.stations(tx) == {"intake": 0, "check": 0, "stock": 0, "plan": 4, "pack": 0, "handover": 1}
        assert tower.without_rule(tx) == 2
        assert tower.stations(tx, [shop.id + 1])["plan"] == 0
        assert tower.stations(tx, [shop.id])["plan"] == 4
        assert tower.without_rule(tx, [shop.id + 1]) == 0


def test_the_curve_counts_what_the_floor_still_has_to_pack(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, *[order(n) for n in range(1, 7)])
    now = floor.clock.at  # a full hour
    place(floor, now - 1, now, now + HOUR - 1, now + HOUR, now + 3 * HOUR, now + 30 * HOUR)
    place(floor, now + HOUR, station="handover", first=6)
    with floor.store.read() as tx:
        curve = tower.curve(tx, now, 4)
    assert curve.at == [now, now + HOUR, now + 2 * HOUR, now + 3 * HOUR, now + 4 * HOUR]
    # Overdue at the first mark, then by the end of each hour; what is packed already is not counted.
    assert curve.due == [1, 3, 4, 4, 5]
    assert curve.packed is None
    assert curve.short is None
    assert curve.unknown == ["SG1"]


def test_capacity_against_deadlines_names_the_hour_that_breaks(floor: Floor) -> None:
    # Open 09:00 to 18:00 in Saigon, 9 parcels a day: one an hour. It is 09:00.
    floor.table(
        "warehouses", "code,name,country,zone,work_days,capacity_per_day\nSG1,One,VN,Asia/Ho_Chi_Minh,123456,9\n"
    )
    shop = floor.shop()
    floor.take(shop, *[order(n) for n in range(1, 6)])
    now = floor.clock.at
    place(floor, now - 5, now + 2 * HOUR - 1, now + 2 * HOUR - 1, now + 2 * HOUR - 1, now + 8 * HOUR)
    with floor.store.read() as tx:
        curve = tower.curve(tx, now, 10)
    assert curve.packed == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9]
    assert curve.due == [1, 1, 4, 4, 4, 4, 4, 4, 4, 5, 5]
    # Two hours pack the overdue one and one of the three; the other two breach.
    assert curve.short == (now + 2 * HOUR, 2)


def test_money_is_never_added_across_currencies(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, *[order(n) for n in range(1, 6)])
    now = floor.clock.at
    place(floor, now - 1, now + HOUR, now + 9 * HOUR)
    place(floor, now - 1, now - 2, first=4, currency="USD")
    with floor.store.read() as tx:
        found = {stake.currency: stake for stake in tower.stakes(tx, now, 8)}
    assert found["VND"][2:] == (1, 1000, 1, 2000)
    assert found["USD"][2:] == (2, 9000, 0, 0)


def test_late_rate_goes_by_the_clock_of_the_pack(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, *[order(n) for n in range(1, 5)])
    now = floor.clock.at + 6 * DAY
    with floor.store.read() as tx:
        book = rule_book(tx)
        rows = tower.late_rates(tx, now, book)
        (row,) = rows
        view = floor.view(1)
    counted = book.late_rate_clock(book.index[next(clock.pack for clock in view.clocks if clock.pack)])
    assert CLOCK[row.clock] == counted
    # All four fell due within the week and nothing happened to them.
    assert (row.shop, row.due, row.missed, row.unknown) == ("shop", 4, 4, 0)
    with floor.store.write() as tx:
        # One met in time, one cancelled before its clock ran out, one shipped but nobody told us when.
        due = {clock.clock: clock.due_at for clock in view.clocks}[row.clock]
        met, gone, shipped = floor.id(1), floor.id(2), floor.id(3)
        tx.execute("UPDATE clocks SET met_at = :due WHERE seller_id = 1 AND order_id = :id", {"due": due, "id": met})
        tx.execute("UPDATE orders SET cancelled_at = :at WHERE seller_id = 1 AND id = :id", {"at": due, "id": gone})
        tx.execute("UPDATE orders SET station = 'transit' WHERE seller_id = 1 AND id = :id", {"id": shipped})
    with floor.store.read() as tx:
        (row,) = tower.late_rates(tx, now, book)
        assert (row.due, row.missed, row.unknown) == (2, 1, 1)
        assert tower.late_rates(tx, now, book, [shop.id + 1]) == []
        assert tower.late_rates(tx, now + 30 * DAY, book) == []


def test_just_now_draws_alike_events_together(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, *[order(n) for n in range(1, 8)])
    floor.clock.at += 120
    floor.take(shop, order(9))
    with floor.store.read() as tx:
        events = tower.just_now(tx)
        taken = [event for event in events if event.kind == "taken"]
        assert [(event.at, event.orders, event.more) for event in taken] == [
            (floor.clock.at, 1, False),
            (floor.clock.at - 120, 7, False),
        ]
        assert taken[0].platform_order_id == "576000000000000009"
        assert tower.just_now(tx, shops=[shop.id + 1]) == []
        assert [event.more for event in tower.just_now(tx, read=4)][-1]


def test_the_late_rate_counts_what_the_seller_was_to_send(floor: Floor) -> None:
    shop = floor.shop(shipping_type="TIKTOK")
    base = {"shipping_type": "TIKTOK"}
    late = floor.clock.at + 5 * DAY
    floor.take(
        shop,
        order(1, **base),  # never sent
        order(2, **base, state="CANCELLED", cancelled_at=late),  # cancelled when its clock had run out
        order(3, **base, state="CANCELLED", cancelled_at=floor.clock.at),  # cancelled in time
        order(4, **base, state="CANCELLED", cancelled_at=late, paid_at=None, awaiting_at=None),  # never paid
        order(5, **base, state="UNPAID", paid_at=None, awaiting_at=None),
        order(6, **base, fulfillment_type="FULFILLMENT_BY_TIKTOK"),  # the platform's own
    )
    with floor.store.read() as tx:
        (row,) = tower.late_rates(tx, late, rule_book(tx))
    assert (row.clock, row.due, row.missed, row.unknown) == ("first_scan", 2, 2, 0)
