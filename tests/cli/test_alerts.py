"""`fahuo alerts`: addresses are taken, never shown, and an unknown one is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fahuo.cli import say
from fahuo.cli.main import run


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FAHUO_HOME", str(tmp_path))
    monkeypatch.delenv("FAHUO_DATABASE_URL", raising=False)
    say.forget()
    assert run(["init"]) == 0
    return tmp_path


def test_addresses_are_kept_and_not_shown(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["alerts", "set", "json://127.0.0.1:9/secret-token", "--json"]) == 0
    assert run(["alerts", "list", "--json"]) == 0
    shown = capsys.readouterr().out
    assert json.loads(shown.splitlines()[-1])["addresses"] == 1
    assert "secret-token" not in shown
    assert b"secret-token" not in (home / "fahuo.db").read_bytes()


def test_an_address_nobody_knows_is_refused_by_its_place(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["alerts", "set", "json://127.0.0.1:9/a", "carrier-pigeon://x"]) == 2
    said = capsys.readouterr().err
    assert "2" in said
    assert "carrier-pigeon" not in said
    assert (home / "fahuo.db").exists()
