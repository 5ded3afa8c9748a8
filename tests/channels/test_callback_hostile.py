"""Receivers that answer without end, too slowly or not at all must hold up nobody."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from fahuo.channels.callback import send as module
from fahuo.channels.callback.send import MAX_ANSWER, SILENT, CallbackChannel
from fahuo.channels.ports import Endpoint
from fahuo.store.effects import Answer, Claimed


def claims(count: int, shop: int = 7) -> list[Claimed]:
    return [
        Claimed(n, f"k{n}", "report_shipped", "callback", str(shop), shop, n, n, 0, "idempotent", 1, False, {})
        for n in range(1, count + 1)
    ]


@contextmanager
def talking(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that reads a request and lets `answer` do the rest."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.2)
    over = threading.Event()

    def serve(found: socket.socket) -> None:
        with found:
            found.recv(65_536)
            try:
                answer(found)
            except OSError:
                return

    def run() -> None:
        while not over.is_set():
            try:
                found, _ = listening.accept()
            except TimeoutError:
                continue
            threading.Thread(target=serve, args=(found,), daemon=True).start()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/x"
    finally:
        over.set()
        thread.join(5)
        listening.close()


def send(url: str, batch: list[Claimed]) -> list[Answer]:
    channel = CallbackChannel()
    try:
        return channel.send(batch, {7: Endpoint(shop="shop", url=url, secret=b"key")})
    finally:
        channel.close()


def test_an_endless_answer_is_not_read_to_its_end() -> None:
    written = 0

    def endless(to: socket.socket) -> None:
        nonlocal written
        to.sendall(b"HTTP/1.1 409 Conflict\r\nTransfer-Encoding: chunked\r\n\r\n")
        while written < 256 << 20:
            to.sendall(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
            written += 65_536

    with talking(endless) as url:
        (answer,) = send(url, claims(1))
    assert answer.state == "declined"
    assert len(answer.outcome["answer"]) == MAX_ANSWER
    assert written < 64 << 20


def test_an_answer_that_drips_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIMEOUT_S", 0.5)

    def drip(to: socket.socket) -> None:
        to.sendall(b"HTTP/1.1 409 Conflict\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(100):
            to.sendall(b"x")
            time.sleep(0.2)

    began = time.monotonic()
    with talking(drip) as url:
        (answer,) = send(url, claims(1))
    assert answer.state == "declined"
    assert time.monotonic() - began < 10  # a hundred drips would take twenty seconds


def test_a_body_that_breaks_off_changes_nothing_about_the_status() -> None:
    with talking(lambda to: to.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")) as url:
        (answer,) = send(url, claims(1))
    assert (answer.state, answer.outcome["status"]) == ("done", 200)


def test_what_is_no_http_is_an_unknown_answer() -> None:
    with talking(lambda to: to.sendall(b"\x00\x01 hello there\r\n\r\n")) as url:
        (answer,) = send(url, claims(1))
    assert answer.state == "unknown"


def test_an_address_that_does_not_answer_costs_a_few_calls_only() -> None:
    calls = 0

    def cut(_to: socket.socket) -> None:
        nonlocal calls
        calls += 1

    with talking(cut) as url:
        answers = send(url, claims(200))
    assert len(answers) == 200
    assert {answer.state for answer in answers} == {"unknown", "retry"}
    assert calls < SILENT + 2 * module.AT_ONCE


def test_a_batch_ends_within_its_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def slow(to: socket.socket) -> None:
        now[0] += module.BATCH_S / 4
        # It says that it closes: a call on a connection that is gone would count as one without an answer.
        to.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

    with talking(slow) as url:
        answers = send(url, claims(100))
    assert 0 < len(answers) < 100  # the others are handed out again
    assert {answer.state for answer in answers} == {"done"}
