"""Tables of the notices the platform sends: what came, what is to be done about it, and how often what kind came.

Bodies are sealed: they may hold what a buyer wrote.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from fahuo.store.tables import metadata

notices = Table(
    "notices",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("notification_id", Text, nullable=False, comment="the platform's; a replay has the same"),
    Column("app_key", Text, nullable=False, comment="empty: a note of our own to read an order"),
    Column("platform_shop_id", Text, nullable=False),
    Column("shop_id", BigInteger, nullable=False, comment="ours; 0: a shop we are not connected to"),
    Column("type", Integer, nullable=False, comment="the platform's number; 0: our own note; -1: unreadable"),
    Column("kind", Text, nullable=False),
    Column("ref", Text, nullable=False, comment="platform id of what it is about"),
    Column("order_refs", Text, nullable=False, comment="platform order ids to be read again, space between"),
    Column("state", Text, nullable=False, comment="order, handed, done, kept, parked, malformed"),
    Column("sent_at", BigInteger, nullable=False, comment="the platform's time"),
    Column("received_ms", BigInteger, nullable=False),
    Column("due_ms", BigInteger, nullable=False, comment="not to be worked before; also the lease of who works it"),
    Column("attempts", Integer, nullable=False),
    Column("why", Text, nullable=False, comment="what went wrong last, without personal data"),
    Column("body", LargeBinary, comment="sealed"),
    Index("notices_once", "seller_id", "notification_id", unique=True),
    Index("notices_due", "seller_id", "state", "kind", "due_ms"),
)

notice_counts = Table(
    "notice_counts",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("app_key", Text, primary_key=True, comment="empty: no app of ours"),
    Column("what", Text, primary_key=True, comment="taken, repeated, forged, malformed, unknown_shop, oversized, busy"),
    Column("count", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
)
