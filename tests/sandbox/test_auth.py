"""Consent, codes, tokens, scopes, several apps and sellers, and the way out."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from fahuo.sandbox.auth import ACCESS_LIFE, CODE_LIFE, GRANT_LIFE
from fahuo.sandbox.serve import Sandbox
from fahuo.sandbox.shops import Branch
from tests.sandbox.callers import Client, fetch, sandbox

REDIRECT = "http://127.0.0.1:8000/back?from=tiktok"


def get_token(made: Sandbox, code: str, **more: str) -> Any:
    """The answer of the token endpoint."""
    query = {
        "app_key": made.app.key,
        "app_secret": made.app.secret,
        "auth_code": code,
        "grant_type": "authorized_code",
        **more,
    }
    return fetch(made, "GET", "/api/v2/token/get", params=query).json()


def refresh(made: Sandbox, token: str, **more: str) -> Any:
    """The answer of the refresh endpoint."""
    query = {
        "app_key": made.app.key,
        "app_secret": made.app.secret,
        "refresh_token": token,
        "grant_type": "refresh_token",
        **more,
    }
    return fetch(made, "GET", "/api/v2/token/refresh", params=query).json()


def test_a_code_buys_a_token_once() -> None:
    made = sandbox()
    code = made.first_code()
    before = int(time.time())
    told = get_token(made, code)
    assert (told["code"], told["message"]) == (0, "success")
    data = told["data"]
    assert before + ACCESS_LIFE <= data["access_token_expire_in"] <= time.time() + ACCESS_LIFE
    assert before + GRANT_LIFE <= data["refresh_token_expire_in"] <= time.time() + GRANT_LIFE
    assert data["access_token"].startswith("ROW_")
    assert data["user_type"] == 0
    assert "seller.order.info" in data["granted_scopes"]
    assert {"open_id", "seller_name", "seller_base_region"} <= data.keys()
    assert get_token(made, code)["code"] == 36004004
    assert made.app.secret not in str(made.gateway.log)
    assert code not in str(made.gateway.log[-1].body)


def test_american_sellers_get_american_tokens() -> None:
    made = sandbox(markets=("US",))
    data = get_token(made, made.first_code())["data"]
    assert data["access_token"].startswith("TTP_")
    assert data["refresh_token"].startswith("TTP_")
    assert data["seller_base_region"] == "US"


def test_cross_border_sellers_are_based_in_china() -> None:
    made = sandbox(markets=("MY:cross_border", "TH:cross_border"))
    assert get_token(made, made.first_code())["data"]["seller_base_region"] == "CN"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"app_key": "x"}, 36009004),
        ({"app_secret": "x"}, 36009004),
        ({"grant_type": "refresh_token"}, 36009004),
        ({"auth_code": "ROW_x"}, 36004004),
    ],
)
def test_token_get_refuses(wrong: dict[str, str], code: int) -> None:
    made = sandbox()
    good = made.first_code()
    assert get_token(made, good, **wrong)["code"] == code
    assert get_token(made, good)["code"] == 0


def test_codes_die_after_thirty_minutes_and_belong_to_their_app(monkeypatch: pytest.MonkeyPatch) -> None:
    made = sandbox()
    code, other = made.first_code(), made.auth.add_app("Other")
    assert get_token(made, code, app_key=other.key, app_secret=other.secret)["code"] == 36004004
    late = time.time() + CODE_LIFE + 1
    monkeypatch.setattr(made.gateway, "clock", lambda: late)
    assert get_token(made, code)["code"] == 36004004


def test_refreshing_replaces_both_tokens() -> None:
    made = sandbox()
    first = get_token(made, made.first_code())["data"]
    second = refresh(made, first["refresh_token"])["data"]
    assert second["access_token"] != first["access_token"]
    assert second["refresh_token"] != first["refresh_token"]
    assert second["open_id"] == first["open_id"]
    assert second["refresh_token_expire_in"] == first["refresh_token_expire_in"]
    assert refresh(made, first["refresh_token"])["code"] == 36004004
    assert refresh(made, second["refresh_token"], grant_type="authorized_code")["code"] == 0
    client = Client(made)
    client.token = first["access_token"]
    assert client.call("GET", "/echo/202309/things").json()["code"] == 105002


def test_expired_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    made = sandbox()
    client = Client(made)
    refresh_token = next(iter(made.auth.by_refresh))
    later = time.time() + ACCESS_LIFE
    monkeypatch.setattr(made.gateway, "clock", lambda: later)
    answer = client.call("GET", "/echo/202309/things", timestamp=str(int(later)))
    assert (answer.status_code, answer.json()["code"]) == (401, 105002)
    fresh = refresh(made, refresh_token)["data"]
    client.token = fresh["access_token"]
    assert client.call("GET", "/echo/202309/things", timestamp=str(int(later))).json()["code"] == 0
    much_later = later + GRANT_LIFE
    monkeypatch.setattr(made.gateway, "clock", lambda: much_later)
    assert refresh(made, fresh["refresh_token"])["code"] == 105002


def test_one_token_opens_all_shops_of_a_seller_and_no_others() -> None:
    made = sandbox(markets=("VN", "TH", Branch("US", name="Other people's", seller="another")))
    client = Client(made)
    listed = client.call("GET", "/authorization/202309/shops", shop_cipher=None).json()["data"]["shops"]
    assert [shop["region"] for shop in listed] == ["VN", "TH"]
    assert set(listed[0]) == {"id", "name", "region", "seller_type", "cipher", "code"}
    active = client.call("GET", "/seller/202309/shops", shop_cipher=None).json()["data"]["shops"]
    assert active == [{"id": shop["id"], "region": shop["region"]} for shop in listed]
    for shop in made.world.shops.values():
        client.shop = shop
        code = client.call("GET", "/echo/202309/things").json()["code"]
        assert code == (101000 if shop.region == "US" else 0)


def test_permissions_of_cross_border_sellers() -> None:
    path = "/seller/202309/permissions"
    across = Client(sandbox(markets=("MY:cross_border",)))
    assert across.call("GET", path, shop_cipher=None).json()["data"]["permissions"] == ["MANAGE_GLOBAL_PRODUCT"]
    assert Client(sandbox()).call("GET", path, shop_cipher=None).json()["data"]["permissions"] == []


def test_a_token_works_for_its_own_app_only() -> None:
    made = sandbox()
    client, other = Client(made), Client(made, made.auth.add_app("Other"))
    other.token = client.token
    assert other.call("GET", "/echo/202309/things").json()["code"] == 105002


def test_deauthorising_ends_the_tokens() -> None:
    made = sandbox()
    client = Client(made)
    assert client.call("DELETE", "/authorization/202403/shops", shop_cipher=None).json()["code"] == 0
    assert client.call("GET", "/echo/202309/things").json()["code"] == 105002
    assert refresh(made, next(iter(made.auth.by_refresh)))["code"] == 36004004
    again = Client(made)
    assert again.call("GET", "/echo/202309/things").json()["code"] == 0


def test_deauthorising_one_shop_leaves_the_others() -> None:
    """The official Node client sends the cipher of the shop; others may not send one."""
    made = sandbox()
    client = Client(made)
    first, second = made.world.shops.values()
    assert client.call("DELETE", "/authorization/202403/shops", shop_cipher=first.cipher).json()["code"] == 0
    assert client.call("GET", "/echo/202309/things", shop_cipher=first.cipher).json()["code"] == 101000
    assert client.call("GET", "/echo/202309/things", shop_cipher=second.cipher).json()["code"] == 0


# --- consent ------------------------------------------------------------------------------------------------------


def consent(made: Sandbox, **more: str) -> Any:
    """The consent address of the app."""
    query = {"service_id": made.app.service_id, "state": "a b&c", **more}
    return fetch(made, "GET", "/open/authorize", params=query)


def parts(location: str) -> dict[str, str]:
    """The query of an address."""
    return {name: values[-1] for name, values in parse_qs(urlsplit(location).query).items()}


def test_consent_shows_a_page_and_two_buttons() -> None:
    made = sandbox(redirect_url=REDIRECT)
    made.app.name = "<script>alert(1)</script>"
    page = consent(made)
    assert page.status_code == 200
    assert "Allow" in page.text
    assert "Refuse" in page.text
    assert "<script>" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_consent_allowed_leads_back_with_a_code_and_the_state() -> None:
    made = sandbox(redirect_url=REDIRECT)
    query = {"app_key": made.app.key, "state": "a b&c"}
    answer = fetch(made, "POST", "/oauth/authorize", params=query, data={"choice": "1"})
    assert answer.status_code == 302
    told = parts(answer.headers["location"])
    assert answer.headers["location"].startswith("http://127.0.0.1:8000/back?from=tiktok&")
    assert told["state"] == "a b&c"
    assert get_token(made, told["code"])["code"] == 0


def test_consent_refused_says_so() -> None:
    made = sandbox(redirect_url=REDIRECT)
    query = {"service_id": made.app.service_id, "state": "s"}
    answer = fetch(made, "POST", "/open/authorize", params=query, data={"choice": "0"})
    told = parts(answer.headers["location"])
    assert (told["code"], told["error"], told["state"]) == ("null", "auth_denied", "s")


def test_consent_without_a_person() -> None:
    made = sandbox(redirect_url=REDIRECT)
    assert get_token(made, parts(consent(made, auto="1").headers["location"])["code"])["code"] == 0
    assert parts(consent(made, auto="0").headers["location"])["error"] == "auth_denied"


def test_consent_says_what_is_missing() -> None:
    made = sandbox()
    assert consent(made).status_code == 409
    assert "--redirect-url" in consent(made).text
    assert fetch(made, "GET", "/open/authorize", params={"service_id": "1"}).status_code == 404


def test_consent_cannot_be_given_by_another_site() -> None:
    made = sandbox(redirect_url=REDIRECT)
    query = {"service_id": made.app.service_id}
    headers = {"origin": "https://evil.example"}
    answer = fetch(made, "POST", "/open/authorize", params=query, data={"choice": "1"}, headers=headers)
    assert answer.status_code == 403


def test_each_seller_authorises_for_himself() -> None:
    made = sandbox(markets=("VN", Branch("US", seller="another")), redirect_url=REDIRECT)
    another = list(made.world.shops.values())[1].seller
    told = parts(consent(made, auto="1", seller=another).headers["location"])
    data = get_token(made, told["code"])["data"]
    assert data["open_id"] == another
    grant = made.auth.by_access[data["access_token"]]
    assert [made.world.shops[shop].region for shop in grant.shops] == ["US"]
    assert consent(made, auto="1", seller="nobody").status_code == 404


def test_the_same_seed_gives_the_same_four_values() -> None:
    def values(seed: int) -> dict[str, Any]:
        line = sandbox(seed=seed).start_line("http://x")
        return {name: line[name] for name in ("app_key", "app_secret", "auth_code", "service_id")}

    assert values(3) == values(3)
    assert values(3) != values(4)


def test_secrets_are_not_shown_by_accident() -> None:
    made = sandbox()
    assert made.app.secret not in repr(made.app)
