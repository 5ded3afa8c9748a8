"""Tokens that end in the middle of a batch, clocks that are off, answers lost after the work was done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fahuo.flow.offers import keep_offers
from fahuo.sandbox import buyers
from fahuo.store.engine import Store
from tests.support.sandboxed import Town


@pytest.fixture
def vn(store: Store, tmp_path: Path) -> Iterator[Town]:
    town = Town(store, tmp_path, "VN")
    yield town
    town.close()


@pytest.mark.parametrize("path", ["*/packages/ship", "*/orders/search", "*/shipping_documents"])
def test_a_token_that_ends_in_the_middle_of_a_batch(vn: Town, path: str) -> None:
    refs = vn.place(5, shipping_type="TIKTOK")
    before = next(iter(vn._links().values())).access_token
    vn.sandbox.faults.add({"kind": "expire_token", "path": path, "count": 1})
    vn.work(3)
    (fault,) = vn.sandbox.faults.on.values()
    assert fault.struck == 1
    assert next(iter(vn._links().values())).access_token != before
    assert {vn.theirs(ref).status for ref in refs} == {"AWAITING_COLLECTION"}
    assert {state for state, _ in vn.effects("arrange_shipment")} == {"done"}
    assert sorted(kind for ref in refs for kind in vn.kinds(ref) if kind == "arranged") == ["arranged"] * len(refs)
    assert vn.clean()


@pytest.mark.parametrize("seconds", [300, -300])
def test_a_server_whose_clock_is_five_minutes_off(vn: Town, seconds: int) -> None:
    refs = vn.place(3, shipping_type="TIKTOK")
    vn.sandbox.faults.add({"kind": "clock_skew", "seconds": seconds})
    vn.work(3)
    assert {vn.theirs(ref).status for ref in refs} == {"AWAITING_COLLECTION"}
    (link,) = vn._links().values()
    assert abs(vn.client.health(link).skew_s - seconds) <= 2
    assert len(vn.effects("arrange_shipment")) == len(refs)


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("kind", ["internal", "timeout"])
def test_arranging_whose_answer_leaves_it_open(vn: Town, kind: str, done: bool) -> None:
    refs = vn.place(4, shipping_type="TIKTOK")
    vn.sandbox.faults.add({"kind": kind, "path": "*/ship", "count": 1, "done": done, "seconds": 0})
    vn.work(4)
    assert {vn.theirs(ref).status for ref in refs} == {"AWAITING_COLLECTION"}
    assert {state for state, _ in vn.effects("arrange_shipment")} == {"done"}
    assert vn.calls("POST", "/packages/ship") == (1 if done else 2)


@pytest.mark.parametrize("kind", ["internal", "truncated"])
def test_a_message_whose_answer_leaves_it_open_is_sent_once(vn: Town, kind: str) -> None:
    from fahuo.flow import talks  # noqa: PLC0415 - one use
    from tests.support.shopfloor import OWNER_HERE  # noqa: PLC0415 - one use

    (ref,) = vn.place(shipping_type="TIKTOK")
    buyers.say(vn.sandbox.world, vn.theirs(ref), "urge", vn.clock.at)
    vn.work()
    with vn.house.store.read() as tx:
        (conversation,) = tx.rows("SELECT id FROM conversations WHERE seller_id = 1")[0]
    vn.sandbox.faults.add({"kind": kind, "path": "*/messages", "method": "POST", "count": 1, "done": True})
    talks.say(vn.house, OWNER_HERE, conversation, "It left this morning.")
    vn.work(3)
    (talk,) = vn.sandbox.world.conversations.values()
    assert sum("It left this morning." in one.content for one in talk.messages) == 1
    assert [state for state, _ in vn.effects("send_message")] == ["done"]


@pytest.mark.parametrize("kind", ["internal", "truncated", "timeout"])
def test_a_push_of_stock_whose_answer_leaves_it_open(vn: Town, kind: str) -> None:
    vn.sandbox.faults.add({"kind": kind, "path": "*/inventory/update", "rate": 0.3, "done": True, "seconds": 0})
    vn.arrive()
    (link,) = vn._links().values()
    keep_offers(vn.house, vn.client, [link])
    vn.work(12, arrive_first=False)
    assert {state for state, _ in vn.effects("push_stock")} == {"done"}
    with vn.house.store.read() as tx:
        rows = tx.rows("SELECT platform_sku_id, warehouse_ref, shown FROM offers WHERE seller_id = 1")
    assert rows
    shop = next(iter(vn.sandbox.world.shops))
    for sku_id, place, shown in rows:
        sku = vn.sandbox.world.sku(shop, sku_id)
        assert sku is not None
        assert sku.stock[place] == shown
