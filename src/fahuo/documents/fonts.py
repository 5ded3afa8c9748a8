"""Where the fonts are, and which characters they can print.

The fonts for the scripts of the markets come as packages with the project (Noto, SIL Open Font License), so every
machine prints the same page. FAHUO_FONTS names folders to use instead of all others; without it the packaged fonts
come first, then `.tools/fonts` of a checkout, then what the system has installed.
"""

import importlib.util
import os
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

import typst
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # it has no types

from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_

PACKAGES = ("fontpkg_noto_sans", "fontpkg_noto_sans_arabic", "justmytype_intl_sea", "noto_cjk_sans_otc")
"""Packages that only carry font files. They are located, never imported."""

SYSTEM = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts", "/Library/Fonts")

REGULAR = 400
"""The weight whose file stands for a family; bold comes from the same file or from none."""

GENERAL = (
    "Noto Sans",
    "Noto Sans Thai",
    "Noto Sans Lao",
    "Noto Sans Khmer",
    "Noto Sans Myanmar",
    "Noto Sans Arabic",
    "Noto Sans Devanagari",
    "Noto Sans Hebrew",
    "Noto Sans Bengali",
    "Noto Sans Tamil",
)
"""Families in the order a character looks for its glyph; the Han families come after these."""

HAN = {
    "SC": ("Noto Sans CJK SC", "Noto Sans SC"),
    "TC": ("Noto Sans CJK TC", "Noto Sans TC"),
    "HK": ("Noto Sans CJK HK", "Noto Sans HK"),
    "JP": ("Noto Sans CJK JP", "Noto Sans JP"),
    "KR": ("Noto Sans CJK KR", "Noto Sans KR"),
}
"""One code point, several national shapes (Han unification): which families draw which. Any of them beats a box."""

HAN_OF_COUNTRY = {"TW": "TC", "HK": "HK", "MO": "HK", "JP": "JP", "KR": "KR"}

SCRIPT_NAMES = {
    "CJK": "Chinese characters (Han)",
    "HIRAGANA": "Japanese kana",
    "KATAKANA": "Japanese kana",
    "HALFWIDTH": "Japanese kana",
    "HANGUL": "Korean",
    "THAI": "Thai",
    "LAO": "Lao",
    "KHMER": "Khmer",
    "MYANMAR": "Burmese",
    "ARABIC": "Arabic",
    "HEBREW": "Hebrew",
    "DEVANAGARI": "Devanagari",
    "BENGALI": "Bengali",
    "TAMIL": "Tamil",
    "LATIN": "Latin",
    "DIGIT": "Latin",
    "CYRILLIC": "Cyrillic",
    "GREEK": "Greek",
}
"""First word of a character's Unicode name → the script as people call it."""


def folders(*, system: bool = True) -> tuple[Path, ...]:
    """The font folders that count, first choice first; without `system` only those that came with the project."""
    if named := os.environ.get("FAHUO_FONTS"):
        return tuple(Path(part).expanduser() for part in named.split(os.pathsep) if part)
    specs = (importlib.util.find_spec(name) for name in PACKAGES)
    packaged = [Path(spec.origin).parent for spec in specs if spec and spec.origin]
    checkout = Path(__file__).resolve().parents[3] / ".tools" / "fonts"
    installed = [Path(p).expanduser() for p in SYSTEM] if system else []
    return tuple(p for p in (*packaged, checkout, *installed) if p.is_dir())


@dataclass(frozen=True)
class Face:
    """One regular font of a family: a file, and the place in it when the file is a collection."""

    path: str
    index: int

    @cached_property
    def characters(self) -> frozenset[int]:
        """The code points it has a glyph for."""
        with TTFont(self.path, fontNumber=self.index, lazy=True) as font:
            return frozenset(font.getBestCmap() or ())


@dataclass
class Library:
    """The fonts found in some folders."""

    fonts: typst.Fonts
    faces: dict[str, Face] = field(default_factory=dict)

    @cached_property
    def _han(self) -> tuple[str, ...]:
        return tuple(f for families in HAN.values() for f in families if f in self.faces)

    def families(self, first: str) -> tuple[str, ...]:
        """Font families for the typesetter: the first of GENERAL, then what `first` names (a key of HAN or a family).

        The typesetter tries them in this order on every run of text, so the one that is needed should come early.
        """
        early = [GENERAL[0], *HAN.get(first, (first,))]
        return tuple(f for f in dict.fromkeys((*early, *GENERAL, *self._han)) if f in self.faces)

    def missing(self, characters: Iterable[str]) -> set[str]:
        """Those characters that no font here can print."""
        left = {c for c in characters if not _invisible(c)}
        for family in self.families("SC"):
            if not left:
                break
            known = self.faces[family].characters
            left = {c for c in left if ord(c) not in known}
        return left


def _invisible(c: str) -> bool:
    """Blanks, and joiners or variation selectors that only steer their neighbours."""
    return c.isspace() or c in "\u200c\u200d" or "\ufe00" <= c <= "\ufe0f" or "\U000e0100" <= c <= "\U000e01ef"


def library(characters: Iterable[str] = ()) -> tuple[Library, set[str]]:
    """The fonts to print those characters with, and the characters that stay without a glyph.

    The fonts that came with the project do as long as they suffice, so that pages look alike everywhere.
    Raises Failure when there is no font at all.
    """
    wanted = set(characters)
    own = _library(folders(system=False))
    if own.faces and not (missing := own.missing(wanted)):
        return own, missing
    every = _library(folders())
    missing = every.missing(wanted)
    if not every.faces and missing:
        raise Failure(problem(missing), exit_code=3)
    return every, missing


@lru_cache(maxsize=4)
def _library(paths: tuple[Path, ...]) -> Library:
    wanted = {*GENERAL, *(f for families in HAN.values() for f in families)}
    faces: dict[str, Face] = {}
    used: list[str] = []
    for path in paths:
        found = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(path)])
        new = {
            font.family: Face(font.path, font.index)
            for font in found.fonts()
            if font.family in wanted and font.family not in faces and font.path
            if font.weight == REGULAR and font.style == "normal" and font.stretch == 1.0
        }
        if new:
            faces |= new
            used.append(str(path))
    # Only folders that contribute are handed on: loading every installed font costs a third of a second.
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=used)
    return Library(fonts, faces)


def scripts(characters: Collection[str]) -> list[str]:
    """The scripts of those characters as English words, sorted, each once."""
    return sorted({_script(c) for c in characters})


def _script(c: str) -> str:
    word = unicodedata.name(c, "?").partition(" ")[0]
    return SCRIPT_NAMES.get(word) or (word.capitalize() if unicodedata.category(c)[0] in "LM" else "symbols")


def problem(missing: Collection[str], field: str | None = None) -> Problem:
    """What to tell a person about characters no font can print."""
    one_each = {_script(c): c for c in sorted(missing, reverse=True)}
    sample = "".join(one_each[script] for script in sorted(one_each))
    return Problem(
        code="fonts.script_missing",
        field=field,
        value=sample,
        message=N_("No font here can print {scripts}: {sample}"),
        next=N_(
            "Run the set-up again, or install Noto fonts (Debian: fonts-noto-core, fonts-noto-cjk) "
            "and name their folder in FAHUO_FONTS."
        ),
        params={"scripts": ", ".join(scripts(missing)), "sample": sample},
    )


def require(characters: Iterable[str]) -> None:
    """Raise Failure naming the scripts when a character would come out as a box."""
    if missing := library(characters)[1]:
        raise Failure(problem(missing), exit_code=3)
