"""Tables of the catalogue. `seller_id` leads every key; shops, SKUs, warehouses of one seller meet in one wave."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKeyConstraint, Index, Integer, LargeBinary, Table, Text

from fahuo.store.tables import metadata

sellers = Table(
    "sellers",
    metadata,
    Column("seller_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
)

shops = Table(
    "shops",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("name", Text, nullable=False),
    Column("market", Text, nullable=False),
    Column("seller_type", Text, nullable=False),
    Column("shipping_type", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("pack", Text),
    Column("channel", Text, nullable=False),
    Column("callback_url", Text),
    Column("callback_secret", LargeBinary),
    Column(
        "sender", Text, nullable=False, comment="JSON: seller's name, lines, city, region, postal_code, country, phone"
    ),
    Column("cod_allowed", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("shops_name", "seller_id", "name", unique=True),
)

skus = Table(
    "skus",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("sku", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("weight_g", Integer, nullable=False),
    Column("length_mm", Integer, nullable=False),
    Column("width_mm", Integer, nullable=False),
    Column("height_mm", Integer, nullable=False),
    Column("goods", Integer, nullable=False, comment="bit mask: battery 1, liquid 2, dangerous 4, food 8, fragile 16"),
    Column("packing", Text, nullable=False),
    Column("barcode", Text, nullable=False),
    Column("cost", BigInteger),
    Column("currency", Text),
    Column("safety_buffer", Integer, nullable=False),
    Column("is_bundle", Boolean, nullable=False),
    Index("skus_sku", "seller_id", "sku", unique=True),
    Index("skus_barcode", "seller_id", "barcode"),
)

bundle_parts = Table(
    "bundle_parts",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("bundle_id", BigInteger, primary_key=True),
    Column("part_id", BigInteger, primary_key=True),
    Column("quantity", Integer, nullable=False),
    ForeignKeyConstraint(["seller_id", "bundle_id"], ["skus.seller_id", "skus.id"]),
    ForeignKeyConstraint(["seller_id", "part_id"], ["skus.seller_id", "skus.id"]),
)

listings = Table(
    "listings",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("shop_id", BigInteger, primary_key=True, comment="0: holds for every shop of the seller"),
    Column("platform_sku_id", Text, primary_key=True),
    Column("sku_id", BigInteger, nullable=False),
    ForeignKeyConstraint(["seller_id", "sku_id"], ["skus.seller_id", "skus.id"]),
)

warehouses = Table(
    "warehouses",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("city", Text, nullable=False),
    Column("postal_code", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("contact_name", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("cutoff", Text, nullable=False, comment="HH:MM local; the last moment a parcel can join today's hand-over"),
    Column("work_days", Text, nullable=False, comment="digits, Monday = 1"),
    Column("capacity_per_day", Integer, comment="parcels the floor can pack a day; empty: not known"),
    Column("platform_ref", Text, nullable=False),
    Index("warehouses_code", "seller_id", "code", unique=True),
)

cartons = Table(
    "cartons",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("length_mm", Integer, nullable=False),
    Column("width_mm", Integer, nullable=False),
    Column("height_mm", Integer, nullable=False),
    Column("max_weight_g", Integer, nullable=False),
    Column("tare_g", Integer, nullable=False),
    Column("cost", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("packing", Text, nullable=False),
    Index("cartons_code", "seller_id", "code", unique=True),
)
