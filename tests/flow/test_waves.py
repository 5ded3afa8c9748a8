"""Orders that come by ones gather in one wave, until somebody begins it."""

import pytest
from sqlalchemy import select

from fahuo.documents import pdf
from fahuo.flow.handover import hand_over
from fahuo.flow.house import open_desk
from fahuo.flow.labels import render_wave
from fahuo.flow.plan import plan_all
from fahuo.kernel.instant import local, zone
from fahuo.orders.model import CANCELLED
from fahuo.store.engine import Tx
from fahuo.views.shops import wave_list
from fahuo.warehouse import queries
from fahuo.warehouse.tables import packages, waves
from tests.support.shopfloor import HOUR, Floor, order


def sizes(floor: Floor) -> list[tuple[int, int]]:
    """(number, parcels as stored) of every wave, checked against the parcels that name it."""
    with floor.store.read() as tx:
        w = waves.c
        rows = tx.rows(select(w.number, w.parcels, w.id).where(w.seller_id == 1).order_by(w.number))
        held = [row[0] for row in tx.rows(select(packages.c.wave_id).where(packages.c.seller_id == 1))]
    assert [parcels for _, parcels, _ in rows] == [held.count(id_) for _, _, id_ in rows]
    return [(row[0], row[1]) for row in rows]


def come(floor: Floor, *numbers: int) -> None:
    shop = floor.shop()
    for number in numbers:
        floor.take(shop, order(number))
        floor.run()
        floor.clock.at += HOUR // 60


def test_orders_planned_one_by_one_share_a_wave(floor: Floor) -> None:
    come(floor, 1, 2, 3)
    assert sizes(floor) == [(1, 3)]


def test_a_printed_wave_is_closed(floor: Floor) -> None:
    come(floor, 1, 2)
    render_wave(floor.house, 1, "pick-list")
    come(floor, 3)
    assert sizes(floor) == [(1, 2), (2, 1)]


def test_a_wave_being_packed_is_closed(floor: Floor) -> None:
    come(floor, 1)
    floor.pack()
    come(floor, 2)
    assert sizes(floor) == [(1, 1), (2, 1)]


def test_after_the_departure_a_new_wave_begins(floor: Floor) -> None:
    come(floor, 1)
    floor.clock.at += 24 * HOUR
    come(floor, 2)
    assert sizes(floor) == [(1, 1), (2, 1)]


def test_a_waves_figures_are_those_of_now(floor: Floor) -> None:
    come(floor, 1, 2)
    with floor.store.read() as tx:
        (before,) = wave_list(tx)
        assert before.first_due_at == min(row[0] for row in tx.rows("SELECT due_at FROM orders WHERE seller_id = 1"))
    floor.take(floor.shop(), order(2, state=CANCELLED, cancelled_at=floor.clock.at, updated_at=floor.clock.at))
    floor.run()
    with floor.store.read() as tx:
        (after,) = wave_list(tx)
    assert (before.parcels, before.arranged, after.parcels, after.arranged) == (2, 2, 1, 1)
    floor.pack()
    hand_over(floor.house, "bo", wave=1)
    with floor.store.read() as tx:
        (gone,) = wave_list(tx)
    assert (gone.packed, gone.parcels, gone.first_due_at) == (1, 1, None)


def test_a_pick_list_names_the_limit_of_now(floor: Floor) -> None:
    def printed() -> str:
        return "".join("".join(pdf.page_texts(render_wave(floor.house, 1, "pick-list"))).split())

    def shown(at: int) -> str:
        return local(at, zone("Asia/Ho_Chi_Minh")).strftime("%Y-%m-%d%H:%M")

    shop = floor.shop()
    floor.take(shop, order(1, platform_times={"rts_sla_time": floor.clock.at + 5 * HOUR}), order(2))
    floor.run()
    first, last = (floor.view(n).row["due_at"] for n in (1, 2))
    assert shown(first) != shown(last)
    assert shown(first) in printed()
    floor.take(shop, order(1, state=CANCELLED, cancelled_at=floor.clock.at, updated_at=floor.clock.at))
    floor.run()
    assert shown(last) in printed()
    assert shown(first) not in printed()
    floor.pack(2)
    hand_over(floor.house, "bo", wave=1)
    assert shown(last) not in printed()


def test_two_that_open_a_wave_of_one_number_do_not_end_the_worker(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found by a fault run: orders that arrive are planned beside those that wait. SQLite has one writer only."""
    shop = floor.shop("shop")
    floor.take(shop, order(1))
    floor.run()
    if floor.store.dialect != "postgresql":
        return
    floor.take(shop, order(2))
    real, asked = queries.last_wave_number, []

    def stale(tx: Tx) -> int:
        asked.append(real(tx))
        return 0 if len(asked) == 1 else asked[-1]

    monkeypatch.setattr(queries, "last_wave_number", stale)
    monkeypatch.setattr(queries, "waves_to_join", lambda *_: {})
    with floor.store.read() as tx:
        desk = open_desk(tx, "worker")
    assert plan_all(floor.store, desk, floor.clock.at) == {"planned": 1, "unplanned": 0}
    assert len(asked) == 2
