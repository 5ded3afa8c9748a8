"""The invisible lines change nothing the eye sees, and carry what the glyphs cannot."""

import numpy as np
import pypdfium2  # type: ignore[import-untyped]  # it has no types

from fahuo.documents import fonts, pdf, render, textlayer
from tests.documents.samples import RECIPIENTS, label, pages, texts


def typeset() -> bytes:
    shown = [render.page(label(script), n, 100) for n, script in enumerate(RECIPIENTS)]
    return pdf.compile_pdf(fonts.library()[0], "label", render._data(fonts.library()[0], shown, 100, 150, bars=True))


def test_it_is_invisible() -> None:
    plain = typeset()
    layered = textlayer.add(plain, [[who.name, *who.lines] for who in RECIPIENTS.values()])
    assert layered.startswith(plain)
    assert all(np.array_equal(a, b) for a, b in zip(pages(plain), pages(layered), strict=True))


def test_lines_are_found_on_their_page_only() -> None:
    layered = textlayer.add(typeset(), [["กิ่งชั้นน้ำ"], [], ["مرحبا 123"], *([] for _ in range(5))])
    found = texts(layered)
    assert [("กิ่งชั้นน้ำ" in text, "مرحبا" in text) for text in found[:3]] == [(True, False), (False, False), (False, True)]


def test_a_line_longer_than_the_page_is_whole() -> None:
    line = "กิ่ง" * 400
    assert line in texts(textlayer.add(typeset(), [[line], *([] for _ in range(7))]))[0]


def test_only_complex_scripts_need_it() -> None:
    assert {script for script, who in RECIPIENTS.items() if textlayer.needs_layer(who.name)} == {
        "thai",
        "arabic",
        "mixed",
    }
    plain = typeset()
    assert textlayer.add(plain, [[] for _ in RECIPIENTS]) == plain


def test_the_update_can_be_read_and_merged() -> None:
    layered = textlayer.add(typeset(), [[who.name] for who in RECIPIENTS.values()])
    assert len(pypdfium2.PdfDocument(layered)) == len(RECIPIENTS)
    assert RECIPIENTS["thai"].name in texts(pdf.merge([layered, layered]))[-6]
