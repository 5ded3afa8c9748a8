"""Renewing tokens and losing access: against a platform in one object, on both databases."""

import json
import threading

import httpx
import pytest

from fahuo.channels.tiktok_shop.client import Client, Refused, Unreached, Withdrawn
from fahuo.connections import queries, service
from fahuo.connections.model import App
from fahuo.flow import connect, fulfil, grants, shop_setup
from fahuo.flow.apps import add_app
from fahuo.flow.house import House
from fahuo.kernel.clock import technical_ms
from fahuo.kernel.problems import Failure
from fahuo.store import effects
from fahuo.views.connection import ConnectionView, connection, way_out
from tests.support.connecting import (
    a_day_later,
    app,
    client,
    forget_back_off,
    house,
    let_expire,
    one_link,
    platform,
    standing,
)
from tests.support.tiktok import KEY, SECRET, Platform, no, ok

__all__ = ["app", "client", "house", "platform"]


def test_a_token_is_renewed_before_it_ends(house: House, client: Client, app: App, platform: Platform) -> None:
    connect.connect(house, client, app, "code-1")
    assert grants.renew_due(house.store, client) == 0
    let_expire(house)
    assert grants.renew_due(house.store, client) == 1
    assert one_link(house).access_token == "ROW_access_2"
    assert standing(house).access_until_ms > technical_ms() + 6 * 86_400_000
    assert grants.renew_due(house.store, client) == 0


def test_two_at_once_renew_once(house: House, client: Client, app: App, platform: Platform) -> None:
    connect.connect(house, client, app, "code-1")
    link = one_link(house)
    let_expire(house)
    entered, go = threading.Event(), threading.Event()

    def slow(request: httpx.Request) -> None:
        if request.url.path.endswith("refresh"):
            entered.set()
            assert go.wait(10)

    platform.fail = slow
    other = grants.make_client(house.store, transport=httpx.MockTransport(platform))  # another process
    found: list[str] = []
    wrong: list[BaseException] = []

    def work(with_client: Client) -> None:
        try:
            found.append(grants.renewed_link(house.store, with_client, link).access_token)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(c,)) for c in (client, other, client, other)]
    for thread in threads:
        thread.start()
    assert entered.wait(10)
    go.set()
    for thread in threads:
        thread.join(30)
    other.close()
    assert wrong == []
    assert found == ["ROW_access_2"] * 4
    assert platform.seen.count("GET /api/v2/token/refresh") == 1


def test_a_call_in_the_middle_renews_and_goes_on(house: House, client: Client, app: App, platform: Platform) -> None:
    connect.connect(house, client, app, "code-1")
    link = one_link(house)
    platform.access.clear()  # the platform ended it early
    assert client.get(link, "/logistics/202309/warehouses").data["warehouses"]
    assert one_link(house).access_token == "ROW_access_2"


def test_a_lost_renewal_is_tried_again_with_the_old_pair(
    house: House, client: Client, app: App, platform: Platform
) -> None:
    connect.connect(house, client, app, "code-1")
    let_expire(house)
    platform.fail = lambda request: httpx.Response(502) if "refresh" in request.url.path else None
    assert grants.renew_due(house.store, client) == 0
    assert standing(house).state == "expiring"
    assert one_link(house).state == "active"  # the token at hand still works
    platform.fail = lambda _request: None
    with pytest.raises(Unreached):  # not at once: the back-off counts
        grants.renewed_link(house.store, client, one_link(house))
    forget_back_off(house)
    assert grants.renew_due(house.store, client) == 1
    assert standing(house).state == "active"


def test_a_rotation_nobody_heard_of_ends_in_expired(house: House, client: Client, app: App, platform: Platform) -> None:
    connect.connect(house, client, app, "code-1")
    let_expire(house)

    def rotates_and_is_cut(request: httpx.Request) -> httpx.Response | None:
        if "refresh" not in request.url.path:
            return None
        platform.fail = lambda _request: None
        platform(request)
        return httpx.Response(200, content=b'{"code":0,"data":{"access_to')

    platform.fail = rotates_and_is_cut
    assert grants.renew_due(house.store, client) == 0
    forget_back_off(house)
    assert grants.renew_due(house.store, client) == 0
    found = standing(house)
    assert found.state == "expired"
    assert "36004004" in found.reason
    with pytest.raises(Withdrawn):
        client.get(one_link(house), "/logistics/202309/warehouses")
    platform.codes["code-2"] = "seller-1"
    connect.connect(house, client, app, "code-2")  # the way out
    assert standing(house).state == "active"


def test_a_renewal_whose_process_was_killed_counts_as_lost(
    house: House, client: Client, app: App, platform: Platform
) -> None:
    connect.connect(house, client, app, "code-1")
    let_expire(house)
    with house.store.write() as tx:  # claimed, the platform rotated, then nothing more was heard of the process
        claim = service.claim_renewal(tx, one_link(house).grant_id, technical_ms() - service.CLAIM_MS)
    assert claim is not None
    platform.refresh.clear()
    assert grants.renew_due(house.store, client) == 0
    assert standing(house).state == "expired"


def test_a_seller_who_withdraws(house: House, client: Client, app: App, platform: Platform) -> None:
    connect.connect(house, client, app, "code-1")
    link = one_link(house)
    platform.withdrawn = True
    with pytest.raises(Withdrawn):
        client.get(link, "/logistics/202309/warehouses")
    assert standing(house).state == "withdrawn"
    with house.store.read() as tx:
        assert queries.connected(tx) == frozenset()
    calls = len(platform.seen)
    shop_setup.look_after(house, client)
    assert len(platform.seen) == calls


def test_an_authorisation_that_ran_out(house: House, client: Client, app: App, platform: Platform) -> None:
    platform.grant_life = 1
    connect.connect(house, client, app, "code-1")
    let_expire(house)
    with house.store.write() as tx:
        tx.execute("UPDATE grants SET refresh_until_ms = 1 WHERE seller_id = 1")
    platform.refresh.clear()
    assert grants.renew_due(house.store, client) == 0
    assert standing(house).state == "expired"
    assert "36004004" in standing(house).reason


def test_a_machine_with_a_wrong_clock_does_not_end_the_grant(
    house: House, client: Client, app: App, platform: Platform
) -> None:
    connect.connect(house, client, app, "code-1")
    let_expire(house)
    with house.store.write() as tx:  # by our clock it is over; the platform knows better
        tx.execute("UPDATE grants SET refresh_until_ms = 1 WHERE seller_id = 1")
    assert grants.renew_due(house.store, client) == 1
    assert standing(house).state == "active"


def test_a_renewed_pair_is_kept_whatever_else_is_missing(
    house: House, client: Client, app: App, platform: Platform
) -> None:
    def bare(request: httpx.Request) -> httpx.Response | None:
        path = request.url.path
        if not path.startswith("/api/v2/token/"):
            return None
        full = json.loads(platform._token(path, dict(request.url.params)).content)["data"]
        return ok({name: full[name] for name in ("access_token", "refresh_token")} | {"granted_scopes": None})

    connect.connect(house, client, app, "code-1")
    platform.fail = bare
    let_expire(house)
    assert grants.renew_due(house.store, client) == 1
    assert grants.renew_due(house.store, client) == 0
    with house.store.read() as tx:
        grant = queries.grant_of(tx, one_link(house).grant_id)
    assert grant is not None
    assert grant.refresh_token in platform.refresh
    client.get(one_link(house), "/logistics/202309/warehouses")
    platform.codes["code-2"] = "seller-2"
    with pytest.raises(Failure):  # but nobody knows whose consent this one is
        connect.connect(house, client, app, "code-2")


def test_a_wrong_app_secret_does_not_end_the_grant(house: House, client: Client, app: App, platform: Platform) -> None:
    connect.connect(house, client, app, "code-1")
    let_expire(house)
    add_app(house, KEY, "mistyped")
    assert grants.renew_due(house.store, client) == 0
    found = standing(house)
    assert found.state == "expiring"
    assert "36009004" in found.reason
    assert "mistyped" not in found.reason
    add_app(house, KEY, SECRET.decode())
    forget_back_off(house)
    assert grants.renew_due(house.store, client) == 1
    assert standing(house).state == "active"


def test_tokens_of_another_seller_are_refused(house: House, client: Client, app: App, platform: Platform) -> None:
    connect.connect(house, client, app, "code-1")
    let_expire(house)
    platform.refresh = dict.fromkeys(platform.refresh, "seller-2")
    assert grants.renew_due(house.store, client) == 0
    assert standing(house).state == "refused"


def test_a_token_for_another_shop_is_refused_and_visible(
    house: House, client: Client, app: App, platform: Platform
) -> None:
    connect.connect(house, client, app, "code-1")
    platform.fail = lambda request: no(101000, "not linked") if "logistics" in request.url.path else None
    with pytest.raises(Withdrawn):
        client.get(one_link(house), "/logistics/202309/warehouses")
    found = standing(house)
    assert (found.state, found.reason) == ("refused", "101000 not linked")


def test_what_calling_shows_is_kept_with_the_link(house: House, client: Client, app: App, platform: Platform) -> None:
    connect.connect(house, client, app, "code-1")
    assert standing(house).reads_per_second is not None
    assert grants.client_of(house.store) is grants.client_of(house.store)


def test_a_foreign_shop_is_refused(house: House, client: Client, app: App) -> None:
    connect.connect(house, client, app, "code-1")
    grants.refuse_shop(house.store, one_link(house), "an order of another shop came: 576")
    assert standing(house).state == "refused"
    with pytest.raises(Refused):
        client.get(one_link(house), "/logistics/202309/warehouses")
    with house.store.write() as tx:
        service.warned(tx, one_link(house).shop_id, 5)
    assert standing(house).warned_ms == 5


def test_a_missing_permission_is_a_state_of_the_connection(
    house: House, client: Client, app: App, platform: Platform
) -> None:
    connect.connect(house, client, app, "code-1")
    effect = effects.Effect("k1", "arrange_shipment", "tiktok", one_link(house).shop_id, None, None, 0, {}, "readable")
    with house.store.write() as tx:
        effects.put(tx, [effect])
    (claimed,) = effects.claim(house.store, "w", ["tiktok"], 10, 1)
    platform.fail = lambda request: (
        no(105005, "scope seller.logistics", 403) if request.url.path.startswith("/logistics/") else None
    )
    for _ in range(2):
        with pytest.raises(Refused):
            client.get(one_link(house), "/logistics/202309/warehouses")
    found = standing(house)
    assert (found.state, found.lacking) == ("limited", {"logistics": "scope seller.logistics"})
    assert one_link(house).state == "active"  # everything else goes on
    view = connection_of(house)
    told = way_out(view.standing)
    assert told is not None
    assert "logistics (scope seller.logistics)" in told.render("en").message

    with house.store.write() as tx:
        effects.finish(tx, [claimed.answer("waiting", {"code": "not_permitted"})])
        assert fulfil.resume(tx, 1) == 0
    assert connection_of(house).stalled == 1
    platform.fail = lambda _request: None
    a_day_later(house)
    shop_setup.look_after(house, client)  # perhaps it was given meanwhile: tried again once a day
    assert standing(house).state == "active"
    with house.store.write() as tx:
        assert fulfil.resume(tx, 1) == 1


def test_connecting_again_forgets_a_missing_permission(
    house: House, client: Client, app: App, platform: Platform
) -> None:
    connect.connect(house, client, app, "code-1")
    with house.store.write() as tx:
        service.lacks(tx, one_link(house).shop_id, "product", "")
        service.lacks(tx, one_link(house).shop_id, "order", "no")
    assert standing(house).lacking == {"order": "no", "product": ""}
    platform.codes["code-2"] = "seller-1"
    connect.connect(house, client, app, "code-2")
    assert (standing(house).state, standing(house).lacking) == ("active", {})


def connection_of(house: House) -> ConnectionView:
    with house.store.read() as tx:
        found = connection(tx, one_link(house).shop_id)
    assert found is not None
    return found
