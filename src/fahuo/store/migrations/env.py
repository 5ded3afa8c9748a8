"""Alembic's entry: runs on the connection `fahuo.store.migrate` hands over, inside its transaction."""

from alembic import context

from fahuo.store import schema

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=schema.metadata(),
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
