"""Products, prices and stock (reference 7, A.7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from fahuo.kernel.money import parse_minor
from fahuo.sandbox import stock
from fahuo.sandbox.endpoints.asked import Search, found, shop_of, words
from fahuo.sandbox.gateway_model import PRODUCT, PRODUCT_WRITE, Call, Data, Missing, Route, may, need
from fahuo.sandbox.model import Product, Refuse, Shop, Sku
from fahuo.sandbox.paging import choice
from fahuo.sandbox.refunds import text

BAD_PRODUCT, TOO_MANY, BAD_INPUT = 12019008, 12019015, 12052910
BAD_STOCK, NEED_ALL, NEED_WAREHOUSE = 12019024, 12019028, 12019022
NO_SKU, NOT_UPDATED, BAD_STATUS = 12052036, 12052037, 12052901
PRODUCTS_MOST, SKUS_MOST, SELLER_SKUS_MOST, UPDATE_MOST = 100, 600, 10, 600
_SEARCH: Final = Search({"": lambda one: one.created}, size=20, most=100)
_STATUSES: Final = ("ALL", *stock.STATUSES)
_SALES: Final = frozenset({stock.ACTIVE, stock.BY_SELLER})


def _product(call: Call, product_id: str) -> Product:
    product = call.world.product(shop_of(call).id, product_id)
    if product is None:
        raise Refuse(BAD_PRODUCT, f"Product id {product_id} is invalid")
    return product


# --- reading ------------------------------------------------------------------------------------------------------


def search(call: Call) -> Data:
    """POST products/search of 202309 and 202312."""
    return _search(call, newest=False)


def search_202502(call: Call) -> Data:
    """The same with audit, platforms and quality."""
    return _search(call, newest=True)


def _search(call: Call, *, newest: bool) -> Data:
    shop = shop_of(call)
    if "page_size" not in call.query:
        raise Missing("query.page_size is missing")
    status = choice(call.body, "status", _STATUSES, where="body")
    sellers, ids = words(call, "seller_skus"), words(call, "sku_ids")
    if len(sellers) > SELLER_SKUS_MOST or len(ids) > SELLER_SKUS_MOST:
        raise Refuse(TOO_MANY, f"At most {SELLER_SKUS_MOST} SKUs can be searched at once")
    created, updated = _span(call.body, "create_time"), _span(call.body, "update_time")
    hits = [
        one
        for one in call.world.products_of(shop.id)
        if status in ("ALL", one.status)
        and (not sellers or any(sku.seller_sku in sellers for sku in one.skus))
        and (not ids or any(sku.id in ids for sku in one.skus))
        and created[0] <= one.created <= created[1]
        and updated[0] <= one.updated <= updated[1]
    ]
    names, page = found(call, hits, _SEARCH, [call.body, "products", newest])
    by_id = {one.id: one for one in hits}
    # A product that left the search between two pages is shown as it is now.
    shown = [_listed(shop, by_id.get(name) or _product(call, name), newest=newest) for name in names]
    return {"products": shown, "next_page_token": page.next_token, "total_count": page.total}


def _span(body: Mapping[str, Any], name: str) -> tuple[int, int]:
    """`_ge` and `_le`, both inclusive for products (3.5)."""
    return may(body, f"{name}_ge", int, 0), may(body, f"{name}_le", int, 1 << 62)


def _listed(shop: Shop, one: Product, *, newest: bool) -> Data:
    told: Data = {
        "id": one.id,
        "title": one.title,
        "status": one.status,
        "sales_regions": [shop.region],
        "create_time": one.created,
        "update_time": one.updated,
        "is_not_for_sale": False,
        "skus": [_sku(one, sku) for sku in one.skus],
    }
    if newest:
        told["audit"] = {"status": "APPROVED"}
        told["integrated_platform_statuses"] = [{"platform": "TIKTOK_SHOP", "status": one.status}]
        told["listing_quality_tier"] = "GOOD"
    return told


def _sku(product: Product, sku: Sku) -> Data:
    amount = text(sku.price, sku.exponent)
    told: Data = {
        "id": sku.id,
        "seller_sku": sku.seller_sku,
        "price": {"currency": sku.currency, "sale_price": amount, "tax_exclusive_price": amount},
        "inventory": [{"warehouse_id": place, "quantity": left} for place, left in sku.stock.items()],
    }
    if product.handling_days is not None:
        handling = {"handling_duration_days": product.handling_days}
        told["pre_sale"] = {"type": "CUSTOM", "fulfillment_type": handling}
    return told


def detail(call: Call) -> Data:
    """GET products/{product_id}."""
    shop, one = shop_of(call), _product(call, call.params["product_id"])
    length, width, height = (max(1, round(side / 10)) for side in one.size_mm)
    told = _listed(shop, one, newest=False)
    del told["sales_regions"]  # searches have it
    for shown, sku in zip(told["skus"], one.skus, strict=True):
        shown["sales_attributes"] = [{"id": "100000", "name": "Specification", "value_name": sku.name}]
        shown["identifier_code"] = {"code": f"69{sku.id[-11:]}", "type": "EAN"}
    return {
        **told,
        "description": f"<p>{one.title}</p>",
        "category_chains": [{"id": "600001", "local_name": "General", "is_leaf": True, "parent_id": "0"}],
        "brand": {"id": "7000001", "name": "No brand"},
        "main_images": [{"uri": f"images/{one.id}", "urls": [f"https://images.example.com/{one.id}.webp"]}],
        "package_dimensions": {
            "length": str(length),
            "width": str(width),
            "height": str(height),
            "unit": "CENTIMETER",
        },
        "package_weight": {"value": f"{one.weight_g / 1000:g}", "unit": "KILOGRAM"},
        "is_cod_allowed": True,
        "audit": {"status": "APPROVED"},
    }


def inventory_search(call: Call) -> Data:
    """POST inventory/search: by SKU ids, or by product ids."""
    shop = shop_of(call)
    skus, products = words(call, "sku_ids"), words(call, "product_ids")
    if not skus and not products:
        raise Missing("body.product_ids is missing")
    if len(skus) > SKUS_MOST or (not skus and len(products) > PRODUCTS_MOST):
        raise Refuse(TOO_MANY, f"At most {PRODUCTS_MOST} product ids or {SKUS_MOST} SKU ids")
    told: dict[str, list[Data]] = {}
    for product, sku in stock.with_skus(call.world, shop):
        if sku.id in skus if skus else product.id in products:
            told.setdefault(product.id, []).append(_stocked(sku))
    return {"inventory": [{"product_id": name, "skus": shown} for name, shown in told.items()]}


def _stocked(sku: Sku) -> Data:
    left = stock.available(sku)
    return {
        "id": sku.id,
        "seller_sku": sku.seller_sku,
        "total_available_quantity": left,
        "total_committed_quantity": sum(sku.committed.values()),
        "total_available_inventory_distribution": {"in_shop_inventory": {"quantity": left}},
        "warehouse_inventory": [
            {
                "warehouse_id": place,
                "available_quantity": number,
                "committed_quantity": sku.committed.get(place, 0),
            }
            for place, number in sku.stock.items()
        ],
    }


# --- writing ------------------------------------------------------------------------------------------------------


def update_inventory(call: Call) -> Data:
    """POST products/{product_id}/inventory/update: absolute numbers; what is wrong is told SKU by SKU."""
    shop, product = shop_of(call), _product(call, call.params["product_id"])
    if product.status in (stock.FROZEN, stock.DELETED):
        raise Refuse(BAD_STATUS, f"Product status {product.status} does not allow it")
    wishes = need(call.body, "skus", list)
    if len(wishes) > UPDATE_MOST:
        raise Refuse(TOO_MANY, f"At most {UPDATE_MOST} SKUs")
    places = [w.id for w in shop.warehouses if w.type == "SALES_WAREHOUSE"]
    errors: list[Data] = []
    for wish in wishes:
        sku, error = _wanted_sku(product, wish)
        if sku is not None:
            numbers, error = _numbers(wish.get("inventory"), places, sku.id)
            if error is None:
                stock.set_stock(call.world, shop, product, sku, numbers, call.now)
        if error is not None:
            errors.append(error)
    return {"errors": errors} if errors else {}


def _wanted_sku(product: Product, wish: Any) -> tuple[Sku | None, Data | None]:
    name = wish.get("id") if isinstance(wish, Mapping) else None
    if not isinstance(name, str) or not name:
        return None, _error(NO_SKU, "SKU id is missing", "")
    sku = next((one for one in product.skus if one.id == name), None)
    return sku, None if sku is not None else _error(NOT_UPDATED, f"SKU id {name} is not part of the product", name)


def _error(code: int, message: str, sku_id: str, extra: Iterable[Data] = ()) -> Data:
    detail: Data = {"sku_id": sku_id}
    if extra := list(extra):
        detail["extra_errors"] = extra
    return {"code": code, "message": message, "detail": detail}


def _numbers(given: Any, places: list[str], sku_id: str) -> tuple[dict[str, int], Data | None]:
    """Quantity by warehouse; with one warehouse its id may be left out."""
    if not isinstance(given, list) or not given:
        return {}, _error(NEED_WAREHOUSE, "The SKU needs stock in a valid warehouse", sku_id)
    numbers: dict[str, int] = {}
    extra: list[Data] = []
    for entry in given:
        entry = entry if isinstance(entry, Mapping) else {}  # noqa: PLW2901 - anything may come
        place = entry.get("warehouse_id") or (places[0] if len(places) == 1 else None)
        quantity = entry.get("quantity")
        if place is None:
            return {}, _error(NEED_ALL, "All warehouse ids are needed with several warehouses", sku_id)
        if place not in places:
            extra.append(_warehouse_error(NEED_WAREHOUSE, "The warehouse is not valid", place))
        elif isinstance(quantity, bool) or not isinstance(quantity, int) or not 0 <= quantity <= stock.MOST:
            extra.append(_warehouse_error(BAD_STOCK, f"The stock number must be from 0 to {stock.MOST}", place))
        else:
            numbers[place] = quantity
    if extra:
        return {}, _error(extra[0]["code"], extra[0]["message"], sku_id, extra)
    return numbers, None


def _warehouse_error(code: int, message: str, place: Any) -> Data:
    return {"code": code, "message": message, "warehouse_id": str(place)}


def update_prices(call: Call) -> Data:
    """POST products/{product_id}/prices/update: nothing changes unless all of it is right."""
    product = _product(call, call.params["product_id"])
    changes: list[tuple[Sku, int]] = []
    for wish in need(call.body, "skus", list):
        sku, error = _wanted_sku(product, wish)
        if sku is None:
            raise Refuse(NO_SKU, str((error or {}).get("message", "SKU id is missing")))
        price = need(wish, "price", dict, where="body.skus")
        amount = price.get("amount") or price.get("sale_price")
        if price.get("currency", sku.currency) != sku.currency:
            raise Refuse(BAD_INPUT, "The currency is not that of the shop")
        changes.append((sku, _price(amount, sku)))
    for sku, minor in changes:
        call.world.makers[product.shop_id].reprice(sku, minor)
    stock.changed(call.world, product, ["price"], call.now)
    return {}


def _price(amount: Any, sku: Sku) -> int:
    try:
        minor = parse_minor(amount, sku.exponent) if isinstance(amount, str) else 0
    except ValueError:
        minor = 0
    if minor <= 0:
        raise Refuse(BAD_INPUT, f"The price of SKU {sku.id} is invalid")
    return minor


def _switch(status: str) -> Callable[[Call], Data]:
    def switch(call: Call) -> Data:
        shop, errors = shop_of(call), []
        ids = need(call.body, "product_ids", list)
        if len(ids) > PRODUCTS_MOST:
            raise Refuse(TOO_MANY, f"At most {PRODUCTS_MOST} product ids")
        for name in ids:
            product = call.world.product(shop.id, name) if isinstance(name, str) else None
            if product is None:
                errors.append(_product_error(BAD_PRODUCT, "Product id is invalid", name))
            elif product.status not in _SALES:
                errors.append(_product_error(BAD_STATUS, f"Product is {product.status}", name))
            else:
                stock.set_status(call.world, product, status, call.now)
        return {"errors": errors} if errors else {}

    return switch


def _product_error(code: int, message: str, name: Any) -> Data:
    return {"code": code, "message": message, "detail": {"product_id": str(name)}}


activate = _switch(stock.ACTIVE)
deactivate = _switch(stock.BY_SELLER)

_BASE: Final = "/product/202309"
ROUTES: Final = [
    Route("POST", f"{_BASE}/products/search", PRODUCT, "required", search),
    Route("POST", "/product/202312/products/search", PRODUCT, "required", search),
    Route("POST", "/product/202502/products/search", PRODUCT, "required", search_202502),
    Route("GET", f"{_BASE}/products/{{product_id}}", PRODUCT, "required", detail),
    Route("POST", f"{_BASE}/inventory/search", PRODUCT, "required", inventory_search),
    Route("POST", f"{_BASE}/products/{{product_id}}/inventory/update", PRODUCT_WRITE, "required", update_inventory),
    Route("POST", f"{_BASE}/products/{{product_id}}/prices/update", PRODUCT_WRITE, "required", update_prices),
    Route("POST", f"{_BASE}/products/activate", PRODUCT_WRITE, "required", activate),
    Route("POST", f"{_BASE}/products/deactivate", PRODUCT_WRITE, "required", deactivate),
]
