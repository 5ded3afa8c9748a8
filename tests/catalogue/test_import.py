"""SKUs, listings, bundles, warehouses, cartons and stock from tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fahuo.catalogue import queries
from fahuo.catalogue.model import Sku, SkuIndex
from fahuo.flow.import_data import import_data
from fahuo.flow.setup import add_shop
from fahuo.kernel.problems import Failure
from fahuo.store.engine import Store
from tests.support.shopfloor import MONDAY, TABLES, Floor, lines, order


def index(store: Store) -> SkuIndex:
    with store.read() as tx:
        return queries.sku_index(tx)


def by_code(store: Store) -> dict[str, Sku]:
    return {sku.sku: sku for sku in index(store).by_id.values()}


def test_a_table_twice_changes_nothing(floor: Floor) -> None:
    before = by_code(floor.store)
    for kind in TABLES:
        assert floor.table(kind, TABLES[kind]).refused == []
    assert by_code(floor.store) == before
    assert floor.counters() == (100, 0, 100, 0)


def test_a_warehouse_that_the_platform_told_of_is_completed_not_doubled(store: Store, tmp_path: Path) -> None:
    floor = Floor(store, tmp_path)
    head = "code,name,country,zone,platform_ref\n"
    assert not floor.table("warehouses", head + "TT01,VN-1,VN,Asia/Ho_Chi_Minh,7101\n").refused
    assert not floor.table("warehouses", head + "SG1,Saigon,VN,Asia/Ho_Chi_Minh,7101\nSG2,Two,VN,UTC,7102\n").refused
    with store.read() as tx:
        found = {one.code: one.platform_refs for one in queries.warehouse_list(tx)}
    assert found == {"SG1": ("7101",), "SG2": ("7102",)}
    report = floor.table("warehouses", head + "SG2,Two,VN,UTC,7101\nSG1,Saigon,VN,UTC,\n")
    assert [(r.row, r.problem.code, r.problem.field) for r in report.refused] == [(2, "already_taken", "platform_ref")]
    with store.read() as tx:
        found = {one.code: one.platform_refs for one in queries.warehouse_list(tx)}
    assert found == {"SG1": ("7101",), "SG2": ("7102",)}, "an empty cell keeps what is known"
    report = floor.table("warehouses", head + "A,A,VN,UTC,7109\nB,B,VN,UTC,7109\nC,C,VN,UTC,7101\nD,D,VN,UTC,7101\n")
    assert [r.row for r in report.refused] == [3, 5], "one row takes a warehouse over, another cannot"


def test_one_article_may_have_many_listings(floor: Floor) -> None:
    """The same SKU in several rows: once for each shop that sells it."""
    one, two = floor.shop("one"), floor.shop("two")
    report = floor.table(
        "skus", "sku,shop,platform_sku_id,weight_g\nTEE,one,111,200\nTEE,two,222,200\nMUG,,333,400\nTEE,nowhere,444,1\n"
    )
    assert [(r.row, r.problem.code, r.problem.field) for r in report.refused] == [(5, "not_known", "shop")]
    tee, mug = by_code(floor.store)["TEE"].id, by_code(floor.store)["MUG"].id
    skus = index(floor.store)
    assert [skus.find(one.id, "111", ""), skus.find(two.id, "222", ""), skus.find(two.id, "111", "")] == [
        tee,
        tee,
        None,
    ]
    assert [skus.find(one.id, "333", ""), skus.find(one.id, "none", "MUG"), skus.find(one.id, "none", "none")] == [
        mug,
        mug,
        None,
    ]
    assert "333" in skus.names(one.id)
    assert "222" not in skus.names(one.id)


def test_a_bundle_takes_its_parts_from_the_shelf(floor: Floor) -> None:
    shop = floor.shop()
    assert floor.table("skus", "sku,bundle_of\nGIFT,TEE*2+MUG\n").refused == []
    floor.take(shop, order(lines=lines(GIFT=3)))
    assert (floor.counters("TEE")[1], floor.counters("MUG")[1]) == (6, 3)
    floor.run()
    floor.pack()
    assert (floor.counters("TEE")[0], floor.counters("MUG")[0]) == (94, 47)
    floor.clean()


def test_bundles_that_cannot_be_are_refused_and_not_half_taken(floor: Floor) -> None:
    floor.table("skus", "sku,bundle_of\nGIFT,TEE*2\n")
    report = floor.table("skus", "sku,bundle_of\nA,NONE*2\nB,GIFT+TEE\nC,TEE*x+\nD,D\nE,TEE*0\nF,TEE\n")
    assert sorted((r.row, r.problem.code) for r in report.refused) == [
        (2, "not_known"), (3, "nested_bundle"), (4, "not_known"), (5, "nested_bundle"), (6, "cell_wrong"),
    ]  # fmt: skip
    assert set(by_code(floor.store)) == {"TEE", "MUG", "GIFT", "F"}


def test_stock_is_counted_not_added(floor: Floor) -> None:
    floor.take(floor.shop(), order(lines=lines(TEE=7)))
    report = floor.table(
        "stock", "sku,warehouse,on_hand,bin\nTEE,SG1,6,Z-9\nMUG,SG1,3,\nNONE,SG1,1,\nTEE,XX,1,\nMUG,SG1,-1,\n"
    )
    assert sorted((r.row, r.problem.code) for r in report.refused) == [
        (2, "below_reserved"), (4, "not_known"), (5, "not_known"), (6, "cell_wrong"),
    ]  # fmt: skip
    assert (floor.counters("TEE")[0], floor.counters("MUG")[0]) == (100, 3)
    floor.table("stock", "sku,warehouse,on_hand\nTEE,SG1,7\n")
    assert floor.counters("TEE") == (7, 7, 7, 0)
    floor.clean()


def test_columns_nobody_knows_are_named(floor: Floor) -> None:
    report = floor.table("stock", "SKU,Warehouse,on hand,colour,,weight\nTEE,SG1,120,blue,,3\n")
    assert report.refused == []
    assert list(report.left_out.values()) == [["colour", "weight"]]
    assert floor.counters("TEE")[0] == 120
    assert floor.table("stock", TABLES["stock"]).left_out == {}


def test_a_dry_run_reports_and_writes_nothing(floor: Floor) -> None:
    path = floor.folder / "stock.csv"
    path.write_text("sku,warehouse,on_hand\nTEE,SG1,1\nNONE,SG1,1\n")
    report = import_data(floor.store, "stock", [path], MONDAY, "test", dry_run=True)
    assert (report.read, report.taken, len(report.refused)) == (2, 1, 1)
    assert floor.counters("TEE")[0] == 100


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.csv", b"", "file_empty"),
        ("a.csv", b"name,weight_g\nx,1\n", "column_missing"),
        ("a.bin", b"\x00\x01\x02", None),
    ],
)
def test_a_file_that_is_no_table_says_so(
    floor: Floor, tmp_path: Path, name: str, content: bytes, code: str | None
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(Failure) as failure:
        import_data(floor.store, "skus", [path], MONDAY, "test")
    assert code in (None, failure.value.problem.code)
    assert failure.value.exit_code == 2


def test_a_table_nobody_knows(floor: Floor) -> None:
    with pytest.raises(Failure) as failure:
        import_data(floor.store, "gold", [], MONDAY, "test")
    assert "skus" in failure.value.problem.params["known"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"market": "XX"}, "market"),
        ({"seller_type": "alien"}, "seller-type"),
        ({"shipping_type": "BOAT"}, "shipping-type"),
        ({"zone_name": "Mars/Base"}, "zone"),
        ({"channel": "pigeon"}, "channel"),
        ({"channel": "callback"}, "callback-url"),
        ({"callback_url": "http://example.com"}, "callback-url"),
        ({"callback_url": "http://127.0.0.1.example.com/"}, "callback-url"),
        ({"callback_url": "ftp://127.0.0.1/"}, "callback-url"),
        ({"pack": "none", "known_packs": frozenset({"us"})}, "pack"),
    ],
)
def test_a_shop_that_cannot_be_names_the_field(floor: Floor, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Failure) as failure:
        floor.shop(**changes)
    assert failure.value.problem.field == field


def test_a_shop_may_be_changed_and_stays_the_same(floor: Floor) -> None:
    first = add_shop(floor.house, "shop", "uk", "local")
    assert (first.market, first.currency, first.zone) == ("GB", "GBP", "Europe/London")
    again = add_shop(floor.house, "shop", "GB", "cross_border", zone_name="Asia/Shanghai")
    assert (again.id, again.zone) == (first.id, "Asia/Shanghai")
    with floor.store.read() as tx:
        assert queries.shop_list(tx) == [again]
