"""Whatever is bought and cancelled, available and committed units add up."""

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from fahuo.sandbox import cancels
from fahuo.sandbox.maker import SoldOut
from fahuo.sandbox.model import Refuse
from fahuo.sandbox.stock import available, set_stock, with_skus
from tests.sandbox.aftersale_worlds import a_world

_STEPS = st.lists(st.tuples(st.sampled_from(["buy", "cancel", "part", "ship"]), st.integers(0, 999)), max_size=40)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 30), each=st.integers(0, 6), steps=_STEPS)
def test_units_are_never_lost_nor_invented(seed: int, each: int, steps: list[tuple[str, int]]) -> None:
    world = a_world("US", seed=seed)
    shop = next(iter(world.shops.values()))
    for product, sku in with_skus(world, shop):
        set_stock(world, shop, product, sku, dict.fromkeys(sku.stock, each), world.now())
    orders, shipped = [], 0
    for what, pick in steps:
        with suppress(Refuse, SoldOut):
            if what == "buy":
                orders.append(world.place(shop.id, world.now(), status="AWAITING_SHIPMENT", fbt=False, cod=False))
            elif orders:
                order = orders[pick % len(orders)]
                if what == "ship" and order.status == "AWAITING_SHIPMENT":
                    world.touch(order, world.now(), status="AWAITING_COLLECTION")
                    world.touch(order, world.now(), status="IN_TRANSIT")
                    shipped += len(cancels.living(order))
                elif what == "cancel":
                    cancels.cancel_by_system(world, order, "package_lost", world.now())
                    continue
                elif what == "part":
                    reason = "seller_cancel_reason_out_of_stock"
                    cancels.seller_cancel(world, order, reason, world.now(), line_ids=order.line_ids[:1])
        left = sum(available(sku) for _, sku in with_skus(world, shop))
        committed = sum(sum(sku.committed.values()) for _, sku in with_skus(world, shop))
        total = each * sum(1 for _ in with_skus(world, shop))
        assert left >= 0
        assert committed >= 0
        assert left + committed + shipped == total
