"""Units on the shelves while a batch is planned, so that one plan does not promise the same unit twice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fahuo.planning.model import Ints, Items


class Shelves:
    """Units left by warehouse while a batch is planned. Without a stock table every warehouse can serve everybody."""

    def __init__(self, items: Items, orders: int) -> None:
        self.items = items
        self.left = None if items.stock is None else items.stock.copy()
        self.count = orders
        by_order = np.argsort(items.order, kind="stable")
        self.rows = by_order
        self.starts = np.searchsorted(items.order[by_order], np.arange(orders + 1))

    def holding(self, part: Ints, sites: Sequence[int]) -> Ints:
        """For each order of `part` a bit mask of the `sites` (warehouse indices) that hold all of its items."""
        mask = np.zeros(self.count, dtype=np.int64)
        mask[part] = (1 << len(sites)) - 1
        if self.left is not None:
            rows = np.flatnonzero(mask[self.items.order])
            order, sku, quantity = self.items.order[rows], self.items.sku[rows], self.items.quantity[rows]
            for bit, site in enumerate(sites):
                lacking = self.left[site, sku] < quantity
                np.bitwise_and.at(mask, order[lacking], ~np.int64(1 << bit))
        return mask[part]

    def take(self, wanting: Ints, site: Ints) -> Ints:
        """Take the units of the orders `wanting` (most urgent first) at their sites; returns those that found none.

        Where a SKU suffices for all who want it nobody has to queue; only the orders that share a short SKU do.
        """
        if self.left is None or not len(wanting):
            return wanting[:0]
        sizes = self.starts[wanting + 1] - self.starts[wanting]
        offsets = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        rows = self.rows[np.repeat(self.starts[wanting], sizes) + offsets]
        owner = np.repeat(np.arange(len(wanting)), sizes)
        cell = site[owner] * self.left.shape[1] + self.items.sku[rows]
        left = self.left.reshape(-1)
        demand = np.bincount(cell, weights=self.items.quantity[rows], minlength=len(left)).astype(np.int64)
        short = demand > left
        queueing = np.zeros(len(wanting), dtype=np.bool_)
        queueing[owner[short[cell]]] = True
        easy = ~queueing[owner]
        np.subtract.at(left, cell[easy], self.items.quantity[rows[easy]])
        lost = [index for index in np.flatnonzero(queueing).tolist() if not self._take_one(wanting, site, index, left)]
        return wanting[np.array(lost, dtype=np.int64)]

    def _take_one(self, wanting: Ints, site: Ints, index: int, left: Ints) -> bool:
        order, base = int(wanting[index]), int(site[index]) * (0 if self.left is None else self.left.shape[1])
        rows = self.rows[self.starts[order] : self.starts[order + 1]]
        need = list(zip((base + self.items.sku[rows]).tolist(), self.items.quantity[rows].tolist(), strict=True))
        if any(left[cell] < quantity for cell, quantity in need):
            return False
        for cell, quantity in need:
            left[cell] -= quantity
        return True
