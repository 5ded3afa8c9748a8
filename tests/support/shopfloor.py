"""A seller with articles, shelves and carriers on a fresh store, and the day's work in single calls."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fahuo.access.model import OWNER, Principal
from fahuo.access.rules import PERMISSIONS
from fahuo.catalogue.model import Sender, Shop
from fahuo.flow.actions import release
from fahuo.flow.house import House, open_desk
from fahuo.flow.import_data import DataReport, import_data
from fahuo.flow.intake import take
from fahuo.flow.pack import BenchView, confirm, open_parcel, scan_item
from fahuo.flow.report import Report, Source
from fahuo.flow.run import Pass, run_once
from fahuo.flow.setup import add_main, add_shop
from fahuo.flow.verify import verify_all
from fahuo.kernel.instant import parse_instant
from fahuo.kernel.problems import Problem
from fahuo.orders import queries as orders_queries
from fahuo.orders.model import LineIn, OrderIn, RecipientIn
from fahuo.store.engine import Store
from fahuo.views.order import OrderView, show

MONDAY = parse_instant("2026-03-02T02:00:00Z")
"""Monday 2026-03-02, 09:00 in Vietnam: five hours before the cut-off."""
HOUR, DAY = 3_600, 86_400

TABLES: dict[str, str] = {
    "warehouses": "code,name,country,region,zone,cutoff,work_days\n"
    "SG1,Floor one,VN,VN-SG,Asia/Ho_Chi_Minh,17:00,123456\n",
    "skus": "sku,name,weight_g,length_mm,width_mm,height_mm,barcode\nTEE,T-shirt,200,250,200,20,690001\n"
    "MUG,Mug,400,100,100,120,690002\n",
    "stock": "sku,warehouse,on_hand,bin\nTEE,SG1,100,A-1\nMUG,SG1,50,B-1\n",
    "cartons": "code,length_mm,width_mm,height_mm,max_weight_g,cost,currency\nBOX,400,300,300,20000,1000,VND\n",
    "carriers": "carrier,carrier_name,service,shipping_type,origin,destinations,cutoff,collect_days,approved_markets\n"
    "JT,J&T Express,STD,SELLER,VN,VN,17:00,123456,VN\n",
    "rates": "carrier,service,zone_country,weight_to_g,base,currency\nJT,STD,VN,30000,20000,VND\n",
    "numbers": "carrier,service,prefix,first,last,width,suffix\nJT,STD,FH,1,99999,8,VN\n",
}
"""One warehouse, two articles, one carrier with numbers of its own: what most tests need."""

OWNER_HERE = Principal("user", 1, 1, "mei", PERMISSIONS[OWNER], None, OWNER)


class Clock:
    """Business time that a test sets."""

    def __init__(self, at: int) -> None:
        self.at = at

    def now(self) -> int:
        return self.at


def order(number: int | str = 1, **changes: Any) -> OrderIn:
    """A paid order of one T-shirt to Saigon, the seller ships; change what the test is about."""
    good: dict[str, Any] = {
        "platform_order_id": number if isinstance(number, str) else f"5760{number:014d}",
        "state": "AWAITING_SHIPMENT",
        "market": "VN",
        "shipping_type": "SELLER",
        "currency": "VND",
        "exponent": 0,
        "total": 150_000,
        "created_at": MONDAY - HOUR,
        "paid_at": MONDAY - HOUR,
        "awaiting_at": MONDAY - HOUR,
        "recipient": recipient(),
        "lines": [LineIn(seller_sku="TEE", quantity=1)],
    }
    return OrderIn(**(good | changes))


def recipient(**changes: Any) -> RecipientIn:
    good: dict[str, Any] = {
        "name": "Nguyễn Thị Hoa",
        "phone": "0912345678",
        "country": "VN",
        "region": "Hồ Chí Minh",
        "city": "Hồ Chí Minh",
        "district": "Quận 1",
        "postal_code": "700000",
        "lines": ("12 Lê Lợi",),
    }
    return RecipientIn(**(good | changes))


def lines(**units: int) -> list[LineIn]:
    """Lines of so many units of each SKU: `lines(TEE=2, MUG=1)`."""
    return [LineIn(seller_sku=sku, quantity=count) for sku, count in units.items()]


class Floor:
    """The seller's house in a test. Business time stands still until the test moves it."""

    def __init__(self, store: Store, folder: Path, at: int = MONDAY) -> None:
        self.store, self.folder, self.clock = store, folder, Clock(at)
        self.house = House(store, self.clock)
        add_main(store, at)

    def stocked(self, **tables: str) -> Floor:
        """Take the usual tables, or these instead; an empty text leaves a table out."""
        for kind, text in (TABLES | tables).items():
            if text:
                assert not self.table(kind, text).refused
        return self

    def table(self, kind: str, text: str) -> DataReport:
        """Take a table given as CSV."""
        path = self.folder / f"{kind}.csv"
        path.write_text(text, encoding="utf-8")
        return import_data(self.store, kind, [path], self.clock.at, "test")

    def shop(self, name: str = "shop", **changes: Any) -> Shop:
        """A Vietnamese shop whose parcels the seller ships."""
        sender = Sender(name="Fahuo Test Co., Ltd.", lines=("8 Nguyễn Huệ",), city="Hồ Chí Minh",
                        postal_code="700000", country="VN", phone="+84901234567")  # fmt: skip
        values: dict[str, Any] = {"market": "VN", "seller_type": "local", "shipping_type": "SELLER", "sender": sender}
        return add_shop(self.house, name, **(values | changes))

    def take(
        self, shop: Shop, *batch: OrderIn, kind: str = "file", name: str = "orders.csv", plan: bool = False
    ) -> Report:
        """Import these orders as one batch."""
        with self.store.read() as tx:
            desk = open_desk(tx, "import")
        report = Report()
        # A source owns what it tells; the flow may write into it, the next call may tell it again.
        told = msgspec.convert(msgspec.to_builtins(list(batch)), list[OrderIn])
        take(self.store, desk, shop, told, self.clock.at, Source(kind, name), report, plan=plan)
        return report

    def run(self, outbound: Mapping[str, Any] | None = None) -> Pass:
        """One pass over everything that is due."""
        return run_once(self.house, outbound or {})

    def view(self, number: int | str = 1) -> OrderView:
        """Everything known of an order, by the number it was made with."""
        ref = number if isinstance(number, str) else f"5760{number:014d}"
        with self.store.read() as tx:
            (id_,) = orders_queries.ids_of(tx, [ref])
            found = show(tx, id_, self.clock.at)
        assert found is not None
        return found

    def station(self, number: int | str = 1) -> str:
        """Where it stands."""
        return str(self.view(number).row["station"])

    def held(self, number: int | str = 1) -> set[str]:
        """Codes of its open holds."""
        return {hold.code for hold in self.view(number).holds if hold.released_at is None}

    def kinds(self, number: int | str = 1) -> list[str]:
        """The kinds of its journal entries, oldest first."""
        return [entry.kind for entry in self.view(number).timeline]

    def release(self, number: int | str = 1, note: str = "seen") -> None:
        """A person releases every hold of the order."""
        release(self.house, OWNER_HERE, [self.id(number)], note)

    def id(self, number: int | str = 1) -> int:
        """Our id."""
        return int(self.view(number).row["id"])

    def pack(self, number: int | str = 1, *, by: str = "bench 1") -> BenchView:
        """Scan everything the parcel holds and close it with its label."""
        view = good(open_parcel(self.house, str(self.view(number).row["platform_order_id"])))
        for item in view.items:
            for _ in range(item.quantity - item.scanned):
                view = good(scan_item(self.house, view.package_id, item.barcode, by))
        return good(confirm(self.house, view.package_id, view.tracking_number, by))

    def counters(self, sku: str = "TEE") -> tuple[int, int, int, int]:
        """(on hand, reserved) of the pool, (on hand, placed) of all shelves."""
        with self.store.read() as tx:
            pool = tx.rows(
                "SELECT p.on_hand, p.reserved FROM stock_pool p JOIN skus s ON s.seller_id = p.seller_id"
                " AND s.id = p.sku_id WHERE p.seller_id = 1 AND s.sku = :sku",
                sku=sku,
            )
            shelf = tx.rows(
                "SELECT SUM(p.on_hand), SUM(p.placed) FROM stock p JOIN skus s ON s.seller_id = p.seller_id"
                " AND s.id = p.sku_id WHERE p.seller_id = 1 AND s.sku = :sku",
                sku=sku,
            )
        return (int(pool[0][0]), int(pool[0][1]), int(shelf[0][0]), int(shelf[0][1]))

    def effects(self, kind: str = "report_shipped") -> list[tuple[str, str]]:
        """(key, state) of all effects of a kind."""
        with self.store.read() as tx:
            return [
                (row[0], row[1])
                for row in tx.rows(
                    "SELECT key, state FROM effects WHERE seller_id = 1 AND kind = :kind ORDER BY id", kind=kind
                )
            ]

    def clean(self) -> None:
        """Fail unless journal, counters, references and clocks hold."""
        assert [(name, problem.render().message) for name, problem in verify_all(self.house)] == []


@pytest.fixture
def floor(store: Store, tmp_path: Path) -> Floor:
    """A house with articles, shelves, a carrier and its numbers, on each database; no shop, no orders yet."""
    return Floor(store, tmp_path).stocked()


def good(found: BenchView | Problem) -> BenchView:
    """The view; a problem fails the test with its words."""
    assert not isinstance(found, Problem), found.render().message
    return found
