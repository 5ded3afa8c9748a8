"""`fahuo labels` as people type it."""

import json
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from fahuo.cli.labels import app
from fahuo.kernel.problems import Failure
from tests.documents.samples import RECIPIENTS, codes, label, pages

LINES = b"".join(
    msgspec.json.encode(label(script, waybill=f"JT{n:010d}VN")) + b"\n" for n, script in enumerate(RECIPIENTS)
)
runner = CliRunner()


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAHUO_LANG", "en")


def test_pdf(tmp_path: Path) -> None:
    out = tmp_path / "labels.pdf"
    done = runner.invoke(app, ["render", "--format", "pdf", "--size", "100x150", "-o", str(out)], input=LINES)
    assert done.exit_code == 0, done.output
    found = [codes(page) for page in pages(out.read_bytes())]
    assert found == [[("Code128", f"JT{n:010d}VN")] for n in range(len(RECIPIENTS))]
    assert [path.name for path in tmp_path.iterdir()] == ["labels.pdf"]


def test_zpl(tmp_path: Path) -> None:
    out = tmp_path / "labels.zpl"
    done = runner.invoke(app, ["render", "--format", "zpl", "-o", str(out), "--json"], input=LINES)
    assert done.exit_code == 0
    assert out.read_bytes().count(b"^XZ") == len(RECIPIENTS)
    assert json.loads(done.stdout) == {"schema": "fahuo.labels/1", "pages": 8, "refused": [], "notices": []}


def test_bad_lines_are_named_and_the_rest_is_printed(tmp_path: Path) -> None:
    out = tmp_path / "labels.pdf"
    bad = msgspec.json.encode(label(waybill="运单"))
    lines = b"\n".join(
        [msgspec.json.encode(label(waybill="OK1")), b"{", bad, b"", msgspec.json.encode(label(waybill="OK2"))]
    )
    done = runner.invoke(app, ["render", "-o", str(out), "--json"], input=lines)
    assert done.exit_code == 1
    shown = json.loads(done.stdout)
    assert shown["pages"] == 2
    assert [(entry["line"], entry["code"]) for entry in shown["refused"]] == [
        (2, "label.line_invalid"),
        (3, "label.barcode_text"),
    ]
    assert [codes(page)[0][1] for page in pages(out.read_bytes())] == ["OK1", "OK2"]
    done = runner.invoke(app, ["render", "-o", str(out)], input=lines)
    assert "line 3: A barcode can only hold" in done.stderr
    assert "2 labels written" in done.stdout


def test_nothing_good_leaves_an_older_file_alone(tmp_path: Path) -> None:
    out = tmp_path / "labels.pdf"
    out.write_bytes(b"old")
    assert runner.invoke(app, ["render", "-o", str(out)], input=b"{\n").exit_code == 1
    assert out.read_bytes() == b"old"


def test_nothing_at_all_is_wrong_use(tmp_path: Path) -> None:
    done = runner.invoke(app, ["render", "-o", str(tmp_path / "x.pdf")], input=b"\n\n")
    assert isinstance(done.exception, Failure)
    assert done.exception.exit_code == 2


def test_a_folder_that_is_not_there_is_the_systems_fault(tmp_path: Path) -> None:
    done = runner.invoke(app, ["render", "-o", str(tmp_path / "no" / "x.pdf")], input=LINES)
    assert isinstance(done.exception, Failure)
    assert done.exception.exit_code == 3


def test_standard_output() -> None:
    done = runner.invoke(app, ["render", "--format", "zpl", "-o", "-"], input=LINES)
    assert done.exit_code == 0
    assert done.stdout_bytes.startswith(b"^XA")


def test_lint_gives_one_document_a_file(tmp_path: Path) -> None:
    out = tmp_path / "labels.pdf"
    runner.invoke(app, ["render", "-o", str(out)], input=LINES)
    done = runner.invoke(app, ["lint", str(out), "--json"])
    assert done.exit_code == 0
    shown = json.loads(done.stdout)
    assert shown["file"] == str(out)
    assert shown["pages"][0] == {
        "page": 1,
        "ok": True,
        "problems": [],
        "barcodes": [{"format": "Code128", "text": "JT0000000000VN"}],
    }
    assert len(shown["pages"]) == len(RECIPIENTS)
    assert "✓ JT0000000000VN" in runner.invoke(app, ["lint", str(out)]).stdout


def test_lint_of_an_unclean_label_exits_1(tmp_path: Path) -> None:
    out = tmp_path / "labels.pdf"
    runner.invoke(app, ["render", "-o", str(out)], input=msgspec.json.encode(label(note="Zalo 0901 234 567")))
    done = runner.invoke(app, ["lint", str(out), "--origin", "own"])
    assert done.exit_code == 1
    assert "Zalo" in done.stdout


def test_lint_of_something_else_names_the_file(tmp_path: Path) -> None:
    out = tmp_path / "x.pdf"
    out.write_bytes(b"hello")
    done = runner.invoke(app, ["lint", str(out)])
    assert isinstance(done.exception, Failure)
    assert done.exception.problem.value == str(out)
