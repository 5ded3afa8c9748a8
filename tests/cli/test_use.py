"""What holds for every command: exit codes, errors in plain lines or as JSON, results on standard output only."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fahuo.cli import say
from fahuo.cli.main import run

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
