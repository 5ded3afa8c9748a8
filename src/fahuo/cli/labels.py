"""`fahuo labels`: print labels, and check labels that were printed elsewhere."""

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import typer

from fahuo.documents.label import Label, numbered_labels
from fahuo.documents.lint import Origin, lint_pdf
from fahuo.documents.pdf import merge
from fahuo.documents.render import BATCH, Format, Rendered, render_batches, size_of
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_, language, t

app = typer.Typer(help="Labels: render them, and check labels printed elsewhere.")

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


@app.command()
def render(
    out: Annotated[Path, typer.Option("--output", "-o", help="File to write, or - for standard output.")],
    fmt: Annotated[Literal["pdf", "zpl"], typer.Option("--format", help="pdf, or zpl for a thermal printer.")] = "pdf",
    size: Annotated[str, typer.Option(help="Width x height in mm: 100x150, 102x152, 100x180; or A6, A5.")] = "100x150",
    dpi: Annotated[int, typer.Option(help="Resolution of the printer for zpl: 203 or 300.")] = 203,
    as_json: AsJson = False,
) -> None:
    """Read a label per line of JSON on standard input and write them as one document, a page each."""
    size_of(size)
    job = _Job(sys.stdin.buffer)
    pages = _write(out, fmt, render_batches(job.labels(), fmt, size, dpi), job)
    if as_json and str(out) != "-":
        _say(
            msgspec.json.encode(
                {"schema": "fahuo.labels/1", "pages": pages, "refused": job.refused, "notices": job.notices}
            ).decode()
        )
    else:
        for entry in (*job.refused, *job.notices):
            _warn(t(N_("line {line}: {message} {next}"), _lang(), **entry).strip())
        if str(out) != "-":
            _say(t(N_("{pages} labels written to {file}, {refused} refused"), _lang(), **job.counts(pages, out)))
    if not pages and not job.refused:
        raise Failure(
            Problem(
                "labels.none",
                message=N_("There was no label to print on standard input."),
                next=N_("Give a label per line of JSON; docs/labels.md shows the fields."),
            )
        )
    if job.refused:
        raise typer.Exit(1)


class _Job:
    """Labels on their way in, with the line each came from, and what was said about them."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = lines
        self._line_of: list[int] = []
        self.refused: list[dict[str, Any]] = []
        self.notices: list[dict[str, Any]] = []

    def labels(self) -> Iterator[Label]:
        for line, found in numbered_labels(self._lines):
            if isinstance(found, Problem):
                self.refused.append({"line": line, **found.as_dict(_lang())})
            else:
                self._line_of.append(line)
                yield found

    def note(self, part: Rendered, base: int) -> None:
        for place, problems in part.refused.items():
            self.refused += [{"line": self._line_of[base + place], **problem.as_dict(_lang())} for problem in problems]
        for place, problems in part.notices.items():
            self.notices += [{"line": self._line_of[base + place], **problem.as_dict(_lang())} for problem in problems]

    def counts(self, pages: int, out: Path) -> dict[str, Any]:
        return {"pages": pages, "file": out, "refused": len({entry["line"] for entry in self.refused})}


def _write(out: Path, fmt: Format, parts: Iterator[Rendered], job: _Job) -> int:
    """Write to a temporary file, and put it in the wanted place only when it is whole. Returns the pages."""
    try:
        with tempfile.TemporaryDirectory(dir=None if str(out) == "-" else out.absolute().parent) as folder:
            draft = Path(folder) / "labels"
            pages = _draft(draft, fmt, parts, job)
            if pages and str(out) == "-":
                sys.stdout.buffer.write(draft.read_bytes())
            elif pages:
                draft.replace(out)
    except OSError as error:
        raise Failure(
            Problem(
                "labels.not_written",
                "output",
                str(out),
                N_("{file} cannot be written: {reason}"),
                params={"file": str(out), "reason": error.strerror or str(error)},
            ),
            3,
        ) from error
    return pages


def _draft(draft: Path, fmt: Format, parts: Iterator[Rendered], job: _Job) -> int:
    pages = 0
    documents: list[bytes] = []
    with draft.open("wb") as file:
        for number, part in enumerate(parts):
            job.note(part, number * BATCH)
            pages += part.pages
            if fmt == "zpl":
                file.write(part.document)
            elif part.document:
                documents.append(part.document)
        if documents:
            file.write(merge(documents))
    return pages


@app.command()
def lint(
    files: Annotated[list[Path], typer.Argument(help="PDF files with labels.", show_default=False)],
    origin: Annotated[
        Literal["own", "carrier", "platform"], typer.Option(help="Whose labels they are; each has its own rules.")
    ] = "own",
    as_json: AsJson = False,
) -> None:
    """Check labels: barcodes readable, nothing missing, no links, square codes or contacts of other platforms."""
    clean = True
    for file in files:
        pages = _lint_file(file, origin)
        clean = clean and all(page["ok"] for page in pages)
        if as_json:
            _say(msgspec.json.encode({"file": str(file), "pages": pages}).decode())
        else:
            _show(file, pages)
    if not clean:
        raise typer.Exit(1)


def _lint_file(file: Path, origin: Origin) -> list[dict[str, Any]]:
    try:
        return [page.as_dict(_lang()) for page in lint_pdf(file.read_bytes(), origin)]
    except OSError as error:
        raise Failure(
            Problem(
                "labels.not_readable",
                "file",
                str(file),
                N_("{file} cannot be read: {reason}"),
                params={"file": str(file), "reason": error.strerror or str(error)},
            )
        ) from error
    except Failure as failure:
        problem = msgspec.structs.replace(
            failure.problem,
            field="file",
            value=str(file),
            message=N_("{file} is no PDF that can be opened: {reason}"),
            params={**failure.problem.params, "file": str(file)},
        )
        raise Failure(problem, failure.exit_code) from failure


def _show(file: Path, pages: list[dict[str, Any]]) -> None:
    for page in pages:
        codes = ", ".join(code["text"] for code in page["barcodes"])
        _say(f"{file} {page['page']}: {'✓' if page['ok'] else '✗'} {codes}")
        for problem in page["problems"]:
            _say(f"    {problem['message']} [{problem['code']}]")


def _lang() -> str:
    return language(os.environ.get("FAHUO_LANG") or os.environ.get("LC_ALL") or os.environ.get("LANG"))


def _say(text: str) -> None:
    typer.echo(text)


def _warn(text: str) -> None:
    typer.echo(text, err=True)
