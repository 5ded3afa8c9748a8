"""Whose order it is: the same platform order must not be taken for two connected shops."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from sqlalchemy import BigInteger, bindparam, select

from fahuo.orders.tables import orders
from fahuo.store.bulk import any_of, array, fetch
from fahuo.store.engine import Tx


class Held(NamedTuple):
    """A shop's hold of an order: what it was told last (its digest), and the platform's time of that; None: by file."""

    shop_id: int
    digest: bytes
    source_at: int | None


# The shops are named so that the unique index is used, a look-up for each shop and order.
OWNERS: Final = select(orders.c.platform_order_id, orders.c.shop_id, orders.c.digest, orders.c.source_at).where(
    orders.c.seller_id == bindparam("seller", type_=BigInteger),
    any_of(orders.c.shop_id, "shops"),
    any_of(orders.c.platform_order_id, "refs"),
)


def owners(tx: Tx, shop_ids: Iterable[int], refs: Iterable[str]) -> dict[str, list[Held]]:
    """Platform order id → those of these shops that have it."""
    found: dict[str, list[Held]] = {}
    values = {"shops": array(tx, sorted(shop_ids)), "refs": array(tx, list(refs))}
    for ref, shop_id, digest, source_at in fetch(tx, OWNERS, seller=tx.seller_id, **values):
        found.setdefault(ref, []).append(Held(shop_id, bytes(digest), source_at))
    return found
