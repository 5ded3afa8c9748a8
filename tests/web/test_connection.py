"""A shop's page, the way through consent in a browser, and the same for programs."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest
from fastapi import FastAPI

from fahuo.channels.tiktok_shop.errors import problem as code_problem
from fahuo.connections import pulls, queries, service
from fahuo.connections.notices import Notice
from fahuo.connections.notices_store import add, count, shown
from fahuo.flow import access, connect, grants
from fahuo.flow.apps import add_app
from fahuo.flow.house import House
from fahuo.kernel.clock import technical_ms
from fahuo.store import effects
from tests.support.tiktok import KEY, SECRET, Platform
from tests.web.conftest import Visitor


@pytest.fixture
def platform(house: House) -> Iterator[Platform]:
    """The platform behind the house's own client."""
    made = Platform(now=lambda: technical_ms() / 1000, name="shop-VN")
    client = grants.make_client(house.store, transport=httpx.MockTransport(made))
    grants._clients[house.store] = client
    add_app(
        house, KEY, SECRET.decode(), service_id="7001", api_url="https://api.test", auth_url="https://auth.test",
        consent_url="https://consent.test/open/authorize", public_url="https://fahuo.example",
    )  # fmt: skip
    yield made
    client.close()


def shop_id(house: House, name: str = "shop-VN") -> int:
    with house.store.read() as tx:
        rows = tx.rows("SELECT id FROM shops WHERE seller_id = 1 AND name = :name", name=name)
    return int(rows[0][0])


def connected(house: House) -> int:
    connect.connect(house, grants.client_of(house.store), add_app(house, KEY, None), "code-1")
    return shop_id(house)


def test_a_shop_without_connection_says_so_and_how_to_connect(house: House, platform: Platform, owner: Visitor) -> None:
    assert "Not connected" in owner.get("/shops")
    assert "Connect a TikTok Shop" in owner.get("/shops")
    text = owner.get(f"/shops/{shop_id(house)}")
    assert "not connected to TikTok Shop" in text
    assert 'action="/connect/tiktok"' in text


def test_the_way_through_the_browser(house: House, platform: Platform, owner: Visitor) -> None:
    page = owner.post("/connect/tiktok", 200, app=KEY)
    found = re.search(r'href="(https://consent\.test[^"]+)"', page)
    assert found is not None
    url = httpx.URL(found[1].replace("&amp;", "&"))
    state = url.params["state"]
    assert f"{owner.client.base_url}/connect/tiktok/callback" in page
    text = owner.get(f"/connect/tiktok/callback?code=code-1&state={state}&locale=vi")
    assert f'href="/shops/{shop_id(house)}"' in text
    assert "known before" in text
    again = owner.get(f"/connect/tiktok/callback?code=code-1&state={state}", 409)
    assert "belongs to no consent" in again
    assert "Connected" in owner.get("/shops")


def test_a_refusal_and_a_foreign_answer_are_told(house: House, platform: Platform, owner: Visitor) -> None:
    page = owner.post("/connect/tiktok", 200)
    state = re.search(r"state=([\w-]+)", page)
    assert state is not None
    assert "was refused" in owner.get(f"/connect/tiktok/callback?code=null&error=auth_denied&state={state[1]}", 409)
    assert "belongs to no consent" in owner.get("/connect/tiktok/callback?code=code-1&state=guessed", 409)
    assert "belongs to no consent" in owner.get("/connect/tiktok/callback?code=code-1", 409)
    assert not any("token" in path for path in platform.seen)


def test_only_the_owner_connects_and_sees(
    house: House, platform: Platform, owner: Visitor, packer: Visitor, nobody: Visitor
) -> None:
    number = connected(house)
    for path in (f"/shops/{number}", f"/shops/{number}/live", "/connect/tiktok/callback?code=code-1&state=x"):
        packer.get(path, 403)
        assert nobody.client.get(path).status_code == 303
    for path in ("/connect/tiktok", f"/shops/{number}/renew", f"/shops/{number}/disconnect"):
        packer.post(path, 403)
        assert owner.client.post(path, data={"csrf": "0" * 64}).status_code == 403
    assert connect.standings(house)[0].state == "active"
    owner.get("/shops/1", 404)


def test_everything_known_of_a_connection_stands_on_its_page(house: House, platform: Platform, owner: Visitor) -> None:
    number = connected(house)
    now = technical_ms()
    why = msgspec.json.encode(code_problem(36009003)).decode()
    with house.store.write() as tx:
        pulls.advance(tx, number, 1_790_000_000, now)
        pulls.failed(tx, number, why, now)
        one = Notice(
            notification_id="1", app_key=KEY, platform_shop_id="7494000000000000001", shop_id=number, type=1,
            kind="order", state="order", received_ms=now,
        )  # fmt: skip
        add(tx, [one])
        count(tx, {(KEY, "forged"): 3}, now)
        effect = effects.Effect("k1", "report_shipped", "tiktok", number, None, None, 0, {}, "readable", str(number))
        effects.put(tx, [effect, effects.Effect("k2", "arrange_shipment", "tiktok", number, None, None, 0, {})])
    (claimed,) = [one for one in effects.claim(house.store, "w", ["tiktok"], 10, 1) if one.key == "k1"]
    with house.store.write() as tx:
        effects.finish(tx, [claimed.answer("declined", {"code": 21011044, "message": "ON_HOLD"})])
    text = owner.get(f"/shops/{number}")
    for word in (
        "seller.order.info", "7494000000000000001", "Hoa Mai Co.", "Forged 3", "The platform failed inside.",
        "ON_HOLD", "21011044",
        "Wait until the platform lets it go", "https://fahuo.example/hooks/tiktok/", "reads and", "Kho Sài Gòn",
    ):  # fmt: skip
        assert word in text, word
    assert SECRET.decode() not in text
    assert "ROW_" not in text
    assert "ROW_" not in owner.get(f"/shops/{number}/live")


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("expired", {"en": "Access has expired (36004004)", "zh": "授权已过期（36004004）"}),
        ("withdrawn", {"en": "Access was withdrawn (36004004)", "zh": "授权已被收回（36004004）"}),
        ("refused", {"en": "The platform refuses this connection (36004004)", "zh": "平台拒绝此连接（36004004）"}),
    ],
)
def test_every_state_has_its_way_out(
    house: House, platform: Platform, owner: Visitor, state: str, words: dict[str, str], lang: str
) -> None:
    number = connected(house)
    with house.store.write() as tx:
        (link,) = queries.links(tx)
        service.end_grant(tx, link.grant_id, state, "36004004")
    owner.client.get(f"/lang/{lang}")
    text = owner.get(f"/shops/{number}")
    assert words[lang] in text
    assert "/connect/tiktok" in text
    assert f"/shops/{number}/renew" not in text


def test_renewing_and_disconnecting_by_hand(house: House, platform: Platform, owner: Visitor) -> None:
    number = connected(house)
    owner.post(f"/shops/{number}/renew")
    assert platform.seen.count("GET /api/v2/token/refresh") == 1
    platform.withdrawn = True
    assert "授权" in owner.client.get(f"/shops/{number}", headers={"accept-language": "zh"}).text
    owner.post(f"/shops/{number}/renew", 409)
    platform.withdrawn = False
    owner.post(f"/shops/{number}/disconnect")
    assert connect.standings(house)[0].state == "withdrawn"


def test_programs_see_the_same_within_their_shops(house: House, platform: Platform, app: FastAPI, address: str) -> None:
    number = connected(house)
    token = access.add_token(house, "robot", ["effects.view"], (), None, "test")[1]
    narrow = access.add_token(house, "narrow", ["effects.view"], ["shop-US"], None, "test")[1]
    with httpx.Client(base_url=address) as client:

        def asked(of: int, bearer: str) -> tuple[int, Any]:
            answer = client.get(f"/api/v1/shops/{of}/connection", headers={"authorization": f"Bearer {bearer}"})
            return answer.status_code, answer.json()

        status, body = asked(number, token)
        assert status == 200
        assert (body["schema"], body["state"]) == ("fahuo.connection/1", "active")
        assert body["shop_id"] == str(number)
        assert body["notices"]["address"] == f"https://fahuo.example/hooks/tiktok/{KEY}"
        assert body["token_until"].endswith("Z")
        assert "ROW_" not in str(body)
        assert asked(shop_id(house, "shop-US"), token)[1]["state"] == "none"
        assert asked(number, narrow)[0] == 404
        assert asked(7, token)[0] == 404


def test_what_is_limited_or_was_got_over_is_shown(house: House, platform: Platform, owner: Visitor) -> None:
    number = connected(house)
    now = technical_ms()
    with house.store.write() as tx:
        service.lacks(tx, number, "customer_service", "scope seller.customer_service")
        pulls.failed(tx, number, msgspec.json.encode(code_problem(36009003)).decode(), now)
        pulls.ended(tx, number, now, now)
        effects.put(tx, [effects.Effect("k1", "arrange_shipment", "tiktok", number, None, None, 0, {})])
    (claimed,) = effects.claim(house.store, "w", ["tiktok"], 10, 1)
    with house.store.write() as tx:
        effects.finish(tx, [claimed.answer("waiting", {"code": "not_permitted"})])
    text = owner.get(f"/shops/{number}")
    for word in (
        "A permission is missing", "customer_service (scope seller.customer_service)", "Last trouble, got over",
        "Waiting for the connection", f"/shops/{number}/renew",
    ):  # fmt: skip
        assert word in text, word
    assert "A permission is missing" in owner.get("/shops")
    assert "A permission is missing" in owner.get("/tower")


def test_parked_notices_are_read_again_or_set_aside(
    house: House, platform: Platform, owner: Visitor, packer: Visitor
) -> None:
    number = connected(house)
    with house.store.write() as tx:
        for name in ("1", "2"):
            one = Notice(
                notification_id=name, shop_id=number, type=1, kind="order", order_refs=(f"57{name}",), state="parked",
                why="other_shop: not yours",
            )  # fmt: skip
            add(tx, [one])
        found = {one.order_refs: one.id for one in shown(tx, ("parked",), 10)}
    text = owner.get(f"/shops/{number}")
    assert "other_shop: not yours" in text
    packer.post(f"/shops/{number}/notices/{found['571']}", 403, then="again")
    owner.post(f"/shops/{number + 1}/notices/{found['571']}", 404, then="again")
    owner.post(f"/shops/{number}/notices/{found['571']}", 303, then="again")
    owner.post(f"/shops/{number}/notices/{found['572']}", 303, then="aside")
    with house.store.read() as tx:
        states = {one.order_refs: one.state for one in shown(tx, ("parked", "order", "done"), 10)}
    assert states == {"571": "order", "572": "done"}
    assert "Notices for a person" not in owner.get(f"/shops/{number}")
