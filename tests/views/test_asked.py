"""What waits for a person, counted by hand, on both databases."""

from __future__ import annotations

from fahuo.aftersales.model import RequestIn
from fahuo.connections import notices_store
from fahuo.connections.notices import PARKED, Notice
from fahuo.flow import aftersales
from fahuo.orders import service as orders
from fahuo.orders.rules import hold
from fahuo.store import effects
from fahuo.talks import service as talks
from fahuo.talks.model import ConversationIn, MessageIn
from fahuo.views import asked
from fahuo.views.aftersales import request_list
from fahuo.views.changed import Watch
from fahuo.views.effects import OPEN, effects_page
from tests.support.shopfloor import HOUR, Floor, order

MS = 1_000


def request(number: int, by: int | None, amount: int | None = None, kind: str = "cancel") -> RequestIn:
    return RequestIn(
        kind=kind, ref=f"r{number}", order_ref="5760" + str(number).rjust(14, "0"),
        type="BUYER_CANCEL" if kind == "cancel" else "REFUND", state="CANCELLATION_REQUEST_PENDING",
        action="SELLER_RESPOND_CANCEL", answer_by=by, amount=amount, currency="" if amount is None else "USD",
        asked_at=1, updated_at=1,
    )  # fmt: skip


def test_requests_are_counted_with_their_money_most_urgent_first(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, *[order(n) for n in range(1, 4)])
    now = floor.clock.at
    watch = Watch(floor.store)
    before = watch.token()
    with floor.store.write() as tx:
        told = [request(1, now + HOUR), request(2, now - 1, 1234, "return"), request(3, None)]
        aftersales.take(tx, shop.id, told, now, "api")
    assert watch.token() != before
    watch.close()
    with floor.store.read() as tx:
        band = asked.band(tx, now, now * MS)
        assert (band.requests, band.overdue) == (3, 1)
        assert [one.ref for one in band.urgent] == ["r2", "r1", "r3"]
        totals = {stake.currency: (stake.exponent, stake.requests, stake.total) for stake in band.stakes}
        own = tx.rows(
            "SELECT sum(total) FROM orders WHERE seller_id = 1 AND id IN (:a, :b)", a=floor.id(1), b=floor.id(3)
        )
        assert totals == {"USD": (2, 1, 1234), "VND": (0, 2, own[0][0])}
        assert asked.band(tx, now, now * MS, [shop.id]).requests == 3
        assert asked.band(tx, now, now * MS, [shop.id + 1]).requests == 0
        assert [one.ref for one in request_list(tx, None, waiting=True, kind="REFUND")] == ["r2"]
        assert request_list(tx, None, shop_id=shop.id + 1) == []


def test_buyers_notices_and_refused_parcels_are_counted_by_shop(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, order(1))
    now = floor.clock.at
    with floor.store.write() as tx:
        ids = talks.keep_conversations(tx, shop.id, [ConversationIn(ref="c"), ConversationIn(ref="d")], {})
        talks.keep_messages(tx, ids["c"], [MessageIn(ref="m", role="BUYER", type="TEXT", content="x", at=7)], None, now)
        talks.read_to(tx, ids["c"], 7)
        parked = Notice(notification_id="n", type=1, kind="order", shop_id=shop.id, state=PARKED)
        notices_store.add(tx, [parked])
        orders.hold(tx, {floor.id(1): [hold(asked.REFUSED, "parcel", "torn")]}, now)
    with floor.store.read() as tx:
        band = asked.band(tx, now, now * MS)
        assert (band.buyers, band.buyers_since, band.notices, band.refused) == (1, 7, {shop.id: 1}, 1)
        assert asked.band(tx, now, now * MS, [shop.id]) == band
        other = asked.band(tx, now, now * MS, [shop.id + 1])
        assert (other.buyers, other.notices, other.refused, other.broken) == (0, {}, 0, [])


def test_messages_by_state_and_shop(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, order(1))
    rows = [
        effects.Effect("a", "fetch_label", "tiktok", shop.id, floor.id(1), None, 0, {}, "readable", str(shop.id)),
        effects.Effect("b", "first_mile_refused", "person", None, floor.id(1), None, 0, {}, waits=True),
    ]
    with floor.store.write() as tx:
        effects.put(tx, rows)
    (claimed,) = effects.claim(floor.store, "w", ["tiktok"], 1, floor.clock.at)
    with floor.store.write() as tx:
        effects.finish(tx, [claimed.answer("declined", {"code": "1"})])
    with floor.store.read() as tx:
        (declined,) = effects_page(tx, OPEN)
        assert (declined.kind, declined.shop, declined.outcome) == ("fetch_label", "shop", {"code": "1"})
        assert declined.order_ref == "576000000000000001"
        # What a person is to do has no shop of its own: its order's counts.
        assert [one.kind for one in effects_page(tx, "waiting", shop.id)] == ["first_mile_refused"]
        assert effects_page(tx, "waiting", shop.id + 1) == []
        assert {one.kind for one in effects_page(tx, "", allowed=[shop.id])} >= {"fetch_label", "first_mile_refused"}
        assert effects_page(tx, "", allowed=[shop.id + 1]) == []
        assert effects_page(tx, OPEN, before=declined.id) == []
