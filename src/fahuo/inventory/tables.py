"""Tables of the inventory station: a pooled counter per SKU, one per SKU and warehouse, the ledger that proves both."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, ForeignKeyConstraint, Index, Integer, Table, Text

from fahuo.store.tables import metadata

pool = Table(
    "stock_pool",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("sku_id", BigInteger, primary_key=True),
    Column("on_hand", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False),
    CheckConstraint("reserved >= 0", name="pool_reserved"),
    CheckConstraint("on_hand >= reserved", name="pool_no_oversell"),
    ForeignKeyConstraint(["seller_id", "sku_id"], ["skus.seller_id", "skus.id"]),
)

stock = Table(
    "stock",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("sku_id", BigInteger, primary_key=True),
    Column("warehouse_id", BigInteger, primary_key=True),
    Column("on_hand", BigInteger, nullable=False),
    Column("placed", BigInteger, nullable=False, comment="reserved units that planning has put in this warehouse"),
    Column("bin", Text, nullable=False),
    CheckConstraint("placed >= 0", name="stock_placed"),
    CheckConstraint("on_hand >= placed", name="stock_no_oversell"),
    ForeignKeyConstraint(["seller_id", "sku_id"], ["skus.seller_id", "skus.id"]),
)

reservations = Table(
    "reservations",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("order_id", BigInteger, primary_key=True),
    Column("line_no", Integer, primary_key=True),
    Column("sku_id", BigInteger, primary_key=True),
    Column("quantity", Integer, nullable=False),
    Column("warehouse_id", BigInteger, nullable=False, comment="0 until placed"),
    Column("state", Text, nullable=False, comment="reserved, placed, packed, released"),
    ForeignKeyConstraint(["seller_id", "order_id"], ["orders.seller_id", "orders.id"]),
    # Every row is written again when it is packed: room for that beside it, so that no index has to know.
    postgresql_with={"fillfactor": 50},
    sqlite_with_rowid=False,
)

ledger = Table(
    "stock_ledger",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False, comment="count, reserve, release, place, ship"),
    Column("sku_id", BigInteger, nullable=False),
    Column("warehouse_id", BigInteger, nullable=False, comment="0: the pool only"),
    Column("on_hand", BigInteger, nullable=False, comment="change of units on hand"),
    Column("reserved", BigInteger, nullable=False, comment="change of the pool's reserved units"),
    Column("placed", BigInteger, nullable=False, comment="change of the warehouse's placed units"),
    Column("order_id", BigInteger),
    Column("actor", Text, nullable=False),
    sqlite_with_rowid=False,
)

offers = Table(
    "offers",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("shop_id", BigInteger, primary_key=True),
    Column("platform_sku_id", Text, primary_key=True),
    Column("warehouse_ref", Text, primary_key=True, comment="the platform's id of the warehouse"),
    Column("product_id", Text, nullable=False),
    Column("seller_sku", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("state", Text, nullable=False, comment="the platform's word for the product"),
    Column("sku_id", BigInteger, comment="empty: no SKU of ours"),
    Column("shown", BigInteger, comment="units the platform last showed or took from us"),
    Column("told_at", BigInteger, comment="when it last took a figure of ours"),
    Column("asked", BigInteger, comment="units in a push on its way"),
    Column("asked_at", BigInteger),
    Column("empty_at", BigInteger, comment="since when nothing is offered"),
    Column("stopped", Boolean, nullable=False, comment="we took the product off sale, so we put it back"),
    Column("problem", Text, nullable=False, comment="the platform's code for the last push; empty when it was taken"),
    Column("seen_at", BigInteger, nullable=False, comment="last time the platform told of it"),
    Index("offers_product", "seller_id", "shop_id", "product_id"),
)
