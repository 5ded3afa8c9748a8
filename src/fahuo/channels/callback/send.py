"""Sending effects to the seller's own system: at least once under one key, so that the receiver applies it once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final

import httpx
import msgspec

from fahuo.channels.callback.sign import sign
from fahuo.channels.ports import Endpoint
from fahuo.kernel.clock import technical_ms
from fahuo.store.effects import Answer, Claimed

TIMEOUT_S: Final = 10.0
AT_ONCE: Final = 8
MAX_ANSWER: Final = 4_000
"""Bytes of an answer that are read and kept."""
BATCH_S: Final = 30.0
"""When a batch begins no more calls: with the last ones' time-outs it ends within the lease of its claims."""
SILENT: Final = 3
"""Calls of a shop without an answer after which the rest of its batch is not tried."""
_RETRY = frozenset({408, 425, 429})


class CallbackChannel:
    """Port of the lane `callback`. 2xx is done, another 4xx is declined with the answer, the rest is tried again."""

    lane = "callback"

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        # Redirects are not followed: the body must only go to the address the seller gave.
        self._client = httpx.Client(timeout=TIMEOUT_S, transport=transport, follow_redirects=False)

    def send(self, batch: Sequence[Claimed], endpoints: Mapping[int, Endpoint]) -> list[Answer]:
        """One answer an effect, none for those there was no time for."""
        last = time.monotonic() + BATCH_S
        silent: Counter[int | None] = Counter()

        def one_by_one(one: Claimed) -> Answer | None:
            if time.monotonic() > last:
                return None
            if silent[one.shop_id] >= SILENT:
                return one.answer("retry", {"code": "not_tried", "message": "the address does not answer"})
            answer = self._send(one, endpoints.get(one.shop_id or 0))
            silent[one.shop_id] += answer.outcome.get("code") in ("not_reached", "no_answer")
            return answer

        with ThreadPoolExecutor(AT_ONCE) as pool:
            return [answer for answer in pool.map(one_by_one, batch) if answer is not None]

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def _send(self, one: Claimed, endpoint: Endpoint | None) -> Answer:
        if endpoint is None:
            return one.answer("declined", {"code": "no_endpoint", "message": "the shop has no address to call"})
        body = msgspec.json.encode({"schema": "fahuo.callback/1", "kind": one.kind, "key": one.key, **one.body})
        at = technical_ms() // 1000
        headers = {
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",
            "Idempotency-Key": one.key,
            "Fahuo-Timestamp": str(at),
            "Fahuo-Signature": sign(endpoint.secret, at, body),
        }
        try:
            with self._client.stream("POST", endpoint.url, content=body, headers=headers) as answer:
                return one.answer(_verdict(answer.status_code), {"status": answer.status_code, "answer": _text(answer)})
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL) as error:
            return one.answer("retry", {"code": "not_reached", "message": str(error)[:300]})
        except httpx.HTTPError as error:
            # The call may have arrived: the receiver knows the key, so sending it again is safe.
            return one.answer("unknown", {"code": "no_answer", "message": type(error).__name__})


def _verdict(status: int) -> str:
    if httpx.codes.is_success(status):
        return "done"
    return "retry" if httpx.codes.is_server_error(status) or status in _RETRY else "declined"


def _text(answer: httpx.Response) -> str:
    """The beginning of the answer. The status has said what counts: an endless, slow or cut body changes nothing."""
    found = b""
    last = time.monotonic() + TIMEOUT_S
    with suppress(httpx.HTTPError):
        for part in answer.iter_raw():
            found += part[: MAX_ANSWER - len(found)]
            if len(found) >= MAX_ANSWER or time.monotonic() > last:
                break
    return found.decode("utf-8", "replace").replace("\0", "\ufffd")
