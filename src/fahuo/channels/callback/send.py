"""Sending effects to the seller's own system: at least once under one key, so that the receiver applies it once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import msgspec

from fahuo.channels.callback.sign import sign
from fahuo.channels.ports import Endpoint
from fahuo.kernel.clock import technical_ms
from fahuo.store.effects import Answer, Claimed

TIMEOUT_S = 10.0
AT_ONCE = 8
MAX_ANSWER = 4_000
_RETRY = frozenset({408, 425, 429})


class CallbackChannel:
    """Port of the lane `callback`. 2xx is done, another 4xx is declined with the answer, the rest is tried again."""

    lane = "callback"

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        # Redirects are not followed: the body must only go to the address the seller gave.
        self._client = httpx.Client(timeout=TIMEOUT_S, transport=transport, follow_redirects=False)

    def send(self, batch: Sequence[Claimed], endpoints: Mapping[int, Endpoint]) -> list[Answer]:
        """One answer an effect."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(lambda one: self._send(one, endpoints.get(one.shop_id or 0)), batch))

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
            "Idempotency-Key": one.key,
            "Fahuo-Timestamp": str(at),
            "Fahuo-Signature": sign(endpoint.secret, at, body),
        }
        try:
            answer = self._client.post(endpoint.url, content=body, headers=headers)
        except httpx.ConnectError as error:
            return one.answer("retry", {"code": "not_reached", "message": str(error)[:300]})
        except httpx.HTTPError as error:
            # The call may have arrived: the receiver knows the key, so sending it again is safe.
            return one.answer("unknown", {"code": "no_answer", "message": type(error).__name__})
        return one.answer(_verdict(answer.status_code), _outcome(answer))


def _verdict(status: int) -> str:
    if httpx.codes.is_success(status):
        return "done"
    return "retry" if httpx.codes.is_server_error(status) or status in _RETRY else "declined"


def _outcome(answer: httpx.Response) -> dict[str, Any]:
    return {"status": answer.status_code, "answer": answer.text[:MAX_ANSWER]}
