"""Write the column tables of `fahuo import-data` into docs/import-data.md. `--check` only compares (exit 1)."""

import sys
from pathlib import Path

from fahuo.flow.columns import TABLES
from fahuo.flow.track import COLUMNS as TRACKING
from fahuo.kernel.columns import Column

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "import-data.md"
BEGIN, END = "<!-- columns: written by scripts/import_data_table.py -->", "<!-- end of columns -->"


def section(title: str, columns: tuple[Column, ...]) -> list[str]:
    """A table: each column with its meaning, whether it must be there, and an example."""
    words = [f"### {title}", "", "| column | meaning | if empty | example |", "|---|---|---|---|"]
    for column in columns:
        example = f"`{column.example}`" if column.example else ""
        words.append(f"| `{column.name}` | {_plain(column.meaning)} | {_empty(column)} | {_plain(example)} |")
    return [*words, ""]


def _empty(column: Column) -> str:
    if column.required:
        return "**needed**"
    if column.name.startswith("goods"):
        return "general"
    if column.default in (None, "", ()):
        return "not known"
    return ",".join(column.default) if isinstance(column.default, tuple) else f"{column.default}"


def _plain(text: str) -> str:
    return text.replace("|", r"\|")


def tables() -> str:
    """All of them, in the order they are imported."""
    words = [line for kind, columns in TABLES.items() for line in section(f"`{kind}`", columns)]
    return "\n".join([*words, *section("Tracking files: `fahuo tracking import`", TRACKING)])


def main(arguments: list[str]) -> int:
    """0: the document is what the columns say; 1: it is not, with --check."""
    text = DOCUMENT.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    now = f"{head}{BEGIN}\n\n{tables()}{END}{rest.split(END)[1]}"
    if "--check" in arguments:
        return 0 if now == text else 1
    DOCUMENT.write_text(now, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
