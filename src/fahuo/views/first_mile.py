"""Bundles for the sorting warehouse as people see them: how far their parcels are, and what a person must decide."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from sqlalchemy import func, select

from fahuo.kernel.instant import iso
from fahuo.store.bulk import any_of, array
from fahuo.store.engine import Tx
from fahuo.store.tables import effects
from fahuo.warehouse import first_mile as station
from fahuo.warehouse.first_mile import Bundle
from fahuo.warehouse.tables import first_mile_parcels, packages

_KIND: Final = "bundle_first_mile"
_OPEN: Final = ("unknown", "given_up")
"""States in which nobody knows whether the platform has made the bundle."""
_l, _p, _e = first_mile_parcels.c, packages.c, effects.c


class BundleView(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle with counts of its parcels. `question`: a person must say whether the platform has made it."""

    bundle: Bundle
    handed_over: int = 0
    scanned: int = 0
    """By the domestic courier, or later."""
    taken_in: int = 0
    """By the sorting warehouse."""
    refused: int = 0
    question: bool = False


def bundles(tx: Tx, limit: int) -> list[BundleView]:
    """The newest bundles first, two statements for all of them."""
    found = station.bundles(tx, limit)
    ids = array(tx, [one.id for one in found])
    counts = tx.rows(
        select(
            _l.bundle_id,
            func.count(_p.handed_over_at),
            func.count(_l.domestic_scan_at),
            func.count(_l.sorting_in_at),
            func.count(_l.refused_at),
        )
        .join(packages, (_p.seller_id == _l.seller_id) & (_p.id == _l.package_id))
        .where(_l.seller_id == tx.seller_id, any_of(_l.bundle_id, "ids"))
        .group_by(_l.bundle_id),
        ids=ids,
    )
    told = {row[0]: tuple(int(count) for count in row[1:]) for row in counts}
    keys = array(tx, [f"{_KIND}:{one.id}" for one in found if one.state == station.ASKED])
    waiting = tx.rows(
        select(_e.key).where(_e.seller_id == tx.seller_id, any_of(_e.key, "keys"), _e.state.in_(_OPEN)), keys=keys
    )
    asked = {row[0] for row in waiting}
    return [_view(one, told.get(one.id, (0, 0, 0, 0)), f"{_KIND}:{one.id}" in asked) for one in found]


def _view(one: Bundle, counts: tuple[int, ...], question: bool) -> BundleView:
    handed, scanned, taken, refused = counts
    return BundleView(
        bundle=one, handed_over=handed, scanned=scanned, taken_in=taken, refused=refused, question=question
    )


def bundle_json(view: BundleView) -> dict[str, Any]:
    """A bundle as programs see it."""
    one = view.bundle
    return {
        "id": str(one.id), "state": one.state, "question": view.question, "method": one.method,
        "courier": one.carrier_name, "number": one.tracking_number, "platform_ref": one.platform_ref,
        "parcels": one.parcels, "handed_over": view.handed_over, "scanned": view.scanned,
        "taken_in": view.taken_in, "refused": view.refused, "sheet": one.sheet_file_id is not None,
        "made_at": iso(one.made_at),
    }  # fmt: skip
