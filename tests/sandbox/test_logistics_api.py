import pytest

from fahuo.sandbox import markets, providers
from fahuo.sandbox.model import Refuse
from tests.sandbox.parcel_calls import a_world, call, shop_at

L = "/logistics/202309"


@pytest.mark.parametrize("market", ["VN", "US", "GB", "JP", "DE", "MY-CB"])
def test_warehouses_keep_the_platforms_spelling(market: str) -> None:
    world = a_world(market)
    found = call(world, "GET", f"{L}/warehouses")["warehouses"]
    sales = next(one for one in found if one["type"] == "SALES_WAREHOUSE")
    back = next(one for one in found if one["type"] == "RETURN_WAREHOUSE")
    assert sales["effect_status"] == "ENABLED"
    assert sales["is_default"] is True
    assert sales["sub_type"] == ("CB_DIRECT_SHIPPING_WAREHOUSE" if market == "MY-CB" else "DOMESTIC_WAREHOUSE")
    assert back["address"]["region_code"] == market[:2]
    assert "district" not in sales["address"]
    assert market != "VN" or "distict" in sales["address"]


@pytest.mark.parametrize("market", ["VN", "US", "GB", "JP", "DE", "MX", "MY-CB"])
def test_options_lead_to_carriers_that_may_be_named(market: str) -> None:
    world = a_world(market)
    shop = shop_at(world)
    options = call(world, "GET", f"{L}/warehouses/{shop.warehouse.id}/delivery_options")["delivery_options"]
    assert options[0]["id"] == shop.delivery_option_id
    assert {one["type"] for one in options} == {"STANDARD", "SEND_BY_SELLER"}
    known = {one.id for one in markets.providers(shop.region, shop.cross_border)}
    for option in options:
        path = f"{L}/delivery_options/{option['id']}/shipping_providers"
        found = call(world, "GET", path)["shipping_providers"]
        assert known <= {one["id"] for one in found}
        assert len({one["name"] for one in found}) == len(found)
        couriers = {one.id for one in providers.first_mile_providers()}
        assert bool(couriers & {one["id"] for one in found}) is (market == "MY-CB")


def test_foreign_warehouses_and_unknown_options_are_refused() -> None:
    world = a_world("VN", "TH")
    with pytest.raises(Refuse) as no:
        call(world, "GET", f"{L}/warehouses/{shop_at(world, 1).warehouse.id}/delivery_options")
    assert no.value.code == 21008111
    with pytest.raises(Refuse) as no:
        call(world, "GET", f"{L}/delivery_options/1/shipping_providers")
    assert no.value.code == 98001004


def test_global_warehouses_are_those_of_cross_border_shops() -> None:
    world = a_world("MY-CB", "TH-CB", "VN")
    found = call(world, "GET", f"{L}/global_warehouses")["global_warehouses"]
    assert found == [{"id": shop_at(world).warehouse.id, "name": shop_at(world).warehouse.name, "ownership": "SELLER"}]


@pytest.mark.parametrize("market", sorted({*markets.SEA, *markets.EU, *markets.LATAM, *markets.SERVICE}))
def test_numbers_look_like_their_carriers(market: str) -> None:
    for one in (*markets.providers(market), *markets.providers(market, cross_border=True)):
        made = {providers.number_of(one, serial) for serial in (1, 2, 10**11 + 7)}
        assert len(made) == 3
        assert all(providers.fits(one, number) and providers.SANE.fullmatch(number) for number in made)
    assert not any(providers.fits(one, "?") for one in markets.providers(market))


def test_heavier_parcels_cost_more_and_the_platforms_carrier_is_the_default() -> None:
    for market in ("US", "GB", "JP"):
        shop = shop_at(a_world(market))
        light, heavy = providers.offers(shop, 400), providers.offers(shop, 4_000)
        assert light[0].provider.name == markets.platform_provider(market).name
        assert all(a.price < b.price for a, b in zip(light, heavy, strict=True))
        assert providers.offers(shop, 10**6) == []
