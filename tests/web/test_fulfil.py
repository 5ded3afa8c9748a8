"""Cutting parcels on the order's page, and the page of the first mile."""

from __future__ import annotations

import pytest

from fahuo.flow import cut
from fahuo.flow.house import House
from fahuo.kernel.problems import Failure, Problem
from tests.support.connected import connect
from tests.web.conftest import Visitor


def _order(house: House, *, shop: int) -> tuple[int, str]:
    """An order of several units that can still be split: (id, a line's SKU)."""
    with house.store.write() as tx:
        row = tx.rows(
            "SELECT o.id, l.seller_sku FROM orders o"
            " JOIN order_lines l ON l.seller_id = o.seller_id AND l.order_id = o.id"
            " WHERE o.seller_id = 1 AND o.shop_id = :shop AND o.state = 'AWAITING_SHIPMENT' AND o.units > l.quantity"
            " ORDER BY o.id",
            shop=shop,
        )[0]
        tx.execute(
            "UPDATE packages SET packed_at = NULL, reported_at = NULL, arranged_at = NULL, label_origin = 'carrier'"
            " WHERE seller_id = 1 AND order_id = :order",
            {"order": row[0]},
        )
    return int(row[0]), str(row[1])


def test_an_order_is_split_from_its_page(house: House, owner: Visitor, packer: Visitor) -> None:
    order, sku = _order(house, shop=connect(house, "shop-VN"))
    page = owner.get(f"/orders/{order}")
    assert f'action="/orders/{order}/split"' in page
    assert f'action="/orders/{order}/split"' not in packer.get(f"/orders/{order}")
    with house.store.read() as tx:
        count = tx.rows(
            "SELECT sum(quantity) FROM order_lines WHERE seller_id = 1 AND order_id = :order AND seller_sku = :sku",
            order=order,
            sku=sku,
        )[0][0]
    owner.post(f"/orders/{order}/split", **{f"units.{sku}": int(count)})
    owner.post(f"/orders/{order}/split", 409, **{f"units.{sku}": 99})
    packer.post(f"/orders/{order}/split", 403, **{f"units.{sku}": 1})
    with house.store.read() as tx:
        kinds = tx.rows("SELECT kind, lane FROM effects WHERE seller_id = 1 AND order_id = :order", order=order)
    assert ("split_order", "tiktok") in [tuple(row) for row in kinds]


def test_an_order_of_a_shop_that_is_not_connected_shows_no_way_to_cut_it(house: House, owner: Visitor) -> None:
    with house.store.read() as tx:
        order = tx.rows("SELECT id FROM orders WHERE seller_id = 1 ORDER BY id")[0][0]
    assert "/split" not in owner.get(f"/orders/{order}")
    owner.post(f"/orders/{order}/split", 409)
    owner.post(f"/orders/{order}/uncombine", 409)


def test_the_page_of_the_first_mile(house: House, owner: Visitor, packer: Visitor) -> None:
    shop = connect(house, "shop-VN", "MY", "cross_border")
    with house.store.write() as tx:
        (warehouse,) = tx.rows("SELECT warehouse_id FROM packages WHERE seller_id = 1 AND shop_id = :shop", shop=shop)[
            0
        ]
        tx.execute(
            "UPDATE packages SET state = 'packed', packed_at = 1, label_origin = 'platform', warehouse_id = :place,"
            " tracking_number = 'MY' || id, handed_over_at = NULL"
            " WHERE seller_id = 1 AND shop_id = :shop",
            {"shop": shop, "place": warehouse},
        )
        tx.execute("UPDATE orders SET station = 'handover' WHERE seller_id = 1 AND shop_id = :shop", {"shop": shop})
        tx.execute("UPDATE holds SET released_at = 1 WHERE seller_id = 1")
    packer.get("/first-mile", 403)
    assert 'name="courier"' in owner.get("/first-mile")
    form = {"shop": shop, "warehouse": warehouse, "courier": "SF"}
    owner.post("/first-mile", 400, **form)
    owner.post("/first-mile", **form, number="SF1234567890123")
    text = owner.get("/first-mile")
    assert "SF1234567890123" in text
    assert 'name="courier"' not in text, "nothing waits any more"
    owner.post("/first-mile", 409, **form, number="SF1234567890124")
    owner.get("/first-mile/1/sheet", 404)
    with house.store.write() as tx:
        ((bundle,),) = tx.rows("SELECT id FROM first_mile_bundles WHERE seller_id = 1")
        tx.execute("UPDATE effects SET state = 'unknown' WHERE seller_id = 1 AND kind = 'bundle_first_mile'")
    assert f'action="/first-mile/{bundle}/decide"' in owner.get("/first-mile")
    packer.post(f"/first-mile/{bundle}/decide", 403, made="yes")
    owner.post(f"/first-mile/{bundle}/decide", made="yes", ref="FM1")
    owner.post(f"/first-mile/{bundle}/decide", 409, made="no")
    packer.post(f"/first-mile/{bundle}/handover", 403)
    assert "FM1" in owner.get("/first-mile")
    owner.post(f"/first-mile/{bundle}/handover")
    assert f'action="/first-mile/{bundle}/handover"' not in owner.get("/first-mile")


def test_a_wave_is_handed_over_from_its_page(house: House, owner: Visitor, packer: Visitor) -> None:
    with house.store.write() as tx:
        tx.execute("UPDATE packages SET state = 'packed', packed_at = 1, handed_over_at = NULL WHERE seller_id = 1")
        tx.execute("UPDATE holds SET released_at = 1 WHERE seller_id = 1")
        wave, parcels = tx.rows(
            "SELECT w.number, count(*) FROM waves w JOIN packages p ON p.seller_id = w.seller_id AND p.wave_id = w.id"
            " WHERE w.seller_id = 1 GROUP BY w.number ORDER BY w.number"
        )[0]
    assert 'action="/waves/handover"' in owner.get("/waves")
    packer.post("/waves/handover", 403, wave=wave)
    owner.post("/waves/handover", 409, wave=wave, count=int(parcels) + 1)
    assert f"{parcels} parcels handed over" in owner.post("/waves/handover", 200, wave=wave, count=int(parcels))


def silent(*_: object) -> None:
    """A platform that does not answer."""
    raise Failure(Problem("not_answered", message="The platform did not say: it is slow."), 1)


def test_a_parcel_has_a_page_for_what_may_be_asked_of_the_platform(
    house: House, owner: Visitor, packer: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(house, "shop-VN")
    with house.store.write() as tx:
        rows = tx.rows(
            "SELECT id, order_id FROM packages WHERE seller_id = 1 AND shop_id IN"
            " (SELECT shop_id FROM links WHERE seller_id = 1) ORDER BY id"
        )
        (own, own_order), (theirs, their_order) = rows[0], rows[1]
        tx.execute(
            "UPDATE packages SET label_origin = 'carrier', reported_at = 1, arranged_at = 1, handed_over_at = NULL,"
            " tracking_number = 'AB1' WHERE seller_id = 1 AND id = :id",
            {"id": own},
        )
        tx.execute(
            "UPDATE packages SET label_origin = 'platform', arranged_at = 1, handed_over_at = NULL"
            " WHERE seller_id = 1 AND id = :id",
            {"id": theirs},
        )
    assert f"/orders/{own_order}/parcels/{own}" in owner.get(f"/orders/{own_order}")
    assert 'name="number"' in owner.get(f"/orders/{own_order}/parcels/{own}")
    packer.get(f"/orders/{own_order}/parcels/{own}", 403)
    owner.get(f"/orders/{own_order}/parcels/{theirs}", 404)
    owner.post(f"/orders/{own_order}/parcels/{own}/number", 409, number="AB1")
    owner.post(f"/orders/{own_order}/parcels/{own}/number", number="AB2")
    monkeypatch.setattr(cut, "slots", silent)
    assert "did not say" in owner.get(f"/orders/{their_order}/parcels/{theirs}")
    monkeypatch.setattr(cut, "slots", lambda *_: ([(1795554000, 1795568400)], True))
    page = owner.get(f"/orders/{their_order}/parcels/{theirs}")
    assert 'value="1795554000-1795568400"' in page
    assert "dropped off" in page
    owner.post(f"/orders/{their_order}/parcels/{theirs}/schedule", slot="1795554000-1795568400")
    with house.store.read() as tx:
        kinds = {row[0] for row in tx.rows("SELECT kind FROM effects WHERE seller_id = 1 AND lane = 'tiktok'")}
    assert {"update_tracking", "schedule_handover"} <= kinds
