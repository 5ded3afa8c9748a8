"""The one MetaData all stations add their tables to, and the store's own tables.

Conventions: `seller_id` is the first column of every key; instants are epoch seconds in columns `…_at`, technical
time is epoch milliseconds in columns `…_ms`; keys are names we give, so that both databases spell them alike.
"""

from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    event,
)

metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)

journal = Table(
    "journal",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("order_id", BigInteger, primary_key=True),
    Column("seq", BigInteger, primary_key=True, comment="1, 2, 3, … per order, no gap"),
    Column("at", BigInteger, nullable=False, comment="business time of the fact, epoch seconds"),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("data", Text, nullable=False, comment="canonical JSON (RFC 8785); no personal data"),
    Column("prev", LargeBinary, nullable=False, comment="hash of the row before, 32 zero bytes for the first"),
    Column("hash", LargeBinary, nullable=False, comment="SHA-256 over prev and the canonical JSON of the row"),
    Index("journal_at", "seller_id", "at"),
    sqlite_with_rowid=False,
)

journal_checkpoints = Table(
    "journal_checkpoints",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("leaves", BigInteger, nullable=False, comment="orders whose head moved since the checkpoint before"),
    Column("root", LargeBinary, nullable=False, comment="Merkle root (RFC 6962) over those heads, by order id"),
    Column("prev", LargeBinary, nullable=False, comment="SHA-256 of the statement before"),
    Column("public_key", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False, comment="Ed25519 over the statement"),
)

journal_leaves = Table(
    "journal_leaves",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("number", BigInteger, primary_key=True, comment="of the checkpoint"),
    Column("order_id", BigInteger, primary_key=True),
    Column("seq", BigInteger, nullable=False, comment="the head's number; its hash stands in the journal"),
    Index("journal_leaves_order", "seller_id", "order_id", "seq"),
    sqlite_with_rowid=False,
)

effects = Table(
    "effects",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("key", Text, nullable=False, comment="from the fact: the same fact gives the same key"),
    Column("kind", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("scope", Text, nullable=False, comment="whose budget it uses: a shop or a carrier account; empty for none"),
    Column("shop_id", BigInteger),
    Column("order_id", BigInteger),
    Column("package_id", BigInteger),
    Column("safety", Text, nullable=False, comment="idempotent, readable, ask: how repeating is safe"),
    Column("state", Text, nullable=False),
    Column("due_at", BigInteger, nullable=False, comment="business time"),
    Column("attempts", Integer, nullable=False, comment="also the fence: an answer must name it"),
    Column("attempts_max", Integer, nullable=False),
    Column("read_first", Boolean, nullable=False, comment="an answer was lost: ask the other side before repeating"),
    Column("lease_until_ms", BigInteger, nullable=False, comment="end of a claim, or of a back-off; technical time"),
    Column("worker", Text, nullable=False),
    Column("body", Text, nullable=False, comment="JSON of references; no personal data"),
    Column("outcome", Text, nullable=False, comment="JSON: what came back last"),
    Column("finished_ms", BigInteger),
    Index("effects_key", "seller_id", "key", unique=True),
    Index("effects_order", "seller_id", "order_id"),
    Index(
        "effects_due",
        "seller_id",
        "lane",
        "due_at",
        sqlite_where=Column("state") == "due",
        postgresql_where=Column("state") == "due",
    ),
    Index(
        "effects_held",
        "seller_id",
        "lane",
        "lease_until_ms",
        sqlite_where=Column("state").in_(("claimed", "retry")),
        postgresql_where=Column("state").in_(("claimed", "retry")),
    ),
    Index(
        "effects_people",
        "seller_id",
        "state",
        sqlite_where=Column("state").in_(("unknown", "declined", "given_up", "waiting")),
        postgresql_where=Column("state").in_(("unknown", "declined", "given_up", "waiting")),
    ),
)

effect_budgets = Table(
    "effect_budgets",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("lane", Text, primary_key=True),
    Column("scope", Text, primary_key=True, comment="empty: the lane as a whole"),
    Column("per_second", Float, nullable=False, comment="0: no limit"),
    Column("burst", Integer, nullable=False),
    Column("tokens", Float, nullable=False),
    Column("filled_ms", BigInteger, nullable=False),
    Column("paused", Boolean, nullable=False),
)

people = Table(
    "people",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("order_id", BigInteger, primary_key=True),
    Column("sealed", LargeBinary, comment="recipient and messages, AES-256-GCM; empty once erased"),
    Column("name_hash", LargeBinary, comment="keyed hash of the normalised full name; empty when masked"),
    Column("phone_hash", LargeBinary, comment="keyed hash of the E.164 phone; empty when masked"),
    Column("erased_at", BigInteger),
    Column("erased_why", Text),
    Index("people_name", "seller_id", "name_hash"),
    Index("people_phone", "seller_id", "phone_hash"),
)

payloads = Table(
    "payloads",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("order_id", BigInteger, primary_key=True),
    Column("source", Text, primary_key=True, comment="api, webhook, file; the newest of each is kept"),
    Column("at", BigInteger, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

seller_keys = Table(
    "seller_keys",
    metadata,
    Column("seller_id", BigInteger, primary_key=True, autoincrement=False),
    Column("wrapped", LargeBinary, nullable=False, comment="the seller's data key under the master key"),
    Column("signing", LargeBinary, nullable=False, comment="Ed25519 private key under the master key"),
    Column("public_key", LargeBinary, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
)

settings = Table(
    "settings",
    metadata,
    Column("seller_id", BigInteger, primary_key=True, comment="0: the installation"),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False, comment="JSON"),
    Column("updated_ms", BigInteger, nullable=False),
)

worker_cron = Table(
    "worker_cron",
    metadata,
    Column("seller_id", BigInteger, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("due_at", BigInteger, nullable=False, comment="business time of the next run"),
    Column("ran_at", BigInteger, comment="business time of the last run"),
    Column("worker", Text, nullable=False),
)

# Nobody changes the journal. Archiving whole orders is the one exception: inside its transaction the row
# (0, 'journal.archiving') stands in settings, and rows may be deleted; updating them is refused even then.
ARCHIVING = "journal.archiving"
_OPEN = f"EXISTS (SELECT 1 FROM settings WHERE seller_id = 0 AND key = '{ARCHIVING}')"  # noqa: S608 - constant
JOURNAL_GUARD = {
    "sqlite": (
        "CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal"
        " BEGIN SELECT RAISE(ABORT, 'journal rows never change'); END",
        f"CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal WHEN NOT {_OPEN}"
        " BEGIN SELECT RAISE(ABORT, 'journal rows never change'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION journal_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF TG_OP = 'DELETE' AND {_OPEN} THEN RETURN OLD; END IF;"
        " RAISE EXCEPTION 'journal rows never change'; END $$",
        "CREATE TRIGGER journal_guard BEFORE UPDATE OR DELETE ON journal FOR EACH ROW EXECUTE FUNCTION journal_guard()",
    ),
}
for _dialect, _statements in JOURNAL_GUARD.items():
    for _statement in _statements:
        event.listen(journal, "after_create", DDL(_statement).execute_if(dialect=_dialect))  # type: ignore[no-untyped-call]  # SQLAlchemy's own gap
