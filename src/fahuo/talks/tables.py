"""Tables of the talks. Words are sealed in their row; a row that belongs to an order is emptied with it."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKeyConstraint, Index, Integer, LargeBinary, Table, Text

from fahuo.store.tables import metadata

conversations = Table(
    "conversations",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("shop_id", BigInteger, nullable=False),
    Column("ref", Text, nullable=False, comment="the platform's id"),
    Column("buyer_ref", Text, nullable=False, comment="the platform's id of the buyer"),
    Column("unread", Integer, nullable=False),
    Column("can_send", Boolean, nullable=False),
    Column("latest_at", BigInteger),
    Column("read_to", BigInteger, comment="messages up to then are all here"),
    Column("seen_at", BigInteger, comment="a person said that what was written up to then needs no answer"),
    Column("waits_since", BigInteger, comment="the oldest message of the buyer that nobody has answered"),
    Index("conversations_ref", "seller_id", "shop_id", "ref", unique=True),
    Index("conversations_latest", "seller_id", "latest_at"),
    Index(
        "conversations_waiting",
        "seller_id",
        "waits_since",
        sqlite_where=Column("waits_since").is_not(None),
        postgresql_where=Column("waits_since").is_not(None),
    ),
)

messages = Table(
    "messages",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("conversation_id", BigInteger, nullable=False),
    Column("ref", Text, nullable=False, comment="the platform's id; of ours on its way: `out ` and our id"),
    Column("role", Text, nullable=False, comment="BUYER, SHOP, CUSTOMER_SERVICE, SYSTEM, ROBOT"),
    Column("type", Text, nullable=False),
    Column("state", Text, nullable=False, comment="told, draft, sent, declined"),
    Column("at", BigInteger, nullable=False),
    Column("order_id", BigInteger),
    Column("actor", Text, nullable=False, comment="who of us wrote it"),
    Column("sealed", LargeBinary, comment="the words, encrypted; empty once erased"),
    ForeignKeyConstraint(["seller_id", "conversation_id"], ["conversations.seller_id", "conversations.id"]),
    Index("messages_ref", "seller_id", "conversation_id", "ref", unique=True),
    Index("messages_order", "seller_id", "order_id"),
)
