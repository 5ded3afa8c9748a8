"""Tables of the carriers station: who may carry what, where, at what price, with which numbers."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKeyConstraint, Index, Integer, Table, Text

from fahuo.store.tables import metadata

carriers = Table(
    "carriers",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("tracking_url", Text, nullable=False),
    Index("carriers_code", "seller_id", "code", unique=True),
)

services = Table(
    "services",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("carrier_id", BigInteger, nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("shipping_type", Text, nullable=False, comment="TIKTOK, SELLER or BOTH"),
    Column("goods_allowed", Integer, nullable=False, comment="bit mask as on SKUs"),
    Column("max_weight_g", Integer),
    Column("max_length_mm", Integer),
    Column("max_girth_mm", Integer),
    Column("volumetric_divisor", Integer, comment="cubic centimetres per kilogram; empty: not charged by volume"),
    Column("capacity_per_day", Integer, comment="parcels a day; empty: no limit"),
    Column("cutoff", Text, nullable=False, comment="HH:MM at the warehouse"),
    Column("collect_days", Text, nullable=False, comment="digits, Monday = 1"),
    Column("transit_days_min", Integer, nullable=False),
    Column("transit_days_max", Integer, nullable=False),
    Column("scan_hours", Integer, nullable=False, comment="hours from hand-over to the first scan"),
    ForeignKeyConstraint(["seller_id", "carrier_id"], ["carriers.seller_id", "carriers.id"]),
    Index("services_code", "seller_id", "carrier_id", "code", unique=True),
)

lanes = Table(
    "lanes",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("service_id", BigInteger, primary_key=True),
    Column("origin", Text, primary_key=True, comment="country or warehouse code; * for any"),
    Column("destination", Text, primary_key=True, comment="country; * for any"),
    ForeignKeyConstraint(["seller_id", "service_id"], ["services.seller_id", "services.id"]),
)

approvals = Table(
    "approvals",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("service_id", BigInteger, primary_key=True),
    Column("market", Text, primary_key=True, comment="the platform's market that approved the service; * for any"),
    ForeignKeyConstraint(["seller_id", "service_id"], ["services.seller_id", "services.id"]),
)

rates = Table(
    "rates",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("service_id", BigInteger, nullable=False),
    Column("warehouse", Text, nullable=False, comment="code or *"),
    Column("zone_country", Text, nullable=False),
    Column("zone_region", Text, nullable=False, comment="empty: any"),
    Column("zone_postal_prefix", Text, nullable=False, comment="empty: any"),
    Column("weight_from_g", Integer, nullable=False, comment="exclusive"),
    Column("weight_to_g", Integer, nullable=False, comment="inclusive"),
    Column("base", BigInteger, nullable=False, comment="minor units"),
    Column("per_kg", BigInteger, nullable=False, comment="minor units a started kilogram above weight_from_g"),
    Column("surcharge_name", Text, nullable=False),
    Column("surcharge", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    ForeignKeyConstraint(["seller_id", "service_id"], ["services.seller_id", "services.id"]),
    Index("rates_service", "seller_id", "service_id"),
)

number_ranges = Table(
    "number_ranges",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("service_id", BigInteger, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("suffix", Text, nullable=False),
    Column("width", Integer, nullable=False),
    Column("check_rule", Text, nullable=False, comment="none, mod10 or s10"),
    Column("first_number", BigInteger, nullable=False, comment="with prefix and suffix it names the range"),
    Column("next_number", BigInteger, nullable=False),
    Column("last_number", BigInteger, nullable=False),
    CheckConstraint("next_number <= last_number + 1", name="number_range_left"),
    ForeignKeyConstraint(["seller_id", "service_id"], ["services.seller_id", "services.id"]),
)

exchange_rates = Table(
    "exchange_rates",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("base", Text, primary_key=True),
    Column("parts_per_million", BigInteger, nullable=False, comment="base minor units per million minor units"),
    Column("since_at", BigInteger, nullable=False),
)
