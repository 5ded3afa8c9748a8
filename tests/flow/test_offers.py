"""What shops offer: read, told with the buffer kept back, told again only when it is worth it, stopped and resumed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from fahuo.channels.tiktok_shop import asking
from fahuo.channels.tiktok_shop.carry import Visit
from fahuo.channels.tiktok_shop.client import Refused, Reply
from fahuo.connections.model import App, Link
from fahuo.flow import offers as flow
from fahuo.inventory import offers
from fahuo.inventory.offering import Offer
from fahuo.kernel.problems import Failure
from fahuo.store import effects
from tests.support.shopfloor import HOUR, Floor, lines, order

SHELF = "7100000000000000001"
WAREHOUSE = (
    "code,name,country,region,zone,cutoff,work_days,platform_ref\n"
    f"SG1,Floor one,VN,VN-SG,Asia/Ho_Chi_Minh,17:00,123456,{SHELF}\n"
)


class Platform:
    """Answers as the platform does; keeps what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []
        self.units: dict[str, int] = {"S-TEE": 7, "S-MUG": 7, "S-CAP": 7}
        self.refuse: dict[str, int] = {}
        self.state = "ACTIVATE"
        self.keeps = False

    def post(self, _: Link, path: str, query: Any = None, body: Any = None, *, read: bool = False) -> Reply:
        if path.endswith("/search"):
            assert read
            return self._page(query)
        self.told.append((path, body))
        if path.endswith("/update"):
            errors = []
            for sku in body["skus"]:
                if code := self.refuse.get(sku["id"]):
                    errors.append({"code": code, "message": "no", "detail": {"sku_id": sku["id"]}})
                else:
                    self.units[sku["id"]] = sku["inventory"][0]["quantity"]
            return _reply({"errors": errors} if errors else {})
        if self.keeps:
            return _reply({"errors": [{"code": 12052048, "message": "under review"}]})
        self.state = "ACTIVATE" if path.endswith("/activate") else "SELLER_DEACTIVATED"
        return _reply({})

    def _page(self, query: Any) -> Reply:
        """Two pages, a product each."""
        second = query.get("page_token") == "two"
        skus = ["S-MUG", "S-CAP"] if second else ["S-TEE"]
        found = [
            {"id": s, "seller_sku": s[2:], "inventory": [{"warehouse_id": SHELF, "quantity": self.units[s]}]}
            for s in skus
        ]
        product = {"id": "P2" if second else "P1", "title": "t", "status": self.state, "skus": found}
        return _reply({"products": [product], "next_page_token": "" if second else "two"})


def _reply(data: dict[str, Any]) -> Reply:
    return Reply(raw=msgspec.json.encode(data), request_id="r", http=200)


def link_of(shop_id: int) -> Link:
    app = App(id=1, app_key="k", secret=b"s")
    return Link(
        shop_id=shop_id, shop="shop", platform_shop_id="7", cipher="c", region="VN", seller_type="local", app=app,
        grant_id=1, access_token="t",
    )  # fmt: skip


def carried_out(floor: Floor, platform: Platform, link: Link) -> list[str]:
    """Carry out what is due for the shop; the states of the answers."""
    claimed = effects.claim(floor.store, "w", ["tiktok"], 50, floor.clock.at)
    answers: list[effects.Answer] = []
    for kind, handler in (("push_stock", asking.push), ("set_selling", asking.sell)):
        mine: Sequence[effects.Claimed] = [one for one in claimed if one.kind == kind]
        visit = Visit(platform, link, floor.clock.at)  # type: ignore[arg-type]  # a platform that answers by itself
        answers += [answer for told in handler(visit, mine) for answer in told]
    by_id = {one.id: one for one in claimed}
    with floor.store.write() as tx:
        assert all(effects.finish(tx, answers))
        flow.book(tx, [(by_id[answer.id], answer) for answer in answers], floor.clock.at, "w")
    return [answer.state for answer in answers]


def kept(floor: Floor, link: Link) -> dict[str, Offer]:
    with floor.store.read() as tx:
        return {one.seller_sku: one for one in offers.of_shop(tx, link.shop_id)}


def opened(floor: Floor) -> tuple[Platform, Link]:
    shop = floor.shop()
    floor.table("warehouses", WAREHOUSE)
    floor.table("skus", "sku,safety_buffer\nTEE,3\n")
    return Platform(), link_of(shop.id)


def test_products_are_read_by_pages_and_mapped(floor: Floor) -> None:
    platform, link = opened(floor)
    assert flow.read_products(floor.house, platform, link) == 3  # type: ignore[arg-type]  # as above
    found = kept(floor, link)
    assert found["TEE"].sku_id is not None
    assert found["CAP"].sku_id is None
    assert (found["MUG"].product_id, found["MUG"].shown) == ("P2", 7)


def test_stock_is_told_less_the_buffer_and_once(floor: Floor) -> None:
    platform, link = opened(floor)
    flow.keep_offers(floor.house, platform, [link])  # type: ignore[arg-type]  # as above
    assert carried_out(floor, platform, link) == ["done", "done"]
    assert (platform.units["S-TEE"], platform.units["S-MUG"], platform.units["S-CAP"]) == (97, 50, 7)
    assert flow.tell_stock(floor.house, link) == 0
    assert kept(floor, link)["TEE"].shown == 97
    floor.clean()


def test_what_is_reserved_elsewhere_is_not_offered_here(floor: Floor) -> None:
    platform, link = opened(floor)
    flow.keep_offers(floor.house, platform, [link])  # type: ignore[arg-type]  # as above
    carried_out(floor, platform, link)
    other = floor.shop("other")
    floor.take(other, order(lines=lines(TEE=40)))
    assert flow.tell_stock(floor.house, link) == 0  # many are left: it may wait
    floor.clock.at += HOUR
    assert flow.tell_stock(floor.house, link) == 1
    carried_out(floor, platform, link)
    assert platform.units["S-TEE"] == 57


def test_the_last_units_and_none_at_all_are_told_at_once(floor: Floor) -> None:
    platform, link = opened(floor)
    flow.keep_offers(floor.house, platform, [link])  # type: ignore[arg-type]  # as above
    carried_out(floor, platform, link)
    floor.take(floor.shop("other"), order(lines=lines(TEE=97)))
    assert flow.tell_stock(floor.house, link) == 1
    assert flow.tell_stock(floor.house, link) == 0  # one push on its way is enough
    carried_out(floor, platform, link)
    assert platform.units["S-TEE"] == 0
    assert kept(floor, link)["TEE"].empty_at == floor.clock.at


def test_a_refused_sku_keeps_the_platforms_code_and_the_others_are_told(floor: Floor) -> None:
    platform, link = opened(floor)
    platform.refuse = {"S-MUG": 12019022}
    flow.keep_offers(floor.house, platform, [link])  # type: ignore[arg-type]  # as above
    assert carried_out(floor, platform, link) == ["done", "done"]
    found = kept(floor, link)
    assert (found["MUG"].problem, found["MUG"].shown) == ("12019022", 7)
    assert found["TEE"].problem == ""


def test_a_declined_push_is_seen_on_every_sku(floor: Floor) -> None:
    platform, link = opened(floor)
    flow.keep_offers(floor.house, platform, [link])  # type: ignore[arg-type]  # as above

    def decline(*_: Any, **__: Any) -> Reply:
        raise Refused(12052901, "not allowed", 200, "r")

    platform.post = decline  # type: ignore[method-assign]  # from now on it says no
    assert set(carried_out(floor, platform, link)) == {"declined"}
    assert kept(floor, link)["TEE"].problem == "12052901"


@pytest.mark.parametrize("keeps", [False, True])
def test_a_product_is_taken_off_sale_once_whatever_the_platform_says(floor: Floor, keeps: bool) -> None:
    platform, link = opened(floor)
    assert flow.set_stop_after(floor.house, "0") == 0
    flow.keep_offers(floor.house, platform, [link])  # type: ignore[arg-type]  # as above
    carried_out(floor, platform, link)
    floor.take(floor.shop("other"), order(lines=lines(TEE=97)))
    platform.keeps = keeps
    for _ in range(4):
        floor.clock.at += HOUR
        flow.tell_stock(floor.house, link)
        carried_out(floor, platform, link)
    assert [path for path, _ in platform.told if path.endswith("/deactivate")] == [
        "/product/202309/products/deactivate"
    ]
    tee = kept(floor, link)["TEE"]
    assert (tee.stopped, tee.state, tee.problem) == (
        (True, "ACTIVATE", "12052048") if keeps else (True, "SELLER_DEACTIVATED", "")
    )


@pytest.mark.parametrize(("words", "hours"), [("never", None), ("12", 12.0), ("1.5", 1.5)])
def test_when_sale_stops_is_the_sellers_wish(floor: Floor, words: str, hours: float | None) -> None:
    assert flow.stop_after(floor.house) is None
    assert flow.set_stop_after(floor.house, words) == hours
    assert flow.stop_after(floor.house) == hours


@pytest.mark.parametrize("words", ["", "soon", "-1", "nan", "inf", "9999"])
def test_hours_that_are_none_are_refused(floor: Floor, words: str) -> None:
    with pytest.raises(Failure) as refused:
        flow.set_stop_after(floor.house, words)
    assert refused.value.problem.field == "hours"


def test_the_inflow_stops_when_the_seller_wants_it_and_starts_again(floor: Floor) -> None:
    platform, link = opened(floor)
    flow.set_stop_after(floor.house, "2")
    flow.keep_offers(floor.house, platform, [link])  # type: ignore[arg-type]  # as above
    carried_out(floor, platform, link)
    shop = floor.shop("other")
    floor.take(shop, order(lines=lines(TEE=97)))
    flow.tell_stock(floor.house, link)
    carried_out(floor, platform, link)
    floor.clock.at += 2 * HOUR
    flow.tell_stock(floor.house, link)
    carried_out(floor, platform, link)
    assert platform.state == "SELLER_DEACTIVATED"
    floor.table("stock", "sku,warehouse,on_hand\nTEE,SG1,300\n")
    flow.tell_stock(floor.house, link)
    carried_out(floor, platform, link)
    flow.tell_stock(floor.house, link)
    carried_out(floor, platform, link)
    assert platform.state == "ACTIVATE"
    floor.clean()
