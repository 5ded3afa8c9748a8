"""All tables of the first version, frozen as SQL beside this file (by `scripts/new_migration.py --baseline`)."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables, indexes and triggers."""
    connection = op.get_bind()
    frozen = Path(__file__).with_name(f"0001_{connection.dialect.name}.sql").read_text(encoding="utf-8")
    cursor = connection.connection.cursor()
    for statement in frozen.split(";\n\n"):
        if statement:
            cursor.execute(statement)
    cursor.close()
