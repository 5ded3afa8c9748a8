"""Tables of access. Secrets stand here only as hashes."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKeyConstraint, Index, Integer, LargeBinary, Table, Text

from fahuo.store.tables import metadata

users = Table(
    "users",
    metadata,
    Column("seller_id", BigInteger, primary_key=True, autoincrement=False),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False, comment="as compared: NFKC, case folded"),
    Column("role", Text, nullable=False),
    Column("password_hash", Text, nullable=False, comment="argon2id"),
    Column("active", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("users_name", "seller_id", "name", unique=True),
)

sessions = Table(
    "sessions",
    metadata,
    Column("seller_id", BigInteger, primary_key=True, autoincrement=False),
    Column("token_hash", LargeBinary, primary_key=True, comment="SHA-256 of the cookie"),
    Column("user_id", BigInteger, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    ForeignKeyConstraint(["seller_id", "user_id"], ["users.seller_id", "users.id"]),
    Index("sessions_user", "seller_id", "user_id"),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("seller_id", BigInteger, primary_key=True, autoincrement=False),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("prefix", Text, nullable=False, comment="the part that may be shown"),
    Column("token_hash", LargeBinary, nullable=False, comment="SHA-256 of the whole token"),
    Column("actions", Text, nullable=False, comment="JSON list"),
    Column("shops", Text, comment="JSON list of shop ids; NULL is every shop"),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
    Column("used_ms", BigInteger),
    Index("api_tokens_prefix", "seller_id", "prefix", unique=True),
    Index("api_tokens_name", "seller_id", "name"),
)

login_attempts = Table(
    "login_attempts",
    metadata,
    Column("seller_id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True, comment="user, address"),
    Column("subject", LargeBinary, primary_key=True, comment="keyed hash of the name or address"),
    Column("failures", Integer, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    Index("login_attempts_last", "seller_id", "last_ms"),
)

access_log = Table(
    "access_log",
    metadata,
    Column("seller_id", BigInteger, primary_key=True, autoincrement=False),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False, comment="business time"),
    Column("actor", Text, nullable=False),
    Column("event", Text, nullable=False, comment="user.added, login.ok, login.failed, token.revoked, …"),
    Column("subject", Text, nullable=False, comment="user:name or token:name"),
    Column("data", Text, nullable=False, comment="JSON; no secret, no personal data"),
    Index("access_log_at", "seller_id", "at"),
)

api_requests = Table(
    "api_requests",
    metadata,
    Column("seller_id", BigInteger, primary_key=True, autoincrement=False),
    Column("actor", Text, primary_key=True, comment="whose key it is: two tokens may use the same word"),
    Column("key", Text, primary_key=True, comment="Idempotency-Key as sent"),
    Column("digest", LargeBinary, nullable=False, comment="SHA-256 of method, path and body"),
    Column("status", Integer, comment="HTTP status of the answer; empty while the request runs"),
    Column("answer", LargeBinary, comment="the answer's body, sealed: it may name a buyer"),
    Column("media", Text, nullable=False),
    Column("begun_ms", BigInteger, nullable=False),
    Index("api_requests_begun", "seller_id", "begun_ms"),
)
