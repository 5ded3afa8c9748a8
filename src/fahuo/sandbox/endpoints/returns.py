"""Returns, refunds and what a seller may know before answering (reference 6, A.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fahuo.kernel.money import exponent_of, parse_minor
from fahuo.sandbox import aftersale_rules as rules
from fahuo.sandbox import reasons
from fahuo.sandbox.aftersale_facts import ineligible, open_units, refund_for, settled_units
from fahuo.sandbox.aftersale_words import event_text, reason_text
from fahuo.sandbox.aftersales import Asked, approve, ask, reject
from fahuo.sandbox.endpoints.asked import Search, found, idempotency_key, shop_of, span, within, words
from fahuo.sandbox.endpoints.lines import chosen, comment_and_images, image_of, line_refunds, order_of
from fahuo.sandbox.gateway_model import RETURN, RETURN_WRITE, Call, Data, Missing, Route, may, need
from fahuo.sandbox.model import Order, Refuse, Return
from fahuo.sandbox.paging import choice, invalid
from fahuo.sandbox.refunds import text

_SEARCH: Final = Search({"create_time": lambda one: one.created, "update_time": lambda one: one.updated})
_REQUEST_TYPES: Final = ("CANCEL", "REFUND", "RETURN_AND_REFUND")
_SHIPMENTS: Final = ("PLATFORM", "BUYER_ARRANGE")
_HANDOVERS: Final = ("DROP_OFF", "PICKUP")


def _return_of(call: Call) -> Return:
    request = call.world.returns.get(call.params["return_id"])
    if request is None or request.shop_id != shop_of(call).id:
        raise invalid("return_id")
    return request


# --- search -------------------------------------------------------------------------------------------------------


def search(call: Call) -> Data:
    """POST returns/search."""
    return _search(call, stock=False)


def search_202602(call: Call) -> Data:
    """The same with `should_replenish_stock`."""
    return _search(call, stock=True)


def _search(call: Call, *, stock: bool) -> Data:
    shop, world = shop_of(call), call.world
    ids, orders, buyers = words(call, "return_ids"), words(call, "order_ids"), words(call, "buyer_user_ids")
    kinds, states = words(call, "return_types", rules.TYPES), words(call, "return_status", rules.MOVES.moves)
    cases, offers = (
        words(call, "arbitration_status", rules.ARBITRATIONS),
        words(call, "seller_proposed_return_type", ("PARTIAL_REFUND",)),
    )
    created, updated = span(call.body, "create_time"), span(call.body, "update_time")
    hits = [
        one
        for one in world.returns.values()
        if one.shop_id == shop.id
        and (not ids or one.id in ids)
        and (not orders or one.order_id in orders)
        and (not kinds or one.type in kinds)
        and (not states or one.status in states)
        and (not cases or one.arbitration in cases)
        and (not offers or ("offer" in one.flags and "PARTIAL_REFUND" in offers))
        and (not buyers or world.orders[one.order_id].body["user_id"] in buyers)
        and within(one.created, created)
        and within(one.updated, updated)
    ]
    names, page = found(call, hits, _SEARCH, [call.body, "returns"])
    locale = may(call.body, "locale", str, "en")
    shown = [_shown(call, world.returns[name], locale, stock=stock) for name in names]
    return {"return_orders": shown, "next_page_token": page.next_token, "total_count": page.total}


def _shown(call: Call, one: Return, locale: str, *, stock: bool) -> Data:
    order = call.world.orders[one.order_id]
    amount = refund_for(call.world, order, one.line_ids, one).at_most(one.amount)
    exponent = exponent_of(one.currency)
    offer = one.flags.get("offer")
    back = one.type == rules.RETURN_AND_REFUND
    told: Data = {
        "return_id": one.id,
        "order_id": one.order_id,
        "return_type": one.type,
        "return_status": one.status,
        "arbitration_status": one.arbitration,
        "role": one.role,
        "return_reason": one.reason,
        "return_reason_text": reason_text(one.reason, locale),
        "create_time": one.created,
        "update_time": one.updated,
        "refund_amount": amount.as_json(),
        "return_line_items": _lines(one, order, amount.subtotal + amount.tax),
        "is_combined_return": False,
        "can_buyer_keep_item": one.buyer_keeps,
    }
    more: Data = {
        "partial_refund": None if offer is None else {"amount": text(offer, exponent), "currency": one.currency},
        "seller_proposed_return_type": None if offer is None else "PARTIAL_REFUND",
        "buyer_rejected_partial_refund": one.flags.get("refused_offer"),
        "shipment_type": one.flags["shipment_type"] if back else None,
        "handover_method": one.flags["handover_method"] if back else None,
        "return_method": _method(one) if back else None,
        "return_tracking_number": one.tracking_number,
        "return_provider_name": one.provider_name,
        "return_shipping_document_type": "SHIPPING_LABEL" if one.tracking_number else None,
        "return_warehouse_address": _warehouse(call) if back else None,
        "seller_next_action_response": (
            [{"action": one.action, "deadline": one.answer_by}] if one.answer_by is not None else None
        ),
        "should_replenish_stock": one.status == rules.COMPLETE and not one.buyer_keeps if stock else None,
    }
    told.update({name: value for name, value in more.items() if value not in (None, "")})
    return {name: value for name, value in told.items() if value != ""}


def _method(one: Return) -> str:
    return "BUYER_SHIPPED" if one.flags["shipment_type"] == "BUYER_ARRANGE" else "PLATFORM_SHIPPED"


def _warehouse(call: Call) -> Data:
    shop = shop_of(call)
    back = next((w for w in shop.warehouses if w.type == "RETURN_WAREHOUSE"), shop.warehouse)
    return {"full_address": back.address.get("full_address", "")}


def _lines(one: Return, order: Order, money: int) -> list[Data]:
    refunds = line_refunds(order, one.line_ids, money)
    return [
        {
            "return_line_item_id": f"8{one.id[2:]}{at:02d}",
            "order_line_item_id": line["id"],
            "sku_id": line["sku_id"],
            "sku_name": line.get("sku_name", ""),
            "seller_sku": line.get("seller_sku", ""),
            "product_name": line.get("product_name", ""),
            "product_image": image_of(line),
            "refund_amount": refund.as_json(),
        }
        for at, (line, refund) in enumerate(refunds)
    ]


# --- answers ------------------------------------------------------------------------------------------------------


def create(call: Call) -> Data:
    """POST returns: the seller refunds, or asks for the goods back."""
    order = order_of(call, need(call.body, "order_id"))
    key = idempotency_key(call)
    before = next((one for one in map(call.world.returns.__getitem__, order.returns) if key and key in one.keys), None)
    if before is not None:
        return {"return_id": before.id, "return_status": before.status}
    kind = need(call.body, "return_type")
    if kind not in (rules.REFUND, rules.RETURN_AND_REFUND):
        raise Missing("body.return_type is invalid: expected REFUND or RETURN_AND_REFUND")
    asked = Asked(
        kind,
        need(call.body, "return_reason"),
        chosen(call, order, settled_units(call.world, order) | open_units(call.world, order)),
        "SELLER",
        _money(call, order),
        shipment_type=choice(call.body, "shipment_type", _SHIPMENTS, where="body"),
        handover_method=choice(call.body, "handover_method", _HANDOVERS, where="body"),
    )
    request = ask(call.world, order, asked, call.now)
    if key:
        request.keys.append(key)
    return {"return_id": request.id, "return_status": request.status}


def _money(call: Call, order: Order) -> int | None:
    total = may(call.body, "refund_total")
    if not total:
        return None
    currency = order.body["payment"]["currency"]
    if may(call.body, "currency", str, currency) != currency:
        raise invalid("currency")
    try:
        return parse_minor(total, exponent_of(currency))
    except ValueError:
        raise invalid("refund_total") from None


def approve_return(call: Call) -> Data:
    """POST returns/{return_id}/approve."""
    request, key = _return_of(call), idempotency_key(call)
    decision = need(call.body, "decision")
    if decision not in rules.ALL_APPROVALS:
        raise Missing(f"body.decision is invalid: expected one of {', '.join(rules.ALL_APPROVALS)}")
    if key and key in request.keys:
        return {}
    partial = None
    if decision == "OFFER_PARTIAL_REFUND":
        partial = (need(call.body, "partial_refund.amount"), need(call.body, "partial_refund.currency"))
    keep = may(call.body, "buyer_keep_item", bool, default=False)
    approve(call.world, request, decision, call.now, keep_item=keep, partial=partial)
    if key:
        request.keys.append(key)
    return {}


def reject_return(call: Call) -> Data:
    """POST returns/{return_id}/reject."""
    request, key = _return_of(call), idempotency_key(call)
    decision, reason = need(call.body, "decision"), need(call.body, "reject_reason")
    if decision not in rules.ALL_REJECTIONS:
        raise Missing(f"body.decision is invalid: expected one of {', '.join(rules.ALL_REJECTIONS)}")
    comment, images = comment_and_images(call)
    if key and key in request.keys:
        return {}
    reject(call.world, request, decision, reason, call.now, comment=comment, images=images)
    if key:
        request.keys.append(key)
    return {}


def records(call: Call) -> Data:
    """GET returns/{return_id}/records."""
    request = _return_of(call)
    locale = call.query.get("locale", "en")
    return {"records": [_record(entry, locale) for entry in reversed(request.records)]}


def _record(entry: Mapping[str, Any], locale: str) -> Data:
    told = {
        "role": entry["role"],
        "event": entry["event"],
        "create_time": entry["create_time"],
        "description": event_text(entry["event"]),
    }
    if "note" in entry:
        told["note"] = entry["note"]
    if "reason" in entry:
        told["reason_text"] = reason_text(entry["reason"], locale)
    if "images" in entry:
        told["images"] = [
            {"url": f"https://images.example.com/{image['image_id']}", **_size(image)} for image in entry["images"]
        ]
    return told


def _size(image: Mapping[str, Any]) -> Data:
    return {name: image[name] for name in ("width", "height") if isinstance(image.get(name), int)}


# --- before an answer ---------------------------------------------------------------------------------------------


def reject_reasons(call: Call) -> Data:
    """GET reject_reasons, for a return or a cancellation."""
    shop, world = shop_of(call), call.world
    name, locale = call.query.get("return_or_cancel_id", ""), call.query.get("locale", "en")
    if not name:
        raise Missing("query.return_or_cancel_id is missing")
    if name in world.returns and world.returns[name].shop_id == shop.id:
        names: tuple[str, ...] = rules.REJECT_REASONS
    elif name in world.cancellations and world.cancellations[name].shop_id == shop.id:
        names = reasons.reject_reasons(shop.region)
    else:
        raise invalid("return_or_cancel_id")
    return {"reasons": [{"name": one, "text": reason_text(one, locale)} for one in names]}


def calculate(call: Call) -> Data:
    """POST refunds/calculate."""
    order = order_of(call, need(call.body, "order_id"))
    kind, reason = need(call.body, "request_type"), need(call.body, "reason_name")
    if kind not in _REQUEST_TYPES:
        raise Missing(f"body.request_type is invalid: expected one of {', '.join(_REQUEST_TYPES)}")
    if reason not in _fitting(call, order, kind):
        raise Refuse(rules.BAD_REASON, "The reason does not fit the order status")
    units = chosen(call, order, settled_units(call.world, order)) or list(order.line_ids)
    return {"order_refund_amount": refund_for(call.world, order, units).as_json()}


def _fitting(call: Call, order: Order, kind: str) -> set[str]:
    if kind == "CANCEL":
        region = shop_of(call).region
        return {*reasons.seller_reasons(region, order.status), *reasons.buyer_reasons(order.status)}
    return {*rules.reasons(kind, order.status), *rules.reasons(kind, order.status, "SELLER")}


def eligibility(call: Call) -> Data:
    """GET orders/{order_id}/aftersale_eligibility."""
    order = order_of(call, call.params["order_id"])
    role = choice(call.query, "initiate_aftersale_user", ("SELLER", "BUYER"))
    by_sku: dict[str, list[str]] = {}
    for line in order.body["line_items"]:
        by_sku.setdefault(line["sku_id"], []).append(line["id"])
    return {
        "sku_eligibility": [
            {"sku_id": sku, "line_item_eligibility": _eligible(call, order, units, role)}
            for sku, units in by_sku.items()
        ]
    }


def _eligible(call: Call, order: Order, units: list[str], role: str) -> list[Data]:
    """For each request type the units that may be asked for, and those that may not with the reason."""
    told: list[Data] = []
    for kind in _REQUEST_TYPES:
        groups: dict[tuple[int, str] | None, list[str]] = {}
        for unit in units:
            groups.setdefault(_why_not(call, order, unit, kind, role), []).append(unit)
        for why, members in groups.items():
            entry: Data = {"request_type": kind, "order_line_items_ids": members, "eligible": why is None}
            if why is not None:
                entry |= {"ineligible_code": why[0], "ineligible_reason": why[1]}
            told.append(entry)
    return told


def _why_not(call: Call, order: Order, unit: str, kind: str, role: str) -> tuple[int, str] | None:
    if kind != "CANCEL":
        return ineligible(call.world, order, [unit], kind)
    open_states = reasons.seller_reasons(shop_of(call).region, order.status)
    if role == "BUYER":
        open_states = reasons.buyer_reasons(order.status) if order.status in _BUYER_CANCELS else ()
    if not open_states:
        return rules.BAD_REASON, f"an order that is {order.status} cannot be cancelled"
    if unit in open_units(call.world, order) | settled_units(call.world, order):
        return rules.IN_PROCESS, "Another reverse order is in process"
    return None


_BUYER_CANCELS: Final = frozenset(
    {"UNPAID", "ON_HOLD", "AWAITING_SHIPMENT", "PARTIALLY_SHIPPING", "AWAITING_COLLECTION"}
)


def _routes() -> list[Route]:
    base = "/return_refund/202309"
    made = [
        Route("POST", f"{base}/returns/search", RETURN, "required", search),
        Route("POST", "/return_refund/202602/returns/search", RETURN, "required", search_202602),
        Route("POST", f"{base}/returns", RETURN_WRITE, "required", create),
        Route("POST", f"{base}/returns/{{return_id}}/approve", RETURN_WRITE, "required", approve_return),
        Route("POST", f"{base}/returns/{{return_id}}/reject", RETURN_WRITE, "required", reject_return),
        Route("GET", f"{base}/returns/{{return_id}}/records", RETURN, "required", records),
        Route("GET", f"{base}/reject_reasons", RETURN, "required", reject_reasons),
    ]
    for version in ("202309", "202602"):
        base = f"/return_refund/{version}"
        made.append(Route("POST", f"{base}/refunds/calculate", RETURN, "required", calculate))
        path = f"{base}/orders/{{order_id}}/aftersale_eligibility"
        made.append(Route("GET", path, RETURN, "required", eligibility))
    return made


ROUTES: Final = _routes()
