"""Opening the database, and transactions on it: SQLite (one file, WAL) or PostgreSQL (psycopg 3)."""

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from sqlalchemy import URL, Connection, CursorResult, Engine, Executable, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError

from fahuo.kernel.batches import Away
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.store.keys import KeyRing, SellerKeys

MAIN_SELLER = 1
BUSY_S = 30
_COUNT = "fahuo.statements"
_BEGIN = "fahuo_begin"
_SINGLY = {"isolation_level": "AUTOCOMMIT"}
Params = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None


class Tx:
    """One transaction of one seller. Stations get it and never commit; flow opens and closes it.

    `statements` counts the SQL statements sent so far (one executemany or COPY counts once).
    """

    def __init__(self, conn: Connection, ring: KeyRing, seller_id: int, *, readonly: bool) -> None:
        self.conn = conn
        self.dialect = conn.dialect.name
        self.seller_id = seller_id
        self.readonly = readonly
        self.keys = SellerKeys(ring, self)
        self._before: int = conn.info.setdefault(_COUNT, 0)

    @property
    def statements(self) -> int:
        """SQL statements sent in this transaction."""
        return int(self.conn.info[_COUNT]) - self._before

    @contextmanager
    def driver(self, statement: str) -> Iterator[Any]:
        """A cursor of the driver itself inside this transaction, for one statement past SQLAlchemy (bulk does this).

        It is counted, and its errors come as SQLAlchemy's, without the values.
        """
        self.conn.info[_COUNT] += 1
        cursor = self.conn.connection.cursor()
        errors = self.conn.dialect.loaded_dbapi.Error
        try:
            yield cursor
        except errors as error:
            raise DBAPIError.instance(statement, None, error, errors, hide_parameters=True) from error
        finally:
            cursor.close()

    def execute(self, stmt: Executable | str, params: Params = None) -> CursorResult[Any]:
        """Run a Core statement, or SQL text with `:name` parameters."""
        return self.conn.execute(text(stmt) if isinstance(stmt, str) else stmt, params)

    def stream(self, stmt: Executable, size: int = 5_000, **params: Any) -> Iterator[Sequence[tuple[Any, ...]]]:
        """The rows of a query in portions, without holding them all: for tables larger than memory."""
        result = self.conn.execute(stmt, params, execution_options={"yield_per": size})
        yield from result.partitions(size)

    def rows(self, stmt: Executable | str, **params: Any) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return self.execute(stmt, params).all()  # type: ignore[return-value]  # a Row is a tuple


LEARN_S = (0.02, 10.0)
"""Seconds between two looks for tables the planner knows nothing true of: at first, and after many."""
_GROWN = (
    "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
    " AND pg_relation_size(oid) > CASE WHEN reltuples < 0 THEN 0 ELSE 10 * 8192 * GREATEST(relpages, 1) END"
)
"""Tables with rows and no figures, or ten times as large as when they were made. [pages of 8 kB]"""


class Store:
    """An open database. Safe to share between threads; open one per process (never across a fork)."""

    def __init__(self, engine: Engine, keys: KeyRing, *, readonly: bool = False) -> None:
        self.engine = engine
        self.dialect = engine.dialect.name
        self.keys = keys
        self.readonly = readonly
        self.away = Away()
        """Entered while a commit waits for the disk."""
        self._learn_at, self._learn_s = 0.0, LEARN_S[0]
        self.statements = 0
        """SQL statements of all transactions so far; for measuring, not exact between threads."""

    @contextmanager
    def write(self, seller_id: int = MAIN_SELLER, *, rebuilding: bool = False) -> Iterator[Tx]:
        """A transaction that may write: committed at the end, rolled back when the block raises.

        SQLite takes the one write lock at once (BEGIN IMMEDIATE, waits 30 s); PostgreSQL runs READ COMMITTED.
        `rebuilding`: SQLite may replace whole tables, its foreign keys are off (only migrations do this).
        """
        if self.readonly:
            raise RuntimeError("this store was opened for reading only")
        unchecked = rebuilding and self.dialect == "sqlite"
        with self._connect({_BEGIN: "BEGIN IMMEDIATE"}) as conn:
            try:
                if unchecked:
                    _on(conn, "PRAGMA foreign_keys=OFF")
                with conn.begin() as began:
                    tx = Tx(conn, self.keys, seller_id, readonly=False)
                    yield tx
                    self.statements += tx.statements
                    if began.is_active:
                        with self.away:
                            began.commit()
            finally:
                if unchecked:
                    _on(conn, "PRAGMA foreign_keys=ON")

    @contextmanager
    def read(self, seller_id: int = MAIN_SELLER) -> Iterator[Tx]:
        """A transaction that sees one moment of the database throughout, and cannot write."""
        options = {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"}
        with self._connect(options if self.dialect == "postgresql" else {}) as conn:
            try:
                if self.dialect == "sqlite":
                    _on(conn, "PRAGMA query_only=ON")
                with conn.begin():
                    tx = Tx(conn, self.keys, seller_id, readonly=True)
                    yield tx
                    self.statements += tx.statements
            finally:
                if self.dialect == "sqlite" and not self.readonly:
                    _on(conn, "PRAGMA query_only=OFF")

    def line(self) -> "Line":
        """A connection for whoever commits one statement after the other all day long; to be closed."""
        # On SQLite nothing says BEGIN there; PostgreSQL's driver is told not to.
        return Line(self._connect(_SINGLY if self.dialect == "postgresql" else {_BEGIN: ""}), self.keys)

    def learn(self) -> None:
        """Show PostgreSQL's planner the tables that have their first rows, or many more. Call it after each batch.

        It looks more and more rarely. Without figures the planner takes any index that begins with the seller for as
        good as the primary key, and a connection keeps to its choice: each check of a foreign key then reads all of
        the seller's orders. PostgreSQL would find out by itself, a minute and a slow first pull later.
        """
        if self.dialect != "postgresql" or time.monotonic() < self._learn_at:
            return
        self._learn_at = time.monotonic() + self._learn_s
        self._learn_s = min(2 * self._learn_s, LEARN_S[1])
        # The batch is safe in the database whatever becomes of this.
        with suppress(DBAPIError), self._connect(_SINGLY) as conn:
            if names := [name for (name,) in conn.exec_driver_sql(_GROWN)]:
                conn.exec_driver_sql(f"ANALYZE {', '.join(names)}")

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _connect(self, options: Mapping[str, Any]) -> Connection:
        try:
            return self.engine.connect().execution_options(**options)
        except DBAPIError as error:
            raise Failure(_unavailable(self.engine.url, str(error.orig)), exit_code=3) from error


class Line:
    """A connection on which every statement is a transaction of its own, durable when it returns: one trip, not three.

    For one thread. After an error close it and ask for another.
    """

    def __init__(self, conn: Connection, keys: KeyRing) -> None:
        self._conn = conn
        self._keys = keys

    def tx(self, seller_id: int) -> Tx:
        """Statements of that seller; each stands alone, there is nothing to roll back."""
        return Tx(self._conn, self._keys, seller_id, readonly=False)

    def close(self) -> None:
        """Give the connection back."""
        self._conn.close()


def open_store(url: str, *, readonly: bool = False, master: bytes | None = None) -> Store:
    """The database at `sqlite:///path` or `postgresql://…`. The schema is `fahuo.store.migrate`'s business.

    `master` is the master key; without it everything works but what is sealed. SQLite writes with `synchronous=FULL`;
    `?synchronous=normal` in the URL trades the last commits at a power cut for speed.
    Raises Failure (2) for a URL that is none, (3) when the database cannot be reached.
    """
    try:
        parsed = make_url(url)
        kind = parsed.get_backend_name()
    except ArgumentError:
        raise Failure(_bad_url()) from None
    if kind == "sqlite":
        engine = _sqlite(parsed, readonly=readonly)
    elif kind == "postgresql":
        engine = _postgresql(parsed)
    else:
        raise Failure(_bad_url())
    event.listen(engine, "before_cursor_execute", _count)
    store = Store(engine, KeyRing(master), readonly=readonly)
    store._connect({}).close()
    return store


def _sqlite(url: URL, *, readonly: bool) -> Engine:
    path = url.database or ""
    synchronous = str(url.query.get("synchronous", "full")).upper()
    if path in ("", ":memory:") or synchronous not in ("FULL", "NORMAL", "EXTRA", "OFF"):
        raise Failure(_bad_url())
    if not Path(path).absolute().parent.is_dir() or (readonly and not Path(path).is_file()):
        raise Failure(_unavailable(url, "no such file or folder"), exit_code=3)
    if not readonly:
        with suppress(OSError):  # where it cannot be made, connecting says why
            Path(path).touch(mode=0o600)  # orders and password hashes: the owner's alone, the log beside it likewise
    engine = create_engine(
        url.set(query={}),
        hide_parameters=True,
        connect_args={"timeout": BUSY_S, "isolation_level": None, "cached_statements": 512, "check_same_thread": False},
    )

    # The driver's own transaction handling is off (isolation_level None); SQLAlchemy's begin event says BEGIN.
    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: Any) -> None:
        _wal(connection)
        for pragma in (
            "foreign_keys=ON",
            f"busy_timeout={BUSY_S * 1000}",
            f"synchronous={synchronous}",
            "cache_size=-65536",
            # 64 MB of log before it is carried into the file: a batch is a few MB, and pages it shares with the
            # next batch are then carried over once.
            "wal_autocheckpoint=16384",
            "temp_store=MEMORY",
            f"query_only={'ON' if readonly else 'OFF'}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(conn: Connection) -> None:
        if how := conn.get_execution_options().get(_BEGIN, "BEGIN"):
            _on(conn, how)

    return engine


def _wal(connection: sqlite3.Connection) -> None:
    """Switch to the write-ahead log and see that it took (it does not on some network file systems)."""
    last = time.monotonic() + BUSY_S
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
        except sqlite3.OperationalError as error:
            # Two processes making the file at once: the loser gets "locked" without waiting for its busy timeout.
            if "locked" not in str(error) or time.monotonic() > last:
                raise
            time.sleep(0.02)
            continue
        if mode != "wal":
            raise Failure(
                Problem(
                    "database_no_wal",
                    message=N_("SQLite cannot use its write-ahead log here (it said {mode})."),
                    next=N_("Put the database file on a local disk, or use PostgreSQL."),
                    params={"mode": mode},
                ),
                exit_code=3,
            )
        return


def _postgresql(url: URL) -> Engine:
    known = {
        "connect_timeout": "10",
        "application_name": "fahuo",
        "options": f"-c timezone=UTC -c lock_timeout={BUSY_S}s",
    }
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        hide_parameters=True,  # an error must not carry values: they may be personal data
        connect_args={name: value for name, value in known.items() if name not in url.query},
        pool_size=8,
        max_overflow=24,
        pool_pre_ping=True,
    )


def _on(conn: Connection, statement: str) -> None:
    """Connection talk that belongs to no transaction and is not counted."""
    cursor = conn.connection.cursor()
    cursor.execute(statement)
    cursor.close()


def _count(conn: Connection, *_event: Any) -> None:
    conn.info[_COUNT] = conn.info.get(_COUNT, 0) + 1


def _bad_url() -> Problem:
    # The URL may carry a password, so it is not repeated.
    return Problem(
        "database_url",
        "FAHUO_DATABASE_URL",
        message=N_("This is no database URL that Fahuo knows."),
        next=N_("Write sqlite:///path/to/fahuo.db or postgresql://user:password@host/name."),
    )


def _unavailable(url: URL, reason: str) -> Problem:
    return Problem(
        "database_unavailable",
        "FAHUO_DATABASE_URL",
        message=N_("The database {url} cannot be opened: {reason}"),
        next=N_("Check FAHUO_DATABASE_URL and that the server is running or the folder exists."),
        params={"url": url.render_as_string(hide_password=True), "reason": reason.strip().splitlines()[0]},
    )
