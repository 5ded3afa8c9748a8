"""The typesetter: templates of this package + facts as JSON → PDF. One compiler per process."""

import io
import json
import threading
from collections.abc import Collection, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pypdfium2  # type: ignore[import-untyped]  # it has no types
import typst

from fahuo.documents.fonts import Library

TEMPLATES = Path(__file__).parent / "templates"

LOCK = threading.RLock()
"""PDFium is not made for threads, and the compiler keeps one world: one document at a time in a process."""

_compilers: dict[int, typst.Compiler] = {}


def _compiler(library: Library) -> typst.Compiler:
    if id(library) not in _compilers:
        _compilers[id(library)] = typst.Compiler(
            root=str(TEMPLATES), font_paths=library.fonts, ignore_system_fonts=True
        )
    return _compilers[id(library)]


@lru_cache(maxsize=8)
def template(name: str) -> bytes:
    """The source of a template of this package."""
    return (TEMPLATES / f"{name}.typ").read_bytes()


def compile_pdf(library: Library, name: str, data: bytes) -> bytes:
    """The PDF of a template with its JSON data. A page that cannot be laid out raises typst.TypstError."""
    with LOCK:
        made = _compiler(library).compile(
            input=template(name), sys_inputs={"data": data.decode()}, timestamp=0, pdf_tags=False
        )
    assert isinstance(made, bytes)  # noqa: S101 - the PDF format always comes as one piece
    return made


def misfits(library: Library, name: str, data: bytes) -> list[tuple[int, str]]:
    """(number of the document, field) of every text that does not fit its place."""
    with LOCK:
        # The check flag is set for this one question only: the compiler keeps its inputs.
        compiler = typst.Compiler(
            template(name),
            root=str(TEMPLATES),
            font_paths=library.fonts,
            ignore_system_fonts=True,
            sys_inputs={"data": data.decode(), "check": "1"},
        )
        found: list[Any] = json.loads(compiler.query("<misfit>", field="value"))
    return [(int(number), str(field)) for number, field in found]


def merge(parts: Sequence[bytes]) -> bytes:
    """One PDF with the pages of all parts, in their order."""
    if len(parts) == 1:
        return parts[0]
    with LOCK:
        whole = pypdfium2.PdfDocument.new()
        for part in parts:
            source = pypdfium2.PdfDocument(part)
            whole.import_pages(source)
            source.close()
        return saved(whole)


def collect(pieces: Sequence[tuple[bytes, int]]) -> bytes:
    """One PDF of (document, page numbered from 1; 0: all its pages), in that order. Each document is opened once."""
    with LOCK:
        whole = pypdfium2.PdfDocument.new()
        opened = {id(document): pypdfium2.PdfDocument(document) for document, _ in pieces}
        for document, number in pieces:
            whole.import_pages(opened[id(document)], [number - 1] if number else None)
        for source in opened.values():
            source.close()
        return saved(whole)


def blanked(document: bytes, numbers: Collection[int]) -> bytes:
    """The document with these pages (numbered from 1; 0: all) empty; every other page keeps its number."""
    with LOCK:
        source, whole = pypdfium2.PdfDocument(document), pypdfium2.PdfDocument.new()
        for index in range(len(source)):
            if 0 in numbers or index + 1 in numbers:
                whole.new_page(*source[index].get_size())
            else:
                whole.import_pages(source, [index])
        source.close()
        return saved(whole)


def page_texts(document: bytes) -> list[str]:
    """The text of every page."""
    with LOCK:
        source = pypdfium2.PdfDocument(document)
        texts = [source[number].get_textpage().get_text_bounded() for number in range(len(source))]
        source.close()
        return texts


def saved(document: pypdfium2.PdfDocument) -> bytes:
    """The bytes of an open document, which is closed by this."""
    out = io.BytesIO()
    document.save(out)
    document.close()
    return out.getvalue()
