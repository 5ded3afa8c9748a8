"""What may happen at the bench. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from fahuo.kernel.problems import Problem
from fahuo.kernel.text import N_
from fahuo.warehouse.model import ARRANGED, CANCELLED, Item, Parcel

WAVE_PARCELS = 200
"""Parcels of one wave at most: what a picker with a cart and one printed stack can carry through a shift's slot."""


def may_pack(parcel: Parcel, held: bool) -> Problem | None:
    """Why a parcel must not be packed now, or None. Only what is arranged, not held and not cancelled may be packed."""
    if parcel.state == CANCELLED:
        return Problem(
            "parcel_cancelled",
            "package",
            str(parcel.id),
            N_("This parcel is cancelled."),
            N_("Put the units back on the shelf and throw the label away."),
        )
    if parcel.packed_at is not None:
        return Problem(
            "already_packed", "package", str(parcel.id), N_("This parcel is packed already."), N_("Take the next one.")
        )
    if held:
        return Problem(
            "order_held",
            "package",
            str(parcel.id),
            N_("The order is held."),
            N_("Put the parcel aside and look at the order's hold."),
        )
    if parcel.state != ARRANGED:
        return Problem(
            "no_label_yet",
            "package",
            str(parcel.id),
            N_("This parcel has no label yet."),
            N_("Arrange shipment first, then import the label."),
        )
    return None


def count_scan(items: Sequence[Item], sku_id: int, units: int) -> tuple[int, Problem | None]:
    """Which item row a scanned SKU counts for: (index, None), or (-1, problem) when it is wrong or too many."""
    rows = [(i, item) for i, item in enumerate(items) if item.sku_id == sku_id]
    if not rows:
        return -1, Problem(
            "wrong_item",
            "sku",
            str(sku_id),
            N_("This article does not belong in the parcel."),
            N_("Put it back and pick the right one."),
        )
    for i, item in rows:
        if item.scanned + units <= item.quantity:
            return i, None
    return -1, Problem(
        "too_many",
        "sku",
        str(sku_id),
        N_("The parcel already holds all units of this article."),
        N_("Take the extra unit out."),
    )


def missing(items: Sequence[Item]) -> dict[int, int]:
    """SKU → units still to be scanned before the parcel is complete."""
    left: dict[int, int] = {}
    for item in items:
        if item.scanned < item.quantity:
            left[item.sku_id] = left.get(item.sku_id, 0) + item.quantity - item.scanned
    return left


def cut_waves(parcels: Sequence[tuple[tuple[int, ...], int]], size: int = WAVE_PARCELS) -> list[list[int]]:
    """Cut parcels, given as (group, index) in deadline order, into waves of one group and at most `size` parcels."""
    order = sorted(range(len(parcels)), key=lambda i: parcels[i][0])
    waves: list[list[int]] = []
    for _, members in groupby(order, key=lambda i: parcels[i][0]):
        indices = [parcels[i][1] for i in members]
        waves += [indices[start : start + size] for start in range(0, len(indices), size)]
    return waves
