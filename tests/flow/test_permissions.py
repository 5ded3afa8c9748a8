"""An app without a permission: what needs it waits and says so, the rest goes on, and giving it frees what waits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fahuo.connections import service
from fahuo.flow.arrive import arrive
from fahuo.flow.connect import standings
from fahuo.sandbox import buyers
from fahuo.sandbox.gateway_model import FULFILMENT_WRITE, RETURN, SCOPES
from fahuo.store.engine import Store
from fahuo.talks import queries as talk_queries
from tests.support.sandboxed import Town


@pytest.fixture
def vn(store: Store, tmp_path: Path) -> Iterator[Town]:
    town = Town(store, tmp_path, "VN")
    yield town
    town.close()


def allow(town: Town, *missing: str) -> None:
    """The app has all scopes but these."""
    (app,) = town.sandbox.auth.apps.values()
    app.scopes = [scope for scope in SCOPES if scope not in missing]


def state(town: Town) -> tuple[str, set[str]]:
    (found,) = standings(town.house)
    return found.state, set(found.lacking)


def test_what_may_not_be_arranged_waits_and_is_arranged_once_it_may(vn: Town) -> None:
    allow(vn, FULFILMENT_WRITE)
    refs = vn.place(3, shipping_type="TIKTOK")
    vn.work(3)
    assert state(vn) == ("limited", {"fulfillment"})
    assert {word for word, _ in vn.effects("arrange_shipment")} == {"waiting"}
    assert all("not_permitted" in outcome for _, outcome in vn.effects("arrange_shipment"))
    assert [vn.held(ref) for ref in refs] == [set()] * 3  # no fault of the orders
    asked = vn.calls("POST", "/fulfillment/")
    vn.work(3)
    assert vn.calls("POST", "/fulfillment/") == asked  # nor is it asked for again and again
    allow(vn)
    (one,) = standings(vn.house)
    with vn.house.store.write() as tx:
        service.may_again(tx, one.shop_id)  # as connecting again does, and the daily look
    vn.work(3)
    assert {word for word, _ in vn.effects("arrange_shipment")} == {"done"}
    assert {vn.theirs(ref).status for ref in refs} == {"AWAITING_COLLECTION"}
    assert state(vn) == ("active", set())
    assert vn.clean()


def test_a_part_that_may_not_be_read_holds_up_no_other(vn: Town) -> None:
    (ref,) = vn.place(shipping_type="TIKTOK")
    vn.work(2)
    allow(vn, RETURN)
    buyers.say(vn.sandbox.world, vn.theirs(ref), "urge", vn.clock.at)
    vn.go(20 * 60)
    told = vn.calls("/return_refund/")
    came = arrive(vn.house, vn.client, at_once=True)
    assert vn.calls("/return_refund/") > told
    assert "105005" in came.failed[next(iter(came.failed))]
    assert state(vn) == ("limited", {"return_refund"})
    with vn.house.store.read() as tx:
        (talk,) = talk_queries.latest(tx, 10)
        assert talk_queries.messages_of(tx, talk.id)
