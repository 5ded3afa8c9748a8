"""Carriers: they collect, scan, stall, lose and deliver; what a scan means for parcel and order is decided here.

A parcel that was collected carries its way to come in `flags["way"]`; one event at a time is planned for it. `turn`
tells a planned event from one that was overtaken by a change of the way.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from fahuo.sandbox import cancels, journeys, markets, providers
from fahuo.sandbox.journeys import DAY, HOUR, Step
from fahuo.sandbox.model import COMPLETE, FULFILLING, GONE, PROCESSING, Behaviour, Order, Package, Scan
from fahuo.sandbox.settling import live_lines, settle

if TYPE_CHECKING:
    from fahuo.sandbox.world import World

SILENCE: Final = 7 * DAY
"""Without a scan for longer than this a parcel counts as lost (reference 4.2)."""

CALM: Final = Behaviour(
    not_collected=0.0, stalled=0.0, lost=0.0, damaged=0.0, second_attempts=0.0, sorting_refused=0.0, relabelled=0.0,
    customs_held=0.0, cod_refusals=0.0,
)  # fmt: skip
"""What becomes of parcels whose buyers were not drawn by chance: nothing goes wrong by itself."""

TRANSIT: Final = {
    "collected": ("collected", "sorting_accepted", "departed"),
    "sorting_accepted": ("sorting_accepted", "departed"),
    "departed": ("departed",),
}
"""Scans that make a parcel In Transit, by the setting of its shop."""
_ALWAYS_TRANSIT: Final = frozenset({"customs", "out_for_delivery", "delivered", "refused"})

REASONS: Final = {
    "lost": "package_lost",
    "damaged": "package_damaged",
    "returned": "returned_to_shipper_other",
    "refused": "returned_to_shipper_refused",
    "sorting_refused": "system_cancel_cross_border_entry_warehouse_failed_reason2",
}
TEXTS: Final = {
    "collected": "Parcel has been picked up by the carrier",
    "sorting_accepted": "Parcel has been accepted by the sorting warehouse",
    "sorting_refused": "Parcel was refused by the sorting warehouse and goes back to the seller",
    "relabelled": "The sorting warehouse has printed a new label; the fee is charged to the seller",
    "departed": "Parcel has left the sorting centre",
    "customs": "Parcel is held by customs for inspection",
    "arrived": "Parcel has arrived at the delivery station",
    "out_for_delivery": "Parcel is out for delivery",
    "delivered": "Parcel has been delivered",
    "exception": "Delivery attempt failed: the recipient was not available",
    "damaged": "Parcel was damaged in transit",
    "refused": "The recipient refused the parcel; it goes back to the sender",
    "returned": "Parcel has been returned to the sender",
    "lost": "Parcel cannot be found and counts as lost",
}
"""Descriptions of the events, which are free text on the platform."""


class Hindrance(Struct, frozen=True, kw_only=True):
    """Something that keeps carriers from working: `kind` collect (strike) or deliver (typhoon). Empty sets mean all."""

    kind: str
    start: int
    end: int
    shops: frozenset[str] = frozenset()
    carriers: frozenset[str] = frozenset()
    """Names or ids."""
    regions: frozenset[str] = frozenset()
    """Names as in the addresses."""


def hinder(world: World, hindrance: Hindrance) -> None:
    """Carriers do not collect, or do not move parcels, between two instants."""
    world.hindrances.append(hindrance)


def _hindered(world: World, package: Package, kind: str, at: int) -> int | None:
    """When it is over, if something hinders the carrier now."""
    ends = [h.end for h in world.hindrances if h.kind == kind and h.start <= at < h.end and _meets(world, h, package)]
    return max(ends, default=None)


def _meets(world: World, h: Hindrance, package: Package) -> bool:
    if h.shops and package.shop_id not in h.shops:
        return False
    if h.carriers and not h.carriers & {package.provider_id, package.provider_name}:
        return False
    return not h.regions or bool(h.regions & journeys.regions_of(_first_order(world, package)))


def install(world: World) -> None:
    """Take the events of the carriers."""
    world.on("carrier.collect", _collect_event)
    world.on("carrier.step", _step_event)
    world.on("carrier.silence", _silence_event)
    world.arranged.append(_arranged)


def by_sorting_warehouse(world: World, package: Package) -> bool:
    """Whether the parcel goes to the platform's sorting warehouse first."""
    shop = world.shops[package.shop_id]
    return markets.first_mile(shop.region, shop.cross_border) and not package.own


# --- collecting ----------------------------------------------------------------------------------------------------


def _arranged(world: World, package: Package, at: int) -> None:
    if not by_sorting_warehouse(world, package):
        plan_collection(world, package, at)


def plan_collection(world: World, package: Package, at: int) -> None:
    """The van is asked to come for a parcel: in the booked slot, or on its round."""
    shop = world.shops[package.shop_id]
    if shop.collect != "auto" or not world.behaviour.carriers_collect:
        return
    due = journeys.next_van(shop, at)
    if package.slot is not None and package.handover_method == "PICKUP" and package.slot[1] >= at:
        length = package.slot[1] - package.slot[0]
        due = max(at, package.slot[0] + int(length * world.chance("slot", package.id).random()))
    package.flags["collect_at"] = due
    world.later(due, "carrier.collect", package.id)


def _collect_event(world: World, id_: str, at: int) -> None:
    package = world.packages[id_]
    if package.status != PROCESSING or package.flags.get("collect_at") != at or package.scans:
        return
    shop = world.shops[package.shop_id]
    if shop.collect != "auto":
        return
    over = _hindered(world, package, "collect", at)
    missed = package.flags.get("missed", 0)
    if over is None and world.chance("collect", id_, missed).random() >= _rates(world, package).not_collected:
        collected(world, package, at)
        return
    package.flags["missed"] = missed + 1
    package.slot = None
    plan_collection(world, package, max(over or 0, at + HOUR))


def collected(world: World, package: Package, at: int) -> None:
    """The carrier takes the parcel: first scan, and the way begins."""
    shop, order, rng = world.shops[package.shop_id], _first_order(world, package), world.chance("way", package.id)
    scanned(world, package, "collected", at, place=str(shop.warehouse.address.get("city", "")))
    if by_sorting_warehouse(world, package):
        way = journeys.first_mile(at, rng)
    elif shop.cross_border:
        way = _fated(world, package, journeys.international(shop, order, at, rng, _customs(world, package, rng)), rng)
    else:
        way = _fated(world, package, journeys.domestic(shop, package, order, at, rng), rng)
    set_way(world, package, way)
    world.later(at + SILENCE + 1, "carrier.silence", package.id)


def _customs(world: World, package: Package, rng: Random) -> int:
    return int(rng.uniform(1, 4) * DAY) if rng.random() < _rates(world, package).customs_held else 0


def _fated(world: World, package: Package, way: list[Step], rng: Random) -> list[Step]:
    """The way with what goes wrong on it."""
    b, fate = _rates(world, package), rng.random()
    order = _first_order(world, package)
    door = way[-1]
    if fate < b.lost:
        return way[: max(1, len(way) - 3)]
    if fate < b.lost + b.damaged:
        station = way[-3]
        return [*way[:-2], Step(station.at + HOUR, "damaged", TEXTS["damaged"], station.place)]
    if fate < b.lost + b.damaged + b.stalled:
        wait = int(rng.uniform(2, 5.5) * DAY)
        return [*way[:-2], *(step._replace(at=step.at + wait) for step in way[-2:])]
    if order.cod and rng.random() < b.cod_refusals:
        back = door.at + int(rng.uniform(3, 6.5) * DAY)
        return [
            *way[:-1],
            door._replace(kind="refused", text=TEXTS["refused"]),
            Step(back, "returned", TEXTS["returned"], ""),
        ]
    if rng.random() < b.second_attempts:
        again = journeys.next_attempt(world.shops[package.shop_id], door.at, rng)
        return [
            *way[:-1],
            door._replace(kind="exception", text=TEXTS["exception"]),
            Step(again - 2 * HOUR, "out_for_delivery", TEXTS["out_for_delivery"], door.place),
            door._replace(at=again),
        ]
    return way


# --- on the way ----------------------------------------------------------------------------------------------------


def way_of(package: Package) -> list[Step]:
    """The scans to come."""
    found: list[Step] = package.flags.get("way", [])
    return found


def set_way(world: World, package: Package, way: list[Step]) -> None:
    """From now on the parcel goes this way; what was planned is off."""
    turn = package.flags["turn"] = package.flags.get("turn", 0) + 1
    package.flags["way"] = way
    if way:
        world.later(way[0].at, "carrier.step", package.id, turn=turn)


def _step_event(world: World, id_: str, at: int, turn: int) -> None:
    package = world.packages[id_]
    if package.flags.get("turn") != turn or package.status not in (PROCESSING, FULFILLING):
        return
    abroad = any(one.kind == "sorting" for one in way_of(package))  # still in China: a storm at the buyer's is far off
    over = None if abroad else _hindered(world, package, "deliver", at)
    if over is not None:
        wait = over - at + int(world.chance("over", id_).random() * 6 * HOUR)
        set_way(world, package, [step._replace(at=step.at + wait) for step in way_of(package)])
        return
    step(world, package, at)


def step(world: World, package: Package, at: int) -> Step | None:
    """The next scan happens now; the rest of the way moves with it."""
    way = way_of(package)
    if not way:
        return None
    now, rest = way[0], way[1:]
    early = now.at - at
    set_way(world, package, [one._replace(at=one.at - early) for one in rest])
    if now.kind == "sorting":
        return now._replace(kind=sort(world, package, at))
    scanned(world, package, now.kind, at, now.text, now.place)
    return now


def sort(world: World, package: Package, at: int, verdict: str | None = None) -> str:
    """The sorting warehouse accepts, refuses or relabels a parcel; by chance when no verdict is given."""
    b, rng = _rates(world, package), world.chance("sorting", package.id)
    if verdict is None:
        fate = rng.random()
        refused, relabelled = fate < b.sorting_refused, fate < b.sorting_refused + b.relabelled
        verdict = "sorting_refused" if refused else "relabelled" if relabelled else "sorting_accepted"
    if verdict == "sorting_refused":
        scanned(world, package, verdict, at, place="Dongguan")
        return verdict
    if verdict == "relabelled":
        package.flags["relabelled"] = True
        scanned(world, package, "relabelled", at, place="Dongguan")
    scanned(world, package, "sorting_accepted", at, place="Dongguan")
    shop, order = world.shops[package.shop_id], _first_order(world, package)
    way = journeys.international(shop, order, at, rng, _customs(world, package, rng))
    set_way(world, package, _fated(world, package, way, rng))
    return verdict


def scanned(world: World, package: Package, kind: str, at: int, text: str = "", place: str = "") -> None:
    """A scan, and everything it means."""
    shop = world.shops[package.shop_id]
    shown = "exception" if kind in ("damaged", "relabelled") else kind
    package.scans.append(Scan(at=at, kind=shown, text=text or TEXTS.get(kind, kind), place=place))
    package.updated = at
    _note_bundle(world, package, kind)
    if kind == "departed" and shop.cross_border and not package.last_mile_number:
        local_carrier = markets.providers(shop.region)[0]
        package.last_mile_number = providers.number_of(local_carrier, int(world.new_id()[-12:]))
    if package.status == PROCESSING and _makes_transit(world, package, kind):
        package.status = FULFILLING
        _settle(world, package, at)
    if kind == "delivered":
        package.status = COMPLETE
        set_way(world, package, [])
        _settle(world, package, at)
    elif kind == "refused":
        for one in package.order_ids:
            world.orders[one].refused_cod = True
    elif kind in ("lost", "damaged", "returned", "sorting_refused"):
        refused = kind == "returned" and any(scan.kind == "refused" for scan in package.scans)
        fail(world, package, REASONS["refused" if refused else kind], at)


def _makes_transit(world: World, package: Package, kind: str) -> bool:
    if kind in _ALWAYS_TRANSIT:
        return True
    if not by_sorting_warehouse(world, package):
        return kind in ("collected", "departed", "arrived")
    return kind in TRANSIT[world.shops[package.shop_id].transit_by]


def _note_bundle(world: World, package: Package, kind: str) -> None:
    bundle = world.bundles.get(package.bundle_id)
    if bundle is None:
        return
    if kind == "sorting_accepted":
        bundle.accepted += package.order_ids
    elif kind == "sorting_refused":
        bundle.refused += package.order_ids


def _silence_event(world: World, id_: str, at: int) -> None:
    package = world.packages[id_]
    if package.status != FULFILLING or not package.scans:
        return
    quiet_since = package.scans[-1].at
    if at - quiet_since <= SILENCE:
        world.later(quiet_since + SILENCE + 1, "carrier.silence", id_)
    else:
        scanned(world, package, "lost", at)


def fail(world: World, package: Package, reason: str, at: int) -> None:
    """The parcel will not arrive: its order is cancelled, or only its units where others are in another parcel."""
    set_way(world, package, [])
    mine = set(package.line_ids)
    for one in list(package.order_ids):
        order = world.orders[one]
        if mine.issuperset(live_lines(order)):
            cancels.cancel_by_system(world, order, reason, at)
        else:
            cancels.cancel_by_system(world, order, reason, at, line_ids=[one for one in order.line_ids if one in mine])
    package.status, package.updated = GONE, at


def _settle(world: World, package: Package, at: int) -> None:
    for one in package.order_ids:
        settle(world, world.orders[one], at)


def _first_order(world: World, package: Package) -> Order:
    return world.orders[package.order_ids[0]]


def _rates(world: World, package: Package) -> Behaviour:
    return world.behaviour if _first_order(world, package).lively else CALM
