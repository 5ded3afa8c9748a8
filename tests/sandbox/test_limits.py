"""The deadline fields by market: the nine live orders through a whole world, and each profile by its rule."""

from datetime import datetime

import pytest

from fahuo.kernel.instant import from_local, local, parse_instant, zone
from fahuo.sandbox.limits import Profile, deadlines
from fahuo.sandbox.markets import zone_name
from fahuo.sandbox.model import Order
from fahuo.sandbox.world import World

# created; then rts_sla, tts_sla, shipping_due, collection_due, cancel_order_sla while not arranged (section 4.8)
LIVE = [
    (1754785736, 1754902800, 1754931599, 1755017999, 1755104399),
    (1755826167, 1755853200, 1755881999, 1756141199, 1756227599),
    (1755829317, 1755853200, 1755881999, 1756141199, 1756227599),
    (1755931405, 1755939600, 1755968399, 1756227599, 1756313999),
    (1756185057, 1756198800, 1756227599, 1756400399, 1756486799),
    (1756542659, 1756573199, 1756918799, 1757005199, 1757091599),
    (1756573753, 1756890000, 1756918799, 1757005199, 1757091599),
    (1756949855, 1756976400, 1757005199, 1757177999, 1757350799),
    (1756949956, 1756976400, 1757005199, 1757177999, 1757350799),
]
FIELDS = ("rts_sla_time", "tts_sla_time", "shipping_due_time", "collection_due_time")


def in_world(market: str, created: int) -> tuple[World, Order]:
    """A platform-shipped cash on delivery order, two minutes after it was placed."""
    world = World(1, [market], created - 60)
    order = world.place(next(iter(world.shops)), created, cod=True, prompt=True, fbt=False, shipping_type="TIKTOK")
    world.live(created + 180)
    return world, order


@pytest.mark.parametrize("live", LIVE, ids=[str(row[0]) for row in LIVE])
def test_the_nine_live_orders_of_viet_nam_to_the_second(live: tuple[int, ...]) -> None:
    _, order = in_world("VN", live[0])
    body = order.body
    assert body["status"] == "AWAITING_SHIPMENT"
    assert [body[name] for name in FIELDS] == list(live[1:])
    assert body["cancel_order_sla_time"] == body["shipping_due_time"]
    assert body["recommended_shipping_time"] == body["tts_sla_time"] * 1000


def test_the_live_order_that_was_arranged_waits_for_collection() -> None:
    world, order = in_world("VN", LIVE[0][0])
    world.live(1754786280)
    world.arrange(order, 1754786280)
    assert order.body["cancel_order_sla_time"] == 1755104399
    assert order.body["rts_time"] == 1754786280


def test_the_live_order_of_thailand() -> None:
    created = parse_instant("2026-08-31T17:02:00+07:00")
    world, order = in_world("TH", created)
    world.arrange(order, world.now())
    assert order.body["cancel_order_sla_time"] == parse_instant("2026-09-03T23:59:59+07:00")


def test_thailand_keeps_its_own_holidays() -> None:
    created = parse_instant("2025-08-09T15:30:00+07:00")  # Saturday after the cut-off; the 11th and 12th are holidays
    found = deadlines(Profile("TH", False, False), created, created)
    assert found["rts_sla_time"] == parse_instant("2025-08-09T23:59:59+07:00")
    assert found["tts_sla_time"] == parse_instant("2025-08-13T23:59:59+07:00")


def here(market: str, text: str) -> int:
    return from_local(datetime.fromisoformat(text), zone(zone_name(market)))[0]


def words(market: str, found: dict[str, int]) -> dict[str, str]:
    tz = zone(zone_name(market))
    return {name: local(at, tz).strftime("%m-%d %H:%M:%S") for name, at in found.items() if at < 10**11}


@pytest.mark.parametrize(
    ("profile", "created", "expected"),
    [
        (
            Profile("US", False, False),
            "2026-10-15 10:00",  # Thursday
            {
                "rts_sla_time": "10-19 23:59:59",
                "tts_sla_time": "10-19 23:59:59",
                "cancel_order_sla_time": "10-26 23:59:59",
                "delivery_sla_time": "10-23 23:59:59",
            },
        ),
        (
            Profile("GB", False, False),
            "2026-10-15 10:00",
            {
                "rts_sla_time": "10-19 23:59:59",
                "tts_sla_time": "10-20 23:59:59",
                "cancel_order_sla_time": "10-26 23:59:59",
                "delivery_sla_time": "10-22 23:59:59",
            },
        ),
        (
            Profile("DE", False, True),
            "2026-10-15 10:00",
            {"rts_sla_time": "10-19 23:59:59", "tts_sla_time": "10-20 23:59:59"},
        ),
        (
            Profile("JP", False, False),
            "2026-10-12 10:00",  # Monday, so Thursday 23:59
            {"rts_sla_time": "10-15 23:59:59", "tts_sla_time": "10-15 23:59:59"},
        ),
        (
            Profile("MY", True, False),
            "2026-10-17 10:15",  # a Saturday: calendar days
            {
                "rts_sla_time": "10-19 10:15:00",
                "tts_sla_time": "10-20 23:59:59",
                "shipping_due_time": "10-20 10:15:00",
                "collection_due_time": "10-21 23:59:59",
                "cancel_order_sla_time": "10-20 10:15:00",
            },
        ),
        (
            Profile("MY", True, False),
            "2026-06-15 10:15",  # before 18 June: scanned within 72 hours
            {"rts_sla_time": "06-17 10:15:00", "tts_sla_time": "06-18 10:15:00"},
        ),
        (Profile("VN", False, True), "2026-10-15 10:00", {"tts_sla_time": "10-15 23:59:59"}),
    ],
    ids=["US", "GB", "DE", "JP", "MY since June", "MY before", "VN own carrier"],
)
def test_each_profile_follows_its_rule(profile: Profile, created: str, expected: dict[str, str]) -> None:
    at = here(profile.market, created)
    found = words(profile.market, deadlines(profile, at, at))
    assert {name: found.get(name) for name in expected} == expected


def test_what_is_not_arranged_with_the_platform_has_no_limit_for_arranging() -> None:
    at = here("VN", "2026-10-15 10:00")
    assert "rts_sla_time" not in deadlines(Profile("VN", False, True), at, at)


@pytest.mark.parametrize("market", ["PH", "SG", "ID", "FR", "IT", "ES", "IE", "MX", "BR"])
@pytest.mark.parametrize("cross_border", [False, True])
@pytest.mark.parametrize("own", [False, True])
def test_every_market_has_a_scan_limit_and_an_automatic_cancel_after_it(
    market: str, cross_border: bool, own: bool
) -> None:
    at = here(market, "2026-10-15 10:00")
    found = deadlines(Profile(market, cross_border, own), at, at + 3_660)
    assert at < found["tts_sla_time"] <= found["collection_due_time"]
    assert found.get("rts_sla_time", at) <= min(found["tts_sla_time"], found["cancel_order_sla_time"])


@pytest.mark.parametrize("market", ["VN", "US", "GB"])
def test_a_pre_order_counts_from_its_release(market: str) -> None:
    at = here(market, "2026-10-15 10:00")
    release = at + 10 * 86_400
    found = deadlines(Profile(market, False, False, "PRE_ORDER"), at, at, release)
    assert found["tts_sla_time"] > release
    assert found["cancel_order_sla_time"] > release


def test_goods_made_to_order_get_their_handling_time() -> None:
    at = here("US", "2026-10-15 10:00")
    found = words("US", deadlines(Profile("US", False, False, "MADE_TO_ORDER", 5, "BUSINESS_DAY"), at, at))
    assert found["tts_sla_time"] == "10-23 23:59:59"  # five business days and one more until In Transit


def test_nobody_has_to_arrange_before_he_may() -> None:
    created = here("VN", "2026-10-15 23:30")  # by card: on hold until half past midnight
    found = words("VN", deadlines(Profile("VN", False, False), created, created + 3_660))
    assert (found["rts_sla_time"], found["tts_sla_time"]) == ("10-16 23:59:59", "10-16 23:59:59")
    found = words("VN", deadlines(Profile("VN", False, False), created, created + 120))
    assert (found["rts_sla_time"], found["tts_sla_time"]) == ("10-15 23:59:59", "10-16 23:59:59")


def test_who_pays_long_after_ordering_starts_the_clock_by_paying() -> None:
    created = here("VN", "2026-10-14 10:00")
    world = World(1, ["VN"], created)
    order = world.place(next(iter(world.shops)), created, cod=False, paid=False, prompt=True, fbt=False)
    world.later(created + 20 * 3_600, "pay", order.id)
    world.live(created + 22 * 3_600)
    assert words("VN", {"tts_sla_time": order.body["tts_sla_time"]}) == {"tts_sla_time": "10-15 23:59:59"}
