"""Tables of the after-sale station: requests to cancel, refund, return, replace, as the platform keeps them."""

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Index, Integer, Table, Text, and_, literal_column

from fahuo.store.tables import metadata

requests = Table(
    "aftersale_requests",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("shop_id", BigInteger, nullable=False),
    Column("order_id", BigInteger, comment="empty while the order is not known here"),
    Column("order_ref", Text, nullable=False, comment="the platform's id of the order"),
    Column("kind", Text, nullable=False, comment="cancel or return"),
    Column("ref", Text, nullable=False, comment="the platform's id of the request"),
    Column("type", Text, nullable=False),
    Column("state", Text, nullable=False, comment="the platform's word"),
    Column("role", Text, nullable=False, comment="who asked"),
    Column("reason", Text, nullable=False),
    Column("reason_text", Text, nullable=False),
    Column("unit_ids", Text, nullable=False, comment="JSON list of platform line item ids; empty: the whole order"),
    Column("amount", BigInteger),
    Column("currency", Text, nullable=False),
    Column("exponent", Integer, nullable=False),
    Column("action", Text, nullable=False, comment="what the seller is asked; empty for nothing"),
    Column("answer_by", BigInteger),
    Column("arbitration", Text, nullable=False),
    Column("tracking_number", Text, nullable=False, comment="of the parcel that comes back"),
    Column("asked_at", BigInteger),
    Column("updated_at", BigInteger),
    Column("decided", Text, nullable=False, comment="our answer: approve, reject or empty"),
    Column("decided_at", BigInteger),
    Column("decided_by", Text, nullable=False),
    ForeignKeyConstraint(["seller_id", "order_id"], ["orders.seller_id", "orders.id"]),
    Index("aftersale_requests_ref", "seller_id", "shop_id", "kind", "ref", unique=True),
    Index("aftersale_requests_order", "seller_id", "order_id"),
    Index(
        "aftersale_requests_answer",
        "seller_id",
        "answer_by",
        sqlite_where=and_(Column("action") != literal_column("''"), Column("decided") == literal_column("''")),
        postgresql_where=and_(Column("action") != literal_column("''"), Column("decided") == literal_column("''")),
    ),
)
