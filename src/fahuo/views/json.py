"""What programs are shown: the stable JSON of orders, effects, waves, requests, conversations.

Absent means unknown; ids are strings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fahuo.kernel.instant import iso
from fahuo.kernel.money import amount_text, exponent_of
from fahuo.orders.queries import Line
from fahuo.talks.model import Conversation, Message
from fahuo.views.aftersales import RequestView
from fahuo.views.order import ClockView, EffectView, OrderView
from fahuo.views.orders import HoldRow, ListRow
from fahuo.views.shops import EffectRow, WaveView
from fahuo.warehouse.model import Parcel


def money(minor: int | None, currency: str, exponent: int) -> dict[str, str] | None:
    """An amount as `{"amount","currency"}`; None when not known."""
    return None if minor is None else {"amount": amount_text(minor, exponent), "currency": currency}


def known(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is not known: None and empty texts."""
    return {name: value for name, value in values.items() if value is not None and value != ""}


def instant(at: int | None) -> str | None:
    """ISO 8601 UTC, or None."""
    return None if at is None else iso(at)


def row_json(row: ListRow, holds: Sequence[HoldRow], shops: Mapping[int, str]) -> dict[str, Any]:
    """An order of a list."""
    return known(
        {
            "id": str(row.id),
            "platform_order_id": row.platform_order_id,
            "shop": shops.get(row.shop_id),
            "market": row.market,
            "state": row.state,
            "station": row.station,
            "shipping_type": row.shipping_type,
            "due_at": instant(row.due_at),
            "clock": row.due_clock,
            "pack": row.pack,
            "total": money(row.total, row.currency, row.exponent),
            "units": row.units,
            "created_at": instant(row.created_at),
            "carrier": row.carrier_name,
            "tracking_number": row.tracking_number,
            "version": row.version,
        }
    ) | {"held": [hold_json(hold) for hold in holds]}


def hold_json(hold: Any) -> dict[str, Any]:
    """A hold, open or released."""
    shown = {
        "code": hold.code,
        "owner": hold.owner,
        "blocks": bool(hold.blocks),
        "since_at": iso(hold.since_at),
        "field": hold.field,
        "value": hold.value,
        "released_at": instant(getattr(hold, "released_at", None)),
        "released_by": getattr(hold, "released_by", None),
        "note": getattr(hold, "note", None),
    }
    return known(shown)


_TIMES = ("created_at", "paid_at", "awaiting_at", "arranged_at", "packed_at", "handed_over_at", "first_scan_at",
          "delivered_at", "completed_at", "cancelled_at", "release_at")  # fmt: skip


_WORDS = ("market", "state", "station", "order_type", "shipping_type", "fulfillment_type")


def order_json(view: OrderView) -> dict[str, Any]:
    """One order: header, lines, clocks, holds, parcels, plan, effects, journal. No personal data."""
    row = view.row
    head = {
        "schema": "fahuo.order/1",
        "id": str(view.id),
        "platform_order_id": row["platform_order_id"],
        "shop": view.shop,
        **{name: row[name] for name in _WORDS},
        "is_cod": bool(row["is_cod"]),
        "masked": bool(row["masked"]),
        "total": money(row["total"], row["currency"], row["exponent"]),
        "carrier": row["carrier_name"],
        "tracking_number": row["tracking_number"],
        "due_at": instant(row["due_at"]),
        "clock": row["due_clock"],
        "pack": row["pack"],
        "version": row["version"],
        **{name: instant(row[name]) for name in _TIMES},
    }
    return known(head) | {
        "lines": [_line(view, line) for line in view.lines],
        "clocks": [_clock(clock) for clock in view.clocks],
        "held": [hold_json(hold) for hold in view.holds if hold.released_at is None],
        "holds": [hold_json(hold) for hold in view.holds],
        "parcels": [_parcel(parcel) for parcel in view.parcels],
        "plan": _plan(view),
        "effects": [_effect(effect) for effect in view.effects],
        "journal": [
            {"seq": j.seq, "at": iso(j.at), "kind": j.kind, "actor": j.actor, "data": j.data, "hash": j.hash.hex()}
            for j in view.timeline
        ],
    }


def _line(view: OrderView, line: Line) -> dict[str, Any]:
    shown = {
        "line_no": line.line_no,
        "platform_sku_id": line.platform_sku_id,
        "seller_sku": line.seller_sku,
        "sku": view.skus[line.sku_id][0] if line.sku_id in view.skus else None,
        "name": line.product_name,
        "variation": line.variation,
        "quantity": line.quantity,
    }
    return known(shown)


def _clock(clock: ClockView) -> dict[str, Any]:
    shown = {
        "clock": clock.clock,
        "party": clock.party,
        "starts_at": iso(clock.starts_at),
        "due_at": iso(clock.due_at),
        "source": clock.source,
        "met_at": instant(clock.met_at),
        "outcome": clock.outcome,
        "pack": clock.pack,
        "rule": clock.rule,
    }
    return known(shown)


_FACTS = ("arranged_at", "packed_at", "reported_at", "handed_over_at", "first_scan_at", "delivered_at")


def _parcel(parcel: Parcel) -> dict[str, Any]:
    shown = {
        "id": str(parcel.id),
        "state": parcel.state,
        "carrier": parcel.carrier_name,
        "tracking_number": parcel.tracking_number,
        "label_origin": parcel.label_origin,
        **{name: instant(getattr(parcel, name)) for name in _FACTS},
    }
    return known(shown)


def _effect(effect: EffectView) -> dict[str, Any]:
    shown = {
        "id": str(effect.id),
        "kind": effect.kind,
        "state": effect.state,
        "attempts": effect.attempts,
        "outcome": effect.outcome or None,
    }
    return known(shown)


def _plan(view: OrderView) -> dict[str, Any] | None:
    d = view.decision
    if d is None:
        return None
    cost = None if d.cost is None or d.currency is None else money(d.cost, d.currency, exponent_of(d.currency))
    shown = {"at": iso(d.at), "warehouse": d.warehouse, "carrier": d.carrier, "service": d.service, "carton": d.carton,
             "leave_at": instant(d.leave_at), "cost": cost, "why": d.why}  # fmt: skip
    return known(shown)


def effect_json(row: EffectRow) -> dict[str, Any]:
    """An effect of a list."""
    return known(
        {
            "id": str(row.id),
            "key": row.key,
            "kind": row.kind,
            "lane": row.lane,
            "state": row.state,
            "order_id": None if row.order_id is None else str(row.order_id),
            "package_id": None if row.package_id is None else str(row.package_id),
            "due_at": iso(row.due_at),
            "attempts": row.attempts,
            "outcome": row.outcome or None,
        }
    )


def wave_json(row: WaveView) -> dict[str, Any]:
    """A wave of a list."""
    return known(
        {
            "id": str(row.id),
            "wave": row.number,
            "warehouse": row.warehouse,
            "carrier": row.carrier,
            "parcels": row.parcels,
            "planned": row.planned,
            "arranged": row.arranged,
            "packed": row.packed,
            "leave_at": instant(row.leave_at),
            "first_due_at": instant(row.first_due_at),
        }
    )


def request_json(row: RequestView) -> dict[str, Any]:
    """A request after the purchase, of a list."""
    amount = None if row.amount is None else money(row.amount, row.currency, row.exponent)
    shown = {
        "id": str(row.id),
        "shop": row.shop,
        "order_id": None if row.order_id is None else str(row.order_id),
        "platform_order_id": row.order_ref,
        "kind": row.kind,
        "ref": row.ref,
        "type": row.type,
        "state": row.state,
        "role": row.role,
        "reason": row.reason,
        "reason_text": row.reason_text,
        "amount": amount,
        "action": row.action or None,
        "answer_by": instant(row.answer_by),
        "arbitration": row.arbitration or None,
        "tracking_number": row.tracking_number or None,
        "asked_at": instant(row.asked_at),
        "decided": row.decided or None,
        "decided_at": instant(row.decided_at),
        "decided_by": row.decided_by or None,
        "station": row.station,
    }
    return known(shown)


def conversation_json(row: Conversation, shops: Mapping[int, str]) -> dict[str, Any]:
    """A conversation of a list: no words."""
    shown = {"id": str(row.id), "shop": shops.get(row.shop_id, ""), "ref": row.ref, "unread": row.unread,
             "can_send": bool(row.can_send), "latest_at": instant(row.latest_at),
             "waits_since": instant(row.waits_since)}  # fmt: skip
    return known(shown)


def message_json(row: Message) -> dict[str, Any]:
    """A message with its words, which are a person's: plain text."""
    shown = {"id": str(row.id), "role": row.role, "type": row.type, "state": row.state, "at": iso(row.at),
             "order_id": None if row.order_id is None else str(row.order_id), "actor": row.actor or None,
             "words": row.words}  # fmt: skip
    return known(shown)
