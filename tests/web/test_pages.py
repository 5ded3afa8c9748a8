"""The pages: what they show, what their forms do."""

import re
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from fahuo.flow import pack
from fahuo.flow.house import House
from fahuo.views import tower
from fahuo.views.orders import Filter, ListRow
from fahuo.views.orders import page as listed
from fahuo.views.shops import last_imports
from tests.support.house import MARKETS
from tests.web.conftest import Visitor


def first(house: House, **wanted: Any) -> ListRow:
    with house.store.read() as tx:
        return listed(tx, Filter(**wanted), 1).rows[0]


def ready(house: House) -> pack.BenchView:
    """A parcel with a label, not packed."""
    with house.store.read() as tx:
        numbers = tx.rows(
            "SELECT tracking_number FROM packages WHERE seller_id = 1 AND state = 'arranged' AND tracking_number <> ''"
            " ORDER BY id"
        )
    view = pack.open_parcel(house, numbers[0][0])
    assert isinstance(view, pack.BenchView)
    return view


def test_the_tower_shows_the_figures_of_the_database(house: House, owner: Visitor) -> None:
    text = owner.get("/tower")
    with house.store.read() as tx:
        stations = tower.stations(tx)
        stakes = tower.stakes(tx, house.clock.now())
    shown = dict(re.findall(r'href="/orders\?station=(\w+)"><b>([\d,]+)</b>', text))
    assert {station: int(count.replace(",", "")) for station, count in shown.items()} == stations
    assert sum(stations.values()) > 30
    for stake in stakes:
        assert f"<td>{stake.currency}</td>" in text
    assert "data-curve=" in text
    assert owner.get("/tower/live") in text


def test_the_start_page_leads_everyone_to_their_work(owner: Visitor, packer: Visitor) -> None:
    assert owner.client.get("/").headers["location"] == "/tower"
    assert packer.client.get("/").headers["location"] == "/pack"
    assert "/tower" not in packer.get("/pack")
    assert "/users" not in packer.get("/pack")


def test_both_languages(owner: Visitor) -> None:
    assert "Control tower" in owner.get("/tower")
    answer = owner.client.get("/lang/zh", params={"next": "/orders"})
    assert answer.headers["location"] == "/orders"
    text = owner.get("/tower")
    assert '<html lang="zh-CN">' in text
    for word in ("发货控制台", "待打包", "待交接", "波次"):
        assert word in text
    assert "Control tower" not in text


def test_what_the_platform_holds_back_is_not_called_overdue(house: House, owner: Visitor) -> None:
    late = house.clock.now() - 3_600
    with house.store.write() as tx:
        rows = tx.rows("SELECT id, due_at, station FROM orders WHERE seller_id = 1 AND station = 'pack' ORDER BY id")
        ids = {"id": rows[0][0], "late": late}
        tx.execute(text("UPDATE orders SET due_at = :late WHERE seller_id = 1 AND id = :id"), ids)
    assert "overdue" in owner.get("/orders?station=pack")
    with house.store.write() as tx:
        tx.execute(text("UPDATE orders SET station = 'intake' WHERE seller_id = 1 AND id = :id"), ids)
    page = owner.get("/orders?station=intake")
    assert f"/orders/{rows[0][0]}" in page
    assert "overdue" not in page
    with house.store.write() as tx:
        back = {"id": rows[0][0], "due": rows[0][1]}
        tx.execute(text("UPDATE orders SET station = 'pack', due_at = :due WHERE seller_id = 1 AND id = :id"), back)


def test_every_page_in_both_languages_has_no_text_left_in_english(house: House, owner: Visitor) -> None:
    order = first(house, station="pack").id
    owner.client.get("/lang/zh")
    for path in ("/tower", "/orders", f"/orders/{order}", "/waves", "/pack", "/shops", "/users"):
        text = re.sub(r"<[^>]+>", " ", owner.get(path))
        for word in ("Order", "Shop", "Wave", "overdue", "left", "Hold", "Print", "Packed", "Due"):
            assert not re.search(rf"(?<![\w-]){word}(?![\w-])", text.replace("TikTok Shop", "")), (path, word)


def test_the_list_filters_and_pages(house: House, owner: Visitor) -> None:
    row = first(house)
    text = owner.get(f"/orders?q={row.platform_order_id}")
    assert text.count(f'href="/orders/{row.id}"') == 1
    assert len(re.findall(r'name="ids"', text)) == 1
    assert 'name="ids"' not in owner.get("/orders?q=no-such-number")
    seen: set[str] = set()
    path = "/orders?sort=new"
    for _ in range(5):
        text = owner.get(path)
        ids = set(re.findall(r'name="ids" value="(\d+)"', text))
        assert not ids & seen
        seen |= ids
        found = re.search(r'href="(/orders\?[^"]*after=[^"]+)"', text)
        if found is None:
            break
        path = found[1].replace("&amp;", "&")
    assert len(seen) == 60
    assert owner.get("/orders?after=nonsense&due=x&shop=y&station=%27").count("<table")


def test_buyer_fields_are_for_those_who_may_see_buyers(packer: Visitor, owner: Visitor) -> None:
    assert 'name="phone"' in owner.get("/orders")
    text = packer.get("/orders?phone=%2B84912345678&name=somebody")
    assert 'name="phone"' not in text
    # The field is not even looked at: otherwise an empty list would tell who has ordered.
    assert "/orders/" in text
    assert 'name="ids"' not in text


def test_an_order_tells_its_clocks_reasons_and_story(house: House, owner: Visitor, packer: Visitor) -> None:
    row = first(house, station="pack")
    text = owner.get(f"/orders/{row.id}")
    for word in (row.platform_order_id, "first scan", "Time line", "Order taken", "Planned", "rule"):
        assert word in text
    assert f"/orders/{row.id}/recipient" in text
    assert f"/orders/{row.id}/recipient" not in packer.get(f"/orders/{row.id}")
    packer.get(f"/orders/{row.id}/recipient", 403)
    assert "<dl>" in owner.get(f"/orders/{row.id}/recipient")
    owner.get("/orders/1", 404)
    owner.get("/orders/1/recipient", 404)


def test_holding_and_releasing_by_batch(house: House, owner: Visitor) -> None:
    row = first(house, station="pack")
    text = owner.post("/orders/batch", 200, action="hold", ids=[row.id], note="ask the buyer")
    assert "1 orders changed" in text
    assert first(house, text=str(row.id)).station == "check"
    assert "1 were so already" in owner.post("/orders/batch", 200, action="hold", ids=[row.id])
    assert "ask the buyer" in owner.get(f"/orders/{row.id}")
    owner.post("/orders/batch", 200, action="release", ids=[row.id], note="he agreed")
    assert first(house, text=str(row.id)).station == "pack"
    text = owner.get(f"/orders/{row.id}")
    assert "he agreed" in text
    assert "Hold released" in text
    owner.post("/orders/batch", 400, action="release")
    owner.post("/orders/batch", 400, action="explode", ids=[row.id])


def test_labels_of_a_selection(house: House, owner: Visitor) -> None:
    ref = ready(house).order_ref
    row = first(house, text=ref)
    form: dict[str, Any] = {"csrf": owner.csrf, "action": "print", "ids": [row.id]}
    answer = owner.client.post("/orders/batch", data=form)
    assert answer.status_code == 200
    assert answer.content.startswith(b"%PDF-")


def test_the_bench_packs_only_what_is_complete(house: House, packer: Visitor) -> None:
    view = ready(house)
    text = packer.post("/pack", 200, code=view.tracking_number)
    assert view.order_ref in text
    text = packer.post("/pack", 200, code=view.tracking_number, package=view.package_id)
    assert "still missing" in text
    assert "say bad" in text
    text = packer.post("/pack", 200, code="no-such-article", package=view.package_id)
    assert "No article has the barcode" in text
    for item in view.items:
        for _ in range(item.quantity):
            text = packer.post("/pack", 200, code=item.barcode, package=view.package_id)
            assert "say bad" not in text
    assert "Scan the label to close" in text
    text = packer.post("/pack", 200, code=view.tracking_number, package=view.package_id)
    assert "say good" in text
    assert first(house, text=view.order_ref).station == "handover"
    # The next scan begins anew: the form no longer names the parcel.
    assert 'data-package=""' in text
    assert "packed already" in packer.post("/pack", 200, code=view.tracking_number)


def test_waves_and_their_papers(owner: Visitor) -> None:
    text = owner.get("/waves")
    waves = re.findall(r'name="wave" value="(\d+)"', text)
    assert waves
    for what, begins in (("labels.pdf", b"%PDF-"), ("pick-list.pdf", b"%PDF-"), ("slips.pdf", b"%PDF-")):
        answer = owner.client.post("/waves/print", data={"csrf": owner.csrf, "wave": waves[0], "what": what})
        assert answer.status_code == 200, answer.text[:300]
        assert answer.content.startswith(begins)
    owner.post("/waves/print", 404, wave=9999, what="labels.pdf")
    owner.post("/waves/print", 404, wave=waves[0], what="../../etc/passwd")


def upload(owner: Visitor, name: str, body: bytes, **form: str) -> httpx.Response:
    data = {"csrf": owner.csrf, "shop": f"shop-{MARKETS[0]}", **form}
    return owner.client.post("/import", data=data, files={"file": (name, body)})


def test_a_file_is_imported_with_a_report_per_row(house: House, owner: Visitor) -> None:
    good = (
        b'{"id":"577777777777777001","status":"UNPAID","create_time":1763596800,"update_time":1763596800,'
        b'"payment":{"currency":"VND","total_amount":"10000","sub_total":"10000"},'
        b'"line_items":[{"id":"1","sku_id":"x","seller_sku":"x","sale_price":"10000"}]}\n'
    )
    answer = upload(owner, "../../orders\x00 <b>.jsonl", good + b"this is no order\n")
    assert answer.status_code == 200, answer.text[:800]
    assert "577777777777777001" not in answer.text
    assert re.search(r"<b>1</b><span>New", answer.text)
    assert re.search(r"<b>1</b><span>Refused", answer.text)
    assert "<b>.jsonl" not in answer.text
    assert first(house, text="577777777777777001").state == "UNPAID"
    with house.store.read() as tx:
        assert last_imports(tx)[0].actor == "user:mei"
    again = upload(owner, "orders.jsonl", good, rehearse="true")
    assert re.search(r"<b>1</b><span>Unchanged", again.text)


NO_ORDERS = [
    ("x.exe", b"MZ"),
    ("orders.csv", b"\x00\x01\x02"),
    ("orders.xlsx", b"PK no"),
    ("orders.csv", b"a,b\n1,2\n"),
]


@pytest.mark.parametrize(("name", "body"), NO_ORDERS)
def test_what_is_no_order_file_is_told_so(owner: Visitor, name: str, body: bytes) -> None:
    answer = upload(owner, name, body)
    assert answer.status_code == 400, answer.text[:500]
    assert 'role="alert"' in answer.text


def test_a_file_that_cannot_be_read_is_not_shown_as_being_read_for_ever(owner: Visitor) -> None:
    answer = owner.client.post(
        "/import",
        data={"csrf": owner.csrf, "shop": "shop-VN", "format": "auto"},
        files={"file": ("broken.csv", b"nothing,of\nan,order\n")},
    )
    assert answer.status_code == 400
    page = owner.get("/shops")
    assert "broken.csv" in page
    assert "could not be read" in page
    assert "being read" not in page


def test_the_owner_manages_users_and_tokens(house: House, owner: Visitor, address: str) -> None:
    text = owner.post("/users/add", 200, name="Chen", role="packer")
    password = re.search(r'class="secret">([^<]+)<', text)
    assert password is not None
    chen = Visitor(address).log_in("chen", password[1])
    owner.post("/users/active", name="chen", active="false")
    assert chen.client.get("/pack").status_code == 303
    chen.client.close()
    text = owner.post("/users/tokens/add", 200, name="erp", actions=["orders.view"], shops=["shop-VN"])
    token = re.search(r'class="secret">(fahuo_[^<]+)<', text)
    assert token is not None
    bearer = {"authorization": f"Bearer {token[1]}"}
    got = httpx.get(f"{address}/api/v1/shops", headers=bearer).json()
    assert [shop["name"] for shop in got["shops"]] == ["shop-VN"]
    prefix = token[1].split("_")[1]
    owner.post("/users/tokens/revoke", prefix=prefix)
    assert httpx.get(f"{address}/api/v1/shops", headers=bearer).status_code == 401
    # The last owner cannot lock himself out.
    owner.post("/users/active", 400, name="mei", active="false")


def test_names_are_shown_as_text(owner: Visitor) -> None:
    owner.post("/users/add", 200, name="<script>alert(1)</script>", role="packer")
    assert "<script>alert" not in owner.get("/users")


def test_the_changed_word_moves_with_the_data(house: House, owner: Visitor) -> None:
    before = owner.get("/changed")
    assert owner.get("/changed") == before
    owner.post("/orders/batch", 200, action="hold", ids=[first(house).id])
    assert owner.get("/changed") != before
