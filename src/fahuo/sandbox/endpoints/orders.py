"""Orders: search, detail, prices, and the ids they have in other systems (reference 4.1, A.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from fahuo.generate.markets import MARKETS
from fahuo.generate.press import money_text
from fahuo.kernel.money import parse_minor
from fahuo.orders.model import ORDER
from fahuo.sandbox import paging, parcels
from fahuo.sandbox.gateway_model import ORDER as SCOPE
from fahuo.sandbox.gateway_model import Call, Data, Missing, Route, may, need, number
from fahuo.sandbox.model import CANCEL_PENDING, Order, Refuse, Shop
from fahuo.sandbox.render import body_json, order_json

MOST_IDS: Final = 50
MOST_EXTERNAL: Final = 100
MOST_WAREHOUSES: Final = 100
PLATFORMS: Final = (
    "SHOPIFY",
    "WOOCOMMERCE",
    "BIGCOMMERCE",
    "MAGENTO",
    "SALESFORCE_COMMERCE_CLOUD",
    "CHANNEL_ADVISOR",
    "AMAZON",
    "ORDER_MANAGEMENT_SYSTEM",
    "WAREHOUSE_MANAGEMENT_SYSTEM",
    "ERP_SYSTEM",
)
STATUSES: Final = frozenset(ORDER.moves)
SHIPPING: Final = frozenset({"TIKTOK", "SELLER", "TIKTOK_DIGITAL"})
_NARROW: Final = 2_000
"""A window of update times with fewer orders is read by update time even when the sort is by another."""

Keep = Callable[[str], bool]


def shop_of(call: Call) -> Shop:
    """The shop of a call whose route requires the cipher."""
    assert call.shop is not None  # noqa: S101 - the gateway sees to it
    return call.shop


def search(call: Call) -> Data:
    """POST /order/202309/orders/search."""
    shop, body, query = shop_of(call), call.body, call.query
    size = number(query, "page_size", 20, 1, 100)
    sort = paging.choice(query, "sort_field", ("create_time", "update_time"))
    descending = paging.choice(query, "sort_order", ("DESC", "ASC")) == "DESC"
    keep, update_limits = _filter(call, by_create=sort == "create_time")
    rows: Sequence[paging.Row] = call.world.orders_by_update(shop.id)
    if sort == "create_time":
        rows = _by_create(call, shop, update_limits)
    found = paging.page(
        paging.Window(
            rows,
            may(body, f"{sort}_ge", int),
            may(body, f"{sort}_lt", int),
            descending,
            size,
            query.get("page_token", ""),
        ),
        [call.world.seed, shop.id, "orders", sort, _stripped(body)],
        keep,
    )
    orders = call.world.orders
    return {
        "next_page_token": found.next_token,
        "orders": [order_json(orders[one], call.now) for one in found.ids],
        "total_count": found.total,
    }


def _stripped(body: Data) -> Data:
    return {key: value for key, value in body.items() if value not in (None, "", [])}


def _by_create(call: Call, shop: Shop, update_limits: tuple[int | None, int | None]) -> Sequence[paging.Row]:
    """The orders by creation; only those of a narrow window of update times, where one is given."""
    world, (low, high) = call.world, update_limits
    if low is None:
        return world.orders_by_create(shop.id)
    rows = world.orders_by_update(shop.id)
    first, end = paging.between(rows, low, high)
    if end - first > _NARROW:
        return world.orders_by_create(shop.id)
    return sorted((world.orders[one].created, one) for _, one in rows[first:end])


def _filter(call: Call, *, by_create: bool) -> tuple[Keep | None, tuple[int | None, int | None]]:
    """What an order must satisfy besides the window of the sort field, and the limits of the update time."""
    body, orders = call.body, call.world.orders
    tests: list[Callable[[Order], bool]] = []
    other = "update_time" if by_create else "create_time"
    for field in ("create_time", "update_time"):
        may(body, f"{field}_ge", int)
        may(body, f"{field}_lt", int)
    low, high = may(body, f"{other}_ge", int), may(body, f"{other}_lt", int)
    if low is not None or high is not None:
        tests.append(_within("updated" if by_create else "created", low, high))
    if status := may(body, "order_status"):
        if status not in STATUSES:
            raise Missing("body.order_status is invalid")
        tests.append(lambda order: order.status == status)
    if shipping := may(body, "shipping_type"):
        if shipping not in SHIPPING:
            raise Missing("body.shipping_type is invalid")
        tests.append(lambda order: order.own == (shipping == "SELLER") and shipping != "TIKTOK_DIGITAL")
    if buyer := may(body, "buyer_user_id"):
        tests.append(lambda order: _says(order, "user_id", buyer))
    asked = may(body, "is_buyer_request_cancel", bool)
    if asked is not None:
        pending = call.world.cancellations
        tests.append(lambda order: any(pending[one].status == CANCEL_PENDING for one in order.cancellations) == asked)
    warehouses = may(body, "warehouse_ids", list)
    if warehouses:
        if not all(isinstance(one, str) for one in warehouses):
            raise Missing("body.warehouse_ids is invalid: wrong type, expected an array of strings")
        if len(warehouses) > MOST_WAREHOUSES:
            raise Missing(f"body.warehouse_ids is invalid: at most {MOST_WAREHOUSES}")
        tests.append(lambda order: any(_says(order, "warehouse_id", one) for one in warehouses))
    keep = (lambda one: all(test(orders[one]) for test in tests)) if tests else None
    return keep, (low, high) if by_create else (None, None)


def _says(order: Order, key: str, value: str) -> bool:
    """Whether the body has that value; kept bodies are not opened for it."""
    if order.opened is not None:
        return bool(order.opened.get(key) == value)
    return msgspec.json.encode({key: value})[1:-1] in body_json(order)


def _within(field: str, low: int | None, high: int | None) -> Callable[[Order], bool]:
    least, most = (low if low is not None else 0), (high if high is not None else 1 << 62)
    return lambda order: least <= getattr(order, field) < most


def detail(call: Call) -> Data:
    """GET /order/{version}/orders?ids=: orders of the shop; ids that are not are left out."""
    ids = [one for one in call.query.get("ids", "").split(",") if one]
    if not ids:
        raise Missing("query.ids is missing")
    if len(ids) > MOST_IDS:
        raise Missing(f"query.ids is invalid: at most {MOST_IDS}")
    shop, orders = shop_of(call), call.world.orders
    known = [orders[one] for one in dict.fromkeys(ids) if one in orders and orders[one].shop_id == shop.id]
    if not known:
        raise Refuse(parcels.FOREIGN, f"order {ids[0]} does not belong to the seller")
    return {"orders": [order_json(order, call.now) for order in known]}


# --- prices --------------------------------------------------------------------------------------------------------


def price_detail(call: Call) -> Data:
    """GET /order/202407/orders/{order_id}/price_detail."""
    shop = shop_of(call)
    order = parcels.order_of(call.world, shop, call.params["order_id"])
    money = _Money(MARKETS[shop.region].exponent)
    body = order.body
    payment, items = body["payment"], body["line_items"]
    fees = _spread(money, payment, len(items))
    lines = [_line_price(money, item, fees[at]) for at, item in enumerate(items)]
    fee_platform, fee_seller = (
        payment.get(f"shipping_fee_{who}_discount", money.text(0)) for who in ("platform", "seller")
    )
    return {
        "currency": payment["currency"],
        "total": payment["total_amount"],
        "payment": payment["total_amount"],
        "subtotal": payment["sub_total"],
        "subtotal_deduction_seller": payment["seller_discount"],
        "subtotal_deduction_platform": payment["platform_discount"],
        "subtotal_tax_amount": payment.get("product_tax", money.text(0)),
        "tax_amount": payment.get("tax", money.text(0)),
        "sku_list_price": payment["original_total_product_price"],
        "sku_sale_price": payment["sub_total"],
        "net_price_amount": payment["sub_total"],
        "shipping_list_price": payment["original_shipping_fee"],
        "shipping_sale_price": payment["shipping_fee"],
        "shipping_fee_deduction_platform": fee_platform,
        "shipping_fee_deduction_seller": fee_seller,
        "line_items": lines,
    }


class _Money:
    """Decimal strings of one currency."""

    def __init__(self, exponent: int) -> None:
        self.exponent = exponent

    def minor(self, text: str) -> int:
        return parse_minor(text, self.exponent)

    def text(self, minor: int) -> str:
        return money_text(minor, self.exponent)


def _spread(money: _Money, payment: Data, units: int) -> list[tuple[int, int]]:
    """(list price, sale price) of shipping per unit; the parts add up to the order's."""
    whole = [money.minor(payment[key]) for key in ("original_shipping_fee", "shipping_fee")]
    parts = [[total // units + (at < total % units) for at in range(units)] for total in whole]
    return list(zip(*parts, strict=True))


def _line_price(money: _Money, item: Data, fee: tuple[int, int]) -> Data:
    taxes = item.get("item_tax", [])
    tax = sum(money.minor(one["tax_amount"]) for one in taxes)
    sale = money.minor(item["sale_price"])
    total = money.text(sale + fee[1] + tax)
    found: Data = {
        "id": item["id"],
        "currency": item["currency"],
        "total": total,
        "payment": total,
        "subtotal": item["sale_price"],
        "subtotal_deduction_seller": item["seller_discount"],
        "subtotal_deduction_platform": item["platform_discount"],
        "subtotal_tax_amount": money.text(tax),
        "tax_amount": money.text(tax),
        "sku_list_price": item["original_price"],
        "sku_sale_price": item["sale_price"],
        "net_price_amount": item["sale_price"],
        "shipping_list_price": money.text(fee[0]),
        "shipping_sale_price": money.text(fee[1]),
    }
    if taxes:
        found["tax_rate"] = taxes[0]["tax_rate"]
    return found


# --- ids in other systems ------------------------------------------------------------------------------------------


def put_external(call: Call) -> Data:
    """POST /order/202406/orders/external_orders: what the orders are called elsewhere; a new word replaces the old."""
    wanted = need(call.body, "orders", list)
    if len(wanted) > MOST_EXTERNAL:
        raise Missing(f"body.orders is invalid: at most {MOST_EXTERNAL}")
    errors: list[Data] = []
    for entry in wanted:
        external = entry.get("external_order") if isinstance(entry, dict) else None
        try:
            _put_one(call, entry, external)
        except (Refuse, Missing) as no:
            code, said = (no.code, no.message) if isinstance(no, Refuse) else (paging.INVALID, str(no))
            named = external if isinstance(external, dict) else {}
            told = {key: named.get(key, "") for key in ("id", "platform")}
            order_id = entry.get("id", "") if isinstance(entry, dict) else ""
            errors.append(
                {"code": str(code), "message": said, "detail": {"order_id": order_id, "external_order": told}}
            )
    return {"errors": errors} if errors else {}


def _put_one(call: Call, entry: Any, external: Any) -> None:
    if not isinstance(entry, dict) or not isinstance(external, dict):
        raise Missing("body.orders.external_order is missing")
    order = parcels.order_of(call.world, shop_of(call), str(need(entry, "id", where="body.orders")))
    platform = str(need(external, "platform", where="body.orders.external_order"))
    if platform not in PLATFORMS:
        raise Missing("body.orders.external_order.platform is invalid")
    kept: Data = {"id": str(need(external, "id", where="body.orders.external_order")), "platform": platform}
    lines = may(external, "line_items", list, [], where="body.orders.external_order")
    for line in lines:
        if not isinstance(line, dict) or line.get("origin_id") not in order.line_ids:
            raise Missing("body.orders.external_order.line_items.origin_id is invalid")
    if lines:
        kept["line_items"] = [{"id": str(line.get("id", "")), "origin_id": line["origin_id"]} for line in lines]
    order.flags.setdefault("external", {})[platform] = kept


def external(call: Call) -> Data:
    """GET /order/202406/orders/{order_id}/external_orders?platform=."""
    platform = call.query.get("platform", "")
    if platform not in PLATFORMS:
        raise Missing("query.platform is missing" if not platform else "query.platform is invalid")
    order = parcels.order_of(call.world, shop_of(call), call.params["order_id"])
    kept = order.flags.get("external", {}).get(platform)
    return {"external_orders": [kept] if kept else []}


def search_external(call: Call) -> Data:
    """POST /order/202406/orders/external_order_search. Its fields are not in the reference: ours are `platform` and
    `external_order_ids` [D]."""
    platform = str(need(call.body, "platform"))
    wanted = set(need(call.body, "external_order_ids", list))
    if len(wanted) > MOST_EXTERNAL:
        raise Missing(f"body.external_order_ids is invalid: at most {MOST_EXTERNAL}")
    shop = shop_of(call)
    found = [
        {"id": one, "external_order": kept}
        for _, one in call.world.orders_by_create(shop.id)
        if (kept := call.world.orders[one].flags.get("external", {}).get(platform)) and kept["id"] in wanted
    ]
    return {"orders": found}


_EXTERNAL: Final = "/order/202406/orders"
ROUTES: list[Route] = [
    Route("POST", "/order/202309/orders/search", SCOPE, "required", search),
    Route("GET", "/order/202309/orders", SCOPE, "required", detail),
    Route("GET", "/order/202507/orders", SCOPE, "required", detail),
    Route("GET", "/order/202407/orders/{order_id}/price_detail", SCOPE, "required", price_detail),
    Route("POST", f"{_EXTERNAL}/external_orders", SCOPE, "required", put_external),
    Route("GET", f"{_EXTERNAL}/{{order_id}}/external_orders", SCOPE, "required", external),
    Route("POST", f"{_EXTERNAL}/external_order_search", SCOPE, "required", search_external),
]
