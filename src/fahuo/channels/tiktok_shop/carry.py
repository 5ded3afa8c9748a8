"""What every handler of the lane `tiktok` works with, and how the end of a call becomes the answer to an effect."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from fahuo.channels.tiktok_shop.client import Client, Lost, Refused, Unreached, Withdrawn
from fahuo.channels.tiktok_shop.errors import NO_PERMISSION, TOKEN_EXPIRED, meaning
from fahuo.connections.model import Link
from fahuo.store.effects import Answer, Claimed
from fahuo.talks.model import Draft

HOUR: Final = 3_600
ON_HOLD: Final = 21011044
"""The buyer's hour of remorse is not over."""
NOT_CONNECTED: Final = "not_connected"
NOT_PERMITTED: Final = "not_permitted"
"""The app lacks a permission: what needs it waits, until the shop is connected again or once a day."""
Troubles = (Refused, Unreached, Lost)


Words = Callable[[Sequence[int]], Mapping[int, Draft]]
"""Our messages by id → what they say: effects carry references only."""


def _no_words(_: Sequence[int]) -> Mapping[int, Draft]:
    return {}


class Visit(NamedTuple):
    """What a handler works with: the client, the shop's link, business time, the words of messages."""

    client: Client
    link: Link
    now: int
    words: Words = _no_words


Handler = Callable[[Visit, Sequence[Claimed]], Iterator[list[Answer]]]
"""Does one kind for one shop. It yields the answers as they come, a list a call, so that nothing that was done goes
unbooked when the time of the batch is over."""


HANDLERS: Final[dict[str, Handler]] = {}
"""Kind of effect → who carries it out. The modules beside this one put theirs in; `outbound` imports them all."""


def handles(kind: str) -> Callable[[Handler], Handler]:
    """Make a function the handler of a kind."""

    def put(handler: Handler) -> Handler:
        HANDLERS[kind] = handler
        return handler

    return put


def no(visit: Visit, batch: Sequence[Claimed], error: Exception, *, wrote: bool) -> list[Answer]:
    """The answer to effects whose call ended with `error`. `wrote`: the call may have changed something there.

    Where only reading failed, what was to be read before repeating still is.
    """
    if isinstance(error, Refused):
        answers = [refused(visit, one, error.code, error.message, error.request_id, error) for one in batch]
    elif isinstance(error, Unreached | Lost):
        reached = isinstance(error, Lost)
        outcome = {"code": "no_answer" if reached else "not_reached", "message": str(error)[:200]}
        outcome |= _id(error.request_id)
        answers = [one.answer("unknown" if reached and wrote else "retry", outcome) for one in batch]
    else:
        raise error
    if wrote:
        return answers
    return [
        replace(answer, state="unknown") if one.read_first and answer.state in ("retry", "declined") else answer
        for one, answer in zip(batch, answers, strict=True)
    ]


def refused(
    visit: Visit, one: Claimed, code: int, words: str, request_id: str, error: Exception | None = None
) -> Answer:
    """The answer to an effect that the platform said no to."""
    outcome = {"code": code, "message": words[:300], "request_id": request_id}
    if isinstance(error, Withdrawn) or code == TOKEN_EXPIRED:
        return one.answer("waiting", outcome | {"code": NOT_CONNECTED})
    if code == NO_PERMISSION:
        return one.answer("waiting", outcome | {"code": NOT_PERMITTED})
    if code == ON_HOLD:
        return one.answer("retry", outcome, visit.now + HOUR)
    return one.answer("retry" if meaning(code).repeat else "declined", outcome)


def done(one: Claimed, request_id: str, **told: Any) -> Answer:
    """It is done, as the platform says; what it told."""
    return one.answer("done", {name: value for name, value in told.items() if value is not None} | _id(request_id))


def _id(request_id: str) -> dict[str, str]:
    return {"request_id": request_id} if request_id else {}


def declined(one: Claimed, code: str, words: str = "", **told: Any) -> Answer:
    """It cannot be done, for a reason of our own finding."""
    return one.answer("declined", {"code": code, "message": words[:300], **told})
