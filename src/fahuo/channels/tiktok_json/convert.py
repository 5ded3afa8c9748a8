"""The API's order object as our incoming order. Hot path: about 20,000 orders a second and core must pass here."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from fahuo.channels.model import MARKETS, MAX_LINES, MAX_QUANTITY, MAX_UNITS, ReadContext, Refused, market_code, refuse
from fahuo.channels.people import known_market
from fahuo.channels.tiktok_json.model import Address, LineItem, Order, Payment, Price
from fahuo.kernel.money import exponent_of, parse_minor
from fahuo.kernel.text import N_
from fahuo.orders import model as m

_MILLISECONDS_FROM: Final = 100_000_000_000
_LATEST: Final = 4_102_444_800
"""The year 2100; a time beyond it is an error of the writer."""
_CITY_WORDS: Final = frozenset({"city", "town", "post town", "city/town", "municipality"})

_minor = lru_cache(maxsize=65_536)(parse_minor)


def convert(source: Order, raw: bytes, row: int, context: ReadContext) -> m.OrderIn:
    """The order in our terms, raw payload attached. Raises `Refused`."""
    items = source.line_items or ()
    if len(items) > MAX_UNITS:
        raise _too_many(MAX_UNITS)
    payment = source.payment or _NO_PAYMENT
    address = source.recipient_address
    stated = payment.currency or (items[0].currency if items else None)
    region = address.region_code if address else None
    market, currency, exponent = _where(region, stated, context.market, context.currency)
    handling = source.handling_duration
    carrier, number = _shipped(source, items)
    collected = _time(source.collection_time, "collection_time") if source.collection_time else None
    status = source.status
    if not status:
        raise refuse(
            "missing_status",
            "status",
            None,
            N_("The order has no status."),
            N_("Write the API's word, such as AWAITING_SHIPMENT."),
        )
    return m.OrderIn(
        platform_order_id=str(source.id),
        state=m.STATE_ALIASES.get(status, status),
        market=market,
        order_type=source.order_type or "NORMAL",
        shipping_type=source.shipping_type or context.shipping_type,
        fulfillment_type=source.fulfillment_type or m.BY_SELLER,
        handling_days=_days(handling.days) if handling else None,
        handling_type=(handling.type or "BUSINESS_DAY") if handling else None,
        priority_level=source.fulfillment_priority_level,
        is_cod=bool(source.is_cod),
        is_sample=bool(source.is_sample_order),
        buyer_cancel=bool(source.is_buyer_request_cancel),
        readdressed=bool(source.has_updated_recipient_address),
        warehouse_ref=str(source.warehouse_id or ""),
        carrier_name=carrier,
        tracking_number=number,
        package_ids=tuple([str(package.id) for package in source.packages or ()])
        or tuple(dict.fromkeys([str(i.package_id) for i in items if i.package_id])),
        currency=currency,
        exponent=exponent,
        subtotal=_price(payment.sub_total, exponent, "payment.sub_total"),
        shipping_fee=_price(payment.shipping_fee, exponent, "payment.shipping_fee"),
        tax=_extras(payment, exponent),
        total=_price(payment.total_amount, exponent, "payment.total_amount"),
        created_at=_time(source.create_time, "create_time"),
        paid_at=_time(source.paid_time, "paid_time") if source.paid_time else None,
        arranged_at=_time(source.rts_time, "rts_time") or _arranged(items),
        # The carrier's collecting scan is both the hand-over and its first scan.
        handed_over_at=collected,
        first_scan_at=collected,
        delivered_at=_time(source.delivery_time, "delivery_time") if source.delivery_time else None,
        cancelled_at=_time(source.cancel_time, "cancel_time") if source.cancel_time else None,
        release_at=_time(source.release_date, "release_date") if source.release_date else None,
        updated_at=_time(source.update_time, "update_time"),
        platform_times=_limits(source),
        cancel_by=source.cancellation_initiator or "",
        cancel_reason=source.cancel_reason or "",
        buyer_message=source.buyer_message or "",
        recipient=_recipient(address, market) if address else m.RecipientIn(country=market),
        lines=_lines(items, currency, exponent),
        raw=raw,
        row=row,
    )


_NO_PAYMENT: Final = Payment()


def _shipped(source: Order, items: Iterable[LineItem]) -> tuple[str, str]:
    """Carrier and tracking number: of the order, else of the first unit that has one."""
    carrier, number = source.shipping_provider or "", source.tracking_number or ""
    if not (carrier and number):
        for item in items:
            carrier = carrier or item.shipping_provider_name or ""
            number = number or item.tracking_number or ""
    return carrier, number


_HOME: Final = {
    market.currency: code
    for code, market in MARKETS.items()
    if sum(other.currency == market.currency for other in MARKETS.values()) == 1
}
"""The market of a currency that only one market uses."""


@lru_cache(maxsize=4_096)
def _where(region: str | None, stated: str | None, home: str, currency: str) -> tuple[str, str, int]:
    """Market, currency and its exponent. A shop sells in one market (`home`), which its buyers' region repeats.

    A file of several markets says it per order. Before payment the address is empty: then the currency stated tells,
    where it differs from the shop's.
    """
    market = market_code(region or home)
    if not region and stated and market in MARKETS and MARKETS[market].currency != stated:
        market = _HOME.get(stated, market)
    known = MARKETS.get(market)
    if known is None and not known_market(market):
        raise refuse(
            "unknown_market",
            "recipient_address.region_code",
            market,
            N_("“{value}” is no country code, so the order's market is not known."),
            N_("Use an ISO 3166-1 code such as VN or US."),
        )
    currency = stated or currency or (known.currency if known else "")
    return market, currency, _exponent(currency)


def _exponent(currency: str) -> int:
    try:
        return exponent_of(currency)
    except ValueError:
        raise refuse(
            "unknown_currency",
            "payment.currency",
            currency,
            N_("{field} “{value}” is no currency."),
            N_("Use an ISO 4217 code such as USD or VND."),
        ) from None


def _price(value: Price, exponent: int, field: str) -> int | None:
    if value is None or value == "":
        return None
    try:
        minor = _minor(repr(value) if type(value) is float else value, exponent)
    except ValueError:
        raise refuse(
            "bad_amount",
            field,
            str(value),
            N_("{field} “{value}” is not a decimal amount with at most {exponent} decimals."),
            N_("Write amounts as decimal text such as “12.30”."),
            exponent=exponent,
        ) from None
    if minor < 0:
        raise refuse(
            "negative_amount",
            field,
            str(value),
            N_("{field} “{value}” is negative."),
            N_("Correct the amount and import the file again."),
        )
    return minor


_NO_FEES: Final = (None,) * 9


def _extras(payment: Payment, exponent: int) -> int | None:
    """Taxes and market fees less the payment discount: what the total holds beside goods and shipping."""
    total = _price(payment.tax, exponent, "payment.tax")
    fees = (
        payment.small_order_fee,
        payment.retail_delivery_fee,
        payment.buyer_service_fee,
        payment.handling_fee,
        payment.shipping_insurance_fee,
        payment.item_insurance_fee,
        payment.item_insurance_tax,
        payment.distance_shipping_fee,
        payment.distance_fee,
    )
    if fees != _NO_FEES:
        for value in fees:
            if value is not None:
                total = (total or 0) + (_price(value, exponent, "payment") or 0)
    if payment.payment_platform_discount is not None:
        discount = _price(payment.payment_platform_discount, exponent, "payment.payment_platform_discount")
        total = (total or 0) - (discount or 0)
    return total


def _time(value: int | None, field: str) -> int | None:
    if not value:
        return None
    at = value if value < _MILLISECONDS_FROM else value // 1000
    if not 0 < at < _LATEST:
        raise refuse(
            "impossible_date",
            field,
            str(value),
            N_("{field} “{value}” is no time in epoch seconds."),
            N_("Write times as whole epoch seconds."),
        )
    return at


def _limits(source: Order) -> dict[str, int]:
    found = {}
    for name, value in (
        ("rts_sla_time", source.rts_sla_time),
        ("tts_sla_time", source.tts_sla_time),
        ("pick_up_cut_off_time", source.pick_up_cut_off_time),
        ("shipping_due_time", source.shipping_due_time),
        ("collection_due_time", source.collection_due_time),
        ("cancel_order_sla_time", source.cancel_order_sla_time),
        ("delivery_sla_time", source.delivery_sla_time),
    ):
        if value and (at := _time(value, name)):
            found[name] = at
    return found


def _arranged(items: Iterable[LineItem]) -> int | None:
    """The order is arranged when its last unit is."""
    last = 0
    for item in items:
        if item.display_status != m.CANCELLED:
            if not item.rts_time:
                return None
            last = max(last, item.rts_time)
    return _time(last, "line_items.rts_time")


def _days(value: str | int | None) -> int | None:
    try:
        return int(value) if value not in (None, "") else None
    except ValueError:
        return None


def _lines(items: list[LineItem] | tuple[()], currency: str, exponent: int) -> list[m.LineIn]:
    """Units of one article, price, state and package become one line with a quantity."""
    found: dict[tuple[object, ...], m.LineIn] = {}
    for item in items:
        count = 1 if item.quantity == 1 else _quantity(item.quantity)
        kind = (
            item.sku_id, item.seller_sku, item.sale_price, item.original_price, item.display_status, item.package_id,
            item.is_gift,
        )  # fmt: skip
        line = found.get(kind)
        if line is None:
            found[kind] = _new_line(item, count, currency, exponent)
        else:
            line.quantity += count
            line.unit_ids += (str(item.id),)
    if len(found) > MAX_LINES:
        raise _too_many(MAX_LINES)
    for line in found.values():
        # A unit price stands in the subtotal's place until the units are counted.
        if line.quantity > 1 and line.subtotal is not None:
            line.subtotal *= line.quantity
    return list(found.values())


def _new_line(item: LineItem, count: int, currency: str, exponent: int) -> m.LineIn:
    if item.currency and item.currency != currency:
        raise refuse(
            "mixed_currencies",
            "line_items.currency",
            item.currency,
            N_("{field} “{value}” is in another currency than the order's other amounts ({currency})."),
            N_("Correct the amount and import the file again."),
            currency=currency,
        )
    sale = _price(item.sale_price, exponent, "line_items.sale_price")
    original = _price(item.original_price, exponent, "line_items.original_price")
    return m.LineIn(
        platform_sku_id=str(item.sku_id or ""),
        seller_sku=item.seller_sku or "",
        product_name=item.product_name or "",
        variation=item.sku_name or "",
        quantity=count,
        unit_price=sale if original is None else original,
        subtotal=sale,
        unit_ids=(str(item.id),),
        state=m.STATE_ALIASES.get(item.display_status or "", item.display_status or ""),
        is_gift=bool(item.is_gift),
        package_id=str(item.package_id or ""),
    )


def _quantity(value: int | float | None) -> int:
    if value is None:
        return 1
    whole = int(value) if math.isfinite(value) else 0
    count = whole if whole == value else 0
    if count < 1:
        raise refuse(
            "bad_quantity",
            "line_items.quantity",
            str(count),
            N_("{field} is not a whole number of at least 1."),
            N_("Correct the quantity and import the file again."),
        )
    if count > MAX_QUANTITY:
        raise refuse(
            "quantity_too_large",
            "line_items.quantity",
            str(count),
            N_("{field} “{value}” is more than {limit} units in one line."),
            N_("Correct the quantity, or split the order, and import the file again."),
            limit=MAX_QUANTITY,
        )
    return count


def _too_many(limit: int) -> Refused:
    return refuse(
        "too_many_lines",
        "line_items",
        None,
        N_("The order has more than {limit} lines."),
        N_("Check the file; an order of this size must be split."),
        limit=limit,
    )


def _recipient(a: Address, market: str) -> m.RecipientIn:
    region, city, district = _places(a)
    name, phone = a.name or _name(a), a.phone_number or ""
    if a.address_line1:
        lines = tuple([line for line in (a.address_line1, a.address_line2, a.address_line3, a.address_line4) if line])
    else:
        street = a.address_detail or a.full_address
        lines = (street,) if street else ()
    return m.RecipientIn(
        name=name,
        phone=phone,
        country=market,
        region=region,
        city=city,
        district=district,
        postal_code=a.postal_code or "",
        lines=lines,
        masked="**" in name or "**" in phone or "**" in "\n".join(lines),
    )


def _name(a: Address) -> str:
    """The parts of a name where the whole is absent: the local script first, family name in front."""
    local = [part for part in (a.last_name_local_script, a.first_name_local_script) if part]
    return " ".join(local or [part for part in (a.first_name, a.last_name) if part])


@lru_cache(maxsize=1_024)
def _is_city(level: str) -> bool:
    return level.casefold() in _CITY_WORDS


def _places(a: Address) -> tuple[str, str, str]:
    """Region, city, district: L1, L2, L3; where a lower level is called city (US), that one, and L2 the district."""
    levels = {"L1": "", "L2": "", "L3": ""}
    named = ""
    for info in a.district_info or ():
        level, place = info.address_level or "", info.address_name or ""
        levels[level] = place
        if not named and level > "L1" and _is_city(info.address_level_name or ""):
            named = place
    city = a.post_town or named or levels["L2"]
    district = levels["L3"] if levels["L3"] != city else levels["L2"]
    return levels["L1"], city, district if district != city else ""
