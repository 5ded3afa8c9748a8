"""Tables of the warehouse station.

A package row holds units of one order. A parcel the platform has combined from several orders is a row for each of
them with the same platform reference: one label, one number, packed and handed over together.
"""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKeyConstraint, Index, Integer, LargeBinary, Table, Text

from fahuo.store.tables import metadata

waves = Table(
    "waves",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("warehouse_id", BigInteger, nullable=False),
    Column("service_id", BigInteger, nullable=False, comment="0: the platform's carriers"),
    Column("leave_at", BigInteger),
    Column("parcels", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("waves_number", "seller_id", "number", unique=True),
)

packages = Table(
    "packages",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("shop_id", BigInteger, nullable=False),
    Column("order_id", BigInteger, nullable=False, comment="whose units it holds"),
    Column("platform_ref", Text, nullable=False, comment="the platform's package; combined orders share one"),
    Column("state", Text, nullable=False),
    Column("tag", Text, nullable=False, comment="'' , SPLIT or COMBINE"),
    Column("wave_id", BigInteger),
    Column("warehouse_id", BigInteger, nullable=False),
    Column("service_id", BigInteger, nullable=False, comment="0: the platform's carrier"),
    Column("carton_id", BigInteger),
    Column("carrier_name", Text, nullable=False),
    Column("tracking_number", Text, nullable=False),
    Column("label_origin", Text, nullable=False, comment="own, carrier or platform"),
    Column("label_id", BigInteger, comment="attached label file; empty for labels we render ourselves"),
    Column("weight_g", Integer, nullable=False),
    Column("arranged_at", BigInteger),
    Column("packed_at", BigInteger),
    Column("reported_at", BigInteger, comment="the platform has taken our tracking number"),
    Column("handed_over_at", BigInteger),
    Column("first_scan_at", BigInteger),
    Column("delivered_at", BigInteger),
    ForeignKeyConstraint(["seller_id", "order_id"], ["orders.seller_id", "orders.id"]),
    Index("packages_order", "seller_id", "order_id"),
    Index("packages_number", "seller_id", "tracking_number"),
    Index("packages_wave", "seller_id", "wave_id"),
    Index(
        "packages_ref",
        "seller_id",
        "platform_ref",
        sqlite_where=Column("platform_ref") != "",
        postgresql_where=Column("platform_ref") != "",
    ),
    # A parcel is packed, reported, handed over, scanned: room for that beside it, so that no index has to know.
    postgresql_with={"fillfactor": 50},
)

handover_slots = Table(
    "handover_slots",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("package_id", BigInteger, primary_key=True),
    Column("method", Text, nullable=False, comment="PICKUP, DROP_OFF or the platform's other word"),
    Column("from_at", BigInteger),
    Column("to_at", BigInteger),
    Column("told_at", BigInteger, nullable=False),
    ForeignKeyConstraint(["seller_id", "package_id"], ["packages.seller_id", "packages.id"]),
)

first_mile_bundles = Table(
    "first_mile_bundles",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("shop_id", BigInteger, nullable=False, comment="the shop in whose name it was made"),
    Column("warehouse_id", BigInteger, nullable=False),
    Column("state", Text, nullable=False, comment="asked, bundled, declined"),
    Column("method", Text, nullable=False, comment="DROP_OFF (by domestic courier) or PICKUP"),
    Column("carrier_name", Text, nullable=False, comment="the domestic courier"),
    Column("provider_ref", Text, nullable=False, comment="the platform's id of the domestic courier"),
    Column("tracking_number", Text, nullable=False, comment="the domestic waybill"),
    Column("phone_tail", Text, nullable=False),
    Column("platform_ref", Text, nullable=False, comment="first_mile_bundle_id"),
    Column("sheet_url", Text, nullable=False),
    Column("sheet_file_id", BigInteger),
    Column("made_at", BigInteger, nullable=False),
    Column("bundled_at", BigInteger),
    Index("first_mile_bundles_number", "seller_id", "tracking_number"),
)

first_mile_parcels = Table(
    "first_mile_parcels",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("package_id", BigInteger, primary_key=True),
    Column("order_id", BigInteger, nullable=False),
    Column("bundle_id", BigInteger, comment="empty: not in a bundle, or taken out by the platform"),
    Column("last_mile_number", Text, nullable=False),
    Column("domestic_scan_at", BigInteger),
    Column("sorting_in_at", BigInteger, comment="accepted at the platform's sorting warehouse"),
    Column("refused_at", BigInteger),
    Column("refused_why", Text, nullable=False),
    ForeignKeyConstraint(["seller_id", "package_id"], ["packages.seller_id", "packages.id"]),
    Index("first_mile_parcels_order", "seller_id", "order_id"),
    Index("first_mile_parcels_bundle", "seller_id", "bundle_id"),
)

package_items = Table(
    "package_items",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("package_id", BigInteger, primary_key=True),
    Column("order_id", BigInteger, primary_key=True),
    Column("line_no", Integer, primary_key=True),
    Column("sku_id", BigInteger, primary_key=True, comment="the part for bundles"),
    Column("quantity", Integer, nullable=False),
    Column("scanned", Integer, nullable=False),
    ForeignKeyConstraint(["seller_id", "package_id"], ["packages.seller_id", "packages.id"]),
    sqlite_with_rowid=False,
)

labels = Table(
    "labels",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("origin", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("page", Integer, nullable=False, comment="numbered from 1; 0: the whole file"),
    Column("digest", Text, nullable=False),
    Column("file_id", BigInteger, nullable=False, comment="the sealed file in label_files"),
    Column("lint", Text, nullable=False, comment="JSON list of problems found"),
    Column("at", BigInteger, nullable=False),
)

label_files = Table(
    "label_files",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("name", Text, nullable=False),
    Column("digest", Text, nullable=False, comment="SHA-256 of the file"),
    Column("sealed", LargeBinary, comment="the file, encrypted: a label is personal data; empty once erased"),
    Column("at", BigInteger, nullable=False),
    Index("label_files_digest", "seller_id", "digest", unique=True),
)

bench_scans = Table(
    "bench_scans",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("package_id", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("ok", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Index("bench_scans_package", "seller_id", "package_id"),
)

prints = Table(
    "prints",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("wave_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False, comment="labels, pick list, packing slips"),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("pages", Integer, nullable=False),
)
