"""What a message says, whatever the platform or the buyer put into it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fahuo.talks.model import MOST_CHARACTERS, order_of, words_of


@pytest.mark.parametrize(
    ("type_", "content", "words"),
    [
        ("TEXT", '{"content":"Khi nào giao hàng?"}', "Khi nào giao hàng?"),
        ("TEXT", '{"content":"<script>alert(1)</script>"}', "<script>alert(1)</script>"),
        ("TEXT", "not json", "not json"),
        ("TEXT", '{"content":5}', '{"content":5}'),
        ("IMAGE", '{"url":"https://x/y.png","width":1,"height":1}', '{"url":"https://x/y.png","width":1,"height":1}'),
        ("A_TYPE_OF_TOMORROW", "[]", "[]"),
        pytest.param("TEXT", "[" * 1_500, "[" * 1_500, id="deep"),
    ],
)
def test_words(type_: str, content: str, words: str) -> None:
    assert words_of(type_, content) == words


@given(st.text(max_size=50), st.text(max_size=5_000))
def test_nothing_breaks_it_and_it_is_bounded(type_: str, content: str) -> None:
    assert len(words_of(type_, content)) <= MOST_CHARACTERS
    order_of(type_, content)


def test_an_order_card_and_a_buyer_who_comes_from_an_order_name_it() -> None:
    assert order_of("BUYER_ENTER_FROM_ORDER", '{"order_id":"577"}') == "577"
    assert order_of("ORDER_CARD", '{"order_id":"577"}') == "577"
    assert order_of("TEXT", '{"order_id":"577"}') == ""
    assert order_of("ORDER_CARD", "[" * 5_000) == ""
    assert order_of("ORDER_CARD", "[1]") == ""
