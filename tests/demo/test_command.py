"""`fahuo demo` as people and scripts start it: what it prints, what it takes, and that nothing is left behind."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import msgspec
import pytest

RUN = "from fahuo.cli.main import main; main()"
PATIENCE_S = 120
FIGURES = (
    "orders_received orders_shipped on_time late held open delivered cancelled returns effects_pending effects_given_up"
)


def environment(url: str = "") -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "FAHUO_DATABASE_URL": url, "LANG": "C.UTF-8"}


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_days_print_one_document_and_nothing_else(
    database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("postgres_url") if database == "postgresql" else ""
    with ExitStack() as stack:
        for port in (8000, 8900):  # taking the usual ports away shows that a run that ends by itself wants none
            taken = stack.enter_context(socket.socket())
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):  # somebody else has it already, which does as well
                taken.bind(("127.0.0.1", port))
                taken.listen()
        arguments = ["demo", "--days", "1", "--exit", "--json", "--orders-per-day", "12"]
        done = subprocess.run(  # noqa: S603 - our own command line
            [sys.executable, "-c", RUN, *arguments],
            cwd=tmp_path,
            env=environment(url),
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, b"")
    found = msgspec.json.decode(done.stdout)
    assert done.stdout.count(b"\n") == 1
    assert {*FIGURES.split(), "days", "journal_ok"} <= found.keys()
    assert found["days"] == 1
    assert found["journal_ok"] is True
    assert found["sandbox_agrees"] is True
    assert found["late"] == 0
    assert list(tmp_path.iterdir()) == []


@contextmanager
def live(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, str]]]:
    """A demonstration that goes on, and what it said once it was ready."""
    folder.mkdir()
    arguments = ["demo", "--days", "1", "--json", "--orders-per-day", "5", "--port", "0", "--speed", "600"]
    command = [sys.executable, "-c", RUN, *arguments]
    with subprocess.Popen(  # noqa: S603 - our own command line
        command, cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        try:
            assert running.stdout is not None
            ready, _, _ = select.select([running.stdout], [], [], PATIENCE_S)
            assert ready, "the demonstration did not get ready"
            yield running, msgspec.json.decode(running.stdout.readline())
        finally:
            if running.poll() is None:
                running.kill()


def test_two_run_side_by_side_and_sigterm_ends_each_with_its_sandbox(tmp_path: Path) -> None:
    with live(tmp_path / "one") as (first, one), live(tmp_path / "two") as (second, two):
        addresses = {one["url"], one["sandbox"], two["url"], two["sandbox"]}
        assert len(addresses) == 4
        for address in (one["url"], two["url"]):
            assert httpx.get(f"{address}/healthz", trust_env=False).status_code == 200
        children = [_children(process.pid) for process in (first, second)]
        assert [len(found) for found in children] == [1, 1]
        for process in (first, second):
            process.send_signal(signal.SIGTERM)
        for process in (first, second):
            _, complaints = process.communicate(timeout=PATIENCE_S)
            assert process.returncode == 0
            assert complaints == b""
    for child in (*children[0], *children[1]):
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)
    for address in addresses:
        with pytest.raises(httpx.ConnectError):
            httpx.get(address, trust_env=False)


def _children(pid: int) -> list[int]:
    """Processes that one has started."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for thread in threads for child in (thread / "children").read_text().split()]
