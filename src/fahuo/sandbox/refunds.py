"""What a buyer gets back for units of an order: exact, in minor units, never more than was paid.

A unit brings back what was paid for it (its sale price and its tax). What was paid for the order as a whole (shipping,
delivery and service fees, the tax on them) comes back with the last units.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from msgspec import Struct

from fahuo.kernel.money import exponent_of, parse_minor


class Refund(Struct, frozen=True):
    """The parts of a refund in minor units of `currency`."""

    currency: str
    subtotal: int = 0
    tax: int = 0
    shipping: int = 0
    retail_delivery: int = 0
    buyer_service: int = 0

    @property
    def total(self) -> int:
        """All parts together."""
        return self.subtotal + self.tax + self.shipping + self.retail_delivery + self.buyer_service

    def at_most(self, total: int) -> Refund:
        """The same, cut to that total: the fees first, then tax, then goods."""
        over = max(0, self.total - max(0, total))
        kept = {}
        for name in ("buyer_service", "retail_delivery", "shipping", "tax", "subtotal"):
            cut = min(over, getattr(self, name))
            kept[name] = getattr(self, name) - cut
            over -= cut
        return Refund(self.currency, **kept)

    def as_json(self) -> dict[str, str]:
        """The platform's `refund_amount`; fees the order never had are left out."""
        exponent = exponent_of(self.currency)
        told = {
            "currency": self.currency,
            "refund_total": text(self.total, exponent),
            "refund_subtotal": text(self.subtotal, exponent),
            "refund_shipping_fee": text(self.shipping, exponent),
            "refund_tax": text(self.tax, exponent),
        }
        if self.retail_delivery:
            told["retail_delivery_fee"] = text(self.retail_delivery, exponent)
        if self.buyer_service:
            told["buyer_service_fee"] = text(self.buyer_service, exponent)
        return told


def text(minor: int, exponent: int) -> str:
    """`1230` → `12.30`, `-5` → `-0.05`; currencies without minor units whole."""
    if not exponent:
        return str(minor)
    whole, rest = divmod(abs(minor), 10**exponent)
    return f"{'-' if minor < 0 else ''}{whole}.{rest:0{exponent}d}"


def paid(body: Mapping[str, Any]) -> int:
    """What the buyer pays in all for the order."""
    return _amount(body["payment"], "total_amount", exponent_of(body["payment"]["currency"]))


def of_line(line: Mapping[str, Any], currency: str) -> Refund:
    """What one unit brings back."""
    exponent = exponent_of(currency)
    tax = sum(_amount(part, "tax_amount", exponent) for part in line.get("item_tax", ()))
    return Refund(currency, subtotal=_amount(line, "sale_price", exponent), tax=tax)


def of_units(body: Mapping[str, Any], line_ids: Collection[str], *, last: bool) -> Refund:
    """What these units bring back; `last`: nothing of the order stays with the buyer, so its fees come too."""
    payment = body["payment"]
    currency = payment["currency"]
    units = [of_line(line, currency) for line in body["line_items"] if line["id"] in line_ids]
    subtotal, tax = sum(u.subtotal for u in units), sum(u.tax for u in units)
    if not last:
        return Refund(currency, subtotal, tax)
    exponent = exponent_of(currency)
    goods_tax = sum(of_line(line, currency).tax for line in body["line_items"])
    fees_tax = max(0, _amount(payment, "tax", exponent) - goods_tax)
    return Refund(
        currency,
        subtotal,
        tax + fees_tax,
        _amount(payment, "shipping_fee", exponent),
        _amount(payment, "retail_delivery_fee", exponent),
        _amount(payment, "buyer_service_fee", exponent),
    )


def calculate(
    body: Mapping[str, Any], line_ids: Collection[str], gone: Collection[str], given: Iterable[int]
) -> Refund:
    """What these units bring back when the units `gone` are refunded already (or asked for) and the totals `given`
    with them: the last units bring the fees, and all refunds together never pass what was paid."""
    asked = set(line_ids) - set(gone)
    last = all(line["id"] in asked or line["id"] in gone for line in body["line_items"])
    return of_units(body, asked, last=last).at_most(paid(body) - sum(given))


def _amount(record: Mapping[str, Any], name: str, exponent: int) -> int:
    value = record.get(name)
    return 0 if value in (None, "") else parse_minor(value, exponent)
