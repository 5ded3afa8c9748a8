"""Opening parcels for planned orders: waves, packages, waybill numbers, journal, tasks for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from fahuo.carriers.numbers import take_numbers
from fahuo.flow.house import Desk
from fahuo.flow.regroup import opened
from fahuo.inventory.queries import Reservation
from fahuo.kernel.ids import new_ids
from fahuo.orders.model import SHIPPING_SELLER
from fahuo.orders.queries import ToPlan
from fahuo.store import effects, journal
from fahuo.store.engine import Tx
from fahuo.warehouse import queries as warehouse_queries
from fahuo.warehouse import service as warehouse
from fahuo.warehouse.model import ARRANGED, CARRIER, OWN, PLANNED, PLATFORM
from fahuo.warehouse.rules import WAVE_PARCELS, cut_waves


class Chosen(NamedTuple):
    """A decision that holds: units placed, capacity taken."""

    order: ToPlan
    by: str
    warehouse: int
    service: int
    """0: the platform's carrier."""
    carrier: str
    carton: int
    leave_at: int
    cost: int
    currency: str
    weight_g: int
    wave: tuple[int, int]
    """(group, wave) of the planner; parcels with the same one leave together."""


class Parcels(NamedTuple):
    """Everything that parcels begin with, before a row of it is written."""

    rows: list[tuple[object, ...]]
    items: list[tuple[object, ...]]
    tasks: list[effects.Effect]
    entries: dict[int, journal.Entry]
    """By order, like `orders`."""
    orders: dict[int, tuple[int, str, str]]
    """(warehouse, carrier, tracking number), which the order row shows from now on."""


def prepare(
    tx: Tx, desk: Desk, chosen: Sequence[Chosen], held: Mapping[int, Sequence[Reservation]], now: int
) -> Parcels:
    """Draw numbers, find or open waves; `write` does the rest. Number ranges are drawn from here and nowhere else."""
    found = Parcels([], [], [], {}, {})
    if not chosen:
        return found
    numbers = _numbers(tx, chosen)
    wave_of = _waves(tx, chosen, now)
    for i, (one, package) in enumerate(zip(chosen, new_ids(len(chosen)), strict=True)):
        order, own = one.order, numbers.get(i, "")
        ours = order.shipping_type == SHIPPING_SELLER
        number = own or order.tracking_number
        origin = PLATFORM if not ours else OWN if own else CARRIER
        # A number of our own makes the label at once; the platform's exists only after arranging there.
        arranged = now if own else order.arranged_at
        carrier = one.carrier or order.carrier_name
        found.rows.append(
            (
                package, order.shop_id, order.id, "", PLANNED if arranged is None else ARRANGED, "", wave_of[i],
                one.warehouse, one.service, one.carton or None, carrier, number, origin, None, one.weight_g, arranged,
                None, None, None, None, None,
            )
        )  # fmt: skip
        found.items.extend([(package, order.id, r.line_no, r.sku_id, r.quantity, 0) for r in held[order.id]])
        data = _planned(one, package, wave_of[i])
        if own:
            data["number"], data["carrier"], data["label"] = own, carrier, origin
        found.entries[order.id] = journal.Entry(order.id, "planned", now, desk.actor, data)
        if arranged is None:
            found.tasks.append(_task(order, package, ours, now))
        # The platform calls the order ready to ship only once our number is reported: until then its clock runs, and
        # `arranged_at` of the order stays as it is.
        found.orders[order.id] = (one.warehouse, carrier, number)
    return found


def write(tx: Tx, parcels: Parcels, now: int) -> None:
    """Write packages, what they hold, and the tasks for people or the platform. The orders are the caller's."""
    warehouse.open_packages(tx, parcels.rows, parcels.items)
    asked = opened(tx, parcels.rows, now)
    effects.put(tx, [task for task in parcels.tasks if task.package_id not in asked])


def _numbers(tx: Tx, chosen: Sequence[Chosen]) -> dict[int, str]:
    """Waybill numbers from the carriers' ranges for own parcels, by index; none where the range has ended."""
    wanted: dict[int, list[int]] = {}
    for i, one in enumerate(chosen):
        if one.order.shipping_type == SHIPPING_SELLER and one.service and not one.order.tracking_number:
            wanted.setdefault(one.service, []).append(i)
    drawn = take_numbers(tx, {service: len(group) for service, group in wanted.items()})
    return {
        i: number for service, group in wanted.items() for i, number in zip(group, drawn.get(service, ()), strict=False)
    }


def _waves(tx: Tx, chosen: Sequence[Chosen], now: int) -> list[int]:
    """The wave of each parcel: one that leaves the same way and nobody has begun, else a new one of a picker's size."""
    groups = cut_waves([(one.wave, i) for i, one in enumerate(chosen)])
    joined = _join(tx, chosen, groups, now)
    fresh = [place for place in range(len(groups)) if place not in joined]
    number = warehouse_queries.last_wave_number(tx)
    rows = []
    for place, wave_id in zip(fresh, new_ids(len(fresh)), strict=True):
        members = groups[place]
        first = chosen[members[0]]
        number += 1
        rows.append((wave_id, number, first.warehouse, first.service, first.leave_at, len(members), now))
        joined[place] = wave_id
    warehouse.open_waves(tx, rows)
    wave_of = [0] * len(chosen)
    for place, members in enumerate(groups):
        for i in members:
            wave_of[i] = joined[place]
    return wave_of


def _join(tx: Tx, chosen: Sequence[Chosen], groups: Sequence[Sequence[int]], now: int) -> dict[int, int]:
    """Groups that go into a wave there is already: place of the group → wave. Orders that come by ones gather so."""
    there = warehouse_queries.waves_to_join(tx, now, WAVE_PARCELS)
    wanted: dict[int, int] = {}
    for place, members in enumerate(groups):
        first = chosen[members[0]]
        wave, room = there.pop((first.warehouse, first.service, first.leave_at), (0, 0))
        if room >= len(members):
            wanted[place] = wave
    took = warehouse.join_waves(tx, [(wave, len(groups[place])) for place, wave in wanted.items()], WAVE_PARCELS)
    return {place: wave for (place, wave), ok in zip(wanted.items(), took, strict=True) if ok}


def _planned(one: Chosen, package: int, wave: int) -> dict[str, Any]:
    data: dict[str, Any] = {
        "by": one.by,
        "warehouse": str(one.warehouse),
        "service": str(one.service),
        "wave": str(wave),
        "package": str(package),
        "leave": one.leave_at,
        "cost": one.cost,
        "currency": one.currency,
    }
    if one.carton:
        data["carton"] = str(one.carton)
    return data


def _task(order: ToPlan, package: int, ours: bool, now: int) -> effects.Effect:
    """What no file and no call of ours can do: a person does it in Seller Center, or asks the carrier for a number."""
    kind = "get_number" if ours else "arrange_shipment"
    return effects.Effect(
        key=f"{kind}:{package}",
        kind=kind,
        lane="person",
        shop_id=order.shop_id,
        order_id=order.id,
        package_id=package,
        due_at=order.due_at or now,
        body={"order": order.platform_order_id},
        waits=True,
    )
