"""Verification: what keeps an order from going on, decided over a batch, and what the seller should know of it.

A *blocking* hold stops the order at the station `check`; an advisory one is shown and lets it go on. A check whose
facts are missing gives no verdict: an order is held for what is known to be wrong, never for what is unknown.
Only open orders that the seller fulfils are verified. Values in holds are not personal.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from fahuo.kernel.instant import NONE, iso
from fahuo.kernel.problems import Problem
from fahuo.kernel.text import N_
from fahuo.orders.addresses import MASK, check_address
from fahuo.orders.model import (
    BY_SELLER,
    FINISHED,
    ON_HOLD,
    OPEN,
    SHIPPING_SELLER,
    SHIPPING_TIKTOK,
    UNPAID,
    OrderIn,
)
from fahuo.orders.phones import parse_phone

OPS: Final = "ops"
CS: Final = "cs"
WAREHOUSE: Final = "warehouse"
CATALOGUE: Final = "catalogue"

SHIPPING_DIGITAL: Final = "TIKTOK_DIGITAL"
COD_MARKETS: Final = frozenset({"VN", "TH", "PH", "MY", "SG", "ID"})
"""Where cash on delivery is usual. Confidence C: our reading of the reference's SEA flows; a setting (VerifyFacts)."""
FEE_MARKETS: Final = frozenset({"TH", "US", "ID"})
"""Where the total may carry a market fee that is no field of ours (small order, retail delivery, buyer service)."""

_encode = msgspec.msgpack.Encoder().encode


class Hold(Struct, frozen=True):
    """Why an order is held (`blocks`) or noted, whose task it is, and the next step."""

    code: str
    owner: str
    blocks: bool
    field: str | None = None
    value: str | None = None
    message: str = ""
    next: str = ""
    params: dict[str, Any] = {}

    def problem(self) -> Problem:
        """The same as a problem, whose texts can be rendered in a language."""
        return Problem(self.code, self.field, self.value, self.message, self.next, self.params)


CANCEL_REQUESTED: Final = "cancel_requested"
_HOLDS: Final = {
    "unknown_state": (OPS, True, N_("The order state {value} is unknown."),
                      N_("Look the order up in Seller Center; tell us the new state, then release the hold.")),
    "unknown_shipping_type": (OPS, True, N_("The shipping type {value} is unknown."),
                              N_("Find out whether platform or seller ships, then release the hold.")),
    "no_items": (OPS, True, N_("The order has no items to send."), N_("Import the order again with its items.")),
    "amounts_differ": (OPS, True, N_("The amounts do not add up: {difference} is left over."),
                       N_("Compare with Seller Center; release the hold when the platform's total is right.")),
    "amount_negative": (OPS, True, N_("An amount is negative."), N_("Compare with Seller Center.")),
    "payment_missing": (OPS, True, N_("The order is to be sent, but no payment is known."),
                        N_("Check the payment in Seller Center before anything leaves.")),
    "cod_unusual": (OPS, False, N_("Cash on delivery is not usual in {value}."),
                    N_("Make sure that the carrier collects cash there.")),
    "unknown_sku": (CATALOGUE, True, N_("The SKU {value} is unknown."),
                    N_("Add the SKU, or map this shop's SKU to one of ours.")),
    CANCEL_REQUESTED: (CS, True, N_("The buyer has asked to cancel."),
                         N_("Answer the request in time; an unanswered one is approved by the platform.")),
    "address_changed": (WAREHOUSE, True, N_("The address changed after the shipment was arranged."),
                        N_("Stop the parcel; take the new label before it is handed over.")),
    "items_changed": (WAREHOUSE, True, N_("The items changed after the parcel was packed."),
                      N_("Open the parcel, put the right items in, then release the hold.")),
    "recipient_masked": (CS, True, N_("Recipient data is masked, so no label of our own can be printed."),
                         N_("Import the order with clear data, or let the platform ship it.")),
    "name_missing": (CS, True, N_("The recipient's name is missing."), N_("Ask the buyer for the name.")),
    "phone_missing": (CS, True, N_("The recipient's phone number is missing."), N_("Ask the buyer for the number.")),
    "phone_invalid": (CS, True, N_("The phone number is not valid in {value}."), N_("Ask the buyer for the number.")),
    "duplicate_suspected": (CS, False, N_("The same buyer ordered the same items within {hours} hours: {value}."),
                            N_("Ask the buyer whether both are meant. The order goes on meanwhile.")),
    "no_stock": (WAREHOUSE, False, N_("Not all units of the order are in stock."),
                 N_("Count again, take in new stock or tell the buyer; the order goes on once they are there.")),
    "cannot_plan": (OPS, False, N_("No warehouse and service can be planned for it: {value}."),
                    N_("The order page says what was refused and why; it is planned again by itself.")),
    "report_declined": (OPS, False, N_("The tracking number was declined: {value}."),
                        N_("Correct what the answer names, then send it again from the order page.")),
    "carrier_not_listed": (OPS, False, N_("The platform does not list the carrier: {value}."),
                           N_("Name the carrier of the service as the platform does, then send it again.")),
    "arrange_declined": (OPS, True, N_("The platform did not arrange the shipment: {value}."),
                         N_("Correct what the answer names and send it again, or arrange it in Seller Center.")),
    "after_sale_open": (CS, True, N_("An item has an open after-sale request, so it cannot be arranged: {value}."),
                        N_("Answer the request first; then send it again from the order page.")),
    "label_declined": (OPS, True, N_("The platform gave no label: {value}."),
                       N_("Send it again, or take the label from Seller Center and import it.")),
    "label_void": (WAREHOUSE, True, N_("The platform has cut the parcels anew: the label on this one is void."),
                   N_("Take the label off; print the new one, pack again, then release the hold.")),
    "change_declined": (OPS, False, N_("The platform did not change the parcel: {value}."),
                        N_("Correct what the answer names and ask again, or do it in Seller Center.")),
    "bundle_declined": (OPS, False, N_("The parcel is in no first-mile bundle: {value}."),
                        N_("Correct what the answer names; it is proposed for the next bundle.")),
    "first_mile_refused": (OPS, True, N_("The sorting warehouse refused the parcel: {value}."),
                           N_("Ask what is wrong with it; have it relabelled or sent back, then release the hold.")),
    "no_rule_found": (OPS, False, N_("No deadline rule was found for market {value}."),
                      N_("Choose a rule pack for the shop: fahuo shops add NAME --pack ID.")),
    "cannot_leave_in_time": (OPS, False, N_("No carrier takes it before its clock ends: {value}."),
                             N_("Send it first all the same; holding it would only make it later.")),
}  # fmt: skip


class VerifyFacts(Struct, kw_only=True):
    """What verification must know beyond the orders. `None` means unknown: the check gives no verdict."""

    skus: Container[str] | None = None
    """Every platform SKU id of the shop and every SKU of the seller that we know."""
    cod_markets: frozenset[str] | None = COD_MARKETS
    address_changed: Container[str] = frozenset()
    """Platform order ids whose address changed after arranging."""
    recent: Mapping[bytes, Sequence[tuple[int, str]]] = {}
    """Fingerprint → (created_at, platform order id) of orders taken lately (see `fingerprint`)."""
    duplicate_hours: int = 24
    secret: bytes = b""
    """Key of the fingerprints, so that they cannot be guessed from an address; at most 64 bytes."""


def verify(
    batch: Sequence[OrderIn], facts: VerifyFacts, prints: Sequence[bytes | None] | None = None
) -> list[list[Hold]]:
    """The holds of each order, in the order of the batch; an empty list lets it go on.

    `prints`: the orders' fingerprints where the caller has them already (see `fingerprints`).
    """
    twins = _twins(batch, fingerprints(batch, facts.secret) if prints is None else prints, facts)
    unknown = _unknown_articles(batch, facts)
    return [
        _verify(order, facts, unknown, twin) if is_verified(order) else []
        for order, twin in zip(batch, twins, strict=True)
    ]


def is_verified(order: OrderIn) -> bool:
    """Whether there is anything to verify: open, ours to send, and physical."""
    return (
        order.state not in FINISHED and order.fulfillment_type == BY_SELLER and order.shipping_type != SHIPPING_DIGITAL
    )


def _verify(order: OrderIn, facts: VerifyFacts, unknown: _Articles, twin: str) -> list[Hold]:
    holds: list[Hold] = []
    if order.state not in OPEN:
        holds.append(hold("unknown_state", "state", order.state))
    if order.shipping_type not in (SHIPPING_TIKTOK, SHIPPING_SELLER):
        holds.append(hold("unknown_shipping_type", "shipping_type", order.shipping_type))
    if order.buyer_cancel:
        holds.append(hold(CANCEL_REQUESTED, "buyer_cancel"))
    if order.platform_order_id in facts.address_changed:
        holds.append(hold("address_changed", "recipient"))
    _check_items(order, unknown, holds)
    _check_amounts(order, holds)
    _check_payment(order, facts, holds)
    if order.state not in (UNPAID, ON_HOLD):  # the platform shows no address before
        _check_recipient(order, holds)
    if twin:
        holds.append(hold("duplicate_suspected", None, twin, hours=facts.duplicate_hours))
    return holds


def hold(code: str, where: str | None = None, value: str | None = None, **params: Any) -> Hold:
    """The hold of that code with its owner and texts."""
    owner, blocks, message, then = _HOLDS[code]
    return Hold(code, owner, blocks, where, value, message, then, {"value": value or "", **params})


_Articles = frozenset[tuple[str, str]]
"""(platform SKU id, the seller's SKU) as lines name articles."""


def _unknown_articles(batch: Sequence[OrderIn], facts: VerifyFacts) -> _Articles:
    """The articles nobody knows. Looked for once a batch: its lines name few."""
    known = facts.skus
    if known is None:
        return frozenset()
    named = {(line.platform_sku_id, line.seller_sku) for order in batch for line in order.lines}
    return frozenset(pair for pair in named if pair[0] not in known and pair[1] not in known)


def _check_items(order: OrderIn, unknown: _Articles, holds: list[Hold]) -> None:
    if not order.lines or min([line.quantity for line in order.lines]) < 1:
        holds.append(hold("no_items", "lines"))
    if not unknown:
        return
    told: set[str] = set()
    for line in order.lines:
        if (line.platform_sku_id, line.seller_sku) in unknown:
            name = line.seller_sku or line.platform_sku_id
            if name not in told:
                told.add(name)
                holds.append(hold("unknown_sku", "lines", name))


def _check_amounts(order: OrderIn, holds: list[Hold]) -> None:
    """total = subtotal + shipping + tax, and subtotal = the lines'. Exact; no verdict where a part is unknown."""
    subtotal, shipping, tax, total = order.subtotal, order.shipping_fee, order.tax, order.total
    lines = [line.subtotal for line in order.lines if line.subtotal is not None]
    for amount in (subtotal, shipping, tax, total, *lines):
        if amount is not None and amount < 0:
            holds.append(hold("amount_negative", "total"))
            return
    if subtotal is not None and lines and len(lines) == len(order.lines) and sum(lines) != subtotal:
        holds.append(_differs(order, "subtotal", subtotal - sum(lines)))
    if subtotal is not None and shipping is not None and tax is not None and total is not None:
        left = total - subtotal - shipping - tax
        if left < 0 or (left > 0 and order.market not in FEE_MARKETS):
            holds.append(_differs(order, "total", left))


def _differs(order: OrderIn, where: str, left: int) -> Hold:
    digits = f"{abs(left):0{order.exponent + 1}d}"
    text = f"{digits[: -order.exponent]}.{digits[-order.exponent :]}" if order.exponent else digits
    difference = f"{'-' if left < 0 else ''}{text} {order.currency}"
    return hold("amounts_differ", where, difference, difference=difference)


def _check_payment(order: OrderIn, facts: VerifyFacts, holds: list[Hold]) -> None:
    if order.is_cod:
        if facts.cod_markets is not None and order.market not in facts.cod_markets:
            holds.append(hold("cod_unusual", "is_cod", order.market))
        return
    # A file often has no column for it, and a sample costs nothing: only the platform's own object tells.
    told_by_platform = order.updated_at is not None and order.state not in (UNPAID, ON_HOLD)
    if told_by_platform and order.paid_at is None and not order.is_sample and order.total != 0:
        holds.append(hold("payment_missing", "paid_at"))


def _check_recipient(order: OrderIn, holds: list[Hold]) -> None:
    """Own labels need everything in clear; with the platform's label only what is shown and wrong is worth a note."""
    ours = order.shipping_type == SHIPPING_SELLER
    check = check_address(order.recipient)
    if check.masked:
        if ours:
            holds.append(hold("recipient_masked", "recipient"))
        return  # what is hidden or cut short cannot be judged
    for problem in check.problems:
        if ours or not problem.code.endswith("_missing"):
            params = {**problem.params, "country": order.recipient.country}
            holds.append(
                Hold(problem.code, CS, ours, problem.field, problem.value, problem.message, problem.next, params)
            )
    if not ours:
        return
    if not order.recipient.name.strip():
        holds.append(hold("name_missing", "recipient.name"))
    phone = parse_phone(order.recipient.phone, order.recipient.country)
    if phone.problem:
        holds.append(hold(phone.problem, "recipient.phone", order.recipient.country))


def fingerprint(order: OrderIn, secret: bytes) -> bytes | None:
    """Same buyer, same items: 16 bytes keyed with `secret`; None where that cannot be told (masked, sample, empty)."""
    to = order.recipient
    if order.is_sample or to.masked or not to.name or not to.lines or MASK in to.name or MASK in to.lines[0]:
        return None
    items = sorted([(line.seller_sku or line.platform_sku_id, line.quantity) for line in order.lines])
    who = "\n".join((to.name, to.phone[-8:], to.postal_code, *to.lines)).casefold()
    return blake2b(_encode((who, items)), digest_size=16, key=secret).digest()


def fingerprints(batch: Sequence[OrderIn], secret: bytes) -> list[bytes | None]:
    """The fingerprint of each order that is verified, None for the others."""
    return [fingerprint(o, secret) if o.created_at is not None and is_verified(o) else None for o in batch]


def _twins(batch: Sequence[OrderIn], prints: Sequence[bytes | None], facts: VerifyFacts) -> list[str]:
    """For each order the id of an earlier one that looks the same, or an empty text."""
    within = facts.duplicate_hours * 3600
    seen: dict[bytes, tuple[int, str]] = {}
    twins = []
    for order, print_ in zip(batch, prints, strict=True):
        twin = ""
        if print_ is not None and order.created_at is not None:
            recent, last = facts.recent.get(print_, ()), seen.get(print_)
            if recent or last:
                earlier = [*recent, last] if last else recent
                near = [i for at, i in earlier if abs(order.created_at - at) <= within and i != order.platform_order_id]
                twin = near[-1] if near else ""
            seen[print_] = (order.created_at, order.platform_order_id)
        twins.append(twin)
    return twins


def can_leave(
    due_at: NDArray[np.int64],
    now: int,
    departures: NDArray[np.int64],
    *,
    work_seconds: int = 0,
    ready_at: NDArray[np.int64] | None = None,
) -> list[Hold | None]:
    """Whether each order can still leave before its clock; an advisory hold where it cannot.

    `due_at`: when its dispatch clock ends (NONE: no verdict). `departures`: the coming instants at which a carrier
    takes parcels, ascending. `work_seconds`: picking and packing. `ready_at`: when its goods are there (NONE: now).
    An order that cannot make it is not stopped, because holding it would make it later still.
    """
    start = np.full(due_at.shape, now, dtype=np.int64)
    if ready_at is not None:
        start = np.maximum(start, np.where(ready_at == NONE, now, ready_at))
    index = np.searchsorted(departures, start + work_seconds, side="left")
    never = np.iinfo(np.int64).max
    leaves = np.append(departures, never)[index]
    late = (due_at != NONE) & (leaves > due_at)
    holds: list[Hold | None] = [None] * len(due_at)
    for i in np.flatnonzero(late).tolist():
        holds[i] = hold("cannot_leave_in_time", "due_at", iso(int(due_at[i])))
    return holds
