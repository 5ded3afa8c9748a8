"""docs/import-data.md is what the program reads."""

from fahuo.flow.columns import TABLES
from scripts import import_data_table


def test_the_column_tables_are_current() -> None:
    assert import_data_table.main(["--check"]) == 0, "run: python -m scripts.import_data_table"


def test_every_column_of_every_table_is_described() -> None:
    text = import_data_table.DOCUMENT.read_text(encoding="utf-8")
    for kind, columns in TABLES.items():
        part = text.split(f"### `{kind}`\n")[1].split("\n### ")[0]
        assert [line.split("`")[1] for line in part.splitlines() if line.startswith("| `")] == [c.name for c in columns]
