"""A load generator for one address: HTTP/1.1 over plain sockets, one request at a time on each connection.

It runs in a process of its own (`python -m fahuo.bench.shots`): job on standard input, figures on standard output.
"""

from __future__ import annotations

import gc
import selectors
import socket
import sys
import time
from collections import deque
from typing import Final

import msgspec

from fahuo.channels.tiktok_shop.sign import sign_notice

_END: Final = b"\r\n\r\n"
_READ: Final = selectors.EVENT_READ


class Job(msgspec.Struct, kw_only=True):
    """What to send. `rate` 0: as fast as answers come. Ends after `seconds`, or when the server is gone."""

    port: int
    app_key: str
    secret: str
    shop: str
    first: int
    """Number of the first notice: it makes the ids unique between runs."""
    count: int
    """Notices prepared; no more are sent."""
    connections: int = 64
    rate: float = 0.0
    seconds: float = 5.0


class Shots(msgspec.Struct, kw_only=True):
    """What came of it. `acked`: numbers answered 200; latencies from the moment a notice was due, in ms."""

    sent: int
    acked: list[int]
    other: int
    seconds: float
    p50_ms: float
    p99_ms: float
    max_ms: float


def notice(job: Job, number: int) -> bytes:
    """The body of one notice: an order's state, as the platform writes it."""
    return (
        f'{{"type":1,"tts_notification_id":"{number}","shop_id":"{job.shop}","timestamp":1768204800,'
        f'"data":{{"is_on_hold_order":false,"order_id":"57{number:016d}","order_status":"AWAITING_SHIPMENT",'
        f'"update_time":1768204800}}}}'
    ).encode()


def request(job: Job, number: int) -> bytes:
    """The whole request."""
    body = notice(job, number)
    return (
        f"POST /hooks/tiktok/{job.app_key} HTTP/1.1\r\nHost: 127.0.0.1:{job.port}\r\nContent-Type: application/json\r\n"
        f"Authorization: {sign_notice(job.secret.encode(), job.app_key, body)}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


class _Gun:
    def __init__(self, job: Job) -> None:
        self.job = job
        self.ready = [(job.first + i, request(job, job.first + i)) for i in range(job.count)]
        self.selector = selectors.DefaultSelector()
        self.idle: deque[socket.socket] = deque()
        self.flying: dict[int, tuple[int, float]] = {}
        self.acked: list[int] = []
        self.times: list[float] = []
        self.other = self.sent = 0
        for _ in range(job.connections):
            one = socket.create_connection(("127.0.0.1", job.port))
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.selector.register(one, _READ)
            self.idle.append(one)

    def run(self) -> Shots:
        job, began = self.job, time.perf_counter()
        try:
            while True:
                now = time.perf_counter() - began
                if now >= job.seconds or (self.sent == job.count and not self.flying):
                    break
                self._fire(began, now)
                self._hear(0.5 if not job.rate or not self.idle else max(0.0, self._due() - now))
            last = time.perf_counter() + 5
            while self.flying and time.perf_counter() < last:
                self._hear(0.1)
        except OSError:  # the server was killed
            pass
        seconds = time.perf_counter() - began
        times = sorted(self.times) or [0.0]
        return Shots(
            sent=self.sent,
            acked=self.acked,
            other=self.other,
            seconds=seconds,
            p50_ms=_ms(times[len(times) // 2]),
            p99_ms=_ms(times[min(len(times) - 1, int(len(times) * 0.99))]),
            max_ms=_ms(times[-1]),
        )

    def _due(self) -> float:
        return self.sent / self.job.rate

    def _fire(self, began: float, now: float) -> None:
        while self.idle and self.sent < self.job.count and (not self.job.rate or self._due() <= now):
            number, text = self.ready[self.sent]
            due = began + self._due() if self.job.rate else time.perf_counter()
            one = self.idle.popleft()
            self.flying[one.fileno()] = (number, due)
            self.sent += 1
            one.sendall(text)

    def _hear(self, wait: float) -> None:
        for key, _ in self.selector.select(wait):
            one: socket.socket = key.fileobj  # type: ignore[assignment]  # only sockets are registered
            answer = one.recv(4096)
            if not answer:
                raise ConnectionResetError
            if not answer.endswith(_END):
                continue
            number, due = self.flying.pop(one.fileno())
            self.times.append(time.perf_counter() - due)
            if answer.startswith(b"HTTP/1.1 200"):
                self.acked.append(number)
            else:
                self.other += 1
            self.idle.append(one)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)


def main() -> None:
    """Read a job, say that it is loaded, wait for a line, fire, print the figures."""
    job = msgspec.json.decode(sys.stdin.buffer.readline(), type=Job)
    gun = _Gun(job)
    gc.disable()  # the server is measured, not our own pauses
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.buffer.readline()
    sys.stdout.buffer.write(msgspec.json.encode(gun.run()) + b"\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
