"""A shop's page in a real browser: it stays current by itself, says the way out, and leads through consent."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from fahuo.connections import pulls, queries, service
from fahuo.connections.model import Health
from fahuo.flow import connect
from fahuo.flow.apps import add_app
from fahuo.flow.grants import client_of
from fahuo.flow.house import House
from fahuo.kernel.clock import technical_ms
from fahuo.store import effects
from tests.support.house import OWNER_PASSWORD
from tests.support.tiktok import KEY, Platform
from tests.web.test_browser import chinese, log_in
from tests.web.test_connection import platform, shop_id

__all__ = ["platform"]
pytestmark = pytest.mark.browser


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


def busy_day(house: House, number: int) -> None:
    """What a few hours of work leave on the page."""
    now = technical_ms()
    with house.store.write() as tx:
        pulls.advance(tx, number, house.clock.now() - 40, now)
        pulls.ended(tx, number, now - 20_000, now)
        service.keep_health(tx, number, Health(reads_per_second=11.5, writes_per_second=2.4, throttled_ms=now), now)
        effects.put(
            tx,
            [
                effects.Effect(
                    f"k{n}", "arrange_shipment", "tiktok", number, None, None, 0, {}, "readable", str(number)
                )
                for n in range(3)
            ],
        )
    (first, *_rest) = effects.claim(house.store, "w", ["tiktok"], 3, 1)
    with house.store.write() as tx:
        effects.finish(tx, [first.answer("declined", {"code": 21011007, "message": "after-sale request is open"})])


def test_the_page_of_a_shop_keeps_itself_current_and_says_the_way_out(
    house: House, platform: Platform, tab: Page
) -> None:
    connect.connect(house, client_of(house.store), add_app(house, KEY, None), "code-1")
    number = shop_id(house)
    busy_day(house, number)
    log_in(tab, "mei", OWNER_PASSWORD)
    tab.goto("/shops")
    tab.locator(f'a[href="/shops/{number}"]').click()
    zh = chinese(tab)
    expect(tab.locator(".tag.ok")).to_have_text("已连接" if zh else "Connected")
    expect(tab.get_by_text("每秒读 11.5 次、写 2.4 次" if zh else "11.5 reads and 2.4 writes a second")).to_be_visible()
    expect(
        tab.get_by_text("请先处理该申请，再重发。" if zh else "Answer the request first, then repeat")
    ).to_be_visible()
    if folder := os.environ.get("FAHUO_SHOTS"):
        tab.screenshot(path=str(Path(folder) / f"connection-{'zh' if zh else 'en'}.png"), full_page=True)
    with house.store.write() as tx:
        (link,) = queries.links(tx)
        service.end_grant(tx, link.grant_id, "withdrawn", "36004004")
    expect(tab.locator(".notice.late")).to_contain_text(
        "授权已被收回" if zh else "Access was withdrawn", timeout=15_000
    )
    if folder := os.environ.get("FAHUO_SHOTS"):
        tab.screenshot(path=str(Path(folder) / f"withdrawn-{'zh' if zh else 'en'}.png"), full_page=True)


def test_consent_leads_to_the_platform_and_back(house: House, platform: Platform, tab: Page, address: str) -> None:
    log_in(tab, "mei", OWNER_PASSWORD)
    number = shop_id(house)
    tab.goto(f"/shops/{number}")
    tab.locator('form[action="/connect/tiktok"] button').click()
    away = httpx.URL(tab.locator("a.button.main").get_attribute("href") or "")
    assert away.host == "consent.test"
    tab.goto(f"{address}/connect/tiktok/callback?code=code-1&state={away.params['state']}")
    tab.locator(f'a[href="/shops/{number}"]').click()
    expect(tab.locator(".tag.ok")).to_have_text("已连接" if chinese(tab) else "Connected")
