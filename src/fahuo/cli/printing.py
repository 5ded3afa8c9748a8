"""`fahuo labels print` and `fahuo labels attach`: the labels commands that need the database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from fahuo.cli import say
from fahuo.cli.options import AsJson, actor, house
from fahuo.flow.label_files import attach as take_labels
from fahuo.flow.labels import render_wave
from fahuo.kernel.text import N_

app = typer.Typer()


@app.command("print")
def print_(
    wave: Annotated[int, typer.Option(help="Number of the wave.")],
    out: Annotated[Path, typer.Option("--output", "-o", help="File to write.")],
    kind: Annotated[Literal["labels", "pick-list", "slips"], typer.Option(help="What to print.")] = "labels",
    fmt: Annotated[Literal["pdf", "zpl"], typer.Option("--format", help="pdf, or zpl for a thermal printer.")] = "pdf",
    as_json: AsJson = False,
) -> None:
    """Write the labels of a wave in pick order, its pick list or its packing slips."""
    with house() as opened:
        content = render_wave(opened, wave, kind, fmt, actor())
    out.write_bytes(content)
    if as_json:
        say.document({"schema": "fahuo.print/1", "wave": wave, "kind": kind, "file": str(out), "bytes": len(content)})
    else:
        say.say(N_("Wave {wave} written to {file}."), wave=wave, file=out)


@app.command()
def attach(
    files: Annotated[list[Path], typer.Argument(help="PDF label files of the platform.")],
    as_json: AsJson = False,
) -> None:
    """Take label files of the platform: each page finds its parcel by barcode or order id."""
    pages, attached, refused, noted = 0, 0, [], []
    with house() as opened:
        for file in files:
            report = take_labels(opened, file, actor())
            pages += report.pages
            attached += report.attached
            refused += [{"file": str(file), "page": page, **p.as_dict(opened.lang)} for page, p in report.refused]
            noted += [{"file": str(file), "page": page, **p.as_dict(opened.lang)} for page, p in report.noted]
    if as_json:
        counts = {"pages": pages, "attached": attached}
        say.document({"schema": "fahuo.labels-attach/1", **counts, "refused": refused, "noted": noted})
    else:
        say.say(N_("{attached} of {pages} pages found their parcel."), attached=attached, pages=pages)
        for one in (refused + noted)[:50]:
            say.warn(N_("{file} page {page}: {message} {next}"), **one)
    if refused:
        raise typer.Exit(1)
