"""The seller's people: an office that arranges shipments and uploads files, benches in every warehouse.

They use Fahuo as people do: parcels are opened by their number, every unit is scanned, the label closes the parcel.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import select

from fahuo.catalogue import queries as catalogue
from fahuo.catalogue.model import Warehouse
from fahuo.demo.outside import HOUR, MINUTE, Outside
from fahuo.documents.render import render_labels
from fahuo.flow.dispatch import export_shipped
from fahuo.flow.handover import hand_over
from fahuo.flow.house import House
from fahuo.flow.label_files import attach
from fahuo.flow.pack import BenchView, confirm, open_parcel, scan_item
from fahuo.kernel.instant import iso, local, zone
from fahuo.kernel.problems import Failure, Problem
from fahuo.orders.model import CANCELLED
from fahuo.orders.tables import holds, orders
from fahuo.store.engine import Tx
from fahuo.warehouse import model
from fahuo.warehouse.floor import CLOSES, OPENS
from fahuo.warehouse.tables import packages

OFFICE_ZONE: Final = "Asia/Shanghai"
OFFICE_HOURS: Final = ("08:00", "22:00")
COLLECTED_AT: Final = 18 * HOUR + 30 * MINUTE
"""The carriers' van stands at every dock at 18:30 local time of working days."""
PARCELS_PER_HOUR: Final = 15
"""What one person picks and packs in an hour: an assumption of the demonstration."""
SHIFT_HOURS: Final = int(CLOSES[:2]) - int(OPENS[:2])
ACTOR: Final = "demo staff"


class Docked(NamedTuple):
    """A packed parcel that waits for its carrier."""

    order: str
    number: str


class Inside:
    """Everybody who works for the seller. `staff` people stand at the benches of each warehouse."""

    def __init__(self, house: House, outside: Outside, folder: Path, staff: int) -> None:
        self._house, self._outside, self._folder, self._staff = house, outside, folder, staff
        with house.store.read() as tx:
            self._warehouses = catalogue.warehouse_list(tx)
        self._dock: dict[int, list[Docked]] = {place.id: [] for place in self._warehouses}
        self._left_over: dict[int, float] = {place.id: 0.0 for place in self._warehouses}

    def work(self, since: int, until: int) -> None:
        """What they do from `since` to `until`, at the business time of the house."""
        if _within(until, OFFICE_ZONE, *OFFICE_HOURS):
            self._cancel()
            self._arrange(until)
        for place in self._warehouses:
            self._pack(place, since, until)
        self._upload(until)
        for place in self._warehouses:
            if _van_came(place, since, until):
                self._hand_over(place)

    def _cancel(self) -> None:
        """Agree to the cancellations buyers have asked for; the platform then cancels."""
        with self._house.store.read() as tx:
            asked = _held(tx, "cancel_requested")
        for id_ in asked:
            self._outside.agree_to_cancel(id_, self._house.clock.now())

    def _arrange(self, now: int) -> None:
        """Arrange shipment in Seller Center for what is planned, and take the label file in."""
        with self._house.store.read() as tx:
            waiting = _to_arrange(tx)
        labels = self._outside.arrange(waiting, now)
        if labels:
            path = self._folder / f"labels-{_stamp(now)}.pdf"
            path.write_bytes(render_labels(labels))
            taken = attach(self._house, path, ACTOR)
            if taken.refused:
                raise Failure(taken.refused[0][1], 1)

    def _pack(self, place: Warehouse, since: int, until: int) -> None:
        """Pack as many parcels as the benches of this warehouse can in that time, the most urgent first."""
        if str(local(until, zone(place.zone)).isoweekday()) not in place.work_days or not _within(
            until, place.zone, OPENS, CLOSES
        ):
            return
        room = self._left_over[place.id] + self._staff * PARCELS_PER_HOUR * (until - since) / HOUR
        with self._house.store.read() as tx:
            found = _to_pack(tx, place.id, int(room))
        # Nobody can pack today what was not there yesterday: idle time is not saved up.
        self._left_over[place.id] = room - int(room)
        self._dock[place.id] += [Docked(order, number) for order, number in found if self._bench(number)]

    def _bench(self, number: str) -> bool:
        """Scan one parcel through: its number, every unit, its label."""
        view = open_parcel(self._house, number)
        if isinstance(view, Problem):
            return False
        for item in view.items:
            for _ in range(item.quantity - item.scanned):
                if isinstance(scan_item(self._house, view.package_id, item.barcode, ACTOR), Problem):
                    return False
        return isinstance(confirm(self._house, view.package_id, number, ACTOR), BenchView)

    def _hand_over(self, place: Warehouse) -> None:
        """Everything on the dock goes with the van, but what the platform has cancelled meanwhile."""
        ready = [one for one in self._dock[place.id] if self._outside.status(one.order) != CANCELLED]
        self._dock[place.id] = []
        if ready:
            hand_over(self._house, ACTOR, codes=[one.number for one in ready])
            self._outside.collect([(one.order, one.number) for one in ready], self._house.clock.now())

    def _upload(self, now: int) -> None:
        """Upload the shipped-file in Seller Center, when there is anything new."""
        content, parcels = export_shipped(self._house)
        if parcels:
            (self._folder / f"shipped-{_stamp(now)}.csv").write_bytes(content)
            self._outside.upload(content, now)


def _held(tx: Tx, code: str) -> list[str]:
    """Platform ids of orders that are not finished and held for that reason."""
    rows = tx.rows(
        select(orders.c.platform_order_id)
        .join(holds, (holds.c.seller_id == orders.c.seller_id) & (holds.c.order_id == orders.c.id))
        .where(
            orders.c.seller_id == tx.seller_id,
            holds.c.code == code,
            holds.c.released_at.is_(None),
            orders.c.station == "check",
        )
    )
    return [row[0] for row in rows]


def _to_arrange(tx: Tx) -> list[str]:
    """Platform ids of orders whose parcel waits to be arranged in Seller Center, in the order of their clocks."""
    rows = tx.rows(
        select(orders.c.platform_order_id)
        .join(packages, (packages.c.seller_id == orders.c.seller_id) & (packages.c.order_id == orders.c.id))
        .where(
            orders.c.seller_id == tx.seller_id,
            packages.c.state == model.PLANNED,
            packages.c.label_origin == model.PLATFORM,
        )
        .order_by(orders.c.due_at, orders.c.id)
    )
    return [row[0] for row in rows]


def _to_pack(tx: Tx, warehouse_id: int, limit: int) -> list[tuple[str, str]]:
    """(order, waybill number) of arranged parcels of a warehouse, the most urgent first; held orders stay."""
    stopped = select(holds.c.order_id).where(
        holds.c.seller_id == tx.seller_id, holds.c.released_at.is_(None), holds.c.blocks
    )
    rows = tx.rows(
        select(orders.c.platform_order_id, packages.c.tracking_number)
        .join(orders, (packages.c.seller_id == orders.c.seller_id) & (packages.c.order_id == orders.c.id))
        .where(
            packages.c.seller_id == tx.seller_id,
            packages.c.warehouse_id == warehouse_id,
            packages.c.state == model.ARRANGED,
            orders.c.id.not_in(stopped),
        )
        .order_by(orders.c.due_at, orders.c.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


def _van_came(place: Warehouse, since: int, until: int) -> bool:
    """Whether the collection of a working day lies in (since, until]."""
    here = zone(place.zone)
    for at in (since, until):
        start = local(at, here).replace(hour=0, minute=0, second=0)
        van = int(start.timestamp()) + COLLECTED_AT
        if since < van <= until and str(start.isoweekday()) in place.work_days:
            return True
    return False


def _within(at: int, zone_name: str, opens: str, closes: str) -> bool:
    return opens <= local(at, zone(zone_name)).strftime("%H:%M") <= closes


def _stamp(at: int) -> str:
    return iso(at).replace(":", "").replace("-", "")
