"""What left is told, once: by the shipped-file, or by calls to the seller's own system."""

from __future__ import annotations

from fahuo.catalogue.model import Shop
from fahuo.channels.callback.send import CallbackChannel
from fahuo.flow.actions import retry
from fahuo.flow.dispatch import export_shipped, work
from fahuo.orders.model import AWAITING_COLLECTION, CANCELLED
from fahuo.store.engine import Store
from fahuo.views.order import answers
from tests.support.receiver import CUT, SECRET, Receiver
from tests.support.shopfloor import HOUR, OWNER_HERE, Floor, order


def packed(floor: Floor, shop: Shop, *numbers: int) -> None:
    """Orders of these numbers, packed."""
    floor.take(shop, *[order(n) for n in numbers])
    floor.run()
    for n in numbers:
        floor.pack(n)


def callback_shop(floor: Floor, receiver: Receiver) -> Shop:
    return floor.shop(channel="callback", callback_url=receiver.url, secret=SECRET)


def carry_out(floor: Floor) -> dict[str, int]:
    """Everything due, with no waiting for back-off."""
    with floor.store.write() as tx:
        tx.execute("UPDATE effects SET lease_until_ms = 0 WHERE state = 'retry'")
    channel = CallbackChannel()
    try:
        return dict(work(floor.store, {"callback": channel}, floor.clock.at))
    finally:
        channel.close()


def test_each_parcel_is_in_one_shipped_file(floor: Floor) -> None:
    shop, other = floor.shop("one"), floor.shop("two")
    packed(floor, shop, 1, 2)
    packed(floor, other, 3)
    content, count = export_shipped(floor.house, "one")
    assert count == 2
    assert order(3).platform_order_id not in content.decode()
    assert [count for _, count in (export_shipped(floor.house, "one"), export_shipped(floor.house))] == [0, 1]
    assert {state for _, state in floor.effects()} == {"waiting"}


def test_a_shipped_file_that_could_not_be_kept_is_written_again(floor: Floor) -> None:
    packed(floor, floor.shop(), 1)

    def full(_: bytes) -> None:
        raise OSError("disk full")

    try:
        export_shipped(floor.house, deliver=full)
    except OSError:
        pass
    else:
        raise AssertionError("the failure was hidden")
    kept: list[bytes] = []
    assert export_shipped(floor.house, deliver=kept.append)[1] == 1
    assert b"FH00000001VN" in kept[0]


def test_the_next_export_closes_the_report(floor: Floor) -> None:
    shop = floor.shop()
    packed(floor, shop, 1, 2)
    export_shipped(floor.house)
    floor.clock.at += HOUR
    floor.take(shop, order(1, state=AWAITING_COLLECTION))
    assert [state for _, state in floor.effects()] == ["done", "waiting"]
    assert floor.view(1).parcels[0].reported_at == floor.clock.at
    assert floor.view(1).timeline[-1].data["reported"] is True
    assert floor.view(2).parcels[0].reported_at is None


def test_what_the_platform_shows_already_is_not_exported(floor: Floor) -> None:
    """Somebody was quicker by hand: the file must not tell it again."""
    shop = floor.shop()
    packed(floor, shop, 1)
    floor.take(shop, order(1, state=AWAITING_COLLECTION))
    assert export_shipped(floor.house)[1] == 0


def test_a_call_is_delivered_and_booked(floor: Floor) -> None:
    with Receiver() as receiver:
        packed(floor, callback_shop(floor, receiver), 1, 2)
        assert carry_out(floor) == {"done": 2}
        assert carry_out(floor) == {}
        assert receiver.forged == 0
        assert sorted(c["number"] for c in receiver.applied.values()) == ["FH00000001VN", "FH00000002VN"]
        assert all(str(value) not in str(receiver.calls) for value in ("Nguyễn", "0912345678", "Lê Lợi"))
    view = floor.view(1)
    assert view.parcels[0].reported_at is not None
    assert floor.kinds(1)[-1] == "reported"
    floor.clean()


def test_lost_answers_are_asked_again_and_applied_once(floor: Floor) -> None:
    """The first call arrives and its answer is lost; then the receiver is down; then all is well."""
    with Receiver(lambda _key, times: {1: CUT, 2: 500}.get(times, 200)) as receiver:
        packed(floor, callback_shop(floor, receiver), 1, 2, 3)
        for _ in range(4):
            carry_out(floor)
        assert set(receiver.seen.values()) == {3}
        assert len(receiver.applied) == 3
    assert {state for _, state in floor.effects()} == {"done"}
    assert [floor.kinds(n).count("reported") for n in (1, 2, 3)] == [1, 1, 1]
    floor.clean()


def test_a_declined_report_comes_back_to_a_person_with_the_answer(floor: Floor) -> None:
    verdict = {"status": 409}
    with Receiver(lambda _key, _times: verdict["status"]) as receiver:
        shop = callback_shop(floor, receiver)
        packed(floor, shop, 1)
        assert carry_out(floor) == {"declined": 1}
        view = floor.view(1)
        (hold,) = [h for h in view.holds if h.released_at is None]
        assert (hold.code, hold.blocks) == ("report_declined", False)
        assert "409" in hold.value
        with floor.store.read() as tx:
            assert "order is locked" in answers(tx, floor.id(1))[view.effects[0].id]
        assert carry_out(floor) == {}  # not by itself
        # Another telling of the platform does not hide it.
        floor.take(shop, order(1, buyer_message="hello", updated_at=floor.clock.at), kind="api")
        assert floor.held(1) == {"report_declined"}

        verdict["status"] = 200
        retry(floor.house, OWNER_HERE, [view.effects[0].id])
        assert carry_out(floor) == {"done": 1}
    assert floor.held(1) == set()
    assert floor.kinds(1)[-3:] == ["told", "sent_again", "reported"]
    assert len(receiver.applied) == 1


def test_a_cancelled_order_is_not_reported(floor: Floor) -> None:
    with Receiver() as receiver:
        shop = callback_shop(floor, receiver)
        packed(floor, shop, 1)
        floor.take(shop, order(1, state=CANCELLED))
        assert carry_out(floor) == {}
        assert receiver.calls == []


def test_a_worker_that_dies_with_calls_in_hand_leaves_them_to_the_next(floor: Floor, store: Store) -> None:
    from fahuo.store import effects  # noqa: PLC0415 - only here

    with Receiver() as receiver:
        packed(floor, callback_shop(floor, receiver), 1)
        assert len(effects.claim(store, "dead", ["callback"], 10, floor.clock.at, lease_ms=0)) == 1
        assert carry_out(floor) == {"done": 1}
        assert list(receiver.seen.values()) == [1]


def test_the_key_of_a_shop_stays_when_the_shop_is_changed(floor: Floor) -> None:
    from fahuo.flow.setup import callback_key  # noqa: PLC0415 - only here

    floor.shop(channel="callback", callback_url="https://example.com/x")
    made = callback_key(floor.house, "shop")
    assert made is not None
    assert len(made) >= 32
    floor.shop(channel="callback", callback_url="https://example.com/y")
    assert callback_key(floor.house, "shop") == made
    floor.shop(channel="callback", callback_url="https://example.com/y", secret="mine")
    assert callback_key(floor.house, "shop") == "mine"
