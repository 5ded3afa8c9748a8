"""A seller's own system on loopback: checks the signature of each call and answers as a test tells it to."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from types import TracebackType
from typing import Any, ClassVar, Self

from fahuo.channels.callback.sign import check

SECRET = "a key that both sides know"
CUT = 0
"""An answer that is none: the connection is cut after the call has been read."""


class Receiver:
    """`answer(key, how often)` gives the status. What it answers with 2xx it applies, once for each key."""

    def __init__(self, answer: Callable[[str, int], int] | None = None, delay_s: float = 0) -> None:
        self.answer, self.delay_s = answer or (lambda _key, _times: 200), delay_s
        self.calls: list[dict[str, Any]] = []
        self.applied: dict[str, dict[str, Any]] = {}
        self.seen: Counter[str] = Counter()
        self.forged = 0
        self._lock = Lock()

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"receiver": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/fahuo"

    def take(self, headers: Any, body: bytes) -> int:
        """Book one call; the status to answer with."""
        key, stamp = headers["Idempotency-Key"], headers["Fahuo-Timestamp"]
        with self._lock:
            if not check(SECRET.encode(), stamp, headers["Fahuo-Signature"], body, int(time.time())):
                self.forged += 1
                return 401
            told = json.loads(body)
            assert told["key"] == key
            self.seen[key] += 1
            self.calls.append(told)
            status = self.answer(key, self.seen[key])
            # A cut connection is the case that counts: done here, not known there.
            if status == CUT or 200 <= status < 300:
                self.applied.setdefault(key, told)
            return status


class _Handler(BaseHTTPRequestHandler):
    receiver: ClassVar[Receiver]

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:  # the caller died while it spoke: that is no call
            self.close_connection = True
            return
        status = self.receiver.take(self.headers, body)
        time.sleep(self.receiver.delay_s)
        if status == CUT:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            return
        text = b'{"taken":true}' if status == 200 else b'{"error":"order is locked"}'
        with suppress(ConnectionError):  # the caller may be dead by now
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""
