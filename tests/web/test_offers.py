"""The page of offers: what needs a look, and when sale is stopped."""

from __future__ import annotations

from fahuo.flow import offers as flow
from fahuo.flow.house import House
from fahuo.inventory import offers
from tests.support.house import NOW
from tests.web.conftest import Visitor

HOSTILE = "<script>alert(1)</script>"


def _offered(house: House) -> None:
    with house.store.write() as tx:
        shop, sku = tx.rows("SELECT s.id, k.id FROM shops s, skus k WHERE s.seller_id = 1 AND k.seller_id = 1")[0]
        rows = [
            (shop, f"S{n}", "7100", "P1", code, HOSTILE, "ACTIVATE", mine, 7, None, NOW)
            for n, (code, mine) in enumerate((("GOOD", sku), ("STRAY", None)))
        ]
        offers.keep(tx, rows)
        offers.update(tx, ("told_at",), [(shop, "S0", "7100", NOW)])


def test_what_needs_a_look_is_found(owner: Visitor, packer: Visitor, house: House) -> None:
    assert "Nothing here" in owner.get("/offers")
    _offered(house)
    page = owner.get("/offers")
    assert "GOOD" in page
    assert HOSTILE not in page
    trouble = owner.get("/offers?trouble=yes")
    assert "STRAY" in trouble
    assert "not mapped" in trouble
    assert "GOOD" not in trouble
    assert "STRAY" in packer.get("/offers")
    assert 'href="/offers"' in owner.get("/shops")


def test_the_seller_says_when_sale_stops(owner: Visitor, packer: Visitor, house: House) -> None:
    owner.post("/offers/stop-after", hours="6")
    assert flow.stop_after(house) == 6
    assert "after 6 hours" in owner.get("/offers")
    owner.post("/offers/stop-after", 400, hours="soon")
    packer.post("/offers/stop-after", 403, hours="1")
    owner.post("/offers/stop-after", hours="")
    assert flow.stop_after(house) is None
    owner.client.get("/lang/zh?next=/offers")
    assert "空货" in owner.get("/offers")
