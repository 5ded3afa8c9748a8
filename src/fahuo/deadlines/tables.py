"""Tables of the deadlines station: due times are stored and indexed, whether they are missed is computed."""

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Index, SmallInteger, Table, Text, literal_column

from fahuo.deadlines.model import CLOCK
from fahuo.store.tables import metadata

LATE = (CLOCK["ready_to_ship"], CLOCK["first_scan"])
"""Clocks that late rates count."""

clocks = Table(
    "clocks",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("order_id", BigInteger, primary_key=True),
    Column("clock", SmallInteger, primary_key=True, comment="index into deadlines.model.CLOCKS"),
    Column("party", SmallInteger, nullable=False, comment="index into deadlines.model.PARTIES"),
    Column("starts_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("source", SmallInteger, nullable=False, comment="0 pack, 1 platform"),
    Column("met_at", BigInteger),
    Column("pack", Text, nullable=False),
    Column("rule", Text, nullable=False),
    ForeignKeyConstraint(["seller_id", "order_id"], ["orders.seller_id", "orders.id"]),
    # Of the two clocks that late rates count only.
    Index(
        "clocks_due",
        "seller_id",
        "clock",
        "due_at",
        sqlite_where=Column("clock").in_(LATE),
        postgresql_where=Column("clock").in_(LATE),
    ),
    # Clocks stop where they stand: room for that beside them, so that no index has to know.
    postgresql_with={"fillfactor": 70},
    sqlite_with_rowid=False,
)

# Written out, not as parameters: only then do both databases see that the partial index applies.
COUNTED = clocks.c.clock.in_([literal_column(str(code)) for code in LATE])

extensions = Table(
    "extensions",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("body", Text, nullable=False, comment="JSON of deadlines.model.Extension"),
    Column("announced_at", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
)

calendar_changes = Table(
    "calendar_changes",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("calendar", Text, primary_key=True),
    Column("day", Text, primary_key=True, comment="ISO date"),
    Column("open", SmallInteger, nullable=False),
    Column("why", Text, nullable=False),
)
