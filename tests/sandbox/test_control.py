"""The control interface and the pages: what they do, what they say to bad input, who may use them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fahuo.kernel.instant import iso
from fahuo.sandbox import actions, pages
from fahuo.sandbox.faults import KINDS
from fahuo.sandbox.serve import Sandbox
from tests.sandbox.callers import START, Client, fetch, run, sandbox, send

HOUR, DAY = 3600, 86400
UI = pages.PREFIX


def control(made: Sandbox, method: str, path: str, body: Any = None, **more: Any) -> Any:
    """A request to control that must work."""
    answer = fetch(made, method, f"/_sandbox/{path}", json=body, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def placed(made: Sandbox, **wishes: Any) -> str:
    """An order, ready to be shipped unless wished otherwise."""
    wishes = {"market": "VN", "status": "AWAITING_SHIPMENT", "prompt": True, "fbt": False, **wishes}
    return str(control(made, "POST", "orders", wishes)["orders"][0])


def arranged(made: Sandbox, **wishes: Any) -> tuple[str, str]:
    """An order with a parcel a carrier may take, and the parcel."""
    order = placed(made, shipping_type="TIKTOK", **wishes)
    package = made.world.orders[order].packages[0]
    client = Client(made)
    client.shop = made.world.shops[made.world.orders[order].shop_id]
    answer = client.call("POST", f"/fulfillment/202309/packages/{package}/ship", {"handover_method": "DROP_OFF"})
    assert answer.json()["code"] == 0, answer.text
    return order, package


# --- figures and time ---------------------------------------------------------------------------------------------


def test_state_tells_everything_in_figures() -> None:
    made = sandbox()
    order = placed(made)
    Client(made).call("GET", "/echo/202309/nothing")
    state = control(made, "GET", "state")
    assert (state["now"], state["epoch"], state["speed"], state["seed"]) == (iso(START), START, 0, 1)
    assert [shop["market"] for shop in state["shops"]] == ["VN", "US"]
    assert state["orders"] == {made.world.orders[order].status: 1}
    assert state["requests"] == {"total": 1, "by_code": {"36009009": 1}}


@pytest.mark.parametrize(
    ("body", "later"),
    [
        ({"advance": "36h"}, 36 * HOUR),
        ({"advance": "1d12h"}, 36 * HOUR),
        ({"advance": "90m 5s"}, 5405),
        ({"advance": 60}, 60),
        ({"to": iso(START + DAY)}, DAY),
        ({"to": START + 5}, 5),
        ({"advance": "1h", "speed": 60}, HOUR),
    ],
)
def test_the_clock_jumps(body: dict[str, Any], later: int) -> None:
    made = sandbox()
    told = control(made, "POST", "clock", body)
    assert START + later <= told["epoch"] <= START + later + 120
    assert made.world.lived >= START + later
    assert told["speed"] == body.get("speed", 0)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "advance"),
        ({"advance": "soon"}, "advance"),
        ({"advance": ""}, "advance"),
        ({"advance": -5}, "advance"),
        ({"advance": True}, "advance"),
        ({"advance": "9999d"}, "advance"),
        ({"to": iso(START - 1)}, "to"),
        ({"to": "2026-01-01T00:00:00"}, "to"),
        ({"to": "x", "advance": "1h"}, "to"),
        ({"speed": -1}, "speed"),
        ({"speed": "fast"}, "speed"),
        ({"hop": "1h"}, "hop"),
    ],
)
def test_the_clock_says_what_is_wrong(body: dict[str, Any], field: str) -> None:
    made = sandbox()
    answer = fetch(made, "POST", "/_sandbox/clock", json=body)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["field"] == field
    assert error["message"]
    assert error["next"]
    assert made.world.lived == START


def test_time_passes_at_the_clocks_speed() -> None:
    async def work() -> None:
        made = sandbox(speed=100_000.0)
        living = asyncio.create_task(made.run())
        while made.world.lived < START + DAY:
            await asyncio.sleep(0.01)
        living.cancel()

    run(work())


def test_what_is_due_happens_before_a_call_is_answered() -> None:
    made = sandbox()
    made.world.clock.jump(DAY)
    assert control(made, "GET", "clock")["epoch"] == START + DAY
    assert made.world.lived == START + DAY


# --- bad input ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "field"),
    [
        ("GET", "nothing", None, 404, "path"),
        ("PUT", "clock", None, 405, "method"),
        ("POST", "orders", {"market": "XX"}, 404, "shop"),
        ("POST", "orders", {}, 400, "shop"),
        ("POST", "orders", {"market": "VN", "shop": "1"}, 400, "market"),
        ("POST", "orders", {"market": "VN", "count": 0}, 400, "count"),
        ("POST", "orders", {"market": "VN", "count": "many"}, 400, "count"),
        ("POST", "orders", {"market": "VN", "colour": "red"}, 400, "colour"),
        ("POST", "orders", {"market": "VN", "cod": "yes"}, 400, "cod"),
        ("POST", "orders", {"market": "VN", "skus": ["nothing"]}, 400, "skus"),
        ("POST", "orders", {"market": "VN", "status": "LOST"}, 400, "status"),
        ("POST", "orders", {"market": "VN", "quantity": 0}, 400, "quantity"),
        ("POST", "orders", {"market": "VN", "quantity": -3}, 400, "quantity"),
        ("POST", "orders", {"market": "VN", "quantity": 10**9}, 400, "quantity"),
        ("POST", "orders", {"market": "VN", "quantity": [1, 0]}, 400, "quantity[1]"),
        ("POST", "orders", {"market": "VN", "skus": ["a", "b", "c", "d", "e"]}, 400, "skus"),
        ("POST", "orders", {"market": "VN", "skus": ["TEE-BLACKM", "TEE-BLACKM"]}, 400, "skus"),
        ("POST", "orders", {"market": "VN", "shipping_type": "BOAT"}, 400, "shipping_type"),
        ("POST", "orders", {"market": "VN", "buyer": -1}, 400, "buyer"),
        ("POST", "orders", {"market": "VN", "message": "x" * 2001}, 400, "message"),
        ("POST", "orders", {"market": "VN", "sample": True, "pre_order": True}, 400, "pre_order"),
        ("POST", "orders", {"market": "VN", "cod": True, "status": "ON_HOLD"}, 400, "cod"),
        ("POST", "buyer/1/cancel", {}, 404, "order"),
        ("POST", "carrier/1/scan", {}, 404, "package"),
        ("POST", "carrier/collect", {}, 400, "packages"),
        ("POST", "carrier/collect", {"packages": "x"}, 400, "packages"),
        ("POST", "shops/VN", {"collect": "never"}, 400, "collect"),
        ("POST", "shops/VN", {}, 400, "collect"),
        ("POST", "faults", {"kind": "nothing"}, 400, "kind"),
        ("POST", "faults", {"every": "yes"}, 400, "every"),
        ("POST", "faults", {"faults": "x"}, 400, "faults"),
        ("DELETE", "faults/77", None, 404, "fault"),
        ("POST", "apps", {}, 400, "name"),
        ("POST", "apps", {"name": "x", "scopes": ["y"]}, 400, "scopes"),
        ("POST", "apps", {"name": "x", "redirect_url": "javascript:1"}, 400, "redirect_url"),
        ("POST", "apps/nobody", {}, 404, "app"),
        ("POST", "codes", {"seller": "nobody"}, 404, "seller"),
        ("POST", "grants/1/expire", {}, 404, "grant"),
        ("GET", "requests?limit=0", None, 400, "limit"),
    ],
)
def test_says_which_field_is_wrong_and_what_to_do(
    method: str, path: str, body: dict[str, Any] | None, status: int, field: str
) -> None:
    answer = fetch(sandbox(), method, f"/_sandbox/{path}", json=body)
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["field"] == field
    assert error["message"]
    assert error["next"]


@pytest.mark.parametrize("raw", [b"[" * 5_000, b"{", b"[1]", b"\xff", b'"x"', b"x" * (5 << 20)])
def test_refuses_bodies_that_are_no_object(raw: bytes) -> None:
    answer = fetch(sandbox(), "POST", "/_sandbox/clock", content=raw)
    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == "body"


# --- orders, buyers, carriers -------------------------------------------------------------------------------------


def test_places_orders_as_wished() -> None:
    made = sandbox()
    told = control(made, "POST", "orders", {"market": "VN", "count": 5, "cod": True})
    assert len(told["orders"]) == 5
    listed = control(made, "GET", "orders?shop=VN")
    assert {order["id"] for order in listed["orders"]} == set(told["orders"])
    assert listed["total_count"] == 5
    assert control(made, "GET", "orders?shop=US")["orders"] == []
    assert all(made.world.orders[order].cod for order in told["orders"])
    assert control(made, "GET", "orders?status=DELIVERED")["orders"] == []


@pytest.mark.parametrize("status", ["UNPAID", "ON_HOLD"])
def test_an_order_that_shall_wait_for_money_is_not_cash_on_delivery(status: str) -> None:
    """By chance half of the orders there are, and those are never on hold."""
    made = sandbox()
    told = control(made, "POST", "orders", {"market": "VN", "count": 10, "status": status})["orders"]
    assert {made.world.orders[order].status for order in told} == {status}
    assert not any(made.world.orders[order].cod for order in told)


def test_a_sample_is_not_cash_on_delivery() -> None:
    made = sandbox()
    told = control(made, "POST", "orders", {"market": "VN", "count": 10, "sample": True})["orders"]
    bodies = [made.world.orders[order].body for order in told]
    assert {(body["is_sample_order"], body["is_cod"], body["payment"]["total_amount"]) for body in bodies} == {
        (True, False, "0")
    }


@pytest.mark.parametrize("market", ["VN", "US"])
def test_an_order_is_made_to_order_where_it_is_wished_for(market: str) -> None:
    made = sandbox()
    told = control(made, "POST", "orders", {"market": market, "made_to_order": True, "status": "AWAITING_SHIPMENT"})
    body = made.world.orders[told["orders"][0]].body
    assert (body["order_type"], body["handling_duration"]["type"]) == ("MADE_TO_ORDER", "BUSINESS_DAY")
    assert body["tts_sla_time"] > body["create_time"] + 5 * DAY


def test_shows_an_order_in_clear_with_all_that_hangs_on_it() -> None:
    made = sandbox()
    order = placed(made)
    told = control(made, "GET", f"orders/{order}")
    assert told["order"]["id"] == order
    assert "***" not in str(told["order"]["recipient_address"])
    assert told["packages"][0]["order_ids"] == [order]


def test_a_buyer_asks_to_cancel_and_takes_it_back() -> None:
    made = sandbox()
    order = placed(made)
    told = control(made, "POST", f"buyer/{order}/cancel", {})
    assert told["cancel_status"] == "CANCELLATION_REQUEST_PENDING"
    assert control(made, "GET", f"orders/{order}")["cancellations"][0]["id"] == told["cancellation"]
    again = fetch(made, "POST", f"/_sandbox/buyer/{order}/cancel", json={})
    assert again.status_code == 409
    assert again.json()["error"]["code"] == "25001011"
    assert control(made, "POST", f"buyer/{order}/cancel", {"withdraw": True})["cancellation"] == told["cancellation"]


@pytest.mark.parametrize(
    ("action", "body", "field"), [("message", {"kind": "shout"}, "kind"), ("return", {"type": "SWAP"}, "type")]
)
def test_what_a_buyer_cannot_mean_is_named(action: str, body: dict[str, str], field: str) -> None:
    made = sandbox()
    answer = fetch(made, "POST", f"/_sandbox/buyer/{placed(made)}/{action}", json=body)
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, field)
    assert answer.json()["error"]["next"].startswith("One of: ")


def test_a_buyer_writes_and_moves() -> None:
    made = sandbox()
    order = placed(made)
    before = dict(made.world.orders[order].body["recipient_address"])
    after = control(made, "POST", f"buyer/{order}/change-address", {})["recipient_address"]
    assert after != before
    control(made, "POST", f"buyer/{order}/urge", {})
    control(made, "POST", f"buyer/{order}/message", {"text": "你好"})
    talk = next(iter(made.world.conversations.values()))
    assert "你好" in talk.messages[-1].content


def test_a_parcels_whole_life_by_hand() -> None:
    made = sandbox(carriers="manual")
    order, package = arranged(made)
    control(made, "POST", "clock", {"advance": "2d"})
    assert made.world.orders[order].status == "AWAITING_COLLECTION"
    told = control(made, "POST", "carrier/collect", {"packages": [package, "nonsense", package]})
    assert told["collected"] == [package]
    assert [one["package"] for one in told["refused"]] == ["nonsense", package]
    assert made.world.orders[order].status == "IN_TRANSIT"
    number = made.world.packages[package].tracking_number
    scan = control(made, "POST", f"carrier/{number}/scan", {})["scan"]
    assert scan["kind"] != "collected"
    assert control(made, "POST", f"carrier/{package}/deliver", {})["status"] == "COMPLETED"
    assert made.world.orders[order].status == "DELIVERED"
    assert fetch(made, "POST", f"/_sandbox/carrier/{package}/scan", json={}).status_code == 409
    returned = control(made, "POST", f"buyer/{order}/return", {"type": "REFUND"})
    assert returned["answer_by"]
    assert control(made, "POST", f"buyer/{order}/review", {"stars": 4})["review"]["stars"] == 4


def test_a_buyer_confirms() -> None:
    made = sandbox()
    order, package = arranged(made)
    control(made, "POST", f"carrier/{package}/deliver", {})
    assert control(made, "POST", f"buyer/{order}/confirm", {})["status"] == "COMPLETED"


@pytest.mark.parametrize(
    ("action", "status"),
    [
        ("scan", "IN_TRANSIT"),
        ("deliver", "DELIVERED"),
        ("lose", "CANCELLED"),
        ("damage", "CANCELLED"),
        ("return", "CANCELLED"),
        ("customs", "IN_TRANSIT"),
        ("refuse", "IN_TRANSIT"),
    ],
)
def test_what_carriers_can_do(action: str, status: str) -> None:
    made = sandbox(carriers="manual")
    order, package = arranged(made, cod=True)
    assert control(made, "POST", f"carrier/{package}/{action}", {})["scan"]
    assert made.world.orders[order].status == status


def test_a_refused_parcel_comes_back() -> None:
    made = sandbox(carriers="manual")
    order, package = arranged(made, cod=True)
    control(made, "POST", f"carrier/{package}/refuse", {"days": 2})
    control(made, "POST", "clock", {"advance": "3d"})
    assert [scan.kind for scan in made.world.packages[package].scans][-2:] == ["refused", "returned"]
    assert made.world.orders[order].status == "CANCELLED"


def test_a_delay_moves_everything_that_was_to_come() -> None:
    made = sandbox(carriers="manual")
    _, package = arranged(made)
    control(made, "POST", f"carrier/{package}/scan", {})
    before = [step.at for step in made.world.packages[package].flags["way"]]
    control(made, "POST", f"carrier/{package}/delay", {"days": 3})
    assert [step.at for step in made.world.packages[package].flags["way"]] == [at + 3 * DAY for at in before]


def test_carriers_are_sent_by_hand_or_by_the_sandbox() -> None:
    made = sandbox()
    assert control(made, "POST", "shops/VN", {"collect": "manual"})["collect"] == "manual"
    assert [shop["collect"] for shop in control(made, "GET", "shops")["shops"]] == ["manual", "auto"]


# --- apps and grants ----------------------------------------------------------------------------------------------


def test_apps_codes_and_grants() -> None:
    made = sandbox()
    app = control(made, "POST", "apps", {"name": "Mine", "redirect_url": "http://x/", "scopes": ["seller.order.info"]})
    assert control(made, "POST", f"apps/{app['app_key']}", {"redirect_url": "http://y/"})["redirect_url"] == "http://y/"
    code = control(made, "POST", "codes", {"app": app["app_key"], "shop": "VN"})["auth_code"]
    query = {k: app[k] for k in ("app_key", "app_secret")} | {"auth_code": code, "grant_type": "authorized_code"}
    token = fetch(made, "GET", "/api/v2/token/get", params=query).json()["data"]
    assert token["granted_scopes"] == ["seller.order.info"]
    (grant,) = control(made, "GET", "grants")["grants"]
    assert token["access_token"] not in str(grant)
    control(made, "POST", f"grants/{grant['id']}/expire", {})
    assert control(made, "GET", "grants")["grants"][0]["access_until"] <= iso(int(made.gateway.clock()))
    control(made, "POST", f"grants/{grant['id']}/expiring", {"days": 3})
    assert control(made, "POST", f"grants/{grant['id']}/withdraw", {})["withdrawn"]


def test_a_shop_is_closed_to_everybody() -> None:
    made = sandbox()
    client = Client(made)
    assert control(made, "POST", "shops/VN/withdraw", {})["apps"] == []
    assert client.call("GET", "/echo/202309/things").json()["code"] == 101000


def test_logs_can_be_looked_through() -> None:
    made = sandbox()
    client = Client(made)
    client.call("GET", "/echo/202309/things")
    client.call("POST", "/echo/202309/refuses", {})
    told = control(made, "GET", "requests?limit=1")
    assert [one["path"] for one in told["requests"]] == ["/echo/202309/refuses"]
    assert control(made, "GET", "requests?code=0")["requests"][0]["sign_ok"] is True
    assert control(made, "GET", "requests?path=nothing")["requests"] == []
    assert control(made, "GET", "webhooks") == {"webhooks": [], "registered": [], "nobody_listening": 0}


def test_faults_are_switched() -> None:
    made = sandbox()
    assert len(control(made, "POST", "faults", {"every": True, "rate": 0.05, "seed": 7})["faults"]) == len(KINDS)
    assert control(made, "DELETE", "faults")["faults"] == []
    one = control(made, "POST", "faults", {"kind": "slow", "shop": "VN"})["faults"][0]
    assert one["shop"] == next(iter(made.world.shops))
    half = {"faults": [{"kind": "slow"}, {"kind": "nothing"}]}
    assert fetch(made, "POST", "/_sandbox/faults", json=half).status_code == 400
    assert [fault["id"] for fault in control(made, "GET", "faults")["faults"]] == [one["id"]]
    assert control(made, "DELETE", f"faults/{one['id']}")["faults"] == []


# --- who may ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["state", "ui/orders"])
@pytest.mark.parametrize(
    ("peer", "host", "status"),
    [
        ("127.0.0.1", "localhost:8900", 200),
        ("::1", "[::1]:8900", 200),
        ("::ffff:127.0.0.1", "127.0.0.1", 200),
        ("192.0.2.7", "192.0.2.1", 403),
        ("127.0.0.1", "evil.example", 403),
        ("nonsense", "localhost", 403),
    ],
)
def test_control_is_open_to_this_machine_only(path: str, peer: str, host: str, status: int) -> None:
    answer = run(send(sandbox(), "GET", f"/_sandbox/{path}", peer=peer, headers={"host": host}))
    assert answer.status_code == status


def test_a_token_opens_control_to_others() -> None:
    made = sandbox(control_token="s3cret")

    def status(path: str = "state", **headers: str) -> int:
        return run(send(made, "GET", f"/_sandbox/{path}", peer="192.0.2.7", headers=headers)).status_code

    assert status() == 403
    assert status(authorization="Bearer wrong") == 403
    assert status(authorization="Bearer s3cret") == 200
    assert status("ui/orders", cookie="sandbox_control=s3cret") == 200
    assert status("ui/orders", cookie="sandbox_control=wrong") == 403
    first = run(send(made, "GET", f"{UI}/orders?token=s3cret&shop=", peer="192.0.2.7"))
    assert first.status_code == 303
    assert "s3cret" not in first.headers["location"]
    assert "SameSite=Strict" in first.headers["set-cookie"]


def test_a_token_may_be_any_text() -> None:
    made = sandbox(control_token="a; b=ü")
    first = run(send(made, "GET", f"{UI}/orders", peer="192.0.2.7", params={"token": "a; b=ü"}))
    headers = {"cookie": first.headers["set-cookie"].partition(";")[0]}
    assert run(send(made, "GET", f"{UI}/orders", peer="192.0.2.7", headers=headers)).status_code == 200


def test_the_api_is_open_to_others() -> None:
    answer = run(send(sandbox(), "GET", "/order/202309/orders", peer="192.0.2.7"))
    assert answer.json()["code"] == 36009004


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}],
)
def test_pages_of_other_sites_cannot_act(headers: dict[str, str]) -> None:
    made = sandbox()
    assert fetch(made, "POST", "/_sandbox/clock", json={"advance": "1h"}, headers=headers).status_code == 403
    assert fetch(made, "POST", f"{UI}/do", data={"to": "clock"}, headers=headers).status_code == 403
    assert made.world.lived == START


# --- pages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["orders", "parcels", "requests", "webhooks", "faults", "clock", "apps"])
def test_pages_are_drawn_and_bring_nothing_from_elsewhere(page: str) -> None:
    made = sandbox(redirect_url="http://127.0.0.1/back")
    Client(made).call("POST", "/echo/202309/refuses", {"x": "<img src=x>"})
    made.faults.add({"kind": "slow"})
    placed(made)
    answer = fetch(made, "GET", f"{UI}/{page}")
    assert answer.status_code == 200
    assert "<img" not in answer.text
    assert "<script" not in answer.text
    assert 'src="' not in answer.text
    assert "viewport" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_the_front_door_leads_to_the_orders() -> None:
    made = sandbox()
    assert fetch(made, "GET", "/").headers["location"] == f"{UI}/orders"
    assert fetch(made, "GET", f"{UI}/style.css").headers["content-type"] == "text/css"
    assert fetch(made, "GET", f"{UI}/nothing").status_code == 404
    assert fetch(made, "GET", f"{UI}/orders/1").status_code == 404


def test_an_order_has_buttons_for_buyer_and_carrier() -> None:
    made = sandbox(carriers="manual")
    order, package = arranged(made)
    control(made, "POST", f"carrier/{package}/scan", {"text": "<b>bold</b>"})
    page = fetch(made, "GET", f"{UI}/orders/{order}").text
    for action in actions.BUYERS:
        assert f'value="buyer/{order}/{action}"' in page
    for action in actions.CARRIERS:
        assert f'value="carrier/{package}/{action}"' in page
    assert "<b>bold" not in page
    assert order in fetch(made, "GET", f"{UI}/orders?status=IN_TRANSIT").text
    assert order not in fetch(made, "GET", f"{UI}/orders?status=DELIVERED").text


def test_parcels_are_found_by_their_numbers_and_moved_on() -> None:
    made = sandbox(carriers="manual")
    assert "No parcel yet" in fetch(made, "GET", f"{UI}/parcels").text
    order, package = arranged(made)
    number = made.world.packages[package].tracking_number
    assert number
    for part in (number, number[3:], package, order, ""):
        page = fetch(made, "GET", f"{UI}/parcels", params={"q": part}).text
        assert f'value="carrier/{package}/scan"' in page
        assert f'href="{UI}/orders/{order}"' in page
    assert package not in fetch(made, "GET", f"{UI}/parcels?q=nothing").text
    form = {"to": f"carrier/{package}/deliver", "back": f"{UI}/parcels"}
    assert fetch(made, "POST", f"{UI}/do", data=form).headers["location"].endswith("good=1")
    page = fetch(made, "GET", f"{UI}/parcels?status=COMPLETED").text
    assert package in page
    assert "carrier/" not in page
    assert order in fetch(made, "GET", f"{UI}/orders?q={order[-6:]}").text


def test_a_button_acts_and_comes_back() -> None:
    made = sandbox()
    form = {"to": "clock", "body": '{"advance":"1h"}', "back": f"{UI}/clock", "method": "POST"}
    answer = fetch(made, "POST", f"{UI}/do", data=form, headers={"origin": "http://sandbox"})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{UI}/clock?said=Done.&good=1"
    assert made.world.lived == START + HOUR
    typed = {"to": "clock", "+advance": "2h", "back": f"{UI}/clock"}
    fetch(made, "POST", f"{UI}/do", data=typed)
    assert made.world.lived == START + 3 * HOUR


def test_a_button_that_cannot_says_why() -> None:
    made = sandbox()
    form = {"to": "clock", "body": '{"advance":"<b>"}', "back": "https://evil.example/"}
    answer = fetch(made, "POST", f"{UI}/do", data=form)
    assert answer.headers["location"].startswith(f"{UI}/orders?said=")
    page = fetch(made, "GET", answer.headers["location"]).text
    assert "is not a span of time" in page
    assert "&lt;b&gt;" in page
    assert fetch(made, "POST", f"{UI}/do", data={"to": "clock", "body": "{"}).headers["location"].endswith("good=0")
