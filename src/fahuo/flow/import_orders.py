"""Use case: take order files into a shop, batch by batch, with a report. Memory is bounded by the batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import date, datetime, time
from pathlib import Path
from typing import TypeVar

import msgspec

from fahuo.catalogue.model import Shop
from fahuo.channels.model import ReadContext
from fahuo.channels.read import read_orders
from fahuo.flow.ahead import meanwhile
from fahuo.flow.house import Desk, House, need_shop, open_desk
from fahuo.flow.intake import take, take_in
from fahuo.flow.report import Report, Source
from fahuo.kernel.batches import calm_collector
from fahuo.kernel.ids import new_id
from fahuo.kernel.instant import from_local, zone
from fahuo.kernel.problems import Failure
from fahuo.orders.model import OrderIn, Refusal
from fahuo.orders.tables import imports
from fahuo.store import bulk

BATCH = 2_000
T = TypeVar("T")


def import_orders(  # noqa: PLR0913 - one argument for each option of `fahuo import`
    house: House,
    paths: Sequence[Path],
    shop_name: str,
    *,
    format_: str = "auto",
    mapping: str | None = None,
    as_of: int | date | None = None,
    dry_run: bool = False,
    plan: bool = False,
    actor: str = "import",
    progress: Callable[[int], None] | None = None,
    stop: Callable[[], bool] | None = None,
    seller_id: int = 1,
    kind: str = "file",
) -> Report:
    """Take the orders of these files. Raises Failure for what cannot be read at all; the rest is in the report.

    With `as_of` the data set is taken as it stood then, and that instant is the business time of the import; a date
    is the beginning of that day in the shop's zone.
    With `plan` new orders that have their units are planned at once, batch by batch, not by the next run.
    Once `stop` says so, the batch under way is finished and the rest is left alone.
    """
    with house.store.read(seller_id) as tx:
        shop = need_shop(tx, shop_name)
        desk = open_desk(tx, actor)
    if isinstance(as_of, date):
        as_of, _ = from_local(datetime.combine(as_of, time()), zone(shop.zone))
    now = house.clock.now() if as_of is None else as_of
    context = ReadContext(
        market=shop.market,
        zone=shop.zone,
        now=now,
        currency=shop.currency,
        shop_name=shop.name,
        shipping_type=shop.shipping_type,
        as_of=as_of,
        lang=house.lang,
        progress=_heed(stop, progress),
    )
    report = Report()
    source = Source(kind, ", ".join(path.name for path in paths)[:200])
    stream = read_orders(paths, context, format_, mapping)
    begun = _begin(house, shop, source.name, now, actor, seller_id) if not dry_run else 0
    try:
        with calm_collector(), closing(meanwhile(stream, BATCH, house.store.away)) as batches:
            for batch in _until(stop, batches):
                if dry_run:
                    _rehearse(house, desk, shop, batch, now, source, report)
                else:
                    take(house.store, desk, shop, batch, now, source, report, plan=plan)
    except _Stopped:
        report.stopped = True
    except Failure:
        if begun:
            _end(house, begun, report, now, seller_id, failed=True)
        raise
    if begun:
        _end(house, begun, report, now, seller_id)
    return report


class _Stopped(Exception):
    """Somebody asked to stop while a file was being read."""


def _heed(stop: Callable[[], bool] | None, progress: Callable[[int], None] | None) -> Callable[[int], None] | None:
    """Progress that also looks whether to stop: a large file is read for minutes before its first batch."""
    if stop is None:
        return progress

    def advance(count: int) -> None:
        if stop():
            raise _Stopped
        if progress:
            progress(count)

    return advance


def _until(stop: Callable[[], bool] | None, batches: Iterator[T]) -> Iterator[T]:
    for batch in batches:
        if stop and stop():
            raise _Stopped
        yield batch


def _rehearse(
    house: House, desk: Desk, shop: Shop, batch: Sequence[OrderIn | Refusal], now: int, source: Source, report: Report
) -> None:
    unique: dict[str, OrderIn] = {}
    for one in batch:
        if isinstance(one, Refusal):
            report.refuse(one)
        else:
            report.read += 1
            unique[one.platform_order_id] = one
    with house.store.write(shop.seller_id) as tx:
        take_in(tx, desk, shop, list(unique.values()), now, source, report)
        tx.conn.rollback()


_COLUMNS = tuple(column.name for column in imports.columns)


def _begin(house: House, shop: Shop, name: str, now: int, actor: str, seller_id: int) -> int:
    id_ = new_id()
    with house.store.write(seller_id) as tx:
        bulk.insert(tx, imports, _COLUMNS, [(seller_id, id_, shop.id, name, now, actor, "{}", None)])
    return id_


def _end(house: House, id_: int, report: Report, now: int, seller_id: int, *, failed: bool = False) -> None:
    told = {**report.counts(), "refused": len(report.refused)} | ({"failed": 1} if failed else {})
    counts = msgspec.json.encode(told).decode()
    with house.store.write(seller_id) as tx:
        bulk.update(tx, imports, ("seller_id", "id"), ("counts", "finished_at"), [(seller_id, id_, counts, now)])
