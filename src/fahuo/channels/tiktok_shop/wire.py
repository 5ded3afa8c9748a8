"""One exchange with the platform: what is sent byte for byte, what came back within bounds, and what that means."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlsplit

import httpx
import msgspec

MAX_ANSWER: Final = 32 * 1024 * 1024
"""Bytes of an answer, unpacked: a page of 100 orders may be 2 MB."""
LONGEST_ANSWER_S: Final = 60.0
"""However slowly it trickles, an answer is not waited for any longer."""
RETRY_AFTER_MAX: Final = 86_400.0
NO_CIPHER: Final = (
    "/authorization/",
    "/seller/",
    "/supply_chain/",
    "/fulfillment/202407/bundles",
    "/logistics/202309/global_warehouses",
    "/product/202309/global_",
    "/product/202309/images/",
    "/product/202309/files/",
    "/product/202309/brands",
)
"""Beginnings of paths that refuse `shop_cipher` [A]."""

Query = Mapping[str, "str | int | bool | Sequence[str] | None"]


class Envelope(msgspec.Struct):
    """What every answer of the API is wrapped in. `data` is left as it came."""

    code: int
    message: str | None = None
    request_id: str | None = None
    data: msgspec.Raw = msgspec.Raw(b"null")


class Answer(NamedTuple):
    """An answer, or why there is none. `sent`: whether the request may have arrived."""

    http: int = 0
    headers: Mapping[str, str] = {}
    body: bytes = b""
    envelope: Envelope | None = None
    why: str = ""
    sent: bool = True
    too_large: bool = False

    @property
    def request_id(self) -> str:
        """The platform's id of the request: from the envelope, else the header."""
        told = self.envelope.request_id if self.envelope else None
        return (told or self.headers.get("x-tt-logid") or "")[:100]

    @property
    def data(self) -> bytes:
        """The JSON of `data`; empty when there is none."""
        raw = bytes(self.envelope.data) if self.envelope else b""
        return b"" if raw == b"null" else raw

    @property
    def retry_after(self) -> float:
        """Seconds the platform asks to wait; 0 when it does not say."""
        text = self.headers.get("retry-after", "")
        if not text.isdecimal():  # HTTP allows an instant, too
            until, now = self._instant("retry-after"), self.date()
            text = str(int(until - now)) if until and now and until > now else "0"
        return min(float(text), RETRY_AFTER_MAX)

    def date(self) -> float | None:
        """The platform's own time, epoch seconds, if it told it."""
        return self._instant("date")

    def _instant(self, header: str) -> float | None:
        with suppress(TypeError, ValueError, OverflowError):
            return parsedate_to_datetime(self.headers.get(header, "")).timestamp()
        return None


_envelope: Final = msgspec.json.Decoder(Envelope)
_UNSENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


def plain_query(query: Query | None) -> dict[str, str]:
    """Parameters as text: lists joined by commas, booleans as JSON has them, None left out."""
    return {name: _plain(value) for name, value in (query or {}).items() if value is not None}


def _plain(value: str | int | bool | Sequence[str]) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else ",".join(str(one) for one in value)


def takes_cipher(path: str) -> bool:
    """Whether calls of this path say by `shop_cipher` which shop they are for."""
    return not path.startswith(NO_CIPHER)


def address(base: str, path: str, query: Mapping[str, str]) -> str:
    """The whole URL; what is signed raw is sent percent-encoded."""
    parts = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query.items())
    return f"{base.rstrip('/')}{path}?{parts}" if parts else f"{base.rstrip('/')}{path}"


def may_download(url: str, api_url: str) -> bool:
    """Whether a document's address may be called: by TLS, or on the very host the API is on (a sandbox)."""
    wanted, known = urlsplit(url), urlsplit(api_url)
    return wanted.scheme == "https" or (wanted.scheme, wanted.netloc) == (known.scheme, known.netloc)


def exchange(
    http: httpx.Client, method: str, url: str, headers: Mapping[str, str], content: bytes, *, enveloped: bool = True
) -> Answer:
    """Send and read the answer within its bounds. Never raises for what happens on the line."""
    last = time.monotonic() + LONGEST_ANSWER_S
    try:
        with http.stream(method, url, headers=dict(headers), content=content or None) as got:
            body = bytearray()
            for part in got.iter_bytes():
                body += part
                if len(body) > MAX_ANSWER:
                    return Answer(got.status_code, got.headers, why="the answer is too large", too_large=True)
                if time.monotonic() > last:
                    return Answer(why="the answer took too long")
            found = Answer(got.status_code, got.headers, bytes(body))
    except _UNSENT as error:
        return Answer(why=type(error).__name__, sent=False)
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        # Only the kind of error: its text may quote the address, and that holds secrets for the token API.
        return Answer(why=type(error).__name__)
    return _read(found) if enveloped else found


def _read(found: Answer) -> Answer:
    try:
        return found._replace(envelope=_envelope.decode(found.body))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return found._replace(why=f"HTTP {found.http} without a readable body")


def decoded(raw: bytes) -> dict[str, Any]:
    """`data` as a dictionary; empty when it is something else."""
    with suppress(msgspec.MsgspecError):
        found = msgspec.json.decode(raw)
        if isinstance(found, dict):
            return found
    return {}
