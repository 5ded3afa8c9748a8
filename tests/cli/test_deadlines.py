"""`fahuo deadlines` as a command: streams, exit codes, languages."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fahuo.cli.deadlines import app
from fahuo.kernel.problems import Failure

ORDER = (
    '{"id":"1","market":"VN","seller_type":"local","shipping_type":"TIKTOK","order_type":"NORMAL",'
    '"created_at":"2026-03-10T13:59:59+07:00"}'
)
BRAZIL = ORDER.replace("VN", "BR").replace('"1"', '"2"')


def test_compute() -> None:
    result = CliRunner().invoke(app, ["compute", "--now", "2026-03-10T17:00:00Z"], input=f"{ORDER}\n{BRAZIL}\n")
    assert result.exit_code == 0
    one, two = (json.loads(line) for line in result.stdout.splitlines())
    outcomes = {c["clock"]: c["outcome"] for c in one["clocks"]}
    assert (outcomes["first_scan"], outcomes["auto_cancel"]) == ("missed", "running")
    assert two["pack"] is None


def test_compute_with_a_bad_line() -> None:
    result = CliRunner().invoke(app, ["compute"], input=f"{ORDER}\n{{}}\n{BRAZIL}\n")
    assert result.exit_code == 1
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ["1", None, "2"]


def test_a_chosen_pack_with_a_setting() -> None:
    arguments = [
        "compute",
        "--pack",
        "general-cross-border-72h",
        "--setting",
        "general-cross-border-72h.scan=handed_over",
    ]
    line = BRAZIL.replace("}", ',"ready_at":"2026-03-11T00:00:00Z","handed_over_at":"2026-03-12T00:00:00Z"}')
    result = CliRunner().invoke(app, arguments, input=line)
    clocks = {c["clock"]: c for c in json.loads(result.stdout)["clocks"]}
    assert clocks["carrier_pickup"]["met_at"] == "2026-03-12T00:00:00Z"
    assert clocks["carrier_pickup"]["party"] == "carrier"


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (["compute", "--pack", "nope"], "pack"),
        (["compute", "--now", "yesterday"], "--now"),
        (["compute", "--setting", "x"], "--setting"),
        (["compute", "--setting", "nope.x=1"], "pack"),
        (["compute", "--packs", "/does/not/exist"], "folder"),
        (["explain", "--facts", "/does/not/exist"], "facts"),
    ],
)
def test_wrong_use_is_a_failure_with_its_field(arguments: list[str], field: str) -> None:
    result = CliRunner().invoke(app, arguments, input="")
    assert isinstance(result.exception, Failure)
    assert (result.exception.exit_code, result.exception.problem.field) == (2, field)


@pytest.mark.parametrize(("lang", "word"), [("en", "first scan: met"), ("zh", "首次揽收扫描：已按时完成")])
def test_explain_in_words(tmp_path: Path, lang: str, word: str) -> None:
    facts = tmp_path / "facts.jsonl"
    facts.write_text(ORDER.replace("}", ',"first_scan_at":"2026-03-10T09:00:00Z"}') + "\n" + BRAZIL)
    result = CliRunner().invoke(app, ["explain", "--facts", str(facts), "--lang", lang])
    assert result.exit_code == 0
    assert word in result.stdout
    assert "2026-03-12" in result.stdout
    assert "BR, local, TIKTOK, NORMAL" in result.stdout


def test_explain_as_json_and_with_a_bad_line() -> None:
    result = CliRunner().invoke(app, ["explain", "--facts", "-", "--json"], input=f"{ORDER}\n{{}}\n")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    scan = found["clocks"][1]
    assert (scan["due_at"], scan["days"][0]["day"]) == ("2026-03-10T16:59:59Z", "2026-03-10")
    assert "id" in result.stderr
