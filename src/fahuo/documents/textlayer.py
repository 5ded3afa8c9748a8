"""Makes the text of complex scripts searchable in a PDF.

The typesetter writes glyphs; where several make one character cell (Thai vowels and tones, Khmer, Burmese, Arabic
marks) no reader of the file can say which glyph stands for what, and copies the text garbled (known limit of PDF
without /ActualText support in readers). So such lines are written once more, invisible and very small along the lower
edge, one code per character, in a font of empty glyphs: what a scanner's text layer does. They are added as an
incremental update behind the file the typesetter wrote, so nothing of it is touched.
"""

import io
import re
import zlib
from collections.abc import Sequence
from functools import lru_cache

from fontTools.fontBuilder import FontBuilder  # type: ignore[import-untyped]  # it has no types
from fontTools.ttLib.tables._g_l_y_f import Glyph  # type: ignore[import-untyped]  # it has no types

COMPLEX = re.compile("[\u0300-\u036f\u0590-\u08ff\u0900-\u109f\u1780-\u17ff\ufb1d-\ufdff\ufe70-\ufefc]")
"""Characters of scripts whose glyphs combine."""

RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
FORWARD = re.compile(r"[0-9A-Za-z][0-9A-Za-z.,:/+-]*|.", re.S)

# How the typesetter writes a page, its resources, and the end of the file.
PAGE = re.compile(
    rb"\n(\d+) 0 obj\n(<</Type/Page/Resources (\d+) 0 R/MediaBox\[0 0 ([\d.]+) [\d.]+\].*?/Contents )(\d+ 0 R)>>"
)
FONTS = re.compile(rb"/Font<<")
TRAILER = re.compile(rb"trailer\n<</Size (\d+)(/Root.*?)>>\nstartxref\n(\d+)\n%%EOF\s*$", re.S)


def needs_layer(text: str) -> bool:
    """Whether a reader could not copy this text from its glyphs."""
    return COMPLEX.search(text) is not None


def add(document: bytes, lines_of_page: Sequence[Sequence[str]]) -> bytes:
    """The typesetter's PDF with those lines as invisible text on its pages (one sequence a page, often empty)."""
    characters = sorted({c for lines in lines_of_page for line in lines for c in line})
    trailer = TRAILER.search(document)
    if not characters or trailer is None:
        return document
    update = _Update(document, int(trailer[1]))
    font = update.font(characters)
    codes = {c: f"{code:04X}" for code, c in enumerate(characters, 1)}
    for page, lines in zip(PAGE.finditer(document), lines_of_page, strict=True):
        if lines:
            content = update.stream(_content(lines, codes, float(page[4])))
            update.put(int(page[1]), page[2] + b"[%b %d 0 R]>>" % (page[5], content))
            update.put(int(page[3]), FONTS.sub(b"/Font<</layer %d 0 R" % font, update.original(int(page[3])), count=1))
    return update.finish(trailer[2], int(trailer[3]))


class _Update:
    """Objects that are added to a PDF, or take the place of one of its own, behind its end."""

    def __init__(self, document: bytes, size: int) -> None:
        self._document = document
        self._next = size
        self._parts = [document, b"\n"]
        self._at = len(document) + 1
        self._places: dict[int, int] = {}

    def original(self, number: int) -> bytes:
        start = self._document.index(b"\n%d 0 obj\n" % number) + len(b"\n%d 0 obj\n" % number)
        return self._document[start : self._document.index(b"\nendobj", start)]

    def put(self, number: int, body: bytes) -> int:
        written = b"%d 0 obj\n%b\nendobj\n" % (number, body)
        self._places[number] = self._at
        self._parts.append(written)
        self._at += len(written)
        return number

    def new(self, body: bytes) -> int:
        self._next += 1
        return self.put(self._next - 1, body)

    def stream(self, data: bytes, extra: bytes = b"") -> int:
        packed = zlib.compress(data)
        return self.new(b"<</Length %d/Filter/FlateDecode%b>>\nstream\n%b\nendstream" % (len(packed), extra, packed))

    def font(self, characters: Sequence[str]) -> int:
        """A font that has code 1, 2, … for the characters in their order, all blank."""
        data = _empty_glyphs()
        file = self.stream(data, b"/Length1 %d" % len(data))
        places = self.stream(b"\0\0" + b"\0\1" * len(characters))
        mapping = self.stream(_mapping(characters))
        descriptor = self.new(
            b"<</Type/FontDescriptor/FontName/FahuoTextLayer/Flags 4/FontBBox[0 -200 500 800]/ItalicAngle 0/Ascent 800"
            b"/Descent -200/CapHeight 700/StemV 80/FontFile2 %d 0 R>>" % file
        )
        descendant = self.new(
            b"<</Type/Font/Subtype/CIDFontType2/BaseFont/FahuoTextLayer/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)"
            b"/Supplement 0>>/DW 500/CIDToGIDMap %d 0 R/FontDescriptor %d 0 R>>" % (places, descriptor)
        )
        return self.new(
            b"<</Type/Font/Subtype/Type0/BaseFont/FahuoTextLayer/Encoding/Identity-H/DescendantFonts[%d 0 R]"
            b"/ToUnicode %d 0 R>>" % (descendant, mapping)
        )

    def finish(self, root: bytes, previous: int) -> bytes:
        table = b"".join(b"%d 1\n%010d 00000 n\r\n" % (number, self._places[number]) for number in sorted(self._places))
        end = b"xref\n%btrailer\n<</Size %d%b/Prev %d>>\nstartxref\n%d\n%%%%EOF\n"
        return b"".join([*self._parts, end % (table, self._next, root, previous, self._at)])


def _content(lines: Sequence[str], codes: dict[str, str], width: float) -> bytes:
    """Text operators: every line on a row of its own, 1 pt high or less so that it fits the width."""
    out = ["BT 3 Tr"]
    for row, line in enumerate(lines):
        size = min(1.0, (width - 8) / (0.5 * len(line)))
        text = "".join(codes[c] for c in _as_seen(line))
        out.append(f"/layer {size:.3f} Tf 1 0 0 1 4 {1 + 1.5 * row} Tm <{text}> Tj")
    return "\n".join([*out, "ET"]).encode("ascii")


def _as_seen(line: str) -> str:
    """A line from left to right as the eye meets it, which is how readers expect it; numbers keep their direction."""
    return "".join(reversed(FORWARD.findall(line))) if RTL.search(line) else line


def _mapping(characters: Sequence[str]) -> bytes:
    pairs = [f"<{code:04X}> <{c.encode('utf-16-be').hex().upper()}>" for code, c in enumerate(characters, 1)]
    blocks = [pairs[at : at + 100] for at in range(0, len(pairs), 100)]
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /FahuoTextLayer def /CMapType 2 def\n"
        "1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
        + "".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar\n" for block in blocks)
        + "endcmap CMapName currentdict /CMap defineresource pop end end\n"
    ).encode("ascii")


@lru_cache(maxsize=1)
def _empty_glyphs() -> bytes:
    """A font of under a kilobyte in which every character is a blank half as wide as it is high."""
    builder = FontBuilder(1000, isTTF=True)
    names = [".notdef", "blank"]
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({})
    builder.setupGlyf({name: Glyph() for name in names})
    builder.setupHorizontalMetrics(dict.fromkeys(names, (500, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "FahuoTextLayer", "styleName": "Regular", "psName": "FahuoTextLayer"})
    builder.setupOS2()
    builder.setupPost()
    out = io.BytesIO()
    builder.save(out)
    return out.getvalue()
