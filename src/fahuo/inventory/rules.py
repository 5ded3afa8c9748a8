"""Which orders get the units there are. Pure: the counters come in, the winners go out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fahuo.inventory.model import Want


def allot(wants: Sequence[Sequence[Want]], available: Mapping[int, int]) -> tuple[list[bool], dict[int, int]]:
    """Give each order (in the order given, so the most urgent first) all of its units or none.

    Returns one verdict an order and the units taken by SKU. An order without wants gets nothing and is refused,
    because there is nothing to dispatch. An order that cannot be served takes nothing from the ones after it.
    """
    left = dict(available)
    taken: dict[int, int] = {}
    verdicts: list[bool] = []
    for order in wants:
        if len(order) == 1:
            _, _, sku, quantity = order[0]
            ok = left.get(sku, 0) >= quantity
            if ok:
                left[sku] -= quantity
                taken[sku] = taken.get(sku, 0) + quantity
            verdicts.append(ok)
            continue
        need: dict[int, int] = {}
        for want in order:
            need[want.sku_id] = need.get(want.sku_id, 0) + want.quantity
        ok = bool(need) and all(left.get(sku, 0) >= quantity for sku, quantity in need.items())
        if ok:
            for sku, quantity in need.items():
                left[sku] -= quantity
                taken[sku] = taken.get(sku, 0) + quantity
        verdicts.append(ok)
    return verdicts, taken
