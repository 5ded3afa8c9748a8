"""Products, prices and stock as a client sees them."""

from contextlib import suppress
from typing import Any

import pytest

from fahuo.sandbox.gateway_model import Missing
from fahuo.sandbox.maker import SoldOut
from fahuo.sandbox.model import Refuse, Sku
from fahuo.sandbox.stock import named
from fahuo.sandbox.world import World
from tests.sandbox.aftersale_worlds import DAY, a_world, ordered, sent, told
from tests.sandbox.calls import call, pages

BASE = "/product/202309"


def _sku(world: World, name: str = "MUG-BLUE") -> tuple[str, Sku, str]:
    """Product id, SKU, warehouse id."""
    shop = next(iter(world.shops.values()))
    product, sku = named(world, shop, [name])[0]
    return product.id, sku, shop.warehouse.id


def _set(world: World, product: str, *skus: dict[str, Any]) -> list[dict[str, Any]]:
    data = call(world, "POST", f"{BASE}/products/{product}/inventory/update", {"skus": list(skus)})
    errors: list[dict[str, Any]] = data.get("errors", [])
    return errors


def test_products_are_searched_paged_and_filtered() -> None:
    world = a_world("TH")
    shop = next(iter(world.shops.values()))
    path = f"{BASE}/products/search"
    every = pages(world, "POST", path, "products", {"status": "ALL"}, page_size=4)
    assert sorted(p["id"] for p in every) == sorted(p.id for p in world.products_of(shop.id))
    assert len({p["id"] for p in every}) == len(every)
    product, sku, place = _sku(world)
    for version in ("202309", "202312", "202502"):
        body = {"seller_skus": ["MUG-BLUE"]}
        found = call(world, "POST", f"/product/{version}/products/search", body, page_size=10)
        assert (found["total_count"], found["products"][0]["id"]) == (1, product)
        assert ("audit" in found["products"][0]) == (version == "202502")
    shown = next(s for s in found["products"][0]["skus"] if s["id"] == sku.id)
    assert shown["inventory"] == [{"warehouse_id": place, "quantity": 99_999}]
    assert shown["price"]["currency"] == "THB"
    assert "pre_sale" not in shown
    world.products[f"{shop.id}:{product}"].handling_days = 5
    again = call(world, "POST", path, {"sku_ids": [sku.id]}, page_size=1)["products"][0]["skus"][0]
    assert again["pre_sale"]["fulfillment_type"] == {"handling_duration_days": 5}
    assert call(world, "POST", path, {"update_time_ge": world.now() + 1}, page_size=1)["total_count"] == 0
    with pytest.raises(Missing):
        call(world, "POST", path, {})
    with pytest.raises(Missing):
        call(world, "POST", path, {"status": "SLEEPING"}, page_size=1)
    with pytest.raises(Refuse):
        call(world, "POST", path, {"seller_skus": [str(n) for n in range(11)]}, page_size=1)


def test_a_product_is_shown_whole() -> None:
    world = a_world("US")
    product, sku, _ = _sku(world)
    shown = call(world, "GET", f"{BASE}/products/{product}")
    assert shown["title"] == "Ceramic mug"
    assert shown["package_weight"] == {"value": "0.34", "unit": "KILOGRAM"}
    assert shown["package_dimensions"]["unit"] == "CENTIMETER"
    assert sku.id in {s["id"] for s in shown["skus"]}
    with pytest.raises(Refuse) as refused:
        call(world, "GET", f"{BASE}/products/1")
    assert refused.value.code == 12019008


def test_stock_is_absolute_and_reads_back() -> None:
    world = a_world("VN")
    product, sku, place = _sku(world)
    assert _set(world, product, {"id": sku.id, "inventory": [{"warehouse_id": place, "quantity": 7}]}) == []
    assert (
        _set(world, product, {"id": sku.id, "inventory": [{"quantity": 9}]}) == []
    )  # one warehouse: its id may be left out
    ordered(world, skus=["MUG-BLUE"], quantity=2)
    found = call(world, "POST", f"{BASE}/inventory/search", {"sku_ids": [sku.id]})["inventory"]
    assert found == [
        {
            "product_id": product,
            "skus": [
                {
                    "id": sku.id,
                    "seller_sku": "MUG-BLUE",
                    "total_available_quantity": 7,
                    "total_committed_quantity": 2,
                    "total_available_inventory_distribution": {"in_shop_inventory": {"quantity": 7}},
                    "warehouse_inventory": [{"warehouse_id": place, "available_quantity": 7, "committed_quantity": 2}],
                }
            ],
        }
    ]
    by_product = call(world, "POST", f"{BASE}/inventory/search", {"product_ids": [product]})["inventory"]
    assert len(by_product[0]["skus"]) > 1
    # SKU ids win where both are sent
    both = call(world, "POST", f"{BASE}/inventory/search", {"product_ids": ["1"], "sku_ids": [sku.id]})
    assert len(both["inventory"][0]["skus"]) == 1
    with pytest.raises(Missing):
        call(world, "POST", f"{BASE}/inventory/search", {})
    with pytest.raises(Refuse):
        call(world, "POST", f"{BASE}/inventory/search", {"product_ids": [str(n) for n in range(101)]})


def test_what_is_wrong_with_stock_is_told_sku_by_sku_and_the_rest_is_done() -> None:
    world = a_world("VN")
    product, sku, place = _sku(world)
    good = {"id": sku.id, "inventory": [{"warehouse_id": place, "quantity": 5}]}

    def code(wish: dict[str, Any]) -> object:
        errors = _set(world, product, wish)
        assert len(errors) == 1
        return errors[0]["code"]

    inventory = [{"warehouse_id": place, "quantity": 1}]
    assert code({"inventory": inventory}) == 12052036
    assert code({"id": "1", "inventory": inventory}) == 12052037
    assert code({"id": sku.id}) == 12019022
    assert code({"id": sku.id, "inventory": [{"warehouse_id": "1", "quantity": 1}]}) == 12019022
    for quantity in (-1, 100_000, 1.5, "3", None, True):
        assert code({"id": sku.id, "inventory": [{"warehouse_id": place, "quantity": quantity}]}) == 12019024
    errors = _set(world, product, {"id": "1", "inventory": inventory}, good)
    assert [e["detail"] for e in errors] == [{"sku_id": "1"}]
    assert sku.stock == {place: 5}
    shop = next(iter(world.shops.values()))
    second = type(shop.warehouse)(id="729", name="B")
    shop.warehouses.append(second)
    assert code({"id": sku.id, "inventory": [{"quantity": 1}]}) == 12019028
    with pytest.raises(Missing):
        _set(world, product)


def test_what_is_out_of_stock_or_off_sale_is_not_bought() -> None:
    world = a_world("VN")
    shop = next(iter(world.shops.values()))
    for product in world.products_of(shop.id):
        wishes = [
            {"id": s.id, "inventory": [{"quantity": 20 if s.seller_sku == "MUG-BLUE" else 0}]} for s in product.skus
        ]
        assert _set(world, product.id, *wishes) == []
    bought = [world.place(shop.id, world.now()) for _ in range(15)]
    assert {i["seller_sku"] for o in bought for i in o.body["line_items"]} == {"MUG-BLUE"}
    with suppress(SoldOut):
        for _ in range(30):
            world.place(shop.id, world.now())
    with pytest.raises(SoldOut):
        world.place(shop.id, world.now())
    _, sku, place = _sku(world)
    assert sku.stock[place] == 0
    states = [data["inventory_status"] for data in told(world, 27) if data["sku_id"] == sku.id]
    assert states == ["LOW_STOCK", "OUT_OF_STOCK"]


def test_products_are_switched_off_and_on_and_their_price_changes() -> None:
    world = a_world("VN")
    shop = next(iter(world.shops.values()))
    product, sku, _ = _sku(world)
    off = call(world, "POST", f"{BASE}/products/deactivate", {"product_ids": [product, "1"]})
    assert [e["code"] for e in off["errors"]] == [12019008]
    assert world.product(shop.id, product).status == "SELLER_DEACTIVATED"  # type: ignore[union-attr]  # it is there
    assert told(world, 5) == [{"product_id": product, "status": "PRODUCT_STATUS_CHANGED", "update_time": world.now()}]
    placed = [world.place(shop.id, world.now()) for _ in range(40)]
    assert product not in {i["product_id"] for o in placed for i in o.body["line_items"]}
    assert call(world, "POST", f"{BASE}/products/activate", {"product_ids": [product]}) == {}
    price = f"{BASE}/products/{product}/prices/update"
    call(world, "POST", price, {"skus": [{"id": sku.id, "price": {"amount": "99000", "currency": "VND"}}]})
    assert sku.price == 99_000
    assert told(world, 15)[-1]["changed_fields"] == ["price"]
    line = ordered(world, skus=["MUG-BLUE"]).body["line_items"][0]
    assert line["original_price"] == "99000"
    for wrong in (
        {"amount": "1.5", "currency": "VND"},
        {"amount": "-1"},
        {"amount": "1", "currency": "USD"},
        {"amount": 5},
    ):
        with pytest.raises(Refuse):
            call(world, "POST", price, {"skus": [{"id": sku.id, "price": wrong}]})
    assert sku.price == 99_000


def test_units_come_back_with_a_cancel_and_leave_with_the_scan() -> None:
    world = a_world("US")
    product, sku, place = _sku(world)
    del product
    start = sku.stock[place]
    order = ordered(world, skus=["MUG-BLUE"], quantity=3)
    assert (sku.stock[place], sku.committed[place]) == (start - 3, 3)
    body = {"order_id": order.id, "cancel_reason": "seller_cancel_reason_out_of_stock"}
    one = {**body, "skus": [{"sku_id": sku.id, "quantity": 1}]}
    call(world, "POST", "/return_refund/202309/cancellations", one)
    assert (sku.stock[place], sku.committed[place]) == (start - 2, 2)
    call(world, "POST", "/return_refund/202309/cancellations", body)
    assert (sku.stock[place], sku.committed[place]) == (start, 0)
    sent(world, to="IN_TRANSIT", skus=["MUG-BLUE"], quantity=2)
    assert (sku.stock[place], sku.committed[place]) == (start - 2, 0)
    oversold = {"skus": [{"id": sku.id, "inventory": [{"quantity": 1}]}]}
    call(world, "POST", f"{BASE}/products/{_sku(world)[0]}/inventory/update", oversold)
    order = ordered(world, skus=["MUG-BLUE"], quantity=2)  # more than there is: wished orders are sold regardless
    assert (sku.stock[place], sku.committed[place]) == (0, 2)
    call(world, "POST", "/return_refund/202309/cancellations", {**body, "order_id": order.id})
    assert (sku.stock[place], sku.committed[place]) == (1, 0)
    world.live(world.now() + DAY)
