"""When an order is ready to ship: the platform knows number and label. Our own printing is not that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from fahuo.channels.ports import Endpoint
from fahuo.store.effects import Answer, Claimed
from fahuo.store.engine import Store
from fahuo.views.order import OrderView
from tests.support.shopfloor import HOUR, MONDAY, Floor, order


class Yes:
    """A receiver that takes everything."""

    lane = "callback"

    def send(self, batch: Sequence[Claimed], endpoints: Mapping[int, Endpoint]) -> list[Answer]:
        assert set(endpoints)
        return [one.answer("done", {"status": 200}) for one in batch]


@pytest.fixture
def floor(store: Store, tmp_path: Path) -> Floor:
    return Floor(store, tmp_path).stocked()


def clock(view: OrderView, name: str) -> int | None:
    return next(c.met_at for c in view.clocks if c.clock == name)


def test_a_number_of_our_own_is_ready_to_ship_when_the_platform_has_taken_it(floor: Floor) -> None:
    shop = floor.shop(channel="callback", callback_url="http://127.0.0.1:9/", secret="k" * 32)
    limits = {"rts_sla_time": MONDAY + 5 * HOUR, "tts_sla_time": MONDAY + 9 * HOUR}
    floor.take(shop, order(platform_times=limits))
    floor.run()
    printed = floor.view()
    assert printed.row["tracking_number"]
    assert printed.row["arranged_at"] is None
    assert clock(printed, "ready_to_ship") is None
    assert printed.row["due_clock"] == "ready_to_ship"

    floor.clock.at = MONDAY + HOUR
    floor.pack()
    floor.run({"callback": Yes()})
    told = floor.view()
    assert told.row["arranged_at"] == MONDAY + HOUR
    assert clock(told, "ready_to_ship") == MONDAY + HOUR
    assert (told.row["due_clock"], told.row["due_at"]) == ("first_scan", MONDAY + 9 * HOUR)
    floor.clean()
