"""In a real browser: a request answered from the page, a hostile conversation read and answered, a tower that tells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from fahuo.aftersales import queries
from fahuo.channels.tiktok_shop.aftersale import read
from fahuo.flow import aftersales
from fahuo.flow.house import House
from fahuo.store import effects
from fahuo.talks import queries as talk_queries
from fahuo.talks import service as talks
from fahuo.talks.model import ConversationIn, MessageIn
from tests.support.house import NOW, OWNER_PASSWORD
from tests.web.conftest import Visitor
from tests.web.test_browser import chinese, log_in

HOSTILE = '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script><b>bold</b>'


@pytest.fixture(scope="module")
def browser(chromium: dict[str, Any]) -> Iterator[Browser]:
    """One browser for all tests of this file."""
    with sync_playwright() as play:
        opened = play.chromium.launch(**chromium)
        yield opened
        opened.close()


@pytest.fixture(params=["en-US", "zh-CN"])
def tab(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Page]:
    """A page in a fresh profile; whatever its console complains of fails the test."""
    context = browser.new_context(locale=request.param, base_url=address, viewport={"width": 1440, "height": 900})
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert complaints == []


def an_order(house: House) -> tuple[int, int, str]:
    """(id, shop, the platform's number) of the first order."""
    with house.store.read() as tx:
        row = tx.rows("SELECT id, shop_id, platform_order_id FROM orders WHERE seller_id = 1 ORDER BY id")[0]
    return row[0], row[1], row[2]


def ask(house: House, hours: int = 1, ref: str = "577") -> int:
    """A buyer asks to cancel; our id of the request."""
    _, shop, order = an_order(house)
    body = {
        "cancel_id": ref, "order_id": order, "cancel_type": "BUYER_CANCEL", "role": "BUYER",
        "cancel_status": "CANCELLATION_REQUEST_PENDING", "cancel_reason_text": HOSTILE,
        "seller_next_action_response": [{"action": "SELLER_RESPOND_CANCEL", "deadline": NOW + hours * 3_600}],
        "create_time": NOW - 60, "update_time": NOW - 60,
    }  # fmt: skip
    found = read("cancel", msgspec.json.encode(body))
    assert found is not None
    with house.store.write() as tx:
        aftersales.take(tx, shop, [found], NOW, "api")
        return queries.known(tx, shop, [ref])["cancel", ref].id


def write(house: House, words: str = HOSTILE, *, about_it: bool = True) -> int:
    """A buyer writes about the first order, or of nothing in particular; our id of the conversation."""
    order, shop, _ = an_order(house)
    told = MessageIn(ref="m1", role="BUYER", type="TEXT", content=msgspec.json.encode({"content": words}).decode(),
                     at=NOW - 600)  # fmt: skip
    with house.store.write() as tx:
        ids = talks.keep_conversations(tx, shop, [ConversationIn(ref="c1", buyer_ref="u1", latest_at=NOW - 600)], {})
        talks.keep_messages(tx, ids["c1"], [told], order if about_it else None, NOW)
        talks.read_to(tx, ids["c1"], NOW)
    return ids["c1"]


@pytest.mark.browser
def test_a_request_is_answered_from_the_page_and_from_its_order(house: House, tab: Page) -> None:
    first = ask(house)
    second = ask(house, 3, "578")
    order, shop, _ = an_order(house)
    log_in(tab, "mei", OWNER_PASSWORD)
    tab.goto(f"/aftersales?shop={shop}&kind=cancel")
    row = tab.locator("tr", has=tab.locator(f'form[action="/aftersales/{first}/answer"]'))
    expect(row).to_contain_text(HOSTILE)
    expect(row.locator(".soon")).to_contain_text("剩" if chinese(tab) else "left")
    row.get_by_role("button", name="同意" if chinese(tab) else "Approve").click()
    tab.wait_for_url(re.compile(rf"/aftersales\?shop={shop}&kind=cancel$"))
    expect(tab.locator(f'form[action="/aftersales/{first}/answer"]')).to_have_count(0)
    tab.goto("/aftersales?kind=REFUND")
    expect(tab.locator(f'form[action="/aftersales/{second}/answer"]')).to_have_count(0)
    tab.goto(f"/orders/{order}")
    tab.locator(f'form[action="/aftersales/{second}/answer"] button[value=approve]').click()
    tab.wait_for_url(re.compile(rf"/orders/{order}$"))
    expect(tab.locator(".timeline li").first).to_contain_text("已同意" if chinese(tab) else "Approved")
    with house.store.read() as tx:
        assert {one.decided for one in queries.by_id(tx, [first, second]).values()} == {"approve"}
    assert tab.title() != "owned"


@pytest.mark.browser
def test_what_was_opened_stays_open_when_the_page_refreshes(house: House, tab: Page) -> None:
    first = ask(house)
    log_in(tab, "mei", OWNER_PASSWORD)
    tab.goto("/aftersales")
    tab.locator(f'[data-into="reject-{first}"]').click()
    expect(tab.locator(f"#reject-{first} p")).to_be_visible()
    ask(house, 2, "579")
    expect(tab.locator('form[action^="/aftersales/"][action$="/answer"]')).to_have_count(2, timeout=15_000)
    expect(tab.locator(f"#reject-{first} p")).to_be_visible()


@pytest.mark.browser
@pytest.mark.parametrize("tab", ["en-US"], indirect=True)
def test_what_happens_before_the_page_first_looks_is_shown_too(house: House, tab: Page) -> None:
    log_in(tab, "mei", OWNER_PASSWORD)
    asked: list[int] = []

    def late(route: Route) -> None:
        if not asked:
            asked.append(ask(house))
        route.continue_()

    tab.route("**/changed", late)
    tab.goto("/aftersales")
    expect(tab.locator('form[action^="/aftersales/"][action$="/answer"]')).to_have_count(1, timeout=15_000)


@pytest.mark.browser
def test_a_hostile_conversation_is_read_and_answered(house: House, tab: Page) -> None:
    talk = write(house)
    order, _, _ = an_order(house)
    log_in(tab, "mei", OWNER_PASSWORD)
    tab.goto(f"/orders/{order}")
    expect(tab.get_by_text(HOSTILE)).to_have_count(0)
    tab.locator("[data-into=talks]").click()
    expect(tab.locator("#talks .words p")).to_have_text(HOSTILE)
    tab.locator(f'#talks a[href="/talks/{talk}"]').click()
    expect(tab.locator(".words p")).to_have_text(HOSTILE)
    assert tab.locator(".words img, .words script, .words b").count() == 0
    tab.fill("#t-words", "It left today.\n<i>Thank you</i>")
    tab.get_by_role("button", name="发送" if chinese(tab) else "Send", exact=True).click()
    ours = tab.locator(".words .ours")
    expect(ours.locator("p")).to_have_text("It left today.\n<i>Thank you</i>")
    expect(ours).to_contain_text("发送中" if chinese(tab) else "on its way")
    assert tab.title() != "owned"
    (claimed,) = effects.claim(house.store, "w", ["tiktok"], 5, NOW)
    assert claimed.kind == "send_message"
    with house.store.read() as tx:
        message = int(claimed.body["message"])
        assert talk_queries.drafts(tx, [message])[message].words == "It left today.\n<i>Thank you</i>"
        assert talk_queries.waiting(tx, 5) == []


@pytest.mark.browser
def test_the_towers_band_tells_of_a_request_that_arrives(house: House, tab: Page) -> None:
    log_in(tab, "mei", OWNER_PASSWORD)
    expect(tab.locator(".asked")).to_have_count(0)
    ask(house)
    expect(tab.locator(".asked li")).to_have_count(1, timeout=15_000)
    expect(tab.locator(".asked .timer")).to_contain_text("剩 1 小时" if chinese(tab) else "1 h 0 min left")
    write(house)
    expect(tab.locator(".todo li")).to_contain_text("买家待回复" if chinese(tab) else "Buyers waiting", timeout=15_000)


@pytest.mark.browser
@pytest.mark.parametrize("tab", ["en-US"], indirect=True)
def test_the_pages_fit_a_small_screen(house: House, tab: Page) -> None:
    ask(house)
    talk = write(house)
    order, _, _ = an_order(house)
    log_in(tab, "mei", OWNER_PASSWORD)
    tab.set_viewport_size({"width": 390, "height": 800})
    pages = (
        "/tower",
        "/orders",
        "/aftersales",
        "/talks",
        "/waves",
        "/first-mile",
        "/effects?state=any",
        "/shops",
        "/users",
    )
    for path in (*pages, f"/talks/{talk}", f"/orders/{order}"):
        tab.goto(path)
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390, path


def test_who_may_not_see_buyers_reads_no_words(house: House, packer: Visitor, owner: Visitor) -> None:
    talk = write(house)
    order, _, _ = an_order(house)
    assert "Messages of the buyer" not in packer.get(f"/orders/{order}")
    for path in ("/talks", f"/talks/{talk}", f"/orders/{order}/talks", "/effects"):
        packer.get(path, 403)
    packer.post(f"/talks/{talk}/say", 403, words="hello")
    packer.post(f"/talks/{talk}/seen", 403, up_to=NOW)
    assert "&lt;img src=x" in owner.get(f"/talks/{talk}/live")
    owner.get("/talks/1", 404)


def test_a_talk_leads_to_its_order(house: House, owner: Visitor) -> None:
    order, _, _ = an_order(house)
    assert f'<a href="/orders/{order}">' in owner.get(f"/talks/{write(house)}")


def test_a_talk_about_no_order_is_shown(house: House, owner: Visitor) -> None:
    assert "/orders/" not in owner.get(f"/talks/{write(house, about_it=False)}").partition("<main")[2]


def test_a_talk_that_needs_no_answer_leaves_the_list(house: House, owner: Visitor) -> None:
    talk = write(house)
    assert "Every buyer has an answer." not in owner.get("/talks")
    owner.post(f"/talks/{talk}/seen", up_to=NOW - 600)
    assert "Every buyer has an answer." in owner.get("/talks/live")


def test_messages_are_filtered_and_sent_again(house: House, owner: Visitor) -> None:
    _, shop, _ = an_order(house)
    wanted = effects.Effect("k", "fetch_label", "tiktok", shop, None, None, 0, {}, "readable", str(shop))
    with house.store.write() as tx:
        effects.put(tx, [wanted])
    (claimed,) = effects.claim(house.store, "w", ["tiktok"], 1, NOW)
    with house.store.write() as tx:
        effects.finish(tx, [claimed.answer("declined", {"code": "21011007", "message": "no", "request_id": "2026A"})])
    page = owner.get("/effects")
    assert "Fetch the label" in page
    assert "2026A" in page
    assert "Answer the request first" in page
    assert "Fetch the label" not in owner.get(f"/effects?shop={shop + 1}")
    assert "Fetch the label" not in owner.get("/effects?state=done")
    assert "Fetch the label" in owner.get("/effects/live?state=any&shop=" + str(shop))
    assert "Messages that wait for a decision" in owner.get("/tower")
    owner.post(f"/effects/{claimed.id}/retry", back="/effects?state=due")
    assert "Fetch the label" in owner.get("/effects?state=due")
    form = {"csrf": owner.csrf, "back": "//evil.example"}
    assert owner.client.post(f"/effects/{claimed.id}/retry", data=form).headers["location"] == "/effects"
