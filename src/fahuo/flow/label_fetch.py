"""What a fetched label means: the file is sealed and kept, its parcel can be printed and packed.

It is the parcel's for certain, because it was asked for by the platform's package; parcels of combined orders share it.
Printing again takes it from here, never from the platform.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from msgspec import json

from fahuo.flow import fulfil
from fahuo.flow.fulfil import Answered, Change
from fahuo.flow.labels import blank
from fahuo.kernel.ids import new_ids
from fahuo.orders import queries as orders_queries
from fahuo.orders.model import FINISHED
from fahuo.store import journal, personal
from fahuo.store.engine import Tx
from fahuo.warehouse import model, queries
from fahuo.warehouse import service as warehouse
from fahuo.warehouse.model import PLATFORM, Parcel

_LABELLED = ("label_id", "tracking_number", "platform_ref", "arranged_at", "state")


def book(tx: Tx, answered: Answered, now: int, actor: str) -> None:
    """Keep the labels that came; a parcel packed meanwhile, cancelled or cut anew takes none."""
    rows = {row.id: row for row in orders_queries.heads_of(tx, {one.order_id for one, _ in answered if one.order_id})}
    told = {one.package_id or 0: answer.outcome for one, answer in answered if answer.state == "done"}
    anew = {one.package_id for one, _ in answered if one.body.get("again")}
    gone = personal.erased(tx, rows)
    found = [p for p in queries.parcels(tx, told) if _takes(p, told[p.id], p.id in anew) and p.order_id not in gone]
    labels = keep(tx, [(p.id, told[p.id]) for p in found], now)
    after = [_labelled(parcel, labels[parcel.id], told[parcel.id], now) for parcel in found]
    warehouse.move(tx, _LABELLED, [(p.id, *(getattr(p, name) for name in _LABELLED)) for p in after])
    _forget_replaced(tx, found)
    waiting = fulfil.unarranged(tx, {p.order_id for p in after})
    changes: dict[int, Change] = {}
    for parcel in after:
        data: dict[str, Any] = {"package": str(parcel.id), "number": parcel.tracking_number, "label": PLATFORM}
        if lint := told[parcel.id].get("lint"):
            data["lint"] = lint
        change = changes.setdefault(parcel.order_id, Change([]))
        change.entries.append(journal.Entry(parcel.order_id, "labelled", now, actor, data))
        ready = parcel.order_id not in waiting and rows[parcel.order_id].state not in FINISHED
        shown = (parcel.carrier_name, parcel.tracking_number)
        changes[parcel.order_id] = change._replace(ready_at=now if ready else None, shown=shown)
    fulfil.note_declined(tx, answered, rows, changes, "label_declined", now, actor)
    fulfil.release(tx, {p.order_id for p in after}, ("label_declined",), "the label came", now)
    fulfil.write(tx, rows, changes)


def _forget_replaced(tx: Tx, before: Sequence[Parcel]) -> None:
    """Labels that others have taken the place of are blanked: nobody prints them again, or finds the old address."""
    replaced = [parcel.label_id for parcel in before if parcel.label_id is not None]
    if replaced:
        mates = queries.parcels_with_ref(tx, {parcel.platform_ref for parcel in before if parcel.platform_ref})
        used = queries.label_pages(tx, [parcel.label_id for parcel in mates if parcel.label_id is not None])
        blank(tx, replaced, but={(file_id, page) for _, file_id, page in used.values()})


def _takes(parcel: Parcel, outcome: dict[str, Any], anew: bool) -> bool:
    """Whether the label is for the parcel as it is now; one asked for anew also while it waits for its carrier."""
    ref = str(outcome.get("package") or "")
    open_ = parcel.state in (model.PLANNED, model.ARRANGED) and parcel.packed_at is None
    alive = open_ or (anew and parcel.state == model.PACKED and parcel.handed_over_at is None)
    return alive and parcel.label_origin == PLATFORM and parcel.platform_ref in ("", ref)


def _labelled(parcel: Parcel, label_id: int, outcome: dict[str, Any], now: int) -> Parcel:
    return parcel._replace(
        label_id=label_id,
        tracking_number=str(outcome.get("number") or parcel.tracking_number),
        platform_ref=parcel.platform_ref or str(outcome.get("package") or ""),
        arranged_at=parcel.arranged_at or now,
        state=model.ARRANGED if parcel.state == model.PLANNED else parcel.state,
    )


def keep(tx: Tx, told: Sequence[tuple[int, dict[str, Any]]], now: int) -> dict[int, int]:
    """Seal the PDFs (`content` of each outcome); package → label. The same file is kept once."""
    digests = {package: hashlib.sha256(outcome["content"]).hexdigest() for package, outcome in told}
    known = queries.files_with(tx, digests.values())
    files: dict[str, int] = dict(known)
    fresh, back = [], []
    for package, outcome in told:
        digest = digests[package]
        if digest in files and digest not in known:
            continue
        if digest not in files:
            (file_id,) = new_ids(1)
            files[digest] = file_id
            sealed = tx.keys.seal(outcome["content"], f"label|{file_id}")
            fresh.append((file_id, f"{outcome.get('package') or package}.pdf", digest, sealed, now))
        else:
            back.append((files[digest], tx.keys.seal(outcome["content"], f"label|{files[digest]}")))
    warehouse.keep_files(tx, fresh)
    for file_id, sealed in back:
        warehouse.reseal(tx, file_id, sealed)
    ids = {package: id_ for (package, _), id_ in zip(told, new_ids(len(told)), strict=True)}
    warehouse.keep_labels(
        tx,
        [
            (
                ids[package],
                PLATFORM,
                "pdf",
                0,
                digests[package],
                files[digests[package]],
                json.encode(list(outcome.get("lint") or ())).decode(),
                now,
            )
            for package, outcome in told
        ],
    )
    return ids
