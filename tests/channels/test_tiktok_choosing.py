"""Which service is taken, and the reason that stands beside it; whose carrier a name is."""

import pytest

from fahuo.channels.tiktok_shop.arranging import slot_for, there
from fahuo.channels.tiktok_shop.choosing import DAY, choose
from fahuo.channels.tiktok_shop.fulfilment import open_slots, provider_named

NOW = 1_770_000_000


def offer(name: str, price: str, days: int | None, default: bool = False, currency: str = "USD") -> dict[str, object]:
    told: dict[str, object] = {"id": name, "name": name, "price": price, "currency": currency, "is_default": default}
    return told if days is None else told | {"latest_delivery_days": days}


OFFERS = [offer("slow", "3.10", 7), offer("usual", "5.00", 4, default=True), offer("fast", "9.90", 1)]


@pytest.mark.parametrize(
    ("rule", "days", "taken", "why"),
    [
        ("cheapest", 8, "slow", "in_time"),
        ("cheapest", 5, "usual", "in_time"),
        ("cheapest", 2, "fast", "in_time"),
        ("cheapest", 0, "usual", "default"),
        ("cheapest", None, "usual", "default"),
        ("fastest", None, "fast", "fastest"),
        ("default", 8, "usual", "default"),
        ("Slow", None, "slow", "named"),
        ("unheard of", 8, "slow", "in_time"),
    ],
)
def test_the_cheapest_that_arrives_in_time_or_what_the_seller_says(
    rule: str, days: int | None, taken: str, why: str
) -> None:
    chosen = choose(OFFERS, rule, NOW, None if days is None else NOW + days * DAY)
    assert chosen is not None
    assert (chosen.id, chosen.why) == (taken, why)


def test_what_cannot_be_compared_falls_back_to_the_platforms_default() -> None:
    mixed = [offer("a", "1.00", 2, currency="EUR"), offer("b", "2.00", 2, default=True)]
    assert choose(mixed, "cheapest", NOW, NOW + 9 * DAY).id == "b"  # type: ignore[union-attr]  # there is one
    odd = [offer("a", "free", 2), offer("b", "", 2, default=True)]
    assert choose(odd, "cheapest", NOW, NOW + 9 * DAY).id == "b"  # type: ignore[union-attr]  # there is one
    assert choose([offer("a", "1.00", None)], "cheapest", NOW, None).why == "only"  # type: ignore[union-attr]  # there is one
    assert choose([], "cheapest", NOW, None) is None


@pytest.mark.parametrize(
    ("carrier", "id_"),
    [("J&T Express", "1"), ("j&t  express", "1"), ("SF", "2"), ("Express", ""), ("", ""), ("DHL", "")],
)
def test_a_carrier_is_found_by_its_name_where_that_is_certain(carrier: str, id_: str) -> None:
    assert provider_named({"J&T Express": "1", "顺丰 SF": "2", "Best Express": "3"}, carrier) == id_


def test_slots_are_read_in_both_spellings_and_the_first_after_packing_is_taken() -> None:
    told = {
        "pickup_slots": [
            {"start_time": 300, "end_time": 400, "avaliable": True},
            {"start_time": 100, "end_time": 200, "avaliable": True},
            {"start_time": 500, "end_time": 600, "avaliable": False},
            {"start_time": 700, "end_time": 800, "available": False},
            {"start_time": 900, "end_time": 950},
        ]
    }
    slots = open_slots(told)
    assert slots == [(100, 200), (300, 400), (900, 950)]
    assert slot_for(slots, 150) == (300, 400)
    assert slot_for(slots, 2_000) == (900, 950)
    assert slot_for([], 0) is None


def test_what_an_order_shows_of_its_units() -> None:
    order = {
        "status": "PARTIALLY_SHIPPING",
        "line_items": [
            {"id": "1", "package_id": "P", "package_status": "PROCESSING", "tracking_number": "N"},
            {"id": "2", "package_id": "Q", "package_status": "TO_FULFILL"},
            {"id": "3", "package_id": "R", "package_status": "CANCELLED", "display_status": "CANCELLED"},
        ],
    }
    assert there(order, ["1"]).arranged
    assert there(order, ["1"]).number == "N"
    assert not there(order, ["2"]).arranged
    assert there(order, []).packages == ("P", "Q")
    assert not there({"status": "AWAITING_SHIPMENT"}, []).arranged
