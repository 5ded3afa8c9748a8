"""Whether anything has changed since the last look: one cheap word, so that pages need not ask for more."""

from __future__ import annotations

import threading
from typing import Any

from fahuo.store.engine import Store


class Watch:
    """A token that differs after any commit to the database. Safe to share between threads.

    SQLite counts commits of other connections for each connection, so one is kept for nothing else; PostgreSQL tells
    the next transaction number.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._kept: Any = None

    def token(self) -> str:
        """Equal to the one before as long as nothing was committed."""
        if self._store.dialect == "postgresql":
            with self._store.engine.connect() as conn:
                found = conn.exec_driver_sql("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")
                return str(found.scalar())
        with self._lock:
            if self._kept is None:
                self._kept = self._store.engine.raw_connection()
            cursor = self._kept.cursor()
            try:
                return str(cursor.execute("PRAGMA data_version").fetchone()[0])
            finally:
                cursor.close()

    def close(self) -> None:
        """Give the connection back."""
        with self._lock:
            if self._kept is not None:
                self._kept.close()
                self._kept = None
