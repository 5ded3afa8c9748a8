"""The gate of the REST interface: whose token, may it, and has this very request been answered before."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final, NamedTuple

from fastapi import Depends, Header, Request
from fastapi.responses import Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from fahuo.access.model import Principal
from fahuo.access.rules import ACTIONS, may, may_some, refusal
from fahuo.flow import access, requests
from fahuo.flow.house import House
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_

KEY_MAX: Final = 200
ORDERS_MAX: Final = 64 << 20
_bearer = HTTPBearer(auto_error=False, description="An API token: fahuo users tokens add, or the page Users.")
IdempotencyKey = Annotated[
    str | None,
    Header(
        description="Any word of your own. The same key within 7 days gets the first answer; nothing is done twice."
    ),
]


class NoToken(Exception):
    """There is no valid token with the request."""


def house_of(request: Request) -> House:
    """The house this app was made for."""
    house: House = request.app.state.house
    return house


def need(action: str) -> Callable[..., Principal]:
    """The dependency of a route: a token that may do `action` in at least one shop."""
    _ = ACTIONS[action]

    def gate(request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Principal:
        principal = access.of_token(house_of(request), given.credentials) if given else None
        if principal is None:
            raise NoToken
        if not may_some(principal, action):
            raise Failure(refusal(action), 1)
        return principal

    gate.action = action  # type: ignore[attr-defined]  # read by the test that walks all routes
    return gate


def whole_house(principal: Principal, action: str) -> None:
    """Refuse a token limited to shops where a thing belongs to all of them. Raises Failure."""
    if not may(principal, action):
        raise Failure(refusal(action), 1)


class Sent(NamedTuple):
    """A body written to a temporary file, and its digest."""

    path: Path
    digest: bytes


async def sent_file(request: Request) -> AsyncIterator[Sent]:
    """The body as a file, bounded, never whole in memory."""
    with TemporaryDirectory(prefix="fahuo-post-") as folder:
        path = Path(folder) / "request.json"
        digest, size = hashlib.sha256(), 0
        with path.open("wb") as target:
            async for part in request.stream():
                size += len(part)
                if size > ORDERS_MAX:
                    raise Failure(
                        Problem(
                            "too_large",
                            "body",
                            None,
                            N_("The request is larger than {most} MB."),
                            N_("Send fewer orders at a time."),
                            {"most": ORDERS_MAX >> 20},
                        )
                    )
                digest.update(part)
                target.write(part)
        yield Sent(path, digest.digest())


async def sent_body(request: Request) -> bytes:
    """The raw body, for its digest."""
    return await request.body()


def once(
    request: Request, principal: Principal, key: str | None, digest: bytes, act: Callable[[], Response]
) -> Response:
    """Carry the request out, or repeat the answer it had under the same key."""
    if key is None:
        return act()
    if not key.strip() or len(key) > KEY_MAX or not key.isprintable():
        text = N_("An Idempotency-Key has 1 to {most} printable characters.")
        raise Failure(Problem("key_bad", "Idempotency-Key", None, text, "", {"most": KEY_MAX}))
    house = house_of(request)
    whole = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode() + digest).digest()
    before = requests.begin(house, principal, key, whole)
    if before is not None:
        return _again(before, whole)
    try:
        answer = act()
    except BaseException:
        requests.forget(house, principal, key)
        raise
    requests.finish(house, principal, key, answer.status_code, bytes(answer.body), answer.media_type or "")
    return answer


def _again(before: requests.Remembered, digest: bytes) -> Response:
    if before.digest != digest:
        raise Failure(
            Problem(
                "key_reused",
                "Idempotency-Key",
                message=N_("This Idempotency-Key was used for another request."),
                next=N_("Take a new key for a new request."),
            )
        )
    if before.status is None:
        raise Failure(
            Problem(
                "in_progress",
                "Idempotency-Key",
                message=N_("The first request with this key is still running."),
                next=N_("Ask again in a moment."),
            )
        )
    return Response(before.answer, before.status, {"idempotency-replayed": "true"}, before.media or None)


def version_asked(if_match: str | None) -> int | None:
    """The version in an If-Match header, None when there is none. Raises Failure for something else."""
    if if_match is None or if_match.strip() == "*":
        return None
    text = if_match.strip().removeprefix("W/").strip('"')
    if not text.isdecimal() or len(text) > 9:  # noqa: PLR2004 -- far more versions than an order can have
        said = N_("If-Match carries the order's version, as its ETag shows it.")
        raise Failure(Problem("if_match_bad", "If-Match", if_match[:40], said))
    return int(text)
