"""The demonstration's days: what it says of itself is what the database and the sandbox prove, on both databases."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select

from fahuo.connections.model import ACTIVE
from fahuo.demo.figures import figures
from fahuo.demo.inside import DAY, HOUR
from fahuo.demo.office import THANKS
from fahuo.demo.play import Play
from fahuo.flow.connect import standings
from fahuo.flow.verify import verify_all
from fahuo.orders.tables import holds, orders
from fahuo.store.engine import Store, open_store
from fahuo.store.tables import effects
from fahuo.talks import queries as talks
from fahuo.talks.model import OURS
from fahuo.warehouse.tables import first_mile_bundles, packages
from tests.demo.conftest import MONDAY, Started
from tests.support.stores import MASTER


def hours(play: Play, number: int, step: int = 1) -> None:
    """Play in larger steps than the demonstration does: quicker, and as true."""
    for _ in range(0, number, step):
        play.advance(step * HOUR)
    play.settle()


def test_a_day_agrees_with_the_database_and_the_sandbox(sqlite_url: str, start: Started) -> None:
    store = open_store(sqlite_url, master=MASTER)
    play = start(store, per_day=48)
    shops = standings(play.house)
    assert len({one.region for one in shops}) >= 3
    assert [one.seller_type for one in shops].count("cross_border") == 1
    assert {one.state for one in shops} == {ACTIVE}

    hours(play, 24)
    found = figures(play.house)
    assert play.house.clock.now() == MONDAY + DAY
    assert list(verify_all(play.house)) == []
    assert play.disagreements() == {}
    assert found["journal_ok"] is True
    with store.read() as tx:
        o, p, b = orders.c, packages.c, first_mile_bundles.c
        stations = dict(tx.rows(select(o.station, func.count()).where(o.seller_id == 1).group_by(o.station)))
        early = tx.rows(select(func.count()).where(p.seller_id == 1, p.handed_over_at < p.packed_at))[0][0]
        bundled = tx.rows(select(b.state).where(b.seller_id == 1))
    assert found["orders_received"] == sum(stations.values()) > 30
    rest = found["open"] + found["orders_shipped"] + found["cancelled"] + stations.get("history", 0)
    assert found["orders_received"] == rest
    assert 0 < found["on_time"] <= found["orders_shipped"]
    assert (found["late"], found["effects_pending"], found["effects_given_up"], early) == (0, 0, 0, 0)
    assert bundled == [("bundled",)]
    store.close()


def test_two_shops_agree_on_either_database(store: Store, start: Started) -> None:
    play = start(store, per_day=12, markets=("US", "MY:cross_border"))
    hours(play, 24)
    assert play.disagreements() == {}
    found = figures(play.house)
    assert found["orders_received"] > 0
    assert found["late"] == 0
    assert found["journal_ok"] is True


def test_without_staff_orders_are_late(sqlite_url: str, start: Started) -> None:
    store = open_store(sqlite_url, master=MASTER)
    play = start(store, per_day=12, staff=0, markets=("VN", "US"))
    hours(play, 48, step=3)
    found = figures(play.house)
    assert found["orders_shipped"] == found["on_time"] == 0
    assert found["late"] > 0
    assert found["journal_ok"] is True
    assert play.disagreements() == {}
    store.close()


def test_a_buyer_who_writes_is_answered_in_office_hours(sqlite_url: str, start: Started) -> None:
    store = open_store(sqlite_url, master=MASTER)
    play = start(store, per_day=12, markets=("VN",))
    order = _arranged(play, store)
    play.outside.buyer(order, "message", text="Where is it?")
    hours(play, 24)
    with store.read() as tx:
        assert talks.waiting(tx, 5) == []
        told = [one for talk in talks.latest(tx, 5) for one in talks.messages_of(tx, talk.id)]
    assert "Where is it?" in {one.words for one in told if one.role not in OURS}
    assert {(one.words, one.state) for one in told if one.role in OURS} <= {
        (THANKS["VN"], "sent"),
        (THANKS["VN"], "told"),
    }
    assert any(one.role in OURS for one in told)
    store.close()


def test_time_that_somebody_moves_on_the_sandboxs_page_moves_the_demonstration(sqlite_url: str, start: Started) -> None:
    store = open_store(sqlite_url, master=MASTER)
    play = start(store, per_day=12, markets=("VN",))
    hours(play, 6, step=3)
    play.outside.go_to(MONDAY + 9 * HOUR)  # as the page's button does
    play.live()
    assert play.at == play.house.clock.now() == MONDAY + 9 * HOUR
    play.settle()
    assert play.disagreements() == {}
    store.close()


def test_a_buyer_who_moves_gets_the_parcel_with_a_new_label(sqlite_url: str, start: Started) -> None:
    store = open_store(sqlite_url, master=MASTER)
    play = start(store, per_day=12, markets=("VN",))
    order = _arranged(play, store)
    play.outside.buyer(order, "change-address")
    play.step()
    with store.read() as tx:
        told = tx.rows(_held(order))
    assert [code for code, _ in told] == ["address_changed"]
    for _ in range(4):
        play.advance()
    with store.read() as tx:
        (_, by), *_ = tx.rows(_held(order))
        e = effects.c
        labels = tx.rows(
            select(e.state)
            .join(orders, (orders.c.seller_id == e.seller_id) & (orders.c.id == e.order_id))
            .where(e.seller_id == 1, e.kind == "fetch_label", orders.c.platform_order_id == order)
        )
    assert by == "user:demo staff"
    assert Counter(labels) == {("done",): 2}
    assert play.disagreements() == {}
    store.close()


def _arranged(play: Play, store: Store) -> str:
    """Play until an order is arranged and not packed; its number at the platform."""
    o, p = orders.c, packages.c
    ready = (
        select(o.platform_order_id)
        .join(packages, (p.seller_id == o.seller_id) & (p.order_id == o.id))
        .where(o.seller_id == 1, p.label_id.is_not(None), p.packed_at.is_(None), o.station == "pack")
        .order_by(o.created_at.desc())
    )
    for _ in range(48):
        play.advance()
        with store.read() as tx:
            if found := tx.rows(ready):
                return str(found[0][0])
    pytest.fail("no order was arranged in a day")


def _held(order: str):  # type: ignore[no-untyped-def]  # a SQLAlchemy Select
    h = holds.c
    return (
        select(h.code, h.released_by)
        .join(orders, (orders.c.seller_id == h.seller_id) & (orders.c.id == h.order_id))
        .where(h.seller_id == 1, orders.c.platform_order_id == order)
    )


def test_the_same_seed_gives_the_same_sandbox(tmp_path: Path, sqlite_url: str, start: Started) -> None:
    found = []
    for number in range(2):
        copy = tmp_path / f"run-{number}.db"
        copy.write_bytes(Path(sqlite_url.removeprefix("sqlite:///")).read_bytes())
        store = open_store(f"sqlite:///{copy}", master=MASTER)
        play = start(store, per_day=12, markets=("TH",))
        hours(play, 18)
        found.append((play.outside.orders(), figures(play.house)))
        store.close()
    assert found[0][0] == found[1][0]
    assert found[0][1] == found[1][1]
