"""What holds for every command: exit codes, errors in plain lines or as JSON, results on standard output only."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from fahuo.cli import say
from fahuo.cli.main import app, run

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FAHUO_HOME", str(tmp_path))
    for name in ("DATABASE_URL", "MASTER_KEY", "NOW", "LANG"):
        monkeypatch.delenv(f"FAHUO_{name}", raising=False)
    say.forget()
    assert run(["init"]) == 0
    return tmp_path


@pytest.mark.parametrize("words", [[], ["orders"], ["users", "tokens"], ["nonsense"], ["orders", "list", "--nonsense"]])
def test_wrong_use_is_told_in_plain_lines(words: list[str], capsys: Capture) -> None:
    assert run(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert 1 <= err.count("\n") <= 3
    assert not set("╭│╰─") & set(err)


@pytest.mark.parametrize("words", [["nonsense"], ["orders", "list", "--nonsense"], ["import"]])
def test_wrong_use_as_json(words: list[str], capsys: Capture) -> None:
    assert run([*words, "--json"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert set(json.loads(err)["error"]) == {"code", "field", "message", "next"}


def _commands(group: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    context = typer.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if hasattr(command, "list_commands"):
            yield from _commands(command, (*words, name))
        else:
            yield (*words, name), command


def test_every_command_takes_json() -> None:
    found = dict(_commands(typer.main.get_command(app)))
    assert len(found) > 40
    assert [" ".join(w) for w, c in found.items() if not any("--json" in p.opts for p in c.params)] == []


def test_a_database_without_tables_names_the_command_that_makes_them(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("FAHUO_DATABASE_URL", f"sqlite:///{home / 'other.db'}")
    (home / "other.db").touch()
    say.forget()
    capsys.readouterr()
    for words in (["orders", "list"], ["run", "--once"], ["db", "verify"], ["shops", "list"]):
        assert run([*words, "--json"]) == 3
        error = json.loads(capsys.readouterr().err)["error"]
        assert (error["code"], "fahuo db upgrade" in error["next"]) == ("schema_old", True)
    assert run(["db", "upgrade"]) == 0
    assert run(["orders", "list"]) == 0


def test_init_leaves_no_key_that_does_not_open_the_database(home: Path, capsys: Capture) -> None:
    key = home / "fahuo.key"
    kept = key.read_bytes()
    key.unlink()
    say.forget()
    assert run(["init"]) == 2
    assert not key.exists()
    key.write_bytes(kept)
    say.forget()
    assert run(["init"]) == 0


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 81, "bell\x07"])
def test_a_shop_needs_a_name(home: Path, name: str, capsys: Capture) -> None:
    capsys.readouterr()
    assert run(["shops", "add", name, "--market", "VN", "--seller-type", "local", "--json"]) == 2
    assert json.loads(capsys.readouterr().err)["error"]["field"] == "name"
    assert run(["shops", "add", " mine ", "--market", "VN", "--seller-type", "local", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "mine"


def test_templates_of_tables_there_are_and_are_not(capsys: Capture) -> None:
    assert run(["import-data", "carriers", "--template"]) == 0
    assert capsys.readouterr().out.startswith("carrier,carrier_name,")
    assert run(["import-data", "spoons", "--template", "--json"]) == 2
    assert json.loads(capsys.readouterr().err)["error"]["code"] == "unknown_table"


@pytest.mark.parametrize(
    ("column", "cell"),
    [("transit_days_max", "1"), ("tracking_url", "javascript:alert(1)"), ("destinations", "QQ"), ("carrier", "a\x07")],
)
def test_a_carrier_that_makes_no_sense_is_refused(home: Path, column: str, cell: str, capsys: Capture) -> None:
    row = {"carrier": "JT", "service": "STD", "destinations": "VN", "transit_days_min": "5", "transit_days_max": "6"}
    row |= {"tracking_url": "https://example.com/{number}", column: cell}
    table = home / "carriers.csv"
    table.write_text(",".join(row) + "\n" + ",".join(row.values()) + "\n")
    capsys.readouterr()
    assert run(["import-data", "carriers", str(table), "--json"]) == 1
    (refused,) = json.loads(capsys.readouterr().out)["refused"]
    assert refused["field"] == column


@pytest.mark.parametrize(("as_of", "state"), [("2026-03-02", "UNPAID"), ("2026-03-01T17:00:01Z", "AWAITING_SHIPMENT")])
def test_as_of_a_date_is_the_beginning_of_that_day_in_the_shops_zone(
    home: Path, as_of: str, state: str, capsys: Capture
) -> None:
    """Midnight of 2 March in Viet Nam is 17:00 UTC of 1 March; the order was paid in that second."""
    order: dict[str, object] = {
        "id": "5760",
        "status": "DELIVERED",
        "create_time": 1772384000,
        "paid_time": 1772384401,
        "delivery_time": 1772700000,
    }
    order["line_items"] = [{"id": "1", "sku_id": "2"}]
    (home / "orders.jsonl").write_text(json.dumps(order) + "\n")
    assert run(["shops", "add", "mine", "--market", "VN", "--seller-type", "local"]) == 0
    assert run(["import", str(home / "orders.jsonl"), "--shop", "mine", "--as-of", as_of]) == 0
    capsys.readouterr()
    assert run(["orders", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == state


@pytest.mark.parametrize("as_of", ["2018-02-30", "2018-03-01T00:00:00", "yesterday"])
def test_as_of_must_be_an_instant_or_a_date(home: Path, as_of: str, capsys: Capture) -> None:
    capsys.readouterr()
    assert run(["import", "x", "--shop", "mine", "--as-of", as_of, "--json"]) == 2
    assert json.loads(capsys.readouterr().err)["error"]["field"] == "as-of"


def test_reading_where_there_is_no_database_makes_none(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    gone = home / "gone.db"
    monkeypatch.setenv("FAHUO_DATABASE_URL", f"sqlite:///{gone}")
    say.forget()
    assert run(["orders", "list", "--json"]) == 3
    error = json.loads(capsys.readouterr().err)["error"]
    assert (error["code"], str(gone) in error["message"]) == ("no_database", True)
    assert not gone.exists()


@pytest.mark.usefixtures("home")
def test_a_table_never_cuts_an_id(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    ids = ["576001040000000102", "7495000000266004143"]
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((40, 24)))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    say.table("", ["Order", "Shop", "Buyer"], [(ids[0], "深圳优品 MY and more words", ids[1])])
    lines = capsys.readouterr().out.splitlines()
    row = next(line for line in lines if ids[0] in line)
    assert ids[1] in row
    assert "words" not in row  # what has words to break at is broken
