"""Rows for tests that care about some columns only."""

from typing import Any

from sqlalchemy import Table

from fahuo.store import bulk
from fahuo.store.engine import Tx


def insert_row(tx: Tx, table: Table, **given: Any) -> None:
    """Insert a row: the columns given, the seller's id, and an empty value wherever a column must have one."""
    values = {"seller_id": tx.seller_id} | given
    for column in table.c:
        if column.name not in values and not column.nullable:
            values[column.name] = column.type.python_type()
    bulk.insert(tx, table, list(values), [tuple(values.values())])
