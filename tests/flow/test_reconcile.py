"""The same history told by pulls, by notices or by both, in any order, twice or with gaps, ends in the same rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from fahuo.connections import notices_store
from fahuo.connections.model import Link
from fahuo.flow.house import open_desk
from fahuo.flow.notices import work_off
from fahuo.flow.plan import plan_all
from fahuo.flow.pull import pull
from fahuo.flow.report import Report
from fahuo.flow.restock import recheck
from fahuo.flow.taking import Taker, own_note
from fahuo.store.engine import Store
from tests.support.orders_platform import Body, Shopfront, body, connect, number
from tests.support.shopfloor import HOUR, MONDAY, TABLES, Floor

ON_HOLD: Body = {"recipient_address": None, "paid_time": MONDAY - HOUR}
LASTING = ("collection_time", "tracking_number", "a_new_field")
LEAVES: st.SearchStrategy[list[tuple[str, Body]]] = st.sampled_from(
    [
        [("AWAITING_COLLECTION", {}), ("IN_TRANSIT", {"collection_time": MONDAY}), ("DELIVERED", {})],
        [("AWAITING_COLLECTION", {"tracking_number": "SPX1"}), ("CANCELLED", {"cancellation_initiator": "SYSTEM"})],
        [("CANCELLED", {"cancellation_initiator": "BUYER", "cancel_reason": "đổi ý"})],
        [("QUARANTINED", {}), ("AWAITING_COLLECTION", {})],
        [("QUARANTINED", {})],
        [("IN_TRANSIT", {"collection_time": MONDAY}), ("COMPLETED", {})],
        [],
    ]
)
# No address changes here: one that comes after our label exists needs a person, one that we never saw the old address
# of does not, and both are right.
WAITS: st.SearchStrategy[list[tuple[str, Body]]] = st.lists(
    st.sampled_from(
        [
            ("AWAITING_SHIPMENT", {"is_buyer_request_cancel": True}),
            ("AWAITING_SHIPMENT", {"units": 3}),
            ("AWAITING_SHIPMENT", {"a_new_field": {"of": ["tomorrow"]}}),
            ("AWAITING_SHIPMENT", {"cancel_order_sla_time": MONDAY + 40 * HOUR}),
            ("ON_HOLD", ON_HOLD),
        ]
    ),
    max_size=3,
)


class Version(NamedTuple):
    """One state of one order at the platform."""

    order: int
    at: int
    status: str
    changes: Body


@st.composite
def histories(draw: st.DrawFn) -> list[Version]:
    """What happens to up to three orders, in the order of time; some of it within one second."""
    told = []
    for order in range(draw(st.integers(1, 3))):
        at = MONDAY - 5 * HOUR
        first = draw(st.sampled_from([("ON_HOLD", ON_HOLD), ("AWAITING_SHIPMENT", {})]))
        steps: list[tuple[str, Body]] = [first, *draw(WAITS), ("AWAITING_SHIPMENT", {}), *draw(LEAVES)]
        kept: Body = {}
        for status, changes in steps:
            # What has happened stays told: the platform takes no time of an event back.
            kept |= {name: value for name, value in changes.items() if name in LASTING}
            at += draw(st.sampled_from([0, 1, 60, 700, 4_000]))
            told.append(Version(order, at, status, kept | changes))
    return sorted(told, key=lambda one: one.at)


class Teller:
    """A connected shop that hears the history in its own way."""

    def __init__(self, floor: Floor, number_: int) -> None:
        self.floor, self.number = floor, number_
        place = f"7494{number_:015d}"
        self.front = Shopfront(place, page=4)
        self.link: Link = connect(floor.store, floor.shop(f"shop {number_}"), place)
        self.client = self.front.client()
        self.past: list[bytes] = []

    def happens(self, one: Version) -> None:
        """At the platform."""
        told = body(self.number * 10 + one.order, one.at, one.status, **one.changes)
        if "recipient_address" in told:  # the same buyer twice would be suspected as a repeated order
            told["recipient_address"] |= {"name": f"Buyer {self.number} {one.order}"}
        self.front.put(told)
        self.past.append(json.dumps(told).encode())

    def hears(self, one: Version) -> None:
        """A notice comes, perhaps again, and is worked off."""
        with self.floor.store.write() as tx:
            notices_store.note(tx, [own_note(self.link, number(self.number * 10 + one.order))])
        work_off(self.floor.house, self.client)

    def pulls(self) -> None:
        """A pull."""
        assert pull(self.floor.house, self.client, self.link).problem is None

    def late(self, at: int) -> None:
        """A telling that was under way for long is written now."""
        taker = Taker(self.floor.house, self.link, "late", "test")
        taker.take(taker.read([self.past[at % len(self.past)]]), Report(), lambda *_: None)

    def ends(self, orders: int) -> dict[int, Any]:
        """What we know of each order in the end."""
        store = self.floor.store
        return {order: _rows(store, self.link.shop_id, number(self.number * 10 + order)) for order in range(orders)}


def _rows(store: Store, shop_id: int, ref: str) -> dict[str, Any]:
    with store.read() as tx:
        plain = (
            "state, station, buyer_cancel, units, total, platform_times, cancel_by, cancel_reason, "
            "handed_over_at, delivered_at, source_at, due_at, due_clock, pack"
        )
        ((id_, *row),) = tx.rows(
            f"SELECT id, {plain} FROM orders"  # noqa: S608 - our own names
            " WHERE seller_id = 1 AND shop_id = :shop AND platform_order_id = :ref",
            shop=shop_id,
            ref=ref,
        )
        lines = tx.rows(
            "SELECT seller_sku, quantity, state FROM order_lines WHERE seller_id = 1 AND order_id = :id", id=id_
        )
        clocks = tx.rows(
            "SELECT clock, starts_at, due_at, met_at FROM clocks WHERE seller_id = 1 AND order_id = :id", id=id_
        )
        holds = tx.rows("SELECT code FROM holds WHERE seller_id = 1 AND order_id = :id AND released_at IS NULL", id=id_)
        held = tx.rows(
            "SELECT SUM(quantity) FROM reservations WHERE seller_id = 1 AND order_id = :id"
            " AND state IN ('reserved', 'placed')",
            id=id_,
        )
    return {
        **dict(zip(plain.split(", "), row, strict=True)),
        "lines": sorted(map(tuple, lines)),
        "clocks": sorted(map(tuple, clocks), key=str),
        "holds": sorted(code for (code,) in holds),
        "held": held[0][0] or 0,
    }


def _differences(ours: dict[int, Any], theirs: dict[int, Any]) -> list[tuple[Any, ...]]:
    """What differs, by order and part."""
    return [
        (order, part, ours[order][part], theirs[order][part])
        for order in ours
        for part in ours[order]
        if ours[order][part] != theirs[order][part]
    ]


_shops = iter(range(1, 10**6))


def _check(floor: Floor, history: Sequence[Version], data: st.DataObject) -> None:
    """Each way hears every order while it is open, then what it happens to hear, and in the end that all is told."""
    by_pull, by_notice, by_both = (Teller(floor, next(_shops)) for _ in range(3))
    begun: set[int] = set()
    for step, one in enumerate(history):
        for way in (by_pull, by_notice, by_both):
            way.happens(one)
        fresh = one.order not in begun
        begun.add(one.order)
        if fresh or data.draw(st.booleans(), label="pulled"):
            by_pull.pulls()
        for _ in range(1 if fresh else data.draw(st.integers(0, 2), label="notices")):
            by_notice.hears(one)
        if fresh or data.draw(st.booleans(), label="both pull"):
            by_both.pulls()
        if data.draw(st.booleans(), label="both hear"):
            by_both.hears(one)
        if data.draw(st.booleans(), label="late"):
            by_both.late(data.draw(st.integers(0, step), label="which"))
    by_pull.pulls()
    for one in history:
        by_notice.hears(one)
    by_both.pulls()
    with floor.store.read() as tx:
        desk = open_desk(tx, "test")
    recheck(floor.store, desk, floor.clock.at)
    plan_all(floor.store, desk, floor.clock.at)
    ends = [way.ends(len(begun)) for way in (by_pull, by_notice, by_both)]
    for end in ends[1:]:
        assert _differences(ends[0], end) == []
    truth = {one.order: one for one in history}
    assert {order: rows["source_at"] for order, rows in ends[0].items()} == {
        order: one.at for order, one in truth.items()
    }


SETTINGS = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
STOCK = TABLES["stock"].replace("100,", "1000000,")


@given(history=histories(), data=st.data())
@SETTINGS
def test_every_way_of_hearing_ends_the_same(floor: Floor, history: list[Version], data: st.DataObject) -> None:
    floor.table("stock", STOCK)
    _check(floor, history, data)
