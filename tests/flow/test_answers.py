"""What a receiver answers may name a buyer: sealed, shown to whoever may see buyers, gone with the buyer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import pytest

from fahuo.channels.ports import Endpoint
from fahuo.flow import actions
from fahuo.flow.dispatch import work
from fahuo.flow.erase import erase
from fahuo.flow.track import track
from fahuo.orders.model import CANCELLED, DELIVERED
from fahuo.store.effects import Answer, Claimed
from fahuo.views import order as order_view
from fahuo.views import tower
from tests.support.shopfloor import HOUR, OWNER_HERE, Floor, order

WORDS = "cannot ship to Zyxwvut Qponmlk, 12 Lê Lợi"


class Talkative:
    """A channel whose other side declines and repeats the buyer; it answers at most `most` of a batch."""

    lane = "callback"

    def __init__(self, state: str = "declined", most: int = 100) -> None:
        self.state, self.most = state, most

    def send(self, batch: Sequence[Claimed], endpoints: Mapping[int, Endpoint]) -> list[Answer]:
        return [one.answer(self.state, {"status": 409, "answer": WORDS}) for one in batch[: self.most]]


def reported(floor: Floor, *numbers: int) -> None:
    shop = floor.shop(channel="callback", callback_url="https://example.com/x")
    floor.take(shop, *[order(number) for number in numbers])
    floor.run()
    for number in numbers:
        floor.pack(number)


def clear_text(floor: Floor) -> str:
    """Everything of effects, holds and journal that stands there in clear."""
    with floor.store.read() as tx:
        rows = [
            *tx.rows("SELECT body, outcome FROM effects WHERE seller_id = 1"),
            *tx.rows("SELECT value, note FROM holds WHERE seller_id = 1"),
            *tx.rows("SELECT data FROM journal WHERE seller_id = 1"),
        ]
    return str(rows)


def test_the_words_of_a_decline_are_sealed_shown_and_erased(floor: Floor) -> None:
    reported(floor, 1)
    assert work(floor.store, {"callback": Talkative()}, floor.clock.at) == {"declined": 1}
    assert "Zyxwvut" not in clear_text(floor)
    assert "Zyxwvut" not in msgspec.json.encode(floor.view(1).holds).decode()
    effect = floor.view(1).effects[0]
    assert effect.outcome == {"status": 409}
    with floor.store.read() as tx:
        assert order_view.answers(tx, floor.id(1)) == {effect.id: WORDS}

    floor.clock.at += HOUR
    shop = floor.shop(channel="callback", callback_url="https://example.com/x")
    floor.take(shop, order(1, state=DELIVERED))
    assert erase(floor.house, [floor.id(1)], "asked", "test") == ([floor.id(1)], [])
    with floor.store.read() as tx:
        assert order_view.answers(tx, floor.id(1)) == {}


def test_the_words_of_success_are_not_kept(floor: Floor) -> None:
    reported(floor, 1)
    assert work(floor.store, {"callback": Talkative("done")}, floor.clock.at) == {"done": 1}
    with floor.store.read() as tx:
        assert order_view.answers(tx, floor.id(1)) == {}


def test_what_a_channel_had_no_time_for_is_handed_out_again_at_no_cost(floor: Floor) -> None:
    reported(floor, 1, 2, 3)
    assert work(floor.store, {"callback": Talkative("done", most=1)}, floor.clock.at) == {"done": 3}
    with floor.store.read() as tx:
        left = tx.rows("SELECT attempts_max - attempts FROM effects WHERE seller_id = 1 AND kind = 'report_shipped'")
    assert len({row[0] for row in left}) == 1


@pytest.mark.parametrize("before", ["nothing", "declined", "lost"])
def test_what_a_cancelled_parcel_was_to_report_is_nobodys_task(floor: Floor, before: str) -> None:
    reported(floor, 1)
    if before != "nothing":
        state = "declined" if before == "declined" else "unknown"
        work(floor.store, {"callback": Talkative(state)}, floor.clock.at)
    shop = floor.shop(channel="callback", callback_url="https://example.com/x")
    floor.take(shop, order(1, state=CANCELLED))
    assert [state for _, state in floor.effects()] == ["dropped"]
    with floor.store.read() as tx:
        assert tower.for_people(tx) == {}
    # Nor can anybody send it: it would report a parcel that never leaves.
    assert actions.retry(floor.house, OWNER_HERE, [floor.view(1).effects[0].id]).done == []


def test_a_parcel_cancelled_while_the_call_is_on_its_way_is_not_reported_again(floor: Floor) -> None:
    reported(floor, 1)
    shop = floor.shop(channel="callback", callback_url="https://example.com/x")

    class Meanwhile(Talkative):
        def send(self, batch: Sequence[Claimed], endpoints: Mapping[int, Endpoint]) -> list[Answer]:
            floor.take(shop, order(1, state=CANCELLED))
            return super().send(batch, endpoints)

    work(floor.store, {"callback": Meanwhile("retry")}, floor.clock.at)
    assert [state for _, state in floor.effects()] == ["dropped"]


def test_the_buyers_fingerprint_goes_with_the_buyer(floor: Floor) -> None:
    floor.take(floor.shop(), order(1))
    floor.run()
    floor.pack(1)
    scans = floor.folder / "scans.csv"
    scans.write_text(
        f"number,event,at\n{floor.view(1).parcels[0].tracking_number},delivered,2026-03-04T12:00:00+07:00\n"
    )
    track(floor.house, [scans], "test")

    def twin() -> str:
        with floor.store.read() as tx:
            return str(tx.rows("SELECT twin FROM orders WHERE seller_id = 1")[0][0])

    assert twin() != ""
    assert erase(floor.house, [floor.id(1)], "asked", "test")[0]
    assert twin() == ""
    floor.clean()
