"""Use case: packed parcels are given to the carrier. What was handed over is counted against the carrier's count."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from fahuo.flow import first_mile, parcels
from fahuo.flow.house import House, open_desk
from fahuo.flow.recompute import retime
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.orders import queries as orders_queries
from fahuo.orders import service as orders
from fahuo.store import journal
from fahuo.store.engine import Tx
from fahuo.warehouse import first_mile as station
from fahuo.warehouse import model, queries, service
from fahuo.warehouse.model import Parcel


class Manifest(msgspec.Struct):
    """What went with the carrier, and what stayed behind because it is not packed or its order is held."""

    handed_over: list[str] = []
    """Waybill numbers (package ids where there is none), sorted."""
    again: int = 0
    """Parcels that were handed over before."""
    left: list[str] = []
    unbundled: list[str] = []
    """What stays because it goes to the platform's sorting warehouse and is in no bundle yet."""


def hand_over(
    house: House,
    actor: str,
    *,
    wave: int | None = None,
    codes: Sequence[str] = (),
    counted: int | None = None,
    seller_id: int = 1,
) -> Manifest:
    """Hand over the packed parcels of a wave, or those with these numbers. May be repeated.

    `counted`: how many the carrier counted; another number than ours is refused before anything is written.
    """
    now = house.clock.now()
    with house.store.write(seller_id) as tx:
        found = _chosen(tx, wave, codes)
        # Orders first, then their parcels, as everywhere: a bench may be packing one of them.
        rows = {row.id: row for row in orders_queries.stored(tx, {parcel.order_id for parcel in found})}
        found = [p for p in queries.parcels(tx, [p.id for p in found]) if p.state != model.CANCELLED]
        held = _held(tx, {p.order_id for p in found})
        packed = [p for p in found if p.packed_at is not None and p.handed_over_at is None]
        loose = _loose(tx, packed)
        ready = [p for p in packed if p.order_id not in held and p.id not in loose]
        stays = [p for p in found if p.packed_at is None] + [p for p in packed if p.order_id in held]
        manifest = Manifest(
            sorted(p.tracking_number or str(p.id) for p in ready),
            sum(p.handed_over_at is not None for p in found),
            sorted(p.tracking_number or str(p.id) for p in stays),
            sorted(p.tracking_number or str(p.id) for p in packed if p.id in loose and p.order_id not in held),
        )
        if counted is not None and counted != len(ready):
            raise Failure(_miscount(counted, len(ready)), 1)
        moved = [(p.id, model.HANDED_OVER if p.state == model.PACKED else p.state, now) for p in ready]
        service.move(tx, ("state", "handed_over_at"), moved)
        ids = sorted({p.order_id for p in ready})
        still = {id_ for id_, list_ in parcels.alive(tx, ids).items() if any(p.handed_over_at is None for p in list_)}
        stored = [rows[id_]._replace(handed_over_at=None if id_ in still else now) for id_ in ids]
        _write(tx, stored, ready, now, actor)
    return manifest


def _loose(tx: Tx, found: Sequence[Parcel]) -> set[int]:
    """Parcels for the sorting warehouse that are in no bundle: it would not know whose they are."""
    across = set(first_mile.shops(tx))
    mine = {p.id for p in found if p.shop_id in across and p.label_origin == model.PLATFORM}
    return mine - {leg.package_id for leg in station.legs(tx, mine) if leg.bundle_id is not None} if mine else set()


def _held(tx: Tx, order_ids: Collection[int]) -> set[int]:
    """Orders whose parcel is pulled out at the dock: the buyer wants to cancel, say, or lives elsewhere now."""
    open_ = orders_queries.open_holds(tx, order_ids)
    return {id_ for id_, list_ in open_.items() if any(one.blocks for one in list_)}


def _write(tx: Tx, rows: Sequence[orders_queries.Stored], ready: Sequence[Parcel], now: int, actor: str) -> None:
    found = retime(tx, open_desk(tx, actor), rows)
    numbers: dict[int, list[str]] = {}
    for parcel in ready:
        numbers.setdefault(parcel.order_id, []).append(parcel.tracking_number or str(parcel.id))
    entries = []
    for row in rows:
        data: dict[str, object] = {"parcels": sorted(numbers[row.id])}
        if shift := found[row.id].shift:
            data["clocks"] = shift
        entries.append(journal.Entry(row.id, "handed_over", now, actor, data))
    heads = journal.append(tx, entries, {row.id: (row.journal_seq, row.journal_head) for row in rows})
    orders.move(
        tx,
        ("handed_over_at", "due_at", "due_clock", "version", "journal_seq", "journal_head"),
        [
            (
                r.id,
                r.handed_over_at,
                found[r.id].timing.due_at,
                found[r.id].timing.due_clock,
                r.version + 1,
                *heads[r.id],
            )
            for r in rows
        ],
    )


def _chosen(tx: Tx, wave: int | None, codes: Sequence[str]) -> list[Parcel]:
    if wave is not None:
        known = queries.wave_numbered(tx, wave)
        if known is None:
            raise Failure(
                Problem(
                    "unknown_wave",
                    "wave",
                    str(wave),
                    N_("There is no wave {wave}."),
                    N_("List the waves first."),
                    {"wave": wave},
                )
            )
        return queries.parcels_of_wave(tx, known.id)
    found = queries.parcels_numbered(tx, codes)
    if lost := sorted(set(codes) - {parcel.tracking_number for parcel in found}):
        raise Failure(
            Problem(
                "unknown_code",
                "code",
                lost[0][:80],
                N_("No parcel has the number {code}."),
                N_("Scan the label on the parcel."),
                {"code": lost[0][:80]},
            ),
            1,
        )
    return found


def nothing_chosen() -> Problem:
    """Neither a wave nor numbers, or both."""
    return Problem(
        "nothing_chosen",
        "wave",
        message=N_("Say which parcels the carrier takes."),
        next=N_("Give either the wave (--wave W), or the number of each parcel (--number N)."),
    )


def _miscount(counted: int, ours: int) -> Problem:
    return Problem(
        "count_differs",
        "count",
        str(counted),
        N_("The carrier counted {counted} parcels, {ours} are packed."),
        N_("Count again; give the numbers of the parcels that really went."),
        {"counted": counted, "ours": ours},
    )
