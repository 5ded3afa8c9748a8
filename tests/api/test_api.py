"""The REST interface: pages, problems, repeated requests, versions, shops of a token."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from fahuo.access.rules import TOKEN_ACTIONS
from fahuo.flow import access, pack
from fahuo.flow.house import House
from tests.api.conftest import client

ORDER = {
    "id": "577777777777777002", "status": "UNPAID", "create_time": 1763596800, "update_time": 1763596800,
    "payment": {"currency": "VND", "total_amount": "10000", "sub_total": "10000"},
    "line_items": [{"id": "1", "sku_id": "x", "seller_sku": "x", "sale_price": "10000"}],
}  # fmt: skip


def every(program: httpx.Client, path: str, name: str, **query: Any) -> Iterator[Any]:
    """All rows over all pages."""
    cursor: dict[str, str] = {}
    while True:
        answer = program.get(path, params={**query, **cursor})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert page["schema"].startswith("fahuo.")
        yield from page[name]
        if "next" not in page:
            return
        cursor = {"cursor": page["next"]}


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert (found["status"], found["code"], found["type"]) == (status, code, f"urn:fahuo:problem:{code}")
    assert found["title"]
    return found


@pytest.mark.parametrize("sort", ["new", "due"])
def test_orders_come_page_by_page_each_once(program: httpx.Client, sort: str) -> None:
    rows = list(every(program, "/orders", "orders", limit=7, sort=sort))
    ids = [row["id"] for row in rows]
    assert len(ids) == len(set(ids))
    assert len(ids) == 60 or (sort == "due" and 40 < len(ids) < 60)
    assert all(isinstance(row["id"], str) and isinstance(row["held"], list) for row in rows)
    assert rows[0]["total"]["currency"] in ("VND", "USD")


def test_filters_and_wrong_parameters(program: httpx.Client) -> None:
    rows = list(every(program, "/orders", "orders", shop="shop-US", station="pack"))
    assert rows
    assert {(row["shop"], row["station"]) for row in rows} == {("shop-US", "pack")}
    soon = list(every(program, "/orders", "orders", due_before="2026-11-20T03:30:00Z"))
    assert all(row["due_at"] < "2026-11-20T03:30:00Z" for row in soon)
    problem(program.get("/orders", params={"limit": 501}), 422, "invalid")
    assert (
        problem(program.get("/orders", params={"due_before": "yesterday"}), 400, "instant_bad")["field"] == "due_before"
    )
    problem(program.get("/orders", params={"cursor": "due.1.2.3"}), 400, "cursor_bad")
    problem(program.get("/orders", params={"shop": "nowhere"}), 404, "unknown_shop")
    problem(program.get("/orders/12345"), 404, "not_found")
    problem(program.get("/orders/twelve"), 422, "invalid")
    problem(program.get("/nothing"), 404, "http_404")
    problem(program.delete("/orders"), 405, "http_405")


def test_problems_speak_the_language_asked_for(program: httpx.Client) -> None:
    answer = program.get("/orders/12345", headers={"accept-language": "zh-CN,zh;q=0.9"})
    assert answer.json()["title"] == "没有这个订单。"


def test_tokens(address: str, house: House, program: httpx.Client) -> None:
    for header in ({}, {"authorization": "Bearer fahuo_000000000000_x"}, {"authorization": "Basic eA=="}):
        answer = httpx.get(f"{address}/api/v1/orders", headers=header)
        problem(answer, 401, "no_token")
    with client(house, address, actions=frozenset({"stock.view"})) as narrow:
        assert narrow.get("/stock").status_code == 200
        problem(narrow.get("/orders"), 403, "forbidden")
        problem(narrow.post("/orders", params={"shop": "shop-VN"}, json=[]), 403, "forbidden")


def test_a_token_sees_only_its_shops(program: httpx.Client, limited: httpx.Client) -> None:
    assert {row["shop"] for row in every(limited, "/orders", "orders")} == {"shop-VN"}
    assert [shop["name"] for shop in limited.get("/shops").json()["shops"]] == ["shop-VN"]
    other = next(every(program, "/orders", "orders", shop="shop-US", station="pack"))
    problem(limited.get(f"/orders/{other['id']}"), 404, "not_found")
    problem(limited.get(f"/orders/{other['id']}/explanation"), 404, "not_found")
    problem(limited.post(f"/orders/{other['id']}/hold", json={"note": "mine"}), 404, "not_found")
    problem(limited.post(f"/orders/{other['id']}/release", json={}), 404, "not_found")
    problem(limited.get("/orders", params={"shop": "shop-US"}), 404, "unknown_shop")
    problem(limited.post("/orders", params={"shop": "shop-US"}, json=[ORDER]), 404, "unknown_shop")
    # Stock, waves and their papers belong to all shops together.
    for path in ("/stock", "/waves", "/waves/1/labels.pdf"):
        problem(limited.get(path), 403, "forbidden")
    whole, part = program.get("/metrics").json()["stations"], limited.get("/metrics").json()["stations"]
    assert sum(part.values()) < sum(whole.values())
    assert all(row.get("order_id") != other["id"] for row in every(limited, "/effects", "effects"))


def parcel_of(program: httpx.Client, shop: str) -> dict[str, Any]:
    for row in every(program, "/orders", "orders", shop=shop, station="pack"):
        for parcel in program.get(f"/orders/{row['id']}").json()["parcels"]:
            if parcel["state"] == "arranged":
                return dict(parcel, order=row["id"])
    raise AssertionError("no parcel with a label")


def test_a_parcel_is_packed_by_scans(program: httpx.Client, limited: httpx.Client) -> None:
    found = parcel_of(program, "shop-US")
    problem(limited.get(f"/parcels/{found['tracking_number']}"), 404, "unknown_code")
    problem(limited.post(f"/parcels/{found['id']}/scan", json={"code": "x"}), 404, "unknown_code")
    view = program.get(f"/parcels/{found['tracking_number']}").json()
    assert view["id"] == found["id"]
    early = program.post(f"/parcels/{view['id']}/confirm", json={"code": found["tracking_number"]})
    problem(early, 409, "items_missing")
    problem(program.post(f"/parcels/{view['id']}/scan", json={"code": "?"}), 409, "unknown_article")
    problem(program.post(f"/parcels/{view['id']}/scan", json={}), 422, "invalid")
    for item in view["items"]:
        for number in range(item["quantity"]):
            key = {"idempotency-key": f"scan {item['sku']} {number}"}
            for _ in range(2):  # sent twice, counted once
                answer = program.post(f"/parcels/{view['id']}/scan", json={"code": item["barcode"]}, headers=key)
                assert answer.status_code == 200, answer.text
    assert answer.json()["complete"]
    assert answer.headers["idempotency-replayed"] == "true"
    problem(program.post(f"/parcels/{view['id']}/confirm", json={"code": "another"}), 409, "wrong_label")
    done = program.post(f"/parcels/{view['id']}/confirm", json={"code": found["tracking_number"]})
    assert done.json()["state"] == "packed"
    assert program.get(f"/orders/{found['order']}").json()["station"] == "handover"
    problem(
        program.post(f"/parcels/{view['id']}/confirm", json={"code": found["tracking_number"]}), 409, "already_packed"
    )


def test_a_repeated_request_gets_the_first_answer(program: httpx.Client, house: House, address: str) -> None:
    order = next(every(program, "/orders", "orders", station="pack"))["id"]
    key = {"idempotency-key": "hold-1"}
    first = program.post(f"/orders/{order}/hold", json={"note": "wait"}, headers=key)
    assert first.json()["changed"] is True
    again = program.post(f"/orders/{order}/hold", json={"note": "wait"}, headers=key)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    problem(program.post(f"/orders/{order}/hold", json={"note": "other"}, headers=key), 422, "key_reused")
    without = program.post(f"/orders/{order}/hold", json={"note": "wait"})
    assert without.json()["changed"] is False
    # Another program's key is another key.
    with client(house, address) as other:
        assert other.post(f"/orders/{order}/release", json={}, headers=key).json()["changed"] is True
    problem(program.post(f"/orders/{order}/hold", json={}, headers={"idempotency-key": "x" * 201}), 400, "key_bad")
    # What was refused was not done, so its key is free.
    problem(program.post("/orders/1/hold", json={}, headers={"idempotency-key": "k"}), 404, "not_found")
    assert program.post(f"/orders/{order}/hold", json={}, headers={"idempotency-key": "k"}).status_code == 200


def test_if_match_guards_the_version(program: httpx.Client) -> None:
    order = next(every(program, "/orders", "orders", station="pack"))["id"]
    etag = program.get(f"/orders/{order}").headers["etag"]
    held = program.post(f"/orders/{order}/hold", json={"note": "x"}, headers={"if-match": etag})
    assert held.status_code == 200
    assert held.headers["etag"] != etag
    problem(program.post(f"/orders/{order}/release", json={}, headers={"if-match": etag}), 412, "version_changed")
    problem(program.post(f"/orders/{order}/release", json={}, headers={"if-match": "five"}), 400, "if_match_bad")
    done = program.post(f"/orders/{order}/release", json={"note": "fine"}, headers={"if-match": held.headers["etag"]})
    assert done.json()["changed"] is True
    shown = program.get(f"/orders/{order}").json()
    assert shown["station"] == "pack"
    assert [entry["kind"] for entry in shown["journal"]][-2:] == ["held", "released"]
    # The journal keeps no free text; the note stands on the hold.
    assert "fine" not in json.dumps(shown["journal"])
    assert [hold["note"] for hold in shown["holds"] if hold["code"] == "by_person"] == ["fine"]


def test_orders_are_taken_one_by_one(program: httpx.Client) -> None:
    url, shop = "/orders", {"shop": "shop-VN"}
    got = program.post(url, params=shop | {"dry_run": "true"}, json=[ORDER]).json()
    assert (got["read"], got["created"]) == (1, 1)
    got = program.post(url, params=shop, json=[ORDER, {"id": ""}, {"no": "order"}]).json()
    assert (got["read"], got["created"], len(got["refused"])) == (3, 1, 2)
    assert all(one["code"] and one["message"] for one in got["refused"])
    assert program.post(url, params=shop, json={"data": {"orders": [ORDER]}}).json()["unchanged"] == 1
    lines = json.dumps(ORDER | {"id": "577777777777777003"}) + "\n"
    assert program.post(url, params=shop, content=lines).json()["created"] == 1
    key = {"idempotency-key": "import-1"}
    first = program.post(url, params=shop, content=lines, headers=key)
    assert program.post(url, params=shop, content=lines, headers=key).content == first.content
    found = list(every(program, "/orders", "orders", q=ORDER["id"]))
    assert [row["state"] for row in found] == ["UNPAID"]
    for rubbish in (b"", b"\x00\x01", b"[", b'"x"'):
        answer = program.post(url, params=shop, content=rubbish)
        assert answer.status_code in (200, 400), answer.text
        assert answer.status_code == 400 or answer.json()["created"] == 0
    problem(program.post(url, json=[ORDER]), 422, "invalid")


def test_explanations_in_words(program: httpx.Client) -> None:
    order = next(every(program, "/orders", "orders", station="pack"))["id"]
    english = program.get(f"/orders/{order}/explanation").json()
    chinese = program.get(f"/orders/{order}/explanation", headers={"accept-language": "zh"}).json()
    assert english["clocks"]
    assert all(clock["why"] for clock in english["clocks"])
    assert chinese["clocks"][0]["why"] != english["clocks"][0]["why"]


def test_lists_and_papers(program: httpx.Client) -> None:
    stock = list(every(program, "/stock", "stock", limit=10))
    assert len(stock) == len({row["sku"] for row in stock}) > 10
    assert all(row["free"] == row["on_hand"] - row["reserved"] for row in stock)
    waves = list(every(program, "/waves", "waves", limit=1))
    assert len(waves) >= 2
    number = next(wave["wave"] for wave in waves if wave["arranged"])
    paper = program.get(f"/waves/{number}/labels.pdf")
    assert paper.content.startswith(b"%PDF-"), paper.text[:300]
    assert program.get(f"/waves/{number}/labels.zpl").content.lstrip().startswith(b"^XA")
    problem(program.get("/waves/99999/labels.pdf"), 404, "unknown_wave")
    problem(program.get(f"/waves/{number}/labels.exe"), 404, "unknown_paper")
    effects = list(every(program, "/effects", "effects", limit=5))
    assert len(effects) == len({row["id"] for row in effects}) > 5
    problem(program.post("/effects/1/retry"), 404, "not_found")
    waiting = next(row for row in effects if row["state"] == "waiting")
    assert program.post(f"/effects/{waiting['id']}/retry").json()["changed"] is True


def test_metrics(program: httpx.Client, house: House) -> None:
    pack.simulate_staff(house.store, house.clock.now(), limit=3)
    found = program.get("/metrics").json()
    assert found["stations"]["handover"] >= 3
    assert [mark["by"] for mark in found["due"]] == sorted(mark["by"] for mark in found["due"])
    assert all(set(row["overdue_total"]) == {"amount", "currency"} for row in found["at_stake"])


def test_the_description_names_every_route_and_its_problems(address: str) -> None:
    document = httpx.get(f"{address}/api/v1/openapi.json").json()
    assert not [path for path in document["paths"] if not path.startswith("/api/v1/")]
    operations = [(path, verb, one) for path, verbs in document["paths"].items() for verb, one in verbs.items()]
    assert len(operations) >= 16
    for path, verb, one in operations:
        assert one["summary"], path
        assert one["security"] == [{"HTTPBearer": []}], path
        for status in ("401", "403", "404", "422"):
            assert "application/problem+json" in one["responses"][status]["content"], (path, verb, status)
    assert "bearer" in json.dumps(document["components"]["securitySchemes"])


def test_tokens_never_manage_people() -> None:
    assert "access.manage" not in TOKEN_ACTIONS


def test_another_shops_parcel_is_unknown_whatever_it_is_asked_by(program: httpx.Client, limited: httpx.Client) -> None:
    found = parcel_of(program, "shop-US")
    order = program.get(f"/orders/{found['order']}").json()["platform_order_id"]
    for word in (order, found["tracking_number"], found["id"]):
        answer = limited.get(f"/parcels/{word}")
        problem(answer, 404, "unknown_code")
        # The answer repeats what was asked and tells nothing else: no id, no count.
        assert answer.json()["title"] == f"No parcel has the number {word}."


def test_tokens_of_one_name_do_not_share_their_keys(house: House, address: str) -> None:
    order = {"id": "579900000000000001"}
    answers = []
    for _ in range(2):
        _, text = access.add_token(house, "same", ["orders.import"], (), None, "test")
        with httpx.Client(base_url=f"{address}/api/v1", headers={"authorization": f"Bearer {text}"}) as one:
            answers.append(
                one.post("/orders", params={"shop": "shop-VN"}, json=[order], headers={"idempotency-key": "k"})
            )
    assert [answer.headers.get("idempotency-replayed") for answer in answers] == [None, None]


def test_parcels_are_handed_over_by_a_program(program: httpx.Client, limited: httpx.Client) -> None:
    problem(program.post("/handover", json={}), 400, "nothing_chosen")
    problem(program.post("/handover", json={"wave": 99_999}), 404, "unknown_wave")
    assert limited.post("/handover", json={"wave": 1}).status_code == 403
    told = program.post("/handover", json={"wave": 1}).json()
    assert told["schema"] == "fahuo.handover/1"
    assert told["handed_over"] == []
    assert told["left"], "nothing of it is packed"
    problem(program.post("/first-mile/bundles/77/decide", json={"made": False}), 409, "nothing_to_decide")
    problem(program.post("/first-mile/bundles/77/handover", json={}), 404, "unknown_bundle")
