"""The transport to TikTok Shop: signs, paces, repeats what may be repeated, and says what became of a call.

A call ends in a `Reply`, or in one of four ways that differ in what may be done next: `Refused` (the platform said no:
`errors.py` knows what the code means), `Unreached` (it surely did not happen), `Lost` (it may have happened: read back
before repeating), `Withdrawn` (the shop's token is dead). Reads are repeated here; writes only when they surely did not
happen. Time here is technical: no business clock is asked.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any, Final, NoReturn

import httpx
import msgspec

from fahuo.channels.tiktok_shop.errors import BAD_PARAMETER, BUSY, CODE_INVALID, TOKEN_EXPIRED, meaning
from fahuo.channels.tiktok_shop.pace import Pace
from fahuo.channels.tiktok_shop.sign import sign
from fahuo.connections.model import Health, Link

TIMEOUT: Final = httpx.Timeout(20.0, connect=5.0, pool=10.0)
LIMITS: Final = httpx.Limits(max_connections=32, max_keepalive_connections=16, keepalive_expiry=30.0)
MAX_ANSWER: Final = 32 * 1024 * 1024
"""Bytes of an answer, unpacked: a page of 100 orders may be 2 MB."""
WAITS: Final = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds before each repetition, plus up to half a second [A: 1 s x 2^n, at most five]."""
LONGEST_WAIT: Final = 60.0
JITTER: Final = 0.5
SKEW_S: Final = 60
"""The platform takes timestamps from 300 s before to 30 s after its own time; a clock this far off is corrected."""
TELL_MS: Final = 60_000
"""How often at most `tell` hears of a link's health."""
NO_CIPHER: Final = (
    "/authorization/",
    "/seller/",
    "/supply_chain/",
    "/logistics/202309/global_warehouses",
    "/product/202309/global_",
    "/product/202309/images/",
    "/product/202309/files/",
    "/product/202309/brands",
)
"""Paths that refuse `shop_cipher`."""

Query = Mapping[str, "str | int | bool | Sequence[str] | None"]


class Reply(msgspec.Struct, kw_only=True):
    """What the platform answered. `raw` is the JSON of `data` as it came, for typed decoders."""

    raw: bytes
    request_id: str
    http: int
    _data: dict[str, Any] | None = None

    @property
    def data(self) -> dict[str, Any]:
        """`data` as a dictionary; empty when there is none."""
        if self._data is None:
            found = msgspec.json.decode(self.raw) if self.raw else None
            self._data = found if isinstance(found, dict) else {}
        return self._data


class Refused(Exception):
    """The platform said no. `errors.meaning(code)` tells what it means and what to do."""

    def __init__(self, code: int, message: str, http: int, request_id: str, data: dict[str, Any] | None = None) -> None:
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


class Client:
    """One per process, shared by all threads.

    `renew(link)` gives the link with a new token (raises Withdrawn when there is none); `tell(link, health)` is told of
    a link's health, at most once a minute; `sleep` and `waits` are the pauses, so that tests need not wait.
    """

    def __init__(
        self,
        *,
        renew: Callable[[Link], Link] | None = None,
        tell: Callable[[Link, Health], None] | None = None,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        waits: Sequence[float] = WAITS,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._http = httpx.Client(timeout=TIMEOUT, limits=LIMITS, transport=transport, follow_redirects=False)
        self._renew = renew
        self._tell = tell
        self._sleep = sleep
        self._waits = tuple(waits)
        self._now = now
        self._lock = threading.Lock()
        self._paces: dict[tuple[str, str], Pace] = {}
        self._skews: dict[str, int] = {}
        self._throttled: dict[tuple[str, str], int] = {}
        self._told: dict[tuple[str, str], float] = {}
        self._fresh: dict[int, Link] = {}

    def get(self, link: Link, path: str, query: Query | None = None) -> Reply:
        """Read."""
        raise NotImplementedError

    def post(self, link: Link, path: str, query: Query | None = None, body: Any = None, *, read: bool = False) -> Reply:
        """Write, or search (`read`: it changes nothing, so it may be repeated)."""
        raise NotImplementedError

    def put(self, link: Link, path: str, query: Query | None = None, body: Any = None) -> Reply:
        """Write."""
        raise NotImplementedError

    def delete(self, link: Link, path: str, query: Query | None = None, body: Any = None) -> Reply:
        """Write."""
        raise NotImplementedError

    def download(self, link: Link, url: str) -> bytes:
        """A document the platform has given an address for (labels): unsigned."""
        raise NotImplementedError

    def health(self, link: Link) -> Health:
        """What calls for this link have shown so far in this process."""
        raise NotImplementedError
