"""Several tellings of one order: which of them counts.

What we know of an order is the last telling we took plus where it came from. The rules, first match wins:

| we know | now comes | decision |
|---|---|---|
| nothing | anything | `create` |
| the same content | the same update time, or a file | `unchanged` |
| the same content | a newer update time | `touch`: only the time is noted |
| one with update time | one with update time | the newer wins whole (`update`), the older is `stale` |
| the same update time | other content | further state, then greater digest wins: any order of arrival agrees |
| anything | a file, state further on | `forward`: its state and times are taken, the rest only fills gaps |
| anything | a file, same state | `fill`: it fills gaps; what differs is reported and stays as it was |
| anything | a file, state behind or aside | `stale`, reported: an older export never moves an order back |
| a file's word | one with update time | `update`; the state goes back only if it is newer than the file's import |

So a set of tellings with update times ends the same in any order and with any repetition; files only ever add.
Unknown state words cannot be ranked: with an update time they are taken, from a file they are reported and kept out.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from fahuo.kernel.instant import iso
from fahuo.kernel.money import amount_text
from fahuo.kernel.problems import Problem
from fahuo.kernel.text import N_
from fahuo.orders.model import ORDER, OrderIn, RecipientIn

Kind = Literal["create", "update", "forward", "fill", "touch", "unchanged", "stale"]

TIMES: Final = (
    "paid_at", "awaiting_at", "arranged_at", "handed_over_at", "first_scan_at", "delivered_at",
    "completed_at", "cancelled_at",
)  # fmt: skip
_FILLED: Final = (
    "handling_days", "handling_type", "priority_level", "warehouse_ref", "carrier_name",
    "tracking_number", "package_ids", "subtotal", "shipping_fee", "tax", "total", "created_at", "release_at",
    "cancel_by", "cancel_reason", "buyer_message",
)  # fmt: skip
_COMPARED: Final = ("order_type", "shipping_type", "fulfillment_type", "currency")
_DISPUTED: Final = ("total", "created_at", "tracking_number")
"""Reported when both tellings have them and they differ."""
_encode = msgspec.msgpack.Encoder(order="deterministic").encode


class Known(Struct, frozen=True):
    """What we hold of an order."""

    order: OrderIn
    digest: bytes
    updated_at: int | None = None
    """Update time of the newest telling taken; None when only files told of it."""
    state_at: int | None = None
    """When the state was taken from a file: business time of that import; else None."""


class Decision(Struct, frozen=True):
    """What to do: `order` is what we know afterwards (the same object when nothing changes)."""

    kind: Kind
    known: Known
    problems: tuple[Problem, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether the order has to be written (for `touch` its update time is enough)."""
        return self.kind in ("create", "update", "forward", "fill")


def digest(order: OrderIn, key: bytes = b"") -> bytes:
    """16 bytes over what the order says; where it was written (rows, raw bytes, update time) does not count.

    `key` (at most 64 bytes) keeps the digest from being matched against guessed addresses.
    """
    to = order.recipient
    content = (
        order.platform_order_id, order.state, order.substate, order.market, order.order_type, order.shipping_type,
        order.fulfillment_type, order.handling_days, order.handling_type, order.priority_level, order.is_cod,
        order.is_sample, order.buyer_cancel, order.readdressed, order.warehouse_ref, order.carrier_name,
        order.tracking_number,
        order.package_ids, order.currency, order.exponent, order.subtotal, order.shipping_fee, order.tax, order.total,
        order.created_at, order.paid_at, order.awaiting_at, order.arranged_at, order.handed_over_at,
        order.first_scan_at, order.delivered_at, order.completed_at, order.cancelled_at, order.release_at,
        order.platform_times, order.cancel_by, order.cancel_reason, order.buyer_message,
        (to.name, to.phone, to.country, to.region, to.city, to.district, to.postal_code, to.lines, to.masked),
        [
            (x.platform_sku_id, x.seller_sku, x.product_name, x.variation, x.quantity, x.unit_price, x.subtotal,
             x.unit_ids, x.state, x.is_gift, x.package_id)
            for x in order.lines
        ],
    )  # fmt: skip
    return blake2b(_encode(content), digest_size=16, key=key).digest()


def take(known: Known | None, incoming: OrderIn, content: bytes, now: int) -> Decision:
    """Decide what the incoming telling changes. `content` is its `digest`, `now` the business time of the import."""
    at = incoming.updated_at
    if known is None:
        return Decision("create", Known(incoming, content, at, now if at is None else None))
    if at is None:
        return _take_file(known, incoming, content, now)
    return _take_timed(known, incoming, content, at)


def _take_timed(known: Known, incoming: OrderIn, content: bytes, at: int) -> Decision:
    if known.updated_at is not None and _order(at, incoming, content) <= _order(
        known.updated_at, known.order, known.digest
    ):
        return Decision("unchanged" if content == known.digest else "stale", known)
    if content == known.digest:
        return Decision("touch", msgspec.structs.replace(known, updated_at=at, state_at=None))
    if known.updated_at is None:  # only files so far: what they saw happen stays known
        incoming = _copy(incoming, **_times(known.order, incoming))
    state = incoming.state
    if (
        known.state_at is not None
        and at < known.state_at
        and state != known.order.state
        and ORDER.reachable(state, known.order.state)
    ):
        kept = _copy(incoming, state=known.order.state, **_times(known.order, incoming))
        problem = _contradiction("state", state, known.order.state)
        return Decision("update", Known(kept, content, at, known.state_at), (problem,))
    return Decision("update", Known(incoming, content, at))


def _order(at: int, order: OrderIn, content: bytes) -> tuple[int, int, bytes]:
    rank = ORDER.rank(order.state)
    return (at, -1 if rank is None else rank, content)


def _take_file(known: Known, incoming: OrderIn, content: bytes, now: int) -> Decision:
    if content == known.digest:
        return Decision("unchanged", known)
    ours, theirs = known.order.state, incoming.state
    forward = theirs != ours and ORDER.reachable(ours, theirs)
    if theirs != ours and not forward:
        return Decision("stale", known, (_contradiction("state", theirs, ours),))
    filled = _gaps(known.order, incoming)
    problems = tuple(
        _contradiction(f, _shown(incoming, f), _shown(known.order, f)) for f in _disputed(known.order, incoming)
    )
    if forward:
        merged = _copy(known.order, state=theirs, **filled)
        return Decision("forward", Known(merged, content, known.updated_at, now), problems)
    if not filled:
        return Decision("unchanged", known, problems)
    state_at = now if known.state_at is not None else None
    return Decision("fill", Known(_copy(known.order, **filled), content, known.updated_at, state_at), problems)


def _gaps(ours: OrderIn, theirs: OrderIn) -> dict[str, Any]:
    """Fields that we do not have and they do."""
    filled = _times(theirs, ours)
    for name in _FILLED:
        mine, other = getattr(ours, name), getattr(theirs, name)
        if mine in (None, "", ()) and other not in (None, "", ()):
            filled[name] = other
    if not ours.lines and theirs.lines:
        filled["lines"] = theirs.lines
    masked = ours.recipient.masked and not theirs.recipient.masked
    if theirs.recipient.lines and (masked or not ours.recipient.lines):
        filled["recipient"] = theirs.recipient
    if theirs.buyer_cancel and not ours.buyer_cancel:
        filled["buyer_cancel"] = True
    return filled


def _times(source: OrderIn, target: OrderIn) -> dict[str, Any]:
    """Event times that `source` has and `target` lacks."""
    return {n: getattr(source, n) for n in TIMES if getattr(target, n) is None and getattr(source, n) is not None}


def _disputed(ours: OrderIn, theirs: OrderIn) -> list[str]:
    found = [n for n in _COMPARED if getattr(ours, n) != getattr(theirs, n)]
    for name in _DISPUTED:
        mine, other = getattr(ours, name), getattr(theirs, name)
        if mine not in (None, "") and other not in (None, "") and mine != other:
            found.append(name)
    if ours.lines and theirs.lines and _differ(ours, theirs):
        found.append("lines")
    places = [_where(order.recipient) for order in (ours, theirs)]
    if all(places) and places[0] != places[1]:
        found.append("recipient")
    return found


def _differ(ours: OrderIn, theirs: OrderIn) -> bool:
    """Whether other articles were bought; compared by an identity that both tellings have for every line."""
    for name in ("seller_sku", "platform_sku_id"):
        if all(getattr(line, name) for order in (ours, theirs) for line in order.lines):
            return _units(ours, name) != _units(theirs, name)
    return sum(line.quantity for line in ours.lines) != sum(line.quantity for line in theirs.lines)


def _units(order: OrderIn, name: str) -> dict[str, int]:
    units: dict[str, int] = {}
    for line in order.lines:
        units[getattr(line, name)] = units.get(getattr(line, name), 0) + line.quantity
    return units


def _where(to: RecipientIn) -> tuple[str, ...]:
    """Where the parcel goes, without regard to blanks and case; nothing when masked or not known."""
    known = () if to.masked or not to.lines else (to.name, to.postal_code, *to.lines)
    return tuple("".join(text.split()).casefold() for text in known)


def _shown(order: OrderIn, name: str) -> str:
    """A field's value for a report. Nobody's address stands there."""
    if name == "recipient":
        return ""
    if name == "lines":
        return ", ".join(f"{line.quantity} × {line.seller_sku or line.platform_sku_id}" for line in order.lines)[:200]
    value = getattr(order, name)
    if name == "total":
        return f"{amount_text(value, order.exponent)} {order.currency}"
    return iso(value) if name == "created_at" else str(value)


def _copy(order: OrderIn, **changes: Any) -> OrderIn:
    return msgspec.structs.replace(order, **changes)


def _contradiction(where: str, theirs: str, ours: str) -> Problem:
    said = (
        N_("What was imported contradicts what we already know of {field}: {theirs} against {ours}.")
        if theirs or ours
        else N_("What was imported contradicts what we already know of {field}.")
    )
    return Problem(
        "contradiction",
        where,
        theirs or None,
        said,
        N_("We keep what we know. Export the order again if the new one is right."),
        {"field": where, "theirs": theirs, "ours": ours},
    )
