"""`fahuo tiktok`: apps, consent, status, renewing, disconnecting, in both languages and as JSON."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from fahuo.cli import connect as commands
from fahuo.cli import say
from fahuo.cli.main import run
from fahuo.flow import grants
from fahuo.kernel.clock import technical_ms
from fahuo.store.engine import Store
from tests.support.tiktok import KEY, SECRET, Platform

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in ("FAHUO_DATABASE_URL", "FAHUO_MASTER_KEY", "FAHUO_MASTER_KEY_FILE", "FAHUO_TIKTOK_APP_SECRET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FAHUO_HOME", str(tmp_path))
    monkeypatch.setenv("FAHUO_LANG", "en")
    say.forget()
    assert run(["init"]) == 0
    yield tmp_path
    say.forget()


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Platform:
    """The platform behind every client the commands make."""
    made = Platform(now=lambda: technical_ms() / 1000)

    def client_of(store: Store) -> Any:
        return grants.make_client(store, transport=httpx.MockTransport(made), waits=())

    monkeypatch.setattr(commands, "client_of", client_of)
    return made


def told(capsys: Capture) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def app(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAHUO_TIKTOK_APP_SECRET", SECRET.decode())
    given = ["--api-url", "https://api.test", "--service-id", "7001", "--public-url", "https://fahuo.example"]
    assert run(["tiktok", "app", "add", KEY, *given, "--reads", "200", "--writes", "200"]) == 0


def test_from_the_app_to_the_connected_shop_and_out_again(
    home: Path, platform: Platform, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    app(monkeypatch)
    said = capsys.readouterr().out
    assert f"https://fahuo.example/hooks/tiktok/{KEY}" in said
    assert SECRET.decode() not in said
    assert run(["tiktok", "app", "list", "--json"]) == 0
    (shown,) = told(capsys)
    assert shown["auth_url"] == "https://api.test"
    assert shown["reads_per_second"] == 200
    assert "secret" not in shown
    assert run(["tiktok", "connect", "--json"]) == 0
    (consent,) = told(capsys)
    state = parse_qs(urlsplit(consent["url"]).query)["state"][0]
    back = f"https://fahuo.example/connect/tiktok/callback?code=code-1&state={state}"
    assert run(["tiktok", "connect", "--code-from-url", back, "--json"]) == 0
    (done,) = told(capsys)
    assert (done["schema"], done["made"], done["seller"]) == ("fahuo.connected/1", ["Hoa Mai"], "Hoa Mai Co.")
    assert done["shops"][0]["state"] == "active"
    assert run(["tiktok", "status", "Hoa Mai", "--json"]) == 0
    (status,) = told(capsys)
    assert status["notices"]["address"] == f"https://fahuo.example/hooks/tiktok/{KEY}"
    assert "ROW_" not in json.dumps(status)
    assert run(["tiktok", "refresh", "--json"]) == 0
    assert told(capsys)[0]["state"] == "active"
    assert platform.number == 2
    assert run(["tiktok", "disconnect", "Hoa Mai", "--json"]) == 0
    assert told(capsys)[0]["state"] == "withdrawn"
    assert run(["tiktok", "status"]) == 0
    assert "Connect the shop again" in capsys.readouterr().out


@pytest.mark.parametrize(("lang", "words"), [("en", "added and connected"), ("zh", "已新建并连接")])
def test_people_are_told_in_their_language(
    home: Path, platform: Platform, monkeypatch: pytest.MonkeyPatch, capsys: Capture, lang: str, words: str
) -> None:
    app(monkeypatch)
    monkeypatch.setenv("FAHUO_LANG", lang)
    say.forget()
    assert run(["tiktok", "connect", "--code", "code-1"]) == 0
    said = capsys.readouterr()
    assert words in said.out
    assert "Kho Sài Gòn" in said.err
    assert run(["tiktok", "status"]) == 0
    assert "Hoa Mai" in capsys.readouterr().out


def test_shops_are_tied_to_those_known(
    home: Path, platform: Platform, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    app(monkeypatch)
    assert run(["shops", "add", "ours", "--market", "VN", "--seller-type", "local"]) == 0
    assert run(["tiktok", "connect", "--code", "code-1", "--shop", "nonsense"]) == 2
    capsys.readouterr()
    assert run(["tiktok", "connect", "--code", "code-1", "--shop", "Hoa Mai=ours", "--json"]) == 0
    assert told(capsys)[0]["shops"][0]["shop"] == "ours"


def test_what_does_not_work_says_so(
    home: Path, platform: Platform, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    assert run(["tiktok", "connect", "--json"]) == 2
    assert json.loads(capsys.readouterr().err)["error"]["code"] == "which_app"
    app(monkeypatch)
    capsys.readouterr()
    assert run(["tiktok", "connect", "--code", "wrong", "--json"]) == 1
    assert json.loads(capsys.readouterr().err)["error"]["code"] == "tiktok_36004004"
    assert run(["tiktok", "connect", "--code-from-url", "https://x/?code=1&state=2", "--json"]) == 1
    assert json.loads(capsys.readouterr().err)["error"]["code"] == "consent_unknown"
    platform.fail = lambda _request: httpx.Response(503)
    assert run(["tiktok", "connect", "--code", "code-1", "--json"]) == 3
    assert json.loads(capsys.readouterr().err)["error"]["code"] == "tiktok_unreached"
    assert run(["tiktok", "status", "nobody", "--json"]) == 2
    assert json.loads(capsys.readouterr().err)["error"]["code"] == "not_connected"
    platform.fail = lambda _request: None
    platform.shops.clear()
    assert run(["tiktok", "connect", "--code", "code-1"]) == 1


def test_how_orders_are_pulled_is_shown_and_changed(home: Path, capsys: Capture) -> None:
    capsys.readouterr()
    assert run(["tiktok", "pulling", "--json"]) == 0
    usual = {"schema": "fahuo.pulling/1", "history_days": 30, "open_days": 180, "overlap_s": 600, "every_s": 60}
    assert told(capsys) == [usual]
    assert run(["tiktok", "pulling", "--every", "300", "--history-days", "0"]) == 0
    assert "every 300 s" in capsys.readouterr().out
    assert run(["tiktok", "pulling", "--json"]) == 0
    assert told(capsys) == [usual | {"every_s": 300, "history_days": 0}]
    for wrong in (["--every", "0"], ["--overlap", "-1"], ["--history-days", "many"]):
        assert run(["tiktok", "pulling", *wrong]) == 2
