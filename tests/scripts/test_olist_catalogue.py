"""The tables made of Olist's are tables that `import-data` takes."""

import gzip
from pathlib import Path

import pytest

from fahuo.flow.import_data import import_data
from fahuo.flow.setup import add_main
from fahuo.store.engine import Store
from scripts.olist_catalogue import convert

SELLER, PRODUCT, LOST = "5" * 32, "a" * 32, "b" * 32
TABLES = {
    "olist_order_items_dataset": "order_id,order_item_id,product_id,seller_id\n"
    f"o1,1,{PRODUCT},{SELLER}\no1,2,{PRODUCT},{SELLER}\no2,1,{LOST},{SELLER}\n",
    "olist_products_dataset": "product_id,product_category_name,product_weight_g,product_length_cm,"
    f"product_height_cm,product_width_cm\n{PRODUCT},artes,300.0,30,18,20\n",
    "olist_sellers_dataset": f"seller_id,seller_zip_code_prefix,seller_city,seller_state\n{SELLER},13023,campinas,SP\n",
    "product_category_name_translation": "product_category_name,product_category_name_english\nartes,art\n",
}


@pytest.mark.parametrize("packed", [False, True])
def test_every_row_is_taken(store: Store, tmp_path: Path, packed: bool) -> None:
    source, target = tmp_path / "olist", tmp_path / "tables"
    source.mkdir()
    for name, text in TABLES.items():
        content = text.encode()
        path = source / f"{name}.csv{'.gz' if packed else ''}"
        path.write_bytes(gzip.compress(content) if packed else content)
    assert convert(source, target) == {"warehouses": 1, "skus": 2, "stock": 2}
    add_main(store, 0)
    for kind in ("warehouses", "skus", "stock"):
        report = import_data(store, kind, [target / f"{kind}.csv"], 0, "test")
        assert (report.taken, report.refused) == (report.read, [])
    articles = (target / "skus.csv").read_text()
    assert f"{PRODUCT},art,300,300,200,180,{PRODUCT}" in articles
    assert f"{LOST},unknown,0,0,0,0,{LOST}" in articles
    assert f"{PRODUCT},{SELLER},2" in (target / "stock.csv").read_text()
