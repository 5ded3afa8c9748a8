"""How an order comes into being: drawn and printed by `fahuo.generate`, the platform's own view of it kept here."""

from __future__ import annotations

from random import Random
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct, field

from fahuo.generate.articles import articles
from fahuo.generate.draws import BLOCK, MOST_LINES, STATES, Draw, draw
from fahuo.generate.markets import MARKETS
from fahuo.generate.press import Options, Press, order_id
from fahuo.orders.model import SHIPPING_SELLER, UNPAID
from fahuo.sandbox.markets import SEA
from fahuo.sandbox.model import Order, Product, Shelf, Shop, Sku

_FLAG_QUIET: Final = 0.01
"""Draws below would be printed as changed or to be cancelled: what buyers do happens here, it is not printed."""
_BY_PLATFORM: Final = 0.999
_NOT_BY_PLATFORM: Final = 0.98
_PRE_ORDER, _MADE_TO_ORDER, _PROMPT, _SAMPLE = 0.01, 0.025, 0.5, 0.999
_SAMPLES_FROM, _PRE_ORDERS_BELOW, _MADE_TO_ORDER_BELOW = 0.995, 0.02, 0.03
"""How `press` reads the draw."""
_EMPTY: Final = (b'"buyer_message":"",', b'"seller_note":"",', b'"address_line2":"",')
"""Keys without a value are absent on the platform (4.8)."""
_FIRST_STOCK: Final = 99_999
"""Available units of an SKU on the day the shop opens: plenty, until the seller says otherwise."""


_MADE_TO_ORDER_DAYS: Final = {"days": "5", "type": "BUSINESS_DAY"}

Units = Annotated[int, Meta(ge=1, le=25)]
"""Of an SKU: an order has ids for 100 units."""


class SoldOut(Exception):
    """Nothing in the shop is on sale and in stock."""


class Wishes(Struct, kw_only=True, forbid_unknown_fields=True):
    """What an order shall be like; None leaves it to chance. Bounds hold for what control is sent."""

    skus: Annotated[list[str], Meta(max_length=MOST_LINES)] = field(default_factory=list)
    """Seller's or platform's ids, four different ones at most."""
    quantity: Units | Annotated[list[Units], Meta(max_length=MOST_LINES)] | None = None
    """Units of each SKU."""
    cod: bool | None = None
    sample: bool | None = None
    pre_order: bool | None = None
    made_to_order: bool | None = None
    prompt: bool = False
    """Neither pre-order nor made to order."""
    fbt: bool | None = None
    """Fulfilled by the platform."""
    shipping_type: Literal["TIKTOK", "SELLER"] | None = None
    buyer: Annotated[int, Meta(ge=0, le=10**12)] | None = None
    """Orders with the same number come from one person at one address."""
    message: Annotated[str, Meta(max_length=2_000)] | None = None
    paid: bool | None = None
    """False: never pays, unless it is cash on delivery. True: pays at once, also a lively buyer."""
    status: str | None = None
    """ON_HOLD or AWAITING_SHIPMENT: it was placed long enough ago to be there by now."""
    lively: bool = False
    """The buyer goes on to act by chance, payment included, as `Behaviour` says."""


class Maker:
    """Prints the orders of one shop and keeps its assortment."""

    def __init__(self, seed: int, shop: Shop, start: int, opened: list[Order]) -> None:
        self.shop, self._seed, self._shelf, self._made = shop, seed, Shelf(opened), 0
        self._market = MARKETS[shop.region]
        options = Options(start, 0.0, shop.cross_border, shop.seller_shipping, platform_clocks=False, clear=True)
        self._press = Press(shop.region, list(MARKETS).index(shop.region) + 10, options)
        # In South-East Asia orders say how fast they were promised: 600 is standard delivery (4.4).
        self._tail = b',"fulfillment_priority_level":600}' if shop.region in SEA else b"}"
        self._draws: list[Draw] = []
        self.products = _products(shop, self._press, start)
        self.skus: dict[str, Sku] = {sku.id: sku for product in self.products for sku in product.skus}
        self._status = {sku.id: product for product in self.products for sku in product.skus}
        self._by_article = {sku.article: sku for sku in self.skus.values()}

    def order(self, at: int, wishes: Wishes) -> Order:
        """An order placed at that instant, UNPAID. What is not wished for is left to chance.

        Wished SKUs are sold whether in stock or not. Raises SoldOut when chance finds nothing that is on sale,
        ValueError for an SKU the shop does not have.
        """
        w = wishes
        d = self._draw()
        d = d._replace(state=STATES.index(UNPAID), age=0.0, kind=_kind(d.kind, w), flag=max(d.flag, _FLAG_QUIET))
        if w.cod is None and d.kind > _SAMPLES_FROM:  # nothing is paid for a sample
            d = d._replace(cod=1.0)
        elif w.cod is not None:
            d = d._replace(cod=0.0 if w.cod else 1.0)
        if w.shipping_type is not None:
            d = d._replace(ship=-1.0 if w.shipping_type == SHIPPING_SELLER else 1.0)
        if w.fbt is not None:
            d = d._replace(flag=_BY_PLATFORM if w.fbt else min(d.flag, _NOT_BY_PLATFORM))
        if w.buyer is not None:
            who = 7_919 * w.buyer + 13
            d = d._replace(user=who, name=who, place=who, street=who, phone=who, number=who % 240)
        d = self._choose(d, w) if w.skus or w.quantity is not None else self._in_stock(d)
        return self._print(d, at, w)

    def _print(self, d: Draw, at: int, w: Wishes) -> Order:
        number = self._number()
        self._press.options = self._press.options._replace(now=at)
        kept = self._press.order(number, d)[:-1] + self._tail
        for empty in _EMPTY:
            kept = kept.replace(empty, b"")
        units = kept.count(b'"display_status"')
        first = 1_500_000_000_000_000_000 + number * 100
        cod = b'"is_cod":true' in kept
        order = Order(
            id=order_id(number),
            shop_id=self.shop.id,
            number=number,
            status=UNPAID,
            created=at,
            updated=at,
            line_ids=tuple(str(first + n) for n in range(units)),
            kept=self._shelf.pack(kept),
            shelf=self._shelf,
            cod=cod,
            own=b'"shipping_type":"SELLER"' in kept,
            by_platform=b'"FULFILLMENT_BY_TIKTOK"' in kept,
            sample=b'"is_sample_order":true' in kept,
            kind=_word(kept, b'"order_type":"'),
            lively=w.lively,
            units=self._units(d),
            buyer_id=_word(kept, b'"user_id":"'),
        )
        if w.cod and not cod:
            order.cod = True
            order.change({"is_cod": True, "is_on_hold_order": False, "payment_method_name": "Cash on delivery"})
        if w.made_to_order and order.kind == "NORMAL":  # by chance there are such in some markets only
            order.kind = "MADE_TO_ORDER"
            handling = {"order_type": order.kind, "handling_duration": _MADE_TO_ORDER_DAYS}
            order.change(handling, {"sku_type": order.kind})
        if w.message is not None:
            order.change({"buyer_message": w.message})
        return order

    def _units(self, d: Draw) -> tuple[tuple[str, int], ...]:
        """What `press` prints of a draw: units by SKU."""
        one = d.kind > _SAMPLES_FROM
        articles_of = dict.fromkeys(d.skus[: d.lines])
        return tuple(
            (self._by_article[article].id, 1 if one else d.counts[at % MOST_LINES])
            for at, article in enumerate(articles_of)
        )

    def address(self, rng: Random) -> dict[str, Any]:
        """Another recipient address of the market, in clear."""
        pick = rng.randrange
        d = self._draws[0]._replace(name=pick(1 << 30), place=pick(1 << 30), street=pick(1 << 30), number=pick(240))
        found: dict[str, Any] = msgspec.json.decode(self._press.address(d, masked=False))
        return found

    def reprice(self, sku: Sku, minor: int) -> None:
        """From now on the SKU sells at that list price, in minor units."""
        sku.price = minor
        self._press.reprice(sku.article, minor)

    def _draw(self) -> Draw:
        at = self._made % BLOCK
        if at == 0:
            self._draws = draw(self._seed * 100 + self.shop.index, self._made // BLOCK, 1, 0.0)
        self._made += 1
        return self._draws[at]

    def _number(self) -> int:
        return self._seed % 9_000 * 10**12 + self.shop.index * 10**10 + self._made - 1

    def _choose(self, d: Draw, w: Wishes) -> Draw:
        if w.skus:
            chosen = [self._article(name) for name in w.skus]
            if len(set(chosen)) < len(chosen):
                raise ValueError("an SKU is named twice: ask for more of it by quantity")
            d = d._replace(skus=chosen, lines=len(chosen), counts=[1] * MOST_LINES)
        if w.quantity is not None:
            wanted = [w.quantity] * MOST_LINES if isinstance(w.quantity, int) else w.quantity
            d = d._replace(counts=[*wanted, *[1] * MOST_LINES][:MOST_LINES])
        return d

    def _article(self, name: str) -> int:
        if name in self.skus:
            return self.skus[name].article
        found = next((sku.article for sku in self.skus.values() if sku.seller_sku == name), None)
        if found is None:
            raise ValueError(f"shop {self.shop.name} has no SKU {name!r}")
        return found

    def _in_stock(self, d: Draw) -> Draw:
        """The draw with what cannot be bought left out."""
        chosen = list(dict.fromkeys(sku for sku in d.skus if self._buyable(sku)))[: d.lines]
        if not chosen:
            chosen = [sku for sku in self._by_article if self._buyable(sku)][:1]
        if not chosen:
            raise SoldOut(self.shop.id)
        counts = [min(count, self._left(sku)) for sku, count in zip(chosen, d.counts, strict=False)]
        return d._replace(skus=chosen, lines=len(chosen), counts=[*counts, *d.counts[len(counts) :]])

    def _buyable(self, article: int) -> bool:
        return self._status[self._by_article[article].id].status == "ACTIVATE" and self._left(article) > 0

    def _left(self, article: int) -> int:
        return self._by_article[article].stock.get(self.shop.warehouse.id, 0)


def _kind(drawn: float, w: Wishes) -> float:
    """The draw that `press` reads as the order type wished for."""
    if w.sample:
        return _SAMPLE
    if w.pre_order:
        return _PRE_ORDER
    if w.made_to_order:
        return _MADE_TO_ORDER
    unwanted = (
        (w.sample is False and drawn > _SAMPLES_FROM)
        or (w.prompt and drawn < _MADE_TO_ORDER_BELOW)
        or (w.pre_order is False and drawn < _PRE_ORDERS_BELOW)
        or (w.made_to_order is False and _PRE_ORDERS_BELOW <= drawn < _MADE_TO_ORDER_BELOW)
    )
    return _PROMPT if unwanted else drawn


def _word(kept: bytes, before: bytes) -> str:
    start = kept.index(before) + len(before)
    return kept[start : kept.index(b'"', start)].decode()


def _products(shop: Shop, press: Press, start: int) -> list[Product]:
    """The assortment of the generated catalogue, on sale in this shop."""
    market = MARKETS[shop.region]
    made: dict[str, Product] = {}
    for at, a in enumerate(articles()):
        product = made.get(a.product_id)
        if product is None:
            product = made[a.product_id] = Product(
                id=a.product_id, shop_id=shop.id, title=a.name, skus=[], created=start, updated=start,
                weight_g=a.weight_g, size_mm=a.size,
            )  # fmt: skip
        product.skus.append(
            Sku(
                id=a.platform_sku_id, seller_sku=a.sku, name=a.variation, price=press.price_of(a),
                currency=market.currency, exponent=market.exponent, article=at,
                stock={shop.warehouse.id: _FIRST_STOCK}, committed={shop.warehouse.id: 0},
            )
        )  # fmt: skip
    return list(made.values())
