"""The whole world with carriers, stock, talks and returns, and a seller who arranges: nothing leaves the table."""

from fahuo.sandbox import cancels, markets, parcels, providers
from fahuo.sandbox.build import build
from fahuo.sandbox.model import Behaviour, Order, Refuse
from fahuo.sandbox.world import World
from tests.sandbox.test_world import DAY, HOUR, START, check, picture

SHOPS = ("VN", "US", "DE", "MY-CB")


def busy(seed: int) -> World:
    b = Behaviour(
        orders_per_day=60, cancel_requests=0.1, cancels_on_hold=0.05, address_changes=0.1, returns=0.3, urges=0.1,
        lost=0.05, damaged=0.05, cod_refusals=0.2,
    )  # fmt: skip
    return build(seed, SHOPS, START, b)


def arrange(world: World, order: Order) -> None:
    """As a seller would, by the way of the market; a US order in two parcels where it can be."""
    shop, at = world.shops[order.shop_id], world.now()
    units = cancels.living(order)
    carrier = markets.providers(shop.region)[0]
    number = providers.number_of(carrier, order.number % 10**8)
    if order.packages and markets.early_package(shop.region, order.own):
        own = (carrier.id, number) if order.own else None
        parcels.ship(world, world.packages[order.packages[0]], at, own=own)
    elif order.own:
        parcels.mark_shipped(world, order, units, carrier, number, at)
    else:
        free = [u for u in units if order.status == "AWAITING_SHIPMENT" or u not in _packed(world, order)]
        parcels.create(world, order, free[:1], providers.offers(shop, 500)[0], at)


def _packed(world: World, order: Order) -> set[str]:
    return {unit for name in order.packages for unit in world.packages[name].line_ids}


def play(seed: int, days: int) -> World:
    world = busy(seed)
    for hour in range(1, days * 24):
        world.live(START + hour * HOUR)
        if hour % 6:
            continue
        for order in list(world.orders.values()):
            if order.status in ("AWAITING_SHIPMENT", "PARTIALLY_SHIPPING") and not order.by_platform:
                try:
                    arrange(world, order)
                except Refuse as no:
                    if no.code != parcels.OPEN_AFTER_SALE:
                        raise
    return world


def test_days_of_a_working_seller() -> None:
    world = play(11, 6)
    check(world)
    ends = {order.status for order in world.orders.values()}
    assert {"DELIVERED", "IN_TRANSIT", "AWAITING_COLLECTION", "CANCELLED"} <= ends
    assert world.returns
    world.behaviour.orders_per_day = 0
    world.live(world.now() + 40 * DAY)
    check(world)
    assert "COMPLETED" in {order.status for order in world.orders.values()}


def test_the_same_seed_makes_the_same_days() -> None:
    assert picture(play(4, 3)) == picture(play(4, 3))
