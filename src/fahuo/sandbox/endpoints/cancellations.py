"""Cancellations as the API shows and takes them (reference 6.1, A.5); what they do is in `cancels`."""

from __future__ import annotations

from typing import Final

from fahuo.sandbox import cancels
from fahuo.sandbox.aftersale_facts import open_units, refund_for, settled_units
from fahuo.sandbox.aftersale_words import reason_text
from fahuo.sandbox.endpoints.asked import Search, found, idempotency_key, shop_of, span, within, words
from fahuo.sandbox.endpoints.lines import chosen, comment_and_images, image_of, line_refunds, order_of
from fahuo.sandbox.gateway_model import RETURN, RETURN_WRITE, Call, Data, Route, may, need
from fahuo.sandbox.model import CANCEL_COMPLETE, CANCEL_PENDING, CANCEL_SUCCESS, CANCEL_WITHDRAWN, Cancellation
from fahuo.sandbox.paging import invalid

_SEARCH: Final = Search({"create_time": lambda one: one.created, "update_time": lambda one: one.updated})
_ASKED_WITHDRAWN: Final = "CANCELLATION_REQUEST_CANCEL"
"""The other spelling of a withdrawn or rejected request, which filters may use (6.2)."""
_STATES: Final = (CANCEL_PENDING, CANCEL_SUCCESS, CANCEL_WITHDRAWN, _ASKED_WITHDRAWN, CANCEL_COMPLETE)


def _cancellation_of(call: Call) -> Cancellation:
    one = call.world.cancellations.get(call.params["cancel_id"])
    if one is None or one.shop_id != shop_of(call).id:
        raise invalid("cancel_id")
    return one


def search(call: Call) -> Data:
    """POST cancellations/search."""
    return _search(call, stock=False)


def search_202602(call: Call) -> Data:
    """The same with `should_replenish_stock`."""
    return _search(call, stock=True)


def _search(call: Call, *, stock: bool) -> Data:
    shop, world = shop_of(call), call.world
    ids, orders, buyers = words(call, "cancel_ids"), words(call, "order_ids"), words(call, "buyer_user_ids")
    kinds, states = words(call, "cancel_types", ("CANCEL", "BUYER_CANCEL")), words(call, "cancel_status", _STATES)
    wanted = {CANCEL_WITHDRAWN if state == _ASKED_WITHDRAWN else state for state in states}
    created, updated = span(call.body, "create_time"), span(call.body, "update_time")
    hits = [
        one
        for one in world.cancellations.values()
        if one.shop_id == shop.id
        and (not ids or one.id in ids)
        and (not orders or one.order_id in orders)
        and (not kinds or one.type in kinds)
        and (not wanted or one.status in wanted)
        and (not buyers or world.orders[one.order_id].body["user_id"] in buyers)
        and within(one.created, created)
        and within(one.updated, updated)
    ]
    names, page = found(call, hits, _SEARCH, [call.body, "cancellations"])
    locale = may(call.body, "locale", str, "en")
    shown = [_shown(call, world.cancellations[name], locale, stock=stock) for name in names]
    return {"cancellations": shown, "next_page_token": page.next_token, "total_count": page.total}


def _shown(call: Call, one: Cancellation, locale: str, *, stock: bool) -> Data:
    order = call.world.orders[one.order_id]
    paid = "paid_time" in order.body
    amount = refund_for(call.world, order, one.line_ids, one)
    refunds = line_refunds(order, one.line_ids, amount.subtotal + amount.tax)
    told: Data = {
        "cancel_id": one.id,
        "order_id": one.order_id,
        "cancel_type": one.type,
        "cancel_status": one.status,
        "role": one.role,
        "cancel_reason": one.reason,
        "cancel_reason_text": reason_text(one.reason, locale),
        "create_time": one.created,
        "update_time": one.updated,
        "cancel_line_items": [
            {
                "cancel_line_item_id": f"8{one.id[2:]}{at:02d}",
                "order_line_item_id": line["id"],
                "sku_id": line["sku_id"],
                "sku_name": line.get("sku_name", ""),
                "seller_sku": line.get("seller_sku", ""),
                "product_name": line.get("product_name", ""),
                "product_image": image_of(line),
                **({"refund_amount": refund.as_json()} if paid else {}),
            }
            for at, (line, refund) in enumerate(refunds)
        ],
    }
    if paid:
        told["refund_amount"] = amount.as_json()
    if one.answer_by is not None:
        told["seller_next_action_response"] = [{"action": "SELLER_RESPOND_CANCEL", "deadline": one.answer_by}]
    if stock:
        told["should_replenish_stock"] = one.status != CANCEL_WITHDRAWN and order.arranged_at is None
    return told


def create(call: Call) -> Data:
    """POST cancellations: the seller cancels an order or units of it."""
    order, reason = order_of(call, need(call.body, "order_id")), need(call.body, "cancel_reason")
    key = idempotency_key(call)
    taken = settled_units(call.world, order) | open_units(call.world, order)
    units = chosen(call, order, taken)
    made = cancels.seller_cancel(call.world, order, reason, call.now, line_ids=units, key=key)
    return {"cancel_id": made.id, "cancel_status": made.status}


def approve(call: Call) -> Data:
    """POST cancellations/{cancel_id}/approve."""
    cancels.approve(call.world, _cancellation_of(call), call.now, key=idempotency_key(call))
    return {}


def reject(call: Call) -> Data:
    """POST cancellations/{cancel_id}/reject."""
    one, reason, key = _cancellation_of(call), need(call.body, "reject_reason"), idempotency_key(call)
    comment, _ = comment_and_images(call)
    cancels.reject(call.world, one, call.now, reason=reason, comment=comment, key=key)
    return {}


_BASE: Final = "/return_refund/202309/cancellations"
ROUTES: Final = [
    Route("POST", f"{_BASE}/search", RETURN, "required", search),
    Route("POST", "/return_refund/202602/cancellations/search", RETURN, "required", search_202602),
    Route("POST", _BASE, RETURN_WRITE, "required", create),
    Route("POST", f"{_BASE}/{{cancel_id}}/approve", RETURN_WRITE, "required", approve),
    Route("POST", f"{_BASE}/{{cancel_id}}/reject", RETURN_WRITE, "required", reject),
]
