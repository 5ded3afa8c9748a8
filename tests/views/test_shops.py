"""Figures of the shops page agree with the tower's."""

from __future__ import annotations

from fahuo.orders.model import ON_HOLD
from fahuo.views import shops, tower
from tests.support.shopfloor import DAY, MONDAY, Floor, order


def test_overdue_means_the_same_on_both_pages(floor: Floor) -> None:
    late = {"platform_times": {"tts_sla_time": MONDAY + 60}}
    floor.take(floor.shop(), order(1, **late), order(2, state=ON_HOLD, awaiting_at=None, **late))
    floor.clock.at += DAY
    with floor.store.read() as tx:
        assert [stake.overdue for stake in tower.stakes(tx, floor.clock.at)] == [1]
        assert [(view.open, view.overdue) for view in shops.shop_views(tx, floor.clock.at)] == [(2, 1)]
