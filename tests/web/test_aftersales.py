"""The page of requests: what is asked until when, answered with a button, by those who may."""

from __future__ import annotations

import msgspec
import pytest

from fahuo.aftersales import queries
from fahuo.channels.tiktok_shop.aftersale import read
from fahuo.flow import aftersales
from fahuo.flow.house import House
from tests.support.house import NOW
from tests.web.conftest import Visitor

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def asked(house: House) -> int:
    """A buyer asks to cancel an order of the furnished house."""
    with house.store.read() as tx:
        shop, ref = tx.rows("SELECT shop_id, platform_order_id FROM orders WHERE seller_id = 1 ORDER BY id")[0]
    body = {
        "cancel_id": "577", "order_id": ref, "cancel_type": "BUYER_CANCEL", "role": "BUYER",
        "cancel_status": "CANCELLATION_REQUEST_PENDING", "cancel_reason_text": HOSTILE,
        "seller_next_action_response": [{"action": "SELLER_RESPOND_CANCEL", "deadline": NOW + 3_600}],
        "create_time": NOW - 60, "update_time": NOW - 60,
    }  # fmt: skip
    found = read("cancel", msgspec.json.encode(body))
    assert found is not None
    with house.store.write() as tx:
        aftersales.take(tx, shop, [found], NOW, "api")
        return queries.to_answer(tx)[0].id


def test_the_owner_sees_and_approves(owner: Visitor, house: House, asked: int) -> None:
    page = owner.get("/aftersales")
    assert "Buyer wants to cancel" in page
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    owner.post(f"/aftersales/{asked}/answer", decision="approve")
    with house.store.read() as tx:
        assert queries.by_id(tx, [asked])[asked].decided == "approve"
    assert "Approved" in owner.get("/aftersales/live")
    owner.post(f"/aftersales/{asked}/answer", 409, decision="approve")


def test_a_shop_that_is_not_connected_offers_no_reasons(owner: Visitor, asked: int) -> None:
    assert "not connected any more" in owner.get(f"/aftersales/{asked}/reasons")


def test_the_packer_may_look_but_not_answer(packer: Visitor, asked: int) -> None:
    assert "Approve" not in packer.get("/aftersales")
    packer.post(f"/aftersales/{asked}/answer", 403, decision="approve")


def test_in_chinese(owner: Visitor, asked: int) -> None:
    assert asked
    owner.client.get("/lang/zh?next=/aftersales")
    assert "买家要求取消" in owner.get("/aftersales")
