"""Turns draws into the JSON of a market's orders: what repeats is rendered once, an order is put together from it."""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple

from fahuo.generate.articles import Article, articles
from fahuo.generate.draws import MOST_LINES, STATES, Draw
from fahuo.generate.markets import MARKETS, clocks, local_day
from fahuo.generate.people import PEOPLE
from fahuo.generate.places import PLACES

_SAMPLE: Final = 4
"""The price variant of a sample: wholly at the seller's expense."""
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_SAMPLES_FROM: Final = 0.995
_PRE_ORDERS_BELOW: Final = 0.02
_MADE_TO_ORDER_BELOW: Final = 0.03
_BY_PLATFORM_FROM: Final = 0.99
_CANCEL_ASKED_BELOW: Final = 0.005
_ADDRESS_CHANGED_BELOW: Final = 0.008
_MESSAGE_FROM: Final = 0.9
_BUYER_CANCELS_BELOW: Final = 0.7
_LEVELS: Final = {"VN": ("Tỉnh/Thành phố", "Quận/Huyện", "Phường/Xã"), "US": ("State", "City", "District")}
_CANCEL_REASONS: Final = {"VN": "Đổi ý không mua nữa", "TH": "เปลี่ยนใจ", "ID": "Berubah pikiran"}
_CANCEL_REASON: Final = "No longer needed"


class Options(NamedTuple):
    """What to generate. `seller_shipping` None: the market's own share; `lines` None: mixed."""

    now: int
    days: float = 1.5
    cross_border: bool = False
    seller_shipping: float | None = None
    lines: int | None = None
    platform_clocks: bool = True
    clear: bool = False
    """As the platform itself knows an order: the address in clear and never hidden, nothing yet changed about it."""


class _Price(NamedTuple):
    text: str
    """The price and description part of a line item, between its id and its state."""
    amounts: tuple[int, int, int, int, int]
    """Original price, seller's and platform's discount, sale price, tax; minor units."""


class _Home(NamedTuple):
    """The part of an address that is never masked."""

    districts: str
    tail: str
    postal: str


class Press:
    """Renders orders of one market."""

    def __init__(self, market: str, index: int, options: Options) -> None:
        self.market, self.options, self.index = market, options, index
        self.m = MARKETS[market]
        self.people = PEOPLE[market]
        self.prices = [[self._price(a, v) for v in range(5)] for a in articles()]
        self.homes = [self._home(place) for place in PLACES[market]]
        share = self.m.seller_shipping if options.seller_shipping is None else options.seller_shipping
        self.seller_share = share
        self.head = (
            f'"commerce_platform":"TIKTOK_SHOP","delivery_type":"HOME_DELIVERY",'
            f'"delivery_option_id":"70000000000000000{index:02d}","delivery_option_name":{_json(self.m.delivery)},'
            f'"warehouse_id":"{warehouse_ref("CN" if options.cross_border else market)}",'
            f'"is_replacement_order":false,"is_exchange_order":false,'
            f'"is_subscription_order":false,"need_upload_invoice":"{"NEED_INVOICE" if market == "BR" else "NO_NEED"}",'
        )
        self.country = _json(
            {
                "address_level": "L0",
                "address_level_name": "Country",
                "address_name": self.m.country,
                "iso_code": market,
            }
        )

    # --- pieces rendered once ---------------------------------------------------------------------------------

    def money(self, minor: int) -> str:
        """A decimal string of the market's currency."""
        return money_text(minor, self.m.exponent)

    def price_of(self, article: Article) -> int:
        """List price in minor units of the market."""
        return max(1, round(article.price * self.m.rate / self.m.step)) * self.m.step

    def reprice(self, article: int, original: int) -> None:
        """From now on an article (by its place in `articles`) has that list price, in minor units."""
        self.prices[article] = [self._price(articles()[article], v, original) for v in range(5)]

    def _price(self, a: Article, variant: int, listed: int | None = None) -> _Price:
        original = self.price_of(a) if listed is None else listed
        step = self.m.step
        by_seller = (0, original // 10, original // 20, original // 5, original)[variant] // step * step
        by_platform = (0, 0, original // 20, original // 10, 0)[variant] // step * step
        if variant == _SAMPLE:
            by_seller = original
        sale = original - by_seller - by_platform
        tax = round(sale * self.m.tax_percent / 100)
        money = self.money
        body: dict[str, Any] = {
            "sku_id": a.platform_sku_id,
            "product_id": a.product_id,
            "product_name": a.name,
            "sku_name": a.variation,
            "sku_image": f"https://images.example.com/{a.sku.lower()}.webp",
            "seller_sku": a.sku,
            "sku_type": "NORMAL",
            "currency": self.m.currency,
            "original_price": money(original),
            "sale_price": money(sale),
            "seller_discount": money(by_seller),
            "platform_discount": money(by_platform),
            "is_gift": False,
            "is_dangerous_good": "dangerous" in a.goods,
            "needs_prescription": False,
        }
        if self.m.tax_percent:
            rate = f"{self.m.tax_percent / 100:g}"
            body["item_tax"] = [{"tax_type": "SALES_TAX", "tax_amount": money(tax), "tax_rate": rate}]
        return _Price(_json(body)[1:-1], (original, by_seller, by_platform, sale, tax))

    def _home(self, place: tuple[str, str, str, str]) -> _Home:
        names = _LEVELS.get(self.market, ("Province", "City", "District"))
        levels = [
            f'{{"address_level":"L{n}","address_level_name":{_json(name)},"address_name":{_json(part)}}}'
            for n, (name, part) in enumerate(zip(names, place[:3], strict=True), 1)
            if part
        ]
        tail = ", ".join(part for part in (place[2], place[1], place[0], place[3]) if part)
        return _Home(",".join(levels), _json(tail)[1:-1], place[3])

    # --- one order --------------------------------------------------------------------------------------------

    def order(self, number: int, d: Draw) -> bytes:
        """The JSON of order `number`, without line end."""
        state = STATES[d.state]
        cod = d.cod < self.m.cod
        sample = d.kind > _SAMPLES_FROM
        times = self._times(state, d.age, cod)
        created = times["create_time"]
        ours = d.ship < self.seller_share
        shipped = state not in ("AWAITING_SHIPMENT", "ON_HOLD", "UNPAID", "CANCELLED")
        package = f"115{number:016d}"
        early = self.m.flow in ("sea", "latam") and state not in ("ON_HOLD", "UNPAID")
        items, totals = self._items(number, d, state, sample, package if shipped or early else "")
        kind, kind_text, start = self._kind(d.kind, created)
        clock_text = self._clocks(start, shipped) if self.options.platform_clocks and state not in ("UNPAID",) else ""
        own = "SELLER" if ours else "TIKTOK"
        by = "FULFILLMENT_BY_TIKTOK" if d.flag > _BY_PLATFORM_FROM else "FULFILLMENT_BY_SELLER"
        cancel = state == "AWAITING_SHIPMENT" and d.flag < _CANCEL_ASKED_BELOW
        changed = _CANCEL_ASKED_BELOW <= d.flag < _ADDRESS_CHANGED_BELOW and not self.options.clear
        words = "Please pack it well." if _MESSAGE_FROM < d.flag < _BY_PLATFORM_FROM else ""
        clear = self.options.clear
        hidden = state in ("UNPAID", "ON_HOLD") and not clear
        address = "{}" if hidden else self.address(d, masked=not ours and not clear)
        parts = (
            f'{{"id":"{order_id(number)}","status":"{state}",{_pairs(times)}',
            f'"is_on_hold_order":{_bool(not cod)},"fulfillment_type":"{by}","shipping_type":"{own}",{self.head}',
            f'"order_type":"{kind}",{kind_text}"is_cod":{_bool(cod)},"is_sample_order":{_bool(sample)},',
            f'"payment_method_name":"{"Cash on delivery" if cod else "Card"}",',
            f'"has_updated_recipient_address":{_bool(changed)},"is_buyer_request_cancel":{_bool(cancel)},',
            f'"request_cancel_time":{created + 2 * _HOUR},' if cancel else "",
            f'"user_id":"7495{d.user:015d}","buyer_email":"b{d.user:09d}@scs.tiktokw.example",',
            f'"buyer_message":"{words}","seller_note":"",',
            self._shipping(number, d, state, ours, package if shipped or early else ""),
            clock_text,
            self._payment(d, totals, sample),
            f'"recipient_address":{address},"line_items":[{items}]}}',
        )
        return "".join(parts).encode()

    def _times(self, state: str, age: float, cod: bool) -> dict[str, int]:
        """Event times; the latest is the update time. Ages are such that the state can have been reached."""
        now, days = self.options.now, self.options.days
        if state == "ON_HOLD":
            created = now - int(age * 50 * _MINUTE) - 2 * _MINUTE
        elif state == "UNPAID":
            created = now - int(age * _DAY)
        elif state in ("AWAITING_SHIPMENT", "AWAITING_COLLECTION"):
            created = now - 75 * _MINUTE - int(age * days * _DAY)
        else:
            created = now - 9 * _DAY - int(age * 25 * _DAY)
        found = {"create_time": created, "update_time": created}
        if state == "UNPAID":
            return found
        delivered = created + int((4 + 3 * age) * _DAY)
        if not cod:
            found["paid_time"] = created + _MINUTE
        elif state in ("DELIVERED", "COMPLETED"):
            found["paid_time"] = delivered
        last = created + _MINUTE if state == "ON_HOLD" else created + 61 * _MINUTE
        if state in ("AWAITING_COLLECTION", "IN_TRANSIT", "DELIVERED", "COMPLETED"):
            last = found["rts_time"] = created + 70 * _MINUTE
        if state in ("IN_TRANSIT", "DELIVERED", "COMPLETED"):
            last = found["collection_time"] = created + int((5 + 15 * age) * _HOUR)
        if state in ("DELIVERED", "COMPLETED"):
            last = found["delivery_time"] = delivered
        if state == "CANCELLED":
            last = found["cancel_time"] = created + 3 * _HOUR
        found["update_time"] = last
        return found

    def _kind(self, share: float, created: int) -> tuple[str, str, int]:
        """Order type, its fields, and when its clocks start."""
        if share < _PRE_ORDERS_BELOW:
            release = self.options.now + int(3 + share * 700) * _DAY
            days = (release - created) // _DAY
            handling = f'"handling_duration":{{"days":"{days}","type":"CALENDAR_DAY"}},'
            return "PRE_ORDER", f'"release_date":{release},{handling}', release
        if share < _MADE_TO_ORDER_BELOW and self.m.flow == "us":
            handling = '"handling_duration":{"days":"5","type":"BUSINESS_DAY"},'
            return "MADE_TO_ORDER", handling, created + 7 * _DAY
        return "NORMAL", "", created

    def _clocks(self, start: int, arranged: bool) -> str:
        day, afternoon = local_day(self.market, start // 1800)
        cross = self.options.cross_border
        found = clocks(self.market, day, afternoon, cross, start if cross else 0)
        if arranged and "collection_due_time" in found:
            found = found | {"cancel_order_sla_time": found["collection_due_time"]}
        return _pairs(found)

    def _items(self, number: int, d: Draw, state: str, sample: bool, package: str) -> tuple[str, list[int]]:
        """The line items, one a unit, and the sums: original, seller's and platform's discount, sale, tax."""
        wanted = self.options.lines or d.lines
        skus = dict.fromkeys(d.skus[:wanted])
        at = 0
        while len(skus) < wanted:
            skus.setdefault((d.skus[0] + 7 * at + 5) % len(self.prices))
            at += 1
        end = f'"display_status":"{state}"' + (f',"package_id":"{package}"' if package else "")
        end += ',"package_status":"TO_FULFILL"}' if package and state == "AWAITING_SHIPMENT" else "}"
        pieces, totals, unit = [], [0, 0, 0, 0, 0], 0
        first = 1_500_000_000_000_000_000 + number * 100
        for at, sku in enumerate(skus):
            price = self.prices[sku][_SAMPLE if sample else d.prices[at % MOST_LINES]]
            count = 1 if sample else d.counts[at % MOST_LINES]
            for _ in range(count):
                pieces.append(f'{{"id":"{first + unit}",{price.text},{end}')
                unit += 1
            for field, amount in enumerate(price.amounts):
                totals[field] += amount * count
        return ",".join(pieces), totals

    def _payment(self, d: Draw, totals: list[int], sample: bool) -> str:
        original, by_seller, by_platform, sale, tax = totals
        fee = 0 if sample else self.price_of(articles()[2]) // 2 // self.m.step * self.m.step
        off = (0, fee, fee, fee // 2)[d.fee % 4]
        money = self.money
        return (
            f'"payment":{{"currency":"{self.m.currency}","original_total_product_price":"{money(original)}",'
            f'"seller_discount":"{money(by_seller)}","platform_discount":"{money(by_platform)}",'
            f'"sub_total":"{money(sale)}","original_shipping_fee":"{money(fee)}",'
            f'"shipping_fee_seller_discount":"{money(0)}","shipping_fee_platform_discount":"{money(off)}",'
            f'"shipping_fee_cofunded_discount":"{money(0)}","shipping_fee":"{money(fee - off)}",'
            f'"tax":"{money(tax)}","product_tax":"{money(tax)}","shipping_fee_tax":"{money(0)}",'
            f'"total_amount":"{money(sale + fee - off + tax)}"}},'
        )

    def _shipping(self, number: int, d: Draw, state: str, ours: bool, package: str) -> str:
        text = f'"packages":[{{"id":"{package}"}}],' if package else ""
        if state == "CANCELLED":
            reason = _CANCEL_REASONS.get(self.market, _CANCEL_REASON)
            by = "BUYER" if d.flag < _BUYER_CANCELS_BELOW else "SYSTEM"
            return text + f'"cancellation_initiator":"{by}","cancel_reason":{_json(reason)},'
        if state in ("AWAITING_COLLECTION", "IN_TRANSIT", "DELIVERED", "COMPLETED"):
            text += f'"shipping_provider":{_json(self.m.carrier)},"tracking_number":"{self.market}{number:012d}",'
        if self.market == "BR":
            text += f'"cpf":"{cpf(d.user)}","cpf_name":"Comprador",'
        return text + (
            f'"shipping_provider_id":"68200000000000000{self.index:02d}",' if ours and not self.options.clear else ""
        )

    def address(self, d: Draw, masked: bool) -> str:
        """The JSON of the recipient that was drawn."""
        p, home = self.people, self.homes[d.place % len(self.homes)]
        family, given = p.family[d.name % len(p.family)], p.given[d.name // 64 % len(p.given)]
        phone = f"{d.phone % 10**p.digits:0{p.digits}d}"
        prefix = p.prefixes[d.street // 64 % len(p.prefixes)]
        street = p.streets[d.street % len(p.streets)].format(n=d.number + 1)
        if masked:
            family, given, street = f"{family[:1]}***", f"{given[:1]}***", "***"
            phone, prefix = f"{'*' * (p.digits - 2)}{phone[-2:]}", "*" * len(prefix)
        joint = "" if self.market == "JP" else " "
        name = f"{family}{joint}{given}" if p.family_first else f"{given}{joint}{family}"
        more = ""
        if self.market == "GB":
            more = f'"post_town":"{PLACES["GB"][d.place % len(self.homes)][1]}",'
        elif self.market == "JP":
            more = f'"first_name_local_script":"{given}","last_name_local_script":"{family}",'
        return (
            f'{{"name":"{name}","first_name":"{given}","last_name":"{family}","phone_number":"(+{p.code}){prefix}{phone}",'
            f'"region_code":"{self.market}","postal_code":"{home.postal}",{more}"address_line1":"{street}",'
            f'"address_line2":"","address_detail":"{street}","full_address":"{street}, {home.tail}",'
            f'"district_info":[{self.country},{home.districts}]}}'
        )


def money_text(minor: int, exponent: int) -> str:
    """`1230` → `12.30`; currencies quoted whole have exponent 0."""
    return f"{minor // 100}.{minor % 100:02d}" if exponent else str(minor)


def order_id(number: int) -> str:
    """Eighteen digits, as the platform's ids look."""
    return str(576_000_000_000_000_000 + number)


def warehouse_ref(market: str) -> str:
    """The platform's id of the warehouse that serves the market (or of the one in China); as in the catalogue."""
    return f"71000000000000000{list(MARKETS).index(market) + 10 if market in MARKETS else 10 + len(MARKETS)}"


def cpf(number: int) -> str:
    """A Brazilian tax id with right check digits."""
    digits = [int(c) for c in f"{number % 10**9:09d}"]
    for _ in range(2):
        total = sum(d * w for d, w in zip(digits, range(len(digits) + 1, 1, -1), strict=True))
        digits.append(0 if total % 11 < 2 else 11 - total % 11)  # noqa: PLR2004 - the rule of the tax office
    return "".join(map(str, digits))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _pairs(fields: dict[str, int]) -> str:
    return "".join([f'"{k}":{v},' for k, v in fields.items()])


def _bool(value: bool) -> str:
    return "true" if value else "false"
