"""Find the texts people see in the source and say which lack a translation.

`python -m fahuo.kernel.texts_check [folder]` prints the missing ones as .po entries, ready to be filled in.
A text counts when it is a literal: in `t("…")`, `_("…")` or `N_("…")` in Python, in `_("…")` in a template, or as the
`message` or `next` of a call whose name speaks of a problem, refusal or failure.
"""

import ast
import re
import string
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment
from jinja2.ext import extract_from_ast

from fahuo.kernel.text import DEFAULT, TEXTS, languages, read_catalogue

PACKAGE = TEXTS.parent
_MARKERS = frozenset({"t", "_", "N_"})
_PROBLEMS = re.compile(r"problem|refus|failure", re.IGNORECASE)
_PARTS = {"message": 3, "next": 4}  # keyword, and place in Problem(code, field, value, message, next)


@dataclass(frozen=True)
class Found:
    """A text and where it stands. `fault` says why it cannot be translated, if so."""

    file: Path
    line: int
    msgid: str
    fault: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.msgid!r}{f' ({self.fault})' if self.fault else ''}"


def found_texts(folder: Path = PACKAGE) -> list[Found]:
    """Every text under the folder, from Python files and templates."""
    found: list[Found] = []
    for path in sorted(folder.rglob("*.py")):
        found += _in_python(path, ast.parse(path.read_text("utf-8"), str(path)))
    for path in sorted([*folder.rglob("*.html"), *folder.rglob("*.j2"), *folder.rglob("*.jinja")]):
        found += _in_template(path)
    return found


def _in_python(path: Path, tree: ast.Module) -> Iterator[Found]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name in _MARKERS:
            yield from _literals(path, node.args[:1])
        elif _PROBLEMS.search(name):
            yield from _literals(path, [k.value for k in node.keywords if k.arg in _PARTS])
            if name == "Problem":
                yield from _literals(path, [node.args[i] for i in _PARTS.values() if i < len(node.args)])


def _literals(path: Path, nodes: list[ast.expr]) -> Iterator[Found]:
    for node in nodes:
        match node:
            case ast.Constant(value=str(text)) if text:
                yield Found(path, node.lineno, text)
            case ast.IfExp(body=body, orelse=orelse):
                yield from _literals(path, [body, orelse])
            case ast.JoinedStr() | ast.BinOp():
                yield Found(path, node.lineno, ast.unparse(node), "put values into places, not into the text")


def _in_template(path: Path) -> Iterator[Found]:
    environment = Environment(  # noqa: S701 - parses only, renders nothing
        extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"]
    )
    tree = environment.parse(path.read_text("utf-8"), filename=str(path))
    for line, _, texts in extract_from_ast(tree, gettext_functions=tuple(_MARKERS)):
        text = texts[0] if isinstance(texts, tuple) else texts
        if text:
            yield Found(path, line, text)


def places(text: str) -> frozenset[str]:
    """The names of a text's `{name}` places. Raises ValueError when its braces do not match."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def faults(lang: str, folder: Path = PACKAGE) -> list[Found]:
    """The texts that language lacks or has with other places, each once."""
    catalogue: dict[str, str] = {}
    for path in sorted((TEXTS / lang).glob("*.po")):
        catalogue.update(read_catalogue(path))
    bad: dict[str, Found] = {}
    for found in found_texts(folder):
        fault = found.fault or _fault(found.msgid, catalogue.get(found.msgid), lang)
        if fault:
            bad.setdefault(found.msgid, Found(found.file, found.line, found.msgid, fault))
    return list(bad.values())


def _fault(msgid: str, translation: str | None, lang: str) -> str:
    if translation is None:
        return f"no {lang} text"
    try:
        same = places(msgid) == places(translation)
    except ValueError as error:
        return f"braces: {error}"
    return "" if same else f"the {lang} text has other places: {translation!r}"


def conflicts(lang: str) -> list[str]:
    """Texts that two catalogues of a language translate differently."""
    seen: dict[str, tuple[str, str]] = {}
    bad = []
    for path in sorted((TEXTS / lang).glob("*.po")):
        for msgid, text in read_catalogue(path).items():
            name, other = seen.setdefault(msgid, (path.name, text))
            if other != text:
                bad.append(f"{msgid!r}: {name} has {other!r}, {path.name} has {text!r}")
    return bad


def _entry(found: Found) -> str:
    quoted = found.msgid.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    place = found.file.relative_to(PACKAGE) if found.file.is_relative_to(PACKAGE) else found.file
    return f'#: {place}:{found.line}\n#. {found.fault}\nmsgid "{quoted}"\nmsgstr ""\n\n'


def main(arguments: list[str]) -> int:
    """Print what is missing; exit code 1 when something is."""
    folder = Path(arguments[0]).resolve() if arguments else PACKAGE
    bad = [found for lang in languages() if lang != DEFAULT for found in faults(lang, folder)]
    sys.stdout.writelines(_entry(found) for found in bad)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
