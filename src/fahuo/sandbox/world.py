"""Everything there is in the sandbox, and time passing over it.

One process, one thread: a function that changes the world runs to its end before anything else does. All chance comes
from the seed and from what is decided about (an order, a day of a shop), never from the order of calls.
"""

from __future__ import annotations

import heapq
import random
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from typing import Any, Final, NamedTuple

from fahuo.orders.model import AWAITING_COLLECTION, AWAITING_SHIPMENT, CANCELLED, ORDER, PARTIALLY_SHIPPING
from fahuo.sandbox import buyers, cancels, life, markets
from fahuo.sandbox.clock import SandboxClock
from fahuo.sandbox.limits import arranged_limits, limits_of
from fahuo.sandbox.maker import Maker, Wishes
from fahuo.sandbox.model import (
    ORDER_STATUS_CHANGE,
    TO_FULFILL,
    Behaviour,
    Bundle,
    Cancellation,
    Conversation,
    Document,
    Grant,
    Notice,
    Order,
    Package,
    Product,
    Return,
    Shop,
    Sku,
)
from fahuo.sandbox.shops import Branch, open_shops

_OPEN_BODIES: Final = 3_000
"""Bodies kept open; more are put away as bytes when time passes on."""

Key = tuple[int, str]
Handler = Callable[..., None]
"""(world, id, at, **more)"""
Moved = Callable[["World", Order, str, str, int], None]
"""(world, order, old status, new status, at)"""


class Event(NamedTuple):
    """Something that will happen. The serial keeps events of one second in the order they were planned."""

    at: int
    serial: int
    what: str
    id: str
    more: dict[str, Any]


class WrongMove(AssertionError):
    """A change that the platform's table of statuses does not have: a fault of the sandbox itself."""


class World:
    """The sandbox at one instant. `build.build` makes one whose carriers, stock and talks live too."""

    def __init__(
        self,
        seed: int,
        shops: Sequence[str | Branch],
        start: int,
        behaviour: Behaviour | None = None,
        *,
        speed: float = 0.0,
    ) -> None:
        self.seed = seed
        self.clock = SandboxClock(start, speed)
        self.lived = start
        """Everything up to and including this second has happened."""
        self.behaviour = behaviour or Behaviour()
        self._ids = count(1)
        self.shops: dict[str, Shop] = {}
        self.products: dict[str, Product] = {}
        """By `shop id:product id`: shops share product ids. See `product` and `products_of`."""
        self.orders: dict[str, Order] = {}
        self.packages: dict[str, Package] = {}
        self.bundles: dict[str, Bundle] = {}
        self.cancellations: dict[str, Cancellation] = {}
        self.returns: dict[str, Return] = {}
        self.conversations: dict[str, Conversation] = {}
        self.documents: dict[str, Document] = {}
        self.grants: dict[str, Grant] = {}
        self.notices: deque[Notice] = deque()
        self.moved: list[Moved] = []
        """Called after each change of an order's status."""
        self.arranged: list[Callable[[World, Package, int], None]] = []
        """Called when a package has its number and waits for its carrier: (world, package, at)."""
        self.hindrances: list[Any] = []
        """Strikes and storms: `carriers.Hindrance`."""
        self.ledger: dict[str, list[Any]] = {}
        """`settlement.Entry` by shop, in the order of time."""
        self.buyers: dict[str, str] = {}
        """`shop id:user id` to the newest order of that buyer in that shop. Filled by talks."""
        self.placed: list[Callable[[World, Order, int], None]] = []
        """Called for each new order: (world, order, at)."""
        self.units_cancelled: list[Callable[[World, Order, list[str], int], None]] = []
        """Called after units of an order were cancelled, all or some: (world, order, line ids, at)."""
        self.on_buyer_message: Callable[[World, Order, str, int], None] | None = None
        """A buyer writes about an order: (world, order, kind of message, at). Filled by talks."""
        self.lost_sales: dict[str, int] = {}
        """By shop: buyers who found nothing that is on sale and in stock."""
        self.shelf: list[Order] = []
        self._events: list[Event] = []
        self._serial = count()
        self._handlers: dict[str, Handler] = {}
        self._by_update: dict[str, list[Key]] = {}
        self._by_create: dict[str, list[Key]] = {}
        self._of_shop: dict[str, list[Product]] = {}
        self.makers: dict[str, Maker] = {}
        for shop in open_shops(self.seed, shops):
            self._add_shop(shop, start)
        for part in (life, cancels, buyers):
            part.install(self)

    # --- time -------------------------------------------------------------------------------------------------

    def now(self) -> int:
        """The sandbox's time; not before what has been lived."""
        return max(self.clock.now(), self.lived)

    def on(self, what: str, handler: Handler) -> None:
        """Say who does it when an event of that name is due."""
        if what in self._handlers:
            raise ValueError(f"somebody already does {what}")
        self._handlers[what] = handler

    def later(self, at: int, what: str, id: str, **more: Any) -> None:  # noqa: A002 - the word of the contract
        """Plan an event. One planned for the past happens with the next."""
        heapq.heappush(self._events, Event(max(at, self.lived), next(self._serial), what, id, more))

    def live(self, until: int) -> None:
        """Let everything happen up to and including that second, in the order of time."""
        self._tidy()
        while self._events and self._events[0].at <= until:
            event = heapq.heappop(self._events)
            self.lived = max(self.lived, event.at)
            self._handlers[event.what](self, event.id, event.at, **event.more)
            if len(self.shelf) > 2 * _OPEN_BODIES:
                self._tidy()
        self.lived = max(self.lived, until)
        self.clock.reach(until)

    def chance(self, *about: object) -> random.Random:
        """Chance that depends on the seed and on what it is about only."""
        return random.Random(f"{self.seed}|{'|'.join(map(str, about))}")  # noqa: S311 - invented people, no secrets

    # --- orders -----------------------------------------------------------------------------------------------

    def place(self, shop_id: str, at: int, **wishes: Any) -> Order:
        """A buyer places an order with these `maker.Wishes`.

        Raises SoldOut when chance finds nothing that is on sale, ValueError for an SKU the shop does not have.
        """
        wanted = Wishes(**wishes)
        order = self.makers[shop_id].order(life.created_for(at, wanted.status), wanted)
        self.orders[order.id] = order
        insort(self._by_update[shop_id], (order.updated, order.id))
        insort(self._by_create[shop_id], (order.created, order.id))
        for hook in self.placed:
            hook(self, order, order.created)
        self._tell_status(order, order.created)
        life.begin(self, order, at, wanted)
        return order

    def touch(self, order: Order, at: int, *, lines: dict[str, Any] | None = None, **changes: Any) -> None:
        """Change keys of an order's body (None removes one), and with `lines` keys of all its living line items.

        A new status must follow the old one in the platform's table; it goes to the line items too (not
        PARTIALLY_SHIPPING, whose lines differ), is told by webhook 1 and to everybody in `moved`.
        """
        old, new = order.status, changes.get("status", order.status)
        if new != old:
            if not ORDER.may(old, new):
                raise WrongMove(f"order {order.id} cannot go from {old} to {new}")
            if new != PARTIALLY_SHIPPING:
                lines = {**(lines or {}), "display_status": new}
        updated = max(at, order.updated)
        order.change({**changes, "update_time": updated}, lines)
        self._reindex(order, updated)
        if "cancel_order_sla_time" in changes:
            order.cancel_at = changes["cancel_order_sla_time"]
            cancels.watch(self, order)
        order.buyer_id = changes.get("user_id", order.buyer_id)
        if new == old:
            return
        order.status = new
        self._tell_status(order, at)
        for hook in self.moved:
            hook(self, order, old, new, at)

    def await_shipment(self, order: Order, at: int) -> None:
        """The order may be arranged from now on: its limits are known, and its package where the market has one."""
        order.awaiting_at = at
        shop = self.shops[order.shop_id]
        lines: dict[str, Any] = {}
        more: dict[str, Any] = dict(limits_of(shop, order))
        if markets.early_package(shop.region, order.own, shop.cross_border) and not order.by_platform:
            package = self.new_package(order, at)
            lines = {"package_id": package.id, "package_status": TO_FULFILL}
            more["packages"] = [{"id": package.id}]
        self.touch(order, at, lines=lines, status=AWAITING_SHIPMENT, **more)

    def arrange(self, order: Order, at: int, **changes: Any) -> None:
        """Every unit has a package and a number: Awaiting Collection, and the automatic cancel waits for collection."""
        order.arranged_at = at
        self.touch(order, at, **{"status": AWAITING_COLLECTION, "rts_time": at, **arranged_limits(order), **changes})

    def new_package(self, order: Order, at: int, line_ids: Iterable[str] | None = None, **more: Any) -> Package:
        """A package of an order's units (all living ones unless named), known to the world and to the order."""
        package = Package(
            id=f"115{self.new_id()[2:]}",
            shop_id=order.shop_id,
            order_ids=[order.id],
            line_ids=list(order.line_ids if line_ids is None else line_ids),
            shipping_type="SELLER" if order.own else "TIKTOK",
            own=order.own,
            created=at,
            updated=at,
            **more,
        )
        self.packages[package.id] = package
        order.packages.append(package.id)
        return package

    def orders_by_update(self, shop_id: str) -> list[Key]:
        """(update_time, id) of a shop's orders, sorted; not to be changed."""
        return self._by_update[shop_id]

    def orders_by_create(self, shop_id: str) -> list[Key]:
        """(create_time, id) of a shop's orders, sorted; not to be changed."""
        return self._by_create[shop_id]

    # --- the rest ---------------------------------------------------------------------------------------------

    def tell(self, shop_id: str, type: int, data: dict[str, Any], at: int) -> Notice:  # noqa: A002 - as in the body
        """A webhook for whoever has registered: it lies in `notices` until the sender takes it."""
        notice = Notice(id=self.new_id(), shop_id=shop_id, type=type, at=at, data=data)
        self.notices.append(notice)
        return notice

    def new_id(self) -> str:
        """The next id of the world: 18 digits."""
        return str(700_000_000_000_000_000 + self.seed % 9_000 * 10**13 + next(self._ids))

    def product(self, shop_id: str, product_id: str) -> Product | None:
        """A shop's product."""
        return self.products.get(f"{shop_id}:{product_id}")

    def products_of(self, shop_id: str) -> list[Product]:
        """A shop's products in the order of the catalogue."""
        return self._of_shop[shop_id]

    def sku(self, shop_id: str, sku_id: str) -> Sku | None:
        """A shop's SKU by the platform's id."""
        return self.makers[shop_id].skus.get(sku_id)

    def _tell_status(self, order: Order, at: int) -> None:
        """Webhook 1."""
        data = {
            "order_id": order.id,
            "order_status": "CANCEL" if order.status == CANCELLED else order.status,
            "is_on_hold_order": not order.cod,
            "update_time": order.updated,
        }
        self.tell(order.shop_id, ORDER_STATUS_CHANGE, data, at)

    def _add_shop(self, shop: Shop, start: int) -> None:
        self.shops[shop.id] = shop
        self.makers[shop.id] = maker = Maker(self.seed, shop, start, self.shelf)
        self._of_shop[shop.id] = maker.products
        self.products |= {f"{shop.id}:{product.id}": product for product in maker.products}
        self._by_update[shop.id], self._by_create[shop.id] = [], []

    def _reindex(self, order: Order, updated: int) -> None:
        if updated != order.updated:
            keys = self._by_update[order.shop_id]
            del keys[bisect_left(keys, (order.updated, order.id))]
            insort(keys, (updated, order.id))
            order.updated = updated

    def _tidy(self) -> None:
        """Put the bodies away that were opened first. Only between events: nobody holds one then."""
        if len(self.shelf) > _OPEN_BODIES:
            for order in self.shelf[:-_OPEN_BODIES]:
                order.close()
            del self.shelf[:-_OPEN_BODIES]
