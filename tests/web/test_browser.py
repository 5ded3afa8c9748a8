"""The pages in a real browser: log in, look, filter, scan, in both languages."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from fahuo.flow.actions import put_hold
from fahuo.flow.house import House
from fahuo.views import tower
from fahuo.views.orders import Filter, page
from fahuo.web.gate import STATIC
from tests.support.house import OWNER_PASSWORD, PACKER_PASSWORD
from tests.support.shopfloor import OWNER_HERE
from tests.web.test_pages import ready

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


def log_in(tab: Page, name: str, password: str) -> None:
    tab.goto("/login")
    tab.fill("#name", name)
    tab.fill("#password", password)
    tab.press("#password", "Enter")
    tab.wait_for_url(re.compile(r"/(tower|pack)$"))


def chinese(tab: Page) -> bool:
    return tab.locator("html").get_attribute("lang") == "zh-CN"


def test_the_tower_shows_the_figures_and_keeps_itself_current(house: House, tab: Page) -> None:
    log_in(tab, "mei", OWNER_PASSWORD)
    with house.store.read() as tx:
        stations = tower.stations(tx)
    for station, count in stations.items():
        expect(tab.locator(f'a.stop[href="/orders?station={station}"] b')).to_have_text(str(count))
    expect(tab.get_by_role("heading", name="最新动态" if chinese(tab) else "Just now")).to_be_visible()
    if (STATIC / "vendor" / "echarts.min.js").exists():
        expect(tab.locator("#chart svg")).to_be_visible()
    tab.locator("#curve-table summary").click()
    expect(tab.locator("#curve-table tbody tr")).to_have_count(25)
    with house.store.read() as tx:
        ids = [row.id for row in page(tx, Filter(station="pack"), 2).rows]
    put_hold(house, OWNER_HERE, ids, "wait")
    expect(tab.locator('a.stop[href="/orders?station=check"] b')).to_have_text(
        str(stations["check"] + len(ids)), timeout=15_000
    )
    # The reader's opened table stays open when the figures change.
    expect(tab.locator("#curve-table tbody tr").first).to_be_visible()


def test_the_list_is_filtered_and_orders_are_held(house: House, tab: Page) -> None:
    log_in(tab, "mei", OWNER_PASSWORD)
    tab.goto("/orders")
    tab.select_option("#f-station", "pack")
    tab.wait_for_url(re.compile("station=pack"))
    rows = tab.locator("tbody tr")
    expect(rows.first).to_be_visible()
    ref = tab.locator("tbody a.mono").first.inner_text()
    tab.fill("#f-q", ref)
    tab.press("#f-q", "Enter")
    expect(rows).to_have_count(1)
    tab.check("tbody input[name=ids]")
    expect(tab.locator("[data-count]")).to_have_text("1")
    tab.fill("#b-note", "ask first")
    tab.click("button[value=hold]")
    expect(tab.get_by_role("status")).to_contain_text("1")
    tab.goto(f"/orders?q={ref}")
    expect(tab.locator("tbody .tag.late")).to_have_text("人工暂扣" if chinese(tab) else "Held by hand")
    tab.locator("tbody a.mono").click()
    expect(tab.locator(".timeline li").first).to_contain_text("暂扣" if chinese(tab) else "Held")
    tab.locator("#why summary").click()
    expect(tab.locator(".why").first).to_be_visible()
    tab.get_by_role("button", name="查看姓名与地址" if chinese(tab) else "Show name and address").click()
    expect(tab.locator("#recipient dl")).to_be_visible()


def test_a_parcel_is_packed_with_the_scanner_alone(house: House, tab: Page) -> None:
    view = ready(house)
    log_in(tab, "liu", PACKER_PASSWORD)
    said = tab.locator(".say")

    def scan(code: str, *, into: str) -> None:
        # A scanner is a keyboard that ends with Enter: nothing is clicked, the input has the focus by itself.
        tab.keyboard.type(code)
        tab.keyboard.press("Enter")
        expect(said).to_have_class(re.compile(into))
        expect(tab.locator("#code")).to_be_focused()

    expect(tab.locator("#code")).to_be_focused()
    scan("nothing-of-that-name", into="bad")
    scan(view.tracking_number, into="go")
    expect(tab.locator(".parcel")).to_contain_text(view.order_ref)
    scan(view.tracking_number, into="bad")
    for item in view.items:
        for _ in range(item.quantity):
            scan(item.barcode, into="go")
    scan(view.tracking_number, into="good")
    expect(said).to_contain_text("已打包" if chinese(tab) else "Packed")
    scan(view.tracking_number, into="good")  # the next scan looks it up again: packed already
    expect(said).to_contain_text("该包裹已打包" if chinese(tab) else "packed already")


def test_the_language_is_switched_and_kept(tab: Page) -> None:
    log_in(tab, "mei", OWNER_PASSWORD)
    before = chinese(tab)
    tab.goto("/orders?sort=new")
    tab.get_by_role("link", name="English" if before else "中文").click()
    expect(tab).to_have_url(re.compile(r"/orders\?sort=new$"))
    assert chinese(tab) is not before
    tab.goto("/waves")
    assert chinese(tab) is not before


@pytest.mark.parametrize("tab", ["en-US"], indirect=True)
def test_the_pages_fit_a_small_screen_and_read_well(tab: Page, tmp_path: Path) -> None:
    log_in(tab, "mei", OWNER_PASSWORD)
    tab.set_viewport_size({"width": 390, "height": 800})
    for path in ("/tower", "/orders", "/waves", "/pack", "/shops", "/users"):
        tab.goto(path)
        wide = tab.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390, (path, wide)
        unnamed = tab.evaluate(
            "[...document.querySelectorAll('input:not([type=hidden]), select')].filter((one) => !one.labels.length"
            " && !one.getAttribute('aria-label')).map((one) => one.outerHTML)"
        )
        assert unnamed == [], path
