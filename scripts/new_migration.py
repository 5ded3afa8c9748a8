"""Write the next migration from what changed in the tables of the code: scripts/new_migration.py "Add the column x".

Look it through afterwards: renames look like a drop and an add, data does not move by itself, triggers are not seen.
`--baseline` freezes all tables anew as the first one, which is right only while nobody has a database yet.
"""

import subprocess
import sys
import tempfile
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import create_mock_engine

from fahuo.store import migrate, schema
from fahuo.store.engine import open_store

BASELINE = "0001"


def freeze(dialect: str) -> Path:
    """All tables, indexes, comments and triggers as SQL of that database."""
    statements: list[str] = []

    def note(statement: Any, *_: Any, **__: Any) -> None:
        text = str(statement.compile(dialect=engine.dialect)).strip()
        statements.append("\n".join(line.rstrip() for line in text.replace("\t", "    ").splitlines()))

    engine = create_mock_engine(f"{dialect}://", note)
    schema.metadata().create_all(engine, checkfirst=False)
    # SQLAlchemy keeps a table's indexes in a set, so their order changes from run to run.
    statements = [
        text
        for is_index, group in groupby(statements, key=lambda text: text.startswith(("CREATE INDEX", "CREATE UNIQUE")))
        for text in (sorted(group) if is_index else group)
    ]
    separator = ";\n\n"
    if any(separator in statement or "%" in statement for statement in statements):
        raise SystemExit("a statement holds a % or an empty line after a semicolon")
    path = migrate.FOLDER / "versions" / f"{BASELINE}_{dialect}.sql"
    path.write_text(separator.join(statements) + separator, encoding="utf-8")
    return path


def draft(message: str) -> Path:
    """The migration from the newest revision to the tables of the code."""
    with tempfile.TemporaryDirectory() as folder, open_store(f"sqlite:///{folder}/x.db", master=bytes(32)) as store:
        _, last = migrate.upgrade(store)
        path = migrate.draft(store, f"{int(last) + 1:04}", message)
    # Alembic's own comments out, the project's format in.
    kept = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.strip().startswith("# ###")]
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    for command in (["check", "--fix-only", "--quiet"], ["format", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *command, str(path)], check=True)  # noqa: S603 - our own program
    return path


def main(arguments: list[str]) -> int:
    """Write the files and say where."""
    if len(arguments) != 1:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    baseline = arguments == ["--baseline"]
    made = [freeze("sqlite"), freeze("postgresql")] if baseline else [draft(arguments[0])]
    sys.stdout.writelines(f"{path}\n" for path in made)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
