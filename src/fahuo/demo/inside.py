"""The seller's people: the office, benches in every warehouse, a dock where the carriers come.

They use Fahuo as people do: parcels are opened by their number, every unit is scanned, the label closes the parcel.
What has to be told to the platform, Fahuo tells.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import select

from fahuo.catalogue import queries as catalogue
from fahuo.catalogue.model import Warehouse
from fahuo.demo.office import ACTOR, Office
from fahuo.demo.platform import Platform
from fahuo.flow import first_mile
from fahuo.flow.handover import hand_over
from fahuo.flow.house import House
from fahuo.flow.pack import BenchView, confirm, open_parcel, scan_item
from fahuo.kernel.instant import local, zone
from fahuo.kernel.problems import Problem
from fahuo.orders.model import CANCELLED
from fahuo.orders.tables import holds, orders
from fahuo.store.engine import Tx
from fahuo.warehouse import model
from fahuo.warehouse.floor import CLOSES, OPENS
from fahuo.warehouse.tables import first_mile_parcels, packages

MINUTE: Final = 60
HOUR: Final = 3_600
DAY: Final = 86_400
OFFICE_ZONE: Final = "Asia/Shanghai"
OFFICE_HOURS: Final = ("08:00", "22:00")
COLLECTED_AT: Final = 18 * HOUR + 30 * MINUTE
"""The carriers' van stands at every dock at 18:30 local time of working days."""
BUNDLED_AT: Final = 17 * HOUR + 30 * MINUTE
"""What goes across the border is bundled an hour before; what is packed later goes in the next day's bundle."""
PARCELS_PER_HOUR: Final = 15
"""What one person picks and packs in an hour: an assumption of the demonstration."""
SHIFT_HOURS: Final = int(CLOSES[:2]) - int(OPENS[:2])
__all__ = ["DAY", "HOUR", "MINUTE", "PARCELS_PER_HOUR", "SHIFT_HOURS", "Inside"]


class Inside:
    """Everybody who works for the seller. `staff` people stand at the benches of each warehouse.

    `writes`: whether the office answers buyers' messages; else somebody else does.
    """

    def __init__(self, house: House, outside: Platform, staff: int, *, writes: bool = True) -> None:
        self._house, self._outside, self._staff, self._writes = house, outside, staff, writes
        self._office = Office(house)
        self._left_over: dict[int, float] = {}

    def work(self, since: int, until: int) -> None:
        """What they do from `since` to `until`, at the business time of the house."""
        with self._house.store.read() as tx:
            places = catalogue.warehouse_list(tx)
        if _within(until, OFFICE_ZONE, *OFFICE_HOURS):
            self._office.answer()
            self._office.relabel()
            if self._writes:
                self._office.write()
        for place in places:
            self._pack(place, since, until)
        for place in places:
            if _struck(BUNDLED_AT, place, since, until):
                self._office.bundle(place.id)
            if _struck(COLLECTED_AT, place, since, until):
                self._hand_over(place)

    def _pack(self, place: Warehouse, since: int, until: int) -> None:
        """Pack as many parcels as the benches of this warehouse can in that time, the most urgent first."""
        if str(local(until, zone(place.zone)).isoweekday()) not in place.work_days or not _within(
            until, place.zone, OPENS, CLOSES
        ):
            return
        room = self._left_over.get(place.id, 0.0) + self._staff * PARCELS_PER_HOUR * (until - since) / HOUR
        with self._house.store.read() as tx:
            found = _to_pack(tx, place.id, int(room))
        # Nobody can pack today what was not there yesterday: idle time is not saved up.
        self._left_over[place.id] = room - int(room)
        for number in found:
            self._bench(number)

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
        """Everything on the dock that nothing holds back goes with the van."""
        with self._house.store.read() as tx:
            ready = _on_the_dock(tx, place.id)
        if ready:
            manifest = hand_over(self._house, ACTOR, codes=ready)
            self._outside.collect(manifest.handed_over)


def _to_pack(tx: Tx, warehouse_id: int, limit: int) -> list[str]:
    """Waybill numbers of arranged parcels of a warehouse, the most urgent first; held orders stay."""
    rows = tx.rows(
        select(packages.c.tracking_number)
        .join(orders, (packages.c.seller_id == orders.c.seller_id) & (packages.c.order_id == orders.c.id))
        .where(
            packages.c.seller_id == tx.seller_id,
            packages.c.warehouse_id == warehouse_id,
            packages.c.state == model.ARRANGED,
            packages.c.tracking_number != "",
            orders.c.id.not_in(_stopped(tx)),
        )
        .order_by(orders.c.due_at, orders.c.id)
        .limit(limit)
    )
    return [row[0] for row in rows]


def _on_the_dock(tx: Tx, warehouse_id: int) -> list[str]:
    """Waybill numbers of packed parcels that wait for the carrier: the platform knows them, and nothing holds them.

    What goes to the sorting warehouse goes in a bundle.
    """
    legs = first_mile_parcels.c
    bundled = select(legs.package_id).where(legs.seller_id == tx.seller_id, legs.bundle_id.is_not(None))
    rows = tx.rows(
        select(packages.c.tracking_number)
        .join(orders, (packages.c.seller_id == orders.c.seller_id) & (packages.c.order_id == orders.c.id))
        .where(
            packages.c.seller_id == tx.seller_id,
            packages.c.warehouse_id == warehouse_id,
            packages.c.state == model.PACKED,
            packages.c.handed_over_at.is_(None),
            (packages.c.label_origin == model.PLATFORM) | packages.c.reported_at.is_not(None),
            orders.c.state != CANCELLED,
            orders.c.id.not_in(_stopped(tx)),
            packages.c.shop_id.not_in(first_mile.shops(tx)) | packages.c.id.in_(bundled),
        )
        .order_by(packages.c.id)
    )
    return [row[0] for row in rows]


def _stopped(tx: Tx):  # type: ignore[no-untyped-def]  # a SQLAlchemy Select of order ids
    return select(holds.c.order_id).where(
        holds.c.seller_id == tx.seller_id, holds.c.released_at.is_(None), holds.c.blocks
    )


def _struck(time: int, place: Warehouse, since: int, until: int) -> bool:
    """Whether that local time (seconds of the day) of a working day lies in (since, until]."""
    here = zone(place.zone)
    for at in (since, until):
        start = local(at, here).replace(hour=0, minute=0, second=0)
        if since < int(start.timestamp()) + time <= until and str(start.isoweekday()) in place.work_days:
            return True
    return False


def _within(at: int, zone_name: str, opens: str, closes: str) -> bool:
    return opens <= local(at, zone(zone_name)).strftime("%H:%M") <= closes
