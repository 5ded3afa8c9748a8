"""Every answer compared by machine with the field tables of the reference: each field is there, with its JSON type."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fahuo.sandbox import markets, providers
from fahuo.sandbox.model import Order, Package, Product
from tests.sandbox.callers import Client, sandbox
from tests.sandbox.reference import Reference, differences, read

pytestmark = pytest.mark.data

MARKETS = ("VN", "TH", "ID", "MY:cross_border", "US", "GB", "DE", "JP", "MX")
START = 1_790_000_000
"""Monday, 21 September 2026: 14:13:20 UTC."""


class Walk:
    """A client whose every answer is compared with the table of its endpoint."""

    def __init__(self, reference: Reference, market: str) -> None:
        made = sandbox(markets=(market,), start=START)
        self.reference, self.client, self.world = reference, Client(made), made.world
        self.shop = self.client.shop
        self.shop.collect = "manual"
        self.found: dict[str, set[str]] = {}
        self.seen: set[tuple[str, str]] = set()

    def ask(self, method: str, path: str, body: Any = None, *, of: str = "", **query: Any) -> dict[str, Any]:
        """`data` of a call that must work; `path` may carry its parts as {name=value}."""
        plain, template = _filled(path)
        answer = self.client.call(method, plain, body, **query).json()
        assert answer["code"] == 0, (method, plain, body, answer)
        self.seen.add((method, template))
        table = self.reference.tables.get((method, of or template))
        if table is not None:
            newer = self.reference.newer if "orders" in template or "packages" in template else frozenset()
            for said in differences(self.reference._replace(newer=newer), table, answer["data"] or {}):
                self.found.setdefault(f"{method} {template}", set()).add(said)
        return dict(answer["data"] or {})

    def control(self, path: str, body: Any) -> dict[str, Any]:
        """Something happens that no call of the API brings about."""
        answer = self.client.control("POST", path, body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def order(self, **wishes: Any) -> Order:
        """One order, placed now."""
        given = {"prompt": True, "cod": False, "sample": False, "fbt": False, "status": "AWAITING_SHIPMENT"}
        given |= {"shipping_type": "TIKTOK"} | wishes
        return self.world.orders[self.control("orders", {"count": 1, **given})["orders"][0]]

    def shop_products(self) -> list[Product]:
        """What the shop sells."""
        return self.world.makers[self.shop.id].products

    def show(self) -> None:
        """Every order and package as they are now, in every version and by every way."""
        ids = list(self.world.orders)
        for first in range(0, len(ids), 50):
            some = ",".join(ids[first : first + 50])
            self.ask("GET", "/order/202309/orders", ids=some)
            self.ask("GET", "/order/202507/orders", ids=some, of="/order/202309/orders")
            self.ask("GET", "/fulfillment/202309/orders/split_attributes", order_ids=some)
        for sort in ("create_time", "update_time"):
            self.ask("POST", "/order/202309/orders/search", {}, page_size="100", sort_field=sort)
        self.ask("POST", "/fulfillment/202309/packages/search", {}, page_size="50")
        self.ask("GET", "/fulfillment/202309/combinable_packages/search", page_size="50")
        for id_ in self.world.packages:
            self.ask("GET", f"/fulfillment/202309/packages/{{package_id={id_}}}")
        for id_ in ids:
            self.ask("GET", f"/fulfillment/202309/orders/{{order_id={id_}}}/tracking")
            self.ask("GET", f"/order/202407/orders/{{order_id={id_}}}/price_detail")
        self.ask("POST", "/return_refund/202309/cancellations/search", {}, page_size="50")
        self.ask("POST", "/return_refund/202309/returns/search", {}, page_size="50")
        for id_ in self.world.returns:
            self.ask("GET", f"/return_refund/202309/returns/{{return_id={id_}}}/records")

    def arrange(self, order: Order) -> Package:
        """By the way of the market; the package as it is then."""
        if markets.early_package(self.shop.region, order.own):
            name = order.packages[0]
            body: dict[str, Any] = {"self_shipment": self._carrier(order)}
            if not order.own:
                self.ask("GET", f"/fulfillment/202309/packages/{{package_id={name}}}/handover_time_slots")
                body = {"handover_method": "DROP_OFF"}
            self.ask("POST", f"/fulfillment/202309/packages/{{package_id={name}}}/ship", body)
        elif order.own:
            path = f"/fulfillment/202309/orders/{{order_id={order.id}}}/packages"
            name = self.ask("POST", path, self._carrier(order))["package_id"]
        else:
            path = f"/fulfillment/202309/orders/{{order_id={order.id}}}/shipping_services/query"
            self.ask("GET", f"/fulfillment/202309/orders/{{order_id={order.id}}}/handover_time_slots")
            service = self.ask("POST", path, {})["shipping_services"][0]["id"]
            name = self.ask("POST", "/fulfillment/202309/packages", _parcel(order, service))["package_id"]
        if not order.own:
            documents = f"/fulfillment/202309/packages/{{package_id={name}}}/shipping_documents"
            self.ask("GET", documents, document_type="SHIPPING_LABEL")
        return self.world.packages[name]

    def _carrier(self, order: Order) -> dict[str, str]:
        one = markets.providers(self.shop.region)[0]
        return {"tracking_number": providers.number_of(one, order.number), "shipping_provider_id": one.id}


def _parcel(order: Order, service: str) -> dict[str, Any]:
    return {
        "order_id": order.id,
        "order_line_item_ids": [line["id"] for line in order.body["line_items"]],
        "dimension": {"length": "20", "width": "15", "height": "10", "unit": "CM"},
        "weight": {"value": "500", "unit": "GRAM"},
        "shipping_service_id": service,
    }


def _filled(path: str) -> tuple[str, str]:
    """`/a/{id=7}` as it is called and as the reference spells it."""
    plain, template = [], []
    for part in path.split("/"):
        name, _, value = part.strip("{}").partition("=")
        plain.append(value if part.startswith("{") else part)
        template.append(f"{{{name}}}" if part.startswith("{") else part)
    return "/".join(plain), "/".join(template)


@pytest.fixture(params=MARKETS)
def walk(request: pytest.FixtureRequest, shared_data: Path) -> Walk:
    return Walk(read(shared_data), request.param)


def test_orders_of_every_kind_through_their_lives(walk: Walk) -> None:
    shop, region = walk.shop, walk.shop.region
    walk.order(status="UNPAID")
    walk.order(status="ON_HOLD")
    walk.order(fbt=True)
    walk.order(sample=True)
    walk.order(pre_order=True, prompt=False)
    walk.order(made_to_order=True, prompt=False)
    walk.order(message="小心 <b>&\"'")
    together = [walk.order(buyer=4), walk.order(buyer=4)]
    first, second, third = walk.order(quantity=2), walk.order(quantity=3), walk.order()
    own = walk.order(shipping_type="SELLER") if not shop.cross_border else None
    cash = walk.order(cod=True) if region in markets.SEA and not shop.cross_border else None
    walk.show()
    pack = [walk.arrange(one) for one in (first, second, *([own] if own else []), *([cash] if cash else []))]
    found = walk.ask("GET", "/fulfillment/202309/combinable_packages/search", page_size="50")["combinable_packages"]
    if found:
        one = found[0]
        body = {"combinable_packages": [{"id": one["id"], "order_ids": one["order_ids"]}]}
        made = walk.ask("POST", "/fulfillment/202309/packages/combine", body)["packages"][0]["id"]
        walk.show()
        path = f"/fulfillment/202309/packages/{{package_id={made}}}/uncombine"
        walk.ask("POST", path, {"order_ids": [together[0].id]})
    walk.show()
    walk.control("carrier/collect", {"packages": [package.id for package in pack]})
    walk.show()
    for package in pack:
        walk.control(f"carrier/{package.id}/deliver", {})
    walk.show()
    walk.ask("POST", "/return_refund/202309/cancellations", _cancel(walk, third))
    walk.control(f"buyer/{together[1].id}/cancel", {})
    walk.show()
    for order, kind in ((first, "REFUND"), (second, "RETURN_AND_REFUND")):
        path = f"/return_refund/202309/orders/{{order_id={order.id}}}/aftersale_eligibility"
        walk.ask("GET", path, initiate_aftersale_user="SELLER")
        asked = walk.control(f"buyer/{order.id}/return", {"type": kind})["return"]
        walk.ask("GET", "/return_refund/202309/reject_reasons", return_or_cancel_id=asked)
        walk.show()
        decision = "APPROVE_REFUND" if kind == "REFUND" else "APPROVE_RETURN"
        walk.ask("POST", f"/return_refund/202309/returns/{{return_id={asked}}}/approve", {"decision": decision})
        walk.show()
    walk.control("clock", {"advance": "40d"})
    walk.show()
    assert {order.status for order in walk.world.orders.values()} >= {"COMPLETED", "CANCELLED"}
    assert walk.found == {}


def _cancel(walk: Walk, order: Order) -> dict[str, Any]:
    reasons = {"US": "seller_cancel_reason_out_of_stock", "GB": "seller_cancel_reason_out_of_stock_uk"}
    name = reasons.get(walk.shop.region, "seller_cancel_reason_out_of_stock")
    return {"order_id": order.id, "cancel_reason": name}


def test_everything_else_that_is_served(walk: Walk) -> None:
    for path in ("/authorization/202309/shops", "/seller/202309/shops", "/seller/202309/permissions"):
        walk.ask("GET", path, shop_cipher=None)
    walk.ask("GET", "/logistics/202309/global_warehouses", shop_cipher=None)
    place = walk.ask("GET", "/logistics/202309/warehouses")["warehouses"][0]["id"]
    path = f"/logistics/202309/warehouses/{{warehouse_id={place}}}/delivery_options"
    option = walk.ask("GET", path)["delivery_options"][0]["id"]
    walk.ask("GET", f"/logistics/202309/delivery_options/{{delivery_option_id={option}}}/shipping_providers")
    hook = {"event_type": "PACKAGE_UPDATE", "address": "http://127.0.0.1:9/hook"}
    walk.ask("PUT", "/event/202309/webhooks", hook)
    walk.ask("GET", "/event/202309/webhooks")
    walk.ask("DELETE", "/event/202309/webhooks", {"event_type": "PACKAGE_UPDATE"})
    for version in ("202309", "202312", "202502"):
        of = "/product/202502/products/search"
        found = walk.ask("POST", f"/product/{version}/products/search", {}, of=of, page_size="100")["products"]
    product, sku = found[0]["id"], found[0]["skus"][0]["id"]
    walk.ask("GET", f"/product/202309/products/{{product_id={product}}}")
    walk.ask("POST", "/product/202309/inventory/search", {"product_ids": [product]})
    path = f"/product/202309/products/{{product_id={product}}}/inventory/update"
    stock = [{"warehouse_id": place, "quantity": 7}]
    walk.ask("POST", path, {"skus": [{"id": sku, "inventory": stock}, {"id": "1", "inventory": stock}]})
    walk.control("orders", {"count": 1, "status": "AWAITING_SHIPMENT"})
    order = next(iter(walk.world.orders))
    walk.control(f"buyer/{order}/message", {"text": "你好 <script>alert(1)</script>"})
    talks = walk.ask("GET", "/customer_service/202309/conversations", page_size="20")["conversations"]
    name = talks[0]["id"]
    path = f"/customer_service/202309/conversations/{{conversation_id={name}}}/messages"
    walk.ask("POST", path, {"type": "TEXT", "content": '{"content": "yes"}'})
    walk.ask("GET", path, page_size="10")
    walk.ask("GET", "/customer_service/202309/agents/settings")
    platform = {"external_order": {"id": "X1", "platform": "SHOPIFY"}}
    walk.ask(
        "POST", "/order/202406/orders/external_orders", {"orders": [{"id": order, **platform}, {"id": "1", **platform}]}
    )
    walk.ask("GET", f"/order/202406/orders/{{order_id={order}}}/external_orders", platform="SHOPIFY")
    walk.control("clock", {"advance": "40d"})
    walk.ask("GET", "/finance/202309/statements", sort_field="statement_time", page_size="100")
    walk.ask("GET", "/finance/202309/payments", sort_field="create_time", page_size="100")
    walk.ask("GET", "/finance/202309/withdrawals", types="WITHDRAW,SETTLE", page_size="100")
    assert walk.found == {}


def test_everything_that_is_written(walk: Walk) -> None:
    region, crossing = walk.shop.region, walk.shop.cross_border
    _split_and_ship_many(walk)
    if crossing:
        going = walk.order()
        walk.arrange(going)
        body = {"order_ids": [going.id, "1"], "handover_method": "DROP_OFF"}
        one = providers.first_mile_providers()[0]
        body |= {"tracking_number": providers.number_of(one, 7), "shipping_provider_id": one.id}
        body |= {"phone_tail_number": "1234"}
        walk.ask("POST", "/fulfillment/202407/bundles", body, shop_cipher=None)
        walk.show()
    elif markets.marks_shipped(region):
        own = walk.order(shipping_type="SELLER")
        package = walk.arrange(own)
        path = f"/fulfillment/202309/packages/{{package_id={package.id}}}/shipping_info/update"
        one = markets.providers(region)[0]
        new = {"tracking_number": providers.number_of(one, 4711), "shipping_provider_id": one.id}
        walk.ask("POST", path, new)
        walk.control("carrier/collect", {"packages": [package.id]})
        sent = [{"id": package.id, "delivery_type": "DELIVERY_SUCCESS"}, {"id": "1", "delivery_type": "UPDATE_POD"}]
        walk.ask("POST", "/fulfillment/202309/packages/deliver", {"packages": sent})
    _answer_buyers(walk)
    product = walk.ask("POST", "/product/202502/products/search", {}, page_size="1")["products"][0]
    price = {"amount": product["skus"][0]["price"]["sale_price"], "currency": product["skus"][0]["price"]["currency"]}
    path = f"/product/202309/products/{{product_id={product['id']}}}/prices/update"
    walk.ask("POST", path, {"skus": [{"id": product["skus"][0]["id"], "price": price}]})
    walk.ask("PUT", "/customer_service/202309/agents/settings", {"can_accept_chat": True})
    assert walk.found == {}


def _split_and_ship_many(walk: Walk) -> None:
    skus = [sku.seller_sku for product in walk.shop_products() for sku in product.skus][:2]
    parted = walk.order(skus=skus, quantity=[1, 1])
    lines = parted.body["line_items"]
    groups = [{"id": "a", "order_line_item_ids": [lines[0]["id"]]}]
    groups.append({"id": "b", "order_line_item_ids": [line["id"] for line in lines[1:]]})
    path = f"/fulfillment/202309/orders/{{order_id={parted.id}}}/split"
    made = walk.ask("POST", path, {"splittable_groups": groups})["packages"]
    assert {one["splittable_group_id"] for one in made} == {"a", "b"}
    walk.show()
    if markets.early_package(walk.shop.region, own=False):
        many = [{"id": one["id"], "handover_method": "DROP_OFF"} for one in made] + [{"id": "1"}]
        errors = walk.ask("POST", "/fulfillment/202309/packages/ship", {"packages": many})["errors"]
        assert [one["detail"]["package_id"] for one in errors] == ["1"]
    else:
        order = walk.order()
        package = walk.arrange(order)
        walk.ask("GET", f"/fulfillment/202309/packages/{{package_id={package.id}}}/handover_time_slots")
        body = {"order_id": order.id, "order_line_item_ids": package.line_ids, "handover_method": "DROP_OFF"}
        walk.ask("POST", "/fulfillment/202309/packages/schedule", body)
    walk.show()


def _answer_buyers(walk: Walk) -> None:
    """Cancellations and returns asked for by buyers and by the seller, and both answers."""
    for answer in ("approve", "reject"):
        asked = walk.control(f"buyer/{walk.order().id}/cancel", {})["cancellation"]
        reasons = walk.ask("GET", "/return_refund/202309/reject_reasons", return_or_cancel_id=asked)["reasons"]
        body = {"reject_reason": reasons[0]["name"]} if answer == "reject" else {}
        walk.ask("POST", f"/return_refund/202309/cancellations/{{cancel_id={asked}}}/{answer}", body)
        walk.show()
    order = walk.order()
    package = walk.arrange(order)
    walk.control("carrier/collect", {"packages": [package.id]})
    walk.control(f"carrier/{package.id}/deliver", {})
    asked = walk.control(f"buyer/{order.id}/return", {"type": "REFUND"})["return"]
    reasons = walk.ask("GET", "/return_refund/202309/reject_reasons", return_or_cancel_id=asked)["reasons"]
    body = {"decision": "REJECT_REFUND", "reject_reason": reasons[0]["name"], "comment": "the parcel was complete"}
    walk.ask("POST", f"/return_refund/202309/returns/{{return_id={asked}}}/reject", body)
    walk.show()
    walk.control(f"buyer/{order.id}/dispute", {})
    walk.show()
    walk.control(f"buyer/{order.id}/dispute", {"rule": "buyer"})
    walk.show()
    body = {"order_id": walk.order().id, "request_type": "CANCEL"} | {
        "reason_name": _cancel(walk, order)["cancel_reason"]
    }
    walk.ask("POST", "/return_refund/202309/refunds/calculate", body)
