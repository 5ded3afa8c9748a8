"""Words for what the database calls by code: states, stations, kinds of events, roles. All are texts to translate."""

from __future__ import annotations

from typing import Final

from fahuo.deadlines.explain import CLOCK_WORDS, OUTCOME_WORDS, PARTY_WORDS
from fahuo.kernel.text import N_, t

STATIONS: Final = {
    "intake": N_("Waiting for buyer"),
    "check": N_("To check"),
    "stock": N_("Short of stock"),
    "plan": N_("To plan"),
    "pack": N_("To pack"),
    "handover": N_("To hand over"),
    "transit": N_("On its way"),
    "delivered": N_("Delivered"),
    "closed": N_("Closed"),
    "history": N_("History"),
}
STATES: Final = {
    "UNPAID": N_("Unpaid"),
    "ON_HOLD": N_("On hold"),
    "AWAITING_SHIPMENT": N_("Awaiting shipment"),
    "PARTIALLY_SHIPPING": N_("Partially shipping"),
    "AWAITING_COLLECTION": N_("Awaiting collection"),
    "IN_TRANSIT": N_("In transit"),
    "DELIVERED": N_("Delivered"),
    "COMPLETED": N_("Completed"),
    "CANCELLED": N_("Cancelled"),
}
PARCELS: Final = {
    "planned": N_("Planned"),
    "arranged": N_("Label ready"),
    "packed": N_("Packed"),
    "handed_over": N_("Handed over"),
    "in_transit": N_("In transit"),
    "delivered": N_("Delivered"),
    "cancelled": N_("Cancelled"),
}
EFFECT_STATES: Final = {
    "due": N_("Waiting to be sent"),
    "claimed": N_("Being sent"),
    "retry": N_("Will be repeated"),
    "waiting": N_("Waits for something outside"),
    "unknown": N_("Answer lost"),
    "declined": N_("Declined"),
    "dropped": N_("No longer needed"),
    "given_up": N_("Given up"),
    "done": N_("Done"),
}
ORDER_TYPES: Final = {
    "NORMAL": N_("Normal"),
    "PRE_ORDER": N_("Pre-order"),
    "MADE_TO_ORDER": N_("Made to order"),
    "BACK_ORDER": N_("Back order"),
}
EVENTS: Final = {
    "taken": N_("Order taken"),
    "told": N_("News from the platform"),
    "reclocked": N_("Deadlines changed"),
    "planned": N_("Planned"),
    "not_planned": N_("Could not be planned"),
    "arranged": N_("Shipment arranged"),
    "labelled": N_("Label attached"),
    "packed": N_("Packed"),
    "reported": N_("Reported to the platform"),
    "report_declined": N_("Report declined"),
    "handed_over": N_("Handed over"),
    "tracked": N_("Tracking news"),
    "held": N_("Held"),
    "released": N_("Hold released"),
    "sent_again": N_("Sent again"),
    "moved_on": N_("Checked again"),
    "cut_done": N_("Parcels cut by the platform"),
    "split": N_("Parcels split"),
    "combined": N_("Parcels combined"),
    "uncombined": N_("Combined parcel taken apart"),
    "regrouped": N_("Parcels regrouped"),
    "label_void": N_("Label void"),
    "scheduled": N_("Hand-over scheduled"),
    "number_corrected": N_("Number corrected"),
    "bundled": N_("In a first-mile bundle"),
    "bundle_declined": N_("Not in a first-mile bundle"),
    "first_mile": N_("First mile scanned"),
    "first_mile_refused": N_("Refused at the sorting warehouse"),
    "arrange_declined": N_("Arranging declined"),
    "label_declined": N_("No label given"),
    "change_declined": N_("Change declined"),
    "erased": N_("Personal data erased"),
    "aftersale": N_("Request after the purchase"),
    "aftersale_decided": N_("Request decided"),
    "aftersale_answered": N_("Answer taken"),
    "aftersale_declined": N_("Answer declined"),
    "seller_cancels": N_("Cancellation asked for"),
    "seller_cancelled": N_("Cancellation taken"),
    "seller_cancel_declined": N_("Cancellation declined"),
}
KINDS: Final = {
    "report_shipped": N_("Report shipment"),
    "arrange_shipment": N_("Arrange shipment"),
    "answer_cancel": N_("Answer a cancellation"),
    "answer_return": N_("Answer a return"),
    "seller_cancel": N_("Cancel for the seller"),
    "push_stock": N_("Tell the platform our stock"),
    "set_selling": N_("Put a product on or off sale"),
    "send_message": N_("Send a message to the buyer"),
    "fetch_label": N_("Fetch the label"),
    "update_tracking": N_("Correct the number"),
    "schedule_handover": N_("Book the hand-over"),
    "split_order": N_("Split the order"),
    "combine_packages": N_("Combine orders"),
    "uncombine_package": N_("Take a combined parcel apart"),
    "bundle_first_mile": N_("Make a first-mile bundle"),
    "fetch_sheet": N_("Fetch the bundle's sheet"),
    "follow_parcels": N_("Follow parcels"),
    "first_mile_refused": N_("See to a refused parcel"),
    "staff_alert": N_("Staff alert"),
}
BUNDLES: Final = {
    "asked": N_("The platform is asked"),
    "bundled": N_("Bundled"),
    "declined": N_("Declined"),
}
HOLDS: Final = {
    "by_person": N_("Held by hand"),
    "unknown_state": N_("Unknown state"),
    "unknown_shipping_type": N_("Unknown shipping type"),
    "no_items": N_("No items"),
    "amounts_differ": N_("Amounts differ"),
    "amount_negative": N_("Negative amount"),
    "payment_missing": N_("Payment missing"),
    "cod_unusual": N_("Unusual cash on delivery"),
    "unknown_sku": N_("Unknown SKU"),
    "cancel_requested": N_("Buyer asks to cancel"),
    "address_changed": N_("Address changed"),
    "recipient_masked": N_("Recipient masked"),
    "name_missing": N_("Name missing"),
    "phone_missing": N_("Phone missing"),
    "phone_invalid": N_("Phone not valid"),
    "duplicate_suspected": N_("Maybe ordered twice"),
    "no_stock": N_("Short of stock"),
    "cannot_plan": N_("Cannot be planned"),
    "no_rule_found": N_("No rule found"),
    "cannot_leave_in_time": N_("Cannot leave in time"),
    "report_declined": N_("Report declined"),
    "line_missing": N_("A line is missing"),
    "carrier_not_listed": N_("Carrier not listed"),
    "arrange_declined": N_("Arranging declined"),
    "after_sale_open": N_("After-sale request open"),
    "label_declined": N_("No label given"),
    "label_void": N_("Label void"),
    "change_declined": N_("Change declined"),
    "bundle_declined": N_("Not in a first-mile bundle"),
    "first_mile_refused": N_("Refused at the sorting warehouse"),
    "items_changed": N_("Items changed"),
}
OWNERS: Final = {
    "ops": N_("Operations"),
    "cs": N_("Customer service"),
    "warehouse": N_("Warehouse"),
    "catalogue": N_("Catalogue"),
    "person": N_("A person"),
}
ROLES: Final = {"owner": N_("Owner"), "packer": N_("Packer")}
SHIPPING: Final = {"TIKTOK": N_("Platform shipping"), "SELLER": N_("Seller shipping")}
SELLER_TYPES: Final = {"local": N_("Local"), "cross_border": N_("Cross-border")}
CONNECTIONS: Final = {
    "none": N_("Not connected"),
    "active": N_("Connected"),
    "expiring": N_("Ends soon"),
    "limited": N_("A permission is missing"),
    "expired": N_("Expired"),
    "withdrawn": N_("Access withdrawn"),
    "refused": N_("Refused"),
}
TROUBLES: Final = CONNECTIONS | {
    "pull": N_("Orders cannot be read"),
    "warehouses": N_("Warehouses to complete"),
}
STRANGE: Final = {
    "forged": N_("Forged"),
    "malformed": N_("Unreadable"),
    "oversized": N_("Too large"),
    "unknown_shop": N_("Of a shop that is not connected"),
    "repeated": N_("Repeated"),
    "busy": N_("Turned away while busy"),
}
CHANNELS: Final = {
    "files": N_("By file"),
    "callback": N_("By call to your system"),
    "tiktok": N_("Through TikTok Shop"),
}
REQUESTS: Final = {
    "cancel": N_("Cancellation"),
    "return": N_("Return"),
    "CANCEL": N_("Cancellation"),
    "BUYER_CANCEL": N_("Buyer wants to cancel"),
    "REFUND": N_("Refund"),
    "RETURN_AND_REFUND": N_("Return and refund"),
    "REPLACEMENT": N_("Replacement"),
    "CANCELLATION_REQUEST_PENDING": N_("asked"),
    "CANCELLATION_REQUEST_SUCCESS": N_("approved"),
    "CANCELLATION_REQUEST_CANCEL": N_("withdrawn or rejected"),
    "CANCELLATION_REQUEST_CANCELLED": N_("withdrawn or rejected"),
    "CANCELLATION_REQUEST_COMPLETE": N_("done"),
    "RETURN_OR_REFUND_REQUEST_PENDING": N_("asked"),
    "REFUND_OR_RETURN_REQUEST_REJECT": N_("rejected"),
    "AWAITING_BUYER_SHIP": N_("buyer is to send it back"),
    "BUYER_SHIPPED_ITEM": N_("on its way back"),
    "REJECT_RECEIVE_PACKAGE": N_("returned parcel rejected"),
    "RETURN_OR_REFUND_REQUEST_SUCCESS": N_("approved"),
    "RETURN_OR_REFUND_REQUEST_CANCEL": N_("withdrawn"),
    "RETURN_OR_REFUND_REQUEST_COMPLETE": N_("done"),
    "REPLACEMENT_REQUEST_PENDING": N_("asked"),
}
TOLD_BY: Final = {"notice": N_("notice"), "pull": N_("pull")}
"""Who told of an order; a file is shown by its name."""
DECISIONS: Final = {"approve": N_("Approved"), "reject": N_("Rejected")}
METHODS: Final = {
    "PICKUP": N_("picked up"),
    "DROP_OFF": N_("dropped off"),
}
SERVICE_WHY: Final = {
    "in_time": N_("the cheapest that arrives in time"),
    "fastest": N_("none arrives in time: the fastest"),
    "default": N_("the platform's default"),
    "only": N_("the only one"),
    "named": N_("the one named"),
}
FIELDS: Final = {
    "platform_order_id": N_("order number"),
    "state": N_("state"),
    "substate": N_("state"),
    "market": N_("market"),
    "order_type": N_("order type"),
    "shipping_type": N_("who ships"),
    "fulfillment_type": N_("who fulfils"),
    "handling_days": N_("handling time"),
    "handling_type": N_("handling time"),
    "priority_level": N_("priority"),
    "is_cod": N_("cash on delivery"),
    "is_sample": N_("sample"),
    "buyer_cancel": N_("the buyer's wish to cancel"),
    "readdressed": N_("address"),
    "warehouse_ref": N_("warehouse"),
    "carrier_name": N_("carrier"),
    "tracking_number": N_("waybill"),
    "package_ids": N_("packages"),
    "currency": N_("currency"),
    "exponent": N_("currency"),
    "subtotal": N_("amounts"),
    "shipping_fee": N_("amounts"),
    "tax": N_("amounts"),
    "total": N_("amounts"),
    "created_at": N_("times"),
    "paid_at": N_("times"),
    "awaiting_at": N_("times"),
    "arranged_at": N_("times"),
    "handed_over_at": N_("times"),
    "first_scan_at": N_("times"),
    "delivered_at": N_("times"),
    "completed_at": N_("times"),
    "cancelled_at": N_("times"),
    "release_at": N_("times"),
    "platform_times": N_("the platform's deadlines"),
    "cancel_by": N_("who cancelled"),
    "cancel_reason": N_("cancel reason"),
    "buyer_message": N_("the buyer's note"),
    "recipient": N_("recipient"),
    "lines": N_("items"),
}
"""Fields of an order as the platform tells it; several may be one thing to people."""
ROLES_OF: Final = {
    "BUYER": N_("Buyer"),
    "SHOP": N_("Shop"),
    "CUSTOMER_SERVICE": N_("Customer service"),
    "SYSTEM": N_("Platform"),
    "ROBOT": N_("Robot"),
}
MESSAGES: Final = {
    "IMAGE": N_("Image"),
    "VIDEO": N_("Video"),
    "PRODUCT_CARD": N_("Product"),
    "ORDER_CARD": N_("Order"),
    "NOTIFICATION": N_("Notice"),
    "ALLOCATED_SERVICE": N_("Passed to a person"),
    "BUYER_ENTER_FROM_TRANSFER": N_("Buyer came"),
    "BUYER_ENTER_FROM_PRODUCT": N_("Buyer came from a product"),
    "BUYER_ENTER_FROM_ORDER": N_("Buyer came from an order"),
    "EMOTICONS": N_("Sticker"),
    "OTHER": N_("Other"),
}
ANSWERS: Final = {
    "package": N_("package"),
    "number": N_("waybill"),
    "carrier": N_("carrier"),
    "proof": N_("proof"),
    "pages": N_("pages"),
    "bundle": N_("bundle"),
    "message_id": N_("message"),
    "cancel_id": N_("cancellation"),
    "method": N_("handed over"),
    "warning": N_("warning"),
    "missed": N_("not told"),
    "status": N_("HTTP status"),
    "order": N_("order"),
}
"""Facts of an answer that people read; others are shown by their own name."""
CODES: Final = {
    "no_answer": N_("No answer came"),
    "not_reached": N_("The platform was not reached"),
    "not_connected": N_("The shop is not connected"),
    "not_permitted": N_("The app lacks a permission"),
    "carrier_not_listed": N_("The platform does not list the carrier"),
    "cancelled_there": N_("Cancelled on the platform"),
    "unknown_order": N_("The platform does not know the order"),
    "no_package_there": N_("The platform has no such package"),
    "cannot_split": N_("The order cannot be split"),
    "not_pdf": N_("What came is no PDF"),
    "erased": N_("The words are erased"),
}
"""Our own names for how a message ended, beside the platform's numbers."""
ADVICE: Final = {
    "unknown": N_("It may have arrived all the same: look on the platform before you send it again."),
    "given_up": N_("It was tried often: check the shop's connection, then send it again."),
}
SOURCES: Final = {"pack": N_("Rule pack"), "platform": N_("Platform's own field")}
PRODUCTS: Final = {
    "DRAFT": N_("Draft"),
    "PENDING": N_("In review"),
    "FAILED": N_("Not approved"),
    "ACTIVATE": N_("On sale"),
    "SELLER_DEACTIVATED": N_("Taken off by the seller"),
    "PLATFORM_DEACTIVATED": N_("Taken off by the platform"),
    "FREEZE": N_("Frozen"),
}
_BOOKS: Final = {
    "station": STATIONS,
    "state": STATES,
    "parcel": PARCELS,
    "effect": EFFECT_STATES,
    "order_type": ORDER_TYPES,
    "event": EVENTS,
    "kind": KINDS,
    "bundle": BUNDLES,
    "product": PRODUCTS,
    "hold": HOLDS,
    "owner": OWNERS,
    "role": ROLES,
    "shipping": SHIPPING,
    "seller_type": SELLER_TYPES,
    "channel": CHANNELS,
    "connection": CONNECTIONS,
    "trouble": TROUBLES,
    "strange": STRANGE,
    "source": SOURCES,
    "request": REQUESTS,
    "told_by": TOLD_BY,
    "decision": DECISIONS,
    "method": METHODS,
    "service_why": SERVICE_WHY,
    "field": FIELDS,
    "role_of": ROLES_OF,
    "message": MESSAGES,
    "answer": ANSWERS,
    "code": CODES,
    "advice": ADVICE,
    "clock": CLOCK_WORDS,
    "party": PARTY_WORDS,
    "outcome": OUTCOME_WORDS,
}


def word(book: str, code: str | None, lang: str) -> str:
    """What people call it; an unknown code is shown as it is."""
    if not code:
        return ""
    text = _BOOKS[book].get(code)
    return code if text is None else t(text, lang)
