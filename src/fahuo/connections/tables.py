"""Tables of the connections: apps, consents, grants, links. Secrets are sealed for their row; times are `…_ms`."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, LargeBinary, Table, Text

from fahuo.connections import notices_tables  # noqa: F401 - its tables are found through this module
from fahuo.store.tables import metadata

apps = Table(
    "apps",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("app_key", Text, nullable=False),
    Column("secret", LargeBinary, nullable=False, comment="sealed"),
    Column("service_id", Text, nullable=False),
    Column("api_url", Text, nullable=False),
    Column("auth_url", Text, nullable=False),
    Column("consent_url", Text, nullable=False),
    Column("webhook_url", Text, nullable=False, comment="where the platform sends notices; empty: nowhere"),
    Column("reads_per_second", Float, nullable=False, comment="where the adaptive budget starts"),
    Column("writes_per_second", Float, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Index("apps_key", "seller_id", "app_key", unique=True),
)

consents = Table(
    "consents",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("state_hash", LargeBinary, primary_key=True, comment="SHA-256 of the random `state`; used once"),
    Column("app_id", BigInteger, nullable=False),
    Column("actor", Text, nullable=False, comment="the user it is bound to"),
    Column("created_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger),
)

grants = Table(
    "grants",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("app_id", BigInteger, nullable=False),
    Column("open_id", Text, nullable=False),
    Column("seller_name", Text, nullable=False),
    Column("base_region", Text, nullable=False),
    Column("scopes", Text, nullable=False, comment="JSON list"),
    Column("access_token", LargeBinary, nullable=False, comment="sealed"),
    Column("refresh_token", LargeBinary, nullable=False, comment="sealed"),
    Column("access_since_ms", BigInteger, nullable=False),
    Column("access_until_ms", BigInteger, nullable=False),
    Column("refresh_until_ms", BigInteger, nullable=False, comment="end of the authorisation the seller gave"),
    Column("granted_ms", BigInteger, nullable=False),
    Column("state", Text, nullable=False, comment="active, expired, withdrawn"),
    Column("reason", Text, nullable=False, comment="code and words of the platform, without secrets"),
    Column("attempts", Integer, nullable=False, comment="renewals since the last whose answer was lost"),
    Column("retry_ms", BigInteger, nullable=False, comment="no renewal before; 0: whenever one is due"),
    Column("claim", BigInteger, nullable=False, comment="fence: who renews holds this number"),
    Column("claim_until_ms", BigInteger, nullable=False),
    Index("grants_open", "seller_id", "app_id", "open_id", unique=True),
)

links = Table(
    "links",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("shop_id", BigInteger, primary_key=True, comment="one shop of ours is one shop of theirs"),
    Column("app_id", BigInteger, nullable=False),
    Column("grant_id", BigInteger, nullable=False),
    Column("platform_shop_id", Text, nullable=False),
    Column("platform_name", Text, nullable=False),
    Column("cipher", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("seller_type", Text, nullable=False),
    Column("state", Text, nullable=False, comment="active, withdrawn, refused"),
    Column("reason", Text, nullable=False),
    Column("connected_ms", BigInteger, nullable=False),
    Column("warned_ms", BigInteger, comment="the platform announced that the authorisation ends"),
    # What pulling keeps here.
    Column("cursor_at", BigInteger, comment="orders changed before this platform time are all here"),
    Column("pulled_ms", BigInteger, comment="last pull that came to its end"),
    Column("pull_due_ms", BigInteger, comment="no pull before; also the lease of whoever pulls; empty: at once"),
    Column("pull_problem", Text, nullable=False, comment="why the last pull did not; empty when it did"),
    Column("stumble", Text, nullable=False, comment="the last trouble of any pull, got over since or not"),
    Column("stumbled_ms", BigInteger),
    # What calling has shown.
    Column("reads_per_second", Float),
    Column("writes_per_second", Float),
    Column("throttled_ms", BigInteger),
    Column("skew_s", Integer, nullable=False),
    Column("health_ms", BigInteger),
    Column("lacking", Text, nullable=False, comment="JSON: part of the API the app may not call -> why"),
    # Webhook addresses as the platform last told them.
    Column("hooks", Text, nullable=False, comment="JSON: event type -> address"),
    Column("hooks_problem", Text, nullable=False),
    Column("hooks_ms", BigInteger),
    Column("warehouses_problem", Text, nullable=False, comment="JSON list: warehouses to be completed"),
    Index("links_platform", "seller_id", "platform_shop_id", unique=True),
    Index("links_grant", "seller_id", "grant_id"),
)
