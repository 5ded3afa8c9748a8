"""Write the next migration from what changed in the tables of the code: scripts/new_migration.py "Add the column x".

Look it through afterwards: renames look like a drop and an add, data does not move by itself, triggers are not seen.
`--baseline` writes the first one anew from all tables, which is right only while nobody has a database yet.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from fahuo.store import migrate
from fahuo.store.engine import open_store
from fahuo.store.tables import JOURNAL_GUARD

BASELINE = "0001"


def guards() -> str:
    """The journal's triggers, which Alembic does not see, as code for the baseline."""
    lines = ["    # Nobody changes the journal: see fahuo.store.tables."]
    for word, (dialect, statements) in zip(("if", "elif"), JOURNAL_GUARD.items(), strict=True):
        lines.append(f'    {word} op.get_bind().dialect.name == "{dialect}":')
        for statement in statements:
            split = statement.replace(" BEGIN ", "\n BEGIN ").replace(" FOR EACH", "\n FOR EACH").split("\n")
            parts = "\n".join(f"            {part + (' ' if part != split[-1] else '')!r}" for part in split)
            lines.append(f"        op.execute(\n{parts}\n        )")
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Write the file and say where."""
    baseline = arguments == ["--baseline"]
    if len(arguments) != 1:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    if baseline:
        for old in migrate.FOLDER.glob(f"versions/{BASELINE}_*.py"):
            old.unlink()
    with tempfile.TemporaryDirectory() as folder, open_store(f"sqlite:///{folder}/x.db", master=bytes(32)) as store:
        if baseline:
            path = migrate.draft(store, BASELINE, "All tables of the first version")
        else:
            _, last = migrate.upgrade(store)
            path = migrate.draft(store, f"{int(last) + 1:04}", arguments[0])
    if baseline:
        path.write_text(path.read_text(encoding="utf-8").rstrip() + "\n" + guards(), encoding="utf-8")
    tidy(path)
    sys.stdout.write(f"{path}\n")
    return 0


def tidy(path: Path) -> None:
    """Alembic's own comments out, the project's format in."""
    text = path.read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if not line.strip().startswith("# ###")]
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    for command in (["check", "--fix-only", "--quiet"], ["format", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *command, str(path)], check=True)  # noqa: S603 - our own program


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
