"""Tables of the tracking station: what the carrier said, once each."""

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Table, Text

from fahuo.store.tables import metadata

parcel_events = Table(
    "parcel_events",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("package_id", BigInteger, primary_key=True),
    Column("at", BigInteger, primary_key=True),
    Column(
        "kind",
        Text,
        primary_key=True,
        comment="first_scan, in_transit, delivered, exception, returned or the carrier's word",
    ),
    Column("text", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("taken_at", BigInteger, nullable=False),
    ForeignKeyConstraint(["seller_id", "package_id"], ["packages.seller_id", "packages.id"]),
)
