"""Tables of the planning station: what was chosen for an order and why, and the capacity it takes."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKeyConstraint, Integer, Table, Text

from fahuo.store.tables import metadata

decisions = Table(
    "decisions",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("order_id", BigInteger, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("warehouse_id", BigInteger),
    Column("service_id", BigInteger),
    Column("carton_id", BigInteger),
    Column("leave_at", BigInteger, comment="hand-over the parcel is planned for"),
    Column("leave_day", Text, comment="its ISO date at the warehouse: the day whose capacity it takes"),
    Column("cost", BigInteger),
    Column("penalty", BigInteger, comment="expected cost of lateness"),
    Column("currency", Text),
    Column("why", Text, nullable=False, comment="JSON: chosen by, word on the carton, risk"),
    Column("refused_id", BigInteger, comment="what was refused and why, in `refusals`; empty for nothing"),
    ForeignKeyConstraint(["seller_id", "order_id"], ["orders.seller_id", "orders.id"]),
    sqlite_with_rowid=False,
)

refusals = Table(
    "refusals",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("id", BigInteger, primary_key=True, comment="63 bits of a hash of the text: alike orders share one row"),
    Column("refused", Text, nullable=False, comment="JSON list of [warehouse, service, reason code]"),
)

capacity_used = Table(
    "capacity_used",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("service_id", BigInteger, primary_key=True),
    Column("warehouse_id", BigInteger, primary_key=True, comment="0: counted over all warehouses"),
    Column("day", Text, primary_key=True, comment="ISO date of hand-over, local to the warehouse"),
    Column("used", Integer, nullable=False),
    Column("allowed", Integer, nullable=False),
    CheckConstraint("used >= 0", name="capacity_used_positive"),
    CheckConstraint("used <= allowed", name="capacity_used_allowed"),
)
