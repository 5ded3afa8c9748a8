"""Conversations: mirrored once, answered once, sealed, erased with the buyer."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fahuo.channels.tiktok_shop import talks as handlers
from fahuo.channels.tiktok_shop.carry import Visit
from fahuo.channels.tiktok_shop.client import Lost, Refused, Reply
from fahuo.connections.model import App, Link
from fahuo.flow import talks as flow
from fahuo.flow.erase import erase
from fahuo.kernel.problems import Failure
from fahuo.orders.model import CANCELLED
from fahuo.store import effects
from fahuo.talks import queries
from fahuo.talks.model import Message
from tests.support.shopfloor import MONDAY, OWNER_HERE, Floor, order

ORDER = "5760" + "1".rjust(14, "0")


class Platform:
    """One shop's conversations, kept as the platform keeps them."""

    def __init__(self) -> None:
        self.talks: dict[str, list[dict[str, Any]]] = {}
        self.fail: Exception | None = None
        self.loses = False
        """What fails next was not carried out either."""
        self.repeats = False
        """The token of the second page is given again and again."""
        self.calls = 0

    def write(self, ref: str, content: str, role: str = "BUYER", type_: str = "TEXT") -> str:
        list_ = self.talks.setdefault(ref, [])
        at = MONDAY + sum(len(one) for one in self.talks.values())
        text = msgspec.json.encode({"content": content}).decode() if type_ == "TEXT" else content
        id_ = f"{ref}{len(list_)}"
        list_.append({"id": id_, "type": type_, "content": text, "create_time": at, "sender": {"role": role}})
        return id_

    def get(self, _: Link, path: str, query: Any = None) -> Reply:
        self.calls += 1
        if path.endswith("/messages"):
            list_ = self.talks[path.split("/")[4]][::-1]
            start = int(query.get("page_token") or 0)
            more = str(start + 10) if start + 10 < len(list_) else ""
            if self.repeats and start:
                more = str(start)
            return _reply({"messages": list_[start : start + 10], "next_page_token": more})
        found = sorted(self.talks, key=lambda ref: -self.talks[ref][-1]["create_time"])
        told = [
            {
                "id": ref,
                "unread_count": 1,
                "latest_message": {"create_time": self.talks[ref][-1]["create_time"]},
                "participants": [{"role": "BUYER", "user_id": f"u{ref}", "nickname": "x"}],
            }
            for ref in found
        ]
        return _reply({"conversations": told, "next_page_token": ""})

    def post(self, _: Link, path: str, query: Any = None, body: Any = None, *, read: bool = False) -> Reply:
        id_ = self.write(path.split("/")[4], msgspec.json.decode(body["content"])["content"], "SHOP")
        if self.fail:
            error, self.fail = self.fail, None
            if self.loses:
                self.talks[path.split("/")[4]].pop()
                self.loses = False
            raise error
        return _reply({"message_id": id_})


def _reply(data: dict[str, Any]) -> Reply:
    return Reply(raw=msgspec.json.encode(data), request_id="r", http=200)


def opened(floor: Floor) -> tuple[Platform, Link]:
    shop = floor.shop()
    app = App(id=1, app_key="k", secret=b"s")
    link = Link(
        shop_id=shop.id, shop="shop", platform_shop_id="7", cipher="c", region="VN", seller_type="local", app=app,
        grant_id=1, access_token="t",
    )  # fmt: skip
    floor.take(shop, order())
    return Platform(), link


def mirror(floor: Floor, platform: Platform, link: Link) -> int:
    return flow.mirror(floor.house, platform, link)  # type: ignore[arg-type]  # a platform that answers by itself


def said(floor: Floor, ref: str, link: Link) -> list[Message]:
    with floor.store.read() as tx:
        return queries.messages_of(tx, queries.known(tx, link.shop_id, [ref])[ref].id)


def talk(floor: Floor, ref: str, link: Link) -> int:
    with floor.store.read() as tx:
        return queries.known(tx, link.shop_id, [ref])[ref].id


def carry(floor: Floor, platform: Platform, link: Link) -> list[str]:
    claimed = effects.claim(floor.store, "w", ["tiktok"], 50, floor.clock.at, now_ms=1 << 50)
    words = lambda ids: flow.words(floor.house, 1, ids)  # noqa: E731 - as the channel is given it
    visit = Visit(platform, link, floor.clock.at, words)  # type: ignore[arg-type]  # as above
    answers = [answer for told in handlers.send(visit, claimed) for answer in told]
    by_id = {one.id: one for one in claimed}
    with floor.store.write() as tx:
        effects.finish(tx, answers)
        flow.book(tx, [(by_id[answer.id], answer) for answer in answers], floor.clock.at, "w")
    return [answer.state for answer in answers]


def test_what_buyers_write_is_mirrored_once_in_order(floor: Floor) -> None:
    platform, link = opened(floor)
    for number in range(25):
        platform.write("A", f"word {number}")
    platform.write("B", "<b>hello</b>")
    assert mirror(floor, platform, link) == 26
    assert mirror(floor, platform, link) == 0
    assert [one.words for one in said(floor, "A", link)] == [f"word {number}" for number in range(25)]
    platform.write("A", "once more")
    assert flow.mirror_one(floor.house, platform, link, "A") == 1  # type: ignore[arg-type]  # as above
    assert mirror(floor, platform, link) == 0
    with floor.store.read() as tx:
        rows = tx.rows("SELECT sealed FROM messages WHERE seller_id = 1")
    assert all(b"word" not in bytes(row[0]) for row in rows)


def test_messages_after_an_order_card_are_about_that_order_and_go_with_it(floor: Floor) -> None:
    platform, link = opened(floor)
    platform.write("A", "hi")
    platform.write("A", f'{{"order_id":"{ORDER}"}}', type_="ORDER_CARD")
    platform.write("A", "where is it?")
    mirror(floor, platform, link)
    assert [one.order_id for one in said(floor, "A", link)] == [None, floor.id(), floor.id()]
    platform.write("A", "still waiting")
    mirror(floor, platform, link)  # read later, and about the same order
    assert [one.order_id for one in said(floor, "A", link)] == [None, *[floor.id()] * 3]
    shop = next(one for one in _shops(floor) if one.id == link.shop_id)
    floor.take(shop, order(state=CANCELLED, cancelled_at=MONDAY, updated_at=MONDAY), kind="api")
    assert erase(floor.house, [floor.id()], "asked", "mei")[0] == [floor.id()]
    assert [one.words for one in said(floor, "A", link)] == ["hi", "", "", ""]


def _shops(floor: Floor) -> list[Any]:
    from fahuo.catalogue.queries import shop_list  # noqa: PLC0415 - one use

    with floor.store.read() as tx:
        return shop_list(tx)


def test_an_answer_is_sent_once_even_when_the_platforms_answer_is_lost(floor: Floor) -> None:
    platform, link = opened(floor)
    platform.write("A", "hello")
    mirror(floor, platform, link)
    flow.say(floor.house, OWNER_HERE, talk(floor, "A", link), "Chào bạn")
    platform.fail = Lost("no answer")
    assert carry(floor, platform, link) == ["unknown"]
    assert carry(floor, platform, link) == ["done"]
    assert [one["sender"]["role"] for one in platform.talks["A"]] == ["BUYER", "SHOP"]
    mirror(floor, platform, link)
    assert [(one.state, one.words) for one in said(floor, "A", link)] == [("told", "hello"), ("sent", "Chào bạn")]


def _without(name: str) -> Any:
    return lambda told: told.pop(name)


@pytest.mark.parametrize(
    "spoil",
    [
        _without("sender"),
        lambda told: told["sender"].pop("role"),
        lambda told: told["sender"].update(role="SOMEBODY_NEW"),
        _without("content"),
        _without("create_time"),
        lambda told: told.update(type="KIND_NOBODY_KNOWS", content=""),
    ],
)
def test_what_cannot_be_recognised_is_not_sent_again(floor: Floor, spoil: Any) -> None:
    """A reading that lacks a field does not show that our message is not there."""
    platform, link = opened(floor)
    platform.write("A", "hello")
    mirror(floor, platform, link)
    flow.say(floor.house, OWNER_HERE, talk(floor, "A", link), "Chào bạn")
    platform.fail = Lost("no answer")
    assert carry(floor, platform, link) == ["unknown"]
    whole = platform.talks["A"][-1]
    platform.talks["A"][-1] = told = msgspec.json.decode(msgspec.json.encode(whole))
    spoil(told)
    assert carry(floor, platform, link) == ["unknown"]
    platform.talks["A"][-1] = whole
    assert carry(floor, platform, link) == ["done"]
    assert [one["sender"]["role"] for one in platform.talks["A"]] == ["BUYER", "SHOP"]


def test_others_incomplete_messages_do_not_keep_ours_back(floor: Floor) -> None:
    platform, link = opened(floor)
    platform.write("A", "hello")
    mirror(floor, platform, link)
    flow.say(floor.house, OWNER_HERE, talk(floor, "A", link), "Chào bạn")
    platform.fail, platform.loses = Lost("no answer"), True
    assert carry(floor, platform, link) == ["unknown"]
    platform.write("A", "Is it gone?")
    platform.talks["A"][-1].pop("create_time")
    platform.write("A", "Hello? Anybody?")
    platform.talks["A"][-1].pop("sender")
    assert carry(floor, platform, link) == ["done"]
    assert [one["sender"]["role"] for one in platform.talks["A"] if "sender" in one] == ["BUYER", "BUYER", "SHOP"]


def test_a_page_that_repeats_does_not_show_that_a_message_is_missing(floor: Floor) -> None:
    platform, link = opened(floor)
    platform.write("A", "hello")
    mirror(floor, platform, link)
    flow.say(floor.house, OWNER_HERE, talk(floor, "A", link), "Chào bạn")
    platform.fail = Lost("no answer")
    assert carry(floor, platform, link) == ["unknown"]
    for _ in range(25):
        platform.write("A", "Hello?")
    platform.repeats = True
    assert carry(floor, platform, link) == ["unknown"]
    platform.repeats = False
    assert carry(floor, platform, link) == ["done"]
    assert [one["sender"]["role"] for one in platform.talks["A"]].count("SHOP") == 1


@pytest.mark.parametrize("fast_s", [-300, 300])
def test_a_clock_that_is_wrong_sends_nothing_twice(floor: Floor, fast_s: int) -> None:
    platform, link = opened(floor)
    platform.write("A", "hello")
    mirror(floor, platform, link)
    floor.clock.at += fast_s
    flow.say(floor.house, OWNER_HERE, talk(floor, "A", link), "Chào bạn")
    platform.fail = Lost("no answer")
    assert carry(floor, platform, link) == ["unknown"]
    floor.clock.at += 600
    assert carry(floor, platform, link) == ["done"]
    assert [one["sender"]["role"] for one in platform.talks["A"]] == ["BUYER", "SHOP"]


def test_the_same_words_twice_are_two_messages(floor: Floor) -> None:
    platform, link = opened(floor)
    platform.write("A", "hello")
    mirror(floor, platform, link)
    flow.say(floor.house, OWNER_HERE, talk(floor, "A", link), "Chào bạn")
    assert carry(floor, platform, link) == ["done"]
    flow.say(floor.house, OWNER_HERE, talk(floor, "A", link), "Chào bạn")
    platform.fail, platform.loses = Lost("no answer"), True
    assert carry(floor, platform, link) == ["unknown"]
    assert carry(floor, platform, link) == ["done"]
    assert [one["sender"]["role"] for one in platform.talks["A"]] == ["BUYER", "SHOP", "SHOP"]


def test_a_message_told_of_before_its_answer_came_stands_once(floor: Floor) -> None:
    platform, link = opened(floor)
    platform.write("A", "hello")
    mirror(floor, platform, link)
    flow.say(floor.house, OWNER_HERE, talk(floor, "A", link), "Chào")
    platform.fail = Lost("no answer")
    carry(floor, platform, link)
    mirror(floor, platform, link)  # the platform tells of it first
    assert carry(floor, platform, link) == ["done"]
    assert [(one.state, one.words) for one in said(floor, "A", link)] == [("told", "hello"), ("told", "Chào")]


def test_a_refused_message_stays_visible(floor: Floor) -> None:
    platform, link = opened(floor)
    platform.write("A", "hello")
    mirror(floor, platform, link)
    flow.say(floor.house, OWNER_HERE, talk(floor, "A", link), "buy elsewhere")
    platform.fail = Refused(98001004, "no", 200, "r")
    assert carry(floor, platform, link) == ["declined"]
    assert said(floor, "A", link)[-1].state == "declined"


@pytest.mark.parametrize("words", ["", "  ", "x" * 2_001])
def test_what_cannot_be_sent_is_said_at_once(floor: Floor, words: str) -> None:
    platform, link = opened(floor)
    platform.write("A", "hello")
    mirror(floor, platform, link)
    with pytest.raises(Failure) as caught:
        flow.say(floor.house, OWNER_HERE, talk(floor, "A", link), words)
    assert caught.value.problem.code == "bad_message"


def waits(floor: Floor) -> list[int | None]:
    with floor.store.read() as tx:
        return [one.waits_since for one in queries.waiting(tx, 10)]


def test_a_buyer_waits_from_his_first_unanswered_word_until_somebody_answers_or_sees_to_it(floor: Floor) -> None:
    platform, link = opened(floor)
    platform.write("A", "hello", "ROBOT")
    mirror(floor, platform, link)
    assert waits(floor) == []
    platform.write("A", "where is it?")
    platform.write("A", "hello?")
    mirror(floor, platform, link)
    assert waits(floor) == [MONDAY + 1]
    flow.say(floor.house, OWNER_HERE, talk(floor, "A", link), "on its way")
    assert waits(floor) == []
    platform.fail = Refused(98001004, "no", 200, "r")
    platform.talks["A"] = platform.talks["A"][:3]
    assert carry(floor, platform, link) == ["declined"]
    assert waits(floor) == [MONDAY + 1]
    flow.seen(floor.house, OWNER_HERE, talk(floor, "A", link), MONDAY + 1)
    assert waits(floor) == [MONDAY + 2]
    flow.seen(floor.house, OWNER_HERE, talk(floor, "A", link), MONDAY + 2)
    assert waits(floor) == []
    with floor.store.read() as tx:
        assert queries.waiting_count(tx) == (0, None)
    with pytest.raises(Failure):
        flow.seen(floor.house, OWNER_HERE, 1, MONDAY)
