"""Which use case books the answers to which kind of effect.

A booking gets (effect, answer) pairs of its kind that count, each once, in the transaction that finishes the effects;
their orders' rows are locked. What every channel's report means is booked by `flow/dispatch.py` itself, before these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from fahuo.flow import aftersales, cut, first_mile, follow, fulfil, label_fetch, offers, talks
from fahuo.flow.parcels import ARRANGE, CORRECT, CUTS, FETCH_LABEL, SCHEDULE, SHIPPED
from fahuo.store.effects import Answer, Claimed
from fahuo.store.engine import Tx

Book = Callable[[Tx, Sequence[tuple[Claimed, Answer]], int, str], None]
BOOKS: Final[Mapping[str, Book]] = {
    ARRANGE: fulfil.book_arranged,
    FETCH_LABEL: label_fetch.book,
    SHIPPED: fulfil.book_reported,
    SCHEDULE: fulfil.book_scheduled,
    CORRECT: fulfil.book_corrected,
    **dict.fromkeys(CUTS, cut.book),
    first_mile.BUNDLE: first_mile.book,
    first_mile.SHEET: first_mile.book_sheet,
    follow.FOLLOW: follow.book,
    aftersales.ANSWER_CANCEL: aftersales.book,
    aftersales.ANSWER_RETURN: aftersales.book,
    aftersales.SELLER_CANCEL: aftersales.book,
    offers.PUSH: offers.book,
    offers.SELLING: offers.book,
    talks.SEND: talks.book,
}
