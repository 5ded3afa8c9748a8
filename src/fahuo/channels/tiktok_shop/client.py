"""The transport to TikTok Shop: signs, paces, repeats what may be repeated, and says what became of a call.

A call ends in a `Reply`, or in one of four ways that differ in what may be done next: `Refused` (the platform said no:
`errors.meaning(code)` knows what that means), `Unreached` (it surely did not happen), `Lost` (it may have happened: ask
the platform before repeating a write), `Withdrawn` (the shop's token is dead). Reads are repeated here; writes only
when they surely did not happen. Time is technical: no business clock is asked. Call outside any transaction: the hooks
write to the database.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import httpx
import msgspec

from fahuo.channels.tiktok_shop import wire
from fahuo.channels.tiktok_shop.errors import (
    BAD_PARAMETER,
    BUSY,
    CODE_INVALID,
    NO_PERMISSION,
    NOT_LINKED,
    TOKEN_EXPIRED,
    meaning,
)
from fahuo.channels.tiktok_shop.pace import Pace
from fahuo.channels.tiktok_shop.sign import sign
from fahuo.channels.tiktok_shop.wire import Answer, Query
from fahuo.connections.model import ACTIVE, App, Health, Link

TIMEOUT: Final = httpx.Timeout(20.0, connect=5.0, pool=10.0)
LIMITS: Final = httpx.Limits(max_connections=32, max_keepalive_connections=16, keepalive_expiry=30.0)
WAITS: Final = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds before each repetition, plus up to half a second [A: 1 s x 2^n, at most five]."""
JITTER: Final = 0.5
READ_PATIENCE_S, WRITE_PATIENCE_S = 120.0, 20.0
"""How long a call may wait for its turn and its repetitions together. A write is an effect, which is tried again later
anyway, and must end within the lease of its claim."""
SKEW_S: Final = 20
"""The platform takes timestamps from 300 s before to 30 s after its own time: a clock this far off is corrected."""
RENEWALS: Final = 2
"""How often one call has its token renewed. Once is not enough: while this call waited for a token that another call
had renewed, that one may have ended too, and a grant must not be taken for dead because of it."""
TELL_S: Final = 60.0
"""How often at most `tell` hears of a link."""

# These would write whole addresses to the log, and the token API takes its secrets in the address.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class Reply(msgspec.Struct, kw_only=True):
    """What the platform answered. `raw` is the JSON of `data` as it came, for typed decoders."""

    raw: bytes
    request_id: str
    http: int = 200
    _data: dict[str, Any] | None = None

    @property
    def data(self) -> dict[str, Any]:
        """`data` as a dictionary; empty when there is none."""
        if self._data is None:
            self._data = wire.decoded(self.raw)
        return self._data


class Refused(Exception):
    """The platform said no. A `code` below 1000 is an HTTP status: the answer was none of the API's."""

    def __init__(
        self, code: int, message: str, http: int = 200, request_id: str = "", data: dict[str, Any] | None = None
    ) -> None:
        super().__init__(f"{code} {message[:200]} (HTTP {http}, request {request_id or '-'})")
        self.code = code
        self.message = message
        self.http = http
        self.request_id = request_id
        self.data = data or {}


class Withdrawn(Refused):
    """The shop's token is dead and cannot be renewed: no call will work until a person connects the shop again."""


class Unreached(Exception):
    """The call surely did not happen: no connection, or too many calls to the end. `retry_at_ms`: technical time."""

    def __init__(self, why: str, retry_at_ms: int, request_id: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.retry_at_ms = retry_at_ms
        self.request_id = request_id


class Lost(Exception):
    """The answer was lost: the call may have happened, so ask the platform before repeating a write."""

    def __init__(self, why: str, request_id: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.request_id = request_id


class _Try:
    """A call while it lasts: how often it may still be repeated, and until when."""

    def __init__(self, waits: Sequence[float], until: float, read: bool) -> None:
        self.waits, self.until, self.read = list(waits), until, read
        self.renewed, self.retimed = 0, False


class Client:
    """One per process, shared by all threads.

    `renew(link)` gives the link with a new token (raises Withdrawn when there is none to be had); `barred(link, path,
    refused)` hears that the platform no longer accepts it, or not for this call; `tell(link, health)` hears of a link's
    health, at most once a minute.
    `sleep`, `waits`, `now` (epoch seconds) and `clock` (monotonic) are handed in so that tests need not wait.
    """

    def __init__(
        self,
        *,
        renew: Callable[[Link], Link] | None = None,
        barred: Callable[[Link, str, Refused], object] | None = None,
        tell: Callable[[Link, Health], object] | None = None,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], object] = time.sleep,
        waits: Sequence[float] = WAITS,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = httpx.Client(timeout=TIMEOUT, limits=LIMITS, transport=transport, follow_redirects=False)
        self._renew, self._barred, self._tell = renew, barred, tell
        self._sleep, self._waits, self._now, self._clock = sleep, tuple(waits), now, clock
        self._lock = threading.Lock()
        self._paces: dict[tuple[str, str], Pace] = {}
        self._throttled: dict[tuple[str, str], int] = {}
        self._told: dict[tuple[str, str, bool], float] = {}
        self._skews: dict[str, int] = {}
        self._newest: dict[tuple[int, int], Link] = {}

    def get(self, link: Link, path: str, query: Query | None = None, *, patience: float | None = None) -> Reply:
        """Read. `patience`: seconds of waiting it is worth, else the usual ones."""
        return self._call("GET", link, path, query, None, read=True, patience=patience)

    def post(
        self,
        link: Link,
        path: str,
        query: Query | None = None,
        body: Any = None,
        *,
        read: bool = False,
        patience: float | None = None,
    ) -> Reply:
        """Write, or search (`read`: it changes nothing, so it may be repeated). `body`: anything JSON, or bytes."""
        return self._call("POST", link, path, query, body, read=read, patience=patience)

    def put(self, link: Link, path: str, query: Query | None = None, body: Any = None, *, read: bool = False) -> Reply:
        """Write. `read`: it sets what is set already, so it may be repeated."""
        return self._call("PUT", link, path, query, body, read=read, patience=None)

    def delete(
        self, link: Link, path: str, query: Query | None = None, body: Any = None, *, read: bool = False
    ) -> Reply:
        """Write. `read`: it may be repeated."""
        return self._call("DELETE", link, path, query, body, read=read, patience=None)

    def download(self, link: Link, url: str) -> bytes:
        """A document the platform gave an address for (a label): unsigned, without the token. Raises as a read does."""
        if not wire.may_download(url, link.app.api_url):
            raise Refused(400, "the document's address is not safe to call")
        state = _Try(self._waits, self._clock() + READ_PATIENCE_S, read=True)
        while True:
            found = wire.exchange(self._http, "GET", url, {}, b"", enveloped=False)
            if found.http == httpx.codes.OK and not found.why:
                return found.body
            if found.http and not _broken(found.http) and found.http != httpx.codes.TOO_MANY_REQUESTS:
                raise Refused(found.http, f"HTTP {found.http}", found.http)
            self._again(state, found, found.why or f"HTTP {found.http}")

    def ask(self, app: App, path: str, query: dict[str, str]) -> Reply:
        """The token API of an app: unsigned. Tried once: whoever asks knows whether it may be repeated."""
        found = wire.exchange(self._http, "GET", wire.address(app.auth_url, path, query), {}, b"")
        if not found.sent:
            raise Unreached(found.why, self._later(0.0))
        if found.http == httpx.codes.TOO_MANY_REQUESTS or _code(found) == BUSY:
            raise Unreached("too many calls", self._later(found.retry_after), found.request_id)
        return self._settled(found)

    def health(self, link: Link) -> Health:
        """What calls for this link have shown in this process."""
        key = _key(link)
        reads, writes = self._pace(link).rates
        return Health(
            reads_per_second=round(reads, 2),
            writes_per_second=round(writes, 2),
            throttled_ms=self._throttled.get(key),
            skew_s=self._skews.get(link.app.api_url, 0),
        )

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def _call(
        self, method: str, link: Link, path: str, query: Query | None, body: Any, *, read: bool, patience: float | None
    ) -> Reply:
        if link.state != ACTIVE:
            raise Withdrawn(TOKEN_EXPIRED, f"the connection is {link.state}")
        link = self._newer(link)
        content = b"" if body is None else body if isinstance(body, bytes) else msgspec.json.encode(body)
        usual = READ_PATIENCE_S if read else WRITE_PATIENCE_S
        state = _Try(self._waits, self._clock() + (usual if patience is None else patience), read)
        plain = wire.plain_query(query)
        while True:
            self._turn(link, state)
            skew = self._skews.get(link.app.api_url, 0)
            found = self._send(method, link, path, plain, content)
            try:
                reply = self._judge(link, state, found)
            except Refused as refused:
                link = self._healed(link, state, refused, path, skew)
                continue
            if reply is not None:
                return reply

    def _send(self, method: str, link: Link, path: str, plain: dict[str, str], content: bytes) -> Answer:
        app = link.app
        at = self._now()
        query = {**plain, "app_key": app.app_key, "timestamp": str(int(at) + self._skews.get(app.api_url, 0))}
        if link.cipher and wire.takes_cipher(path):
            query["shop_cipher"] = link.cipher
        query["sign"] = sign(app.secret, path, query, content)
        headers = {"x-tts-access-token": link.access_token, "content-type": "application/json"}
        found = wire.exchange(self._http, method, wire.address(app.api_url, path, query), headers, content)
        if (date := found.date()) is not None:
            # Somewhere between our sending and our having it all they wrote the date: only what lies outside is skew.
            skew = round(min(date - at, 0.0) or max(date - self._now(), 0.0))
            self._skews[app.api_url] = skew if abs(skew) > SKEW_S else 0
        return found

    def _judge(self, link: Link, state: _Try, found: Answer) -> Reply | None:
        """The reply, or None after the pause before a repetition. Raises what ends the call."""
        pace = self._pace(link)
        busy = found.http == httpx.codes.TOO_MANY_REQUESTS or _code(found) == BUSY
        if busy:
            self._throttled[_key(link)] = int(self._now() * 1000)
            pause = max(found.retry_after, self._pause(state))
            pace.too_much(state.read, pause)
            self._told_of(link, slowed=True)
            if not state.waits or self._clock() + pause > state.until:
                raise Unreached("too many calls", self._later(pause), found.request_id)
            state.waits.pop(0)
            return None  # the pace holds the next try back
        if found.sent and not found.too_large:
            pace.went_well(state.read)
        self._told_of(link)
        try:
            return self._settled(found)
        except Lost as lost:
            if not state.read or found.too_large:
                raise
            self._again(state, found, lost.why)
        except Unreached as unreached:
            self._again(state, found, unreached.why)
        return None

    def _settled(self, found: Answer) -> Reply:
        """What an answer means when it is the last one."""
        if not found.sent:
            raise Unreached(found.why, self._later(0.0))
        envelope, id_ = found.envelope, found.request_id
        if found.too_large or not found.http or _broken(found.http):
            raise Lost(found.why or f"HTTP {found.http}", id_)
        if envelope is None:
            if httpx.codes.is_success(found.http):
                raise Lost(found.why, id_)
            raise Refused(found.http, found.why, found.http, id_)
        if envelope.code == 0 and httpx.codes.is_success(found.http):
            return Reply(raw=found.data, request_id=id_, http=found.http)
        if envelope.code == 0 or meaning(envelope.code).kind == "broken":
            raise Lost(f"{envelope.code} {(envelope.message or '')[:200]}", id_)
        raise Refused(envelope.code, envelope.message or "", found.http, id_, wire.decoded(found.data))

    def _healed(self, link: Link, state: _Try, refused: Refused, path: str, skew: int) -> Link:
        """The link to try once more with, when the refusal was the token's or the clock's fault. Raises the rest."""
        if refused.code == TOKEN_EXPIRED and self._renew is not None and state.renewed < RENEWALS:
            state.renewed += 1
            fresh = self._renew(link)
            with self._lock:
                self._newest[fresh.seller_id, fresh.grant_id] = fresh
            return msgspec.structs.replace(
                link, access_token=fresh.access_token, access_until_ms=fresh.access_until_ms, state=fresh.state
            )
        off = self._skews.get(link.app.api_url, 0) != skew and "timestamp" in refused.message.lower()
        if refused.code == BAD_PARAMETER and off and not state.retimed:
            state.retimed = True
            return link
        dead = refused.code in (TOKEN_EXPIRED, CODE_INVALID, NOT_LINKED)
        if self._barred is not None and (dead or refused.code == NO_PERMISSION):
            self._barred(link, path, refused)
        if dead:
            raise Withdrawn(refused.code, refused.message, refused.http, refused.request_id) from None
        raise refused

    def _turn(self, link: Link, state: _Try) -> None:
        """Wait for the call's turn; not longer than it is worth."""
        most = state.until - self._clock()
        wait = self._pace(link).take(state.read, most)
        if wait > most:
            raise Unreached("no turn in time", self._later(wait))
        if wait > 0:
            self._sleep(wait)

    def _again(self, state: _Try, found: Answer, why: str) -> None:
        """Wait before a repetition; without one left, the call ends as what it is."""
        pause = max(self._pause(state), found.retry_after)
        if not state.waits or self._clock() + pause > state.until:
            if found.sent:
                raise Lost(why, found.request_id)
            raise Unreached(why, self._later(pause), found.request_id)
        state.waits.pop(0)
        self._sleep(pause)

    def _pause(self, state: _Try) -> float:
        wait = state.waits[0] if state.waits else self._waits[-1] if self._waits else 0.0
        return wait + random.uniform(0, JITTER) if wait else 0.0  # noqa: S311 - jitter, no secret

    def _later(self, seconds: float) -> int:
        return int((self._now() + max(seconds, 1.0)) * 1000)

    def _newer(self, link: Link) -> Link:
        """The link with the newest token this process knows of."""
        known = self._newest.get((link.seller_id, link.grant_id))
        if known is None or known.access_until_ms <= link.access_until_ms:
            return link
        return msgspec.structs.replace(link, access_token=known.access_token, access_until_ms=known.access_until_ms)

    def _pace(self, link: Link) -> Pace:
        with self._lock:
            key = _key(link)
            if key not in self._paces:
                self._paces[key] = Pace(link.app.reads_per_second, link.app.writes_per_second, self._clock)
            return self._paces[key]

    def _told_of(self, link: Link, *, slowed: bool = False) -> None:
        """Tell what is known of the link's health, if that is due. Only links to a shop are worth telling.

        `slowed`: it was one call too many, which is due by itself: this process may make no further call.
        """
        if self._tell is None or not link.shop_id:
            return
        key, now = (*_key(link), slowed), self._clock()
        with self._lock:
            if now - self._told.get(key, float("-inf")) < TELL_S:
                return
            self._told[key] = now
        self._tell(link, self.health(link))


def _key(link: Link) -> tuple[str, str]:
    return link.app.app_key, link.platform_shop_id


def _code(found: Answer) -> int:
    return found.envelope.code if found.envelope else 0


def _broken(http: int) -> bool:
    return httpx.codes.is_server_error(http) or http == httpx.codes.REQUEST_TIMEOUT
