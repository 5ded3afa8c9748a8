"""What the warehouse station does to a batch: open waves and packages, pack, hand over, cancel. Never commits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, delete, update

from fahuo.store import bulk
from fahuo.store.engine import Tx
from fahuo.warehouse.model import ARRANGED, CANCELLED, PACKED, Item
from fahuo.warehouse.tables import bench_scans, handover_slots, label_files, labels, package_items, packages, waves

PACKAGE_COLUMNS = tuple(column.name for column in packages.columns if column.name != "seller_id")
ITEM_COLUMNS = tuple(column.name for column in package_items.columns if column.name != "seller_id")
WAVE_COLUMNS = tuple(column.name for column in waves.columns if column.name != "seller_id")
_LABEL = tuple(column.name for column in labels.columns if column.name != "seller_id")
_FILE = tuple(column.name for column in label_files.columns if column.name != "seller_id")
_SLOT = tuple(column.name for column in handover_slots.columns)
_SCAN = tuple(column.name for column in bench_scans.columns if column.name != "seller_id")


def _insert(tx: Tx, table: object, columns: Sequence[str], rows: Iterable[tuple[object, ...]]) -> None:
    seller = tx.seller_id
    bulk.insert(tx, table, ("seller_id", *columns), [(seller, *row) for row in rows])  # type: ignore[arg-type]  # it is a Table


def open_waves(tx: Tx, rows: Iterable[tuple[object, ...]]) -> None:
    """Write waves (WAVE_COLUMNS)."""
    _insert(tx, waves, WAVE_COLUMNS, rows)


def join_waves(tx: Tx, rows: Sequence[tuple[int, int]], size: int) -> list[bool]:
    """Add parcels to waves, (wave, parcels); which waves took them: those that stay in `size`."""
    fits = f"t.parcels + v.parcels <= {size:d}"
    return bulk.update_each(
        tx, waves, ("seller_id", "id"), ("parcels",), [(tx.seller_id, wave, n) for wave, n in rows], fits
    )


def open_packages(tx: Tx, rows: Iterable[tuple[object, ...]], contents: Iterable[tuple[object, ...]]) -> None:
    """Write packages (PACKAGE_COLUMNS) and what they hold (ITEM_COLUMNS)."""
    _insert(tx, packages, PACKAGE_COLUMNS, rows)
    _insert(tx, package_items, ITEM_COLUMNS, contents)


_EMPTY = delete(package_items).where(
    package_items.c.seller_id == bindparam("seller"), bulk.any_of(package_items.c.package_id, "packages")
)


def refill(tx: Tx, ids: Sequence[int], contents: Iterable[tuple[object, ...]]) -> None:
    """Write what these packages hold anew (ITEM_COLUMNS); one without contents is empty then."""
    if ids:
        tx.execute(_EMPTY, {"seller": tx.seller_id, "packages": bulk.array(tx, list(ids))})
        _insert(tx, package_items, ITEM_COLUMNS, contents)


def scanned(tx: Tx, items: Sequence[Item]) -> None:
    """Store how many units of each item the bench has seen."""
    rows = [(tx.seller_id, i.package_id, i.order_id, i.line_no, i.sku_id, i.scanned) for i in items]
    key = ("seller_id", "package_id", "order_id", "line_no", "sku_id")
    bulk.update(tx, package_items, key, ("scanned",), rows)


_SOME = (packages.c.seller_id == bindparam("seller"), bulk.any_of(packages.c.id, "ids"))
_PACK = (
    update(packages)
    .where(*_SOME, packages.c.state == ARRANGED)
    .values(state=PACKED, packed_at=bindparam("at"))
    .returning(packages.c.id)
)
_REPORTED = update(packages).where(*_SOME, packages.c.reported_at.is_(None)).values(reported_at=bindparam("at"))


def pack(tx: Tx, ids: Sequence[int], at: int) -> list[int]:
    """Arranged parcels become packed; the ids of those that did. One packed already, or cancelled, is left alone."""
    return sorted(id_ for (id_,) in bulk.fetch(tx, _PACK, seller=tx.seller_id, ids=bulk.array(tx, ids), at=at))


def reported(tx: Tx, ids: Iterable[int], at: int) -> None:
    """The receiver knows the numbers of these parcels since then; what it was told first stands."""
    if found := list(ids):
        tx.execute(_REPORTED, {"seller": tx.seller_id, "ids": bulk.array(tx, found), "at": at})


def move(tx: Tx, columns: Sequence[str], rows: Sequence[tuple[object, ...]], guard: str | None = None) -> int:
    """Set columns of packages; a row is (package id, values in the order of `columns`). Returns rows changed."""
    return bulk.update(tx, packages, ("seller_id", "id"), columns, [(tx.seller_id, *row) for row in rows], guard)


def cancel(tx: Tx, ids: Iterable[int]) -> int:
    """Cancel parcels that have not been delivered."""
    rows = [(tx.seller_id, id_, CANCELLED) for id_ in ids]
    return bulk.update(tx, packages, ("seller_id", "id"), ("state",), rows, "t.state <> 'delivered'")


def reseal(tx: Tx, file_id: int, sealed: bytes) -> None:
    """Put another sealed content in place of a label file's."""
    bulk.update(tx, label_files, ("seller_id", "id"), ("sealed",), [(tx.seller_id, file_id, sealed)])


def keep_files(tx: Tx, rows: Iterable[tuple[object, ...]]) -> None:
    """Write sealed label files: (id, name, digest, sealed, at)."""
    _insert(tx, label_files, _FILE, list(rows))


def keep_labels(tx: Tx, rows: Iterable[tuple[object, ...]]) -> None:
    """Write labels: (id, origin, format, page, digest, file, lint, at)."""
    _insert(tx, labels, _LABEL, list(rows))


def keep_slots(tx: Tx, rows: Iterable[tuple[object, ...]]) -> None:
    """Write how and when parcels are handed over: (package, method, from, to, told at). The last word stands."""
    keyed = [(tx.seller_id, *row) for row in rows]
    bulk.upsert(tx, handover_slots, _SLOT, keyed, _SLOT[:2], _SLOT[2:])


def log_scans(tx: Tx, rows: Iterable[tuple[object, ...]]) -> None:
    """Write the bench's scans, wrong ones too: (id, package, at, actor, code, ok, reason)."""
    _insert(tx, bench_scans, _SCAN, rows)
