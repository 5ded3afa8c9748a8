"""The command, as a process of its own: start line, real connections, and how it ends."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from fahuo.sandbox import actions, scenario
from fahuo.sandbox.auth import sign
from fahuo.sandbox.faults import KINDS

COMMAND = (sys.executable, "-c", "from fahuo.cli.main import main; main()", "sandbox", "serve")


def environment(home: Path) -> dict[str, str]:
    """No installation, no database."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FAHUO_")}
    return {**kept, "FAHUO_HOME": str(home / "nowhere"), "FAHUO_DATABASE_URL": "nonsense://"}


@contextmanager
def serving(home: Path, *options: str) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    """A running sandbox and its start line."""
    process = subprocess.Popen(  # noqa: S603 - our own command
        [*COMMAND, "--port", "0", "--json", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(home),
        cwd=home,
    )
    assert process.stdout
    assert process.stderr
    try:
        with selectors.DefaultSelector() as ready:
            ready.register(process.stdout, selectors.EVENT_READ)
            assert ready.select(60), "no start line"
        line = process.stdout.readline()
        assert line, process.stderr.read().decode()
        yield process, json.loads(line)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)
        process.stdout.close()
        process.stderr.close()


class Caller:
    """A client of a served sandbox."""

    def __init__(self, line: dict[str, Any]) -> None:
        self.line = line
        self.http = httpx.Client(base_url=line["base_url"], timeout=20, trust_env=False)
        query = {"app_key": line["app_key"], "app_secret": line["app_secret"], "auth_code": line["auth_code"]}
        told = self.http.get("/api/v2/token/get", params={**query, "grant_type": "authorized_code"}).json()
        self.token = told["data"]["access_token"]

    def call(self, method: str, path: str, body: bytes = b"", **more: str) -> httpx.Response:
        """A signed call."""
        query = {"app_key": self.line["app_key"], "timestamp": str(int(time.time())), **more}
        query["sign"] = sign(self.line["app_secret"], path, query, body)
        headers = {"x-tts-access-token": self.token, "content-type": "application/json"}
        return self.http.request(method, path, params=query, content=body, headers=headers)

    def control(self, path: str, body: Any) -> Any:
        """A request to control."""
        return self.http.post(f"/_sandbox/{path}", json=body).json()


def test_a_client_with_the_four_values_gets_along(tmp_path: Path) -> None:
    with serving(tmp_path, "--market", "VN,US", "--orders-per-day", "0", "--start", "2026-11-10T08:00:00Z") as (
        _,
        line,
    ):
        assert {"base_url", "app_key", "app_secret", "auth_code", "markets", "service_id", "shops"} <= line.keys()
        assert line["markets"] == ["VN", "US"]
        caller = Caller(line)
        shops = caller.call("GET", "/authorization/202309/shops").json()["data"]["shops"]
        assert [shop["cipher"] for shop in shops] == [shop["cipher"] for shop in line["shops"]]
        placed = caller.control("orders", {"market": "VN", "count": 3, "status": "AWAITING_SHIPMENT"})["orders"]
        cipher = shops[0]["cipher"]
        found = caller.call(
            "POST",
            "/order/202309/orders/search",
            b'{"order_status":"AWAITING_SHIPMENT"}',
            shop_cipher=cipher,
            page_size="100",
        ).json()
        assert {order["id"] for order in found["data"]["orders"]} == set(placed)
        assert caller.control("clock", {"advance": "1h"})["now"].startswith("2026-11-10T09:00")
        assert not list(tmp_path.iterdir())
        caller.http.close()


def test_faults_on_real_connections(tmp_path: Path) -> None:
    with serving(tmp_path, "--market", "VN", "--orders-per-day", "0", "--speed", "0") as (process, line):
        caller = Caller(line)
        caller.control("faults", {"kind": "dropped", "count": 1})
        with pytest.raises(httpx.RemoteProtocolError):
            caller.call("GET", "/authorization/202309/shops")
        assert caller.call("GET", "/authorization/202309/shops").json()["code"] == 0
        log = caller.http.get("/_sandbox/requests").json()["requests"]
        assert [entry["faults"] for entry in log][:2] == [[], ["dropped"]]
        caller.control("faults", {"kind": "truncated", "count": 1})
        with pytest.raises(ValueError, match=r"Expecting|Unterminated|delimiter"):
            caller.call("GET", "/authorization/202309/shops").json()
        big = caller.http.post("/order/202309/orders/search", content=b"x" * (6 << 20))
        assert big.json()["code"] == 36009021
        assert caller.call("GET", "/authorization/202309/shops").json()["code"] == 0
        caller.http.close()
        process.send_signal(signal.SIGTERM)
        process.wait(5)
        assert process.stderr
        assert process.stderr.read() == b""


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_ends_at_once_whatever_is_open(tmp_path: Path, sent: signal.Signals) -> None:
    with serving(tmp_path, "--market", "VN") as (process, line):
        caller = Caller(line)
        assert caller.call("GET", "/authorization/202309/shops").json()["code"] == 0
        process.send_signal(sent)
        assert process.wait(3) == 0
        caller.http.close()


def test_says_what_is_wrong(tmp_path: Path) -> None:
    def said(*options: str) -> tuple[int, str]:
        done = subprocess.run(  # noqa: S603 - our own command
            [*COMMAND, *options], capture_output=True, env=environment(tmp_path), timeout=60, check=False
        )
        return done.returncode, done.stderr.decode()

    code, text = said("--market", "XX", "--port", "0")
    assert code == 2
    assert "no market 'XX'" in text
    assert said("--start", "yesterday", "--port", "0")[0] == 2
    assert said("--start", "1900-01-01T00:00:00Z", "--port", "0")[0] == 2
    assert said("--start", "9999-12-30T00:00:00Z", "--port", "0")[0] == 2
    assert said("--carriers", "never", "--port", "0")[0] == 2
    assert said("--redirect-url", "shop.example", "--port", "0")[0] == 2
    assert said("--scenario", "nothing", "--port", "0")[0] == 2
    with serving(tmp_path) as (_, line):
        code, text = said("--port", line["base_url"].rpartition(":")[2])
        assert code == 3
        assert "Cannot listen" in text


def test_prints_the_four_values_for_people(tmp_path: Path) -> None:
    process = subprocess.Popen(  # noqa: S603 - our own command
        [*COMMAND, "--port", "0"], stdout=subprocess.PIPE, env={**environment(tmp_path), "FAHUO_LANG": "zh"}
    )
    assert process.stdout
    with selectors.DefaultSelector() as ready:
        ready.register(process.stdout, selectors.EVENT_READ)
        assert ready.select(60)
    os.set_blocking(process.stdout.fileno(), False)
    text = os.read(process.stdout.fileno(), 10_000).decode()
    process.send_signal(signal.SIGTERM)
    process.wait(10)
    process.stdout.close()
    assert text.startswith("沙盒已启动")
    assert "app_secret" in text
    assert "/_sandbox/ui" in text


GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "sandbox.md"


def test_the_guides_client_works(tmp_path: Path) -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    code = guide.partition("```python\n")[2].partition("```")[0]
    with serving(tmp_path, "--market", "VN") as (_, line):
        caller = Caller(line)
        for blank in (line["base_url"], line["app_key"], line["app_secret"], caller.token):
            code = code.replace('"http://127.0.0.1:8900"' if blank == line["base_url"] else '"…"', repr(blank), 1)
        said: list[Any] = []
        exec(code, {"print": said.append})  # noqa: S102 - our own guide
        caller.http.close()
    assert said[0]["code"] == 0
    assert said[0]["data"]["orders"] is not None


def test_the_guide_names_every_fault_and_scenario() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    for name in (*KINDS, *scenario.names(), *actions.BUYERS, *actions.CARRIERS, *(f"`{w}`" for w in actions.WISHES)):
        assert name in guide, name
