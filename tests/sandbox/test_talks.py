"""What buyers write by themselves, and how often."""

import msgspec
import pytest

from fahuo.sandbox import build as builder
from fahuo.sandbox import talks
from fahuo.sandbox.markets import language_of
from fahuo.sandbox.model import Behaviour
from fahuo.sandbox.phrases import KINDS, ODD, PHRASES, phrase
from tests.sandbox.aftersale_worlds import DAY, HOUR, START, a_world, ordered, sent, told

_MARKETS = ("VN", "TH", "US", "GB", "PH", "MY", "SG", "ID", "JP", "DE", "FR", "IT", "ES", "IE", "MX", "BR")


@pytest.mark.parametrize("market", _MARKETS)
def test_every_market_writes_its_own_language(market: str) -> None:
    language = language_of(market).partition("-")[0]
    assert language in PHRASES
    assert set(PHRASES[language]) == set(KINDS)
    for kind in KINDS:
        for odd in (None, *range(len(ODD))):
            assert "{" not in phrase(language, kind, 0, odd, "576").replace("{0}", "")
    if language != "en":
        assert phrase(language, "urge", 0) not in PHRASES["en"]["urge"]


def test_a_buyer_who_writes_opens_a_conversation_and_is_told() -> None:
    world = a_world("TH")
    order = ordered(world)
    first = talks.buyer_writes(world, order, "urge", world.now())
    second = talks.buyer_writes(world, order, "ask", world.now(), "<b>สวัสดี & 👋</b>")
    talk = next(iter(world.conversations.values()))
    assert (talk.buyer_id, talk.order_id) == (order.body["user_id"], order.id)
    assert told(world, 13) == [{"conversation_id": talk.id, "create_time": talk.created}]
    assert msgspec.json.decode(second.content) == {"content": "<b>สวัสดี & 👋</b>"}
    assert [m.type for m in talk.messages] == ["BUYER_ENTER_FROM_ORDER", "TEXT", "TEXT"]
    assert talks.unread(talk) == 2
    data = told(world, 14)[-1]
    assert data == {
        "message_id": second.id,
        "index": "3",
        "conversation_id": talk.id,
        "type": "TEXT",
        "content": second.content,
        "create_time": second.at,
        "is_visible": True,
        "sender": {"im_user_id": talks.im_user(talk, "BUYER"), "role": "BUYER"},
    }
    assert first.id != second.id
    talks.buyer_writes(world, ordered(world), "ask", world.now())
    assert len(world.conversations) == 2


def test_one_who_is_not_answered_gets_angry_once_and_one_who_is_may_answer_back() -> None:
    world = a_world("US")
    silent = ordered(world)
    talks.buyer_writes(world, silent, "urge", world.now())
    world.live(world.now() + 5 * DAY)
    talk = next(iter(world.conversations.values()))
    assert [m.role for m in talk.messages] == ["SYSTEM", "BUYER", "BUYER"]
    assert talk.messages[-1].at - talk.messages[-2].at == DAY
    answered, backs = 0, 0
    for _ in range(20):
        order = ordered(world)
        talks.buyer_writes(world, order, "urge", world.now(), "hello?")
        other = talks.conversation_of(world, world.shops[order.shop_id], order.body["user_id"], world.now())
        talks.shop_says(world, other, "TEXT", {"content": "tomorrow"}, world.now())
        assert talks.unread(other) == 0
        world.live(world.now() + 2 * DAY)
        answered += 1
        backs += other.messages[-1].role == "BUYER"
        assert "third time" not in other.messages[-1].content
    assert 0 < backs < answered


def test_the_hook_of_the_buyers_is_filled() -> None:
    world = a_world("VN")
    assert world.on_buyer_message is not None
    world.on_buyer_message(world, ordered(world), "a kind nobody knows", world.now())
    assert told(world, 14)[-1]["type"] == "TEXT"


def test_quiet_buyers_do_not_write() -> None:
    world = a_world("GB")
    for _ in range(30):
        sent(world)
    world.live(world.now() + 10 * DAY)
    assert world.conversations == {}


def test_lively_buyers_do_and_the_same_seed_writes_the_same() -> None:
    def talked() -> list[tuple[str, str]]:
        world = builder.build(5, ["TH", "US"], START, Behaviour(orders_per_day=300, urges=0.3))
        world.live(START + 3 * DAY)
        return [(m.role, m.content) for talk in world.conversations.values() for m in talk.messages]

    first = talked()
    assert len(first) > 20
    assert first == talked()


def test_messages_are_in_the_order_of_time() -> None:
    world = a_world("VN")
    order = ordered(world)
    talks.buyer_writes(world, order, "urge", world.now() + HOUR)
    talks.buyer_writes(world, order, "ask", world.now())
    talk = next(iter(world.conversations.values()))
    assert [m.at for m in talk.messages] == sorted(m.at for m in talk.messages)
    assert [m.index for m in talk.messages] == [1, 2, 3]
