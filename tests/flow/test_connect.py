"""Connecting shops, renewing tokens, losing access: against a platform in one object, on both databases."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from fahuo.catalogue import queries as catalogue
from fahuo.channels.tiktok_shop.client import Client
from fahuo.channels.tiktok_shop.shops import EVENTS
from fahuo.connections import queries
from fahuo.connections.model import App
from fahuo.flow import connect, grants, shop_setup
from fahuo.flow.apps import add_app, app_named
from fahuo.flow.house import House, open_desk
from fahuo.flow.setup import add_shop
from fahuo.kernel.problems import Failure
from tests.support.connecting import (
    ACTOR,
    HOOKS,
    a_day_later,
    app,
    client,
    house,
    machine_now,
    one_link,
    platform,
    standing,
)
from tests.support.tiktok import KEY, SECRET, Platform, no, ok

__all__ = ["app", "client", "house", "platform"]


def test_connecting_makes_the_shop_its_warehouse_and_its_notices(
    house: House, client: Client, app: App, platform: Platform
) -> None:
    done = connect.connect(house, client, app, "code-1")
    assert done.made == ["Hoa Mai"]
    with house.store.read() as tx:
        shop = catalogue.shop_named(tx, "Hoa Mai")
        desk = open_desk(tx, "test")
    assert shop is not None
    assert (shop.market, shop.seller_type, shop.zone, shop.currency) == ("VN", "local", "Asia/Ho_Chi_Minh", "VND")
    place = desk.place("7100000000000000001")
    assert place is not None
    assert (place.name, place.country, place.zone, place.capacity_per_day) == (
        "Kho Sài Gòn",
        "VN",
        "Asia/Ho_Chi_Minh",
        None,
    )
    assert desk.place("7100000000000000002") is None  # returns come there, parcels do not leave from there
    found = standing(house)
    assert (found.state, found.platform_shop_id, found.seller_name) == ("active", "7494000000000000001", "Hoa Mai Co.")
    assert found.scopes == ("seller.order.info", "seller.fulfillment.basic")
    assert found.hooks == dict.fromkeys(EVENTS, HOOKS) == platform.hooks
    assert found.warehouses_problem == ("Kho Sài Gòn",)
    assert [problem.code for problem in done.left] == ["warehouse_made"]


def test_connecting_again_changes_nothing_but_the_tokens(
    house: House, client: Client, app: App, platform: Platform
) -> None:
    connect.connect(house, client, app, "code-1")
    first = one_link(house)
    platform.codes["code-2"] = "seller-1"
    platform.seen.clear()
    done = connect.connect(house, client, app, "code-2")
    assert (done.made, done.left) == ([], [])
    after = one_link(house)
    assert (after.shop_id, after.grant_id) == (first.shop_id, first.grant_id)
    assert after.access_token != first.access_token
    assert "PUT /event/202309/webhooks" not in platform.seen


def test_known_shops_are_taken_by_name_and_market_and_by_the_persons_word(
    house: House, client: Client, app: App, platform: Platform
) -> None:
    mine = add_shop(house, "HOA mai", "VN", "local")
    thai = add_shop(house, "our thai shop", "TH", "cross_border")
    add_shop(house, "Siam", "VN", "local")  # another market: not the same shop
    base = platform.shops[0]
    platform.shops += [
        base | {"id": "2", "name": "Siam", "region": "TH", "seller_type": "CROSS_BORDER"},
        base | {"id": "3", "name": "Siam", "region": "MY", "seller_type": "CROSS_BORDER"},
        base | {"id": "4", "name": "Mars", "region": "XX"},
    ]
    done = connect.connect(house, client, app, "code-1", names={"2": "our thai shop"})
    with house.store.read() as tx:
        tied = queries.linked(tx)
        names = {shop.id: shop.name for shop in catalogue.shop_list(tx)}
    assert tied["7494000000000000001"] == mine.id
    assert tied["2"] == thai.id
    assert names[tied["3"]] == "Siam (MY)"
    assert "4" not in tied
    assert [problem.code for problem in done.left if problem.code != "warehouse_made"] == ["shop_unknown_kind"]
    assert len(done.shops) == 3


def test_a_name_the_person_gave_must_fit(house: House, client: Client, app: App) -> None:
    add_shop(house, "thai", "TH", "local")
    done = connect.connect(house, client, app, "code-1", names={"Hoa Mai": "thai"})
    assert [problem.code for problem in done.left] == ["shop_not_alike"]
    assert done.shops == []


def test_the_way_through_the_browser(house: House, client: Client, app: App) -> None:
    url = connect.consent_url(house, app, ACTOR)
    query = parse_qs(urlsplit(url).query)
    assert query["service_id"] == ["7001"]
    (state,) = query["state"]
    back = f"https://fahuo.example/connect/tiktok/callback?code=code-1&state={state}&locale=vi"
    with pytest.raises(Failure) as another:  # somebody else's browser
        connect.returned(house, client, back, "user:liu")
    assert another.value.problem.code == "consent_unknown"
    assert connect.returned(house, client, back, ACTOR).shops[0].shop == "Hoa Mai"
    with pytest.raises(Failure) as twice:
        connect.returned(house, client, back, ACTOR)
    assert twice.value.problem.code == "consent_unknown"


@pytest.mark.parametrize("tail", ["code=null&error=auth_denied", "error=auth_denied", "code=null", ""])
def test_a_refused_consent_says_so(house: House, client: Client, app: App, platform: Platform, tail: str) -> None:
    state = parse_qs(urlsplit(connect.consent_url(house, app, ACTOR)).query)["state"][0]
    with pytest.raises(Failure) as refused:
        connect.returned(house, client, f"https://x/connect/tiktok/callback?state={state}&{tail}", ACTOR)
    assert refused.value.problem.code == "consent_refused"
    assert platform.seen == []


def test_a_wrong_code_and_a_platform_that_is_away(house: House, client: Client, app: App, platform: Platform) -> None:
    with pytest.raises(Failure) as wrong:
        connect.connect(house, client, app, "no such code")
    assert wrong.value.problem.code == "tiktok_36004004"
    platform.fail = lambda _request: httpx.Response(503)
    with pytest.raises(Failure) as away:
        connect.connect(house, client, app, "code-1")
    assert (away.value.problem.code, away.value.exit_code) == ("tiktok_unreached", 3)
    assert connect.standings(house) == []


def test_the_daily_look_finds_lost_addresses_new_ciphers_and_lost_shops(
    house: House, client: Client, app: App, platform: Platform
) -> None:
    connect.connect(house, client, app, "code-1")
    platform.hooks.pop("NEW_MESSAGE")
    platform.hooks["ORDER_STATUS_CHANGE"] = "https://thief.example/"
    platform.shops[0]["cipher"] = "ROW_new"
    shop_setup.look_after(house, client)
    assert "NEW_MESSAGE" not in platform.hooks  # looked at today already
    a_day_later(house)
    shop_setup.look_after(house, client)
    assert platform.hooks == dict.fromkeys(EVENTS, HOOKS)
    assert one_link(house).cipher == "ROW_new"
    platform.shops.clear()
    a_day_later(house)
    shop_setup.look_after(house, client)
    assert standing(house).state == "withdrawn"


def test_a_shop_that_has_become_another_is_refused(house: House, client: Client, app: App, platform: Platform) -> None:
    connect.connect(house, client, app, "code-1")
    platform.shops[0]["region"] = "TH"
    a_day_later(house)
    shop_setup.look_after(house, client)
    assert standing(house).state == "refused"


def test_addresses_that_are_not_taken_stand_on_the_page(
    house: House, client: Client, app: App, platform: Platform
) -> None:
    def refuses(request: httpx.Request) -> httpx.Response | None:
        return no(105005, "scope") if request.method == "PUT" and b"NEW_MESSAGE" in request.content else None

    platform.fail = refuses
    done = connect.connect(house, client, app, "code-1")
    assert "not_set_up" in [problem.code for problem in done.left]
    assert standing(house).hooks_problem == "NEW_MESSAGE 105005"
    assert (standing(house).state, standing(house).lacking) == ("limited", {"event": "scope"})


def test_a_platform_that_is_away_in_the_daily_look_is_asked_again_later(
    house: House, client: Client, app: App, platform: Platform
) -> None:
    connect.connect(house, client, app, "code-1")
    a_day_later(house)
    platform.fail = lambda _request: httpx.Response(500)
    shop_setup.look_after(house, client)
    assert standing(house).state == "active"
    assert standing(house).hooks_problem
    calls = len(platform.seen)
    shop_setup.look_after(house, client)
    assert len(platform.seen) == calls


def test_one_floor_with_an_id_in_every_shop(house: House, client: Client, app: App, platform: Platform) -> None:
    connect.connect(house, client, app, "code-1")
    platform.warehouses[0] |= {"id": "7100000000000000009"}
    platform.warehouses[0]["name"] = "kho sài gòn"
    shop_setup.set_up(house, client, one_link(house))
    with house.store.read() as tx:
        (place,) = catalogue.warehouse_list(tx)
        desk = open_desk(tx, "test")
    assert place.platform_refs == ("7100000000000000001", "7100000000000000009")
    assert desk.place("7100000000000000001") == desk.place("7100000000000000009") == place


def test_disconnecting_here_and_at_the_platform(house: House, client: Client, app: App, platform: Platform) -> None:
    connect.connect(house, client, app, "code-1")
    assert connect.disconnect(house, client, "Hoa Mai").state == "withdrawn"
    assert not platform.withdrawn
    platform.codes["code-2"] = "seller-1"
    connect.connect(house, client, app, "code-2")
    connect.disconnect(house, client, "Hoa Mai", at_platform=True)
    assert platform.withdrawn
    assert standing(house).state == "withdrawn"
    platform.withdrawn = False
    platform.codes["code-3"] = "seller-1"
    connect.connect(house, client, app, "code-3")
    platform.withdrawn = True  # the seller was faster: there is nothing left to give back
    assert connect.disconnect(house, client, "Hoa Mai", at_platform=True).state == "withdrawn"
    with pytest.raises(Failure) as unknown:
        connect.disconnect(house, client, "Hoa Lan")
    assert unknown.value.problem.code == "not_connected"


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("app-secret", {"secret": ""}), ("app-secret", {"secret": "two words"}), ("app-key", {"key": "  "}),
        ("api-url", {"api_url": "http://api.test"}), ("auth-url", {"auth_url": "ftp://x"}),
        ("public-url", {"public_url": "https://203.0.113.9"}), ("public-url", {"public_url": "https://x.example:8443"}),
        ("public-url", {"public_url": "http://x.example"}),
        ("public-url", {"public_url": "https://" + "x." * 130 + "example"}),
        ("reads", {"rates": (-1.0, None)}),
    ],
)  # fmt: skip
def test_an_app_that_cannot_be_used_is_told_field_by_field(house: House, field: str, values: dict[str, object]) -> None:
    given: dict[str, object] = {"key": "abc", "secret": "s3cret"} | values
    key, secret = given.pop("key"), given.pop("secret")
    with pytest.raises(Failure) as refused:
        add_app(house, key, secret, **given)  # type: ignore[arg-type]  # wrong values are the point
    assert refused.value.problem.field == field
    assert "s3cret" not in str(refused.value)


def test_several_apps_and_sellers_stand_beside_each_other(
    house: House, client: Client, app: App, platform: Platform
) -> None:
    connect.connect(house, client, app, "code-1")
    other = add_app(
        house, "other", SECRET.decode(), service_id="7002", api_url="https://api.test", auth_url="https://auth.test",
        consent_url="https://consent.test/open/authorize",
    )  # fmt: skip
    with pytest.raises(Failure):
        app_named(house, None)
    second = Platform(now=machine_now, id="99", name="Second", region="TH")
    second.codes = {"code-9": "seller-9"}
    its = grants.make_client(house.store, transport=httpx.MockTransport(second))
    connect.connect(house, its, app_named(house, "other"), "code-9")
    its.close()
    found = {one.shop: (one.app_key, one.webhook_url, one.hooks) for one in connect.standings(house)}
    assert found["Second"] == (other.app_key, "", {})
    assert found["Hoa Mai"][0] == KEY
    assert ok().status_code == 200


def test_lists_that_are_null_are_empty(house: House, client: Client, app: App, platform: Platform) -> None:
    names = {"/logistics/202309/warehouses": "warehouses", "/event/202309/webhooks": "webhooks"}

    def null(request: httpx.Request) -> httpx.Response | None:
        path = request.url.path
        return ok({names[path]: None}) if request.method == "GET" and path in names else None

    platform.fail = null
    connect.connect(house, client, app, "code-1")
    assert standing(house).state == "active"
    names["/authorization/202309/shops"] = "shops"
    a_day_later(house)
    shop_setup.look_after(house, client)
    assert standing(house).state == "withdrawn"


def test_a_refusal_names_the_platforms_request(house: House, client: Client, app: App, platform: Platform) -> None:
    with pytest.raises(Failure) as wrong:
        connect.connect(house, client, app, "no-such-code")
    assert wrong.value.problem.value == "invalid (2026rid)"


def test_a_code_that_is_used_up_is_not_to_be_tried_again(
    house: House, client: Client, app: App, platform: Platform
) -> None:
    platform.fail = lambda request: httpx.Response(503) if request.url.path.startswith("/authorization/") else None
    with pytest.raises(Failure) as wrong:
        connect.connect(house, client, app, "code-1")
    assert "Give consent once more" in wrong.value.problem.next
    platform.fail = lambda _request: None
    platform.codes["code-2"] = "seller-1"
    assert connect.connect(house, client, app, "code-2").made == ["Hoa Mai"]
