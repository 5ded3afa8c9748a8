"""What the tracking station writes: events, each once. Never commits."""

from __future__ import annotations

from collections.abc import Iterable

from fahuo.store import bulk
from fahuo.store.engine import Tx
from fahuo.tracking.model import EventIn
from fahuo.tracking.tables import parcel_events

_COLUMNS = tuple(column.name for column in parcel_events.columns)


def record(tx: Tx, events: Iterable[tuple[int, EventIn]], source: str, at: int) -> int:
    """Write (package, event); an event that is there already is left alone. Returns how many were new."""
    rows = {
        (package, event.at, event.kind): (
            tx.seller_id,
            package,
            event.at,
            event.kind,
            event.text,
            event.place,
            source,
            at,
        )
        for package, event in events
    }
    return bulk.insert_new(tx, parcel_events, _COLUMNS, list(rows.values()), _COLUMNS[:4])
