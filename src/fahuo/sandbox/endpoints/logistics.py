"""Warehouses, delivery options and carriers (reference 5.1, A.4)."""

from __future__ import annotations

from fahuo.sandbox import markets, providers
from fahuo.sandbox.endpoints.orders import shop_of
from fahuo.sandbox.gateway_model import LOGISTICS, Call, Data, Route
from fahuo.sandbox.model import Refuse, Shop, Warehouse
from fahuo.sandbox.paging import invalid
from fahuo.sandbox.parcels import FOREIGN


def warehouses(call: Call) -> Data:
    """GET /logistics/202309/warehouses."""
    return {"warehouses": [_shown(one) for one in shop_of(call).warehouses]}


def _shown(one: Warehouse) -> Data:
    return {
        "id": one.id,
        "name": one.name,
        "effect_status": one.status,
        "type": one.type,
        "sub_type": one.sub_type,
        "is_default": one.is_default,
        "address": one.address,
    }


def delivery_options(call: Call) -> Data:
    """GET /logistics/202309/warehouses/{warehouse_id}/delivery_options. The limits are invented."""
    shop, wanted = shop_of(call), call.params["warehouse_id"]
    if wanted not in {one.id for one in shop.warehouses}:
        raise Refuse(FOREIGN, f"warehouse {wanted} does not belong to the seller")
    options = [_option(shop.delivery_option_id, shop.delivery_option_name, "STANDARD", "Shipped by the platform")]
    if markets.providers(shop.region, shop.cross_border):
        options.append(_option(seller_option(shop), "Shipped by seller", "SEND_BY_SELLER", "The seller's own carrier"))
    return {"delivery_options": options}


def _option(id_: str, name: str, kind: str, description: str) -> Data:
    return {
        "id": id_,
        "name": name,
        "type": kind,
        "description": description,
        "platform": ["TIKTOK_SHOP"],
        "dimension_limit": {"max_height": 60, "max_length": 120, "max_width": 60, "unit": "CM"},
        "weight_limit": {"max_weight": 30_000, "min_weight": 0, "unit": "GRAM"},
    }


def seller_option(shop: Shop) -> str:
    """Id of the option "shipped by seller"."""
    return f"73{shop.delivery_option_id[2:]}"


def shipping_providers(call: Call) -> Data:
    """GET /logistics/202309/delivery_options/{delivery_option_id}/shipping_providers: who may be named for own parcels.

    Orders that the seller ships carry the shop's one option, so every option lists the same carriers; across the border
    also the couriers to the sorting warehouse.
    """
    shop, wanted = shop_of(call), call.params["delivery_option_id"]
    if wanted not in (shop.delivery_option_id, seller_option(shop)):
        raise invalid("delivery_option_id")
    found = list(markets.providers(shop.region, shop.cross_border))
    if markets.first_mile(shop.region, shop.cross_border):
        found += providers.first_mile_providers()
    return {"shipping_providers": [{"id": one.id, "name": one.name} for one in found]}


def global_warehouses(call: Call) -> Data:
    """GET /logistics/202309/global_warehouses: those that serve several shops of the seller; no cipher."""
    owned = [shop for shop in call.world.shops.values() if shop.id in call.grant.shops and shop.cross_border]
    found = {one.id: one for shop in owned for one in shop.warehouses if one.type == "SALES_WAREHOUSE"}
    return {"global_warehouses": [{"id": one.id, "name": one.name, "ownership": "SELLER"} for one in found.values()]}


ROUTES: list[Route] = [
    Route("GET", "/logistics/202309/warehouses", LOGISTICS, "required", warehouses),
    Route(
        "GET", "/logistics/202309/warehouses/{warehouse_id}/delivery_options", LOGISTICS, "required", delivery_options
    ),
    Route(
        "GET",
        "/logistics/202309/delivery_options/{delivery_option_id}/shipping_providers",
        LOGISTICS,
        "required",
        shipping_providers,
    ),
    Route("GET", "/logistics/202309/global_warehouses", LOGISTICS, "forbidden", global_warehouses),
]
