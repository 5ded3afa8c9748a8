"""`fahuo db`, `backup`, `restore` as a person or a script calls them, on both databases."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from fahuo.cli import main, say
from fahuo.flow.house import open_house
from fahuo.kernel.config import load_settings
from fahuo.orders.tables import orders
from fahuo.store import checkpoint
from tests.store.test_journal import BIG, note, unguard, write
from tests.support.stores import MASTER


@pytest.fixture
def home(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with tables and nothing in them."""
    for name, value in {
        "FAHUO_HOME": str(tmp_path),
        "FAHUO_DATABASE_URL": store_url,
        "FAHUO_MASTER_KEY": base64.urlsafe_b64encode(MASTER).decode(),
        "FAHUO_LANG": "en",
    }.items():
        monkeypatch.setenv(name, value)
    say.forget()
    return tmp_path


@pytest.fixture
def ready(home: Path) -> Path:
    """The same with two orders in it."""
    assert main.run(["init"]) == 0
    house = open_house(load_settings())
    with house.store.write() as tx:
        write(tx, note(BIG), note(BIG + 1), note(BIG, "packed"))
        checkpoint.make(tx, orders, 9)
    house.store.close()
    return home


def other_database(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("FAHUO_DATABASE_URL", url)
    say.forget()


def document(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    out = capsys.readouterr().out.splitlines()
    return dict(json.loads(out[-1]))


def test_upgrade_says_where_it_is_and_verify_wants_it(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    other_database(monkeypatch, f"sqlite:///{home}/new.db")
    assert main.run(["db", "verify"]) == 3
    assert "fahuo init" in capsys.readouterr().err
    (home / "new.db").touch()
    assert main.run(["db", "verify"]) == 3
    assert "fahuo db upgrade" in capsys.readouterr().err
    assert main.run(["db", "upgrade"]) == 0
    assert "now at revision" in capsys.readouterr().out
    assert main.run(["db", "upgrade"]) == 0
    assert "up to date" in capsys.readouterr().out
    assert main.run(["db", "upgrade", "--json"]) == 0
    told = document(capsys)
    assert told["before"] == told["now"]
    assert main.run(["db", "verify"]) == 0


def test_verify_is_clean_until_somebody_tampers(ready: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = ready / "kept.jsonl"
    assert main.run(["db", "verify", "--export", str(kept)]) == 0
    assert "journal chains: clean" in capsys.readouterr().out
    assert main.run(["db", "verify", "--kept", str(kept), "--json"]) == 0
    assert document(capsys)["ok"] is True
    house = open_house(load_settings())
    with house.store.write() as tx:
        unguard(tx)
        tx.execute("UPDATE journal SET actor = 'x'")
        tx.execute("UPDATE journal_checkpoints SET at = at + 1")
    house.store.close()
    assert main.run(["db", "verify", "--kept", str(kept), "--json"]) == 1
    told = document(capsys)
    assert (told["ok"], told["checks"]["journal chains"], told["checks"]["checkpoints kept outside"]) == (False, 2, 1)
    assert {finding["code"] for finding in told["first"]} >= {"journal_hash", "checkpoint"}
    assert main.run(["--lang", "zh", "db", "verify"]) == 1
    assert "日志" in capsys.readouterr().out


def test_a_backup_is_restored_into_another_database(
    ready: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = ready / "backup.zip"
    assert main.run(["backup", str(file)]) == 0
    assert "master key is not inside" in capsys.readouterr().out
    other_database(monkeypatch, f"sqlite:///{ready}/new.db")
    assert main.run(["restore", str(file), "--json"]) == 0
    assert document(capsys)["rows"]["journal"] == 3
    assert main.run(["db", "verify"]) == 0
    assert main.run(["restore", str(file)]) == 2
    told = capsys.readouterr().err
    assert "not empty" in told
    assert len(told.splitlines()) <= 3
    assert main.run(["restore", str(file), "--replace"]) == 0


def test_another_master_key_and_a_missing_file_are_said(
    ready: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = ready / "backup.zip"
    assert main.run(["backup", str(file), "--json"]) == 0
    assert document(capsys)["schema"] == "fahuo.backup/1"
    monkeypatch.setenv("FAHUO_MASTER_KEY", base64.urlsafe_b64encode(bytes(32)).decode())
    say.forget()
    assert main.run(["restore", str(file), "--replace"]) == 2
    assert "another one" in capsys.readouterr().err
    assert main.run(["restore", str(ready / "none"), "--json"]) == 2
    assert json.loads(capsys.readouterr().err)["error"]["code"] == "backup_unreadable"
